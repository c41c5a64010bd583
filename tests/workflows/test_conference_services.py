"""Meetings, invitations, statements, fields of action."""

import datetime

import pytest
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, Organisation, OutgoingMail
from tests import factories
from workflows.demo import driver
from workflows.models import Contribution, Position, Statement
from workflows.services import conference, meetings


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def statement(cycle, world, specialist):
    return conference.statement_add(
        cycle,
        area=world.areas[0],
        position=Position.EXPLAINS,
        text=" Zwei Straßenzüge prägen den Wert. ",
        organisation=world.youth_office,
        indicator=world.indicators[0],
        user=specialist,
    )


def schedule(cycle, world, user, **kwargs):
    values = {
        "body": world.steering_group,
        "held_on": timezone.localdate(),
        "place": "Kreishaus",
        "participants": [world.youth_office],
        "user": user,
    }
    return meetings.meeting_schedule(cycle, **(values | kwargs))


# --- meetings --------------------------------------------------------------------------------------


def test_invitations_go_to_each_office_once_and_name_the_meeting(cycle, world, planner):
    Organisation.objects.filter(pk=world.youth_office.pk).update(email="jugendamt@example.org")
    world.youth_office.refresh_from_db()
    world.jobcenter.email = ""

    meeting = schedule(
        cycle,
        world,
        planner,
        participants=[world.youth_office, world.jobcenter, world.youth_office],
        note="Haushalt 2027",
    )

    mail = OutgoingMail.objects.get(subject__contains="Steuerungsgruppe")
    assert mail.address == "jugendamt@example.org"
    assert "Kreishaus" in mail.body
    assert "Haushalt 2027" in mail.body
    assert f"/meetings/{meeting.pk}/" in mail.body
    assert meeting.participants.count() == 2
    assert LogEntry.objects.filter(action="meeting.scheduled", object_id=meeting.pk, user=planner).exists()


def test_what_is_refused_when_a_meeting_is_set(cycle, world, planner):
    foreign = factories.organisation("Amt nebenan", world.youth_office.kind, world.neighbour)

    refused("no_participant", schedule, cycle, world, planner, participants=[])
    refused("foreign_participant", schedule, cycle, world, planner, participants=[foreign])
    other_body = factories.people.body_create(
        territory=world.neighbour,
        name="Gremium",
        kind=world.steering_group.kind,
        quorum_share="0.5",
        user=None,
    )
    refused("foreign_body", schedule, cycle, world, planner, body=other_body)
    cycle.closed_at = timezone.now()
    refused("cycle_closed", schedule, cycle, world, planner)


def test_a_funder_belongs_to_no_territory_and_can_be_invited(cycle, world, planner):
    assert schedule(cycle, world, planner, participants=[world.funder]).participants.count() == 1


def test_a_meeting_is_closed_once_with_its_attendance(cycle, world, planner):
    meeting = cycle.meetings.get()

    meetings.meeting_close(meeting, attended=[world.youth_office], user=planner)

    attended = dict(meeting.participants.values_list("organisation__name", "attended"))
    assert attended == {"Jugendamt": True, "Jobcenter Musterkreis": False, "Gesundheitsamt": False}
    refused("meeting_closed", meetings.meeting_close, meeting, attended=[], user=planner)


def test_no_meeting_is_closed_before_its_day(cycle, world, planner):
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    meeting = schedule(cycle, world, planner, held_on=tomorrow)

    refused("meeting_not_held", meetings.meeting_close, meeting, attended=[], user=planner)
    meeting.refresh_from_db()
    assert meeting.closed_at is None


def test_the_conference_is_closed_with_all_of_its_meetings(cycle, world, planner):
    first = cycle.meetings.get()
    second = schedule(cycle, world, planner, body=world.conference, participants=[world.jobcenter])
    third = schedule(
        cycle,
        world,
        planner,
        body=world.conference,
        held_on=timezone.localdate() + datetime.timedelta(days=1),
    )
    attended = {first.pk: [world.youth_office], second.pk: [world.jobcenter]}

    refused("meeting_not_held", conference.conference_close, cycle, attended=attended, user=planner)
    third.agenda.all().delete()
    third.delete()
    conference.conference_close(cycle, attended=attended, user=planner)

    assert not cycle.meetings.filter(closed_at=None).exists()
    assert second.participants.get().attended
    assert LogEntry.objects.filter(action="meeting.closed").count() == 2


# --- contributions ---------------------------------------------------------------------------------


