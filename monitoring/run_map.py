"""Map of an index with one area outlined, and its legend: drawn once for pages and papers; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from monitoring.charts import MapArea, choropleth
from monitoring.classes import Classing, legend_of
from monitoring.shapes import MapShapes
from project.common.formats import signed_de
from project.common.palette import NONE_CSS
from project.common.svg import Drawing, Path, Rect, Shape, Text

_LEGEND_WIDTH: Final = 280.0
_ROW: Final = 22.0
_SWATCH: Final = 16.0


@dataclass(frozen=True, slots=True)
class RunArea:
    """An area of a run: key in the shapes, name, deviation of its index in standard deviations."""

    key: str
    name: str
    deviation: float | None


@dataclass(frozen=True, slots=True)
class RunMap:
    """A map and what its colours mean."""

    drawing: Drawing
    legend: Drawing


def run_map(
    shapes: MapShapes,
    areas: Sequence[RunArea],
    borders: Sequence[float],
    *,
    chosen: RunArea,
    place: str,
    year: int,
) -> RunMap:
    """Draw where an area lies and how its index compares.

    Args:
        shapes: Boundaries.
        areas: All areas of the run.
        borders: Rising borders of the classes, in standard deviations.
        chosen: The area outlined; one the run does not know has no outline if it has no boundaries.
        place: The territory.
        year: Of the index.
    """
    classing = Classing(tuple(borders))
    drawing = choropleth(
        shapes,
        [MapArea(row.key, row.name, classing.css(row.deviation)) for row in areas],
        title=_("Where %(area)s lies in %(territory)s") % {"area": chosen.name, "territory": place},
        description=_("The darker, the more need by the index %(year)s; the area is outlined.")
        % {"year": year},
        highlighted=[chosen.key],
        uid="profile",
    )
    outlined = chosen.name if chosen.key in shapes.rings else ""
    return RunMap(drawing, _legend([row.deviation for row in areas], classing, outlined))


def _legend(numbers: Sequence[float | None], classing: Classing, name: str) -> Drawing:
    """One line a class with the number of its areas, and one for the outline."""
    lines: list[tuple[Shape, str]] = []
    for entry in legend_of(numbers, classing, write=lambda value: signed_de(value, 2)):
        at = len(lines) * _ROW + 3
        if entry.css == NONE_CSS:
            swatch: Shape = Path((_square(at),), "pg-map__area--none", is_hatched=True)
        else:
            swatch = Rect(0.5, at, _SWATCH, _SWATCH, entry.css)
        lines.append((swatch, f"{entry.text} ({entry.count})"))
    if name:
        lines.append((Path((_square(len(lines) * _ROW + 3),), "pg-map__outline"), name))
    shapes: list[Shape] = []
    for number, (swatch, text) in enumerate(lines):
        shapes += [swatch, Text(_SWATCH + 10, number * _ROW + 16, text, "pg-chart-text")]
    title = _("Deviation of the index in standard deviations (areas)")
    words = "; ".join(text for _swatch, text in lines)
    return Drawing(
        _LEGEND_WIDTH,
        len(lines) * _ROW,
        title,
        words,
        tuple(shapes),
        css="pg-map-legend",
        uid="profile-legend",
    )


def _square(y: float) -> tuple[tuple[float, float], ...]:
    return ((1.5, y), (_SWATCH, y), (_SWATCH, y + _SWATCH - 1.5), (1.5, y + _SWATCH - 1.5))
