"""Tables on areas: inhabitants by year, changes of borders (``docs/area-tables.md``); no models here."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Generic, TypeVar

from monitoring.importers.area_keys import folded, suggested_area
from monitoring.importers.issues import Issue, Severity
from monitoring.importers.numbers import Convention, find_convention, read_figure
from project.common.importing import Cell, CellKind, Table, column_letters, day_of
from project.common.keys import PlaceKeys, key_or_none

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
#: More inhabitants than any area of the country has.
_MOST_PEOPLE: Final = 100_000_000
_MOST_ISSUES: Final = 1_000
_SOURCE_LENGTH: Final = 200
_EXAMPLES: Final = 3
_KEY_NAMES: Final = ("Gebietsschlüssel", "Gebietsschluessel", "Schlüssel", "area_key", "Key", "AGS", "ARS")
#: Headings as we write them first, then what else is understood; compared without case.
POPULATION_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "area": _KEY_NAMES,
    "name": ("Gebiet", "Gebietsname", "area_name", "Name"),
    "year": ("Jahr", "year"),
    "count": (
        "Einwohner",
        "Einwohnerinnen und Einwohner",
        "Bevölkerung",
        "inhabitants",
        "population",
    ),
}
SUCCESSION_HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "old": ("Bisheriges Gebiet", "Alter Gebietsschlüssel", "Schlüssel alt", "old_key", "old area key"),
    "old_name": ("Name bisher", "old_name"),
    "new": ("Neues Gebiet", "Neuer Gebietsschlüssel", "Schlüssel neu", "new_key", "new area key"),
    "new_name": ("Name neu", "new_name"),
    "share": ("Anteil in Prozent", "Anteil", "Prozent", "share_percent", "share"),
    "day": ("Gültig ab", "Gültig seit", "Geändert am", "valid_from", "valid from"),
    "source": ("Quelle", "source"),
}
_OPTIONAL: Final = frozenset({"name", "old_name", "new_name", "source"})
_CODES: Final = {CellKind.FORMULA: "formula", CellKind.ERROR: "excel_error"}

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class PopulationRow:
    """Inhabitants of an area at the end of a year, and where that stands."""

    area: str
    year: int
    count: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """Which share of an area's inhabitants belongs to another from a day on, and where that stands.

    ``share`` is above 0 and at most 1.
    """

    old: str
    new: str
    changed_on: datetime.date
    share: Decimal
    source: str
    cell: Cell


@dataclass(frozen=True, slots=True)
class AreaTable(Generic[RowT]):
    """What a table says.

    Attributes:
        rows: Rows that could be read.
        issues: Remarks, errors first, then by row and column.
        row_count: Rows below the headings that are not empty.
        sheet: Name of the sheet; "" for CSV.
    """

    rows: tuple[RowT, ...]
    issues: tuple[Issue, ...]
    row_count: int
    sheet: str = ""


def read_populations(table: Table, areas: Mapping[str, str], *, last_year: int) -> AreaTable[PopulationRow]:
    """Read inhabitants by area and year.

    Args:
        table: The cells of the file.
        areas: Key and name of each area of the territory.
        last_year: The year that runs; of a later one nobody has counted the inhabitants.
    """
    return _PopulationReader(table, areas, POPULATION_HEADINGS, last_year=last_year).read()


def read_successions(table: Table, areas: Mapping[str, str]) -> AreaTable[SuccessionRow]:
    """Read changes of borders, a row a pair of areas.

    Args:
        table: The cells of the file.
        areas: Key and name of each area of the territory, also of those that ended.
    """
    return _SuccessionReader(table, areas, SUCCESSION_HEADINGS).read()


@dataclass
class _Reader(Generic[RowT]):
    """Headings, keys of areas and remarks; what a row means is up to the kinds of table."""

    table: Table
    areas: Mapping[str, str]
    headings: Mapping[str, tuple[str, ...]]
    issues: list[Issue] = field(default_factory=list)
    rows: dict[tuple[object, ...], RowT] = field(default_factory=dict)
    lines: dict[tuple[object, ...], int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    is_zero_told: bool = False

    def __post_init__(self) -> None:
        self.keys = PlaceKeys(self.areas)

    def read(self) -> AreaTable[RowT]:
        filled = [row for row in self.table.rows if any(cell.text for cell in row)]
        if self.table.other_sheets:
            self._note("other_sheets", None, names=", ".join(self.table.other_sheets))
        if filled and self._find_columns(filled[0]):
            self._prepare(filled[1:])
            for row in filled[1:]:
                self._take(row)
            self._finish()
            if len(filled) == 1:
                self._error("no_table_rows", filled[0][0])
        ordered = sorted(
            self.issues,
            key=lambda issue: (issue.severity is Severity.WARNING, issue.row or 0, issue.column or 0),
        )
        return AreaTable(
            tuple(self.rows.values()),
            tuple(ordered[:_MOST_ISSUES]),
            max(len(filled) - 1, 0),
            self.table.sheet or "",
        )

    def _find_columns(self, head: Sequence[Cell]) -> bool:
        for cell in head:
            text = folded(cell.text)
            for role, names in self.headings.items():
                if text in {folded(name) for name in names}:
                    if role in self.columns:
                        self._error("duplicate_column", cell, other=column_letters(self.columns[role]))
                    else:
                        self.columns[role] = cell.column
        missing = [
            names[0]
            for role, names in self.headings.items()
            if role not in self.columns and role not in _OPTIONAL
        ]
        if missing:
            self._error("missing_columns", head[0], names=", ".join(missing))
        return not self.issues or all(issue.severity is Severity.WARNING for issue in self.issues)

    def _prepare(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Look at whole columns before single rows."""

    def _take(self, row: Sequence[Cell]) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """Say what can only be said of all rows together."""

    def _keep(self, key: tuple[object, ...], row: RowT, cell: Cell) -> None:
        if key in self.rows:
            self._error("given_in_row", cell, other=self.lines[key])
        else:
            self.rows[key], self.lines[key] = row, cell.row

    def _cell(self, row: Sequence[Cell], role: str) -> Cell:
        column = self.columns.get(role, 0)
        if 0 < column <= len(row):
            return row[column - 1]
        return Cell("", row[0].row, max(column, 1))

    def _area(self, row: Sequence[Cell], role: str, name: str) -> str | None:
        cell = self._plain(row, role)
        if cell is None:
            return None
        if not cell.text:
            self._error("missing_area", cell)
            return None
        found = self.keys.find(cell.text)
        if found is None:
            found = self.keys.find_without_zeros(cell.text)
            if found is not None and not self.is_zero_told:
                self._note("zeros_restored", cell, key=found)
                self.is_zero_told = True
        if found is not None:
            return found
        like = suggested_area(self.areas, cell.text, self._cell(row, name).text)
        if like is not None:
            self._error("area_not_here_like", cell, suggestion=f"{self.areas[like]} ({like})")
            return None
        self._error("area_not_here", cell)
        return None

    def _plain(self, row: Sequence[Cell], role: str) -> Cell | None:
        """The cell of a column; None if it holds a formula or an error, which is said."""
        cell = self._cell(row, role)
        # In a CSV a formula is a text like any other.
        kind = CellKind.FORMULA if cell.text.startswith("=") else cell.kind
        if kind in _CODES:
            self._error(_CODES[kind], cell)
            return None
        return cell

    def _error(self, code: str, cell: Cell, **params: str | int) -> None:
        self._add(Severity.ERROR, code, cell, params)

    def _note(self, code: str, cell: Cell | None, **params: str | int) -> None:
        self._add(Severity.WARNING, code, cell, params)

    def _add(self, severity: Severity, code: str, cell: Cell | None, params: Mapping[str, str | int]) -> None:
        self.issues.append(
            Issue(
                severity,
                code,
                sheet=self.table.sheet or "",
                row=cell.row if cell else None,
                column=cell.column if cell else None,
                value=cell.text[:_SOURCE_LENGTH] if cell else "",
                params={"sheet": self.table.sheet or "", **params},
            )
        )


