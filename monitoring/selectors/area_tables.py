"""What taking over a table on areas would do, row by row: inhabitants, changes of borders; no writes here."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.changes import unusual_changes
from monitoring.importers.area_tables import (
    AreaTable,
    PopulationRow,
    SuccessionRow,
    read_populations,
    read_successions,
)
from monitoring.importers.issues import Issue, Severity
from monitoring.models import Area, AreaPopulation, AreaSuccession
from monitoring.selectors.area_plan import AreaState
from project.common.formats import NO_VALUE, date_de, decimal_de, share_de
from project.common.importing import Cell, Table, column_letters
from stakeholders.models import Organisation

#: From this share on all inhabitants have gone: three thirds are 99.99 percent.
ALL_SHARE: Final = Decimal("0.999")
#: A change of the inhabitants within a year is worth a look from this share on, if it sticks out from those
#: of the other areas; and in any case from the larger one. Areas of Germany change by about 1 percent a year.
_JUMP: Final = 0.05
_LARGE_JUMP: Final = 0.25

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class TableChange(Generic[RowT]):
    """What becomes of one row.

    Attributes:
        row: As read.
        areas: The areas it is on.
        title: The areas in words.
        sub: What tells them apart from others.
        state: What happens.
        before: What is stored, in words.
        now: What would be stored, in words.
        remark: What to look at; "" for nothing.
    """

    row: RowT
    areas: Sequence[Area]
    title: str
    sub: str
    state: AreaState
    before: str
    now: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class TableIssue:
    """One remark on the file, in the reader's language, as ``monitoring/_issues.html`` shows it."""

    sheet: str
    row: int | None
    column: str
    value: str
    message: str
    heading: str = ""


