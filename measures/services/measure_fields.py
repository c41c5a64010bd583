"""A measure as the service that changes it takes it, to be changed in parts."""

from __future__ import annotations

from measures.models import FinanceLine, Measure, Milestone
from measures.services.key_figures import input_of
from measures.services.measures import MeasureFields
from measures.services.parts import FinanceInput, MilestoneInput


def fields_of_measure(measure: Measure) -> MeasureFields:
    """Everything a measure says now. Queries: 7.

    Args:
        measure: A stored measure.

    Returns:
        Fields that ``measure_update`` would take without changing anything.
    """
    figures = measure.key_figures.select_related("unit").prefetch_related("targets").order_by("pk")
    return MeasureFields(
        field=measure.field,
        title=measure.title,
        position=measure.position,
        short_description=measure.short_description,
        description=measure.description,
        effect_hypothesis=measure.effect_hypothesis,
        target_group=measure.target_group,
        contact_function=measure.contact_function,
        contact_email=measure.contact_email,
        contact_phone=measure.contact_phone,
        needs_agreement=measure.needs_agreement,
        starts_on=measure.starts_on,
        ends_on=measure.ends_on,
        responsible=measure.responsible,
        partners=[(row.organisation, row.role) for row in measure.partners.select_related("organisation")],
        areas=list(measure.areas.all()),
        goals=list(measure.goals.all()),
        key_figures=[input_of(row) for row in figures],
        milestones=[_milestone(row) for row in measure.milestones.all()],
        finance=[_finance(row) for row in measure.finance_lines.select_related("payer")],
    )


def _milestone(row: Milestone) -> MilestoneInput:
    return MilestoneInput(title=row.title, due_on=row.due_on, pk=row.pk)


def _finance(row: FinanceLine) -> FinanceInput:
    return FinanceInput(
        kind=row.kind,
        title=row.title,
        amount=row.amount,
        year=row.year,
        payer=row.payer,
        is_secured=row.is_secured,
        pk=row.pk,
    )
