"""The deviations of an area as a chart: names, bars from the middle, numbers; pure, like ``charts``."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from project.common.bars import DEVIATION_LIMIT
from project.common.formats import NO_VALUE, decimal_de, signed_de
from project.common.svg import Drawing, Line, Path, Rect, Shape, Text

_WIDTH: Final = 760.0
_NAMES: Final = 360.0
_NUMBERS: Final = 60.0
_LINE: Final = 18.0
_GAP: Final = 5.0
_HEAD: Final = 22.0
_THICK: Final = 12.0
#: Letters of a name that fit beside the bars at 14 pixels; a geometry does not know the typeface.
_LETTERS: Final = 46


@dataclass(frozen=True, slots=True)
class Deviation:
    """One bar: a name, and how far it lies from the mean (above 0 is more need); None for no value."""

    name: str
    z: float | None


def chart_words(deviations: Iterable[float | None]) -> str:
    """What stands above bars of deviations: unit and side; where one is cut off, what its tip means."""
    words = _("in standard deviations · to the right: more need")
    if any(z is not None and abs(z) > DEVIATION_LIMIT for z in deviations):
        tip = _("a bar with a tip goes on: beyond %(limit)s the number tells how far") % {
            "limit": decimal_de(DEVIATION_LIMIT, 0)
        }
        words = f"{words} · {tip}"
    return words


def deviation_chart(rows: Sequence[Deviation], *, title: str, has_directions: bool = True) -> Drawing:
    """Draw deviations one below the other, all on the same scale.

    Args:
        rows: At least one, in the order they are drawn.
        title: What they have in common, such as the domain.
        has_directions: Whether "less need" and "more need" stand above; once in a row of charts is enough.

    Returns:
        A drawing whose description tells every number.

    Raises:
        ValueError: There are no rows.
    """
    if not rows:
        raise ValueError("a chart of deviations needs rows")
    left, right = _NAMES + 12, _WIDTH - _NUMBERS
    middle = (left + right) / 2
    shapes: list[Shape] = []
    y = 4.0
    if has_directions:
        y = _HEAD
        shapes = [
            Text(middle - 8, 13, _("less need"), "pg-chart-text pg-chart-text--muted", "end"),
            Text(middle + 8, 13, _("more need"), "pg-chart-text pg-chart-text--muted"),
        ]
    top = y - 4
    for row in rows:
        names = textwrap.wrap(row.name, _LETTERS) or [""]
        tall = len(names) * _LINE + _GAP
        for place, name in enumerate(names):
            shapes.append(Text(0, y + _GAP / 2 + place * _LINE + 13.5, name, "pg-chart-text"))
        shapes += _bar(row.z, left=left, right=right, y=y + tall / 2 - _THICK / 2)
        text = NO_VALUE if row.z is None else signed_de(row.z)
        shapes.append(Text(_WIDTH, y + tall / 2 + 5, text, "pg-chart-text", "end"))
        y += tall
    shapes.append(Line(middle, top, middle, y, "pg-bar__axis"))
    numbers = "; ".join(f"{row.name}: {NO_VALUE if row.z is None else signed_de(row.z)}" for row in rows)
    description = _("Deviation in standard deviations, above 0 is more need. %(numbers)s") % {
        "numbers": numbers
    }
    return Drawing(_WIDTH, y + 2, title, description, tuple(shapes), css="pg-deviations", uid="deviations")


def _bar(z: float | None, *, left: float, right: float, y: float) -> list[Shape]:
    middle, reach = (left + right) / 2, (right - left) / 2
    shapes: list[Shape] = [Rect(left, y, right - left, _THICK, "pg-bar__ground")]
    if z is None:
        return [Rect(left + 0.5, y, right - left - 1, _THICK, "pg-bar__none")]
    length = min(abs(z), DEVIATION_LIMIT) / DEVIATION_LIMIT * reach
    kind, start = ("more", middle) if z >= 0 else ("less", middle - length)
    shapes.append(Rect(start, y, length, _THICK, f"pg-bar__value pg-bar__value--{kind}"))
    if abs(z) > DEVIATION_LIMIT:
        tip, back = (right, right - 8) if z > 0 else (left, left + 8)
        arrow = ((back, y), (tip, y + _THICK / 2), (back, y + _THICK))
        shapes.append(Path((arrow,), "pg-bar__arrow"))
    return shapes
