"""Sums, comparison, filters and files of funded projects: nothing hidden can be worked out from them."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from measures.models import FundedProject, Measure, ProjectReportState
from measures.selectors.funding_figures import figure_sums, participant_sums, participants_by_year
from measures.selectors.project_comparison import compare
from measures.selectors.project_told import OUTSIDER, insight_of
from measures.selectors.projects import ProjectFilter, filtered
from monitoring.models import Unit
from stakeholders.models import OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.funding import delivered, granted, in_days, people_of, report
from tests.measures.reports import confirmed

ClientAs = Callable[[User], Client]
D = datetime.date
LIST, REPORTS = "/projects/", "/project-reports/"
ALL = FundedProject.objects.all


def counted(measure: Measure) -> Unit:
    """The measure's key figure counts people and what was done."""
    figure = measure.key_figures.get()
    figure.unit.is_count = True
    figure.unit.save()
    figure.level = "output"
    figure.save()
    return figure.unit


# --- key figures -------------------------------------------------------------------------------------


def test_counts_of_the_same_name_and_unit_are_added_up(world: World) -> None:
    first, second, third = (granted(world, name) for name in ("Eins", "Zwei", "Drei"))
    for day, project, value in ((1, first, 40), (2, second, 60), (3, third, 2)):
        counted(project.measure)
        confirmed(world, project.measure, D(2026, 3, day), value + 5)
        confirmed(world, project.measure, D(2026, 6, day), value)
    (found,) = figure_sums(ALL())
    assert (found.value, found.counted, found.hidden, found.measures) == (Decimal(100), 2, 1, 3)
    wanted = filtered(ALL(), ProjectFilter(figure=found.key), timezone.localdate(), OUTSIDER)
    assert wanted.count() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"level": "outcome"},
        {"kind": "quality"},
        {"unit__is_percent": True},
        {"unit__per": 1000},
        {"unit__is_count": False},
    ],
)
def test_what_cannot_be_added_up(change: dict[str, Any], world: World) -> None:
    for day, name in ((1, "Eins"), (2, "Zwei")):
        project = granted(world, name)
        counted(project.measure)
        confirmed(world, project.measure, D(2026, 3, day), 40)
        figure = project.measure.key_figures.get()
        for path, value in change.items():
            row = figure.unit if path.startswith("unit__") else figure
            setattr(row, path.removeprefix("unit__"), value)
            row.save()
    assert figure_sums(ALL()) == []


# --- participants ------------------------------------------------------------------------------------


@pytest.fixture
def told(world: World) -> list[FundedProject]:
    """Two projects with accepted reports that count participants."""
    people = world.people["provider_head"]
    first, second = granted(world, "Eins"), granted(world, "Zwei")
    rows = [
        report(first, state=ProjectReportState.ACCEPTED, amount="100.00", months=(1, 3)),
        report(first, state=ProjectReportState.ACCEPTED, amount="100.00", months=(4, 6)),
        report(second, state=ProjectReportState.ACCEPTED, amount="400.00"),
        report(second, state=ProjectReportState.WITH_FUNDER, months=(7, 9)),
    ]
    for row, women in zip(rows, (20, 30, 40, 1000), strict=True):
        delivered(row, people, EECO01={"f": women, "m": 10, "n": 0})
    return [first, second]


def test_participants_of_accepted_reports_are_added_up(told: list[FundedProject]) -> None:
    (found,) = participant_sums(ALL())
    assert (found.code, found.women, found.men, found.total, found.reports) == ("EECO01", 90, 30, 120, 3)
    assert participant_sums(ALL(), year=2025) == []
    assert [(row.year, row.total) for row in participants_by_year(ALL(), "EECO01")] == [(2026, 120)]


def test_few_people_are_left_out_of_the_sum_and_take_the_sexes_with_them(
    told: list[FundedProject], world: World
) -> None:
    few = report(told[1], state=ProjectReportState.ACCEPTED, amount="5.00", months=(10, 12))
    delivered(few, world.people["provider_head"], EECO01={"f": 1, "m": 1, "n": 0})
    (found,) = participant_sums(ALL())
    assert (found.total, found.hidden) == (120, 1)
    assert (found.women, found.men, found.non_binary) == (None, None, None)


def test_the_page_of_sums_and_its_files(told: list[FundedProject], world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("funder_reader"))
    page = client.get("/funding/figures/")
    assert ">120<" in page.content.decode()
    response: Any = client.get("/funding/figures/", {"export": "xlsx", "table": "participants"})
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert rows[1][0] == "EECO01"
    assert rows[1][2:6] == (90, 30, 0, 120)


# --- comparison --------------------------------------------------------------------------------------


def test_projects_side_by_side(told: list[FundedProject], world: World, client_as: ClientAs) -> None:
    first, second = told
    for day, project, value in ((1, first, 40), (2, second, 2)):
        counted(project.measure)
        confirmed(world, project.measure, D(2026, 3, day), value)
    found = compare(ALL().order_by("title"), timezone.localdate(), insight_of(world.fresh("planner")))
    eins, zwei = found.projects
    assert (eins.participants, eins.cost_per_participant) == (70, Decimal("2.86"))
    assert (zwei.participants, zwei.cost_per_participant) == (50, Decimal("8.00"))
    assert (eins.accepted, eins.in_time) == (2, 2)
    assert eins.sources["esf"] == (Decimal("900"), Decimal("90.00"))
    assert eins.sources["own"] == (Decimal("100"), Decimal("10.00"))
    (figure,) = found.figures
    assert [value[0] for value in figure.values if value] == ["40\xa0Personen", "."]
    client = client_as(world.fresh("funder_reader"))
    address = f"/projects/compare/?p={first.pk}&p={second.pk}"
    assert client.get(address).status_code == 200
    assert client.get(f"{address}&export=csv").status_code == 200
    assert client.get(f"/projects/compare/?p={first.pk}").status_code == 302
    assert client_as(world.fresh("outsider")).get(address).status_code == 302


