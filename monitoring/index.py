"""The arithmetic of the composite index: plain numbers in and out, no Django."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.str_]

# Totals closer than 10**-9 standard deviations share a rank: the rest is rounding of the machine.
_RANK_DECIMALS: Final = 9
# Below this share of the mean a spread may be rounding alone; such columns are looked at exactly.
_SUSPICIOUS_SPREAD: Final = 1e-9


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


@dataclass(frozen=True, slots=True)
class IndicatorSpec:
    """One column of the index.

    Args:
        key: Stable key of the indicator.
        direction: Whether a high value means more or less need.
        weight: Weight in the sum, finite and above 0; 1 for all is "equal weight".

    Raises:
        ValueError: The weight is not a finite number above 0.
    """

    key: str
    direction: Direction
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Refuse weights that would turn a direction around or drop an indicator silently."""
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"weight of {self.key!r} must be a finite number above 0")


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """What happens to an area that lacks values.

    ``EXCLUDE`` leaves the area out. ``mean_of_available(share)`` keeps it while at least that
    share of its indicators has a value and scales the sum of those up to all indicators.
    A missing value is never read as zero.

    Args:
        minimum_share: Share of the indicators that must have a value, above 0 and up to 1.

    Raises:
        ValueError: The share is outside that range.
    """

    minimum_share: float = 1.0

    EXCLUDE: ClassVar["MissingPolicy"]

    def __post_init__(self) -> None:
        """Refuse shares that have no meaning."""
        if not 0 < self.minimum_share <= 1:
            raise ValueError("minimum_share must be above 0 and at most 1")

    @classmethod
    def mean_of_available(cls, minimum_share: float) -> Self:
        """Keep areas with at least this share (0..1) of values, judged by the mean of those."""
        return cls(minimum_share)


MissingPolicy.EXCLUDE = MissingPolicy()


@dataclass(frozen=True, slots=True, eq=False)
class IndexResult:
    """The index of n areas from m indicators; nan means "no value" throughout.

    Attributes:
        z: (n, m) deviation from the mean in standard deviations, turned so that above 0 is more
            need; nan where the value is missing or the area is not included.
        means: (m,) mean of the included areas in the unit of the indicator; nan without any value.
        sds: (m,) population standard deviation (ddof=0) of the included areas, same unit.
        constant: (m,) True where all included areas have the same value; their z is 0.
        totals: (n,) weighted sum of z; nan where not included.
        normalised: (n,) totals in standard deviations from their mean; nan where not included.
        ranks: (n,) competition rank, 1 for the highest need; nan where not included.
        included: (n,) True where the area is part of the index.
        reasons: (n,) a ``Reason``: "" if included, else "invalid", "population" or "missing".
    """

    z: Floats
    means: Floats
    sds: Floats
    constant: Bools
    totals: Floats
    normalised: Floats
    ranks: Floats
    included: Bools
    reasons: Texts


