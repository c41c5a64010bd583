"""Who sees what of funded projects: several funders, partners, further measures, counts and search."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from measures.models import ActionPlan, FundedProject, GrantNotice, Measure, Programme, ProgrammeCall
from measures.services.grants import notice_record
from measures.services.programmes import CallFields, call_save
from measures.services.projects import project_create, project_parties_set
from measures.services.rights import measure_grant_rights
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry, Organisation, OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.grants import lines, notice
from tests.measures.test_views_projects import LIST, funded, page

ClientAs = Callable[[User], Client]
D = datetime.date
E = Decimal
PROGRAMMES = "/programmes/"


@pytest.fixture
def project(world: World) -> FundedProject:
    """A project of the provider, paid by the ministry with 900 euros."""
    made = funded(world)
    notice_record(made, fields=notice(), user=world.fresh("planner"))
    return made


@pytest.fixture
def foundation(world: World) -> Organisation:
    """Another funder."""
    return factories.organisation("Stiftung Nordlicht", OrganisationKind.FUNDER)


@pytest.fixture
def second(project: FundedProject, foundation: Organisation, world: World) -> FundedProject:
    """The same measure, paid by the foundation too, with 1.800 euros."""
    planner = world.fresh("planner")
    made = project_create(
        measure=project.measure,
        funder=foundation,
        provider=world.provider,
        programme="Nordlicht vor Ort",
        title="Polarprojekt",
        reference="NL-88",
        starts_on=D(2026, 1, 1),
        ends_on=D(2026, 12, 31),
        user=planner,
    )
    granted = notice(
        reference="NL-88",
        granted=E("1800.00"),
        lines=lines("2000.00", "200.00"),
        conditions="Nur für Nordlicht bestimmt",
    )
    notice_record(made, fields=granted, user=planner)
    call_save(made.programme, fields=CallFields(year=2026), user=factories.staff("Referat Licht", foundation))
    return made


#: Words that belong to the second project only.
SECRETS = ("Nordlicht", "Polarprojekt", "NL-88", "1.800,00", "2.000,00")


def test_two_funders_of_one_measure_see_only_their_own(
    project: FundedProject, second: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    for address in (
        LIST,
        PROGRAMMES,
        page(project),
        reverse("measures:notice-detail", args=[project.notices.get().pk]),
        reverse("measures:programme-detail", args=[project.programme_id]),
        reverse("measures:notice-create", args=[project.pk]),
        "/search/?q=Elterncaf",
    ):
        response = client.get(address)
        assert response.status_code == 200, address
        html = response.content.decode().replace("\xa0", " ")
        assert not [word for word in SECRETS if word in html], address
    for address in (LIST, page(project), reverse("measures:programme-detail", args=[project.programme_id])):
        file: Any = client.get(address, {"export": "xlsx"})
        cells = str([row.value for line in load_workbook(io.BytesIO(file.getvalue())).active for row in line])
        assert not [word for word in SECRETS if word in cells], address
    call = second.programme.calls.get()
    for address in (
        page(second),
        reverse("measures:notice-detail", args=[second.notices.get().pk]),
        reverse("measures:notice-create", args=[second.pk]),
        reverse("measures:project-parties", args=[second.pk]),
        reverse("measures:programme-detail", args=[second.programme_id]),
        reverse("measures:programme-edit", args=[second.programme_id]),
        reverse("measures:call-create", args=[second.programme_id]),
        reverse("measures:call-edit", args=[call.pk]),
        reverse("measures:programme-create", args=[second.funder_id]),
    ):
        assert client.get(address).status_code == 404, address
        assert client.post(address).status_code in {404, 405}, address
    assert client.get(LIST, {"q": "Nordlicht"}).context["page_obj"].paginator.count == 0
    assert page(second) not in client.get("/search/?q=Polarprojekt").content.decode()


def test_a_funder_cannot_name_the_call_of_another(
    project: FundedProject, second: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    form = client.get(reverse("measures:notice-create", args=[project.pk])).context["editor"].form
    assert list(form.fields["call"].queryset) == []
    with pytest.raises(ProgrammeCall.DoesNotExist):
        call_save(
            project.programme,
            fields=CallFields(year=2026, goals="Übernommen"),
            user=world.fresh("funder_reader"),
            call=second.programme.calls.get(),
        )
    assert not ProgrammeCall.objects.filter(goals="Übernommen").exists()


def test_the_provider_sees_both_and_planning_too(
    project: FundedProject, second: FundedProject, world: World, client_as: ClientAs
) -> None:
    for name in ("provider_head", "planner"):
        client = client_as(world.fresh(name))
        html = client.get(LIST).content.decode()
        assert project.title in html
        assert "Polarprojekt" in html
        assert client.get(page(second)).status_code == 200


def test_money_and_counts_of_a_programme_are_of_what_one_sees(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    """The neighbour has a project of the same programme: the funder counts both, each planning its own."""
    plan = ActionPlan.objects.create(territory=world.neighbour, title="Plan nebenan", ends_on=D(2028, 12, 31))
    carrier = factories.organisation("Träger nebenan", OrganisationKind.PROVIDER, world.neighbour)
    outsider = world.fresh("outsider")
    measure = factories.measure(plan, carrier)
    other = project_create(
        measure=measure,
        funder=world.funder,
        provider=carrier,
        programme=project.programme.title,
        title="Vorhaben nebenan",
        starts_on=D(2026, 1, 1),
        ends_on=D(2026, 12, 31),
        user=outsider,
    )
    notice_record(other, fields=notice(granted=E("450.00"), lines=lines("500.00", "50.00")), user=outsider)
    assert other.programme == project.programme
    url = reverse("measures:programme-detail", args=[project.programme_id])
    for name, sum_, count in (
        ("funder_reader", "1350.00", 2),
        ("planner", "900.00", 1),
        ("provider_head", "900.00", 1),
        ("outsider", "450.00", 1),
    ):
        client = client_as(world.fresh(name))
        context = client.get(url).context
        (row,) = context["money"]
        assert (row.granted, row.project_count, context["page_obj"].paginator.count) == (
            E(sum_),
            count,
            count,
        ), name
        (listed,) = client.get(PROGRAMMES).context["page_obj"]
        assert listed.project_count == count, name
        assert client.get(page(other)).status_code == (
            200 if name in {"funder_reader", "outsider"} else 404
        ), name


def test_a_member_of_the_funder_reads_and_does_not_record(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    member = factories.staff("Sachbearbeitung", world.funder, Function.MEMBER)
    client = client_as(member)
    assert client.get(page(project)).status_code == 200
    programme = project.programme_id
    for address in (
        reverse("measures:notice-create", args=[project.pk]),
        reverse("measures:project-parties", args=[project.pk]),
        reverse("measures:programme-edit", args=[programme]),
        reverse("measures:call-create", args=[programme]),
        reverse("measures:programme-create", args=[world.funder.pk]),
    ):
        assert client.get(address).status_code == 403, address
        assert client.post(address).status_code == 403, address
    assert not client.get(reverse("measures:programme-detail", args=[programme])).context["may_edit"]


def test_provider_and_partner_read_the_programme_and_change_nothing(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    call = call_save(project.programme, fields=CallFields(year=2026), user=world.fresh("funder_reader"))
    client = client_as(world.fresh("provider_head"))
    assert client.get(reverse("measures:programme-detail", args=[project.programme_id])).status_code == 200
    for address in (
        reverse("measures:programme-edit", args=[project.programme_id]),
        reverse("measures:call-create", args=[project.programme_id]),
        reverse("measures:call-edit", args=[call.pk]),
        reverse("measures:notice-create", args=[project.pk]),
        reverse("measures:project-parties", args=[project.pk]),
    ):
        assert client.post(address, {"title": "x", "year": "2026"}).status_code == 403, address


# --- further measures ---------------------------------------------------------------------------------


@pytest.fixture
def further(project: FundedProject, world: World) -> Measure:
    """A measure of the youth office that the project pays for too."""
    row = factories.measure(world.plan, world.youth_office, title="Streng interne Maßnahme")
    project_parties_set(project, partners=[], areas=[], further_measures=[row], user=world.fresh("planner"))
    return row


def test_further_measures_are_named_to_those_who_may_open_them(
    project: FundedProject, further: Measure, world: World, client_as: ClientAs
) -> None:
    address = reverse("measures:measure-detail", args=[further.pk])
    for name, is_seen in (
        ("planner", True),
        ("head", True),
        ("provider_head", False),
        ("funder_reader", False),
    ):
        client = client_as(world.fresh(name))
        assert ("Streng interne" in client.get(page(project)).content.decode()) == is_seen, name
        assert client.get(address).status_code == (200 if is_seen else 404), name


def test_a_further_measure_names_the_project_that_pays_for_it(
    project: FundedProject, further: Measure, world: World, client_as: ClientAs
) -> None:
    address = reverse("measures:measure-detail", args=[further.pk])
    assert project.title in client_as(world.fresh("planner")).get(address).content.decode()
    # A partner of the measure who does not follow the project reads nothing of it.
    further.partners.create(organisation=world.association)
    measure_grant_rights(further)
    client = client_as(world.fresh("association_head"))
    assert client.get(address).status_code == 200
    assert project.title not in client.get(address).content.decode()


def test_search_does_not_tell_the_funder_what_the_measure_is_called(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    Measure.objects.filter(pk=project.measure_id).update(title="Kofferwort")
    for name, is_found in (("planner", True), ("provider_head", True), ("funder_reader", False)):
        html = client_as(world.fresh(name)).get("/search/?q=Kofferwort").content.decode()
        assert (page(project) in html) == is_found, name


# --- partners -----------------------------------------------------------------------------------------


def test_a_removed_partner_sees_nothing_any_more(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    partner = factories.organisation("Zweiter Träger", OrganisationKind.PROVIDER, world.territory)
    client = client_as(factories.staff("Leitung Zweiter", partner))
    planner = world.fresh("planner")
    addresses = (
        page(project),
        reverse("measures:notice-detail", args=[project.notices.get().pk]),
        reverse("measures:programme-detail", args=[project.programme_id]),
    )
    project_parties_set(project, partners=[partner], areas=[], further_measures=[], user=planner)
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    assert client.get(reverse("measures:measure-detail", args=[project.measure_id])).status_code == 404
    # Who carries the project, too, while it is carried by another still sees the other.
    own = funded(world, title="Eigenes", provider=partner)
    project_parties_set(project, partners=[], areas=[], further_measures=[], user=planner)
    assert [client.get(address).status_code for address in addresses] == [404, 404, 200]
    html = client.get(LIST).content.decode()
    assert own.title in html
    assert project.title not in html
    assert project.title not in client.get(addresses[2]).content.decode()


def test_a_funder_is_never_partner_of_a_project(
    project: FundedProject, foundation: Organisation, world: World, client_as: ClientAs
) -> None:
    planner = world.fresh("planner")
    with pytest.raises(DomainError) as refused:
        project_parties_set(project, partners=[foundation], areas=[], further_measures=[], user=planner)
    assert refused.value.code == "partner_is_funder"
    url = reverse("measures:project-parties", args=[project.pk])
    client = client_as(planner)
    assert foundation not in client.get(url).context["form"].fields["partners"].queryset
    assert client.post(url, {"partners": [foundation.pk]}).status_code == 422
    assert not project.partners.exists()


def test_a_funder_without_projects_finds_its_programmes(
    foundation: Organisation, world: World, client_as: ClientAs
) -> None:
    client = client_as(factories.staff("Referat Licht", foundation))
    html = client.get("/", follow=True).content.decode()
    assert f'href="{LIST}"' in html
    create = reverse("measures:programme-create", args=[foundation.pk])
    assert create in client.get(PROGRAMMES).content.decode()
    # Others without a project have no such entry.
    assert f'href="{LIST}"' not in client_as(world.fresh("association_head")).get("/tasks/").content.decode()


def test_pages_of_programmes_and_notices_stand_under_funded_projects_in_the_menu(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    for address in (
        PROGRAMMES,
        reverse("measures:programme-detail", args=[project.programme_id]),
        reverse("measures:notice-detail", args=[project.notices.get().pk]),
    ):
        assert f'<a href="{LIST}" aria-current="true">' in client.get(address).content.decode(), address


def test_nothing_is_written_by_those_who_may_not(project: FundedProject, world: World) -> None:
    before = (GrantNotice.objects.count(), Programme.objects.count(), LogEntry.objects.count())
    for name in ("provider_head", "head", "association_head", "outsider", "admin"):
        with pytest.raises(PermissionDenied):
            notice_record(project, fields=notice(reason="x"), user=world.fresh(name))
        with pytest.raises(PermissionDenied):
            project_parties_set(project, partners=[], areas=[], further_measures=[], user=world.fresh(name))
    assert (GrantNotice.objects.count(), Programme.objects.count(), LogEntry.objects.count()) == before
