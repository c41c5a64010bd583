"""Index and its stability against bare numpy in the same run: ``python -m tests.bench index``."""

import time
from collections.abc import Callable
from statistics import median

import numpy as np
from numpy.typing import NDArray

from monitoring.index import Direction
from monitoring.levels import Border, Classes, Column, Level, Method, evaluate
from monitoring.scales import Aggregate, Scale
from monitoring.stability import VARIANTS, stability

BORDER = 1.5
#: (areas, indicators, years, repeats): a district's small areas, and a state's worth of them over the years.
SIZES = [(81, 30, 1, 1000), (10_000, 100, 1, 15), (10_000, 100, 15, 9)]
#: (areas, indicators, repeats): the stability of Berlin's areas, by three indicators and by thirty.
STABLE = [(542, 3, 5), (542, 30, 5)]

Table = NDArray[np.float64]
Row = dict[str, float | str]


def bare_numpy(values: Table, factors: Table) -> tuple[Table, Table]:
    """The formula alone, as one would type it: no checks, no ranks, no reasons."""
    z = (values - values.mean(axis=0)) / values.std(axis=0) * factors
    return z, z.sum(axis=1)


def bare_index(values: Table, factors: Table) -> tuple[Table, ...]:
    """All that a run keeps, as one would type it: deviations, sum, its deviation, ranks and classes."""
    z, raw = bare_numpy(values, factors)
    index = (raw - raw.mean()) / raw.std()
    ranks = np.searchsorted(np.sort(-raw), -raw) + 1.0
    classes = np.where(index > BORDER, "stands out", "plain")
    return z, raw, index, ranks, classes


def _method(indicators: int) -> Method:
    """The index of the Rheinisch-Bergischer Kreis, every third indicator turned."""
    return Method(
        [
            Column(f"i{number}", Direction.LESS_NEED if number % 3 == 0 else Direction.MORE_NEED)
            for number in range(indicators)
        ],
        index=Level(Aggregate.SUM, Scale.Z),
        classes=Classes(Border.SD, [BORDER], ["plain", "stands out"]),
    )


def _signs(method: Method) -> Table:
    return np.array([-1.0 if row.direction is Direction.LESS_NEED else 1.0 for row in method.columns])


def _time(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _row(what: str, size: tuple[int, int, int], ours: list[float], bare: list[float], wanted: int) -> Row:
    """One row: what was reckoned, milliseconds of each (median), their ratio and the one wanted."""
    areas, indicators, times = size
    return {
        "what": what,
        "areas": areas,
        "indicators": indicators,
        "times": times,
        "ours_ms": median(ours) * 1000,
        "numpy_ms": median(bare) * 1000,
        "ratio": median(ours) / median(bare),
        "wanted_at_most": wanted,
    }


def index_of_years(areas: int, indicators: int, years: int, repeats: int) -> Row:
    """The index of each year; both in turns, so that a busy machine slows both alike."""
    tables = np.random.default_rng(81).normal(20, 5, (years, areas, indicators))
    method = _method(indicators)
    signs = _signs(method)
    ours, bare = [], []
    for _ in range(repeats):
        bare.append(_time(lambda: [bare_index(table, signs) for table in tables]))
        ours.append(_time(lambda: [evaluate(table, method) for table in tables]))
    return _row("index, years", (areas, indicators, years), ours, bare, 2)


def stability_of_weights(areas: int, indicators: int, repeats: int) -> Row:
    """Stability under 1,000 weightings against bare numpy that reckons the index once for each."""
    values = np.random.default_rng(542).normal(20, 5, (areas, indicators))
    method = _method(indicators)
    result = evaluate(values, method)
    factors = _signs(method) * np.random.default_rng(1).uniform(0.75, 1.25, (VARIANTS, indicators))
    ours, bare = [], []
    for _ in range(repeats):
        bare.append(_time(lambda: [bare_numpy(values, row) for row in factors]))
        ours.append(_time(lambda: stability(result, method)))
    return _row("stability, weightings", (areas, indicators, VARIANTS), ours, bare, 5)


def run() -> list[Row]:
    """Measure index and stability.

    Returns:
        One row a size, see ``_row``.
    """
    rows = [index_of_years(*size) for size in SIZES]
    return rows + [stability_of_weights(*size) for size in STABLE]
