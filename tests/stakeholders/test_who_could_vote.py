"""Who could vote on a day: seats, deputies, absences and rules of that day, on the page and as a file."""

import datetime
import importlib

import pytest
import time_machine
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from project.common.formats import date_de
from stakeholders import services
from stakeholders.models import FormerDeputy, Function
from stakeholders.procedure import Tie, VotingRules
from stakeholders.selectors.bodies import with_deputies_of
from tests.factories import staff

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)


def in_days(days):
    return timezone.localdate() + days * DAY


@pytest.fixture
def seat(head):
    return head.seats.get()


@pytest.fixture
def newcomer(world):
    return staff("Neue Kollegin", world.youth_office, Function.PLANNER)


@pytest.fixture
def page(world):
    return reverse("stakeholders:body-detail", args=[world.steering_group.pk])


def deputy_on(seat, days):
    seat.refresh_from_db()
    (found,) = with_deputies_of([seat], in_days(days))
    return found.deputy


def test_deputies_of_before_are_kept(seat, specialist, newcomer, admin):
    with time_machine.travel(timezone.now() + 10 * DAY, tick=False):
        services.seat_set_deputy(seat, deputy=newcomer, user=admin)
    with time_machine.travel(timezone.now() + 20 * DAY, tick=False):
        # Changed twice on a day: who was named for no whole day stays out.
        services.seat_set_deputy(seat, deputy=specialist, user=admin)
        services.seat_set_deputy(seat, deputy=None, user=admin)

    assert [deputy_on(seat, days) for days in (0, 9, 10, 19, 20, 99)] == [
        specialist,
        specialist,
        newcomer,
        newcomer,
        None,
        None,
    ]
    assert FormerDeputy.objects.count() == 2


def test_deputies_of_before_the_table_come_from_the_log(seat, specialist, newcomer, admin):
    with time_machine.travel(timezone.now() + 10 * DAY, tick=False):
        services.seat_set_deputy(seat, deputy=newcomer, user=admin)
        services.seat_set_deputy(seat, deputy=None, user=admin)
    kept = list(FormerDeputy.objects.values_list("seat", "deputy", "until_on"))
    FormerDeputy.objects.all().delete()

    fill = importlib.import_module("stakeholders.migrations.0010_fill_former_deputies")
    fill.copy_from_log(apps, schema_editor=None)

    assert list(FormerDeputy.objects.values_list("seat", "deputy", "until_on")) == kept
    assert kept == [(seat.pk, specialist.pk, in_days(9))]


def test_the_page_of_a_day_shows_what_was_then(
    world, page, client_as, planner, seat, specialist, newcomer, admin
):
    body, member = world.steering_group, world.fresh("member")
    services.absence_add(seat.user, starts_on=in_days(0), ends_on=in_days(2), reason="", user=None)
    services.seat_end(body.memberships.get(user=member), ends_on=in_days(3), user=admin)
    services.rules_add(
        body,
        rules=VotingRules(body_id=body.pk, tie=Tie.CHAIR),
        valid_from=in_days(5),
        allows_circulated=False,
        notice_days=0,
        source="",
        reason="Neu",
        user=admin,
    )
    first_day = in_days(1)
    with time_machine.travel(timezone.now() + 10 * DAY, tick=False):
        services.seat_set_deputy(seat, deputy=newcomer, user=admin)
        client = client_as(planner)
        before = client.get(page, {"on": first_day.isoformat()})
        after = client.get(page)

    def people(response):
        return {row.user: row.deputy for row in response.context["members"]}

    assert member in people(before)
    assert member not in people(after)
    assert people(before)[seat.user] == specialist
    assert people(after)[seat.user] == newcomer
    assert (before.context["voting_count"], after.context["voting_count"]) == (4, 3)
    assert (before.context["rules"].tie, after.context["rules"].tie) == (Tie.FAILS, Tie.CHAIR)
    assert f"Mitglieder am {date_de(first_day)}" in before.content.decode()
    assert "vertreten durch Fachplanung Jugendamt" in before.content.decode()
    assert "vertreten durch" not in after.content.decode()


@pytest.mark.parametrize("wrong", ["gestern", "2026-13-45", "'"])
def test_what_is_no_day_is_said_and_today_shown(wrong, page, client_as, planner):
    shown = client_as(planner).get(page, {"on": wrong})

    assert shown.status_code == 200
    assert shown.context["is_today"]
    assert shown.context["day_form"].errors


def test_the_file_of_a_day_names_day_and_rules(page, client_as, planner, seat):
    services.absence_add(seat.user, starts_on=in_days(4), ends_on=in_days(4), reason="geheim", user=None)
    client = client_as(planner)
    shown = client.get(page, {"on": in_days(4).isoformat()})
    assert all(f"on={in_days(4).isoformat()}" in link["url"] for link in shown.context["links"])

    text = client.get(page, {"on": in_days(4).isoformat(), "export": "csv"}).content.decode("utf-8-sig")

    assert f"Stand: {date_de(in_days(4))}" in text
    assert "Bei Stimmengleichheit ist abgelehnt." in text
    assert '"Leitung Jugendamt";"Leitung";"Fachplanung Jugendamt";"Fachplanung"' in text
    assert "geheim" not in text


def test_a_day_before_anybody_sat_there_is_empty(page, client_as, planner):
    shown = client_as(planner).get(page, {"on": "1999-01-01"})

    assert shown.context["members"] == []
    assert "Niemand hatte an diesem Tag einen Sitz" in shown.content.decode()


def test_functions_are_those_of_the_day_in_the_organisation_of_the_seat(
    page, client_as, planner, seat, world
):
    """Another function begins in ten days; one in another organisation, or of its administration, is none."""
    membership = seat.user.memberships.get(organisation=seat.organisation)
    membership.ends_on = in_days(9)
    membership.save()
    for organisation, function in (
        (seat.organisation, Function.DEPUTY),
        (world.health_office, Function.PLANNER),
        (seat.organisation, Function.ADMINISTRATOR),
    ):
        seat.user.memberships.create(organisation=organisation, function=function, starts_on=in_days(10))

    def function_on(days):
        shown = client_as(planner).get(page, {"on": in_days(days).isoformat()})
        return next(row.function for row in shown.context["members"] if row.pk == seat.pk)

    assert (function_on(0), function_on(10)) == ("Leitung", "Stellvertretende Leitung")


def test_more_members_cost_the_same(page, client_as, planner, world, newcomer, admin):
    client = client_as(planner)
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    services.seat_start(
        body=world.steering_group,
        organisation=world.youth_office,
        person=newcomer,
        seat="advisory",
        starts_on=timezone.localdate(),
        user=admin,
    )
    with CaptureQueriesContext(connection) as more:
        client.get(page)
    assert len(more) == len(few)
