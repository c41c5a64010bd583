"""Geometry of the timeline."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from measures.charts import Phase, SpanLook, Stone, TimeAxis
from measures.gantt import HEAD_HEIGHT, ROW_HEIGHT, GanttBar, Zoom, gantt
from project.common.svg import Drawing, Group, Line, Path, Rect, to_svg

D = datetime.date
AXIS = TimeAxis(2024, 2028)
TODAY = D(2026, 7, 1)


def bar(key: int = 1, **kwargs: Any) -> GanttBar:
    starts_on, ends_on = kwargs.get("starts_on", D(2025, 1, 1)), kwargs.get("ends_on", D(2025, 12, 31))
    defaults: dict[str, Any] = {
        "href": f"/measures/{key}/",
        "text": f"Maßnahme {key}",
        "starts_on": starts_on,
        "ends_on": ends_on,
        "first_day": starts_on,
        "last_day": ends_on,
        "look": SpanLook("success", Phase.RUNNING),
    }
    return GanttBar(key, **(defaults | kwargs))


def drawn(*rows: GanttBar | None, zoom: Zoom = Zoom.PLAN, **kwargs: Any) -> Drawing:
    return gantt(AXIS, rows, zoom=zoom, today=kwargs.pop("today", TODAY), title="Zeitplan", **kwargs)


def groups(drawing: Drawing) -> list[Group]:
    return [shape for shape in drawing.shapes if isinstance(shape, Group)]


def rect(group: Group, css: str) -> Rect:
    (found,) = [shape for shape in group.shapes if isinstance(shape, Rect) and css in shape.css]
    return found


def test_a_bar_reaches_from_first_to_last_day_in_its_row() -> None:
    drawing = drawn(None, bar(starts_on=D(2024, 1, 1), ends_on=D(2028, 12, 31)))
    whole = rect(groups(drawing)[0], "pg-span--success")
    assert (whole.x, whole.width) == (0, pytest.approx(drawing.width))
    assert HEAD_HEIGHT + ROW_HEIGHT < whole.y < whole.y + whole.height < drawing.height
    year = rect(groups(drawn(bar()))[0], "pg-span--success")
    assert year.x == pytest.approx(drawing.width * 366 / 1827)
    assert year.width == pytest.approx(drawing.width * 365 / 1827)


def test_actual_dates_move_the_bar_and_leave_the_plan_where_it_is() -> None:
    group = groups(drawn(bar(first_day=D(2025, 7, 1), last_day=D(2026, 6, 30))))[0]
    assert rect(group, "pg-span--success").x > rect(group, "pg-gantt__plan").x
    assert rect(group, "pg-gantt__plan").width == pytest.approx(rect(groups(drawn(bar()))[0], "plan").width)


def test_what_is_beyond_the_plan_is_hatched() -> None:
    late = groups(drawn(bar(delay=(D(2026, 1, 1), TODAY))))[0]
    (hatched,) = [shape for shape in late.shapes if isinstance(shape, Path) and shape.is_hatched]
    plan = rect(late, "pg-gantt__plan")
    assert hatched.rings[0][0][0] == pytest.approx(plan.x + plan.width)
    assert not [shape for shape in groups(drawn(bar()))[0].shapes if isinstance(shape, Path)]


def test_milestones_are_told_by_shape_as_well() -> None:
    stones = (
        Stone(D(2025, 3, 1), is_reached=True, is_late=False),
        Stone(D(2025, 5, 1), is_reached=False, is_late=True),
        Stone(D(2026, 9, 1), is_reached=False, is_late=False),
    )
    group = groups(drawn(bar(stones=stones)))[0]
    css = [shape.css for shape in group.shapes if isinstance(shape, Path)]
    assert css == ["pg-stone pg-stone--reached", "pg-stone pg-stone--late", "pg-stone"]
    assert [shape.css for shape in group.shapes if isinstance(shape, Line)] == ["pg-stone__late"]


def test_arrows_lead_to_what_needs_it_forwards_and_back() -> None:
    first = bar(1)
    after = bar(2, starts_on=D(2026, 6, 1), ends_on=D(2026, 12, 31))
    before = bar(3, starts_on=D(2024, 6, 1), ends_on=D(2024, 12, 31))
    drawing = drawn(first, after, before, needs=[(2, 1), (3, 1), (99, 1)])
    arrows = [shape for shape in drawing.shapes if isinstance(shape, Path) and "arrow" in shape.css]
    tips = [shape for shape in drawing.shapes if isinstance(shape, Path) and "tip" in shape.css]
    assert len(arrows) == len(tips) == 2
    for tip, row in zip(tips, (after, before), strict=True):
        assert tip.rings[0][1][0] == pytest.approx(AXIS.share(row.first_day) * drawing.width)
    ends = [arrow.rings[0][-1][1] for arrow in arrows]
    assert ends[1] - ends[0] == pytest.approx(ROW_HEIGHT)


def test_every_bar_is_a_link_with_its_words_and_a_stop_for_the_tab_key() -> None:
    svg = to_svg(drawn(bar()))
    assert '<a href="/measures/1/" class="pg-gantt__bar" aria-label="Maßnahme 1">' in svg
    assert 'role="group"' in svg
    assert "style=" not in svg


def test_lines_of_today_and_stage_two_only_where_they_lie_on_the_axis() -> None:
    def lines(today: datetime.date, stage_two_on: datetime.date | None) -> list[str]:
        drawing = drawn(bar(), today=today, stage_two_on=stage_two_on)
        css = [shape.css for shape in drawing.shapes if isinstance(shape, Line)]
        return [name for name in css if name.startswith("pg-span")]

    assert lines(D(2026, 1, 1), D(2027, 1, 1)) == ["pg-span__stage", "pg-span__today"]
    assert lines(D(2030, 1, 1), None) == []


def test_zoom_makes_years_wider_and_names_quarters() -> None:
    widths = [drawn(bar(), zoom=zoom).width for zoom in Zoom]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3
    assert to_svg(drawn(bar(), zoom=Zoom.QUARTER)).count("<text") == 5 + 5 * 4
    assert to_svg(drawn(bar())).count("<text") == 5
