"""A measure from target agreement to its end; and the confirmation of one party.

Purpose: parties confirm one by one, the responsible organisation begins and runs the measure, planning
evaluates it at the end of each cycle; at its planned end the responsible organisation completes it. If a
party refuses, or planning does not wait for the answers any more, planning revises the measure or gives it
up. A measure of stage 2 waits until the steering group opens the stage. The case lives as long as the
measure and moves on with it into the next cycle. Ends: completed, ended after an evaluation, or withdrawn
while there is no agreement. Source: domain, stages 5 to 7.
"""

import contextlib
import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from project.common.errors import DomainError
from stakeholders.permissions import Perm
from workflows.models import (
    ConfirmationProcess,
    ConfirmationState,
    EvaluationOutcome,
    MeasureProcess,
    StageKind,
)
from workflows.nodes import (
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
    poke,
    send,
)
from workflows.selectors.cycles import stage_due
from workflows.selectors.measures import (
    confirmation_state,
    ends_soon,
    needs_evaluation,
    stage_is_open,
    was_carried_over,
)
from workflows.services import implementation
from workflows.views import measure_end_tasks as end_views
from workflows.views import measure_tasks as views

#: Whoever is asked anew has at least this long (days).
TURN_DAYS = 14


def _soon(day: datetime.date) -> datetime.date:
    return max(day, timezone.localdate() + datetime.timedelta(days=TURN_DAYS))


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
        """The measure may be waiting for this answer."""
        poke(activation.process.confirmation.measure.process)


class MeasureFlow(PlanningFlow):
    """Measure."""

    process_class = MeasureProcess
    process_title = _("Measure")

    start = Begin(this.on_start).Annotation(title=_("Measure shaped")).Next(this.ask_parties)

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
        .Else(this.ask_parties)
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
        .Next(this.evaluate_measure)
    )
    evaluate_measure = (
        GuardedView(views.evaluate_measure)
        .Annotation(title=_("Evaluate a measure"))
        .Says(_("Evaluate the measure: %(subject)s"))
        .About(lambda process: str(process.measure))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(lambda process: stage_due(process.cycle, StageKind.EVALUATION))
        .Stage(StageKind.EVALUATION)
        .Next(this.tell_cycle)
    )
    tell_cycle = Step(this.on_progress).Annotation(title=_("Let the cycle go on")).Next(this.check_outcome)
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
    withdrawn = Outcome().Annotation(title=_("Withdrawn"))

    def on_start(self, activation: Any, measure: Any, cycle: Any) -> Any:
        """Tie the case to its measure and cycle."""
        activation.process.measure = measure
        activation.process.cycle = cycle
        return activation.process

    def on_ask_parties(self, activation: Any) -> None:
        """Ask every party anew; each is a case of its own."""
        process = activation.process
        for confirmation in implementation.confirmations_ask(process.measure, cycle=process.cycle):
            ConfirmationFlow.start.run(confirmation=confirmation, cycle=process.cycle)

    def on_refused(self, activation: Any) -> None:
        """One refusal is enough: the others need not answer this round, if planning has not said so yet."""
        for open_process in implementation.open_confirmation_processes(activation.process.measure):
            with contextlib.suppress(DomainError):  # answered at this very moment
                send(open_process, ConfirmationFlow.wait_for_call_off)

    def on_agreed(self, activation: Any) -> None:
        """All have confirmed."""
        implementation.measure_mark_agreed(activation.process.measure)
        poke(activation.process.cycle.process)

    def on_begun(self, activation: Any) -> None:
        """A running measure that was agreed anew goes on."""
        implementation.measure_resume(activation.process.measure)

    def on_progress(self, activation: Any) -> None:
        """The cycle may be waiting for this one."""
        poke(activation.process.cycle.process)


def this_outcome(activation: Any) -> str:
    """Outcome of the latest evaluation of the measure."""
    evaluation = activation.process.measure.evaluations.order_by("-pk").first()
    return str(evaluation.outcome) if evaluation else ""
