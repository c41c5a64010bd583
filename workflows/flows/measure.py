"""A measure from target agreement to its end; and the confirmation of one party.

Purpose: parties confirm one by one, the responsible organisation begins and runs the measure and says at the
end of each cycle what it brought, planning judges it, the steering group decides what becomes of it; at its
planned end the responsible organisation completes it. Where it says nothing although it was reminded,
planning judges without its answers, with a reason (``workflows.evaluating``). If a party refuses, or planning
does not wait for the answers any more, planning revises the measure or gives it up. A measure that needs no
agreement goes on at once. A measure of stage 2 waits until the steering group opens the stage. While it is
agreed or runs, its agreement can be amended: the parties confirm anew, until then the old version holds. The
case lives as long as the measure and moves on with it into the next cycle. Beside all this planning or the
responsible organisation may say that it is in preparation, rests, goes on, ends early or becomes a part of
another (``measures.moves``). Ends: completed, ended after an evaluation, ended early, merged into another, or
withdrawn while there is no agreement. Source: domain, stages 5 to 7.
"""

import contextlib
import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow.lock import after_lock_released
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from measures.models import Measure, MeasureStatus
from measures.moves import ENDED
from measures.services.measures import measure_lock
from measures.services.status import status_move
from project.common.errors import DomainError
from stakeholders.permissions import Perm
from workflows.flows.agreement_review import AgreementReviewFlow
from workflows.flows.recommendation import RecommendationFlow
from workflows.models import (
    AgreementReviewProcess,
    ConfirmationProcess,
    ConfirmationState,
    EvaluationOutcome,
    MeasureProcess,
    ReviewState,
    StageKind,
)
from workflows.nodes import (
    OPEN_STATUSES,
    Begin,
    Choice,
    Fork,
    GuardedView,
    Message,
    Outcome,
    PlanningFlow,
    Question,
    Step,
    WaitFor,
    go_on_at,
    poke,
    send,
)
from workflows.selectors.agreement_versions import agreement_drafters, confirmed_round, is_confirmed_by_all
from workflows.selectors.cycles import shaper_of, stage_due
from workflows.selectors.evaluations import (
    answer_due,
    is_decided,
    is_waited_for,
    latest_evaluation,
    waiver_writers,
)
from workflows.selectors.measures import (
    confirmation_state,
    ends_soon,
    needs_evaluation,
    stage_is_open,
    was_carried_over,
)
from workflows.services import agreement_reviews, evaluations, implementation
from workflows.services.agreements import agreement_issue
from workflows.views import evaluation_tasks as evaluation_views
from workflows.views import measure_end_tasks as end_views
from workflows.views import measure_tasks as views

#: Whoever is asked anew has at least this long (days).
TURN_DAYS = 14


def _soon(day: datetime.date) -> datetime.date:
    return max(day, timezone.localdate() + datetime.timedelta(days=TURN_DAYS))


def _take_effect(agreement: Any, *, user: Any) -> None:
    """All have confirmed: the paper goes out, and the first review is planned in place of the old one."""
    agreement_issue(agreement, user=user)
    _call_off_reviews(agreement.measure)
    review = agreement_reviews.review_plan(agreement, after=timezone.localdate())
    if review is not None:
        AgreementReviewFlow.start.run(review=review)


def _call_off_reviews(measure: Any) -> None:
    waiting = AgreementReviewProcess.objects.filter(
        review__agreement__measure=measure, review__state=ReviewState.WAITING, finished__isnull=True
    )
    for process in waiting:
        with contextlib.suppress(DomainError):  # held at this very moment
            send(process, AgreementReviewFlow.wait_for_call_off)


def call_off_open(measure: Any) -> None:
    """Parties who have not answered need not any more."""
    for open_process in implementation.open_confirmation_processes(measure):
        with contextlib.suppress(DomainError):  # answered at this very moment
            send(open_process, ConfirmationFlow.wait_for_call_off)


