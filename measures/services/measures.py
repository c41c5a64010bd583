"""Writes on measures: what is done, by whom, until when, and the key figures it is followed by."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from measures.models import (
    ActionPlan,
    FieldOfAction,
    Measure,
    MeasurePartner,
    MeasureStatus,
    Stage,
)
from measures.services.key_figures import KeyFigureInput, key_figures_save
from measures.services.rights import measure_grant_rights
from monitoring.models import Area
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

__all__ = [
    "KeyFigureInput",
    "MeasureFields",
    "measure_create",
    "measure_lock",
    "measure_update",
]

_ENDED = (MeasureStatus.COMPLETED, MeasureStatus.ENDED_EARLY)
#: Columns that are written here; where a measure stands is moved by its course alone.
_WRITTEN = (
    "field",
    "position",
    "title",
    "description",
    "target_group",
    "stage",
    "starts_on",
    "ends_on",
    "responsible",
)


class MeasureFields(TypedDict):
    """What a measure says.

    ``position`` None takes the next number of the field, or keeps the present one; ``partners`` are pairs of
    organisation and what it contributes; ``key_figures`` need at least one, each with a target.
    """

    field: FieldOfAction
    title: str
    starts_on: datetime.date
    ends_on: datetime.date
    responsible: Organisation
    key_figures: Sequence[KeyFigureInput]
    position: NotRequired[int | None]
    description: NotRequired[str]
    target_group: NotRequired[str]
    stage: NotRequired[int]
    partners: NotRequired[Sequence[tuple[Organisation, str]]]
    areas: NotRequired[Sequence[Area]]


@transaction.atomic
def measure_create(
    *, plan: ActionPlan, user: User, is_example: bool = False, **fields: Unpack[MeasureFields]
) -> Measure:
    """Write a new measure; its parties see it from now on.

    Args:
        plan: Action plan it belongs to.
        user: Who writes; needs the right to plan the territory.
        is_example: Whether it is invented for show.
        **fields: See ``MeasureFields``.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``foreign_field``, ``foreign_area``, ``foreign_organisation``, ``partner_twice``,
            ``ends_before_start``, ``ends_after_plan``, ``number_taken``, ``invalid``, and those of
            ``key_figures_save``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    measure = Measure(plan=plan, is_example=is_example)
    _fill(measure, fields)
    log_action(
        "measure.created",
        user=user,
        obj=measure,
        territory=plan.territory,
        data={"responsible": measure.responsible.name, "number": measure.number},
    )
    return measure


def measure_lock(measure: Measure) -> None:
    """Hold the row of a measure until the transaction ends, and read it anew.

    Whoever changes or moves a measure begins here: what was loaded before may have changed meanwhile.

    Args:
        measure: A stored measure; what was changed on it and not saved is lost.

    Queries: 1; must be called within a transaction.
    """
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update(no_key=True))


