"""Reports of projects as pages show them: where each stands, its history, and what was delivered."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import QuerySet

from measures.models import (
    CostKind,
    DutyKind,
    FundedProject,
    MoneySource,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportState,
    ProjectReportStep,
    Receipt,
    ReportStepFile,
    ReportStepKind,
)
from measures.selectors.grants import latest_notice
from measures.selectors.project_report_account import drawn_of
from measures.selectors.project_report_content import participants_protected
from measures.selectors.project_report_dates import (
    Lateness,
    lateness,
    lateness_as_passed_on,
)
from measures.selectors.project_sides import Part, parts_seen
from measures.selectors.project_told import is_kept_back
from measures.selectors.projects import projects_seen_by
from measures.services.snapshots import content_sha256

#: Step -> the part of the project one must see to know of it at all.
STEP_PART: Final[Mapping[str, Part]] = {
    ReportStepKind.FORWARDED: Part.PROJECT,
    ReportStepKind.SENT_BACK: Part.CHECK,
    ReportStepKind.ASKED: Part.QUESTIONS,
    ReportStepKind.ANSWERED: Part.QUESTIONS,
    ReportStepKind.RETURNED: Part.QUESTIONS,
    ReportStepKind.ACCEPTED: Part.PROJECT,
    ReportStepKind.EXTENSION_ASKED: Part.QUESTIONS,
    ReportStepKind.EXTENDED: Part.QUESTIONS,
    ReportStepKind.EXTENSION_REFUSED: Part.QUESTIONS,
    ReportStepKind.EXTENSION_WITHDRAWN: Part.QUESTIONS,
    ReportStepKind.CALLED_OFF: Part.PROJECT,
}
Parts = Collection[Part]


@dataclasses.dataclass(frozen=True)
class ReportRow:
    """A report in the list of its project, as a person may know it.

    Attributes:
        report: The report.
        lateness: Whether it is late, for them.
        is_kept_back: Whether they may not know yet how far it is.
    """

    report: ProjectReport
    lateness: Lateness
    is_kept_back: bool


@dataclasses.dataclass(frozen=True)
class HistoryStep:
    """A line of the history as a person sees it; text and files are empty where they may not read them."""

    step: ProjectReportStep
    text: str
    files: tuple[ReportStepFile, ...]


@dataclasses.dataclass(frozen=True)
class DeliveryView:
    """A delivered report, drawn from its stored content alone.

    Attributes:
        delivery: The row.
        content: As ``measures.report_content`` says, days and amounts as such, kinds in words (``label``).
        shows_receipts: Whether the person sees the list of receipts, and so the paper that contains it.
        is_content_whole: Whether the stored content still has its hash.
    """

    delivery: ProjectReportDelivery
    content: dict[str, Any]
    shows_receipts: bool
    is_content_whole: bool

    @property
    def is_paper_whole(self) -> bool:
        """Whether the stored file still has its check sum, which reads it; False as well if it is gone."""
        return _has_sum(self.delivery.paper, self.delivery.paper_sha256)


def project_reports_seen_by(user: Any) -> QuerySet[ProjectReport]:
    """Reports of the projects a person follows. Queries: 1."""
    rows = ProjectReport.objects.select_related(
        "project__measure__plan__territory", "project__programme", "project__funder", "project__provider"
    )
    return rows.filter(project__in=projects_seen_by(user).order_by().values("pk"))


def report_rows(project: FundedProject, parts: Parts) -> list[ReportRow]:
    """Reports of a project as a person may know them, by due date. Queries: 3."""
    rows = project.reports.prefetch_related("steps", "deliveries").order_by("due_on", "pk")
    return [ReportRow(row, lateness_seen(row, parts), is_kept_back(row, parts)) for row in rows]


def lateness_seen(report: ProjectReport, parts: Parts) -> Lateness:
    """Whether a report is late, as far as a person may know. Queries: 2 unless prefetched."""
    return lateness(report) if Part.CHECK in parts else lateness_as_passed_on(report)


def _passed_on(report: ProjectReport) -> set[int]:
    """Keys of the deliveries that went to the funder. Queries: 1."""
    steps = report.steps.filter(kind=ReportStepKind.FORWARDED, delivery__isnull=False)
    return set(steps.values_list("delivery", flat=True))


def _rows_seen(report: ProjectReport, parts: Parts) -> QuerySet[ProjectReportDelivery]:
    """What was handed in as far as a person sees it, the latest first. Queries: at most 1."""
    rows = report.deliveries.select_related("delivered_by").order_by("-number")
    if Part.CHECK in parts:
        return rows
    return rows.filter(pk__in=_passed_on(report) if Part.DELIVERED in parts else ())


def deliveries_seen(report: ProjectReport, parts: Parts) -> list[ProjectReportDelivery]:
    """What was handed in, the latest first; who does not check sees only what was passed on. Queries: 2."""
    return list(_rows_seen(report, parts))


def earlier_delivery(delivery: ProjectReportDelivery, parts: Parts) -> ProjectReportDelivery | None:
    """The latest earlier version of a report that a person sees; None if there is none. Queries: 2."""
    return _rows_seen(delivery.report, parts).filter(number__lt=delivery.number).first()


def history_of(report: ProjectReport, parts: Parts) -> list[HistoryStep]:
    """The history as far as a person may know it, oldest first. Queries: at most 3."""
    passed_on = _passed_on(report)
    steps = report.steps.select_related("organisation", "made_by").prefetch_related("files").order_by("pk")
    reads = Part.QUESTIONS in parts
    found = []
    for step in steps:
        if step.kind == ReportStepKind.DELIVERED:
            is_seen = Part.CHECK in parts or step.delivery_id in passed_on
        else:
            is_seen = STEP_PART[step.kind] in parts
        if is_seen:
            files = tuple(step.files.all()) if reads else ()
            found.append(HistoryStep(step, step.text if reads else "", files))
    return found


def open_question(report: ProjectReport) -> ProjectReportStep | None:
    """The question the funder waits for an answer to. Queries: at most 1."""
    if report.state != ProjectReportState.ASKED:
        return None
    found: ProjectReportStep | None = (
        report.steps.filter(kind=ReportStepKind.ASKED).prefetch_related("files").order_by("-pk").first()
    )
    return found


def delivery_view(delivery: ProjectReportDelivery, parts: Parts) -> DeliveryView:
    """A delivered report for a page; receipts only for who may see them. Queries: none.

    Who may not, reads the account of others: small counts of participants are left out for them as well.
    """
    shows_receipts = Part.RECEIPTS in parts
    content = told(delivery.content)
    if not shows_receipts:
        content["receipts"] = []
        content["participants"] = participants_protected(delivery.content)
        content["hides_people"] = any(row["is_secret"] for row in content["participants"])
    return DeliveryView(
        delivery=delivery,
        content=content,
        shows_receipts=shows_receipts,
        is_content_whole=content_sha256(delivery.content) == delivery.sha256,
    )


def _has_sum(file: Any, sha256: str) -> bool:
    try:
        with file.open("rb") as stored:
            return hashlib.file_digest(stored, "sha256").hexdigest() == sha256
    except OSError:
        return False


def step_files_seen_by(user: Any, pk: int) -> ReportStepFile | None:
    """A file beside a question or answer, if the person may read it. Queries: at most 7."""
    seen = project_reports_seen_by(user).order_by().values("pk")
    row: ReportStepFile | None = (
        ReportStepFile.objects.filter(pk=pk, step__report__in=seen)
        .select_related("step__report__project__measure__plan__territory")
        .first()
    )
    if row is None or Part.QUESTIONS not in parts_seen(user, row.step.report.project):
        return None
    return row


def receipt_file_seen_by(user: Any, pk: int) -> Receipt | None:
    """A receipt with its file, if the person may read it: drafts are the provider's. Queries: at most 9."""
    seen = project_reports_seen_by(user).order_by().values("pk")
    rows = Receipt.objects.filter(pk=pk, report__in=seen).exclude(file="")
    row: Receipt | None = rows.select_related("report__project__measure__plan__territory").first()
    if row is None:
        return None
    parts = parts_seen(user, row.report.project)
    if Part.DRAFT in parts:
        return row
    if Part.RECEIPTS not in parts:
        return None
    handed_in = (receipt for one in deliveries_seen(row.report, parts) for receipt in one.content["receipts"])
    names = {(receipt["number"], receipt["sha256"]) for receipt in handed_in}
    return row if (row.number, row.sha256) in names else None


