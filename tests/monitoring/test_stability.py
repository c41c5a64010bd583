"""How sure an index is: by hand, against one reckoning per variant, and laws."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from monitoring.index import Direction, MissingPolicy
from monitoring.levels import Border, Classes, Column, Level, Method, Result, evaluate
from monitoring.scales import Aggregate, Scale
from monitoring.stability import SEED, SPREAD, stability

TWO = Classes(Border.SD, [1.0], ["plain", "stands out"])
NAN = float("nan")


def method(count: int = 3, **changes: object) -> Method:
    """The index of the district: sum of z, standardised, with one border."""
    columns = [Column(f"i{number}") for number in range(count)]
    return dataclasses.replace(Method(columns, index=Level(Aggregate.SUM, Scale.Z), classes=TWO), **changes)


def evaluated(table: object, chosen: Method) -> Result:
    return evaluate(table, chosen)  # type: ignore[arg-type]


def test_by_hand() -> None:
    """Five areas, two indicators that agree: no weighting changes a rank, no area a class.

    z of 1, 2, 3, 4, 10 is -0.949, -0.632, -0.316, 0, 1.897; the index is the same, border 1.
    """
    table = [[1, 1], [2, 2], [3, 3], [4, 4], [10, 10]]
    chosen = method(2)
    sure = stability(evaluated(table, chosen), chosen)
    assert sure.own_class_share.tolist() == [1, 1, 1, 1, 1]
    assert sure.top_class_share.tolist() == [0, 0, 0, 0, 1]
    assert sure.best_rank.tolist() == sure.worst_rank.tolist() == [5, 4, 3, 2, 1]
    assert sure.border_distance == pytest.approx([1.949, 1.632, 1.316, 1, 0.897], abs=1e-3)
    assert sure.leave_out_class.all()
    assert sure.drivers[:, 0] == pytest.approx([-0.949, -0.632, -0.316, 0, 1.897], abs=1e-3)


def test_what_hangs_on_one_indicator_is_shown() -> None:
    """The last area stands out by the second indicator alone."""
    table = [[1, 1], [2, 1], [3, 1], [4, 2], [2, 9]]
    chosen = method(2)
    result = evaluated(table, chosen)
    assert result.classes.tolist()[-1] == "stands out"
    sure = stability(result, chosen)
    assert sure.leave_out_class[-1].tolist() == [1, 0]
    assert sure.drivers[-1, 1] > sure.drivers[-1, 0]


METHODS = [
    method(),
    method(classes=Classes(Border.QUANTILE, [0.5], ["low", "high"])),
    method(indicator=Scale.MINMAX, index=Level(Aggregate.GEOMETRIC_MEAN, Scale.NONE)),
    method(indicator=Scale.PERCENTILE_RANK, index=Level(Aggregate.MEAN, Scale.PERCENTILE_RANK)),
    Method(
        [Column("a", domain="x"), Column("b", Direction.LESS_NEED, 2, domain="x"), Column("c", domain="y")],
        domain=Level(Aggregate.MEAN, Scale.Z),
        index=Level(Aggregate.SUM, Scale.Z),
        domain_weights={"y": 2},
        classes=TWO,
    ),
]


@pytest.mark.parametrize("chosen", METHODS)
@pytest.mark.parametrize("has_gaps", [False, True])
def test_all_variants_at_once_are_the_same_as_one_by_one(chosen: Method, has_gaps: bool) -> None:
    table = np.random.default_rng(3).normal(20, 5, (25, 3))
    if has_gaps:
        table[3, 1] = NAN
        table[7, :] = NAN
        chosen = dataclasses.replace(chosen, missing=MissingPolicy.mean_of_available(0.6))
    result = evaluated(table, chosen)
    sure = stability(result, chosen, variants=40)
    own = np.array([column.weight for column in chosen.columns])
    drawn = own[:, None] * np.random.default_rng(SEED).uniform(1 - SPREAD, 1 + SPREAD, (3, 40))
    stays, ranks = [], []
    for variant in drawn.T:
        columns = [
            dataclasses.replace(column, weight=float(weight))
            for column, weight in zip(chosen.columns, variant, strict=True)
        ]
        other = evaluated(table, dataclasses.replace(chosen, columns=columns))
        stays.append(other.classes == result.classes)
        ranks.append(other.ranks)
    inside = result.included
    assert sure.own_class_share[inside] == pytest.approx(np.mean(stays, axis=0)[inside])
    assert sure.best_rank[inside].tolist() == np.min(ranks, axis=0)[inside].tolist()
    assert sure.worst_rank[inside].tolist() == np.max(ranks, axis=0)[inside].tolist()
    assert np.isnan(sure.own_class_share[~inside]).all()
    assert (sure.best_rank[~inside] == -1).all()


@pytest.mark.parametrize(
    "chosen",
    [
        method(),
        method(index=Level(Aggregate.MEAN, Scale.Z)),
        method(
            columns=[Column("a", domain="x"), Column("b", weight=2, domain="x"), Column("c", domain="y")],
            domain=Level(Aggregate.MEAN, Scale.NONE),
            domain_weights={"y": 3},
        ),
    ],
)
def test_parts_of_the_indicators_add_up_to_the_index(chosen: Method) -> None:
    table = np.random.default_rng(6).normal(20, 5, (12, 3))
    table[2, 1] = NAN
    chosen = dataclasses.replace(chosen, missing=MissingPolicy.mean_of_available(0.5))
    result = evaluated(table, chosen)
    drivers = stability(result, chosen, variants=2).drivers
    assert np.nansum(drivers, axis=1) == pytest.approx(result.raw)
    assert np.isnan(drivers[2, 1])


def test_the_same_run_always_says_the_same() -> None:
    table = np.random.default_rng(4).normal(0, 1, (30, 3))
    result = evaluated(table, method())
    first, second = stability(result, method()), stability(result, method())
    assert first.own_class_share.tolist() == second.own_class_share.tolist()


def test_no_spread_changes_nothing() -> None:
    table = np.random.default_rng(5).normal(0, 1, (30, 3))
    sure = stability(evaluated(table, method()), method(), variants=3, spread=0)
    assert (sure.own_class_share == 1).all()
    assert (sure.best_rank == sure.worst_rank).all()


@pytest.mark.parametrize("changes", [{"variants": 0}, {"spread": 1.0}, {"spread": -0.1}])
def test_numbers_without_meaning_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least one variant"):
        stability(evaluated([[1, 2, 3], [2, 1, 4]], method()), method(), **changes)  # type: ignore[arg-type]
    plain = method(classes=None)
    with pytest.raises(ValueError, match="classes"):
        stability(evaluated([[1, 2, 3], [2, 1, 4]], plain), plain)


@given(arrays(np.float64, st.tuples(st.integers(3, 10), st.just(3)), elements=st.integers(0, 50).map(float)))
def test_shares_and_ranks_stay_in_bounds(table: NDArray[np.float64]) -> None:
    result = evaluated(table, method())
    sure = stability(result, method(), variants=20)
    for shares in (sure.own_class_share, sure.top_class_share):
        assert (shares >= 0).all()
        assert (shares <= 1).all()
    assert (sure.best_rank >= 1).all()
    assert (sure.best_rank <= sure.worst_rank).all()
    assert (sure.worst_rank <= len(table)).all()
