"""Reading uploads: what comes through, and what is refused with a sentence that helps."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from project.common import import_child, importing
from project.common.importing import CellKind, ImportRefused, column_letters, read_table

Fill = Callable[[openpyxl.Workbook], None]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(fill: Fill) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def simple_book() -> bytes:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.append(["Gebietsschlüssel", "Jahr", "Quote"])
        book.active.append(["05366004", 2024, 12.5])

    return workbook(fill)


def with_part(content: bytes, name: str, data: bytes) -> bytes:
    """The same workbook with one part replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, data)
    return out.getvalue()


def sheet_xml(rows: str) -> bytes:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def texts(content: bytes, name: str = "werte.csv") -> list[list[str]]:
    return [[cell.text for cell in row] for row in read_table(content, name).rows]


def refusal(content: bytes, name: str = "werte.xlsx", max_bytes: int = 1_000_000) -> ImportRefused:
    with pytest.raises(ImportRefused) as caught:
        read_table(content, name, max_bytes=max_bytes)
    assert "%(" not in str(caught.value.message)
    return caught.value


def test_a_kept_refusal_can_be_told_in_either_language() -> None:
    caught = refusal(b"x" * 2001, "werte.csv", max_bytes=2000)
    with translation.override("en"):
        told = importing.refusal_message(caught.code, caught.params)
    assert told.startswith("The file is larger than 2")


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_in_every_usual_form(delimiter: str, encoding: str) -> None:
    rows = [["Gebietsschlüssel", "Jahr", "Fälle"], ["05366004", "2024", "17"], ["05366008", "2024", "–"]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    table = read_table(text.encode(encoding), "werte.csv")
    assert [[cell.text for cell in row] for row in table.rows] == rows
    assert table.delimiter == delimiter
    assert table.encoding == encoding.removesuffix("-sig")
    assert table.sheet is None


def test_decimal_commas_do_not_hide_the_semicolon() -> None:
    rows = texts(b"a;b;c;d\n1,5;2,5;3,5;4,5\n1,5;2,5;3,5;4,5\n")
    assert rows[1] == ["1,5", "2,5", "3,5", "4,5"]


def test_quotes_hold_delimiters_and_lines() -> None:
    rows = texts(b'Name;Wert\n"Ort; Nord\nund ""Mitte""";1\n')
    assert rows[1] == ['Ort; Nord\nund "Mitte"', "1"]


def test_hint_of_excel_is_followed_and_keeps_the_row_numbers() -> None:
    table = read_table(b"sep=,\r\na,b\r\n1,2\r\n", "werte.csv")
    assert table.delimiter == ","
    assert table.rows[0] == []
    assert (table.rows[2][1].text, table.rows[2][1].address) == ("2", "B3")


def test_empty_ends_go_but_empty_rows_between_stay() -> None:
    rows = texts(b"a;b;;\n;;;\n1;2;;\n;;;\n\n")
    assert rows == [["a", "b"], [], ["1", "2"]]


@given(
    st.lists(
        st.lists(st.text('abcäöü;," 0123456789', min_size=1, max_size=6), min_size=2, max_size=4),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=60)
def test_what_csv_writes_comes_back(rows: list[list[str]]) -> None:
    """Without the child process: the same code, thousands of times faster."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    limits = {"rows": 100, "columns": 10, "cells": 1000}
    _, read = import_child._read_csv(out.getvalue().encode(), limits)
    assert [[text for text, _ in row] for row in read] == [[cell.strip() for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b";;;\n;;;\n", "empty"),
        (b"a;b\n1;\x00\x00\n", "binary"),
        (b"a;b\n1;\x01\n", "binary"),
        (b"a;b\nK\x81ln;1\n", "encoding"),
        ("a;b\nKÃ¶ln;1\n".encode(), "encoding"),
        ("a;b\nK\ufffdln;1\n".encode(), "encoding"),
        (b'a;b\n"offen;1\n', "quotes"),
        (b"a" + b";" * 600 + b"b", "too_many_cells"),
        (b"%PDF-1.7", "pdf"),
    ],
)
def test_csv_refused(content: bytes, code: str) -> None:
    assert refusal(content, "werte.csv").code == code


def test_encoding_is_refused_with_the_line() -> None:
    assert "2" in str(refusal(b"a;b\nK\x81ln;1\n", "werte.csv").message)


def test_too_large_is_refused_before_anything_else() -> None:
    caught = refusal(b"x" * 2001, "werte.csv", max_bytes=2000)
    assert caught.code == "too_large"
    assert caught.params["size"] == 2001


# --- Excel ---------------------------------------------------------------------------------------


def test_excel_values_keep_kind_and_place() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet.title = "Daten 2024"
        sheet.append(["Text", 1234.5, 0.1 + 0.2, date(2024, 12, 31), "=B1*2", "05366004"])
        sheet["C3"] = 0.123
        sheet["C3"].number_format = "0.0%"
        sheet["D3"] = "#DIV/0!"
        sheet["E3"] = 1e21

    table = read_table(workbook(fill), "werte.xlsx")
    first, second, third = table.rows
    assert [(cell.text, cell.kind) for cell in first] == [
        ("Text", CellKind.TEXT),
        ("1234.5", CellKind.NUMBER),
        ("0.3", CellKind.NUMBER),
        ("2024-12-31", CellKind.DATE),
        ("=B1*2", CellKind.FORMULA),
        ("05366004", CellKind.TEXT),
    ]
    assert second == []
    assert third[2].text == "12.3"  # as people see it: 12.3 %
    assert (third[2].address, third[2].number) == ("C3", Decimal("12.3"))
    assert (third[3].kind, third[4].text) == (CellKind.ERROR, "1000000000000000000000")
    assert first[0].number is None
    assert table.sheet == "Daten 2024"


def test_first_visible_sheet_with_content_is_read_and_others_are_named() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.title = "leer"
        hidden = book.create_sheet("verborgen")
        hidden["A1"] = "geheim"
        hidden.sheet_state = "hidden"
        book.create_sheet("Werte")["A1"] = "x"
        book.create_sheet("Hinweise")["A1"] = "y"

    table = read_table(workbook(fill), "werte.xlsx")
    assert (table.sheet, table.other_sheets) == ("Werte", ("Hinweise",))


def test_text_that_looks_like_a_formula_is_text() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active["A1"] = "=1+1"
        book.active["A1"].data_type = "s"

    assert read_table(workbook(fill), "a.xlsx").rows[0][0].kind is CellKind.TEXT


def test_pdf_renamed_to_xlsx() -> None:
    assert refusal(b"%PDF-1.7\n%\xe2\xe3").code == "pdf"


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "werte.xlsx", "old_or_encrypted"),
        (b"a;b\n1;2", "werte.xlsx", "not_excel"),
        (b"PK\x03\x04kaputt", "werte.xlsx", "damaged"),
        (simple_book(), "werte.csv", "not_csv"),
        (simple_book(), "werte.xls", "kind"),
        (simple_book(), "werte", "kind"),
        (simple_book()[:-200], "werte.xlsx", "damaged"),
        (with_part(simple_book(), "xl/vbaProject.bin", b"x"), "werte.xlsx", "macros"),
        (
            with_part(simple_book(), "xl/externalLinks/externalLink1.xml", b"<a/>"),
            "werte.xlsx",
            "external_links",
        ),
        (with_part(simple_book(), "xl/worksheets/sheet1.xml", b"<broken"), "werte.xlsx", "damaged"),
        (workbook(lambda book: None), "werte.xlsx", "empty"),
    ],
)
def test_excel_refused(content: bytes, name: str, code: str) -> None:
    assert refusal(content, name).code == code


def test_archive_of_another_kind() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert refusal(out.getvalue()).code == "not_excel"


def test_zip_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 GB of zeros in 1 MB: 1,024 copies of one packed block, as packers of bombs do it."""
    monkeypatch.setattr(importing, "_parse", lambda *_: pytest.fail("the bomb was opened"))
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<a/>")
        archive.writestr("xl/workbook.xml", "<a/>")
        zeros = bytes(16 * 1024 * 1024)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(64):
                part.write(zeros)
    content = bomb.read_bytes()
    caught = refusal(content, max_bytes=20_000_000)
    assert caught.code == "bomb"
    assert caught.params["unpacked"] > 1_000_000_000  # type: ignore[operator]


def test_many_entries_are_a_bomb() -> None:
    out = io.BytesIO(simple_book())
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(2001):
            archive.writestr(f"x{number}", "")
    assert refusal(out.getvalue()).code == "bomb"


def test_sizes_that_lie_do_not_help_a_bomb() -> None:
    content = with_part(
        simple_book(), "xl/worksheets/sheet1.xml", sheet_xml("<row><c><v>1</v></c></row>" * 50_000)
    )
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.getinfo("xl/worksheets/sheet1.xml").file_size = 500
        archive.writestr("x", "makes the directory be written again")
    assert refusal(out.getvalue()).code == "damaged"


@pytest.mark.parametrize(
    ("rows", "cell"),
    [
        (
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
            "XFD1048576",
        ),
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="900000"/>', "A900000"),
        ('<row r="1"><c r="ZZ1"><v>1</v></c></row>', "ZZ1"),
    ],
)
def test_cell_far_away_is_named(rows: str, cell: str) -> None:
    caught = refusal(with_part(simple_book(), "xl/worksheets/sheet1.xml", sheet_xml(rows)))
    assert caught.code == "far_cell"
    assert cell in str(caught.message)
    assert "Sheet" in str(caught.message)


def test_false_dimension_hides_no_rows() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in (1, 2, 3))
    xml = sheet_xml(rows).replace(b"<sheetData>", b'<dimension ref="A1"/><sheetData>')
    assert texts(with_part(simple_book(), "xl/worksheets/sheet1.xml", xml), "a.xlsx") == [["1"], ["2"], ["3"]]


def test_entities_in_the_xml_are_refused() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + sheet_xml(
        "<row><c><v>&b;</v></c></row>"
    )
    assert refusal(with_part(simple_book(), "xl/worksheets/sheet1.xml", laughs)).code == "damaged"


def test_too_many_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importing.TABLE_LIMITS, "cells", 5)
    assert refusal(simple_book()).code == "too_many_cells"
    assert refusal(b"a;b\n1;2\n3;4", "werte.csv").code == "too_many_cells"


