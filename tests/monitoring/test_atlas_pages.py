"""Atlas, areas, indicators, runs: who sees what, linked views, files, secrecy on every way out."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from decimal import Decimal
from xml.etree import ElementTree

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Area, IndexResult, IndexRun, Indicator
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from project.common.palette import NONE_CSS
from stakeholders.models import User
from tests import factories
from tests.factories import World
from workflows.models import PlanningCycle

ClientAs = Callable[[User], Client]
ATLAS = "/atlas/"


def in_force(world: World, values: dict[tuple[Indicator, Area, int], float | None]) -> None:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


@pytest.fixture
def figures(world: World) -> None:
    """Three years of two rates; the last area has no childcare figure for 2024."""
    sgb2, childcare = world.indicators[:2]
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for year in (2022, 2023, 2024):
        for number, area in enumerate(world.areas, start=1):
            values[sgb2, area, year] = 2.25 * number + (year - 2022)
            values[childcare, area, year] = 60.0 - number
    values[childcare, world.areas[3], 2024] = None
    in_force(world, values)


@pytest.fixture
def cases(world: World) -> Indicator:
    """Counts of people: 2, 773, 1,234 and 4,040 in 2024."""
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    indicator = factories.indicator("cases", unit=persons, name_de="Fälle", name_en="Cases")
    counts = (2.0, 773.0, 1234.0, 4040.0)
    in_force(world, {(indicator, area, 2024): count for area, count in zip(world.areas, counts, strict=True)})
    return indicator


def compute(world: World, *, count: int = 1) -> IndexRun:
    return index_run_create(
        territory=world.territory,
        year=2024,
        indicators=world.indicators[:count],
        border=Decimal("1.00"),
        user=world.people["planner"],
    )


@pytest.fixture
def run(world: World, figures: None) -> IndexRun:
    """A run that a cycle works with, its profiles released."""
    made = compute(world)
    cycle = factories.make_cycle(world)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=made)
    cycle.profiles.create(area=world.areas[0], released_at=timezone.now())
    return made


# --- Atlas -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_the_atlas_ranks_the_areas_of_a_figure(head: User, client_as: ClientAs, world: World) -> None:
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate", "year": "2024"})
    view = page.context["view"]
    assert [(row.rank, row.area.name, row.text) for row in view.rows] == [
        (1, "Waldsiedlung", "11,0"),
        (2, "Südhang", "8,8"),
        (3, "Altstadt", "6,5"),
        (4, "Zentrum Nord", "4,3"),
    ]
    text = page.content.decode()
    assert text.count("pg-map__area") == 4
    assert "Source" in text or "Quelle" in text


def test_figures_that_read_alike_have_one_rank_and_one_class(
    head: User, client_as: ClientAs, world: World
) -> None:
    areas = [factories.area(world.territory, f"Wohnplatz {number}") for number in (10, 2)]
    numbers = (0.74, 0.68, 0.5, 0.3)
    values = {
        (world.indicators[0], area, 2024): number for area, number in zip(world.areas, numbers, strict=True)
    }
    in_force(world, values | {(world.indicators[0], area, 2024): 0.71 for area in areas})

    view = client_as(head).get(ATLAS, {"show": "sgb2_rate", "year": "2024"}).context["view"]

    first = view.rows[:4]
    assert {(row.rank, row.text, row.css) for row in first} == {(1, "0,7", first[0].css)}
    names = [row.area.name for row in first if row.area in areas]
    assert names == ["Wohnplatz 2", "Wohnplatz 10"]
    assert view.rows[4].rank == 5


@pytest.mark.usefixtures("figures")
def test_map_and_ranking_act_together(head: User, client_as: ClientAs, world: World) -> None:
    area = world.areas[1]
    text = client_as(head).get(ATLAS, {"show": "sgb2_rate", "area": area.pk}).content.decode()
    assert "pg-map__outline" in text
    row = re.search(rf'<tr id="area-{area.pk}"[^>]*>', text)
    assert row is not None
    assert 'aria-current="true"' in row[0]
    assert reverse("monitoring:area-detail", args=[area.pk]) in text
    assert f"area={world.areas[0].pk}#area-{world.areas[0].pk}" in text, "the map leads to the row"


@pytest.mark.usefixtures("figures")
def test_a_missing_figure_is_shown_by_its_sign_and_hatched(
    head: User, client_as: ClientAs, world: World
) -> None:
    page = client_as(head).get(ATLAS, {"show": "childcare_rate", "year": "2024"})
    last = page.context["view"].rows[-1]
    assert (last.area, last.rank, last.text, last.css) == (world.areas[3], None, ".", NONE_CSS)
    assert "pg-map__area--none" in page.content.decode()


def test_the_index_marks_what_stands_out(run: IndexRun, head: User, client_as: ClientAs) -> None:
    page = client_as(head).get(ATLAS)
    rows = page.context["view"].rows
    assert [(row.area.name, row.stands_out) for row in rows][:2] == [
        ("Waldsiedlung", True),
        ("Südhang", False),
    ]
    assert rows[0].css == "pg-shade-5-5"
    assert reverse("monitoring:run-detail", args=[run.pk]) in page.content.decode()


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    "query",
    [{"territory": "999999"}, {"territory": "x"}],
)
def test_a_territory_that_is_not_theirs_is_not_found(
    head: User, client_as: ClientAs, query: dict[str, str]
) -> None:
    assert client_as(head).get(ATLAS, query).status_code == 404


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    "query",
    [
        {"show": "nonsense"},
        {"show": "sgb2_rate", "year": "1850"},
        {"show": "sgb2_rate", "year": "²"},
        {"area": "x"},
        {"area": "99999999"},
    ],
)
def test_nonsense_in_the_address_shows_the_default(
    head: User, client_as: ClientAs, query: dict[str, str]
) -> None:
    assert client_as(head).get(ATLAS, query).status_code == 200


@pytest.mark.usefixtures("figures")
def test_the_neighbour_sees_nothing_of_it(outsider: User, client_as: ClientAs, world: World) -> None:
    client = client_as(outsider)
    text = client.get(ATLAS, {"show": "sgb2_rate"}).content.decode()
    assert "Zentrum Nord" not in text
    assert client.get(ATLAS, {"territory": world.territory.pk}).status_code == 404
    assert client.get(reverse("monitoring:area-detail", args=[world.areas[0].pk])).status_code == 404
    detail = reverse("monitoring:indicator-detail", args=[world.indicators[0].pk])
    page = client.get(detail, {"territory": world.territory.pk})
    assert page.status_code == 200
    assert page.context["chart"] is None


def test_who_is_not_signed_in_is_asked_to() -> None:
    assert Client().get(ATLAS).status_code == 302


def test_an_empty_atlas_says_what_comes_next(head: User, client_as: ClientAs) -> None:
    page = client_as(head).get(ATLAS)
    assert page.status_code == 200
    assert "pg-empty" in page.content.decode()


# --- Files -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_the_table_as_a_file_with_source_and_date(head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    query = {"show": "childcare_rate", "year": "2024"}
    text = client.get(ATLAS, query | {"export": "csv"}).content.decode("utf-8-sig")
    assert '"05378000";"Zentrum Nord";1;59,0' in text
    assert '"."' in text
    assert "Test" in text.splitlines()[-2] or "Test" in text
    book = openpyxl.load_workbook(io.BytesIO(client.get(ATLAS, query | {"export": "xlsx"}).content))
    assert [cell.value for cell in book.active[2]][:4] == ["05378000", "Zentrum Nord", 1, 59]


@pytest.mark.usefixtures("figures")
def test_the_map_as_a_file_stands_alone(head: User, client_as: ClientAs, world: World) -> None:
    world.areas[0].name = "Zentrum <Nord> & Süd"
    world.areas[0].save()
    response = client_as(head).get(ATLAS, {"show": "sgb2_rate", "export": "svg"})
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Disposition"].startswith("attachment")
    root = ElementTree.fromstring(response.content)
    text = " ".join(root.itertext())
    assert ".pg-shade-3-3" in text, "the colours travel with the file"
    assert "Musterkreis" in text
    assert "Test" in text, "and so does the source"


# --- Statistical secrecy -----------------------------------------------------------------------------


def every_way_out(client: Client, world: World, cases: Indicator) -> dict[str, str]:
    """All pages and files that could show the counts, as text."""
    found = {}
    for name, url, query in [
        ("atlas", ATLAS, {"show": "cases"}),
        ("csv", ATLAS, {"show": "cases", "export": "csv"}),
        ("svg", ATLAS, {"show": "cases", "export": "svg"}),
        ("area", reverse("monitoring:area-detail", args=[world.areas[0].pk]), {}),
        ("area csv", reverse("monitoring:area-detail", args=[world.areas[0].pk]), {"export": "csv"}),
        ("indicator", reverse("monitoring:indicator-detail", args=[cases.pk]), {"area": world.areas[0].pk}),
    ]:
        response = client.get(url, query)
        assert response.status_code == 200, name
        found[name] = response.content.decode("utf-8-sig")
    return found


def test_a_secret_count_is_shown_nowhere_nor_what_gives_it_away(
    cases: Indicator, world: World, planner: User, client_as: ClientAs
) -> None:
    """2, 773, 1,234, 4,040: the 2 is hidden, and the 773 with it; planning is no exception."""
    client = client_as(planner)
    rows = {row.area.name: row for row in client.get(ATLAS, {"show": "cases"}).context["view"].rows}
    assert {name: row.text for name, row in rows.items()} == {
        "Zentrum Nord": ".",
        "Altstadt": ".",
        "Südhang": "1.234",
        "Waldsiedlung": "4.040",
    }
    for name in ("Zentrum Nord", "Altstadt"):
        assert (rows[name].rank, rows[name].value, rows[name].css) == (None, None, NONE_CSS)
    for name, text in every_way_out(client, world, cases).items():
        assert "773" not in text, name
        assert not re.search(r"(?<![\d.,;])2(?:,0)? Personen", text), name
    assert '"05378000";"Zentrum Nord";;;".";' in every_way_out(client, world, cases)["csv"]


def test_the_mean_of_a_protected_line_may_be_shown(
    cases: Indicator, world: World, planner: User, client_as: ClientAs
) -> None:
    """With two hidden cells their sum leaves several possibilities for each."""
    view = client_as(planner).get(ATLAS, {"show": "cases"}).context["view"]
    assert view.mean == pytest.approx((2 + 773 + 1234 + 4040) / 4)


def test_the_mean_of_an_unprotected_line_is_withheld(
    world: World, planner: User, client_as: ClientAs
) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    lonely = factories.indicator("lonely", unit=persons)
    in_force(world, {(lonely, world.areas[0], 2024): 2.0})
    view = client_as(planner).get(ATLAS, {"show": "lonely"}).context["view"]
    assert view.mean is None
    assert [row.value for row in view.rows] == [None] * 4


def test_secrecy_in_a_delivery_and_its_changes(world: World, planner: User, client_as: ClientAs) -> None:
    """Neither the figure nor its change since last year tells the hidden one."""
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    cases = factories.indicator("cases", unit=persons)
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for area, count in zip(world.areas, (2.0, 5.0, 9.0, 30.0), strict=True):
        values |= {(cases, area, 2023): count + 20, (cases, area, 2024): count}
    delivery = factories.delivery(world.youth_office, values, world.people["head"])

    page = client_as(planner).get(
        reverse("monitoring:delivery-detail", args=[delivery.pk]), {"indicator": "cases", "year": "2024"}
    )

    rows = {row.area.name: (row.now, row.before, row.change) for row in page.context["chosen"].rows}
    assert rows["Zentrum Nord"] == (".", "22", None)
    assert rows["Altstadt"] == (".", "25", None)
    assert rows["Südhang"] == ("9", "29", -20)


# --- Areas and indicators ----------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_an_area_shows_all_its_figures_with_sign_trend_and_deviation(
    head: User, client_as: ClientAs, world: World
) -> None:
    page = client_as(head).get(reverse("monitoring:area-detail", args=[world.areas[3].pk]))
    rows = {row.indicator.key: row for _domain, group in page.context["groups"] for row in group}
    sgb2, childcare = rows["sgb2_rate"], rows["childcare_rate"]
    assert (sgb2.text, sgb2.year, len(sgb2.series)) == ("11,0", 2024, 3)
    assert sgb2.deviation == pytest.approx(1.341641, abs=1e-5)
    assert "pg-spark" in sgb2.trend
    assert (childcare.text, childcare.deviation) == (".", None)


@pytest.mark.usefixtures("figures")
def test_a_figure_leads_to_its_delivery_for_those_who_may_see_it(
    head: User, jobcenter_head: User, client_as: ClientAs, world: World
) -> None:
    url = reverse("monitoring:area-detail", args=[world.areas[0].pk])
    assert "/delivered-files/" in client_as(head).get(url).content.decode()
    assert "/delivered-files/" not in client_as(jobcenter_head).get(url).content.decode()


@pytest.mark.usefixtures("figures")
def test_an_area_costs_the_same_for_many_indicators(head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    url = reverse("monitoring:area-detail", args=[world.areas[0].pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    more = [factories.indicator(f"extra-{number}") for number in range(18)]
    in_force(world, {(row, area, 2024): 5.0 for row in more for area in world.areas})
    with CaptureQueriesContext(connection) as many:
        page = client.get(url)
    assert sum(len(rows) for _domain, rows in page.context["groups"]) == 20
    assert len(many) == len(few)


def test_the_catalogue_can_be_searched_and_exported(head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    url = reverse("monitoring:indicator-list")
    assert [row.key for row in client.get(url, {"q": "childcare"}).context["page_obj"]] == ["childcare_rate"]
    assert "childcare_rate" in client.get(url, {"export": "csv"}).content.decode("utf-8-sig")
    domain = world.indicators[0].domain
    assert len(client.get(url, {"domain": domain.pk}).context["page_obj"]) == 3
    assert "pg-empty" in client.get(url, {"q": "gibt es nicht"}).content.decode()


@pytest.mark.usefixtures("figures")
def test_an_indicator_shows_its_course(head: User, client_as: ClientAs, world: World) -> None:
    url = reverse("monitoring:indicator-detail", args=[world.indicators[0].pk])
    chart = client_as(head).get(url, {"area": world.areas[0].pk}).context["chart"]
    assert chart.headings[1] == "Zentrum Nord"
    assert [row[:2] for row in chart.rows] == [("2022", "2,3"), ("2023", "3,3"), ("2024", "4,3")]


# --- Runs --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_a_run_that_was_only_tried_is_for_planning(
    world: World, planner: User, head: User, outsider: User, client_as: ClientAs
) -> None:
    url = reverse("monitoring:run-detail", args=[compute(world).pk])
    assert client_as(planner).get(url).status_code == 200
    assert client_as(head).get(url).status_code == 404
    assert client_as(outsider).get(url).status_code == 404


def test_a_run_of_a_cycle_shows_method_inputs_and_results(
    run: IndexRun, head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    url = reverse("monitoring:run-detail", args=[run.pk])
    page = client.get(url)
    assert run.inputs_sha256 in page.content.decode()
    assert page.context["page_obj"][0].area.name == "Waldsiedlung"
    only = client.get(url, {"only": "outstanding"}).context["page_obj"]
    assert [row.area.name for row in only] == ["Waldsiedlung"]
    cells = client.get(url, {"cells": "csv"}).content.decode("utf-8-sig")
    assert '"Waldsiedlung";"Kennwert sgb2_rate";"2024";11;;1,342' in cells


def test_areas_left_out_are_named_with_the_reason(
    world: World, figures: None, planner: User, client_as: ClientAs
) -> None:
    Area.objects.filter(pk=world.areas[0].pk).update(population=100)
    made = index_run_create(
        territory=world.territory,
        year=2024,
        indicators=world.indicators[:1],
        border=Decimal(1),
        minimum_population=300,
        user=planner,
    )
    page = client_as(planner).get(reverse("monitoring:run-detail", args=[made.pk]))
    assert [(row.area.name, bool(reason)) for row, reason in page.context["left_out"]] == [
        ("Zentrum Nord", True)
    ]


def test_a_run_says_on_its_page_how_sure_it_is(
    run: IndexRun, world: World, planner: User, client_as: ClientAs
) -> None:
    """Runs older than that say nothing of it; the file has it as numbers."""
    in_force(world, {(world.indicators[1], area, 2024): 70.0 - 9 * n for n, area in enumerate(world.areas)})
    made = compute(world, count=2)
    PlanningCycle.objects.filter(index_run=run).update(index_run=made)
    client, page = client_as(planner), reverse("monitoring:run-detail", args=[made.pk])
    shown = client.get(page).content.decode()
    assert "Wie sicher ist das?" in shown
    area = client.get(reverse("monitoring:area-detail", args=[world.areas[0].pk])).content.decode()
    assert "auffällig · Rang" in area
    assert "der Gewichtungen auffällig · Rang" in shown or "Gewichtung auffällig · Rang" in shown
    table = client.get(page, {"export": "csv"}).content.decode("utf-8-sig")
    assert "Anteil der Gewichtungen, bei denen es auffällig ist" in table
    IndexResult.objects.update(outstanding_share=None, best_rank=None, worst_rank=None)
    shown = client.get(page).content.decode()
    assert "Wie sicher ist das?" not in shown
    assert "Gewichtung" not in shown


def test_a_run_costs_the_same_for_many_areas(
    run: IndexRun, world: World, planner: User, client_as: ClientAs
) -> None:
    client = client_as(planner)
    client.get(reverse("monitoring:run-detail", args=[run.pk]))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("monitoring:run-detail", args=[run.pk]))
    more = [factories.area(world.territory, f"Ortsteil {number}") for number in range(16)]
    in_force(world, {(world.indicators[0], area, 2024): 5.0 for area in more})
    made = compute(world)
    with CaptureQueriesContext(connection) as many:
        page = client.get(reverse("monitoring:run-detail", args=[made.pk]))
    assert len(page.context["page_obj"]) == 20
    assert len(many) == len(few)


def test_a_run_says_how_many_indicators_are_of_earlier_years(
    world: World, figures: None, client_as: ClientAs, planner: User
) -> None:
    old = {(world.indicators[2], area, 2021): float(area.pk) for area in world.areas}
    in_force(world, old)
    made = index_run_create(
        territory=world.territory,
        year=2024,
        indicators=[world.indicators[0], world.indicators[2]],
        border=Decimal("1.00"),
        user=planner,
    )

    page = client_as(planner).get(reverse("monitoring:run-detail", args=[made.pk]))

    assert page.context["need"].old == ["1 Indikator ist von 2021: spätere Zahlen lagen nicht vor."]


# --- the catalogue ---------------------------------------------------------------------------------


def listed(client: Client) -> set[str]:
    response = client.get(reverse("monitoring:indicator-list"))
    return {row.key for row in response.context["page_obj"]}


def test_the_catalogue_holds_what_the_own_territories_have_figures_of(
    world: World, figures: None, client_as: ClientAs, planner: User
) -> None:
    sgb2, childcare, *_others = world.indicators
    foreign = factories.indicator("foreign")
    response = client_as(planner).get(reverse("monitoring:indicator-list"))

    assert {row.key for row in response.context["page_obj"]} == {sgb2.key, childcare.key}
    assert foreign.key not in response.content.decode()
    assert set(response.context["form"].fields["domain"].queryset) == {sgb2.domain, childcare.domain}


def test_who_has_no_figures_yet_reads_the_whole_catalogue(
    world: World, client_as: ClientAs, planner: User
) -> None:
    assert listed(client_as(planner)) == {row.key for row in world.indicators}


def test_the_atlas_and_its_files_begin_with_where_need_is_greatest_and_how_sure_that_is(
    world: World, figures: None, head: User, client_as: ClientAs
) -> None:
    in_force(world, {(world.indicators[1], area, 2024): 70.0 - 9 * n for n, area in enumerate(world.areas)})
    made, cycle = compute(world, count=2), factories.make_cycle(world)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=made)
    cycle.profiles.create(area=world.areas[0], released_at=timezone.now())
    client = client_as(head)
    page = client.get(ATLAS, {"show": "index", "area": world.areas[0].pk})
    need, shown = page.context["view"].need, page.content.decode()
    assert shown.index(need.need) < shown.index(need.sure) < shown.index("pg-atlas__map")
    assert need.sure.startswith("Wie sicher: ")
    assert "Gewichtung" in page.context["selected_text"]
    table = client.get(ATLAS, {"show": "index", "export": "csv"}).content.decode("utf-8-sig")
    assert need.need in table
    assert "Anteil der Gewichtungen, bei denen es auffällig ist" in table.splitlines()[0]
    IndexResult.objects.update(outstanding_share=None, best_rank=None, worst_rank=None)
    table = client.get(ATLAS, {"show": "index", "export": "csv"}).content.decode("utf-8-sig")
    assert "Gewichtung" not in table


def test_a_rank_counts_the_areas_of_the_index_only(
    run: IndexRun, head: User, client_as: ClientAs, world: World
) -> None:
    """An area left out has no place among the others: atlas, profile and area say the same number."""
    left_out = run.results.filter(is_included=False).count()
    factories.area(world.territory, "Neubaugebiet")
    area = run.results.filter(rank=1).get().area
    shown = client_as(head).get(reverse("monitoring:area-detail", args=[area.pk])).content.decode()
    assert f"Rang 1 von {run.results.count() - left_out} " in shown
