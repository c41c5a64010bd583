"""A recommendation from draft to decision.

Purpose: the planning conference recommends, the steering group decides. Who acts: a participant of the
conference drafts, its chair adopts and submits (four eyes), the chair of the steering group records the
decision of the body. A returned one goes back to the conference with the reason and comes again as a new
version; a postponed one waits for the day it was postponed to. The request to open planning stage 2 is
written by the planning unit and goes the same way. From outside of its steps a case is withdrawn or, once
decided, taken up again (``workflows/recommendation_cases.py``). Ends: approved, approved with conditions,
rejected, withdrawn. Source: domain, stages 3 and 4; rules of procedure of the body.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import (
    Recommendation,
    RecommendationKind,
    RecommendationProcess,
    RecommendationState,
    StageKind,
)
from workflows.nodes import Begin, Choice, GuardedView, Outcome, PlanningFlow, Question, Step, poke
from workflows.selectors.cycles import next_meeting, stage_due
from workflows.services import recommendations
from workflows.views import recommendation_tasks as views

#: Whoever gets a recommendation back has at least this long (days).
TURN_DAYS = 7


def _due(stage: int) -> Any:
    def due(process: Any) -> datetime.date:
        soon = timezone.localdate() + datetime.timedelta(days=TURN_DAYS)
        decision = process.recommendation.decisions.order_by("-pk").first()
        is_postponed = process.recommendation.state == RecommendationState.POSTPONED
        until = decision.postponed_until if is_postponed and decision is not None else None
        if stage == StageKind.STEERING_GROUP:
            # What a meeting decides is recorded the day after; one that postponed it today has had its say.
            first = until or timezone.localdate() + datetime.timedelta(days=1 if is_postponed else 0)
            meeting = next_meeting(process.cycle, process.cycle.steering_group, not_before=first)
            if meeting is not None:
                return meeting.held_on + datetime.timedelta(days=1)
        if is_postponed:
            return until or soon
        return max(stage_due(process.cycle, stage), soon)

    return due


def _stage(at_least: int) -> Any:
    """Stage 2 of the plan is asked for during implementation: its tasks belong there."""

    def stage(process: Any) -> int:
        if _is_request(process):
            return int(StageKind.IMPLEMENTATION)
        return at_least

    return stage


def _is_request(process: Any) -> bool:
    return bool(process.recommendation.kind == RecommendationKind.STAGE_TWO)


def _state(activation: Any) -> str:
    return str(activation.process.recommendation.state)


class RecommendationFlow(PlanningFlow):
    """Recommendation."""

    process_class = RecommendationProcess
    process_title = _("Recommendation")

    start = Begin(this.on_start).Annotation(title=_("Recommendation begun")).Next(this.check_kind)

    check_kind = (
        Question(lambda activation: _is_request(activation.process))
        .Annotation(title=_("Request to open stage 2?"))
        .Then(this.write_request)
        .Else(this.draft_recommendation)
    )

    draft_recommendation = (
        GuardedView(views.draft_recommendation)
        .Annotation(title=_("Write a recommendation"))
        .Says(_("Write the recommendation: %(subject)s"))
        .About(lambda process: str(process.recommendation))
        .Addressed(Perm.ADVISE_BODY, to=lambda process: process.cycle.planning_conference)
        .Due(_due(StageKind.CONFERENCE))
        .Stage(_stage(StageKind.CONFERENCE))
        .For(lambda process: process.recommendation.created_by)
        .Next(this.check_draft)
    )

    write_request = (
        GuardedView(views.draft_recommendation)
        .Annotation(title=_("Write the request to open stage 2"))
        .Says(_("Write the request: %(subject)s"))
        .About(lambda process: str(process.recommendation))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_due(StageKind.IMPLEMENTATION))
        .Stage(StageKind.IMPLEMENTATION)
        .For(lambda process: process.recommendation.created_by)
        .Next(this.check_draft)
    )

    check_draft = (
        Question(lambda activation: _state(activation) != RecommendationState.PROPOSED)
        .Annotation(title=_("Withdrawn?"))
        .Then(this.tell_cycle_withdrawn)
        .Else(this.adopt_recommendation)
    )

    adopt_recommendation = (
        GuardedView(views.adopt_recommendation)
        .Annotation(title=_("Adopt a recommendation"))
        .Says(_("Adopt the recommendation: %(subject)s"))
        .About(lambda process: str(process.recommendation))
        .Addressed(Perm.CHAIR_BODY, to=lambda process: process.cycle.planning_conference)
        .Due(_due(StageKind.CONFERENCE))
        .Stage(_stage(StageKind.CONFERENCE))
        .NotBy("draft_recommendation", "write_request")
        .NotWriter(recommendations.version_writers)
        .Next(this.check_adoption)
    )

    check_adoption = (
        Question(lambda activation: _state(activation) == RecommendationState.SUBMITTED)
        .Annotation(title=_("Adopted?"))
        .Then(this.tell_cycle_submitted)
        .Else(this.check_kind)
    )

    tell_cycle_submitted = (
        Step(this.on_progress).Annotation(title=_("Let the cycle go on")).Next(this.decide_recommendation)
    )

    decide_recommendation = (
        GuardedView(views.decide_recommendation)
        .Annotation(title=_("Record the decision"))
        .Says(_("Record the decision: %(subject)s"))
        .About(lambda process: str(process.recommendation))
        .Addressed(Perm.CHAIR_BODY, to=lambda process: process.cycle.steering_group)
        .Due(_due(StageKind.STEERING_GROUP))
        .Stage(_stage(StageKind.STEERING_GROUP))
        .NotBy("draft_recommendation", "write_request", "adopt_recommendation")
        .NotWriter(recommendations.version_writers)
        .Next(this.apply_decision)
    )

    apply_decision = (
        Step(this.on_decided).Annotation(title=_("Carry the decision back")).Next(this.check_result)
    )

    check_result = (
        Choice()
        .Annotation(title=_("What was decided?"))
        .Case(this.approved, lambda activation: _state(activation) == RecommendationState.APPROVED)
        .Case(
            this.approved_with_conditions,
            lambda activation: _state(activation) == RecommendationState.APPROVED_WITH_CONDITIONS,
        )
        .Case(this.rejected, lambda activation: _state(activation) == RecommendationState.REJECTED)
        .Case(
            this.decide_recommendation,
            lambda activation: _state(activation) == RecommendationState.POSTPONED,
        )
        .Case(this.withdrawn, lambda activation: _state(activation) == RecommendationState.WITHDRAWN)
        .Default(this.check_kind)
    )

    # What had been taken up again is not withdrawn: its decision stands.
    tell_cycle_withdrawn = (
        Step(this.on_progress).Annotation(title=_("Let the cycle go on")).Next(this.check_result)
    )

    approved = Outcome().Annotation(title=_("Approved"))
    approved_with_conditions = Outcome().Annotation(title=_("Approved with conditions"))
    rejected = Outcome().Annotation(title=_("Rejected"))
    withdrawn = Outcome().Annotation(title=_("Withdrawn"))

    def on_start(self, activation: Any, recommendation: Any) -> Any:
        """Tie the case to its recommendation and cycle."""
        activation.process.recommendation = recommendation
        activation.process.cycle = recommendation.cycle
        return activation.process

    def on_progress(self, activation: Any) -> None:
        """The cycle may be waiting for this one."""
        poke(activation.process.cycle.process)

    def on_decided(self, activation: Any) -> None:
        """Open stage 2 if that was decided; let the cycle and waiting measures go on."""
        process = activation.process
        for measure_process in recommendations.apply_decision(process.recommendation):
            poke(measure_process)
        poke(process.cycle.process)


def writing_step(recommendation: Recommendation) -> GuardedView:
    """The step in which a recommendation is written: by the conference, or by planning if it is a request."""
    is_request = recommendation.kind == RecommendationKind.STAGE_TWO
    step: GuardedView = (
        RecommendationFlow.write_request if is_request else RecommendationFlow.draft_recommendation
    )
    return step
