"""An index in three levels: indicators, domains, index. Plain numbers in and out, no Django.

``monitoring.index`` holds the one method of the Rheinisch-Bergischer Kreis, made for speed; here each level
says how it is brought to one scale and how it is put together, so that other published methods can be
reckoned the same way (``docs/index-methods.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring.index import Bools, Direction, Floats, MissingPolicy, Texts, classify, included_areas

#: Numbers that were added up are the same if they differ by less than this share of the largest one that went
#: in: the rest is rounding of the machine, and must neither part ties nor look like a spread.
_ROUNDING: Final = 1e-12


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


class Border(StrEnum):
    """What the borders of classes are counted in."""

    SD = "sd"
    QUANTILE = "quantile"


@dataclass(frozen=True, slots=True)
class Level:
    """What happens on the level of domains or of the index.

    Args:
        aggregate: How the numbers below become one.
        normalise: The scale that one is brought to afterwards.
    """

    aggregate: Aggregate = Aggregate.SUM
    normalise: Scale = Scale.NONE


@dataclass(frozen=True, slots=True)
class Column:
    """An indicator in the method.

    Args:
        key: Stable key.
        direction: Whether a high value means more or less need.
        weight: Weight in its domain (or in the index, without domains), finite and above 0.
        domain: Key of its domain; "" where the method has none.

    Raises:
        ValueError: The weight has no meaning.
    """

    key: str
    direction: Direction = Direction.MORE_NEED
    weight: float = 1.0
    domain: str = ""

    def __post_init__(self) -> None:
        """Refuse weights that turn a direction around or drop an indicator silently."""
        if not (np.isfinite(self.weight) and self.weight > 0):
            raise ValueError(f"weight of {self.key!r} must be a finite number above 0")


@dataclass(frozen=True, slots=True)
class Classes:
    """How areas are sorted into classes.

    Args:
        method: ``SD``: borders are standard deviations of the index from its mean; a value on a border is in
            the class on the side of zero. ``QUANTILE``: borders are shares of the areas, above 0 and below
            1; a value on a border is in the lower class.
        borders: k rising numbers.
        labels: k + 1 names, from the lowest index to the highest.

    Raises:
        ValueError: Borders do not rise, are no shares, or the labels are too few or too many.
    """

    method: Border
    borders: Sequence[float]
    labels: Sequence[str]

    def __post_init__(self) -> None:
        """Refuse borders without meaning."""
        if len(self.labels) != len(self.borders) + 1:
            raise ValueError("classes need one label more than borders")
        edges = np.asarray(self.borders, dtype=np.float64)
        if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
            raise ValueError("borders must rise")
        if self.method is Border.QUANTILE and ((edges <= 0) | (edges >= 1)).any():
            raise ValueError("borders of quantiles lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class Method:
    """A method with all its choices; the same method and figures always give the same result.

    Args:
        columns: At least one indicator, keys all different; either all or none have a domain.
        indicator: Scale of the indicators, before the direction is turned.
        domain: Level of the domains; without domains not used.
        index: Level of the index.
        domain_weights: Weights of domains other than 1.
        classes: None for no classes.
        missing: What happens to areas that lack figures.
        minimum_population: Areas with fewer inhabitants stay out; None for no such rule.

    Raises:
        ValueError: The parts do not fit together.
    """

    columns: Sequence[Column]
    indicator: Scale = Scale.Z
    domain: Level = field(default_factory=Level)
    index: Level = field(default_factory=Level)
    domain_weights: dict[str, float] = field(default_factory=dict)
    classes: Classes | None = None
    missing: MissingPolicy = MissingPolicy.EXCLUDE
    minimum_population: float | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be reckoned."""
        keys = [column.key for column in self.columns]
        if not keys:
            raise ValueError("a method needs at least one indicator")
        if len(set(keys)) != len(keys):
            raise ValueError("an indicator stands twice in the method")
        if len({bool(column.domain) for column in self.columns}) > 1:
            raise ValueError("either all indicators have a domain or none")
        unknown = set(self.domain_weights) - set(self.domains)
        if unknown:
            raise ValueError(f"weights of domains without indicators: {', '.join(sorted(unknown))}")
        if any(not (np.isfinite(weight) and weight > 0) for weight in self.domain_weights.values()):
            raise ValueError("weights of domains must be finite numbers above 0")

    @property
    def domains(self) -> tuple[str, ...]:
        """Keys of the domains in the order in which they first come; empty without domains."""
        return tuple(dict.fromkeys(column.domain for column in self.columns if column.domain))


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The index of n areas from m indicators in d domains; nan means "no value" throughout.

    Attributes:
        scaled: (n, m) indicators on their scale, turned so that more is more need.
        domains: (n, d) domains on their scale.
        raw: (n,) the index before its own scale.
        index: (n,) the index.
        ranks: (n,) competition rank, 1 for the most need.
        classes: (n,) name of the class; "" where there is none.
        included: (n,) whether the area is part of the index.
        reasons: (n,) a ``Reason``: "" if included.
    """

    scaled: Floats
    domains: Floats
    raw: Floats
    index: Floats
    ranks: Floats
    classes: Texts
    included: Bools
    reasons: Texts


def evaluate(
    values: ArrayLike,
    method: Method,
    *,
    valid: ArrayLike | None = None,
    population: ArrayLike | None = None,
) -> Result:
    """Reckon the index of a method.

    Areas that stay out do not touch the mean, spread or ranks of the others.

    Args:
        values: (n areas, m indicators), each column in its own unit; nan for a missing value, which is
            never read as zero.
        method: The method.
        valid: (n,) False takes an area out; None for all valid.
        population: (n,) inhabitants, nan for unknown; needed where the method has a minimum.

    Returns:
        All parts of the index.

    Raises:
        ValueError: Shapes do not fit, a value is infinite, a relative deviation from a mean of 0 is wanted,
            or a geometric mean of numbers below 0.

    Two domains; z of 2, 4, 6 is -1.225, 0, 1.225:

        >>> method = Method(
        ...     [Column("a", domain="x"), Column("b", Direction.LESS_NEED, domain="y")],
        ...     indicator=Scale.PERCENTILE_RANK,
        ...     index=Level(Aggregate.MEAN, Scale.MINMAX),
        ... )
        >>> result = evaluate([[2, 30], [4, 30], [6, 60]], method)
        >>> result.scaled.tolist()
        [[0.0, 1.0], [0.5, 1.0], [1.0, 0.0]]
        >>> result.raw.tolist(), result.index.tolist(), result.ranks.tolist()
        ([0.5, 0.75, 0.5], [0.0, 1.0, 0.0], [2.0, 1.0, 2.0])
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(method.columns):
        raise ValueError("values must have one column for each indicator")
    if np.isinf(matrix).any():
        raise ValueError("values must be finite, or nan for missing")
    included, reasons = included_areas(
        matrix,
        valid=valid,
        population=population,
        minimum_population=method.minimum_population,
        missing=method.missing,
    )
    part = _turned(_scaled_columns(matrix[included], method.indicator), method)
    domains = _domains(part, method)
    weights = np.array([column.weight for column in method.columns])
    if method.domains:
        weights = np.array([method.domain_weights.get(key, 1.0) for key in method.domains])
    below = domains if method.domains else part
    raw = aggregated(below, weights, method.index.aggregate)
    index = scaled(raw, method.index.normalise, noise=_noise(below))
    return Result(
        scaled=_spread(part, included),
        domains=_spread(domains, included),
        raw=_spread(raw, included),
        index=_spread(index, included),
        ranks=_spread(ranked(raw, noise=_noise(below)), included),
        classes=_spread_texts(classified(index, method), included),
        included=included,
        reasons=reasons,
    )


