"""Reads of target agreements: who can confirm, and what planning can do while the parties are asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from measures.models import Measure, MeasurePartner, MeasureStatus
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can, keys_held
from workflows.links import link
from workflows.models import (
    ConfirmationProcess,
    ConfirmationState,
    MeasureProcess,
    PlanningCycle,
    TaskCard,
)


def without_head(organisations: Iterable[Organisation]) -> list[Organisation]:
    """Those of some organisations in which nobody can confirm a target agreement. Queries: at most 2."""
    wanted = list(organisations)
    if not wanted:
        return []
    led = keys_held(Perm.LEAD_ORGANISATION, (row.pk for row in wanted))
    return [row for row in wanted if row.pk not in led]


def parties_of(measures: Sequence[Measure]) -> dict[int, list[Organisation]]:
    """Responsible organisation, partners and planning of some measures, by the measure's key. Queries: 2.

    Args:
        measures: With their responsible organisations joined.
    """
    found = {row.pk: [row.responsible] for row in measures}
    partners = MeasurePartner.objects.filter(measure__in=[row.pk for row in measures])
    for partner in partners.select_related("organisation").order_by("organisation__name"):
        found[partner.measure_id].append(partner.organisation)
    cycles = PlanningCycle.objects.filter(plan__in={row.plan_id for row in measures})
    planning = {
        row.plan_id: row.planning_unit for row in cycles.select_related("planning_unit").order_by("pk")
    }
    for row in measures:
        unit = planning.get(row.plan_id)
        if unit is not None and unit not in found[row.pk]:
            found[row.pk].append(unit)
    return found


def parties_without_head(measures: Sequence[Measure]) -> dict[int, list[Organisation]]:
    """Parties of some measures in which nobody can confirm; measures without any are left out. Queries: 4.

    Args:
        measures: With their responsible organisations joined.
    """
    parties = parties_of(measures)
    everybody = {row.pk: row for rows in parties.values() for row in rows}
    mute = {row.pk for row in without_head(everybody.values())}
    found = {pk: [row for row in rows if row.pk in mute] for pk, rows in parties.items()}
    return {pk: rows for pk, rows in found.items() if rows}


def is_under_way(measure: Measure) -> bool:
    """Whether a party of the measure is still to answer. Queries: 1."""
    return measure.confirmations.filter(state=ConfirmationState.OPEN).exists()


def can_be_worded(measure: Measure) -> bool:
    """Whether planning can word the next version now. Queries: at most 1."""
    return measure.ended_on is None and measure.needs_agreement and not is_under_way(measure)


def call_off_links(user: Any, cards: Sequence[TaskCard]) -> dict[int, str]:
    """Where the user can stop waiting for an answer, by the card of its task.

    Args:
        user: Who looks.
        cards: Open tasks of any kind, with task and cycle joined.

    Returns:
        Key of a card -> address; other tasks, and those the user does not steer, are left out. Queries: 1,
        and those of the right for each cycle.
    """
    cycles = {card.cycle_id: card.cycle for card in cards}
    steered = {pk for pk, cycle in cycles.items() if can(user, Perm.MANAGE_CYCLE, cycle)}
    of_process = {card.task.process_id: card.pk for card in cards if card.cycle_id in steered}
    if not of_process:
        return {}
    asked = ConfirmationProcess.objects.filter(pk__in=of_process).values_list("pk", "confirmation__measure")
    return {of_process[pk]: link("workflows:agreement-call-off", measure_pk) for pk, measure_pk in asked}


@dataclasses.dataclass(frozen=True)
class AgreementSteering:
    """What planning has to know and can do while a measure is not agreed; nothing for all others.

    Attributes:
        mute: Parties in which nobody can confirm.
        call_off_url: Where waiting for the answers can be stopped; empty where nobody is being asked.
    """

    mute: list[Organisation]
    call_off_url: str


def agreement_steering(user: Any, measure: Measure) -> AgreementSteering:
    """What planning has to know and can do about the agreement on a measure. Queries: at most 6."""
    if measure.status != MeasureStatus.PROPOSED or not can(user, Perm.EDIT_MEASURE, measure):
        return AgreementSteering([], "")
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    may_call_off = process is not None and can(user, Perm.MANAGE_CYCLE, process.cycle)
    return AgreementSteering(
        mute=parties_without_head([measure]).get(measure.pk, []),
        call_off_url=(
            link("workflows:agreement-call-off", measure.pk) if may_call_off and is_under_way(measure) else ""
        ),
    )
