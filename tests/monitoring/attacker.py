"""An attacker: works out hidden figures from everything that is published, by a linear programme."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from scipy.optimize import linprog

#: A sum that is known: the cells that enter with their weights, and the total; None for a cell as total.
Sum = tuple[Mapping[Hashable, float], float]


def possible(
    shown: Mapping[Hashable, float | None], sums: Sequence[Sum]
) -> dict[Hashable, tuple[float, float]]:
    """The least and the greatest value each hidden cell may have.

    Args:
        shown: All cells; None for hidden ones, of which only is known that they are not negative.
        sums: What is known besides, as weighted sums of cells.
    """
    hidden = [key for key, value in shown.items() if value is None]
    place = {key: number for number, key in enumerate(hidden)}
    rows, totals = [], []
    for weights, total in sums:
        row, rest = np.zeros(len(hidden)), total
        for key, weight in weights.items():
            value = shown[key]
            if value is None:
                row[place[key]] += weight
            else:
                rest -= weight * value
        if row.any():
            rows.append(row)
            totals.append(rest)
    found = {}
    for key in hidden:
        goal = np.zeros(len(hidden))
        goal[place[key]] = 1
        bounds = []
        for sign in (1, -1):
            solved = linprog(
                sign * goal,
                A_eq=np.array(rows) if rows else None,
                b_eq=np.array(totals) if rows else None,
                bounds=(0, None),
                method="highs",
            )
            bounds.append(sign * solved.fun if solved.status == 0 else sign * -np.inf)
        found[key] = (float(bounds[0]), float(bounds[1]))
    return found


def worked_out(
    shown: Mapping[Hashable, float | None], sums: Sequence[Sum], *, within: float = 0.5
) -> set[Hashable]:
    """Hidden cells of which only one whole number is left."""
    return {key for key, (low, high) in possible(shown, sums).items() if high - low < within}
