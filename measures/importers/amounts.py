"""Amounts and rates as lists write them: German or English, never guessed where both would fit.

What is meant is found out for a whole column; a column that writes both ways, or a number that can be read in
two ways and that nothing else in its column explains, is a remark and no number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from project.common.importing import Cell, CellKind

COMMA: Final = ","
POINT: Final = "."
CENT: Final = Decimal("0.01")
#: More than the whole ESF+ of all countries in seven years.
MOST: Final = Decimal(10) ** 11
_DOUBTFUL: Final = "?"
_CURRENCY: Final = re.compile(r"€|\beuro?\b", re.IGNORECASE)
# Blanks that group thousands: plain, no-break, narrow no-break, thin.
_BLANKS: Final = re.compile("[\u00a0\u202f\u2009 ](?=[0-9]{3}(?:[^0-9]|$))")
_GROUPED: Final = {
    COMMA: re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?"),
    POINT: re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"),
}
_MINUS: Final = ("-", "−", "–")
_SPACES: Final = " \u00a0\u202f"
_OTHER: Final = {COMMA: POINT, POINT: COMMA}
_LIKE_THOUSANDS: Final = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_RATE: Final = re.compile(r"[0-9]{1,3}(?:[.,][0-9]+)?")


class WrongNumberError(ValueError):
    """The cell holds no number that can be taken; ``code`` and ``params`` say why."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Writing:
    """How a column writes decimals.

    Attributes:
        separator: What parts the decimals; None if nothing in the column shows it.
        shown: The cell that shows it.
    """

    separator: str | None = None
    shown: Cell | None = None


def writing_of(cells: Iterable[Cell]) -> Writing:
    """What the first cell that leaves no doubt shows of its column.

    >>> writing_of([Cell("1.234", 2, 1), Cell("0,50", 3, 1)]).separator
    ','
    """
    for cell in cells:
        if cell.kind is CellKind.TEXT:
            separator = _separator_of(_bare(cell.text)[0])
            if separator in _GROUPED:
                return Writing(separator, cell)
    return Writing()


def _separator_of(text: str) -> str | None:
    """What parts the decimals of a number; "?" if it can be read in two ways, None if nothing shows it."""
    if not re.fullmatch(r"[0-9.,]*[0-9][0-9.,]*", text):
        return None
    found = [sign for sign in (COMMA, POINT) if sign in text]
    if not found:
        return None
    if len(found) == 2:
        return COMMA if text.rindex(COMMA) > text.rindex(POINT) else POINT
    (sign,) = found
    if text.count(sign) > 1:  # thousands
        return _OTHER[sign]
    return _DOUBTFUL if _LIKE_THOUSANDS.fullmatch(text) else sign


def _bare(text: str) -> tuple[str, bool]:
    """Digits and separators without currency and blanks, and whether it is below zero."""
    text = _CURRENCY.sub("", text).strip()
    # The sign behind the number is how bookkeeping programs write it.
    is_negative = _has_minus(text) or (text.startswith("(") and text.endswith(")"))
    text = text.strip("-−–+() ")
    return _BLANKS.sub("", text), is_negative


def amount_of(cell: Cell, writing: Writing) -> Decimal:
    """The euros of a cell, to the cent.

    Args:
        cell: Not empty.
        writing: Of its column.

    Raises:
        WrongNumberError: ``number_text``, ``negative``, ``two_readings``, ``mixed_decimals``, ``cents``,
            ``amount_large``.

    >>> amount_of(Cell("1.234,56 €", 2, 1), Writing(COMMA))
    Decimal('1234.56')
    """
    if cell.number is not None:
        number = cell.number
    else:
        bare, is_negative = _bare(cell.text)
        number = _read(bare, cell, writing)
        if is_negative and number:
            raise WrongNumberError("negative")
    if number < 0:
        raise WrongNumberError("negative")
    if number > MOST:
        raise WrongNumberError("amount_large")
    rounded = number.quantize(CENT, rounding=ROUND_HALF_UP)
    # Excel keeps what it reckoned, with digits nobody sees; in a text they were written on purpose.
    if rounded != number and cell.kind is CellKind.TEXT:
        if _LIKE_THOUSANDS.fullmatch(_bare(cell.text)[0]):
            raise _two_readings(_bare(cell.text)[0])
        raise WrongNumberError("cents")
    return rounded