class ConfirmationFlow(PlanningFlow):
    """Confirmation of a target agreement."""

    process_class = ConfirmationProcess
    process_title = _("Confirmation of a target agreement")

    start = Begin(this.on_start).Annotation(title=_("Confirmation asked for")).Next(this.ask)
    ask = (
        Fork()
        .Annotation(title=_("Party answers, unless another refused"))
        .Always(this.confirm_agreement)
        .Always(this.wait_for_call_off)
    )
    wait_for_call_off = (
        Message(this.on_called_off).Annotation(title=_("Another party refused")).Next(this.called_off)
    )

    confirm_agreement = (
        GuardedView(views.confirm_agreement)
        .Annotation(title=_("Confirm a target agreement"))
        .Says(_("Confirm the target agreement: %(subject)s"))
        .About(lambda process: str(process.confirmation.measure))
        .Addressed(Perm.LEAD_ORGANISATION, to=lambda process: process.confirmation.organisation)
        .Due(lambda process: process.confirmation.due_on)
        .Stage(StageKind.SOCIAL_SPACE)
        .NotWriter(lambda process: agreement_drafters(process.confirmation))
        .Next(this.tell_measure)
    )
    tell_measure = Step(this.on_answered).Annotation(title=_("Let the measure go on")).Next(this.check_answer)
    check_answer = (
        Question(lambda activation: activation.process.confirmation.state == ConfirmationState.CONFIRMED)
        .Annotation(title=_("Confirmed?"))
        .Then(this.confirmed)
        .Else(this.refused)
    )

    confirmed = Outcome().Annotation(title=_("Confirmed"))
    refused = Outcome().Annotation(title=_("Refused"))
    called_off = Outcome().Annotation(title=_("Called off"))

    def on_start(self, activation: Any, confirmation: Any, cycle: Any) -> Any:
        """Tie the case to its confirmation."""
        activation.process.confirmation = confirmation
        activation.process.cycle = cycle
        return activation.process

    def on_called_off(self, activation: Any, *, reason: str = "", user: Any = None) -> Any:
        """This party need not answer any more: another refused, or planning says why."""
        implementation.confirmation_call_off(activation.process.confirmation, reason=reason, user=user)
        return activation.process

    def on_answered(self, activation: Any) -> None:
        """The measure may be waiting for this answer; a version all have confirmed takes effect."""
        confirmation = activation.process.confirmation
        measure_lock(confirmation.measure)  # of two who answer last at once one sees the other
        # What ended while they answered takes effect no more.
        if confirmation.agreement is not None and confirmation.measure.ended_on is None:
            if is_confirmed_by_all(confirmation.agreement):
                _take_effect(confirmation.agreement, user=confirmation.answered_by)
            elif confirmation.agreement.is_amendment and confirmation.state == ConfirmationState.REFUSED:
                after_lock_released(lambda: _call_off_refused(confirmation.measure))
        poke(confirmation.measure.process)


