"""The portfolio of a funder: numbers that open their lists, each funder its own, advisers let in and out."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from measures.models import FundedProject, FundingChange, FundingTally, ProjectReport, ProjectReportState
from measures.selectors import tallies as module
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.project_money import money_of, money_sum
from measures.selectors.project_sides import Part, Side, parts_seen, sides_of
from measures.selectors.tallies import tallies
from measures.services.advisers import adviser_let_in, adviser_take_out
from measures.services.projects import project_create
from measures.services.rights import project_grant_rights
from project.common.errors import DomainError
from stakeholders.models import Function, Organisation, OrganisationKind, User
from stakeholders.selectors.audit import audit_entries
from tests import factories
from tests.factories import World
from tests.funding import granted, in_days, people_of, report

ClientAs = Callable[[User], Client]
D = datetime.date
PORTFOLIO, LIST, REPORTS = "/funding/", "/projects/", "/project-reports/"


@pytest.fixture
def project(world: World) -> FundedProject:
    """The funder's project with a report in each state."""
    row = granted(world, "Elterncafé")
    report(row, due_on=in_days(-5))
    report(row, due_on=in_days(10), months=(7, 8))
    report(row, state=ProjectReportState.WITH_FUNDER, months=(9, 9))
    report(row, state=ProjectReportState.ASKED, months=(10, 10))
    report(row, state=ProjectReportState.CHECKING, months=(11, 11))
    return row


