"""The room of a meeting: who leads it, what raises its version, entries that come twice, points."""

import uuid

import pytest
from django.db import IntegrityError, transaction

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from workflows.abandoning import cycle_abandon
from workflows.models import (
    Attendance,
    Confidence,
    PointGiven,
    PointRound,
    Position,
    Room,
    RoomEntry,
    Statement,
)
from workflows.selectors.rooms import entrance_of, room_meetings, round_view, seat_of
from workflows.services import conference, rooms
from workflows.services.meetings import meeting_cancel, meeting_close
from workflows.services.urgency import urgency_propose


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def meeting(cycle):
    return cycle.meetings.select_related("body", "cycle").get()


@pytest.fixture
def room(meeting, planner):
    return rooms.room_open(meeting, user=planner)


@pytest.fixture
def seat(meeting, specialist):
    return seat_of(specialist, meeting)


def version(room):
    return Room.objects.get(pk=room.pk).version


def say(room, world, key=None, **kwargs):
    values = {
        "entry_key": key or uuid.uuid4(),
        "area": world.areas[0],
        "organisation": world.youth_office,
        "user": world.people["specialist"],
        "position": Position.EXPLAINS,
        "text": "Zwei Straßenzüge prägen den Wert.",
        "confidence": Confidence.LIKELY,
    } | kwargs
    return rooms.room_statement_add(room, **values)


def ask(room, planner, **kwargs):
    values = {
        "title": "Was zuerst?",
        "points_each": 3,
        "options": ["Kita", "Kita", " ", "Bus", "Park"],
        "user": planner,
    } | kwargs
    return rooms.round_open(room, **values)


def give(point_round, seat, user, key=None, **counts):
    """Points by the text of the choice."""
    pks = dict(point_round.options.values_list("text", "pk"))
    rooms.points_give(
        point_round,
        seat=seat,
        counts={pks[text]: count for text, count in counts.items()},
        entry_key=key or uuid.uuid4(),
        user=user,
    )


def given(point_round):
    return dict(PointGiven.objects.filter(option__round=point_round).values_list("option__text", "count"))


# --- leading ---------------------------------------------------------------------------------------


def test_chair_or_planning_leads_and_nobody_else(meeting, planner, specialist, world):
    for name in ("specialist", "head", "jobcenter_head", "chair"):
        refused("not_for_you", rooms.room_open, meeting, user=world.fresh(name))
    room = rooms.room_open(meeting, user=planner)
    refused("room_open", rooms.room_open, meeting, user=planner)
    refused("not_for_you", rooms.room_show, room, world.areas[0], user=specialist)
    refused("not_for_you", rooms.room_close, room, user=specialist)
    refused("not_for_you", ask, room, specialist)
    refused("area_not_chosen", rooms.room_show, room, world.areas[2], user=planner)

    rooms.room_close(room, user=planner)
    refused("room_closed", rooms.room_show, room, world.areas[0], user=planner)
    refused("room_closed", say, room, world)
    assert rooms.room_open(meeting, user=planner).pk == room.pk
    actions = LogEntry.objects.filter(action__startswith="room.").order_by("pk")
    assert [row.action for row in actions] == ["room.opened", "room.closed", "room.opened"]


def test_a_closed_meeting_closes_its_room_and_round(meeting, room, planner, world):
    row = ask(room, planner)
    before = version(room)
    meeting_close(meeting, attended=[world.youth_office], user=planner)
    room.refresh_from_db()
    row.refresh_from_db()
    assert not room.is_open
    assert not row.is_open
    assert room.version > before
    meeting.refresh_from_db()
    refused("meeting_closed", rooms.room_open, meeting, user=planner)


