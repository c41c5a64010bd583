"""Giving an assignment and calling it off. Steers the flow, so it stands above it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import User
from workflows.flows import AssignmentFlow
from workflows.models import Assignment
from workflows.nodes import send
from workflows.selectors.assignments import may_steer
from workflows.services.assignments import assignment_add


@transaction.atomic
def assignment_create(**kwargs: Any) -> Assignment:
    """Give an assignment (arguments and errors: ``assignment_add``); it lands with the organisation."""
    assignment = assignment_add(**kwargs)
    AssignmentFlow.start.run(assignment=assignment)
    return assignment


def assignment_call_off(assignment: Assignment, *, reason: str, user: User) -> None:
    """Call an assignment off: it was overtaken by events, or the body said so.

    Args:
        assignment: Not met yet.
        reason: Why; all who see the cycle read it.
        user: Planning of the cycle, or the chair of the body that gave it.

    Raises:
        DomainError: ``not_yours``, ``reason_missing``, ``no_open_task`` if it is met or called off.
    """
    if not may_steer(user, assignment):
        raise DomainError(
            "not_yours", _("Only the social planning unit or the chair of the body may do this.")
        )
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why it is called off; all involved will read it."))
    send(assignment.process, AssignmentFlow.wait_for_call_off, reason=reason, user=user)
    assignment.refresh_from_db()
