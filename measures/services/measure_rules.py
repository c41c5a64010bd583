"""What a measure says, and what it may say: rules its services ask before anything is written."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, FieldOfAction, Goal, Measure
from measures.moves import ENDED
from measures.services.key_figures import KeyFigureInput
from measures.services.parts import FinanceInput, MilestoneInput
from monitoring.models import Area
from project.common.errors import DomainError
from project.common.formats import date_de, decimal_de
from stakeholders.models import Organisation

#: Longest description or hypothesis (characters): some four pages.
TEXT_LIMIT = 10_000


class MeasureFields(TypedDict):
    """What a measure says.

    ``position`` None takes the next number of the field (or of the measure above), or keeps the present one;
    ``partners`` are pairs of organisation and what it contributes; ``key_figures`` need at least one, each
    with a target, but for a sub-measure; ``needs`` are pairs of a measure needed first and why. Goals,
    milestones, lines of money, needs and ``needs_agreement`` that are left out stay as they are.
    """

    field: NotRequired[FieldOfAction]
    title: str
    starts_on: datetime.date
    ends_on: datetime.date
    responsible: Organisation
    key_figures: Sequence[KeyFigureInput]
    position: NotRequired[int | None]
    short_description: NotRequired[str]
    description: NotRequired[str]
    effect_hypothesis: NotRequired[str]
    target_group: NotRequired[str]
    contact_function: NotRequired[str]
    contact_email: NotRequired[str]
    contact_phone: NotRequired[str]
    needs_agreement: NotRequired[bool]
    stage: NotRequired[int]
    goals: NotRequired[Sequence[Goal]]
    milestones: NotRequired[Sequence[MilestoneInput]]
    finance: NotRequired[Sequence[FinanceInput]]
    needs: NotRequired[Sequence[tuple[Measure, str]]]
    partners: NotRequired[Sequence[tuple[Organisation, str]]]
    areas: NotRequired[Sequence[Area]]


def check_same_parties(measure: Measure, fields: MeasureFields) -> None:
    """Nobody is put into an agreement, or out of it, without being asked.

    Raises:
        DomainError: ``parties_fixed``, ``agreement_fixed``.
    """
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
    if fields.get("needs_agreement", measure.needs_agreement) != measure.needs_agreement:
        raise DomainError(
            "agreement_fixed",
            _("Whether a target agreement is needed is said before the measure is agreed."),
        )


def check_parent(plan: ActionPlan, parent: Measure) -> None:
    """One level of parts, within the plan.

    Raises:
        DomainError: ``foreign_measure``, ``parent_is_part``, ``parent_ended``.
    """
    if parent.plan_id != plan.pk:
        raise DomainError("foreign_measure", _("The other measure belongs to another action plan."))
    if parent.parent_id is not None:
        raise DomainError(
            "parent_is_part",
            _("%(number)s is a sub-measure itself; sub-measures have no parts. Add it to the measure above.")
            % {"number": parent.number},
        )
    if parent.status in ENDED:
        raise DomainError("parent_ended", _("The measure above has ended; nothing is added to it any more."))


def check_belonging(
    plan: ActionPlan,
    field: FieldOfAction,
    responsible: Organisation,
    partners: Sequence[tuple[Organisation, str]],
    areas: Iterable[Area],
) -> None:
    """Field, areas and parties are those of the plan; each party is named once.

    Raises:
        DomainError: ``foreign_field``, ``foreign_area``, ``foreign_organisation``, ``partner_twice``.
    """
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


def check_dates(plan: ActionPlan, starts_on: datetime.date, ends_on: datetime.date) -> None:
    """The end follows the start, and both lie within the plan.

    Raises:
        DomainError: ``starts_after_plan``, ``ends_before_start``, ``ends_after_plan``.
    """
    if starts_on > plan.ends_on:
        raise DomainError(
            "starts_after_plan",
            _("The action plan ends on %(day)s; the measure must begin before.")
            % {"day": date_de(plan.ends_on)},
        )
    if ends_on < starts_on:
        raise DomainError("ends_before_start", _("The planned end is before the planned start."))
    if ends_on > plan.ends_on:
        raise DomainError(
            "ends_after_plan",
            _("The measure must end with the action plan at the latest (%(day)s).")
            % {"day": date_de(plan.ends_on)},
        )


def text_of(value: object) -> str:
    """A text as it is stored.

    Raises:
        DomainError: ``text_too_long``.
    """
    text = str(value).strip()
    if len(text) > TEXT_LIMIT:
        raise DomainError(
            "text_too_long",
            _(
                "A text may have %(limit)s characters at most; it has %(count)s. "
                "Shorten it, or add a document."
            )
            % {"limit": decimal_de(TEXT_LIMIT), "count": decimal_de(len(text))},
        )
    return text