def test_cost_per_participant_is_not_told_of_few(world: World) -> None:
    project = granted(world, "Wenige")
    few = report(project, state=ProjectReportState.ACCEPTED, amount="500.00")
    delivered(few, world.people["provider_head"], EECO01={"f": 2, "m": 0, "n": 0})
    (found,) = compare(ALL(), timezone.localdate(), OUTSIDER).projects
    assert found.is_hidden
    assert (found.participants, found.cost_per_participant) == (None, None)


# --- list --------------------------------------------------------------------------------------------


def test_filters_of_the_list(world: World, client_as: ClientAs) -> None:
    first = granted(world, "Eins")
    second = granted(world, "Zwei", programme="Anderes", provider=world.youth_office)
    second.areas.set(world.areas[:1])
    report(first, due_on=in_days(-3))
    client = client_as(world.fresh("funder_reader"))

    def found(**query: Any) -> set[str]:
        rows = client.get(LIST, query).context["rows"]
        return {row.project.title for row, _cells in rows}

    both = {"Eins", "Zwei"}
    assert found() == both
    assert found(programme=second.programme_id) == {"Zwei"}
    assert found(report="late") == {"Eins"}
    assert found(report="with_funder") == set()
    assert found(area=world.areas[0].pk) == {"Zwei"}
    assert found(area=world.areas[1].pk) == both, "no project is there: as if it were not asked for"
    assert found(provider=world.youth_office.pk) == {"Zwei"}
    assert found(q=first.provider.name) == {"Eins"}, "names are found as well"
    assert found(year=2026) == both
    assert found(light="off_path") == set()
    assert found(light="no_data") == both
    assert found(report="unsinn", light="unsinn", year="x", programme="x", area="x", figure="x") == both
    assert found(provider="x", funder="x", territory="x") == both
    due = [row.project.title for row, _cells in client.get(LIST, {"sort": "due"}).context["rows"]]
    assert due == ["Eins", "Zwei"], "what owes nothing comes last"
    falling = [row.project.title for row, _cells in client.get(LIST, {"sort": "-due"}).context["rows"]]
    assert falling == ["Eins", "Zwei"]


def test_providers_to_choose_are_those_of_ones_projects(world: World, client_as: ClientAs) -> None:
    first = granted(world, "Eins")
    report(first, due_on=in_days(-3))
    report(granted(world, "Zwei", provider=world.youth_office), due_on=in_days(-3))
    foreign, person = people_of("Stiftung (Beispiel)", OrganisationKind.FUNDER)
    granted(world, "Fremd", funder=foreign, provider=world.jobcenter, programme="Fremdes")
    office, house, job = (str(row.pk) for row in (world.youth_office, first.provider, world.jobcenter))

    def offered(user: User, address: str) -> set[str]:
        fields = client_as(user).get(address).context["form"].fields
        return (
            {str(key) for key, _name in fields["provider"].choices if key} if "provider" in fields else set()
        )

    provider = world.fresh("provider_head")  # has no portfolio, and one provider only to choose
    for address in (LIST, REPORTS):
        assert offered(world.fresh("funder_reader"), address) == {office, house}, address
        assert offered(world.fresh("planner"), address) == {office, house, job}, address
        assert offered(person, address) == offered(provider, address) == set(), address
    client = client_as(world.fresh("funder_reader"))
    rows = client.get(REPORTS, {"provider": office}).context["rows"]
    assert [row.report.project.title for row, _address, _badge in rows] == ["Zwei"]
    first.provider = world.jobcenter
    first.save()
    assert offered(world.fresh("funder_reader"), LIST) == {office, job}, "at the next look"


def test_chosen_columns_stand_on_the_page_and_in_the_file(world: World, client_as: ClientAs) -> None:
    project = granted(world, "Eins")
    report(project, kind="drawdown", state=ProjectReportState.ACCEPTED, amount="300.00")
    granted(world, "Zwei", programme="Anderes")
    client = client_as(world.fresh("funder_reader"))
    query = {"col": ["drawn", "remaining"], "q": "Eins"}
    html = client.get(LIST, query).content.decode()
    assert "300,00" in html
    assert "600,00" in html
    response: Any = client.get(LIST, {**query, "export": "xlsx"})
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert rows[1] == ("Eins", 300, 600)
    assert not any("Zwei" in str(row) for row in rows)


def test_the_map_shows_areas_and_numbers_only(world: World, client_as: ClientAs) -> None:
    project = granted(world, "Eins")
    project.areas.set(world.areas[:2])
    granted(world, "Zwei", programme="Anderes")
    factories.measure(world.plan, world.youth_office, title="Anderes Vorhaben").areas.set(world.areas[2:])
    page = client_as(world.fresh("funder_reader")).get("/funding/map/")
    assert [(area.name, count) for area, count, _url in page.context["rows"]] == [
        ("Altstadt", 1),
        ("Zentrum Nord", 1),
    ]
    assert page.context["everywhere"] == 1
    html = page.content.decode()
    assert "<svg" in html
    assert ">Altstadt: 1</text>" in html, "few areas are named"
    assert "Südhang" not in html