def compute(
    values: ArrayLike,
    specs: Sequence[IndicatorSpec],
    *,
    valid: ArrayLike | None = None,
    population: ArrayLike | None = None,
    minimum_population: float | None = None,
    missing: MissingPolicy = MissingPolicy.EXCLUDE,
) -> IndexResult:
    """Sum each area's standardised deviations from the mean of all areas.

    Per indicator ``z = (value - mean) / sd`` over the included areas with the population standard
    deviation, with the sign turned where a high value means less need. The index is the weighted
    sum of z; ``normalised`` is the z of that sum.

    Args:
        values: (n areas, m indicators), each column in its own unit; nan for a missing value.
        specs: m indicators in the order of the columns.
        valid: (n,) False takes an area out ("invalid"); None for all valid.
        population: (n,) inhabitants, nan for unknown; needed with ``minimum_population``.
        minimum_population: Areas with fewer (or unknown) inhabitants are left out ("population").
        missing: What happens to areas without all values; see ``MissingPolicy``.

    Returns:
        All parts of the index, see ``IndexResult``. Left-out areas do not touch means or sds.

    Raises:
        ValueError: Shapes do not fit, there is no indicator, a value is infinite, or
            ``minimum_population`` comes without ``population``.

    Source:
        Index of the Rheinisch-Bergischer Kreis, described in G.I.B. 2020; the same arithmetic as
        Monitoring Soziale Stadtentwicklung Berlin 2021 (z-values over all valid areas, ddof=0).

    Three areas; unemployment of 2, 4 and 6 % (mean 4, sd 1.633) and childcare of 30, 30 and
    60 % (mean 40, sd 14.142; high means less need):

        >>> result = compute(
        ...     [[2, 30], [4, 30], [6, 60]],
        ...     [IndicatorSpec("unemployed", Direction.MORE_NEED),
        ...      IndicatorSpec("childcare", Direction.LESS_NEED)],
        ... )
        >>> result.z.round(3).tolist()
        [[-1.225, 0.707], [0.0, 0.707], [1.225, -1.414]]
        >>> result.totals.round(3).tolist()
        [-0.518, 0.707, -0.189]
        >>> result.ranks.tolist()
        [3.0, 1.0, 2.0]
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(specs) or not specs:
        raise ValueError("values must have one column for each of at least one indicator")
    more = Direction.MORE_NEED
    weights = np.array([spec.weight for spec in specs])
    signs = np.array([1.0 if spec.direction is more else -1.0 for spec in specs])
    reasons = _base_reasons(len(matrix), valid, population, minimum_population)
    sums = matrix.sum(axis=0)
    if reasons is None and np.isfinite(sums).all() and len(matrix):
        return _complete(matrix, sums / len(matrix), signs, weights)
    return _with_gaps(matrix, signs, weights, reasons, missing)


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


def _complete(matrix: Floats, means: Floats, signs: Floats, weights: Floats) -> IndexResult:
    """The index where every area has every value: one temporary, worked on in place."""
    count = len(matrix)
    z = matrix - means
    sds = np.sqrt(np.einsum("ij,ij->j", z, z) / count)
    constant, factors = _factors(matrix, means, sds, signs)
    z *= factors
    totals = z @ weights
    return IndexResult(
        z=z,
        means=means,
        sds=sds,
        constant=constant,
        totals=totals,
        normalised=_normalised(totals),
        ranks=_ranks(totals),
        included=np.ones(count, dtype=np.bool_),
        reasons=np.zeros(count, dtype="<U10"),
    )


def _with_gaps(
    matrix: Floats, signs: Floats, weights: Floats, reasons: Texts | None, missing: MissingPolicy
) -> IndexResult:
    """The index where areas are left out or lack values."""
    if np.isinf(matrix).any():
        raise ValueError("values must be finite, or nan for missing")
    count, columns = matrix.shape
    reasons = _all_reasons(matrix, reasons, missing)
    included = reasons == Reason.NONE.value

    part = matrix[included]
    there = ~np.isnan(part)
    counts = there.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0 / 0: a column without any value has no mean
        means = np.where(there, part, 0.0).sum(axis=0) / counts
        part_z = part - means
        sds = np.sqrt(np.where(there, part_z * part_z, 0.0).sum(axis=0) / counts)
    constant, factors = _factors(part, means, sds, signs)
    part_z *= factors
    # Scaled up from what is there to all indicators; with complete rows the factor is exactly 1.
    scale = weights.sum() / np.where(there, weights, 0.0).sum(axis=1)
    part_totals = (np.where(there, part_z, 0.0) @ weights) * scale

    z = np.full((count, columns), np.nan)
    z[included] = part_z
    totals, normalised, ranks = (np.full(count, np.nan) for _ in range(3))
    totals[included] = part_totals
    normalised[included] = _normalised(part_totals)
    ranks[included] = _ranks(part_totals)
    return IndexResult(
        z=z,
        means=means,
        sds=sds,
        constant=constant,
        totals=totals,
        normalised=normalised,
        ranks=ranks,
        included=included,
        reasons=reasons,
    )


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
    present = (~np.isnan(matrix)).sum(axis=1)
    # The tiny allowance keeps a share like 0.7 of 10 indicators from failing by rounding.
    lacking = present < missing.minimum_share * columns - 1e-9
    reasons[lacking & (reasons == Reason.NONE.value)] = Reason.MISSING.value
    return reasons


def _factors(matrix: Floats, means: Floats, sds: Floats, signs: Floats) -> tuple[Bools, Floats]:
    """Which columns are constant, and what turns a deviation into z (0 for constant columns).

    The mean of equal numbers may differ from them in the last digit, which would make huge z of
    nothing: columns with hardly any spread are compared number by number.
    """
    constant = np.zeros(len(sds), dtype=np.bool_)
    suspicious = sds <= np.abs(means) * _SUSPICIOUS_SPREAD
    if not suspicious.any():
        return constant, signs / sds
    for column in np.flatnonzero(suspicious):
        numbers = matrix[:, column]
        constant[column] = sds[column] == 0 or np.nanmin(numbers) == np.nanmax(numbers)
    sds[constant] = 0.0
    factors = np.zeros(len(sds))
    np.divide(signs, sds, out=factors, where=~constant)
    return constant, factors


def _normalised(totals: Floats) -> Floats:
    """Totals (n,) as standard deviations from their mean; all 0 if they do not differ."""
    if not len(totals):
        return totals.copy()
    centred: Floats = totals - totals.sum() / len(totals)
    sd = math.sqrt(float(centred @ centred) / len(totals))
    if sd < 10.0**-_RANK_DECIMALS:
        return np.zeros(len(totals))
    centred /= sd
    return centred


def _ranks(totals: Floats) -> Floats:
    """Competition ranks (n,): 1 for the highest; equal totals share the better rank."""
    falling = -totals.round(_RANK_DECIMALS)
    ranks: Floats = np.searchsorted(np.sort(falling), falling, side="left") + np.float64(1)
    return ranks


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
