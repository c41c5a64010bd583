"""Pictures of papers on measures: nothing runs out, every class has a look, lengths follow the numbers."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

import pytest
from django.utils import translation

from measures.charts import Mark, Phase, SpanLook, axis_over, figure_chart
from measures.models import Milestone
from measures.reports import plan_paper
from measures.reports.drawings import Count, Span, count_bars, count_map, span_timeline
from measures.reports.plan_paper import PlanData
from measures.reports.sheet import delay_words
from measures.selectors.submeasures import milestone_line
from monitoring.shapes import MapShapes
from project.common.looks import LOOKS, TEXT_SIZE
from project.common.pdf import blocks
from project.common.pdf.fonts import REGULAR, width_of
from project.common.svg import Drawing, Group, Rect, Shape, Text
from tests.pdfua.plans import plan_data

D = datetime.date
TODAY = D(2026, 11, 26)


@pytest.fixture(scope="module")
def plan() -> PlanData:
    """The 47 measures of the demo, internal."""
    return plan_data()


def texts(shapes: Sequence[Shape]) -> Iterator[Text]:
    for shape in shapes:
        if isinstance(shape, Group):
            yield from texts(shape.shapes)
        elif isinstance(shape, Text):
            yield shape


def figures(content: Sequence[blocks.Block]) -> Iterator[Drawing]:
    for block in content:
        if isinstance(block, blocks.Figure):
            yield block.drawing
        elif isinstance(block, blocks.Beside):
            yield from figures([*block.left, *block.right])


def test_no_text_of_a_picture_runs_out_of_it(plan: PlanData) -> None:
    with translation.override("de"):
        drawings = list(figures(plan_paper.content(plan)))
    assert len(drawings) > len(plan.sheets)
    for drawing in drawings:
        for text in texts(drawing.shapes):
            size = next((LOOKS[css].size for css in text.css.split() if css in LOOKS), 0) or TEXT_SIZE
            wide = width_of(text.text, REGULAR, size)
            left = text.x - wide * {"start": 0, "middle": 0.5, "end": 1}[text.anchor]
            assert left >= -1, (drawing.title, text.text)
            assert left + wide <= drawing.width + 1, (drawing.title, text.text)


def test_every_class_of_the_pictures_has_a_look(plan: PlanData) -> None:
    def classes(shapes: Sequence[Shape]) -> Iterator[str]:
        for shape in shapes:
            yield shape.css
            if isinstance(shape, Group):
                yield from classes(shape.shapes)

    with translation.override("de"):
        drawings = list(figures(plan_paper.content(plan)))
    found = {css for drawing in drawings for css in classes(drawing.shapes) if css}
    assert {css for css in found if not set(css.split()) & LOOKS.keys()} == set()


def test_bars_are_as_long_as_their_counts() -> None:
    drawing = count_bars("Maßnahmen", [Count("a", 10), Count("b", 5), Count("c", 0)])
    bars = [shape for shape in drawing.shapes if isinstance(shape, Rect)]
    assert len(bars) == 2, "none for zero"
    assert bars[0].width == pytest.approx(2 * bars[1].width)
    assert drawing.description == "a: 10; b: 5; c: 0"


def test_a_long_name_takes_two_lines_in_the_timeline_and_its_row_grows() -> None:
    axis = axis_over([D(2026, 1, 1), D(2028, 12, 31)])
    dates = (D(2026, 1, 1), D(2027, 12, 31))
    look = SpanLook("ok", Phase.RUNNING)
    name = "4.2 Oberstark: Starkes Aufwachsen – Gesund im Quartier Oberstolberg"
    short, both = (
        span_timeline("Zeitplan", axis, [Span(text, dates, dates, look) for text in found], today=TODAY)
        for found in (["1.1 A", "1.2 B"], [name, "1.2 B"])
    )
    assert " ".join(text.text for text in texts(both.shapes) if text.x == 4) == f"{name} 1.2 B"
    assert both.height > short.height


def test_the_words_of_steps_fit_beside_the_chart() -> None:
    path = [Mark(D(2025, 1, 1), 0), Mark(D(2027, 1, 1), 4)]
    for width in (300.0, 420.0):
        drawing = figure_chart(
            title="Zusammenarbeit",
            unit="Stufe",
            path=path,
            actuals=[],
            low_label="nicht erreicht",
            high_label="überwiegend erreicht",
            today=TODAY,
            width=width,
        )
        for text in texts(drawing.shapes):
            if text.anchor == "end":
                assert text.x - width_of(text.text, REGULAR, TEXT_SIZE) >= 0, text.text
        assert drawing.width == width


def test_a_late_measure_is_hatched_beyond_its_plan() -> None:
    look = SpanLook("danger", Phase.RUNNING)
    dates = (D(2025, 1, 1), D(2025, 12, 31))
    axis = axis_over([D(2025, 1, 1), D(2026, 12, 31)])
    on_time, late = (
        span_timeline("Zeitplan", axis, [Span("1.1 A", dates, dates, look, until)], today=TODAY)
        for until in (None, (D(2026, 1, 1), D(2026, 6, 30)))
    )
    assert len(late.shapes) == len(on_time.shapes) + 1
    assert [shape.css for shape in late.shapes].count("pg-gantt__delay") == 1


def test_classes_of_the_map_follow_the_counts() -> None:
    ring = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),)
    shapes = MapShapes(10, 10, dict.fromkeys("abc", ring), dict.fromkeys("abc", (0.5, 0.5)))
    with translation.override("en"):
        drawing, legend = count_map(shapes, {"a": "A", "b": "B", "c": "C"}, {"a": 8, "b": 2}, title="Map")
    assert [text.text for text in texts(drawing.shapes)] == ["8", "2"]
    assert [text.text for text in texts(legend.shapes)] == [
        "no measure (1)",
        "1 to 2 measures (1)",
        "7 to 8 measures (1)",
    ]


@pytest.mark.parametrize(
    ("planned", "until", "words"),
    [
        (D(2026, 1, 1), D(2026, 1, 1), ""),
        (D(2026, 1, 1), D(2025, 1, 1), ""),
        (D(2026, 1, 1), D(2026, 2, 1), "31 "),
    ],
)
def test_delay_in_words(planned: datetime.date, until: datetime.date, words: str) -> None:
    row = Milestone(planned_on=planned, due_on=planned, reached_on=until)
    found = delay_words(milestone_line(row, TODAY).days_late)
    assert found.startswith(words)
    assert bool(found) is bool(words)
