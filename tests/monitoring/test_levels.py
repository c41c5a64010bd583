"""An index in three levels: each scale and aggregate by hand, laws, and the published result of Berlin."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from monitoring import filling, levels, scales
from monitoring.index import Direction, MissingPolicy
from monitoring.levels import Border, Classes, Column, Level, Method, evaluate
from monitoring.scales import Aggregate, Scale, aggregated, ranked, scaled

NAN = math.nan
LESS = Direction.LESS_NEED
figure = st.integers(-100_000, 100_000).map(lambda number: number / 100)
tables = st.tuples(st.integers(2, 12), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=figure)
)


def test_docstring_examples() -> None:
    for module in (levels, scales, filling):
        assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


# --- Scales ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        # Mean 25, population sd sqrt(125) = 11.18034.
        (Scale.NONE, [10, 20, 30, 40]),
        (Scale.Z, [-1.341641, -0.447214, 0.447214, 1.341641]),
        (Scale.DEVIATION, [-15, -5, 5, 15]),
        (Scale.RELATIVE_DEVIATION, [-0.6, -0.2, 0.2, 0.6]),
        (Scale.MINMAX, [0, 1 / 3, 2 / 3, 1]),
        (Scale.PERCENTILE_RANK, [0, 1 / 3, 2 / 3, 1]),
    ],
)
def test_each_scale_by_hand(scale: Scale, wanted: list[float]) -> None:
    assert scaled([10, 20, 30, 40], scale) == pytest.approx(wanted, abs=1e-6)


def test_ties_take_the_lowest_rank_and_the_missing_take_none() -> None:
    """(rank_min - 1) / (n - 1) over the four that have a value."""
    shares = scaled([5, 1, NAN, 5, 9], Scale.PERCENTILE_RANK)
    assert shares == pytest.approx([1 / 3, 0, NAN, 1 / 3, 1], nan_ok=True)


@pytest.mark.parametrize("scale", [scale for scale in Scale if scale is not Scale.NONE])
def test_what_does_not_differ_is_0_and_missing_stays_missing(scale: Scale) -> None:
    assert scaled([7, NAN, 7], scale) == pytest.approx([0, NAN, 0], nan_ok=True)


def test_no_relative_deviation_from_0() -> None:
    with pytest.raises(ValueError, match="mean of 0"):
        scaled([-1, 1], Scale.RELATIVE_DEVIATION)


def test_the_direction_is_turned_after_ranking() -> None:
    """Childcare 30, 30, 60: ranks 0, 0, 1 turn to 1, 1, 0. Turned before, the tie would get 0.5."""
    method = Method([Column("childcare", LESS)], indicator=Scale.PERCENTILE_RANK)
    assert evaluate([[30], [30], [60]], method).scaled[:, 0].tolist() == [1, 1, 0]


# --- Aggregates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "wanted"),
    [(Aggregate.SUM, 2 * 1 + 8), (Aggregate.MEAN, (2 * 1 + 8) / 3), (Aggregate.GEOMETRIC_MEAN, 2.0)],
)
def test_each_aggregate_by_hand(how: Aggregate, wanted: float) -> None:
    """1 with weight 2, 8 with weight 1; the geometric mean is the cube root of 1 x 1 x 8."""
    assert aggregated([[1, 8]], [2, 1], how).tolist() == pytest.approx([wanted])


@pytest.mark.parametrize("how", Aggregate)
def test_the_missing_is_made_up_for_by_what_is_there(how: Aggregate) -> None:
    complete = aggregated([[4, 4, 4]], [1, 2, 3], how)
    assert aggregated([[4, NAN, 4]], [1, 2, 3], how) == pytest.approx(complete)
    assert np.isnan(aggregated([[NAN, NAN, NAN]], [1, 2, 3], how)).all()


def test_geometric_mean_of_0_is_0_and_of_less_is_refused() -> None:
    assert aggregated([[0, 8]], [1, 1], Aggregate.GEOMETRIC_MEAN).tolist() == [0]
    with pytest.raises(ValueError, match="0 or more"):
        aggregated([[-1, 8]], [1, 1], Aggregate.GEOMETRIC_MEAN)


# --- The whole ---------------------------------------------------------------------------------------


def test_three_levels_by_hand() -> None:
    """Domain x of a and b, domain y of c; domains are means, the index their weighted sum (y counts twice).

    Min-max: a 0, 0.5, 1; b turned 1, 0, 0.5; c 0, 1, 0.25. x: 0.5, 0.25, 0.75. Index raw: 0.5 + 0,
    0.25 + 2, 0.75 + 0.5.
    """
    method = Method(
        [Column("a", domain="x"), Column("b", LESS, domain="x"), Column("c", domain="y")],
        indicator=Scale.MINMAX,
        domain=Level(Aggregate.MEAN),
        index=Level(Aggregate.SUM, Scale.MINMAX),
        domain_weights={"y": 2},
    )
    result = evaluate([[1, 10, 0], [2, 30, 4], [3, 20, 1]], method)
    assert result.domains.tolist() == [[0.5, 0], [0.25, 1], [0.75, 0.25]]
    assert result.raw.tolist() == [0.5, 2.25, 1.25]
    assert result.index == pytest.approx([0, 1, 0.75 / 1.75])
    assert result.ranks.tolist() == [3, 1, 2]


def test_left_out_areas_touch_nobody() -> None:
    method = Method([Column("a"), Column("b")], minimum_population=300)
    table = [[1, 2], [3, 5], [9, 4], [1000, 1000], [NAN, 1], [50, 70]]
    result = evaluate(
        table,
        method,
        valid=[True, True, True, True, True, False],
        population=[500, 500, 500, 299, 500, 500],
    )
    assert result.reasons.tolist() == ["", "", "", "population", "missing", "invalid"]
    assert result.raw[:3] == pytest.approx(evaluate(table[:3], Method(method.columns)).raw)
    assert np.isnan(result.raw[3:]).all()
    assert np.isnan(result.ranks[3:]).all()


def test_a_missing_domain_is_made_up_for_not_read_as_zero() -> None:
    method = Method(
        [Column("a", domain="x"), Column("b", domain="y")],
        indicator=Scale.MINMAX,
        index=Level(Aggregate.MEAN),
        missing=MissingPolicy.mean_of_available(0.5),
    )
    result = evaluate([[0, 0], [1, 1], [1, NAN]], method)
    assert result.included.all()
    assert result.raw.tolist() == [0, 1, 1]
    assert np.isnan(result.domains[2, 1])


def test_quantiles_and_standard_deviations_make_classes() -> None:
    quarters = Classes(Border.QUANTILE, [0.25, 0.5, 0.75], ["1", "2", "3", "4"])
    plain = Method([Column("a")], indicator=Scale.NONE, classes=quarters)
    assert evaluate([[value] for value in range(8)], plain).classes.tolist() == list("11223344")
    thirds = Classes(Border.SD, [-1, 1], ["low", "middle", "high"])
    # Mean 4, sd 2: 2 and 6 lie on the borders and so in the middle.
    result = evaluate([[1], [2], [4], [4], [6], [7]], Method([Column("a")], Scale.NONE, classes=thirds))
    assert result.classes.tolist()[0] == "low"
    assert result.classes.tolist()[-1] == "high"


def test_ties_of_sums_are_ties_however_the_machine_rounds() -> None:
    """0.1 + 0.2 and 0.3 + 0 differ in the last digit only."""
    method = Method([Column("a"), Column("b")], indicator=Scale.NONE, index=Level(Aggregate.SUM, Scale.Z))
    result = evaluate([[0.1, 0.2], [0.3, 0.0]], method)
    assert result.ranks.tolist() == [1, 1]
    assert result.index.tolist() == [0, 0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"columns": []},
        {"columns": [Column("a"), Column("a")]},
        {"columns": [Column("a", domain="x"), Column("b")]},
        {"columns": [Column("a")], "domain_weights": {"x": 1.0}},
        {"columns": [Column("a", domain="x")], "domain_weights": {"x": 0.0}},
    ],
)
def test_methods_that_cannot_be_reckoned_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any of the sentences
        Method(**arguments)  # type: ignore[arg-type]


def test_values_that_do_not_fit_are_refused() -> None:
    for values in ([[1, 2]], [1], [[math.inf]]):
        with pytest.raises(ValueError):  # noqa: PT011
            evaluate(values, Method([Column("a")]))


# --- Laws --------------------------------------------------------------------------------------------


@given(tables)
def test_the_index_of_the_district_is_its_formula(table: NDArray[np.float64]) -> None:
    """Typed as one would on paper: deviations over spread, summed, standardised."""
    keys = [f"i{number}" for number in range(table.shape[1])]
    method = Method(
        [Column(key, LESS if key == "i0" else Direction.MORE_NEED) for key in keys],
        index=Level(Aggregate.SUM, Scale.Z),
    )
    result = evaluate(table, method)
    z = np.zeros_like(table)
    for number in range(table.shape[1]):
        column = table[:, number]
        if column.min() != column.max():
            z[:, number] = (column - column.mean()) / column.std() * (-1 if number == 0 else 1)
    assert result.scaled == pytest.approx(z, abs=1e-9)
    assert result.raw == pytest.approx(z.sum(axis=1), abs=1e-9)
    assert result.means == pytest.approx(table.mean(axis=0))


@given(tables, st.sampled_from([Scale.MINMAX, Scale.PERCENTILE_RANK]), st.sampled_from(Aggregate))
def test_shares_stay_between_0_and_1(table: NDArray[np.float64], scale: Scale, how: Aggregate) -> None:
    method = Method(
        [
            Column(f"i{number}", LESS if number % 2 else Direction.MORE_NEED)
            for number in range(table.shape[1])
        ],
        indicator=scale,
        index=Level(how, Scale.PERCENTILE_RANK),
    )
    result = evaluate(table, method)
    for numbers in (result.scaled, result.index):
        assert (numbers >= 0).all()
        assert (numbers <= 1).all()


@given(tables, st.sampled_from(Scale), st.randoms(use_true_random=False))
def test_the_order_of_areas_does_not_matter(table: NDArray[np.float64], scale: Scale, chance: object) -> None:
    method = Method([Column(f"i{number}") for number in range(table.shape[1])], indicator=Scale.Z)
    method = Method(
        method.columns,
        index=Level(Aggregate.SUM, scale if scale is not Scale.RELATIVE_DEVIATION else Scale.Z),
    )
    order = list(range(len(table)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    straight, mixed = evaluate(table, method), evaluate(table[order], method)
    assert mixed.raw == pytest.approx(straight.raw[order], abs=1e-9)
    assert mixed.ranks.tolist() == straight.ranks[order].tolist()


def test_ranks_without_values() -> None:
    assert np.isnan(ranked(np.array([NAN, NAN]))).all()
