"""Writes of assignments: giving one, and each step of its flow. ``workflows.assigning`` starts the flow."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from workflows.models import (
    Assignment,
    AssignmentEntry,
    AssignmentState,
    AssignmentStep,
    Decision,
    Meeting,
    PlanningCycle,
)
from workflows.models.assignments import OPEN_ASSIGNMENTS


@transaction.atomic
def assignment_add(
    *,
    cycle: PlanningCycle,
    organisation: Organisation,
    text: str,
    due_on: datetime.date,
    user: User,
    decision: Decision | None = None,
    meeting: Meeting | None = None,
    is_internal: bool = False,
) -> Assignment:
    """Write down who has to do what until when; its flow is started by the caller. Rights are the caller's.

    Args:
        cycle: The cycle in which it is followed up.
        organisation: Who acts.
        text: What has to be done.
        due_on: Last day; not before the day of the decision or meeting.
        user: Who gives it.
        decision: The decision whose condition it is, or
        meeting: the meeting in which it was given; exactly one of the two.
        is_internal: Only for members of the body, planning and who acts.

    Returns:
        The assignment with the next number of the decision or meeting.

    Raises:
        ValueError: Both or none of decision and meeting.
        DomainError: ``text_missing``, ``due_too_early``.
    """
    if decision is not None and meeting is None:
        given_on = decision.decided_on
    elif meeting is not None and decision is None:
        given_on = meeting.held_on
    else:
        raise ValueError("an assignment belongs to a decision or to a meeting")
    if not text.strip():
        raise DomainError("text_missing", _("Say what has to be done."))
    if due_on < given_on:
        raise DomainError(
            "due_too_early",
            _("The due date lies before the day on which it was given (%(day)s).")
            % {"day": date_de(given_on)},
        )
    # Locked: numbers are drawn one after the other.
    PlanningCycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    others = Assignment.objects.filter(decision=decision, meeting=meeting)
    last = others.aggregate(last=Max("number"))["last"] or 0
    assignment = Assignment.objects.create(
        cycle=cycle,
        organisation=organisation,
        text=text.strip(),
        due_on=due_on,
        decision=decision,
        meeting=meeting,
        is_internal=is_internal,
        number=last + 1,
        created_by=user,
    )
    log_action("assignment.given", user=user, obj=assignment, territory=cycle.territory)
    return assignment


def assignment_report(assignment: Assignment, *, text: str, user: User) -> None:
    """Report an assignment as done; planning confirms it.

    Raises:
        DomainError: ``text_missing``, ``assignment_moved`` if it is not open any more.
    """
    if not text.strip():
        raise DomainError("text_missing", _("Say what was done."))
    _move(assignment, AssignmentState.OPEN, AssignmentState.REPORTED, AssignmentStep.REPORTED, text, user)


def assignment_ask_time(assignment: Assignment, *, reason: str, due_on: datetime.date, user: User) -> None:
    """Ask for more time; planning decides.

    Raises:
        DomainError: ``reason_missing``, ``due_not_later`` unless the day lies after the due date and today,
            ``assignment_moved``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why more time is needed."))
    if due_on <= max(assignment.due_on, timezone.localdate()):
        raise DomainError("due_not_later", _("Name a day after the due date and after today."))
    step = AssignmentStep.TIME_ASKED
    _move(assignment, AssignmentState.OPEN, AssignmentState.ASKED, step, reason, user, due_on=due_on)


def asked_until(assignment: Assignment) -> datetime.date | None:
    """The day that was asked for last. Queries: 1."""
    asked = assignment.entries.filter(step=AssignmentStep.TIME_ASKED).order_by("-pk").first()
    return asked.due_on if asked is not None else None


def assignment_answer_time(assignment: Assignment, *, is_given: bool, reason: str, user: User) -> None:
    """Give the time that was asked for, or refuse it with a reason.

    Raises:
        DomainError: ``reason_missing`` for a refusal, ``assignment_moved``.
    """
    if not is_given and not reason.strip():
        raise DomainError("reason_missing", _("Say why the date stays; the organisation will read it."))
    until = asked_until(assignment) if is_given else None
    step = AssignmentStep.TIME_GIVEN if is_given else AssignmentStep.TIME_REFUSED
    _move(assignment, AssignmentState.ASKED, AssignmentState.OPEN, step, reason, user, due_on=until)


def assignment_review(assignment: Assignment, *, is_met: bool, reason: str, user: User) -> None:
    """Confirm that an assignment is met, or return it with what is lacking.

    Raises:
        DomainError: ``reason_missing`` for a return, ``assignment_moved``.
    """
    if not is_met and not reason.strip():
        raise DomainError("reason_missing", _("Say what is lacking; the organisation will read it."))
    to = AssignmentState.MET if is_met else AssignmentState.OPEN
    step = AssignmentStep.CONFIRMED if is_met else AssignmentStep.RETURNED
    _move(assignment, AssignmentState.REPORTED, to, step, reason, user)


def assignment_end(assignment: Assignment, *, reason: str, user: User) -> None:
    """Call an assignment off; called by its flow.

    Raises:
        DomainError: ``assignment_moved`` if it is met or called off already.
    """
    _move(assignment, None, AssignmentState.CALLED_OFF, AssignmentStep.CALLED_OFF, reason, user)


@transaction.atomic
def _move(
    assignment: Assignment,
    before: AssignmentState | None,
    after: AssignmentState,
    step: AssignmentStep,
    text: str,
    user: User,
    *,
    due_on: datetime.date | None = None,
) -> None:
    """One step: state, history and log together. ``before`` None stands for any that is open."""
    locked = Assignment.objects.select_for_update().get(pk=assignment.pk)
    allowed = OPEN_ASSIGNMENTS if before is None else (before,)
    if locked.state not in allowed:
        raise DomainError("assignment_moved", _MOVED)
    AssignmentEntry.objects.create(
        assignment=assignment, step=step, text=text.strip(), due_on=due_on, written_by=user
    )
    assignment.state = after
    if step == AssignmentStep.TIME_GIVEN and due_on is not None:
        assignment.due_on = due_on
    assignment.save(update_fields=["state", "due_on"])
    log_action(f"assignment.{step.value}", user=user, obj=assignment, territory=assignment.cycle.territory)


_MOVED: Promise = _("This assignment has moved on meanwhile. Look at its page before you go on.")
