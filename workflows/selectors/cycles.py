"""Reads of a cycle: dates, and the conditions on which it goes on."""

import dataclasses
import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from stakeholders.models import Body, LogEntry, User
from stakeholders.permissions import Perm, visible
from workflows.models import (
    CycleStage,
    DataRequestState,
    Evaluation,
    Meeting,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationProcess,
    RecommendationState,
    StageKind,
    TaskCard,
)
from workflows.models.recommendations import APPROVED_STATES, FINAL_STATES

_UNSUBMITTED = (RecommendationState.DRAFT, RecommendationState.PROPOSED)
#: Postponed recommendations do not hold the cycle up: they are carried over if still open at its end.
_DECIDED = (*FINAL_STATES, RecommendationState.POSTPONED)
#: Log entry by which the flow says that a cycle went on to a stage.
STAGE_ENTERED = "cycle.stage_entered"


def stage_due(cycle: PlanningCycle, stage: int) -> datetime.date:
    """Last day of a stage by the cycle's schedule. Queries: 1."""
    return CycleStage.objects.values_list("due_on", flat=True).get(cycle=cycle, kind=stage)


def stage_ends(cycle: PlanningCycle) -> dict[int, datetime.date]:
    """Days on which stages really ended: when the cycle went on to the next, by its log.

    Returns:
        Stage -> day; stages that have not ended are left out. Queries: 1.
    """
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(PlanningCycle),
        object_id=cycle.pk,
        action=STAGE_ENTERED,
    )
    entered = {StageKind[str(entry.data["stage"]).upper()]: entry.at for entry in entries}
    ends = {kind - 1: timezone.localdate(at) for kind, at in entered.items()}
    if cycle.closed_at is not None:
        ends[int(StageKind.EVALUATION)] = timezone.localdate(cycle.closed_at)
    return ends


def next_meeting(
    cycle: PlanningCycle, body: Body, *, not_before: datetime.date | None = None
) -> Meeting | None:
    """The next meeting of a body in a cycle, from today or a later day on. Queries: 1."""
    first = max(not_before or timezone.localdate(), timezone.localdate())
    rows = Meeting.objects.filter(cycle=cycle, body=body, closed_at__isnull=True, held_on__gte=first)
    return rows.order_by("held_on", "pk").first()


def hold_due(cycle: PlanningCycle) -> datetime.date:
    """Last day for holding the planning conference: its meeting, else the stage's end. Queries: 1 or 2."""
    meeting = next_meeting(cycle, cycle.planning_conference)
    return meeting.held_on if meeting is not None else stage_due(cycle, StageKind.CONFERENCE)


def stage_of_body(cycle: PlanningCycle, body_pk: int) -> CycleStage | None:
    """The stage in which a body of the cycle meets; None for other bodies. Queries: 1."""
    kinds = {
        cycle.planning_conference_id: StageKind.CONFERENCE,
        cycle.steering_group_id: StageKind.STEERING_GROUP,
        cycle.social_space_conference_id: StageKind.SOCIAL_SPACE,
    }
    kind = kinds.get(body_pk)
    return None if kind is None else CycleStage.objects.filter(cycle=cycle, kind=kind).first()


def stage_outside(meeting: Meeting) -> CycleStage | None:
    """The stage a meeting belongs to by its body, if it lies outside its dates. Queries: 1."""
    stage = stage_of_body(meeting.cycle, meeting.body_id)
    return stage if stage and not stage.starts_on <= meeting.held_on <= stage.due_on else None


def is_shaping(cycle: PlanningCycle) -> bool:
    """Whether measures can be shaped: its task is open, agreements are not asked for yet. Queries: 1."""
    own = TaskCard.objects.filter(task__process__planningcycleprocess__cycle=cycle, is_open=True)
    return own.filter(stage=StageKind.SOCIAL_SPACE).exists()


def shaper_of(cycle: PlanningCycle) -> User | None:
    """Who finished the shaping of measures: the only task of the cycle itself in that stage. Queries: 1."""
    cards = TaskCard.objects.filter(
        task__process__planningcycleprocess__cycle=cycle, stage=StageKind.SOCIAL_SPACE
    )
    card = cards.select_related("task__owner").order_by("-pk").first()
    return card.task.owner if card is not None else None


def cycle_recommendations(cycle: PlanningCycle) -> QuerySet[Recommendation]:
    """Recommendations the cycle works on: its own and those carried into it, without the stage-2 requests."""
    return Recommendation.objects.filter(process__cycle=cycle, kind=RecommendationKind.MEASURES)


def in_effect(recommendations: QuerySet[Recommendation]) -> QuerySet[Recommendation]:
    """Those that are approved, and whose decision has gone out: with its extract the case ends."""
    running = RecommendationProcess.objects.filter(recommendation=OuterRef("pk"), finished__isnull=True)
    return recommendations.filter(~Exists(running), state__in=APPROVED_STATES)


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
    """Whether the steering group has decided or postponed every recommendation, and all extracts are out.

    A decided one whose case has not ended waits for its extract.
    """
    rows = cycle_recommendations(cycle)
    waiting = ~Q(state__in=_DECIDED) | Q(state__in=FINAL_STATES, process__finished__isnull=True)
    return not rows.filter(waiting).exists()


def all_measures_agreed(cycle: PlanningCycle) -> bool:
    """Whether no measure of the cycle still waits for its target agreement."""
    return not cycle_measures(cycle).filter(status=MeasureStatus.PROPOSED).exists()


def all_measures_evaluated(cycle: PlanningCycle) -> bool:
    """Whether every running measure of the cycle has its evaluation, decided by the steering group."""
    running = cycle_measures(cycle).filter(status=MeasureStatus.RUNNING)
    settled = Evaluation.objects.filter(Q(needs_decision=False) | Q(verdict__isnull=False), cycle=cycle)
    return not running.exclude(pk__in=settled.values("measure")).exists()


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
