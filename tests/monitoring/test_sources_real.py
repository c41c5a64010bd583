"""Sources of figures: real files of statistics offices and cities, counted without our readers.

Sources: SOURCE.md beside each file. Skipped where the folder is not there.
"""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest

from monitoring.sources import SourceError, read_source
from monitoring.sources.reading import dimensions_json
from tests.monitoring.sources_tools import FFCSV, Result, ffcsv_row, read

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not part of the repository")


def lines_of(path: Path, encoding: str) -> list[str]:
    """Lines of figures: without heading and, in tables of GENESIS, title and footer."""
    lines = [line for line in path.read_bytes().decode(encoding).splitlines() if line.strip()]
    if path.parent.name == "genesis_table_csv":
        end = lines.index("__________")
        return [line for line in lines[:end] if line[:2].isdigit() or line[:2] == "DG"]
    return lines[1:]


def found(result: Result, key: str, variable: str, **dimensions: str) -> list[tuple[str, str, str]]:
    """Period, value and sign of what is said of an area."""
    return [
        (row.period, row.value, row.sign)
        for row in result.readings
        if row.area_key == key
        and row.variable == variable
        and dict(row.dimensions.attributes).items() >= dimensions.items()
    ]


# File, encoding, columns of figures in each line: counted in the file by hand.
FILES = [
    ("ffcsv/12411-01-01-4_de_flat.csv", "utf-8-sig", 1),
    ("ffcsv/61511-01-03-4_de_flat.csv", "utf-8-sig", 1),
    ("ffcsv/old_format_11111-0001_flat.csv", "utf-8", 1),
    ("genesis_table_csv/ldbnrw_2023_22811-01i.csv", "latin-1", 1),
    ("genesis_table_csv/ldbnrw_2024_22811-05i.csv", "latin-1", 8),
    ("genesis_table_csv/schul_13211-02-05-4.csv", "latin-1", 13),
    ("muenster/05515000_csv_indikatoren_sozial.csv", "latin-1", 1),
    ("berlin_mss2021/mss_2021_z-werte_plr_published.csv", "utf-8-sig", 11),
    ("berlin_mss2021/mss_2021_index_indikatoren.csv", "utf-8", 25),
    ("berlin_mss2021/mss_2021_indizes.csv", "utf-8", 4),
    ("nrw_gemeinden/kreise_inkar_2008_2021.csv", "utf-8", 10),
    ("nrw_gemeinden/nrw_gemeinden_inkar_2008_2021.csv", "utf-8", 4),
    ("nrw_gemeinden/nrw_gemeinden_querschnitt_abgeleitet.csv", "utf-8", 17),
    ("gemeindeverzeichnis/gemeinden_nrw_2024-06-30.csv", "utf-8", 7),
    ("hotspots/muenster_sgb2_2022_queen_expected.csv", "utf-8", 10),
]


@needs_data
@pytest.mark.parametrize(("name", "encoding", "columns"), FILES)
def test_every_cell_of_figures_becomes_a_row(name, encoding, columns):
    result = read(DATA / name)
    lines = lines_of(DATA / name, encoding)
    assert result.problems == []
    assert len(lines) > 10
    assert len(result.readings) == len(lines) * columns
    assert not [row for row in result.readings if row.value and row.sign not in {"", "()"}]


@needs_data
@pytest.mark.parametrize("name", ["12411-01-01-4_de_flat.csv", "61511-01-03-4_de_flat.csv"])
def test_ffcsv_keeps_each_figure_and_sign(name):
    """Every line against the file itself, read with nothing but ``str.split``."""
    path = DATA / "ffcsv" / name
    expected = Counter()
    for line in lines_of(path, "utf-8-sig"):
        cells = line.split(";")
        is_sign = cells[13] in {"-", ".", "/", "x", "..."}
        value = "" if is_sign else cells[13].replace(".", "").replace(",", ".")
        expected[cells[7], cells[4], cells[16], cells[12], value, cells[13] if is_sign else ""] += 1
    given = Counter(
        (row.area_key, row.period, row.variable, row.dimensions.attributes[0][1], row.value, row.sign)
        for row in read(path).readings
    )
    assert given == expected


@needs_data
def test_signs_and_totals_of_ffcsv():
    land = read(DATA / "ffcsv" / "61511-01-03-4_de_flat.csv")
    assert Counter(row.sign for row in land.readings if row.sign) == {"-": 644, ".": 172}
    assert {len(row.area_key) for row in land.readings} == {5, 8}
    people = read(DATA / "ffcsv" / "12411-01-01-4_de_flat.csv")
    totals = [row for row in people.readings if row.dimensions.totals == ("Geschlecht",)]
    assert len(totals) == len(people.readings) / 3
    assert {row.dimensions.attributes for row in totals} == {(("Geschlecht", "Insgesamt"),)}
    assert found(people, "08222", "Bevölkerungsstand", Geschlecht="weiblich") == [
        ("2024-12-31", "158789", "")
    ]
    old = read(DATA / "ffcsv" / "old_format_11111-0001_flat.csv")
    assert found(old, "05", "Gebietsflaeche") == [("2022-12-31", "34112.72", "")]
    assert old.readings[-1].dimensions.totals == ("Bundesländer",)


