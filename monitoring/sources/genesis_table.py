"""Tables of GENESIS as their "csv" button gives them: several rows of headings, a footer, names indented.

Source: Landesdatenbank NRW and Regionaldatenbank Deutschland. Latin-1, semicolons, decimal comma; the first
line says "GENESIS-Tabelle:" or "Tabelle:"; the footer begins with a line of underscores.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitoring.importers.numbers import Separator
from monitoring.sources.reading import (
    FORMULA,
    NO_FIGURE,
    NO_PERIOD,
    Dimensions,
    Problems,
    Reading,
    SourceError,
    is_area_key,
    is_total,
    read_period,
    read_value,
)
from monitoring.sources.rows import Row, RowFile

_FIRST_LINES: Final = ("GENESIS-Tabelle:", "Tabelle:")
_FOOTER: Final = re.compile(r"_{3,}")
#: "Mindestsicherungsquote (Prozent)": variable and unit of a table that has only one.
_WITH_UNIT: Final = re.compile(r"(?P<variable>.+?)\s*\((?P<unit>[^()]+)\)")
#: What the level above years says, and nothing else.
_PERIOD_WORDS: Final = frozenset({"jahr", "jahre", "stichtag", "monat", "quartal", "zeit", "berichtsjahr"})
#: How a unit begins; one in the lowest level of headings tells that the level holds units.
_UNIT: Final = re.compile(
    r"(?:anzahl|prozent|%|eur\b|€|tsd|mill|mrd|1000|qkm|km|ha\b|qm|cbm|t\b|tonnen|kg|gwh|mwh|jahre|personen|"
    r"euro|promille|je )",
    re.IGNORECASE,
)
#: Rows looked at to tell what the columns before the values are.
_SAMPLE: Final = 50
#: Name of the attribute that keeps apart columns with the same headings.
_COLUMN: Final = "Spalte"
_AREA: Final = "Gebiet"


@dataclass(frozen=True, slots=True)
class _Column:
    """What a column of values is about."""

    variable: str
    unit: str
    period: str
    attributes: tuple[tuple[str, str], ...]
    totals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stub:
    """The columns before the values, -1 if missing: period, key, name; others are attributes."""

    width: int
    period: int
    key: int
    name: int
    others: tuple[int, ...]


def is_genesis_table(first: Row) -> bool:
    """Whether the first row is that of a table."""
    return first.cells[0].startswith(_FIRST_LINES)


def read_genesis_table(file: RowFile, problems: Problems) -> Iterator[Reading]:
    """Read a table.

    Args:
        file: Begins as tables of GENESIS do.
        problems: Takes what cannot be read.

    Yields:
        One reading a value; totals are kept and marked.

    Raises:
        SourceError: There are no headings or no rows below them, or nothing tells the period.
    """
    titles, headings, data = _parts(file)
    sample = list(itertools.islice(data, _SAMPLE))
    if not headings or not sample:
        raise SourceError("table_no_figures")
    width = min(_blank_start(row.cells) for row in headings)
    columns = _columns(titles, [row.cells for row in headings], width)
    stub = _stub(sample, width)
    if stub.period < 0 and not all(column.period for column in columns.values()):
        raise SourceError("table_no_year")
    for row in itertools.chain(sample, data):
        if row.formulas:
            problems.add(row.number, file.column(row.formulas[0]), "", FORMULA)
        elif _fits(row, stub.width + len(columns), problems, is_excel=file.is_excel):
            yield from _readings(row, stub, columns, problems)


def _fits(row: Row, expected: int, problems: Problems, *, is_excel: bool) -> bool:
    """Whether a row is as wide as the headings; Excel leaves empty cells at the end out."""
    count = len(row.cells)
    if count == expected or (is_excel and count < expected):
        return True
    problems.add(row.number, "", "", "row_width", count=count, width=expected)
    return False


def _parts(file: RowFile) -> tuple[list[str], list[Row], Iterator[Row]]:
    """Lines of the title, rows of headings, and the rows of figures down to the footer."""
    titles: list[str] = []
    headings: list[Row] = []
    rows = (row for row in file.rows() if any(row.cells))
    body = itertools.takewhile(lambda row: not _FOOTER.fullmatch(row.cells[0]), rows)
    for row in body:
        if not row.cells[0]:
            headings.append(row)
        elif headings:
            return titles, headings, itertools.chain([row], body)
        else:
            titles.append(row.cells[0])
    return titles, headings, iter(())


def _blank_start(cells: Sequence[str]) -> int:
    return next((place for place, text in enumerate(cells) if text), len(cells))


def _columns(titles: Sequence[str], headings: Sequence[Sequence[str]], stub_width: int) -> dict[int, _Column]:
    """What each column of values is about, from the levels of headings above it."""
    width = max(len(row) for row in headings)
    levels = [[row[place] if place < len(row) else "" for place in range(width)] for row in headings]
    periods, levels = _period_level(levels, stub_width)
    units: list[str] = []
    if levels and _holds_units(levels[-1][stub_width:]):
        units = levels.pop()
    found: dict[int, _Column] = {}
    for place in range(stub_width, width):
        variable, unit = levels[0][place] if levels else "", units[place] if units else ""
        if not variable:
            variable, unit = _from_title(titles, unit)
        attributes, totals = _attributes(levels, place)
        found[place] = _Column(variable, unit, periods[place] if periods else "", attributes, totals)
    return _told_apart(found)


def _told_apart(columns: Mapping[int, _Column]) -> dict[int, _Column]:
    """Columns with the same headings, as some tables of GENESIS have them, get their number."""
    all_columns = list(columns.values())
    return {
        place: column
        if all_columns.count(column) == 1
        else _Column(
            column.variable,
            column.unit,
            column.period,
            (*column.attributes, (_COLUMN, str(place + 1))),
            column.totals,
        )
        for place, column in columns.items()
    }


def _holds_units(texts: Sequence[str]) -> bool:
    return all(texts) and any(_UNIT.match(text) for text in texts)


def _period_level(levels: list[list[str]], stub_width: int) -> tuple[list[str], list[list[str]]]:
    """Take the level of years or days out, and the one above it that only says "Jahr"."""
    for number, level in enumerate(levels):
        texts = [text for text in level[stub_width:] if text]
        if not texts or any(read_period(text) is None for text in texts):
            continue
        gone = {number}
        above = {text for text in levels[number - 1][stub_width:] if text} if number else set()
        if above and {text.casefold() for text in above} <= _PERIOD_WORDS:
            gone.add(number - 1)
        rest = [row for place, row in enumerate(levels) if place not in gone]
        return _carried([read_period(text) or "" for text in level]), rest
    return [], levels


def _carried(texts: list[str]) -> list[str]:
    """A year that stands over several columns counts for those to its right as well."""
    carried: list[str] = []
    for text in texts:
        carried.append(text or (carried[-1] if carried else ""))
    return carried


def _from_title(titles: Sequence[str], unit: str) -> tuple[str, str]:
    """Variable of a table that has only one: the last line of its title, with the unit in brackets."""
    last = titles[-1] if titles else ""
    match = _WITH_UNIT.fullmatch(last)
    return (match["variable"], unit or match["unit"]) if match else (last, unit)


def _attributes(
    levels: Sequence[Sequence[str]], place: int
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Attributes of a column from the levels below the variable.

    A level that is blank here but filled elsewhere for the same variable is a total as well.
    """
    attributes: list[tuple[str, str]] = []
    totals: list[str] = []
    for number, level in enumerate(levels[1:], start=1):
        name = f"Gliederung {number}" if len(levels) > 2 else "Gliederung"
        text = level[place]
        if text:
            attributes.append((name, text))
        same = [
            other
            for other in range(len(level))
            if all(above[other] == above[place] for above in levels[:number])
        ]
        if is_total(text) if text else any(level[other] for other in same):
            totals.append(name)
    return tuple(attributes), tuple(totals)


