"""Charts of areas and indicators: data to geometry, pure; ``project.common.svg`` writes them."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from monitoring.geometry import Point
from monitoring.shapes import MapShapes
from project.common.formats import NO_VALUE, decimal_de
from project.common.palette import NONE_CSS, is_dark, shade_colours
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Shape, Text, to_svg

_SPARK_WIDTH, _SPARK_HEIGHT = 90.0, 24.0
_LEGEND_WIDTH, _LEGEND_ROW, _LEGEND_SWATCH = 280.0, 22.0, 16.0

Formatter = Callable[[float], str]


# --- Map -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MapArea:
    """What the map says of one area.

    Attributes:
        key: Key of the area, as in ``MapShapes``.
        text: Name and figure, such as "Kall: 6,7 %", shown on hovering and read aloud.
        css: Class name of the fill, from ``Classing.css`` or the palette; ``NONE_CSS`` is drawn hatched.
        href: Page behind the area; "" for none.
        mark: Short text drawn in the area (a rank); "" for none.
    """

    key: str
    text: str
    css: str
    href: str = ""
    mark: str = ""


def choropleth(
    shapes: MapShapes,
    areas: Sequence[MapArea],
    *,
    title: str,
    description: str,
    highlighted: Collection[str] = (),
    uid: str = "map",
) -> Drawing:
    """Draw areas in their classes, from light (low) to dark (high).

    Args:
        shapes: Projected areas.
        areas: What to show; areas without a shape are passed over, their figures stand in the table.
        title: Name of the map with indicator, unit and year.
        description: What can be seen, and where the table is.
        highlighted: Keys of areas with a bold outline.
        uid: Different for each map on a page.
    """
    colours = shade_colours()
    drawn: list[Shape] = []
    marks: list[Shape] = []
    for area in areas:
        rings = shapes.rings.get(area.key)
        if rings is None:
            continue
        # The hatch is a fill of its own; a class with a colour would cover it.
        has_none = area.css == NONE_CSS
        path = Path(
            rings, f"pg-map__area {'pg-map__area--none' if has_none else area.css}", is_hatched=has_none
        )
        # The table beside the map leads to the same places in one row after another.
        drawn.append(Group((path,), title=area.text, href=area.href, is_tab_stop=False))
        if area.mark:
            x, y = shapes.centres[area.key]
            has_dark = not has_none and is_dark(colours[area.css])
            css = "pg-map__mark pg-map__mark--light" if has_dark else "pg-map__mark"
            marks.append(Text(x, y + 4, area.mark, css, "middle"))
    outlines = [
        Path(shapes.rings[key], "pg-map__outline") for key in sorted(highlighted) if key in shapes.rings
    ]
    return Drawing(
        shapes.width, shapes.height, title, description, (*drawn, *outlines, *marks), css="pg-map", uid=uid
    )


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of a legend: class of the colour, words, number of areas."""

    css: str
    text: str
    count: int

    @property
    def swatch(self) -> SafeString:
        """The colour as a small picture; the words stand beside it."""
        if self.css == NONE_CSS:
            shape: Shape = Path(
                (((0, 0), (20, 0), (20, 20), (0, 20)),), "pg-map__area--none", is_hatched=True
            )
        else:
            shape = Rect(0, 0, 20, 20, self.css)
        return to_svg(Drawing(20, 20, "", "", (shape,), css="pg-swatch", uid="legend"))


def legend_drawing(entries: Sequence[LegendEntry], *, outlined: str = "", title: str, uid: str) -> Drawing:
    """The legend as a picture, for papers and beside small maps: a line a class with the number of its areas.

    Args:
        entries: From ``legend_of``.
        outlined: Name of the area outlined on the map; "" for none.
        title: What the classes are of.
        uid: Different for each picture on a page.
    """
    lines: list[tuple[Shape, str]] = []
    for entry in entries:
        at = len(lines) * _LEGEND_ROW + 3
        swatch: Shape = Rect(0.5, at, _LEGEND_SWATCH, _LEGEND_SWATCH, entry.css)
        if entry.css == NONE_CSS:
            swatch = Path((_square(at),), "pg-map__area--none", is_hatched=True)
        lines.append((swatch, f"{entry.text} ({entry.count})"))
    if outlined:
        lines.append((Path((_square(len(lines) * _LEGEND_ROW + 3),), "pg-map__outline"), outlined))
    shapes: list[Shape] = []
    for number, (swatch, text) in enumerate(lines):
        shapes += [swatch, Text(_LEGEND_SWATCH + 10, number * _LEGEND_ROW + 16, text, "pg-chart-text")]
    return Drawing(
        _LEGEND_WIDTH,
        len(lines) * _LEGEND_ROW,
        title,
        "; ".join(text for _swatch, text in lines),
        tuple(shapes),
        css="pg-map-legend",
        uid=uid,
    )


