"""The services: what they write, what they refuse, and whose rights change."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services
from stakeholders.models import (
    Body,
    BodyKind,
    Function,
    LogEntry,
    Organisation,
    OrganisationKind,
    OutgoingMail,
    Seat,
    User,
)
from stakeholders.permissions import Perm, can
from tests.factories import LONG_AGO, employed, organisation, person, staff

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


def test_a_district_without_territory_becomes_its_own():
    district = services.organisation_create(
        name="Musterkreis", kind=OrganisationKind.DISTRICT, territory=None, user=None
    )

    assert district.is_territory
    assert Organisation.objects.get(pk=district.pk).territory == district
    assert (last_entry().action, last_entry().territory) == ("organisation.created", district)


def test_a_municipality_may_belong_to_a_district(world):
    assert not world.municipality.is_territory
    assert world.municipality.territory == world.territory


def test_an_administrator_adds_an_office_in_the_own_territory(world, admin):
    office = services.organisation_create(
        name=" Schulamt ",
        kind=OrganisationKind.DEPARTMENT,
        territory=world.territory,
        parent=world.territory,
        user=admin,
    )

    assert (office.name, office.parent) == ("Schulamt", world.territory)
    assert (last_entry().user, last_entry().obj) == (admin, office)


def test_an_administrator_adds_nothing_elsewhere_and_no_new_territory(world, admin):
    for kind, territory in (
        (OrganisationKind.DEPARTMENT, world.neighbour),
        (OrganisationKind.DISTRICT, None),
        (OrganisationKind.FUNDER, None),
    ):
        with pytest.raises(PermissionDenied):
            services.organisation_create(name="Neu", kind=kind, territory=territory, user=admin)
    assert not Organisation.objects.filter(name="Neu").exists()


@pytest.mark.parametrize(
    ("code", "kind", "territory"),
    [
        ("territory_missing", OrganisationKind.DEPARTMENT, None),
        ("territory_refused", OrganisationKind.FUNDER, "territory"),
        ("no_territory", OrganisationKind.DEPARTMENT, "youth_office"),
    ],
)
def test_organisation_create_refuses_a_wrong_place(world, code, kind, territory):
    where = getattr(world, territory) if territory else None

    refused(code, lambda: services.organisation_create(name="Neu", kind=kind, territory=where, user=None))


@pytest.mark.parametrize(
    ("name", "kind", "territory"),
    [
        ("Jugendamt", OrganisationKind.DEPARTMENT, "territory"),
        ("Nachbarkreis", OrganisationKind.DISTRICT, None),
        ("Ministerium (Beispiel)", OrganisationKind.FUNDER, None),
    ],
)
def test_a_name_is_given_once_per_territory(world, name, kind, territory):
    where = getattr(world, territory) if territory else None

    refused(
        "name_taken",
        lambda: services.organisation_create(name=name, kind=kind, territory=where, user=None),
    )


def test_the_same_name_in_another_territory_is_fine(world):
    office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour)

    assert office.territory == world.neighbour


def test_a_parent_of_another_territory_is_refused(world):
    refused(
        "invalid",
        lambda: services.organisation_create(
            name="Neu",
            kind=OrganisationKind.DEPARTMENT,
            territory=world.territory,
            parent=world.neighbour,
            user=None,
        ),
    )


def test_organisation_update_logs_which_fields_changed_and_nothing_if_none(world, admin):
    office = world.youth_office
    services.organisation_update(office, name=office.name, short_name="JA", user=admin)
    assert last_entry().data == {"fields": ["short_name"]}
    count = LogEntry.objects.count()

    services.organisation_update(office, name=office.name, short_name="JA", user=admin)

    assert LogEntry.objects.count() == count


def test_organisation_update_refuses_circles(world):
    part = organisation("Abteilung", OrganisationKind.DEPARTMENT, world.territory, parent=world.youth_office)

    refused(
        "invalid",
        lambda: services.organisation_update(
            world.youth_office, name=world.youth_office.name, parent=part, user=None
        ),
    )


def test_only_an_empty_organisation_is_archived(world, admin):
    office = world.youth_office
    refused(
        "still_has_members",
        lambda: services.organisation_update(office, name=office.name, is_active=False, user=admin),
    )
    refused(
        "territory_archived",
        lambda: services.organisation_update(
            world.territory, name=world.territory.name, is_active=False, user=admin
        ),
    )
    empty = organisation("Leeres Amt", OrganisationKind.DEPARTMENT, world.territory)

    services.organisation_update(empty, name=empty.name, is_active=False, user=admin)

    refused(
        "organisation_archived",
        lambda: services.membership_start(
            person=person("Neu"),
            organisation=empty,
            function=Function.HEAD,
            starts_on=TODAY(),
            user=admin,
        ),
    )


def test_organisation_update_is_for_the_own_administrator(world, outsider, planner):
    for user in (outsider, planner):
        with pytest.raises(PermissionDenied):
            services.organisation_update(world.youth_office, name="Anders", user=user)


# --- People -----------------------------------------------------------------------------------------


def test_a_new_person_has_no_usable_password_and_no_rights(world, admin):
    someone = services.person_create(
        username="neu",
        display_name="Neue Kollegin",
        email="neu@example.org",
        territory=world.territory,
        user=admin,
    )

    assert not someone.has_usable_password()
    assert not someone.groups.exists()
    assert (last_entry().action, last_entry().territory) == ("person.created", world.territory)


def test_person_create_refuses_what_is_missing_or_taken(world, admin):
    def create(**kwargs):
        given = {"username": "neu", "display_name": "Neu", "email": "neu@example.org", "user": admin}
        return lambda: services.person_create(**{**given, "territory": world.territory, **kwargs})

    refused("territory_missing", create(territory=None))
    refused("email_missing", create(email=" "))
    refused("username_taken", create(username=world.people["head"].username.upper()))
    refused("password_weak", create(password="kurz"))
    refused("invalid", create(username="mit leer zeichen"))
    with pytest.raises(PermissionDenied):
        create(territory=world.neighbour)()
    assert not User.objects.filter(display_name="Neu").exists()


def test_person_update_logs_the_fields_but_not_the_values(world, admin, head):
    services.person_update(head, display_name="Anders", email="anders@example.org", user=admin)

    entry = last_entry()
    assert (entry.action, entry.data) == ("person.changed", {"fields": ["display_name", "email"]})
    refused(
        "email_missing", lambda: services.person_update(head, display_name="Anders", email="", user=admin)
    )


def test_a_deactivated_person_loses_everything_at_once(world, admin, head):
    services.person_deactivate(head, user=admin)

    head = User.objects.get(pk=head.pk)
    assert not head.is_active
    assert not head.groups.exists()
    assert not head.memberships.filter(ends_on__isnull=True).exists()
    assert not head.seats.filter(ends_on__isnull=True).exists()
    assert not can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert last_entry().action == "person.deactivated"


def test_a_deactivated_deputy_is_no_deputy_any_more(world, admin, specialist):
    services.person_deactivate(specialist, user=admin)

    assert not specialist.deputy_seats.exists()


def test_deactivation_ends_what_has_not_begun_before_it_begins(world, admin):
    someone = staff("Neu", world.youth_office, Function.MEMBER)
    row = services.membership_start(
        person=someone,
        organisation=world.youth_office,
        function=Function.HEAD,
        starts_on=TODAY() + 10 * DAY,
        user=admin,
    )

    services.person_deactivate(someone, user=admin)

    row.refresh_from_db()
    assert row.ends_on == row.starts_on
    services.sync_roles(day=row.starts_on)
    assert not someone.groups.exists()


def test_person_deactivate_refuses_oneself_the_last_administrator_and_twice(world, admin, head):
    refused("own_account", lambda: services.person_deactivate(admin, user=admin))
    second = staff("Zweite Verwaltung", world.planning_unit, Function.ADMINISTRATOR)
    services.person_deactivate(admin, user=second)
    refused("own_account", lambda: services.person_deactivate(second, user=second))
    services.person_deactivate(head, user=second)
    refused("person_inactive", lambda: services.person_deactivate(head, user=second))


def test_the_last_administrator_is_not_deactivated_by_somebody_of_two_territories(world, admin):
    both = employed(person("Beide"), world.planning_unit, Function.MEMBER)
    membership = admin.memberships.get()
    refused(
        "last_administrator",
        lambda: services.membership_end(membership, ends_on=TODAY(), user=admin),
    )
    employed(both, world.planning_unit, Function.ADMINISTRATOR)

    services.membership_end(membership, ends_on=TODAY(), user=admin)


def test_who_also_works_elsewhere_is_not_ours_to_deactivate(world, admin, head):
    neighbour_office = organisation("Jugendamt", OrganisationKind.DEPARTMENT, world.neighbour)
    employed(head, neighbour_office)

    for act in (
        lambda: services.person_deactivate(head, user=admin),
        lambda: services.person_update(head, display_name="X", email="x@example.org", user=admin),
        lambda: services.person_invite(head, user=admin),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert User.objects.get(pk=head.pk).is_active


def test_a_person_who_belongs_nowhere_is_nobodys_to_manage(admin):
    with pytest.raises(PermissionDenied):
        services.person_deactivate(person("Ohne alles"), user=admin)


def test_a_reactivated_person_begins_without_rights(world, admin, head):
    services.person_deactivate(head, user=admin)
    head.memberships.update(ends_on=TODAY() - DAY)
    head.seats.update(ends_on=TODAY() - DAY)

    services.person_reactivate(User.objects.get(pk=head.pk), user=admin)

    head = User.objects.get(pk=head.pk)
    assert head.is_active
    assert not head.groups.exists()
    refused("person_active", lambda: services.person_reactivate(head, user=admin))


# --- Links for the password -------------------------------------------------------------------------


def test_an_invitation_is_queued_with_a_link_and_logged(admin, head):
    services.person_invite(head, user=admin)

    mail = OutgoingMail.objects.get()
    assert mail.address == head.email
    assert head.username in mail.body
    assert "http://127.0.0.1:8000/password/new/" in mail.body
    assert mail.expires_at is not None, "the link is forgotten when it no longer works"
    assert last_entry().action == "person.invited"


def test_person_invite_refuses_who_cannot_read_it(admin, head):
    User.objects.filter(pk=head.pk).update(email="")
    head.refresh_from_db()
    refused("email_missing", lambda: services.person_invite(head, user=admin))
    services.person_deactivate(head, user=admin)
    refused("person_inactive", lambda: services.person_invite(head, user=admin))


def test_a_link_is_sent_on_request_but_not_again_and_again(head):
    assert services.password_link_request(head.email.upper()) == 1
    assert services.password_link_request(head.email) == 0
    assert OutgoingMail.objects.count() == 1


def test_no_link_for_unknown_deactivated_and_demo_people(head):
    assert services.password_link_request("niemand@example.org") == 0
    assert services.password_link_request("") == 0
    User.objects.filter(pk=head.pk).update(is_demo=True)
    assert services.password_link_request(head.email) == 0
    User.objects.filter(pk=head.pk).update(is_demo=False, is_active=False)
    assert services.password_link_request(head.email) == 0


# --- Memberships ------------------------------------------------------------------------------------


def test_a_function_brings_its_rights_from_its_first_to_its_last_day(world, admin):
    someone = person("Neue Leitung")
    membership = services.membership_start(
        person=someone,
        organisation=world.health_office,
        function=Function.HEAD,
        starts_on=TODAY(),
        user=admin,
    )
    assert can(someone, Perm.LEAD_ORGANISATION, world.health_office)
    assert can(someone, Perm.VIEW_TERRITORY, world.territory)
    assert last_entry().data == {"function": "head", "starts_on": TODAY().isoformat()}

    services.membership_end(membership, ends_on=TODAY(), user=admin)
    services.sync_roles(day=TODAY())
    assert can(someone, Perm.LEAD_ORGANISATION, world.health_office)

    services.sync_roles(day=TODAY() + DAY)
    assert not can(someone, Perm.LEAD_ORGANISATION, world.health_office)
    assert not can(someone, Perm.VIEW_TERRITORY, world.territory)


def test_a_function_that_begins_later_brings_nothing_yet(world, admin):
    someone = person("Neue Leitung")
    services.membership_start(
        person=someone,
        organisation=world.health_office,
        function=Function.HEAD,
        starts_on=TODAY() + 7 * DAY,
        user=admin,
    )
    assert not someone.groups.exists()
    services.sync_roles(day=TODAY() + 6 * DAY)
    assert not someone.groups.exists()

    services.sync_roles(day=TODAY() + 7 * DAY)

    assert can(someone, Perm.LEAD_ORGANISATION, world.health_office)


def test_ending_one_of_two_functions_keeps_what_the_other_brings(world, admin, head):
    employed(head, world.health_office)
    here = head.memberships.get(organisation=world.youth_office)

    services.membership_end(here, ends_on=TODAY() - DAY, user=admin)

    assert not can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert can(head, Perm.LEAD_ORGANISATION, world.health_office)
    assert can(head, Perm.VIEW_TERRITORY, world.territory)
    assert can(head, Perm.VOTE_IN_BODY, world.steering_group)


def test_membership_start_refuses_doubles_the_deactivated_and_strangers(world, admin, outsider, head):
    def start(who, user):
        return lambda: services.membership_start(
            person=who,
            organisation=world.youth_office,
            function=Function.HEAD,
            starts_on=TODAY(),
            user=user,
        )

    refused("membership_exists", start(head, admin))
    gone = person("Weg")
    services.person_deactivate(gone, user=None)
    refused("person_inactive", start(gone, admin))
    with pytest.raises(PermissionDenied):
        start(person("Neu"), outsider)()


def test_membership_end_refuses_days_before_the_first_and_what_has_ended(world, admin, head):
    membership = head.memberships.get()
    refused(
        "ends_before_start",
        lambda: services.membership_end(membership, ends_on=LONG_AGO - DAY, user=admin),
    )
    services.membership_end(membership, ends_on=TODAY() - DAY, user=admin)
    refused("membership_ended", lambda: services.membership_end(membership, ends_on=TODAY(), user=admin))


def test_a_last_day_to_come_can_be_moved(world, admin, head):
    membership = head.memberships.get()
    services.membership_end(membership, ends_on=TODAY() + 30 * DAY, user=admin)

    moved = services.membership_end(membership, ends_on=TODAY() + 60 * DAY, user=admin)

    assert moved.ends_on == TODAY() + 60 * DAY


def test_the_function_can_be_given_again_after_it_ended(world, admin, head):
    services.membership_end(head.memberships.get(), ends_on=TODAY() - DAY, user=admin)

    services.membership_start(
        person=head,
        organisation=world.youth_office,
        function=Function.HEAD,
        starts_on=TODAY(),
        user=admin,
    )

    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office)


# --- Bodies -----------------------------------------------------------------------------------------


def test_an_administrator_founds_and_changes_a_body(world, admin):
    body = services.body_create(
        territory=world.territory,
        name="Zweite Konferenz",
        kind=BodyKind.PLANNING_CONFERENCE,
        quorum_share="0.5",
        user=admin,
    )
    services.body_update(body, name="Dritte Konferenz", is_active=False, user=admin)

    entry = last_entry()
    assert entry.action == "body.changed"
    assert entry.data == {"fields": ["name", "is_active"]}
    assert not Body.objects.get(pk=body.pk).is_active


def test_body_create_refuses_doubles_offices_strangers_and_wrong_shares(world, admin, outsider):
    def create(territory=world.territory, name="Neu", share="0.5", user=admin):
        return lambda: services.body_create(
            territory=territory,
            name=name,
            kind=BodyKind.STEERING_GROUP,
            quorum_share=share,
            user=user,
        )

    refused("name_taken", create(name=world.steering_group.name))
    refused("no_territory", create(territory=world.youth_office, user=None))
    refused("invalid", create(share="1.5"))
    with pytest.raises(PermissionDenied):
        create(user=outsider)()


def start_seat(world, who, seat=Seat.VOTING, *, user=None, **kwargs):
    return services.seat_start(
        **{
            "body": world.steering_group,
            "organisation": world.health_office,
            "starts_on": TODAY(),
            "deputy": None,
            "person": who,
            "seat": seat,
            "user": user,
            **kwargs,
        }
    )


def test_a_seat_brings_its_rights_to_member_and_deputy(world, admin):
    member, deputy = staff("Neu", world.health_office), staff("Vertretung", world.health_office)

    seat = start_seat(world, member, deputy=deputy, user=admin)

    for user in (member, deputy):
        assert can(user, Perm.VOTE_IN_BODY, world.steering_group)
        assert not can(user, Perm.CHAIR_BODY, world.steering_group)
    services.seat_end(seat, ends_on=TODAY(), user=admin)
    services.sync_roles(day=TODAY() + DAY)
    for user in (member, deputy):
        assert not can(user, Perm.VOTE_IN_BODY, world.steering_group)


def test_an_advisory_seat_does_not_vote(world, association_head):
    assert can(association_head, Perm.ADVISE_BODY, world.steering_group)
    assert not can(association_head, Perm.VOTE_IN_BODY, world.steering_group)