@transaction.atomic
def measure_update(
    measure: Measure, *, user: User, reason: str = "", **fields: Unpack[MeasureFields]
) -> None:
    """Change a measure: freely while it is proposed, afterwards with a reason.

    Args:
        measure: What to change, read anew first; its key figures are matched by ``pk``, those left out are
            removed. Status and actual dates are never written.
        user: Who changes; needs the right to edit the measure.
        reason: Why; needed as soon as the parties have agreed.
        **fields: See ``MeasureFields``.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``measure_ended``, ``reason_missing``, ``parties_fixed`` where agreed parties would
            change, ``stage_fixed`` where a measure that has begun would have to wait again, and those of
            ``measure_create``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    if measure.status in _ENDED:
        raise DomainError("measure_ended", _("The measure has ended and is not changed any more."))
    if measure.status != MeasureStatus.PROPOSED and not reason.strip():
        raise DomainError(
            "reason_missing",
            _("The parties have agreed on this measure. Say why it is changed all the same."),
        )
    if measure.status != MeasureStatus.PROPOSED:
        _check_same_parties(measure, fields)
    _check_stage(measure, fields.get("stage", Stage.ONE))
    before = _wording_of(measure)
    changed_figures = _fill(measure, fields)
    after = _wording_of(measure)
    log_action(
        "measure.changed",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={
            "reason": reason.strip(),
            "changed": {name: [before[name], after[name]] for name in before if before[name] != after[name]},
            "key_figures": changed_figures,
        },
    )


def _check_same_parties(measure: Measure, fields: MeasureFields) -> None:
    """Nobody is put into an agreement, or out of it, without being asked."""
    agreed = {measure.responsible_id, *measure.partners.values_list("organisation", flat=True)}
    wanted = {fields["responsible"].pk, *(partner.pk for partner, _role in fields.get("partners", ()))}
    if agreed != wanted or fields["responsible"].pk != measure.responsible_id:
        raise DomainError(
            "parties_fixed",
            _(
                "Who takes part has been agreed. To change it, evaluate the measure with “change”: "
                "then all parties are asked anew."
            ),
        )


def _check_stage(measure: Measure, wanted: int) -> None:
    """What has begun does not go back to wait for a stage: nobody would ask for its figures meanwhile."""
    moves_on = wanted == Stage.TWO and measure.stage != Stage.TWO
    if moves_on and measure.started_on is not None and measure.plan.stage_two_opened_on is None:
        raise DomainError(
            "stage_fixed",
            _("The measure has begun already; it cannot move to a planning stage that is not open."),
        )


def _fill(measure: Measure, fields: MeasureFields) -> list[str]:
    """Check everything, then write measure, partners, areas and key figures."""
    plan = measure.plan
    partners = list(fields.get("partners", ()))
    areas = list(fields.get("areas", ()))
    _check_belonging(plan, fields["field"], fields["responsible"], partners, areas)
    _check_dates(plan, fields["starts_on"], fields["ends_on"])
    measure.position = _position(measure, fields["field"], fields.get("position"))
    measure.field = fields["field"]
    measure.title = fields["title"].strip()
    measure.description = fields.get("description", "").strip()
    measure.target_group = fields.get("target_group", "").strip()
    measure.stage = fields.get("stage", Stage.ONE)
    measure.starts_on, measure.ends_on = fields["starts_on"], fields["ends_on"]
    measure.responsible = fields["responsible"]
    _save(measure)
    measure.areas.set(areas)
    _save_partners(measure, partners)
    changes = key_figures_save(measure, fields["key_figures"])
    measure_grant_rights(measure)
    return changes


def _save(measure: Measure) -> None:
    taken = DomainError(
        "number_taken",
        _("The number %(number)s is taken in this field of action.") % {"number": measure.number},
    )
    same = Measure.objects.filter(field=measure.field, position=measure.position)
    if same.exclude(pk=measure.pk).exists():
        raise taken
    try:
        measure.full_clean()
        with transaction.atomic():
            measure.save(update_fields=None if measure.pk is None else _WRITTEN)
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError as error:  # two planners at once
        raise taken from error


def _position(measure: Measure, field: FieldOfAction, wanted: int | None) -> int:
    if wanted is not None:
        return wanted
    if measure.pk is not None and measure.field_id == field.pk:
        return measure.position
    # Lock the field: two planners at once must not draw the same number.
    FieldOfAction.objects.select_for_update().get(pk=field.pk)
    last: int | None = field.measures.aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _check_belonging(
    plan: ActionPlan,
    field: FieldOfAction,
    responsible: Organisation,
    partners: Sequence[tuple[Organisation, str]],
    areas: Iterable[Area],
) -> None:
    if field.plan_id != plan.pk:
        raise DomainError("foreign_field", _("The field of action belongs to another action plan."))
    if any(area.territory_id != plan.territory_id for area in areas):
        raise DomainError("foreign_area", _("An area belongs to another territory."))
    for organisation in (responsible, *(partner for partner, _role in partners)):
        # Supraregional organisations belong to no territory and may take part anywhere.
        if organisation.territory_id not in {None, plan.territory_id}:
            raise DomainError(
                "foreign_organisation",
                _("%(name)s belongs to another territory.") % {"name": organisation.label},
            )
    keys = [responsible.pk, *(partner.pk for partner, _role in partners)]
    if len(keys) != len(set(keys)):
        raise DomainError(
            "partner_twice", _("Name each party once: as responsible organisation or as partner.")
        )


def _check_dates(plan: ActionPlan, starts_on: datetime.date, ends_on: datetime.date) -> None:
    if ends_on < starts_on:
        raise DomainError("ends_before_start", _("The planned end is before the planned start."))
    if ends_on > plan.ends_on:
        raise DomainError(
            "ends_after_plan",
            _("The measure must end with the action plan at the latest (%(day)s).")
            % {"day": date_de(plan.ends_on)},
        )


def _save_partners(measure: Measure, partners: Sequence[tuple[Organisation, str]]) -> None:
    measure.partners.exclude(organisation__in=[partner for partner, _role in partners]).delete()
    for partner, role in partners:
        MeasurePartner.objects.update_or_create(
            measure=measure, organisation=partner, defaults={"role": role.strip()}
        )


def _wording_of(measure: Measure) -> dict[str, object]:
    """What the audit log compares."""
    return {
        "number": measure.number,
        "title": measure.title,
        "description": measure.description,
        "target_group": measure.target_group,
        "stage": measure.stage,
        "starts_on": measure.starts_on.isoformat(),
        "ends_on": measure.ends_on.isoformat(),
        "responsible": measure.responsible.name,
        "partners": [
            f"{row.organisation.name}: {row.role}" if row.role else row.organisation.name
            for row in measure.partners.select_related("organisation")
        ],
        "areas": [area.name for area in measure.areas.all()],
    }
