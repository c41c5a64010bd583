"""Ranking strip, bars of a comparison, course over the years: drawn as the figures say."""

from __future__ import annotations

import doctest

import pytest

from monitoring import atlas_charts, atlas_choice
from monitoring.atlas_charts import CompareBar, StripBar, compare_chart, course_chart, ranking_strip
from monitoring.charts import LegendEntry, MapArea, Series, choropleth
from monitoring.map_file import map_sheet, png_file, svg_file
from monitoring.shapes import map_shapes
from project.common.formats import decimal_de
from project.common.svg import Drawing, Group, Line, Rect, Text, to_svg
from tests.factories import square


def test_docstring_examples() -> None:
    assert doctest.testmod(atlas_charts).failed == 0
    assert doctest.testmod(atlas_choice).failed == 0


def strip(values: list[float], chosen: int | None = None, mean: float | None = None) -> Drawing:
    bars = [
        StripBar(value, f"G{n}: {value}", "pg-shade-3-1", f"?area={n}", n == chosen)
        for n, value in enumerate(values)
    ]
    return ranking_strip(bars, mean=mean, title="t", description="d")


def bars_of(drawing: Drawing) -> list[Rect]:
    return [
        inner
        for group in drawing.shapes
        if isinstance(group, Group)
        for inner in group.shapes
        if isinstance(inner, Rect)
    ]


def test_bars_are_as_high_as_the_figures_and_stand_on_zero() -> None:
    bars = bars_of(strip([8.0, 4.0, -4.0]))
    assert bars[0].height == pytest.approx(2 * bars[1].height)
    assert bars[2].height == pytest.approx(bars[1].height)
    assert bars[0].y + bars[0].height == pytest.approx(bars[2].y)
    assert [bar.x for bar in bars] == sorted(bar.x for bar in bars)


@pytest.mark.parametrize("count", [1, 8, 542, 3000])
def test_any_number_of_areas_fits(count: int) -> None:
    drawing = strip([float(n) for n in range(count, 0, -1)], chosen=count - 1, mean=3.0)
    bars = bars_of(drawing)
    assert len(bars) == count
    assert all(bar.x >= 0 and bar.x + bar.width <= drawing.width + 0.5 for bar in bars)
    assert all(bar.y >= 0 and bar.y + bar.height <= drawing.height for bar in bars)
    assert "pg-strip__chosen" in to_svg(drawing)
    assert any(isinstance(shape, Line) and shape.css == "pg-line--mean" for shape in drawing.shapes)


def test_all_zero_is_drawn() -> None:
    assert len(bars_of(strip([0.0, 0.0]))) == 2


def test_comparison_shows_names_figures_and_nothing_for_none() -> None:
    drawing = compare_chart(
        [
            CompareBar("Zentrum Nord", 4.0, "4,0", "chosen"),
            CompareBar("Mittelwert", 2.0, "2,0", "mean"),
            CompareBar("Nachbargebiete", None, "", "group"),
            CompareBar("Altstadt", None, "."),
        ],
        title="t",
        description="d",
    )
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect)]
    assert [bar.css for bar in bars] == ["pg-compare pg-compare--chosen", "pg-compare pg-compare--mean"]
    assert bars[0].width == pytest.approx(2 * bars[1].width)
    texts = [shape.text for shape in drawing.shapes if isinstance(shape, Text)]
    assert texts[-2:] == ["Altstadt", "."]


def test_figures_below_zero_go_to_the_left() -> None:
    bars = [
        shape
        for shape in compare_chart(
            [CompareBar("a", -1.0, "−1"), CompareBar("b", 1.0, "+1")], title="t", description="d"
        ).shapes
        if isinstance(shape, Rect)
    ]
    assert bars[0].x + bars[0].width == pytest.approx(bars[1].x)


def test_one_year_is_no_course() -> None:
    assert course_chart(None, Series("m", ((2024, 1.0),)), None, title="t", write=decimal_de) is None
    chart = course_chart(
        Series("a", ((2023, 1.0), (2024, None))),
        Series("m", ((2023, 2.0), (2024, 2.5))),
        Series("n", ((2023, None), (2024, None))),
        title="t",
        write=decimal_de,
    )
    assert chart is not None
    assert chart.rows == (("2023", "1", "2", "–"), ("2024", "–", "2,5", "–"))


def test_long_texts_of_a_sheet_are_wrapped_and_nothing_leaves_it() -> None:
    shapes = map_shapes({"1": square(0, 0), "2": square(1, 0)})
    drawing = choropleth(
        shapes,
        [MapArea("1", "a", "pg-shade-3-1"), MapArea("2", "b", "pg-class-none")],
        title="t",
        description="d",
    )
    legend = [LegendEntry("pg-shade-3-1", "bis 3", 1), LegendEntry("pg-class-none", "kein Wert", 1)]
    long = "Ein sehr langer Name eines Indikators, der nicht in eine Zeile passt, " * 3
    sheet = map_sheet(drawing, title=long, chosen="", legend=legend, source_lines=[long, "Quelle <x> & y"])
    texts = [shape for shape in sheet.shapes if isinstance(shape, Text)]
    assert sum(text.css == "title" for text in texts) > 2
    assert all(0 < text.y < sheet.height for text in texts)
    svg = svg_file(sheet).decode()
    assert "Quelle &lt;x&gt; &amp; y" in svg
    assert svg.count("<pattern") == 1
    assert png_file(sheet, source_lines=["Quelle <x>"]).startswith(b"\x89PNG")
