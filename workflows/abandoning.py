"""Giving a cycle up: opened by mistake, or overtaken by events. Steers the flows, so it stands above them."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require
from workflows.engine import request_go_on_without
from workflows.flows import ContributionFlow, PlanningCycleFlow, RecommendationFlow
from workflows.models import (
    DataRequestState,
    MeasureOrigin,
    PlanningCycle,
    RecommendationProcess,
    RecommendationState,
)
from workflows.models.recommendations import FINAL_STATES
from workflows.nodes import send
from workflows.services import conference

#: What the next cycle can go on with stays as it is.
_KEPT_STATES = (*FINAL_STATES, RecommendationState.POSTPONED)


def may_abandon(user: User, cycle: PlanningCycle) -> bool:
    """Whether the user may give the cycle up: they lead its planning unit, and nothing was shaped from it."""
    return (
        not cycle.is_closed
        and bool(can(user, Perm.LEAD_ORGANISATION, cycle.planning_unit))
        and not _has_measures(cycle)
    )


def _has_measures(cycle: PlanningCycle) -> bool:
    """Whether measures have come from its recommendations: from then on it is walked to its end."""
    return MeasureOrigin.objects.filter(recommendation__cycle=cycle).exists()


@transaction.atomic
def cycle_abandon(cycle: PlanningCycle, *, reason: str, user: User) -> None:
    """Give a cycle up: open tasks are called off, what was delivered, said and decided stays.

    Measures that run and recommendations that were postponed stay open for the next cycle to go on with.

    Args:
        cycle: An open cycle from which no measure has come yet.
        reason: Why; all who see the cycle read it.
        user: Who leads the planning unit.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``cycle_closed``, ``reason_missing``, ``has_measures``.
    """
    require(user, Perm.LEAD_ORGANISATION, cycle.planning_unit)
    reason = reason.strip()
    if not reason:
        raise DomainError("reason_missing", _("Say why the cycle is given up; all involved will read it."))
    with PlanningCycleFlow.lock(cycle.process.pk):
        cycle.refresh_from_db()
        if cycle.is_closed:
            raise DomainError("cycle_closed", _("The cycle is closed."))
        if _has_measures(cycle):
            raise DomainError(
                "has_measures", _("Measures have come from this cycle. Walk it to its end and close it.")
            )
        PlanningCycleFlow.instance.cancel(cycle.process)
        cycle.closed_at = timezone.now()
        cycle.abandon_reason = reason
        cycle.save(update_fields=["closed_at", "abandon_reason"])
    settled = [DataRequestState.ACCEPTED, DataRequestState.WAIVED]
    for request in cycle.requests.exclude(state__in=settled):
        request_go_on_without(request, reason=reason, user=user)
    for process in conference.open_contribution_processes(cycle):
        send(process, ContributionFlow.wait_for_close)
    _withdraw_recommendations(cycle)
    log_action("cycle.abandoned", user=user, obj=cycle, territory=cycle.territory, data={"reason": reason})


def _withdraw_recommendations(cycle: PlanningCycle) -> None:
    """Call off the cases of what was not decided."""
    cases = RecommendationProcess.objects.filter(cycle=cycle, finished__isnull=True)
    for case in cases.exclude(recommendation__state__in=_KEPT_STATES).select_related("recommendation"):
        RecommendationFlow.instance.cancel(case)
        case.recommendation.state = RecommendationState.WITHDRAWN
        case.recommendation.save(update_fields=["state"])
        log_action("recommendation.withdrawn", user=None, obj=case.recommendation, territory=cycle.territory)
