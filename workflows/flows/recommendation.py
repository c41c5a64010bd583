"""A recommendation from draft to decision.

Purpose: the planning conference recommends, the steering group decides. Who acts: a participant of the
conference drafts, its chair adopts and submits (four eyes), the chair of the steering group records the
decision of the body and issues its extract; only then the case goes on. A returned one goes back to the
conference with the reason and comes again as a new version; a postponed one waits for the day it was
postponed to. The request to open planning stage 2, and the one on evaluated measures, is written by the
planning unit and goes the same way; where the body changed the latter, planning records what that means.
From outside of its steps a case is withdrawn or, once decided, taken up again; similar ones are merged into a
new one (``workflows/recommendation_cases.py``). Ends: approved, approved with conditions, rejected,
withdrawn, merged. Source: domain, stages 3 and 4; rules of procedure of the body.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.flows.assignment import AssignmentFlow
from workflows.flows.cosigning import CosigningFlow
from workflows.models import (
    PlanningCycle,
    Recommendation,
    RecommendationProcess,
    RecommendationState,
    StageKind,
)
from workflows.models.assignments import OPEN_ASSIGNMENTS
from workflows.models.recommendations import REQUEST_STAGES
from workflows.nodes import (
    Begin,
    Choice,
    GuardedView,
    Outcome,
    PlanningFlow,
    Question,
    Step,
    WaitFor,
    poke,
    send,
)
from workflows.selectors.cosigning import is_being_cosigned, planned_cosigning
from workflows.selectors.cycles import next_meeting, stage_due
from workflows.selectors.decisions import last_decision
from workflows.services import cosigning, recommendations
from workflows.services.conditions import conditions_give
from workflows.services.evaluations import needs_record, verdicts_apply
from workflows.services.extracts import needs_extract
from workflows.views import recommendation_tasks as views
from workflows.views.evaluation_tasks import record_outcomes
from workflows.views.extract_tasks import issue_extract

#: Whoever gets a recommendation back has at least this long (days).
TURN_DAYS = 7


def _due(stage: int) -> Any:
    def due(process: Any) -> datetime.date:
        soon = timezone.localdate() + datetime.timedelta(days=TURN_DAYS)
        decision = process.recommendation.decisions.order_by("-pk").first()
        is_postponed = process.recommendation.state == RecommendationState.POSTPONED
        until = decision.postponed_until if is_postponed and decision is not None else None
        if stage == StageKind.STEERING_GROUP:
            circulated = process.recommendation.polls.open().filter(meeting__isnull=True).first()
            if circulated is not None:
                last: datetime.date = circulated.ends_on
                return last + datetime.timedelta(days=1)
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
    """A request of planning belongs to the stage in which it is written, through all its steps."""

    def stage(process: Any) -> int:
        return int(REQUEST_STAGES.get(process.recommendation.kind, at_least))

    return stage


def _request_stage(process: Any) -> int:
    return int(REQUEST_STAGES.get(process.recommendation.kind, StageKind.IMPLEMENTATION))


def _request_due(process: Any) -> datetime.date:
    due: datetime.date = _due(_request_stage(process))(process)
    return due


def _is_request(process: Any) -> bool:
    return process.recommendation.kind in REQUEST_STAGES


def _state(activation: Any) -> str:
    return str(activation.process.recommendation.state)


def _decided(process: Any) -> str:
    decision = last_decision(process.recommendation)
    number = f"{decision.reference}: " if decision is not None else ""
    return f"{number}{process.recommendation}"


def _recorder(process: Any) -> Any:
    decision = last_decision(process.recommendation)
    return decision.recorded_by if decision is not None else None


def _extract_due(process: Any) -> datetime.date:
    """Reckoned from the record, not from today: a move of the cycle's dates leaves the task alone."""
    decision = last_decision(process.recommendation)
    recorded = timezone.localdate(decision.recorded_at) if decision is not None else timezone.localdate()
    return recorded + datetime.timedelta(days=TURN_DAYS)


def _give_conditions(recommendation: Recommendation) -> None:
    """One case per condition; those of a decision that is replaced now are called off.

    In a cycle that is closed nobody follows them up any more: the decision goes out and says them, no more.
    """
    decision = last_decision(recommendation)
    if decision is None:
        return
    if decision.replaces is not None:
        reason = _("Replaced by decision %(number)s") % {"number": decision.reference}
        for row in decision.replaces.assignments.filter(state__in=OPEN_ASSIGNMENTS):
            send(row.process, AssignmentFlow.wait_for_call_off, reason=reason, user=decision.recorded_by)
    if PlanningCycle.objects.filter(pk=recommendation.process.cycle_id, closed_at__isnull=False).exists():
        return
    for assignment in conditions_give(decision):
        AssignmentFlow.start.run(assignment=assignment)


