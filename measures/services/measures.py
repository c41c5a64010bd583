"""Writes on measures: what is done, by whom, until when, and the key figures it is followed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

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
from measures.moves import ENDED
from measures.services.key_figures import KeyFigureInput, key_figures_save
from measures.services.locks import measure_lock
from measures.services.measure_rules import (
    TEXT_LIMIT,
    MeasureFields,
    check_belonging,
    check_dates,
    check_parent,
    check_same_parties,
    text_of,
)
from measures.services.parts import (
    check_length,
    dependencies_save,
    finance_save,
    milestones_save,
)
from measures.services.rights import measure_grant_rights
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require

__all__ = [
    "TEXT_LIMIT",
    "KeyFigureInput",
    "MeasureFields",
    "measure_create",
    "measure_lock",
    "measure_update",
]

#: Columns that are written here; where a measure stands is moved by its course alone.
_WRITTEN = (
    "field",
    "position",
    "title",
    "short_description",
    "description",
    "effect_hypothesis",
    "target_group",
    "starts_on",
    "ends_on",
    "responsible",
    "contact_function",
    "contact_email",
    "contact_phone",
    "needs_agreement",
)
#: Texts of one line or more that may be left out.
_TEXTS = (
    "short_description",
    "description",
    "effect_hypothesis",
    "target_group",
    "contact_function",
    "contact_email",
    "contact_phone",
)


@transaction.atomic
def measure_create(
    *,
    plan: ActionPlan,
    user: User,
    parent: Measure | None = None,
    is_example: bool = False,
    is_draft: bool = False,
    **fields: Unpack[MeasureFields],
) -> Measure:
    """Write a new measure; its parties see it from now on.

    Args:
        plan: Action plan it belongs to.
        user: Who writes; needs the right to plan the territory.
        parent: Measure of which it is a part, with the same field; not a part itself.
        is_example: Whether it is invented for show.
        is_draft: Whether its key figures may come later, as with a list taken over from elsewhere.
        **fields: See ``MeasureFields``.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``foreign_field``, ``foreign_area``, ``foreign_organisation``, ``partner_twice``,
            ``foreign_goal``, ``foreign_measure``, ``parent_is_part``, ``parent_ended``, ``text_too_long``,
            ``ends_before_start``, ``starts_after_plan``, ``ends_after_plan``, ``number_taken``, ``invalid``,
            and those of ``key_figures_save`` and of the services of ``parts``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    if parent is not None:
        measure_lock(parent)  # before the look: it may be ending at this moment
        check_parent(plan, parent)
    measure = Measure(plan=plan, parent=parent, is_example=is_example, stage=fields.get("stage", Stage.ONE))
    _fill(measure, fields, is_draft=is_draft)
    log_action(
        "measure.created",
        user=user,
        obj=measure,
        territory=plan.territory,
        data={"responsible": measure.responsible.name, "number": measure.number},
    )
    return measure


