"""Small files for the tests of sources, and what comes out of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from openpyxl import Workbook

from monitoring.sources import Reading, SourceError, read_source

#: Headings of the ffcsv of today, with two attributes.
FFCSV = (
    "statistics_code;statistics_label;time_code;time_label;time;"
    "1_variable_code;1_variable_label;1_variable_attribute_code;1_variable_attribute_label;"
    "2_variable_code;2_variable_label;2_variable_attribute_code;2_variable_attribute_label;"
    "value;value_unit;value_variable_code;value_variable_label"
)


class Result(NamedTuple):
    """All that a file gives."""

    readings: list[Reading]
    problems: list[str]
    notes: list[str]

    @property
    def values(self) -> list[tuple[str, str, str, str, str]]:
        """Key, period, variable, value and sign."""
        return [(row.area_key, row.period, row.variable, row.value, row.sign) for row in self.readings]


def ffcsv_row(
    value: str, *, key: str = "05366", code: str = "GESW", label: str = "weiblich", time: str = "2024"
) -> str:
    return (
        f"12411;Bevölkerung;JAHR;Jahr;{time};KREISE;Kreise;{key};Euskirchen;"
        f"GES;Geschlecht;{code};{label};{value};Anzahl;BEVSTD;Bevölkerungsstand"
    )


def read(path: Path) -> Result:
    source = read_source(path)
    readings = list(source.readings)
    return Result(readings, list(map(str, source.problems.found)), list(map(str, source.problems.notes)))


def read_text(folder: Path, text: str, *, encoding: str = "utf-8", name: str = "in.csv") -> Result:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read(path)


def read_sheet(folder: Path, rows: Sequence[Sequence[object]], *, merge: str = "") -> Result:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    if merge:
        sheet.merge_cells(merge)
    path = folder / "in.xlsx"
    book.save(path)
    return read(path)


def refusal(folder: Path, text: str, **options: str) -> str:
    """What is said of a file that cannot be read as a whole."""
    try:
        result = read_text(folder, text, **options)
    except SourceError as error:
        return str(error)
    raise AssertionError(f"read: {result}")
