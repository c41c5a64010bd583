"""Reads of polls: whose seats vote, who is in the room, what has been cast, and who may see it."""

from __future__ import annotations

import copy
import dataclasses
import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from project.common.comparison import Segment, compare_words
from project.common.errors import DomainError
from stakeholders.models import Body, BodyMembership
from stakeholders.permissions import Perm, visible
from stakeholders.selectors.absences import standings
from stakeholders.selectors.bodies import with_deputies_of
from workflows.counting import Ballot, Tally
from workflows.models import Attendance, PlanningCycle, Poll, PollVote, SecretTally, VoteChoice
from workflows.selectors.attendance import seats_in_room, seats_in_rooms


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a poll is; of how anybody voted it tells nothing."""

    voted: int
    expected: int
    missing: tuple[BodyMembership, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nobody is waited for any more."""
        return self.voted >= self.expected


@dataclasses.dataclass(frozen=True)
class OwnSeat:
    """A seat for which a person can vote in a poll, and what it did so far."""

    seat: BodyMembership
    is_deputy: bool
    vote: PollVote | None
    #: Why the person cannot vote for it now; empty if they can.
    obstacle: str = ""

    @property
    def is_excluded(self) -> bool:
        """Whether the chair has left the seat out of this item."""
        return self.vote is not None and self.vote.is_excluded


def polls_seen_by(user: Any) -> QuerySet[Poll]:
    """Polls a person may see: those of their bodies, and those of the cycles they plan. Queries: 1."""
    bodies = visible(user, Perm.ADVISE_BODY, Body.objects.all()).values("pk")
    cycles = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.all()).values("pk")
    return Poll.objects.filter(Q(body__in=bodies) | Q(cycle__in=cycles)).select_related(
        "body", "cycle", "cycle__territory", "meeting", "version", "recommendation", "recommendation__cycle"
    )


def open_polls_for(user: Any) -> list[Poll]:
    """Polls in meetings in which a seat of the person still waits for a vote; circulated ones are tasks.

    Asked by every page that looks again by itself. Queries: 1 where nothing runs, else 4; 6 for deputies.
    """
    rows = visible(user, Perm.VOTE_IN_BODY, Body.objects.all()).values("pk")
    polls = list(
        Poll.objects.open()
        .filter(body__in=rows, meeting__isnull=False)
        .select_related("version", "meeting", "body")
        .order_by("opened_at")
    )
    if not polls:
        return []
    seats = list(
        BodyMembership.objects.voting()
        .filter(body__in={poll.body_id for poll in polls})
        .filter(Q(user=user) | Q(deputy=user) | Q(former_deputies__deputy=user))
        .distinct()
    )
    votes = list(PollVote.objects.filter(poll__in=polls, seat__in=seats).select_related("seat"))
    voted = {(row.poll_id, row.seat_id) for row in votes}
    # Nobody votes for two seats.
    done = {row.poll_id for row in votes if row.cast_by_id == user.pk and not row.is_excluded}
    rooms = seats_in_rooms({poll.meeting_id for poll in polls if poll.meeting_id is not None})
    return [
        poll
        for poll in polls
        if poll.pk not in done
        and any(
            (poll.pk, seat.pk) not in voted
            and _may_act(seat, rooms.get(poll.meeting_id or 0), user, poll.deputies_day)
            for seat in seats
            if seat.body_id == poll.body_id and seat.is_in_force(poll.seats_day)
        )
    ]


def _may_act(seat: BodyMembership, room: dict[int, Attendance] | None, user: Any, day: datetime.date) -> bool:
    """Whether the person acts for a seat in a meeting now (``able_in_room``). Queries: 0; 2 for a deputy."""
    is_deputy = seat.user_id != user.pk
    if is_deputy and with_deputies_of([copy.copy(seat)], day)[0].deputy_id != user.pk:
        return False
    if room is not None:
        here = room.get(seat.pk)
        return here is not None and here.is_deputy == is_deputy
    return not is_deputy or standings([seat], timezone.localdate())[seat.pk].absence is not None


def seats_of_poll(poll: Poll) -> list[BodyMembership]:
    """Seats of the body on the day of the poll, with the deputies that stand in. Queries: 2."""
    seats = poll.body.memberships.on(poll.seats_day).select_related("organisation", "user", "deputy", "body")
    return with_deputies_of(list(seats.order_by("organisation__name", "pk")), poll.deputies_day)


def amendment_of(poll: Poll) -> list[Segment]:
    """What the wording that is voted on changes in the proposal; empty where it is as proposed."""
    return compare_words(poll.version.proposal, poll.wording) if poll.wording else []


def able_in_room(poll: Poll, seat: BodyMembership, *, is_deputy: bool) -> None:
    """Refuse the vote of who is not in the room, or not the one who acts for the seat.

    Where attendance was entered it says who sits there; else a deputy votes while the member is away.
    Queries: 2.

    Raises:
        DomainError: those of ``able_at_seat``.
    """
    handed_over = is_deputy and _was_handed_over(poll, seat)
    able_at_seat(seats_in_room(poll.meeting), seat, is_deputy=is_deputy, was_handed_over=handed_over)


