"""Words of an index that every method shares: directions, who takes part, classes. No Django.

What is reckoned stands in ``monitoring.levels``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]


class Direction(StrEnum):
    """What a high value of an indicator says about need."""

    MORE_NEED = "more_need"
    LESS_NEED = "less_need"


class Reason(StrEnum):
    """Why an area is not part of the index."""

    NONE = ""
    INVALID = "invalid"
    POPULATION = "population"
    MISSING = "missing"


class Fill(StrEnum):
    """What takes the place of a missing figure; it is marked wherever it is shown."""

    NONE = ""
    LAST = "last"
    NEIGHBOURS = "neighbours"


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """What happens to an area that lacks values.

    ``EXCLUDE`` leaves the area out. ``mean_of_available(share)`` keeps it while at least that
    share of its indicators has a value and scales the sum of those up to all indicators.
    ``last_value(share)`` and ``neighbours_mean(share)`` fill what is missing in an area that has at
    least that share of its own; what cannot be filled leaves the area out. A missing value is never
    read as zero.

    Args:
        minimum_share: Share of the indicators that must have a value of their own, above 0 and up to 1.
        fill: What takes the place of a missing value.

    Raises:
        ValueError: The share is outside that range.
    """

    minimum_share: float = 1.0
    fill: Fill = Fill.NONE

    EXCLUDE: ClassVar["MissingPolicy"]

    def __post_init__(self) -> None:
        """Refuse shares that have no meaning."""
        if not 0 < self.minimum_share <= 1:
            raise ValueError("minimum_share must be above 0 and at most 1")

    @classmethod
    def mean_of_available(cls, minimum_share: float) -> Self:
        """Keep areas with at least this share (0..1) of values, judged by the mean of those."""
        return cls(minimum_share)

    @classmethod
    def last_value(cls, minimum_share: float) -> Self:
        """Carry the last earlier value of the area forward."""
        return cls(minimum_share, Fill.LAST)

    @classmethod
    def neighbours_mean(cls, minimum_share: float) -> Self:
        """Take the mean of the neighbouring areas."""
        return cls(minimum_share, Fill.NEIGHBOURS)


MissingPolicy.EXCLUDE = MissingPolicy()


def _base_reasons(
    count: int,
    valid: ArrayLike | None,
    population: ArrayLike | None,
    minimum_population: float | None,
) -> Texts | None:
    """Why areas are out before looking at their values; None if none is."""
    out: Texts | None = None
    if minimum_population is not None:
        if population is None:
            raise ValueError("minimum_population needs population")
        enough = np.asarray(population, dtype=np.float64) >= minimum_population  # nan is False
        if enough.shape != (count,):
            raise ValueError("population must have one entry for each area")
        if not enough.all():
            out = np.where(enough, Reason.NONE.value, Reason.POPULATION.value).astype("<U10")
    if valid is not None:
        usable = np.asarray(valid, dtype=np.bool_)
        if usable.shape != (count,):
            raise ValueError("valid must have one entry for each area")
        if not usable.all():
            out = np.zeros(count, dtype="<U10") if out is None else out
            out[~usable] = Reason.INVALID.value
    return out


def included_areas(
    values: ArrayLike,
    *,
    valid: ArrayLike | None = None,
    population: ArrayLike | None = None,
    minimum_population: float | None = None,
    missing: MissingPolicy = MissingPolicy.EXCLUDE,
) -> tuple[Bools, Texts]:
    """Tell which areas are part of an index, and why the others are not.

    Args:
        values: (n, m) figures; nan for missing.
        valid: (n,) False takes an area out ("invalid"); None for all valid.
        population: (n,) inhabitants, nan for unknown; needed with ``minimum_population``.
        minimum_population: Areas with fewer (or unknown) inhabitants are left out ("population").
        missing: Which areas lack too much ("missing").

    Returns:
        (n,) whether included, (n,) a ``Reason`` each; "invalid" goes before "population" before "missing".

    Raises:
        ValueError: Shapes do not fit, or ``minimum_population`` comes without ``population``.
    """
    matrix = np.asarray(values, dtype=np.float64)
    reasons = _base_reasons(len(matrix), valid, population, minimum_population)
    reasons = _all_reasons(matrix, reasons, missing)
    return reasons == Reason.NONE.value, reasons


def _all_reasons(matrix: Floats, reasons: Texts | None, missing: MissingPolicy) -> Texts:
    """Add to what is known of each area (n,) which of them lack too many figures."""
    count, columns = matrix.shape
    reasons = np.zeros(count, dtype="<U10") if reasons is None else reasons
    if np.isfinite(matrix.sum()):  # nothing is missing
        return reasons
    present = (~np.isnan(matrix)).sum(axis=1)
    # The tiny allowance keeps a share like 0.7 of 10 indicators from failing by rounding.
    lacking = present < missing.minimum_share * columns - 1e-9
    reasons[lacking & (reasons == Reason.NONE.value)] = Reason.MISSING.value
    return reasons


def classify(values: ArrayLike, borders: Sequence[float], labels: Sequence[str]) -> Texts:
    """Name the class of each value.

    A value exactly on a border belongs to the class on the side of zero, so that only what lies
    beyond a border counts as beyond it.

    Args:
        values: (n,) for example normalised totals; nan for "no value".
        borders: k rising borders in the unit of the values.
        labels: k + 1 names, from the lowest class to the highest.

    Returns:
        (n,) the label of each value; "" where the value is nan.

    Raises:
        ValueError: Borders do not rise or the number of labels is not one more.

    Source:
        Status index of the MSS Berlin 2021: below -1, -1 to 1, above 1 to 1.5, above 1.5.

        >>> classify([-1.2, -1, 1, 1.5, 1.6, float("nan")], [-1, 1, 1.5],
        ...          ["high", "medium", "low", "very low"]).tolist()
        ['high', 'medium', 'medium', 'low', 'very low', '']
    """
    numbers = np.asarray(values, dtype=np.float64)
    edges = np.asarray(borders, dtype=np.float64)
    if len(labels) != len(edges) + 1:
        raise ValueError("classes need one label more than borders")
    if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        raise ValueError("borders must rise")
    below, above = edges[edges < 0], edges[edges >= 0]
    place = np.searchsorted(below, numbers, side="right") + np.searchsorted(above, numbers, side="left")
    names: Texts = np.asarray([*labels, ""])[np.where(np.isnan(numbers), len(labels), place)]
    return names


def stands_out(normalised: ArrayLike, border: float) -> Bools:
    """Tell which areas lie above a border chosen by people.

    Args:
        normalised: (n,) normalised totals in standard deviations; nan for "not in the index".
        border: Areas above it (not on it) stand out, same unit.

    Returns:
        (n,) True for areas that stand out; never for an area without a value.

        >>> stands_out([1.6, 1.5, float("nan")], 1.5).tolist()
        [True, False, False]
    """
    above: Bools = np.asarray(normalised, dtype=np.float64) > border
    return above
