"""Charts of measures: timeline and key figures. Data to geometry, pure; `project.common.svg` writes them."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from project.common.formats import date_de
from project.common.svg import Circle, Drawing, Line, Path, Rect, Shape, Text

#: Drawing units of a row of the public timeline; its width is stretched to the page.
ROW_WIDTH: Final = 600.0
ROW_HEIGHT: Final = 28.0
_BAR_HEIGHT: Final = 14.0
#: A measure of some days is still seen.
_LEAST_BAR: Final = 4.0
#: Size of the chart of a key figure, and the room for its labels.
_CHART_WIDTH: Final = 420.0
_CHART_HEIGHT: Final = 190.0
_LEFT: Final = 64.0
_RIGHT: Final = 14.0
#: Usual width of a letter.
_LETTER: Final = 7.0
_TOP: Final = 14.0
_BOTTOM: Final = 30.0
_DOT: Final = 4.5
#: Years written below the axis at most.
_YEAR_LABELS: Final = 6
#: Room of one of them.
_YEAR_ROOM: Final = 44.0


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """Whole years from the first to the last, every day as wide as the other."""

    first_year: int
    last_year: int

    @property
    def years(self) -> list[int]:
        """Years of the axis."""
        return list(range(self.first_year, self.last_year + 1))

    def share(self, day: datetime.date) -> float:
        """Place of a day's morning, 0 at the left and 1 at the right; days outside lie on the edge."""
        first = datetime.date(self.first_year, 1, 1)
        length = (datetime.date(self.last_year + 1, 1, 1) - first).days
        return min(1.0, max(0.0, (day - first).days / length))

    def holds(self, day: datetime.date) -> bool:
        """Whether a day lies on the axis."""
        return self.first_year <= day.year <= self.last_year


def axis_over(days: Sequence[datetime.date]) -> TimeAxis:
    """The axis that holds all days.

    Raises:
        ValueError: No day.
    """
    return TimeAxis(min(days).year, max(days).year)


class Phase(StrEnum):
    """Which part of its life a measure is in: told by the outline of the bar, whatever its colour."""

    AHEAD = "ahead"
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class SpanLook:
    """How a bar looks: the kind of the badge names the colour, the phase the outline."""

    kind: str
    phase: Phase

    @property
    def css(self) -> str:
        """Classes of the bar."""
        return f"pg-span--{self.kind} pg-span--{self.phase}"


@dataclass(frozen=True, slots=True)
class Stone:
    """A milestone in the timeline: filled once reached, marked when it is late."""

    day: datetime.date
    is_reached: bool
    is_late: bool


def span_swatch(look: SpanLook) -> Drawing:
    """A bar as a small picture for the legend; the words stand beside it."""
    return Drawing(20, 20, "", "", (Rect(1, 4, 18, 12, look.css),), css="pg-swatch")


def timeline_row(
    axis: TimeAxis,
    *,
    starts_on: datetime.date,
    ends_on: datetime.date,
    look: SpanLook,
    today: datetime.date,
    stage_two_on: datetime.date | None = None,
) -> Drawing:
    """One row of the timeline: the measure as a bar, today and stage 2 as lines.

    The dates stand as text in the row, so that the drawing itself is decoration.

    Args:
        axis: Years of all rows.
        starts_on: First day of the bar.
        ends_on: Last day of the bar, included.
        look: Colour and outline of the bar.
        today: Where the line of today stands.
        stage_two_on: Where the line of stage 2 stands; None draws none.
    """
    left = axis.share(starts_on) * ROW_WIDTH
    right = axis.share(ends_on + datetime.timedelta(days=1)) * ROW_WIDTH
    width = max(_LEAST_BAR, right - left)
    shapes: list[Shape] = [
        Rect(
            min(left, ROW_WIDTH - width),
            (ROW_HEIGHT - _BAR_HEIGHT) / 2,
            width,
            _BAR_HEIGHT,
            look.css,
        )
    ]
    for day, css in ((stage_two_on, "pg-span__stage"), (today, "pg-span__today")):
        if day is not None and axis.holds(day):
            x = axis.share(day) * ROW_WIDTH
            shapes.append(Line(x, 0, x, ROW_HEIGHT, css))
    return Drawing(ROW_WIDTH, ROW_HEIGHT, "", "", tuple(shapes), css="pg-span", is_stretched=True)


