"""Papers go out as an act, and those invited say whether they come."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from project.common.errors import DomainError
from stakeholders.mail import mails_send
from stakeholders.models import LogEntry, OutgoingMail
from stakeholders.services import absence_add
from tests import factories
from tests.stages import at_noon
from workflows.models import AgendaItem, AgendaKind, Meeting, MeetingReply, PlanningCycle, ReplyChoice
from workflows.selectors.agenda import minutes_title
from workflows.selectors.replies import has_begun, open_invitations, own_lines, replies_of, reply_lines
from workflows.services import agenda, reply_reminders
from workflows.services.invitations import meeting_reply, papers_send
from workflows.services.meetings import meeting_cancel, meeting_close, meeting_move, meeting_schedule
from workflows.services.reply_reminders import replies_remind
from workflows.timers import timers_fire

DAY = datetime.timedelta(days=1)


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def meeting(stages, world, planner):
    """The steering group meets in three days at two."""
    cycle = stages.at_steering_group()
    return meeting_schedule(
        cycle,
        body=cycle.steering_group,
        held_on=timezone.localdate() + 3 * DAY,
        starts_at=datetime.time(14),
        place="Kreishaus",
        participants=[world.municipality, world.youth_office, world.provider],
        user=planner,
    )


def key_of(world, name):
    return f"seat-{world.steering_group.memberships.get(user=world.people[name]).pk}"


# --- papers ----------------------------------------------------------------------------------------


def test_members_get_the_whole_agenda_and_offices_its_public_part(meeting, world, planner):
    agenda.agenda_topic_add(meeting, title="Vertrauliches", is_internal=True, user=planner)
    world.municipality.email = "stadt@example.org"
    world.municipality.save()
    OutgoingMail.objects.all().delete()

    count = papers_send(meeting, user=planner)

    meeting.refresh_from_db()
    assert meeting.papers_sent_at is not None
    mails = {row.address: row for row in OutgoingMail.objects.all()}
    assert len(mails) == count
    assert "Vertrauliches" not in mails["stadt@example.org"].body
    for name in ("chair", "member", "specialist"):
        assert "Vertrauliches" in mails[world.people[name].email].body, name
    assert not any("Vertrauliches" in row.calendar for row in mails.values())
    assert LogEntry.objects.filter(action="meeting.papers_sent").count() == 1

    OutgoingMail.objects.all().delete()
    papers_send(meeting, user=planner)
    with_addition = OutgoingMail.objects.first()
    assert with_addition is not None
    assert with_addition.subject != mails["stadt@example.org"].subject


def test_an_office_that_shares_its_address_with_a_member_reads_the_public_part(meeting, world, planner):
    agenda.agenda_topic_add(meeting, title="Vertrauliches", is_internal=True, user=planner)
    world.municipality.email = world.people["member"].email
    world.municipality.save()
    OutgoingMail.objects.all().delete()
    papers_send(meeting, user=planner)
    shared = OutgoingMail.objects.get(address=world.municipality.email)
    assert "Vertrauliches" not in shared.body


def test_a_deputy_of_an_absent_member_gets_the_whole_agenda(meeting, world, planner):
    agenda.agenda_topic_add(meeting, title="Vertrauliches", is_internal=True, user=planner)
    day = meeting.held_on
    absence_add(world.people["head"], starts_on=day, ends_on=day, reason="", user=None)
    OutgoingMail.objects.all().delete()
    papers_send(meeting, user=planner)
    assert "Vertrauliches" in OutgoingMail.objects.get(address=world.people["specialist"].email).body


def test_papers_are_not_sent_for_nothing_or_too_late(meeting, planner):
    item = meeting.agenda.get()
    agenda.agenda_item_remove(item, reason="", user=planner)
    refused("agenda_empty", papers_send, meeting, user=planner)
    agenda.agenda_topic_add(meeting, title="Termine", user=planner)
    with at_noon(meeting.held_on + DAY):
        refused("day_over", papers_send, meeting, user=planner)
        meeting_close(meeting, attended=[], user=planner)
    refused("meeting_closed", papers_send, meeting, user=planner)


def test_the_calendar_entry_goes_with_the_mail_and_is_forgotten(meeting, world, planner):
    papers_send(meeting, user=planner)
    mails_send()
    sent = next(row for row in mail.outbox if row.to == [world.people["member"].email])
    part = sent.message().get_payload()[1]
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == "REQUEST"
    text = part.get_payload(decode=True).decode()
    start = timezone.make_aware(datetime.datetime.combine(meeting.held_on, meeting.starts_at))
    assert f"DTSTART:{start.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}" in text
    assert f"UID:meeting-{meeting.pk}@passgenau" in text
    assert f"mailto:{world.people['member'].email}" in text.replace("\r\n ", "")
    assert world.people["chair"].email not in text
    assert not OutgoingMail.objects.exclude(calendar="").exists()


def test_a_moved_meeting_raises_the_sequence(meeting, world, planner):
    world.municipality.email = "stadt@example.org"
    world.municipality.save()
    meeting_move(
        meeting,
        held_on=meeting.held_on + DAY,
        starts_at=datetime.time(10),
        place="Kreishaus",
        reason="Saal",
        user=planner,
    )
    row = OutgoingMail.objects.get(address="stadt@example.org")
    assert "SEQUENCE:1" in row.calendar
    assert meeting.moves.get().from_time == datetime.time(14)


# --- replies ---------------------------------------------------------------------------------------


def test_a_seat_and_a_guest_reply_and_may_change_their_mind(meeting, world, member, provider_head):
    assert [line.key for line in own_lines(member, reply_lines(meeting))] == [key_of(world, "member")]
    first = meeting_reply(meeting, key=key_of(world, "member"), choice="declines", user=member)
    meeting_reply(meeting, key=key_of(world, "member"), choice="comes", note="später", user=member)
    guest = f"guest-{world.provider.pk}"
    meeting_reply(meeting, key=guest, choice="comes", user=provider_head)

    first.refresh_from_db()
    assert (first.choice, first.note, first.replied_by) == (ReplyChoice.COMES, "später", member)
    assert MeetingReply.objects.count() == 2
    entry = LogEntry.objects.filter(action="meeting.replied").order_by("pk")[1]
    assert entry.data["before"]["choice"] == "declines"


def test_nobody_answers_for_others_or_with_nonsense(meeting, world, member, provider_head):
    for key in (key_of(world, "chair"), f"guest-{world.provider.pk}", "seat-0", ""):
        with pytest.raises(PermissionDenied):
            meeting_reply(meeting, key=key, choice="comes", user=member)
    refused(
        "choice_unknown", meeting_reply, meeting, key=key_of(world, "member"), choice="deputy", user=member
    )
    guest = f"guest-{world.provider.pk}"
    refused("choice_unknown", meeting_reply, meeting, key=guest, choice="", user=provider_head)


def test_the_deputy_answers_for_the_seat(meeting, world, specialist):
    reply = meeting_reply(meeting, key=key_of(world, "head"), choice="deputy", user=specialist)
    assert reply.seat.user == world.people["head"]


def test_after_it_has_begun_nothing_is_changed(meeting, world, member):
    start = timezone.make_aware(datetime.datetime.combine(meeting.held_on, datetime.time(14)))
    assert not has_begun(meeting)
    with at_noon(meeting.held_on):
        assert not has_begun(meeting)
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=datetime.time(11))
    with at_noon(timezone.localdate(start)):
        refused(
            "meeting_begun", meeting_reply, meeting, key=key_of(world, "member"), choice="comes", user=member
        )


def test_the_quorum_is_foreseen(meeting, world, chair, member):
    day = meeting.held_on
    absence_add(world.people["jobcenter_head"], starts_on=day, ends_on=day, reason="", user=None)
    found = replies_of(meeting, reply_lines(meeting))
    assert (found.sure.present, found.possible.present, found.possible.is_there) == (0, 3, True)
    meeting_reply(meeting, key=key_of(world, "member"), choice="declines", user=member)
    meeting_reply(meeting, key=key_of(world, "chair"), choice="declines", user=chair)
    found = replies_of(meeting, reply_lines(meeting))
    assert (found.possible.present, found.possible.is_there) == (1, False)
    assert [count for _label, count in found.counts] == [0, 0, 2]
    assert found.open_count == 4


def test_replies_from_before_a_move_count_no_more(meeting, world, planner, member, chair):
    values = {"starts_at": meeting.starts_at, "reason": "Saal", "user": planner}
    meeting_reply(meeting, key=key_of(world, "member"), choice="declines", user=member)
    meeting_move(meeting, held_on=meeting.held_on, place="Rathaus", **values)
    assert replies_of(meeting, reply_lines(meeting)).open_count == 5, "another place changes nobody's mind"

    OutgoingMail.objects.all().delete()
    meeting_move(meeting, held_on=meeting.held_on + DAY, place="Rathaus", **values)

    found = replies_of(meeting, reply_lines(meeting))
    assert found.open_count == 6
    line = next(row for row in found.lines if row.key == key_of(world, "member"))
    assert (line.reply, line.outdated.choice) == (None, ReplyChoice.DECLINES)
    text = OutgoingMail.objects.get(address=member.email).body
    meeting_reply(meeting, key=key_of(world, "member"), choice="comes", user=member)
    assert MeetingReply.objects.get().choice == ReplyChoice.COMES
    assert replies_of(meeting, reply_lines(meeting)).open_count == 5
    entry = LogEntry.objects.filter(action="meeting.replied").latest("pk")
    assert entry.data["before"]["choice"] == "declines"
    OutgoingMail.objects.all().delete()
    MeetingReply.objects.all().delete()
    meeting_move(meeting, held_on=meeting.held_on + DAY, place="Rathaus", **values)
    without = OutgoingMail.objects.get(address=member.email).body
    assert len(text.splitlines()) > len(without.splitlines()), "who had replied is asked anew"


# --- pages -----------------------------------------------------------------------------------------


def test_the_pages_send_and_reply(meeting, world, client_as, planner, member):
    page = reverse("workflows:meeting-papers", args=[meeting.pk])
    client = client_as(planner)
    assert client.get(page).status_code == 200
    assert client.post(page).status_code == 302
    meeting.refresh_from_db()
    assert meeting.papers_sent_at is not None
    assert client.get(page).status_code == 200

    detail = reverse("workflows:meeting-detail", args=[meeting.pk])
    reply = reverse("workflows:meeting-reply", args=[meeting.pk])
    own = client_as(member)
    assert [line.key for line in own.get(detail).context["own"]] == [key_of(world, "member")]
    data = {"for": key_of(world, "member"), "choice": "comes", "note": "pünktlich"}
    assert own.post(reply, data).status_code == 302
    assert own.post(reply, data | {"choice": "x"}).status_code == 302
    assert own.post(reply, data | {"for": key_of(world, "chair")}).status_code == 403
    assert MeetingReply.objects.get().note == "pünktlich"
    assert "pünktlich" in own.get(detail).content.decode()
    assert client_as(world.fresh("outsider")).post(reply, data).status_code == 404
    guest = client_as(world.fresh("provider_head")).get(detail)
    assert guest.context["replies"] is None
    assert "pünktlich" not in guest.content.decode()


def test_only_who_runs_the_meeting_sends(meeting, world, client_as):
    page = reverse("workflows:meeting-papers", args=[meeting.pk])
    for name, status in (("chair", 200), ("member", 403), ("specialist", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).get(page).status_code == status, name
    assert client_as(world.fresh("member")).post(page).status_code == 403


def test_who_sits_in_a_body_sees_its_meetings(meeting, world, client_as):
    guest = factories.staff("Beirat", world.neighbour)
    detail = reverse("workflows:meeting-detail", args=[meeting.pk])
    assert client_as(guest).get(detail).status_code == 404
    factories.seated(world.steering_group, world.association, guest, "advisory")
    assert client_as(type(guest).objects.get(pk=guest.pk)).get(detail).status_code == 200


def test_mails_are_in_the_language_of_the_office_whoever_sends(meeting, planner):
    held = Meeting.objects.create(cycle=meeting.cycle, body=meeting.body, held_on=timezone.localdate())
    AgendaItem.objects.create(meeting=meeting, position=9, kind=AgendaKind.MINUTES, title="x", approves=held)
    OutgoingMail.objects.all().delete()
    with translation.override("en"):
        english = minutes_title(held)
        papers_send(meeting, user=planner)
    with translation.override("de"):
        german = minutes_title(held)
    body = OutgoingMail.objects.first().body
    assert german in body
    assert english not in body


# --- what an inbox tells of ------------------------------------------------------------------------


def waiting_for(world, name):
    return [row.meeting for row in open_invitations(world.fresh(name))]


def test_whoever_is_invited_has_it_in_the_inbox_until_answered(meeting, world, planner, member, client_as):
    invited = ("member", "chair", "head", "specialist", "provider_head")
    assert {name: waiting_for(world, name) for name in invited} == {name: [meeting] for name in invited}
    assert waiting_for(world, "outsider") == waiting_for(world, "funder_reader") == []
    page = client_as(member).get(reverse("workflows:inbox"))
    assert (
        f"{reverse('workflows:meeting-detail', args=[meeting.pk])}#own-reply-heading" in page.content.decode()
    )
    assert page.context["invitations"][0].due_on == meeting.held_on - DAY

    meeting_reply(meeting, key=key_of(world, "member"), choice="declines", user=member)
    guest = f"guest-{world.provider.pk}"
    meeting_reply(meeting, key=guest, choice="comes", user=world.fresh("provider_head"))
    assert waiting_for(world, "member") == waiting_for(world, "provider_head") == []

    values = {"starts_at": meeting.starts_at, "place": meeting.place, "reason": "Saal", "user": planner}
    meeting_move(meeting, held_on=meeting.held_on + DAY, **values)
    assert waiting_for(world, "member") == [meeting], "asked anew"


def test_nobody_is_asked_when_it_has_begun_or_was_called_off(meeting, world, planner, chair):
    with at_noon(meeting.held_on):
        assert waiting_for(world, "member") == [meeting]
        Meeting.objects.filter(pk=meeting.pk).update(starts_at=datetime.time(11))
        assert waiting_for(world, "member") == []
    meeting.refresh_from_db()
    meeting_cancel(meeting, reason="Zu wenige", user=planner)
    assert waiting_for(world, "member") == []


def test_many_invitations_cost_the_same(meeting, member, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        assert len(open_invitations(member)) == 1
    for days in range(1, 9):
        Meeting.objects.create(
            cycle=meeting.cycle, body=meeting.body, held_on=meeting.held_on + days * DAY, place="Kreishaus"
        )
    with django_assert_num_queries(len(one)):
        assert len(open_invitations(member)) == 9


def test_a_cycle_that_is_closed_asks_nobody(meeting, world):
    assert waiting_for(world, "member") == [meeting]
    type(meeting.cycle).objects.filter(pk=meeting.cycle_id).update(closed_at=timezone.now())
    assert waiting_for(world, "member") == []


def test_more_invitations_than_the_inbox_shows_are_counted_and_linked(meeting, member, client_as):
    for days in range(1, 23):
        Meeting.objects.create(
            cycle=meeting.cycle, body=meeting.body, held_on=meeting.held_on + days * DAY, place="Kreishaus"
        )
    client, address = client_as(member), reverse("workflows:inbox")

    page = client.get(address)

    assert (len(page.context["invitations"]), page.context["further_count"]) == (20, 3)
    assert 'href="?invitations=all#inbox-meetings-heading"' in page.content.decode()
    everything = client.get(address, {"invitations": "all"})
    assert (len(everything.context["invitations"]), everything.context["further_count"]) == (23, 0)
    assert "?invitations=all#" not in everything.content.decode()


def test_calendar_entries_are_in_the_language_of_the_office_whoever_sends(meeting, planner):
    held = Meeting.objects.create(cycle=meeting.cycle, body=meeting.body, held_on=timezone.localdate())
    AgendaItem.objects.create(meeting=meeting, position=9, kind=AgendaKind.MINUTES, title="x", approves=held)
    OutgoingMail.objects.all().delete()
    with translation.override("en"):
        english = minutes_title(held).split()[0]
        papers_send(meeting, user=planner)
    with translation.override("de"):
        german = minutes_title(held).split()[0]
    entries = [mail.calendar for mail in OutgoingMail.objects.exclude(calendar="")]
    assert entries
    assert all(german in entry and english not in entry for entry in entries)


def test_a_closed_meeting_waits_for_no_answer(meeting, world, client_as, planner):
    page = reverse("workflows:meeting-detail", args=[meeting.pk])
    with translation.override("de"):
        words = translation.gettext("no answer yet")
    assert words in client_as(planner).get(page).content.decode()
    meeting.closed_at = timezone.now()
    meeting.save()
    assert words not in client_as(planner).get(page).content.decode()


# --- reminders -------------------------------------------------------------------------------------


def reminded(days_before, meeting):
    """Addresses the timers remind at noon so many days before the meeting."""
    OutgoingMail.objects.all().delete()
    with at_noon(meeting.held_on - days_before * DAY):
        replies_remind()
    return set(OutgoingMail.objects.values_list("address", flat=True))


@pytest.fixture
def far(meeting):
    """The meeting is ten days off."""
    Meeting.objects.filter(pk=meeting.pk).update(held_on=timezone.localdate() + 10 * DAY)
    meeting.refresh_from_db()
    return meeting


def test_who_has_not_answered_is_reminded_once_before_the_meeting(far, world, member):
    own = {name: world.people[name].email for name in ("chair", "member", "head", "jobcenter_head")}
    type(world.provider).objects.filter(pk=world.provider.pk).update(email="traeger@example.org")
    meeting_reply(far, key=key_of(world, "member"), choice="declines", user=member)

    assert reminded(4, far) == set(), "not yet"
    asked = reminded(3, far)

    assert {own["chair"], own["head"], own["jobcenter_head"], "traeger@example.org"} <= asked
    assert own["member"] not in asked
    assert reminded(2, far) == set(), "once is enough"
    assert LogEntry.objects.filter(action="meeting.replies_reminded", user=None).count() == 1


def test_who_stands_in_is_reminded_and_nobody_where_the_seat_is_empty(far, world):
    head, chair = world.people["head"], world.people["chair"]
    for person in (head, chair):
        absence_add(person=person, starts_on=far.held_on, ends_on=far.held_on, reason="", user=person)

    asked = reminded(3, far)

    assert world.steering_group.memberships.get(user=head).deputy.email in asked
    assert not {head.email, chair.email} & asked


def test_nobody_is_reminded_on_the_day_they_were_asked_nor_on_that_of_the_meeting(meeting, world, planner):
    assert reminded(3, meeting) == set(), "set today"
    assert reminded(0, meeting) == set()
    assert reminded(2, meeting)
    values = {"starts_at": meeting.starts_at, "place": meeting.place, "reason": "Saal", "user": planner}
    with at_noon(meeting.held_on - 2 * DAY):
        meeting_move(meeting, held_on=meeting.held_on + 5 * DAY, **values)
    assert reminded(3, meeting), "answers to the old day count no more: once again"
    assert reminded(2, meeting) == set()


def test_what_is_over_called_off_or_closed_reminds_nobody(far, world, planner):
    with time_machine.travel(
        timezone.make_aware(datetime.datetime.combine(far.held_on - DAY, datetime.time(5)))
    ):
        assert replies_remind() == 0, "not at night"
    PlanningCycle.objects.filter(pk=far.cycle_id).update(closed_at=timezone.now())
    assert reminded(3, far) == set()
    PlanningCycle.objects.filter(pk=far.cycle_id).update(closed_at=None)
    meeting_cancel(far, reason="Zu wenige", user=planner)
    assert reminded(3, far) == set()


def test_a_reminder_holds_nothing_internal_and_goes_with_the_timers(far, planner):
    agenda.agenda_topic_add(far, title="Vertrauliches", is_internal=True, user=planner)
    OutgoingMail.objects.all().delete()
    with at_noon(far.held_on - 2 * DAY):
        timers_fire()
    address = reverse("workflows:meeting-detail", args=[far.pk])
    sent = [row for row in mail.outbox if address in row.body]
    assert sent
    assert all(row.attachments for row in sent), "with the calendar entry"
    assert not any("Vertrauliches" in row.body + str(row.attachments) for row in sent)


def test_one_meeting_that_fails_does_not_hold_up_the_others(far, world, monkeypatch, caplog):
    other = Meeting.objects.create(cycle=far.cycle, body=far.body, held_on=far.held_on, place="Saal")
    real = reply_reminders.reply_lines

    def fails(meeting):
        if meeting.pk == far.pk:
            raise RuntimeError
        return real(meeting)

    monkeypatch.setattr(reply_reminders, "reply_lines", fails)
    assert reminded(3, far)
    assert "the next run tries again" in caplog.text
    rows = LogEntry.objects.filter(action="meeting.replies_reminded")
    assert [row.object_id for row in rows] == [other.pk]
