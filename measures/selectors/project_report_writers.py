"""Who wrote in a report, and who checked it: they do not judge it themselves (four eyes)."""

from __future__ import annotations

from measures.models import ProjectReport, ReportStepKind


def report_writers(report: ProjectReport) -> set[int]:
    """Keys of all who had a hand in a report, whoever saved it last or handed it in. Queries: 1.

    Who changed the draft of any round, entered receipts, handed a version in or answered a question: what was
    written for an earlier version mostly stands in the one that is judged.
    """
    answers = report.steps.filter(kind=ReportStepKind.ANSWERED)
    found = set(
        report.writers.order_by()
        .values_list("person", flat=True)
        .union(
            report.receipts.order_by().values_list("entered_by", flat=True),
            report.deliveries.order_by().values_list("delivered_by", flat=True),
            answers.order_by().values_list("made_by", flat=True),
        )
    )
    # Drafts saved before writers were noted know only their last one.
    return found if report.edited_by_id is None else found | {report.edited_by_id}


def report_writers_and_checkers(report: ProjectReport) -> set[int]:
    """Keys of those, and of all who passed a version on: none of them decides for the funder. Queries: 2."""
    checks = report.steps.filter(kind=ReportStepKind.FORWARDED)
    return report_writers(report) | set(checks.values_list("made_by", flat=True))
