"""The rows of a timeline: measures in groups, with their milestones and what they need first."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.db.models import Case, CharField, Count, Max, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from measures.charts import TimeAxis, axis_over
from measures.models import ActionPlan, Measure, MeasureDependency, Milestone
from measures.moves import UNDER_WAY
from measures.selectors.listing import BY_NUMBER, in_order, listed
from measures.selectors.portfolio import MeasureRow
from monitoring.models import Area
from project.common.formats import date_de
from project.common.sorting import german_order


class Grouping(StrEnum):
    """What the rows of a timeline are grouped by."""

    FIELD = "field"
    ORGANISATION = "organisation"
    AREA = "area"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TimelineRow(MeasureRow):
    """A measure in a timeline.

    Attributes:
        today: The day looked from.
        group: Name of its group.
        milestones: Its milestones by day.
        needs: Measures it needs first.
    """

    today: datetime.date
    group: str = ""
    milestones: tuple[Milestone, ...] = ()
    needs: tuple[Measure, ...] = ()

    @property
    def reached_count(self) -> int:
        """Milestones reached."""
        return sum(stone.reached_on is not None for stone in self.milestones)

    @property
    def overdue(self) -> list[Milestone]:
        """Milestones that should have been reached."""
        return [row for row in self.milestones if row.reached_on is None and row.due_on < self.today]

    @property
    def delay_words(self) -> str:
        """How late it is; empty if it is not."""
        beyond = self.delay(self.today)
        if beyond is None:
            return ""
        days = (beyond[1] - beyond[0]).days + 1
        is_begun = self.measure.started_on is not None
        words = (
            ngettext(
                "%(counter)s day beyond its planned end (%(day)s)",
                "%(counter)s days beyond its planned end (%(day)s)",
                days,
            )
            if is_begun
            else ngettext(
                "not begun, %(counter)s day after its planned start (%(day)s)",
                "not begun, %(counter)s days after its planned start (%(day)s)",
                days,
            )
        )
        day = self.measure.ends_on if is_begun else self.measure.starts_on
        return words % {"counter": days, "day": date_de(day)}


def grouped(measures: QuerySet[Measure], by: Grouping) -> QuerySet[Measure]:
    """Measures in the order of their groups, within them by number.

    Args:
        measures: From ``with_states``.
        by: The grouping; by area a measure of several stands under "several areas".
    """
    if by is Grouping.ORGANISATION:
        return in_order(measures, ("folded_responsible", "responsible_id", *BY_NUMBER))
    if by is Grouping.AREA:
        linked = Measure.areas.through.objects.filter(measure=OuterRef("pk")).order_by().values("measure")
        counts: QuerySet[Any] = linked.annotate(area_count=Count("pk"))
        names: QuerySet[Any] = linked.annotate(area_name=Min(german_order("area__name")))
        # Without a value for "none" databases would not agree on the order.
        rows = measures.annotate(
            area_count=Coalesce(Subquery(counts.values("area_count")), 0),
            area_name=Case(
                When(area_count=1, then=Subquery(names.values("area_name"))),
                default=Value(""),
                output_field=CharField(),
            ),
            area_rank=Least("area_count", 2),
        )
        return in_order(rows, ("area_rank", "area_name", *BY_NUMBER))
    return in_order(measures)


def timeline_rows(measures: Iterable[Measure], by: Grouping, today: datetime.date) -> list[TimelineRow]:
    """The rows of a page of the timeline. Queries: 4 besides those of the measures.

    Args:
        measures: A page of ``grouped``.
        by: The grouping.
        today: The day looked from.
    """
    rows = list(measures)
    keys = [row.pk for row in rows]
    stones: dict[int, list[Milestone]] = {}
    for stone in Milestone.objects.filter(measure__in=keys).order_by("due_on", "pk"):
        stones.setdefault(stone.measure_id, []).append(stone)
    needs: dict[int, list[Measure]] = {}
    joined = MeasureDependency.objects.filter(measure__in=keys).select_related(
        "needed__field", "needed__parent__field"
    )
    for link in joined.order_by("pk"):
        needs.setdefault(link.measure_id, []).append(link.needed)
    places = _places(keys) if by is Grouping.AREA else {}
    return [
        TimelineRow(
            **vars(line),
            today=today,
            group=_group_of(line.measure, by, places.get(line.measure.pk, [])),
            milestones=tuple(stones.get(line.measure.pk, ())),
            needs=tuple(needs.get(line.measure.pk, ())),
        )
        for line in listed(rows)
    ]


def _places(keys: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = Area.objects.filter(measures__in=keys).order_by(german_order("name"), "pk")
    for key, name in rows.values_list("measures", "name"):
        found.setdefault(key, []).append(name)
    return found


def _group_of(row: Measure, by: Grouping, places: list[str]) -> str:
    match by:
        case Grouping.FIELD:
            return str(row.field)
        case Grouping.ORGANISATION:
            return row.responsible.name
        case Grouping.AREA:
            if len(places) > 1:
                return _("In several areas")
            return places[0] if places else _("In the whole territory")


def axis_of(plan: ActionPlan, measures: QuerySet[Measure], today: datetime.date) -> TimeAxis:
    """Years that hold all dates of a plan, whatever is filtered. Queries: 1; 2 once the plan is over."""
    found: dict[str, Any] = measures.order_by().aggregate(
        planned=Min("starts_on"),
        actual=Min("started_on"),
        ended=Max("ended_on"),
        first_stone=Min("milestones__due_on"),
        last_stone=Max("milestones__due_on"),
        early_stone=Min("milestones__reached_on"),
        late_stone=Max("milestones__reached_on"),
    )
    days = [day for day in found.values() if day is not None] or [min(today, plan.ends_on)]
    if today > plan.ends_on and measures.filter(ended_on__isnull=True, status__in=UNDER_WAY).exists():
        days.append(today)  # what is still going on is late up to now
    return axis_over([*days, plan.ends_on])
