"""Taking an uploaded workbook over into the plan: everything or nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import PlanImport
from measures.services.plan_imports import import_close, import_lock, measures_hold, workbook_preview
from measures.workbook.comparing import BY_KEY, RowChange
from measures.workbook.layout import MEASURES
from measures.workbook.reading import FileRow
from measures.workbook.remarks import Remark
from project.common.errors import DomainError
from stakeholders.models import User
from workflows.plan_writing import Group, PlanWrites

#: What becomes of a row that was changed on both sides.
MINE: Final = "mine"
THEIRS: Final = "theirs"
OUT: Final = "out"
#: Column a rule of the domain speaks about.
_COLUMNS: Final = {
    "ends_before_start": "ends_on",
    "ends_after_plan": "ends_on",
    "starts_after_plan": "starts_on",
    "text_too_long": "description",
    "stage_fixed": "stage",
    "needs_itself": "needs",
    "dependency_twice": "needs",
    "dependency_ring": "needs",
}


class ImportFailed(DomainError):  # noqa: N818  all or nothing: this is the nothing
    """Rules forbid parts of an upload, so nothing of it was written."""

    def __init__(self, remarks: Sequence[Remark]) -> None:
        super().__init__("import_failed", _("Nothing was taken over. Please correct what is listed below."))
        self.remarks = list(remarks)


def workbook_try(kept: PlanImport, *, user: User) -> list[Remark]:
    """Find out which rules an upload would break; nothing stays written."""
    if kept.remarks:
        return []
    preview = workbook_preview(kept)
    try:
        with transaction.atomic():
            _write(kept, [row.source for row in preview.rows], reason="-", user=user)
            transaction.set_rollback(True)
    except ImportFailed as error:
        kept.remarks = [row.as_json() for row in error.remarks]
        kept.save(update_fields=["remarks"])
        return error.remarks
    return []


@transaction.atomic
def workbook_apply(
    kept: PlanImport, *, choices: Mapping[str, str], seen: str, reason: str, user: User
) -> PlanImport:
    """Take an upload over; sent twice, it is taken over once.

    Args:
        kept: The upload.
        choices: Name of a row in conflict -> ``mine``, ``theirs`` or ``out``.
        seen: ``Preview.mark`` of the page the person decided on.
        reason: Why; needed as soon as an agreed measure changes.
        user: Who takes over; needs the right to plan the territory.

    Returns:
        The upload with its result.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``changed_meanwhile``, ``choice_missing``, ``reason_missing``, and those of
            ``import_lock``.
        ImportFailed: Rules of the domain forbid it, all of them listed.
    """
    row = import_lock(kept, user=user)
    if row.applied_at is not None:
        return row
    # Held before the look: nobody changes them between the look and the writing.
    measures_hold({line.measure_pk for line in workbook_preview(row).rows if line.measure_pk is not None})
    preview = workbook_preview(row)
    if preview.mark != seen:
        raise DomainError(
            "changed_meanwhile",
            _("Somebody changed the plan since you opened this page. Please look at the changes again."),
        )
    if any(choices.get(line.name) not in {MINE, THEIRS, OUT} for line in preview.conflicts):
        raise DomainError("choice_missing", _("Please choose for each row that was changed on both sides."))
    if preview.needs_reason and not reason.strip():
        raise DomainError(
            "reason_missing",
            _("The parties have agreed on some of these measures. Say why they are changed all the same."),
        )
    rows = [chosen for line in preview.rows if (chosen := _chosen(line, choices)) is not None]
    result = _write(row, rows, reason=reason, user=user)
    import_close(row, result=result, reason=reason.strip(), user=user)
    return row


def _chosen(line: RowChange, choices: Mapping[str, str]) -> FileRow | None:
    """What is written of a row; None for nothing."""
    choice = choices.get(line.name, MINE) if line.is_conflict else MINE
    if choice == OUT:
        return None
    left_out = {cell.key for cell in line.changes if cell.is_conflict} if choice == THEIRS else set()
    changed = {cell.key for cell in line.changes}
    values = {
        key: value
        for key, value in line.source.values.items()
        if key not in left_out and (line.is_new or key in changed)
    }
    return dataclasses.replace(line.source, values=values) if values else None


def _write(kept: PlanImport, rows: Sequence[FileRow], *, reason: str, user: User) -> dict[str, int]:
    """Write all groups; rules that are broken are gathered, and undo everything."""
    writer = PlanWrites(kept.plan, reason=reason, user=user)
    groups = writer.groups(rows)
    for step in (writer.write, writer.write_needs):
        for group in groups:
            try:
                with transaction.atomic():
                    step(group)
            except DomainError as error:
                writer.remarks.append(_remark_of(group, error))
        # What is needed first can be named only when all measures stand.
        if writer.remarks:
            raise ImportFailed(writer.remarks)
    return writer.result


def _remark_of(group: Group, error: DomainError) -> Remark:
    """A broken rule, at the row of the measure."""
    is_measure = group.first.sheet == MEASURES.key
    column = _COLUMNS.get(error.code, "") if is_measure else ""
    return Remark(
        str(BY_KEY[group.first.sheet].title),
        group.first.row,
        str(MEASURES.field(column).title) if column else "",
        "",
        "rule",
        {"text": str(error.message)},
    )
