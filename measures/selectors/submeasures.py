"""Parts of measures, and what measures wait for."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureDependency, MeasureStatus, Milestone
from measures.moves import ENDED
from measures.selectors.portfolio import measures_seen_by
from project.common.formats import date_de


def outside_parent(measure: Measure) -> bool:
    """Whether the planned term of a part goes beyond that of the measure above."""
    above = measure.parent
    return above is not None and (measure.starts_on < above.starts_on or measure.ends_on > above.ends_on)


@dataclasses.dataclass(frozen=True)
class Need:
    """Another measure at one end of a dependency.

    Attributes:
        other: The measure at the other end.
        is_seen: Whether the person may open it.
        hint: What is wrong with it; empty while nothing is.
    """

    other: Measure
    note: str
    is_seen: bool
    hint: str


@dataclasses.dataclass(frozen=True)
class Neighbours:
    """What belongs to a measure among the others of the plan.

    Attributes:
        submeasures: Parts the person sees, and whether they lie outside the term of the measure.
        merged_from: What became a part of it, and whether the person may open it.
        sees_parent: Whether the person may open the measure above.
        sees_merged_into: Whether the person may open the measure it became a part of.
    """

    submeasures: list[tuple[Measure, bool]]
    needs: list[Need]
    needed_by: list[Need]
    merged_from: list[tuple[Measure, bool]]
    sees_parent: bool
    sees_merged_into: bool


def neighbours(user: Any, measure: Measure) -> Neighbours:
    """Parts, needs and what was merged into a measure. Queries: 5."""
    seen = set(measures_seen_by(user).filter(plan=measure.plan_id).values_list("pk", flat=True))
    joined = ("field", "parent__field")
    parts = measure.submeasures.select_related("parent", *joined, "responsible").order_by("position")
    needs = MeasureDependency.objects.filter(measure=measure).select_related(
        "needed", *(f"needed__{name}" for name in joined)
    )
    needed_by = MeasureDependency.objects.filter(needed=measure).select_related(
        "measure", *(f"measure__{name}" for name in joined)
    )
    return Neighbours(
        submeasures=[(row, outside_parent(row)) for row in parts if row.pk in seen],
        needs=[
            Need(row.needed, row.note, row.needed_id in seen, str(slip_of(row.needed, measure)))
            for row in needs
        ],
        needed_by=[
            Need(row.measure, row.note, row.measure_id in seen, str(slip_of(measure, row.measure)))
            for row in needed_by
        ],
        merged_from=[(row, row.pk in seen) for row in measure.merged_from.select_related(*joined)],
        sees_parent=measure.parent_id in seen,
        sees_merged_into=measure.merged_into_id in seen,
    )


def slip_of(needed: Measure, waiting: Measure) -> str | Promise:
    """Why a measure that is needed first endangers the one that waits for it; empty if it does not.

    Args:
        needed: What must come first.
        waiting: What waits; nothing endangers what is over.
    """
    if waiting.status in ENDED or needed.status == MeasureStatus.COMPLETED:
        return ""
    if needed.status == MeasureStatus.SUSPENDED:
        return _("It is suspended.")
    if needed.status in ENDED:
        return _("It has ended without being completed.")
    last = needed.ended_on or needed.ends_on
    if last > waiting.starts_on:
        return _("It ends on %(day)s, after this one begins.") % {"day": date_de(last)}
    if last < timezone.localdate():
        return _("It should have been completed on %(day)s.") % {"day": date_de(last)}
    return ""


@dataclasses.dataclass(frozen=True)
class MilestoneLine:
    """A milestone with its delay.

    Attributes:
        days_late: Days between the day first planned and the day it was reached or is expected; 0 if none.
        is_overdue: Whether its day is over without its being reached.
    """

    milestone: Milestone
    days_late: int
    is_overdue: bool


def milestone_line(row: Milestone, today: datetime.date) -> MilestoneLine:
    """A milestone with its delay against the day first planned: so far, if it has not been reached."""
    until = row.reached_on or max(row.due_on, today)
    is_overdue = row.reached_on is None and row.due_on < today
    return MilestoneLine(row, max(0, (until - row.planned_on).days), is_overdue)


def milestone_lines(measure: Measure, today: datetime.date) -> list[MilestoneLine]:
    """Milestones of a measure by day. Queries: 1."""
    return [milestone_line(row, today) for row in measure.milestones.order_by("due_on", "pk")]
