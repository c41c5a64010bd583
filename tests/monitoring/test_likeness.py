"""Which areas touch, and which are like one another."""

from __future__ import annotations

import csv
import doctest
import json
import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import likeness
from monitoring.likeness import most_alike, touching
from tests.factories import square

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def test_docstring_examples() -> None:
    assert doctest.testmod(likeness).failed == 0


def test_areas_touch_in_a_line_or_a_point() -> None:
    found = touching({"a": square(0, 0), "b": square(1, 0), "c": square(2, 1), "d": square(5, 5)})
    assert found == {"a": ["b"], "b": ["a", "c"], "c": ["b"], "d": []}


def test_parts_and_holes_touch_too() -> None:
    ring, inner = (
        square(0, 0)["coordinates"][0],
        [[7.105, 51.005], [7.11, 51.005], [7.11, 51.01], [7.105, 51.005]],
    )
    around: dict[str, Any] = {"type": "MultiPolygon", "coordinates": [[ring, inner]]}
    inside: dict[str, Any] = {"type": "Polygon", "coordinates": [inner]}
    assert touching({"around": around, "inside": inside}) == {"around": ["inside"], "inside": ["around"]}


def test_neighbours_of_muenster_are_those_of_the_reference() -> None:
    """Queen contiguity of the 45 districts, computed by libpysal."""
    boundaries = DATA / "muenster" / "muenster_stadtteile.geojson"
    expected_file = DATA / "hotspots" / "muenster_sgb2_2022_queen_neighbours.csv"
    if not (boundaries.exists() and expected_file.exists()):
        pytest.skip("needs the public boundaries of Münster in ../shared/data/muenster, which are not here")
    expected: dict[str, set[str]] = defaultdict(set)
    with expected_file.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            expected[row["id"]].add(row["neighbour"])
    features = json.loads(boundaries.read_text(encoding="utf-8"))["features"]
    found = touching({str(row["properties"]["NR"]): row["geometry"] for row in features})
    assert {key: set(keys) for key, keys in found.items()} == expected
    assert len(found) == 45


def test_likeness_worked_by_hand() -> None:
    """One indicator 0, 1, 2, 5 (mean 2, population sd 1.8708...), the other known of two areas only."""
    table: list[list[float | None]] = [[0.0, 10.0], [1.0, 30.0], [2.0, None], [5.0, None]]
    sd = math.sqrt((4 + 1 + 0 + 9) / 4)
    found = most_alike(table, 0)
    assert [alike.place for alike in found] == [2, 1, 3]
    assert found[0].distance == pytest.approx(2 / sd)
    # z of the second indicator: -1 and 1.
    assert found[1].distance == pytest.approx(math.sqrt(((1 / sd) ** 2 + 4) / 2))
    assert [alike.common for alike in found] == [1, 2, 1]


def test_areas_of_which_too_little_is_known_are_left_out() -> None:
    table: list[list[float | None]] = [[1.0, 1.0, 1.0], [1.0, None, None], [2.0, 3.0, None], [4.0, 4.0, 4.0]]
    assert [alike.place for alike in most_alike(table, 0)] == [2, 3]


@pytest.mark.parametrize("table", [[], [[]], [[None], [1.0]], [[3.0], [3.0]]])
def test_nothing_known_or_all_alike_gives_nobody(table: list[list[float | None]]) -> None:
    assert most_alike(table, 0) == []


@given(
    st.lists(st.tuples(*[st.integers(-50, 50)] * 3), min_size=2, max_size=12, unique=True),
    st.integers(min_value=1, max_value=9),
    st.integers(min_value=-20, max_value=20),
)
def test_neither_unit_nor_zero_point_matters(
    rows: list[tuple[int, int, int]], factor: int, shift: int
) -> None:
    table = [[float(value) for value in row] for row in rows]
    other = [[value * factor + shift for value in row] for row in table]
    one, two = most_alike(table, 0), most_alike(other, 0)
    assert [alike.distance for alike in one] == pytest.approx([alike.distance for alike in two], abs=1e-9)


@given(st.lists(st.tuples(*[st.integers(-50, 50)] * 2), min_size=3, max_size=10, unique=True))
def test_distance_is_the_same_both_ways(rows: list[tuple[int, int]]) -> None:
    table: list[list[float | None]] = [[float(value) for value in row] for row in rows]
    there = {alike.place: alike.distance for alike in most_alike(table, 0, count=99)}
    for place, distance in there.items():
        back = {alike.place: alike.distance for alike in most_alike(table, place, count=99)}
        assert back[0] == pytest.approx(distance)
