"""Columns of the list of funded projects that a person can choose; the same on the page and in files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.selectors.project_rows import ProjectRow
from measures.selectors.project_standing import WAITING_LABELS
from project.common.exports import Column, Kind
from project.common.formats import date_de, money_de


@dataclasses.dataclass(frozen=True)
class ProjectColumn:
    """A column; ``key`` is its name in the address, ``sort`` one of ``projects.SORTS`` or empty."""

    key: str
    label: str | Promise
    value: Callable[[ProjectRow], Any]
    kind: Kind = Kind.TEXT
    sort: str = ""
    is_standard: bool = False

    def text(self, row: ProjectRow) -> str:
        """The value as a page shows it."""
        value = self.value(row)
        if value is None or value == "":
            return "–"
        if self.kind is Kind.DATE:
            return date_de(value)
        return money_de(value) if self.kind is Kind.NUMBER else str(value)

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind is Kind.NUMBER

    def for_file(self) -> Column:
        """The same column of an exported table."""
        return Column(self.label, self.value, self.kind, 2 if self.is_number else None)


def _due(row: ProjectRow) -> Any:
    return row.due.due_on if row.due else None


def _waiting(row: ProjectRow) -> Any:
    if row.due is None or row.waiting is None:
        return ""
    return f"{row.due.get_kind_display()}: {WAITING_LABELS[row.waiting]}"


#: In the order of the table; the title is always there.
PROJECT_COLUMNS: Final[tuple[ProjectColumn, ...]] = (
    ProjectColumn("title", _("Project"), lambda row: row.project.title, sort="title", is_standard=True),
    ProjectColumn(
        "programme", _("Programme"), lambda row: row.project.programme, sort="programme", is_standard=True
    ),
    ProjectColumn("reference", _("File reference"), lambda row: row.project.reference),
    ProjectColumn(
        "provider", _("Provider"), lambda row: row.project.provider.label, sort="provider", is_standard=True
    ),
    ProjectColumn(
        "funder", _("Funder"), lambda row: row.project.funder.label, sort="funder", is_standard=True
    ),
    ProjectColumn(
        "territory",
        _("Territory"),
        lambda row: row.project.measure.plan.territory.label,
        sort="territory",
    ),
    ProjectColumn("areas", _("Areas"), lambda row: ", ".join(area.name for area in row.areas)),
    ProjectColumn("starts", _("Funded from"), lambda row: row.project.starts_on, Kind.DATE, sort="starts"),
    ProjectColumn(
        "ends", _("Funded until"), lambda row: row.project.ends_on, Kind.DATE, sort="ends", is_standard=True
    ),
    ProjectColumn("light", _("Traffic light"), lambda row: row.light_badge.text, is_standard=True),
    ProjectColumn(
        "granted",
        _("Granted (euros)"),
        lambda row: row.money.granted,
        Kind.NUMBER,
        sort="granted",
        is_standard=True,
    ),
    ProjectColumn("drawn", _("Drawn (euros)"), lambda row: row.money.drawn, Kind.NUMBER, sort="drawn"),
    ProjectColumn("spent", _("Spent (euros)"), lambda row: row.money.spent, Kind.NUMBER),
    ProjectColumn("remaining", _("Not drawn yet (euros)"), lambda row: row.money.remaining, Kind.NUMBER),
    ProjectColumn("due", _("Next report due"), _due, Kind.DATE, sort="due", is_standard=True),
    ProjectColumn("waiting", _("Next report"), _waiting),
)
_BY_KEY: Final = {column.key: column for column in PROJECT_COLUMNS}


def chosen_columns(keys: Sequence[str]) -> list[ProjectColumn]:
    """Columns an address names; the standard ones if it names none that there is."""
    known = {key for key in keys if key in _BY_KEY and key != "title"}
    if not known:
        return [column for column in PROJECT_COLUMNS if column.is_standard]
    return [column for column in PROJECT_COLUMNS if column.key in known or column.key == "title"]