def able_at_seat(
    room: dict[int, Attendance] | None,
    seat: BodyMembership,
    *,
    is_deputy: bool,
    was_handed_over: bool = False,
) -> None:
    """As ``able_in_room``, where it is known who is there; also for points, which deputies give alike.

    Raises:
        DomainError: ``not_present``, ``seat_held_by_other``, ``member_there``.
    """
    member = seat.organisation.label
    if room is not None:
        here = room.get(seat.pk)
        if here is None:
            raise DomainError(
                "not_present",
                _("%(member)s is not entered as present. Tell the chair that you are in the room.")
                % {"member": member},
            )
        if here.is_deputy != is_deputy:
            raise DomainError(
                "seat_held_by_other",
                _("At the seat of %(member)s somebody else is entered as present; they vote.")
                % {"member": member},
            )
        return
    is_away = is_deputy and standings([seat], timezone.localdate())[seat.pk].absence is not None
    if is_deputy and not is_away and not was_handed_over:
        raise DomainError(
            "member_there",
            _("The deputy of %(member)s votes while the member is away. Enter the absence first.")
            % {"member": member},
        )


def _was_handed_over(poll: Poll, seat: BodyMembership) -> bool:
    """Whether the member gave the task of voting in circulation to the deputy. Queries: 0 or 1."""
    if not poll.is_circulated:
        return False
    return Task.objects.filter(
        process__circulationprocess__poll=poll,
        process__circulationprocess__seat=seat,
        flow_task_type="HUMAN",
        owner=seat.deputy_id,
    ).exists()


def progress_of(poll: Poll) -> Progress:
    """Who has voted and who is waited for: those in the room, or all voting seats. Queries: 4 or 5."""
    voting = [seat for seat in seats_of_poll(poll) if seat.is_voting]
    voted = set(PollVote.objects.filter(poll=poll).values_list("seat_id", flat=True))
    room = seats_in_room(poll.meeting)
    expected = [seat for seat in voting if room is None or seat.pk in room or seat.pk in voted]
    missing = tuple(seat for seat in expected if seat.pk not in voted)
    return Progress(voted=len(expected) - len(missing), expected=len(expected), missing=missing)


def ballots_and_tally(poll: Poll) -> tuple[list[Ballot], Tally | None]:
    """The votes of a poll for the count: one ballot a seat, and the numbers where it is secret.

    Who cast none took no part: absent where attendance says so, else without a vote. Advisory members in the
    room were heard. Queries: 5 or 6.
    """
    votes = {row.seat_id: row for row in PollVote.objects.filter(poll=poll)}
    room = seats_in_room(poll.meeting)
    ballots = []
    for seat in seats_of_poll(poll):
        vote = votes.get(seat.pk)
        here = None if room is None else room.get(seat.pk)
        if vote is not None:
            ballots.append(Ballot(seat, VoteChoice(vote.choice), vote.is_deputy))
        elif seat.is_voting:
            is_away = room is not None and here is None
            ballots.append(Ballot(seat, VoteChoice.ABSENT if is_away else VoteChoice.SILENT))
        elif here is not None:
            ballots.append(Ballot(seat, VoteChoice.HEARD, here.is_deputy))
    if not poll.is_secret:
        return ballots, None
    numbers = dict(SecretTally.objects.filter(poll=poll).values_list("choice", "number"))
    yes, no, abstain = (
        numbers.get(choice.value, 0) for choice in (VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN)
    )
    return ballots, Tally(yes, no, abstain)


def is_excluded(poll: Poll, seat: BodyMembership) -> bool:
    """Whether the chair has left a seat out of this item. Queries: 1."""
    vote = PollVote.objects.filter(poll=poll, seat=seat).select_related("seat").first()
    return vote is not None and vote.is_excluded


def excluded_of(poll: Poll) -> list[BodyMembership]:
    """Seats that the chair has left out of an item. Queries: 1."""
    rows = PollVote.objects.filter(poll=poll, choice=VoteChoice.BIASED)
    return [row.seat for row in rows.select_related("seat__organisation") if row.is_excluded]


def own_seats(poll: Poll, user: Any) -> list[OwnSeat]:
    """Voting seats that a person holds or stands in at, with what they did. Queries: 3, and 2 a seat."""
    votes = {row.seat_id: row for row in PollVote.objects.filter(poll=poll).select_related("seat")}
    found = []
    for seat in seats_of_poll(poll):
        if not seat.is_voting or user.pk not in {seat.user_id, seat.deputy_id}:
            continue
        is_deputy = user.pk == seat.deputy_id
        obstacle = ""
        try:
            able_in_room(poll, seat, is_deputy=is_deputy)
        except DomainError as error:
            obstacle = str(error.message)
        found.append(OwnSeat(seat, is_deputy, votes.get(seat.pk), obstacle))
    return found
