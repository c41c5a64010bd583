"""Writes of areas: boundaries from a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from monitoring.importers.geojson import Feature
from monitoring.models import Area, FileImport
from monitoring.selectors.area_plan import AreaChange, AreaMapping, AreaPlan, AreaState, area_plan
from monitoring.services.imports import file_import_finish
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require


@transaction.atomic
def areas_take_over(
    *,
    territory: Organisation,
    features: Sequence[Feature],
    mapping: AreaMapping,
    imported: FileImport,
    user: User,
    seen: str,
) -> AreaPlan:
    """Take the areas of a file over: all of them or none. Areas the file does not name stay.

    Args:
        territory: The planning authority.
        features: As read.
        mapping: What their properties mean.
        imported: The upload they came with; noted as taken over.
        user: Who takes them over; needs the right to change catalogue and areas.
        seen: Digest of the plan that was looked at.

    Returns:
        What was done.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``areas_have_faults``, ``changed_meanwhile``, ``nothing_to_do``, ``import_gone``,
            ``invalid``.
    """
    require(user, Perm.MANAGE_CATALOGUE, territory)
    Organisation.objects.select_for_update(no_key=True).get(pk=territory.pk)
    plan = area_plan(territory, features, mapping)
    if not plan.may_be_saved:
        raise DomainError(
            "areas_have_faults", _("Nothing was saved: some areas of the file cannot be taken over.")
        )
    if not plan.changes_something:
        raise DomainError("nothing_to_do", _("There is nothing to take over: nothing would change."))
    if seen != plan.digest:
        raise DomainError(
            "changed_meanwhile",
            _("The areas have changed since this page was opened. Please look at the preview again."),
        )
    for change in plan.changes:
        if change.state in {AreaState.NEW, AreaState.CHANGED}:
            _write(change, territory, mapping)
    file_import_finish(imported)
    log_action(
        "areas.imported",
        user=user,
        obj=territory,
        territory=territory,
        data={"file": imported.file_name, "sha256": imported.sha256}
        | {f"{state.value}_count": count for state, count in plan.counts},
    )
    return plan


def _write(change: AreaChange, territory: Organisation, mapping: AreaMapping) -> None:
    row = change.area or Area(
        territory=territory,
        key=change.key,
        kind=mapping.kind,
        parent=change.parent,
        valid_from=mapping.valid_from,
    )
    row.name = change.name
    written = ["name"]
    if change.feature.geometry is not None:
        row.geometry = change.feature.geometry
        row.geometry_source = mapping.source or row.geometry_source
        written += ["geometry", "geometry_source"]
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    # Of an area that is here only what the file says: days and inhabitants may have changed meanwhile.
    row.save(update_fields=None if change.area is None else written)
