"""Which areas lie beside an area, and which are like it: plain numbers, no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from monitoring.geometry import polygons_of

#: Borders touch where points agree to so many decimals of a degree (about one metre).
_DEGREE_PLACES: Final = 5
#: An area is compared only if at least this share of the indicators known of the chosen one is known of it.
LEAST_COMMON_SHARE: Final = 0.5


def touching(geometries: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Find which areas touch: in a line or in a single point.

    Args:
        geometries: GeoJSON Polygon or MultiPolygon in degrees by key; neighbours share points of a border.

    Returns:
        Keys of the neighbours, in order, of each area; an island has none.

    Source:
        "Queen contiguity" of spatial statistics.
    """
    owners: dict[tuple[float, float], set[str]] = defaultdict(set)
    for key, geometry in geometries.items():
        for polygon in polygons_of(geometry):
            for ring in polygon:
                for x, y in ring:
                    owners[round(x, _DEGREE_PLACES), round(y, _DEGREE_PLACES)].add(key)
    found: dict[str, set[str]] = {key: set() for key in geometries}
    for keys in {frozenset(keys) for keys in owners.values() if len(keys) > 1}:
        for key in keys:
            found[key] |= keys - {key}
    return {key: sorted(neighbours) for key, neighbours in found.items()}


@dataclass(frozen=True, slots=True)
class Alike:
    """An area that is like another.

    Attributes:
        place: Its place among the areas.
        distance: Root of the mean squared difference of the standardised indicators; 0 is the same.
        common: How many indicators of both are known.
    """

    place: int
    distance: float
    common: int


def most_alike(table: Sequence[Sequence[float | None]], chosen: int, *, count: int = 5) -> list[Alike]:
    """Find the areas most like one: nearest in standardised indicators.

    Each indicator is standardised over the areas (population standard deviation). The distance of two
    areas is the root of the mean squared difference over the indicators known of both, so that a missing
    figure brings areas neither together nor apart. Areas with too few common indicators are left out.

    Args:
        table: A row an area, a column an indicator; None for no figure.
        chosen: Row of the area.
        count: At most so many.

    Returns:
        Nearest first, equal ones by their place; none if nothing is known of the area.

        >>> [alike.place for alike in most_alike([[1.0, 5.0], [9.0, 1.0], [2.0, 5.0], [None, None]], 0)]
        [2, 1]
    """
    if not table or not table[0]:
        return []
    numbers = np.array([[np.nan if value is None else value for value in row] for row in table], dtype=float)
    known = ~np.isnan(numbers)
    # Indicators with fewer than two figures, or alike everywhere, tell nothing apart.
    usable = [
        column
        for column in range(numbers.shape[1])
        if known[:, column].sum() > 1 and np.ptp(numbers[known[:, column], column]) > 0
    ]
    numbers, known = numbers[:, usable], known[:, usable]
    wanted = int(known[chosen].sum()) if usable else 0
    if wanted == 0:
        return []
    z = (numbers - np.nanmean(numbers, axis=0)) / np.nanstd(numbers, axis=0)
    common = (known & known[chosen]).sum(axis=1)
    squares = np.nansum((z - z[chosen]) ** 2, axis=1)
    found = [
        Alike(place, float(np.sqrt(squares[place] / common[place])), int(common[place]))
        for place in range(len(table))
        if place != chosen and common[place] >= max(1, LEAST_COMMON_SHARE * wanted)
    ]
    return sorted(found, key=lambda alike: (alike.distance, alike.place))[:count]
