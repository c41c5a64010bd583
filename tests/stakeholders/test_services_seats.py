"""Seats in several bodies, deputies and successions."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services
from stakeholders.audit_labels import detail_lines
from stakeholders.models import (
    Function,
    LogEntry,
    OrganisationKind,
    Seat,
)
from stakeholders.permissions import Perm, can
from tests.factories import LONG_AGO, organisation, person, staff
from tests.stakeholders.test_services import start_seat

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
DAY = datetime.timedelta(days=1)


def last_entry():
    return LogEntry.objects.order_by("-pk").first()


def refused(code, act):
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code


# --- Organisations ----------------------------------------------------------------------------------


def test_the_rights_of_several_bodies_do_not_mix(world, admin, jobcenter_head):
    seat = jobcenter_head.seats.get(body=world.steering_group)
    services.membership_end(jobcenter_head.memberships.get(), ends_on=TODAY() - DAY, user=admin)
    assert can(jobcenter_head, Perm.VOTE_IN_BODY, world.steering_group)

    services.seat_end(seat, ends_on=TODAY() - DAY, user=admin)

    assert not can(jobcenter_head, Perm.ADVISE_BODY, world.steering_group)
    assert can(jobcenter_head, Perm.VOTE_IN_BODY, world.conference)


def test_a_deputy_who_is_a_member_in_another_seat_keeps_that(world, admin, specialist):
    seat = world.people["head"].seats.get(body=world.steering_group)
    own = start_seat(world, specialist, Seat.ADVISORY, organisation=world.youth_office, user=admin)

    services.seat_set_deputy(seat, deputy=None, user=admin)

    assert own.ends_on is None
    assert can(specialist, Perm.ADVISE_BODY, world.steering_group)
    assert not can(specialist, Perm.VOTE_IN_BODY, world.steering_group)


def test_a_new_deputy_takes_the_place_of_the_former(world, admin, specialist):
    seat = world.people["head"].seats.get(body=world.steering_group)
    successor = staff("Neue Vertretung", world.youth_office, Function.PLANNER)

    services.seat_set_deputy(seat, deputy=successor, user=admin)

    assert can(successor, Perm.VOTE_IN_BODY, world.steering_group)
    assert not can(specialist, Perm.VOTE_IN_BODY, world.steering_group)
    entry = last_entry()
    assert entry.action == "seat.deputy_changed"
    assert entry.data["former_id"] == specialist.pk
    assert entry.data["deputy_id"] == successor.pk
    assert "Neue Vertretung" not in str(entry.data), "no names in a log kept for ever"
    assert "Neue Vertretung" in "".join(detail_lines(entry)), "who reads it sees today's"
    count = LogEntry.objects.count()
    services.seat_set_deputy(seat, deputy=successor, user=admin)
    assert LogEntry.objects.count() == count


def test_seat_start_refuses_what_breaks_the_rules(world, admin, head, outsider):
    someone = staff("Neu", world.health_office)
    neighbour_office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour)
    gone = person("Weg")
    services.person_deactivate(gone, user=None)

    refused("seat_taken", lambda: start_seat(world, head, user=admin))
    refused("chair_taken", lambda: start_seat(world, someone, Seat.CHAIR, user=admin))
    refused("own_deputy", lambda: start_seat(world, someone, deputy=someone, user=admin))
    refused("person_inactive", lambda: start_seat(world, gone, user=admin))
    refused("person_inactive", lambda: start_seat(world, someone, deputy=gone, user=admin))
    refused(
        "foreign_organisation", lambda: start_seat(world, someone, organisation=neighbour_office, user=admin)
    )
    with pytest.raises(PermissionDenied):
        start_seat(world, someone, user=outsider)
    services.body_update(
        world.steering_group,
        name=world.steering_group.name,
        is_active=False,
        user=admin,
    )
    refused("body_closed", lambda: start_seat(world, someone, user=admin))


def test_the_funders_adviser_may_sit_in_a_body(world, admin, funder_reader):
    start_seat(world, funder_reader, Seat.ADVISORY, organisation=world.funder, user=admin)

    assert can(funder_reader, Perm.ADVISE_BODY, world.steering_group)
    assert not can(funder_reader, Perm.VIEW_TERRITORY, world.territory)


def test_a_new_chair_follows_the_day_after_the_old_one_ends(world, admin, chair):
    old = chair.seats.get()
    successor = staff("Nachfolge", world.social_affairs)
    services.seat_end(old, ends_on=TODAY() + 5 * DAY, user=admin)
    refused(
        "chair_taken",
        lambda: start_seat(world, successor, Seat.CHAIR, starts_on=TODAY() + 5 * DAY, user=admin),
    )

    start_seat(world, successor, Seat.CHAIR, starts_on=TODAY() + 6 * DAY, user=admin)

    services.sync_roles(day=TODAY() + 5 * DAY)
    assert can(chair, Perm.CHAIR_BODY, world.steering_group)
    assert not can(successor, Perm.CHAIR_BODY, world.steering_group)
    services.sync_roles(day=TODAY() + 6 * DAY)
    assert not can(chair, Perm.CHAIR_BODY, world.steering_group)
    assert can(successor, Perm.CHAIR_BODY, world.steering_group)


def test_seat_end_and_deputy_refuse_what_has_ended(world, admin, head):
    seat = head.seats.get()
    refused("ends_before_start", lambda: services.seat_end(seat, ends_on=LONG_AGO - DAY, user=admin))
    services.seat_end(seat, ends_on=TODAY() - DAY, user=admin)
    refused("seat_ended", lambda: services.seat_end(seat, ends_on=TODAY(), user=admin))
    refused("seat_ended", lambda: services.seat_set_deputy(seat, deputy=None, user=admin))
