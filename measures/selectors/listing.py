"""The list of measures: filtered and ordered in the database, whatever their number."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from measures.models import (
    ActionPlan,
    FinanceKind,
    FinanceLine,
    Goal,
    Measure,
    MeasureStatus,
    Milestone,
    StateOverride,
)
from measures.selectors.portfolio import MeasureRow
from measures.selectors.standings import with_states
from measures.selectors.states import overrides_of
from measures.status import OVER, PortfolioState
from project.common.keys import key_or_none
from project.common.sorting import german_order

#: Value of the filter by area for measures that belong to no single one.
NO_AREA: Final = "none"
#: Values of the filters by milestones and by money.
OVERDUE, REACHED_ALL = "overdue", "reached"
FUNDED, NOT_FUNDED = "yes", "no"


@dataclasses.dataclass(frozen=True)
class MeasureFilter:
    """What a person wants to see of the measures; empty restricts nothing."""

    search: str = ""
    field: int | None = None
    stage: int | None = None
    state: str = ""
    status: str = ""
    responsible: int | None = None
    #: Responsible or partner.
    organisation: int | None = None
    #: Key of an area, or ``NO_AREA``.
    area: str = ""
    goal: int | None = None
    milestone: str = ""
    funding: str = ""


def filtered(measures: QuerySet[Measure], wanted: MeasureFilter, today: datetime.date) -> QuerySet[Measure]:
    """Measures that fit everything of a filter.

    Args:
        measures: From ``with_states`` where the filter names a state.
        wanted: The filter.
        today: Milestones before it that were not reached are overdue.

    Returns:
        The narrowed measures, each once. Queries: none.
    """
    if wanted.search:
        measures = measures.filter(_found_by(wanted.search))
    conditions = {
        "field_id": wanted.field,
        "stage": wanted.stage,
        "status": wanted.status or None,
        "standing__state": wanted.state or None,
        "responsible_id": wanted.responsible,
    }
    measures = measures.filter(**{name: value for name, value in conditions.items() if value is not None})
    if wanted.organisation is not None:
        party = Q(responsible_id=wanted.organisation) | Q(partners__organisation_id=wanted.organisation)
        measures = measures.filter(pk__in=Measure.objects.filter(party).values("pk"))
    if wanted.area == NO_AREA:
        measures = measures.filter(areas__isnull=True)
    elif wanted.area:
        measures = measures.filter(pk__in=Measure.objects.filter(areas=int(wanted.area)).values("pk"))
    if wanted.goal is not None:
        measures = measures.filter(
            pk__in=Measure.objects.filter(goals__in=_goal_and_below(wanted.goal)).values("pk")
        )
    return _by_parts(measures, wanted, today)


def _by_parts(measures: QuerySet[Measure], wanted: MeasureFilter, today: datetime.date) -> QuerySet[Measure]:
    """By milestones and money."""
    open_ones = Milestone.objects.filter(measure=OuterRef("pk"), reached_on__isnull=True)
    if wanted.milestone == OVERDUE:
        measures = measures.filter(Exists(open_ones.filter(due_on__lt=today)))
    elif wanted.milestone == REACHED_ALL:
        any_ones = Milestone.objects.filter(measure=OuterRef("pk"))
        measures = measures.filter(Exists(any_ones), ~Exists(open_ones))
    if wanted.funding:
        lines = FinanceLine.objects.filter(measure=OuterRef("pk"), kind=FinanceKind.FUNDING, amount__gt=0)
        has_funding = Exists(lines) | Q(projects__isnull=False)
        funded = Measure.objects.filter(has_funding).values("pk")
        measures = (
            measures.filter(pk__in=funded) if wanted.funding == FUNDED else measures.exclude(pk__in=funded)
        )
    return measures


def _goal_and_below(goal: int) -> QuerySet[Goal]:
    return Goal.objects.filter(Q(pk=goal) | Q(parent=goal) | Q(parent__parent=goal))


def _found_by(term: str) -> Q:
    numbers = [key_or_none(part) for part in term.strip().split(".")]
    found = (
        Q(title__icontains=term)
        | Q(short_description__icontains=term)
        | Q(description__icontains=term)
        | Q(target_group__icontains=term)
        | Q(responsible__name__icontains=term)
    )
    if None not in numbers and len(numbers) == 2:
        found |= Q(field__number=numbers[0], position=numbers[1], parent__isnull=True)
    elif None not in numbers and len(numbers) == 3:
        found |= Q(field__number=numbers[0], parent__position=numbers[1], position=numbers[2])
    return found


#: 4.2 before 4.10, the parts of a measure after it: names that ``in_order`` annotates, so that they turn.
BY_NUMBER: Final = ("field__number", "top_position", "is_below", "position")
#: Columns the list can be ordered by, for ``listing.order_of``; the names are annotated by ``in_order``.
SORTS: Final[dict[str, Sequence[str]]] = {
    "number": BY_NUMBER,
    "title": ("folded_title", *BY_NUMBER),
    "field": BY_NUMBER,
    "stage": ("stage", *BY_NUMBER),
    "state": ("state_order", *BY_NUMBER),
    "status": ("status_order", *BY_NUMBER),
    "responsible": ("folded_responsible", *BY_NUMBER),
    "starts": ("first_day", *BY_NUMBER),
    "ends": ("last_day", *BY_NUMBER),
}


def in_order(measures: QuerySet[Measure], by: Iterable[str] = BY_NUMBER) -> QuerySet[Measure]:
    """Measures in the order of a column of ``SORTS``.

    Args:
        measures: From ``with_states``.
        by: What ``listing.order_of`` made of it.
    """
    states = [
        When(standing__state=state.value, then=Value(place)) for place, state in enumerate(PortfolioState)
    ]
    courses = [When(status=status.value, then=Value(place)) for place, status in enumerate(MeasureStatus)]
    return measures.annotate(
        top_position=Coalesce("parent__position", "position"),
        is_below=Case(
            When(parent__isnull=True, then=Value(0)), default=Value(1), output_field=IntegerField()
        ),
        folded_title=german_order("title"),
        folded_responsible=german_order("responsible__name"),
        status_order=Case(*courses, default=Value(99), output_field=IntegerField()),
        state_order=Case(*states, default=Value(99), output_field=IntegerField()),
        first_day=Coalesce("started_on", "starts_on"),
        last_day=Coalesce("ended_on", "ends_on"),
    ).order_by(*by)


def listed(measures: Iterable[Measure]) -> list[MeasureRow]:
    """Rows of a page, or of a file: with the state that was kept, and what planning has set. Queries: 1.

    Args:
        measures: From ``with_states``.
    """
    rows = list(measures)
    overrides = overrides_of(row.pk for row in rows)
    return [_listed(row, overrides.get(row.pk)) for row in rows]


def _listed(measure: Measure, override: StateOverride | None) -> MeasureRow:
    kept = getattr(measure, "standing", None)
    if override is None or kept is None or not kept.computed or PortfolioState(kept.computed) in OVER:
        return MeasureRow(measure, kept_state(measure))
    return MeasureRow(measure, kept_state(measure), PortfolioState(kept.computed), override)


def kept_state(measure: Measure) -> PortfolioState:
    """State of a measure from ``with_states``. Queries: none of its own."""
    kept = getattr(measure, "standing", None)
    # Written between the check of the standings and this look: the next look reckons it.
    return PortfolioState(kept.state) if kept and kept.state else PortfolioState.PREPARING


def found_measures(
    measures: QuerySet[Measure], wanted: MeasureFilter, today: datetime.date
) -> QuerySet[Measure]:
    """Measures that fit a filter, with states, by number. Queries: 1 where all states are known."""
    return in_order(filtered(with_states(measures, today), wanted, today))


def goals_of(plan: ActionPlan) -> QuerySet[Goal]:
    """Goals of a plan, the general ones first. Queries: 1."""
    return plan.goals.order_by(
        Case(When(kind="guiding", then=Value(0)), When(kind="strategic", then=Value(1)), default=Value(2)),
        F("number"),
    )
