"""Columns of the list of measures that a person can choose; the same on the page and in files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.finance import finance_sum
from measures.models import FinanceKind, Measure
from measures.selectors.portfolio import MeasureRow
from project.common.exports import Column, Kind
from project.common.formats import date_de, money_de


@dataclasses.dataclass(frozen=True)
class ListColumn:
    """A column.

    Attributes:
        key: Name in the address.
        label: Head, translated.
        value: What stands in it, as a value for files.
        kind: Of the value.
        sort: Column of ``listing.SORTS`` it is ordered by; "" for none.
        needs: Relations it reads, for ``prefetch_related``.
        is_standard: Shown unless a person chooses others.
    """

    key: str
    label: str | Promise
    value: Callable[[MeasureRow], Any]
    kind: Kind = Kind.TEXT
    sort: str = ""
    needs: tuple[str, ...] = ()
    is_standard: bool = False

    def text(self, row: MeasureRow) -> str:
        """The value as a page shows it."""
        value = self.value(row)
        if value is None or value == "":
            return "–"
        if self.kind is Kind.DATE:
            return date_de(value)
        return money_de(value, 0) if self.kind is Kind.NUMBER else str(value)

    def for_file(self) -> Column:
        """The same column of an exported table."""
        return Column(self.label, self.value, self.kind, 2 if self.kind is Kind.NUMBER else None)


def _next_milestone(row: MeasureRow) -> str:
    open_ones = [stone for stone in row.measure.milestones.all() if stone.reached_on is None]
    first = min(open_ones, key=lambda stone: stone.due_on, default=None)
    return f"{first.title} ({date_de(first.due_on)})" if first else ""


def _money(kind: FinanceKind) -> Callable[[MeasureRow], Any]:
    def total(row: MeasureRow) -> Any:
        lines = [line for line in row.measure.finance_lines.all() if line.kind == kind]
        return finance_sum(lines, kind) if lines else None

    return total


def _names(rows: Iterable[Any]) -> str:
    return ", ".join(str(row) for row in rows)


#: In the order of the table; number and title are always there.
COLUMNS: Final[tuple[ListColumn, ...]] = (
    ListColumn("number", _("No."), lambda row: row.measure.number, sort="number", is_standard=True),
    ListColumn("title", _("Measure"), lambda row: row.measure.title, sort="title", is_standard=True),
    ListColumn("state", _("State"), lambda row: row.badge.text, sort="state", is_standard=True),
    ListColumn("computed_state", _("Computed state"), lambda row: row.computed_badge.text),
    ListColumn("set_state", _("Set state"), lambda row: row.badge.text if row.override else ""),
    ListColumn(
        "set_reason", _("Reason of the set state"), lambda row: row.override.reason if row.override else ""
    ),
    ListColumn("field", _("Field of action"), lambda row: str(row.measure.field), sort="field"),
    ListColumn("stage", _("Planning stage"), lambda row: row.measure.get_stage_display(), sort="stage"),
    ListColumn(
        "status", _("Agreement and course"), lambda row: row.measure.get_status_display(), sort="status"
    ),
    ListColumn(
        "responsible",
        _("Responsible"),
        lambda row: row.measure.responsible.label,
        sort="responsible",
        is_standard=True,
    ),
    ListColumn("contact", _("Contact (function)"), lambda row: row.measure.contact_function),
    ListColumn(
        "partners",
        _("Partners"),
        lambda row: _names(partner.organisation.label for partner in row.measure.partners.all()),
        needs=("partners__organisation",),
    ),
    ListColumn(
        "areas",
        _("Areas"),
        lambda row: _names(area.name for area in row.measure.areas.all()) or _("Whole territory"),
        needs=("areas",),
    ),
    ListColumn("goals", _("Goals"), lambda row: _names(row.measure.goals.all()), needs=("goals",)),
    ListColumn("target_group", _("Target group"), lambda row: row.measure.target_group),
    ListColumn("starts", _("Begins"), lambda row: row.first_day, Kind.DATE, sort="starts", is_standard=True),
    ListColumn("ends", _("Ends"), lambda row: row.last_day, Kind.DATE, sort="ends", is_standard=True),
    ListColumn("planned_start", _("Planned start"), lambda row: row.measure.starts_on, Kind.DATE),
    ListColumn("planned_end", _("Planned end"), lambda row: row.measure.ends_on, Kind.DATE),
    ListColumn("milestone", _("Next milestone"), _next_milestone, needs=("milestones",)),
    ListColumn("cost", _("Cost"), _money(FinanceKind.COST), Kind.NUMBER, needs=("finance_lines",)),
    ListColumn("funding", _("Funding"), _money(FinanceKind.FUNDING), Kind.NUMBER, needs=("finance_lines",)),
)
_BY_KEY: Final = {column.key: column for column in COLUMNS}
#: What a row cannot do without.
FIXED: Final = ("number", "title")


def chosen_columns(keys: Sequence[str]) -> list[ListColumn]:
    """Columns an address names; the standard ones if it names none that there is.

    Args:
        keys: Values of ``col``.
    """
    known = {key for key in keys if key in _BY_KEY and key not in FIXED}
    if not known:
        return [column for column in COLUMNS if column.is_standard]
    return [column for column in COLUMNS if column.key in known or column.key in FIXED]


def with_needs(measures: QuerySet[Measure], columns: Iterable[ListColumn]) -> QuerySet[Measure]:
    """Measures with the relations that columns read. Queries: 1 a relation."""
    return measures.prefetch_related(*{name: None for column in columns for name in column.needs})
