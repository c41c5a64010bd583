"""The plan as files and as public pages: who may begin what, and words for values stored without language."""

from typing import Any

from django import template

from measures.models import ActionPlan, FinanceKind, Measure, MeasureStatus
from measures.selectors.releases import public_releases
from stakeholders.permissions import Perm, can
from workflows.measure_steering import is_draft

register = template.Library()


@register.filter
def status_word(value: str) -> str:
    """{{ row.told.status|status_word }}: a status in the language of the page."""
    return str(MeasureStatus(value).label)


@register.filter
def finance_word(value: str) -> str:
    """{{ line.kind|finance_word }}: cost or funding in the language of the page."""
    return str(FinanceKind(value).label)


@register.simple_tag(takes_context=True)
def plans_here(context: Any, plan: ActionPlan) -> bool:
    """{% plans_here plan as may_plan %}: whether the person plans the territory of a plan."""
    return bool(can(context["request"].user, Perm.PLAN_TERRITORY, plan.territory))


@register.simple_tag
def is_public(plan: ActionPlan) -> bool:
    """{% is_public plan as told %}: whether everybody may read the plan. Queries: 1."""
    return public_releases().filter(plan=plan).exists()


@register.filter
def waits_as_draft(measure: Measure) -> bool:
    """{{ measure|waits_as_draft }}: whether it came with a file and nobody has asked its parties."""
    return is_draft(measure)
