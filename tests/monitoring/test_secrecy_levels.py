"""Statistical secrecy over levels of areas and for rates; attacked with all that is published."""

from __future__ import annotations

import itertools
import random
from collections.abc import Hashable, Mapping

import pytest

from monitoring.secrecy import (
    LevelProtection,
    count_behind,
    is_rest_small,
    protect_levels,
    stand_in,
)
from tests.monitoring.attacker import Sum, possible, worked_out

Tree = dict[Hashable, Hashable | None]


def tree_of(shape: tuple[int, ...]) -> tuple[Tree, list[str]]:
    """Municipalities with so many areas each."""
    parents: Tree = {}
    leaves = []
    for number, size in enumerate(shape):
        parents[f"M{number}"] = None
        for place in range(size):
            leaves.append(f"M{number}-{place}")
            parents[leaves[-1]] = f"M{number}"
    return parents, leaves


def added_up(parents: Tree, leaves: Mapping[str, int]) -> dict[Hashable, float | None]:
    values: dict[Hashable, float | None] = {}
    for key in parents:
        below = [leaves[leaf] for leaf in leaves if parents[leaf] == key]
        values[key] = leaves[key] if key in leaves else sum(below)  # type: ignore[index]
    return values


def published_sums(
    parents: Tree, values: Mapping[Hashable, float | None], found: LevelProtection[Hashable]
) -> list[Sum]:
    """Each area above is the sum of those below; the means tell the total of each level."""
    sums: list[Sum] = []
    tops = [key for key, parent in parents.items() if parent is None]
    for top in tops:
        below = {key: 1.0 for key, parent in parents.items() if parent == top}
        if below:
            sums.append((below | {top: -1.0}, 0.0))
    if not found.open_areas:
        total = float(sum(values[key] or 0 for key in tops))
        sums.append((dict.fromkeys(tops, 1.0), total))
    return sums


def shown_of(
    values: Mapping[Hashable, float | None], found: LevelProtection[Hashable]
) -> dict[Hashable, float | None]:
    return {key: None if key in found.hidden else value for key, value in values.items()}


def test_the_figure_above_goes_with_two_small_ones() -> None:
    """2 and 2 in M0 were both hidden, but the page of M0 said 4."""
    parents, _leaves = tree_of((2, 2))
    values = added_up(parents, {"M0-0": 2, "M0-1": 2, "M1-0": 10, "M1-1": 20})
    found = protect_levels(values, parents, threshold=3)
    assert {"M0", "M0-0", "M0-1", "M1"} <= found.hidden
    assert found.open_areas == {"M0-0", "M0-1"}


def test_a_hidden_figure_cannot_be_added_up_from_below() -> None:
    """M1 is small, so M0 is hidden with it; were all areas of M0 shown, their sum would be M0."""
    parents: Tree = {"M0": None, "M1": None, "M2": None, "a": "M0", "b": "M0"}
    found = protect_levels({"M0": 12, "M1": 2, "M2": 90, "a": 5, "b": 7}, parents, threshold=3)
    assert found.hidden == {"M0", "M1", "a", "b"}


def test_a_level_without_figures_is_passed_over() -> None:
    parents: Tree = {"state": None, "district": "state", "a": "district", "b": "district"}
    found = protect_levels({"state": 3, "district": None, "a": 1, "b": 2}, parents, threshold=3)
    assert found.hidden == {"state", "a", "b"}


def test_rates_without_a_total_need_no_companions() -> None:
    parents: Tree = {"a": None, "b": None, "c": None}
    found = protect_levels({"a": 2, "b": 50, "c": 70}, parents, is_total_shown=False, threshold=3)
    assert found == LevelProtection(frozenset({"a"}), frozenset())


def test_areas_in_a_circle_do_not_hold_it_up() -> None:
    assert protect_levels({"a": 1, "b": 9}, {"a": "b", "b": "a"}, threshold=3).hidden >= {"a"}


@pytest.mark.parametrize("shape", [(2, 2), (1, 2), (3, 5, 4), (1, 1, 4), (8, 6, 7, 5)])
def test_a_linear_programme_works_out_no_small_count(shape: tuple[int, ...]) -> None:
    draw = random.Random(str(shape))
    parents, leaves = tree_of(shape)
    for _round in range(12):
        values = added_up(
            parents, {leaf: draw.choice([0, 0, 1, 2, 3, 4, draw.randint(5, 80)]) for leaf in leaves}
        )
        found = protect_levels(values, parents, threshold=3)
        shown = shown_of(values, found)
        assert not any(value in {1, 2} for value in shown.values())
        told = worked_out(shown, published_sums(parents, values, found))
        assert not {key for key in told if values[key] in {1, 2}}, (values, found)


def test_the_attacker_is_no_straw_man() -> None:
    """Hiding each small count alone is not enough, and the programme proves it."""
    shown: dict[Hashable, float | None] = {"a": None, "b": 5.0, "c": 9.0}
    assert possible(shown, [({"a": 1, "b": 1, "c": 1}, 16.0)]) == {"a": (2.0, 2.0)}


@pytest.mark.parametrize("shape", [(2, 2), (1, 2)])
def test_knowing_the_rule_does_not_help_over_two_levels(shape: tuple[int, ...]) -> None:
    """All tables of areas up to 5: none leaves one possibility for a hidden cell."""
    parents, leaves = tree_of(shape)
    candidates: dict[object, list[dict[Hashable, float | None]]] = {}
    for counts in itertools.product(range(6), repeat=len(leaves)):
        values = added_up(parents, dict(zip(leaves, counts, strict=True)))
        found = protect_levels(values, parents, threshold=3)
        total = None if found.open_areas else sum(counts)
        candidates.setdefault((tuple(shown_of(values, found).items()), total), []).append(values)
    for (cells, _total), tables in candidates.items():  # type: ignore[misc]
        for key, shown in cells:  # type: ignore[has-type]
            if shown is None:
                assert len({table[key] for table in tables}) > 1, (cells, tables)


# --- Rates -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "base", "per", "count"),
    [
        (0.6, 2586, 1000, 2),  # per 1,000 inhabitants: one or two people
        (0.01, 900, 100, 1),
        (0, 900, 100, 0),
        (12.5, 800, 100, 100),
        (None, 800, 100, None),
        (12.5, None, 100, None),
        (12.5, 800, None, None),
        (-3.0, 800, 100, None),
    ],
)
def test_the_count_behind_a_rate(
    value: float | None, base: float | None, per: int | None, count: int | None
) -> None:
    assert count_behind(value, base=base, per=per) == count


def test_a_share_of_almost_all_names_the_few_others() -> None:
    assert is_rest_small(99.9, base=1000, per=100, threshold=3)
    assert not is_rest_small(99.0, base=1000, per=100, threshold=3)
    assert not is_rest_small(100, base=1000, per=100, threshold=3)
    assert not is_rest_small(999.0, base=1000, per=1000, threshold=3)


def test_what_enters_for_a_secret_rate_is_the_same_for_one_and_two() -> None:
    one, two = (stand_in(value, base=2000, per=1000, threshold=3) for value in (0.5, 1.0))
    assert one == two == 0.75
