"""Maps and lines over years: geometry from data."""

import doctest
import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path as FilePath

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring import charts
from monitoring.charts import (
    MapArea,
    Series,
    choropleth,
    nice_ticks,
    sparkline,
    time_chart,
)
from monitoring.shapes import map_shapes
from project.common.formats import percent_de
from project.common.palette import NONE_CSS
from project.common.svg import Circle, Group, Path, Text, to_svg

DEMO = FilePath(__file__).resolve().parents[2] / "workflows" / "demo" / "data"


def square(x: float, y: float) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1], [x, y]]]}


GEOMETRIES = {"a": square(6, 50), "b": square(7, 50), "c": square(6, 51)}


def test_docstring_examples() -> None:
    with translation.override("de"):
        assert doctest.testmod(charts).failed == 0


# --- Map -----------------------------------------------------------------------------------------


def test_north_is_up_and_neighbours_touch() -> None:
    shapes = map_shapes(GEOMETRIES)
    assert shapes.centres["c"][1] < shapes.centres["a"][1]
    assert shapes.centres["a"][0] < shapes.centres["b"][0]
    a, b = set(shapes.rings["a"][0]), set(shapes.rings["b"][0])
    assert len(a & b) == 2
    width = shapes.centres["b"][0] - shapes.centres["a"][0]
    height = shapes.centres["a"][1] - shapes.centres["c"][1]
    assert width / height == pytest.approx(math.cos(math.radians(51)), rel=1e-3)


def test_map_fits_its_place() -> None:
    shapes = map_shapes(GEOMETRIES, width=300, max_height=200)
    assert shapes.height == pytest.approx(200)
    for rings in shapes.rings.values():
        assert all(0 <= x <= shapes.width and 0 <= y <= 200 for ring in rings for x, y in ring)


def test_classes_links_outline_and_no_data() -> None:
    areas = [
        MapArea("a", "A: 1 %", "pg-shade-5-1"),
        MapArea("b", "B: 9 %", "pg-shade-5-5", href="/b/", mark="1"),
        MapArea("c", "C: kein Wert", NONE_CSS),
        MapArea("unknown", "D: 3 %", "pg-shade-5-2"),
    ]
    drawing = choropleth(
        map_shapes(GEOMETRIES), areas, title="Quote", description="d", highlighted={"b", "z"}, uid="m1"
    )
    groups = [shape for shape in drawing.shapes if isinstance(shape, Group)]
    assert [(group.title, group.href) for group in groups] == [
        ("A: 1 %", ""),
        ("B: 9 %", "/b/"),
        ("C: kein Wert", ""),
    ]
    css = [shape.css for group in groups for shape in group.shapes if isinstance(shape, Path)]
    assert css == [
        "pg-map__area pg-shade-5-1",
        "pg-map__area pg-shade-5-5",
        "pg-map__area pg-map__area--none",
    ]
    outlines = [shape for shape in drawing.shapes if isinstance(shape, Path)]
    assert [shape.css for shape in outlines] == ["pg-map__outline"]
    assert [shape.text for shape in drawing.shapes if isinstance(shape, Text)] == ["1"]
    text = to_svg(drawing)
    assert 'fill="url(#m1-hatch)"' in text
    ET.fromstring(text)


def test_letters_on_dark_fills_are_light() -> None:
    areas = [MapArea("a", "A", "pg-shade-7-1", mark="2"), MapArea("b", "B", "pg-shade-7-7", mark="1")]
    drawing = choropleth(map_shapes(GEOMETRIES), areas, title="t", description="d")
    marks = [shape.css for shape in drawing.shapes if isinstance(shape, Text)]
    assert marks == ["pg-map__mark", "pg-map__mark pg-map__mark--light"]


@pytest.mark.parametrize("name", sorted(path.name for path in DEMO.glob("*_areas.geojson")))
def test_demo_boundaries_draw(name: str) -> None:
    features = json.loads((DEMO / name).read_text(encoding="utf-8"))["features"]
    geometries = {feature["properties"]["key"]: feature["geometry"] for feature in features}
    shapes = map_shapes(geometries)
    assert shapes.rings.keys() == geometries.keys()
    areas = [MapArea(key, key, "pg-shade-5-3") for key in geometries]
    assert len(to_svg(choropleth(shapes, areas, title="t", description="d"))) < 200_000


# --- Time ----------------------------------------------------------------------------------------


def test_gap_breaks_the_line_and_stays_in_the_table() -> None:
    series = Series("Kall", ((2019, 5.0), (2020, 5.5), (2021, None), (2022, 6.0), (2023, 6.5)))
    chart = time_chart(
        series, [Series("Kreis", ((2019, 4.0), (2024, 4.5)))], title="t", description="d", write=percent_de
    )
    lines = [shape for shape in chart.drawing.shapes if isinstance(shape, Path) and "--main" in shape.css]
    assert [len(line.rings[0]) for line in lines] == [2, 2]
    assert chart.headings[1:] == ("Kall", "Kreis")
    with translation.override("de"):
        assert [row[0] for row in chart.rows] == ["2019", "2020", "2021", "2022", "2023", "2024"]
    assert chart.rows[2][1:] == ("–", "–")
    assert chart.rows[5][1] == "–"
    assert [entry.text for entry in chart.legend] == ["Kall", "Kreis"]
    assert chart.legend[0].css != chart.legend[1].css


def test_higher_figures_stand_higher() -> None:
    chart = time_chart(Series("x", ((2020, 1.0), (2021, 9.0))), title="t", description="d")
    first, second = [shape for shape in chart.drawing.shapes if isinstance(shape, Circle)]
    assert second.y < first.y
    assert second.x > first.x


@pytest.mark.parametrize("values", [((2020, 5.0),), ((2020, None), (2021, None)), ((2020, 0.0), (2021, 0.0))])
def test_little_data_still_draws(values: tuple[tuple[int, float | None], ...]) -> None:
    to_svg(time_chart(Series("x", values), title="t", description="d").drawing)
    to_svg(sparkline(Series("x", values)))


def test_no_years_no_chart() -> None:
    with pytest.raises(ValueError, match="years"):
        time_chart(Series("x", ()), title="t", description="d")


def test_sparkline_dot_marks_the_latest_value() -> None:
    drawing = sparkline(Series("x", ((2020, 1.0), (2021, 3.0), (2022, None))), text="steigt")
    (dot,) = [shape for shape in drawing.shapes if isinstance(shape, Circle)]
    assert dot.y == 4
    assert drawing.title == "steigt"


@given(
    st.integers(-(10**8), 10**8).map(lambda n: n / 100), st.integers(-(10**8), 10**8).map(lambda n: n / 100)
)
def test_ticks_cover_the_figures(one: float, other: float) -> None:
    low, high = sorted((one, other))
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 12
    assert ticks == sorted(set(ticks))
    allowance = (ticks[-1] - ticks[0]) * 1e-6
    assert ticks[0] <= low + allowance
    assert ticks[-1] >= high - allowance