@transaction.atomic
def measure_update(
    measure: Measure, *, user: User, reason: str = "", **fields: Unpack[MeasureFields]
) -> None:
    """Change a measure: freely while it is proposed, afterwards with a reason.

    Args:
        measure: What to change, read anew first; its key figures are matched by ``pk``, those left out are
            removed. Status and actual dates are never written, nor the stage (``measure_move_stage``).
        user: Who changes; needs the right to edit the measure.
        reason: Why; needed as soon as the parties have agreed.
        **fields: See ``MeasureFields``.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``measure_ended``, ``reason_missing``, ``parties_fixed`` where agreed parties would
            change, ``agreement_fixed``, ``stage_by_move``, and those of ``measure_create``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    if measure.status in ENDED:
        raise DomainError("measure_ended", _("The measure has ended and is not changed any more."))
    if measure.status != MeasureStatus.PROPOSED and not reason.strip():
        raise DomainError(
            "reason_missing",
            _("The parties have agreed on this measure. Say why it is changed all the same."),
        )
    if measure.status != MeasureStatus.PROPOSED:
        check_same_parties(measure, fields)
    if fields.get("stage", measure.stage) != measure.stage:
        raise DomainError("stage_by_move", _("The planning stage is changed on a page of its own."))
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


def _fill(measure: Measure, fields: MeasureFields, *, is_draft: bool = False) -> list[str]:
    """Check everything, then write measure, partners, areas, key figures and what else belongs to it."""
    plan = measure.plan
    partners = list(fields.get("partners", ()))
    areas = list(fields.get("areas", ()))
    goals = fields.get("goals")
    field = measure.parent.field if measure.parent is not None else fields["field"]
    check_belonging(plan, field, fields["responsible"], partners, areas)
    if any(goal.plan_id != plan.pk for goal in goals or ()):
        raise DomainError("foreign_goal", _("A goal belongs to another action plan."))
    check_dates(plan, fields["starts_on"], fields["ends_on"])
    measure.position = _position(measure, field, fields.get("position"))
    has_moved = measure.pk is not None and measure.field_id != field.pk
    measure.field = field
    measure.title = fields["title"].strip()
    for name in _TEXTS:
        setattr(measure, name, text_of(fields.get(name, "")))
    measure.needs_agreement = fields.get("needs_agreement", measure.needs_agreement)
    measure.starts_on, measure.ends_on = fields["starts_on"], fields["ends_on"]
    measure.responsible = fields["responsible"]
    _save(measure)
    if has_moved:  # its parts go with it
        measure.submeasures.update(field=field)
    measure.areas.set(areas)
    if goals is not None:
        measure.goals.set(goals)
    _save_partners(measure, partners)
    changes = _save_parts(measure, fields, is_draft=is_draft)
    measure_grant_rights(measure)
    return changes


def _save_parts(measure: Measure, fields: MeasureFields, *, is_draft: bool) -> list[str]:
    """Write figures, milestones, money and needs; what is left out stays."""
    if "milestones" in fields:
        milestones_save(measure, fields["milestones"])
    if "finance" in fields:
        finance_save(measure, fields["finance"])
    if "needs" in fields:
        dependencies_save(measure, fields["needs"])
    may_have_none = is_draft or measure.parent_id is not None
    if may_have_none and not fields["key_figures"] and not measure.key_figures.exists():
        return []  # they come later, or it is followed by the figures of the measure above
    return key_figures_save(measure, fields["key_figures"])


def _save(measure: Measure) -> None:
    taken = DomainError(
        "number_taken",
        _("The number %(number)s is taken in this field of action.") % {"number": measure.number},
    )
    same = Measure.objects.filter(field=measure.field, parent=measure.parent, position=measure.position)
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
    siblings = field.measures.filter(parent=measure.parent)
    last: int | None = siblings.aggregate(last=Max("position"))["last"]
    return (last or 0) + 1


def _save_partners(measure: Measure, partners: Sequence[tuple[Organisation, str]]) -> None:
    check_length(MeasurePartner, "role", (role for _partner, role in partners))
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
        **{name: getattr(measure, name) for name in _TEXTS},
        "needs_agreement": measure.needs_agreement,
        "starts_on": measure.starts_on.isoformat(),
        "ends_on": measure.ends_on.isoformat(),
        "responsible": measure.responsible.name,
        "partners": [
            f"{row.organisation.name}: {row.role}" if row.role else row.organisation.name
            for row in measure.partners.select_related("organisation")
        ],
        "areas": [area.name for area in measure.areas.all()],
        "goals": [str(goal) for goal in measure.goals.all()],
        "milestones": [f"{row.title}: {row.due_on.isoformat()}" for row in measure.milestones.all()],
        "finance": [
            f"{row.kind} {row.year or '-'} {row.title}: {row.amount}" for row in measure.finance_lines.all()
        ],
        "needs": [
            row.needed.number
            for row in measure.needs.select_related("needed__field", "needed__parent__field")
        ],
    }
