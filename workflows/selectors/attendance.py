"""Reads of who is in the room of a meeting, at which moment, and whether that makes a quorum."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from django.utils import timezone

from stakeholders.models import BodyMembership, Organisation, User
from stakeholders.procedure import VotingRules
from stakeholders.selectors.absences import Standing, standings
from stakeholders.selectors.rules import group_name, rules_on
from workflows.counting import Ballot, GroupCount, count_groups
from workflows.models import AgendaItem, Attendance, Decision, Meeting, VoteChoice
from workflows.selectors.decisions import seats_on


@dataclasses.dataclass(frozen=True)
class SeatLine:
    """A seat in force on the day, who is expected for it, and when it was in the room."""

    seat: BodyMembership
    standing: Standing
    rows: Sequence[Attendance]

    @property
    def open_row(self) -> Attendance | None:
        """The row of who is in the room now."""
        return next((row for row in self.rows if row.left_at is None), None)

    @property
    def expects_deputy(self) -> bool:
        """The member is entered as away and the deputy is there."""
        return self.standing.deputy is not None


@dataclasses.dataclass(frozen=True)
class GuestLine:
    """An invited organisation without a seat in the body, and when it was in the room."""

    organisation: Organisation
    rows: Sequence[Attendance]

    @property
    def open_row(self) -> Attendance | None:
        """The row of who is in the room now."""
        return next((row for row in self.rows if row.left_at is None), None)


@dataclasses.dataclass(frozen=True)
class Quorum:
    """Whether enough voting members are in the room; who is biased on an item shows at its vote only."""

    present: int
    voting: int
    needed: int
    groups: tuple[GroupCount, ...]

    @property
    def is_there(self) -> bool:
        """Enough of the body and of each group that must be there."""
        return self.present >= self.needed and not self.lacking

    @property
    def lacking(self) -> list[tuple[str, GroupCount]]:
        """Groups of which too few are there, with their names."""
        return [(group_name(group.kind), group) for group in self.groups if not group.is_there]


@dataclasses.dataclass(frozen=True)
class Room:
    """All seats and guests of a meeting with the rules of its day; asked for any moment without a query.

    Attributes:
        seats: In force on the day.
        guests: Invited organisations without a seat, and whoever else was entered without one.
        rules: Of the day.
        ticked: Keys of organisations that are said to have come, with or without times.
    """

    seats: Sequence[SeatLine]
    guests: Sequence[GuestLine]
    rules: VotingRules
    ticked: frozenset[int] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Nobody has been entered yet."""
        return not any(line.rows for line in self.seats) and not any(line.rows for line in self.guests)

    def person_of(self, row: Attendance) -> User | None:
        """Who sits in the room by a row of a seat: the member, or the deputy of the day."""
        seat = next((line.seat for line in self.seats if line.seat.pk == row.seat_id), None)
        if seat is None:
            return None
        return seat.deputy if row.is_deputy else seat.user

    @property
    def voting(self) -> list[SeatLine]:
        """Seats with a vote."""
        return [line for line in self.seats if line.seat.is_voting]

    def quorum_of(self, there: set[int]) -> Quorum:
        """Whether the body could decide if these seats (keys) were there."""
        return quorum_with(self.rules, [line.seat for line in self.seats], there)

    def quorum_at(self, item: AgendaItem, decided: Decision | None) -> Quorum | None:
        """Whether the body could decide on an item: at its end, now if it runs; None if it was not called.

        Args:
            item: An item of the meeting.
            decided: What the meeting decided on it. Its quorum was counted then and stands, though members
                left before the item was finished.
        """
        if decided is not None:
            return Quorum(decided.present_count, decided.voting_count, decided.quorum_count, ())
        if item.called_at is None:
            return None
        if item.finished_at is None and item.meeting.closed_at is None:
            return self.quorum(timezone.now())
        # A closed meeting runs no more: what was not finished then counts from its call.
        end = minute_of(item.finished_at or item.called_at)
        return self._quorum_where(partial(stays_until, end=end))

    def quorum(self, moment: datetime.datetime) -> Quorum:
        """Whether the body could decide at a moment."""
        return self._quorum_where(partial(covers, moment=moment))

    def holds_between(self, begin: datetime.datetime, end: datetime.datetime) -> bool:
        """Whether the body could decide at a begin and after each coming and going up to an end."""
        first, last = minute_of(begin), minute_of(end)
        known = {
            minute_of(moment)
            for line in self.voting
            for row in line.rows
            for moment in (row.arrived_at, row.left_at)
            if moment is not None
        }
        return all(
            self._quorum_where(partial(is_there_after, minute=moment)).is_there
            for moment in {first} | {moment for moment in known if first < moment < last}
        )

    def _quorum_where(self, is_there: Callable[[Attendance], bool]) -> Quorum:
        return self.quorum_of({line.seat.pk for line in self.seats if any(map(is_there, line.rows))})