@dataclass
class _PopulationReader(_Reader[PopulationRow]):
    last_year: int = LAST_YEAR
    #: Cells in which nothing stands, with the key or name of their area.
    empty: list[tuple[Cell, str]] = field(default_factory=list)

    def _take(self, row: Sequence[Cell]) -> None:
        count_cell = self._cell(row, "count")
        if not count_cell.text:
            # The form hands out all areas of all levels: nobody knows the figures of all of them.
            area, _year = self._area(row, "area", "name"), self._year(row)
            if area is not None:
                self.empty.append((count_cell, self.areas[area]))
            return
        area, year, count = self._area(row, "area", "name"), self._year(row), self._count(row)
        if area is None or year is None or count is None:
            return
        cell = self._cell(row, "count")
        self._keep((area, year), PopulationRow(area, year, count, cell), cell)

    def _finish(self) -> None:
        if not self.empty:
            return
        cell, _name = self.empty[0]
        if not self.rows and not any(issue.severity is Severity.ERROR for issue in self.issues):
            self._error("no_figures", cell)
            return
        examples = ", ".join(name for _cell, name in self.empty[:_EXAMPLES])
        self._note("people_missing", cell, count=len(self.empty), examples=examples)

    def _year(self, row: Sequence[Cell]) -> int | None:
        cell = self._plain(row, "year")
        if cell is None:
            return None
        year = key_or_none(cell.text)
        if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
            self._error("year_invalid", cell)
            return None
        if year > self.last_year:
            self._error("year_to_come", cell)
            return None
        return year

    def _count(self, row: Sequence[Cell]) -> int | None:
        cell = self._plain(row, "count")
        if cell is None:
            return None
        if cell.kind is CellKind.DATE:
            self._error("is_date", cell)
            return None
        people = _people(cell)
        if people is None:
            self._error("no_people", cell)
        return people


