"""An index in three levels: indicators, domains, index. Plain numbers in and out, no Django.

Each level says how it is brought to one scale (``monitoring.scales``) and how it is put together, so that
every published method can be reckoned the same way (``docs/index-methods.md``). Runs and files take this one
engine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from monitoring.filling import filled
from monitoring.index import (
    Bools,
    Direction,
    Fill,
    Floats,
    MissingPolicy,
    Reason,
    Texts,
    classify,
    included_areas,
)
from monitoring.scales import (
    Aggregate,
    Reference,
    Scale,
    aggregated,
    moments,
    ranked,
    scaled,
    standardised,
)

#: Numbers that were added up are the same if they differ by less than this share of the largest one that went
#: in: the rest is rounding of the machine, and must neither part ties nor look like a spread.
_ROUNDING: Final = 1e-12


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
        reference: From which mean the indicators deviate; areas without inhabitants known stay out where it
            is weighted by them.

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
    reference: Reference = Reference.PLAIN

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
        means: (m,) mean the indicators deviate from, in their unit; nan without any figure.
        sds: (m,) population standard deviation of the areas that take part, same unit.
        filled: (n, m) where something took the place of a missing figure.
    """

    scaled: Floats
    domains: Floats
    raw: Floats
    index: Floats
    ranks: Floats
    classes: Texts
    included: Bools
    reasons: Texts
    means: Floats
    sds: Floats
    filled: Bools


def evaluate(
    values: ArrayLike,
    method: Method,
    *,
    valid: ArrayLike | None = None,
    population: ArrayLike | None = None,
    last: ArrayLike | None = None,
    neighbours: Sequence[Sequence[int]] | None = None,
) -> Result:
    """Reckon the index of a method.

    Areas that stay out do not touch the mean, spread or ranks of the others.

    Args:
        values: (n areas, m indicators), each column in its own unit; nan for a missing value, which is
            never read as zero.
        method: The method.
        valid: (n,) False takes an area out; None for all valid.
        population: (n,) inhabitants, nan for unknown; needed where the method asks for them.
        last: (n, m) last earlier figures, nan for none; needed where they take the place of missing ones.
        neighbours: (n) places of the neighbours of each area; needed where their mean does.

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
    taker = taking_part(matrix, method, valid, population, last, neighbours)
    matrix, included = taker.matrix, taker.included
    is_whole = bool(included.all())
    people = None
    if method.reference is Reference.POPULATION:
        people = np.asarray(population, dtype=np.float64)[included]
    part, means, sds = _indicators(matrix if is_whole else matrix[included], method, people)
    domains = _domains(part, method)
    weights = np.array([column.weight for column in method.columns])
    if method.domains:
        weights = np.array([method.domain_weights.get(key, 1.0) for key in method.domains])
    below = domains if method.domains else part
    raw = aggregated(below, weights, method.index.aggregate)
    noise = _noise(below)
    index = scaled(raw, method.index.normalise, noise=noise)
    ranks, classes = ranked(raw, noise=noise), classified(index, method)
    if not is_whole:
        part, domains, raw, index, ranks = (
            _spread(numbers, included) for numbers in (part, domains, raw, index, ranks)
        )
        classes = _spread_texts(classes, included)
    return Result(
        scaled=part,
        domains=domains,
        raw=raw,
        index=index,
        ranks=ranks,
        classes=classes,
        included=included,
        reasons=taker.reasons,
        means=means,
        sds=sds,
        filled=taker.marks,
    )


@dataclass(frozen=True, slots=True, eq=False)
class TakingPart:
    """Who takes part: figures (n, m) with what was filled and marks of it, included (n,), reasons (n,)."""

    matrix: Floats
    included: Bools
    reasons: Texts
    marks: Bools


def taking_part(
    matrix: Floats,
    method: Method,
    valid: ArrayLike | None,
    population: ArrayLike | None,
    last: ArrayLike | None,
    neighbours: Sequence[Sequence[int]] | None,
) -> TakingPart:
    """Tell who takes part in an index, with what took the place of missing figures; see ``evaluate``."""
    is_whole = bool(np.isfinite(matrix.sum()))
    if not is_whole and np.isinf(matrix).any():
        raise ValueError("values must be finite, or nan for missing")
    minimum = method.minimum_population
    if method.reference is Reference.POPULATION:
        if population is None:
            raise ValueError("a mean weighted by population needs population")
        minimum = max(minimum or 0.0, float(np.finfo(np.float64).tiny))
    if valid is None and minimum is None and is_whole:  # nobody could stay out
        everyone = np.ones(len(matrix), dtype=np.bool_)
        no_marks = np.zeros(matrix.shape, dtype=np.bool_)
        return TakingPart(matrix, everyone, np.zeros(len(matrix), dtype="<U10"), no_marks)
    included, reasons = included_areas(
        matrix, valid=valid, population=population, minimum_population=minimum, missing=method.missing
    )
    if method.missing.fill is Fill.NONE:
        return TakingPart(matrix, included, reasons, np.zeros(matrix.shape, dtype=np.bool_))
    # Areas that lack too much of their own still lend what they have to their neighbours.
    lending = (reasons == Reason.NONE.value) | (reasons == Reason.MISSING.value)
    matrix, marks = filled(matrix, method.missing.fill, included, lending, last=last, neighbours=neighbours)
    lacking = included & np.isnan(matrix).any(axis=1)
    reasons[lacking] = Reason.MISSING.value
    marks[lacking] = False
    return TakingPart(matrix, included & ~lacking, reasons, marks)


def _noise(below: Floats) -> float:
    """How far apart numbers may be by rounding alone that were put together from these."""
    if not below.size:
        return 0.0
    most = max(float(below.max()), -float(below.min()))
    if math.isnan(most):
        there = below[~np.isnan(below)]
        most = float(np.abs(there).max()) if len(there) else 0.0
    return most * _ROUNDING


def _indicators(matrix: Floats, method: Method, people: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Indicators (n, m) on their scale and turned to need, their means and spreads (m,).

    Columns in which more is less need are turned after they are scaled, not before: shares of 0 to 1 become
    1 minus themselves, everything else its negative.
    """
    less = np.array([column.direction is Direction.LESS_NEED for column in method.columns])
    means, sds, deviations = moments(matrix, people)
    if method.indicator is Scale.Z:
        return standardised(deviations, sds, np.where(less, -1.0, 1.0)), means, sds
    if method.indicator is Scale.DEVIATION:
        part = standardised(deviations, np.where(sds == 0, sds, 1.0), np.where(less, -1.0, 1.0))
    elif method.indicator is Scale.RELATIVE_DEVIATION:
        if (means == 0).any():
            raise ValueError("no relative deviation from a mean of 0")
        part = standardised(deviations, np.where(sds == 0, sds, means), np.where(less, -1.0, 1.0))
    else:
        part = np.empty_like(matrix)
        for number in range(matrix.shape[1]):
            part[:, number] = scaled(matrix[:, number], method.indicator)
        is_share = method.indicator in {Scale.MINMAX, Scale.PERCENTILE_RANK}
        part[:, less] = (1.0 if is_share else 0.0) - part[:, less]
    return part, means, sds


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