class RecommendationFlow(PlanningFlow):
    """Recommendation."""

    process_class = RecommendationProcess
    process_title = _("Recommendation")

    start = Begin(this.on_start).Annotation(title=_("Recommendation begun")).Next(this.check_kind)

    check_kind = (
        Question(lambda activation: _is_request(activation.process))
        .Annotation(title=_("Request of planning?"))
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
        .Annotation(title=_("Write a request to the steering group"))
        .Says(_("Write the request: %(subject)s"))
        .About(lambda process: str(process.recommendation))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_request_due)
        .Stage(_request_stage)
        .For(lambda process: process.recommendation.created_by)
        .Next(this.check_draft)
    )

    check_draft = (
        Question(lambda activation: _state(activation) != RecommendationState.PROPOSED)
        .Annotation(title=_("Withdrawn?"))
        .Then(this.tell_cycle_withdrawn)
        .Else(this.check_cosigners)
    )

    check_cosigners = (
        Question(lambda activation: planned_cosigning(activation.process.recommendation) is not None)
        .Annotation(title=_("To be co-signed?"))
        .Then(this.ask_cosigners)
        .Else(this.adopt_recommendation)
    )
    ask_cosigners = (
        Step(this.on_ask_cosigners).Annotation(title=_("Ask to co-sign")).Next(this.wait_for_cosigners)
    )
    # Each of them ends by itself when its day has gone by: the conference never waits for ever.
    wait_for_cosigners = (
        WaitFor(lambda activation: not is_being_cosigned(activation.process.recommendation))
        .Annotation(title=_("All have answered or let the day go by"))
        .Next(this.close_cosigning)
    )
    close_cosigning = (
        Step(this.on_cosigned).Annotation(title=_("Close the co-signing")).Next(this.adopt_recommendation)
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
        .Next(this.check_extract)
    )

    # What is only postponed goes on by itself.
    check_extract = (
        Question(lambda activation: needs_extract(last_decision(activation.process.recommendation)))
        .Annotation(title=_("Does it go out as an extract?"))
        .Then(this.issue_extract)
        .Else(this.check_changed)
    )

    issue_extract = (
        GuardedView(issue_extract)
        .Annotation(title=_("Issue the extract"))
        .Says(_("Issue the extract of decision %(subject)s"))
        .About(_decided)
        .Addressed(Perm.CHAIR_BODY, to=lambda process: process.cycle.steering_group)
        .Due(_extract_due)
        .Stage(_stage(StageKind.STEERING_GROUP))
        .For(_recorder)
        .Next(this.check_changed)
    )
    # Where the body changed the wording on evaluations, a person reads what that means for each measure.
    check_changed = (
        Question(lambda activation: needs_record(activation.process.recommendation))
        .Annotation(title=_("Decided otherwise than proposed?"))
        .Then(this.record_outcomes)
        .Else(this.apply_decision)
    )
    record_outcomes = (
        GuardedView(record_outcomes)
        .Annotation(title=_("Record what was decided on each measure"))
        .Says(_("Record what was decided on each measure: %(subject)s"))
        .About(_decided)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_extract_due)
        .Stage(StageKind.EVALUATION)
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
        .Case(this.merged, lambda activation: _state(activation) == RecommendationState.MERGED)
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
    merged = Outcome().Annotation(title=_("Merged into another"))

    def on_start(self, activation: Any, recommendation: Any) -> Any:
        """Tie the case to its recommendation and cycle."""
        activation.process.recommendation = recommendation
        activation.process.cycle = recommendation.cycle
        return activation.process

    def on_ask_cosigners(self, activation: Any) -> None:
        """Ask all, or the first of a sequence; each is a case of its own."""
        for request in cosigning.cosigning_begin(activation.process.recommendation):
            CosigningFlow.start.run(request=request)

    def on_cosigned(self, activation: Any) -> None:
        """The answers stand beside the wording; the chair goes on."""
        cosigning.cosigning_end(activation.process.recommendation)

    def on_progress(self, activation: Any) -> None:
        """The cycle may be waiting for this one."""
        poke(activation.process.cycle.process)

    def on_decided(self, activation: Any) -> None:
        """Open stage 2 or carry verdicts back; let the cycle and waiting measures go on."""
        process = activation.process
        waiting = recommendations.apply_decision(process.recommendation)
        for measure_process in [*waiting, *verdicts_apply(process.recommendation)]:
            poke(measure_process)
        _give_conditions(process.recommendation)
        poke(process.cycle.process)


def writing_step(recommendation: Recommendation) -> GuardedView:
    """The step in which a recommendation is written: by the conference, or by planning if it is a request."""
    is_request = recommendation.kind in REQUEST_STAGES
    step: GuardedView = (
        RecommendationFlow.write_request if is_request else RecommendationFlow.draft_recommendation
    )
    return step
