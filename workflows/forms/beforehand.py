"""What the forms of decisions know of the seats before anybody enters a vote."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stakeholders.models import BodyMembership
from stakeholders.selectors.absences import standings
from workflows.forms.decisions import BY_DEPUTY
from workflows.models import Attendance, DecisionVote, Meeting, VoteChoice
from workflows.selectors.attendance import seats_in_room
from workflows.selectors.decisions import attendance_in


class Source(enum.StrEnum):
    """Where it was known from."""

    ROOM = "room"
    ITEM = "item"
    ABSENCES = "absences"
    NONE = ""


@dataclasses.dataclass(frozen=True)
class Beforehand:
    """Initial values of the seats; how anybody votes is asked anew for each item."""

    initial: Mapping[str, Any]
    source: Source


def votes_beforehand(meeting: Meeting | None, seats: Sequence[BodyMembership]) -> Beforehand:
    """Who is there for an item, as far as it was entered: in the room, else at the item before, else away.

    Args:
        meeting: In which it is decided; None as long as there is none.
        seats: Those of its day.

    Returns:
        Initial values of a ``BallotsForm``, and where they come from. Queries: at most 4.
    """
    if meeting is None:
        return Beforehand({}, Source.NONE)
    # Once all have left, the room says nothing of who was there for the item.
    if room := seats_in_room(meeting):
        return Beforehand(_of_room(seats, room), Source.ROOM)
    if before := attendance_in(meeting):
        return Beforehand(_of_item(before), Source.ITEM)
    away = _of_absences(seats, meeting.held_on)
    return Beforehand(away, Source.ABSENCES if away else Source.NONE)


def _of_room(seats: Iterable[BodyMembership], room: Mapping[int, Attendance]) -> dict[str, Any]:
    """Who is entered as present in the room; all others are absent."""
    initial: dict[str, Any] = {}
    for seat in seats:
        here = room.get(seat.pk)
        if here is None and seat.is_voting:
            initial[f"vote-{seat.pk}"] = VoteChoice.ABSENT.value
        elif here is not None:
            if not seat.is_voting:
                initial[f"heard-{seat.pk}"] = True
            if here.is_deputy:
                initial[f"by-{seat.pk}"] = BY_DEPUTY
    return initial


def _of_item(votes: Iterable[DecisionVote]) -> dict[str, Any]:
    """Who was there for the item before."""
    initial: dict[str, Any] = {}
    for vote in votes:
        if vote.choice == VoteChoice.ABSENT:
            initial[f"vote-{vote.seat_id}"] = VoteChoice.ABSENT.value
        elif vote.choice == VoteChoice.HEARD:
            initial[f"heard-{vote.seat_id}"] = True
        if vote.is_deputy:
            initial[f"by-{vote.seat_id}"] = BY_DEPUTY
    return initial


def _of_absences(seats: Sequence[BodyMembership], day: datetime.date) -> dict[str, Any]:
    """Who is entered as away on the day: the deputy came, or nobody did. Queries: 1."""
    initial: dict[str, Any] = {}
    for pk, standing in standings(seats, day).items():
        if standing.deputy is not None:
            initial[f"by-{pk}"] = BY_DEPUTY
        elif standing.is_empty:
            initial[f"vote-{pk}"] = VoteChoice.ABSENT.value
    return initial
