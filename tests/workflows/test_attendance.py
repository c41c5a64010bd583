"""Who is in the room of a meeting, at which hour, and whether that makes a quorum."""

from __future__ import annotations

import dataclasses
import datetime

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, LogEntry
from stakeholders.selectors.rules import quorum_sentences
from stakeholders.services import absence_add
from tests.stages import at_noon
from workflows.demo import driver
from workflows.minutes_content import ABSENT, EXCUSED, GUEST, PRESENT, MinutesContent, read_content
from workflows.minutes_words import quorum_words
from workflows.models import (
    AgendaItem,
    Attendance,
    DecisionResult,
    Meeting,
    MeetingReply,
    Participant,
    ReplyChoice,
)
from workflows.selectors.attendance import room_of, seats_in_room
from workflows.selectors.minutes import presences_in, quorum_in
from workflows.selectors.outcomes import item_lines
from workflows.services import attendance
from workflows.services.decisions import decision_record
from workflows.services.meetings import meeting_close

CONTENT = MinutesContent(
    body="",
    territory="",
    cycle="",
    held_on=datetime.date(2026, 9, 19),
    place="",
    began_at=None,
    ended_at=None,
    presences=(),
    text="",
    internal_text="",
    items=(),
    decisions=(),
)
TEN, ELEVEN, NOON = datetime.time(10), datetime.time(11), datetime.time(12)


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def meeting(stages):
    """The steering group meets today; it is noon."""
    _cycle, meeting = stages.in_steering_group()
    with at_noon(timezone.localdate()):
        yield meeting


def seat_of(world, name):
    return world.steering_group.memberships.get(user=world.people[name])


def quorum_of(meeting, *, has_decided=False):
    """What the minutes would say of the quorum."""
    return quorum_in(room_of(meeting), item_lines(meeting, has_internal=True), has_decided=has_decided)


def at(meeting, *clock):
    return timezone.make_aware(datetime.datetime.combine(meeting.held_on, datetime.time(*clock)))


def ran(meeting, called, finished, **kwargs):
    """An item that was called and finished."""
    values = {"position": meeting.agenda.count() + 1, "kind": "topic", "title": "A"} | kwargs
    return AgendaItem.objects.create(meeting=meeting, called_at=called, finished_at=finished, **values)


def hours(row):
    return [moment and timezone.localtime(moment).time() for moment in (row.arrived_at, row.left_at)]


def test_who_comes_leaves_and_comes_back_has_two_rows(meeting, world, chair):
    seat = seat_of(world, "member")
    first = attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair)
    refused("already_there", attendance.attendance_arrive, meeting, seat=seat, user=chair)
    attendance.attendance_leave(first, at=ELEVEN, user=chair)
    refused("not_there", attendance.attendance_leave, first, user=chair)
    half = datetime.time(10, 30)
    refused("times_overlap", attendance.attendance_arrive, meeting, seat=seat, at=half, user=chair)
    second = attendance.attendance_arrive(meeting, seat=seat, user=chair)

    first.refresh_from_db()
    assert (hours(first), hours(second)) == ([TEN, ELEVEN], [NOON, None])
    assert seats_in_room(meeting) == {seat.pk: second}
    assert LogEntry.objects.filter(action__startswith="attendance.").count() == 3


def test_hours_are_of_the_day_and_not_to_come(meeting, world, chair):
    seat = seat_of(world, "member")
    refused(
        "time_ahead", attendance.attendance_arrive, meeting, seat=seat, at=datetime.time(12, 1), user=chair
    )
    row = attendance.attendance_arrive(meeting, seat=seat, at=ELEVEN, user=chair)
    refused("leaves_before_coming", attendance.attendance_leave, row, at=TEN, user=chair)
    with at_noon(timezone.localdate() + datetime.timedelta(days=1)):
        refused("time_missing", attendance.attendance_leave, row, user=chair)
        attendance.attendance_leave(row, at=NOON, user=chair)


