"""Amounts as people type them, and lists of receipts from a spreadsheet."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from measures.euros import NoAmount, parse_euros
from measures.receipt_list import cells_of, read_list, text_of

E = Decimal
LINES = {"Personal": ("staff", ""), "Honorare (Kurse)": ("fees", "Kurse")}


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1.234.567,8", "1234567.8"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1.234", "1234"),
        ("0,05", "0.05"),
        (" 12 € ", "12"),
        ("EUR 12,50", "12.50"),
        ("1 234,50", "1234.50"),
        ("−3,50", "-3.50"),
    ],
)
def test_german_and_english_amounts_are_the_same(typed: str, amount: str) -> None:
    assert parse_euros(typed) == E(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "1,234",
        "1.2345",
        "1,2345",
        "1.23,45",
        "1,23.45",
        "1.234.56",
        "1,234,56",
        "1.234,567",
        "zwölf",
        "",
        "1e3",
        "NaN",
    ],
)
def test_what_is_no_amount_or_could_be_two_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(NoAmount) as refused:
        parse_euros(typed)
    assert "1.234,56" in str(refused.value)


def test_a_single_sign_groups_as_the_language_of_the_page_does() -> None:
    with translation.override("en"):
        assert parse_euros("1,234") == 1234
        with pytest.raises(NoAmount):
            parse_euros("1.234")


@given(st.integers(-(10**11), 10**11))
def test_whatever_is_written_is_read_again(cents: int) -> None:
    amount = E(cents) / 100
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for typed in (english, german, f"{amount:.2f}", f"{amount:.2f}".replace(".", ",")):
        assert parse_euros(typed) == amount


def test_a_list_with_or_without_heads_is_read() -> None:
    body = "B-1;31.12.2026;Laden;Farbe;personal;1.234,56\nB-2;2026-05-04;Laden;Kurs;Honorare (Kurse);10"
    for text in (body, f"Nummer;Tag;Empfänger;Zweck;Ansatz;Betrag\n{body}", body.replace(";", "\t")):
        rows = read_list(cells_of(text), LINES)
        assert [(row.paid_on, row.line, row.amount, row.faults) for row in rows] == [
            (datetime.date(2026, 12, 31), ("staff", ""), E("1234.56"), ()),
            (datetime.date(2026, 5, 4), ("fees", "Kurse"), E(10), ()),
        ]


@pytest.mark.parametrize(
    ("row", "count"),
    [
        ("B-1;31.12.2026;Laden;Farbe;Personal;10,00", 0),
        ("b-9;31.12.2026;Laden;Farbe;Personal;10,00", 1),
        ("B-1;31.02.2026;Laden;Farbe;Personal;10,00", 1),
        ("B-1;31.12.2026;Laden;Farbe;Reisen;10,00", 1),
        ("B-1;31.12.2026;Laden;Farbe;Personal;-10,00", 1),
        ("B-1;31.12.2026;Laden;Farbe;Personal;1,234", 1),
        ("B-1;31.12.2026;Laden;Farbe;Personal;10;zu viel", 1),
        (";31.12.2026;;;Personal;10,00", 3),
        ("B-1;31.12.2026", 5),
        (f"B-1;31.12.2026;{'x' * 201};Farbe;Personal;10,00", 1),
    ],
)
def test_each_row_says_what_is_wrong_with_it(row: str, count: int) -> None:
    (read,) = read_list(cells_of(row), LINES, ["B 9".replace(" ", "-")])
    assert len(read.faults) == count
    assert all(read.faults)


def test_a_number_twice_in_the_list_is_marked_once() -> None:
    row = "B-1;31.12.2026;Laden;Farbe;Personal;10,00\n"
    assert [len(read.faults) for read in read_list(cells_of(row * 2), LINES)] == [0, 1]


def test_cells_with_semicolons_and_quotes_survive_the_page() -> None:
    cells = [["B-1", "31.12.2026", 'Laden "Ecke"; Nord', "Farbe", "Personal", "10,00"]]
    assert cells_of(text_of(cells)) == cells
