"""A map as a file of its own: with its colours, title, source and date inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from monitoring.charts import LegendEntry
from project.common.svg import Drawing, Path, Rect, Shape, Text, to_svg

_MARGIN, _LINE, _HEAD = 16.0, 20.0, 44.0
_SWATCH: Final = 14.0
# Source lines need room even below a narrow map.
_LEAST_WIDTH: Final = 640.0
#: The style sheets of the pages do not travel with the file.
_STYLE: Final = (
    "text{font-family:'Fira Sans',Arial,sans-serif;font-size:13px;fill:#171a2b}"
    ".title{font-size:18px;font-weight:600}"
    ".pg-map__area{stroke:#fff;stroke-width:1}.pg-map__area--none{stroke:#8088a0}"
    ".pg-map__outline{fill:none;stroke:#171a2b;stroke-width:3}"
    ".pg-map__mark{font-size:12px;font-weight:600}.pg-map__mark--light{fill:#fff}"
    ".pg-hatch{fill:#fff}.pg-hatch__stripe{fill:#b4bacd}"
    ".pg-class-1{fill:#eff3ff;stroke:#8088a0}.pg-class-2{fill:#bdd7e7}.pg-class-3{fill:#6baed6}"
    ".pg-class-4{fill:#3182bd}.pg-class-5{fill:#08519c}.swatch{stroke:#6e7597;stroke-width:1}"
)


def map_file(
    drawing: Drawing, *, title: str, legend: Sequence[LegendEntry], source_lines: Sequence[str]
) -> bytes:
    """Write a map as an SVG file that stands alone.

    Args:
        drawing: The map.
        title: Name of the figure with year and territory.
        legend: Classes.
        source_lines: Source, date, secrecy.

    Returns:
        The file, UTF-8.
    """
    top = _HEAD + _MARGIN
    below = top + drawing.height + _MARGIN
    width = max(drawing.width + 2 * _MARGIN, _LEAST_WIDTH)
    height = below + _LINE * (len(legend) + len(source_lines) + 2)
    shapes: list[Shape] = [
        Rect(
            0, 0, drawing.width + 2 * _MARGIN, below + _LINE * (len(legend) + len(source_lines) + 2), "paper"
        ),
        Text(_MARGIN, _HEAD - 12, title, "title"),
    ]
    for place, entry in enumerate(legend):
        y = below + place * _LINE
        if entry.css == "pg-class-none":
            corners = ((0.0, 0.0), (_SWATCH, 0.0), (_SWATCH, _SWATCH), (0.0, _SWATCH))
            ring = tuple((_MARGIN + x, y + corner) for x, corner in corners)
            shapes.append(Path((ring,), "pg-map__area--none swatch", is_hatched=True))
        else:
            shapes.append(Rect(_MARGIN, y, _SWATCH, _SWATCH, f"{entry.css} swatch"))
        shapes.append(Text(_MARGIN + _SWATCH + 8, y + 12, f"{entry.text} ({entry.count})", "legend"))
    for place, line in enumerate(source_lines, start=len(legend) + 1):
        shapes.append(Text(_MARGIN, below + place * _LINE, line, "source"))
    frame = Drawing(
        width,
        height,
        title,
        drawing.description,
        tuple(shapes),
        css="map-file",
        uid="frame",
    )
    outer = str(to_svg(frame))
    inner = str(to_svg(drawing)).replace("<svg ", f'<svg x="{_MARGIN:g}" y="{top:g}" ', 1)
    style = f"<style>{_STYLE}.paper{{fill:#fff}}</style>"
    head, rest = outer.split(">", 1)
    return (f"{head}>{style}{rest[: -len('</svg>')]}{inner}</svg>").encode()
