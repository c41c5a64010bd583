"""Pages on which bodies and seats are entered."""

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from stakeholders import services
from stakeholders.models import Body, BodyMembership, Function
from stakeholders.permissions import Perm, can
from tests.factories import employed, staff

pytestmark = pytest.mark.django_db

NEW = "/bodies/new/"


def page(name, obj):
    return reverse(f"stakeholders:{name}", args=[obj.pk])


@pytest.fixture
def newcomer(world):
    return staff("Neue Kollegin", world.health_office, Function.PLANNER)


@pytest.fixture
def seat(head):
    return head.seats.get()


# --- Bodies -----------------------------------------------------------------------------------------


def test_a_body_is_founded_and_then_gets_its_members(world, client_as, admin):
    response = client_as(admin).post(
        NEW,
        {
            "territory": world.territory.pk,
            "name": "Begleitgruppe",
            "kind": "planning_conference",
            "quorum_percent": "33",
        },
    )

    body = Body.objects.get(name="Begleitgruppe")
    assert (body.territory, body.rules.get().quorum_share) == (world.territory, Decimal("0.33"))
    assert response.url == page("body-seats", body)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Steuerungsgruppe"}, "name"),
        ({"quorum_percent": "101"}, "quorum_percent"),
        ({"quorum_percent": "-1"}, "quorum_percent"),
        ({"kind": "council"}, "kind"),
    ],
)
def test_bad_input_comes_back_with_the_reason_at_the_field(world, client_as, admin, change, field):
    data = {
        "territory": world.territory.pk,
        "name": "Neu",
        "kind": "steering_group",
        "quorum_percent": "50",
    } | change

    response = client_as(admin).post(NEW, data)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Body.objects.count() == 3


def test_a_body_of_another_territory_is_not_founded(world, client_as, admin):
    data = {"territory": world.neighbour.pk, "name": "Neu", "kind": "steering_group", "quorum_percent": "50"}

    assert client_as(admin).post(NEW, data).status_code == 422
    both = employed(admin, world.neighbour, Function.ADMINISTRATOR)
    assert client_as(both).post(NEW, data).status_code == 302


def test_name_and_end_of_a_body(world, client_as, admin):
    body = world.steering_group
    client = client_as(admin)

    response = client.post(page("body-edit", body), {"name": "Lenkungsgruppe"})

    body.refresh_from_db()
    assert response.url == page("body-seats", body)
    assert (body.name, body.is_active) == ("Lenkungsgruppe", False)
    assert "seat-create" not in client.get(page("body-seats", body)).content.decode()


# --- Seats ------------------------------------------------------------------------------------------


def test_seats_stand_in_order_with_the_former_apart(world, client_as, admin, seat):
    services.seat_end(seat, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=admin)

    context = client_as(admin).get(page("body-seats", world.steering_group)).context

    assert [row.seat for row in context["seats"]] == ["chair", "voting", "voting", "advisory"]
    assert context["former"] == [seat]


def test_a_seat_with_deputy_is_given(world, client_as, admin, newcomer, specialist):
    url = page("seat-create", world.steering_group)
    client = client_as(admin)
    form = client.get(url).context["form"]
    assert world.funder in form.fields["organisation"].queryset
    assert world.neighbour not in form.fields["organisation"].queryset
    assert world.people["outsider"] not in form.fields["person"].queryset

    response = client.post(
        url,
        {
            "organisation": world.health_office.pk,
            "person": newcomer.pk,
            "seat": "voting",
            "deputy": specialist.pk,
            "starts_on": timezone.localdate(),
        },
    )

    assert response.url == page("body-seats", world.steering_group)
    assert can(newcomer, Perm.VOTE_IN_BODY, world.steering_group)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"seat": "chair"}, "seat"),
        ({"person": "head"}, "person"),
        ({"deputy": "newcomer"}, "deputy"),
        ({"person": "outsider"}, "person"),
        ({"starts_on": ""}, "starts_on"),
    ],
)
def test_a_seat_against_the_rules_is_refused_at_the_field(world, client_as, admin, newcomer, change, field):
    people = {**world.people, "newcomer": newcomer}
    change = {key: people[value].pk if value in people else value for key, value in change.items()}
    data = {
        "organisation": world.health_office.pk,
        "person": newcomer.pk,
        "seat": "voting",
        "starts_on": timezone.localdate(),
    } | change

    response = client_as(admin).post(page("seat-create", world.steering_group), data)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not BodyMembership.objects.filter(user=newcomer).exists()


def test_a_seat_is_ended(world, client_as, admin, head, seat):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    client = client_as(admin)
    assert client.get(page("seat-end", seat)).status_code == 200
    assert can(head, Perm.VOTE_IN_BODY, world.steering_group), "looking changes nothing"
    assert client.post(page("seat-end", seat), {"ends_on": "2019-01-01"}).status_code == 422

    response = client.post(page("seat-end", seat), {"ends_on": yesterday})

    assert response.url == page("body-seats", world.steering_group)
    assert not can(head, Perm.VOTE_IN_BODY, world.steering_group)


def test_a_deputy_is_changed_and_removed(world, client_as, admin, seat, specialist, newcomer):
    url = page("seat-deputy", seat)
    client = client_as(admin)
    form = client.get(url).context["form"]
    assert form.initial["deputy"] == specialist.pk
    assert seat.user not in form.fields["deputy"].queryset

    client.post(url, {"deputy": newcomer.pk})
    seat.refresh_from_db()
    assert seat.deputy == newcomer
    assert not can(specialist, Perm.VOTE_IN_BODY, world.steering_group)

    assert client.post(url, {"deputy": ""}).url == page("body-seats", world.steering_group)
    seat.refresh_from_db()
    assert seat.deputy is None
    assert client.post(url, {"deputy": world.people["outsider"].pk}).status_code == 422


# --- Who may ----------------------------------------------------------------------------------------


def test_only_administrators_enter_bodies_and_seats(world, client_as, client, planner, chair, outsider, seat):
    urls = [page(name, world.steering_group) for name in ("body-edit", "body-seats", "seat-create")] + [
        page(name, seat) for name in ("seat-end", "seat-deputy")
    ]
    for url in urls:
        for user, status in ((planner, 403), (chair, 403), (outsider, 404)):
            assert client_as(user).get(url).status_code == status, (url, user)
        assert client.get(url).status_code == 302
    for user in (planner, outsider):
        assert client_as(user).get(NEW).status_code == 403
        assert client_as(user).post(NEW, {}).status_code == 403
    assert (
        client_as(planner).post(page("seat-end", seat), {"ends_on": timezone.localdate()}).status_code == 403
    )
    seat.refresh_from_db()
    assert seat.ends_on is None


def test_wrong_methods_are_refused(world, client_as, admin, seat):
    client = client_as(admin)

    assert client.post(page("body-seats", world.steering_group)).status_code == 405
    for url in (
        NEW,
        page("body-edit", world.steering_group),
        page("seat-end", seat),
        page("seat-deputy", seat),
    ):
        assert client.delete(url).status_code == 405


def test_the_reading_pages_lead_administrators_here(world, client_as, admin, planner):
    assert NEW in client_as(admin).get("/bodies/").content.decode()
    assert NEW not in client_as(planner).get("/bodies/").content.decode()
    detail = page("body-detail", world.steering_group)
    assert page("body-seats", world.steering_group) in client_as(admin).get(detail).content.decode()
    assert page("body-seats", world.steering_group) not in client_as(planner).get(detail).content.decode()