def test_before_its_day_and_after_it_is_closed_nobody_comes(meeting, world, chair):
    seat = seat_of(world, "member")
    row = attendance.attendance_arrive(meeting, seat=seat, user=chair)
    Meeting.objects.filter(pk=meeting.pk).update(held_on=timezone.localdate() + datetime.timedelta(days=1))
    refused("meeting_not_held", attendance.attendance_arrive, meeting, seat=seat, user=chair)
    Meeting.objects.filter(pk=meeting.pk).update(held_on=timezone.localdate())
    meeting.refresh_from_db()
    meeting_close(meeting, attended=[], user=chair)
    refused("meeting_closed", attendance.attendance_leave, row, user=chair)
    refused("meeting_closed", attendance.attendance_take_back, row, user=chair)


def test_times_are_corrected_and_entries_taken_back(meeting, world, chair):
    seat = seat_of(world, "member")
    first = attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair)
    attendance.attendance_correct(first, arrived=datetime.time(9), left=TEN, user=chair)
    second = attendance.attendance_arrive(meeting, seat=seat, at=ELEVEN, user=chair)
    refused("times_overlap", attendance.attendance_correct, first, arrived=TEN, left=NOON, user=chair)
    refused("already_there", attendance.attendance_correct, first, arrived=TEN, left=None, user=chair)
    refused("leaves_before_coming", attendance.attendance_correct, second, arrived=NOON, left=TEN, user=chair)
    attendance.attendance_take_back(second, user=chair)
    refused("entry_gone", attendance.attendance_leave, second, user=chair)
    assert hours(Attendance.objects.get()) == [datetime.time(9), TEN]
    assert LogEntry.objects.filter(action="attendance.taken_back").exists()


def test_seats_of_the_day_and_invited_guests_only(meeting, world, chair):
    foreign = world.conference.memberships.first()
    refused("seat_not_in_force", attendance.attendance_arrive, meeting, seat=foreign, user=chair)
    refused(
        "no_deputy",
        attendance.attendance_arrive,
        meeting,
        seat=seat_of(world, "member"),
        is_deputy=True,
        user=chair,
    )
    refused("not_invited", attendance.attendance_arrive, meeting, guest=world.provider, user=chair)
    Participant.objects.create(meeting=meeting, organisation=world.provider)
    row = attendance.attendance_arrive(meeting, guest=world.provider, user=chair)
    assert (row.seat, row.organisation) == (None, world.provider)
    refused("already_there", attendance.attendance_arrive, meeting, guest=world.provider, user=chair)


def test_one_person_sits_for_one_seat(meeting, world, chair):
    head = seat_of(world, "head")
    head.deputy = world.people["member"]
    head.save()
    attendance.attendance_arrive(meeting, seat=seat_of(world, "member"), user=chair)
    refused("person_twice", attendance.attendance_arrive, meeting, seat=head, is_deputy=True, user=chair)


def test_all_come_with_deputies_for_those_away_and_the_quorum_follows(meeting, world, chair):
    today = timezone.localdate()
    for name in ("head", "member"):
        absence_add(world.people[name], starts_on=today, ends_on=today, reason="", user=None)
    room = room_of(meeting)
    quorum = room.quorum(timezone.now())
    assert (quorum.present, quorum.voting, quorum.needed, quorum.is_there) == (0, 4, 2, False)

    rows = attendance.attendance_all_arrive(meeting, user=chair)

    assert {row.seat.user for row in rows if row.is_deputy} == {world.people["head"]}
    assert seat_of(world, "member").pk not in {row.seat_id for row in rows}
    quorum = room_of(meeting).quorum(timezone.now())
    assert (quorum.present, quorum.is_there) == (3, True)
    assert attendance.attendance_all_arrive(meeting, user=chair) == []


def test_closing_takes_the_attendance_over(meeting, world, client_as, chair):
    client = client_as(chair)
    attendance.attendance_arrive(meeting, seat=seat_of(world, "member"), user=chair)
    meeting.participants.filter(organisation=world.municipality).delete()
    page = reverse("workflows:meeting-close", args=[meeting.pk])
    ticked = client.get(page).context["form"]["attended"].value()
    assert ticked == [world.municipality.pk]
    assert client.post(page, {"attended": ticked}).status_code == 302
    assert meeting.participants.get(attended=True).organisation == world.municipality