def covers(row: Attendance, moment: datetime.datetime) -> bool:
    """Whether somebody is in the room at a moment; who leaves at it is gone. Queries: 0."""
    return row.arrived_at <= moment and (row.left_at is None or row.left_at > moment)


def minute_of(moment: datetime.datetime) -> datetime.datetime:
    """Times are entered by hand without seconds: what lies in the same minute is the same."""
    return moment.replace(second=0, microsecond=0)


def stays_until(row: Attendance, end: datetime.datetime) -> bool:
    """Whether somebody was in the room up to a full minute; who leaves in it was. Queries: 0."""
    return minute_of(row.arrived_at) <= end and (row.left_at is None or minute_of(row.left_at) >= end)


def is_there_after(row: Attendance, minute: datetime.datetime) -> bool:
    """Whether somebody is in the room once all have come and gone in a full minute. Queries: 0."""
    return minute_of(row.arrived_at) <= minute and (row.left_at is None or minute_of(row.left_at) > minute)


def quorum_with(rules: VotingRules, seats: Iterable[BodyMembership], there: set[int]) -> Quorum:
    """Whether a body could decide if these seats were in the room.

    Args:
        rules: In force on the day.
        seats: Seats of the day with their organisations.
        there: Keys of the seats in the room.

    Returns:
        Numbers of the quorum; nobody is taken for biased.
    """
    voting = [seat for seat in seats if seat.is_voting]
    # Any vote that was cast counts as being there; an abstention takes no side.
    ballots = [Ballot(seat, VoteChoice.ABSTAIN if seat.pk in there else VoteChoice.ABSENT) for seat in voting]
    return Quorum(
        present=sum(seat.pk in there for seat in voting),
        voting=len(voting),
        needed=rules.quorum_count(len(voting)),
        groups=count_groups(rules, ballots),
    )


def room_of(meeting: Meeting) -> Room:
    """Seats in force on the day, guests, and when each was in the room. Queries: 7."""
    by_seat: dict[int, list[Attendance]] = {}
    by_guest: dict[Organisation, list[Attendance]] = {}
    seats = seats_on(meeting.body, meeting)
    expected = standings(seats, meeting.held_on)
    seated = {seat.organisation_id for seat in seats}
    participants = list(meeting.participants.select_related("organisation"))
    for participant in participants:
        if participant.organisation_id not in seated:
            by_guest[participant.organisation] = []
    for row in meeting.attendances.select_related("organisation").order_by("arrived_at", "pk"):
        if row.seat_id is not None:
            by_seat.setdefault(row.seat_id, []).append(row)
        else:
            by_guest.setdefault(row.organisation, []).append(row)
    return Room(
        seats=[SeatLine(seat, expected[seat.pk], by_seat.get(seat.pk, [])) for seat in seats],
        guests=[GuestLine(guest, rows) for guest, rows in by_guest.items()],
        rules=rules_on(meeting.body, meeting.held_on).voting_rules(),
        ticked=frozenset(row.organisation_id for row in participants if row.attended),
    )


def seats_in_rooms(meetings: Collection[int]) -> dict[int, dict[int, Attendance]]:
    """Who is in the room now: key of a meeting -> key of a seat -> its attendance.

    A meeting in which no attendance of a seat was entered is left out: nothing is known of its room. One in
    which all have left is there, and empty. Queries: 1.
    """
    now = timezone.now()
    rooms: dict[int, dict[int, Attendance]] = {}
    for row in Attendance.objects.filter(meeting__in=meetings, seat__isnull=False):
        there = rooms.setdefault(row.meeting_id, {})
        if row.seat_id is not None and covers(row, now):
            there[row.seat_id] = row
    return rooms


def seats_in_room(meeting: Meeting | None) -> dict[int, Attendance] | None:
    """As ``seats_in_rooms``, of one meeting; None where nothing is known of its room. Queries: 1."""
    return None if meeting is None else seats_in_rooms([meeting.pk]).get(meeting.pk)


def attended_seats(meeting: Meeting) -> set[int]:
    """Keys of seats that were in the room at any time; empty where no attendance was entered. Queries: 1."""
    rows = meeting.attendances.filter(seat__isnull=False)
    return {pk for pk in rows.values_list("seat_id", flat=True) if pk is not None}


def attended_organisations(meeting: Meeting) -> set[int]:
    """Keys of organisations that were in the room at any time. Queries: 1."""
    return set(meeting.attendances.values_list("organisation_id", flat=True))


def is_day_of(meeting: Meeting) -> bool:
    """Whether the meeting takes place today, so that "now" is an hour of it."""
    return meeting.held_on == timezone.localdate()
