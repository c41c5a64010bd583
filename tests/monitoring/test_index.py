"""The arithmetic of the index: laws it keeps, examples worked by hand, a published result."""

import csv
import doctest
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import ArrayLike, NDArray

from monitoring import index
from monitoring.index import Direction, MissingPolicy, classify, stands_out
from monitoring.levels import Column, Level, Method, Result, evaluate
from monitoring.scales import Aggregate, Scale

MORE, LESS = Direction.MORE_NEED, Direction.LESS_NEED
NAN = float("nan")
BERLIN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "berlin_mss2021"

# Two decimals: what official figures have, and far from the limits of floats.
figure = st.integers(-100_000, 100_000).map(lambda number: number / 100)
shapes = st.tuples(st.integers(1, 12), st.integers(1, 6))
tables = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=figure))
gappy_tables = shapes.flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.one_of(figure, figure, st.just(NAN)))
)


def deviations(
    values: ArrayLike,
    columns: Sequence[Column],
    *,
    valid: ArrayLike | None = None,
    population: ArrayLike | None = None,
    minimum_population: float | None = None,
    missing: MissingPolicy = MissingPolicy.EXCLUDE,
) -> Result:
    """The index of the district: the sum of z, standardised."""
    method = Method(
        columns,
        index=Level(Aggregate.SUM, Scale.Z),
        minimum_population=minimum_population,
        missing=missing,
    )
    return evaluate(values, method, valid=valid, population=population)


def specs_for(table: NDArray[np.float64], direction: Direction = MORE) -> list[Column]:
    return [Column(f"i{number}", direction) for number in range(table.shape[1])]


# --- Worked by hand ------------------------------------------------------------------------------


def test_docstring_examples() -> None:
    assert doctest.testmod(index).failed == 0


def test_example_worked_by_hand() -> None:
    """Four areas, two indicators; mean and population sd as on paper.

    Source: DIN 55350-21 (population standard deviation). Column 1: 10, 20, 30, 40: mean 25,
    squares 225 + 25 + 25 + 225 = 500, sd = sqrt(125) = 11.18034. Column 2 (less need): 8, 8, 4, 4:
    mean 6, sd 2, so z = 1 or -1, turned around.
    """
    result = deviations([[10, 8], [20, 8], [30, 4], [40, 4]], [Column("a", MORE), Column("b", LESS)])

    assert result.means.tolist() == [25, 6]
    assert result.sds == pytest.approx([11.18034, 2])
    assert result.scaled[:, 0] == pytest.approx([-1.341641, -0.447214, 0.447214, 1.341641], abs=1e-6)
    assert result.scaled[:, 1].tolist() == [-1, -1, 1, 1]
    assert result.raw == pytest.approx([-2.341641, -1.447214, 1.447214, 2.341641], abs=1e-6)
    # sd of the totals: sqrt((2.341641^2 + 1.447214^2) / 2) = 1.946499
    assert result.index == pytest.approx([-1.203002, -0.743496, 0.743496, 1.203002], abs=1e-6)
    assert result.ranks.tolist() == [4, 3, 2, 1]
    assert result.included.all()
    assert result.reasons.tolist() == ["", "", "", ""]


def test_weight_counts_an_indicator_more_than_once() -> None:
    table = np.array([[1.0, 9.0], [2.0, 3.0], [6.0, 5.0]])
    weighted = deviations(table, [Column("a", MORE, weight=2), Column("b", MORE)])
    twice = deviations(table[:, [0, 0, 1]], [Column(key, MORE) for key in "xyz"])
    assert weighted.raw == pytest.approx(twice.raw)


def test_own_golden_excerpt() -> None:
    """Six invented areas in our own form, worked out with Python's decimal module to 40 digits."""
    table = [
        [4.2, 8.0, 19.4],
        [1.2, 3.5, 8.3],
        [9.9, 22.5, 51.0],
        [6.1, 12.0, 30.2],
        [3.0, 6.6, 12.9],
        [5.4, NAN, 20.0],
    ]
    result = deviations(table, specs_for(np.array(table)))
    assert result.reasons.tolist() == ["", "", "", "", "", "missing"]
    assert result.means == pytest.approx([4.88, 10.52, 24.36])
    assert result.sds == pytest.approx([2.974155, 6.583434, 15.216123], abs=1e-6)
    assert result.raw[:5] == pytest.approx([-0.937385, -3.359098, 5.258368, 1.018811, -1.980695], abs=1e-6)
    assert classify(result.index, [-1, 1, 1.5], ["1", "2", "3", "4"]).tolist() == [
        "2",
        "1",
        "4",
        "2",
        "2",
        "",
    ]


