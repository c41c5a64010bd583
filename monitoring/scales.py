"""Scales of an index: figures of different units brought to one scale, and put together. No Django."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring.index import Floats

#: Below this share of the mean a spread may be rounding alone; such columns are looked at exactly.
_SUSPICIOUS_SPREAD: Final = 1e-9


class Scale(StrEnum):
    """How numbers of different units are brought to one scale.

    ``NONE`` leaves them as they are. ``Z`` is the deviation from the mean in population standard deviations,
    ``DEVIATION`` the deviation in the unit itself, ``RELATIVE_DEVIATION`` its share of the mean. ``MINMAX``
    runs from 0 (lowest) to 1 (highest). ``PERCENTILE_RANK`` is ``(rank - 1) / (n - 1)`` with the lowest rank
    for ties, as in the Social Vulnerability Index (CDC/ATSDR SVI documentation).
    """

    NONE = "none"
    Z = "z"
    DEVIATION = "deviation"
    RELATIVE_DEVIATION = "relative_deviation"
    MINMAX = "minmax"
    PERCENTILE_RANK = "percentile_rank"


class Aggregate(StrEnum):
    """How several numbers of an area become one."""

    SUM = "sum"
    MEAN = "mean"
    GEOMETRIC_MEAN = "geometric_mean"


class Reference(StrEnum):
    """From which mean the indicators deviate.

    ``PLAIN`` counts every area alike. ``POPULATION`` weights areas by their inhabitants: the mean is then the
    figure of the whole district. The spread is that of the areas either way.
    """

    PLAIN = "plain"
    POPULATION = "population"


def moments(matrix: Floats, people: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Mean, spread and deviations of the columns of a table.

    Args:
        matrix: (n, m) figures; nan for missing.
        people: (n,) inhabitants to weight the mean by; None for the plain mean.

    Returns:
        (m,) mean, nan without any figure; (m,) population standard deviation around the plain mean, 0 where
        all figures are the same; (n, m) figure minus mean.
    """
    sums = matrix.sum(axis=0)
    if len(matrix) and np.isfinite(sums).all():
        means = sums / len(matrix)
        deviations = matrix - means
        sds = np.sqrt(np.einsum("ij,ij->j", deviations, deviations) / len(matrix))
    else:
        there = ~np.isnan(matrix)
        counts = there.sum(axis=0)
        with np.errstate(invalid="ignore"):  # 0 / 0: a column without any figure has no mean
            means = np.where(there, matrix, 0.0).sum(axis=0) / counts
            deviations = matrix - means
            sds = np.sqrt(np.where(there, deviations * deviations, 0.0).sum(axis=0) / counts)
    for column in np.flatnonzero(sds <= np.abs(means) * _SUSPICIOUS_SPREAD):
        # The mean of equal numbers may differ from them in the last digit, which would make much of nothing.
        numbers = matrix[:, column]
        if sds[column] == 0 or np.nanmin(numbers) == np.nanmax(numbers):
            sds[column] = 0.0
    if people is None:
        return means, sds, deviations
    there = ~np.isnan(matrix)
    with np.errstate(invalid="ignore"):
        means = (np.where(there, matrix, 0.0) * people[:, None]).sum(axis=0) / (there * people[:, None]).sum(
            axis=0
        )
    return means, sds, matrix - means


def standardised(deviations: Floats, sds: Floats, signs: Floats) -> Floats:
    """Deviations (n, m) in standard deviations, turned by signs (m,); 0 where nothing spreads. In place."""
    if sds.all():
        deviations *= signs / sds
        return deviations
    factors = np.zeros(len(sds))
    np.divide(signs, sds, out=factors, where=sds != 0)
    deviations *= factors
    return deviations


