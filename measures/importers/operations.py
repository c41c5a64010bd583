"""A list of operations in the form of the European Social Fund: its columns, its rows, what is wrong.

Reads what Annex XII of Regulation (EU) 1303/2013 and Article 49 of Regulation (EU) 2021/1060 have published,
in German or English headings, and the tables that states make of it. No database: plain cells in, rows out.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from measures.importers.amounts import (
    Rates,
    Writing,
    WrongNumberError,
    amount_of,
    percent_of_rate,
    rates_of,
    writing_of,
)
from measures.importers.operation_remarks import MOST_KEPT, VALUE_LENGTH, Remark
from measures.importers.operation_rows import (
    LABELS,
    LEGAL_FORM,
    LENGTHS,
    REQUIRED,
    Entry,
    Row,
    suggested,
    words_of,
)
from project.common.importing import Cell, CellKind, Table, column_letters, day_of

_FIRST_DAY, _LAST_DAY = datetime.date(1990, 1, 1), datetime.date(2100, 12, 31)
_POSTCODE_LENGTH: Final = 5
_YES: Final = frozenset({"ja", "j", "yes", "y", "x", "1", "true"})
# Legal forms of natural persons, whoever keeps a business under their own name included; small letters.
_PERSON: Final = re.compile(
    r"^(?!kein|nicht|no\b|not\b)"
    r".*(nat(ü|ue)rliche person|privatperson|einzelperson|einzelunternehm|freiberuf|\be\. ?k\b"
    r"|natural person|individual|sole (trader|proprietor)|self.employed)"
)
_NO: Final = frozenset({"nein", "n", "no", "0", "false", "-"})


@dataclass
class Remarks:
    """Remarks of one kind: all are counted, the first are kept."""

    kept: list[Remark] = field(default_factory=list)
    count: int = 0

    def add(self, remark: Remark) -> None:
        """Count a remark, and keep it if it is one of the first."""
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append(remark)


@dataclass
class Reading:
    """What a file holds. With an error there may be fewer rows than in the file."""

    rows: list[Row] = field(default_factory=list)
    errors: Remarks = field(default_factory=Remarks)
    warnings: Remarks = field(default_factory=Remarks)
    duplicate_count: int = 0


def read_operations(table: Table) -> Reading:
    """Read the rows of a list; every cell that is wrong is told, with row and column.

    Args:
        table: As ``read_table`` gives it, read with texts of ``LONGEST`` characters.

    Returns:
        The rows, errors that forbid taking them over, and warnings.
    """
    found = Reading()
    lines = [row for row in table.rows if any(cell.text for cell in row)]
    heads = lines[0] if lines else []
    places = suggested([cell.text for cell in heads])
    for entry in REQUIRED:
        if entry not in places:
            name = str(LABELS[entry])
            found.errors.add(
                Remark(heads[0].row if heads else 1, "", name, "", "column_missing", {"name": name})
            )
    if found.errors.count:
        return found
    if len(lines) == 1:
        found.errors.add(Remark(heads[0].row, "", "", "", "no_rows"))
        return found
    if table.other_sheets:
        found.warnings.add(Remark(None, "", "", "", "other_sheets", {"sheet": table.sheet or ""}))
    for place, cell in enumerate(heads):
        if cell.text and place not in places.values():
            found.warnings.add(_remark(cell, cell.text, "column_left"))
    reader = _Reader(heads, places, lines[1:], found)
    for line in lines[1:]:
        row = reader.read(line)
        if row is not None:
            found.rows.append(row)
    _find_repeated(found)
    _find_codes(found, heads, places)
    return found


def _remark(cell: Cell, head: str, code: str, **params: Any) -> Remark:
    return Remark(cell.row, column_letters(cell.column), head, cell.text[:VALUE_LENGTH], code, params)


class _Reader:
    """Reads one row after the other; knows how each column writes its numbers."""

    def __init__(
        self,
        heads: Sequence[Cell],
        places: Mapping[Entry, int],
        lines: Sequence[Sequence[Cell]],
        found: Reading,
    ) -> None:
        self._heads = {entry: heads[place].text for entry, place in places.items()}
        self._places = places
        self._width = len(heads)
        self._found = found
        self._writing: dict[Entry, Writing] = {
            entry: writing_of(self._cells(lines, entry))
            for entry in (Entry.ELIGIBLE, Entry.TOTAL)
            if entry in places
        }
        self._rates: Rates = rates_of(self._cells(lines, Entry.RATE))
        self._texts = [
            (entry, places[entry], longest) for entry, longest in LENGTHS.items() if entry in places
        ]
        self._has_error = False
        # Days, rates and amounts come again and again.
        self._known: dict[tuple[Entry, str, CellKind], Any] = {}

    def _cells(self, lines: Sequence[Sequence[Cell]], entry: Entry) -> Iterator[Cell]:
        place = self._places[entry]
        return (line[place] for line in lines if place < len(line) and line[place].text)

    def read(self, line: Sequence[Cell]) -> Row | None:
        """The operation of a row; None if something is wrong with it."""
        self._has_error = False
        beyond = next((cell for cell in line[self._width :] if cell.text), None)
        if beyond is not None:
            self._err(_remark(beyond, "", "cells_beyond"))
            return None
        texts = dict.fromkeys(LENGTHS, "")
        for entry, place, longest in self._texts:
            if place < len(line):
                texts[entry] = self._text(line[place], entry, longest)
        for entry in REQUIRED:
            place = self._places[entry]
            if place >= len(line) or not line[place].text:
                cell = Cell("", line[0].row, place + 1)
                self._err(_remark(cell, self._heads[entry], "missing"))
        starts = self._value(line, Entry.STARTS)
        ends = self._value(line, Entry.ENDS)
        eligible = self._value(line, Entry.ELIGIBLE)
        total = self._value(line, Entry.TOTAL)
        rate = self._value(line, Entry.RATE)
        is_natural = bool(self._value(line, Entry.NATURAL))
        country = texts[Entry.COUNTRY]
        postcode = self._postcode(line, is_german=not country or country.casefold().startswith(("de", "ge")))
        if starts is not None and ends is not None and ends < starts:
            self._err(_remark(line[self._places[Entry.ENDS]], self._heads[Entry.ENDS], "ends_before_start"))
        if self._has_error or starts is None or ends is None or eligible is None or rate is None:
            return None
        if not postcode and not texts[Entry.PLACE]:
            self._found.warnings.add(Remark(line[0].row, "", "", "", "no_place"))
        return Row(
            row=line[0].row,
            code=texts[Entry.CODE],
            beneficiary=texts[Entry.BENEFICIARY],
            is_natural_person=is_natural,
            contractor=texts[Entry.CONTRACTOR],
            name=texts[Entry.NAME],
            summary=texts[Entry.SUMMARY],
            starts_on=starts,
            ends_on=ends,
            eligible=eligible,
            total_cost=total,
            eu_percent=rate,
            fund=texts[Entry.FUND],
            specific_objective=texts[Entry.OBJECTIVE],
            postcode=postcode,
            place=texts[Entry.PLACE],
            country=country,
            intervention=texts[Entry.INTERVENTION],
        )

    def _err(self, remark: Remark) -> None:
        self._has_error = True
        self._found.errors.add(remark)

    def _text(self, cell: Cell, entry: Entry, longest: int) -> str:
        if cell.kind is CellKind.FORMULA or cell.kind is CellKind.ERROR:
            self._err(_remark(cell, self._heads[entry], _NO_VALUE[cell.kind]))
        elif len(cell.text) > longest:
            self._err(_remark(cell, self._heads[entry], "too_long", length=len(cell.text), longest=longest))
        return cell.text

    def _value(self, line: Sequence[Cell], entry: Entry) -> Any:
        """Day, amount, rate or yes and no of a cell; None if it is empty or wrong."""
        place = self._places.get(entry)
        if place is None or place >= len(line) or not line[place].text:
            return None
        cell = line[place]
        key = (entry, cell.text, cell.kind)
        if key in self._known:
            return self._known[key]
        try:
            value = self._parsed(cell, entry)
        except WrongNumberError as wrong:
            self._err(_remark(cell, self._heads[entry], wrong.code, **wrong.params))
            return None
        self._known[key] = value
        return value

    def _parsed(self, cell: Cell, entry: Entry) -> Any:
        if cell.kind in _NO_VALUE:
            raise WrongNumberError(_NO_VALUE[cell.kind])
        if entry in {Entry.STARTS, Entry.ENDS}:
            return _day(cell)
        if entry is Entry.RATE:
            return percent_of_rate(cell, self._rates)
        if entry is Entry.NATURAL:
            return self._is_person(cell.text.casefold())
        return amount_of(cell, self._writing[entry])

    def _is_person(self, word: str) -> bool:
        if word in _YES | _NO:
            return word in _YES
        if re.search(LEGAL_FORM, words_of(self._heads[Entry.NATURAL])):
            return bool(_PERSON.search(word))
        raise WrongNumberError("yes_or_no")

    def _postcode(self, line: Sequence[Cell], *, is_german: bool) -> str:
        place = self._places.get(Entry.POSTCODE)
        if place is None or place >= len(line) or not line[place].text:
            return ""
        cell = line[place]
        # What went through a table of figures: 52062.0.
        text = re.sub(r"\.0$", "", cell.text)
        if not is_german and re.fullmatch(r"[0-9A-Za-z \-]{2,10}", text):
            return text
        if not re.fullmatch(r"[0-9]{4,5}", text):
            self._err(_remark(cell, self._heads[Entry.POSTCODE], "postcode"))
            return ""
        if len(text) == _POSTCODE_LENGTH:
            return text
        restored = text.zfill(_POSTCODE_LENGTH)
        self._found.warnings.add(
            _remark(cell, self._heads[Entry.POSTCODE], "zeros_restored", postcode=restored)
        )
        return restored


_NO_VALUE: Final[Mapping[CellKind, str]] = {CellKind.FORMULA: "formula", CellKind.ERROR: "error_cell"}


def _day(cell: Cell) -> datetime.date:
    day = day_of(cell.text)
    if day is None:
        raise WrongNumberError("date_text")
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise WrongNumberError("date_far")
    return day


def _find_repeated(found: Reading) -> None:
    """Rows that say exactly what one before them says."""
    first: dict[tuple[Any, ...], int] = {}
    for row in found.rows:
        before = first.setdefault(row[1:], row.row)
        if before != row.row:
            found.duplicate_count += 1
            found.warnings.add(
                Remark(row.row, "", "", row.beneficiary[:VALUE_LENGTH], "repeated", {"other": before})
            )


def _find_codes(found: Reading, heads: Sequence[Cell], places: Mapping[Entry, int]) -> None:
    """Codes that stand for two operations."""
    place = places.get(Entry.CODE)
    if place is None:
        return
    first: dict[str, Row] = {}
    for row in found.rows:
        before = first.setdefault(row.code, row) if row.code else row
        if before[1:] != row[1:]:
            cell = Cell(row.code, row.row, place + 1)
            found.errors.add(_remark(cell, heads[place].text, "code_twice", other=before.row))
