"""Drawings of the atlas beside the map: the ranking as a strip of bars, an area beside others, the years."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from monitoring.charts import Series, TimeChart, time_chart
from project.common.svg import Drawing, Group, Line, Rect, Shape, Text

Formatter = Callable[[float], str]

_STRIP_WIDTH: Final = 520.0
_STRIP_HEIGHT: Final = 132.0
# Room for the name of the chosen area above the bars and for the line below them.
_STRIP_TOP: Final = 26.0
_STRIP_BOTTOM: Final = 6.0
# The least a bar is high, so that a figure near zero can still be seen and pointed at.
_LEAST_BAR: Final = 2.0
# Bars at least so wide have edges, so that light ones stand out from the paper.
_EDGED_FROM: Final = 5.0

_BAR_WIDTH: Final = 560.0
_BAR_ROW: Final = 26.0
_BAR_LABEL: Final = 244.0
_BAR_VALUE: Final = 78.0
# Longer names would run into the bars; the table beside holds them in full.
_LABEL_LENGTH: Final = 33


@dataclass(frozen=True, slots=True)
class StripBar:
    """An area in the ranking.

    Attributes:
        value: Its figure.
        text: Name and figure.
        css: Class name of the fill.
        href: Where it leads.
        is_chosen: Whether it is the chosen one.
    """

    value: float
    text: str
    css: str
    href: str = ""
    is_chosen: bool = False


def ranking_strip(bars: Sequence[StripBar], *, mean: float | None, title: str, description: str) -> Drawing:
    """Draw all areas side by side from the highest to the lowest, the chosen one marked.

    Args:
        bars: Highest first, at least one.
        mean: Drawn as a dashed line; None for no line.
        title: Name of the figure.
        description: What can be seen.
    """
    values = [bar.value for bar in bars]
    low, high = min(0.0, *values, mean or 0.0), max(0.0, *values, mean or 0.0)
    reach = high - low or 1.0
    inside = _STRIP_HEIGHT - _STRIP_TOP - _STRIP_BOTTOM

    def y(value: float) -> float:
        return _STRIP_TOP + (high - value) / reach * inside

    step = _STRIP_WIDTH / len(bars)
    gap = min(2.0, step * 0.2)
    # Thin bars would be nothing but edges.
    edge = "pg-strip__bar" if step < _EDGED_FROM else "pg-strip__bar pg-strip__bar--edged"
    shapes: list[Shape] = []
    marks: list[Shape] = []
    for place, bar in enumerate(bars):
        top, bottom = sorted((y(bar.value), y(0.0)))
        height = max(bottom - top, _LEAST_BAR)
        rect = Rect(place * step, top, max(step - gap, 0.3), height, f"{edge} {bar.css}")
        shapes.append(Group((rect,), title=bar.text, href=bar.href, is_tab_stop=False))
        if bar.is_chosen:
            middle = place * step + (step - gap) / 2
            anchor: Literal["start", "end"] = "start" if middle < _STRIP_WIDTH / 2 else "end"
            width = max(step - gap, 3.0)
            marks += [
                Rect(middle - width / 2, top, width, height, "pg-strip__chosen"),
                Line(middle, _STRIP_TOP - 8, middle, top, "pg-strip__pointer"),
                Text(min(max(middle, 2), _STRIP_WIDTH - 2), 14, bar.text, "pg-chart-text", anchor),
            ]
    shapes.append(Line(0, y(0.0), _STRIP_WIDTH, y(0.0), "pg-axis"))
    if mean is not None and mean != 0:
        shapes.append(Line(0, y(mean), _STRIP_WIDTH, y(mean), "pg-line--mean"))
    return Drawing(
        _STRIP_WIDTH, _STRIP_HEIGHT, title, description, (*shapes, *marks), css="pg-strip", uid="strip"
    )


@dataclass(frozen=True, slots=True)
class CompareBar:
    """A line of the comparison.

    Attributes:
        name: Name of the area, of the mean or of a group of lines.
        value: Figure; None for none shown.
        text: As written, number or sign.
        kind: "chosen", "mean" or "other"; "group" for a heading.
    """

    name: str
    value: float | None
    text: str
    kind: str = "other"


def compare_chart(bars: Sequence[CompareBar], *, title: str, description: str) -> Drawing:
    """Draw an area above what it is compared with, bars from zero.

    Args:
        bars: From top to bottom.
        title: Name of the figure.
        description: What can be seen.
    """
    values = [bar.value for bar in bars if bar.value is not None]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    reach = high - low or 1.0
    inside = _BAR_WIDTH - _BAR_LABEL - _BAR_VALUE

    def x(value: float) -> float:
        return _BAR_LABEL + (value - low) / reach * inside

    shapes: list[Shape] = []
    for place, bar in enumerate(bars):
        top = place * _BAR_ROW
        name = shortened(bar.name)
        is_strong = bar.kind in {"chosen", "group"}
        css = "pg-chart-text pg-chart-text--strong" if is_strong else "pg-chart-text"
        shapes.append(Text(_BAR_LABEL - 10, top + 18, name, css, "end"))
        if bar.value is not None:
            left, right = sorted((x(0.0), x(bar.value)))
            width = max(right - left, 1.0)
            shapes.append(Rect(left, top + 5, width, _BAR_ROW - 9, f"pg-compare pg-compare--{bar.kind}"))
        shapes.append(Text(_BAR_WIDTH, top + 18, bar.text, css, "end"))
    bottom = len(bars) * _BAR_ROW
    shapes.append(Line(x(0.0), 0, x(0.0), bottom, "pg-axis"))
    return Drawing(_BAR_WIDTH, bottom + 2, title, description, tuple(shapes), css="pg-time", uid="compare")


def shortened(name: str, length: int = _LABEL_LENGTH) -> str:
    """Shorten a name in its middle: numbers that tell areas apart stand at the end.

    Args:
        name: Name of an area.
        length: Characters there is room for.

        >>> shortened("Bergisch Gladbach – Wohnplatz 29", 20)
        'Bergisch G…nplatz 29'
    """
    if len(name) <= length:
        return name
    tail = (length - 1) // 2
    return f"{name[: length - 1 - tail]}…{name[-tail:]}"


def course_chart(
    chosen: Series | None,
    means: Series,
    beside: Series | None,
    *,
    title: str,
    write: Formatter,
) -> TimeChart | None:
    """Draw the years: the chosen area bold, the mean and its neighbours dashed; without one the mean alone.

    Args:
        chosen: The area; None if none is chosen.
        means: Mean of all areas.
        beside: Mean of the neighbours.
        title: Name of the figure.
        write: How to write a figure.

    Returns:
        None if there is only one year, which the table already tells.
    """
    if len(means.values) < 2:
        return None
    main, others = (means, []) if chosen is None else (chosen, [means])
    if chosen is not None and beside is not None:
        others.append(beside)
    return time_chart(
        main,
        others,
        title=title,
        description=_("Course over the years; the table below holds the figures."),
        write=write,
        height=220,
    )