@pytest.mark.parametrize(
    ("name", "enters", "is_member"),
    [
        ("planner", True, True),
        ("specialist", True, True),
        ("head", True, False),  # acts for an invited organisation
        ("chair", False, False),
        ("member", False, False),
        ("association_head", False, False),
        ("funder_reader", False, False),
        ("outsider", False, False),
    ],
)
def test_who_enters(name, enters, is_member, meeting, world):
    found = room_meetings(world.fresh(name)).filter(pk=meeting.pk).first()
    assert (found is not None) == enters
    if found is not None:
        assert found.is_member == is_member or name == "planner"
    asked = entrance_of(world.fresh(name), meeting.pk)
    assert (asked is not None) == enters, "the kept SQL says what the query says"
    if asked is not None and found is not None:
        assert (asked.is_member, asked.sees_all) == (found.is_member, found.sees_all)
        assert asked.version is None


def test_a_right_that_ends_ends_the_entrance_at_once(room, meeting, specialist, world, planner):
    assert entrance_of(specialist, meeting.pk).version == version(room)
    rooms.room_show(room, world.areas[0], user=planner)
    assert entrance_of(specialist, meeting.pk).version == version(room)
    assert entrance_of(specialist, meeting.pk + 1) is None
    specialist.groups.clear()
    assert entrance_of(specialist, meeting.pk) is None
    planner.is_active = False
    assert entrance_of(planner, meeting.pk) is None


# --- the version -----------------------------------------------------------------------------------


def test_everything_the_room_shows_raises_its_version(room, cycle, seat, planner, specialist, world):
    seen = [version(room)]

    def raised():
        seen.append(version(room))
        return seen[-1] > seen[-2]

    rooms.room_show(room, world.areas[0], user=planner)
    assert raised()
    statement = say(room, world)
    assert raised()
    conference.statement_change(statement, position=Position.AGREES, text="Doch.", user=specialist)
    assert raised()
    other = conference.statement_add(
        cycle,
        area=world.areas[0],
        position=Position.AGREES,
        text="Stimmt.",
        organisation=world.jobcenter,
        user=planner,
    )
    assert raised()
    conference.statement_remove(other, user=planner)
    assert raised()
    row = ask(room, planner)
    assert raised()
    give(row, seat, specialist, Kita=2)
    assert raised()
    rooms.round_close(row, user=planner)
    assert raised()
    rooms.room_close(room, user=planner)
    assert raised()
    conference.statement_add(
        cycle,
        area=world.areas[1],
        position=Position.AGREES,
        text="Woanders.",
        organisation=world.jobcenter,
        user=planner,
    )
    assert not raised()


# --- statements ------------------------------------------------------------------------------------


def test_an_entry_sent_again_adds_nothing(room, world, planner, jobcenter_head):
    key = uuid.uuid4()
    assert say(room, world, key) is not None
    assert say(room, world, key) is None
    assert Statement.objects.count() == RoomEntry.objects.count() == 1
    refused("foreign_entry", say, room, world, key, user=jobcenter_head)
    # Sent again after the room was closed: it had come in.
    rooms.room_close(room, user=planner)
    assert say(room, world, key) is None


def test_a_refused_entry_leaves_its_key_free(room, world):
    key = uuid.uuid4()
    refused("invalid", say, room, world, key, text=" ")
    assert not RoomEntry.objects.exists()
    assert say(room, world, key) is not None


# --- points ----------------------------------------------------------------------------------------


def test_what_a_round_needs(room, planner):
    refused("too_few_options", ask, room, planner, options=["Kita", "Kita"])
    refused("too_many_options", ask, room, planner, options=[str(number) for number in range(21)])
    refused("invalid", ask, room, planner, points_each=0)
    refused("invalid", ask, room, planner, points_each=21)
    refused("invalid", ask, room, planner, title=" ")
    row = ask(room, planner)
    assert [option.text for option in row.options.all()] == ["Kita", "Bus", "Park"]
    refused("round_open", ask, room, planner)
    with pytest.raises(IntegrityError), transaction.atomic():
        PointRound.objects.create(room=room, title="Zweite", points_each=1)


def test_points_are_replaced_and_never_more_than_there_are(room, seat, planner, specialist):
    row = ask(room, planner)
    give(row, seat, specialist, Kita=2, Bus=1)
    assert given(row) == {"Kita": 2, "Bus": 1}
    give(row, seat, specialist, Park=3)
    assert given(row) == {"Park": 3}
    refused("too_many_points", give, row, seat, specialist, Park=3, Bus=1)
    refused("too_many_points", give, row, seat, specialist, Park=-1, Bus=2)
    assert given(row) == {"Park": 3}
    give(row, seat, specialist)
    assert given(row) == {}