# --- Missing values, left-out areas --------------------------------------------------------------


def test_area_without_a_value_is_left_out_and_says_why() -> None:
    result = deviations([[1.0, 5.0], [NAN, 5.0], [3.0, 8.0]], [Column("a", MORE), Column("b", MORE)])
    assert result.reasons.tolist() == ["", "missing", ""]
    assert result.means.tolist() == [2, 6.5]  # of the areas in the index
    assert np.isnan([result.raw[1], result.index[1], result.ranks[1], *result.scaled[1]]).all()


def test_missing_is_not_zero() -> None:
    with_gap = deviations(
        [[4.0, 4.0], [6.0, NAN], [8.0, 8.0]],
        [Column("a", MORE), Column("b", MORE)],
        missing=MissingPolicy.mean_of_available(0.5),
    )
    assert with_gap.means.tolist() == [6, 6]  # a zero would give 4 for the second
    assert np.isnan(with_gap.scaled[1, 1])
    assert with_gap.raw[1] == 0  # at the mean in what is known, so at the mean in all


def test_mean_of_available_scales_up_to_all_indicators() -> None:
    result = deviations(
        [[0.0, 0.0, 0.0], [2.0, 2.0, NAN], [4.0, 4.0, 4.0], [2.0, NAN, NAN]],
        [Column(key, MORE) for key in "abc"],
        missing=MissingPolicy.mean_of_available(2 / 3),
    )
    assert result.reasons.tolist() == ["", "", "", "missing"]
    assert result.means.tolist() == [2, 2, 2]
    assert result.raw[2] == pytest.approx(np.nansum(result.scaled[2]))
    assert result.raw[1] == pytest.approx(np.nansum(result.scaled[1]) * 3 / 2)


def test_small_and_unknown_population_stay_out_and_do_not_touch_the_mean() -> None:
    result = deviations(
        [[10], [20], [900], [900]],
        [Column("a", MORE)],
        population=[1000, 1500, 999, NAN],
        minimum_population=1000,
    )
    assert result.reasons.tolist() == ["", "", "population", "population"]
    assert result.means.tolist() == [15]


def test_invalid_comes_before_population_before_missing() -> None:
    result = deviations(
        [[NAN], [NAN], [NAN], [1.0]],
        [Column("a", MORE)],
        valid=[False, True, True, True],
        population=[1, 1, 5000, 5000],
        minimum_population=1000,
    )
    assert result.reasons.tolist() == ["invalid", "population", "missing", ""]


def test_nobody_left() -> None:
    result = deviations([[NAN, 1], [2, NAN]], [Column("a", MORE), Column("b", MORE)])
    assert not result.included.any()
    assert np.isnan(result.means).all()
    assert np.isnan(result.raw).all()


def test_column_without_any_value_is_missing_not_zero() -> None:
    result = deviations(
        [[1, NAN], [3, NAN]],
        [Column("a", MORE), Column("b", MORE)],
        missing=MissingPolicy.mean_of_available(0.5),
    )
    assert np.isnan(result.scaled[:, 1]).all()
    assert not (result.sds == 0).any()
    assert result.raw.tolist() == [-2, 2]


def test_constant_column_says_nothing_and_is_flagged() -> None:
    """0.1 is no binary fraction: its mean over many areas differs from it in the last digit."""
    table = np.column_stack([np.full(1000, 0.1), np.arange(1000.0)])
    result = deviations(table, [Column("same", MORE), Column("rising", MORE)])
    assert (result.sds == 0).tolist() == [True, False]
    assert not result.scaled[:, 0].any()
    assert result.sds[0] == 0
    assert result.ranks[-1] == 1


def test_constant_among_the_included_with_gaps() -> None:
    result = deviations([[7.0, 1.0], [7.0, 2.0], [8.0, NAN]], [Column("a", MORE), Column("b", MORE)])
    assert (result.sds == 0).tolist() == [True, False]
    assert result.scaled[:2, 0].tolist() == [0, 0]


def test_ties_share_the_better_rank() -> None:
    result = deviations([[5], [9], [5], [9], [1]], [Column("a", MORE)])
    assert result.ranks.tolist() == [3, 1, 3, 1, 5]


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "keywords"),
    [
        ([[1, 2]], {}),
        ([1], {}),
        ([[float("inf")]], {}),
        ([[1]], {"valid": [True, True]}),
        ([[1]], {"minimum_population": 5}),
        ([[1]], {"minimum_population": 5, "population": [1, 2]}),
    ],
)
def test_refuses_what_does_not_fit(values: list[object], keywords: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"values must|valid must|population"):
        deviations(values, [Column("a", MORE)], **keywords)  # type: ignore[arg-type]