# --- the page --------------------------------------------------------------------------------------


def test_the_page_takes_attendance_by_one_click(meeting, world, client_as, chair):
    Participant.objects.create(meeting=meeting, organisation=world.provider)
    client = client_as(chair)
    page = reverse("workflows:meeting-attendance", args=[meeting.pk])
    head = seat_of(world, "head")
    assert client.post(page, {"seat": head.pk, "by": "deputy"}).status_code == 302
    row = Attendance.objects.get(seat=head)
    assert row.is_deputy
    client.post(page, {"guest": world.provider.pk, "at": "10:15"})
    assert hours(Attendance.objects.get(seat=None))[0] == datetime.time(10, 15)
    client.post(page, {"all": "1"})
    shown = client.get(page)
    assert shown.status_code == 200
    assert shown.context["quorum"].present == 4
    client.post(page, {"correct": row.pk, "arrived": "09:00", "left": "11:00"})
    row.refresh_from_db()
    assert hours(row) == [datetime.time(9), ELEVEN]
    client.post(page, {"take_back": row.pk})
    assert not Attendance.objects.filter(pk=row.pk).exists()
    other = Attendance.objects.get(seat=seat_of(world, "member"))
    client.post(page, {"leave": other.pk})
    other.refresh_from_db()
    assert other.left_at is not None


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"seat": "x"}, 404),
        ({"seat": "0"}, 404),
        ({"guest": "0"}, 404),
        ({}, 404),
        ({"leave": "0"}, 302),
        ({"all": "1", "at": "25:99"}, 302),
        ({"all": "1", "at": "abc"}, 302),
    ],
)
def test_wrong_input_changes_nothing(data, status, meeting, client_as, chair):
    page = reverse("workflows:meeting-attendance", args=[meeting.pk])
    assert client_as(chair).post(page, data).status_code == status
    assert not Attendance.objects.exists()


def test_only_who_runs_the_meeting_takes_attendance(meeting, world, client_as):
    page = reverse("workflows:meeting-attendance", args=[meeting.pk])
    for name, status in (("member", 403), ("specialist", 403), ("outsider", 404)):
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == status
        assert client.post(page, {"all": "1"}).status_code == status
    assert not Attendance.objects.exists()


def test_before_the_day_the_page_shows_who_is_expected(meeting, client_as, chair):
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    Meeting.objects.filter(pk=meeting.pk).update(held_on=tomorrow)
    shown = client_as(chair).get(reverse("workflows:meeting-attendance", args=[meeting.pk]))
    assert shown.context["may_enter"] is False
    assert shown.context["is_ahead"] is True


def test_no_vote_is_recorded_of_who_was_not_in_the_room(meeting, world, chair, client_as):
    """Where attendance was entered, it is corrected before a vote contradicts it."""
    names = ("chair", "member", "head")
    for name in names:
        attendance.attendance_arrive(meeting, seat=seat_of(world, name), at=TEN, user=chair)
    recommendation = meeting.cycle.recommendations.get()
    values = {"meeting": meeting, "result": DecisionResult.APPROVED, "user": chair}
    with pytest.raises(DomainError) as error:
        decision_record(recommendation, ballots=driver.all_yes(meeting), **values)
    assert error.value.code == "not_in_room"
    assert seat_of(world, "jobcenter_head").organisation.label in str(error.value.message)

    attendance.attendance_arrive(meeting, seat=seat_of(world, "jobcenter_head"), user=chair)
    assert decision_record(recommendation, ballots=driver.all_yes(meeting), **values).present_count == 4


