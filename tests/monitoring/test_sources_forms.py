"""Sources of figures: each form, read from small files made by hand."""

from __future__ import annotations

import csv
import doctest
import io
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from openpyxl import Workbook

from monitoring.management.commands.inspect_source import COLUMNS
from monitoring.sources import headings, reading
from monitoring.sources.reading import dimensions_json
from tests.monitoring.sources_tools import FFCSV, Result, ffcsv_row, read, read_sheet, read_text

DOCS = (Path(settings.BASE_DIR) / "docs" / "source-formats.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```csv file\n(.*?)```\s+```csv rows\n(.*?)```", DOCS, re.DOTALL)


@pytest.mark.parametrize("module", [reading, headings])
def test_docstring_examples(module):
    assert doctest.testmod(module).failed == 0


def written(result: Result) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in result.readings:
        writer.writerow([*row[:5], dimensions_json(row.dimensions), row.value, row.sign])
    return out.getvalue()


def test_documents_have_an_example_of_each_form():
    assert len(EXAMPLES) == 6


@pytest.mark.parametrize(("source", "rows"), EXAMPLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_examples_of_the_documents(tmp_path, source, rows, encoding):
    result = read_text(tmp_path, source, encoding=encoding)
    assert result.problems == []
    assert written(result) == rows


def test_windows_line_ends_change_nothing(tmp_path):
    source, rows = EXAMPLES[3]
    assert written(read_text(tmp_path, source.replace("\n", "\r\n"))) == rows


# --- ffcsv ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["05", "053", "05366", "05366004", "053660004", "053660004004"])
def test_keys_of_any_length_stay_texts(tmp_path, key):
    assert read_text(tmp_path, f"{FFCSV}\n{ffcsv_row('1', key=key)}").readings[0].area_key == key


@pytest.mark.parametrize("sign", ["-", ".", "/", "x", "..."])
def test_signs_have_no_value(tmp_path, sign):
    row = read_text(tmp_path, f"{FFCSV}\n{ffcsv_row(sign)}").readings[0]
    assert (row.value, row.sign) == ("", sign)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("191,67", "191.67"),
        ("-0,5", "-0.5"),
        ("1.234.567,8", "1234567.8"),
        ("12 345", "12345"),
        ("007", "007"),
    ],
)
def test_german_numbers(tmp_path, text, value):
    assert read_text(tmp_path, f"{FFCSV}\n{ffcsv_row(text)}").readings[0].value == value


def test_quality_of_a_value_is_kept_as_attribute(tmp_path):
    row = read_text(tmp_path, f"{FFCSV};value_q\n{ffcsv_row('5')};e").readings[0]
    assert (row.value, row.sign) == ("5", "")
    assert ("value_q", "e") in row.dimensions.attributes


def test_items_of_the_same_label_are_told_apart_by_their_code(tmp_path):
    text = f"{FFCSV}\n{ffcsv_row('5', code='A', label='andere')}\n{ffcsv_row('6', code='B', label='andere')}"
    result = read_text(tmp_path, text)
    assert result.problems == []
    assert [
        json.loads(dimensions_json(row.dimensions))["codes"]["Geschlecht"] for row in result.readings
    ] == [
        "A",
        "B",
    ]


def test_area_is_found_in_whatever_place_it_stands(tmp_path):
    swapped = (
        "12411;B;JAHR;Jahr;2024;GES;Geschlecht;GESM;männlich;KREISE;Kreise;05366;Euskirchen;7;Anzahl;B;B"
    )
    row = read_text(tmp_path, f"{FFCSV}\n{swapped}").readings[0]
    assert (row.area_key, row.area_name, row.dimensions.attributes) == (
        "05366",
        "Euskirchen",
        (("Geschlecht", "männlich"),),
    )


def test_old_layout_with_two_variables_gives_two_rows_a_line(tmp_path):
    header = "Statistik_Code;Statistik_Label;Zeit_Code;Zeit_Label;Zeit;1_Merkmal_Code;1_Merkmal_Label;"
    header += "1_Auspraegung_Code;1_Auspraegung_Label;A01__Arbeitslose__Anzahl;A02__Quote__Prozent"
    result = read_text(tmp_path, f"{header}\n1;S;JAHR;Jahr;2023;KREISE;Kreise;05366;Euskirchen;12;4,5")
    assert [(row.variable, row.unit, row.value) for row in result.readings] == [
        ("Arbeitslose", "Anzahl", "12"),
        ("Quote", "Prozent", "4.5"),
    ]


