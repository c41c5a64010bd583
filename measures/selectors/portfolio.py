"""The measures of a plan: where each stands, filtered, sorted, counted."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from measures.models import (
    ActionPlan,
    FieldOfAction,
    Measure,
    MeasureStatus,
    RoundReport,
    Stage,
)
from measures.selectors.due import overdue
from measures.selectors.figures import FigureLine, figure_lines
from measures.status import MeasureFacts, PortfolioState, state_badge, state_of
from monitoring.models import Area
from project.common.formats import Badge
from project.common.keys import key_or_none
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible


@dataclasses.dataclass(frozen=True)
class MeasureLine:
    """A measure in a list: where it stands, and why."""

    measure: Measure
    state: PortfolioState
    figures: tuple[FigureLine, ...]

    @property
    def waits_for_stage_two(self) -> bool:
        """Whether only the opening of stage 2 is missing."""
        return self.measure.stage == Stage.TWO and self.measure.plan.stage_two_opened_on is None

    @property
    def badge(self) -> Badge:
        """The state in word and colour."""
        return state_badge(self.state, waits_for_stage_two=self.waits_for_stage_two)

    @property
    def first_day(self) -> datetime.date:
        """Actual start, or the planned one."""
        return self.measure.started_on or self.measure.starts_on

    @property
    def last_day(self) -> datetime.date:
        """Actual end, or the planned one."""
        return self.measure.ended_on or self.measure.ends_on

    @property
    def as_of(self) -> datetime.date | None:
        """Day of its latest confirmed figures."""
        return max((row.latest.day for row in self.figures if row.latest), default=None)


@dataclasses.dataclass(frozen=True)
class MeasureFilter:
    """What a person wants to see of the measures."""

    search: str = ""
    field: int | None = None
    stage: int | None = None
    state: str = ""
    status: str = ""
    organisation: int | None = None
    area: int | None = None


def plans_seen_by(user: Any) -> QuerySet[ActionPlan]:
    """Action plans a person may see. Queries: 1."""
    return visible(user, Perm.VIEW_PLAN, ActionPlan.objects.select_related("territory"))


def measures_seen_by(user: Any) -> QuerySet[Measure]:
    """Measures a person may see, with plan, field and responsible organisation joined. Queries: 1."""
    rows = Measure.objects.select_related("plan", "plan__territory", "field", "responsible")
    return visible(user, Perm.VIEW_MEASURE, rows)


def filtered(measures: QuerySet[Measure], wanted: MeasureFilter) -> QuerySet[Measure]:
    """Measures that fit everything of a filter but the state, which follows from figures. Queries: none."""
    if wanted.search:
        number = _number_condition(wanted.search)
        measures = measures.filter(
            Q(title__icontains=wanted.search)
            | Q(description__icontains=wanted.search)
            | Q(target_group__icontains=wanted.search)
            | Q(responsible__name__icontains=wanted.search)
            | number
        )
    if wanted.field is not None:
        measures = measures.filter(field_id=wanted.field)
    if wanted.stage is not None:
        measures = measures.filter(stage=wanted.stage)
    if wanted.status:
        measures = measures.filter(status=wanted.status)
    if wanted.organisation is not None:
        party = Q(responsible_id=wanted.organisation) | Q(partners__organisation_id=wanted.organisation)
        measures = measures.filter(pk__in=Measure.objects.filter(party).values("pk"))
    if wanted.area is not None:
        measures = measures.filter(pk__in=Measure.objects.filter(areas=wanted.area).values("pk"))
    return measures


def _number_condition(term: str) -> Q:
    field, position = (key_or_none(part) for part in term.strip().partition(".")[::2])
    if field is not None and position is not None:
        return Q(field__number=field, position=position)
    return Q(pk__in=())


def measure_lines(measures: Iterable[Measure], today: datetime.date) -> list[MeasureLine]:
    """Where measures stand.

    Args:
        measures: With plan and field joined; order is kept.
        today: The day to look from.

    Returns:
        One line each. Queries: 3 for any number of measures, besides those of ``measures`` itself.
    """
    rows = list(measures)
    figures = figure_lines(row.pk for row in rows)
    lines = []
    for row in rows:
        of_measure = tuple(figures.get(row.pk, ()))
        state = state_of(facts_of(row), [line.light for line in of_measure], today)
        lines.append(MeasureLine(row, state, of_measure))
    return lines


def facts_of(measure: Measure) -> MeasureFacts:
    """What the state of a measure follows from. Queries: 1 if the plan is not joined."""
    return MeasureFacts(
        starts_on=measure.starts_on,
        ends_on=measure.ends_on,
        started_on=measure.started_on,
        ended_on=measure.ended_on,
        is_completed=measure.status == MeasureStatus.COMPLETED,
        is_agreed=measure.status in {MeasureStatus.AGREED, MeasureStatus.RUNNING},
        is_stage_open=measure.stage == Stage.ONE or measure.plan.stage_two_opened_on is not None,
    )


@dataclasses.dataclass(frozen=True)
class Portfolio:
    """The measures of a plan for its pages: numbers over all, lines of those that fit the filter."""

    plan: ActionPlan
    total: int
    counts: Counter[PortfolioState]
    overdue_report_count: int
    lines: list[MeasureLine]


_SORTS: dict[str, Callable[[MeasureLine], Any]] = {
    "number": lambda line: (line.measure.field.number, line.measure.position),
    "title": lambda line: line.measure.title.casefold(),
    "state": lambda line: list(PortfolioState).index(line.state),
    "responsible": lambda line: line.measure.responsible.label.casefold(),
    "starts": lambda line: line.first_day,
    "ends": lambda line: line.last_day,
}
#: Columns the list of measures can be ordered by, for ``listing.order_of``.
SORTS: dict[str, Sequence[str]] = dict.fromkeys(_SORTS, ())


def portfolio(user: Any, plan: ActionPlan, wanted: MeasureFilter, *, today: datetime.date) -> Portfolio:
    """Gather the measures of a plan.

    Args:
        user: Who looks.
        plan: A plan they may see.
        wanted: Filter.
        today: The day to look from.

    Returns:
        Counts over all measures of the plan, lines of the filtered ones by number. Queries: 6.
    """
    measures = measures_seen_by(user).filter(plan=plan).order_by("field__number", "position")
    everything = measure_lines(measures, today)
    kept = set(filtered(measures, wanted).values_list("pk", flat=True))
    lines = [
        line
        for line in everything
        if line.measure.pk in kept and (not wanted.state or line.state == wanted.state)
    ]
    return Portfolio(
        plan=plan,
        total=len(everything),
        counts=Counter(line.state for line in everything),
        overdue_report_count=overdue_reports(plan, today).count(),
        lines=lines,
    )


def sorted_lines(lines: Sequence[MeasureLine], key: str, *, is_falling: bool) -> list[MeasureLine]:
    """Lines in an order; equal ones by number."""
    by_number = sorted(lines, key=_SORTS["number"])
    return sorted(by_number, key=_SORTS[key], reverse=is_falling)


def overdue_reports(plan: ActionPlan, today: datetime.date) -> QuerySet[RoundReport]:
    """Reports that should have been handed in by now. Queries: 1."""
    return overdue(RoundReport.objects.filter(round__plan=plan), today)


def parties_of(measures: QuerySet[Measure]) -> QuerySet[Organisation]:
    """Organisations responsible for one of the measures or partner in it, by name. Queries: 1."""
    pks = measures.order_by().values("pk")
    return (
        Organisation.objects.filter(
            Q(pk__in=measures.order_by().values("responsible")) | Q(partnerships__measure__in=pks)
        )
        .distinct()
        .order_by("name")
    )


def areas_of(measures: QuerySet[Measure]) -> QuerySet[Area]:
    """Areas of the measures, by name. Queries: 1."""
    return Area.objects.filter(measures__in=measures.order_by().values("pk")).distinct().order_by("name")


def fields_of(plan: ActionPlan) -> QuerySet[FieldOfAction]:
    """Fields of action of a plan, by number. Queries: 1."""
    return plan.fields.order_by("number")


def stage_two_planned_on(plan: ActionPlan) -> datetime.date | None:
    """First planned start of a measure of stage 2: before the decision the line of the timeline stands there.

    Queries: 1.
    """
    rows = plan.measures.filter(stage=Stage.TWO).order_by("starts_on")
    return rows.values_list("starts_on", flat=True).first()


@dataclasses.dataclass(frozen=True)
class PlanCard:
    """A plan with its numbers, in the list of plans."""

    plan: ActionPlan
    total: int
    counts: Counter[PortfolioState]


def plan_cards(user: Any, today: datetime.date) -> list[PlanCard]:
    """Plans a person may see, with the states of their measures. Queries: 5 for any number of plans."""
    plans = list(plans_seen_by(user).order_by("territory__name", "title"))
    measures = measures_seen_by(user).filter(plan__in=[plan.pk for plan in plans])
    counts: dict[int, Counter[PortfolioState]] = {plan.pk: Counter() for plan in plans}
    for line in measure_lines(measures, today):
        counts[line.measure.plan_id][line.state] += 1
    return [PlanCard(plan, counts[plan.pk].total(), counts[plan.pk]) for plan in plans]


def own_measures(user: Any, today: datetime.date) -> QuerySet[Measure]:
    """Measures in which an organisation of the person takes part, by plan and number. Queries: 1."""
    own = user.memberships.on(today).values("organisation")
    party = Q(responsible__in=own) | Q(partners__organisation__in=own)
    keys = Measure.objects.filter(party).values("pk")
    return measures_seen_by(user).filter(pk__in=keys).order_by("plan__title", "field__number", "position")
