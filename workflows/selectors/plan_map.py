"""The measures of a plan over the index of its cycle: where the need is, and where something is done."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter, defaultdict
from typing import Any

from django.db.models import Count, QuerySet

from measures.models import ActionPlan, Measure
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.standings import with_states
from measures.status import PortfolioState
from monitoring.models import Area, IndexResult, IndexRun
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.runs import ordered_results
from project.common.sorting import german_key, natural_key
from stakeholders.permissions import Perm, can, visible
from workflows.models import PlanningCycle, StageKind


@dataclasses.dataclass(frozen=True)
class AreaMeasures:
    """An area with its measures.

    Attributes:
        area: The area.
        result: Its place in the index; None where there is none to be shown.
        counts: Its measures by state.
    """

    area: Area
    result: IndexResult | None
    counts: Counter[PortfolioState]

    @property
    def total(self) -> int:
        """Measures in the area."""
        return self.counts.total()

    @property
    def delayed(self) -> int:
        """Those of them that are delayed."""
        return self.counts[PortfolioState.DELAYED]


@dataclasses.dataclass(frozen=True)
class PlanMap:
    """What the map of a plan shows.

    Attributes:
        rows: Areas by name.
        run: The index behind the colours; None where the person may not see one, or none has been computed.
        results: All that the run says of areas.
        everywhere: Measures that belong to no single area, by state.
    """

    rows: list[AreaMeasures]
    run: IndexRun | None
    results: list[IndexResult]
    everywhere: Counter[PortfolioState]


def plan_map(user: Any, plan: ActionPlan, today: datetime.date) -> PlanMap:
    """Gather the map of a plan.

    Args:
        user: Who looks; must see the plan.
        plan: The plan, with its territory.
        today: The day to look from.

    Returns:
        Every planning area of the territory and those that have measures. Queries: at most 10.
    """
    measures = with_states(measures_seen_by(user).filter(plan=plan), today)
    counts: dict[Any, Counter[PortfolioState]] = defaultdict(Counter)
    found = measures.order_by().values_list("areas", "standing__state").annotate(count=Count("pk"))
    for area, state, count in found:
        if state:
            counts[area][PortfolioState(state)] += count
    run = shown_run(user, plan)
    results = list(ordered_results(run)) if run else []
    places = {row.area_id: row for row in results}
    rows = [AreaMeasures(row, places.get(row.pk), counts[row.pk]) for row in _areas(plan, measures)]
    return PlanMap(rows, run, results, counts[None])


def _areas(plan: ActionPlan, measures: QuerySet[Measure]) -> list[Area]:
    with_measures = Area.objects.filter(measures__in=measures.order_by().values("pk")).defer("geometry")
    rows = {row.pk: row for row in planning_areas(plan.territory)}
    rows |= {row.pk: row for row in with_measures.distinct()}
    return sorted(rows.values(), key=lambda row: natural_key(german_key(row.name)))


def shown_run(user: Any, plan: ActionPlan) -> IndexRun | None:
    """The index of the latest cycle of a plan that the person may see. Queries: at most 3.

    Results are internal until the profiles go to the conference, but to those who manage the cycle.
    """
    cycle = (
        visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.filter(plan=plan, index_run__isnull=False))
        .select_related("index_run")
        .order_by("-pk")
        .first()
    )
    if cycle is None:
        return None
    if cycle.stage < StageKind.CONFERENCE and not can(user, Perm.MANAGE_CYCLE, cycle):
        return None
    sees_areas = visible(user, Perm.VIEW_AREA, Area.objects.filter(territory=plan.territory_id)).exists()
    return cycle.index_run if sees_areas else None
