"""What is to be said of a list of operations: row, column, value, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Remarks of one kind that are kept of a file; how many there are is counted all the same.
MOST_KEPT: Final = 2_000
#: Characters kept of a value.
VALUE_LENGTH: Final = 80

#: code: sentence; the names in it are keys of the params.
SENTENCES: Final[Mapping[str, str | Promise]] = {
    # Errors: the list cannot be taken over.
    "column_missing": _("The list has no column “%(name)s”. Please add it, with this heading."),
    "no_rows": _("Below the headings there is no row. Please choose the file with the list."),
    "cells_beyond": _(
        "The row has more cells than there are headings. Please check whether a text with a separator in it "
        "stands without quotation marks."
    ),
    "missing": _("Please fill in this cell."),
    "too_long": _("The text has %(length)s characters, at most %(longest)s fit. Please shorten it."),
    "formula": _("The cell holds a formula. Please enter the value itself."),
    "error_cell": _("The cell holds an error of Excel. Please enter the value itself."),
    "date_text": _("This is text, not a date. Please enter the day as a date, such as 31.12.2027."),
    "date_far": _("The day lies before 1990 or after 2100. Please check the year."),
    "ends_before_start": _("The operation ends before it begins. Please check both days."),
    "number_text": _("This is text, not a number. Please enter the number only, without unit."),
    "negative": _("An amount cannot be below zero. Please check it."),
    "amount_large": _("The number is too large. Please check it."),
    "cents": _("An amount has at most two decimals. Please round it to the cent."),
    "two_readings": _(
        "This can be read in two ways: as %(whole)s or as %(decimal)s. Please write all amounts of the "
        "column with two decimals, or without a sign between the thousands."
    ),
    "mixed_decimals": _(
        "The column writes decimals in two ways: this cell differs from row %(other)s (%(example)s), where "
        "they follow “%(sign)s”. Please write all amounts of the column in the same way."
    ),
    "over_hundred": _("A rate cannot be more than 100 %. Please check it."),
    "rate_mixed": _(
        "In this column some rates are percent (50) and some are shares (0,5): %(percent)s %% or "
        "%(small)s %%? Please write all of them in percent."
    ),
    "rate_doubtful": _("1 can be read as 1 % or as 100 %. Please write the percent sign, too."),
    "rate_digits": _("A rate has at most two decimals in percent. Please round it."),
    "postcode": _("This is no postcode of five digits. Please correct it or leave the cell empty."),
    "yes_or_no": _("Please enter “ja” or “nein”."),
    "code_twice": _(
        "The code stands in row %(other)s, too, with other entries. Each operation has a code of its own."
    ),
    # Warnings: the person should know.
    "zeros_restored": _("The postcode had lost its leading zero; it is read as %(postcode)s."),
    "repeated": _("The row says exactly the same as row %(other)s."),
    "column_left": _("The column is not known and is not taken over."),
    "no_place": _("Neither postcode nor place: the published list needs one of them."),
    "other_sheets": _("The workbook has further sheets; only “%(sheet)s” was read."),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to be said: where, which value, and a code for the sentence."""

    row: int | None
    letters: str
    column: str
    value: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in the language of the page."""
        sentence = str(SENTENCES[self.code])
        return sentence % self.params if self.params else sentence

    def as_json(self) -> list[Any]:
        """To be stored."""
        return [self.row, self.letters, self.column, self.value, self.code, dict(self.params)]


def remarks_from(stored: list[list[Any]]) -> list[Remark]:
    """Stored remarks."""
    return [Remark(*row) for row in stored]