def _square(y: float) -> tuple[Point, ...]:
    side = _LEGEND_SWATCH
    return ((1.5, y), (side, y), (side, y + side - 1.5), (1.5, y + side - 1.5))


# --- Time ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Series:
    """Figures over years; None for a year without a value, which leaves a gap.

    ``breaks`` are years from which figures cannot be compared with those before: the line begins anew.
    """

    name: str
    values: tuple[tuple[int, float | None], ...]
    breaks: frozenset[int] = frozenset()

    @property
    def broken_years(self) -> list[int]:
        """Years at which the line breaks: there are figures from before and from then on."""
        known = [year for year, value in self.values if value is not None]
        return sorted(year for year in self.breaks if known and known[0] < year <= known[-1])


@dataclass(frozen=True, slots=True)
class LineEntry:
    """One line of the legend of a chart over years."""

    css: str
    text: str

    @property
    def swatch(self) -> SafeString:
        """The line as a small picture; the words stand beside it."""
        return to_svg(Drawing(28, 12, "", "", (Line(1, 6, 27, 6, self.css),), css="pg-swatch-line"))


@dataclass(frozen=True, slots=True)
class TimeChart:
    """A chart over years and the table that says the same.

    Attributes:
        drawing: The picture.
        legend: Which line is which.
        headings: Year, then the names of the series.
        rows: Year and the written figures.
    """

    drawing: Drawing
    legend: tuple[LineEntry, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sparkline(series: Series, *, text: str = "") -> Drawing:
    """Draw a word-sized line of figures over years, with a dot at the latest.

    Args:
        series: At least one value, else the line is empty.
        text: What it shows in words; "" for decoration beside the figures.
    """
    known = [(year, value) for year, value in series.values if value is not None]
    shapes: list[Shape] = []
    if known:
        low, high = min(value for _, value in known), max(value for _, value in known)
        first, last = series.values[0][0], series.values[-1][0]

        def place(year: int, value: float) -> Point:
            x = 3 + (year - first) / max(last - first, 1) * (_SPARK_WIDTH - 6)
            share = 0.5 if high == low else (value - low) / (high - low)
            return x, _SPARK_HEIGHT - 4 - share * (_SPARK_HEIGHT - 8)

        for year in series.broken_years:
            x = 3 + (year - 0.5 - first) / max(last - first, 1) * (_SPARK_WIDTH - 6)
            shapes.append(Line(x, 1, x, _SPARK_HEIGHT - 1, "pg-break"))
        shapes += [*_lines(series, place, "pg-line"), Circle(*place(*known[-1]), 2.5, "pg-dot")]
    return Drawing(_SPARK_WIDTH, _SPARK_HEIGHT, text, "", tuple(shapes), css="pg-spark", uid="spark")


def time_chart(
    main: Series,
    others: Sequence[Series] = (),
    *,
    title: str,
    description: str,
    write: Formatter = decimal_de,
    width: float = 560,
    height: float = 240,
) -> TimeChart:
    """Draw figures over years, the main series bold, others (the Kreis) dashed, from zero where near.

    Args:
        main: The series of the area.
        others: Series to compare with, at most two.
        title: Name with indicator and unit.
        description: What can be seen.
        write: How to write a figure.
        width: In pixels.
        height: In pixels.

    Raises:
        ValueError: There are no years.
    """
    everything = (main, *others)
    years = sorted({year for series in everything for year, _ in series.values})
    if not years:
        raise ValueError("a chart over years needs years")
    numbers = [value for series in everything for _, value in series.values if value is not None]
    ticks = _told_apart(min(numbers, default=0), max(numbers, default=1), write)
    broken = main.broken_years
    left, right, top, bottom = 56.0, 20.0, 30.0 if broken else 12.0, 28.0

    def place(year: int, value: float) -> Point:
        across = (year - years[0]) / max(years[-1] - years[0], 1)
        up = (value - ticks[0]) / (ticks[-1] - ticks[0])
        return left + across * (width - left - right), height - bottom - up * (height - top - bottom)

    shapes: list[Shape] = []
    for tick in ticks:
        _x, y = place(years[0], tick)
        shapes += [
            Line(left, y, width - right, y, "pg-grid"),
            Text(left - 8, y + 4, write(tick), "pg-chart-text pg-chart-text--muted", "end"),
        ]
    for year in _labelled(years):
        x, _y = place(year, ticks[0])
        shapes.append(Text(x, height - 8, str(year), "pg-chart-text pg-chart-text--muted", "middle"))
    for year in broken:
        # Between the last year of the old borders and the first of the new ones.
        x, _y = place(year, ticks[0])
        x -= (width - left - right) / max(years[-1] - years[0], 1) / 2
        words = _break_words(broken) if len(broken) == 1 else str(year)
        shapes += [
            Line(x, top - 8, x, height - bottom, "pg-break"),
            Path((((x - 5, top - 16), (x + 5, top - 16), (x, top - 8)),), "pg-break-mark"),
            Text(*_beside(x, width, top - 9), words, "pg-chart-text", _side(x, width)),
        ]
    suffixes = ["--main", *(f"--other-{number}" for number in range(1, len(everything)))]
    for series, suffix in reversed(list(zip(everything, suffixes, strict=True))):
        shapes += _lines(series, place, f"pg-line pg-line{suffix}")
        shapes += [
            Circle(*place(year, value), 3, f"pg-dot pg-dot{suffix}")
            for year, value in series.values
            if value is not None
        ]
    lookups = [dict(series.values) for series in everything]
    rows = tuple(
        (
            _year_words(year, broken),
            *(NO_VALUE if (v := lookup.get(year)) is None else write(v) for lookup in lookups),
        )
        for year in years
    )
    return TimeChart(
        Drawing(width, height, title, description, tuple(shapes), css="pg-time", uid="time"),
        tuple(
            LineEntry(f"pg-line pg-line{suffix}", series.name)
            for series, suffix in zip(everything, suffixes, strict=True)
        )
        + ((LineEntry("pg-break", _break_words(broken)),) if broken else ()),
        (_("Year"), *(series.name for series in everything)),
        rows,
    )


def _lines(series: Series, place: Callable[[int, float], Point], css: str) -> list[Shape]:
    """One path for each run of years without a gap or break."""
    runs: list[list[Point]] = [[]]
    before: int | None = None
    for year, value in series.values:
        if value is None or (before is not None and any(before < new <= year for new in series.breaks)):
            runs.append([])
        if value is not None:
            runs[-1].append(place(year, value))
        before = year
    return [Path((tuple(run),), css, is_closed=False) for run in runs if len(run) > 1]


def _break_words(years: Sequence[int]) -> str:
    return _("Change of borders %(year)s") % {"year": ", ".join(map(str, years))}


def _side(x: float, width: float) -> Literal["start", "end"]:
    """Words at a line stand on the side with more room."""
    return "start" if x < width / 2 else "end"


def _beside(x: float, width: float, y: float) -> Point:
    return x + (9 if _side(x, width) == "start" else -9), y


def _year_words(year: int, broken: Sequence[int]) -> str:
    return _("%(year)s (change of borders)") % {"year": year} if year in broken else str(year)


def _labelled(years: Sequence[int], most: int = 8) -> list[int]:
    """Years to write below the axis: evenly spaced, counted back from the last."""
    step = math.ceil(len(years) / most)
    return list(years[::-1][::step])[::-1]


def _told_apart(low: float, high: float, write: Formatter) -> list[float]:
    """Ticks of an axis whose labels differ, so that a change too small to be written is not drawn large.

    >>> _told_apart(3.02, 3.09, lambda value: f"{value:.1f}")
    [2.9, 3.0, 3.1, 3.2]
    """
    least = 0.0 if low >= 0 else -math.inf
    ticks = nice_ticks(low, high)
    while len({write(tick) for tick in ticks}) < len(ticks):
        more = (high - low) / 2 or abs(high) / 10
        low, high = max(low - more, least), high + more
        ticks = nice_ticks(low, high)
    return ticks


def nice_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers that span a range; they begin at 0 if the range lies near it.

    >>> nice_ticks(3.2, 7.9)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    >>> nice_ticks(410, 560)
    [400.0, 450.0, 500.0, 550.0, 600.0]

    Args:
        low: Lowest figure.
        high: Highest figure.
        count: About as many steps.
    """
    if 0 < low <= high / 2:
        low = 0.0
    span = high - low or abs(high) or 1.0
    rough = span / count
    exponent = math.floor(math.log10(rough))
    power = 10.0**exponent
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 1 - exponent)
    return [round(tick * step, digits) for tick in range(first, max(last, first + 1) + 1)]
