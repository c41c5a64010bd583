"""Colours of the classes: in order in grey, told apart by everybody, borders that can be seen."""

from __future__ import annotations

import doctest
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from monitoring.map_file import LOOKS
from project.common import palette
from project.common.palette import (
    INK,
    PAPER,
    SHADES,
    ZERO,
    contrast,
    is_dark,
    line_on,
    luminance,
    shade_colours,
)

STATIC = Path(__file__).resolve().parents[2] / "project" / "static" / "passgenau"
#: Least distance of neighbouring classes in lightness (L* of CIELAB, 0 to 100); 2.3 is just noticeable.
LEAST_STEP = 10.0
#: What people with red, green and blue blindness see; linear RGB.
#: Source: Viénot, Brettel, Mollon 1999 (protan, deutan); Machado et al. 2009, severity 1 (tritan).
BLINDNESS = {
    "protan": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deutan": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}


def lightness(colour: str) -> float:
    """L* of CIELAB: how light it is in grey."""
    return 116 * luminance(colour) ** (1 / 3) - 16


def linear(colour: str) -> np.ndarray:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return np.array([part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts])


def lab(rgb: np.ndarray) -> np.ndarray:
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_docstring_examples() -> None:
    assert doctest.testmod(palette).failed == 0


@pytest.mark.parametrize("count", SHADES)
def test_in_grey_the_classes_keep_order_and_distance(count: int) -> None:
    steps = [lightness(ZERO), *(lightness(colour) for colour in SHADES[count])]
    assert len(steps) == count + 1
    assert all(light - dark >= LEAST_STEP - 0.5 for light, dark in pairwise(steps)), steps


@pytest.mark.parametrize("count", SHADES)
@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_colour_blind_tell_neighbouring_classes_apart(count: int, kind: str) -> None:
    seen = [lab(np.array(BLINDNESS[kind]) @ linear(colour)) for colour in (ZERO, *SHADES[count])]
    assert all(math.dist(one, other) >= LEAST_STEP - 0.5 for one, other in pairwise(seen))
    assert all(one[0] > other[0] for one, other in pairwise(seen))


@pytest.mark.parametrize(("css", "colour"), shade_colours().items())
def test_borders_and_letters_stand_out_from_every_fill(css: str, colour: str) -> None:
    """WCAG 2.2, 1.4.11: three to one for what is needed to understand a picture."""
    assert contrast(line_on(colour), colour) >= 3, css
    assert contrast(PAPER if is_dark(colour) else INK, colour) >= 3, css


def test_the_style_sheet_has_these_colours_and_so_do_files() -> None:
    sheet = (STATIC / "shades.css").read_text(encoding="utf-8")
    assert palette.style_sheet() in sheet
    for css, colour in shade_colours().items():
        assert (LOOKS[css].fill, LOOKS[css].stroke) == (colour, line_on(colour))
