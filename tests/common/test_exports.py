"""Exported tables, read back as their readers read them."""

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.http import FileResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from project.common import exports
from project.common.exports import Column, Format, Kind, export_format, export_links, table_response
from project.common.importing import read_table

DANGEROUS = ["=1+1", "+49 2271", "-3 Plätze", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"]  # noqa: RUF001
COLUMNS = [
    Column("Titel", "title"),
    Column("Wert", "value", Kind.NUMBER, places=1),
    Column("Stand", "day", Kind.DATE),
]
ROWS: list[dict[str, Any]] = [
    {"title": "Elterncafé; Markt", "value": Decimal("1234.56"), "day": datetime.date(2027, 12, 31)},
    {"title": 'Sie sagt "ja"', "value": None, "day": None},
    {"title": "Weg", "value": Decimal("-0.5"), "day": datetime.date(2026, 1, 2)},
    {"title": "Zeichen", "value": "-", "day": None},
]


def content(fmt: str, rows: Any = ROWS, columns: Any = COLUMNS, **kwargs: Any) -> bytes:
    response: Any = table_response("Maßnahmen", columns, rows, fmt, **kwargs)
    return bytes(response.getvalue())


def csv_rows(data: bytes, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_csv_is_what_german_excel_opens() -> None:
    data = content("csv", source_lines=["Quelle: Beispiel"])
    assert data.startswith(b"\xef\xbb\xbf")
    assert csv_rows(data, ";") == [
        ["Titel", "Wert", "Stand"],
        ["Elterncafé; Markt", "1234,6", "31.12.2027"],
        ['Sie sagt "ja"', "", ""],
        ["Weg", "-0,5", "02.01.2026"],
        ["Zeichen", "-", ""],
        [],
        ["Quelle: Beispiel"],
    ]


def test_machine_form_has_points_iso_dates_and_only_the_table() -> None:
    data = content("csv-en", source_lines=["Quelle: Beispiel"])
    assert not data.startswith(b"\xef\xbb\xbf")
    rows = csv_rows(data, ",")
    assert rows[1] == ["Elterncafé; Markt", "1234.6", "2027-12-31"]
    assert len(rows) == 1 + len(ROWS)


def test_excel_keeps_numbers_dates_and_empty_cells() -> None:
    sheet = load_workbook(io.BytesIO(content("xlsx", source_lines=["Quelle: Beispiel"]))).active
    values = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert values[0] == ["Titel", "Wert", "Stand"]
    assert values[1] == ["Elterncafé; Markt", 1234.6, datetime.datetime(2027, 12, 31)]  # noqa: DTZ001
    assert values[2] == ['Sie sagt "ja"', None, None]
    assert values[4][1] == "-"
    assert values[-1][0] == "Quelle: Beispiel"
    assert sheet["B2"].number_format == "#,##0.0"
    assert sheet.title == "Maßnahmen"
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C5"


def test_our_own_importer_reads_both_back() -> None:
    for fmt in ("csv", "xlsx"):
        table = read_table(content(fmt), f"x.{fmt}")
        assert [cell.text for cell in table.rows[0]] == ["Titel", "Wert", "Stand"]
        assert table.rows[1][0].text == "Elterncafé; Markt"


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_never_becomes_a_formula(text: str) -> None:
    rows = [{"title": text, "value": None, "day": None}]
    for fmt, delimiter in (("csv", ";"), ("csv-en", ",")):
        assert csv_rows(content(fmt, rows), delimiter)[1][0] == f"'{text}"
    cell = load_workbook(io.BytesIO(content("xlsx", rows))).active["A2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix
    assert cell.value.strip() == text.strip()


def test_heads_and_source_lines_are_guarded_too() -> None:
    data = content("csv", [], [Column("=1+1", "title")], source_lines=["@Quelle"])
    assert csv_rows(data, ";")[0] == ["'=1+1"]
    assert csv_rows(data, ";")[-1] == ["'@Quelle"]
    sheet = load_workbook(io.BytesIO(content("xlsx", [], [Column("=1+1", "title")]))).active
    assert sheet["A1"].data_type == "s"


@given(st.text(max_size=40))
def test_any_text_survives_or_is_guarded(text: str) -> None:
    rows = [{"title": text, "value": None, "day": None}]
    cell = csv_rows(content("csv", rows), ";")[1][0]
    kept = text.replace("\x00", "").encode("utf-8", "replace").decode()
    assert cell in {kept, f"'{kept}"}
    assert not cell.lstrip().startswith(("=", "+", "@"))
    load_workbook(io.BytesIO(content("xlsx", rows)))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**9), max_value=10**9))
