"""Sources of figures: whatever is wrong is told by row and column, and nothing is written."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from monitoring.sources import SourceError, duplicates
from monitoring.sources.reading import MAX_PROBLEMS
from tests.monitoring.sources_tools import FFCSV, ffcsv_row, read, read_sheet, read_text, refusal

HEAD = "AGS;Jahr;Quote\n05366004;2022;1,5\n"
AREA_TWICE = "for this area, period and variable. Delete one of the two."


# --- The file as a whole ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff", ";;\n;;\n", "   "])
def test_empty_file(tmp_path, text):
    assert refusal(tmp_path, text) == "The file is empty. Choose the file with the data."


def test_missing_file(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path / "none.csv")


@pytest.mark.parametrize("text", [FFCSV, "AGS;Jahr;Indikator;Wert", "Tabelle: 1\nTitel;\n;;2022\n____"])
def test_headings_without_figures(tmp_path, text):
    assert "no figures below" in refusal(tmp_path, text).lower()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"%PDF-1.7\n...", "in.xlsx", "This is a PDF, whatever its name says."),
        (b"%PDF-1.7\n...", "in.csv", "This is a PDF, whatever its name says."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "in.xls", "This is an old Excel file"),
        (b"AGS;Jahr\0;Quote\n1;2;3", "in.csv", "This is not a text file."),
        (b"AGS;Jahr;Quote\n\x01;2;3", "in.csv", "This is not a text file."),
        (HEAD.encode(), "in.xlsx", "The name says Excel, but the content is not."),
        (b"PK\x03\x04" + b"\0" * 60, "in.csv", "The name says CSV"),
        (b"PK\x03\x04" + b"\0" * 60, "in.xlsx", "The file is damaged"),
        (
            "AGS;Jahr;Größe\n1;2022;3".encode("cp1252").replace(b"\xf6", b"\x81"),
            "in.csv",
            "umlauts near line 1",
        ),
        ("AGS;Jahr;Quote\nKÃ¶ln;2022;3".encode(), "in.csv", "umlauts near line 2"),
        (b"\xef\xbb\xbfAGS;Jahr;Quote\nK\xf6ln;2022;3", "in.csv", "umlauts near line"),
        (
            b'AGS;Jahr;Quote\n05366004;2022;"1\n05366008;2022;2\n',
            "in.csv",
            "Line 2 cannot be read: a quotation",
        ),
    ],
)
def test_wrong_kind_of_file(tmp_path, content, name, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as refused:
        read(path)
    assert sentence in str(refused.value)


def test_zip_bomb(tmp_path):
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sheet.xml", "w") as part,
    ):
        for _ in range(300):
            part.write(b"\0" * (1 << 20))
    path = tmp_path / "in.xlsx"
    path.write_bytes(packed.getvalue())
    with pytest.raises(SourceError, match="Unpacked, the workbook would be far larger"):
        read(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Jahr;Quote\n2022;5", "no headings with a column of areas. Known headings: Gebietsschlüssel"),
        ("ZEIT;RAUM;MERKMAL\n2022;Mitte;Quote", "No column of figures."),
        ("RAUM;MERKMAL;WERT\nMitte;Quote;5", "The column of years is missing."),
        ("AGS;Jahr;Quote;Quote\n05366004;2022;5;6", "A heading stands twice: Quote."),
        ("AGS;2021;20222\n05366004;5;6", "The heading 20222 is neither a year nor a name."),
        (";Arbeitslose;Arbeitslose\nAGS;m;w\n05366004;5;6", "Rows 1 and 2 are both headings."),
        ("AGS;Jahr;Arbeitslose;\n;;m;w\n05366004;2022;5;6", "Column 4 has entries but no heading."),
        ("AGS;Jahr;Quote\n05366004;2022;1,5\n05366008;2022;1.5", "points are mixed: 1,5 and 1.5."),
        ("AGS;Jahr;a;b\n05366004;2022;1,5;1.5", "points are mixed: 1,5 and 1.5."),
        (f"{FFCSV.replace(';value;', ';wert;')}\n{ffcsv_row('1')}", "The column value is missing."),
        (f"{FFCSV.replace(';time;', ';when;')}\n{ffcsv_row('1')}", "The column time is missing."),
        (
            f"{FFCSV.replace('1_variable_code', 'x')}\n{ffcsv_row('1')}",
            "The column 1_variable_code is missing.",
        ),
        (f"{FFCSV};value\n{ffcsv_row('1')};2", "A heading stands twice: value."),
        ("Statistik_Code;Zeit\n1;2022", "No column of values, such as"),
        ("Tabelle: 1\nTitel;\n;;Anzahl\n05366;Euskirchen;5", "Neither headings nor rows tell the year."),
    ],
)
def test_wrong_headings(tmp_path, text, sentence):
    assert sentence in refusal(tmp_path, text)


def test_merged_heading_of_a_workbook(tmp_path):
    rows = [["AGS", "Jahr", "Arbeitslose", None], ["05366004", 2022, 5, 6]]
    result = read_sheet(tmp_path, rows, merge="C1:D1")
    assert result.problems == [
        "sheet Sheet, row 2, column D: '6': There is no heading above this. "
        "The row has 4 columns, the headings have 3."
    ]


def test_merged_heading_in_the_midst_of_a_workbook(tmp_path):
    rows = [["AGS", "Jahr", "Arbeitslose", None, "Quote"], ["05366004", 2022, 5, 6, 7]]
    with pytest.raises(SourceError, match="Column D has entries but no heading"):
        read_sheet(tmp_path, rows, merge="C1:D1")


# --- Rows and cells --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("05366008;20222;5", "row 3, column Jahr: '20222': This is no year, month or day."),
        ("05366008;2022-13;5", "row 3, column Jahr: '2022-13': This is no year, month or day."),
        ("05366008;;5", "row 3, column Jahr: The year is missing."),
        (";2022;5", "row 3: The row names no area."),
        ("0536600X;2022;5", "row 3, column AGS: '0536600X': This is no key of an area"),
        ("0536;2022;5", ""),
        ("053660;2022;5", "row 3, column AGS: '053660': This is no key of an area"),
        ("05366008;2022;abc", "row 3, column Quote: 'abc': This is neither a number nor a sign."),
        ("05366008;2022;12,5 Personen", "row 3, column Quote: '12,5 Personen': This is neither"),
        ("05366008;2022;1,2,3", "row 3, column Quote: '1,2,3': This is neither"),
        ("05366008;2022", "row 3: The row has 2 columns, the headings have 3."),
        ("05366008;2022;5;6", "row 3, column 4: '6': There is no heading above this."),
        ("05366008;2022;5;", ""),
        ("05366004;2022;1,5", f"row 3, column Quote: '1.5': Row 2 gives the same value {AREA_TWICE}"),
        ("05366004;2022;9,5", f"row 3, column Quote: '9.5': Row 2 gives another value {AREA_TWICE}"),
        ("AGS;Jahr;Quote", "row 3, column AGS: 'AGS': This is no key of an area"),
    ],
)
def test_wrong_row_of_an_own_table(tmp_path, row, problem):
    problems = read_text(tmp_path, HEAD + row).problems
    assert problems[:1] == [] if not problem else problems[0].startswith(problem)


def test_decimal_point_among_commas_is_found_beyond_the_sample(tmp_path):
    rows = "\n".join(f"{number};2020;1,5" for number in range(6_000))
    result = read_text(tmp_path, f"ID;Jahr;Quote\n{rows}\n9999;2020;12.5\n9998;2020;n.n.")
    assert result.problems == [
        "row 6002, column Quote: '12.5': The figures of this table have decimal commas, "
        "this one has a decimal point. Use one of them.",
        "row 6003, column Quote: 'n.n.': This is neither a number nor a sign.",
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("05366004;2022;Q;5;?", "row 2, column Zeichen: '?': This is no sign of statistics."),
        ("05366004;2022;Q;5;.", "row 2, column Wert: '5': Beside this figure stands the sign .."),
        ("05366004;2022;;5;", "row 2, column Indikator: The row names no indicator."),
    ],
)
def test_wrong_row_of_a_long_table(tmp_path, row, problem):
    result = read_text(tmp_path, f"AGS;Jahr;Indikator;Wert;Zeichen\n{row}")
    assert result.problems == [problem]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (ffcsv_row("1", time="20222"), "row 3, column time: '20222': This is no year, month or day."),
        (ffcsv_row("viel"), "row 3, column value: 'viel': This is neither a number nor a sign."),
        (ffcsv_row("1.5"), "row 3, column value: '1.5': This is neither a number nor a sign."),
        (ffcsv_row("1") + ";2", "row 3: The row has 18 columns, the headings have 17."),
        ("12411;B", "row 3: The row has 2 columns, the headings have 17."),
        (ffcsv_row("5", code="GESM"), f"row 3, column value: '5': Row 2 gives another value {AREA_TWICE}"),
    ],
)
def test_wrong_row_of_an_ffcsv(tmp_path, row, problem):
    text = f"{FFCSV}\n{ffcsv_row('4', code='GESM')}\n{row}"
    assert read_text(tmp_path, text).problems == [problem]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("2022;05370;Heinsberg;viel", "row 5, column 4: 'viel': This is neither a number nor a sign."),
        ("2022;05370;Heinsberg", "row 5: The row has 3 columns, the headings have 4."),
        ("2022;05370;Heinsberg;1;2", "row 5: The row has 5 columns, the headings have 4."),
        ("20222;05370;Heinsberg;1", "row 5, column 1: '20222': This is no year, month or day."),
        ("2022;05366;Euskirchen;9", f"row 5, column 4: '9': Row 4 gives another value {AREA_TWICE}"),
    ],
)
def test_wrong_row_of_a_table_of_genesis(tmp_path, row, problem):
    text = f"Tabelle: 1\nQuote (Prozent)\n;;;Anzahl\n2022;05366;Euskirchen;1\n{row}\n2022;05378;RBK;1"
    assert read_text(tmp_path, text).problems == [problem]


def test_formulas_are_not_calculated(tmp_path):
    result = read_sheet(
        tmp_path, [["AGS", "Jahr", "Quote"], ["05366004", 2022, "=1+1"], ["05366008", 2022, 3]]
    )
    assert result.problems == [
        "sheet Sheet, row 2, column C: '=1+1': This is a formula, and what it gives is not taken. "
        "Copy the table and paste it as values."
    ]


def test_formula_as_key(tmp_path):
    result = read_sheet(tmp_path, [["ID", "Jahr", "Quote"], ["=A3", 2022, 2], ["05366008", 2022, 3]])
    assert "row 2, column A: '=A3': This is a formula" in result.problems[0]


def test_all_values_given_twice_are_counted_and_the_first_thousand_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(duplicates, "_NAMED", 1_200)
    rows = "\n".join(f"{number};2020;5" for number in range(1_500))
    path = tmp_path / "in.csv"
    path.write_text(f"ID;Jahr;Quote\n{rows}\n{rows}", encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        call_command("inspect_source", path, out=tmp_path / "tidy.csv")
    lines = str(refused.value).splitlines()
    assert len(lines) == MAX_PROBLEMS + 1
    assert lines[-1] == "and 500 more"


# --- The command -----------------------------------------------------------------------------------


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command with an empty environment: no settings, no database."""
    return subprocess.run(
        [sys.executable, "manage.py", "inspect_source", *map(str, arguments)],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


def test_command_needs_no_environment(tmp_path):
    (tmp_path / "in.csv").write_text(HEAD, encoding="utf-8")
    done = run(tmp_path / "in.csv", "--out", tmp_path / "tidy.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"table, utf-8: 1 values, {tmp_path / 'tidy.csv'}\n"
    assert (tmp_path / "tidy.csv").read_bytes().decode() == (
        "area_key,area_name,period,variable,unit,dimensions,value,sign\n05366004,,2022,Quote,,{},1.5,\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "tidy.csv"]


def test_command_lists_all_that_is_wrong_and_writes_nothing(tmp_path):
    (tmp_path / "in.csv").write_text(HEAD + "05366008;20222;5\n05366012;2022;viel\n", encoding="utf-8")
    done = run(tmp_path / "in.csv", "--out", tmp_path / "tidy.csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "CommandError: in.csv, row 3, column Jahr: '20222': This is no year, month or day.\n"
        "in.csv, row 4, column Quote: 'viel': This is neither a number nor a sign.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_an_older_result_stays_when_something_is_wrong(tmp_path):
    (tmp_path / "in.csv").write_text(HEAD + "05366008;20222;5\n", encoding="utf-8")
    (tmp_path / "tidy.csv").write_text("before", encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("inspect_source", tmp_path / "in.csv", out=tmp_path / "tidy.csv")
    assert (tmp_path / "tidy.csv").read_text(encoding="utf-8") == "before"
    assert not list(tmp_path.glob("*.part"))


def test_command_does_not_overwrite_what_it_reads(tmp_path):
    (tmp_path / "in.csv").write_text(HEAD, encoding="utf-8")
    with pytest.raises(CommandError, match="the file that is read"):
        call_command("inspect_source", tmp_path / "in.csv", out=tmp_path / "in.csv")
    assert (tmp_path / "in.csv").read_text(encoding="utf-8") == HEAD


def test_command_tells_where_it_cannot_write(tmp_path):
    (tmp_path / "in.csv").write_text(HEAD, encoding="utf-8")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("inspect_source", tmp_path / "in.csv", out=Path("/nowhere/tidy.csv"))