@dataclass(frozen=True, slots=True)
class Mark:
    """A number on a day."""

    day: datetime.date
    value: float


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where days and values lie in the chart; edges in picture units."""

    first: datetime.date
    last: datetime.date
    low: float
    high: float
    left: float = _LEFT
    right: float = _CHART_WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = _CHART_HEIGHT - _BOTTOM

    def x(self, day: datetime.date) -> float:
        length = max(1, (self.last - self.first).days)
        return self.left + (day - self.first).days / length * (self.right - self.left)

    def y(self, value: float) -> float:
        height = (self.high - self.low) or 1.0
        return self.top + (self.high - value) / height * (self.bottom - self.top)


def figure_chart(
    *,
    title: str,
    unit: str,
    path: Sequence[Mark],
    actuals: Sequence[Mark],
    low_label: str,
    high_label: str,
    today: datetime.date,
    width: float = _CHART_WIDTH,
    height: float = _CHART_HEIGHT,
) -> Drawing:
    """A key figure over time: the path from baseline to targets dashed, actuals as a line with dots.

    The table beside it holds the same numbers.

    Args:
        title: Name of the key figure.
        unit: Its unit, for the description.
        path: Baseline and targets in order of days; at least two.
        actuals: Confirmed figures in order of days; days without a value are left out, never zero.
        low_label: Label of the lowest value shown.
        high_label: Label of the highest value shown.
        today: Where the line of today stands.
        width: Of the picture; three in a row of a paper are narrow.
        height: Of the picture; papers have room for flat ones only.

    Raises:
        ValueError: Fewer than two corners of the path.
    """
    if len(path) < 2:
        raise ValueError("a path needs a baseline and a target")
    base = height - _BOTTOM
    # The steps of a judgement are words, longer than numbers.
    left = max(_LEFT, 12 + _LETTER * max(len(low_label), len(high_label)))
    right = width - _RIGHT
    frame = dataclasses.replace(_frame([*path, *actuals]), left=left, right=right, bottom=base)
    shapes: list[Shape] = [
        Line(left, _TOP, right, _TOP, "pg-grid"),
        Line(left, base, right, base, "pg-axis"),
        Text(left - 8, _TOP + 5, high_label, "pg-chart-text pg-chart-text--muted", "end"),
        Text(left - 8, base, low_label, "pg-chart-text pg-chart-text--muted", "end"),
        *_years(frame, base),
    ]
    if frame.first <= today <= frame.last:
        shapes.append(Line(frame.x(today), _TOP, frame.x(today), base, "pg-span__today"))
    shapes.append(_polyline(frame, path, "pg-line pg-line--target"))
    shapes += [Rect(frame.x(mark.day) - 4, frame.y(mark.value) - 4, 8, 8, "pg-target") for mark in path[1:]]
    if len(actuals) > 1:
        shapes.append(_polyline(frame, actuals, "pg-line"))
    shapes += [Circle(frame.x(mark.day), frame.y(mark.value), _DOT, "pg-dot") for mark in actuals]
    description = _(
        "%(unit)s from %(first)s to %(last)s. Dashed: the path from the baseline to the targets. "
        "Line with dots: confirmed figures."
    ) % {"unit": unit, "first": date_de(frame.first), "last": date_de(frame.last)}
    return Drawing(width, height, title, description, tuple(shapes), css="pg-chart")


#: Size of the small chart of a key figure in a table, and the room left for its marks.
_SMALL_WIDTH: Final = 150.0
_SMALL_HEIGHT: Final = 48.0
_SMALL_EDGE: Final = 6.0


def small_figure_chart(path: Sequence[Mark], actuals: Sequence[Mark], today: datetime.date) -> Drawing:
    """A key figure in a table: path dashed, targets as squares, actuals as a line.

    Args:
        path: Baseline and targets in order of days.
        actuals: Confirmed figures in order of days, without those that are missing or secret.
        today: Where the line of today stands.
    """
    marks = [*path, *actuals]
    low, high = value_range(path, actuals)
    days = [mark.day for mark in marks]
    frame = _Frame(
        min(days),
        max(days),
        low,
        high,
        _SMALL_EDGE,
        _SMALL_WIDTH - _SMALL_EDGE,
        _SMALL_EDGE,
        _SMALL_HEIGHT - _SMALL_EDGE,
    )
    shapes: list[Shape] = []
    if frame.first <= today <= frame.last:
        shapes.append(Line(frame.x(today), 0, frame.x(today), _SMALL_HEIGHT, "pg-span__today"))
    if len(path) > 1:
        shapes.append(_polyline(frame, path, "pg-line pg-line--target"))
    shapes += [Rect(frame.x(mark.day) - 3, frame.y(mark.value) - 3, 6, 6, "pg-target") for mark in path[1:]]
    if len(actuals) > 1:
        shapes.append(_polyline(frame, actuals, "pg-line"))
    shapes += [Circle(frame.x(mark.day), frame.y(mark.value), 3, "pg-dot") for mark in actuals[-1:]]
    return Drawing(_SMALL_WIDTH, _SMALL_HEIGHT, "", "", tuple(shapes), css="pg-figure-small")


def value_range(path: Sequence[Mark], actuals: Sequence[Mark]) -> tuple[float, float]:
    """Lowest and highest value shown: zero belongs to it unless all values lie far from it."""
    values = [mark.value for mark in (*path, *actuals)]
    low, high = min(values), max(values)
    if low > 0 and low < high / 2:
        low = 0.0
    if low == high:
        low, high = min(0.0, low), max(0.0, high) or 1.0
    return low, high


def _frame(marks: Sequence[Mark]) -> _Frame:
    days = [mark.day for mark in marks]
    low, high = value_range(marks, ())
    return _Frame(min(days), max(days), low, high)


def _polyline(frame: _Frame, marks: Sequence[Mark], css: str) -> Path:
    points = tuple((frame.x(mark.day), frame.y(mark.value)) for mark in marks)
    return Path((points,), css, is_closed=False)


def _years(frame: _Frame, base: float) -> list[Shape]:
    years = list(range(frame.first.year + 1, frame.last.year + 1))
    room = max(1, int((frame.right - frame.left) / _YEAR_ROOM))
    step = -(-len(years) // min(_YEAR_LABELS, room)) or 1
    shapes: list[Shape] = []
    for year in years[::step]:
        x = frame.x(datetime.date(year, 1, 1))
        shapes.append(Line(x, base, x, base + 5, "pg-axis"))
        shapes.append(Text(x, base + 20, str(year), "pg-chart-text pg-chart-text--muted", "middle"))
    return shapes


#: Size of a stacked bar, in picture units.
_STACK_WIDTH: Final = 160.0
_STACK_HEIGHT: Final = 12.0


def state_bar(parts: Sequence[tuple[str, int]]) -> Drawing:
    """Numbers side by side as one bar; decoration beside the figures, which say the same in words.

    Args:
        parts: Kind of the badge, which names the colour, and number; in their order.
    """
    total = sum(number for _kind, number in parts) or 1
    shapes: list[Shape] = []
    left = 0.0
    for kind, number in parts:
        width = number / total * _STACK_WIDTH
        if number:
            shapes.append(Rect(left, 0, width, _STACK_HEIGHT, f"pg-stack__part pg-stack__part--{kind}"))
        left += width
    return Drawing(_STACK_WIDTH, _STACK_HEIGHT, "", "", tuple(shapes), css="pg-stack-bar", is_stretched=True)
