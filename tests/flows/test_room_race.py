"""Points and entries at the same moment; see ``test_races`` for how races are shown."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.stages import Stages
from workflows.models import PointGiven, PointRound, Position, Room, Statement
from workflows.selectors.rooms import seat_of
from workflows.services import rooms

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


@pytest.fixture
def room(world: World, stages: Stages) -> Room:
    """A room with an area before it."""
    meeting = stages.in_conference().meetings.select_related("body", "cycle").get()
    room = rooms.room_open(meeting, user=world.fresh("planner"))
    rooms.room_show(room, world.areas[0], user=world.fresh("planner"))
    return room


def _round(room: Room, world: World) -> PointRound:
    return rooms.round_open(
        room, title="Was zuerst?", points_each=3, options=["Kita", "Bus"], user=world.fresh("planner")
    )


def test_points_given_twice_at_once_are_never_more_than_there_are(
    room: Room, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_round = _round(room, world)
    person = world.fresh("specialist")
    seat = seat_of(person, room.meeting)
    assert seat is not None
    meeting = MeetingPoint()
    monkeypatch.setattr(rooms, "rooms_raise", meeting.before(rooms.rooms_raise))

    def give(option: Any) -> Callable[[], None]:
        return lambda: rooms.points_give(
            PointRound.objects.get(pk=point_round.pk),
            seat=seat,
            counts={option.pk: 3},
            entry_key=uuid.uuid4(),
            user=person,
        )

    results = race(*(give(option) for option in point_round.options.all()))

    assert [result for result in results if isinstance(result, Exception)] == []
    assert not meeting.has_met, "the second waits for the first"
    assert PointGiven.objects.aggregate(total=Sum("count"))["total"] == 3
    assert PointGiven.objects.count() == 1


def test_an_entry_sent_twice_at_once_is_stored_once(
    room: Room, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, person = uuid.uuid4(), world.fresh("specialist")
    meeting = MeetingPoint()
    monkeypatch.setattr(rooms, "statement_add", meeting.before(rooms.statement_add))

    def say() -> Any:
        return rooms.room_statement_add(
            Room.objects.select_related("meeting__cycle").get(pk=room.pk),
            entry_key=key,
            area=world.areas[0],
            organisation=world.youth_office,
            user=person,
            position=Position.EXPLAINS,
            text="Zwei Straßenzüge prägen den Wert.",
        )

    results = race(say, say)

    assert sorted(result is None for result in results) == [False, True]
    assert not meeting.has_met
    assert Statement.objects.count() == 1


def test_points_and_the_end_of_the_round_follow_each_other(
    room: Room, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes in after the result was written down."""
    point_round = _round(room, world)
    person = world.fresh("specialist")
    seat = seat_of(person, room.meeting)
    assert seat is not None
    meeting = MeetingPoint()
    monkeypatch.setattr(rooms, "rooms_raise", meeting.before(rooms.rooms_raise))
    option = point_round.options.first()
    assert option is not None

    def give() -> None:
        rooms.points_give(
            PointRound.objects.get(pk=point_round.pk),
            seat=seat,
            counts={option.pk: 3},
            entry_key=uuid.uuid4(),
            user=person,
        )

    def end() -> None:
        rooms.round_close(PointRound.objects.get(pk=point_round.pk), user=world.fresh("planner"))

    results = race(give, end)

    errors = [getattr(result, "code", result) for result in results if isinstance(result, Exception)]
    assert errors in ([], ["round_closed"])
    assert not meeting.has_met
    assert PointGiven.objects.exists() == (not errors)
