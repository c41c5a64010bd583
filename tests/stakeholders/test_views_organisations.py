"""Pages of organisations and functions."""

import datetime
from io import BytesIO

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders import services
from stakeholders.models import Function, Membership, Organisation, OrganisationKind
from stakeholders.permissions import Perm, can
from tests.factories import employed, organisation, person, staff

pytestmark = pytest.mark.django_db

LIST = "/administration/organisations/"
NEW = "/administration/organisations/new/"


def page(name, obj):
    return reverse(f"stakeholders:{name}", args=[obj.pk])


def names(response):
    return [row.organisation.name for row in response.context["page_obj"]]


# --- The list ---------------------------------------------------------------------------------------


def test_the_list_is_a_tree_with_heads_and_people(world, client_as, admin):
    part = organisation("Abteilung", OrganisationKind.DEPARTMENT, world.territory, parent=world.youth_office)

    response = client_as(admin).get(LIST)

    rows = {row.organisation.pk: row for row in response.context["page_obj"]}
    assert rows[world.territory.pk].level == 0
    assert names(response)[0] == "Musterkreis"
    assert (rows[world.youth_office.pk].level, rows[world.youth_office.pk].member_count) == (1, 2)
    assert rows[world.youth_office.pk].heads == ("Leitung Jugendamt",)
    assert rows[part.pk].path == ("Musterkreis", "Jugendamt")
    order = names(response)
    assert order.index("Abteilung") == order.index("Jugendamt") + 1


def test_neighbours_and_funders_are_not_in_the_list(world, client_as, admin, outsider):
    assert not {"Nachbarkreis", "Ministerium (Beispiel)"} & set(names(client_as(admin).get(LIST)))
    assert set(names(client_as(outsider).get(LIST))) == {"Nachbarkreis", "Sozialplanung Nachbarkreis"}


def test_members_of_a_provider_find_their_own_organisation(world, client_as, provider_head):
    assert names(client_as(provider_head).get(LIST)) == ["Träger (Beispiel)"]


def test_search_kind_status_and_order(world, client_as, admin):
    client = client_as(admin)
    empty = organisation("Altes Amt", OrganisationKind.DEPARTMENT, world.territory)
    services.organisation_update(empty, name=empty.name, is_active=False, user=admin)

    assert names(client.get(LIST, {"q": "jugend"})) == ["Jugendamt"]
    assert names(client.get(LIST, {"kind": "jobcenter"})) == ["Jobcenter Musterkreis"]
    assert names(client.get(LIST, {"state": "archived"})) == ["Altes Amt"]
    assert "Altes Amt" not in names(client.get(LIST))
    assert "Altes Amt" in names(client.get(LIST, {"state": "all"}))
    by_name = names(client.get(LIST, {"sort": "-name"}))
    assert by_name == sorted(by_name, reverse=True)
    assert names(client.get(LIST, {"q": "nirgends"})) == []
    assert client.get(LIST, {"kind": "unsinn", "page": "abc"}).status_code == 200


def test_who_administers_two_territories_chooses_one(world, client_as, admin):
    assert "territory" not in client_as(admin).get(LIST).context["filter_form"].fields
    both = employed(admin, world.neighbour, Function.ADMINISTRATOR)
    client = client_as(both)

    assert "Jugendamt" in names(client.get(LIST))
    assert names(client.get(LIST, {"territory": world.neighbour.pk})) == [
        "Nachbarkreis",
        "Sozialplanung Nachbarkreis",
    ]


def test_the_files_hold_what_is_seen(world, client_as, admin):
    services.organisation_update(world.youth_office, name="=Jugend()", short_name="JA", user=admin)
    client = client_as(admin)

    csv = client.get(LIST, {"q": "JA", "export": "csv"}).content.decode()
    assert len(csv.strip().splitlines()) == 2
    assert '"\'=Jugend()"' in csv
    file = client.get(LIST, {"q": "JA", "export": "xlsx"})
    sheet = openpyxl.load_workbook(BytesIO(file.content)).active
    assert [row[0].value for row in sheet.iter_rows(max_row=2)] == ["Name", "=Jugend()"]
    assert sheet["A2"].data_type == "s"
    assert sheet["I2"].value == 2


