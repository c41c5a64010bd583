"""A body proposes another urgency for an area than the index: beside the class, never in its place."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Body, User
from stakeholders.permissions import Perm, can
from workflows.models import PlanningCycle, StageKind, UrgencyLevel, UrgencyProposal


def bodies_of(cycle: PlanningCycle) -> list[tuple[Body, StageKind]]:
    """The bodies of a cycle that deal with its areas, each with the stage in which it does."""
    rows = (
        (cycle.planning_conference, StageKind.CONFERENCE),
        (cycle.steering_group, StageKind.STEERING_GROUP),
        (cycle.social_space_conference, StageKind.SOCIAL_SPACE),
    )
    return [(body, stage) for body, stage in rows if body is not None]


def bodies_spoken_for(user: Any, cycle: PlanningCycle) -> list[Body]:
    """Bodies of a cycle for which somebody may say how urgent an area is: its chair, or planning.

    Queries: at most 4.
    """
    bodies = [body for body, _stage in bodies_of(cycle)]
    if can(user, Perm.MANAGE_CYCLE, cycle):
        return bodies
    return [body for body in bodies if can(user, Perm.CHAIR_BODY, body)]


def bodies_at_work(cycle: PlanningCycle) -> list[Body]:
    """Bodies of a cycle that deal with its areas now."""
    return [body for body, stage in bodies_of(cycle) if cycle.stage == stage and not cycle.is_closed]


@transaction.atomic
def urgency_propose(
    cycle: PlanningCycle, *, body: Body, area: Area, level: str, reason: str, user: User
) -> UrgencyProposal:
    """Write down how urgent a body sees an area. Its earlier proposal stays in the history.

    Args:
        cycle: Cycle in the stage in which the body deals with its areas.
        body: Planning conference, steering group or social-space conference of the cycle.
        area: One of the areas with a profile.
        level: Value of ``UrgencyLevel``; ``as_index`` takes an earlier proposal back.
        reason: What the figures do not show.
        user: Who enters it, for the body.

    Raises:
        DomainError: ``not_for_the_body``, ``body_not_at_work``, ``area_not_chosen``,
            ``nothing_to_take_back``, ``urgency_unchanged``, ``invalid``.
    """
    if body not in bodies_spoken_for(user, cycle):
        raise DomainError(
            "not_for_the_body", _("The chair of the body proposes the urgency, or planning on its behalf.")
        )
    # The row of the cycle makes two proposals at once follow each other.
    locked = PlanningCycle.objects.select_for_update(of=("self",)).get(pk=cycle.pk)
    if body not in bodies_at_work(locked):
        raise DomainError(
            "body_not_at_work", _("A body proposes an urgency in the stage in which it deals with the areas.")
        )
    if not cycle.profiles.filter(area=area, released_at__isnull=False).exists():
        raise DomainError("area_not_chosen", _("This area has no profile in the cycle."))
    latest = UrgencyProposal.objects.filter(cycle=cycle, area=area, body=body).first()
    if latest is None and level == UrgencyLevel.AS_INDEX:
        raise DomainError("nothing_to_take_back", _("The body has not proposed another urgency yet."))
    if latest is not None and (latest.level, latest.reason) == (level, reason.strip()):
        raise DomainError("urgency_unchanged", _("This is what the body has proposed already."))
    meetings = cycle.meetings.filter(body=body, held_on__lte=timezone.localdate(), cancelled_at__isnull=True)
    proposal = UrgencyProposal(
        cycle=cycle,
        area=area,
        body=body,
        meeting=meetings.order_by("-held_on", "-pk").first(),
        level=level,
        reason=reason.strip(),
        proposed_by=user,
    )
    try:
        proposal.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    proposal.save()
    log_action(
        "urgency.proposed",
        user=user,
        obj=proposal,
        territory=cycle.territory,
        data={"body": body.name, "area": area.name, "urgency_level": level, "reason": proposal.reason},
    )
    return proposal
