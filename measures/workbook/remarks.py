"""What is wrong with an uploaded plan: place, value, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.formats import decimal_de

#: code: sentence; the names in it are keys of the params.
SENTENCES: Final[Mapping[str, str | Promise]] = {
    "not_ours": _(
        "This workbook was not made by “Excel: the whole plan”, or its hidden sheet has been deleted. "
        "Please download the plan anew and change that file. A list from elsewhere is taken over on its own "
        "page."
    ),
    "old_form": _(
        "This workbook was downloaded before its sheets got new columns. Please download the plan anew and "
        "enter your changes there; nothing was changed."
    ),
    "foreign_plan": _("This is the workbook of another action plan. Please open the page of that plan."),
    "sheet_missing": _(
        "The sheet is missing or has another name. Please give it its old name, or download the plan anew."
    ),
    "merged": _("Cells are merged here. Please undo that: each row is read by itself."),
    "column_missing": _(
        "The column is missing or has another heading. Please give it its old heading again."
    ),
    "key_deleted": _(
        "The key in the hidden first column has been deleted. Please take the row from a new download; "
        "if it is meant as a new one, delete the stamp in the second column, too."
    ),
    "key_changed": _(
        "The key in the hidden first column has been changed. Please take it from a new download."
    ),
    "key_twice": _(
        "The row stands twice in the sheet. For a new one please leave key and stamp (the hidden columns) "
        "empty."
    ),
    "key_unknown": _("What this row is about is not in the plan (any more). Please delete the row."),
    "stamp_changed": _(
        "The stamp in the hidden second column has been changed. Please take the row from a new download."
    ),
    "measure_moved": _(
        "The row belongs to another measure. Rows cannot move: delete nothing here, add a new row instead."
    ),
    "measure_unknown": _("No measure has this number. Please enter one of the sheet with the measures."),
    "number_twice": _("Two measures have this number in the file. Please give the new one another."),
    "formula": _("The cell holds a formula. Please enter the value itself."),
    "error_cell": _("The cell holds an error of Excel. Please enter the value itself."),
    "date_text": _("This is text, not a date. Please enter the day as a date, such as 31.12.2027."),
    "date_far": _("The day lies before 1990 or after 2100. Please check the year."),
    "number_text": _("This is text, not a number. Please enter the number only, without unit."),
    "number_large": _("The number is too large. Please check it."),
    "number_whole": _("Please enter a whole number."),
    "over_hundred": _("A percentage cannot be more than 100. Please check the value or the unit."),
    "target_half": _(
        "A target needs both a day and a value. Please fill in both cells, or empty all cells of the target."
    ),
    "unknown_word": _("“%(name)s” cannot be chosen here. Please take one of: %(words)s."),
    "unknown_name": _("“%(name)s” is not in the list. Please choose an entry of the sheet with the lists."),
    "unknown_number": _(
        "“%(name)s” names no measure of this file. Please begin each line with a number of the first column, "
        "such as “1.2: why”."
    ),
    "judged_unit": _(
        "What is judged in steps has no unit of its own. Please take the old unit, or leave the cell empty."
    ),
    "judged_rises": _("A judgement in steps always rises. Please choose the direction “should rise”."),
    "judged_follows": _("A judgement in steps follows no indicator. Please empty indicator and area."),
    "following_unit": _(
        "What follows an indicator has the unit of the indicator. Please take that unit, or empty the cell."
    ),
    "following_reporter": _("What follows an indicator is reported by nobody. Please empty this cell."),
    "row_gone": _(
        "What this row is about was deleted in the system since you uploaded the file. Please leave the row "
        "out, or delete it in the file."
    ),
    "missing": _("Please fill in this cell."),
    "too_long": _("The text has %(length)s characters, at most %(longest)s fit. Please shorten it."),
    "year": _("Please enter a year such as 2027."),
    "negative": _("An amount cannot be below zero. What pays for the measure is a line of funding."),
    "rule": "%(text)s",
}


@dataclass(frozen=True)
class Remark:
    """One thing that is wrong: where, which value, and a code for the sentence."""

    sheet: str
    row: int | None
    column: str
    value: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in the language of the page."""
        numbers = {
            name: decimal_de(self.params[name]) for name in ("length", "longest") if name in self.params
        }
        return str(SENTENCES[self.code]) % {**self.params, **numbers}

    def as_json(self) -> list[Any]:
        """To be stored."""
        return [self.sheet, self.row, self.column, self.value, self.code, dict(self.params)]


def remarks_from(stored: list[list[Any]]) -> list[Remark]:
    """Stored remarks."""
    return [Remark(*row) for row in stored]