@dataclass
class _SuccessionReader(_Reader[SuccessionRow]):
    convention: Convention | None = None

    def _prepare(self, rows: Sequence[Sequence[Cell]]) -> None:
        cells = [self._cell(row, "share") for row in rows]
        self.convention = found = find_convention(cells)
        if found.comma is not None and found.point is not None:
            self._error(
                "mixed_separators",
                found.point,
                comma_cell=found.comma.address,
                comma_value=found.comma.text,
                point_cell=found.point.address,
                point_value=found.point.text,
            )
        shares = [share for cell in cells if (share := self._percent(cell)) is not None]
        if len(shares) > 1 and max(shares) <= 1:
            self._error("share_not_percent", cells[0])

    def _take(self, row: Sequence[Cell]) -> None:
        old, new = self._area(row, "old", "old_name"), self._area(row, "new", "new_name")
        share, day = self._share(row), self._day(row)
        if old is None or new is None or share is None or day is None:
            return
        cell = self._cell(row, "share")
        source = self._cell(row, "source").text[:_SOURCE_LENGTH]
        self._keep((old, new, day), SuccessionRow(old, new, day, share, source, cell), cell)

    def _percent(self, cell: Cell) -> Decimal | None:
        if cell.number is not None:
            return cell.number
        if self.convention is None or not cell.text or cell.kind is not CellKind.TEXT:
            return None
        figure = read_figure(cell.text, self.convention.separator, percent_sign=True)
        return None if figure is None or figure.sign else figure.value

    def _share(self, row: Sequence[Cell]) -> Decimal | None:
        cell = self._plain(row, "share")
        if cell is None:
            return None
        percent = self._percent(cell)
        if percent is None or not 0 < percent <= 100:
            self._error("no_share", cell)
            return None
        share = (percent / 100).quantize(Decimal("0.0001"))
        if not share:
            self._error("no_share", cell)
            return None
        return share

    def _day(self, row: Sequence[Cell]) -> datetime.date | None:
        cell = self._plain(row, "day")
        if cell is None:
            return None
        day = day_of(cell.text)
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            self._error("no_day", cell)
            return None
        return day


def _people(cell: Cell) -> int | None:
    """A whole number, with or without dots or blanks for thousands."""
    if cell.number is not None:
        number = cell.number
        return int(number) if number == number.to_integral_value() and 0 <= number <= _MOST_PEOPLE else None
    digits = re.sub(r"[\u00a0\u202f\u2009]", " ", cell.text)
    groups = digits.replace(" ", ".").split(".")
    if len(groups) > 1:
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            return None
        digits = "".join(groups)
    whole = key_or_none(digits)
    return None if whole is None or whole > _MOST_PEOPLE else whole
