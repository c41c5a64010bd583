"""Reads of meetings that are still set though the stage of the cycle they belong to is over."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from stakeholders.permissions import Perm, visible
from workflows.models import Meeting, PlanningCycle, StageKind


def meetings_beyond_stage(user: Any) -> QuerySet[Meeting]:
    """Meetings to come, invited for a stage that is over, in open cycles the user manages; the next first.

    They may be held all the same; somebody should say so, or call them off. Queries: 1.
    """
    conference = Q(body=F("cycle__planning_conference"), cycle__stage__gt=StageKind.CONFERENCE)
    # One body may be both.
    conference &= ~Q(body=F("cycle__steering_group"))
    steering = Q(body=F("cycle__steering_group"), cycle__stage__gt=StageKind.STEERING_GROUP)
    managed = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.filter(closed_at__isnull=True))
    return (
        Meeting.objects.filter(
            conference | steering,
            cycle__in=managed.values("pk"),
            closed_at__isnull=True,
            held_on__gte=timezone.localdate(),
        )
        .select_related("body", "cycle")
        .order_by("held_on", "pk")
    )
