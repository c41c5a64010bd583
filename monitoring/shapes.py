"""Boundaries of areas in picture units: projected and simplified once, drawn many times."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.geometry import (
    Point,
    Projection,
    polygons_of,
    ring_area,
    ring_centroid,
    simplify_shared,
    thinned,
)


@dataclass(frozen=True, slots=True)
class MapShapes:
    """Areas in picture units: the costly half of a map, made to be cached.

    Attributes:
        width: Of the picture.
        height: Of the picture.
        rings: Rings of each area by key.
        centres: A place for a mark in each area by key.
    """

    width: float
    height: float
    rings: Mapping[str, tuple[tuple[Point, ...], ...]]
    centres: Mapping[str, Point]

    def to_json(self) -> dict[str, Any]:
        """As plain data to be kept, in tenths of a pixel as drawings are written."""
        return {
            "size": [self.width, self.height],
            "rings": {
                key: [[[round(x, 1), round(y, 1)] for x, y in ring] for ring in rings]
                for key, rings in self.rings.items()
            },
            "centres": {key: [round(x, 1), round(y, 1)] for key, (x, y) in self.centres.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "MapShapes":
        """Read what ``to_json`` wrote."""
        width, height = data["size"]
        return cls(
            width=width,
            height=height,
            rings={
                key: tuple(tuple((x, y) for x, y in ring) for ring in rings)
                for key, rings in data["rings"].items()
            },
            centres={key: (x, y) for key, (x, y) in data["centres"].items()},
        )


def map_shapes(
    geometries: Mapping[str, Mapping[str, Any]],
    *,
    width: float = 520,
    max_height: float = 560,
    tolerance: float = 0.4,
) -> MapShapes:
    """Project and simplify the boundaries of areas; cache the result by geometry version and size.

    Args:
        geometries: GeoJSON Polygon or MultiPolygon in degrees (WGS 84) by key of the area.
        width: Largest width in pixels.
        max_height: Largest height in pixels.
        tolerance: Simplification in pixels; neighbours keep their common border.

    Raises:
        ValueError: No area, or a geometry of another kind.
    """
    polygons = [polygons_of(geometry) for geometry in geometries.values()]
    projection = Projection.fit(
        [polygon for area in polygons for polygon in area], width=width, max_height=max_height
    )
    projected = [
        [
            [thinned([projection.point(point) for point in ring], tolerance / 2) for ring in polygon]
            for polygon in area
        ]
        for area in polygons
    ]
    simple = dict(zip(geometries, simplify_shared(projected, tolerance), strict=True))
    return MapShapes(
        width=projection.width,
        height=projection.height,
        # Paths close themselves, so the repeated first point is dropped.
        rings={
            key: tuple(tuple(ring[:-1]) for polygon in area for ring in polygon)
            for key, area in simple.items()
        },
        centres={
            key: ring_centroid(max((polygon[0] for polygon in area), key=lambda ring: abs(ring_area(ring))))
            for key, area in simple.items()
        },
    )
