"""The rights: a table written by hand, and the questions asked of it in every way."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser, Permission
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from measures.models import FundedProject, Programme
from measures.services.programmes import programme_for
from stakeholders import services
from stakeholders.models import Body, Function, Organisation, OrganisationKind, User
from stakeholders.permissions import (
    INHERITED,
    ROLE_TITLES,
    ROLES,
    Perm,
    Role,
    can,
    declared_permissions,
    grant,
    holders,
    permission_row,
    require,
    revoke,
    role_group,
    territories_where,
    visible,
)
from tests.factories import (
    World,
    delivery,
    employed,
    make_cycle,
    measure,
    organisation,
    person,
    staff,
)
from workflows.models import AreaProfile, PlanningCycle

pytestmark = pytest.mark.django_db

#: Who has one role and nothing else: on the territory (planner, staff, administrator), on an office of it
#: (head, planner, member), on the steering group and on the planning conference (chair, voting, advisory).
COLUMNS = (
    ("territory", Role.TERRITORY_PLANNER),
    ("territory", Role.TERRITORY_STAFF),
    ("territory", Role.TERRITORY_ADMINISTRATOR),
    ("youth_office", Role.ORGANISATION_HEAD),
    ("youth_office", Role.ORGANISATION_PLANNER),
    ("youth_office", Role.ORGANISATION_MEMBER),
    ("steering_group", Role.BODY_CHAIR),
    ("steering_group", Role.BODY_VOTING),
    ("steering_group", Role.BODY_ADVISORY),
    ("conference", Role.BODY_CHAIR),
    ("conference", Role.BODY_VOTING),
    ("conference", Role.BODY_ADVISORY),
)

#: Asked of: the territory, the office, the steering group, and of area, delivery of the office, cycle,
#: measure, plan and project of the territory.
MATRIX = {
    #                          territory office steering conference
    Perm.VIEW_TERRITORY: "     yes yes  -    -   -   -    -   -   -    -   -   -  ",
    Perm.PLAN_TERRITORY: "     yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.ADMINISTER_TERRITORY: " -  -  yes   -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_AUDIT_LOG: "     yes  -  yes   -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_RAW_FIGURES: "   yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.MANAGE_CATALOGUE: "   yes  -  yes   -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_ORGANISATION: "  yes yes yes   -   -  yes   -   -   -    -   -   -  ",
    Perm.MANAGE_ORGANISATION: " -   -  yes   -   -   -    -   -   -    -   -   -  ",
    Perm.ACT_FOR_ORGANISATION: " -  -   -   yes yes  -    -   -   -    -   -   -  ",
    Perm.LEAD_ORGANISATION: "   -   -   -   yes  -   -    -   -   -    -   -   -  ",
    Perm.VIEW_BODY: "          yes yes yes   -   -   -   yes yes yes   -   -   -  ",
    Perm.MANAGE_BODY: "         -   -  yes   -   -   -    -   -   -    -   -   -  ",
    Perm.ADVISE_BODY: "         -   -   -    -   -   -   yes yes yes   -   -   -  ",
    Perm.VOTE_IN_BODY: "        -   -   -    -   -   -   yes yes  -    -   -   -  ",
    Perm.CHAIR_BODY: "          -   -   -    -   -   -   yes  -   -    -   -   -  ",
    Perm.VIEW_AREA: "          yes yes  -    -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_DELIVERY: "      yes  -   -   yes yes  -    -   -   -    -   -   -  ",
    Perm.VIEW_CYCLE: "         yes yes  -    -   -   -   yes yes yes  yes yes yes ",
    Perm.VIEW_DRAFTS: "        yes  -   -    -   -   -    -   -   -   yes yes yes ",
    Perm.MANAGE_CYCLE: "       yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_PROFILE: "       yes yes  -    -   -   -   yes yes yes  yes yes yes ",
    Perm.EDIT_PROFILE: "       yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_MEASURE: "       yes yes  -    -   -   -   yes yes yes   -   -   -  ",
    Perm.EDIT_MEASURE: "       yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_PLAN: "          yes yes  -    -   -   -   yes yes yes   -   -   -  ",
    Perm.TRACK_PROJECT: "      yes yes  -    -   -   -    -   -   -    -   -   -  ",
    Perm.EDIT_PROJECT: "       yes  -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.VIEW_PROGRAMME: "     yes yes  -    -   -   -    -   -   -    -   -   -  ",
    Perm.MANAGE_PROGRAMME: "    -   -   -    -   -   -    -   -   -    -   -   -  ",
    Perm.FOLLOW_PROGRAMME: "    -   -   -    -   -   -    -   -   -    -   -   -  ",
}


@pytest.fixture
def things(world: World) -> dict[Perm, object]:
    """What each right is asked of."""
    cycle = make_cycle(world)
    a_measure = measure(world.plan, world.social_affairs)
    project = FundedProject.objects.create(
        measure=a_measure,
        funder=world.funder,
        provider=world.provider,
        programme=programme_for(funder=world.funder, title="ZiQ", is_example=True),
        title="Projekt",
        starts_on=a_measure.starts_on,
        ends_on=a_measure.ends_on,
    )
    by_word = {
        "TERRITORY": world.territory,
        "AUDIT_LOG": world.territory,
        "RAW_FIGURES": world.territory,
        "CATALOGUE": world.territory,
        "ORGANISATION": world.youth_office,
        "BODY": world.steering_group,
        "AREA": world.areas[0],
        "DELIVERY": delivery(world.youth_office, {}, world.people["head"]),
        "CYCLE": cycle,
        "DRAFTS": cycle,
        "PROFILE": AreaProfile.objects.create(cycle=cycle, area=world.areas[0]),
        "MEASURE": a_measure,
        "PLAN": world.plan,
        "PROJECT": project,
        "PROGRAMME": project.programme,
    }
    return {perm: next(by_word[word] for word in by_word if perm.name.endswith(word)) for perm in Perm}


def with_role(world: World, where: str, role: Role) -> User:
    """A person with one role and nothing else."""
    someone = person(role.value)
    someone.groups.add(role_group(role, getattr(world, where)))
    return User.objects.get(pk=someone.pk)


def test_every_right_is_in_the_table():
    assert set(MATRIX) == set(Perm)
    assert {role for _where, role in COLUMNS} == set(Role)


def test_each_role_may_what_the_table_says_and_no_more(world, things):
    wrong = []
    for column, (where, role) in enumerate(COLUMNS):
        someone = with_role(world, where, role)
        for perm, line in MATRIX.items():
            may = bool(can(someone, perm, things[perm]))
            if may != (line.split()[column] == "yes"):
                wrong.append(f"{role} on {where}: {perm.name} is {may}")
    assert wrong == []


def test_visible_gives_what_can_says_for_each_object(world, things):
    make_neighbour_things(world)
    for where, role in COLUMNS:
        someone = with_role(world, where, role)
        for perm, thing in things.items():
            everything = type(thing)._default_manager.all()
            seen = list(visible(someone, perm, everything))
            assert len(seen) == len(set(seen)), f"{perm} gives rows twice"
            assert set(seen) == {row for row in everything if can(someone, perm, row)}, (role, where, perm)


def make_neighbour_things(world: World) -> None:
    """Something of everything in the neighbouring district."""
    office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour)
    services.body_create(
        territory=world.neighbour,
        name="Steuerungsgruppe",
        kind="steering_group",
        quorum_share="0.5",
        user=None,
    )
    delivery(office, {}, world.people["outsider"])


def test_require_raises_with_the_reason(world, specialist):
    require(specialist, Perm.ACT_FOR_ORGANISATION, world.youth_office)
    with pytest.raises(PermissionDenied, match="Funktion"):
        require(specialist, Perm.LEAD_ORGANISATION, world.youth_office)


def test_every_right_is_declared_by_a_model_and_stands_in_the_database():
    declared = declared_permissions()
    for perm in Perm:
        assert perm.value in declared, perm
        assert permission_row(perm).codename == perm.value.split(".")[1]


def test_every_role_has_rights_a_title_and_its_own_kind_of_object():
    assert set(ROLES) == set(ROLE_TITLES) == set(Role)
    for role, perms in ROLES.items():
        assert perms, role
        for perm in perms:
            assert perm.value.startswith("stakeholders."), f"{role} holds {perm} on another app's object"


def test_inherited_rights_name_paths_of_their_model():
    for perm, sources in INHERITED.items():
        row = permission_row(perm)
        model = row.content_type.model_class()
        for path, _source in sources:
            found = model
            for step in filter(None, path.split("__")):
                found = found._meta.get_field(step).related_model
            assert found in {Organisation, Body, PlanningCycle, FundedProject, Programme}, (perm, path)


def test_nobody_holds_model_wide_rights(world):
    assert not Permission.objects.filter(group__isnull=False).exists()
    assert not Permission.objects.filter(user__isnull=False).exists()


# --- Tenants ----------------------------------------------------------------------------------------


def test_two_territories_do_not_see_each_other(world, things):
    names = ("planner", "head", "admin", "chair", "member", "provider_head")
    insiders = [world.people[name] for name in names]
    for user in [world.people["outsider"], employed(person("Verwaltung nebenan"), world.neighbour)]:
        for perm, thing in things.items():
            assert not can(user, perm, thing), (user, perm)
    for user in insiders:
        for perm in (perm for perm in Perm if perm.name.endswith("TERRITORY")):
            assert not can(user, perm, world.neighbour), (user, perm)
        assert world.neighbour not in visible(user, Perm.VIEW_ORGANISATION, Organisation.objects.all())


def test_a_person_of_two_territories_has_in_each_only_what_the_function_there_brings(world, planner):
    office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour)
    planner = employed(planner, office, Function.MEMBER)

    assert set(territories_where(planner, Perm.VIEW_TERRITORY)) == {world.territory, world.neighbour}
    assert set(territories_where(planner, Perm.PLAN_TERRITORY)) == {world.territory}


def test_the_funder_belongs_to_no_territory(world, things, funder_reader):
    assert not territories_where(funder_reader, Perm.VIEW_TERRITORY).exists()
    assert not can(funder_reader, Perm.TRACK_PROJECT, things[Perm.TRACK_PROJECT])
    assert can(funder_reader, Perm.VIEW_ORGANISATION, world.funder)


def test_a_funders_administrator_manages_the_funder_and_no_territory(world):
    someone = staff("Verwaltung Ministerium", world.funder, Function.ADMINISTRATOR)

    assert can(someone, Perm.MANAGE_ORGANISATION, world.funder)
    assert not can(someone, Perm.MANAGE_ORGANISATION, world.youth_office)
    assert not territories_where(someone, Perm.ADMINISTER_TERRITORY).exists()


# --- Functions --------------------------------------------------------------------------------------


def test_the_administrator_manages_but_takes_no_part(world, things, admin):
    may = {perm for perm, thing in things.items() if can(admin, perm, thing)}

    assert may == {
        Perm.ADMINISTER_TERRITORY,
        Perm.VIEW_AUDIT_LOG,
        Perm.MANAGE_CATALOGUE,
        Perm.VIEW_ORGANISATION,
        Perm.MANAGE_ORGANISATION,
        Perm.VIEW_BODY,
        Perm.MANAGE_BODY,
    }


def test_members_of_the_planning_unit_look_on_but_do_not_plan(world):
    trainee = staff("Praktikum", world.planning_unit, Function.MEMBER)

    assert can(trainee, Perm.VIEW_TERRITORY, world.territory)
    assert not can(trainee, Perm.PLAN_TERRITORY, world.territory)
    assert not can(trainee, Perm.ACT_FOR_ORGANISATION, world.planning_unit)


def test_associations_and_providers_are_no_staff_of_the_territory(world, association_head, provider_head):
    for user in (association_head, provider_head):
        assert not can(user, Perm.VIEW_TERRITORY, world.territory)


# --- Persons ----------------------------------------------------------------------------------------


def test_the_right_is_gone_with_the_function(world, head):
    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office)

    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    services.membership_end(head.memberships.get(), ends_on=yesterday, user=None)

    # The very same object in memory: nothing is remembered.
    assert not can(head, Perm.LEAD_ORGANISATION, world.youth_office)


def test_a_deactivated_person_may_nothing(world, head):
    head.is_active = False

    assert not can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert not visible(head, Perm.VIEW_ORGANISATION, Organisation.objects.all()).exists()
    head.save()
    assert head not in holders(Perm.LEAD_ORGANISATION, world.youth_office)


def test_a_superuser_has_no_rights_of_the_domain(world, things):
    root = User.objects.create_superuser("root", "root@example.org", "ein langes Passwort")

    for perm, thing in things.items():
        assert not can(root, perm, thing), perm
        assert not visible(root, perm, type(thing)._default_manager.all()).exists(), perm


def test_the_anonymous_may_nothing(world, things):
    for perm, thing in things.items():
        assert not can(AnonymousUser(), perm, thing), perm
        assert not visible(AnonymousUser(), perm, type(thing)._default_manager.all()).exists(), perm


# --- Asking -----------------------------------------------------------------------------------------


def test_a_right_is_asked_only_of_its_own_kind_of_object(world, planner):
    with pytest.raises(ValueError, match="is no right on"):
        can(planner, Perm.VIEW_AREA, world.territory)
    assert not can(planner, Perm.VIEW_TERRITORY, None)
    assert not can(planner, Perm.VIEW_TERRITORY, Organisation())


def test_granting_twice_and_revoking_twice_is_fine(world, outsider):
    group = role_group(Role.TERRITORY_STAFF, world.neighbour)
    outsider.groups.add(group)
    for _time in range(2):
        grant(Perm.VIEW_BODY, group, world.steering_group)
        assert can(outsider, Perm.VIEW_BODY, world.steering_group)
    for _time in range(2):
        revoke(Perm.VIEW_BODY, group, world.steering_group)
        assert not can(outsider, Perm.VIEW_BODY, world.steering_group)


def test_can_asks_once_and_visible_never(world, planner, django_assert_num_queries):
    with django_assert_num_queries(1):
        can(planner, Perm.VIEW_BODY, world.steering_group)
    with django_assert_num_queries(0):
        visible(planner, Perm.VIEW_BODY, Body.objects.all())
    with django_assert_num_queries(1):
        list(visible(planner, Perm.VIEW_BODY, Body.objects.all()))


def test_holders_are_those_with_the_right_on_the_object_itself(world):
    names = {user.display_name for user in holders(Perm.ACT_FOR_ORGANISATION, world.youth_office)}

    assert names == {"Leitung Jugendamt", "Fachplanung Jugendamt"}


def test_each_object_has_a_group_of_its_own(world):
    assert role_group(Role.BODY_CHAIR, world.conference) != role_group(Role.BODY_CHAIR, world.steering_group)