@dataclass(frozen=True)
class TablePlan(Generic[RowT]):
    """What taking a table over would do.

    Attributes:
        table: As read.
        changes: Rows that fit, in the order of the file.
        issues: All remarks, errors first.
    """

    table: AreaTable[RowT]
    changes: Sequence[TableChange[RowT]]
    issues: Sequence[Issue]

    @property
    def counts(self) -> list[tuple[AreaState, int]]:
        """Number of rows of each state."""
        found = Counter(change.state for change in self.changes)
        return [(state, found[state]) for state in AreaState if found[state]]

    @property
    def errors(self) -> list[TableIssue]:
        """What forbids to save."""
        return [_told(issue) for issue in self.issues if issue.severity is Severity.ERROR]

    @property
    def hints(self) -> list[TableIssue]:
        """What should be looked at."""
        return [_told(issue) for issue in self.issues if issue.severity is Severity.WARNING]

    @property
    def remarked_count(self) -> int:
        """Number of rows that should be looked at."""
        return sum(bool(change.remark) for change in self.changes)

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing forbids it."""
        return all(issue.severity is not Severity.ERROR for issue in self.issues)

    @property
    def changes_something(self) -> bool:
        """Whether saving would do anything."""
        return any(row.state is not AreaState.UNCHANGED for row in self.changes)

    @property
    def digest(self) -> str:
        """Hash of what was shown, to notice that something changed meanwhile."""
        shown = [
            ([area.pk for area in row.areas], row.state.value, row.before, row.now) for row in self.changes
        ]
        return hashlib.sha256(repr(shown).encode()).hexdigest()


def _told(issue: Issue) -> TableIssue:
    column = "" if issue.column is None else column_letters(issue.column)
    return TableIssue(issue.sheet, issue.row, column, issue.value, issue.message)


class AreaVersions:
    """Areas of a territory by key and day: borders change, keys may stay. Queries: 1."""

    def __init__(self, territory: Organisation) -> None:
        self._rows: dict[str, list[Area]] = defaultdict(list)
        for row in Area.objects.filter(territory=territory).defer("geometry").order_by("valid_from", "pk"):
            self._rows[row.key].append(row)
        self.names = {key: rows[-1].name for key, rows in self._rows.items()}

    def on(self, key: str, day: datetime.date) -> Area:
        """The version that exists on a day; else the one that exists now, else the latest.

        Args:
            key: A known key.
            day: The day.
        """
        rows = self._rows[key]
        there = [row for row in rows if _exists(row, day)]
        now = [row for row in rows if row.valid_until is None]
        return (there or now or rows)[-1]


def _exists(area: Area, day: datetime.date) -> bool:
    is_begun = area.valid_from is None or area.valid_from <= day
    return is_begun and (area.valid_until is None or area.valid_until >= day)


# --- Inhabitants ------------------------------------------------------------------------------------


def population_plan(territory: Organisation, table: Table) -> TablePlan[PopulationRow]:
    """Compare inhabitants of a file with the stored ones.

    Args:
        territory: The planning authority.
        table: The cells of the file.

    Returns:
        The plan. Unusual is a change since the year before of at least 5 percent that sticks out from those
        of the other areas, and any of at least 25 percent; where no year before is known, any of at least
        25 percent against the figure without a year. Queries: 2.
    """
    versions = AreaVersions(territory)
    read = read_populations(table, versions.names, last_year=timezone.localdate().year)
    stored = {
        (area, year): count
        for area, year, count in AreaPopulation.objects.filter(area__territory=territory).values_list(
            "area", "year", "count"
        )
    }
    found = [(versions.on(row.area, datetime.date(row.year, 12, 31)), row) for row in read.rows]
    given = {(area.pk, row.year): row.count for area, row in found}
    known = stored | given
    jumps = _jumps(given, known)
    dated = {area for area, _year in stored}
    changes = []
    for area, row in found:
        old = stored.get((area.pk, row.year))
        changes.append(
            TableChange(
                row,
                [area],
                area.name,
                f"{area.key} · {row.year}",
                _state(old, row.count),
                NO_VALUE if old is None else decimal_de(old, 0),
                decimal_de(row.count, 0),
                _jump_text(row, known[area.pk, row.year - 1])
                if (area.pk, row.year) in jumps
                else _loose_text(area, row, known, has_years=area.pk in dated),
            )
        )
    return TablePlan(read, changes, read.issues)


def _state(old: Any, new: Any) -> AreaState:
    if old is None:
        return AreaState.NEW
    return AreaState.UNCHANGED if old == new else AreaState.CHANGED


def _jumps(
    given: Mapping[tuple[int, int], int], known: Mapping[tuple[int, int], int]
) -> set[tuple[int, int]]:
    """Which figures changed unusually since the year before."""
    by_year: dict[int, dict[int, float]] = defaultdict(dict)
    for (area, year), count in given.items():
        before = known.get((area, year - 1))
        if before:
            by_year[year][area] = count / before - 1
    found = set()
    for year, shares in by_year.items():
        unusual = unusual_changes(shares)
        found |= {
            (area, year)
            for area, share in shares.items()
            if abs(share) >= _LARGE_JUMP or (area in unusual and abs(share) >= _JUMP)
        }
    return found


def _jump_text(row: PopulationRow, before: int) -> str:
    return _(
        "Unusual change: %(before)s in %(year)s. Please check the figure; if it is right, nothing needs "
        "to be done."
    ) % {"before": decimal_de(before, 0), "year": row.year - 1}


def _loose_text(
    area: Area, row: PopulationRow, known: Mapping[tuple[int, int], int], *, has_years: bool
) -> str:
    """A remark if a figure is far from the one known without a year, where that is all there is."""
    before = area.population
    has_better = has_years or (area.pk, row.year - 1) in known
    if has_better or not before or abs(row.count / before - 1) < _LARGE_JUMP:
        return ""
    return _(
        "Unusual: so far %(before)s without a year. Please check the figure; if it is right, nothing needs "
        "to be done."
    ) % {"before": decimal_de(before, 0)}


# --- Changes of borders -----------------------------------------------------------------------------


def succession_plan(territory: Organisation, table: Table) -> TablePlan[SuccessionRow]:
    """Compare changes of borders of a file with the recorded ones.

    Args:
        territory: The planning authority.
        table: The cells of the file.

    Returns:
        The plan. Queries: 2.
    """
    return _Successions(territory, table).plan


class _Successions:
    """Goes through the rows, then through the sums of what left each area on a day."""

    def __init__(self, territory: Organisation, table: Table) -> None:
        versions = AreaVersions(territory)
        read = read_successions(table, versions.names)
        self.issues = list(read.issues)
        self.sheet = read.sheet
        self.stored = {
            (row.old_id, row.new_id, row.changed_on): row.share
            for row in AreaSuccession.objects.filter(old__territory=territory)
        }
        self.rows: dict[tuple[Area, datetime.date], list[SuccessionRow]] = defaultdict(list)
        self.shares = dict(self.stored)
        changes = []
        for row in read.rows:
            old = versions.on(row.old, row.changed_on - datetime.timedelta(days=1))
            new = versions.on(row.new, row.changed_on)
            if self._fits(row, old, new):
                changes.append(self._change(row, old, new))
        for (old, day), rows in self.rows.items():
            self._check_sum(old, day, rows[-1])
        self.issues.sort(key=lambda issue: (issue.severity is Severity.WARNING, issue.row or 0))
        self.plan = TablePlan(read, changes, self.issues)

    def _fits(self, row: SuccessionRow, old: Area, new: Area) -> bool:
        if old.pk == new.pk:
            return self._say(Severity.ERROR, "same_area_twice", row.cell)
        if old.kind != new.kind:
            return self._say(Severity.ERROR, "areas_of_two_levels", row.cell)
        recorded = self.stored.get((old.pk, new.pk, row.changed_on))
        if recorded is not None and recorded != row.share:
            return self._say(Severity.ERROR, "recorded_otherwise", row.cell, recorded=share_de(recorded, 2))
        return True

    def _change(self, row: SuccessionRow, old: Area, new: Area) -> TableChange[SuccessionRow]:
        key = (old.pk, new.pk, row.changed_on)
        self.rows[old, row.changed_on].append(row)
        self.shares[key] = row.share
        is_here = key in self.stored
        words = _("%(share)s from %(day)s on") % {
            "share": share_de(row.share, 2),
            "day": date_de(row.changed_on),
        }
        return TableChange(
            row,
            [old, new],
            f"{old.name} → {new.name}",
            f"{old.key} → {new.key}",
            AreaState.UNCHANGED if is_here else AreaState.NEW,
            words if is_here else NO_VALUE,
            words,
        )

    def _check_sum(self, old: Area, day: datetime.date, last: SuccessionRow) -> None:
        total = sum(
            (share for (area, _new, on), share in self.shares.items() if (area, on) == (old.pk, day)),
            Decimal(0),
        )
        words: dict[str, str | int] = {"area": old.name, "total": share_de(total, 2)}
        if total > 1:
            self._say(Severity.ERROR, "share_above_all", last.cell, **words)
        elif total < ALL_SHARE:
            words |= {"rest": share_de(1 - total, 2)}
            is_ended = old.valid_until is not None and old.valid_until < day
            if is_ended:
                self._say(Severity.ERROR, "share_missing", last.cell, **words)
            else:
                self._say(Severity.WARNING, "share_stays", last.cell, **words)

    def _say(self, severity: Severity, code: str, cell: Cell, **params: str | int) -> bool:
        self.issues.append(
            Issue(severity, code, self.sheet, cell.row, cell.column, value=cell.text, params=params)
        )
        return False


@dataclass(frozen=True, slots=True)
class ShareMissing:
    """An area that ended although not all of its inhabitants are said to have gone anywhere."""

    area: str
    changed_on: datetime.date
    rest: Decimal


def shares_missing(territory: Organisation) -> list[ShareMissing]:
    """Areas that no longer exist and whose recorded shares are not all inhabitants. Queries: 1.

    Args:
        territory: The planning authority.
    """
    rows = AreaSuccession.objects.filter(old__territory=territory, old__valid_until__isnull=False)
    sums: dict[tuple[int, datetime.date], Decimal] = defaultdict(Decimal)
    names: dict[int, str] = {}
    for row in rows.select_related("old").defer("old__geometry"):
        if row.old.valid_until is not None and row.old.valid_until < row.changed_on:
            sums[row.old_id, row.changed_on] += row.share
            names[row.old_id] = row.old.name
    return [
        ShareMissing(names[area], day, 1 - total)
        for (area, day), total in sorted(sums.items())
        if total < ALL_SHARE
    ]
