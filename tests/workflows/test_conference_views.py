"""Statements and meetings as people read them, and the pages on which the conference works."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders.models import Organisation, OutgoingMail
from tests.workflows.taskpages import SURE, take
from workflows.demo import driver
from workflows.flows import PlanningCycleFlow
from workflows.models import DecisionResult, Meeting, MeetingTemplate, Position, Statement
from workflows.nodes import open_task
from workflows.services import conference, meetings


def say(cycle, world, count=1, **kwargs):
    """Statements of the youth office."""
    values = {
        "area": world.areas[0],
        "position": Position.EXPLAINS,
        "organisation": world.youth_office,
        "user": world.people["specialist"],
    } | kwargs
    text = values.pop("text", "Zwei Straßenzüge prägen den Wert.")
    return [
        conference.statement_add(cycle, text=f"{text} {number}" if count > 1 else text, **values)
        for number in range(count)
    ]


def texts(response):
    return [row.text for row in response.context["page_obj"]]


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def url(cycle):
    return reverse("workflows:statement-list", args=[cycle.pk])


# --- statements ------------------------------------------------------------------------------------


def test_statements_are_filtered_sorted_and_found(cycle, url, world, client_as, planner):
    say(cycle, world, text="Familien ziehen weg", indicator=world.indicators[0])
    say(
        cycle,
        world,
        text="Stimmt",
        position=Position.AGREES,
        area=world.areas[1],
        organisation=world.jobcenter,
    )
    client = client_as(planner)

    assert texts(client.get(url)) == ["Stimmt", "Familien ziehen weg"]  # Altstadt before Zentrum Nord
    assert texts(client.get(url, {"sort": "-area"})) == ["Familien ziehen weg", "Stimmt"]
    assert texts(client.get(url, {"area": world.areas[1].pk})) == ["Stimmt"]
    assert texts(client.get(url, {"organisation": world.youth_office.pk})) == ["Familien ziehen weg"]
    assert texts(client.get(url, {"position": "agrees"})) == ["Stimmt"]
    assert texts(client.get(url, {"q": "WEG"})) == ["Familien ziehen weg"]
    assert texts(client.get(url, {"q": "sgb2_rate"})) == ["Familien ziehen weg"]
    assert texts(client.get(url, {"q": "nirgends"})) == []
    wrong = client.get(url, {"area": "x", "position": "shouts", "sort": "nothing", "page": "99"})
    assert len(texts(wrong)) == 2


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("planner", 200),
        ("specialist", 200),
        ("member", 200),
        ("association_head", 200),
        ("provider_head", 200),
        ("funder_reader", 404),
        ("admin", 404),
        ("outsider", 404),
    ],
)
def test_who_sees_the_list(name, status, url, world, client_as):
    assert client_as(world.fresh(name)).get(url).status_code == status


def test_during_the_conference_only_its_people_read_statements_and_everybody_their_own(
    cycle, url, world, client_as
):
    say(cycle, world, text="Jugendamt sagt")
    say(cycle, world, text="Stadt sagt", organisation=world.municipality)

    def read(name):
        return sorted(texts(client_as(world.fresh(name)).get(url)))

    assert read("planner") == read("jobcenter_head") == ["Jugendamt sagt", "Stadt sagt"]
    assert read("member") == ["Stadt sagt"]
    assert read("head") == ["Jugendamt sagt"]
    assert read("association_head") == []


def test_after_the_conference_all_who_see_the_cycle_read_them(stages, world, client_as, member):
    cycle = stages.at_steering_group()

    response = client_as(member).get(reverse("workflows:statement-list", args=[cycle.pk]))

    assert texts(response) == ["Zwei Straßenzüge prägen den Wert."]


def test_without_signing_in_nothing_is_shown(url, client):
    assert client.get(url).status_code == 302


def test_lists_take_no_post(url, client_as, planner):
    assert client_as(planner).post(url).status_code == 405


def test_an_empty_list_says_what_comes_next(url, client_as, planner, stages):
    assert "pg-empty" in client_as(planner).get(url).content.decode()


def test_the_export_holds_what_is_seen(cycle, url, world, client_as, planner, head):
    say(cycle, world, text="=1+1")
    say(cycle, world, text="Stadt sagt", organisation=world.municipality)

    everything = client_as(planner).get(url, {"export": "csv", "sort": "organisation"})
    own = client_as(head).get(url, {"export": "csv"})

    lines = everything.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith('"Gebiet";"Organisation"')
    assert '"\'=1+1"' in lines[1]
    assert "Stadt sagt" in lines[2]
    assert b"Stadt sagt" not in own.content
    workbook = client_as(planner).get(url, {"export": "xlsx"})
    assert workbook.content[:2] == b"PK"


def test_a_list_costs_the_same_for_few_and_many(cycle, url, world, client_as, planner):
    client = client_as(planner)
    say(cycle, world, count=2, indicator=world.indicators[0])
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    say(cycle, world, count=18, domain=world.indicators[0].domain)
    with CaptureQueriesContext(connection) as many:
        client.get(url)

    assert len(few) == len(many)


def test_long_lists_come_in_pages(cycle, url, world, client_as, planner):
    say(cycle, world, count=26)
    client = client_as(planner)

    assert len(texts(client.get(url))) == 25
    assert len(texts(client.get(url, {"page": 2}))) == 1


# --- inviting --------------------------------------------------------------------------------------


def test_planning_invites_members_by_default_and_others_as_wished(stages, world, client_as, planner):
    cycle = stages.at_conference()
    Organisation.objects.filter(pk=world.provider.pk).update(email="traeger@example.org")
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.prepare_conference)
    form = client.get(page).context["form"]
    members = {world.planning_unit.pk, world.youth_office.pk, world.health_office.pk, world.jobcenter.pk}
    assert set(form["participants"].value()) == members
    day = timezone.localdate() + datetime.timedelta(days=14)

    answer = client.post(
        page,
        {"held_on": day.isoformat(), "place": "Kreishaus", "participants": [*members, world.provider.pk]},
    )

    assert answer.status_code == 302
    assert cycle.contributions.count() == 5
    assert OutgoingMail.objects.get(address="traeger@example.org").subject.startswith("Einladung")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"held_on": "2020-01-01"}, "held_on"),
        ({"held_on": "bald"}, "held_on"),
        ({"place": ""}, "place"),
        ({"participants": []}, "participants"),
        ({"participants": ["foreign"]}, "participants"),
    ],
)
def test_a_wrong_invitation_is_shown_again(wrong, field, stages, world, client_as, planner):
    cycle = stages.at_conference()
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.prepare_conference)
    data = {
        "held_on": timezone.localdate().isoformat(),
        "place": "Kreishaus",
        "participants": [world.youth_office.pk],
    } | wrong
    if data["participants"] == ["foreign"]:
        data["participants"] = [world.neighbour.pk]

    answer = client.post(page, data)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Meeting.objects.exists()


def test_the_steering_group_is_invited_with_its_agenda(stages, world, client_as, planner):
    cycle = stages.at_steering_group(("Eins", "Zwei"))
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.prepare_steering_group)

    shown = client.get(page)
    assert [item.title for item in shown.context["agenda"]] == ["Eins", "Zwei"]
    answer = client.post(
        page,
        {
            "held_on": timezone.localdate().isoformat(),
            "place": "Kreishaus",
            "participants": shown.context["form"]["participants"].value(),
            "note": "Niederschrift der letzten Sitzung",
        },
    )

    assert answer.status_code == 302
    meeting = Meeting.objects.get(body=world.steering_group)
    assert meeting.participants.count() == 5


# --- the conference itself -------------------------------------------------------------------------


def test_planning_writes_down_what_is_said_names_fields_and_closes(cycle, world, client_as, planner):
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.hold_conference)
    said = {
        "area": world.areas[0].pk,
        "add": "1",
        "statement-position": "unseen_need",
        "statement-confidence": "likely",
        "statement-about": f"domain-{world.indicators[0].domain_id}",
        "statement-text": "Es fehlen Räume.",
    }
    assert client.post(page, said).status_code == 422, "whose knowledge is it?"
    assert client.post(page, said | {"statement-organisation": world.neighbour.pk}).status_code == 422
    assert client.post(page, said | {"statement-organisation": world.health_office.pk}).status_code == 302
    statement = Statement.objects.get()
    assert (statement.organisation, statement.created_by) == (world.health_office, planner)
    assert statement.domain == world.indicators[0].domain

    assert client.post(page, {"field": "1", "field-title": "Wohnen"}).status_code == 302
    assert client.post(page, {"field": "1", "field-title": "wohnen"}).status_code == 422
    assert client.post(page, {"field": "1", "field-title": ""}).status_code == 422
    assert world.plan.fields.count() == 2

    assert client.post(page, {}).status_code == 422, "nobody took part"
    attended = {"attended": [world.youth_office.pk]}
    assert client.post(page, attended).status_code == 200
    assert cycle.meetings.get().closed_at is None, "asked once more"
    answer = client.post(page, attended | SURE)
    assert answer.status_code == 302
    meeting = cycle.meetings.get()
    assert meeting.closed_at is not None
    assert [row.organisation for row in meeting.participants.filter(attended=True)] == [world.youth_office]


def test_planning_corrects_its_own_entries_only(cycle, world, client_as, planner):
    own = say(cycle, world, user=planner, text="Planung schreibt")[0]
    foreign = say(cycle, world, text="Jugendamt schreibt")[0]
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.hold_conference)

    shown = client.get(page, {"area": world.areas[0].pk}).context["statements"]
    assert {row["statement"].pk: row["is_own"] for row in shown} == {own.pk: True, foreign.pk: False}
    assert client.post(page, {"area": world.areas[0].pk, "remove": foreign.pk}).status_code == 404
    assert client.post(page, {"area": world.areas[0].pk, "remove": "x"}).status_code == 404
    assert client.post(page, {"area": world.areas[0].pk, "remove": own.pk}).status_code == 302
    assert list(Statement.objects.all()) == [foreign]


def test_what_is_evidence_already_is_not_removed_and_the_page_says_so(
    cycle, stages, world, client_as, planner, specialist
):
    own = say(cycle, world, user=planner)[0]
    driver.recommend(cycle, stages.wording(statements=[own]), author=specialist)
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.hold_conference)

    answer = client.post(page, {"area": world.areas[0].pk, "remove": own.pk}, follow=True)

    assert "stützt sich" in answer.content.decode()
    assert Statement.objects.count() == 1


def test_open_drafts_are_named_before_closing(cycle, stages, client_as, planner, specialist):
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.hold_conference)
    assert client.get(page).context["unfinished_count"] == 0

    driver.recommend(cycle, stages.wording(), author=specialist)

    assert client.get(page).context["unfinished_count"] == 1


def test_after_the_conference_its_page_is_closed(stages, client_as, planner, world):
    cycle = stages.in_conference()
    client = client_as(planner)
    page = take(client, cycle.process, PlanningCycleFlow.hold_conference)
    driver.close_conference(cycle, user=planner)

    assert client.get(page).status_code == 409
    assert client.post(page, {"attended": [world.youth_office.pk]}).status_code == 409


def test_only_planning_holds_the_conference(cycle, world, client_as):
    task = open_task(cycle.process, PlanningCycleFlow.hold_conference)
    page = reverse("workflows:task", args=[task.pk])

    for name in ("specialist", "chair", "outsider", "provider_head"):
        assert client_as(world.fresh(name)).get(page, follow=True).status_code == 404, name


# --- meetings --------------------------------------------------------------------------------------


@pytest.fixture
def session(stages, world, planner):
    """The steering group meets today on two recommendations."""
    return stages.in_steering_group(("Eins", "Zwei"))


def test_a_meeting_shows_its_agenda_and_what_was_decided(session, client_as, chair, member):
    cycle, meeting = session
    first = cycle.recommendations.get(number=1)
    driver.decide(first, meeting, DecisionResult.REJECTED, user=chair, reason="Kein Geld")

    shown = client_as(member).get(reverse("workflows:meeting-detail", args=[meeting.pk]))

    items = [
        (item.title, item.decision.reference if item.decision else None) for item in shown.context["agenda"]
    ]
    assert items == [("Eins", f"1/{meeting.held_on.year}"), ("Zwei", None)]
    assert len(shown.context["present"]) == 5


def test_who_is_invited_sees_the_meeting_without_the_cycle(session, world, client_as, planner, provider_head):
    cycle, _meeting = session
    other = meetings.meeting_schedule(
        cycle,
        body=world.conference,
        held_on=timezone.localdate(),
        place="Kreishaus",
        participants=[world.provider],
        user=planner,
        note="Punkt eins\n\nPunkt zwei",
    )
    page = reverse("workflows:meeting-detail", args=[other.pk])

    shown = client_as(provider_head).get(page)
    assert shown.status_code == 200
    assert [line.title for line in shown.context["agenda"]][-2:] == ["Punkt eins", "Punkt zwei"]
    assert client_as(world.fresh("outsider")).get(page).status_code == 404


def test_how_members_took_part_is_for_the_body_and_planning(session, world, client_as, chair):
    cycle, meeting = session
    driver.decide(cycle.recommendations.get(number=1), meeting, DecisionResult.APPROVED, user=chair)
    page = reverse("workflows:meeting-detail", args=[meeting.pk])

    assert client_as(world.fresh("planner")).get(page).context["present"]
    assert client_as(world.fresh("association_head")).get(page).context["present"]
    assert not client_as(world.fresh("health_head")).get(page).context["present"]


def test_a_meeting_can_be_put_into_the_calendar(session, client_as, member):
    _cycle, meeting = session

    answer = client_as(member).get(reverse("workflows:meeting-calendar", args=[meeting.pk]))

    assert answer["Content-Type"].startswith("text/calendar")
    assert f"DTSTART;VALUE=DATE:{meeting.held_on:%Y%m%d}".encode() in answer.content


def test_meetings_of_a_cycle_are_listed_by_body(session, world, client_as, member):
    cycle, meeting = session
    client = client_as(member)
    page = reverse("workflows:meeting-list", args=[cycle.pk])

    assert len(client.get(page).context["page_obj"]) == 2
    assert list(client.get(page, {"body": world.steering_group.pk}).context["page_obj"]) == [meeting]
    assert b"Steuerungsgruppe" in client.get(page, {"export": "csv"}).content


def test_planning_sets_a_further_meeting(session, world, client_as, planner, member):
    cycle, _meeting = session
    page = reverse("workflows:meeting-create", args=[cycle.pk])
    client = client_as(planner)
    data = {
        "body": world.steering_group.pk,
        "held_on": timezone.localdate().isoformat(),
        "place": "Kreishaus",
        "participants": [world.youth_office.pk],
    }

    assert client_as(member).get(page).status_code == 403
    assert client_as(world.fresh("outsider")).get(page).status_code == 404
    assert client.get(page).status_code == 200
    assert client.post(page, data | {"place": ""}).status_code == 422
    assert client.post(page, data).status_code == 302
    assert cycle.meetings.filter(body=world.steering_group).count() == 2


def test_a_further_meeting_takes_place_and_hour_of_its_template(session, world, client_as, planner):
    cycle, _meeting = session
    page = reverse("workflows:meeting-create", args=[cycle.pk])
    values = {"name": "Regelsitzung", "place": "Rathaus", "starts_at": datetime.time(9)}
    template = MeetingTemplate.objects.create(body=world.steering_group, **values)
    other = MeetingTemplate.objects.create(body=world.conference, **values)
    client = client_as(planner)
    data = {
        "body": world.steering_group.pk,
        "held_on": (timezone.localdate() + datetime.timedelta(days=2)).isoformat(),
        "participants": [world.youth_office.pk],
    }

    assert client.post(page, data).status_code == 422, "no place at all"
    assert client.post(page, data | {"template": other.pk}).status_code == 422, "of another body"
    assert client.post(page, data | {"template": template.pk}).status_code == 302
    made = cycle.meetings.latest("pk")
    assert (made.place, made.starts_at) == ("Rathaus", datetime.time(9))
    assert client.post(page, data | {"template": template.pk, "place": "Kreishaus"}).status_code == 302
    assert cycle.meetings.latest("pk").place == "Kreishaus"
