"""What the pages of a cycle begin with: who asks, and for which cycle they may."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from stakeholders.permissions import Perm, can, visible
from workflows.models import Meeting, PlanningCycle


def visible_cycle(request: HttpRequest, pk: int) -> PlanningCycle:
    """A cycle the person may see; otherwise 404."""
    cycles = PlanningCycle.objects.select_related(
        "territory",
        "plan",
        "planning_unit",
        "planning_conference",
        "steering_group",
        "social_space_conference",
        "predecessor",
    )
    return get_object_or_404(visible(request.user, Perm.VIEW_CYCLE, cycles), pk=pk)


def visible_cycle_or_drafts(request: HttpRequest, pk: int) -> PlanningCycle:
    """A cycle the person may see, or whose conference they sit in; otherwise 404."""
    seen = visible(request.user, Perm.VIEW_CYCLE, PlanningCycle.objects.all())
    prepared = visible(request.user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all())
    cycles = PlanningCycle.objects.filter(
        Q(pk__in=seen.values("pk")) | Q(pk__in=prepared.values("pk"))
    ).select_related("territory", "planning_unit", "index_run")
    return get_object_or_404(cycles, pk=pk)


def meeting_context(request: HttpRequest, meeting: Meeting) -> dict[str, Any]:
    """What every page of a meeting needs; who chairs it from outside may not see its cycle. Queries: 1."""
    return {
        "meeting": meeting,
        "cycle": meeting.cycle,
        "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, meeting.cycle)),
    }
