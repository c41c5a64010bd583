"""Writes of what changes about areas over time: borders and inhabitants."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy

from monitoring.importers.area_tables import PopulationRow, SuccessionRow
from monitoring.models import Area, AreaPopulation, AreaSuccession, FileImport
from monitoring.selectors.area_plan import AreaState
from monitoring.selectors.area_tables import ALL_SHARE, TablePlan, population_plan, succession_plan
from monitoring.services.imports import file_import_finish
from project.common.errors import DomainError, as_domain_error
from project.common.importing import Table
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

_BATCH: Final = 5_000


@transaction.atomic
def succession_record(
    *,
    old: Area,
    new: Area,
    changed_on: datetime.date,
    share: Decimal,
    source: str,
    territory: Organisation,
    user: User,
) -> AreaSuccession:
    """Record that inhabitants of an area belong to another since its borders changed.

    An area whose inhabitants have all gone ends on the day before; one without a first day begins on the day.

    Args:
        old: The former area.
        new: The area they belong to now; of the same level.
        changed_on: First day of the new borders.
        share: Share of the inhabitants of the former area, above 0, at most 1.
        source: Where that is known from.
        territory: Whose areas they are.
        user: Who records it; needs the right to change catalogue and areas.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``foreign_area``, ``same_area``, ``other_level``, ``share_above_all``,
            ``recorded_already``, ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    row = _record(old, new, changed_on=changed_on, share=share, source=source, territory=territory)
    log_action(
        "succession.recorded",
        user=user,
        obj=row,
        territory=territory,
        data={"starts_on": changed_on.isoformat(), "share": str(share)},
    )
    return row


def _record(
    old: Area,
    new: Area,
    *,
    changed_on: datetime.date,
    share: Decimal,
    source: str,
    territory: Organisation,
) -> AreaSuccession:
    """Write one change and the days it gives the areas; called while the territory is held."""
    rows = Area.objects.select_for_update(of=("self",)).filter(pk__in=[old.pk, new.pk], territory=territory)
    found = {row.pk: row for row in rows}
    if old.pk not in found or new.pk not in found:
        raise DomainError("foreign_area", gettext_lazy("Both areas must belong to the territory."))
    if old.pk == new.pk:
        raise DomainError("same_area", gettext_lazy("Please choose two different areas."))
    if old.kind != new.kind:
        raise DomainError("other_level", gettext_lazy("Both areas must be of the same level."))
    others = AreaSuccession.objects.filter(old=old, changed_on=changed_on)
    if others.filter(new=new).exists():
        raise DomainError("recorded_already", gettext_lazy("This change has been recorded already."))
    total = (others.aggregate(all=Sum("share"))["all"] or Decimal(0)) + share
    if total > 1:
        raise DomainError(
            "share_above_all", gettext_lazy("Together more than all inhabitants of the former area would go.")
        )
    row = AreaSuccession(old=old, new=new, changed_on=changed_on, share=share, source=source)
    try:
        row.full_clean()
        row.save()
        _set_days(found[old.pk], found[new.pk], changed_on, is_all=total >= ALL_SHARE)
    except ValidationError as error:
        raise as_domain_error(error) from error
    return row


def _hold(territory: Organisation) -> None:
    """Change the areas of a territory one at a time."""
    Organisation.objects.select_for_update(no_key=True).get(pk=territory.pk)


def _set_days(old: Area, new: Area, day: datetime.date, *, is_all: bool) -> None:
    """End what has no inhabitants left, begin what has no first day."""
    if is_all and old.valid_until is None:
        old.valid_until = day - datetime.timedelta(days=1)
        old.full_clean()
        old.save(update_fields=["valid_until"])
    if new.valid_from is None and not new.values.filter(year__lt=day.year).exists():
        new.valid_from = day
        new.full_clean()
        new.save(update_fields=["valid_from"])


