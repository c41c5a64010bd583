"""Sheets and columns of the workbook of a plan, and what a cell says whatever way it is written.

A row carries a stamp: a short mark of each of its cells as they were when it was written. So the way back can
tell what somebody changed in Excel from what was changed in the system meanwhile, cell by cell.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models import FigureCycle, FigureDirection, FigureKind, FigureLevel, FinanceKind, Stage
from measures.services.measures import TEXT_LIMIT

#: Written into the workbook; a file of another form is refused.
FORM: Final = "passgenau-plan-2"
#: What the mark of every form begins with.
FORM_FAMILY: Final = "passgenau-plan-"
#: Longest text of a field without a limit of its own (characters).
LONG_TEXT: Final = TEXT_LIMIT
#: What Excel holds in a cell (characters); the rest of a longer text does not come into the workbook.
CELL_LENGTH: Final = 32_767
#: Places for targets, each with day, value and words, at least.
TARGET_SLOTS: Final = 4
_MARK_LENGTH: Final = 8
_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")
# What XML cannot hold.
_NOT_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Cells(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    WHOLE = "whole"
    YES_NO = "yes_no"
    #: One of the words of ``Field.choices``.
    CHOICE = "choice"
    #: One of the names of a list of the plan, see ``Field.names``.
    NAME = "name"
    #: Several lines, each beginning with a name of a list.
    NAMES = "names"


@dataclass(frozen=True)
class Field:
    """A column.

    Args:
        key: Name of the value.
        title: Head of the column.
        cells: What it holds.
        is_fixed: Written for reading only; changes are ignored, and said so.
        is_required: Whether a row needs it.
        longest: Most characters of a text.
        choices: Stable value -> word, for ``Cells.CHOICE``.
        names: Which list of the plan (``organisations``, ``fields``, ``units``, ``areas``, ``goals``,
            ``indicators``, ``measures``).
        longest_words: Most characters that may follow a name after a colon, for ``Cells.NAMES``.
        width: In characters.
    """

    key: str
    title: Promise
    cells: Cells = Cells.TEXT
    is_fixed: bool = False
    is_required: bool = False
    longest: int = 200
    choices: Sequence[tuple[str, Promise | str]] = ()
    names: str = ""
    longest_words: int = 0
    width: int = 18


@dataclass(frozen=True)
class Sheet:
    """A sheet: after number and stamp of the row, which are hidden, its columns."""

    key: str
    title: Promise
    fields: tuple[Field, ...]
    is_read_back: bool = True
    has_targets: bool = False

    @property
    def editable(self) -> tuple[Field, ...]:
        """Columns that are read back."""
        return tuple(field for field in self.fields if not field.is_fixed)

    def field(self, key: str) -> Field:
        """The column of a value; ``KeyError`` for none."""
        return {row.key: row for row in self.fields}[key]


_STAGES: Final = [(str(value), label) for value, label in Stage.choices]
_MEASURE: Final = Field("measure", _("Measure (number)"), is_required=True, width=14)
_MEASURE_TITLE: Final = Field("measure_title", _("Title of the measure"), is_fixed=True, width=36)

MEASURES: Final = Sheet(
    "measures",
    _("Measures"),
    (
        # Numbers stay; what stands here in a new row is how the other sheets name it.
        Field("number", _("Number"), is_fixed=True, width=9),
        Field("field", _("Field of action"), Cells.NAME, is_required=True, names="fields", width=28),
        Field("parent", _("Part of the measure"), is_fixed=True, width=9),
        Field("title", _("Title"), is_required=True, width=40),
        Field("short_description", _("In one sentence"), longest=300, width=40),
        Field("description", _("What is done"), longest=LONG_TEXT, width=50),
        Field("effect_hypothesis", _("Hypothesis of effect"), longest=LONG_TEXT, width=50),
        Field("target_group", _("Target group"), width=26),
        Field(
            "stage",
            pgettext_lazy("of a plan", "Planning stage"),
            Cells.CHOICE,
            is_required=True,
            choices=_STAGES,
            width=12,
        ),
        Field("starts_on", _("Planned start"), Cells.DATE, is_required=True, width=13),
        Field("ends_on", _("Planned end"), Cells.DATE, is_required=True, width=13),
        Field(
            "responsible",
            _("Responsible organisation"),
            Cells.NAME,
            is_required=True,
            names="organisations",
            width=30,
        ),
        Field(
            "partners",
            _("Partners (one a line, “name: contribution”)"),
            Cells.NAMES,
            names="organisations",
            longest_words=200,
        ),
        Field("areas", _("Areas (one a line)"), Cells.NAMES, names="areas"),
        Field("goals", _("Goals (one a line)"), Cells.NAMES, names="goals"),
        Field(
            "needs",
            _("Needs first (one a line, “number: why”)"),
            Cells.NAMES,
            names="measures",
            longest_words=300,
        ),
        Field("contact_function", _("Contact (function)"), longest=120),
        Field("contact_email", _("E-mail of the contact")),
        Field("contact_phone", _("Telephone of the contact"), longest=40),
        Field("needs_agreement", _("Needs a target agreement"), Cells.YES_NO),
        Field("status", _("Status"), is_fixed=True),
        Field("started_on", _("Actual start"), Cells.DATE, is_fixed=True, width=13),
        Field("ended_on", _("Actual end"), Cells.DATE, is_fixed=True, width=13),
    ),
)
FIGURES: Final = Sheet(
    "figures",
    _("Key figures"),
    (
        _MEASURE,
        _MEASURE_TITLE,
        Field("title", _("Title"), is_required=True, width=40),
        Field("kind", _("Kind of figure"), Cells.CHOICE, choices=FigureKind.choices),
        Field("level", _("Level"), Cells.CHOICE, is_required=True, choices=FigureLevel.choices),
        # Not needed by what is judged or follows an indicator, see ``checking``.
        Field("unit", _("Unit"), Cells.NAME, names="units", width=14),
        Field("direction", _("Direction"), Cells.CHOICE, is_required=True, choices=FigureDirection.choices),
        Field("baseline", _("Baseline"), Cells.NUMBER, is_required=True, width=12),
        Field("baseline_on", _("Day of the baseline"), Cells.DATE, is_required=True, width=13),
        Field("definition", _("Definition"), longest=LONG_TEXT, width=40),
        Field("source", _("Source"), longest=300, width=30),
        Field("cycle", _("Reported"), Cells.CHOICE, choices=FigureCycle.choices),
        Field("reporter", _("Reported by"), Cells.NAME, names="organisations", width=30),
        Field("indicator", _("Follows the indicator"), Cells.NAME, names="indicators", width=30),
        Field("area", _("In the area"), Cells.NAME, names="areas", width=20),
        Field("on_path_percent", _("Green up to (% behind)"), Cells.WHOLE, width=10),
        Field("at_risk_percent", _("Yellow up to (% behind)"), Cells.WHOLE, width=10),
    ),
    has_targets=True,
)
MILESTONES: Final = Sheet(
    "milestones",
    _("Milestones"),
    (
        _MEASURE,
        _MEASURE_TITLE,
        Field("title", _("Title"), is_required=True, width=40),
        Field("planned_on", _("First planned for"), Cells.DATE, is_fixed=True, width=13),
        Field("due_on", _("Due"), Cells.DATE, is_required=True, width=13),
        Field("reached_on", _("Reached"), Cells.DATE, width=13),
        Field("note", _("Note"), longest=300, width=40),
    ),
)
FINANCE: Final = Sheet(
    "finance",
    _("Cost and funding"),
    (
        _MEASURE,
        _MEASURE_TITLE,
        Field("kind", _("Cost or funding"), Cells.CHOICE, is_required=True, choices=FinanceKind.choices),
        Field("title", _("Title"), is_required=True, width=40),
        Field("payer", _("Paid by"), Cells.NAME, names="organisations", width=30),
        Field("year", _("Year"), Cells.WHOLE, width=8),
        Field("amount", _("Amount (euros)"), Cells.NUMBER, is_required=True, width=14),
        Field("is_secured", _("Secured"), Cells.YES_NO, width=10),
    ),
)
REPORTS: Final = Sheet(
    "reports",
    _("Reports"),
    (
        Field("measure", _("Measure (number)"), is_fixed=True, width=14),
        Field("figure", _("Key figure"), is_fixed=True, width=40),
        Field("unit", _("Unit"), is_fixed=True, width=14),
        Field("day", _("Figures as of"), Cells.DATE, is_fixed=True, width=13),
        Field("value", _("Actual"), Cells.NUMBER, is_fixed=True, width=12),
        Field("comment", _("Comment"), is_fixed=True, width=50),
    ),
    is_read_back=False,
)
SHEETS: Final = (MEASURES, FIGURES, MILESTONES, FINANCE, REPORTS)
READ_BACK: Final = tuple(sheet for sheet in SHEETS if sheet.is_read_back)
#: Sheets that hold what the workbook needs, beside those of the plan.
GUIDE: Final = _("Guide")
LISTS: Final = _("Lists")
MARK: Final = "Passgenau"
ID_TITLE: Final = _("Key of the row (do not change)")
STAMP_TITLE: Final = _("Stamp of the row (do not change)")
#: Virtual value of a key figure: its targets.
TARGETS: Final = "targets"


def target_titles(number: int) -> tuple[str, str, str]:
    """Heads of the three columns of a target: day, value, and what it says in words."""
    names = {"number": number}
    return (
        str(_("Target %(number)s by") % names),
        str(_("Target %(number)s") % names),
        str(_("Target %(number)s in words") % names),
    )


def same_text(text: str) -> str:
    r"""A text as it is on both sides: ends of lines, blanks around it, and what no cell holds, do not count.

    >>> same_text(" a\r\nb\x01 ")
    'a\nb'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("_x000D_", "")
    # A workbook writes "_x005F_" for an underscore that could be taken for the beginning of a code.
    while "_x005F_" in text:
        text = text.replace("_x005F_", "_")
    return _NOT_IN_XML.sub("", text).strip()


def number_text(number: Decimal) -> str:
    """A number without exponent and zeros at its end.

    >>> number_text(Decimal("1200.50"))
    '1200.5'
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def keys_stamped(sheet: Sheet) -> tuple[str, ...]:
    """Values of a row that its stamp marks, in order."""
    return tuple(field.key for field in sheet.editable) + ((TARGETS,) if sheet.has_targets else ())


def stamp_of(sheet: Sheet, values: Mapping[str, str]) -> str:
    """Marks of all values of a row, in the order of ``keys_stamped``."""
    return ".".join(mark_of(values.get(key, "")) for key in keys_stamped(sheet))


def marks_in(sheet: Sheet, stamp: str) -> dict[str, str] | None:
    """Mark of each value in a stamp; None if it is none of this sheet."""
    marks, keys = stamp.split("."), keys_stamped(sheet)
    if len(marks) != len(keys) or any(len(mark) != _MARK_LENGTH for mark in marks):
        return None
    return dict(zip(keys, marks, strict=True))


def mark_of(value: str) -> str:
    """Short mark of a value: equal values have equal marks, others hardly ever."""
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK_LENGTH]
    # Letters alone: Excel takes 1234e567 for a number.
    return digest.translate(_LETTERS)
