"""Pictures of papers on measures: counts as bars, the timeline, the map. Data to geometry, pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from measures.charts import SpanLook, Stone, TimeAxis
from monitoring.charts import LegendEntry, MapArea, choropleth, legend_drawing
from monitoring.shapes import MapShapes
from project.common.formats import decimal_de
from project.common.looks import TEXT_SIZE
from project.common.palette import ZERO_CSS, shade_css
from project.common.pdf.fonts import REGULAR, register, width_of
from project.common.pdf.words import SOFT_HYPHEN, lines_of
from project.common.svg import Drawing, Line, Path, Point, Rect, Shape, Text

#: Width of a picture that fills the column, in picture units; letters are ``looks.TEXT_SIZE`` of them.
_WIDTH: Final = 760.0
_ROW: Final = 25.0
_LABELS: Final = 300.0
_NUMBERS: Final = 46.0
_BAR: Final = 14.0
_LEAST: Final = 4.0

_HEAD: Final = 30.0
_GANTT_LABELS: Final = 320.0
_GANTT_ROW: Final = 24.0
#: A second line of a name.
_GANTT_LINE: Final = 15.0
_SPAN_TOP: Final = 3.0
_SPAN: Final = 12.0
_PLAN_TOP: Final = 18.0
_PLAN: Final = 2.5
_STONE: Final = 4.5

#: Classes of the map beside "no measure", each as wide as the others.
_CLASSES: Final = 4


def fitted(text: str, width: float, size: float = TEXT_SIZE) -> str:
    """One line of a picture; the end of a longer one gives way to dots."""
    register()
    line = " ".join(text.split())
    if width_of(line, REGULAR, size) <= width:
        return line
    while line and width_of(f"{line}…", REGULAR, size) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"


# --- Counts ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Count:
    """A bar: what is counted, how many, and the look of the bar."""

    text: str
    number: int
    css: str = "pg-bar__value--share"


def count_bars(title: str, counts: Sequence[Count]) -> Drawing:
    """Counts as bars one below the other; words and number stand beside each.

    Args:
        title: What is counted.
        counts: From top to bottom; at least one.
    """
    most = max((row.number for row in counts), default=0) or 1
    room = _WIDTH - _LABELS - _NUMBERS
    shapes: list[Shape] = []
    for place, row in enumerate(counts):
        top = place * _ROW
        wide = max(_LEAST, row.number / most * room) if row.number else 0.0
        shapes.append(Text(0, top + 17, fitted(row.text, _LABELS - 12), "pg-chart-text"))
        if wide:
            shapes.append(Rect(_LABELS, top + 5, wide, _BAR, row.css))
        shapes.append(
            Text(_LABELS + wide + 8, top + 17, str(row.number), "pg-chart-text pg-chart-text--bold")
        )
    high = max(1, len(counts)) * _ROW
    shapes.append(Line(_LABELS, 0, _LABELS, high, "pg-axis"))
    description = "; ".join(f"{row.text}: {row.number}" for row in counts)
    return Drawing(_WIDTH, high, title, description, tuple(shapes))


def state_css(kind: str) -> str:
    """Look of a bar in the colour of a badge."""
    return f"pg-span--{kind}-running"


# --- Timeline --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A measure in the timeline.

    Attributes:
        text: Number and title.
        planned: First and last day as planned.
        actual: First and last day as it is: actual where known, else planned.
        look: Colour and outline.
        delay: First and last day of what is beyond the plan, so far; None if it is not late.
        stones: Milestones.
    """

    text: str
    planned: tuple[datetime.date, datetime.date]
    actual: tuple[datetime.date, datetime.date]
    look: SpanLook
    delay: tuple[datetime.date, datetime.date] | None = None
    stones: tuple[Stone, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scale:
    axis: TimeAxis

    def x(self, day: datetime.date) -> float:
        return _GANTT_LABELS + self.axis.share(day) * (_WIDTH - _GANTT_LABELS)

    def end(self, day: datetime.date) -> float:
        return self.x(day + datetime.timedelta(days=1))


def span_timeline(
    title: str,
    axis: TimeAxis,
    spans: Sequence[Span],
    *,
    today: datetime.date,
    stage_two_on: datetime.date | None = None,
) -> Drawing:
    """The timeline of some measures with their names, as wide as a page.

    Args:
        title: Name of the picture.
        axis: The same for all pictures of a paper.
        spans: From top to bottom.
        today: Where the line of today stands.
        stage_two_on: Where the line of stage 2 stands; None draws none.
    """
    scale = _Scale(axis)
    labels = [_label_lines(span.text) for span in spans]
    heights = [_GANTT_ROW + (len(lines) - 1) * _GANTT_LINE for lines in labels]
    tops = [_HEAD, *(_HEAD + below for below in accumulate(heights))]
    high = tops.pop()
    shapes: list[Shape] = [
        Rect(0, top, _WIDTH, tall, "pg-gantt__band")
        for top, tall in list(zip(tops, heights, strict=True))[::2]
    ]
    for year in axis.years:
        x = scale.x(datetime.date(year, 1, 1))
        shapes.append(Line(x, _HEAD - 6, x, high, "pg-grid"))
        shapes.append(Text(x + 4, 18, str(year), "pg-chart-text pg-chart-text--muted"))
    for span, lines, top in zip(spans, labels, tops, strict=True):
        shapes += [
            Text(4, top + 17 + place * _GANTT_LINE, line, "pg-chart-text") for place, line in enumerate(lines)
        ]
        shapes += _span(scale, span, top)
    for day, css in ((stage_two_on, "pg-span__stage"), (today, "pg-span__today")):
        if day is not None and axis.holds(day):
            shapes.append(Line(scale.x(day), _HEAD - 6, scale.x(day), high, css))
    description = _(
        "Bars from the start to the end of each measure; the line below is the plan, hatched is what is "
        "beyond it. Diamonds are milestones, filled once reached. The table of measures holds the same."
    )
    return Drawing(_WIDTH, high, title, description, tuple(shapes), uid="timeline")


def _label_lines(text: str) -> list[str]:
    """The name of a measure in one line or two; no measure is called so long that a third is needed."""
    register()
    room = _GANTT_LABELS - 14
    first, *rest = lines_of(" ".join(text.split()), width=room, font=REGULAR, size=TEXT_SIZE)
    first = first.replace(SOFT_HYPHEN, "-")
    return [first, fitted("".join(_joined(rest)), room)] if rest else [first]


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines as they were before they were broken."""
    for place, line in enumerate(lines):
        is_last = place == len(lines) - 1
        yield line.removesuffix(SOFT_HYPHEN) if line.endswith(SOFT_HYPHEN) or is_last else f"{line} "


def _span(scale: _Scale, span: Span, top: float) -> list[Shape]:
    (starts, ends), (first, last) = span.planned, span.actual
    left, right = scale.x(first), scale.end(last)
    planned = scale.x(starts)
    shapes: list[Shape] = [
        Rect(
            left,
            top + _SPAN_TOP,
            max(_LEAST, right - left),
            _SPAN,
            f"pg-span--{span.look.kind}-{span.look.phase}",
        ),
        Rect(planned, top + _PLAN_TOP, max(_LEAST, scale.end(ends) - planned), _PLAN, "pg-gantt__plan"),
    ]
    if span.delay is not None:
        beyond = scale.x(span.delay[0])
        box = _box(beyond, top + _SPAN_TOP, max(_LEAST, scale.end(span.delay[1]) - beyond), _SPAN)
        shapes.append(Path((box,), "pg-gantt__delay", is_hatched=True))
    return [
        *shapes,
        *(_stone(scale.x(stone.day), top + _SPAN_TOP + _SPAN / 2, stone) for stone in span.stones),
    ]


def _box(x: float, y: float, width: float, height: float) -> tuple[Point, ...]:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def _stone(x: float, y: float, stone: Stone) -> Path:
    css = "pg-stone--reached" if stone.is_reached else "pg-stone--late" if stone.is_late else "pg-stone"
    corners = ((x, y - _STONE), (x + _STONE, y), (x, y + _STONE), (x - _STONE, y))
    return Path((corners,), css)


def timeline_legend(looks: Sequence[tuple[SpanLook, str]], lines: Sequence[tuple[str, str]]) -> Drawing:
    """What bars, milestones and lines of the timeline mean, three in a row.

    Args:
        looks: Looks of bars with their words.
        lines: Class names of upright lines with their words.
    """
    marks: list[tuple[list[Shape], str]] = []
    for look, text in looks:
        marks.append(([Rect(1, 6, 22, _SPAN, f"pg-span--{look.kind}-{look.phase}")], text))
    marks.append(([Rect(1, 11, 22, _PLAN, "pg-gantt__plan")], _("as planned")))
    marks.append(([Path((_box(1, 6, 22, _SPAN),), "pg-gantt__delay", is_hatched=True)], _("beyond the plan")))
    day = datetime.date.min
    for stone, text in (
        (Stone(day, is_reached=True, is_late=False), _("milestone reached")),
        (Stone(day, is_reached=False, is_late=False), _("milestone ahead")),
        (Stone(day, is_reached=False, is_late=True), _("milestone overdue")),
    ):
        marks.append(([_stone(12, 12, stone)], text))
    marks += [([Line(12, 2, 12, 22, css)], text) for css, text in lines]
    shapes: list[Shape] = []
    column = _WIDTH / 3
    for place, (found, text) in enumerate(marks):
        x, y = place % 3 * column, place // 3 * _ROW
        shapes += [_moved(shape, x, y) for shape in found]
        shapes.append(Text(x + 32, y + 17, fitted(text, column - 40), "pg-chart-text"))
    high = -(-len(marks) // 3) * _ROW
    words = "; ".join(text for _found, text in marks)
    return Drawing(_WIDTH, high, _("Signs of the timeline"), words, tuple(shapes), uid="timeline-legend")


def _moved(shape: Shape, x: float, y: float) -> Shape:
    match shape:
        case Rect():
            return Rect(shape.x + x, shape.y + y, shape.width, shape.height, shape.css)
        case Line():
            return Line(shape.x1 + x, shape.y1 + y, shape.x2 + x, shape.y2 + y, shape.css)
        case Path():
            rings = tuple(tuple((a + x, b + y) for a, b in ring) for ring in shape.rings)
            return Path(rings, shape.css, shape.is_closed, shape.is_hatched)
        case _:
            return shape


# --- Map -------------------------------------------------------------------------------------------


def count_map(
    shapes: MapShapes, names: Mapping[str, str], counts: Mapping[str, int], *, title: str
) -> tuple[Drawing, Drawing]:
    """Areas by the number of their measures, written in each, and the legend.

    Args:
        shapes: Boundaries.
        names: Key of an area -> its name.
        counts: Key of an area -> number of measures; those left out have none.
        title: Name of the map.
    """
    step = -(-max(counts.values(), default=1) // _CLASSES) or 1
    areas = [
        MapArea(key, _told(name, number), _class_css(number, step), mark=str(number) if number else "")
        for key, name in names.items()
        for number in (counts.get(key, 0),)
    ]
    drawing = choropleth(
        shapes,
        areas,
        title=title,
        description=_("The darker, the more measures; their number stands in each area."),
        uid="measures",
    )
    found: dict[str, tuple[str, int]] = {}
    for number in sorted(counts.get(key, 0) for key in names if key in shapes.rings):
        css = _class_css(number, step)
        found[css] = (_class_words(number, step), found.get(css, ("", 0))[1] + 1)
    entries = [LegendEntry(css, words, count) for css, (words, count) in found.items()]
    legend = legend_drawing(entries, title=_("Measures in the area (areas)"), uid="measures-legend")
    return drawing, legend


def _told(name: str, count: int) -> str:
    words = ngettext("%(count)s measure", "%(count)s measures", count) % {"count": decimal_de(count, 0)}
    return f"{name}: {words}"


def _class_css(count: int, step: int) -> str:
    return shade_css(-(-count // step), _CLASSES) if count else ZERO_CSS


def _class_words(count: int, step: int) -> str:
    if not count:
        return _("no measure")
    high = -(-count // step) * step
    low = high - step + 1
    if low == high:
        return ngettext("%(count)s measure", "%(count)s measures", high) % {"count": decimal_de(high, 0)}
    return _("%(low)s to %(high)s measures") % {"low": low, "high": high}
