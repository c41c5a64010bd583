"""Which changes since an earlier year stick out from those of the other areas; plain numbers, no Django."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

KeyT = TypeVar("KeyT", bound=Hashable)

# Median absolute deviations from the median above which a change sticks out.
_BORDER: Final = 3.0
# The same in mean absolute deviations, where more than half of the areas changed alike: 3.5 standard
# deviations under a normal distribution.
_MEAN_BORDER: Final = 3.5 * 1.253314
# Share of the largest change below which a spread is rounding of the machine.
_NO_SPREAD: Final = 1e-9
# Fewer areas say nothing about what is usual.
_LEAST_AREAS: Final = 5


def unusual_changes(changes: Mapping[KeyT, float]) -> set[KeyT]:
    """Find changes that differ strongly from what happened elsewhere.

    A change is unusual that lies more than three median absolute deviations (MAD) from the median of all
    changes: one typing error does not hide itself by moving the yardstick. Where more than half of the areas
    changed alike (MAD 0), the mean absolute deviation is used.

    Args:
        changes: New minus old figure by area, in the unit of the indicator.

    Returns:
        Keys of the unusual ones; none among fewer than five areas.

    Source:
        Iglewicz, Hoaglin: How to Detect and Handle Outliers (1993); mean for a MAD of 0.

        >>> unusual_changes({"a": 0.1, "b": 0.2, "c": -0.1, "d": 0.0, "e": 45.0})
        {'e'}
    """
    keys = list(changes)
    values = np.fromiter(changes.values(), np.float64, len(keys))
    return {keys[place] for place in unusual_places(values).tolist()}


def unusual_places(changes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Like ``unusual_changes``, told by the places of the areas."""
    if len(changes) < _LEAST_AREAS:
        return np.empty(0, np.int64)
    distances = np.abs(changes - np.median(changes))
    yardstick, border = float(np.median(distances)), _BORDER
    if yardstick <= distances.max() * _NO_SPREAD:
        yardstick, border = float(distances.mean()), _MEAN_BORDER
    if yardstick == 0:
        return np.empty(0, np.int64)
    return np.flatnonzero(distances / yardstick > border)
