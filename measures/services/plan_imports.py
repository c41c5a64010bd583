"""Uploaded plans: read, kept, and told again."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, ImportKind, Measure, Milestone, PlanImport
from measures.services.key_figures import STEP_UNIT
from measures.workbook.checking import Known
from measures.workbook.comparing import Preview, missing_rows, preview_of
from measures.workbook.reading import FileRow, read_plan
from measures.workbook.remarks import Remark
from measures.workbook.rows import names_of
from monitoring.models import Indicator, Unit
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: An upload can be looked at and taken over for so long.
KEPT: Final = datetime.timedelta(days=7)
#: The workbook is German, whatever language its reader works in.
LANGUAGE: Final = "de"


def workbook_read(plan: ActionPlan, *, content: bytes, name: str, user: User) -> PlanImport:
    """Read the workbook of a plan and keep what it would change, and what is wrong with it.

    Args:
        plan: The plan.
        content: The file, at most one byte more than may be uploaded.
        name: Its name.
        user: Who uploads; needs the right to plan the territory.

    Raises:
        PermissionDenied: The user may not plan the territory.
        ImportRefused: The file as a whole cannot be read.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    with translation.override(LANGUAGE):
        found = read_plan(
            content,
            name,
            plan_key=plan.pk,
            names=names_of(plan),
            known=_known(),
            max_bytes=settings.IMPORT_MAX_BYTES,
        )
        missing, unknown = ({}, []) if found.remarks else missing_rows(plan, found.keys)
    stored = [[row.sheet, row.row, row.key, row.values, row.marks, row.measure] for row in found.rows]
    return import_keep(
        plan,
        kind=ImportKind.WORKBOOK,
        name=name,
        content={"rows": stored, "missing": missing, "other_sheets": found.other_sheets},
        remarks=[*found.remarks, *unknown],
        user=user,
    )


def _known() -> Known:
    """Units and indicators that rows are checked against. Queries: 2."""
    units = list(Unit.objects.all())
    return Known(
        percent_units=frozenset(str(unit.pk) for unit in units if unit.is_percent),
        step_unit="".join(str(unit.pk) for unit in units if unit.key == STEP_UNIT),
        indicator_units={str(key): str(unit) for key, unit in Indicator.objects.values_list("pk", "unit")},
    )


@transaction.atomic
def import_keep(
    plan: ActionPlan,
    *,
    kind: ImportKind,
    name: str,
    content: dict[str, Any],
    remarks: list[Remark],
    user: User,
) -> PlanImport:
    """Store what was read."""
    kept = PlanImport.objects.create(
        plan=plan,
        kind=kind,
        file_name=name[:200],
        content=content,
        remarks=[row.as_json() for row in remarks],
        uploaded_by=user,
        expires_at=timezone.now() + KEPT,
    )
    log_action(
        "plan_import.uploaded",
        user=user,
        obj=kept,
        territory=plan.territory,
        data={"file": kept.file_name, "remarks": len(remarks)},
    )
    return kept


def workbook_preview(kept: PlanImport) -> Preview:
    """What an upload would change now."""
    rows = [FileRow(*row) for row in kept.content.get("rows", [])]
    return preview_of(kept.plan, rows, names_of(kept.plan))


def import_lock(kept: PlanImport, *, user: User) -> PlanImport:
    """Hold an upload that is about to be taken over.

    Returns:
        The row as it is now: who sends the page twice finds it taken over already.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``import_expired``, ``import_has_remarks``.
    """
    require(user, Perm.PLAN_TERRITORY, kept.plan.territory)
    row = PlanImport.objects.select_for_update(of=("self",)).select_related("plan__territory").get(pk=kept.pk)
    if row.applied_at is not None:
        return row
    if not row.is_open:
        raise DomainError(
            "import_expired",
            _("This upload has timed out. Please upload the file again; nothing was changed."),
        )
    if row.remarks:
        raise DomainError(
            "import_has_remarks", _("Please correct the file first and upload it again; nothing was changed.")
        )
    return row


def measures_hold(keys: Collection[int]) -> None:
    """Hold measures and their milestones, of which those responsible tell, until the transaction ends.

    Args:
        keys: Of the measures; always taken in their order, so that two uploads do not wait for each other.
    """
    for rows in (Measure.objects.filter(pk__in=keys), Milestone.objects.filter(measure__in=keys)):
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def import_close(row: PlanImport, *, result: dict[str, int], reason: str, user: User) -> None:
    """Write down that an upload has been taken over; what it held is in the plan and is not kept twice."""
    row.applied_at, row.result, row.content = timezone.now(), result, {}
    row.save(update_fields=["applied_at", "result", "content"])
    log_action(
        "plan_import.applied",
        user=user,
        obj=row,
        territory=row.plan.territory,
        data={"file": row.file_name, "reason": reason, **result},
    )


def imports_clear() -> int:
    """Empty uploads that have timed out; the remarks stay. Called by the timers.

    Returns:
        Number of uploads emptied.
    """
    old = PlanImport.objects.filter(applied_at__isnull=True, expires_at__lt=timezone.now())
    return old.exclude(content={}).update(content={})
