"""The timeline of a plan as one picture: bars, milestones, dependencies. Data to geometry, pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from measures.charts import SpanLook, Stone, TimeAxis
from project.common.svg import Drawing, Group, Line, Path, Point, Rect, Shape, Text

#: Heights in pixels; ``measures.css`` gives the names beside the picture the same.
HEAD_HEIGHT: Final = 36.0
ROW_HEIGHT: Final = 40.0
_BAR_TOP: Final = 9.0
_BAR_HEIGHT: Final = 14.0
_PLAN_TOP: Final = 27.0
_PLAN_HEIGHT: Final = 4.0
_STONE: Final = 6.0
#: A measure of a few days can still be seen, and clicked.
_LEAST_WIDTH: Final = 6.0


class Zoom(StrEnum):
    """How wide a year is drawn."""

    PLAN = "plan"
    YEAR = "year"
    QUARTER = "quarter"


#: Width of the whole plan at least, and of a year (pixels).
_PLAN_WIDTH: Final = 660.0
_YEAR_WIDTHS: Final = {Zoom.PLAN: 96.0, Zoom.YEAR: 320.0, Zoom.QUARTER: 960.0}


@dataclass(frozen=True, slots=True)
class GanttBar:
    """A measure in the timeline.

    Attributes:
        key: Its primary key.
        href: Its page; "" on paper.
        text: Everything the bar shows, in words.
        starts_on: Planned start.
        ends_on: Planned end.
        first_day: Where the bar begins: actual start, else the planned one.
        last_day: Where it ends.
        look: Colour and outline.
        delay: First and last day of what is beyond the plan; None where nothing is.
        stones: Milestones.
    """

    key: int
    href: str
    text: str
    starts_on: datetime.date
    ends_on: datetime.date
    first_day: datetime.date
    last_day: datetime.date
    look: SpanLook
    delay: tuple[datetime.date, datetime.date] | None = None
    stones: tuple[Stone, ...] = ()


#: A row is a bar, or None for the heading of a group.
Row = GanttBar | None


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where days and rows lie."""

    axis: TimeAxis
    width: float

    def x(self, day: datetime.date) -> float:
        return self.axis.share(day) * self.width

    def end(self, day: datetime.date) -> float:
        """The evening of a day."""
        return self.x(day + datetime.timedelta(days=1))

    @staticmethod
    def y(place: int) -> float:
        return HEAD_HEIGHT + place * ROW_HEIGHT


def gantt(
    axis: TimeAxis,
    rows: Sequence[Row],
    *,
    zoom: Zoom,
    today: datetime.date,
    stage_two_on: datetime.date | None = None,
    needs: Sequence[tuple[int, int]] = (),
    title: str,
    width: float | None = None,
    uid: str = "gantt",
) -> Drawing:
    """Draw the timeline.

    Args:
        axis: Whole years, the same on every page of a plan.
        rows: From top to bottom.
        zoom: How wide a year is.
        today: Where the line of today stands.
        stage_two_on: Where the line of stage 2 stands; None draws none.
        needs: Keys of a measure and of one it needs first; those of measures not drawn are passed over.
        title: Name of the picture.
        width: Of the picture, instead of that of the zoom: for paper.
        uid: Tells pictures of one page apart.
    """
    if width is None:
        width = max(_YEAR_WIDTHS[zoom] * len(axis.years), _PLAN_WIDTH if zoom is Zoom.PLAN else 0)
    scale = _Scale(axis, width)
    height = HEAD_HEIGHT + len(rows) * ROW_HEIGHT
    shapes: list[Shape] = [*_grid(scale, zoom, height), *_lines(scale, rows)]
    for day, css in ((stage_two_on, "pg-span__stage"), (today, "pg-span__today")):
        if day is not None and axis.holds(day):
            shapes.append(Line(scale.x(day), HEAD_HEIGHT - 6, scale.x(day), height, css))
    places = {row.key: place for place, row in enumerate(rows) if row is not None}
    bars = {row.key: row for row in rows if row is not None}
    for key, needed in needs:
        if key in bars and needed in bars:
            shapes += _arrow(scale, bars[needed], places[needed], bars[key], places[key])
    shapes += [_bar(scale, row, place) for place, row in enumerate(rows) if row is not None]
    description = _(
        "Bars from the start to the end of each measure; the thin line below is the plan, hatched is what is "
        "beyond it. Diamonds are milestones, filled once reached. Arrows lead from a measure to one that "
        "needs it. The table below holds the same."
    )
    return Drawing(width, height, title, description, tuple(shapes), css="pg-gantt__picture", uid=uid)


