"""Pages of people."""

import datetime
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders import services
from stakeholders.models import Function, OrganisationKind, OutgoingMail, Seat, User
from stakeholders.permissions import Perm, can
from tests.factories import employed, organisation, seated, staff

pytestmark = pytest.mark.django_db

LIST = "/administration/people/"
NEW = "/administration/people/new/"


def page(name, person):
    return reverse(f"stakeholders:person-{name}", args=[person.pk])


def names(response):
    return [str(person) for person in response.context["page_obj"]]


@pytest.fixture
def shared(world, head):
    """The head of the youth office also works in the neighbouring district."""
    return employed(head, organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour))


# --- The list ---------------------------------------------------------------------------------------


def test_the_list_holds_the_people_of_the_own_territory(world, client_as, admin):
    found = names(client_as(admin).get(LIST))

    assert len(found) == 11
    assert not {"Referat Ministerium", "Sozialplanung nebenan"} & set(found)
    assert found == sorted(found)


def test_whoever_sits_in_a_body_of_the_territory_is_in_the_list(world, client_as, admin, funder_reader):
    seated(world.steering_group, world.funder, funder_reader, Seat.ADVISORY)

    assert "Referat Ministerium" in names(client_as(admin).get(LIST))


def test_search_organisation_function_and_sign_in(world, client_as, admin, head):
    client = client_as(admin)
    services.person_deactivate(world.people["member"], user=admin)
    User.objects.exclude(pk=head.pk).update(last_login=timezone.now())

    assert names(client.get(LIST, {"q": "fachplanung"})) == ["Fachplanung Jugendamt"]
    assert set(names(client.get(LIST, {"organisation": world.youth_office.pk}))) == {
        "Fachplanung Jugendamt",
        "Leitung Jugendamt",
    }
    assert names(client.get(LIST, {"function": "administrator"})) == ["Verwaltung Passgenau"]
    assert names(client.get(LIST, {"state": "inactive"})) == ["Sozialamtsleitung Musterstadt"]
    assert names(client.get(LIST, {"state": "waiting"})) == ["Leitung Jugendamt"]
    assert len(names(client.get(LIST, {"state": "all"}))) == 11
    assert names(client.get(LIST, {"q": "nirgends"})) == []


def test_functions_of_other_territories_are_not_shown(world, client_as, admin, shared):
    response = client_as(admin).get(LIST, {"q": "Leitung Jugendamt"})

    person = response.context["page_obj"][0]
    assert [row.organisation for row in person.shown_functions] == [world.youth_office]
    detail = client_as(admin).get(page("detail", shared))
    assert [row.organisation for row in detail.context["memberships"]] == [world.youth_office]


def test_the_files_hold_what_is_seen(client_as, admin, head):
    client = client_as(admin)

    file = client.get(LIST, {"q": "Leitung Jugendamt", "export": "xlsx"})

    sheet = openpyxl.load_workbook(BytesIO(file.content)).active
    assert [cell.value for cell in sheet[2]][:4] == [
        "Leitung Jugendamt",
        head.username,
        head.email,
        "Leitung, Jugendamt",
    ]
    assert sheet.max_row == 2
    assert client.get(LIST, {"export": "csv"}).content.decode().count("\r\n") == 12


def test_the_list_costs_the_same_for_2_and_20_rows(world, client_as, admin):
    client = client_as(admin)

    def queries(term):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(LIST, {"q": term}).status_code == 200
        return len(captured)

    for number in range(20):
        staff(f"Viele {number}", world.youth_office)
    assert queries("Jugendamt") == queries("Viele")


def test_the_list_is_for_administrators(client_as, client, planner, head, funder_reader):
    for user in (planner, head, funder_reader):
        assert client_as(user).get(LIST).status_code == 403
        assert client_as(user).get(NEW).status_code == 403
        assert client_as(user).post(NEW, {}).status_code == 403
    assert client.get(LIST).status_code == 302


# --- Giving a sign-in -------------------------------------------------------------------------------


def new_person(world, **kwargs):
    return {
        "display_name": "Neue Kollegin",
        "email": "neu@example.org",
        "username": "neu",
        "organisation": world.youth_office.pk,
        "function": "planner",
        "starts_on": timezone.localdate(),
        **kwargs,
    }


def test_a_new_person_has_a_function_and_a_link_on_the_way(world, client_as, admin):
    response = client_as(admin).post(NEW, new_person(world))

    person = User.objects.get(username="neu")
    assert response.url == page("detail", person)
    assert can(person, Perm.ACT_FOR_ORGANISATION, world.youth_office)
    assert OutgoingMail.objects.get().address == "neu@example.org"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "mit leer zeichen"}, "__all__"),
        ({"email": ""}, "email"),
        ({"display_name": ""}, "display_name"),
        ({"starts_on": "irgendwann"}, "starts_on"),
        ({"organisation": ""}, "organisation"),
    ],
)
def test_bad_input_leaves_nothing_behind(world, client_as, admin, change, field):
    response = client_as(admin).post(NEW, new_person(world, **change))

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not User.objects.filter(email="neu@example.org").exists()
    assert not OutgoingMail.objects.exists()