def aggregated(matrix: ArrayLike, weights: ArrayLike, how: Aggregate) -> Floats:
    """Put several numbers of each area together.

    Missing ones are made up for by those that are there: a sum is their weighted mean times all weights.

    Args:
        matrix: (n, m) numbers; nan for missing.
        weights: (m,) finite, above 0.
        how: Sum, mean or geometric mean.

    Returns:
        (n,) one number an area; nan where nothing is there.

    Raises:
        ValueError: A geometric mean of a number below 0; one that is 0 makes it 0.

        >>> aggregated([[1, 4], [float("nan"), 3]], [1, 1], Aggregate.SUM).tolist()
        [5.0, 6.0]
        >>> aggregated([[1, 4]], [1, 1], Aggregate.GEOMETRIC_MEAN).tolist()
        [2.0]
    """
    numbers = np.asarray(matrix, dtype=np.float64)
    factors = np.asarray(weights, dtype=np.float64)
    whole = _whole(numbers, factors, how)
    if np.isfinite(whole).all():
        return whole
    there = ~np.isnan(numbers)
    shares = np.where(there, factors, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if how is Aggregate.GEOMETRIC_MEAN:
            logs = np.where(there, np.log(_not_negative(numbers)), 0.0)
            mean: Floats = np.exp(logs @ factors / shares)
            return np.where(shares > 0, mean, np.nan)
        means = np.where(there, numbers, 0.0) @ factors / shares
        return np.where(shares > 0, means * factors.sum() if how is Aggregate.SUM else means, np.nan)


def _whole(numbers: Floats, factors: Floats, how: Aggregate) -> Floats:
    """The same where nothing is missing; nan where something is."""
    if how is Aggregate.GEOMETRIC_MEAN:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.exp(np.log(_not_negative(numbers)) @ factors / factors.sum()))
    # Not by BLAS: its threads wait for each other on a busy machine, and the sums hang on their number.
    sums = np.einsum("ij,j->i", numbers, factors)
    return np.asarray(sums if how is Aggregate.SUM else sums / factors.sum())


def _not_negative(numbers: Floats) -> Floats:
    if (numbers < 0).any():
        raise ValueError("a geometric mean needs numbers of 0 or more, as minmax gives them")
    return numbers


def scaled(numbers: ArrayLike, scale: Scale, *, noise: float = 0.0) -> Floats:
    """Bring one column to a scale; numbers that are all the same give 0 each.

    Args:
        numbers: (n,) nan for missing, which stays missing.
        scale: The scale.
        noise: Numbers no further apart than this are the same; 0 for exact ones.

    Returns:
        (n,) scaled numbers.

    Raises:
        ValueError: A relative deviation where the mean is 0.

        >>> scaled([10, 20, 20, 40], Scale.PERCENTILE_RANK).round(3).tolist()
        [0.0, 0.333, 0.333, 1.0]
        >>> scaled([1, 2, 3], Scale.MINMAX).tolist()
        [0.0, 0.5, 1.0]
    """
    column = np.asarray(numbers, dtype=np.float64)
    if scale is Scale.NONE or not len(column):
        return column.copy()
    total = float(column.sum())
    there = column if math.isfinite(total) else column[~np.isnan(column)]
    if not len(there):
        return column.copy()
    mean = (total if there is column else float(there.sum())) / len(there)
    if scale is Scale.RELATIVE_DEVIATION and abs(mean) <= noise:
        raise ValueError("no relative deviation from a mean of 0")
    lowest, highest = float(there.min()), float(there.max())
    if highest - lowest <= noise:
        return np.where(np.isnan(column), np.nan, 0.0)
    result: Floats
    match scale:
        case Scale.Z:
            deviations = column - mean
            own = deviations if there is column else there - mean
            result = deviations / math.sqrt(float((own * own).sum()) / len(there))
        case Scale.DEVIATION:
            result = column - mean
        case Scale.RELATIVE_DEVIATION:
            result = (column - mean) / mean
        case Scale.MINMAX:
            result = (column - lowest) / (highest - lowest)
        case Scale.PERCENTILE_RANK:
            below = ranked(-column, noise=noise) - 1
            result = below / (len(there) - 1)
    return result


def ranked(numbers: Floats, *, noise: float = 0.0) -> Floats:
    """Competition ranks (n,): 1 for the highest; equal numbers share the better rank; nan has none.

    Args:
        numbers: (n,) nan for none.
        noise: Numbers no further apart than this are the same; 0 for exact ones.

    >>> ranked(np.array([3.0, 5.0, 3.0, float("nan")])).tolist()
    [2.0, 1.0, 2.0, nan]
    """
    present = ~np.isnan(numbers)
    is_whole = bool(present.all())
    falling = -numbers if is_whole else -numbers[present]
    if noise:
        falling = np.round(falling / noise)
    if is_whole:
        return np.asarray(np.sort(falling).searchsorted(falling) + 1.0)
    result = np.full(len(numbers), np.nan)
    result[present] = np.searchsorted(np.sort(falling), falling, side="left") + 1.0
    return result
