"""What took the place of a missing figure is marked wherever an index that rests on it is shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from monitoring.models import Area, IndexRun, Indicator
from monitoring.selectors.atlas import index_view
from monitoring.selectors.runs import filled_of, run_table
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_by_rules
from monitoring.services.methods import index_method_create
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.monitoring.test_method_services import rules, square
from workflows.models import PlanningCycle
from workflows.reports import profile as profile_report

ClientAs = Callable[[User], Client]


@pytest.fixture
def run(world: World) -> IndexRun:
    """The first area has unemployment of 2023 only, 3 %; its childcare and all others are of 2024."""
    first, second = world.indicators[:2]
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for number, area in enumerate(world.areas, start=1):
        values[first, area, 2024] = 2.0 * number if number > 1 else None
        values[second, area, 2024] = 70.0 - 10 * number
    values[first, world.areas[0], 2023] = 3.0
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])
    for place, area in enumerate(sorted(world.areas, key=lambda row: row.pk)):
        Area.objects.filter(pk=area.pk).update(geometry=square(place))
    content = rules(world, missing_policy="last_value", minimum_share=0.5)
    method = index_method_create(
        territory=world.territory, name="Fortgeschrieben", content=content, user=world.people["planner"]
    )
    made = index_run_by_rules(
        territory=world.territory, year=2024, content=content, method=method, user=world.people["planner"]
    )
    cycle = factories.make_cycle(world)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=made)
    cycle.profiles.create(area=world.areas[0], released_at=timezone.now())
    return made


@pytest.fixture
def words(world: World) -> str:
    return f"* {world.indicators[0].name}: letzter früherer Wert (2023)"


def table(content: bytes) -> list[dict[str, str]]:
    lines = content.decode("utf-8-sig").splitlines()
    return list(csv.DictReader(lines, delimiter=";"))


def test_the_words_name_indicator_rule_and_year(run: IndexRun, world: World, words: str) -> None:
    assert filled_of(run) == {world.areas[0].pk: words}
    assert filled_of(run, world.areas[1:]) == {}


def test_the_ranking_of_the_run_marks_it(
    run: IndexRun, world: World, words: str, client_as: ClientAs
) -> None:
    client, address = client_as(world.fresh("planner")), reverse("monitoring:run-detail", args=[run.pk])
    page = client.get(address).content.decode()
    assert page.count(words) == 1
    total = run.results.get(area=world.areas[0]).total
    assert total is not None
    assert f"{total:.1f}".replace(".", ",").replace("-", "−") + "*</td>" in page
    assert "* Hier fehlten Werte" in page
    rows = {row["Gebiet"]: row for row in table(client.get(address + "?export=csv").content)}
    assert rows[world.areas[0].name]["Ergänzte Werte"] == words
    assert rows[world.areas[1].name]["Ergänzte Werte"] == ""


def test_a_last_figure_keeps_its_own_year_in_the_file_of_figures(
    run: IndexRun, world: World, client_as: ClientAs
) -> None:
    address = reverse("monitoring:run-detail", args=[run.pk]) + "?cells=csv"
    rows = table(client_as(world.fresh("planner")).get(address).content)
    of_first = [row for row in rows if row["Indikator"] == world.indicators[0].name]
    years = {row["Gebiet"]: (row["Jahr"], row["Zeichen"]) for row in of_first}
    assert years.pop(world.areas[0].name) == ("2023", "*")
    assert set(years.values()) == {("2024", "")}


def test_the_atlas_marks_it_in_map_table_and_files(
    run: IndexRun, world: World, words: str, client_as: ClientAs
) -> None:
    view = index_view(run)
    row = view.row_of(world.areas[0].pk)
    assert row is not None
    assert (row.filled, row.text[-1], row.total_text[-1]) == (words, "*", "*")
    assert [other.filled for other in view.rows if other is not row] == ["", "", ""]

    client = client_as(world.fresh("planner"))
    query = {"territory": world.territory.pk, "show": "index"}
    page = client.get(reverse("monitoring:atlas"), query).content.decode()
    named = f"{world.areas[0].name}: {row.text} · {words}"
    # Tooltip of the map and of the ranking; the table says the words below the name.
    assert page.count(named) >= 2
    assert f'<span class="pg-sub">{words}</span>' in page
    svg = client.get(reverse("monitoring:atlas"), query | {"export": "svg"}).content.decode()
    assert f"wurden ergänzt: {world.areas[0].name}" in svg.replace("\n", " ")
    assert ">*<" in svg or "*</text>" in svg
    book = load_workbook(
        io.BytesIO(client.get(reverse("monitoring:atlas"), query | {"export": "xlsx"}).content)
    )
    texts = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert words in texts


def test_the_page_of_the_area_says_it(run: IndexRun, world: World, words: str, client_as: ClientAs) -> None:
    client = client_as(world.fresh("planner"))
    page = client.get(reverse("monitoring:area-detail", args=[world.areas[0].pk]), {"run": run.pk})
    assert words in page.content.decode()
    other = client.get(reverse("monitoring:area-detail", args=[world.areas[1].pk]), {"run": run.pk})
    assert "letzter früherer Wert" not in other.content.decode()


def test_the_profile_marks_it_in_its_table(run: IndexRun, world: World) -> None:
    lines = profile_report._lines(run_table(run), world.areas[0].pk)
    row = next(line for line in lines if line.filled)
    cells = profile_report._row(row, [row.indicator.source])
    assert cells[0] == f"{row.indicator.name} (* letzter früherer Wert)"
    assert (cells[1][-1], cells[2]) == ("*", "2023")
