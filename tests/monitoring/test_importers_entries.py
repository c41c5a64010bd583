"""Figures typed into single fields: both ways of writing numbers, signs, questions, what cannot be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitoring.importers.entries import EntryError, entry_text, read_entry
from monitoring.importers.form import RequestedIndicator

PERCENT = RequestedIndicator("rate", ("Quote",), is_percent=True)
COUNT = RequestedIndicator("children", ("Kinder",), is_count=True)
AMOUNT = RequestedIndicator("income", ("Einkommen",), allows_negative=True)


@pytest.mark.parametrize(
    ("text", "indicator", "kept"),
    [
        ("", PERCENT, ""),
        ("  ", PERCENT, ""),
        ("7,5", PERCENT, "7,5"),
        (" 7.5 ", PERCENT, "7,5"),
        ("0.125", PERCENT, "0,125"),
        ("0,125", PERCENT, "0,125"),
        ("1,234", PERCENT, "1,234"),
        ("12 %", PERCENT, "12"),
        ("(12.3)", PERCENT, "(12,3)"),
        ("1.234,5", AMOUNT, "1234,5"),
        ("1,234.5", AMOUNT, "1234,5"),
        ("1.234.567", AMOUNT, "1234567"),
        ("−5,2", AMOUNT, "-5,2"),
        ("1.234", COUNT, "1234"),
        ("1 234", COUNT, "1234"),
        *((sign, PERCENT, sign) for sign in ("-", ".", "/", "x", "...")),
    ],
)
def test_each_entry_is_read_by_itself(text: str, indicator: RequestedIndicator, kept: str) -> None:
    figure = read_entry(text, indicator)
    assert entry_text(figure) == kept
    assert read_entry(kept, indicator) == figure


@pytest.mark.parametrize(
    ("text", "indicator", "code", "named"),
    [
        ("abc", PERCENT, "not_a_number", "„abc“"),
        ("1e5", COUNT, "not_a_number", "„1e5“"),
        ("12 %", COUNT, "not_a_number", "„12 %“"),
        ("1.234", AMOUNT, "two_readings", "1,234"),
        ("1.234", PERCENT, "perhaps_meant", "1,234"),
        ("-1.234", AMOUNT, "two_readings", "-1234"),
        ("1,234", COUNT, "perhaps_meant", "1234"),
        ("101", PERCENT, "above_100", "101"),
        ("-1", COUNT, "negative", ""),
        ("7,5", COUNT, "not_whole", "7,5"),
        ("1" * 14, AMOUNT, "too_big", ""),
    ],
)
def test_what_is_wrong_is_said(text: str, indicator: RequestedIndicator, code: str, named: str) -> None:
    with pytest.raises(EntryError) as found:
        read_entry(text, indicator)
    assert found.value.code == code
    assert named in found.value.message


def test_a_number_without_sign_is_kept_to_the_last_digit() -> None:
    figure = read_entry("123456789,123456789", AMOUNT)
    assert figure is not None
    assert figure.value == Decimal("123456789.123456789")
