"""Classes of maps: borders by four methods, zero and no value apart, what the legend says."""

from __future__ import annotations

import doctest
import math
from itertools import combinations

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring import classes
from monitoring.classes import (
    Classing,
    ClassMethod,
    classing_of,
    legend_of,
    natural_borders,
    quantile_borders,
    why_fewer,
)
from project.common.formats import decimal_de
from project.common.palette import NONE_CSS, ZERO_CSS

METHODS = [method for method in ClassMethod if method is not ClassMethod.BORDER]
FIGURES = st.lists(
    st.none() | st.integers(min_value=-500, max_value=5000).map(lambda tenths: tenths / 10), max_size=40
)


def test_docstring_examples() -> None:
    assert doctest.testmod(classes).failed == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", range(3, 8))
def test_each_method_makes_at_most_the_classes_wanted(method: ClassMethod, count: int) -> None:
    values = [float(number**2) for number in range(1, 60)]
    classing = classing_of(values, method, count, places=1)
    assert classing.count == count if method is not ClassMethod.DEVIATIONS else classing.count <= count
    assert list(classing.borders) == sorted(set(classing.borders))


@given(FIGURES, st.sampled_from(METHODS), st.integers(min_value=3, max_value=7))
def test_every_figure_has_a_class_and_order_is_kept(
    values: list[float | None], method: ClassMethod, count: int
) -> None:
    classing = classing_of(values, method, count, places=1)
    numbers = sorted(value for value in values if value is not None)
    places = [classing.place(number) for number in numbers]
    assert places == sorted(places, key=lambda place: place or 0)
    assert all(place is not None and 0 <= place <= count for place in places)
    assert classing.place(None) is None
    entries = legend_of(values, classing, write=decimal_de)
    assert sum(entry.count for entry in entries) == len(values)
    assert {classing.css(value) for value in values} <= {entry.css for entry in entries}


def test_the_worth_of_methods_by_hand() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 41.0]
    assert classing_of(values, ClassMethod.QUANTILES, 3).borders == (3.0, 6.0)
    assert classing_of(values, ClassMethod.EQUAL, 4).borders == (11.0, 21.0, 31.0)
    assert classing_of(values, ClassMethod.NATURAL, 3).borders == (4.0, 8.0)
    mean, sd = 77 / 9, math.sqrt(1885 / 9 - (77 / 9) ** 2)
    assert classing_of(values, ClassMethod.DEVIATIONS, 4).borders == pytest.approx(
        (mean - sd, mean, mean + sd), abs=1e-5
    )


@given(st.lists(st.integers(min_value=0, max_value=60), min_size=1, max_size=9), st.integers(3, 4))
def test_natural_classes_are_the_best_there_are(numbers: list[int], count: int) -> None:
    """Against every possible way to cut the sorted figures."""

    def cost(parts: list[list[float]]) -> float:
        return sum(sum((x - sum(part) / len(part)) ** 2 for x in part) for part in parts)

    unique = sorted(set(numbers))
    count = min(count, len(unique))
    every = []
    for cuts in combinations(range(1, len(unique)), count - 1):
        borders = [unique[cut - 1] for cut in cuts]
        every.append(cost(parts_of(numbers, borders)))
    found = natural_borders([float(number) for number in numbers], count)
    assert cost(parts_of(numbers, found)) == pytest.approx(min(every), abs=1e-6)


def parts_of(numbers: list[int], borders: list[float] | list[int]) -> list[list[float]]:
    parts: dict[int, list[float]] = {}
    for number in numbers:
        parts.setdefault(sum(number > border for border in borders), []).append(float(number))
    return list(parts.values())


def test_zero_stands_apart_and_only_where_nothing_is_below_it() -> None:
    classing = classing_of([0.0, 0.0, 1.0, 2.0, 3.0], ClassMethod.QUANTILES, 3)
    assert (classing.place(0.0), classing.place(1.0), classing.css(0.0)) == (0, 1, ZERO_CSS)
    assert not classing_of([-1.0, 0.0, 2.0], ClassMethod.EQUAL, 3).has_zero
    assert not classing_of([0.0, 0.0], ClassMethod.EQUAL, 3).has_zero
    change = classing_of([0.0, 1.0, 2.0, 3.0], ClassMethod.EQUAL, 3, zero_is_none=False)
    assert (change.has_zero, change.place(0.0)) == (False, 1)


