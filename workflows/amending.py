"""Beginning and withdrawing a request for an amendment. Steers the flow, so it stands above it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import AmendmentRequest, FundedProject
from measures.services.amendments import amendment_begin
from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import AmendmentFlow
from workflows.models.report_processes import cycle_of_project
from workflows.nodes import send


@transaction.atomic
def amendment_open(project: FundedProject, *, user: User) -> AmendmentRequest:
    """Begin a request; its first task lands with who began it.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``no_cycle`` if there is no planning unit to check it yet; and those of
            ``amendment_begin``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, project.provider)
    cycle = cycle_of_project(project)
    if cycle is None:
        raise DomainError(
            "no_cycle",
            _("The plan of the measure has no planning cycle yet, so nobody could check the request."),
        )
    request = amendment_begin(project, user=user)
    AmendmentFlow.start.run(request=request, cycle=cycle)
    return request


def amendment_call_back(request: AmendmentRequest, *, reason: str, user: User) -> None:
    """The provider withdraws a request that has not been decided.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``reason_missing``; ``no_open_task`` if it was decided or withdrawn.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, request.project.provider)
    send(request.process, AmendmentFlow.wait_for_withdrawal, reason=reason, user=user)
    request.refresh_from_db()