def test_one_person_never_sits_for_two_seats(meeting, world, chair):
    """The member of one seat is the deputy of another."""
    head, member = seat_of(world, "head"), seat_of(world, "member")
    BodyMembership.objects.filter(pk=head.pk).update(deputy=world.people["member"])
    row = attendance.attendance_arrive(meeting, seat=head, is_deputy=True, at=TEN, user=chair)
    came = attendance.attendance_all_arrive(meeting, user=chair)
    assert member not in [entry.seat for entry in came]

    attendance.attendance_leave(row, at=ELEVEN, user=chair)
    own = attendance.attendance_arrive(meeting, seat=member, at=ELEVEN, user=chair)
    refused("person_twice", attendance.attendance_correct, own, arrived=TEN, left=None, user=chair)
    refused("person_twice", attendance.attendance_correct, row, arrived=TEN, left=NOON, user=chair)
    attendance.attendance_take_back(own, user=chair)
    refused(
        "person_twice",
        attendance.attendance_arrive,
        meeting,
        seat=member,
        at=datetime.time(10, 30),
        user=chair,
    )


def test_all_arrive_as_they_replied(meeting, world, chair):
    def reply(name, choice):
        seat = seat_of(world, name)
        MeetingReply.objects.create(
            meeting=meeting, seat=seat, organisation=seat.organisation, choice=choice, replied_by=chair
        )

    reply("head", ReplyChoice.DEPUTY)
    reply("member", ReplyChoice.DECLINES)
    rows = {row.seat: row for row in attendance.attendance_all_arrive(meeting, user=chair)}
    assert rows[seat_of(world, "head")].is_deputy
    assert seat_of(world, "member") not in rows
    states = {row.organisation: row.state for row in presences_in(meeting, room_of(meeting))}
    assert states[world.municipality.name] == EXCUSED


def test_who_is_ticked_without_times_was_there(meeting, world, chair):
    attendance.attendance_arrive(meeting, seat=seat_of(world, "chair"), at=TEN, user=chair)
    meeting.participants.get_or_create(organisation=world.municipality)
    meeting.participants.get_or_create(organisation=world.provider)
    chairs = seat_of(world, "chair").organisation
    meeting_close(meeting, attended=[chairs, world.municipality, world.provider], user=chair)
    states = {row.organisation: row.state for row in presences_in(meeting, room_of(meeting))}
    assert (states[world.municipality.name], states[world.provider.name]) == (PRESENT, GUEST)
    assert states[world.jobcenter.name] == ABSENT


def test_an_hour_without_seconds_may_be_that_of_the_coming(meeting, world, chair):
    seat = seat_of(world, "member")
    row = attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair)
    Attendance.objects.update(arrived_at=row.arrived_at + datetime.timedelta(seconds=40))
    attendance.attendance_leave(row, at=TEN, user=chair)
    row.refresh_from_db()
    assert row.left_at == row.arrived_at
    attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair)


def test_minutes_tell_at_which_item_the_body_could_not_decide(meeting, world, chair):
    room = room_of(meeting)
    needed = room.quorum_of(set()).needed
    seats = [line.seat for line in room.voting[:needed]]
    rows = [attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair) for seat in seats]
    ran(meeting, at(meeting, 10), at(meeting, 10, 30))
    second = ran(meeting, at(meeting, 11), at(meeting, 12))
    attendance.attendance_leave(rows[0], at=ELEVEN, user=chair)
    quorum = quorum_of(meeting)
    assert (quorum.present, quorum.is_timed, quorum.is_there) == (needed, True, True)
    assert quorum.lacking == (second.position,), "one had left by then"
    assert quorum.share == str(room.rules.quorum_share)
    assert quorum.holds_throughout is False


def test_the_minute_counts_where_all_left_when_an_item_ended(meeting, world, chair):
    rows = attendance.attendance_all_arrive(meeting, at=TEN, user=chair)
    item = ran(meeting, at(meeting, 10), at(meeting, 11, 30, 20))
    for row in rows:
        attendance.attendance_correct(row, arrived=TEN, left=datetime.time(11, 30), user=chair)

    quorum = quorum_of(meeting)

    assert room_of(meeting).quorum_at(item, None).present == len(room_of(meeting).voting)
    assert (quorum.lacking, quorum.holds_throughout) == ((), True)
    with override("en"):
        assert said_of(quorum).endswith("The body could decide throughout.")


