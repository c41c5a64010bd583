"""What takes the place of missing figures, and where: never zero, always marked. No Django."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from monitoring.index import Bools, Fill, Floats


def filled(
    matrix: Floats,
    fill: Fill,
    wanted: Bools,
    lending: Bools,
    *,
    last: ArrayLike | None = None,
    neighbours: Sequence[Sequence[int]] | None = None,
) -> tuple[Floats, Bools]:
    """Fill what is missing by the last figure or by the mean of the neighbours.

    Args:
        matrix: (n, m) figures; nan for missing.
        fill: What takes the place.
        wanted: (n,) areas in which it is filled.
        lending: (n,) areas whose own figures count for their neighbours.
        last: (n, m) last earlier figures, nan for none.
        neighbours: (n) places of the neighbours of each area.

    Returns:
        (n, m) figures, still nan where there was nothing to take; (n, m) where something was filled.

    Raises:
        ValueError: What the policy takes is not given, or has another shape.

        >>> table = np.array([[1.0], [np.nan], [3.0]])
        >>> everyone = np.ones(3, dtype=bool)
        >>> filled(table, Fill.NEIGHBOURS, everyone, everyone, neighbours=[[1], [0, 2], [1]])[0].tolist()
        [[1.0], [2.0], [3.0]]
    """
    gaps = np.isnan(matrix) & wanted[:, None]
    result = matrix.copy()
    if fill is Fill.LAST:
        earlier = np.full(matrix.shape, np.nan) if last is None else np.asarray(last, dtype=np.float64)
        if last is None or earlier.shape != matrix.shape:
            raise ValueError("the last figures are needed, one for each figure")
        result[gaps] = earlier[gaps]
    else:
        if neighbours is None or len(neighbours) != len(matrix):
            raise ValueError("the neighbours of each area are needed")
        for area, column in np.argwhere(gaps):
            own = np.array([matrix[place, column] for place in neighbours[area] if lending[place]])
            own = own[~np.isnan(own)]
            if len(own):
                result[area, column] = own.mean()
    return result, gaps & ~np.isnan(result)
