"""Bringing everybody's groups in line with functions and seats of the day."""

import datetime
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.models import GroupObjectPermission

from stakeholders import services
from stakeholders.models import Function, Membership
from stakeholders.permissions import Perm, Role, can, grant, group_name, revoke, role_group
from tests.factories import person
from workflows.timers import roles_follow_the_day

pytestmark = pytest.mark.django_db


def test_running_it_twice_changes_nothing(world):
    assert services.sync_roles() == 0
    assert services.sync_roles() == 0


def test_groups_joined_by_hand_are_left_and_lost_ones_joined_again(world, head, outsider):
    head.groups.clear()
    outsider.groups.add(role_group(Role.TERRITORY_PLANNER, world.territory))

    assert services.sync_roles() > 0

    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert not can(outsider, Perm.PLAN_TERRITORY, world.territory)


def test_groups_of_other_names_stay_untouched(world, head):
    other = Group.objects.create(name="newsletter")
    head.groups.add(other)

    services.sync_roles()

    assert head.groups.filter(pk=other.pk).exists()


def test_rights_of_groups_are_repaired(world, head, planner):
    group = role_group(Role.ORGANISATION_HEAD, world.youth_office)
    revoke(Perm.LEAD_ORGANISATION, group, world.youth_office)
    grant(Perm.ADMINISTER_TERRITORY, role_group(Role.TERRITORY_STAFF, world.territory), world.territory)

    assert services.sync_roles() == 2

    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert not can(planner, Perm.ADMINISTER_TERRITORY, world.territory)


def test_deactivated_people_are_in_no_group(world, head):
    type(head).objects.filter(pk=head.pk).update(is_active=False)

    services.sync_roles()

    assert not head.groups.exists()


def test_sync_person_leaves_others_alone(world, head, specialist):
    head.groups.clear()
    specialist.groups.clear()

    services.sync_person(head)

    assert head.groups.exists()
    assert not specialist.groups.exists()


def test_a_missing_group_is_made_with_its_rights(world, head):
    name = group_name(Role.ORGANISATION_HEAD, world.youth_office.pk)
    GroupObjectPermission.objects.filter(group__name=name).delete()
    Group.objects.filter(name=name).delete()

    services.sync_roles()

    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office)


def test_the_number_of_queries_does_not_grow_with_the_people(world):
    def add(count):
        for number in range(count):
            Membership.objects.create(
                user=person(f"Neu {number}"),
                organisation=world.youth_office,
                function=Function.MEMBER,
                starts_on=timezone.localdate(),
            )

    def queries():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("stakeholders.services.roles.repair_groups", lambda: 0)
            with CaptureQueriesContext(connection) as captured:
                services.sync_roles()
        return len(captured)

    add(2)
    few = queries()
    add(20)
    assert queries() == few


def test_the_command_tells_what_changed(world, head):
    head.groups.clear()
    out = StringIO()

    call_command("sync_roles", stdout=out)

    # member and head of the office, staff of the territory, seat in the steering group
    assert out.getvalue().strip() == "4 changed"


def test_the_timers_follow_functions_once_a_day(world):
    someone = person("Neu")
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    services.membership_start(
        person=someone,
        organisation=world.youth_office,
        function=Function.HEAD,
        starts_on=timezone.localdate(tomorrow),
        user=None,
    )
    assert roles_follow_the_day() == 0
    with time_machine.travel(tomorrow):
        assert roles_follow_the_day() == 3
        assert can(someone, Perm.LEAD_ORGANISATION, world.youth_office)
        someone.groups.clear()
        assert roles_follow_the_day() == 0
        assert not someone.groups.exists()


def test_a_failure_is_tried_again_and_holds_nothing_up(world, head, monkeypatch, caplog):
    def fail():
        raise RuntimeError("broken")

    head.groups.clear()
    with monkeypatch.context() as patch:
        patch.setattr("workflows.timers.sync_roles", fail)
        assert roles_follow_the_day() == 0
    assert "next run tries again" in caplog.text

    assert roles_follow_the_day() == 4
