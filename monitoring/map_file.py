"""A map as a file of its own, SVG or PNG: with its colours, title, legend, source and dates inside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from monitoring.charts import LegendEntry
from project.common.looks import LOOKS as COMMON_LOOKS
from project.common.looks import Look
from project.common.palette import (
    HATCH_STRIPE,
    INK,
    LINE_ON_LIGHT,
    MUTED,
    NONE_CSS,
    PAPER,
    shade_colours,
)
from project.common.png import text_width, to_png
from project.common.svg import Drawing, Path, Rect, Shape, Text, moved, to_svg

_MARGIN: Final = 20.0
_LINE: Final = 19.0
_SWATCH: Final = 14.0
_TITLE, _TEXT = 19.0, 13.0
# Title and source lines need room even beside a narrow map.
_LEAST_WIDTH: Final = 640.0

#: A later one wins: a hatch over the border of an area, a swatch over the fill of a class.
LOOKS: Final[dict[str, Look]] = {
    "paper": Look(PAPER),
    "title": Look(INK, size=_TITLE, is_bold=True),
    "chosen": Look(INK, size=_TEXT, is_bold=True),
    "legend": Look(INK, size=_TEXT),
    "source": Look(MUTED, size=_TEXT),
    "pg-map__area": Look("", PAPER, 1.0),
    "pg-map__area--none": Look("", LINE_ON_LIGHT, 1.0),
    **{
        css: COMMON_LOOKS[css]
        for css in (*shade_colours(), "pg-map__outline", "pg-map__mark", "pg-map__mark--light")
    },
}


def map_sheet(
    drawing: Drawing, *, title: str, chosen: str, legend: Sequence[LegendEntry], source_lines: Sequence[str]
) -> Drawing:
    """Lay out a map with everything that belongs to it.

    Args:
        drawing: The map.
        title: Name of the figure with year and territory.
        chosen: What is said of the chosen area; "" without one.
        legend: Classes.
        source_lines: Source, dates, secrecy; wrapped where they are long.

    Returns:
        One drawing, to be written as SVG or painted as PNG.
    """
    width = max(drawing.width + 2 * _MARGIN, _LEAST_WIDTH)
    room = width - 2 * _MARGIN
    shapes: list[Shape] = []
    y = _MARGIN + _TITLE
    for line in _wrapped(title, room, _TITLE, is_bold=True):
        shapes.append(Text(_MARGIN, y, line, "title"))
        y += _TITLE + 5
    for line in _wrapped(chosen, room, _TEXT, is_bold=True):
        shapes.append(Text(_MARGIN, y, line, "chosen"))
        y += _LINE
    shapes += [moved(shape, _MARGIN, y) for shape in drawing.shapes]
    y += drawing.height + _MARGIN
    for entry in legend:
        shapes += [
            _swatch(entry, y),
            Text(_MARGIN + _SWATCH + 8, y + 12, f"{entry.text} ({entry.count})", "legend"),
        ]
        y += _LINE
    y += _LINE
    for text in source_lines:
        for line in _wrapped(text, room, _TEXT):
            shapes.append(Text(_MARGIN, y, line, "source"))
            y += _LINE
    height = y
    paper = Rect(0, 0, width, height, "paper")
    description = " ".join([drawing.description, *source_lines])
    return Drawing(width, height, title, description, (paper, *shapes), css="map-file", uid="map")


def _swatch(entry: LegendEntry, y: float) -> Shape:
    if entry.css != NONE_CSS:
        return Rect(_MARGIN, y, _SWATCH, _SWATCH, f"{entry.css} swatch")
    corners = ((0.0, 0.0), (_SWATCH, 0.0), (_SWATCH, _SWATCH), (0.0, _SWATCH))
    ring = tuple((_MARGIN + x, y + corner) for x, corner in corners)
    return Path((ring,), "pg-map__area--none", is_hatched=True)


def _wrapped(text: str, room: float, size: float, *, is_bold: bool = False) -> Iterator[str]:
    """Break a text into lines that fit."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and text_width(longer, size, is_bold=is_bold) > room:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def svg_file(sheet: Drawing) -> bytes:
    """Write a sheet as an SVG file that stands alone, UTF-8."""
    rules = [f".{css}{{{look.css()}}}" for css, look in LOOKS.items()]
    style = (
        "<style>text{font-family:'Fira Sans',Arial,sans-serif}"
        + "".join(rules)
        + f".pg-hatch{{fill:{PAPER}}}.pg-hatch__stripe{{fill:{HATCH_STRIPE}}}"
        # The hatch is a fill of the path itself, which a rule would cover.
        + f".pg-map__area--none{{fill:url(#{sheet.uid}-hatch)}}</style>"
    )
    head, rest = str(to_svg(sheet)).split(">", 1)
    return f"{head}>{style}{rest}".encode()


def png_file(sheet: Drawing, *, source_lines: Sequence[str]) -> bytes:
    """Paint a sheet as PNG, title and source also as texts inside the file."""
    notes = {"Title": sheet.title, "Source": "\n".join(source_lines), "Software": "Passgenau"}
    return to_png(sheet, LOOKS, stripe=HATCH_STRIPE, notes=notes)
