"""Reads of a cycle: dates, and the conditions on which it goes on."""

import dataclasses
import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from measures.models import Measure, MeasureStatus
from stakeholders.permissions import Perm, visible
from workflows.models import (
    CycleStage,
    DataRequestState,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationState,
)
from workflows.models.recommendations import FINAL_STATES

_UNSUBMITTED = (RecommendationState.DRAFT, RecommendationState.PROPOSED)
#: Postponed recommendations do not hold the cycle up: they are carried over if still open at its end.
_DECIDED = (*FINAL_STATES, RecommendationState.POSTPONED)


def stage_due(cycle: PlanningCycle, stage: int) -> datetime.date:
    """Last day of a stage by the cycle's schedule. Queries: 1."""
    return CycleStage.objects.values_list("due_on", flat=True).get(cycle=cycle, kind=stage)


def cycle_recommendations(cycle: PlanningCycle) -> QuerySet[Recommendation]:
    """Recommendations the cycle works on: its own and those carried into it, without the stage-2 requests."""
    return Recommendation.objects.filter(process__cycle=cycle, kind=RecommendationKind.MEASURES)


def cycle_measures(cycle: PlanningCycle) -> QuerySet[Measure]:
    """Measures the cycle works on: shaped in it or carried into it."""
    return Measure.objects.filter(process__cycle=cycle)


def all_requests_finished(cycle: PlanningCycle) -> bool:
    """Whether every requested delivery is accepted or gone on without."""
    return not cycle.requests.exclude(state__in=[DataRequestState.ACCEPTED, DataRequestState.WAIVED]).exists()


def all_drafts_submitted(cycle: PlanningCycle) -> bool:
    """Whether no recommendation still waits for its author or the conference's chair."""
    return not cycle_recommendations(cycle).filter(state__in=_UNSUBMITTED).exists()


def all_recommendations_decided(cycle: PlanningCycle) -> bool:
    """Whether the steering group has decided or postponed every recommendation."""
    return not cycle_recommendations(cycle).exclude(state__in=_DECIDED).exists()


def all_measures_agreed(cycle: PlanningCycle) -> bool:
    """Whether no measure of the cycle still waits for its target agreement."""
    return not cycle_measures(cycle).filter(status=MeasureStatus.PROPOSED).exists()


def all_measures_evaluated(cycle: PlanningCycle) -> bool:
    """Whether every running measure of the cycle has its evaluation."""
    running = cycle_measures(cycle).filter(status=MeasureStatus.RUNNING)
    return not running.exclude(evaluations__cycle=cycle).exists()


@dataclasses.dataclass(frozen=True)
class CycleFilter:
    """What a person wants to see of the cycles."""

    search: str = ""
    state: str = ""  # open, closed; empty for all
    stage: int | None = None
    order: str = ""  # -year, year; empty for by territory


def cycles_seen_by(user: Any, wanted: CycleFilter) -> QuerySet[Any]:
    """Cycles a person may see, with the last day of their present stage as ``stage_due_on``. Queries: 1."""
    due = CycleStage.objects.filter(cycle=OuterRef("pk"), kind=OuterRef("stage")).values("due_on")[:1]
    rows = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all())
    rows = rows.select_related("territory").annotate(stage_due_on=Subquery(due))
    if wanted.search:
        rows = rows.filter(Q(title__icontains=wanted.search) | Q(territory__name__icontains=wanted.search))
    if wanted.state:
        rows = rows.filter(closed_at__isnull=wanted.state == "open")
    if wanted.stage is not None:
        rows = rows.filter(stage=wanted.stage, closed_at__isnull=True)
    orders = {"-year": ["-starts_year", "territory__name"], "year": ["starts_year", "territory__name"]}
    return rows.order_by(*orders.get(wanted.order, ["territory__name", "-starts_year"]), "pk")
