"""How sure an index is: what becomes of each area if the method had been chosen a little differently.

Plain numbers in and out, no Django. Weights are opinions; an area that stands out under nearly all of them
stands out by its figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.index import Floats
from monitoring.levels import Border, Method, Result
from monitoring.scales import Aggregate, Scale, ranked, scaled

Ints = NDArray[np.int64]

#: Weights are drawn between 75 % and 125 % of what the method says.
SPREAD: Final = 0.25
VARIANTS: Final = 1_000
#: The same draws each time: two people who look at a run see the same shares.
SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True, eq=False)
class Stability:
    """How sure each of n areas is of its place; nan, or -1 for ranks, where it is not part of the index.

    Attributes:
        border_distance: (n,) how far the index is from the nearest class border, in the unit of the borders.
        own_class_share: (n,) share (0..1) of the variants in which the area stays in its class.
        top_class_share: (n,) share of the variants in which it is in the highest class.
        lowest_class: (n,) number of the lowest class in any variant, 0 for the lowest of all.
        highest_class: (n,) number of the highest class in any variant.
        best_rank: (n,) best rank in any variant (1 is the most need).
        worst_rank: (n,) worst rank in any variant.
        places: (n, v) number of the class in each variant.
        leave_out_class: (n, m) 1 where the area stays in its class without the indicator, 0 where not.
        drivers: (n, m) part of each indicator in the index of the area, in the unit of ``Result.raw``.
    """

    border_distance: Floats
    own_class_share: Floats
    top_class_share: Floats
    lowest_class: Ints
    highest_class: Ints
    best_rank: Ints
    worst_rank: Ints
    places: NDArray[np.int8]
    leave_out_class: Floats
    drivers: Floats


def stability(
    result: Result, method: Method, *, variants: int = VARIANTS, spread: float = SPREAD, seed: int = SEED
) -> Stability:
    """Vary the weights of a method at random, and leave each indicator out once.

    The figures and their scale stay as they are; what is put together from them is reckoned anew for all
    variants at once.

    Args:
        result: Result of the method.
        method: Has classes.
        variants: How many weightings are drawn, at least 1.
        spread: Each weight is drawn evenly between 1 - spread and 1 + spread times its own.
        seed: Of the draw.

    Returns:
        How sure each area is.

    Raises:
        ValueError: The method has no classes, or the numbers have no meaning.
    """
    if method.classes is None:
        raise ValueError("stability needs classes")
    if variants < 1 or not 0 <= spread < 1:
        raise ValueError("at least one variant, and a spread from 0 to below 1")
    inside = result.included
    part = result.scaled[inside]
    own = np.array([column.weight for column in method.columns])
    chance = np.random.default_rng(seed)
    drawn = own[:, None] * chance.uniform(1 - spread, 1 + spread, (len(own), variants))
    places = _classes(_indexes(part, method, drawn), method)
    ranks = _ranks(_raw(part, method, drawn))
    base = _classes(_indexes(part, method, own[:, None]), method)
    without = np.repeat(own[:, None], len(own), axis=1)
    np.fill_diagonal(without, 0.0)
    count = len(result.included)
    highest = len(method.classes.labels) - 1
    stays = (
        (_classes(_indexes(part, method, without), method) == base) if len(own) > 1 else np.ones(part.shape)
    )
    return Stability(
        border_distance=_spread(_border_distance(result.index[inside], method), inside),
        own_class_share=_spread((places == base).mean(axis=1), inside),
        top_class_share=_spread((places == highest).mean(axis=1), inside),
        lowest_class=_spread_whole(places.min(axis=1), inside),
        highest_class=_spread_whole(places.max(axis=1), inside),
        best_rank=_spread_whole(ranks.min(axis=1), inside),
        worst_rank=_spread_whole(ranks.max(axis=1), inside),
        places=_spread_places(places, inside),
        leave_out_class=_spread(stays, inside),
        drivers=_spread(_drivers(part, method, own), inside) if count else np.empty((0, len(own))),
    )


def _together(matrix: Floats, weights: Floats, how: Aggregate) -> Floats:
    """(n, m) numbers under (m, v) weightings -> (n, v); the missing is made up for by what is there."""
    there = ~np.isnan(matrix)
    is_complete = bool(there.all())
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers = np.log(matrix) if how is Aggregate.GEOMETRIC_MEAN else matrix
        numbers = numbers if is_complete else np.where(there, numbers, 0.0)
        sums = numbers @ weights
        if how is Aggregate.SUM and is_complete:
            return np.asarray(sums)
        total = weights.sum(axis=0)
        shares = total[None, :] if is_complete else there.astype(np.float64) @ weights
        means = np.where(shares > 0, sums / shares, np.nan)
        if how is Aggregate.GEOMETRIC_MEAN:
            return np.asarray(np.exp(means))
        return np.asarray(means * total if how is Aggregate.SUM else means)


def _scaled_all(matrix: Floats, scale: Scale) -> Floats:
    """Each column (n, v) on the scale."""
    if scale is Scale.NONE or not len(matrix):
        return matrix
    if scale is Scale.Z and not np.isnan(matrix).any():
        centred = matrix - matrix.mean(axis=0)
        sds = np.sqrt(np.einsum("ij,ij->j", centred, centred) / len(matrix))
        return np.asarray(np.divide(centred, sds, out=np.zeros_like(centred), where=sds > 0))
    return np.column_stack([scaled(matrix[:, place], scale) for place in range(matrix.shape[1])])


def _raw(part: Floats, method: Method, weights: Floats) -> Floats:
    """(n, v) index before its own scale, under (m, v) weightings of the indicators."""
    if not method.domains:
        return _together(part, weights, method.index.aggregate)
    of_domains = np.array([method.domain_weights.get(key, 1.0) for key in method.domains])
    domains = []
    for key in method.domains:
        chosen = [place for place, column in enumerate(method.columns) if column.domain == key]
        together = _together(part[:, chosen], weights[chosen], method.domain.aggregate)
        domains.append(_scaled_all(together, method.domain.normalise))
    stacked = np.stack(domains, axis=2)  # (n, v, d)
    count, variants, _kinds = stacked.shape
    flat = stacked.reshape(count * variants, -1)
    return _together(flat, of_domains[:, None], method.index.aggregate).reshape(count, variants)


def _indexes(part: Floats, method: Method, weights: Floats) -> Floats:
    return _scaled_all(_raw(part, method, weights), method.index.normalise)


def _classes(indexes: Floats, method: Method) -> Ints:
    """(n, v) number of the class, 0 for the lowest; -1 without an index."""
    assert method.classes is not None
    edges = np.asarray(method.classes.borders, dtype=np.float64)
    if method.classes.method is Border.SD:
        numbers = indexes if method.index.normalise is Scale.Z else _scaled_all(indexes, Scale.Z)
        below, above = edges[edges < 0], edges[edges >= 0]
        places = np.searchsorted(below, numbers, side="right") + np.searchsorted(above, numbers, side="left")
    else:
        places = np.empty(indexes.shape, dtype=np.int64)
        for column in range(indexes.shape[1]):
            own = np.nanquantile(indexes[:, column], edges)
            places[:, column] = np.searchsorted(own, indexes[:, column], side="left")
    return np.where(np.isnan(indexes), -1, places)


def _ranks(raw: Floats) -> Ints:
    """(n, v) competition ranks; what has no index comes after all others."""
    ranks = np.empty(raw.shape, dtype=np.int64)
    for column in range(raw.shape[1]):
        own = ranked(raw[:, column])
        ranks[:, column] = np.where(np.isnan(own), len(raw), own)
    return ranks


def _border_distance(index: Floats, method: Method) -> Floats:
    assert method.classes is not None
    edges = np.asarray(method.classes.borders, dtype=np.float64)
    if not len(edges) or not len(index):
        return np.full(len(index), np.nan)
    if method.classes.method is Border.SD:
        numbers = index if method.index.normalise is Scale.Z else scaled(index, Scale.Z)
    else:
        numbers, edges = index, np.nanquantile(index, edges)
    return np.asarray(np.abs(numbers[:, None] - edges[None, :]).min(axis=1))


def _drivers(part: Floats, method: Method, own: Floats) -> Floats:
    """Part of each indicator in the index of each area (n, m).

    Where the method adds up, parts add up to the index before its own scale (but for what the scale of the
    domains takes off all areas alike). Elsewhere it is what the index would lose without the indicator.
    """
    if len(own) > 1 and not _adds_up(method):
        without = np.repeat(own[:, None], len(own), axis=1)
        np.fill_diagonal(without, 0.0)
        return np.asarray(_raw(part, method, own[:, None]) - _raw(part, method, without))
    if not method.domains:
        return part * _shares(part, own, method.index.aggregate)
    found, domains = np.empty_like(part), np.empty((len(part), len(method.domains)))
    for number, key in enumerate(method.domains):
        chosen = [place for place, column in enumerate(method.columns) if column.domain == key]
        below = part[:, chosen]
        parts = below * _shares(below, own[chosen], method.domain.aggregate)
        domains[:, number] = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
        spread = np.nanstd(domains[:, number]) if method.domain.normalise is Scale.Z else 1.0
        found[:, chosen] = parts / spread if spread > 0 else 0.0
    weights = np.array([method.domain_weights.get(key, 1.0) for key in method.domains])
    outer = _shares(domains, weights, method.index.aggregate)
    places = [method.domains.index(column.domain) for column in method.columns]
    return found * outer[:, places]


def _adds_up(method: Method) -> bool:
    """Whether the index is a weighted sum of its indicators."""
    levels = [method.index, method.domain] if method.domains else [method.index]
    return all(level.aggregate is not Aggregate.GEOMETRIC_MEAN for level in levels) and (
        not method.domains or method.domain.normalise in {Scale.NONE, Scale.Z}
    )


def _shares(numbers: Floats, weights: Floats, how: Aggregate) -> Floats:
    """(n, m) what each number counts in a sum or mean; those that are missing are made up for."""
    there = np.where(np.isnan(numbers), 0.0, weights)
    total = there.sum(axis=1, keepdims=True)
    factors = np.full_like(total, weights.sum() if how is Aggregate.SUM else 1.0)
    return np.asarray(there * np.divide(factors, total, out=np.zeros_like(total), where=total > 0))


def _spread(part: Floats, inside: NDArray[np.bool_]) -> Floats:
    result = np.full((len(inside), *part.shape[1:]), np.nan)
    result[inside] = part
    return result


def _spread_whole(part: Ints, inside: NDArray[np.bool_]) -> Ints:
    result = np.full(len(inside), -1, dtype=np.int64)
    result[inside] = part
    return result


def _spread_places(part: Ints, inside: NDArray[np.bool_]) -> NDArray[np.int8]:
    result = np.full((len(inside), part.shape[1]), -1, dtype=np.int8)
    result[inside] = part
    return result
