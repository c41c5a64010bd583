"""The command that makes the first administrator of a planning authority or a funder."""

import pytest
from django.core.management import CommandError, call_command

from stakeholders.models import Organisation, OutgoingMail, User
from stakeholders.permissions import Perm, can

pytestmark = pytest.mark.django_db


def make(name="Kreis Beispiel", kind="district", administrator="verwaltung", **options):
    call_command(
        "create_organisation",
        name,
        kind=kind,
        administrator=administrator,
        administrator_name="Administration",
        email="verwaltung@example.org",
        stdout=None,
        **options,
    )


def test_a_territory_gets_a_planning_unit_and_an_administrator():
    make()
    territory = Organisation.objects.get(name="Kreis Beispiel")
    unit = Organisation.objects.get(name="Sozialplanung")
    person = User.objects.get(username="verwaltung")
    assert territory.is_territory
    assert unit.territory == territory
    assert can(person, Perm.ADMINISTER_TERRITORY, territory)
    assert not can(person, Perm.PLAN_TERRITORY, territory)
    assert not person.has_usable_password()
    assert OutgoingMail.objects.get().address == "verwaltung@example.org"


def test_a_funder_is_administered_by_its_own_people():
    make(name="Ministerium (Beispiel)", kind="funder")
    funder = Organisation.objects.get()
    assert funder.territory is None
    assert can(User.objects.get(), Perm.MANAGE_ORGANISATION, funder)


def test_a_second_one_of_the_name_is_refused_and_nothing_is_left():
    make()
    with pytest.raises(CommandError):
        make(administrator="other")
    assert not User.objects.filter(username="other").exists()


def test_a_taken_user_name_leaves_no_organisation_behind():
    make()
    with pytest.raises(CommandError):
        make(name="Kreis Muster")
    assert not Organisation.objects.filter(name="Kreis Muster").exists()


def test_a_department_is_made_by_its_administrator_not_here():
    with pytest.raises(CommandError, match="invalid choice"):
        make(kind="department")
