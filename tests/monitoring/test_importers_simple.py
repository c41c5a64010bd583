"""The simple delivery form: what is understood, and each remark with its place and advice."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from monitoring.importers.form import Delivery, Request, RequestedIndicator
from monitoring.importers.issues import MESSAGES, Issue, Severity
from monitoring.importers.numbers import Separator, read_figure
from monitoring.importers.simple import read_delivery
from project.common.importing import Cell, CellKind, Table

DEMO = Path(__file__).resolve().parents[2] / "workflows" / "demo" / "data"
QUOTE = RequestedIndicator("minimum_income_rate", ("Mindestsicherungsquote",), is_percent=True)
TAX = RequestedIndicator("income_tax", ("Einkommensteuer je Einwohner", "Income tax per inhabitant"))
CHANGE = RequestedIndicator("unemployed_change", ("Veränderung",), allows_negative=True)
AREAS = {"05366004": "Bad Münstereifel", "05366008": "Blankenheim", "05366024": "Kall"}
REQUEST = Request(AREAS, (QUOTE, TAX), (2024,))
HEADER = ["Gebietsschlüssel", "Gebiet", "Jahr", "Mindestsicherungsquote", "Einkommensteuer je Einwohner"]


def table(*rows: list[object], **keywords: object) -> Table:
    """Texts as texts, numbers as numbers of Excel; ready-made cells get their place."""

    def cell(value: object, row: int, column: int) -> Cell:
        if isinstance(value, Cell):
            return Cell(value.text, row, column, value.kind)
        kind = CellKind.NUMBER if isinstance(value, int | float) else CellKind.TEXT
        return Cell(str(value), row, column, kind)

    cells = [
        [cell(value, number, place) for place, value in enumerate(row, start=1)]
        for number, row in enumerate(rows, start=1)
    ]
    return Table(rows=cells, **keywords)  # type: ignore[arg-type]


def good_rows() -> list[list[object]]:
    return [
        HEADER,
        ["05366004", "Bad Münstereifel", "2024", "5,7", "1.558,12"],
        ["05366008", "Blankenheim", "2024", "7,6", "434,19"],
        ["05366024", "Kall", "2024", "6,7", "497,24"],
    ]


def read(*rows: list[object], request: Request = REQUEST, **keywords: object) -> Delivery:
    return read_delivery(table(*rows, **keywords), request)


def changed(row: int, column: int, value: object) -> Delivery:
    """The good form with one cell (from 1) replaced."""
    rows = [list(line) for line in good_rows()]
    rows[row - 1][column - 1] = value
    return read(*rows)


def errors(delivery: Delivery) -> list[Issue]:
    return [issue for issue in delivery.issues if issue.severity is Severity.ERROR]


def figures(delivery: Delivery) -> dict[tuple[str, str], tuple[Decimal | None, str]]:
    return {(value.area_key, value.indicator_key): (value.value, value.sign) for value in delivery.values}


# --- What is understood --------------------------------------------------------------------------


def test_wide_form() -> None:
    delivery = read(*good_rows())
    assert delivery.issues == ()
    assert not delivery.has_errors
    assert len(delivery.values) == 6
    first, second = delivery.values[:2]
    assert (first.area_key, first.year, first.indicator_key) == ("05366004", 2024, "minimum_income_rate")
    assert (first.value, first.sign, first.row, first.column) == (Decimal("5.7"), "", 2, 4)
    assert second.value == Decimal("1558.12")


def test_long_form_means_the_same() -> None:
    long = [["Gebietsschlüssel", "Jahr", "Indikator", "Wert"]]
    for row in good_rows()[1:]:
        long.append([row[0], row[2], "Mindestsicherungsquote", row[3]])
        long.append([row[0], row[2], "income_tax", row[4]])
    assert figures(read(*long)) == figures(read(*good_rows()))


def test_headings_in_other_case_and_english() -> None:
    rows = good_rows()
    rows[0] = ["AREA_KEY", "name", " Year ", "minimum income  rate", "income tax per inhabitant"]
    assert read(*rows).issues == ()


def test_excel_numbers_and_dropped_zeros() -> None:
    delivery = read(
        HEADER,
        [5366004, "Bad Münstereifel, Stadt", 2024, 5.7, 558.12],
        [5366008, "", 2024, 7.6, 434.19],
        [5366024, "Kall", 2024, 6.7, 497.24],
    )
    assert [issue.code for issue in delivery.issues] == ["zeros_restored"]
    assert delivery.issues[0].address == "A2"
    assert figures(delivery)["05366024", "income_tax"] == (Decimal("497.24"), "")


@pytest.mark.parametrize(
    ("text", "value", "sign"),
    [
        ("-", Decimal(0), "-"),
        ("–", Decimal(0), "-"),
        (".", None, "."),
        ("/", None, "/"),
        ("x", None, "x"),
        ("X", None, "x"),
        ("...", None, "..."),
        ("…", None, "..."),
        ("(12,3)", Decimal("12.3"), "()"),
        ("( 12,3 )", Decimal("12.3"), "()"),
        ("12,3 %", Decimal("12.3"), ""),
        ("0", Decimal(0), ""),
    ],
)
def test_signs_of_official_statistics(text: str, value: Decimal | None, sign: str) -> None:
    delivery = changed(3, 4, text)
    assert not delivery.has_errors
    assert figures(delivery)["05366008", "minimum_income_rate"] == (value, sign)


def test_sign_in_its_own_column() -> None:
    header = ["area_key", "year", "indicator", "value", "sign"]
    delivery = read(
        header,
        ["05366004", "2024", "income_tax", "", "."],
        ["05366008", "2024", "income_tax", "0", "-"],
        ["05366024", "2024", "income_tax", "12.5", "()"],
        request=Request(AREAS, (TAX,), (2024,)),
    )
    assert not delivery.issues
    assert [(value.value, value.sign) for value in delivery.values] == [
        (None, "."),
        (0, "-"),
        (Decimal("12.5"), "()"),
    ]


def long_form(value: object, sign: str, indicator: RequestedIndicator = TAX) -> Delivery:
    return read(
        ["AGS", "Jahr", "Indikator", "Wert", "Zeichen"],
        ["05366004", "2024", indicator.key, value, sign],
        request=Request(AREAS, (indicator,), (2024,)),
    )


@pytest.mark.parametrize("sign", ["-", ".", "/", "x", "..."])
@pytest.mark.parametrize("value", [12, "12", "(12)"])
def test_a_number_and_a_sign_contradict_each_other(value: object, sign: str) -> None:
    delivery = long_form(value, sign)
    (issue,) = errors(delivery)
    assert (issue.code, issue.row, issue.column) == ("sign_beside_number", 2, 5)
    assert delivery.values == ()


@pytest.mark.parametrize(("value", "sign"), [(0, "."), (".", "/"), ("-", "."), ("-", "()")])
def test_two_signs_contradict_each_other(value: object, sign: str) -> None:
    assert [issue.code for issue in errors(long_form(value, sign))] == ["sign_beside_number"]


@pytest.mark.parametrize(
    ("value", "sign", "read_as"),
    [
        (12, "()", (12, "()")),
        ("(12)", "()", (12, "()")),
        (0, "-", (0, "-")),
        ("-", "–", (0, "-")),
        ("", "-", (0, "-")),
        (".", ".", (None, ".")),
    ],
)
def test_a_sign_that_fits_goes_with_the_number(value: object, sign: str, read_as: tuple[int, str]) -> None:
    delivery = long_form(value, sign)
    assert not delivery.has_errors
    assert figures(delivery)["05366004", "income_tax"] == read_as


def test_a_column_of_signs_says_nothing_in_the_wide_form() -> None:
    """It used to wipe out the figures of all indicators in its row."""
    rows = good_rows()
    rows[0] = [*HEADER, "Zeichen"]
    for row in rows[1:]:
        row.append(".")
    delivery = read(*rows)
    (issue,) = errors(delivery)
    assert (issue.code, issue.column) == ("sign_column_wide", 6)
    assert figures(delivery)["05366004", "income_tax"] == (Decimal("1558.12"), "")


@pytest.mark.parametrize("value", [2.5, "2,5", "(2,5)"])
def test_people_are_whole(value: object) -> None:
    cases = RequestedIndicator("cases", ("Fälle",), is_count=True)
    delivery = long_form(value, "", cases)
    assert [issue.code for issue in errors(delivery)] == ["not_whole"]
    assert not long_form("2,0", "", cases).has_errors
    assert not long_form(value, "").has_errors


def test_empty_cell_is_missing_not_zero() -> None:
    delivery = changed(3, 4, "")
    assert ("05366008", "minimum_income_rate") not in figures(delivery)
    assert [issue.code for issue in delivery.issues] == ["missing_values"]
    assert delivery.issues[0].params["count"] == 1
    assert "Blankenheim 2024" in delivery.issues[0].message


def test_empty_rows_are_passed_over() -> None:
    rows = good_rows()
    assert read(rows[0], [], *rows[1:], ["", ""], []).issues == ()


def test_own_demo_file_is_a_delivery() -> None:
    """The real figures of Kreis Euskirchen go through the form we document."""
    with (DEMO / "euskirchen_values.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    with (DEMO / "euskirchen_areas.csv").open(encoding="utf-8", newline="") as file:
        areas = {row["area_key"]: row["name"] for row in csv.DictReader(file, delimiter=";")}
    with (DEMO / "euskirchen_indicators.csv").open(encoding="utf-8", newline="") as file:
        indicators = [
            RequestedIndicator(
                row["key"],
                (row["name_de"],),
                row["unit"] == "percent",
                row["unit"] in {"percentage_points", "percent_change"},
            )
            for row in csv.DictReader(file, delimiter=";")
        ]
    years = sorted({int(row[1]) for row in rows[1:]})
    delivery = read_delivery(table(*[list(row) for row in rows]), Request(areas, indicators, years))
    assert not delivery.has_errors
    assert len(delivery.values) == len(rows) - 1
    assert figures(delivery)["05366012", "subsistence_assistance"] == (0, "-")


# --- Decimal comma and point ---------------------------------------------------------------------


def column_of(*texts: str) -> Delivery:
    """Three figures in the second indicator column."""
    rows = good_rows()
    for row, text in zip(rows[1:], texts, strict=True):
        row[4] = text
    return read(*rows)


@pytest.mark.parametrize(
    ("texts", "values", "codes"),
    [
        (("1.234", "5,5", "7"), ("1234", "5.5", "7"), []),
        (("1.234", "5.5", "7"), ("1.234", "5.5", "7"), []),
        (("1,234.5", "5.25", "7"), ("1234.5", "5.25", "7"), []),
        (("1.234.567", "1.234", "7"), ("1234567", "1234", "7"), []),
        (("1 234,5", "1\u00a0234", "7"), ("1234.5", "1234", "7"), []),
        (("0.123", "5", "7"), ("0.123", "5", "7"), []),
        (("1.234", "2.345", "7"), ("1234", "2345", "7"), ["dots_as_thousands"]),
    ],
)
def test_separators_by_column(texts: tuple[str, ...], values: tuple[str, ...], codes: list[str]) -> None:
    delivery = column_of(*texts)
    assert [issue.code for issue in delivery.issues] == codes
    read_values = [figures(delivery)[area, "income_tax"][0] for area in AREAS]
    assert read_values == [Decimal(value) for value in values]


def test_mixed_separators_name_both_cells() -> None:
    delivery = column_of("12,5", "12.5", "7")
    (issue,) = errors(delivery)
    assert issue.code == "mixed_separators"
    assert (issue.column, issue.params["comma_cell"], issue.params["point_cell"]) == (5, "E2", "E3")
    assert not any(value.indicator_key == "income_tax" for value in delivery.values)


@given(st.decimals(-(10**9), 10**9, places=2))
def test_german_and_english_forms_mean_the_same(number: Decimal) -> None:
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text, separator in ((english, Separator.POINT), (german, Separator.COMMA)):
        figure = read_figure(text, separator)
        assert figure is not None
        assert figure.value == number


@pytest.mark.parametrize(
    "text", ["1.23,4", "12a", "1,2,3", "", "1..2", "--5", "5-", "()", "12,", "NaN", "١٢", "1e5"]
)
def test_no_number(text: str) -> None:
    assert read_figure(text, Separator.COMMA) is None


# --- Errors, each with its place -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "value", "code"),
    [
        (1, 1, "Schlüssel der Gemeinde", "unknown_column"),
        (1, 4, "Mindestsicherungqoute", "unknown_column"),
        (1, 5, "Mindestsicherungsquote", "duplicate_column"),
        (1, 4, "", "empty_heading"),
        (3, 1, "05366999", "unknown_area_like"),
        (3, 1, "99999999", "unknown_area_like"),
        (3, 1, "", "missing_area"),
        (3, 2, "Kall", "area_name"),
        (3, 3, "20222", "year_invalid"),
        (3, 3, "im Jahr 2024", "year_invalid"),
        (3, 3, "2019", "year_not_requested"),
        (3, 4, "viele", "not_a_number"),
        (3, 5, "12 %", "not_a_number"),
        (3, 4, Cell("=B2/C2", 0, 0, CellKind.FORMULA), "formula"),
        (3, 3, Cell("=B2", 0, 0, CellKind.FORMULA), "formula"),
        (3, 4, Cell("#DIV/0!", 0, 0, CellKind.ERROR), "excel_error"),
        (3, 4, Cell("2024-03-05", 0, 0, CellKind.DATE), "is_date"),
        (3, 4, "104,2", "above_100"),
        (3, 4, "-5,2", "negative"),
        (3, 5, "9999999999999", "too_big"),
    ],
)
def test_error_at_its_place(row: int, column: int, value: object, code: str) -> None:
    delivery = changed(row, column, value)
    issue = next(issue for issue in errors(delivery) if issue.row == row)
    assert (issue.code, issue.column) == (code, column)
    assert delivery.has_errors
    assert issue.value == (value.text if isinstance(value, Cell) else value)
    assert "%(" not in issue.message


def test_negative_change_is_fine() -> None:
    delivery = read(
        ["AGS", "Jahr", "Veränderung"],
        *[[key, 2024, "−1,5"] for key in AREAS],
        request=Request(AREAS, (CHANGE,), (2024,)),
    )
    assert not delivery.issues
    assert delivery.values[0].value == Decimal("-1.5")


def test_duplicate_area_and_year_names_the_first_row() -> None:
    rows = good_rows()
    delivery = read(*rows, ["05366004", "", "2024", "9,9", "9,9"])
    (issue,) = errors(delivery)
    assert (issue.code, issue.row, issue.params["other"]) == ("duplicate_row", 5, 2)
    assert figures(delivery)["05366004", "minimum_income_rate"] == (Decimal("5.7"), "")


def test_duplicate_in_the_long_form() -> None:
    delivery = read(
        ["AGS", "Jahr", "Indikator", "Wert"],
        ["05366004", "2024", "income_tax", "1"],
        ["05366004", "2024", "minimum_income_rate", "1"],
        ["05366004", "2024", "income_tax", "2"],
    )
    (issue,) = errors(delivery)
    assert (issue.code, issue.row, issue.params["other"]) == ("duplicate_row", 4, 2)


def test_unknown_indicator_in_the_long_form() -> None:
    (issue,) = errors(read(["AGS", "Jahr", "Indikator", "Wert"], ["05366004", "2024", "Quote", "1"]))
    assert (issue.code, issue.row, issue.column) == ("unknown_indicator", 2, 3)


@pytest.mark.parametrize("second", [["AGS", "", "", "in %", "Euro"], HEADER, ["", "", "", "Prozent", "Euro"]])
def test_second_heading_is_one_error(second: list[object]) -> None:
    rows = good_rows()
    (issue,) = errors(read(rows[0], second, *rows[1:]))
    assert (issue.code, issue.row) == ("second_header", 2)


def test_title_above_the_headings() -> None:
    (issue,) = errors(read(["Datenlieferung des Jobcenters"], [], *good_rows()))
    assert (issue.code, issue.row) == ("header_not_first", 3)


@pytest.mark.parametrize(("column", "name"), [(1, "Gebietsschlüssel"), (3, "Jahr")])
def test_missing_column(column: int, name: str) -> None:
    rows = [[*row[: column - 1], *row[column:]] for row in good_rows()]
    (issue,) = errors(read(*rows))
    assert (issue.code, issue.params["name"]) == ("missing_column", name)


def test_no_indicator_column() -> None:
    (issue,) = errors(read(*[row[:3] for row in good_rows()]))
    assert issue.code == "no_indicator_column"
    assert "Mindestsicherungsquote" in issue.message


@pytest.mark.parametrize("rows", [[], [["Quelle: eigene Erhebung"], ["irgendwas", "anderes"]]])
def test_no_heading_at_all(rows: list[list[object]]) -> None:
    delivery = read(*rows)
    assert [issue.code for issue in delivery.issues] == ["no_header"]


def test_entries_right_of_the_table() -> None:
    rows = good_rows()
    (issue,) = errors(read(rows[0], [*rows[1], "siehe Mail"], *rows[2:]))
    assert (issue.code, issue.column) == ("empty_heading", 6)


# --- Warnings ------------------------------------------------------------------------------------


def test_shares_instead_of_percent() -> None:
    rows = good_rows()
    for row in rows[1:]:
        row[3] = "0,12"
    delivery = read(*rows)
    assert [issue.code for issue in delivery.issues] == ["looks_like_share"]
    assert not delivery.has_errors


def test_missing_area_counts_for_each_indicator() -> None:
    delivery = read(*good_rows()[:3])
    assert [(issue.code, issue.params["count"]) for issue in delivery.issues] == [("missing_values", 1)] * 2


def test_other_sheets_are_named() -> None:
    delivery = read(*good_rows(), sheet="Daten", other_sheets=("Hinweise",))
    assert [issue.code for issue in delivery.issues] == ["other_sheets"]
    assert "Hinweise" in delivery.issues[0].message


def test_endless_errors_are_cut_and_counted() -> None:
    rows = [[f"X{number}", "", "2024", "1", "1"] for number in range(1500)]
    delivery = read(HEADER, *rows)
    assert len(delivery.issues) == 1001
    assert delivery.issues[-1].code == "more"
    assert delivery.issues[-1].params["count"] == 500
    assert delivery.has_errors


# --- Words ---------------------------------------------------------------------------------------


def test_every_sentence_can_be_filled() -> None:
    for code, sentence in MESSAGES.items():
        with translation.override("en"):
            names = set(re.findall(r"%\((\w+)\)s", str(sentence)))
        assert str(sentence) % dict.fromkeys(names, "x"), code


def test_keys_of_other_lengths_are_matched() -> None:
    delivery = read(
        ["area_key", "year", "indicator", "value", "sign"],
        ["053660004004", "2024", "minimum_income_rate", "5,5", ""],
    )
    assert [row.area_key for row in delivery.values] == ["05366004"]
    twice = read(
        ["area_key", "year", "indicator", "value", "sign"],
        ["053660004004", "2024", "minimum_income_rate", "5,5", ""],
        ["05366004", "2024", "minimum_income_rate", "5,6", ""],
    )
    assert "duplicate_row" in {issue.code for issue in twice.issues}
