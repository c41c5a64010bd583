"""Pictures of money: who pays which share, year by year. Data to geometry, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from measures.money import percent_of
from measures.reports.drawings import fitted
from project.common.formats import percent_de
from project.common.palette import SHADES, is_dark, shade_css
from project.common.svg import Drawing, Line, Rect, Shape, Text

#: Width of a picture that fills the column, in picture units.
_WIDTH: Final = 760.0
_LABELS: Final = 110.0
_ROW: Final = 30.0
_BAR: Final = 20.0
#: A part narrower than this has no room for its number.
_ROOM: Final = 52.0
_LEGEND_ROW: Final = 24.0
_LEGEND_COLUMNS: Final = 3
_LEAST_CLASSES: Final = 3


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A bar: its name, and an amount for each of the parts."""

    text: str
    amounts: tuple[Decimal, ...]


def share_bars(title: str, names: Sequence[str], rows: Sequence[ShareRow]) -> Drawing:
    """Bars of one length, divided by who pays: shares are written in them, and in the description.

    Args:
        title: What is divided.
        names: Of the parts, from left to right.
        rows: From top to bottom; those without money are left empty.
    """
    count = len(names)
    looks = [_look(place, count) for place in range(1, count + 1)]
    shapes: list[Shape] = []
    told = []
    for number, row in enumerate(rows):
        top = number * _ROW
        shapes.append(Text(0, top + 20, fitted(row.text, _LABELS - 10), "pg-chart-text"))
        whole, x = sum(row.amounts), _LABELS
        shares = []
        for name, amount, (css, is_light) in zip(names, row.amounts, looks, strict=True):
            percent = percent_of(amount, Decimal(whole))
            if not percent:
                continue
            wide = float(percent) / 100 * (_WIDTH - _LABELS)
            shapes.append(Rect(x, top + 5, wide, _BAR, css))
            text = percent_de(percent)
            if wide >= _ROOM:
                letters = "pg-map__mark pg-map__mark--light" if is_light else "pg-map__mark"
                shapes.append(Text(x + wide / 2, top + 20, text, letters, anchor="middle"))
            shares.append(f"{name} {text}")
            x += wide
        told.append(f"{row.text}: {', '.join(shares) or '–'}")
    high = len(rows) * _ROW
    shapes.append(Line(_LABELS, 0, _LABELS, high, "pg-axis"))
    column = _WIDTH / _LEGEND_COLUMNS
    for place, (name, (css, _is_light)) in enumerate(zip(names, looks, strict=True)):
        x = place % _LEGEND_COLUMNS * column
        y = high + 6 + place // _LEGEND_COLUMNS * _LEGEND_ROW
        shapes += [
            Rect(x, y + 5, 14, 14, css),
            Text(x + 22, y + 17, fitted(name, column - 30), "pg-chart-text"),
        ]
    high += 6 + -(-count // _LEGEND_COLUMNS) * _LEGEND_ROW
    return Drawing(_WIDTH, high, title, "; ".join(told), tuple(shapes), uid="shares")


def _look(place: int, count: int) -> tuple[str, bool]:
    """Class name of a part, and whether letters on it are light; the first is the darkest."""
    most = max(SHADES)
    shades = min(max(count, _LEAST_CLASSES), most)
    css = shade_css(count + 1 - place, count)
    return css, is_dark(SHADES[shades][int(css.rsplit("-", 1)[1]) - 1])
