"""Map of an index with one area outlined, and its legend: drawn once for pages and papers; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from monitoring.charts import MapArea, choropleth, legend_drawing
from monitoring.classes import Classing, legend_of
from monitoring.shapes import MapShapes
from project.common.formats import signed_de
from project.common.svg import Drawing


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
    legend = legend_drawing(
        legend_of([row.deviation for row in areas], classing, write=lambda value: signed_de(value, 2)),
        outlined=chosen.name if chosen.key in shapes.rings else "",
        title=_("Deviation of the index in standard deviations (areas)"),
        uid="profile-legend",
    )
    return RunMap(drawing, legend)
