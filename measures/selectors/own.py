"""The measures of a person's organisations, each with what is to be done next."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus, Milestone, RoundReport
from measures.moves import ENDED
from measures.selectors.due import UNREPORTED, with_due
from measures.selectors.listing import listed
from measures.selectors.portfolio import MeasureRow
from measures.selectors.reports import reports_seen_by


class DutyKind(StrEnum):
    """What a responsible organisation has to do on a measure."""

    REPORT = "report"
    MILESTONE = "milestone"
    BEGIN = "begin"
    FINISH = "finish"


DUTY_LABELS: Final[dict[DutyKind, Promise]] = {
    DutyKind.REPORT: _("Report figures"),
    DutyKind.MILESTONE: _("Reach a milestone"),
    DutyKind.BEGIN: _("Begin"),
    DutyKind.FINISH: _("Finish"),
}


@dataclasses.dataclass(frozen=True)
class Duty:
    """The next thing to be done on a measure; ``report_pk`` where it is a report the person may open."""

    kind: DutyKind
    due_on: datetime.date
    title: str = ""
    report_pk: int | None = None

    @property
    def words(self) -> str:
        """What is to be done."""
        label = str(DUTY_LABELS[self.kind])
        return f"{label}: {self.title}" if self.title else label


@dataclasses.dataclass(frozen=True)
class OwnRow(MeasureRow):
    """A measure of one's own organisation with its next duty; None where nothing is to be done."""

    duty: Duty | None = None


def own_rows(measures: Iterable[Measure], *, user: Any, today: datetime.date) -> list[OwnRow]:
    """Measures with what is to be done next by the organisations of a person, the earliest duty of each.

    A report that another house hands in, because it reports one of the figures, is no duty of theirs.

    Args:
        measures: From ``with_states``.
        user: Whose organisations are responsible.
        today: The day to look from.

    Returns:
        In the same order. Queries: at most 5 for any number of measures, besides those of the rights.
    """
    rows = list(measures)
    keys = [row.pk for row in rows]
    duties: dict[int, list[Duty]] = defaultdict(list)
    for stone in Milestone.objects.filter(measure__in=keys, reached_on__isnull=True).order_by("due_on", "pk"):
        duties[stone.measure_id].append(Duty(DutyKind.MILESTONE, stone.due_on, stone.title))
    reports = RoundReport.objects.filter(
        state__in=UNREPORTED,
        figures__key_figure__measure__in=keys,
        organisation__in=user.memberships.on(today).values("organisation"),
    )
    readable = set(reports_seen_by(user).filter(state__in=UNREPORTED).values_list("pk", flat=True))
    asked: QuerySet[Any] = with_due(reports)  # annotated, which its type does not tell
    for report, measure, due_on in asked.values_list(
        "pk", "figures__key_figure__measure", "due_on"
    ).distinct():
        shown = report if report in readable else None
        duties[measure].append(Duty(DutyKind.REPORT, due_on, report_pk=shown))
    return [OwnRow(**vars(line), duty=_next(line.measure, duties[line.measure.pk])) for line in listed(rows)]


def _next(measure: Measure, duties: list[Duty]) -> Duty | None:
    # Nothing is done any more on what has ended, and nobody is asked while it is suspended.
    if measure.status in ENDED or measure.status == MeasureStatus.SUSPENDED:
        return None
    found = list(duties)
    if measure.status in {MeasureStatus.AGREED, MeasureStatus.PREPARING} and measure.started_on is None:
        found.append(Duty(DutyKind.BEGIN, measure.starts_on))
    elif measure.status == MeasureStatus.RUNNING:
        found.append(Duty(DutyKind.FINISH, measure.ends_on))
    return min(found, key=lambda duty: duty.due_on, default=None)
