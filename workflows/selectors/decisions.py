"""Reads of decisions and meetings, and who may read how each member voted."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from project.common.keys import key_or_none
from stakeholders.models import Body, BodyMembership, Organisation
from stakeholders.permissions import Perm, can, visible
from stakeholders.selectors.bodies import with_deputies_of
from workflows.models import (
    Decision,
    DecisionResult,
    DecisionVote,
    Meeting,
    PlanningCycle,
    Recommendation,
    Reconsideration,
)
from workflows.models.meetings import FINAL_RESULTS
from workflows.models.recommendations import FINAL_STATES

#: How a result looks: kind of badge.
RESULT_KINDS: dict[str, str] = {
    DecisionResult.APPROVED: "success",
    DecisionResult.APPROVED_WITH_CONDITIONS: "success",
    DecisionResult.RETURNED: "warning",
    DecisionResult.REJECTED: "danger",
    DecisionResult.POSTPONED: "warning",
}


@dataclasses.dataclass(frozen=True)
class DecisionFilter:
    """What a person wants to see of the decisions."""

    result: str = ""
    year: int | None = None
    search: str = ""


def decisions_seen_by(user: Any) -> QuerySet[Decision]:
    """Decisions a person may read: those of the cycles they see. Queries: 1 for any number of rows."""
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    return Decision.objects.filter(
        Q(meeting__cycle__in=cycles) | Q(recommendation__cycle__in=cycles)
    ).select_related(
        "recommendation", "recommendation__cycle", "version", "version__addressee", "meeting", "body"
    )


def decisions_of(user: Any, cycle: PlanningCycle, wanted: DecisionFilter) -> QuerySet[Decision]:
    """Decisions taken in a cycle's meetings or on its recommendations, the latest first.

    Args:
        user: Who reads.
        cycle: A cycle the user may see.
        wanted: Narrows the list.

    Returns:
        Decisions. Queries: 1 for any number of rows.
    """
    rows = decisions_seen_by(user).filter(Q(meeting__cycle=cycle) | Q(recommendation__cycle=cycle))
    if wanted.result:
        rows = rows.filter(result=wanted.result)
    if wanted.year is not None:
        rows = rows.filter(year=wanted.year)
    if wanted.search:
        found = (
            Q(version__title__icontains=wanted.search)
            | Q(version__proposal__icontains=wanted.search)
            | Q(conditions__icontains=wanted.search)
            | Q(reason__icontains=wanted.search)
        )
        number = key_or_none(wanted.search.split("/")[0].strip())
        if number is not None:
            found |= Q(number=number)
        rows = rows.filter(found)
    return rows


def sees_votes(user: Any, decision: Decision) -> bool:
    """Whether the person may read each member's vote: members of the body and planning. Queries: 1 or 2."""
    return bool(can(user, Perm.ADVISE_BODY, decision.body)) or bool(
        can(user, Perm.MANAGE_CYCLE, decision.meeting.cycle)
    )


def meetings_seen_by(user: Any) -> QuerySet[Meeting]:
    """Meetings a person may see: those of the cycles they see and those they are invited to. Queries: 1."""
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    invited = Meeting.objects.filter(participants__organisation__in=own).values("pk")
    return Meeting.objects.filter(Q(cycle__in=cycles) | Q(pk__in=invited)).select_related(
        "body", "cycle", "cycle__territory"
    )


def first_day_to_decide(recommendation: Recommendation) -> datetime.date:
    """First day of a meeting that can decide on a recommendation as it stands.

    Nobody decided on a paper before it was there, nor after the meeting that decided last before that one;
    what a meeting postponed comes up in a later one.

    Args:
        recommendation: Before the steering group, or postponed by it.

    Returns:
        The day, without regard to ``postponed_until``. Queries: 2.
    """
    submitted = recommendation.versions.filter(submitted_at__isnull=False).order_by("-number").first()
    first = datetime.date.min
    if submitted is not None and submitted.submitted_at is not None:
        first = timezone.localdate(submitted.submitted_at)
    last = last_decision(recommendation)
    if last is not None:
        is_postponed = last.result == DecisionResult.POSTPONED
        first = max(first, last.decided_on + datetime.timedelta(days=int(is_postponed)))
    return first


def last_decision(recommendation: Recommendation) -> Decision | None:
    """The latest decision on a recommendation, whatever its result. Queries: 1."""
    return recommendation.decisions.order_by("-pk").first()


def decision_in_force(recommendation: Recommendation) -> Decision | None:
    """The decision that stands: the latest that approved (with conditions or not) or rejected. Queries: 1."""
    return recommendation.decisions.filter(result__in=FINAL_RESULTS).order_by("-pk").first()


def open_reconsideration(recommendation: Recommendation) -> Reconsideration | None:
    """Why a decided recommendation is before conference or steering group again, if it is. Queries: 1."""
    if recommendation.state in FINAL_STATES:
        return None
    rows = Reconsideration.objects.filter(decision__recommendation=recommendation)
    return rows.select_related("decision", "taken_up_by").order_by("-pk").first()


def may_reconsider(user: Any, decision: Decision) -> bool:
    """Whether the user may take a decision up again: the body's chair, or planning. Queries: 1 to 3."""
    cycle = decision.recommendation.process.cycle
    return bool(can(user, Perm.CHAIR_BODY, cycle.steering_group)) or bool(can(user, Perm.MANAGE_CYCLE, cycle))


def meetings_to_decide_in(recommendation: Recommendation) -> QuerySet[Meeting]:
    """Meetings in which the recommendation can be decided, latest first: open ones of the steering group.

    Only those of the recommendation's present cycle, and none from before it was submitted. Queries: 3.
    """
    cycle = recommendation.process.cycle
    return Meeting.objects.filter(
        cycle=cycle,
        body=cycle.steering_group,
        closed_at__isnull=True,
        held_on__gte=first_day_to_decide(recommendation),
    ).order_by("-held_on", "-pk")


def likely_meeting(meetings: QuerySet[Meeting]) -> Meeting | None:
    """The meeting a decision most likely belongs to: the last one that took place, else the next one."""
    today = timezone.localdate()
    rows = list(meetings)
    past = [row for row in rows if row.held_on <= today]
    return past[0] if past else (rows[-1] if rows else None)


def attendance_in(meeting: Meeting | None) -> list[DecisionVote]:
    """Votes of the latest decision recorded in a meeting: who was there for it. Queries: at most 2."""
    latest = None if meeting is None else meeting.decisions.order_by("-pk").first()
    return [] if latest is None else list(latest.votes.all())


def seats_on(body: Body, meeting: Meeting | None) -> list[BodyMembership]:
    """Seats in force on the day of a meeting (today without one) with the deputies of that day, voting first.

    Queries: 2.
    """
    day = meeting.held_on if meeting else timezone.localdate()
    seats = body.memberships.on(day).select_related("organisation", "user", "deputy", "body")
    order = {"chair": 0, "voting": 1, "advisory": 2}
    return sorted(
        with_deputies_of(seats, day),
        key=lambda seat: (order.get(seat.seat, 3), seat.organisation.name, seat.pk),
    )
