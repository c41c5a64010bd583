"""A single cell of an uploaded workbook as a value, or why it cannot be one."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from measures.workbook.layout import Cells, Field, number_text, same_text
from project.common.importing import Cell, CellKind

_LATEST: Final = datetime.date(2100, 12, 31)
_EARLIEST: Final = datetime.date(1990, 1, 1)
#: How many digits stand before the comma in the database.
_LARGEST: Final = 10**12


class CellError(Exception):
    """A cell that cannot be read: code of the remark and what it names."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def by_key(line: str) -> tuple[bool, int, str]:
    """By key, as the database gives them; what has none yet comes last."""
    key, _bar, words = line.partition("|")
    return (False, int(key), words) if key.isdigit() else (True, 0, line)


def chosen(text: str, keys: Mapping[str, str], words: Sequence[str]) -> str:
    """The key of an entry of a list; ``words`` are named if there is none."""
    key = keys.get(text.casefold())
    if key is None:
        raise CellError("unknown_word" if words else "unknown_name", name=text, words=", ".join(words))
    return key


def require_plain(cell: Cell) -> None:
    """Refuse formulas and errors of Excel: what they show may be another value tomorrow."""
    if cell.kind is CellKind.FORMULA:
        raise CellError("formula")
    if cell.kind is CellKind.ERROR:
        raise CellError("error_cell")


def read_cell(cells: Cells, cell: Cell) -> str:
    """A cell without list as a value."""
    require_plain(cell)
    match cells:
        case Cells.DATE:
            if cell.kind is not CellKind.DATE:
                raise CellError("date_text")
            if not _EARLIEST <= datetime.date.fromisoformat(cell.text) <= _LATEST:
                raise CellError("date_far")
            return cell.text
        case Cells.NUMBER | Cells.WHOLE:
            number = cell.number
            if number is None:
                raise CellError("number_text")
            if abs(number) >= _LARGEST:
                raise CellError("number_large")
            if cells is Cells.WHOLE and number != int(number):
                raise CellError("number_whole")
            return number_text(round(number, 2))
        case Cells.YES_NO:
            words = {_("yes").casefold(): "1", _("no").casefold(): "", "true": "1", "false": ""}
            return chosen(cell.text, words, [_("yes"), _("no")])
        case _:
            return same_text(cell.text)


def check_cell(column: Field, value: str) -> None:
    """What a changed cell has to keep to."""
    if column.is_required and not value:
        raise CellError("missing")
    if column.cells is Cells.TEXT and len(value) > column.longest:
        raise CellError("too_long", length=len(value), longest=column.longest)
    if column.key == "year" and value and not re.fullmatch(r"(19|20)\d\d", value):
        raise CellError("year")
    if column.key == "amount" and value.startswith("-"):
        raise CellError("negative")