def _grid(scale: _Scale, zoom: Zoom, height: float) -> list[Shape]:
    """Years, and quarters where there is room for them."""
    shapes: list[Shape] = []
    for year in scale.axis.years:
        x = scale.x(datetime.date(year, 1, 1))
        shapes += [
            Line(x, 0, x, height, "pg-grid"),
            Text(x + 4, 15, str(year), "pg-chart-text pg-chart-text--muted"),
        ]
        for quarter in range(4) if zoom is not Zoom.PLAN else ():
            x = scale.x(datetime.date(year, quarter * 3 + 1, 1))
            if quarter:
                shapes.append(Line(x, HEAD_HEIGHT - 16, x, height, "pg-grid pg-grid--fine"))
            words = _("Q%(number)s") % {"number": quarter + 1}
            shapes.append(Text(x + 4, 31, words, "pg-chart-text pg-chart-text--muted"))
    return shapes


def _lines(scale: _Scale, rows: Sequence[Row]) -> list[Shape]:
    """A line below each row, as in the names beside it."""
    places = range(len(rows) + 1)
    return [Line(0, scale.y(place), scale.width, scale.y(place), "pg-gantt__rule") for place in places]


def _bar(scale: _Scale, bar: GanttBar, place: int) -> Group:
    top = scale.y(place)
    left, right = scale.x(bar.first_day), scale.end(bar.last_day)
    shapes: list[Shape] = [
        # What can be clicked is the whole height of the row.
        Rect(left, top + 2, max(_LEAST_WIDTH, right - left), ROW_HEIGHT - 4, "pg-gantt__hit"),
        Rect(left, top + _BAR_TOP, max(_LEAST_WIDTH, right - left), _BAR_HEIGHT, bar.look.css),
        Rect(
            scale.x(bar.starts_on),
            top + _PLAN_TOP,
            max(_LEAST_WIDTH, scale.end(bar.ends_on) - scale.x(bar.starts_on)),
            _PLAN_HEIGHT,
            "pg-gantt__plan",
        ),
    ]
    if bar.delay is not None:
        first, last = scale.x(bar.delay[0]), scale.end(bar.delay[1])
        corners = _box(first, top + _BAR_TOP, max(_LEAST_WIDTH, last - first), _BAR_HEIGHT)
        shapes.append(Path((corners,), "pg-gantt__delay", is_hatched=True))
    for stone in bar.stones:
        shapes += _stone(scale.x(stone.day), top + _BAR_TOP + _BAR_HEIGHT / 2, stone)
    return Group(tuple(shapes), css="pg-gantt__bar", title=bar.text, href=bar.href)


def _box(x: float, y: float, width: float, height: float) -> tuple[Point, ...]:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _stone(x: float, y: float, stone: Stone) -> list[Shape]:
    css = "pg-stone pg-stone--reached" if stone.is_reached else "pg-stone"
    corners = ((x, y - _STONE), (x + _STONE, y), (x, y + _STONE), (x - _STONE, y))
    shapes: list[Shape] = [Path((corners,), f"{css} pg-stone--late" if stone.is_late else css)]
    if stone.is_late:
        shapes.append(Line(x - _STONE, y, x + _STONE, y, "pg-stone__late"))
    return shapes


def _arrow(scale: _Scale, needed: GanttBar, above: int, bar: GanttBar, below: int) -> list[Shape]:
    """From the end of what is needed to the beginning of what needs it."""
    middle = _BAR_TOP + _BAR_HEIGHT / 2
    x1, y1 = scale.end(needed.last_day), scale.y(above) + middle
    x2, y2 = scale.x(bar.first_day), scale.y(below) + middle
    bend = max(x1 + 8, x2 - 12) if x2 - x1 > 20 else x1 + 8
    tip = ((x2 - 7, y2 - 4), (x2, y2), (x2 - 7, y2 + 4))
    if bend > x2 - 7:
        # It should have ended before: the line goes back between the rows.
        between = y2 - middle + 2 if below > above else y2 + ROW_HEIGHT - middle - 2
        points: tuple[Point, ...] = (
            (x1, y1),
            (bend, y1),
            (bend, between),
            (x2 - 12, between),
            (x2 - 12, y2),
            (x2 - 2, y2),
        )
    else:
        points = ((x1, y1), (bend, y1), (bend, y2), (x2 - 2, y2))
    return [
        Path((points,), "pg-gantt__arrow", is_closed=False),
        Path((tip,), "pg-gantt__tip"),
    ]


def stone_swatch(*, is_reached: bool, is_late: bool = False) -> Drawing:
    """A milestone as a small picture for the legend."""
    shapes = tuple(_stone(10, 10, Stone(datetime.date.min, is_reached, is_late)))
    return Drawing(20, 20, "", "", shapes, css="pg-swatch")


def delay_swatch() -> Drawing:
    """What is beyond the plan, for the legend."""
    shape = Path((_box(1, 4, 18, 12),), "pg-gantt__delay", is_hatched=True)
    return Drawing(20, 20, "", "", (shape,), css="pg-swatch", uid="gantt-legend")


def plan_swatch() -> Drawing:
    """The line of the plan, for the legend."""
    return Drawing(20, 20, "", "", (Rect(1, 8, 18, _PLAN_HEIGHT, "pg-gantt__plan"),), css="pg-swatch")
