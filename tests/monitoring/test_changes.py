import doctest

from hypothesis import given
from hypothesis import strategies as st

from monitoring import changes
from monitoring.changes import unusual_changes

figure = st.integers(-1000, 1000)


def test_docstring_examples() -> None:
    assert doctest.testmod(changes).failed == 0


def test_a_lone_jump_among_equal_changes_sticks_out() -> None:
    assert unusual_changes({"a": 0.1, "b": 0.1, "c": 0.1, "d": 0.1, "e": 51.0}) == {"e"}


def test_few_areas_say_nothing() -> None:
    assert unusual_changes({"a": 0.0, "b": 0.1, "c": 0.1, "d": 90.0}) == set()


def test_an_even_spread_has_no_outlier() -> None:
    assert unusual_changes({number: float(number) for number in range(20)}) == set()


def test_no_change_anywhere_is_usual() -> None:
    assert unusual_changes(dict.fromkeys(range(9), 0.0)) == set()


@given(st.lists(figure, min_size=5, max_size=30), figure)
def test_moving_all_areas_alike_changes_nothing(numbers: list[int], shift: int) -> None:
    found = unusual_changes({key: float(value) for key, value in enumerate(numbers)})
    assert unusual_changes({key: float(value + shift) for key, value in enumerate(numbers)}) == found