def test_numbers_come_back_exactly(number: Decimal) -> None:
    rows = [{"title": "x", "value": number, "day": None}]
    columns = [Column("Titel", "title"), Column("Wert", "value", Kind.NUMBER)]
    written = csv_rows(content("csv", rows, columns), ";")[1][1]
    assert Decimal(written.replace(",", ".")) == number
    read = load_workbook(io.BytesIO(content("xlsx", rows, columns))).active["B2"].value
    assert Decimal(str(read)) == number


@pytest.mark.parametrize("number", [-0.0, -0.0004, Decimal("-0.0")])
def test_what_is_hardly_below_zero_has_no_sign(number: float) -> None:
    rows = [{"title": "x", "value": number, "day": None}]
    columns = [Column("Titel", "title"), Column("Wert", "value", Kind.NUMBER, places=3)]
    assert csv_rows(content("csv", rows, columns), ";")[1][1] == "0,000"


def test_not_a_number_is_an_empty_cell() -> None:
    rows = [{"title": "x", "value": float("nan"), "day": None}]
    assert csv_rows(content("csv", rows), ";")[1][1] == ""
    assert load_workbook(io.BytesIO(content("xlsx", rows))).active["B2"].value is None


def test_control_characters_do_not_break_the_workbook() -> None:
    rows = [{"title": "a\x00b\x07c", "value": None, "day": None}]
    assert load_workbook(io.BytesIO(content("xlsx", rows))).active["A2"].value == "abc"


def test_name_of_the_file_is_safe_and_kept_in_german() -> None:
    response = table_response('Maßnahmen: "Stolberg"/2027\r\nX: y', COLUMNS, [], "xlsx")
    header = response.headers["Content-Disposition"]
    assert header.startswith("attachment")
    assert "Ma%C3%9Fnahmen%20Stolberg%202027%20X%20y.xlsx" in header
    assert "\n" not in header


@pytest.mark.django_db
def test_large_files_are_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "SPOOL_BYTES", 1000)
    response: Any = table_response("x", COLUMNS, (ROWS[0] for _ in range(200)), "csv")
    assert isinstance(response, FileResponse)
    data = response.getvalue()
    assert len(data) == int(response.headers["Content-Length"])
    assert len(csv_rows(data, ";")) == 201
    response.close()


def test_an_error_in_a_row_is_no_half_file() -> None:
    def broken() -> Any:
        yield ROWS[0]
        raise LookupError("row")

    with pytest.raises(LookupError):
        table_response("x", COLUMNS, broken(), "csv")


def test_unknown_form_is_refused() -> None:
    with pytest.raises(ValueError, match="pdf"):
        table_response("x", COLUMNS, [], "pdf")


def test_links_keep_the_filters_and_drop_the_page() -> None:
    request = RequestFactory().get("/", {"state": "running", "page": "3"})
    assert export_format(request) is None
    assert [link["url"] for link in export_links(request)] == [
        "?state=running&export=xlsx",
        "?state=running&export=csv",
    ]
    assert export_format(RequestFactory().get("/", {"export": "xlsx"})) is Format.XLSX
    assert export_format(RequestFactory().get("/", {"export": "exe"})) is None