def test_a_text_that_many_cells_share_does_not_grow() -> None:
    """A workbook writes it once; read cell by cell it would be 40,000 times as long."""
    row = "".join('<c t="s"><v>0</v></c>' for _cell in range(400))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    texts_known = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}" /></Types>'.encode()
    content = simple_book()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        types = archive.read("[Content_Types].xml").replace(b"</Types>", texts_known)
    for name, part in {
        "[Content_Types].xml": types,
        "xl/worksheets/sheet1.xml": sheet_xml(f"<row>{row}</row>" * 100),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>{"x" * 5_000}</t></si></sst>'.encode(),
    }.items():
        content = with_part(content, name, part)
    assert len(content) < 100_000
    table = read_table(content, "werte.xlsx")
    held = {id(cell.text): len(cell.text) for row in table.rows for cell in row}
    assert (len(table.rows), sum(held.values())) == (100, 500)


def test_too_much_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(importing.TABLE_LIMITS, "characters", 20)
    assert refusal(simple_book()).code == "too_complex"
    assert refusal(b"Jahr;Quoten\n2024;12,5,55", "werte.csv").code == "too_complex"
    assert texts(b"Jahr;Quote\n2024;5") == [["Jahr", "Quote"], ["2024", "5"]]


def test_what_the_child_writes_is_measured_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_OUTPUT_BYTES", 100)
    assert refusal(simple_book()).code == "too_complex"
    assert refusal(b"a;b\n1;" + b"x" * 200, "werte.csv").code == "too_complex"