def test_the_list_costs_the_same_for_2_and_20_rows(world, client_as, admin):
    client = client_as(admin)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    few = queries()
    for number in range(20):
        where = organisation(
            f"Amt {number}", OrganisationKind.DEPARTMENT, world.territory, parent=world.territory
        )
        staff(f"Leitung {number}", where)
    assert queries() == few


def test_the_list_has_pages(world, client_as, admin):
    for number in range(30):
        organisation(f"Amt {number:02d}", OrganisationKind.DEPARTMENT, world.territory)
    client = client_as(admin)

    first, second = names(client.get(LIST)), names(client.get(LIST, {"page": 2}))

    assert len(first) == 25
    assert not set(first) & set(second)


# --- One organisation -------------------------------------------------------------------------------


def test_staff_look_up_who_works_where_but_not_who_did(world, client_as, planner, admin):
    services.membership_end(
        world.people["specialist"].memberships.get(),
        ends_on=timezone.localdate() - datetime.timedelta(days=1),
        user=admin,
    )

    seen = client_as(planner).get(page("organisation-detail", world.youth_office))
    assert [row.user for row in seen.context["members"]] == [world.people["head"]]
    assert not seen.context["former"]
    assert page("organisation-edit", world.youth_office) not in seen.content.decode()

    managed = client_as(admin).get(page("organisation-detail", world.youth_office))
    assert [row.user for row in managed.context["former"]] == [world.people["specialist"]]
    assert page("organisation-edit", world.youth_office) in managed.content.decode()


def test_functions_that_begin_later_stand_apart(world, client_as, admin):
    someone = person("Neu")
    services.membership_start(
        person=someone,
        organisation=world.youth_office,
        function=Function.MEMBER,
        starts_on=timezone.localdate() + datetime.timedelta(days=9),
        user=admin,
    )

    context = client_as(admin).get(page("organisation-detail", world.youth_office)).context

    assert [row.user for row in context["coming"]] == [someone]
    assert someone not in [row.user for row in context["members"]]


def test_an_organisation_of_others_does_not_exist(world, client_as, outsider, association_head, client):
    for user in (outsider, association_head):
        for name in ("organisation-detail", "organisation-edit", "membership-create"):
            assert client_as(user).get(page(name, world.youth_office)).status_code == 404
    assert client.get(page("organisation-detail", world.youth_office)).status_code == 302


# --- Adding and changing ----------------------------------------------------------------------------


def test_an_administrator_adds_an_organisation(world, client_as, admin):
    client = client_as(admin)
    form = client.get(NEW).context["form"]
    assert world.neighbour not in form.fields["territory"].queryset
    assert "funder" not in dict(form.fields["kind"].choices)

    response = client.post(
        NEW,
        {
            "name": "Schulamt",
            "kind": "department",
            "territory": world.territory.pk,
            "parent": world.territory.pk,
            "email": "schulamt@example.org",
        },
    )

    added = Organisation.objects.get(name="Schulamt")
    assert (added.territory, added.parent) == (world.territory, world.territory)
    assert response.url == page("organisation-detail", added)


def test_only_administrators_add_and_change(world, client_as, planner):
    client = client_as(planner)

    assert client.get(NEW).status_code == 403
    assert client.post(NEW, {"name": "Schulamt"}).status_code == 403
    for name in ("organisation-edit", "membership-create"):
        assert client.get(page(name, world.youth_office)).status_code == 403
        assert client.post(page(name, world.youth_office), {}).status_code == 403


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "Jugendamt"}, "name"),
        ({"kind": "funder"}, "kind"),
        ({"ags": "53"}, "ags"),
        ({"email": "keine"}, "email"),
    ],
)
def test_bad_input_comes_back_with_the_reason_at_the_field(world, client_as, admin, change, field):
    data = {"name": "Schulamt", "kind": "department", "territory": world.territory.pk, **change}

    response = client_as(admin).post(NEW, data)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Organisation.objects.filter(name="Schulamt").exists()


def test_an_administrator_adds_nothing_in_other_territories(world, client_as, admin):
    data = {"name": "Schulamt", "kind": "department", "territory": world.neighbour.pk}

    response = client_as(admin).post(NEW, data)

    assert response.status_code == 422
    assert not Organisation.objects.filter(name="Schulamt").exists()