def test_an_old_resend_does_not_overwrite_newer_points(room, seat, planner, specialist):
    row, key = ask(room, planner), uuid.uuid4()
    give(row, seat, specialist, key, Kita=3)
    give(row, seat, specialist, Bus=3)
    give(row, seat, specialist, key, Kita=3)
    assert given(row) == {"Bus": 3}


def test_only_a_member_for_their_seat_and_only_while_the_round_is_open(
    room, meeting, seat, planner, specialist, jobcenter_head, member, world
):
    row = ask(room, planner)
    refused("foreign_seat", give, row, seat, jobcenter_head, Kita=1)
    foreign = world.steering_group.memberships.first()
    refused("foreign_seat", give, row, foreign, foreign.user, Kita=1)
    seat.deputy = member
    seat.save()
    give(row, seat, specialist, Kita=1)
    refused("seat_has_given", give, row, seat, member, Bus=1)
    other = rooms.points_give
    refused("foreign_option", other, row, seat=seat, counts={0: 1}, entry_key=uuid.uuid4(), user=specialist)
    rooms.round_close(row, user=planner)
    refused("round_closed", give, row, seat, specialist, Bus=1)
    refused("round_closed", rooms.round_close, row, user=planner)
    assert given(row) == {"Kita": 1}


def test_the_result_is_a_ranking_and_the_log_tells_no_choice_of_a_person(
    room, meeting, seat, planner, specialist, jobcenter_head
):
    row = ask(room, planner)
    give(row, seat, specialist, Kita=2, Bus=1)
    give(row, seat_of(jobcenter_head, meeting), jobcenter_head, Bus=1)
    found = round_view(row)
    assert [(line.option.text, line.points, line.rank) for line in found.results] == [
        ("Kita", 2, 1),
        ("Bus", 2, 1),
        ("Park", 0, 3),
    ]
    assert (found.given_count, found.most) == (2, 2)
    for entry in LogEntry.objects.filter(action="point_round.points_given"):
        assert entry.data == {}
    rooms.round_close(row, user=planner)
    closed = LogEntry.objects.get(action="point_round.closed")
    assert sorted(closed.data["points"]) == ["Bus: 2", "Kita: 2"]


def test_a_cancelled_meeting_closes_its_room(meeting, room, planner):
    row = ask(room, planner)
    meeting_cancel(meeting, reason="Krank", user=planner)
    room.refresh_from_db()
    row.refresh_from_db()
    assert not room.is_open
    assert not row.is_open


def test_an_abandoned_cycle_takes_nothing_more_and_its_rooms_end(cycle, room, world, planner, planning_head):
    statement = say(room, world)
    cycle_abandon(cycle, reason="Überholt", user=planning_head)
    room.refresh_from_db()
    assert not room.is_open
    refused("room_closed", say, room, world)
    refused(
        "conference_over",
        conference.statement_change,
        statement,
        position=Position.EXPLAINS,
        text="Neu",
        user=planner,
    )
    area = world.areas[0]
    said = {"body": cycle.planning_conference, "area": area, "level": "high", "reason": "x"}
    refused("body_not_at_work", urgency_propose, cycle, user=planner, **said)


def test_a_deputy_gives_points_for_who_is_away_and_the_member_replaces_them(
    room, meeting, seat, planner, specialist, member
):
    row = ask(room, planner)
    seat.deputy = member
    seat.save()
    refused("member_there", give, row, seat, member, Bus=1)
    Attendance.objects.create(meeting=meeting, organisation=seat.organisation, seat=seat, is_deputy=True)
    give(row, seat, member, Bus=1)
    assert given(row) == {"Bus": 1}
    give(row, seat, specialist, Kita=2)
    assert given(row) == {"Kita": 2}
    refused("seat_has_given", give, row, seat, member, Bus=1)
