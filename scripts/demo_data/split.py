"""Cuts a municipality into example areas of about equal size: Voronoi cells, evened out."""

import math
from collections.abc import Sequence
from itertools import pairwise

from monitoring.geometry import Point, Polygon, Ring, ring_area, ring_centroid

# Rounds of moving each seed to the centre of its cell (Lloyd).
_ROUNDS = 12


def split(polygons: Sequence[Polygon], count: int) -> list[list[Polygon]]:
    """Cut an area into parts.

    Args:
        polygons: The area, in degrees; holes are left out.
        count: Number of parts.

    Returns:
        Polygons of each part, from north to south.
    """
    rings = [polygon[0] for polygon in polygons]
    main = max(rings, key=lambda ring: abs(ring_area(ring)))
    shrink = math.cos(math.radians(ring_centroid(main)[1]))
    flat = [[(x * shrink, y) for x, y in ring] for ring in rings]
    flat_main = [(x * shrink, y) for x, y in main]
    seeds = _scatter(flat_main, count)
    for _ in range(_ROUNDS):
        cells = [_cell([flat_main], seeds, number) for number in range(count)]
        seeds = [_centre(cell) for cell in cells]
    seeds.sort(key=lambda seed: -seed[1])
    parts = [_cell(flat, seeds, number) for number in range(count)]
    return [[[[(x / shrink, y) for x, y in ring]] for ring in part] for part in parts]


def _scatter(ring: Ring, count: int) -> list[Point]:
    """Evenly spread points inside a ring (Halton sequence of 2 and 3)."""
    west, east = min(x for x, _ in ring), max(x for x, _ in ring)
    south, north = min(y for _, y in ring), max(y for _, y in ring)
    points: list[Point] = []
    number = 0
    while len(points) < count:
        number += 1
        point = (west + _halton(number, 2) * (east - west), south + _halton(number, 3) * (north - south))
        if _contains(ring, point):
            points.append(point)
    return points


def _halton(number: int, base: int) -> float:
    result, share = 0.0, 1.0
    while number:
        share /= base
        number, digit = divmod(number, base)
        result += share * digit
    return result


def _contains(ring: Ring, point: Point) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def _centre(cell: Sequence[Ring]) -> Point:
    return ring_centroid(max(cell, key=lambda ring: abs(ring_area(ring))))


def _cell(rings: Sequence[Ring], seeds: Sequence[Point], number: int) -> list[Ring]:
    """What of some rings lies nearest to one seed."""
    own = seeds[number]
    cell = list(rings)
    for place, other in enumerate(seeds):
        if place != number:
            middle = ((own[0] + other[0]) / 2, (own[1] + other[1]) / 2)
            cell = [
                part for ring in cell for part in _clip(ring, middle, (other[0] - own[0], other[1] - own[1]))
            ]
    return cell


def _clip(ring: Ring, middle: Point, away: Point) -> list[Ring]:
    """What of a ring lies on the near side of a line; several rings if the line cuts it in several.

    Chains of points on the near side are joined along the line: of the crossings in their order on
    the line, the first and second, the third and fourth belong together.
    """
    signed = [(x - middle[0]) * away[0] + (y - middle[1]) * away[1] for x, y in ring[:-1]]
    # A corner exactly on the line would be a crossing and none at once: move it off.
    signed = [value if abs(value) > 1e-15 else -1e-15 for value in signed]
    if all(value < 0 for value in signed):
        return [ring]
    if all(value > 0 for value in signed):
        return []
    chains = _chains(ring, signed)
    ends = [
        (_along(point, away), chain, side)
        for chain, points in enumerate(chains)
        for side, point in ((0, points[0]), (1, points[-1]))
    ]
    ends.sort()
    partner = {}
    for first, second in zip(ends[::2], ends[1::2], strict=True):
        partner[first[1:]] = second[1]
        partner[second[1:]] = first[1]
    result, left = [], set(range(len(chains)))
    while left:
        start = chain = min(left)
        joined: Ring = []
        while chain in left:
            left.discard(chain)
            joined += chains[chain]
            chain = partner[chain, 1]
        assert chain == start
        result.append([*joined, joined[0]])
    return result


def _along(point: Point, away: Point) -> float:
    return -point[0] * away[1] + point[1] * away[0]


def _chains(ring: Ring, signed: Sequence[float]) -> list[Ring]:
    """Runs of points on the near side, with the crossings at both ends."""
    count = len(signed)
    first = next(index for index in range(count) if signed[index - 1] > 0 > signed[index])
    chains: list[Ring] = []
    for step in range(count):
        index, after = (first + step) % count, (first + step + 1) % count
        if signed[index] < 0:
            if signed[index - 1] > 0:
                chains.append([_crossing(ring, signed, index - 1, index)])
            chains[-1].append(ring[index])
            if signed[after] > 0:
                chains[-1].append(_crossing(ring, signed, index, after))
    return chains


def _crossing(ring: Ring, signed: Sequence[float], one: int, other: int) -> Point:
    count = len(signed)
    one, other = one % count, other % count
    share = signed[one] / (signed[one] - signed[other])
    (x1, y1), (x2, y2) = ring[one], ring[other]
    return (x1 + share * (x2 - x1), y1 + share * (y2 - y1))
