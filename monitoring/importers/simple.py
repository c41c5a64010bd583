"""The simple delivery form: one row an area and year, or one row a value (``docs/delivery-format.md``)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from monitoring.importers.area_keys import folded, same_name, suggested_area
from monitoring.importers.entries import implausible
from monitoring.importers.form import (
    BEFORE,
    COMMENT,
    COMMENT_LENGTH,
    HEADINGS,
    DeliveredValue,
    Delivery,
    Request,
    RequestedIndicator,
)
from monitoring.importers.issues import Issue, Severity
from monitoring.importers.numbers import SIGNS, Convention, Figure, find_convention, read_figure
from project.common.formats import SIGN_LIMITED, SIGN_NOTHING
from project.common.importing import Cell, CellKind, Table, column_letters
from project.common.keys import PlaceKeys, key_or_none

# Rows in which the headings are looked for when they do not stand first.
_HEADER_WITHIN: Final = 20
# Years that can be meant at all; others are typing errors.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MAX_ISSUES: Final = 1_000
_EXAMPLES: Final = 3
# Headings of tables that statistics offices write: those are understood elsewhere (``monitoring.sources``).
_OTHER_FORMS: Final = ("statistics_code", "Statistik_Code", "ZEIT", "RAUM", "Stichtag", "MERKMAL")
# Fewer values say nothing about whether shares were meant.
_SHARE_EVIDENCE: Final = 3


def read_delivery(table: Table, request: Request) -> Delivery:
    """Read a delivered table against what was asked for.

    Args:
        table: The cells of the file.
        request: Known areas, indicators and years.

    Returns:
        All figures that could be read, and the remarks, errors first, then by row and column.
    """
    return _Reader(table, request).read()


def is_our_form(table: Table, request: Request) -> bool:
    """Whether a table is the form, perhaps with mistakes: all it names besides is a requested indicator.

    Args:
        table: The cells of the file.
        request: Known areas, indicators and years.
    """
    return _Reader(table, request).is_ours()


@dataclass(frozen=True, slots=True)
class _Slot:
    """A column with figures: the indicator it belongs to, None in the long form."""

    column: int
    convention: Convention
    indicator: RequestedIndicator | None


@dataclass(slots=True)
class _Reader:
    table: Table
    request: Request
    issues: list[Issue] = field(default_factory=list)
    values: dict[tuple[str, int, str], DeliveredValue] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    slots: list[_Slot] = field(default_factory=list)
    rows_seen: dict[tuple[str, int], int] = field(default_factory=dict)
    zeros_told: bool = False
    places: PlaceKeys = field(init=False)

    def __post_init__(self) -> None:
        self.places = PlaceKeys(self.request.areas)

    def read(self) -> Delivery:
        if self.table.other_sheets:
            self._note("other_sheets", sheet=self.table.sheet or "", names=", ".join(self.table.other_sheets))
        rows = [row for row in self.table.rows if any(cell.text for cell in row)]
        header = self._find_header(rows)
        if header is None:
            self._error("no_header")
        else:
            self._read_header(rows[header], rows[header + 1 :])
            for number, row in enumerate(rows[header + 1 :]):
                self._read_row(row, is_first=number == 0)
            self._check_shares()
            self._check_any(len(rows) - header - 1)
        return Delivery(tuple(self.values.values()), tuple(self._sorted_issues()))

    def is_ours(self) -> bool:
        rows = [row for row in self.table.rows if any(cell.text for cell in row)]
        header = self._find_header(rows)
        self.issues.clear()
        if header is None:
            return False
        texts = {folded(cell.text) for cell in rows[header]}
        if any(folded(name) in texts for name in _OTHER_FORMS):
            return False
        roles = {self._role(cell.text) for cell in rows[header]}
        if not {"area", "year"} & roles:
            return False
        if {"indicator", "value"} <= roles:
            place = [self._role(cell.text) for cell in rows[header]].index("indicator") + 1
            return any(self._indicator(_at(row, place).text) for row in rows[header + 1 :])
        return any(role is not None and role.startswith("indicator:") for role in roles)

    # --- Headings ------------------------------------------------------------------------------

    def _find_header(self, rows: list[list[Cell]]) -> int | None:
        """The first row that names the area key or at least two known columns."""
        for number, row in enumerate(rows[:_HEADER_WITHIN]):
            known = [self._role(cell.text) for cell in row if self._role(cell.text)]
            if "area" in known or len(known) >= 2:
                if number:
                    self._error("header_not_first", cell=row[0], header_row=row[0].row)
                return number
        return None

    def _role(self, heading: str) -> str | None:
        """What a heading stands for: a role, "indicator:<key>", or None."""
        text = folded(heading)
        for role, names in HEADINGS.items():
            if text in {folded(name) for name in names}:
                return role
        for kind, prefix in (("before", BEFORE), ("comment", COMMENT)):
            if text.startswith(folded(prefix)):
                indicator = self._indicator(text.removeprefix(folded(prefix)))
                return f"{kind}:{indicator.key}" if indicator else None
        indicator = self._indicator(heading)
        return f"indicator:{indicator.key}" if indicator else None

    def _indicator(self, text: str) -> RequestedIndicator | None:
        wanted = folded(text)
        for indicator in self.request.indicators:
            if wanted in {folded(name) for name in (indicator.key, *indicator.names)}:
                return indicator
        return None

    def _read_header(self, header: list[Cell], rows: list[list[Cell]]) -> None:
        found: dict[str, Cell] = {}
        texts = [self._role(cell.text) for cell in header]
        is_long = {"indicator", "value"} <= set(texts)
        for cell, role in zip(header, texts, strict=True):
            # In the wide form nobody knows which figure of the row a comment is on.
            if role is None or (role == "comment" and not is_long):
                self._unknown_heading(cell, rows)
            elif role in found:
                self._error("duplicate_column", cell, other=column_letters(found[role].column))
            else:
                found[role] = cell
        for number in sorted({cell.column for row in rows for cell in row if cell.text}):
            if number > len(header):
                self._error("empty_heading", letter=column_letters(number), at_column=number)
        self.columns = {role: cell.column for role, cell in found.items()}
        if "sign" in found and not is_long:
            # One sign cannot be said of several figures; in the wide form it stands in the cell itself.
            self._error("sign_column_wide", found["sign"])
            del self.columns["sign"]
        for role in ("area", "year"):
            if role not in self.columns:
                self._error("missing_column", name=HEADINGS[role][0])
        self.slots = [
            _Slot(column, self._convention(column, rows), None if is_long else self._indicator_of(role))
            for role, column in self.columns.items()
            if (role == "value" if is_long else role.startswith("indicator:"))
        ]
        if not self.slots:
            names = ", ".join(indicator.names[0] for indicator in self.request.indicators)
            self._error("no_indicator_column", names=names)

    def _indicator_of(self, role: str) -> RequestedIndicator:
        key = role.removeprefix("indicator:")
        return next(indicator for indicator in self.request.indicators if indicator.key == key)

    def _unknown_heading(self, cell: Cell, rows: list[list[Cell]]) -> None:
        if cell.text:
            self._error("unknown_column", cell)
        elif any(_at(row, cell.column).text for row in rows):
            self._error("empty_heading", cell, letter=column_letters(cell.column))

    def _convention(self, column: int, rows: list[list[Cell]]) -> Convention:
        convention = find_convention(_at(row, column) for row in rows)
        comma, point, doubtful = convention.comma, convention.point, convention.doubtful
        if comma is not None and point is not None:
            self._error(
                "mixed_separators",
                at_column=column,
                comma_cell=comma.address,
                comma_value=comma.text,
                point_cell=point.address,
                point_value=point.text,
            )
        elif doubtful is not None:
            self._note("dots_as_thousands", doubtful)
        return convention

    # --- Rows ----------------------------------------------------------------------------------

    def _read_row(self, row: list[Cell], *, is_first: bool) -> None:
        if self._is_heading_again(row, is_first=is_first):
            self._error("second_header", row[0])
            return
        area, year = self._read_area(row), self._read_year(row)
        if area is None or year is None:
            return
        if "value" not in self.columns and self._is_duplicate((area, year), row[0]):
            return
        for slot in self.slots:
            self._read_cell(row, slot, area, year)

    def _is_heading_again(self, row: list[Cell], *, is_first: bool) -> bool:
        """Headings repeated, or a row of units or explanations right below them."""
        roles = [self._role(cell.text) for cell in row if cell.text]
        if "area" in roles and "year" in roles:
            return True
        area, year = (self._cell(row, role) for role in ("area", "year"))
        return (
            is_first
            and area.text not in self.request.areas
            and not any(c.isdigit() for c in area.text + year.text)
        )

    def _is_duplicate(self, key: tuple[str, int], cell: Cell) -> bool:
        other = self.rows_seen.setdefault(key, cell.row)
        if other == cell.row:
            return False
        self._error("duplicate_row", cell, other=other)
        return True

    def _read_area(self, row: list[Cell]) -> str | None:
        if "area" not in self.columns:
            return None
        cell = self._cell(row, "area")
        key = cell.text
        if not key:
            self._error("missing_area", cell)
            return None
        if key not in self.request.areas:
            found = self.places.find(key)
            if found is None:
                found = self._padded(cell)
            if found is None:
                self._unknown_area(cell, self._cell(row, "name").text)
                return None
            key = found
        name = self._cell(row, "name")
        if name.text and not same_name(name.text, self.request.areas[key]):
            self._error("area_name", name, key=key, name=self.request.areas[key])
        return key

    def _unknown_area(self, cell: Cell, name: str) -> None:
        """Say that a key is unknown, and which area may be meant by its name or a similar key."""
        like = suggested_area(self.request.areas, cell.text, name)
        if like is not None:
            self._error("unknown_area_like", cell, suggestion=f"{self.request.areas[like]} ({like})")
        else:
            self._error("unknown_area", cell)

    def _padded(self, cell: Cell) -> str | None:
        """The key from which a spreadsheet took the zero in front, as it does with numbers."""
        padded = self.places.find_without_zeros(cell.text)
        if padded is not None and not self.zeros_told:
            self._note("zeros_restored", cell, key=padded)
            self.zeros_told = True
        return padded

    def _read_year(self, row: list[Cell]) -> int | None:
        if "year" not in self.columns:
            return None
        cell = self._cell(row, "year")
        if cell.kind is CellKind.FORMULA:
            self._error("formula", cell)
            return None
        year = key_or_none(cell.text)
        if year is None or not _FIRST_YEAR <= year <= _LAST_YEAR:
            self._error("year_invalid", cell)
            return None
        if year not in self.request.years:
            self._error(
                "year_not_requested", cell, years=", ".join(str(known) for known in self.request.years)
            )
            return None
        return year

    def _read_cell(self, row: list[Cell], slot: _Slot, area: str, year: int) -> None:
        indicator = slot.indicator
        if indicator is None:
            cell = self._cell(row, "indicator")
            indicator = self._indicator(cell.text)
            if indicator is None:
                self._error("unknown_indicator", cell)
                return
        cell = _at(row, slot.column)
        figure = self._figure(cell, slot, indicator, self._cell(row, "sign"))
        words = self._cell(row, f"comment:{indicator.key}").text or self._cell(row, "comment").text
        if figure is None and words and not cell.text:
            self._note("comment_alone", cell, comment=words)
        if figure is None or not self._is_plausible(figure, cell, indicator):
            return
        key = (area, year, indicator.key)
        if key in self.values:
            self._error("duplicate_row", row[0], other=self.values[key].row)
            return
        self.values[key] = DeliveredValue(
            area,
            year,
            indicator.key,
            figure.value,
            figure.sign,
            cell.row,
            cell.column,
            words[:COMMENT_LENGTH],
        )

    # --- Figures -------------------------------------------------------------------------------

    def _figure(self, cell: Cell, slot: _Slot, indicator: RequestedIndicator, sign: Cell) -> Figure | None:
        """The figure of a cell; None if it is empty or an error was noted."""
        if sign.text and sign.text not in SIGNS:
            self._error("sign_unknown", sign)
            return None
        beside = SIGNS.get(sign.text, "")
        if not cell.text:
            return _sign_alone(beside)
        codes = {CellKind.FORMULA: "formula", CellKind.ERROR: "excel_error", CellKind.DATE: "is_date"}
        if cell.kind in codes:
            self._error(codes[cell.kind], cell)
            return None
        figure: Figure | None = None
        if cell.number is not None:
            figure = Figure(cell.number)
        elif slot.convention.is_mixed:
            return None  # noted once for the whole column
        else:
            figure = read_figure(cell.text, slot.convention.separator, percent_sign=indicator.is_percent)
        if figure is None:
            self._error("not_a_number", cell)
            return None
        joined = _joined(figure, beside)
        if joined is None:
            self._error("sign_beside_number", sign, figure=cell.text)
        return joined

    def _is_plausible(self, figure: Figure, cell: Cell, indicator: RequestedIndicator) -> bool:
        if figure.value is None:
            return True
        code = implausible(figure.value, indicator)
        if code:
            self._error(code, cell)
        return not code

    def _check_shares(self) -> None:
        """Warn where percent were asked for and 0.12 instead of 12 seems to be delivered."""
        numbers: dict[str, list[Decimal]] = defaultdict(list)
        for value in self.values.values():
            if value.value is not None and value.sign != SIGN_NOTHING:
                numbers[value.indicator_key].append(value.value)
        for indicator in self.request.indicators:
            found = numbers[indicator.key]
            if indicator.is_percent and len(found) >= _SHARE_EVIDENCE and 0 < max(found) <= 1:
                self._note("looks_like_share", name=indicator.names[0])

    def _check_any(self, row_count: int) -> None:
        """What is missing is only told where something could be read: an error explains the rest."""
        if self.values:
            self._check_complete()
        elif all(issue.severity is Severity.WARNING for issue in self.issues):
            self._error("no_figures" if row_count else "no_rows")

    def _check_complete(self) -> None:
        for indicator in self.request.indicators:
            expected = [(area, year) for year in self.request.years for area in self.request.areas]
            missing = [
                (area, year) for area, year in expected if (area, year, indicator.key) not in self.values
            ]
            if missing:
                examples = [f"{self.request.areas[area]} {year}" for area, year in missing[:_EXAMPLES]]
                self._note(
                    "missing_values",
                    name=indicator.names[0],
                    count=len(missing),
                    total=len(expected),
                    examples=", ".join(examples),
                )

    # --- Helpers -------------------------------------------------------------------------------

    def _cell(self, row: list[Cell], role: str) -> Cell:
        return _at(row, self.columns.get(role, 0))

    def _error(
        self, code: str, cell: Cell | None = None, *, at_column: int | None = None, **params: str | int
    ) -> None:
        self._add(Severity.ERROR, code, cell, at_column, params)

    def _note(self, code: str, cell: Cell | None = None, **params: str | int) -> None:
        self._add(Severity.WARNING, code, cell, None, params)

    def _add(
        self,
        severity: Severity,
        code: str,
        cell: Cell | None,
        column: int | None,
        params: Mapping[str, str | int],
    ) -> None:
        self.issues.append(
            Issue(
                severity=severity,
                code=code,
                sheet=self.table.sheet or "",
                row=cell.row if cell else None,
                column=cell.column if cell else column,
                value=cell.text if cell else "",
                params=params,
            )
        )

    def _sorted_issues(self) -> Iterator[Issue]:
        ordered = sorted(
            self.issues,
            key=lambda issue: (issue.severity is Severity.WARNING, issue.row or 0, issue.column or 0),
        )
        yield from ordered[:_MAX_ISSUES]
        if len(ordered) > _MAX_ISSUES:
            # An error only if one is among those left out; they come last.
            left_out = ordered[_MAX_ISSUES:]
            yield Issue(left_out[0].severity, "more", params={"count": len(left_out)})


def _at(row: Sequence[Cell], column: int) -> Cell:
    """The cell of a column; an empty one where the row is shorter or the column unknown (0)."""
    if 0 < column <= len(row):
        return row[column - 1]
    return Cell("", row[0].row, max(column, 1))


def _sign_alone(sign: str) -> Figure | None:
    """The figure of an empty cell: what the sign beside it says; without one, no figure."""
    if sign == SIGN_NOTHING:
        return Figure(Decimal(0), sign)
    return None if sign in {"", SIGN_LIMITED} else Figure(None, sign)


def _joined(figure: Figure, sign: str) -> Figure | None:
    """A figure and the sign beside it; None if they contradict each other.

    Brackets go with a number, "nothing" with zero. Any other sign says that there is no number: which of
    both is meant, only the supplier knows.
    """
    if sign in {"", figure.sign}:
        return figure
    fits = sign == SIGN_LIMITED if figure.value else sign in {SIGN_LIMITED, SIGN_NOTHING}
    is_number = figure.value is not None and figure.sign == ""
    return Figure(figure.value, sign) if is_number and fits else None