@pytest.mark.parametrize(
    ("values", "method", "sentence"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], ClassMethod.QUANTILES, ""),
        ([1.0, 2.0, 3.0, 4.0, None], ClassMethod.QUANTILES, "there are only 4 different figures"),
        ([0.0, 1.0, 2.0, 3.0, 4.0], ClassMethod.NATURAL, "there are only 4 different figures"),
        ([4.0, 4.0], ClassMethod.EQUAL, "One class instead of 5: there is only one figure"),
        ([6.0] * 99 + [1.0, 2.0, 3.0, 4.0, 5.0], ClassMethod.QUANTILES, " class instead of 5: many"),
        ([1.0] * 9 + [2.0, 3.0, 4.0, 5.0], ClassMethod.QUANTILES, "many areas with the same figure"),
        ([0.0] * 5 + [1.0, 1.1, 1.2, 1.3, 1.4], ClassMethod.DEVIATIONS, "no area lies so far above the mean"),
        ([1.0, 1.1, 1.2, 1.3, 1.4], ClassMethod.BORDER, ""),
        ([None], ClassMethod.EQUAL, ""),
    ],
)
def test_fewer_classes_than_chosen_are_explained(
    values: list[float | None], method: ClassMethod, sentence: str
) -> None:
    made = ClassMethod.EQUAL if method is ClassMethod.BORDER else method
    classing = classing_of(values, made, 5, places=1, zero_is_none=method is not ClassMethod.DEVIATIONS)
    with translation.override("en"):
        found = why_fewer(values, classing, method, 5)
    assert (sentence in found) if sentence else not found


def test_the_legend_names_zero_and_no_value() -> None:
    values = [0.0, 1.0, 2.0, 3.0, None]
    classing = Classing((1.0, 2.0), has_zero=True)
    with translation.override("en"):
        entries = legend_of(values, classing, write=decimal_de)
    assert [(entry.text, entry.count) for entry in entries] == [
        ("0 (none)", 1),
        ("above zero to 1", 1),
        ("above 1 to 2", 1),
        ("above 2", 1),
        ("no value shown", 1),
    ]
    assert entries[-1].css == NONE_CSS


def test_borders_are_those_the_legend_writes() -> None:
    """5.26 would be written 5.3, and a figure of 5.3 would stand in a class "above 5.3"."""
    values = [0.2, 5.3, 10.32]
    classing = classing_of(values, ClassMethod.EQUAL, 4, places=1)
    assert all(border == round(border, 1) for border in classing.borders)


def test_figures_all_alike_are_one_class() -> None:
    for method in METHODS:
        classing = classing_of([4.0, 4.0, None], method, 5)
        assert classing.borders == ()
        with translation.override("en"):
            assert [e.text for e in legend_of([4.0, 4.0], classing, write=decimal_de)] == ["all areas alike"]
    assert classing_of([None], ClassMethod.NATURAL, 5) == Classing(())
    assert [e.css for e in legend_of([None], Classing(()), write=decimal_de)] == [NONE_CSS]


@given(st.lists(st.one_of(st.none(), st.integers(-1000, 1000).map(float)), min_size=1, max_size=60))
def test_every_value_has_a_class_and_higher_is_never_lighter(values: list[float | None]) -> None:
    borders = quantile_borders(values)
    assert borders == sorted(set(borders))
    classing = Classing(tuple(borders))
    classes = [classing.place(value) for value in values]
    assert all((found is None) == (value is None) for value, found in zip(values, classes, strict=True))
    pairs = sorted(
        (value, found) for value, found in zip(values, classes, strict=True) if value is not None and found
    )
    assert [found for _, found in pairs] == sorted(found for _, found in pairs)