@needs_data
def test_tables_of_genesis():
    rate = read(DATA / "genesis_table_csv" / "ldbnrw_2023_22811-01i.csv")
    assert found(rate, "05111", "Mindestsicherungsquote") == [("2023", "11.5", "")]
    assert (rate.readings[0].area_name, rate.readings[0].unit) == ("Nordrhein-Westfalen", "Prozent")
    people = read(DATA / "genesis_table_csv" / "ldbnrw_2024_22811-05i.csv")
    name = "Empfänger/innen von soz. Mindestsicherungsleistung"
    assert found(people, "05111", name, **{"Gliederung 1": "Insgesamt"}) == [("2024", "68098", "")]
    assert found(people, "05111", name, **{"Gliederung 2": "im Alter"}) == [("2024", "11310", "")]
    jobless = read(DATA / "genesis_table_csv" / "schul_13211-02-05-4.csv")
    total = [row for row in jobless.readings if row.area_key == "DG" and row.variable == "Arbeitslose"]
    assert (total[0].value, total[0].dimensions.totals, total[0].dimensions.attributes) == (
        "2608672",
        ("Gliederung",),
        (),
    )
    assert found(jobless, "01001", "Arbeitslose", Gliederung="ausländisch") == [("2023", "1225", "")]


@needs_data
@pytest.mark.parametrize("name", ["ldbnrw_2023_22811-01i", "ldbnrw_2024_22811-05i", "schul_13211-02-05-4"])
def test_tables_of_genesis_keep_each_figure_and_sign(name):
    path = DATA / "genesis_table_csv" / f"{name}.csv"
    stub = 2 if name == "ldbnrw_2023_22811-01i" else 3
    expected: list[tuple[str, str]] = []
    for line in lines_of(path, "latin-1"):
        for cell in line.split(";")[stub:]:
            is_sign = cell in {"-", ".", "/", "x", "..."}
            expected.append(("", cell) if is_sign else (cell.replace(",", "."), ""))
    assert [(row.value, row.sign) for row in read(path).readings] == expected


@needs_data
def test_muenster():
    result = read(DATA / "muenster" / "05515000_csv_indikatoren_sozial.csv")
    assert sum(not row.value for row in result.readings) == 18
    assert len({row.area_key or row.area_name for row in result.readings}) == 52
    assert len({row.period for row in result.readings}) == 9
    assert len({row.variable for row in result.readings}) == 13
    city = [row for row in result.readings if row.area_name == "Münster. Gesamtstadt"]
    assert len(city) == 9 * 13
    assert {row.dimensions.totals for row in city} == {("Gebiet",)}
    children = "Anteil der Kinder mit Migrationsvorgeschichte an allen Kindern - Kernindikator 3"
    assert ("2017", "76.63", "") in found(result, "91", children)


@needs_data
def test_berlin():
    z = read(DATA / "berlin_mss2021" / "mss_2021_z-werte_plr_published.csv")
    assert found(z, "01100101", "zS1") == [("", "-0.25", "")]
    assert found(z, "01100101", "Dynamik-Index (standardisierte Dynamik-summe)") == [("", "1.27", "")]
    index = read(DATA / "berlin_mss2021" / "mss_2021_index_indikatoren.csv")
    assert found(index, "01100101", "S1", BEZ_ID="01", KOM="gültig") == [("2020-12", "4.22594", "")]
    assert {row.variable for row in index.readings} >= {"EW", "S1", "D4"}
    assert "BEZ_ID" not in {row.variable for row in index.readings}


@needs_data
@pytest.mark.parametrize(
    ("name", "key", "variable", "value"),
    [
        ("nrw_gemeinden/kreise_inkar_2008_2021.csv", "01001", "Schuldnerquote", "17.01"),
        ("nrw_gemeinden/nrw_gemeinden_inkar_2008_2021.csv", "05111000", "Einkommensteuer", "426.21"),
        (
            "nrw_gemeinden/nrw_gemeinden_querschnitt_abgeleitet.csv",
            "05112000",
            "mindestsicherungsquote_2023",
            "17.0",
        ),
        ("gemeindeverzeichnis/gemeinden_nrw_2024-06-30.csv", "051110000000", "bevoelkerung", "629047"),
        ("hotspots/muenster_sgb2_2022_queen_expected.csv", "11", "value", "2.3"),
    ],
)
def test_spot_values(name, key, variable, value):
    assert found(read(DATA / name), key, variable)[0][1] == value


@needs_data
@pytest.mark.parametrize(
    "name", ["nrw_gemeinden/kreise_inkar_2008_2021.csv", "nrw_gemeinden/nrw_gemeinden_inkar_2008_2021.csv"]
)
def test_wide_tables_keep_each_cell(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    expected = [
        (row[0], row[2], header[place], row[place]) for row in rows for place in range(3, len(header))
    ]
    assert [
        (row.area_key, row.period, row.variable, row.value) for row in read(DATA / name).readings
    ] == expected


@needs_data
def test_keys_of_the_register_stay_attributes():
    result = read(DATA / "gemeindeverzeichnis" / "gemeinden_nrw_2024-06-30.csv")
    first = json.loads(dimensions_json(result.readings[0].dimensions))
    assert first == {
        "ags": "05111000",
        "plz": "40213",
        "verstaedterung_schluessel": "01",
        "verstaedterung": "dicht besiedelt",
    }


@needs_data
def test_what_is_no_table_of_figures_is_refused():
    with pytest.raises(SourceError, match="no headings with a column of areas"):
        read(DATA / "esf_nrw" / "esf_nrw_2014-2020_regional.csv")
    assert read(DATA / "hotspots" / "muenster_sgb2_2022_queen_neighbours.csv").problems


def test_a_long_file_is_never_held_whole(tmp_path):
    """100,000 rows of 17 MB: less than a quarter of it in memory at any time."""
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{FFCSV}\n")
        for number in range(100_000):
            file.write(
                f"{ffcsv_row(str(number), key=f'{number % 5000:05}', time=str(2000 + number // 5000))}\n"
            )
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_source(path).readings)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 100_000
    assert peak < path.stat().st_size / 2
