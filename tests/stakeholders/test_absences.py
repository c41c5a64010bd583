"""When somebody is away: who enters it, what is refused, who stands in, who reads what."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services
from stakeholders.models import Absence, Function, LogEntry
from stakeholders.selectors.absences import standings
from tests.factories import employed

pytestmark = pytest.mark.django_db


def in_days(days):
    return timezone.localdate() + datetime.timedelta(days=days)


def add(person, first=0, last=10, *, user=None, reason=""):
    return services.absence_add(
        person, starts_on=in_days(first), ends_on=in_days(last), reason=reason, user=user
    )


def refused(code, person, first, last):
    with pytest.raises(DomainError) as error:
        add(person, first, last)
    assert error.value.code == code


def test_oneself_and_the_administration_enter_it_and_the_log_says_no_more_than_that(world, head, admin):
    add(head, user=head, reason=" Reha ")
    add(head, 20, 30, user=admin)

    assert list(Absence.objects.values_list("reason", "entered_by")) == [("Reha", head.pk), ("", admin.pk)]
    entries = LogEntry.objects.filter(action="absence.entered")
    assert {(entry.user, entry.object_id, entry.territory) for entry in entries} == {
        (head, head.pk, world.territory),
        (admin, head.pk, world.territory),
    }
    assert all(entry.data == {} for entry in entries)


@pytest.mark.parametrize("name", ["planner", "specialist", "chair", "outsider"])
def test_nobody_else_enters_or_ends_it(name, world, head):
    absence = add(head)
    for act in (
        lambda: add(head, 20, 30, user=world.fresh(name)),
        lambda: services.absence_end(absence, user=world.fresh(name)),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_who_works_elsewhere_too_is_not_entered_by_one_of_both(world, head, admin):
    employed(head, world.neighbour, Function.PLANNER)

    with pytest.raises(PermissionDenied):
        add(head, user=admin)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("ends_before_start", 3, 2),
        ("absence_over", -9, -1),
        ("absence_twice", 0, 10),
        ("absence_twice", 10, 12),
        ("absence_twice", -5, 0),
        ("absence_twice", 2, 3),
        ("absence_twice", -5, 50),
    ],
)
def test_what_is_refused(code, first, last, head):
    add(head)
    refused(code, head, first, last)
    assert Absence.objects.count() == 1


def test_days_beside_one_another_and_of_others_are_no_overlap(head, chair):
    add(head)
    add(head, 11, 12)
    add(chair)

    assert Absence.objects.count() == 3


def test_a_deactivated_person_is_not_away(head, admin):
    services.person_deactivate(head, user=admin)

    refused("person_inactive", head, 0, 1)


def test_back_early_or_not_gone_at_all(head, admin):
    running, coming, today = add(head, -5, 5), add(head, 10, 12), add(head, 20, 21)
    Absence.objects.filter(pk=today.pk).update(starts_on=in_days(0))

    ended = services.absence_end(running, user=head)
    assert ended is not None
    assert ended.ends_on == in_days(-1)
    assert services.absence_end(coming, user=admin) is None
    assert services.absence_end(today, user=head) is None
    assert list(Absence.objects.all()) == [ended]
    with pytest.raises(DomainError) as error:
        services.absence_end(ended, user=head)
    assert error.value.code == "absence_over"
    actions = LogEntry.objects.filter(action__startswith="absence.").order_by("pk")
    assert list(actions.values_list("action", flat=True))[3:] == [
        "absence.ended",
        "absence.withdrawn",
        "absence.withdrawn",
    ]


def test_the_database_knows_the_order_of_days(head):
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(user=head, starts_on=in_days(1), ends_on=in_days(0))


def test_the_deputy_stands_in_on_those_days_only(world, head, specialist, django_assert_num_queries):
    seats = list(world.steering_group.memberships.select_related("deputy"))
    own = next(seat for seat in seats if seat.user_id == head.pk)
    absence = add(head, 5, 10)

    for days, expected in ((4, None), (5, specialist), (10, specialist), (11, None)):
        assert standings(seats, in_days(days))[own.pk].deputy == expected
    with django_assert_num_queries(1):
        found = standings(seats, in_days(5))
    assert found[own.pk].absence == absence
    add(specialist, 8, 9)
    assert standings(seats, in_days(8))[own.pk].is_empty
    assert not standings(seats, in_days(7))[own.pk].is_empty


# --- Pages ------------------------------------------------------------------------------------------


def test_the_reason_is_for_the_person_alone(world, head, client_as):
    add(head, reason="Geheimer Grund", user=head)
    texts = {
        name: client_as(world.fresh(name)).get(url).content.decode()
        for name, url in (
            ("head", "/profile/"),
            ("admin", reverse("stakeholders:person-detail", args=[head.pk])),
            ("planner", reverse("stakeholders:body-detail", args=[world.steering_group.pk])),
        )
    }

    assert "Geheimer Grund" in texts["head"]
    assert "Geheimer Grund" not in texts["admin"]
    assert "Geheimer Grund" not in texts["planner"]
    assert "vertreten durch Fachplanung Jugendamt" in texts["planner"]


def test_it_is_entered_and_taken_back_on_pages(world, head, client_as, admin):
    client = client_as(head)
    data = {"starts_on": in_days(3).isoformat(), "ends_on": in_days(5).isoformat()}

    assert client.post("/profile/absences/new/", data).url == "/profile/"
    again = client.post("/profile/absences/new/", data)
    assert again.status_code == 422
    assert list(again.context["form"].errors) == ["starts_on"]
    absence = Absence.objects.get()
    assert client_as(world.fresh("planner")).post(f"/absences/{absence.pk}/end/").status_code == 404
    assert client.get(f"/absences/{absence.pk}/end/").status_code == 405
    assert client.post(f"/absences/{absence.pk}/end/").url == "/profile/"

    url = reverse("stakeholders:person-absence", args=[head.pk])
    person = reverse("stakeholders:person-detail", args=[head.pk])
    assert client_as(admin).post(url, data).url == person
    assert client_as(admin).post(f"/absences/{Absence.objects.get().pk}/end/").url == person
    assert client_as(world.fresh("planner")).get(url).status_code == 404
    assert not Absence.objects.exists()