def receipt_files(delivery: ProjectReportDelivery) -> dict[str, int]:
    """Number and check sum of a receipt, as "B-1:ab12...", -> key its file can be downloaded by.

    The same file may stand behind several receipts, which are not all part of every delivery. Queries: 1.
    """
    rows = delivery.report.receipts.exclude(file="").order_by("pk")
    return {f"{number}:{sha256}": pk for number, sha256, pk in rows.values_list("number", "sha256", "pk")}


def money_left(project: FundedProject) -> Decimal:
    """What of the grant has not been asked for yet, in euros; 0 without a notice. Queries: 2."""
    notice = latest_notice(project)
    return notice.granted - sum(drawn_of(project).values(), Decimal(0)) if notice is not None else Decimal(0)


# --- content in words --------------------------------------------------------------------------------

_MONEY: Final = frozenset({"planned", "total", "before", "amount", "remaining", "drawn", "granted"})
_NUMBERS: Final = frozenset({"baseline", "target", "value", "deviation_percent"})
_LABELS: Final = {
    **{kind.value: kind.label for kind in DutyKind},
    **{kind.value: kind.label for kind in CostKind},
    **{kind.value: kind.label for kind in MoneySource},
}


def told(content: Mapping[str, Any]) -> dict[str, Any]:
    """Stored content for a template: days as dates, amounts as numbers, kinds with their words."""
    made: dict[str, Any] = {key: _value(key, value) for key, value in content.items()}
    if "kind" in content:
        made["label"] = str(_LABELS.get(content["kind"], content["kind"]))
    return made


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return told(value)
    if isinstance(value, list):
        return [told(row) if isinstance(row, Mapping) else row for row in value]
    if not isinstance(value, str):
        return value
    if key in _MONEY or key in _NUMBERS:
        return _number(value)
    if key.endswith(("_on", "_from", "_until")):
        return datetime.date.fromisoformat(value)
    return datetime.datetime.fromisoformat(value) if key == "at" else value


def _number(text: str) -> Decimal | str:
    """A figure judged in steps may be a word."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text