@pytest.mark.parametrize("weight", [0.0, -1.0, NAN, float("inf")])
def test_refuses_weights_without_meaning(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        Column("a", MORE, weight)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, NAN])
def test_refuses_shares_without_meaning(share: float) -> None:
    with pytest.raises(ValueError, match="minimum_share"):
        MissingPolicy.mean_of_available(share)


def test_refuses_no_indicator() -> None:
    with pytest.raises(ValueError, match="at least one"):
        deviations(np.empty((3, 0)), [])


# --- Laws ----------------------------------------------------------------------------------------


@given(tables)
def test_z_has_mean_0_and_sd_1_and_stays_in_bounds(table: NDArray[np.float64]) -> None:
    result = deviations(table, specs_for(table))
    areas, indicators = table.shape
    # No z of n numbers lies beyond sqrt(n - 1) (Samuelson's inequality).
    bound = np.sqrt(areas - 1) + 1e-6
    assert (np.abs(result.scaled) <= bound).all()
    assert (np.abs(result.raw) <= bound * indicators + 1e-6).all()
    assert result.scaled.mean(axis=0) == pytest.approx(np.zeros(indicators), abs=1e-6)
    assert result.scaled.std(axis=0) == pytest.approx(np.where((result.sds == 0), 0.0, 1.0), abs=1e-6)
    assert ((result.sds == 0) == (table.min(axis=0) == table.max(axis=0))).all()


@given(tables)
def test_order_of_areas_and_of_indicators_does_not_matter(table: NDArray[np.float64]) -> None:
    areas, indicators = table.shape
    rows = np.random.default_rng(areas).permutation(areas)
    columns = np.random.default_rng(indicators).permutation(indicators)
    plain = deviations(table, specs_for(table))
    mixed = deviations(table[rows][:, columns], specs_for(table))
    assert mixed.raw == pytest.approx(plain.raw[rows], abs=1e-7)
    assert mixed.scaled == pytest.approx(plain.scaled[rows][:, columns], abs=1e-7)


@given(tables, st.floats(0.1, 1000), st.floats(-1000, 1000))
def test_unit_and_origin_do_not_matter(table: NDArray[np.float64], factor: float, shift: float) -> None:
    plain = deviations(table, specs_for(table))
    assume(not (plain.sds == 0).any())
    moved = deviations(table * factor + shift, specs_for(table))
    assert moved.raw == pytest.approx(plain.raw, abs=1e-4)


@given(tables)
def test_turning_every_direction_turns_the_index(table: NDArray[np.float64]) -> None:
    more, less = deviations(table, specs_for(table, MORE)), deviations(table, specs_for(table, LESS))
    assert less.raw == pytest.approx(-more.raw, abs=1e-9)


@given(tables, st.data())
def test_more_need_never_lowers_the_own_total(table: NDArray[np.float64], data: st.DataObject) -> None:
    area = data.draw(st.integers(0, table.shape[0] - 1))
    raised = table.copy()
    raised[area, 0] += data.draw(st.floats(0.01, 1000))
    before = deviations(table, specs_for(table)).raw[area]
    assert deviations(raised, specs_for(table)).raw[area] >= before - 1e-6