def test_everybody_invited_is_asked_until_the_day_of_the_conference(stages, world, planner):
    cycle = stages.at_conference()
    day = timezone.localdate() + datetime.timedelta(days=20)
    driver.invite_conference(cycle, [world.youth_office, world.jobcenter], user=planner, held_on=day)

    assert set(cycle.contributions.values_list("organisation__name", "due_on")) == {
        ("Jugendamt", day),
        ("Jobcenter Musterkreis", day),
    }


def test_a_contribution_is_finished_once(cycle, world, specialist, statement):
    contribution = cycle.contributions.get(organisation=world.youth_office)

    refused(
        "not_nothing", conference.contribution_finish, contribution, user=specialist, has_nothing_to_add=True
    )
    conference.contribution_finish(contribution, user=specialist)

    entry = LogEntry.objects.get(action="contribution.finished")
    assert entry.data == {"statements": 1}
    again = Contribution.objects.get(pk=contribution.pk)
    refused("contribution_finished", conference.contribution_finish, again, user=specialist)


# --- statements ------------------------------------------------------------------------------------


def test_a_statement_takes_the_topic_of_its_indicator(statement, world, specialist):
    assert statement.text == "Zwei Straßenzüge prägen den Wert."
    assert statement.domain == world.indicators[0].domain
    assert LogEntry.objects.filter(action="statement.added", user=specialist).exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": "  "}, "invalid"),
        ({"position": "shouts"}, "invalid"),
        ({"area": 3}, "area_not_chosen"),
        ({"organisation": "foreign"}, "foreign_organisation"),
    ],
)
def test_what_is_refused_as_a_statement(cycle, world, specialist, change, code):
    values = {
        "area": world.areas[0],
        "position": Position.AGREES,
        "text": "Text",
        "organisation": world.youth_office,
    } | change
    if isinstance(values["area"], int):
        values["area"] = world.areas[values["area"]]
    if values["organisation"] == "foreign":
        values["organisation"] = world.neighbour

    refused(code, conference.statement_add, cycle, user=specialist, **values)
    assert not Statement.objects.exists()


def test_a_statement_can_be_corrected_and_the_old_words_stay_in_the_log(statement, specialist):
    conference.statement_change(statement, position=Position.AGREES, text="Anders", user=specialist)

    statement.refresh_from_db()
    assert (statement.position, statement.text, statement.indicator) == ("agrees", "Anders", None)
    entry = LogEntry.objects.get(action="statement.changed")
    assert entry.data["before"]["text"] == "Zwei Straßenzüge prägen den Wert."


def test_a_statement_can_be_taken_back(statement, specialist):
    conference.statement_remove(statement, user=specialist)

    assert not Statement.objects.exists()
    assert LogEntry.objects.get(action="statement.removed").data["text"].startswith("Zwei Straßenzüge")


def test_a_statement_that_is_evidence_stays(cycle, stages, statement, specialist, planning_head):
    recommendation = driver.recommend(cycle, stages.wording(statements=[statement]), author=specialist)

    refused("statement_used", conference.statement_remove, statement, user=specialist)
    # As long as nobody has submitted the recommendation, the words can still be corrected.
    conference.statement_change(statement, position=Position.AGREES, text="Genauer", user=specialist)
    driver.adopt(recommendation, user=planning_head)
    refused(
        "statement_used",
        conference.statement_change,
        statement,
        position=Position.AGREES,
        text="Nochmals",
        user=specialist,
    )


def test_nothing_is_said_after_the_conference(stages, world, specialist):
    cycle = stages.at_steering_group()
    statement = Statement.objects.get()

    refused(
        "conference_over",
        conference.statement_add,
        cycle,
        area=world.areas[0],
        position=Position.AGREES,
        text="Zu spät",
        organisation=world.youth_office,
        user=specialist,
    )
    refused("conference_over", conference.statement_remove, statement, user=specialist)
    refused(
        "conference_over",
        conference.statement_change,
        statement,
        position=Position.AGREES,
        text="Zu spät",
        user=specialist,
    )


# --- fields of action ------------------------------------------------------------------------------


def test_fields_of_action_are_numbered_and_named_once(cycle, planner):
    field = conference.field_of_action_add(cycle, title=" Wohnen ", user=planner)

    assert (field.number, field.title) == (2, "Wohnen")
    refused("field_exists", conference.field_of_action_add, cycle, title="WOHNEN", user=planner)
    refused("title_missing", conference.field_of_action_add, cycle, title=" ", user=planner)
