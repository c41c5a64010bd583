"""A list of receipts from a spreadsheet: rows of cells to entries, with everything that is wrong by row."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.euros import NoAmount, parse_euros
from measures.report_rules import same_number
from project.common.errors import DomainError
from project.common.formats import decimal_de
from project.common.importing import day_of

#: Columns in their order: name -> head.
COLUMNS: Final[Mapping[str, str | Promise]] = {
    "number": gettext_lazy("Number of the receipt"),
    "paid_on": gettext_lazy("Paid on"),
    "payee": gettext_lazy("Paid to"),
    "purpose": gettext_lazy("Purpose"),
    "line": gettext_lazy("Line of cost"),
    "amount": gettext_lazy("Amount"),
}
#: Longest text of a column (characters).
_LONGEST: Final = {"number": 60, "payee": 200, "purpose": 300}
#: Most rows taken at once.
MOST_ROWS: Final = 500


@dataclasses.dataclass(frozen=True)
class ListRow:
    """A row of the list.

    Attributes:
        place: Which row of the list, from 1.
        cells: What stands there, in the order of ``COLUMNS``.
        faults: What is wrong with it; empty for a sound row.
        paid_on: Day of the payment.
        line: Kind and title of the line of cost.
        amount: Euros.
    """

    place: int
    cells: tuple[str, ...]
    faults: tuple[str, ...] = ()
    paid_on: datetime.date | None = None
    line: tuple[str, str] | None = None
    amount: Decimal | None = None


def cells_of(text: str) -> list[list[str]]:
    """Cells of a pasted list: tabs as Excel copies them, else semicolons.

    Raises:
        DomainError: ``list_unreadable``.
    """
    delimiter = "\t" if "\t" in text else ";"
    lines = text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    rows = csv.reader(io.StringIO(lines), delimiter=delimiter, strict=True)
    try:
        return [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DomainError(
            "list_unreadable",
            _("The list cannot be read from line %(line)s on. Check whether a quotation mark is not closed.")
            % {"line": decimal_de(rows.line_num)},
        ) from error


def text_of(rows: Sequence[Sequence[str]]) -> str:
    """Rows as text with semicolons, to be corrected on the page."""
    target = io.StringIO()
    csv.writer(target, delimiter=";", lineterminator="\n").writerows(rows)
    return target.getvalue()


def read_list(
    rows: Sequence[Sequence[str]], lines: Mapping[str, tuple[str, str]], known: Sequence[str] = ()
) -> list[ListRow]:
    """Entries of a list.

    Args:
        rows: Cells; a first row with the heads of the columns is passed over.
        lines: Name of a line of cost as people write it -> kind and title.
        known: Numbers of receipts that are on the list already.

    Returns:
        One for each row, sound or not.
    """
    names = {_plain(name): key for name, key in lines.items()}
    numbers = {same_number(number) for number in known}
    body = rows[1:] if rows and _is_head(rows[0]) else rows
    found = []
    for place, row in enumerate(body, start=1):
        cells = tuple((*row, *[""] * len(COLUMNS))[: len(COLUMNS)])
        entry = _row(place, cells, names, len(row))
        number = same_number(cells[0])
        if number and number in numbers:
            twice = _("The number %(number)s is on the list already.") % {"number": cells[0]}
            entry = dataclasses.replace(entry, faults=(*entry.faults, twice))
        numbers.add(number)
        found.append(entry)
    return found


def _is_head(row: Sequence[str]) -> bool:
    """Whether a row holds heads: no amount in its last cell, and no day in its second."""
    cells = [*row, *[""] * len(COLUMNS)]
    return day_of(cells[1]) is None and not any(sign.isdigit() for sign in cells[len(COLUMNS) - 1])


def _row(place: int, cells: tuple[str, ...], names: Mapping[str, tuple[str, str]], width: int) -> ListRow:
    number, paid_on, payee, purpose, line, amount = cells
    faults = []
    if width != len(COLUMNS):
        faults.append(
            _("%(count)s columns instead of %(wanted)s.") % {"count": width, "wanted": len(COLUMNS)}
        )
    for name, text in (("number", number), ("payee", payee), ("purpose", purpose)):
        if not text:
            faults.append(_("“%(column)s” is empty.") % {"column": COLUMNS[name]})
        elif len(text) > _LONGEST[name]:
            words = {"column": COLUMNS[name], "most": decimal_de(_LONGEST[name])}
            faults.append(_("“%(column)s” is longer than %(most)s characters.") % words)
    day = day_of(paid_on)
    if day is None:
        faults.append(_("“%(text)s” is no day. Write it as 31.12.2027.") % {"text": paid_on})
    key = names.get(_plain(line))
    if key is None:
        faults.append(_("The plan has no line of cost “%(text)s”.") % {"text": line})
    euros = None
    try:
        euros = parse_euros(amount)
        if euros <= 0:
            faults.append(_("An amount has to be above zero."))
    except NoAmount as error:
        faults.append(str(error))
    return ListRow(place, cells, tuple(faults), day, key, euros)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
