"""What readers of sources have to say, by code, so that it can be stored and told in any language.

Pages tell it in the language of the reader, commands in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.importing import REFUSALS, refusal_message

#: Refusals of workbooks as a whole carry their own code behind this.
REFUSED: Final = "refused_"

#: code: sentence; names in it are keys of the params.
MESSAGES: Final[Mapping[str, str | Promise]] = {
    # The file as a whole
    "unreadable": _("The file cannot be read (%(reason)s)."),
    "empty": _("The file is empty. Choose the file with the data."),
    "pdf": _("This is a PDF, whatever its name says. Deliver the table itself, as Excel workbook or CSV."),
    "old_excel": _("This is an old Excel file or one with a password. Save it as .xlsx without one."),
    "not_text": _("This is not a text file. Save the table as CSV (UTF-8) or as an Excel workbook."),
    "umlauts": _(
        "The umlauts near line %(line)s cannot be read. Save the file as “CSV UTF-8” or as Excel workbook."
    ),
    "quotes": _("Line %(line)s cannot be read: a quotation mark is not closed, or has text after it."),
    "headings_only": _("There are headings but no figures below them. Choose the file with the data."),
    # Headings
    "no_headings": _(
        "The first %(rows)s rows have no headings with a column of areas. Known headings: %(known)s."
    ),
    "two_headings": _(
        "Rows %(first)s and %(second)s are both headings. Write one row of headings, with one name a column."
    ),
    "heading_twice": _("A heading stands twice: %(names)s. Rename or delete one of the columns."),
    "heading_twice_download": _("A heading stands twice: %(names)s. Download the file again, unchanged."),
    "heading_formula": _(
        "The heading of column %(place)s is a formula. Copy the table and paste it as values."
    ),
    "heading_no_year": _("The heading %(heading)s is neither a year nor a name. Correct it."),
    "unnamed_columns": _(
        "Column %(names)s has entries but no heading. Write one name above each column; "
        "undo merged cells and second rows of headings."
    ),
    "no_figure_columns": _("No column of figures. Needed is “Wert”, or a column for each indicator or year."),
    "no_year_column": _(
        "The column of years is missing. A table with a row a value needs one, such as “Jahr”."
    ),
    "no_area_column": _("No column says which area a row is about. Choose the column of keys or names."),
    "column_missing": _("The column %(name)s is missing. Download the file again, unchanged."),
    "old_no_values": _("No column of values, such as FLC006__Gebietsflaeche__qkm, in the heading."),
    "table_no_figures": _("No figures below the headings. Download the table again, unchanged."),
    "table_no_year": _("Neither headings nor rows tell the year. Download the table again, unchanged."),
    "mixed_decimals": _(
        "Decimal commas and points are mixed: %(comma)s and %(point)s. Use one of them in the whole file."
    ),
    # Rows and cells
    "row_width": _("The row has %(count)s columns, the headings have %(width)s."),
    "above_nothing": _(
        "There is no heading above this. The row has %(count)s columns, the headings have %(width)s."
    ),
    "no_area": _("The row names no area."),
    "no_variable": _("The row names no indicator."),
    "not_area_key": _("This is no key of an area: those have 2, 3, 5, 8, 9 or 12 digits."),
    "year_missing": _("The year is missing."),
    "no_period": _("This is no year, month or day."),
    "formula": _("This is a formula, and what it gives is not taken. Copy the table and paste it as values."),
    "no_figure": _("This is neither a number nor a sign."),
    "point_among_commas": _(
        "The figures of this table have decimal commas, this one has a decimal point. Use one of them."
    ),
    "comma_among_points": _(
        "The figures of this table have decimal points, this one has a decimal comma. Use one of them."
    ),
    "sign_unknown": _("This is no sign of statistics."),
    "sign_beside": _("Beside this figure stands the sign %(sign)s."),
    "twice_same": _(
        "Row %(row)s gives the same value for this area, period and variable. Delete one of the two."
    ),
    "twice_other": _(
        "Row %(row)s gives another value for this area, period and variable. Delete one of the two."
    ),
    # Not wrong, but to be said
    "other_sheets": _("Only the sheet %(sheet)s is read, not: %(names)s."),
    "no_period_column": _("No column of years: the period stays empty."),
    "zeros_put_back": _("A zero at the beginning was put back to %(count)s area keys."),
    "thousands": _("%(count)s figures such as %(example)s were read as thousands."),
    "empty_columns": _("Columns without entries: %(names)s."),
    "zeros_attribute": _(
        "“%(heading)s” has numbers that begin with 0 and is kept as an attribute, not as figures."
    ),
    "words_attribute": _("“%(heading)s” holds more words than numbers and is kept as an attribute."),
}


def told(code: str, params: Mapping[str, Any]) -> str:
    """Say it in the current language.

    Args:
        code: Key of ``MESSAGES``, or of a refusal behind ``REFUSED``.
        params: What the sentence names.

    Raises:
        KeyError: The code or a name is unknown.
    """
    if code.startswith(REFUSED) and code.removeprefix(REFUSED) in REFUSALS:
        return refusal_message(code.removeprefix(REFUSED), params)
    return str(MESSAGES[code]) % params


def told_in_english(code: str, params: Mapping[str, Any]) -> str:
    """Say it as the commands do."""
    with translation.override("en"):
        return told(code, params)