@given(gappy_tables, st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_gaps(table: NDArray[np.float64], share: float) -> None:
    result = deviations(table, specs_for(table), missing=MissingPolicy.mean_of_available(share))
    present = ~np.isnan(table)
    assert (result.included == (present.mean(axis=1) >= share - 1e-9)).all()
    assert (np.isnan(result.scaled) == ~(present & result.included[:, None])).all()
    for numbers in (result.raw, result.index, result.ranks):
        assert (np.isnan(numbers) == ~result.included).all()
    assert ((result.reasons == "") == result.included).all()
    if result.included.any():
        alone = deviations(
            table[result.included], specs_for(table), missing=MissingPolicy.mean_of_available(share)
        )
        assert alone.raw == pytest.approx(result.raw[result.included])


@given(tables)
def test_both_ways_of_reckoning_agree(table: NDArray[np.float64]) -> None:
    """An invalid extra area sends the same numbers down the path for gaps."""
    plain = deviations(table, specs_for(table))
    longer = np.vstack([table, np.full((1, table.shape[1]), NAN)])
    other = deviations(longer, specs_for(table), valid=[True] * len(table) + [False])
    assert other.raw[:-1] == pytest.approx(plain.raw, abs=1e-7)
    assert other.means == pytest.approx(plain.means)


@given(tables)
def test_ranks_follow_the_totals(table: NDArray[np.float64]) -> None:
    result = deviations(table, specs_for(table))
    rounded = result.raw.round(9)
    for total, rank in zip(rounded, result.ranks, strict=True):
        assert rank == 1 + (rounded > total).sum()


def test_input_is_left_alone() -> None:
    table = np.array([[1.0, NAN], [2.0, 3.0], [4.0, 9.0]])
    before = table.copy()
    deviations(table, specs_for(table))
    deviations(table[1:], specs_for(table))
    np.testing.assert_array_equal(table, before)


# --- Classes -------------------------------------------------------------------------------------


def test_border_values_belong_to_the_side_of_zero() -> None:
    values = [-1.01, -1, 0, 1, 1.01, NAN]
    assert classify(values, [-1, 1], ["low", "middle", "high"]).tolist() == [
        "low",
        "middle",
        "middle",
        "middle",
        "high",
        "",
    ]
    assert stands_out(values, 1.0).tolist() == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("borders", "labels"), [([1, 0], "abc"), ([0], "abc"), ([0, 0], "abc"), ([NAN], "ab")]
)
def test_refuses_borders_that_do_not_rise(borders: list[float], labels: str) -> None:
    with pytest.raises(ValueError, match="border"):
        classify([1.0], borders, list(labels))


# --- A published result --------------------------------------------------------------------------


def berlin(name: str, delimiter: str = ",") -> list[dict[str, str]]:
    if not BERLIN.is_dir():
        pytest.skip(
            "needs the public MSS Berlin 2021 files in ../shared/data/berlin_mss2021, which are not here"
        )
    with (BERLIN / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def berlin_index(columns: list[str]) -> tuple[list[str], Result]:
    rows = berlin("mss_2021_index_indikatoren.csv")
    table = [
        [NAN if float(row[column]) == -9999 else float(row[column]) for column in columns] for row in rows
    ]
    valid = [row["KOM"] == "gültig" for row in rows]
    specs = [Column(column, MORE) for column in columns]
    return [row["PLR_ID"] for row in rows], deviations(table, specs, valid=valid)


@pytest.mark.parametrize(
    ("columns", "borders", "labels", "published"),
    [
        (["S1", "S3", "S4"], [-1, 1, 1.5], ["hoch", "mittel", "niedrig", "sehr niedrig"], "SI_V"),
        (["D1", "D3", "D4"], [-1, 1], ["positiv", "stabil", "negativ"], "DI_V"),
    ],
)
def test_berlin_2021_classes(
    columns: list[str], borders: list[float], labels: list[str], published: str
) -> None:
    """Monitoring Soziale Stadtentwicklung Berlin 2021: every one of the 536 valid areas."""
    keys, result = berlin_index(columns)
    expected = {
        row["PLR_ID"]: row[published] for row in berlin("mss_2021_indizes.csv") if row["KOM"] == "gültig"
    }
    classes = classify(result.index, borders, labels).tolist()
    found = {key: name for key, name, inside in zip(keys, classes, result.included, strict=True) if inside}
    assert len(found) == 536
    assert found == expected
    assert set(result.reasons.tolist()) == {"", "invalid"}


@pytest.mark.parametrize(
    ("columns", "names", "ties"),
    [
        (
            ["S1", "S3", "S4"],
            ["zS1", "zS3", "zS4", "Status-summe", "Status-Index (standardisierte Statussumme)"],
            0,
        ),
        # One area lies on a rounding tie in zD4 and with it in the sum and the index.
        (
            ["D1", "D3", "D4"],
            ["zD1", "zD3", "zD4", "Dynamik-summe", "Dynamik-Index (standardisierte Dynamik-summe)"],
            1,
        ),
    ],
)
def test_berlin_2021_z_values(columns: list[str], names: list[str], ties: int) -> None:
    keys, result = berlin_index(columns)
    published = {row["PLR-ID"]: row for row in berlin("mss_2021_z-werte_plr_published.csv", ";")}
    ours = np.column_stack([result.scaled, result.raw, result.index])
    for place, name in enumerate(names):
        off = []
        for key, number, inside in zip(keys, ours[:, place], result.included, strict=True):
            if inside and round(float(number), 2) != float(published[key][name]):
                off.append(abs(number - float(published[key][name])))
        assert len(off) <= ties, name
        assert all(difference < 0.0051 for difference in off), name