@pytest.mark.parametrize(
    ("number_format", "text"),
    [
        ("0.0%", "80"),
        ("#,##0.0\\ %", "80"),
        ("[Red]0%", "80"),
        ("0%;[Red]-0%", "80"),
        ('0.0" %"', "0.8"),
        ("0.0\\%", "0.8"),
        ('0.0"%', "0.8"),
        ("0.0_%", "0.8"),
        ("0.0;-0%", "0.8"),
        ("General", "0.8"),
    ],
)
def test_only_a_percent_sign_that_multiplies_counts(number_format: str, text: str) -> None:
    """In quotes or behind a backslash it is decoration: Excel shows 0.8 % where the cell holds 0.8."""

    def fill(book: openpyxl.Workbook) -> None:
        book.active["A1"] = 0.8
        book.active["A1"].number_format = number_format

    assert texts(workbook(fill), "werte.xlsx") == [[text]]


def test_limits_of_the_child_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHILD_WALL_SECONDS", 0.01)
    assert refusal(simple_book()).code == "too_complex"


def test_child_short_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "CHILD_MEMORY_BYTES", 14 * 1024 * 1024)
    assert refusal(simple_book()).code == "too_complex"


def test_column_letters() -> None:
    assert [column_letters(number) for number in (1, 26, 27, 702, 703, 16384)] == [
        "A",
        "Z",
        "AA",
        "ZZ",
        "AAA",
        "XFD",
    ]


@pytest.mark.parametrize(
    "text", ["31.12.2027", " 31.12.2027 ", "2027-12-31", "2027-12-31 00:00:00", "2027-12-31T00:00"]
)
def test_a_day_is_read_as_people_and_programs_write_it(text: str) -> None:
    assert importing.day_of(text) == date(2027, 12, 31)


@pytest.mark.parametrize(
    "text",
    ["", "12/31/2027", "31.02.2027", "20271231", "2027-W52-5", "31.12.27", "2027-12-31 08:30", "٣١.12.2027"],
)
def test_what_is_no_day_or_might_be_another_one_is_not_guessed(text: str) -> None:
    assert importing.day_of(text) is None