def _read(text: str, cell: Cell, writing: Writing) -> Decimal:
    own = _separator_of(text)
    if own == _DOUBTFUL:
        if writing.separator is None:
            raise _two_readings(text)
        own = writing.separator
    elif own is not None and writing.separator is not None and own != writing.separator:
        assert writing.shown is not None
        raise WrongNumberError(
            "mixed_decimals", other=writing.shown.row, example=writing.shown.text, sign=writing.separator
        )
    separator = own or COMMA
    if not _GROUPED[separator].fullmatch(text):
        raise WrongNumberError("number_text")
    return Decimal(text.replace(_OTHER[separator], "").replace(separator, "."))


def _two_readings(text: str) -> WrongNumberError:
    whole = text.replace(COMMA, "").replace(POINT, "")
    return WrongNumberError("two_readings", whole=whole, decimal=text.replace(POINT, COMMA))


@dataclass(frozen=True, slots=True)
class Rates:
    """How a column writes rates.

    Attributes:
        is_share: Whether it writes shares of one (0,5) and not percent (50).
        is_doubtful: Whether nothing but ones and zeros stands there: 1 may be 1 % or all of it.
    """

    is_share: bool = False
    is_doubtful: bool = False


def rates_of(cells: Iterable[Cell]) -> Rates:
    """Whether a column writes 0,5 or 50.

    >>> rates_of([Cell("0.5", 2, 1), Cell("1", 3, 1)])
    Rates(is_share=True, is_doubtful=False)
    """
    plain = [number for cell in cells if (number := _rate(cell.text)[0]) is not None and "%" not in cell.text]
    if any(number > 1 for number in plain):
        return Rates()
    if any(0 < number < 1 for number in plain):
        return Rates(is_share=True)
    return Rates(is_doubtful=any(number == 1 for number in plain))


def _rate(text: str) -> tuple[Decimal | None, bool]:
    """The number of a rate and whether it is below zero; None for what is no number."""
    is_negative = _has_minus(text.replace("%", "").strip(_SPACES))
    bare = text.strip(f"-−–+%{_SPACES}")
    if not _RATE.fullmatch(bare):
        return None, is_negative
    return Decimal(bare.replace(COMMA, POINT)), is_negative


def percent_of_rate(cell: Cell, rates: Rates) -> Decimal:
    """The percent of a cell, 0 to 100 with two places.

    Raises:
        WrongNumberError: ``number_text``, ``negative``, ``over_hundred``, ``rate_mixed``, ``rate_doubtful``,
            ``rate_digits``.

    >>> percent_of_rate(Cell("0,5", 2, 1), Rates(is_share=True)), percent_of_rate(Cell("50 %", 2, 1), Rates())
    (Decimal('50.00'), Decimal('50.00'))
    """
    number, is_negative = _rate(cell.text)
    if number is None:
        raise WrongNumberError("number_text")
    if is_negative and number:
        raise WrongNumberError("negative")
    if "%" not in cell.text:
        if rates.is_doubtful and number == 1:
            raise WrongNumberError("rate_doubtful")
        if rates.is_share:
            number *= 100
        elif 0 < number < 1:
            raise WrongNumberError("rate_mixed", percent=_plain(number * 100), small=_plain(number))
    if number > 100:
        raise WrongNumberError("over_hundred")
    rounded = number.quantize(CENT, rounding=ROUND_HALF_UP)
    if rounded != number and cell.kind is CellKind.TEXT:
        raise WrongNumberError("rate_digits")
    return rounded


def _has_minus(text: str) -> bool:
    return text.startswith(_MINUS) or text.endswith(_MINUS)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(POINT, COMMA)
