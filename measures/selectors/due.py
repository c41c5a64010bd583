"""Until when a report is due: by its open task, which got new days when it was returned."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from measures.models import RoundReport, RoundReportState

#: States in which the organisation has to report.
UNREPORTED = (RoundReportState.OPEN, RoundReportState.RETURNED)


def with_due(reports: QuerySet[RoundReport]) -> QuerySet[RoundReport]:
    """Add ``due_on``: last day of the open task of a report, else the day its round asks for.

    The tasks lie above this app; they are reached by the name of the relation, never by an import. A report
    without a task (all of this app's own tests) is due with its round.

    Args:
        reports: Reports of any kind.

    Returns:
        The same reports. Queries: none of its own.
    """
    # Not what the task of planning is due: a report handed in is not late any more.
    open_tasks = RoundReport.objects.filter(
        pk=OuterRef("pk"), state__in=UNREPORTED, process__task__card__is_open=True
    ).order_by("-process__task__card__due_on")
    return reports.annotate(
        due_on=Coalesce(Subquery(open_tasks.values("process__task__card__due_on")[:1]), F("round__due_on"))
    )


def overdue(reports: QuerySet[RoundReport], today: datetime.date) -> QuerySet[RoundReport]:
    """Reports that should have been handed in by now. Queries: none of its own."""
    due: QuerySet[Any] = with_due(reports)  # annotated, which its type does not tell
    return due.filter(due_on__lt=today, state__in=UNREPORTED)


def is_overdue(report: RoundReport, today: datetime.date) -> bool:
    """Whether a report should have been handed in by now; it must come from ``with_due``."""
    due_on: datetime.date = report.due_on  # type: ignore[attr-defined]  # annotated
    return due_on < today and report.state in UNREPORTED
