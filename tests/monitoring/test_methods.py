"""Methods people choose: status and dynamics together, what fills gaps, what stands out, how sure it is."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from monitoring.index import MissingPolicy
from monitoring.index_spec import FilesError
from monitoring.levels import Column, Level, Method, evaluate
from monitoring.methods import MethodSpec, Outcome, read_method, reckon, together
from monitoring.presets import PRESETS
from monitoring.scales import Aggregate, Reference, Scale

NAN = float("nan")
RULES: dict[str, Any] = {
    "indicator": [{"column": "a"}, {"column": "b", "direction": "less_need", "weight": 2}],
    "levels": {"index": {"normalise": "z"}},
    "classes": {"method": "sd", "borders": [-0.5, 0.5], "labels": ["low", "middle", "high"]},
}
BOTH: dict[str, Any] = RULES | {
    "dynamics": {
        "indicator": [{"column": "c"}],
        "levels": {"index": {"normalise": "z"}},
        "classes": {"method": "sd", "borders": [0], "labels": ["better", "worse"]},
    },
    "stands_out": ["high / worse"],
}


def spec(**changes: Any) -> MethodSpec:
    return read_method(copy.deepcopy(RULES) | changes)


def outcome(table: Any, chosen: MethodSpec, **kwargs: Any) -> Outcome:
    count = len(table)
    defaults: dict[str, Any] = {"valid": [True] * count, "population": [1000.0] * count}
    return reckon(table, chosen, **(defaults | kwargs))


def test_the_highest_class_stands_out_if_nothing_is_said() -> None:
    assert spec().outstanding == ("high",)
    assert spec().border == 0.5
    assert read_method(BOTH | {"stands_out": []}).outstanding == ("high / better", "high / worse")


def test_a_border_is_told_only_where_there_is_one() -> None:
    assert spec(stands_out=["middle", "high"]).border == -0.5
    assert spec(stands_out=["low"]).border is None
    assert read_method(BOTH).border is None
    quantiles = {"method": "quantile", "borders": [0.5], "labels": ["low", "high"]}
    assert spec(classes=quantiles).border is None


def test_status_and_dynamics_make_a_class_together() -> None:
    """a is 1, 2, 3, 3, b its mirror, so the status is -1.51, -0.30, 0.90, 0.90; c has the mean 6."""
    found = outcome([[1, 3, 9], [2, 2, 5], [3, 1, 1], [3, 1, 9]], read_method(BOTH))
    assert found.labels.tolist() == ["low / worse", "middle / better", "high / better", "high / worse"]
    assert found.outstanding.tolist() == [False, False, False, True]
    assert together("hoch", "") == "hoch"
    assert together("", "stabil") == ""


def test_an_area_takes_part_in_both_or_in_neither() -> None:
    table = [[1, 3, 9], [2, 2, NAN], [3, 1, 1], [NAN, 1, 9], [4, 4, 2]]
    found = outcome(table, read_method(BOTH))
    assert found.included.tolist() == [True, False, True, False, True]
    assert found.reasons.tolist() == ["", "missing", "", "missing", ""]
    # The area without dynamics touches neither mean nor spread of the status.
    assert found.columns("means").tolist() == pytest.approx([8 / 3, 8 / 3, 4])
    assert found.labels.tolist()[1] == ""


def test_with_one_indicator_there_is_nothing_to_weigh() -> None:
    found = outcome([[1.0], [2.0], [9.0]], spec(indicator=[{"column": "a"}]))
    assert np.isnan(found.sure.outstanding_share).all()
    assert np.isnan(found.sure.keeps_class).all()
    assert found.sure.best_rank.tolist() == [-1, -1, -1]
    assert not np.isnan(found.sure.border_distance).any()


def test_ranks_under_other_weightings_hold_the_rank_of_the_run() -> None:
    """Two areas share a rank in the run; a weighting tells them apart."""
    table = [[1, 2], [2, 1], [6, 6], [0, 0]]
    found = outcome(table, spec(indicator=[{"column": "a"}, {"column": "b"}]))
    ranks = found.results[0].ranks
    assert ranks.tolist() == [2, 2, 1, 4]
    assert (found.sure.best_rank <= ranks).all()
    assert (found.sure.worst_rank >= ranks).all()
    assert found.sure.worst_rank.tolist() == [3, 3, 1, 4]


def test_the_last_figure_fills_a_gap_and_is_marked() -> None:
    policy = {"missing_policy": "last_value", "minimum_share": 0.5}
    table = [[1, 1], [2, NAN], [3, 5], [NAN, NAN]]
    last = [[9, 9], [9, 3], [9, 9], [9, 9]]
    found = outcome(table, spec(**policy), last=last)
    assert found.included.tolist() == [True, True, True, False]  # too few of its own
    assert found.matrix[1].tolist() == [2, 3]
    assert found.columns("filled").tolist() == [[False, False], [False, True], [False, False], [False, False]]
    assert found.columns("means").tolist() == [2, 3]


def test_what_cannot_be_filled_stays_out() -> None:
    policy = {"missing_policy": "last_value", "minimum_share": 0.5}
    found = outcome([[1, 1], [2, NAN], [3, 5]], spec(**policy), last=np.full((3, 2), NAN))
    assert found.reasons.tolist() == ["", "missing", ""]
    assert not found.columns("filled").any()
    with pytest.raises(ValueError, match="last figures"):
        outcome([[1, 1], [2, NAN], [3, 5]], spec(**policy))


def test_neighbours_fill_a_gap_by_their_own_figures_only() -> None:
    """The gap of the second is the mean of 1 and 5; a neighbour that is not valid lends nothing."""
    policy = {"missing_policy": "neighbours_mean", "minimum_share": 0.5}
    table = [[1, 1], [2, NAN], [3, 5], [4, 99]]
    found = outcome(
        table, spec(**policy), neighbours=[[1], [0, 2, 3], [1], [1]], valid=[True, True, True, False]
    )
    assert found.matrix[1].tolist() == [2, 3]
    assert found.reasons.tolist() == ["", "", "", "invalid"]


def test_a_mean_of_inhabitants() -> None:
    """Means of 10 and 40 with 3 and 1 thousand people: 17.5; the spread stays that of the areas, 15."""
    method = Method([Column("a")], indicator=Scale.Z, reference=Reference.POPULATION)
    result = evaluate([[10.0], [40.0], [70.0]], method, population=[3000, 1000, NAN])
    assert result.means.tolist() == [17.5]
    assert result.sds.tolist() == [15]
    assert result.scaled[:2, 0].tolist() == [-0.5, 1.5]
    assert result.reasons.tolist() == ["", "", "population"]
    with pytest.raises(ValueError, match="population"):
        evaluate([[10.0]], method)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_published_methods_can_be_read(preset: Any) -> None:
    content = preset.content() | {
        "indicator": [{"column": "a", "domain": "x" if preset.has_domains else ""}, {"column": "b"}][:1]
    }
    if "dynamics" in content:
        content["dynamics"] = content["dynamics"] | {"indicator": [{"column": "c"}]}
    found = read_method(content)
    assert set(found.outstanding) <= set(found.labels)
    assert found.outstanding


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"classes": {}}, "classes"),
        ({"stands_out": ["nobody"]}, "stands_out"),
        ({"dynamics": BOTH["dynamics"] | {"indicator": [{"column": "a"}]}}, "twice"),
        ({"indicator": []}, "at least one"),
        ({"levels": {"index": {"normalise": "best"}}}, "'best' is not known"),
        ({"missing_policy": "zero"}, "missing_policy"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_rules_that_make_no_sense_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(FilesError, match=problem):
        spec(**changes)


# --- Laws --------------------------------------------------------------------------------------------

figure = st.integers(-1000, 1000).map(lambda number: number / 10)
tables = st.integers(3, 10).flatmap(
    lambda count: arrays(np.float64, (count, 3), elements=st.one_of(figure, figure, figure, st.just(NAN)))
)


@given(tables, st.sampled_from(["exclude", "mean_of_available", "last_value", "neighbours_mean"]))
def test_laws_of_every_policy(table: NDArray[np.float64], policy: str) -> None:
    """Whoever takes part has a class and a rank, whoever does not has neither; nothing is read as zero."""
    rules = BOTH | {"missing_policy": policy, "minimum_share": 0.5}
    found = outcome(
        table,
        read_method(rules),
        last=np.where(np.isnan(table), 7.0, np.nan),
        neighbours=[[place - 1] if place else [] for place in range(len(table))],
    )
    named = found.labels != ""
    assert (named == found.included).all()
    assert (np.isnan(found.results[0].ranks) == ~found.included).all()
    assert ((found.reasons == "") == found.included).all()
    filled = found.columns("filled")
    assert (np.isnan(table) | ~filled).all()
    assert not np.isnan(found.matrix[filled]).any()
    shares = found.sure.outstanding_share[found.included]
    assert ((shares >= 0) & (shares <= 1)).all()
    ranks = found.results[0].ranks[found.included]
    assert (found.sure.best_rank[found.included] <= ranks).all()
    assert (found.sure.worst_rank[found.included] >= ranks).all()
    if policy == "exclude":
        assert (found.included == ~np.isnan(table).any(axis=1)).all()


@given(
    st.integers(3, 8).flatmap(lambda count: arrays(np.float64, (count, 2), elements=figure)),
    st.data(),
    st.sampled_from([Scale.NONE, Scale.PERCENTILE_RANK, Scale.DEVIATION]),
)
def test_more_need_never_lowers_the_rank(table: NDArray[np.float64], data: Any, scale: Scale) -> None:
    """Where the spread does not change with it, an area whose figure rises keeps at least its rank."""
    method = Method([Column("a"), Column("b")], indicator=scale, index=Level(Aggregate.SUM, Scale.NONE))
    area = data.draw(st.integers(0, len(table) - 1))
    raised = table.copy()
    raised[area, 0] += 5
    assert evaluate(raised, method).ranks[area] <= evaluate(table, method).ranks[area]


@given(tables, st.permutations(range(3)))
def test_the_order_of_indicators_does_not_matter(table: NDArray[np.float64], order: list[int]) -> None:
    keep = MissingPolicy.mean_of_available(0.5)
    columns = [Column("a"), Column("b", weight=2), Column("c")]
    plain = evaluate(table, Method(columns, missing=keep))
    mixed = evaluate(table[:, order], Method([columns[place] for place in order], missing=keep))
    assert mixed.raw == pytest.approx(plain.raw, abs=1e-9, nan_ok=True)