def test_a_user_name_is_given_once(world, client_as, admin, head):
    response = client_as(admin).post(NEW, new_person(world, username=head.username.upper()))

    assert response.status_code == 422
    assert "username" in response.context["form"].errors


def test_nobody_gets_a_sign_in_in_other_territories(world, client_as, admin):
    neighbours = world.people["outsider"].memberships.get().organisation

    response = client_as(admin).post(NEW, new_person(world, organisation=neighbours.pk))

    assert response.status_code == 422
    assert not User.objects.filter(username="neu").exists()


def test_the_link_from_an_organisation_chooses_it(world, client_as, admin):
    page_with_form = client_as(admin).get(NEW, {"organisation": world.jobcenter.pk}).content.decode()

    assert f'<option value="{world.jobcenter.pk}" selected>' in page_with_form
    assert client_as(admin).get(NEW, {"organisation": "unsinn"}).status_code == 200


# --- One person -------------------------------------------------------------------------------------


def test_name_and_address_are_changed(client_as, admin, head):
    response = client_as(admin).post(
        page("edit", head), {"display_name": "Leitung Jugend", "email": "jugend@example.org"}
    )

    assert response.url == page("detail", head)
    head.refresh_from_db()
    assert (head.display_name, head.email) == ("Leitung Jugend", "jugend@example.org")
    assert client_as(admin).post(page("edit", head), {"display_name": "X", "email": ""}).status_code == 422


def test_who_is_not_ours_does_not_exist(world, client_as, client, admin, outsider, planner, head):
    funders = world.people["funder_reader"]
    for user, person in (
        (admin, outsider),
        (admin, funders),
        (outsider, head),
        (planner, head),
        (head, head),
    ):
        for name in ("detail", "edit", "deactivate"):
            assert client_as(user).get(page(name, person)).status_code == 404, (user, name)
        for name in ("edit", "deactivate", "reactivate", "invite"):
            assert client_as(user).post(page(name, person)).status_code == 404, (user, name)
    assert client.get(page("detail", head)).status_code == 302
    head.refresh_from_db()
    assert head.is_active


def test_the_sign_in_of_who_also_works_elsewhere_is_not_ours_alone(client_as, admin, shared):
    client = client_as(admin)

    assert client.get(page("detail", shared)).status_code == 200
    assert page("edit", shared) not in client.get(page("detail", shared)).content.decode()
    for name in ("edit", "deactivate", "reactivate", "invite"):
        assert client.post(page(name, shared)).status_code == 403
    assert client.get(page("deactivate", shared)).status_code == 403
    assert User.objects.get(pk=shared.pk).is_active


def test_looking_at_what_would_end_changes_nothing(client_as, admin, head):
    response = client_as(admin).get(page("deactivate", head))

    assert len(response.context["memberships"]) == 1
    assert len(response.context["seats"]) == 1
    assert User.objects.get(pk=head.pk).is_active


def test_a_sign_in_is_taken_and_given_back(world, client_as, admin, head):
    client = client_as(admin)

    assert client.post(page("deactivate", head)).url == page("detail", head)
    assert not User.objects.get(pk=head.pk).is_active
    assert client.get(page("detail", head)).status_code == 200, "stays to be found"

    assert client.post(page("reactivate", head)).url == page("detail", head)
    assert User.objects.get(pk=head.pk).is_active


def test_taking_the_own_sign_in_is_refused_with_words(client_as, admin):
    response = client_as(admin).post(page("deactivate", admin), follow=True)

    assert User.objects.get(pk=admin.pk).is_active
    assert [message.level_tag for message in response.context["messages"]] == ["error"]


def test_a_link_is_sent_again(client_as, admin, head):
    assert client_as(admin).post(page("invite", head)).url == page("detail", head)

    assert OutgoingMail.objects.get().address == head.email


def test_what_acts_is_posted(client_as, admin, head):
    client = client_as(admin)
    for name in ("reactivate", "invite"):
        assert client.get(page(name, head)).status_code == 405
    for name in ("detail",):
        assert client.post(page(name, head)).status_code == 405
    assert client.post(LIST).status_code == 405


def test_former_functions_and_seats_stand_in_the_history(world, client_as, admin, head):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    services.seat_end(head.seats.get(), ends_on=yesterday, user=admin)
    employed(head, world.health_office, Function.MEMBER)

    response = client_as(admin).get(page("detail", head))

    assert len(response.context["memberships"]) == 2
    assert [seat.ends_on for seat in response.context["seats"]] == [yesterday]
    assert (
        reverse("stakeholders:membership-end", args=[head.memberships.first().pk])
        in response.content.decode()
    )
