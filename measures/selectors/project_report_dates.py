"""By when something has to be done with a report of a project, and whether it is late."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from measures.models import (
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportState,
    ProjectReportStep,
    ReportExtension,
    ReportStepKind,
)

#: The municipality has so long to check what was handed in (days).
CHECK_DAYS: Final = 14
#: The funder has so long to decide (days).
DECIDE_DAYS: Final = 28
#: The provider has so long to answer a question, or to mend what was returned (days).
ANSWER_DAYS: Final = 14
#: The funder has so long to decide on more time (days).
EXTENSION_DAYS: Final = 7
#: A duty becomes a task so long before it is due, at the latest (days).
BEGIN_DAYS: Final = 42

RETURNS: Final = (ReportStepKind.SENT_BACK, ReportStepKind.RETURNED)


@dataclasses.dataclass(frozen=True)
class Lateness:
    """Whether a report is late.

    Attributes:
        hand_in_by: Last day to hand it in; None once it has been handed in.
        days_late: Days since then, for a report that is not handed in; 0 if it is in time.
        delivered_days_late: Days by which it was handed in late the first time; 0 if it was in time.
    """

    hand_in_by: datetime.date | None
    days_late: int
    delivered_days_late: int


def _days_after(report: ProjectReport, days: int, *kinds: ReportStepKind) -> datetime.date | None:
    """Reckoned from what was done, not from today. Queries: 1."""
    step = report.steps.filter(kind__in=kinds).order_by("-pk").first()
    return None if step is None else timezone.localdate(step.made_at) + datetime.timedelta(days=days)


def hand_in_by(report: ProjectReport) -> datetime.date:
    """Last day to hand a report in: as it is due, or some days after it was returned. Queries: 1."""
    returned = _days_after(report, ANSWER_DAYS, *RETURNS)
    return report.due_on if returned is None else max(report.due_on, returned)


def with_returns(reports: QuerySet[ProjectReport]) -> QuerySet[ProjectReport]:
    """Reports that know when they were returned last, for ``known_hand_in_by``. Queries: none."""
    returns = ProjectReportStep.objects.filter(report=OuterRef("pk"), kind__in=RETURNS).order_by("-made_at")
    return reports.annotate(returned_at=Subquery(returns.values("made_at")[:1]))


def known_hand_in_by(report: ProjectReport) -> datetime.date:
    """Last day to hand in a report of ``with_returns``; of others it is asked for. Queries: at most 1."""
    if not hasattr(report, "returned_at"):
        return hand_in_by(report)
    return _until(report.due_on, report.returned_at)


def _until(due_on: datetime.date, returned_at: datetime.datetime | None) -> datetime.date:
    if returned_at is None:
        return due_on
    return max(due_on, timezone.localdate(returned_at) + datetime.timedelta(days=ANSWER_DAYS))


def was_returned_lately(today: datetime.date) -> Exists:
    """Condition on a report that the days to mend what was returned are not over."""
    first = today - datetime.timedelta(days=ANSWER_DAYS)
    steps = ProjectReportStep.objects.filter(report=OuterRef("pk"), kind__in=RETURNS)
    return Exists(steps.filter(made_at__date__gte=first))


def check_by(report: ProjectReport) -> datetime.date:
    """Last day for the municipality. Queries: 1."""
    return max(report.due_on, _days_after(report, CHECK_DAYS, ReportStepKind.DELIVERED) or report.due_on)


def decide_by(report: ProjectReport) -> datetime.date:
    """Last day for the funder. Queries: 1."""
    kinds = (ReportStepKind.FORWARDED, ReportStepKind.ANSWERED)
    return _days_after(report, DECIDE_DAYS, *kinds) or report.due_on


def answer_by(report: ProjectReport) -> datetime.date:
    """Last day to answer a question. Queries: 1."""
    return _days_after(report, ANSWER_DAYS, ReportStepKind.ASKED) or report.due_on


def extension_by(extension: ReportExtension) -> datetime.date:
    """Last day to decide on more time: before the report is due, where that is ahead. Queries: at most 1."""
    asked_on = timezone.localdate(extension.asked_at)
    wanted = asked_on + datetime.timedelta(days=EXTENSION_DAYS)
    due_on: datetime.date = extension.report.due_on
    return min(wanted, due_on) if due_on >= asked_on else wanted


def was_passed_on(report: ProjectReport) -> bool:
    """Whether any version went to the funder. Queries: 1 unless steps are prefetched."""
    return any(step.kind == ReportStepKind.FORWARDED for step in report.steps.all())


def lateness_as_passed_on(report: ProjectReport, today: datetime.date | None = None) -> Lateness:
    """The same for who sees only what was passed on: nothing before that counts, neither way.

    Queries: 2 unless steps and deliveries are prefetched.
    """
    today = today or timezone.localdate()
    passed_on = {step.delivery_id for step in report.steps.all() if step.kind == ReportStepKind.FORWARDED}
    if passed_on:
        return _lateness(report, today, [row for row in report.deliveries.all() if row.pk in passed_on])
    if report.state == ProjectReportState.CALLED_OFF:
        return Lateness(None, 0, 0)
    return Lateness(report.due_on, max((today - report.due_on).days, 0), 0)


def lateness(report: ProjectReport, today: datetime.date | None = None) -> Lateness:
    """Whether a report is late, or was. Queries: 2 unless steps and deliveries are prefetched."""
    return _lateness(report, today or timezone.localdate(), report.deliveries.all())


def _lateness(
    report: ProjectReport, today: datetime.date, deliveries: Iterable[ProjectReportDelivery]
) -> Lateness:
    first = min(deliveries, key=lambda row: row.number, default=None)
    delivered_late = 0
    if first is not None:
        delivered_late = max((timezone.localdate(first.delivered_at) - first.due_on).days, 0)
    if report.state != ProjectReportState.DRAFTING:
        return Lateness(None, 0, delivered_late)
    returns = [row.made_at for row in report.steps.all() if row.kind in RETURNS]
    until = _until(report.due_on, max(returns, default=None))
    return Lateness(until, max((today - until).days, 0), delivered_late)
