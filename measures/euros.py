"""Amounts of money as people type them: German and English, and never guessed where both could be meant."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from project.common.formats import MINUS, is_german

_SPACES: Final = re.compile(r"[\s\u00a0\u202f']+")
_CURRENCY: Final = re.compile(r"(€|eur|euro)$|^(€|eur)", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[+-]?\d+")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*")
_WITH_CENTS: Final = re.compile(r"[+-]?\d+[.,]\d{1,2}")
_GROUPED_WITH_CENTS: Final = re.compile(r"[+-]?\d{1,3}(([.,])\d{3})(\2\d{3})*(?!\2)[.,]\d{1,2}")


class NoAmount(ValueError):  # noqa: N818  said to whoever typed it
    """What was typed is no amount in euros and cents; the text says what to do."""


def parse_euros(text: str) -> Decimal:
    """Turn an amount as people type it into euros.

    "1.234,56" and "1,234.56" are the same: with two kinds of signs the last one is the decimal sign. A single
    sign before three digits groups thousands if it does so in the language of the page; otherwise it could
    mean either, and is refused.

    Args:
        text: What was typed; spaces and a sign of the currency are passed over.

    Returns:
        Euros with at most two places; may be below zero.

    Raises:
        NoAmount: With what to do.

    >>> parse_euros("1.234,56") == parse_euros("1,234.56 €") == Decimal("1234.56")
    True
    """
    clean = _CURRENCY.sub("", _SPACES.sub("", text).replace(MINUS, "-"))
    if _DIGITS.fullmatch(clean):
        return Decimal(clean)
    if _WITH_CENTS.fullmatch(clean):
        return Decimal(clean.replace(",", "."))
    if _GROUPED_WITH_CENTS.fullmatch(clean):
        head, _sign, cents = clean.replace(",", ".").rpartition(".")
        return Decimal(f"{head.replace('.', '')}.{cents}")
    if (found := _GROUPED.fullmatch(clean)) is not None:
        sign = found[1]
        if clean.count(sign) > 1 or sign == ("." if is_german() else ","):
            return Decimal(clean.replace(sign, ""))
        raise NoAmount(
            _("“%(text)s” could mean two amounts. Write euros and cents, for example %(example)s.")
            % {"text": text.strip(), "example": _example()}
        )
    raise NoAmount(
        _("“%(text)s” is no amount. Write euros and cents, for example %(example)s.")
        % {"text": text.strip(), "example": _example()}
    )


def _example() -> str:
    return "1.234,56" if is_german() else "1,234.56"
