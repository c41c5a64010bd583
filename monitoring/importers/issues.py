"""What an import has to say about a file, by row and column, in words that tell what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_lazy as _

from project.common.importing import column_letters


class Severity(StrEnum):
    """An error stops the import, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


# code: sentence; the names in it are keys of ``Issue.params``, always with ``value`` and ``cell``.
MESSAGES: Final = {
    "no_header": _(
        "No heading row found. The first row needs the columns “Gebietsschlüssel” and “Jahr” "
        "and one column for each indicator."
    ),
    "header_not_first": _("The headings stand in row %(header_row)s. Please delete the rows above them."),
    "second_header": _("This row looks like a second heading or a row of units. Please delete it."),
    "missing_column": _("The column “%(name)s” is missing. Please add it."),
    "no_indicator_column": _("No column belongs to a requested indicator. Requested are: %(names)s."),
    "unknown_column": _(
        "The heading “%(value)s” is not known. Please use the name or key of a requested indicator, "
        "or delete the column."
    ),
    "empty_heading": _(
        "There are entries in column %(letter)s, but it has no heading. Please add it or delete the entries."
    ),
    "duplicate_column": _(
        "The column “%(value)s” occurs twice, also in column %(other)s. Please delete one of them."
    ),
    "unknown_area": _(
        "The area key “%(value)s” is not part of this request. Please correct it; delete rows with totals."
    ),
    "unknown_area_like": _(
        "The area key “%(value)s” is not part of this request. Is %(suggestion)s meant? Please correct it; "
        "delete rows with totals."
    ),
    "missing_area": _("The area key is missing in this row. Please add it."),
    "zeros_restored": _("Excel dropped the leading zero of area keys; “%(value)s” is read as %(key)s."),
    "area_name": _(
        "The key %(key)s belongs to %(name)s, but the row says “%(value)s”. Please check which is right."
    ),
    "year_invalid": _("“%(value)s” is not a year. Please enter four digits, such as 2024."),
    "year_to_come": _(
        "%(value)s is still to come: nobody has counted its inhabitants. Please check the year."
    ),
    "year_not_requested": _(
        "The year %(value)s was not requested. Requested: %(years)s. Please delete the row."
    ),
    "unknown_indicator": _(
        "The indicator “%(value)s” is not part of this request. "
        "Please use its name or key, or delete the row."
    ),
    "duplicate_row": _(
        "The same area, year and indicator already stand in row %(other)s. Please keep only one of them."
    ),
    "not_a_number": _(
        "“%(value)s” is not a number. Please enter a number or a sign of official statistics (- . / x ...)."
    ),
    "two_readings": _(
        "“%(value)s” can be read in two ways. Is %(whole)s meant? Then please type %(whole)s, without a sign "
        "between the thousands. Is %(decimal)s meant? Then please type %(decimal)s, with a comma."
    ),
    "perhaps_meant": _(
        "“%(value)s” can be read in two ways. Is %(meant)s meant? Then please type it like this."
    ),
    "formula": _(
        "The cell contains a formula, and what it gives is not taken: it may be out of date or not even in "
        "the file. Please copy the column and paste it as values."
    ),
    "excel_error": _(
        "The cell contains the error %(value)s of Excel. Please correct it or enter a sign such as “.”."
    ),
    "is_date": _(
        "Excel made the date %(value)s of this entry. Please format the column as number and enter it again."
    ),
    "mixed_separators": _(
        "The column mixes decimal comma (%(comma_cell)s: “%(comma_value)s”) and decimal point "
        "(%(point_cell)s: “%(point_value)s”). Please use one of them throughout."
    ),
    "dots_as_thousands": _(
        "“%(value)s” and others like it were read as thousands (1.234 = one thousand two hundred "
        "and thirty-four). If a decimal point was meant, please enter a comma."
    ),
    "above_100": _("%(value)s percent is more than 100. Please check the number."),
    "negative": _("A negative number is not possible for this indicator. Please check it."),
    "too_big": _("The number has too many digits to be right. Please check it."),
    "sign_unknown": _("“%(value)s” is not a sign of official statistics. Known are: - . / x ... ()"),
    "sign_column_wide": _(
        "A column “%(value)s” is only possible with one figure in each row (columns “Indikator” and “Wert”). "
        "Please write the sign into the cell of the figure itself and delete this column."
    ),
    "sign_beside_number": _(
        "The figure %(figure)s and the sign “%(value)s” contradict each other. Please delete one of them; "
        "only () goes with a number."
    ),
    "not_whole": _("%(value)s is not a whole number, but people or cases are counted. Please check it."),
    "looks_like_share": _(
        "All values of “%(name)s” lie between 0 and 1, but percent are asked for. "
        "Please check whether 0.12 means 12 percent."
    ),
    "missing_values": _(
        "“%(name)s”: values that are missing: %(count)s of %(total)s, such as %(examples)s. Please add them, "
        "or a sign such as “.”, if you have them."
    ),
    "no_rows": _(
        "There is nothing below the headings. Please enter your figures there, one row for each area and "
        "year."
    ),
    "no_figures": _("The table holds areas and years, but not one figure. Please enter your figures."),
    "comment_alone": _(
        "The comment “%(comment)s” has no figure beside it and is not kept. Please enter a figure or a sign "
        "such as “.”."
    ),
    # Tables on areas
    "no_table_rows": _("There are no rows below the headings. Please add them."),
    "missing_columns": _(
        "The first row must name the columns. Missing here: %(names)s. Please add these headings."
    ),
    "given_in_row": _("Row %(other)s already says this. Please keep only one of them."),
    "area_not_here": _(
        "The territory has no area with the key “%(value)s”. Please correct it; delete rows with totals."
    ),
    "area_not_here_like": _(
        "The territory has no area with the key “%(value)s”. Is %(suggestion)s meant? Please correct it; "
        "delete rows with totals."
    ),
    "no_people": _("“%(value)s” is no whole number of inhabitants. Please enter one, such as 1234."),
    "people_missing": _(
        "Rows without inhabitants stay out: %(count)s, such as %(examples)s. Please enter them if you have "
        "them."
    ),
    "no_share": _("“%(value)s” is no share. Please enter percent above 0, at most 100, such as 37.5."),
    "share_not_percent": _(
        "No share of this column is above 1. Please enter percent: 50 for half of the inhabitants, not 0.5."
    ),
    "no_day": _("“%(value)s” is no date. Please enter the first day of the new borders, such as 01.01.2021."),
    "same_area_twice": _(
        "Old and new area are the same. What stays with an area needs no row: please delete it."
    ),
    "areas_of_two_levels": _("Both areas must be of the same level. Please correct one of the keys."),
    "recorded_otherwise": _(
        "This change is recorded already, with %(recorded)s. Please take that back on the page of border "
        "changes first, or correct the share."
    ),
    "share_above_all": _(
        "%(total)s of the inhabitants of %(area)s would go, more than all. Please correct the shares."
    ),
    "share_missing": _(
        "%(area)s no longer exists, but only %(total)s of its inhabitants go anywhere. Please add where the "
        "other %(rest)s belong."
    ),
    "share_stays": _(
        "%(total)s of the inhabitants of %(area)s go, %(rest)s stay, and the area goes on. If it has ended, "
        "please add where the others belong."
    ),
    "other_sheets": _("Only the sheet “%(sheet)s” was read, not: %(names)s."),
    "more": _(
        "There are %(count)s further remarks of this file, which are not listed. Please correct these first."
    ),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """One remark on a file. Code and params can be stored and put into words in any language.

    Attributes:
        severity: Error or warning.
        code: Key of ``MESSAGES``.
        sheet: Name of the sheet; "" for CSV.
        row: From 1; None if the remark is on the file or a column.
        column: From 1; None if the remark is on the file or a row.
        value: What stands in the cell.
        params: What the sentence names besides.
    """

    severity: Severity
    code: str
    sheet: str = ""
    row: int | None = None
    column: int | None = None
    value: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Place as in Excel ("C7"), as far as known."""
        letters = "" if self.column is None else column_letters(self.column)
        return f"{letters}{self.row or ''}"

    @property
    def message(self) -> str:
        """The sentence in the current language."""
        return describe(self.code, {**self.params, "value": self.value})


def describe(code: str, params: Mapping[str, str | int]) -> str:
    """Put a stored remark into words.

    Args:
        code: Key of ``MESSAGES``.
        params: What the sentence names, with "value".

    Raises:
        KeyError: The code or a name is unknown.
    """
    return str(MESSAGES[code]) % params
