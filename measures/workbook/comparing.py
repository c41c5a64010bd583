"""What an uploaded workbook would change: every cell with old and new, conflicts with who changed it when."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from measures.models import ActionPlan, Measure, MeasureStatus
from measures.workbook.layout import (
    MEASURES,
    READ_BACK,
    SHEETS,
    TARGETS,
    Field,
    Sheet,
    mark_of,
)
from measures.workbook.reading import FileRow
from measures.workbook.remarks import Remark
from measures.workbook.rows import Names, Values, keys_of, rows_of, targets_in
from measures.workbook.writing import shown
from project.common.formats import date_de, decimal_de
from stakeholders.models import LogEntry

BY_KEY: Mapping[str, Sheet] = {sheet.key: sheet for sheet in SHEETS}


@dataclass(frozen=True)
class Change:
    """One cell."""

    key: str
    title: str
    before: str
    after: str
    is_conflict: bool = False


@dataclass(frozen=True)
class RowChange:
    """One row that changes, or is new."""

    source: FileRow
    measure_pk: int | None
    measure: str
    changes: tuple[Change, ...]
    changed_by: str = ""
    changed_at: Any = None

    @property
    def sheet(self) -> Sheet:
        """Sheet of the row."""
        return BY_KEY[self.source.sheet]

    @property
    def name(self) -> str:
        """Name of the choice on the page."""
        return f"row-{self.source.sheet}-{self.source.row}"

    @property
    def is_new(self) -> bool:
        """Whether the row adds something."""
        return self.source.key is None

    @property
    def is_conflict(self) -> bool:
        """Whether a cell was changed on both sides."""
        return any(change.is_conflict for change in self.changes)


@dataclass(frozen=True)
class Preview:
    """Everything an upload would do."""

    rows: tuple[RowChange, ...]
    needs_reason: bool

    @property
    def conflicts(self) -> list[RowChange]:
        """Rows changed on both sides."""
        return [row for row in self.rows if row.is_conflict]

    @property
    def mark(self) -> str:
        """Mark of what was looked at: another one means that somebody changed something since."""
        told = [
            [row.source.sheet, row.source.row, [[cell.key, cell.before, cell.after] for cell in row.changes]]
            for row in self.rows
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def measures_of(plan: ActionPlan) -> Any:
    """All measures of a plan."""
    return Measure.objects.filter(plan=plan)


def missing_rows(
    plan: ActionPlan, keys: Mapping[str, Mapping[int, int]]
) -> tuple[dict[str, int], list[Remark]]:
    """Rows of the system that are not in the file, by sheet; and remarks on keys that the plan has not."""
    missing: dict[str, int] = {}
    remarks = []
    for sheet in READ_BACK:
        known = keys_of(sheet, measures_of(plan))
        there = keys.get(sheet.key, {})
        missing[sheet.key] = len(known.keys() - there.keys())
        remarks += [
            Remark(str(sheet.title), row, "", str(key), "key_unknown")
            for key, row in there.items()
            if key not in known
        ]
    return missing, remarks


def preview_of(plan: ActionPlan, rows: Iterable[FileRow], names: Names) -> Preview:
    """What rows of a file change in a plan as it is now.

    Args:
        plan: The plan.
        rows: Rows changed in the file.
        names: Lists of the plan.
    """
    by_sheet: dict[str, list[FileRow]] = defaultdict(list)
    for row in rows:
        by_sheet[row.sheet].append(row)
    found: list[RowChange] = []
    for sheet in READ_BACK:
        keys = [row.key for row in by_sheet[sheet.key] if row.key is not None]
        now = {
            key: (measure, values)
            for key, measure, values in (rows_of(sheet, measures_of(plan), keys) if keys else ())
        }
        for row in by_sheet[sheet.key]:
            measure, values = now.get(row.key, (None, {})) if row.key is not None else (None, {})
            changes = tuple(_changes(sheet, row, values, names))
            if changes:
                found.append(RowChange(row, measure, _label(sheet, row, values), changes))
    found = _with_authors(found)
    touched = {row.measure_pk for row in found}
    agreed = measures_of(plan).filter(pk__in=[key for key in touched if key is not None])
    # Another planning stage takes a reason whatever the status.
    moves = any(cell.key == "stage" for row in found if not row.is_new for cell in row.changes)
    return Preview(tuple(found), moves or agreed.exclude(status=MeasureStatus.PROPOSED).exists())


def _label(sheet: Sheet, row: FileRow, values: Values) -> str:
    if sheet is MEASURES:
        return f"{values.get('number', row.measure)} {values.get('title', '')}".strip()
    return f"{values.get('measure', row.measure)} {values.get('measure_title', '')}".strip()


def _changes(sheet: Sheet, row: FileRow, values: Values, names: Names) -> Iterable[Change]:
    # In the order of the columns: PostgreSQL gives the values of a stored row back in another.
    for key in (*(field.key for field in sheet.fields), TARGETS):
        if key not in row.values:
            continue
        wanted = row.values[key]
        now = values.get(key, "")
        if row.key is not None and now == wanted:
            continue
        if row.key is None and not wanted:
            continue
        title, before, after = words_of(sheet, key, now, wanted, names)
        is_conflict = row.key is not None and mark_of(now) != row.marks[key]
        yield Change(key, title, before, after, is_conflict)


def words_of(sheet: Sheet, key: str, before: str, after: str, names: Names) -> tuple[str, str, str]:
    """Head of a column and two of its values as people read them."""
    if key == TARGETS:
        return str(_("Targets")), _target_words(before), _target_words(after)
    field = sheet.field(key)
    return str(field.title), _word(field, before, names), _word(field, after, names)


def _word(field: Field, value: str, names: Names) -> str:
    if not value and field.cells != "yes_no":
        return ""
    if field.cells == "date":
        return date_de(datetime.date.fromisoformat(value))
    if field.cells == "number":
        return decimal_de(value)
    return shown(field, value, names)


def _target_words(value: str) -> str:
    return "; ".join(
        f"{date_de(datetime.date.fromisoformat(day))}: {decimal_de(number)} {words}".strip()
        for day, number, words in targets_in(value)
    )


def _with_authors(rows: Sequence[RowChange]) -> list[RowChange]:
    """Say of rows in conflict who changed their measure last. Queries: 1."""
    wanted = {row.measure_pk for row in rows if row.is_conflict}
    if not wanted:
        return list(rows)
    kind = ContentType.objects.get_for_model(Measure)
    entries = LogEntry.objects.filter(content_type=kind, object_id__in=wanted).order_by("at", "pk")
    last = {entry.object_id: entry for entry in entries.select_related("user")}
    return [
        RowChange(
            row.source,
            row.measure_pk,
            row.measure,
            row.changes,
            str(last[row.measure_pk].user or "") if row.measure_pk in last else "",
            last[row.measure_pk].at if row.measure_pk in last else None,
        )
        if row.is_conflict and row.measure_pk is not None
        else row
        for row in rows
    ]
