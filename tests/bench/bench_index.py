"""Index against bare numpy in the same run: ``python -m tests.bench.bench_index``."""

import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray

from monitoring.index import Direction, IndicatorSpec, compute

# (areas, indicators, repeats): a district's small areas, and a state's worth of them.
SIZES = [(81, 30, 2000), (10_000, 100, 60)]


def bare_numpy(
    values: NDArray[np.float64], signs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The formula alone, as one would type it: no checks, no ranks, no reasons."""
    z = (values - values.mean(axis=0)) / values.std(axis=0) * signs
    return z, z.sum(axis=1)


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def run() -> list[dict[str, float]]:
    """Measure both in turns, so that a busy machine slows both alike.

    Returns:
        One row a size: areas, indicators, milliseconds of each (median) and their ratio.
    """
    rows = []
    for areas, indicators, repeats in SIZES:
        values = np.random.default_rng(81).normal(20, 5, (areas, indicators))
        specs = [
            IndicatorSpec(f"i{number}", Direction.LESS_NEED if number % 3 == 0 else Direction.MORE_NEED)
            for number in range(indicators)
        ]
        signs = np.array([-1.0 if spec.direction is Direction.LESS_NEED else 1.0 for spec in specs])
        ours, bare = [], []
        for _ in range(repeats):
            bare.append(_time(lambda: bare_numpy(values, signs)))  # noqa: B023  called at once
            ours.append(_time(lambda: compute(values, specs)))  # noqa: B023
        rows.append(
            {
                "areas": areas,
                "indicators": indicators,
                "index_ms": median(ours) * 1000,
                "numpy_ms": median(bare) * 1000,
                "ratio": median(ours) / median(bare),
            }
        )
    return rows


if __name__ == "__main__":
    for row in run():
        sys.stdout.write("  ".join(f"{name}={value:.4g}" for name, value in row.items()) + "\n")
