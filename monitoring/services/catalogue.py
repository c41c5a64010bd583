"""Writes of the catalogue: one entry changed by hand, a whole file taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from monitoring.catalogue import SECTIONS, CatalogueFile, FieldKind
from monitoring.catalogue.fields import INDICATOR_TIES
from monitoring.catalogue.reading import Entry
from monitoring.models import Domain, FileImport, Indicator, IndicatorSet, IndicatorSetEntry, Unit
from monitoring.selectors.catalogue import entry_of, indicators_used_elsewhere
from monitoring.selectors.catalogue_plan import (
    FIGURE_FIELDS,
    CataloguePlan,
    EntryChange,
    Existing,
    State,
    catalogue_plan,
)
from monitoring.services.imports import file_import_finish
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.models.organisations import TERRITORY_KINDS
from stakeholders.permissions import Perm, require

_MODELS: Final[Mapping[str, Any]] = {
    "units": Unit,
    "domains": Domain,
    "indicators": Indicator,
    "sets": IndicatorSet,
}


@transaction.atomic
def indicator_update(
    *,
    indicator: Indicator,
    entry: Entry,
    reason: str,
    territory: Organisation,
    user: User,
    opened: Entry | None = None,
) -> Indicator:
    """Change an entry of the catalogue by hand.

    Args:
        indicator: The entry.
        entry: Fields of the file's form with their new values (``domain``, ``unit`` and ``denominator`` as
            rows); others stay.
        reason: Why, for the log.
        territory: For which territory the person acts.
        user: Who changes it; needs the right to change the catalogue.
        opened: All fields as the person saw them; None if nobody looked at them before.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``changed_meanwhile`` (somebody else changed it since), ``unit_in_use``,
            ``used_elsewhere``, ``denominator_not_count``, ``reason_missing``, ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    if not reason.strip():
        raise DomainError("reason_missing", _("Please say why the entry changes."))
    _hold_catalogue()
    row = Indicator.objects.get(pk=indicator.pk)
    before = entry_of("indicators", row)
    if opened is not None and opened != before:
        raise DomainError(
            "changed_meanwhile",
            _("Somebody else has changed this entry since you opened it. Nothing was saved."),
        )
    for name, value in entry.items():
        setattr(row, name, value)
    after = entry_of("indicators", row)
    changed = sorted(name for name in after if after[name] != before[name])
    if not changed:
        return row
    _check_changes(row, set(changed), user)
    _save(row)
    log_action(
        "indicator.changed",
        user=user,
        obj=row,
        territory=territory,
        data={"fields": changed, "reason": reason.strip()},
    )
    return row


def _hold_catalogue() -> None:
    """Change the catalogue one at a time: all territories share it, so all of them are held."""
    territories = Organisation.objects.filter(kind__in=TERRITORY_KINDS).order_by("pk")
    list(territories.select_for_update(no_key=True).values_list("pk"))


def _check_changes(row: Indicator, names: set[str], user: User) -> None:
    if "unit" in names and row.values.exists():
        raise DomainError(
            "unit_in_use", _("There are figures in the old unit. Enter a new indicator instead.")
        )
    if names & FIGURE_FIELDS and row.pk in indicators_used_elsewhere(user):
        raise DomainError(
            "used_elsewhere",
            _(
                "Another territory has figures of this indicator: unit, direction, base, minimum base and "
                "whether it is in use may not change from here."
            ),
        )
    if row.denominator is not None and not row.denominator.unit.is_count:
        raise DomainError(
            "denominator_not_count", _("A rate is related to a count of people or cases, not to a rate.")
        )


def _save(row: Any) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    row.save()


