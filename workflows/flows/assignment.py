"""An assignment: a condition of a decision, or a task given in a meeting.

Purpose: what a body makes a condition of, or asks for, is carried out, confirmed and never forgotten. Who
acts: the people of the organisation that was named; the planning unit confirms (four eyes) and decides where
more time is asked for. Ends: met; or called off by planning or the body's chair, with a reason.
Source: domain, section 4; rules of procedure of the body.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import AssignmentProcess, AssignmentState, AssignmentStep, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Question
from workflows.services.assignments import assignment_end
from workflows.views import assignment_tasks as views

#: Planning has this long to answer, the organisation to mend what was returned (days).
TURN_DAYS = 7


def _days_after(process: Any, *steps: AssignmentStep) -> datetime.date | None:
    """Reckoned from what was done, not from today: a move of the cycle's dates leaves the task alone."""
    entry = process.assignment.entries.filter(step__in=steps).order_by("-pk").first()
    if entry is None:
        return None
    return timezone.localdate(entry.written_at) + datetime.timedelta(days=TURN_DAYS)


def _carry_out_due(process: Any) -> datetime.date:
    due_on: datetime.date = process.assignment.due_on
    answered = _days_after(process, AssignmentStep.RETURNED, AssignmentStep.TIME_REFUSED)
    return due_on if answered is None else max(due_on, answered)


def _answer_due(process: Any) -> datetime.date:
    asked = _days_after(process, AssignmentStep.REPORTED, AssignmentStep.TIME_ASKED)
    due_on: datetime.date = process.assignment.due_on
    return asked or due_on


def _subject(process: Any) -> str:
    return str(process.assignment)


def _of_organisation(process: Any) -> str:
    return f"{process.assignment} ({process.assignment.organisation.label})"


class AssignmentFlow(PlanningFlow):
    """Assignment."""

    process_class = AssignmentProcess
    process_title = _("Condition or task")

    start = Begin(this.on_start).Annotation(title=_("Assignment given")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The organisation acts, unless it is called off"))
        .Always(this.carry_out)
        .Always(this.wait_for_call_off)
    )
    wait_for_call_off = (
        Message(this.on_call_off).Annotation(title=_("Called off, with a reason")).Next(this.called_off)
    )

    carry_out = (
        GuardedView(views.carry_out)
        .Annotation(title=_("Carry out an assignment"))
        .Says(_("Carry out the assignment %(subject)s"))
        .About(_subject)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.assignment.organisation)
        .Due(_carry_out_due)
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.check_report)
    )

    check_report = (
        Question(lambda activation: activation.process.assignment.state == AssignmentState.ASKED)
        .Annotation(title=_("Is more time asked for?"))
        .Then(this.decide_more_time)
        .Else(this.confirm_done)
    )

    decide_more_time = (
        GuardedView(views.decide_more_time)
        .Annotation(title=_("Decide on more time"))
        .Says(_("Decide on more time for the assignment %(subject)s"))
        .About(_of_organisation)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_answer_due)
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("carry_out")
        .Next(this.carry_out)
    )

    confirm_done = (
        GuardedView(views.confirm_done)
        .Annotation(title=_("Confirm an assignment"))
        .Says(_("Confirm that the assignment %(subject)s is met"))
        .About(_of_organisation)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_answer_due)
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("carry_out")
        .Next(this.check_met)
    )

    check_met = (
        Question(lambda activation: activation.process.assignment.state == AssignmentState.MET)
        .Annotation(title=_("Met?"))
        .Then(this.met)
        .Else(this.carry_out)
    )

    met = Outcome().Annotation(title=_("Met"))
    called_off = Outcome().Annotation(title=_("Called off"))

    def on_start(self, activation: Any, assignment: Any) -> Any:
        """Tie the case to its assignment."""
        activation.process.assignment = assignment
        return activation.process

    def on_call_off(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Keep why."""
        assignment_end(activation.process.assignment, reason=reason, user=user)
        return activation.process
