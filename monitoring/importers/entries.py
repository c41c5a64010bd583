"""One figure typed into one field: judged by itself, with a question where it can be read in two ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from monitoring.importers.form import RequestedIndicator
from monitoring.importers.issues import describe
from monitoring.importers.numbers import SIGNS, Figure, Separator, read_figure
from project.common.formats import SIGN_LIMITED

#: Figures of districts have at most ten digits before the decimal point.
_TOO_BIG: Final = Decimal(10) ** 12
#: Nobody groups digits behind a zero: "0.125" is a decimal number.
_ZERO_IN_FRONT: Final = re.compile(r"[^0-9]*0[0-9]*[.,]")


class EntryError(Exception):
    """An entry that cannot be taken as it is.

    Attributes:
        code: Key of ``monitoring.importers.issues.MESSAGES``.
        params: What the sentence names.
    """

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    @property
    def message(self) -> str:
        """The sentence in the current language, saying what to do."""
        return describe(self.code, self.params)


def implausible(value: Decimal, indicator: RequestedIndicator) -> str:
    """Why a number cannot be a figure of an indicator, as code; "" if it can.

    Args:
        value: The number.
        indicator: What it would be a figure of.
    """
    if abs(value) >= _TOO_BIG:
        return "too_big"
    if value < 0 and not indicator.allows_negative:
        return "negative"
    if value > 100 and indicator.is_percent:
        return "above_100"
    if indicator.is_count and value != value.to_integral_value():
        return "not_whole"
    return ""


def read_entry(text: str, indicator: RequestedIndicator) -> Figure | None:
    """Read what was typed into a field, in German or English form, whatever stands beside it.

    A comma parts the decimals, as everywhere in German, unless the entry shows that it groups thousands
    ("1,234.5"). A single dot with three digits behind it may mean both and is asked about, except for
    counts, which have no decimals.

    Args:
        text: What was typed.
        indicator: What it is a figure of.

    Returns:
        The figure; None if nothing was typed.

    Raises:
        EntryError: ``not_a_number``, ``two_readings``, ``perhaps_meant`` and the codes of ``implausible``.
    """
    text = text.strip()
    if not text:
        return None
    figure = _figure(text, indicator)
    code = "" if figure.value is None else implausible(figure.value, indicator)
    if code:
        raise EntryError(code, value=text)
    return figure


def _figure(text: str, indicator: RequestedIndicator) -> Figure:
    by_separator = {
        separator: read_figure(text, separator, percent_sign=indicator.is_percent)
        for separator in _possible(text)
    }
    comma, point = (by_separator.get(separator) for separator in (Separator.COMMA, Separator.POINT))
    if comma is None and point is None:
        raise EntryError("not_a_number", value=text)
    if comma is None or point is None or comma == point:
        return comma or point or Figure(None)
    if ("," in text) == indicator.is_count:
        raise _question(text, comma, point, indicator)
    return comma


def _question(text: str, comma: Figure, point: Figure, indicator: RequestedIndicator) -> EntryError:
    """Which of two readings is meant; only those are offered that can be a figure of the indicator."""
    readings = (comma, point) if "." in text else (point, comma)
    possible = [
        entry_text(figure)
        for figure in readings
        if figure.value is not None and not implausible(figure.value, indicator)
    ]
    if len(possible) == 1:
        return EntryError("perhaps_meant", value=text, meant=possible[0])
    whole, decimal = (entry_text(figure) for figure in readings)
    return EntryError("two_readings", value=text, whole=whole, decimal=decimal)


def _possible(text: str) -> tuple[Separator, ...]:
    if text not in SIGNS and _ZERO_IN_FRONT.match(text):
        return (Separator.COMMA,) if "," in text else (Separator.POINT,)
    return (Separator.COMMA, Separator.POINT)


def entry_text(figure: Figure | None) -> str:
    """A figure as German readers type it: decimal comma, nothing between thousands.

    >>> entry_text(Figure(Decimal("1234.50"))), entry_text(Figure(Decimal("12.3"), "()"))
    ('1234,50', '(12,3)')
    """
    if figure is None:
        return ""
    if figure.value is None or figure.sign not in {"", SIGN_LIMITED}:
        return figure.sign
    text = f"{figure.value:f}".replace(".", ",")
    return f"({text})" if figure.sign == SIGN_LIMITED else text


def wrong_entries(
    cells: Mapping[tuple[str, int, str], str], indicators: Mapping[str, RequestedIndicator]
) -> dict[tuple[str, int, str], EntryError]:
    """What is wrong in a form of many fields.

    Args:
        cells: What was typed, by area key, year and indicator key.
        indicators: What may be typed, by key; cells of others are not looked at.

    Returns:
        Errors of the wrong cells only, in the order of the cells.
    """
    wrong: dict[tuple[str, int, str], EntryError] = {}
    for cell, text in cells.items():
        if cell[2] in indicators:
            try:
                read_entry(text, indicators[cell[2]])
            except EntryError as error:
                wrong[cell] = error
    return wrong