def test_an_organisation_is_changed_and_archived(world, client_as, admin):
    empty = organisation("Altes Amt", OrganisationKind.DEPARTMENT, world.territory)
    client = client_as(admin)

    response = client.post(page("organisation-edit", empty), {"name": "Ganz altes Amt", "is_active": ""})

    empty.refresh_from_db()
    assert (empty.name, empty.is_active) == ("Ganz altes Amt", False)
    assert response.url == page("organisation-detail", empty)
    full = client.post(page("organisation-edit", world.youth_office), {"name": "Jugendamt"})
    assert full.status_code == 422
    world.youth_office.refresh_from_db()
    assert world.youth_office.is_active


def test_changing_the_territory_itself_keeps_what_the_form_does_not_ask(world, client_as, admin):
    client_as(admin).post(
        page("organisation-edit", world.territory), {"name": "Kreis Muster", "ags": "05378"}
    )

    world.territory.refresh_from_db()
    assert (world.territory.name, world.territory.ags) == ("Kreis Muster", "05378")
    assert world.territory.is_active
    assert world.territory.is_territory


def test_wrong_methods_are_refused(world, client_as, admin):
    client = client_as(admin)

    for url in (LIST, page("organisation-detail", world.youth_office)):
        assert client.post(url).status_code == 405
    for url in (NEW, page("organisation-edit", world.youth_office)):
        assert client.delete(url).status_code == 405


# --- Functions --------------------------------------------------------------------------------------


def test_an_administrator_gives_a_function(world, client_as, admin, specialist):
    url = page("membership-create", world.youth_office)
    client = client_as(admin)
    offered = set(client.get(url).context["form"].fields["person"].queryset)
    assert specialist in offered
    assert world.people["funder_reader"] in offered, "works for all territories"
    assert world.people["outsider"] not in offered

    response = client.post(
        url, {"person": specialist.pk, "function": "deputy", "starts_on": timezone.localdate()}
    )

    assert response.url == page("organisation-detail", world.youth_office)
    assert can(specialist, Perm.LEAD_ORGANISATION, world.youth_office)


def test_a_function_given_twice_or_to_a_stranger_is_refused(world, client_as, admin, head, outsider):
    client = client_as(admin)
    for user in (head, outsider):
        response = client.post(
            page("membership-create", world.youth_office),
            {"person": user.pk, "function": "head", "starts_on": timezone.localdate()},
        )
        assert response.status_code == 422
    assert Membership.objects.filter(organisation=world.youth_office).count() == 2


def test_an_administrator_ends_a_function(world, client_as, admin, head):
    membership = head.memberships.get()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    client = client_as(admin)
    url = page("membership-end", membership)
    assert client.get(url).status_code == 200
    assert can(head, Perm.LEAD_ORGANISATION, world.youth_office), "looking changes nothing"

    response = client.post(url, {"ends_on": yesterday})

    assert response.url == page("organisation-detail", world.youth_office)
    assert not can(head, Perm.LEAD_ORGANISATION, world.youth_office)
    assert client.post(url, {"ends_on": yesterday}).status_code == 422


def test_ending_a_function_before_it_began_is_refused_at_the_field(client_as, admin, head):
    response = client_as(admin).post(
        page("membership-end", head.memberships.get()), {"ends_on": "2019-01-01"}
    )

    assert response.status_code == 422
    assert "ends_on" in response.context["form"].errors


def test_who_may_end_a_function(client_as, head, planner, outsider, association_head):
    url = page("membership-end", head.memberships.get())

    assert client_as(planner).post(url, {"ends_on": timezone.localdate()}).status_code == 403
    for user in (outsider, association_head):
        assert client_as(user).post(url, {"ends_on": timezone.localdate()}).status_code == 404


def test_a_funders_administrator_manages_the_funder_only(world, client_as):
    someone = staff("Verwaltung Ministerium", world.funder, Function.ADMINISTRATOR)
    client = client_as(someone)

    assert names(client.get(LIST)) == ["Ministerium (Beispiel)"]
    assert client.get(page("organisation-edit", world.funder)).status_code == 200
    assert client.get(NEW).status_code == 403
    assert client.get(page("organisation-detail", world.youth_office)).status_code == 404
    response = client.post(page("organisation-edit", world.funder), {"name": "MAGS", "is_active": "on"})
    assert response.status_code == 302
    world.funder.refresh_from_db()
    assert (world.funder.name, world.funder.territory) == ("MAGS", None)