# --- Tables of GENESIS -----------------------------------------------------------------------------


def test_years_in_the_headings_are_periods_and_the_variable_above_them_stays(tmp_path):
    text = "GENESIS-Tabelle: 1\nTitel;;\n;;Arbeitslose;Arbeitslose\n;;2022;2023\n;;Anzahl;Anzahl\n"
    text += "05366;  E;1;2\n_____\nStand"
    result = read_text(tmp_path, text)
    assert result.values == [
        ("05366", "2022", "Arbeitslose", "1", ""),
        ("05366", "2023", "Arbeitslose", "2", ""),
    ]


def test_a_lowest_level_without_units_is_an_attribute(tmp_path):
    text = "Tabelle: 1\nTitel;;\n;;Fälle;Fälle\n;;ledig;verheiratet\n2023;05366;1;2"
    result = read_text(tmp_path, text)
    assert [row.dimensions.attributes for row in result.readings] == [
        (("Gliederung", "ledig"),),
        (("Gliederung", "verheiratet"),),
    ]


def test_columns_with_the_same_headings_are_told_apart(tmp_path):
    result = read_text(tmp_path, "Tabelle: 1\nTitel;;\n;;Fälle;Fälle\n;;Anzahl;Anzahl\n2023;05366;1;1")
    assert [row.dimensions.attributes for row in result.readings] == [(("Spalte", "3"),), (("Spalte", "4"),)]


def test_nothing_is_read_below_the_footer(tmp_path):
    text = 'Tabelle: 1\nQuote (Prozent);\n;;2023\n05366;E;1,5\n__________\n"open quote\n05370;H;2'
    assert [row.area_key for row in read_text(tmp_path, text).readings] == ["05366"]


# --- Own tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "PLR-ID",
        "PLR_ID",
        "plr id",
        "Gebietsschlüssel",
        "Gebietsschluessel",
        "GEBIETS-SCHLÜSSEL",
        "ID",
        "Raum_ID",
    ],
)
def test_headings_are_known_in_all_spellings(tmp_path, heading):
    result = read_text(tmp_path, f"{heading};Jahr;Quote\n01100101;2022;1,5")
    assert result.values == [("01100101", "2022", "Quote", "1.5", "")]


@pytest.mark.parametrize("heading", ["AGS", "ARS", "RS", "Gemeindeschlüssel", "Kreis-Schlüssel"])
def test_a_zero_dropped_by_excel_is_put_back_and_told(tmp_path, heading):
    result = read_sheet(tmp_path, [[heading, "Jahr", "Quote"], [5334032, 2022, 1.5], ["05334002", 2022, 2]])
    assert [row.area_key for row in result.readings] == ["05334032", "05334002"]
    assert result.notes == ["A zero at the beginning was put back to 1 area keys."]


def test_numbers_that_begin_with_zero_are_attributes(tmp_path):
    result = read_text(tmp_path, "AGS;Jahr;Klasse;Quote\n05366004;2022;01;1,5\n05366008;2022;02;2,5")
    assert [(row.variable, row.dimensions.attributes) for row in result.readings] == [
        ("Quote", (("Klasse", "01"),)),
        ("Quote", (("Klasse", "02"),)),
    ]
    assert "“Klasse” has numbers that begin with 0" in result.notes[0]


def test_second_key_is_an_attribute_also_without_zeros(tmp_path):
    result = read_text(tmp_path, "AGS;ARS;Jahr;Quote\n14511000;145110000000;2022;1,5")
    assert [row.dimensions.attributes for row in result.readings] == [(("ARS", "145110000000"),)]


def test_column_that_fills_only_after_the_sample_is_still_one_of_figures(tmp_path):
    rows = "\n".join(f"{number};2020;1,5;" for number in range(6_000))
    result = read_text(tmp_path, f"ID;Jahr;alt;neu\n{rows}\n9999;2021;1,5;7,25")
    assert result.problems == []
    assert result.readings[-1].variable == "neu"
    assert result.readings[-1].value == "7.25"
    assert len(result.readings) == 12_002


