"""A meeting is held on another day: who is told, what follows, and when its day is part of the record."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import LogEntry, OutgoingMail
from workflows.demo import driver
from workflows.flows import ContributionFlow, PlanningCycleFlow, RecommendationFlow
from workflows.models import DecisionResult, Meeting, MeetingMove
from workflows.nodes import open_task
from workflows.services.attendance import attendance_arrive, attendance_take_back
from workflows.services.meetings import meeting_cancel, meeting_close, meeting_move, meeting_schedule
from workflows.services.outcomes import item_call, outcome_note

DAY = datetime.timedelta(days=1)


def in_days(count: int) -> datetime.date:
    return timezone.localdate() + count * DAY


def due(process, node):
    return open_task(process, node).card.due_on


def move(meeting, day, user, **kwargs):
    values = {"place": meeting.place, "reason": "Der Saal ist belegt."}
    return meeting_move(meeting, held_on=day, user=user, **(values | kwargs))


def refused(code, meeting, day, user, **kwargs):
    with pytest.raises(DomainError) as error:
        move(meeting, day, user, **kwargs)
    assert error.value.code == code


@pytest.fixture
def conference(stages, world, planner):
    cycle = stages.at_conference()
    return driver.invite_conference(
        cycle, [world.youth_office, world.jobcenter], user=planner, held_on=in_days(20), place="Kreishaus"
    )


def test_statements_and_conference_are_due_with_the_new_day(conference, planner, world, specialist):
    cycle = conference.cycle
    given = cycle.contributions.get(organisation=world.youth_office)
    driver.contribute(cycle, world.youth_office, user=specialist)
    waiting = cycle.contributions.get(organisation=world.jobcenter)

    move(conference, in_days(34), planner)
    waiting.refresh_from_db()
    given.refresh_from_db()
    cycle.process.refresh_from_db()
    assert due(waiting.process, ContributionFlow.give_statements) == in_days(34) == waiting.due_on
    assert given.due_on == in_days(20), "what was handed in keeps its day"
    assert due(cycle.process, PlanningCycleFlow.hold_conference) == in_days(34)
    row = MeetingMove.objects.get()
    assert (row.from_day, row.to_day) == (in_days(20), in_days(34))
    entry = LogEntry.objects.get(action="meeting.moved")
    assert (entry.user, entry.data["reason"]) == (planner, "Der Saal ist belegt.")


def test_a_further_conference_moves_no_statements(conference, planner, world):
    """They are due with the first one, which asked for them, whichever was set last."""
    cycle = conference.cycle
    second = meeting_schedule(
        cycle,
        body=cycle.planning_conference,
        held_on=in_days(40),
        place="Kreishaus",
        participants=[world.youth_office],
        user=planner,
    )
    process = cycle.contributions.get(organisation=world.jobcenter).process
    move(second, in_days(50), planner)
    assert due(process, ContributionFlow.give_statements) == in_days(20)
    move(conference, in_days(30), planner)
    assert due(process, ContributionFlow.give_statements) == in_days(30)


def test_all_who_were_invited_are_told(conference, planner, world):
    for office in (world.youth_office, world.jobcenter):
        office.email = f"amt-{office.pk}@example.org"
        office.save(update_fields=["email"])
    OutgoingMail.objects.all().delete()
    move(conference, in_days(27), planner, place="Rathaus")
    mails = list(OutgoingMail.objects.all())
    told = {mail.address for mail in mails}
    assert {world.youth_office.email, world.jobcenter.email} <= told
    assert world.people["planning_head"].email in told, "members have its date in their calendars, too"
    assert all("SEQUENCE:1" in mail.calendar for mail in mails)
    for mail in mails:
        assert date_de(in_days(20)) in mail.subject
        assert date_de(in_days(27)) in mail.subject
        assert {"Der Saal ist belegt.", "Ort: Rathaus"} <= {
            line.removeprefix("Grund: ") for line in mail.body.splitlines()
        }


def test_another_place_says_so_in_its_subject(conference, planner, world):
    world.youth_office.email = "jugendamt@example.org"
    world.youth_office.save(update_fields=["email"])
    conference.place = ""
    conference.save(update_fields=["place"])
    OutgoingMail.objects.all().delete()
    move(conference, in_days(20), planner, place="Rathaus")
    mail = OutgoingMail.objects.get(address=world.youth_office.email)
    assert mail.subject.startswith("Anderer Ort: ")
    assert f"Bisher: {date_de(in_days(20))}\n" in mail.body


def test_who_records_or_closes_with_a_day_that_was_moved_is_told(stages, chair, planner):
    """Both pages were open while planning moved the meeting away from today."""
    cycle, meeting = stages.in_steering_group()
    stale, also_stale = (Meeting.objects.get(pk=meeting.pk) for _ in range(2))
    move(meeting, in_days(5), planner)
    recommendation = cycle.recommendations.get()
    with pytest.raises(DomainError) as error:
        driver.decide(recommendation, stale, DecisionResult.REJECTED, user=chair, reason="Kein Geld")
    assert error.value.code == "meeting_moved"
    assert not recommendation.decisions.exists()
    with pytest.raises(DomainError) as error:
        meeting_close(also_stale, attended=[], user=planner)
    assert error.value.code == "meeting_not_held"


def test_a_decision_is_to_be_recorded_after_the_new_day(stages, planner):
    cycle = stages.at_steering_group()
    meeting = driver.invite_steering_group(cycle, user=planner, held_on=in_days(9))
    process = cycle.recommendations.get().process
    assert due(process, RecommendationFlow.decide_recommendation) == in_days(10)
    move(meeting, in_days(16), planner)
    assert due(process, RecommendationFlow.decide_recommendation) == in_days(17)


def test_what_cannot_be_moved_says_why(conference, planner):
    refused("reason_missing", conference, in_days(30), planner, reason="  ")
    refused("day_over", conference, in_days(-1), planner)
    refused("nothing_moved", conference, conference.held_on, planner)
    assert not MeetingMove.objects.exists()


def test_the_day_of_a_decision_stays(stages, chair, planner):
    _cycle, meeting = stages.in_steering_group()
    driver.decide(
        _cycle.recommendations.get(), meeting, DecisionResult.REJECTED, user=chair, reason="Kein Geld"
    )
    refused("meeting_decided", meeting, in_days(5), planner)


def test_a_closed_meeting_stays(stages, planner):
    _cycle, meeting = stages.in_steering_group()
    meeting_close(meeting, attended=[], user=planner)
    refused("meeting_closed", meeting, in_days(5), planner)


def test_planning_moves_it_on_its_page_and_nobody_else(conference, client_as, world, planner):
    page = reverse("workflows:meeting-move", args=[conference.pk])
    fields = {"held_on": in_days(30).isoformat(), "place": "Rathaus", "reason": "Der Saal ist belegt."}
    for name, status in (("specialist", 403), ("chair", 403), ("funder_reader", 404), ("outsider", 404)):
        assert client_as(world.fresh(name)).post(page, fields).status_code == status, name
    assert not MeetingMove.objects.exists()

    client = client_as(planner)
    assert client.post(page, fields | {"reason": ""}).status_code == 422
    shown = client.post(page, fields, follow=True).content.decode()
    assert f"Verlegt vom {date_de(in_days(20))} auf den {date_de(in_days(30))}" in shown
    assert "Der Saal ist belegt." in shown
    silent = "Keine E-Mail erreicht Jobcenter"
    assert silent in shown, "who has no address is to be told by other means"
    ics = client.get(reverse("workflows:meeting-calendar", args=[conference.pk])).content.decode()
    assert "SEQUENCE:1\r\n" in ics
    assert f"DTSTART;VALUE=DATE:{in_days(30):%Y%m%d}" in ics


def test_a_page_that_came_too_late_says_so(conference, client_as, planner):
    meeting_page = reverse("workflows:meeting-detail", args=[conference.pk])
    page = reverse("workflows:meeting-move", args=[conference.pk])
    client = client_as(planner)
    assert page in client.get(meeting_page).content.decode()
    conference.closed_at = timezone.now()
    conference.save(update_fields=["closed_at"])
    assert page not in client.get(meeting_page).content.decode()
    text = client.get(page).content.decode()
    assert "Die Sitzung ist bereits abgeschlossen." in text
    assert "<textarea" not in text


def test_what_has_begun_neither_moves_nor_is_called_off(stages, planner, chair, world):
    _cycle, meeting = stages.in_steering_group()
    item = meeting.agenda.first()
    note = outcome_note(item, text="Vorbereitet", user=planner)
    refused("meeting_begun", meeting, in_days(5), planner)
    note.delete()
    seat = world.steering_group.memberships.get(user=chair)
    row = attendance_arrive(meeting, seat=seat, user=chair)
    refused("meeting_begun", meeting, in_days(5), planner)
    with pytest.raises(DomainError) as error:
        meeting_cancel(meeting, reason="Zu wenige", user=planner)
    assert error.value.code == "meeting_begun"
    attendance_take_back(row, user=chair)
    item_call(item, user=planner)
    refused("meeting_begun", meeting, in_days(5), planner)


def test_notes_prepared_before_its_day_do_not_hold_a_meeting(stages, planner):
    cycle = stages.at_steering_group()
    meeting = driver.invite_steering_group(cycle, user=planner, held_on=in_days(9))
    outcome_note(meeting.agenda.first(), text="Vorbereitet", user=planner)
    assert move(meeting, in_days(10), planner).to_day == in_days(10)
