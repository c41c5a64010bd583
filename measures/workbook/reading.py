"""Reading the workbook of a plan back: rows as values, and remarks on what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from measures.workbook.cells import CellError, by_key, check_cell, chosen, read_cell, require_plain
from measures.workbook.checking import Known, figure_faults
from measures.workbook.layout import (
    FIGURES,
    FORM,
    FORM_FAMILY,
    GUIDE,
    ID_TITLE,
    LISTS,
    MARK,
    MEASURES,
    READ_BACK,
    REPORTS,
    STAMP_TITLE,
    TARGETS,
    Cells,
    Field,
    Sheet,
    mark_of,
    marks_in,
    same_text,
    target_titles,
)
from measures.workbook.remarks import Remark
from measures.workbook.rows import NEW, Names, Values, one_line, target_lines
from project.common.books import Book, read_book
from project.common.importing import Cell, CellKind

#: Remarks kept of one file: who has more has a fault of a kind.
MOST_REMARKS: Final = 500
#: Excel shows a percentage of more as a fault of ten or a hundred times.
_WHOLE_PERCENT: Final = 100
#: Longest words of a target (characters).
_LONGEST_WORDS: Final = 300


@dataclass(frozen=True)
class FileRow:
    """A row that somebody changed or added.

    Attributes:
        sheet: Key of its sheet.
        row: Its number in the file.
        key: Key of what it is about; None for a new one.
        values: Changed values; of a new row all.
        marks: What the stamp says of the changed values.
        measure: Number of its measure as it stands in the file.
    """

    sheet: str
    row: int
    key: int | None
    values: Values
    marks: Values = field(default_factory=dict)
    measure: str = ""


@dataclass
class FileRead:
    """What a file says."""

    rows: list[FileRow] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    #: Sheet -> key of a row it holds -> number of that row.
    keys: dict[str, dict[int, int]] = field(default_factory=dict)
    other_sheets: list[str] = field(default_factory=list)
    exported_at: str = ""


def read_plan(
    content: bytes,
    name: str,
    *,
    plan_key: int,
    names: Names,
    known: Known,
    max_bytes: int,
) -> FileRead:
    """Read the workbook of a plan.

    Args:
        content: The file.
        name: Its name.
        plan_key: Plan it should be of.
        names: Lists of the plan.
        known: What is known of units and indicators.
        max_bytes: Largest size in bytes.

    Raises:
        ImportRefused: The file as a whole cannot be read.
    """
    titles = [str(sheet.title) for sheet in READ_BACK]
    book = read_book(content, name, [*titles, MARK], max_bytes=max_bytes)
    found = FileRead()
    found.remarks += _of_book(book, plan_key)
    if found.remarks:
        return found
    ours = {*titles, MARK, str(REPORTS.title), str(GUIDE), str(LISTS)}
    found.other_sheets = [title for title in book.sheets if title not in ours]
    found.exported_at = book.rows[MARK][2][0].text
    for sheet in READ_BACK:
        _Reader(sheet, book.rows.get(str(sheet.title), []), names, known, found).read()
    del found.remarks[MOST_REMARKS:]
    return found


def _of_book(book: Book, plan_key: int) -> list[Remark]:
    mark = [row[0].text for row in book.rows.get(MARK, [])]
    if len(mark) >= 3 and mark[0] != FORM and mark[0].startswith(FORM_FAMILY):
        return [Remark("", None, "", "", "old_form")]
    if len(mark) < 3 or mark[0] != FORM:
        return [Remark("", None, "", "", "not_ours")]
    if mark[1] != str(plan_key):
        return [Remark("", None, "", "", "foreign_plan")]
    missing = [
        Remark(str(sheet.title), None, "", "", "sheet_missing")
        for sheet in READ_BACK
        if str(sheet.title) not in book.rows
    ]
    merged = [Remark(title, None, "", place, "merged") for title, place in book.merged.items()]
    return missing + merged


class _Reader:
    """One sheet."""

    def __init__(
        self,
        sheet: Sheet,
        rows: Sequence[Sequence[Cell]],
        names: Names,
        known: Known,
        found: FileRead,
    ) -> None:
        self.sheet, self.rows, self.found = sheet, rows, found
        self.title = str(sheet.title)
        self.known = known
        self.keys = {which: names.keys(which) for which in names.lists}
        self.columns: dict[str, int] = {}
        self.targets: list[tuple[int, int, int]] = []
        self.seen: set[int] = set()

    def read(self) -> None:
        head = self.rows[0]
        if not self._find_columns({cell.text: cell.column for cell in head if cell.text}):
            return
        if self.sheet is MEASURES:
            self.keys["measures"] = self._numbers_of_file()
        for cells in self.rows[1:]:
            by_column = {cell.column: cell for cell in cells if cell.text}
            if by_column:
                self._read_row(cells[0].row, by_column)

    def _find_columns(self, heads: Mapping[str, int]) -> bool:
        wanted = {"id": str(ID_TITLE), "stamp": str(STAMP_TITLE)}
        wanted |= {row.key: str(row.title) for row in self.sheet.fields}
        missing = [title for title in wanted.values() if title not in heads]
        unknown = set(heads) - set(wanted.values())
        if self.sheet.has_targets:
            number = 1
            while all(title in heads for title in target_titles(number)):
                titles = target_titles(number)
                day, value, words = (heads[title] for title in titles)
                self.targets.append((day, value, words))
                unknown -= set(titles)
                number += 1
            if not self.targets:
                missing += target_titles(1)
        for title in missing:
            self._remark(1, title, ", ".join(sorted(unknown)), "column_missing")
        self.columns = {key: heads[title] for key, title in wanted.items() if title in heads}
        return not missing

    def _numbers_of_file(self) -> dict[str, str]:
        """Number as the file knows it -> key; of a new measure its word.

        Not the numbers of today: another one may have got the number since the download.
        """
        found: dict[str, str] = {}
        for cells in self.rows[1:]:
            by_column = {cell.column: cell for cell in cells if cell.text}
            number, key = self._plain(by_column, "number"), by_column.get(self.columns["id"])
            if number:
                found.setdefault(number.casefold(), key.text if key else NEW + number)
        return found

    def _remark(self, row: int, column: str, value: str, code: str, **params: Any) -> None:
        self.found.remarks.append(Remark(self.title, row, column, value, code, params))

    def _read_row(self, number: int, cells: Mapping[int, Cell]) -> None:
        count = len(self.found.remarks)
        key, marks = self._key_of(number, cells)
        if len(self.found.remarks) > count:
            return
        if key is not None and marks is not None:
            self.found.keys.setdefault(self.sheet.key, {})[key] = number
        label = self._plain(cells, "number" if self.sheet is MEASURES else "measure")
        values = dict(self._values(number, cells, marks))
        if self.sheet is FIGURES and len(self.found.remarks) == count:
            self._check_figure(number, values, marks)
        if len(self.found.remarks) > count:
            return
        if marks is not None:
            changed = {name: value for name, value in values.items() if mark_of(value) != marks[name]}
            if "measure" in changed:
                self._remark(number, str(self.sheet.field("measure").title), label, "measure_moved")
            elif changed:
                kept = {name: marks[name] for name in changed}
                self.found.rows.append(FileRow(self.sheet.key, number, key, changed, kept, label))
        else:
            if self.sheet is MEASURES:
                values["parent"] = self._plain(cells, "parent")
            self.found.rows.append(FileRow(self.sheet.key, number, None, values, {}, label))

    def _key_of(self, number: int, cells: Mapping[int, Cell]) -> tuple[int | None, dict[str, str] | None]:
        """Key and stamp of a row; both None for a new one; remarks on what cannot be."""
        key_cell = cells.get(self.columns["id"])
        stamp_cell = cells.get(self.columns["stamp"])
        if key_cell is None and stamp_cell is None:
            return None, None
        if key_cell is None:
            self._remark(number, str(ID_TITLE), "", "key_deleted")
            return None, None
        if stamp_cell is None:
            self._remark(number, str(STAMP_TITLE), "", "stamp_changed")
            return None, None
        if key_cell.kind is not CellKind.NUMBER or not key_cell.text.isdigit():
            self._remark(number, str(ID_TITLE), key_cell.text, "key_changed")
            return None, None
        marks = marks_in(self.sheet, stamp_cell.text)
        if marks is None:
            self._remark(number, str(STAMP_TITLE), stamp_cell.text[:20], "stamp_changed")
            return None, None
        key = int(key_cell.text)
        if key in self.seen:
            self._remark(number, str(ID_TITLE), key_cell.text, "key_twice")
        self.seen.add(key)
        return key, marks

    def _plain(self, cells: Mapping[int, Cell], key: str) -> str:
        cell = cells.get(self.columns[key])
        return " ".join(cell.text.split()) if cell else ""

    def _values(
        self, number: int, cells: Mapping[int, Cell], marks: Mapping[str, str] | None
    ) -> Iterator[tuple[str, str]]:
        for column in self.sheet.editable:
            cell = cells.get(self.columns[column.key])
            try:
                value = self._value(column, cell)
                if marks is None or mark_of(value) != marks[column.key]:
                    check_cell(column, value)
                yield column.key, value
            except CellError as error:
                text = cell.text[:80] if cell else ""
                self._remark(number, str(column.title), text, error.code, **error.params)
        if self.sheet.has_targets:
            yield TARGETS, target_lines(self._target_pairs(number, cells))
            self._check_percent(number, cells)

    def _check_figure(self, number: int, values: Values, marks: Mapping[str, str] | None) -> None:
        """What goes together in a key figure; asked of rows that change or are new."""
        changed = {key for key, value in values.items() if marks is None or mark_of(value) != marks[key]}
        for key, code in figure_faults(values, changed, self.known, is_new=marks is None):
            self._remark(number, str(self.sheet.field(key).title), "", code)

    def _target_pairs(self, number: int, cells: Mapping[int, Cell]) -> Iterator[tuple[str, str, str]]:
        for place, (day_column, value_column, words_column) in enumerate(self.targets, start=1):
            day_title, value_title, words_title = target_titles(place)
            pair = []
            for column, title, cells_of in (
                (day_column, day_title, Cells.DATE),
                (value_column, value_title, Cells.NUMBER),
            ):
                cell = cells.get(column)
                try:
                    pair.append(read_cell(cells_of, cell) if cell else "")
                except CellError as error:
                    self._remark(number, title, cell.text if cell else "", error.code, **error.params)
                    pair.append("")
            words = self._words(number, words_title, cells.get(words_column))
            if all(pair):
                yield pair[0], pair[1], words
            elif any(pair) or words:
                self._remark(number, day_title if not pair[0] else value_title, "", "target_half")

    def _words(self, number: int, title: str, cell: Cell | None) -> str:
        """What a target says in words."""
        if cell is None:
            return ""
        try:
            require_plain(cell)
            text = one_line(cell.text)
            if len(text) > _LONGEST_WORDS:
                raise CellError("too_long", length=len(text), longest=_LONGEST_WORDS)
        except CellError as error:
            self._remark(number, title, cell.text[:80], error.code, **error.params)
            return ""
        return text

    def _check_percent(self, number: int, cells: Mapping[int, Cell]) -> None:
        unit = cells.get(self.columns["unit"])
        if unit is None or self.keys["units"].get(unit.text.casefold()) not in self.known.percent_units:
            return
        places = [(self.columns["baseline"], str(self.sheet.field("baseline").title))]
        places += [(row[1], target_titles(place)[1]) for place, row in enumerate(self.targets, start=1)]
        for column, title in places:
            cell = cells.get(column)
            if cell is not None and cell.number is not None and cell.number > _WHOLE_PERCENT:
                self._remark(number, title, cell.text, "over_hundred")

    def _value(self, column: Field, cell: Cell | None) -> str:
        if cell is None:
            return ""
        if column.cells is Cells.CHOICE:
            require_plain(cell)
            words = {str(label).casefold(): value for value, label in column.choices}
            return chosen(cell.text, words, [str(label) for _value, label in column.choices])
        if column.cells is Cells.NAME:
            require_plain(cell)
            text = " ".join(same_text(cell.text).split())
            return chosen(text, self.keys[column.names], [])
        if column.cells is Cells.NAMES:
            require_plain(cell)
            return "\n".join(sorted(self._named(column, cell.text), key=by_key))
        return read_cell(column.cells, cell)

    def _named(self, column: Field, text: str) -> Iterator[str]:
        keys = self.keys[column.names]
        for line in (" ".join(line.split()) for line in same_text(text).splitlines()):
            if not line:
                continue
            # A name may hold a colon itself: the longest beginning that is a name counts.
            parts = line.split(": ")
            for count in range(len(parts), 0, -1):
                key = keys.get(": ".join(parts[:count]).casefold())
                if key is not None:
                    words = ": ".join(parts[count:])
                    if words and not column.longest_words:
                        raise CellError("unknown_name", name=line)
                    if len(words) > column.longest_words:
                        raise CellError("too_long", length=len(words), longest=column.longest_words)
                    yield f"{key}|{words}" if column.longest_words else key
                    break
            else:
                raise CellError("unknown_number" if column.names == "measures" else "unknown_name", name=line)
