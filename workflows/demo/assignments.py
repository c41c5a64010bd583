"""Drives an assignment through the engine as its people would; beside ``driver``."""

from __future__ import annotations

import datetime

from stakeholders.models import User
from workflows.flows import AssignmentFlow
from workflows.models import Assignment
from workflows.nodes import complete_task, open_task
from workflows.services import assignments


def carry_out(assignment: Assignment, text: str, *, user: User) -> None:
    """The organisation reports an assignment as done."""
    complete_task(
        open_task(assignment.process, AssignmentFlow.carry_out),
        user=user,
        act=lambda process: assignments.assignment_report(process.assignment, text=text, user=user),
    )
    assignment.refresh_from_db()


def ask_time(assignment: Assignment, reason: str, *, due_on: datetime.date, user: User) -> None:
    """The organisation asks for more time."""
    complete_task(
        open_task(assignment.process, AssignmentFlow.carry_out),
        user=user,
        act=lambda process: assignments.assignment_ask_time(
            process.assignment, reason=reason, due_on=due_on, user=user
        ),
    )
    assignment.refresh_from_db()


def answer_time(assignment: Assignment, *, is_given: bool, user: User, reason: str = "") -> None:
    """Planning gives more time, or not."""
    complete_task(
        open_task(assignment.process, AssignmentFlow.decide_more_time),
        user=user,
        act=lambda process: assignments.assignment_answer_time(
            process.assignment, is_given=is_given, reason=reason, user=user
        ),
    )
    assignment.refresh_from_db()


def confirm_done(assignment: Assignment, *, user: User, is_met: bool = True, reason: str = "") -> None:
    """Planning confirms that an assignment is met, or returns it."""
    complete_task(
        open_task(assignment.process, AssignmentFlow.confirm_done),
        user=user,
        act=lambda process: assignments.assignment_review(
            process.assignment, is_met=is_met, reason=reason, user=user
        ),
    )
    assignment.refresh_from_db()
