"""Plain geometry of areas: GeoJSON rings, simplification, map projection; no Django, no models."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any, Final

Point = tuple[float, float]
Ring = list[Point]
Polygon = list[Ring]  # outer ring first, then holes
#: Areas that touch in one point only are no neighbours.
_SHARED_POINTS: Final = 2


def polygons_of(geometry: Mapping[str, Any]) -> list[Polygon]:
    """Read the polygons of a GeoJSON geometry.

    Args:
        geometry: ``Polygon`` or ``MultiPolygon`` with coordinates in degrees (longitude, latitude).

    Returns:
        Polygons; rings are closed (first point is the last).

    Raises:
        ValueError: Another geometry type, or a ring of fewer than four points.
    """
    match geometry.get("type"):
        case "Polygon":
            raw = [geometry["coordinates"]]
        case "MultiPolygon":
            raw = geometry["coordinates"]
        case other:
            raise ValueError(f"areas are Polygon or MultiPolygon, not {other!r}")
    polygons = [[[(float(x), float(y)) for x, y, *_ in ring] for ring in polygon] for polygon in raw]
    for polygon in polygons:
        for ring in polygon:
            if len(ring) < 4:
                raise ValueError("a ring needs at least four points")
            if ring[0] != ring[-1]:
                ring.append(ring[0])
    return polygons


def thinned(ring: Ring, step: float) -> Ring:
    """Snap the points of a ring to a grid and drop repeated ones: borders with a point every metre get light.

    The same point goes to the same place in every ring, so that neighbours keep their common border.

    Args:
        ring: Closed.
        step: Width of the grid, in the unit of the points; 0 changes nothing.

    Returns:
        A closed ring; the ring itself if nothing would be left of it.

        >>> thinned([(0, 0), (0.1, 0), (4, 0), (4, 4), (0, 0)], 1)
        [(0, 0), (4, 0), (4, 4), (0, 0)]
    """
    if step <= 0:
        return ring
    snapped = [(round(x / step) * step, round(y / step) * step) for x, y in ring]
    kept = [point for place, point in enumerate(snapped) if place == 0 or point != snapped[place - 1]]
    return kept if len(kept) >= 4 else ring


def simplify_line(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Leave out points that lie within a tolerance of the line through their neighbours.

    Args:
        points: An open or closed line.
        tolerance: Largest deviation, in the unit of the points; 0 keeps all but points on a line.

    Returns:
        The line with the same first and last point.

    Source:
        Douglas and Peucker, Cartographica 10 (1973), 112-122.

        >>> simplify_line([(0, 0), (1, 0.1), (2, 0), (2, 2)], 0.5)
        [(0, 0), (2, 0), (2, 2)]
    """
    keep = [False] * len(points)
    stack = [(0, len(points) - 1)]
    keep[0] = keep[-1] = True
    while stack:
        start, end = stack.pop()
        worst, place = tolerance, -1
        for index in range(start + 1, end):
            distance = _distance(points[index], points[start], points[end])
            if distance > worst:
                worst, place = distance, index
        if place > 0:
            keep[place] = True
            stack += [(start, place), (place, end)]
    return [point for point, kept in zip(points, keep, strict=True) if kept]


