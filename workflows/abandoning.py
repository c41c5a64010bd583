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
from workflows.evenings import conference_give_up, corrections_call_off
from workflows.extracts import extracts_outstanding
from workflows.flows import AssignmentFlow, ContributionFlow, PlanningCycleFlow, RecommendationFlow
from workflows.models import (
    DataRequestState,
    MeasureOrigin,
    PlanningCycle,
    Recommendation,
    RecommendationProcess,
    RecommendationState,
    SpaceConferenceState,
)
from workflows.models.assignments import OPEN_ASSIGNMENTS
from workflows.models.recommendations import FINAL_STATES
from workflows.models.social_space import SPACE_CONFERENCE_OVER
from workflows.nodes import send
from workflows.polling import cycle_call_off
from workflows.recommendation_cases import cosigning_call_off
from workflows.services import conference
from workflows.services.meetings import meetings_call_off
from workflows.services.recommendations import recommendation_end
from workflows.services.room_version import room_ends_with

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
    """Give a cycle up: open tasks and meetings to come are called off, what was delivered and decided stays.

    Measures that run and recommendations that were postponed stay open for the next cycle to go on with.

    Args:
        cycle: An open cycle from which no measure has come yet.
        reason: Why; all who see the cycle read it.
        user: Who leads the planning unit.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``cycle_closed``, ``reason_missing``, ``has_measures``, ``extract_outstanding``.
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
        _expect_issued(cycle)
        PlanningCycleFlow.instance.cancel(cycle.process)
        cycle.closed_at = timezone.now()
        cycle.abandon_reason = reason
        cycle.save(update_fields=["closed_at", "abandon_reason"])
    settled = [DataRequestState.ACCEPTED, DataRequestState.WAIVED]
    for request in cycle.requests.exclude(state__in=settled):
        request_go_on_without(request, reason=reason, user=user)
    for process in conference.open_contribution_processes(cycle):
        send(process, ContributionFlow.wait_for_close)
    cycle_call_off(cycle, reason=reason, user=user)
    for evening in cycle.space_conferences.exclude(state__in=SPACE_CONFERENCE_OVER):
        conference_give_up(evening, reason=reason, user=user)
    for evening in cycle.space_conferences.filter(state=SpaceConferenceState.PUBLISHED):
        corrections_call_off(evening, reason=reason, user=user)
    _withdraw_recommendations(cycle, reason=reason, user=user)
    meetings_call_off(cycle, reason=reason, user=user)
    # What has run is not called off, but nobody adds to it any more.
    for meeting in cycle.meetings.filter(room__isnull=False, room__closed_at__isnull=True):
        room_ends_with(meeting, user=user)
    for assignment in cycle.assignments.filter(state__in=OPEN_ASSIGNMENTS):
        send(assignment.process, AssignmentFlow.wait_for_call_off, reason=reason, user=user)
    log_action("cycle.abandoned", user=user, obj=cycle, territory=cycle.territory, data={"reason": reason})


def _expect_issued(cycle: PlanningCycle) -> None:
    """What was decided goes out first: nobody would issue the extract of a case that was called off."""
    keys = RecommendationProcess.objects.filter(cycle=cycle, finished__isnull=True)
    waiting = extracts_outstanding(keys.values_list("recommendation", flat=True))
    rows = Recommendation.objects.filter(pk__in=waiting).select_related("cycle").order_by("number")
    if rows:
        raise DomainError(
            "extract_outstanding",
            _(
                "Extracts of decisions have not been issued yet: %(numbers)s. Let the chair of the steering "
                "group issue them first, then give the cycle up."
            )
            % {"numbers": ", ".join(row.reference for row in rows)},
        )


def _withdraw_recommendations(cycle: PlanningCycle, *, reason: str, user: User) -> None:
    """Call off the cases of what was not decided; a decision that was taken up again stands on."""
    cases = RecommendationProcess.objects.filter(cycle=cycle, finished__isnull=True)
    for case in cases.exclude(recommendation__state__in=_KEPT_STATES).select_related("recommendation"):
        RecommendationFlow.instance.cancel(case)
        cosigning_call_off(case.recommendation)
        recommendation_end(case.recommendation, reason=reason, user=user)