class MeasureFlow(PlanningFlow):
    """Measure."""

    process_class = MeasureProcess
    process_title = _("Measure")

    start = Begin(this.on_start).Annotation(title=_("Measure shaped")).Next(this.run_course)
    run_course = (
        Fork()
        .Annotation(title=_("Runs its course, and can be steered"))
        .Always(this.check_agreement_needed)
        .Always(this.wait_for_move)
    )

    wait_for_move = (
        Message(this.on_move).Annotation(title=_("Another state is told")).Next(this.check_goes_on)
    )
    check_goes_on = (
        Choice()
        .Annotation(title=_("Does it go on?"))
        .Case(this.merged, lambda activation: status_now(activation) == MeasureStatus.MERGED)
        .Case(this.ended_early, lambda activation: status_now(activation) == MeasureStatus.ENDED_EARLY)
        .Default(this.wait_for_move)
    )

    check_agreement_needed = (
        Question(lambda activation: activation.process.measure.needs_agreement)
        .Annotation(title=_("Is a target agreement needed?"))
        .Then(this.ask_parties)
        .Else(this.mark_agreed)
    )
    ask_parties = (
        Step(this.on_ask_parties)
        .Annotation(title=_("Ask the parties to confirm"))
        .Next(this.wait_for_confirmations)
    )
    wait_for_confirmations = (
        WaitFor(lambda activation: confirmation_state(activation.process.measure) != ConfirmationState.OPEN)
        .Annotation(title=_("All parties have answered"))
        .Next(this.check_confirmations)
    )
    check_confirmations = (
        Question(
            lambda activation: confirmation_state(activation.process.measure) == ConfirmationState.CONFIRMED
        )
        .Annotation(title=_("All confirmed?"))
        .Then(this.mark_agreed)
        .Else(this.call_off_confirmations)
    )
    call_off_confirmations = (
        Step(this.on_refused).Annotation(title=_("Call off open confirmations")).Next(this.revise_measure)
    )

    revise_measure = (
        GuardedView(views.revise_measure)
        .Annotation(title=_("Revise a measure"))
        .Says(_("Revise the measure: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(lambda process: _soon(stage_due(process.cycle, StageKind.SOCIAL_SPACE)))
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.check_revision)
    )
    check_revision = (
        Question(lambda activation: activation.process.measure.ended_on is not None)
        .Annotation(title=_("Withdrawn?"))
        .Then(this.tell_cycle_withdrawn)
        .Else(this.check_agreement_needed)
    )
    tell_cycle_withdrawn = (
        Step(this.on_progress).Annotation(title=_("Let the cycle go on")).Next(this.withdrawn)
    )

    mark_agreed = Step(this.on_agreed).Annotation(title=_("Agreement stands")).Next(this.wait_for_stage)
    wait_for_stage = (
        WaitFor(lambda activation: stage_is_open(activation.process.measure))
        .Annotation(title=_("Planning stage is open"))
        .Next(this.check_begun)
    )
    check_begun = (
        Question(lambda activation: activation.process.measure.started_on is not None)
        .Annotation(title=_("Already running?"))
        .Then(this.resume_measure)
        .Else(this.begin_measure)
    )
    resume_measure = Step(this.on_begun).Annotation(title=_("Goes on")).Next(this.wait_for_evaluation)
    begin_measure = (
        GuardedView(views.begin_measure)
        .Annotation(title=_("Begin a measure"))
        .Says(_("Begin the measure: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.measure.responsible)
        .Due(lambda process: _soon(process.measure.starts_on))
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.run_measure)
    )
    # A running measure waits for its planned end and for the evaluation of the cycle, whichever comes first.
    run_measure = (
        Fork().Annotation(title=_("Runs")).Always(this.wait_for_end).Always(this.wait_for_evaluation)
    )
    wait_for_end = (
        WaitFor(lambda activation: ends_soon(activation.process.measure))
        .Annotation(title=_("Planned end is near"))
        .Next(this.finish_measure)
    )
    finish_measure = (
        GuardedView(end_views.finish_measure)
        .Annotation(title=_("Complete a measure"))
        .Says(_("Complete the measure: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.measure.responsible)
        .Due(lambda process: _soon(process.measure.ends_on))
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.tell_cycle_completed)
    )
    tell_cycle_completed = (
        Step(this.on_progress).Annotation(title=_("Let the cycle go on")).Next(this.completed)
    )

    wait_for_evaluation = (
        WaitFor(lambda activation: needs_evaluation(activation.process))
        .Annotation(title=_("Time to evaluate"))
        .Next(this.check_answered)
    )
    # Who answered before the steps changed, or was carried on, is not asked twice in a cycle; whose answers
    # planning does not wait for any more (``workflows.evaluating``) is not asked again.
    check_answered = (
        Question(lambda activation: not is_waited_for(activation.process))
        .Annotation(title=_("Answered already?"))
        .Then(this.evaluate_measure)
        .Else(this.answer_evaluation)
    )
    answer_evaluation = (
        GuardedView(evaluation_views.answer_evaluation)
        .Annotation(title=_("Answer the evaluation of a measure"))
        .Says(_("Say what the measure brought: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.measure.responsible)
        .Due(lambda process: answer_due(process.cycle))
        .Stage(StageKind.EVALUATION)
        .Next(this.evaluate_measure)
    )
    evaluate_measure = (
        GuardedView(evaluation_views.evaluate_measure)
        .Annotation(title=_("Evaluate a measure"))
        .Says(_("Evaluate the measure: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(lambda process: stage_due(process.cycle, StageKind.EVALUATION))
        .Stage(StageKind.EVALUATION)
        .NotBy("answer_evaluation")
        .NotWriter(waiver_writers)
        .Next(this.tell_cycle)
    )
    tell_cycle = Step(this.on_judged).Annotation(title=_("Let the cycle go on")).Next(this.wait_for_decision)
    wait_for_decision = (
        WaitFor(lambda activation: is_decided(activation.process.measure))
        .Annotation(title=_("Steering group has decided"))
        .Next(this.apply_evaluation)
    )
    apply_evaluation = (
        Step(this.on_decided).Annotation(title=_("Outcome takes effect")).Next(this.check_outcome)
    )
    check_outcome = (
        Choice()
        .Annotation(title=_("What becomes of it?"))
        .Case(this.ended, lambda activation: this_outcome(activation) == EvaluationOutcome.END)
        .Case(
            this.wait_for_successor, lambda activation: this_outcome(activation) == EvaluationOutcome.CHANGE
        )
        .Default(this.wait_for_evaluation)
    )
    # A measure to be changed is shaped anew in the cycle that follows.
    wait_for_successor = (
        WaitFor(lambda activation: was_carried_over(activation.process))
        .Annotation(title=_("Next cycle opened"))
        .Next(this.revise_measure)
    )

    completed = Outcome().Annotation(title=_("Completed"))
    ended = Outcome().Annotation(title=_("Ended"))
    ended_early = Outcome().Annotation(title=_("Ended early"))
    merged = Outcome().Annotation(title=_("Merged into another measure"))
    withdrawn = Outcome().Annotation(title=_("Withdrawn"))

    def on_start(self, activation: Any, measure: Any, cycle: Any) -> Any:
        """Tie the case to its measure and cycle."""
        activation.process.measure = measure
        activation.process.cycle = cycle
        return activation.process

    def on_ask_parties(self, activation: Any) -> None:
        """Ask every party anew; each is a case of its own. What was being amended is overtaken."""
        process = activation.process
        call_off_open(process.measure)
        asked = implementation.confirmations_ask(process.measure, cycle=process.cycle, user=_asker(process))
        for confirmation in asked:
            ConfirmationFlow.start.run(confirmation=confirmation, cycle=process.cycle)

    def on_refused(self, activation: Any) -> None:
        """One refusal is enough: the others need not answer this round, if planning has not said so yet."""
        call_off_open(activation.process.measure)

    def on_agreed(self, activation: Any) -> None:
        """All have confirmed."""
        implementation.measure_mark_agreed(activation.process.measure)
        poke(activation.process.cycle.process)

    def on_move(self, activation: Any, **told: Any) -> Any:
        """Somebody tells another state; who rests is asked for nothing, and asked again when it goes on."""
        process = activation.process
        status_move(process.measure, **told)
        if process.measure.status == MeasureStatus.SUSPENDED:
            wait_again(process, self.finish_measure, self.wait_for_end)
            wait_again(process, self.answer_evaluation, self.wait_for_evaluation)
            wait_again(process, self.evaluate_measure, self.wait_for_evaluation)
        if process.measure.status in ENDED:
            _wind_up(process)
        poke(process)
        poke(process.cycle.process)
        return process

    def on_begun(self, activation: Any) -> None:
        """A running measure that was agreed anew goes on."""
        implementation.measure_resume(activation.process.measure)

    def on_progress(self, activation: Any) -> None:
        """The measure is over: nothing is agreed or reviewed any more; the cycle may be waiting for it."""
        _wind_up(activation.process)
        poke(activation.process.cycle.process)

    def on_judged(self, activation: Any) -> None:
        """With the last judgement of the cycle the request to the steering group is begun."""
        process = activation.process
        request = evaluations.request_begin_if_complete(process.cycle, user=_judge(process))
        if request is not None:
            RecommendationFlow.start.run(recommendation=request)
        poke(process.cycle.process)

    def on_decided(self, activation: Any) -> None:
        """What was decided takes effect; the cycle may be waiting for it."""
        process = activation.process
        evaluations.outcome_apply(process)
        outcome = this_outcome(activation)
        if outcome == EvaluationOutcome.END:
            _wind_up(process)
        elif outcome == EvaluationOutcome.CHANGE:  # a change the parties are being asked about is overtaken
            after_lock_released(lambda: _call_off_overtaken(process.measure))
        poke(process.cycle.process)


def _wind_up(process: Any) -> None:
    """A measure that is over is agreed on and reviewed no more."""
    after_lock_released(lambda: _call_off_ended(process.measure))


# These run after the locks: a party may be answering at this moment, holds its own case and waits for the row
# of the measure. They look again, because they run even if what called for them was undone.


def _call_off_ended(measure: Any) -> None:
    if Measure.objects.filter(pk=measure.pk, ended_on__isnull=False).exists():
        call_off_open(measure)
        _call_off_reviews(measure)


def _call_off_overtaken(measure: Any) -> None:
    if status_now_of(measure.pk) == MeasureStatus.PROPOSED and confirmed_round(measure) is not None:
        call_off_open(measure)


def _call_off_refused(measure: Any) -> None:
    if confirmation_state(measure) == ConfirmationState.REFUSED:
        call_off_open(measure)


def _done_by(process: Any, node: Any) -> Any:
    """Who completed a step of a case last; None where nobody did."""
    task = process.task_set.filter(flow_task=node, status=STATUS.DONE).order_by("-pk").first()
    return task.owner if task is not None else None


def _asker(process: Any) -> Any:
    """Who sent the measure to its parties: by revising it, else by finishing the shaping of the cycle."""
    reviser = _done_by(process, MeasureFlow.revise_measure)
    return reviser or shaper_of(process.cycle)


def _judge(process: Any) -> Any:
    return _done_by(process, MeasureFlow.evaluate_measure)


def wait_again(process: Any, step: Any, wait: Any) -> None:
    """Call off an open step and wait once more for its moment; nothing if it is not open."""
    for task in Task.objects.filter(process_id=process.pk, flow_task=step, status__in=OPEN_STATUSES):
        step.activation_class(task).cancel()
        go_on_at(task, wait)


def status_now(activation: Any) -> str:
    """Where the measure of a case stands now. Queries: 1."""
    return status_now_of(activation.process.measure_id)


def status_now_of(measure_pk: int) -> str:
    """Where a measure stands now. Queries: 1."""
    return str(Measure.objects.values_list("status", flat=True).get(pk=measure_pk))


def this_outcome(activation: Any) -> str:
    """What was decided on the latest evaluation of the measure; empty where it was taken out."""
    evaluation = latest_evaluation(activation.process.measure)
    return evaluation.final_outcome if evaluation is not None else ""
