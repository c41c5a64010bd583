"""Rings, simplification and projection of areas."""

import doctest
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring import geometry
from monitoring.geometry import (
    Projection,
    polygons_of,
    ring_area,
    ring_centroid,
    simplify_line,
    simplify_shared,
)

SQUARE = [[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]
points = st.lists(
    st.tuples(st.integers(0, 50).map(float), st.integers(0, 50).map(float)), min_size=2, max_size=30
)


def test_docstring_examples() -> None:
    assert doctest.testmod(geometry).failed == 0


def test_reads_polygons_and_closes_rings() -> None:
    plain = polygons_of({"type": "Polygon", "coordinates": [SQUARE[:-1]]})
    assert plain == polygons_of({"type": "MultiPolygon", "coordinates": [[SQUARE]]})
    assert plain[0][0][-1] == (0.0, 0.0)


@pytest.mark.parametrize(
    "shape", [{"type": "Point", "coordinates": [1, 2]}, {}, {"type": "Polygon", "coordinates": [SQUARE[:3]]}]
)
def test_refuses_other_shapes(shape: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"Polygon|four points"):
        polygons_of(shape)


def test_area_and_centroid_of_a_square() -> None:
    ring = polygons_of({"type": "Polygon", "coordinates": [SQUARE]})[0][0]
    assert ring_area(ring) == 4
    assert ring_area(ring[::-1]) == -4
    assert ring_centroid(ring) == (1, 1)
    assert ring_centroid([(3.0, 3.0)] * 4) == (3.0, 3.0)


@given(points, st.floats(0, 10))
def test_simplified_line_stays_within_tolerance(line: list[tuple[float, float]], tolerance: float) -> None:
    kept = simplify_line(line, tolerance)
    assert (kept[0], kept[-1]) == (line[0], line[-1])
    for point in line:
        nearest = min(geometry._distance(point, *pair) for pair in pairwise(kept))
        assert nearest <= tolerance + 1e-9


def test_neighbours_keep_their_common_border() -> None:
    """Two areas with a wavy border, one of them listed the other way round."""
    border = [(10 + math.sin(y) * 0.4, float(y)) for y in range(21)]
    left = [(0.0, 0.0), *border, (0.0, 20.0), (0.0, 0.0)]
    right = [(20.0, 0.0), (20.0, 20.0), *border[::-1], (20.0, 0.0)]
    (simple_left,), (simple_right,) = simplify_shared([[[left]], [[right]]], 0.6)
    shared = set(simple_left[0]) & set(simple_right[0])
    assert shared == {point for point in simple_left[0] if 5 < point[0] < 15}
    assert shared == {point for point in simple_right[0] if 5 < point[0] < 15}
    assert len(shared) < len(border)


def test_exclave_goes_but_a_small_area_stays() -> None:
    speck = [(5.0, 5.0), (5.01, 5.0), (5.01, 5.01), (5.0, 5.0)]
    big = [(float(x), float(y)) for x, y in SQUARE]
    both, alone = simplify_shared([[[big], [speck]], [[speck]]], 0.5)
    assert len(both) == 1
    assert alone == [[speck]]


def test_projection_fits_and_keeps_the_shape() -> None:
    ring = [(6.0, 50.0), (7.0, 50.0), (7.0, 51.0), (6.0, 51.0), (6.0, 50.0)]
    projection = Projection.fit([[ring]], width=400, max_height=1000, margin=5)
    assert projection.width == pytest.approx(400)
    x, y = projection.point((7.0, 50.0))
    assert (x, y) == (pytest.approx(395), pytest.approx(projection.height - 5))
    # At 50.5 degrees a degree of longitude is 0.636 of a degree of latitude.
    assert 390 / (projection.height - 10) == pytest.approx(math.cos(math.radians(50.5)))


def test_projection_refuses_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Projection.fit([], width=1, max_height=1)
    with pytest.raises(ValueError, match="extent"):
        Projection.fit([[[(1.0, 1.0)] * 4]], width=1, max_height=1)
