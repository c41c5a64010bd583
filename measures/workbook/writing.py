"""Writing the workbook of a plan: row by row, so that its size in memory does not grow with the plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Final

import xlsxwriter
from django.utils.translation import gettext as _

from measures.workbook.layout import (
    CELL_LENGTH,
    FORM,
    GUIDE,
    ID_TITLE,
    LISTS,
    MARK,
    SHEETS,
    STAMP_TITLE,
    TARGETS,
    Cells,
    Field,
    Sheet,
    same_text,
    stamp_of,
    target_titles,
)
from measures.workbook.rows import NEW, Names, Values, targets_in

#: Empty rows below the last one that still offer the drop-down lists.
_ROOM: Final = 500
_DATE_FORMAT: Final = "dd.mm.yyyy"
_NUMBER_FORMAT: Final = "#,##0.00"
#: Lists on the sheet with the lists; measures stand on a sheet of their own.
_LISTED: Final = ("organisations", "fields", "units", "areas", "goals", "indicators")


class PlanWriter:
    """Writes the sheets one after the other; ``close`` completes the file.

    Args:
        file: Where to; must be seekable.
        plan_key: Key of the plan, to know the file again.
        names: Lists of the plan.
        slots: Places for targets.
    """

    def __init__(self, file: IO[bytes], *, plan_key: int, names: Names, slots: int) -> None:
        self._book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._names, self._slots, self._plan_key = names, slots, plan_key
        look: dict[str, Any] = {"valign": "top", "text_wrap": True}
        self._text = self._book.add_format({**look, "locked": False, "num_format": "@"})
        self._date = self._book.add_format({**look, "locked": False, "num_format": _DATE_FORMAT})
        self._number = self._book.add_format({**look, "locked": False, "num_format": _NUMBER_FORMAT})
        self._whole = self._book.add_format({**look, "locked": False, "num_format": "0"})
        grey = {**look, "bg_color": "#EDEDED", "locked": True}
        self._fixed = self._book.add_format(grey)
        self._fixed_date = self._book.add_format({**grey, "num_format": _DATE_FORMAT})
        self._fixed_number = self._book.add_format({**grey, "num_format": _NUMBER_FORMAT})
        self._head = self._book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "valign": "top"})
        self._sheets = {sheet.key: self._book.add_worksheet(str(sheet.title)) for sheet in SHEETS}
        self._guide = self._book.add_worksheet(str(GUIDE))
        self._lists = self._book.add_worksheet(str(LISTS))
        self._mark = self._book.add_worksheet(MARK)
        self._ranges: dict[str, str] = {}
        self._write_lists()

    def write(self, sheet: Sheet, rows: Iterable[tuple[int, int, Values]]) -> None:
        """Write a sheet that is read back: key, key of the measure, values."""
        page = self._begin(sheet)
        row = 0
        for row, (key, _measure, values) in enumerate(rows, start=1):
            page.write_number(row, 0, key, self._fixed)
            page.write_string(row, 1, stamp_of(sheet, values), self._fixed)
            self._write_cells(page, sheet, row, values, first=2)
        self._finish(page, sheet, row)

    def write_reports(self, sheet: Sheet, rows: Iterable[Values]) -> None:
        """Write a sheet for reading only."""
        page = self._sheets[sheet.key]
        self._write_heads(page, [(str(field.title), field.width) for field in sheet.fields])
        for row, values in enumerate(rows, start=1):
            self._write_cells(page, sheet, row, values, first=0)
        page.protect("", {"autofilter": True, "sort": True, "format_columns": True})

    def close(self, *, lines: Sequence[str], moment: datetime.datetime) -> None:
        """Write guide and mark, and complete the file."""
        self._guide.set_column(0, 0, 110, self._book.add_format({"text_wrap": True}))
        for row, line in enumerate(lines):
            self._guide.write_string(row, 0, line, self._head if row == 0 else None)
        for row, text in enumerate((FORM, str(self._plan_key), moment.isoformat(timespec="seconds"))):
            self._mark.write_string(row, 0, text)
        self._mark.hide()
        self._mark.protect()
        self._lists.protect()
        self._book.close()

    def _begin(self, sheet: Sheet) -> Any:
        page = self._sheets[sheet.key]
        heads = [(str(ID_TITLE), 4), (str(STAMP_TITLE), 4)]
        heads += [(str(field.title), field.width) for field in sheet.fields]
        if sheet.has_targets:
            heads += [(title, 13) for slot in range(self._slots) for title in target_titles(slot + 1)]
        self._write_heads(page, heads)
        page.set_column(0, 1, 4, self._fixed, {"hidden": True})
        for place, field in enumerate(sheet.fields, start=2):
            page.set_column(place, place, field.width, self._format(field))
        if sheet.has_targets:
            for slot in range(self._slots):
                place = 2 + len(sheet.fields) + 3 * slot
                page.set_column(place, place, 13, self._date)
                page.set_column(place + 1, place + 1, 13, self._number)
                page.set_column(place + 2, place + 2, 30, self._text)
        return page

    def _write_heads(self, page: Any, heads: Sequence[tuple[str, int]]) -> None:
        for place, (title, width) in enumerate(heads):
            page.set_column(place, place, width)
            page.write_string(0, place, title, self._head)
        page.freeze_panes(1, 0)
        page.set_landscape()
        page.repeat_rows(0)

    def _finish(self, page: Any, sheet: Sheet, last: int) -> None:
        for place, field in enumerate(sheet.fields, start=2):
            rule = self._rule(field)
            if rule is not None:
                page.data_validation(1, place, last + _ROOM, place, rule)
        if last:
            page.autofilter(0, 2, last, 1 + len(sheet.fields))
        # New rows, filters and widths stay possible; only the grey cells are kept.
        page.protect(
            "",
            {
                "insert_rows": True,
                "delete_rows": True,
                "autofilter": True,
                "sort": True,
                "format_columns": True,
                "format_rows": True,
            },
        )

    def _rule(self, field: Field) -> dict[str, Any] | None:
        if field.is_fixed:
            return None
        message = {
            "error_title": _("Not in the list"),
            "error_message": _("Please choose one of the entries of the list."),
        }
        if field.cells is Cells.CHOICE:
            words = [str(label) for _value, label in field.choices]
            return {"validate": "list", "source": words, **message}
        if field.cells is Cells.YES_NO:
            return {"validate": "list", "source": [_("yes"), _("no")], **message}
        if field.cells is Cells.NAME:
            return {"validate": "list", "source": self._ranges[field.names], **message}
        return None

    def _write_lists(self) -> None:
        columns = [(which, self._names.lists[which]) for which in _LISTED]
        longest = max((len(names) for _which, names in columns), default=0)
        texts = [list(names.values()) for _which, names in columns]
        for row in range(longest):
            for place, names in enumerate(texts):
                if row < len(names):
                    self._lists.write_string(row, place, names[row][:CELL_LENGTH])
        for place, (which, names_of_list) in enumerate(columns):
            self._lists.set_column(place, place, 40)
            letter = "ABCDEFGH"[place]
            count = max(1, len(names_of_list))
            self._ranges[which] = f"='{LISTS}'!${letter}$1:${letter}${count}"

    def _format(self, field: Field) -> Any:
        match field.cells:
            case Cells.DATE:
                return self._fixed_date if field.is_fixed else self._date
            case Cells.NUMBER:
                return self._fixed_number if field.is_fixed else self._number
            case Cells.WHOLE:
                return self._whole
            case _:
                return self._fixed if field.is_fixed else self._text

    def _write_cells(self, page: Any, sheet: Sheet, row: int, values: Values, *, first: int) -> None:
        for place, field in enumerate(sheet.fields, start=first):
            self._write_cell(page, row, place, field, values.get(field.key, ""))
        if not sheet.has_targets:
            return
        place = first + len(sheet.fields)
        for day, value, words in targets_in(values.get(TARGETS, "")):
            page.write_datetime(row, place, _day(day), self._date)
            page.write_number(row, place + 1, float(value), self._number)
            if words:
                page.write_string(row, place + 2, words, self._text)
            place += 3

    def _write_cell(self, page: Any, row: int, place: int, field: Field, value: str) -> None:
        look = self._format(field)
        if field.cells is Cells.YES_NO:
            page.write_string(row, place, _("yes") if value else _("no"), look)
        elif not value:
            page.write_blank(row, place, None, look)
        elif field.cells is Cells.DATE:
            page.write_datetime(row, place, _day(value), look)
        elif field.cells in {Cells.NUMBER, Cells.WHOLE} and _is_number(value):
            page.write_number(row, place, float(value), look)
        else:
            page.write_string(row, place, shown(field, value, self._names)[:CELL_LENGTH], look)


def shown(field: Field, value: str, names: Names) -> str:
    """A value as people read it in a cell."""
    match field.cells:
        case Cells.CHOICE:
            return str(dict(_texts(field.choices)).get(value, value))
        case Cells.NAME:
            return names.name(field.names, value)
        case Cells.NAMES:
            return "\n".join(sorted(_named_lines(value, names.lists[field.names])))
        case Cells.YES_NO:
            return _("yes") if value else _("no")
        case _:
            return same_text(value)


def _texts(choices: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    return ((value, str(label)) for value, label in choices)


def _named_lines(value: str, names: Mapping[str, str]) -> Iterable[str]:
    for line in value.splitlines():
        key, _bar, rest = line.partition("|")
        name = names.get(key, key.removeprefix(NEW))
        yield f"{name}: {rest}" if rest else name


def _day(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _is_number(text: str) -> bool:
    return text not in {"", "."} and text.lstrip("-").replace(".", "", 1).isdigit()
