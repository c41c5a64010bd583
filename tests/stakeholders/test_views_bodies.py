"""Pages of bodies."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders import services as people
from stakeholders.models import BodyKind
from tests import factories
from workflows.demo import driver
from workflows.models import DecisionResult

LIST = "/bodies/"


def detail(body):
    return reverse("stakeholders:body-detail", args=[body.pk])


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("planner", 3),
        ("member", 3),
        ("admin", 3),
        ("association_head", 2),
        ("provider_head", 1),
        ("funder_reader", 0),
    ],
)
def test_people_see_the_bodies_of_their_territory_or_their_own(name, count, world, client_as):
    factories.people.body_create(
        territory=world.neighbour, name="Gremium", kind=BodyKind.STEERING_GROUP, quorum_share="0.5", user=None
    )

    assert len(client_as(world.fresh(name)).get(LIST).context["rows"]) == count


def test_the_list_counts_seats_in_force_and_their_quorum(world, client_as, planner):
    seat = world.steering_group.memberships.get(user=world.people["member"])
    people.seat_end(seat, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None)
    client = client_as(planner)

    rows = {row.name: row for row in client.get(LIST).context["rows"]}
    row = rows["Steuerungsgruppe"]
    assert (row.voting_count, row.advisory_count, row.quorum_today) == (3, 1, 2)
    assert [row.name for row in client.get(LIST, {"q": "steuer"}).context["rows"]] == ["Steuerungsgruppe"]
    assert client.get(LIST, {"q": "nirgends"}).context["rows"] == []
    assert '"Steuerungsgruppe"' in client.get(LIST, {"export": "csv"}).content.decode()


def test_a_body_shows_members_deputies_rule_and_former_members(world, client_as, planner):
    seat = world.steering_group.memberships.get(user=world.people["member"])
    people.seat_end(seat, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None)

    shown = client_as(planner).get(detail(world.steering_group))

    members = [row.user.display_name for row in shown.context["members"]]
    assert members[0] == "Vorsitz Steuerungsgruppe"
    assert "Sozialamtsleitung Musterstadt" not in members
    assert [row.user.display_name for row in shown.context["former"]] == ["Sozialamtsleitung Musterstadt"]
    assert shown.context["voting_count"] == 3
    assert "2 von 3 Stimmberechtigten" in shown.context["today_text"]
    assert "Fachplanung Jugendamt" in shown.content.decode()
    text = client_as(planner).get(detail(world.steering_group), {"export": "csv"}).content.decode("utf-8-sig")
    assert '"Leitung Jugendamt";"Leitung";"Fachplanung Jugendamt";"Fachplanung"' in text


def test_meetings_and_decisions_are_for_those_who_see_the_cycle(stages, world, client_as, chair):
    cycle, meeting = stages.in_steering_group()
    driver.decide(cycle.recommendations.get(), meeting, DecisionResult.APPROVED, user=chair)

    member = client_as(world.fresh("member")).get(detail(world.steering_group)).context
    administrator = client_as(world.fresh("admin")).get(detail(world.steering_group)).context

    assert (len(member["meetings"]), len(member["decisions"])) == (1, 1)
    assert (len(administrator["meetings"]), len(administrator["decisions"])) == (0, 0)
    assert member["sees_cycles"]
    assert not administrator["sees_cycles"], (
        "the page says that meetings are not shown, not that there are none"
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [("planner", 200), ("association_head", 200), ("provider_head", 404), ("outsider", 404)],
)
def test_who_sees_the_steering_group(name, status, world, client_as):
    assert client_as(world.fresh(name)).get(detail(world.steering_group)).status_code == status


def test_signing_in_and_reading_only(world, client, client_as, planner):
    assert client.get(LIST).status_code == 302
    assert client_as(planner).post(LIST).status_code == 405
    assert client_as(planner).post(detail(world.conference)).status_code == 405


def test_the_list_costs_the_same_for_few_and_many(world, client_as, planner):
    client = client_as(planner)
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number in range(10):
        people.body_create(
            territory=world.territory,
            name=f"Gremium {number}",
            kind=BodyKind.SOCIAL_SPACE_CONFERENCE,
            quorum_share="0.5",
            user=None,
        )
    with CaptureQueriesContext(connection) as many:
        client.get(LIST)

    assert len(few) == len(many)


def test_the_administration_finds_its_way_to_seats_and_new_bodies(world, client_as):
    admin, planner = client_as(world.fresh("admin")), client_as(world.fresh("planner"))
    seats = reverse("stakeholders:body-seats", args=[world.steering_group.pk])

    assert seats in admin.get(detail(world.steering_group)).content.decode()
    assert seats not in planner.get(detail(world.steering_group)).content.decode()
    assert reverse("stakeholders:body-create") in admin.get(LIST).content.decode()
    assert reverse("stakeholders:body-create") not in planner.get(LIST).content.decode()