def test_decimal_point_that_shows_only_after_the_sample_holds_for_all(tmp_path):
    rows = "\n".join(f"{number};2020;5" for number in range(6_000))
    result = read_text(tmp_path, f"ID;Jahr;Quote\n{rows}\n9999;2021;1.5")
    assert result.problems == []
    assert result.readings[-1].value == "1.5"


def test_thousands_that_could_be_decimals_are_told(tmp_path):
    result = read_text(tmp_path, "ID;Jahr;Fälle;Quote\n1;2020;1.234;5,5")
    assert result.readings[0].value == "1234"
    assert result.notes == ["1 figures such as 1.234 were read as thousands."]


def test_a_number_below_one_has_no_thousands(tmp_path):
    assert read_text(tmp_path, "ID;Jahr;Quote\n1;2020;0.123").readings[0].value == "0.123"


def test_percent_sign_becomes_the_unit(tmp_path):
    row = read_text(tmp_path, "ID;Jahr;Quote\n1;2020;12,5 %").readings[0]
    assert (row.value, row.unit) == ("12.5", "%")


def test_long_form_with_sign_and_unit(tmp_path):
    text = "AGS;Jahr;Indikator;Einheit;Wert;Zeichen;Quelle\n"
    text += "05366004;2022;Quote;%;;.;BA\n05366008;2022;Quote;%;12,5;();BA"
    result = read_text(tmp_path, text)
    assert [(row.value, row.sign, row.unit, row.dimensions.attributes) for row in result.readings] == [
        ("", ".", "%", (("Quelle", "BA"),)),
        ("12.5", "()", "%", (("Quelle", "BA"),)),
    ]


def test_value_without_indicator_is_a_figure_like_others(tmp_path):
    result = read_text(tmp_path, "id,value,z\n11,2.5,-0.25")
    assert [(row.variable, row.value) for row in result.readings] == [("value", "2.5"), ("z", "-0.25")]


def test_nothing_of_a_row_is_lost(tmp_path):
    """Indicator column and unit beside columns of figures, three columns of areas, a column named total."""
    text = "AGS;Gemeinde;Kreis;Jahr;Merkmal;total;Quote\n05366004;BM;Euskirchen;2022;Frauen;ja;1,5"
    row = read_text(tmp_path, text).readings[0]
    assert (row.area_key, row.area_name, row.variable) == ("05366004", "BM", "Quote")
    assert row.dimensions.attributes == (("Kreis", "Euskirchen"), ("Merkmal", "Frauen"), ("total (3)", "ja"))


def test_empty_cells_are_rows_without_value(tmp_path):
    result = read_text(tmp_path, "ID;Jahr;a;b;c\n1;2020;;5;\n2;2020;7;;")
    assert [(row.variable, row.value) for row in result.readings] == [
        ("a", ""),
        ("b", "5"),
        ("a", "7"),
        ("b", ""),
    ]
    assert result.notes == ["Columns without entries: c."]


def test_title_above_and_hint_of_excel_are_passed_over(tmp_path):
    result = read_text(tmp_path, "sep=;\nQuoten im Kreis;;\n\nID;Jahr;Quote\n1;2020;5")
    assert result.values == [("1", "2020", "Quote", "5", "")]
    assert result.readings[0].row == 5


def test_workbook_takes_numbers_as_they_are_and_names_other_sheets(tmp_path):
    result = read_sheet(
        tmp_path, [["AGS", "Jahr", "Quote"], ["05366004", 2022, 12.5], ["05366008", 2022, "7,25"]]
    )
    assert [row.value for row in result.readings] == ["12.5", "7.25"]


def test_sheets_that_are_not_read_are_named(tmp_path):
    book = Workbook()
    first = book.active
    assert first is not None
    for row in (["AGS", "Jahr", "Quote"], ["05366004", 2022, 12.5]):
        first.append(row)
    book.create_sheet("Zweites").append(["etwas"])
    book.save(tmp_path / "in.xlsx")
    assert read(tmp_path / "in.xlsx").notes == ["Only the sheet Sheet is read, not: Zweites."]
