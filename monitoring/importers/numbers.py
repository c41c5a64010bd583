"""Numbers and signs as people type them: decimal comma or point by column, signs of statistics."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from project.common.formats import (
    SIGN_LATER,
    SIGN_LIMITED,
    SIGN_NOT_MEANINGFUL,
    SIGN_NOTHING,
    SIGN_UNCERTAIN,
    SIGN_UNKNOWN,
)
from project.common.importing import Cell, CellKind

# Spellings of the signs that office programs make of them.
SIGNS: Final = {
    "-": SIGN_NOTHING,
    "–": SIGN_NOTHING,
    "−": SIGN_NOTHING,
    "—": SIGN_NOTHING,
    ".": SIGN_UNKNOWN,
    "•": SIGN_UNKNOWN,
    "/": SIGN_UNCERTAIN,
    "x": SIGN_NOT_MEANINGFUL,
    "X": SIGN_NOT_MEANINGFUL,
    "...": SIGN_LATER,
    "…": SIGN_LATER,
    "()": SIGN_LIMITED,
    "( )": SIGN_LIMITED,
}
# Blanks that group thousands: no-break, narrow no-break, thin.
_BLANKS = re.compile("[\u00a0\u202f\u2009 ](?=[0-9]{3}(?:[^0-9]|$))")
_COMMA_NUMBER = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?")
_POINT_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")
_MAYBE_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")


class Separator(StrEnum):
    """What parts the decimals in a column of texts."""

    COMMA = ","
    POINT = "."


@dataclass(frozen=True, slots=True)
class Convention:
    """How the texts of one column are to be read.

    Attributes:
        separator: Decimal comma unless something shows a decimal point.
        comma: First cell that shows a decimal comma.
        point: First cell that shows a decimal point; with ``comma`` the column is mixed.
        doubtful: First cell such as 1.234, if nothing in the column shows how to read it.
    """

    separator: Separator
    comma: Cell | None = None
    point: Cell | None = None
    doubtful: Cell | None = None

    @property
    def is_mixed(self) -> bool:
        """Whether both stand in one column."""
        return self.comma is not None and self.point is not None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of official statistics: "-" is exactly none (0), the other signs have no number."""

    value: Decimal | None
    sign: str = ""


def find_convention(cells: Iterable[Cell]) -> Convention:
    """Find out how the texts of one column write decimals.

    Args:
        cells: All cells below the heading; only texts count, numbers of Excel are clear.
    """
    comma = point = doubtful = None
    for cell in cells:
        if cell.kind is not CellKind.TEXT:
            continue
        shown = _separator_shown(_bare(cell.text)[0])
        if shown is Separator.COMMA:
            comma = comma or cell
        elif shown is Separator.POINT:
            point = point or cell
        elif shown == "doubtful":
            doubtful = doubtful or cell
    if comma or point:
        doubtful = None
    return Convention(Separator.POINT if point and not comma else Separator.COMMA, comma, point, doubtful)


def _separator_shown(text: str) -> Separator | str | None:
    """What a text shows about its column; None for nothing (whole numbers, signs, words)."""
    if not re.fullmatch(r"[0-9.,]*[0-9][0-9.,]*", text):
        return None
    commas, dots = text.count(","), text.count(".")
    if commas and dots:
        return Separator.COMMA if text.rindex(",") > text.rindex(".") else Separator.POINT
    if commas:
        return Separator.COMMA if commas == 1 else Separator.POINT
    if dots > 1:
        return Separator.COMMA
    if dots:
        return "doubtful" if _MAYBE_THOUSANDS.fullmatch(text) else Separator.POINT
    return None


def read_figure(text: str, separator: Separator, *, percent_sign: bool = False) -> Figure | None:
    """Read a text as number or sign.

    Args:
        text: Trimmed text of a cell, not empty.
        separator: Decimal separator of its column.
        percent_sign: Whether "12 %" is allowed.

    Returns:
        The figure; None if the text is neither.

        >>> read_figure("1.234,5", Separator.COMMA)
        Figure(value=Decimal('1234.5'), sign='')
        >>> read_figure("-", Separator.COMMA), read_figure("(12,3)", Separator.COMMA)
        (Figure(value=Decimal('0'), sign='-'), Figure(value=Decimal('12.3'), sign='()'))
    """
    sign = SIGNS.get(text)
    if sign is not None:
        return None if sign == SIGN_LIMITED else Figure(Decimal(0) if sign == SIGN_NOTHING else None, sign)
    bare, is_negative, is_limited, has_percent = _bare(text)
    if has_percent and not percent_sign:
        return None
    pattern = _COMMA_NUMBER if separator is Separator.COMMA else _POINT_NUMBER
    if not pattern.fullmatch(bare):
        return None
    thousands = "." if separator is Separator.COMMA else ","
    number = Decimal(bare.replace(thousands, "").replace(separator.value, "."))
    return Figure(-number if is_negative else number, SIGN_LIMITED if is_limited else "")


def _bare(text: str) -> tuple[str, bool, bool, bool]:
    """The digits and separators of a text, and whether it had a minus, brackets, a percent sign."""
    has_percent = text.endswith("%")
    text = text.removesuffix("%").strip()
    is_limited = text.startswith("(") and text.endswith(")")
    if is_limited:
        text = text[1:-1].strip()
    is_negative = text.startswith(("-", "−", "–"))
    if is_negative or text.startswith("+"):
        text = text[1:].strip()
    return _BLANKS.sub("", text), is_negative, is_limited, has_percent