def test_a_decision_keeps_its_quorum_though_members_left_before_the_item_ended(
    meeting, world, chair, client_as
):
    rows = attendance.attendance_all_arrive(meeting, at=TEN, user=chair)
    recommendation = meeting.cycle.recommendations.get()
    item = meeting.agenda.get(recommendation=recommendation)
    AgendaItem.objects.filter(pk=item.pk).update(called_at=at(meeting, 10), finished_at=at(meeting, 12))
    values = {"meeting": meeting, "result": DecisionResult.APPROVED, "user": chair}
    decision = decision_record(recommendation, ballots=driver.all_yes(meeting), **values)
    for row in rows[1:]:
        attendance.attendance_leave(row, at=ELEVEN, user=chair)

    quorum = quorum_of(meeting, has_decided=True)

    assert quorum.lacking == ()
    with override("en"):
        assert said_of(quorum).endswith("The body could decide."), "but not throughout"
    page = client_as(chair).get(reverse("workflows:meeting-attendance", args=[meeting.pk]))
    shown = next(row["quorum"] for row in page.context["items"] if row["line"].item == item)
    assert (shown.present, shown.is_there) == (decision.present_count, True)
    item.refresh_from_db()
    assert not room_of(meeting).quorum_at(item, None).is_there


def test_throughout_is_said_only_where_it_held_at_every_coming_and_going(meeting, world, chair):
    seats = [line.seat for line in room_of(meeting).voting]
    rows = [attendance.attendance_arrive(meeting, seat=seat, at=TEN, user=chair) for seat in seats]
    ran(meeting, at(meeting, 10), at(meeting, 12))
    assert quorum_of(meeting).holds_throughout is True
    for row in rows[1:]:
        attendance.attendance_leave(row, at=datetime.time(10, 30), user=chair)
    for row in rows[1:]:
        attendance.attendance_arrive(meeting, seat=row.seat, at=ELEVEN, user=chair)

    quorum = quorum_of(meeting)

    assert (quorum.lacking, quorum.holds_throughout) == ((), False)
    with override("en"):
        assert said_of(quorum).endswith("The body could decide.")


def test_where_no_item_was_called_only_who_came_is_said(meeting, world, chair):
    for line in room_of(meeting).voting:
        row = attendance.attendance_arrive(meeting, seat=line.seat, at=TEN, user=chair)
        attendance.attendance_leave(row, at=ELEVEN, user=chair)
    quorum = quorum_of(meeting)
    with override("en"):
        assert "could decide" not in said_of(quorum)
        assert "took part" in said_of(quorum)


def test_the_rules_of_signed_minutes_are_in_the_language_of_the_reader(meeting, world, chair):
    attendance.attendance_all_arrive(meeting, at=TEN, user=chair)
    rules = meeting.body.rules.latest("valid_from")
    rules.group_quorums.create(kind="jobcenter", least_count=1)
    content = content_with(quorum_of(meeting))
    for language in ("en", "de"):
        with override(language):
            expected = quorum_sentences(rules.voting_rules())
            assert all(sentence in " ".join(quorum_words(content)) for sentence in expected), language


def content_with(quorum):
    """Minutes as they come back from the store, with what they say of the quorum."""
    return read_content(dataclasses.replace(CONTENT, quorum=quorum).as_data())


def said_of(quorum):
    return " ".join(quorum_words(content_with(quorum)))


def test_the_room_is_read_once_for_minutes(meeting, world, chair, django_assert_max_num_queries):
    attendance.attendance_all_arrive(meeting, at=TEN, user=chair)
    room = room_of(meeting)
    with django_assert_max_num_queries(2):
        presences_in(meeting, room)
        quorum_in(room, [], has_decided=False)


def test_without_times_the_ticks_count_and_without_either_nothing_is_said(meeting, world, chair):
    assert quorum_of(meeting) is None
    meeting_close(meeting, attended=[row.organisation for row in meeting.participants.all()], user=chair)
    quorum = quorum_of(meeting)
    assert (quorum.is_timed, quorum.lacking) == (False, ())
    assert quorum.present > 0