@transaction.atomic
def catalogue_take_over(
    *,
    file: CatalogueFile,
    existing: Existing,
    origin: Mapping[str, Any],
    territory: Organisation,
    user: User,
    reason: str = "",
    seen: str | None = None,
    imported: FileImport | None = None,
) -> CataloguePlan:
    """Take a file of the catalogue over: all of it or nothing.

    Args:
        file: What was read.
        existing: What happens to entries that differ.
        origin: Where it comes from, for the log: name of the file or set, hash.
        territory: For which territory the person acts.
        user: Who takes it over; needs the right to change the catalogue.
        reason: Why entries that are here already change, for the log; needed if any does.
        seen: Digest of the plan that was looked at; None for a command, which looks at none.
        imported: The upload it came with; noted as taken over.

    Returns:
        What was done; taking the same file over again changes nothing.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``catalogue_has_errors``, ``changed_meanwhile``, ``reason_missing``, ``import_gone``,
            ``denominator_not_count``, ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    _hold_catalogue()
    plan = catalogue_plan(file, existing=existing, user=user)
    if not plan.may_be_saved:
        raise DomainError("catalogue_has_errors", _("Nothing was saved: the file has errors or conflicts."))
    if seen is not None and seen != plan.digest:
        raise DomainError(
            "changed_meanwhile",
            _("The catalogue has changed since this page was opened. Please look at the preview again."),
        )
    if plan.changed and not reason.strip():
        raise DomainError("reason_missing", _("Please say why entries of the catalogue change."))
    if imported is not None:
        file_import_finish(imported)
    if not plan.changes_something:
        return plan
    for change in plan.changes:
        if change.state in {State.NEW, State.CHANGED}:
            _write(change)
    # Related to each other: only once all are there.
    for change in plan.changes:
        if change.section == "indicators" and change.state in {State.NEW, State.CHANGED}:
            _relate(change)
    first = next(row for row in plan.changes if row.state in {State.NEW, State.CHANGED})
    log_action(
        "catalogue.imported",
        user=user,
        obj=_MODELS[first.section].objects.get(key=first.key),
        territory=territory,
        data=dict(origin)
        | {f"{state.value}_count": count for state, count in plan.counts}
        | ({"reason": reason.strip(), "entries": [row.name for row in plan.changed]} if plan.changed else {}),
    )
    return plan


def _write(change: EntryChange) -> None:
    model = _MODELS[change.section]
    row = model.objects.filter(key=change.key).first() or model(key=change.key)
    for spec in SECTIONS[change.section]:
        value = change.entry[spec.name]
        # What names other indicators waits until all are there, and what goes with it.
        if spec.kind is FieldKind.REFERENCES or spec.name in {*INDICATOR_TIES, "dominance_percent"}:
            continue
        if spec.kind is FieldKind.REFERENCE:
            value = _MODELS[spec.section].objects.get(key=value)
        setattr(row, spec.name, value)
    _save(row)
    if change.section == "sets":
        _fill(row, change.entry["indicators"])


def _relate(change: EntryChange) -> None:
    row = Indicator.objects.get(key=change.key)
    keys = {name: key for name in INDICATOR_TIES if (key := change.entry[name]) is not None}
    others = Indicator.objects.select_related("unit").in_bulk(set(keys.values()), field_name="key")
    wanted = {name: others[keys[name]] if name in keys else None for name in INDICATOR_TIES}
    share = change.entry["dominance_percent"]
    if all(getattr(row, name) == other for name, other in wanted.items()) and row.dominance_percent == share:
        return
    base = wanted["denominator"]
    if base is not None and not base.unit.is_count:
        raise DomainError(
            "denominator_not_count",
            _("“%(name)s” is related to “%(base)s”, which is no count of people or cases.")
            % {"name": row.name, "base": base.name},
        )
    for name, other in wanted.items():
        setattr(row, name, other)
    row.dominance_percent = share
    _save(row)


def _fill(row: IndicatorSet, keys: tuple[str, ...]) -> None:
    row.entries.all().delete()
    pks = dict(Indicator.objects.filter(key__in=keys).values_list("key", "pk"))
    IndicatorSetEntry.objects.bulk_create(
        IndicatorSetEntry(indicator_set=row, indicator_id=pks[key], position=position)
        for position, key in enumerate(keys, start=1)
    )
