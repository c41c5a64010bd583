"""Reads of decisions and meetings, and who may read how each member voted."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from project.common.keys import key_or_none
from stakeholders.models import Body, BodyMembership, Organisation
from stakeholders.permissions import Perm, can, visible
from stakeholders.selectors.absences import Standing, standings
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
        Q(meeting__cycle__in=cycles) | Q(recommendation__cycle__in=cycles) | Q(poll__cycle__in=cycles)
    ).select_related(
        *("recommendation", "recommendation__cycle", "version", "version__addressee"),
        *("meeting", "meeting__cycle", "poll", "poll__cycle", "body"),
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
    rows = decisions_seen_by(user).filter(
        Q(meeting__cycle=cycle) | Q(recommendation__cycle=cycle) | Q(poll__cycle=cycle)
    )
    if wanted.result:
        rows = rows.filter(result=wanted.result)
    if wanted.year is not None:
        rows = rows.filter(year=wanted.year)
    if wanted.search:
        found = (
            Q(version__title__icontains=wanted.search)
            | Q(version__proposal__icontains=wanted.search)
            | Q(wording__icontains=wanted.search)
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
        can(user, Perm.MANAGE_CYCLE, decision.cycle)
    )


def meetings_seen_by(user: Any) -> QuerySet[Meeting]:
    """Meetings a person may see: of cycles they see, of bodies they sit in, and those they are invited to.

    Queries: 1.
    """
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    invited = Meeting.objects.filter(participants__organisation__in=own).values("pk")
    bodies = visible(user, Perm.ADVISE_BODY, Body.objects.all()).values("pk")
    seen = Q(cycle__in=cycles) | Q(body__in=bodies) | Q(pk__in=invited)
    return Meeting.objects.filter(seen).select_related("body", "cycle", "cycle__territory")


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
    return first_day_after(
        submitted.submitted_at if submitted is not None else None, last_decision(recommendation)
    )


def first_day_after(submitted_at: datetime.datetime | None, last: Decision | None) -> datetime.date:
    """``first_day_to_decide`` for who has read when it was submitted and decided last. Queries: 0."""
    first = datetime.date.min
    if submitted_at is not None:
        first = timezone.localdate(submitted_at)
    if last is not None:
        is_postponed = last.result == DecisionResult.POSTPONED
        first = max(first, last.decided_on + datetime.timedelta(days=int(is_postponed)))
    return first


def last_decision(recommendation: Recommendation) -> Decision | None:
    """The latest decision on a recommendation, whatever its result. Queries: 1."""
    return recommendation.decisions.order_by("-pk").first()


def circulated_for(meeting: Meeting, recommendations: Iterable[int]) -> dict[int, Decision]:
    """Key of a recommendation -> what was decided on it in circulation before the meeting came to an end.

    It spares the meeting the item; what was taken up again since is before the meeting after all. Queries: 1.
    """
    keys = list(recommendations)
    if not keys:
        return {}
    until = meeting.closed_at or timezone.now()
    rows = Decision.objects.filter(
        recommendation__in=keys, meeting__isnull=True, result__in=FINAL_RESULTS, recorded_at__lte=until
    ).exclude(reconsiderations__taken_up_at__lte=until)
    return {row.recommendation_id: row for row in rows.select_related("version").order_by("pk")}


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
    """The meeting a paper is most likely for: the one held last, else the next one. Queries: 1 or 2."""
    return meeting_held_last(meetings) or meetings.order_by("held_on", "pk").first()


def meeting_held_last(meetings: QuerySet[Meeting]) -> Meeting | None:
    """The meeting a decision belongs to: today's, else the last before; never one to come. Queries: 1."""
    return meetings.filter(held_on__lte=timezone.localdate()).order_by("-held_on", "-pk").first()


def away_on(
    seats: Iterable[BodyMembership], meeting: Meeting | None
) -> list[tuple[BodyMembership, Standing]]:
    """Seats whose member is entered as away on the day of a meeting (today without one). Queries: 1."""
    rows = list(seats)
    there = standings(rows, meeting.held_on if meeting else timezone.localdate())
    return [(row, there[row.pk]) for row in rows if there[row.pk].absence is not None]


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
