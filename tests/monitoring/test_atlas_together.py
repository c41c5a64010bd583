"""The atlas as a whole: chosen in one place, marked in all; compared, linked, taken along, kept secret."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import openpyxl
import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from monitoring.models import Area, AreaKind, AreaMap, IndexRun, Indicator
from monitoring.selectors import areas as area_reads
from monitoring.selectors.areas import area_picture
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from stakeholders.models import User
from tests import factories
from tests.factories import World
from workflows.models import PlanningCycle

ClientAs = Callable[[User], Client]
ATLAS = "/atlas/"
BERLIN = Path(__file__).resolve().parents[3] / "shared" / "data" / "berlin_mss2021"
#: The most the page of 542 areas may weigh, compressed (bytes).
HEAVIEST = 300_000


def in_force(world: World, values: dict[tuple[Indicator, Area, int], float | None]) -> None:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


@pytest.fixture
def figures(world: World) -> None:
    """Three rates over three years; the four areas lie in a row, each touching the next."""
    for column, area in enumerate(world.areas):
        area.geometry = factories.square(column, 0)
        area.save()
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for year in (2022, 2023, 2024):
        for number, area in enumerate(world.areas, start=1):
            values[world.indicators[0], area, year] = 2.5 * number + (year - 2022)
            values[world.indicators[1], area, year] = 60.0 - number**2
            values[world.indicators[2], area, year] = 40.0
    in_force(world, values)


def grow(world: World, count: int, geometries: list[dict[str, Any]] | None = None) -> None:
    """Bring the number of areas to ``count``, on a grid unless boundaries are given, all with figures."""
    missing = count - len(world.areas)
    world.areas += Area.objects.bulk_create(
        Area(
            territory=world.territory,
            key=f"G{count}{number:05d}",
            name=f"Gebiet {count}-{number}",
            kind=world.areas[0].kind,
            population=3000,
        )
        for number in range(missing)
    )
    for place, area in enumerate(world.areas):
        area.geometry = geometries[place] if geometries else factories.square(place % 24, place // 24)
    Area.objects.bulk_update(world.areas, ["geometry"], batch_size=100)
    chance = random.Random(count)
    values = {
        (indicator, area, year): round(chance.uniform(2, 30), 1)
        for indicator in world.indicators[:3]
        for area in world.areas
        for year in (2023, 2024)
    }
    in_force(world, dict(values))


# --- One choice, marked everywhere -----------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_an_area_is_marked_in_map_ranking_table_comparison_and_years(
    head: User, client_as: ClientAs, world: World
) -> None:
    chosen = world.areas[1]
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate", "year": "2024", "area": chosen.pk})
    text = page.content.decode()
    assert text.count("pg-map__outline") == 1
    assert text.count("pg-strip__chosen") == 1
    assert re.search(rf'<tr id="area-{chosen.pk}"[^>]* aria-current="true"', text)
    assert page.context["comparison"].row.area == chosen
    assert page.context["course"].headings[1] == "Altstadt"
    assert page.context["course"].rows[-1][:3] == ("2024", "7,0", "8,3")


@pytest.mark.usefixtures("figures")
def test_every_link_of_the_map_leads_to_a_view_with_that_area_and_all_other_choices(
    head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    query = {"show": "childcare_rate", "year": "2023", "method": "equal", "classes": "4", "sort": "name"}
    text = client.get(ATLAS, query).content.decode()
    for part in ("map", "strip", "table"):
        area_links = re.findall(r'href="(\?[^"]*area=\d+[^"]*)"', part_of(text, part))
        assert len(area_links) == 4, part
        for link in area_links:
            address = urlsplit(link.replace("&amp;", "&"))
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            assert asked.items() >= query.items()
            found = client.get(ATLAS, asked)
            assert found.context["selected"].area.pk == int(asked["area"])
            assert f'id="{address.fragment}"' in found.content.decode()


def part_of(text: str, name: str) -> str:
    begin = text.index(f'data-part="{name}"')
    return text[begin : text.index("</svg>" if name in {"map", "strip"} else "</table>", begin)]


@pytest.mark.usefixtures("figures")
def test_keyboard_and_screen_reader_get_the_table_and_not_every_area_twice(
    head: User, client_as: ClientAs
) -> None:
    text = client_as(head).get(ATLAS, {"show": "sgb2_rate"}).content.decode()
    for part in ("map", "strip"):
        links = re.findall(r"<a [^>]*>", part_of(text, part))
        assert links
        assert all('tabindex="-1"' in link and 'aria-hidden="true"' in link for link in links)
    assert "tabindex" not in part_of(text, "table")


@pytest.mark.usefixtures("figures")
def test_the_link_to_a_view_says_everything(head: User, client_as: ClientAs, world: World) -> None:
    client = client_as(head)
    area = world.areas[2]
    query = {"show": "sgb2_rate", "year": "2023", "method": "natural", "classes": "3", "area": str(area.pk)}
    page = client.get(ATLAS, query | {"q": "hang", "sort": "-rank", "page": "7"})
    link = page.context["permalink"]
    assert link.startswith("http://testserver/atlas/?")
    assert f'value="{link.replace("&", "&amp;")}"' in page.content.decode()
    again = client.get(link)
    assert again.context["choice"] == page.context["choice"]
    assert again.context["selected"].area == area


@pytest.mark.usefixtures("figures")
def test_a_script_gets_only_the_part_that_changes(head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    part = client.get(ATLAS, {"show": "sgb2_rate"}, headers={"HX-Request": "true"})
    text = part.content.decode()
    assert text.lstrip().startswith('<div id="atlas"')
    assert "<html" not in text
    assert "HX-Request" in part["Vary"]
    assert '<div id="atlas"' in client.get(ATLAS, {"show": "sgb2_rate"}).content.decode()


# --- Choices -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize("method", ["quantiles", "equal", "natural", "deviations"])
def test_classes_by_choice(head: User, client_as: ClientAs, method: str) -> None:
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate", "method": method, "classes": "3"})
    assert page.context["view"].classing.count == 3
    assert {row.css for row in page.context["view"].rows} <= {f"pg-shade-3-{place}" for place in (1, 2, 3)}


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize(
    "query",
    [
        {"method": "magic"},
        {"method": "border"},
        {"classes": "2"},
        {"classes": "99999999999999999999"},
        {"classes": "²"},
        {"level": "moon"},
        {"sort": "'; drop"},
        {"page": "-3"},
        {"page": "99999"},
        {"q": "\x00"},
        {"export": "exe"},
        {"area": "0"},
    ],
)
def test_odd_choices_show_the_usual(head: User, client_as: ClientAs, query: dict[str, str]) -> None:
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate"} | query)
    assert page.status_code == 200
    assert page.context["choice"].method == "quantiles"
    assert page.context["choice"].count == 5
    assert page.context["row_count"] == 4


@pytest.mark.usefixtures("figures")
def test_levels_are_offered_where_there_are_figures(head: User, client_as: ClientAs, world: World) -> None:
    town = factories.area(world.territory, "Burscheid", kind=AreaKind.MUNICIPALITY, population=19000)
    Area.objects.filter(pk__in=[area.pk for area in world.areas]).update(parent=town)
    in_force(world, {(world.indicators[0], town, 2024): 6.0})
    client = client_as(head)
    page = client.get(ATLAS, {"show": "sgb2_rate", "level": "municipality"})
    assert [row.area.name for row in page.context["view"].rows] == ["Burscheid"]
    assert page.context["choice"].years == [2024]
    assert "level" in page.context["form"].fields
    usual = client.get(ATLAS, {"show": "sgb2_rate"})
    assert len(usual.context["view"].rows) == 4
    only = client.get(ATLAS, {"show": "childcare_rate", "level": "municipality"})
    assert len(only.context["view"].rows) == 4
    assert "level" not in only.context["form"].fields


def test_zero_nothing_and_no_value_are_told_apart(head: User, client_as: ClientAs, world: World) -> None:
    numbers = (0.0, 4.0, 8.0, None)
    in_force(
        world,
        {(world.indicators[0], area, 2024): n for area, n in zip(world.areas, numbers, strict=True)},
    )
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate"})
    assert {row.text: row.css for row in page.context["view"].rows} == {
        "8,0": "pg-shade-3-3",
        "4,0": "pg-shade-3-1",
        "0,0": "pg-shade-zero",
        ".": "pg-class-none",
    }
    assert page.context["view"].signs == [(".", "unbekannt oder geheim zu halten", 1)]
    legend = page.content.decode().split("pg-legend", 1)[1]
    assert "unbekannt oder geheim zu halten (1)" in legend


def test_a_change_of_zero_is_not_nothing(head: User, client_as: ClientAs, world: World) -> None:
    points = factories.unit("percentage_points", "Prozentpunkte")
    change = factories.indicator("poor_change", unit=points)
    in_force(world, {(change, area, 2024): float(place) for place, area in enumerate(world.areas)})
    page = client_as(head).get(ATLAS, {"show": "poor_change", "classes": "5"})
    shown = page.content.decode()
    assert "pg-shade-zero" not in {row.css for row in page.context["view"].rows}
    assert "(nichts)" not in shown
    assert "4 Klassen statt 5: Es gibt nur 4 verschiedene Werte." in shown
    assert (
        "Klassen statt"
        not in client_as(head).get(ATLAS, {"show": "poor_change", "classes": "4"}).content.decode()
    )


# --- Compared ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_an_area_beside_the_mean_its_neighbours_and_areas_like_it(
    head: User, client_as: ClientAs, world: World
) -> None:
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate", "year": "2024", "area": world.areas[0].pk})
    comparison = page.context["comparison"]
    assert comparison.mean == pytest.approx(8.25)
    assert [row.area.name for row in comparison.neighbours] == ["Altstadt"]
    assert comparison.neighbours_mean == pytest.approx(7.0)
    # By the two indicators that differ: 4.5, 7, 9.5, 12 and 59, 56, 51, 44.
    assert [one.row.area.name for one in comparison.alike] == ["Altstadt", "Südhang", "Waldsiedlung"]
    assert [one.common for one in comparison.alike] == [2, 2, 2]
    text = page.content.decode()
    assert "pg-compare--chosen" in text
    assert "Altstadt" in part_of(text, "comparison")


@pytest.mark.usefixtures("figures")
def test_the_own_figure_of_the_whole_stands_beside_the_mean_of_its_parts(
    head: User, client_as: ClientAs, world: World
) -> None:
    town = factories.area(world.territory, "Burscheid", kind=AreaKind.MUNICIPALITY, population=19000)
    other = factories.area(world.territory, "Overath", kind=AreaKind.MUNICIPALITY, population=27000)
    Area.objects.filter(pk__in=[area.pk for area in world.areas[:2]]).update(parent=town)
    rate = world.indicators[0]
    in_force(world, {(rate, town, 2024): 11.3, (rate, other, 2024): 12.4})
    query = {"show": rate.key, "year": "2024", "level": "small_area", "area": world.areas[0].pk}
    text = part_of(client_as(head).get(ATLAS, query).content.decode(), "comparison")
    assert "Burscheid" in text
    assert "11,3" in text
    assert "Overath" not in text, "it is no part of that one"
    query["area"] = world.areas[3].pk
    assert "Burscheid" not in part_of(client_as(head).get(ATLAS, query).content.decode(), "comparison")


@pytest.mark.usefixtures("figures")
def test_counts_do_not_make_areas_alike(head: User, client_as: ClientAs, world: World) -> None:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    cases = factories.indicator("cases", unit=persons)
    in_force(world, {(cases, area, 2024): 100.0 * n for n, area in enumerate(world.areas, start=1)})
    page = client_as(head).get(ATLAS, {"show": "cases", "area": world.areas[0].pk})
    assert page.context["comparison"].indicator_count == 3


@pytest.mark.usefixtures("figures")
def test_without_boundaries_the_table_does_it_all(head: User, client_as: ClientAs, world: World) -> None:
    Area.objects.update(geometry=None)
    page = client_as(head).get(ATLAS, {"show": "sgb2_rate", "area": world.areas[0].pk})
    assert page.context["comparison"].neighbours == []
    assert [link["label"] for link in page.context["export_links"]] == ["Excel", "CSV"]
    for ending in ("svg", "png"):
        assert (
            client_as(head)
            .get(ATLAS, {"show": "sgb2_rate", "export": ending})["Content-Type"]
            .startswith("text/html")
        )


@pytest.fixture
def run(world: World, figures: None) -> IndexRun:
    made = index_run_create(
        territory=world.territory,
        year=2024,
        indicators=world.indicators[:2],
        border=Decimal("1.00"),
        user=world.people["planner"],
    )
    cycle = factories.make_cycle(world)
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=made)
    cycle.profiles.create(area=world.areas[0], released_at=timezone.now())
    return made


@pytest.mark.usefixtures("run")
def test_the_index_is_classed_by_its_border_or_by_choice(
    head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    page = client.get(ATLAS, {"area": world.areas[3].pk})
    assert page.context["choice"].method == "border"
    assert page.context["view"].rows[0].css == "pg-shade-5-5"
    assert "classes" not in page.context["form"].fields
    assert page.context["comparison"].mean == 0
    assert page.context["comparison"].alike
    by_choice = client.get(ATLAS, {"show": "index", "method": "equal", "classes": "3"})
    assert by_choice.context["view"].classing.count == 3


# --- Large territories -------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_the_table_is_searched_and_sorted(head: User, client_as: ClientAs) -> None:
    client = client_as(head)
    names = {
        "": ["Waldsiedlung", "Südhang", "Altstadt", "Zentrum Nord"],
        "-rank": ["Zentrum Nord", "Altstadt", "Südhang", "Waldsiedlung"],
        "name": ["Altstadt", "Südhang", "Waldsiedlung", "Zentrum Nord"],
        "-name": ["Zentrum Nord", "Waldsiedlung", "Südhang", "Altstadt"],
    }
    for sort, expected in names.items():
        page = client.get(ATLAS, {"show": "sgb2_rate", "sort": sort})
        assert [row.area.name for row in page.context["page_obj"]] == expected
    found = client.get(ATLAS, {"show": "sgb2_rate", "q": "SÜD"})
    assert [row.area.name for row in found.context["page_obj"]] == ["Südhang"]
    assert len(found.context["view"].rows) == 4, "the map stays whole"
    nothing = client.get(ATLAS, {"show": "sgb2_rate", "q": "<b>"}).content.decode()
    assert "&lt;b&gt;" in nothing
    assert "<b>“" not in nothing


def test_542_areas_cost_as_many_queries_as_8_and_are_light(
    head: User, client_as: ClientAs, world: World
) -> None:
    client = client_as(head)
    query = {"show": "sgb2_rate", "year": "2024", "area": str(world.areas[0].pk)}
    counts, weights = [], []
    for size in (8, 542):
        grow(world, size)
        client.get(ATLAS, query)
        with CaptureQueriesContext(connection) as captured:
            page = client.get(ATLAS, query)
        assert len(page.context["view"].rows) == size
        assert page.context["comparison"].alike
        counts.append(len(captured))
        weights.append(len(gzip.compress(page.content)))
    assert counts[0] == counts[1]
    assert weights[1] < HEAVIEST


def test_the_chosen_area_is_on_the_page_of_the_table_that_is_shown(
    head: User, client_as: ClientAs, world: World
) -> None:
    grow(world, 60)
    client = client_as(head)
    query = {"show": "sgb2_rate", "year": "2024"}
    last = client.get(ATLAS, query).context["view"].rows[-1].area
    page = client.get(ATLAS, query | {"area": last.pk})
    assert page.context["page_obj"].number == 3
    assert last in [row.area for row in page.context["page_obj"]]
    assert client.get(ATLAS, query | {"area": last.pk, "page": "1"}).context["page_obj"].number == 1


def test_berlin_with_its_542_planning_areas(head: User, client_as: ClientAs, world: World) -> None:
    boundaries = BERLIN / "lor_planungsraeume_2021.geojson"
    if not boundaries.exists():
        pytest.skip("needs the public boundaries of Berlin in ../shared/data/berlin_mss2021, not here")
    features = json.loads(boundaries.read_text(encoding="utf-8"))["features"]
    grow(world, 542, [row["geometry"] for row in features])
    client = client_as(head)
    page = client.get(ATLAS, {"show": "sgb2_rate", "area": world.areas[5].pk})
    assert len(gzip.compress(page.content)) < HEAVIEST
    assert part_of(page.content.decode(), "map").count("pg-map__area") == 542
    assert page.context["comparison"].neighbours
    with CaptureQueriesContext(connection) as captured:
        client.get(ATLAS, {"show": "sgb2_rate", "area": world.areas[5].pk})
    assert not any('"monitoring_area"."geometry" FROM' in query["sql"] for query in captured)


# --- Maps kept ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("figures")
def test_a_map_is_made_once_for_all_processes_and_anew_for_new_boundaries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    draw = area_reads.map_shapes

    def counted(*args: Any, **kwargs: Any) -> Any:
        made.append(1)
        return draw(*args, **kwargs)

    monkeypatch.setattr(area_reads, "map_shapes", counted)
    area_reads._PICTURES.clear()
    first = area_picture(world.areas)
    area_reads._PICTURES.clear()  # as another process would begin
    assert area_picture(world.areas) == first
    assert (len(made), AreaMap.objects.count()) == (1, 1)
    world.areas[0].geometry = factories.square(0, 3)
    world.areas[0].save()
    changed = area_picture(world.areas)
    assert changed is not None
    assert changed != first
    assert changed.neighbours[world.areas[0].pk] == []
    assert len(made) == 2


@pytest.mark.usefixtures("figures")
def test_a_database_that_takes_no_map_still_gives_the_page(
    head: User, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("read-only")

    area_reads._PICTURES.clear()
    monkeypatch.setattr(AreaMap.objects, "bulk_create", refuse)
    assert "pg-map__area" in client_as(head).get(ATLAS, {"show": "sgb2_rate"}).content.decode()
    area_reads._PICTURES.clear()


# --- Files -------------------------------------------------------------------------------------------


def texts_of(client: Client, query: dict[str, str]) -> dict[str, str]:
    """What each of the four files says; of the picture what is kept inside and what is drawn."""
    files = {
        ending: client.get(ATLAS, query | {"export": ending}) for ending in ("csv", "xlsx", "svg", "png")
    }
    for ending, response in files.items():
        assert response.status_code == 200, ending
        assert response["Content-Disposition"].startswith("attachment"), ending
        assert response["Cache-Control"] == "private"
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"].content))
    image = Image.open(io.BytesIO(files["png"].content))
    root = ElementTree.fromstring(files["svg"].content)
    return {
        "csv": files["csv"].content.decode("utf-8-sig"),
        "xlsx": "\n".join(str(cell) for row in book.active.values for cell in row if cell is not None),
        "svg": "\n".join(root.itertext()),
        "png": "\n".join(image.info[name] for name in ("Title", "Source")),
    }


@pytest.mark.usefixtures("figures")
def test_all_four_files_say_what_they_show_from_where_and_of_when(
    head: User, client_as: ClientAs, world: World
) -> None:
    query = {"show": "sgb2_rate", "year": "2024", "area": str(world.areas[1].pk)}
    today = timezone.localdate().strftime("%d.%m.%Y")
    for ending, text in texts_of(client_as(head), query).items():
        assert "Musterkreis" in text, ending
        assert "2024" in text, ending
        assert "Quelle: Test" in text.replace("\xa0", " "), ending
        assert f"Datenstand: {today}" in text, ending


@pytest.mark.usefixtures("figures")
def test_the_picture_shows_what_the_page_shows(
    head: User, client_as: ClientAs, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_as(head)
    query = {"show": "sgb2_rate", "area": str(world.areas[1].pk), "classes": "3"}
    root = ElementTree.fromstring(client.get(ATLAS, query | {"export": "svg"}).content)
    css = " ".join(element.get("class") or "" for element in root.iter())
    assert css.count("pg-map__outline") == 1
    assert all(f"pg-shade-3-{place}" in css for place in (1, 2, 3))
    assert not list(root.iter("{http://www.w3.org/2000/svg}a"))
    assert "Altstadt: 7,0" in " ".join(root.itertext()).replace("\xa0", " ")
    image = Image.open(io.BytesIO(client.get(ATLAS, query | {"export": "png"}).content))
    colours = {colour for _count, colour in image.convert("RGB").getcolors(1 << 24) or []}
    assert {(0xD1, 0xE5, 0xF5), (0x3D, 0x8E, 0xC7), (0x0F, 0x35, 0x71), (0x17, 0x1A, 0x2B)} <= colours
    again = client.get(ATLAS, query | {"export": "png"}).content
    assert again == client.get(ATLAS, query | {"export": "png"}).content


@pytest.mark.usefixtures("figures")
def test_the_table_as_a_file_is_the_table_as_seen(head: User, client_as: ClientAs, world: World) -> None:
    query = {"show": "sgb2_rate", "year": "2024", "q": "a", "sort": "name", "area": str(world.areas[1].pk)}
    lines = client_as(head).get(ATLAS, query | {"export": "csv"}).content.decode("utf-8-sig").splitlines()
    assert lines[0].endswith('"Ausgewählt"')
    assert [line.split(";")[1] for line in lines[1:4]] == ['"Altstadt"', '"Südhang"', '"Waldsiedlung"']
    assert lines[1].endswith('"ausgewählt"')
    assert "„a“" in lines[-1]


@pytest.mark.usefixtures("figures")
@pytest.mark.parametrize("ending", ["csv", "xlsx", "svg", "png"])
def test_files_obey_the_rights_of_the_page(
    outsider: User, client_as: ClientAs, world: World, ending: str
) -> None:
    query = {"territory": str(world.territory.pk), "show": "sgb2_rate", "export": ending}
    assert client_as(outsider).get(ATLAS, query).status_code == 404
    assert Client().get(ATLAS, query).status_code == 302
    mine = client_as(outsider).get(ATLAS, {"show": "sgb2_rate", "export": ending})
    assert "Zentrum Nord" not in mine.content.decode("utf-8", "replace")


# --- Secrecy -----------------------------------------------------------------------------------------


def test_what_is_hidden_is_in_no_part_and_no_file(planner: User, client_as: ClientAs, world: World) -> None:
    """2, 773, 1,234 and 4,040: the 2 is hidden and the 773 with it, so that no total gives it away."""
    for column, area in enumerate(world.areas):
        area.geometry = factories.square(column, 0)
        area.save()
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    cases = factories.indicator("cases", unit=persons, name_de="Fälle", name_en="Cases")
    values: dict[tuple[Indicator, Area, int], float | None] = {}
    for area, count in zip(world.areas, (2.0, 773.0, 1234.0, 4040.0), strict=True):
        values |= {(cases, area, 2024): count, (cases, area, 2023): 5000.0 + area.pk % 7}
        values[world.indicators[0], area, 2024] = count / 200
    in_force(world, values)
    client = client_as(planner)
    for area in world.areas[:2]:
        query = {"show": "cases", "year": "2024", "area": str(area.pk), "method": "natural", "classes": "3"}
        page = client.get(ATLAS, query)
        assert page.context["selected"].value is None
        assert page.context["comparison"].row.text == "."
        text = page.content.decode()
        assert "773" not in re.sub(r'(?:id|href|value|d)="[^"]*"', "", text)
        assert dict(page.context["view"].courses[area.pk])[2024] is None
        assert not any("773" in cell for row in page.context["course"].rows for cell in row)
        for ending, said in texts_of(client, query).items():
            assert "773" not in re.sub(r"\b\d{2}\.\d{2}\.\d{4}\b", "", said), ending
        table = client.get(ATLAS, query | {"export": "csv"}).content.decode("utf-8-sig").splitlines()
        row = next(line for line in table if area.name in line)
        assert row.startswith(f'"{area.key}";"{area.name}";;;".";"kein Wert gezeigt";')
    # Of the neighbours' mean only what is shown is part.
    beside = client.get(ATLAS, {"show": "cases", "year": "2024", "area": str(world.areas[2].pk)})
    assert beside.context["comparison"].neighbours_mean == 4040


def test_a_hidden_rate_makes_no_area_alike(planner: User, client_as: ClientAs, world: World) -> None:
    rate = world.indicators[0]
    # Of 2,000 inhabitants 0.1 percent are two people.
    numbers = (0.1, 5.0, 6.0, 7.0)
    in_force(world, {(rate, area, 2024): n for area, n in zip(world.areas, numbers, strict=True)})
    page = client_as(planner).get(ATLAS, {"show": "sgb2_rate", "area": world.areas[0].pk})
    assert page.context["selected"].value is None
    assert page.context["comparison"].alike == []
    other = client_as(planner).get(ATLAS, {"show": "sgb2_rate", "area": world.areas[3].pk})
    assert world.areas[0] not in [one.row.area for one in other.context["comparison"].alike]
    assert reverse("monitoring:area-detail", args=[world.areas[3].pk]) in other.content.decode()