def _stub(sample: Sequence[Row], width: int) -> _Stub:
    """Tell period, key and name apart by what stands in most rows of the columns."""

    def first(is_one: Callable[[str], object], taken: int = -1) -> int:
        counts = {
            place: sum(bool(is_one(row.cell(place))) for row in sample)
            for place in range(width)
            if place != taken
        }
        return next((place for place, count in counts.items() if count > len(sample) / 2), -1)

    period = first(read_period)
    key = first(is_area_key, period)
    name = next((place for place in range(width) if place not in {period, key} and place > key), -1)
    others = tuple(place for place in range(width) if place not in {period, key, name})
    return _Stub(width, period, key, name, others)


def _readings(row: Row, stub: _Stub, columns: Mapping[int, _Column], problems: Problems) -> Iterator[Reading]:
    period = ""
    if stub.period >= 0:
        written = row.cell(stub.period)
        period = read_period(written) or ""
        if not period:
            problems.add(row.number, str(stub.period + 1), written, NO_PERIOD)
            return
    key, name = row.cell(stub.key), row.cell(stub.name)
    if not key and not name:
        problems.add(row.number, "", "", "no_area")
        return
    extra = tuple((f"Merkmal {place + 1}", row.cell(place)) for place in stub.others)
    row_totals = tuple(label for label, text in extra if is_total(text))
    if is_total(name):
        row_totals += (_AREA,)
    for place, column in columns.items():
        found = read_value(row.cell(place), Separator.POINT if place in row.exact else Separator.COMMA)
        if found is None:
            problems.add(row.number, str(place + 1), row.cell(place), NO_FIGURE)
            continue
        yield Reading(
            key,
            name,
            period or column.period,
            column.variable,
            column.unit,
            Dimensions(column.attributes + extra, column.totals + row_totals),
            found[0],
            found[1],
            row.number,
            str(place + 1),
        )
