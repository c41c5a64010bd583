"""Geometry of timeline and key figures."""

import datetime

import pytest

from measures.charts import (
    Mark,
    Phase,
    SpanLook,
    TimeAxis,
    axis_over,
    figure_chart,
    span_swatch,
    value_range,
)
from project.common.svg import Circle, Rect, to_svg

D = datetime.date
AXIS = TimeAxis(2024, 2028)
ON_PATH = SpanLook("success", Phase.RUNNING)


def test_the_axis_holds_whole_years() -> None:
    assert axis_over([D(2025, 6, 1), D(2024, 12, 31), D(2028, 1, 1)]) == AXIS
    assert AXIS.years == [2024, 2025, 2026, 2027, 2028]
    assert AXIS.share(D(2024, 1, 1)) == 0
    assert AXIS.share(D(2029, 1, 1)) == 1
    assert AXIS.share(D(2020, 1, 1)) == 0
    assert AXIS.share(D(2026, 7, 2)) == pytest.approx(0.5, abs=0.001)
    with pytest.raises(ValueError, match="empty"):
        axis_over([])


PATH = [Mark(D(2026, 1, 1), 0), Mark(D(2026, 12, 31), 50), Mark(D(2027, 12, 31), 100)]


def chart(actuals: list[Mark]) -> str:
    drawing = figure_chart(
        title="Erreichte <Kinder>",
        unit="Personen",
        path=PATH,
        actuals=actuals,
        low_label="0",
        high_label="100",
        today=D(2026, 7, 1),
    )
    return str(to_svg(drawing))


def test_the_chart_names_itself_and_carries_no_style() -> None:
    svg = chart([Mark(D(2026, 6, 30), 20), Mark(D(2026, 9, 30), 30.5)])
    assert "<title>Erreichte &lt;Kinder&gt;</title>" in svg
    assert "<desc>" in svg
    assert "style=" not in svg
    assert svg.count("<circle") == 2
    assert "100" in svg


def test_missing_figures_draw_nothing_and_never_zero() -> None:
    assert "<circle" not in chart([])
    drawing = figure_chart(
        title="x", unit="x", path=PATH, actuals=[], low_label="0", high_label="1", today=D(2020, 1, 1)
    )
    assert not [shape for shape in drawing.shapes if isinstance(shape, Circle)]


def test_higher_is_higher_and_later_is_further_right() -> None:
    drawing = figure_chart(
        title="x",
        unit="x",
        path=PATH,
        actuals=[Mark(D(2026, 3, 1), 10), Mark(D(2026, 6, 1), 40)],
        low_label="0",
        high_label="1",
        today=D(2026, 7, 1),
    )
    first, second = (shape for shape in drawing.shapes if isinstance(shape, Circle))
    assert first.x < second.x
    assert first.y > second.y


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 100], (0, 100)), ([10, 100], (0, 100)), ([71, 85], (71, 85)), ([5, 5], (0, 5)), ([0, 0], (0, 1))],
)
def test_zero_belongs_to_the_range_unless_all_lie_far_from_it(
    values: list[float], expected: tuple[float, float]
) -> None:
    marks = [Mark(D(2026, 1, 1 + index), value) for index, value in enumerate(values)]
    assert value_range(marks, []) == expected


def test_a_path_needs_a_target() -> None:
    with pytest.raises(ValueError, match="target"):
        figure_chart(
            title="x", unit="x", path=PATH[:1], actuals=[], low_label="", high_label="", today=D(2026, 1, 1)
        )


def test_what_is_over_and_what_has_not_begun_differs_in_more_than_colour() -> None:
    looks = [SpanLook("success", phase) for phase in Phase]
    assert len({look.css for look in looks}) == len(Phase)
    (shape,) = span_swatch(looks[0]).shapes
    assert isinstance(shape, Rect)
    assert shape.css == "pg-span--success pg-span--ahead"
