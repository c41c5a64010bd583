"""Which changes since an earlier year stick out from those of the other areas; plain numbers, no Django."""

from __future__ import annotations

import statistics
from collections.abc import Hashable, Mapping
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

KeyT = TypeVar("KeyT", bound=Hashable)

# Modified z-score above which a change sticks out.
_BORDER: Final = 3.5
# Makes the median absolute deviation comparable with a standard deviation under a normal distribution.
_CONSISTENCY: Final = 0.6745
# The same for the mean absolute deviation.
_MEAN_CONSISTENCY: Final = 1.253314
# Share of the largest change below which a spread is rounding of the machine.
_NO_SPREAD: Final = 1e-9
# Fewer areas say nothing about what is usual.
_LEAST_AREAS: Final = 5


def unusual_changes(changes: Mapping[KeyT, float]) -> set[KeyT]:
    """Find changes that differ strongly from what happened elsewhere.

    The median and the median absolute deviation (MAD) are used, so that one typing error does not hide
    itself by moving the yardstick; where more than half of the areas changed alike (MAD 0), the mean
    absolute deviation.

    Args:
        changes: New minus old figure by area, in the unit of the indicator.

    Returns:
        Keys of the unusual ones; none among fewer than five areas.

    Source:
        Iglewicz, Hoaglin: How to Detect and Handle Outliers (1993), modified z-score with 3.5.

        >>> unusual_changes({"a": 0.1, "b": 0.2, "c": -0.1, "d": 0.0, "e": 45.0})
        {'e'}
    """
    if len(changes) < _LEAST_AREAS:
        return set()
    middle = statistics.median(changes.values())
    distances = {key: abs(change - middle) for key, change in changes.items()}
    yardstick = statistics.median(distances.values()) / _CONSISTENCY
    if yardstick <= max(distances.values()) * _NO_SPREAD:
        yardstick = statistics.fmean(distances.values()) * _MEAN_CONSISTENCY
    if yardstick == 0:
        return set()
    return {key for key, distance in distances.items() if distance / yardstick > _BORDER}


def unusual_places(changes: NDArray[np.float64]) -> NDArray[np.int64]:
    """The same as ``unusual_changes`` for many areas, told by their places."""
    if len(changes) < _LEAST_AREAS:
        return np.empty(0, np.int64)
    distances = np.abs(changes - np.median(changes))
    yardstick = float(np.median(distances)) / _CONSISTENCY
    if yardstick <= distances.max() * _NO_SPREAD:
        yardstick = float(distances.mean()) * _MEAN_CONSISTENCY
    if yardstick == 0:
        return np.empty(0, np.int64)
    return np.flatnonzero(distances / yardstick > _BORDER)
