"""A look over a table before it is read: which columns hold figures, and how their decimals are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from monitoring.importers.numbers import SIGNS, Separator
from monitoring.sources.headings import Role, is_code, role_of
from monitoring.sources.reading import Note, SourceError, read_value
from monitoring.sources.rows import Row, RowFile

#: Rows that decide, unless a column is still empty or nothing shows the decimal separator; then all do.
_SAMPLE: Final = 5_000
#: Share of numbers and signs that makes a column one of figures, so that a word in it is told as an error.
_FIGURES: Final = 0.25


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen.

    Attributes:
        figures: Columns of figures.
        unnamed: Columns with entries but no heading, as messages call them.
        separator: Decimal separator of figures that are texts.
        notes: What has to be said.
    """

    figures: tuple[int, ...]
    unnamed: tuple[str, ...]
    separator: Separator
    notes: tuple[Note, ...]


@dataclass(slots=True)
class _Column:
    """Counts of one column, and the first figures that show a decimal comma or point."""

    filled: int = 0
    numbers: int = 0
    signs: int = 0
    zeros: int = 0
    shown: dict[Separator, str] = field(default_factory=dict)

    def take(self, text: str, *, is_exact: bool) -> None:
        self.filled += 1
        if is_exact:
            self.numbers += 1
            return
        if text in SIGNS:
            self.signs += 1
            return
        if text.isdecimal() and text.isascii() and text[0] != "0":
            self.numbers += 1  # a short cut: a column of whole numbers is looked at to its end
            return
        text = text.removesuffix("%").strip()
        as_comma, as_point = (read_value(text, separator) is not None for separator in Separator)
        if not as_comma and not as_point:
            return
        self.numbers += 1
        self.zeros += len(text) > 1 and text[0] == "0" and text[1].isdigit()
        if as_comma and not as_point:
            self.shown.setdefault(Separator.COMMA, text)
        elif as_point and not as_comma:
            self.shown.setdefault(Separator.POINT, text)

    @property
    def has_figures(self) -> bool:
        return bool(self.numbers) and self.numbers + self.signs >= self.filled * _FIGURES


def survey(file: RowFile, header: Row, roles: Mapping[Role, int]) -> Survey:
    """Look over a table.

    Args:
        file: The table.
        header: Its row of headings.
        roles: Columns that are known by their heading.

    Raises:
        SourceError: Decimal commas and points are mixed.
    """
    value = roles.get(Role.VALUE)
    taken = set(roles.values()) - {value}
    columns = {place: _Column() for place in range(len(header.cells)) if place not in taken}
    for count, row in enumerate(_below(file, header), start=1):
        if count > _SAMPLE and _is_decided(columns, header, value):
            break
        for place, column in columns.items():
            text = row.cell(place)
            if text:
                column.take(text, is_exact=place in row.exact)
    unnamed = tuple(
        file.column(place) for place, column in columns.items() if column.filled and not header.cells[place]
    )
    notes: list[Note] = []
    if value is not None:
        figures: tuple[int, ...] = (value,)
    else:
        figures = tuple(place for place in columns if _is_figures(header.cells[place], columns[place], notes))
    empty = [header.cells[place] for place in columns if header.cells[place] and not columns[place].filled]
    if empty:
        notes.append(Note("empty_columns", {"names": ", ".join(empty)}))
    separator = _separator([columns[place] for place in figures], file)
    return Survey(figures, unnamed, separator, tuple(notes))


def _below(file: RowFile, header: Row) -> Iterable[Row]:
    return (row for row in file.rows() if row.number > header.number and any(row.cells))


def _is_decided(columns: Mapping[int, _Column], header: Row, value: int | None) -> bool:
    """Whether no column is empty and something shows how decimals are written."""
    seen = (
        [columns[value]]
        if value is not None
        else [column for place, column in columns.items() if header.cells[place]]
    )
    return all(column.filled for column in seen) and any(column.shown for column in seen)


def _is_figures(heading: str, column: _Column, notes: list[Note]) -> bool:
    """Whether a column holds figures; what only looks so is told."""
    if not heading or not column.numbers:
        return False
    if is_code(heading) or role_of(heading) not in {None, Role.VALUE}:
        return False
    if column.zeros:
        notes.append(Note("zeros_attribute", {"heading": heading}))
        return False
    if not column.has_figures:
        notes.append(Note("words_attribute", {"heading": heading}))
    return column.has_figures


def _separator(columns: list[_Column], file: RowFile) -> Separator:
    """Decimal comma or point, as the figures show it.

    Raises:
        SourceError: Some show one, some the other.
    """
    shown: dict[Separator, str] = {}
    for column in columns:
        shown = column.shown | shown
    if len(shown) > 1:
        comma, point = shown[Separator.COMMA], shown[Separator.POINT]
        raise SourceError("mixed_decimals", comma=comma, point=point)
    if shown:
        return next(iter(shown))
    return Separator.POINT if file.delimiter == "," else Separator.COMMA