def _distance(point: Point, start: Point, end: Point) -> float:
    """Distance of a point from a segment (from its start where the segment is a point)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    px, py = point[0] - start[0], point[1] - start[1]
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else max(0.0, min(1.0, (px * dx + py * dy) / length))
    return math.hypot(px - share * dx, py - share * dy)


def simplify_shared(areas: Sequence[list[Polygon]], tolerance: float) -> list[list[Polygon]]:
    """Simplify neighbouring areas alike, so that no gaps open between them.

    Rings are cut where the set of rings through a point changes; each piece is simplified once in
    one direction. Rings that vanish are dropped, but never the last one of an area.

    Args:
        areas: Polygons of each area; common borders have the same points.
        tolerance: See ``simplify_line``.
    """
    owners: dict[Point, set[int]] = {}
    rings = [ring for area in areas for polygon in area for ring in polygon]
    for number, ring in enumerate(rings):
        for point in ring:
            owners.setdefault(point, set()).add(number)
    done = iter([_simplify_ring(ring, owners, tolerance) for ring in rings])
    result = []
    for area in areas:
        polygons = []
        for polygon in area:
            outer, *holes = [next(done) for _ in polygon]
            if len(outer) >= 4:
                polygons.append([outer, *(hole for hole in holes if len(hole) >= 4)])
        result.append(polygons or [max(area, key=lambda polygon: abs(ring_area(polygon[0])))])
    return result


def _simplify_ring(ring: Ring, owners: Mapping[Point, set[int]], tolerance: float) -> Ring:
    body = ring[:-1]
    count = len(body)
    # A border begins or ends at points whose rings do not all go on to the next point.
    cuts = [
        index
        for index, point in enumerate(body)
        if not owners[point] <= owners[body[index - 1]]
        or not owners[point] <= owners[body[(index + 1) % count]]
    ]
    if not cuts:  # an island, or two rings that share all points: begin at the same point in both
        first = min(range(count), key=lambda index: body[index])
        far = max(range(count), key=lambda index: math.dist(body[index], body[first]))
        cuts = sorted({first, far})
    result: Ring = []
    for start, end in zip(cuts, [*cuts[1:], cuts[0] + count], strict=True):
        piece = [body[index % count] for index in range(start, end + 1)]
        flipped = piece[0] > piece[-1] or (piece[0] == piece[-1] and piece[1] > piece[-2])
        line = simplify_line(piece[::-1] if flipped else piece, tolerance)
        result += (line[::-1] if flipped else line)[:-1]
    return [*result, result[0]]


def ring_area(ring: Sequence[Point]) -> float:
    """Signed area of a closed ring (counter-clockwise is above 0), in squared units of its points."""
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)) / 2


def ring_centroid(ring: Sequence[Point]) -> Point:
    """Centre of mass of a closed ring; the first point where the ring has no area."""
    area = ring_area(ring)
    if area == 0:
        return ring[0]
    pairs = list(pairwise(ring))
    x = sum((x1 + x2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    y = sum((y1 + y2) * (x1 * y2 - x2 * y1) for (x1, y1), (x2, y2) in pairs) / (6 * area)
    return (x, y)


@dataclass(frozen=True, slots=True)
class Projection:
    """Degrees to picture units: equirectangular, true to shape at the middle latitude.

    Over a district (some 50 km) the error of this simplest projection is far below a pixel.
    """

    west: float
    north: float
    x_scale: float
    y_scale: float
    margin: float
    width: float
    height: float

    @classmethod
    def fit(
        cls, polygons: Iterable[Polygon], *, width: float, max_height: float, margin: float = 4.0
    ) -> "Projection":
        """Fit areas into a picture.

        Args:
            polygons: All areas, in degrees.
            width: Width of the picture.
            max_height: Largest height; a tall district gets narrower instead.
            margin: Free space on each side, room for outlines.

        Raises:
            ValueError: There is no area, or it has no extent.
        """
        points = [point for polygon in polygons for point in polygon[0]]
        if not points:
            raise ValueError("a map needs at least one area")
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        shrink = math.cos(math.radians((south + north) / 2))
        across, down = (east - west) * shrink, north - south
        if across <= 0 or down <= 0:
            raise ValueError("a map needs areas with an extent")
        scale = min((width - 2 * margin) / across, (max_height - 2 * margin) / down)
        return cls(
            west=west,
            north=north,
            x_scale=scale * shrink,
            y_scale=scale,
            margin=margin,
            width=across * scale + 2 * margin,
            height=down * scale + 2 * margin,
        )

    def point(self, point: Point) -> Point:
        """Place a point (longitude, latitude) in the picture; y grows downwards."""
        x, y = point
        return (
            self.margin + (x - self.west) * self.x_scale,
            self.margin + (self.north - y) * self.y_scale,
        )


def neighbours_of(geometries: Sequence[Mapping[str, Any] | None]) -> list[list[int]]:
    """Find which areas share a piece of their border: at least two points, to a tenth of a metre.

    Args:
        geometries: GeoJSON of each area in degrees; None for unknown.

    Returns:
        Places of the neighbours of each, rising; none where the geometry is unknown.

        >>> square = lambda x: {"type": "Polygon", "coordinates": [[[x, 0], [x + 1, 0], [x + 1, 1], [x, 1]]]}
        >>> neighbours_of([square(0), square(1), square(5), None])
        [[1], [0], [], []]
    """
    owners: dict[Point, set[int]] = {}
    for place, geometry in enumerate(geometries):
        for point in _points_of(geometry):
            owners.setdefault(point, set()).add(place)
    shared = Counter(pair for places in owners.values() for pair in permutations(sorted(places), 2))
    found: list[list[int]] = [[] for _geometry in geometries]
    for (first, second), points in sorted(shared.items()):
        if points >= _SHARED_POINTS:
            found[first].append(second)
    return found


def _points_of(geometry: Mapping[str, Any] | None) -> set[Point]:
    """Points of all rings, rounded; none where the geometry is unknown."""
    polygons = polygons_of(geometry) if geometry is not None else []
    return {(round(x, 6), round(y, 6)) for polygon in polygons for ring in polygon for x, y in ring}
