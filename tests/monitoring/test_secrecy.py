"""Statistical secrecy, tested with an attacker who knows the rule, the total and all cells that are shown."""

import doctest
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import secrecy
from monitoring.secrecy import Protection, Shown, protect, shown_value

counts = st.lists(st.one_of(st.none(), st.integers(0, 9)), min_size=1, max_size=8)


def line(values: list[int | None]) -> dict[int, float | None]:
    return dict(enumerate(values))


def test_docstring_examples() -> None:
    assert doctest.testmod(secrecy).failed == 0


@pytest.mark.parametrize("value", [1, 2])
def test_small_counts_are_never_shown(value: int) -> None:
    assert shown_value(value, is_count=True) == Shown(None, ".", is_secret=True)


@pytest.mark.parametrize("value", [0, 3, 250])
def test_zero_and_larger_counts_are_shown(value: int) -> None:
    assert shown_value(value, is_count=True) == Shown(value)


def test_a_rate_is_shown_unless_it_is_hidden() -> None:
    assert shown_value(1.5, is_count=False) == Shown(1.5)
    assert shown_value(1.5, is_count=False, is_hidden=True) == Shown(None, ".", is_secret=True)


def test_a_missing_figure_keeps_its_sign_and_is_no_secret() -> None:
    assert shown_value(None, "/", is_count=True, is_hidden=True) == Shown(None, "/")


def test_the_threshold_comes_from_the_settings(settings) -> None:
    settings.SECRECY_THRESHOLD = 5
    assert shown_value(4, is_count=True).is_secret
    assert not shown_value(5, is_count=True).is_secret


def test_a_single_small_count_takes_the_next_larger_with_it() -> None:
    assert protect({"a": 1, "b": 12, "c": 5, "d": 0}) == Protection(frozenset({"a", "c"}), True)


def test_two_small_counts_are_not_safe_by_themselves() -> None:
    """1 and 1 with a known total of 2 would both be found out."""
    assert protect({"a": 1, "b": 1, "c": 40}).hidden == {"a", "b", "c"}


def test_equal_companions_go_together() -> None:
    """Were only one of two equal cells hidden, their order would tell which is the small one."""
    assert protect({"a": 3, "b": 3, "c": 1, "d": 7}).hidden == {"a", "b", "c"}


def test_zeros_serve_where_nothing_larger_exists() -> None:
    assert protect({"a": 2, "b": 0, "c": None}) == Protection(frozenset({"a", "b"}), True)


def test_without_a_companion_the_total_must_not_be_shown() -> None:
    assert protect({"a": 2, "b": None}) == Protection(frozenset({"a"}), False)


def test_nothing_is_hidden_without_need() -> None:
    assert protect({"a": 0, "b": 3, "c": None}) == Protection(frozenset(), True)


def test_each_group_with_a_total_of_its_own_is_protected() -> None:
    values = {"a1": 1, "a2": 30, "a3": 8, "b1": 4, "b2": 9}
    groups = [["a1", "a2", "a3"], ["b1", "b2"]]
    assert protect(values, groups=groups).hidden == {"a1", "a3"}


@given(counts)
def test_every_small_count_is_hidden_and_never_alone(values: list[int | None]) -> None:
    protection = protect(line(values), threshold=3)
    small = {key for key, value in line(values).items() if value in {1, 2}}
    assert small <= protection.hidden
    if small and protection.is_total_safe:
        assert len(protection.hidden) > len(small)
    if not small:
        assert protection.hidden == frozenset()


def observed(values: tuple[int, ...]) -> tuple[object, ...]:
    """All that is published of a line: the cells shown, and the total where it may be shown."""
    protection = protect(line(list(values)), threshold=3)
    cells = tuple(None if key in protection.hidden else value for key, value in enumerate(values))
    return (cells, sum(values) if protection.is_total_safe else None)


@pytest.mark.parametrize("length", [2, 3, 4, 5])
def test_an_attacker_who_knows_the_rule_finds_no_hidden_count(length: int) -> None:
    """All lines of counts up to 6 (5 for long ones): no published line leaves one possibility for a cell."""
    highest = 6 if length < 5 else 5
    possible: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for values in itertools.product(range(highest + 1), repeat=length):
        possible.setdefault(observed(values), []).append(values)
    for (cells, _total), candidates in possible.items():
        for place, shown in enumerate(cells):  # type: ignore[arg-type]
            if shown is None:
                assert len({values[place] for values in candidates}) > 1, (cells, candidates)