@pytest.fixture
def other(world: World, project: FundedProject) -> tuple[FundedProject, User]:
    """A project of another funder on the same measure, and somebody of that funder."""
    funder, person = people_of("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    row = FundedProject.objects.get(pk=project.pk)
    made = project_create(
        measure=row.measure,
        funder=funder,
        provider=world.provider,
        programme="Fremdes Programm",
        title="Fremdes Projekt",
        reference="FREMD-1",
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        user=world.people["planner"],
    )
    report(made, due_on=in_days(-40))
    return made, person


def tiles(client: Client) -> dict[str, tuple[str, str]]:
    return {str(tile.label): (tile.number, tile.url) for tile in client.get(PORTFOLIO).context["tiles"]}


def listed(client: Client, address: str) -> int:
    count: int = client.get(address).context["page_obj"].paginator.count
    return count


def test_every_number_opens_its_list(project: FundedProject, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    found = tiles(client)
    for label, (number, url) in found.items():
        if "€" not in number:
            assert listed(client, url) == int(number), label
    assert sorted(number for number, _url in found.values() if "€" not in number) == ["1"] * 5
    context = client.get(PORTFOLIO).context
    for row in context["money"]:
        assert listed(client, row.url) == row.projects
    for _badge, number, url in context["lights"]:
        assert listed(client, url) == number
    for _word, number, url in context["terms"]:
        assert listed(client, url) == number
    (territory,) = context["territories"]
    assert listed(client, territory["url"]) == 1
    assert listed(client, territory["late_url"]) == territory["late"] == 1
    assert [row.days_late for row, _url in context["late"]] == [5]
    assert len(context["mine"]) == 1, "what is with the funder waits for the funder"


def test_what_waits_for_planning_is_what_has_to_be_checked(
    project: FundedProject, world: World, client_as: ClientAs, planner: User
) -> None:
    context = client_as(planner).get(PORTFOLIO).context
    (row, _url) = context["mine"][0]
    assert row.report.state == ProjectReportState.CHECKING
    assert context["is_planning"]


def test_money_of_the_portfolio_is_money_of_its_projects(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    report(project, kind="drawdown", state=ProjectReportState.ACCEPTED, amount="300.00")
    report(project, kind="drawdown", state=ProjectReportState.WITH_FUNDER, amount="100.00", months=(7, 9))
    report(project, state=ProjectReportState.ACCEPTED, amount="250.10", months=(1, 3))
    report(project, state=ProjectReportState.ACCEPTED, amount="111.00", months=(4, 7))
    report(project, kind="final", state=ProjectReportState.ACCEPTED, amount="300.20", months=(1, 6))
    second = granted(world, "Lernhaus", programme="Anderes")
    user = world.fresh("funder_reader")
    found = tallies(portfolio_scope(user), timezone.localdate())
    whole = money_sum(tally.total for _row, tally in found)
    assert whole == money_sum(money_of(FundedProject.objects.all()).values())
    assert (whole.granted, whole.drawn, whole.spent) == (Decimal("1800"), Decimal("300"), Decimal("411.20"))
    response: Any = client_as(user).get(PORTFOLIO, {"export": "xlsx"})
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    last = next(row for row in reversed(rows) if row[2] is not None)
    assert last[2:7] == (2, 1800, 300, 411.2, 1500)
    assert second.programme_id != project.programme_id


def test_what_changes_is_counted_at_the_next_look(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("funder_reader"))
    label = next(name for name, (_n, url) in tiles(client).items() if "with_funder" in url)
    assert tiles(client)[label][0] == "1"
    assert not FundingChange.objects.exists()
    row = ProjectReport.objects.get(state=ProjectReportState.WITH_FUNDER)
    row.state = ProjectReportState.ACCEPTED
    row.save()
    assert FundingChange.objects.count() == 1
    assert tiles(client)[label][0] == "0"
    assert not FundingChange.objects.exists()


def test_a_count_that_began_earlier_does_not_write_over_a_later_one(
    project: FundedProject, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope, today = portfolio_scope(world.fresh("funder_reader")), timezone.localdate()
    real = module.count_tallies

    def slow(*args: Any) -> Any:
        counted = real(*args)
        monkeypatch.setattr(module, "count_tallies", real)
        ProjectReport.objects.filter(state=ProjectReportState.ASKED).delete()
        FundingChange.objects.create(programme=project.programme, territory=project.measure.plan.territory)
        tallies(scope, today)
        return counted

    monkeypatch.setattr(module, "count_tallies", slow)
    for _look in range(2):
        ((_row, tally),) = tallies(scope, today)
        assert tally.counts["report:asked"] == 0


def test_of_another_day_it_is_counted_anew(project: FundedProject, world: World) -> None:
    scope = portfolio_scope(world.fresh("funder_reader"))
    ((_row, now),) = tallies(scope, timezone.localdate())
    ((_row, later),) = tallies(scope, in_days(20))
    assert (now.counts["report:late"], later.counts["report:late"]) == (1, 2)


# --- each funder its own -----------------------------------------------------------------------------


def test_each_funder_sees_its_own_only(
    project: FundedProject, other: tuple[FundedProject, User], world: World, client_as: ClientAs
) -> None:
    foreign, person = other
    theirs = foreign.reports.get()
    for user, own, hidden in (
        (world.fresh("funder_reader"), project, foreign),
        (person, foreign, project),
    ):
        client = client_as(user)
        for address in (
            PORTFOLIO,
            LIST,
            REPORTS,
            "/programmes/",
            "/funding/map/",
            "/funding/figures/",
            f"{LIST}?q={hidden.title}",
            f"{LIST}?programme={hidden.programme_id}",
            f"{LIST}?funder={hidden.funder_id}",
            f"{REPORTS}?q={hidden.title}",
            f"{LIST}?export=csv",
            f"{REPORTS}?export=csv",
            f"{PORTFOLIO}?export=csv",
            f"/projects/{own.pk}/",
            f"/search/?q={hidden.title.split()[0]}",
        ):
            response = client.get(address)
            text = b"".join(response) if response.streaming else response.content
            shown = text.decode("utf-8-sig").replace(f'value="{hidden.title}"', "")
            for secret in (hidden.reference, hidden.programme.title, hidden.funder.name):
                assert secret not in shown, (user.display_name, address, secret)
        assert client.get(f"/projects/{hidden.pk}/").status_code == 404
        compared = client.get(f"/projects/compare/?p={own.pk}&p={hidden.pk}", follow=True)
        assert hidden.reference not in compared.content.decode()
        assert compared.redirect_chain
        assert listed(client, LIST) == 1
    assert {row.report.pk for row, _u in client_as(person).get(PORTFOLIO).context["late"]} == {theirs.pk}


def test_who_has_a_portfolio(project: FundedProject, world: World, client_as: ClientAs) -> None:
    assert Client().get(PORTFOLIO).status_code == 302
    for name in world.people:
        # The planner of the neighbouring district has one of its own, which is empty.
        has_none = name in {"provider_head", "association_head", "admin"}
        for address in (PORTFOLIO, "/funding/map/", "/funding/figures/"):
            status = client_as(world.fresh(name)).get(address).status_code
            assert status == (404 if has_none else 200), (name, address)
    outside = client_as(world.fresh("outsider")).get(PORTFOLIO)
    assert project.title not in outside.content.decode()
    assert "pg-empty" in outside.content.decode()


def test_the_list_of_reports_is_that_of_ones_projects(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    for name, count in (("funder_reader", 5), ("provider_head", 5), ("planner", 5), ("outsider", 0)):
        assert listed(client_as(world.fresh(name)), REPORTS) == count, name
    client = client_as(world.fresh("funder_reader"))
    assert listed(client, f"{REPORTS}?waiting=late") == 1
    assert listed(client, f"{REPORTS}?kind=final") == 0
    assert listed(client, f"{REPORTS}?q=nirgends") == 0
    days = [row.report.due_on for row, _url, _badge in client.get(f"{REPORTS}?sort=-due").context["rows"]]
    assert days == sorted(days, reverse=True)


# --- advisers ----------------------------------------------------------------------------------------


@pytest.fixture
def adviser(world: World) -> tuple[Organisation, User]:
    """G.I.B. and somebody who works there."""
    return people_of("G.I.B. (Beispiel)", OrganisationKind.ADVISER)


def test_an_adviser_reads_until_it_is_taken_out(
    project: FundedProject,
    other: tuple[FundedProject, User],
    adviser: tuple[Organisation, User],
    world: World,
    client_as: ClientAs,
) -> None:
    house, person = adviser
    boss = world.fresh("funder_reader")
    page = reverse("measures:project-detail", args=[project.pk])
    assert client_as(person).get(page).status_code == 404
    row = adviser_let_in(project.programme, organisation=house, user=boss)
    later = granted(world, "Später dazugekommen")
    reader = client_as(User.objects.get(pk=person.pk))
    assert reader.get(page).status_code == 200
    assert reader.get(reverse("measures:project-detail", args=[later.pk])).status_code == 200
    assert reader.get(f"/projects/{other[0].pk}/").status_code == 404
    assert listed(reader, LIST) == 2
    assert reader.get(PORTFOLIO).status_code == 200
    assert reader.get("/").url == PORTFOLIO  # type: ignore[attr-defined]
    assert sides_of(person, project) == {Side.READER}
    assert parts_seen(person, project) == {Part.PROJECT, Part.DELIVERED}
    programme = project.programme_id
    assert reader.get(f"/programmes/{programme}/").status_code == 200
    for address in (
        f"/programmes/{programme}/edit/",
        f"/programmes/{programme}/advisers/new/",
        f"/programme-advisers/{row.pk}/remove/",
        f"/projects/{project.pk}/notices/new/",
    ):
        assert reader.get(address).status_code == 403, address
    adviser_take_out(row, user=boss)
    gone = client_as(User.objects.get(pk=person.pk))
    for address in (page, PORTFOLIO, f"/programmes/{programme}/"):
        assert gone.get(address).status_code == 404, address
    assert listed(gone, LIST) == 0
    # In the log of the funder, which its administration reads, and in no other.
    admin = factories.staff("Verwaltung Ministerium", world.funder, Function.ADMINISTRATOR)
    entries = audit_entries(admin).filter(action__startswith="adviser.")
    assert [entry.action for entry in entries] == ["adviser.taken_out", "adviser.let_in"]
    assert not audit_entries(world.fresh("planner")).filter(action__startswith="adviser.").exists()


def test_the_funder_lets_in_and_takes_out_on_the_pages(
    project: FundedProject, adviser: tuple[Organisation, User], world: World, client_as: ClientAs
) -> None:
    house, _person = adviser
    address = reverse("measures:adviser-create", args=[project.programme_id])
    assert client_as(world.fresh("planner")).get(address).status_code == 403
    assert client_as(world.fresh("outsider")).get(address).status_code == 404
    client = client_as(world.fresh("funder_reader"))
    assert client.post(address, {"organisation": world.provider.pk}).status_code == 422
    assert client.post(address, {"organisation": house.pk}).status_code == 302
    row = project.programme.advisers.get()
    programme = reverse("measures:programme-detail", args=[project.programme_id])
    assert house.name in client.get(programme).content.decode()
    remove = reverse("measures:adviser-remove", args=[row.pk])
    assert house.name in client.get(remove).content.decode()
    assert client.post(remove).status_code == 302
    client.get(programme)  # says so once
    assert house.name not in client.get(programme).content.decode()
    row.refresh_from_db()
    assert row.until is not None


def test_without_an_adviser_the_page_says_who_records_one(
    project: FundedProject, world: World, client_as: ClientAs
) -> None:
    address = reverse("measures:adviser-create", args=[project.programme_id])
    boss = world.fresh("funder_reader")
    client = client_as(boss)
    page = client.get(address)
    assert not page.context["has_advisers"]
    assert "pg-empty" in page.content.decode()
    assert 'name="organisation"' not in page.content.decode()
    house, _person = people_of("G.I.B. (Beispiel)", OrganisationKind.ADVISER)
    assert f'<option value="{house.pk}">' in client.get(address).content.decode()
    adviser_let_in(project.programme, organisation=house, user=boss)
    page = client.get(address)
    assert page.context["has_advisers"]
    assert "pg-empty" in page.content.decode()


def test_what_cannot_be_let_in(
    project: FundedProject, adviser: tuple[Organisation, User], world: World
) -> None:
    boss = world.fresh("funder_reader")
    adviser_let_in(project.programme, organisation=adviser[0], user=boss)
    for house, code in ((adviser[0], "adviser_exists"), (world.provider, "not_an_adviser")):
        with pytest.raises(DomainError) as caught:
            adviser_let_in(project.programme, organisation=house, user=boss)
        assert caught.value.code == code
    with pytest.raises(PermissionDenied):
        adviser_let_in(project.programme, organisation=adviser[0], user=world.fresh("planner"))
    row = project.programme.advisers.get()
    with pytest.raises(PermissionDenied):
        adviser_take_out(row, user=world.fresh("planner"))
    adviser_take_out(row, user=boss)
    with pytest.raises(DomainError) as caught:
        adviser_take_out(row, user=boss)
    assert caught.value.code == "adviser_gone"


# --- queries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PORTFOLIO, LIST, REPORTS, "/funding/map/", "/funding/figures/"])
def test_the_same_queries_for_5_and_40_projects(address: str, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))

    def fill(numbers: range) -> None:
        for number in numbers:
            row = factories.measure(world.plan, world.provider, title=f"Maßnahme {number}")
            made = FundedProject.objects.create(
                measure=row,
                funder=world.funder,
                provider=world.provider,
                programme=first.programme,
                title=f"Projekt {number}",
                starts_on=first.starts_on,
                ends_on=first.ends_on,
            )
            project_grant_rights(made)
            report(made, due_on=in_days(-number))

    def queries() -> int:
        client.get(address)  # what changed is counted once
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    first = granted(world, "Erstes")
    fill(range(1, 5))
    few = queries()
    fill(range(5, 40))
    assert queries() == few


def test_cells_are_counted_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that look at once must not wait for each other's rows."""
    made: list[list[tuple[int, int]]] = []

    def kept(rows: Any, **kwargs: Any) -> None:
        made.append([(row.programme_id, row.territory_id) for row in rows])
        raise StopIteration

    monkeypatch.setattr(FundingTally.objects, "bulk_create", kept)
    with pytest.raises(StopIteration):
        module._count_anew({(2, 1): [], (1, 9): [], (1, 3): []}, timezone.localdate())
    assert made == [[(1, 3), (1, 9), (2, 1)]]