def _noise(below: Floats) -> float:
    """How far apart numbers may be by rounding alone that were put together from these."""
    there = below[~np.isnan(below)]
    return float(np.abs(there).max()) * _ROUNDING if len(there) else 0.0


def _scaled_columns(matrix: Floats, scale: Scale) -> Floats:
    """Each column (n, m) on its scale."""
    result = np.empty_like(matrix)
    for number in range(matrix.shape[1]):
        result[:, number] = scaled(matrix[:, number], scale)
    return result


def _turned(matrix: Floats, method: Method) -> Floats:
    """Turn columns in which more is less need, after they are scaled, not before.

    Shares of 0 to 1 become 1 minus themselves, everything else its negative.
    """
    is_share = method.indicator in {Scale.MINMAX, Scale.PERCENTILE_RANK}
    for number, column in enumerate(method.columns):
        if column.direction is Direction.LESS_NEED:
            matrix[:, number] = 1 - matrix[:, number] if is_share else -matrix[:, number]
    return matrix


def _domains(part: Floats, method: Method) -> Floats:
    """(n, d) domains on their scale."""
    result = np.empty((len(part), len(method.domains)))
    for number, key in enumerate(method.domains):
        chosen = [place for place, column in enumerate(method.columns) if column.domain == key]
        weights = np.array([method.columns[place].weight for place in chosen])
        below = part[:, chosen]
        together = aggregated(below, weights, method.domain.aggregate)
        result[:, number] = scaled(together, method.domain.normalise, noise=_noise(below))
    return result


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
    there = ~np.isnan(numbers)
    with np.errstate(divide="ignore", invalid="ignore"):
        if there.all():
            shares = np.full(len(numbers), factors.sum())
        else:
            shares = np.where(there, factors, 0.0).sum(axis=1)
        if how is Aggregate.GEOMETRIC_MEAN:
            if (numbers[there] < 0).any():
                raise ValueError("a geometric mean needs numbers of 0 or more, as minmax gives them")
            mean: Floats = np.exp(np.where(there, np.log(numbers), 0.0) @ factors / shares)
            return np.where(shares > 0, mean, np.nan)
        sums = np.where(there, numbers, 0.0) @ factors
        if how is Aggregate.MEAN:
            return np.where(shares > 0, sums / shares, np.nan)
        if there.all():
            return np.asarray(sums)
        return np.where(shares > 0, sums / shares * factors.sum(), np.nan)


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
    there = column[~np.isnan(column)]
    if scale is Scale.NONE or not len(there):
        return column.copy()
    mean = float(there.mean())
    if scale is Scale.RELATIVE_DEVIATION and abs(mean) <= noise:
        raise ValueError("no relative deviation from a mean of 0")
    lowest, highest = float(there.min()), float(there.max())
    result: Floats = np.where(np.isnan(column), np.nan, 0.0)
    if highest - lowest <= noise:
        return result
    match scale:
        case Scale.Z:
            result = (column - mean) / there.std()
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
    falling = -numbers[present]
    if noise:
        falling = np.round(falling / noise)
    result = np.full(len(numbers), np.nan)
    result[present] = np.searchsorted(np.sort(falling), falling, side="left") + 1.0
    return result


def classified(index: Floats, method: Method) -> Texts:
    """Class of each area (n,) by the method; "" where it has no index or the method no classes."""
    if method.classes is None or not len(index):
        return np.full(len(index), "", dtype=np.str_)
    classes = method.classes
    if classes.method is Border.SD:
        # What was standardised already is not standardised again: rounding would move values off borders.
        deviations = index if method.index.normalise is Scale.Z else scaled(index, Scale.Z)
        return classify(deviations, classes.borders, classes.labels)
    there = index[~np.isnan(index)]
    edges = np.quantile(there, classes.borders) if len(there) else np.asarray(classes.borders)
    place = np.where(np.isnan(index), len(classes.labels), np.searchsorted(edges, index, side="left"))
    return np.asarray([*classes.labels, ""])[place]


def _spread(part: Floats, included: Bools) -> Floats:
    """Numbers of the included areas at the places of all areas; nan for the others."""
    result = np.full((len(included), *part.shape[1:]), np.nan)
    result[included] = part
    return result


def _spread_texts(part: Texts, included: Bools) -> Texts:
    result = np.full(len(included), "", dtype=part.dtype if len(part) else np.str_)
    result[included] = part
    return result