@transaction.atomic
def succession_remove(*, succession: AreaSuccession, territory: Organisation, user: User) -> None:
    """Take a change of borders back that was recorded by mistake, with the days it gave the areas.

    A day stays where another change of the same day gives it too, or where the key is another area's now.

    Args:
        succession: The change.
        territory: Whose areas they are.
        user: Who takes it back; needs the right to change catalogue and areas.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``gone``: somebody else took it back meanwhile, or it is another territory's.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    row = AreaSuccession.objects.filter(pk=succession.pk, old__territory=territory).first()
    if row is None:
        raise DomainError("gone", gettext_lazy("This change of borders has been taken back already."))
    log_action(
        "succession.removed",
        user=user,
        obj=row,
        territory=territory,
        data={"starts_on": row.changed_on.isoformat(), "share": str(row.share)},
    )
    same_day = AreaSuccession.objects.filter(changed_on=row.changed_on)
    total = same_day.filter(old=row.old_id).aggregate(all=Sum("share"))["all"]
    row.delete()
    areas = Area.objects.select_for_update(of=("self",))
    old, new = areas.get(pk=row.old_id), areas.get(pk=row.new_id)
    if (
        total is not None
        and total >= ALL_SHARE
        and old.valid_until == row.changed_on - datetime.timedelta(days=1)
    ):
        _clear_day(old, "valid_until")
    if new.valid_from == row.changed_on and not same_day.filter(new=new).exists():
        _clear_day(new, "valid_from")


def _clear_day(area: Area, name: str) -> None:
    """Forget a first or last day, unless the rules of areas need it."""
    setattr(area, name, None)
    try:
        area.full_clean()
    except ValidationError:
        return
    area.save(update_fields=[name])


@transaction.atomic
def succession_take_over(
    *, territory: Organisation, table: Table, imported: FileImport, user: User, seen: str
) -> TablePlan[SuccessionRow]:
    """Take the changes of borders of a file over: all of them or none.

    Args:
        territory: Whose areas they are.
        table: The cells of the file.
        imported: The upload; noted as taken over.
        user: Who takes it over; needs the right to change catalogue and areas.
        seen: Digest of the plan that was looked at.

    Returns:
        What was done.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``table_has_errors``, ``nothing_to_do``, ``changed_meanwhile``, ``import_gone``,
            ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    plan = succession_plan(territory, table)
    _check(plan, seen)
    new = [change for change in plan.changes if change.state is AreaState.NEW]
    for change in sorted(new, key=lambda change: change.row.changed_on):
        _record(
            change.areas[0],
            change.areas[1],
            changed_on=change.row.changed_on,
            share=change.row.share,
            source=change.row.source or imported.file_name,
            territory=territory,
        )
    file_import_finish(imported)
    log_action(
        "succession.imported",
        user=user,
        obj=territory,
        territory=territory,
        data={"file": imported.file_name, "sha256": imported.sha256, "new_count": len(new)},
    )
    return plan


def _check(plan: TablePlan[Any], seen: str) -> None:
    """Refuse what may not be saved, or was not seen like this."""
    if not plan.may_be_saved:
        raise DomainError("table_has_errors", gettext_lazy("Nothing was saved: the file has errors."))
    if not plan.changes_something:
        raise DomainError(
            "nothing_to_do", gettext_lazy("There is nothing to take over: nothing would change.")
        )
    if seen != plan.digest:
        raise DomainError(
            "changed_meanwhile",
            gettext_lazy(
                "Something has changed since this page was opened. Please look at the preview again."
            ),
        )


@transaction.atomic
def population_take_over(
    *, territory: Organisation, table: Table, imported: FileImport, user: User, seen: str
) -> TablePlan[PopulationRow]:
    """Take inhabitants by area and year over: all of them or none. Known figures are replaced.

    Args:
        territory: Whose areas they are.
        table: The cells of the file.
        imported: The upload; noted as taken over.
        user: Who takes it over; needs the right to change catalogue and areas.
        seen: Digest of the plan that was looked at.

    Returns:
        What was done.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``table_has_errors``, ``nothing_to_do``, ``changed_meanwhile``, ``import_gone``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold(territory)
    plan = population_plan(territory, table)
    _check(plan, seen)
    written = [change for change in plan.changes if change.state is not AreaState.UNCHANGED]
    AreaPopulation.objects.bulk_create(
        (
            AreaPopulation(
                area=change.areas[0],
                year=change.row.year,
                count=change.row.count,
                source=imported.file_name,
            )
            for change in written
        ),
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["area", "year"],
        update_fields=["count", "source"],
    )
    _set_latest({change.areas[0].pk for change in written})
    file_import_finish(imported)
    log_action(
        "population.imported",
        user=user,
        obj=territory,
        territory=territory,
        data={"file": imported.file_name, "sha256": imported.sha256, "values": len(written)}
        | {f"{state.value}_count": count for state, count in plan.counts},
    )
    return plan


def _set_latest(areas: Collection[int]) -> None:
    """What an area says without a year is its latest count."""
    rows = AreaPopulation.objects.filter(area__in=areas).order_by("year")
    latest = dict(rows.values_list("area_id", "count"))
    changed = [Area(pk=pk, population=count) for pk, count in latest.items()]
    Area.objects.bulk_update(changed, ["population"], batch_size=_BATCH)
