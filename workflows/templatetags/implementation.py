"""Template words by which pages of measures show what the engine knows."""

from typing import Any

from django import template

from measures.models import ActionPlan, Measure, RoundReport
from project.common.formats import Badge
from workflows.models import ConfirmationState, EvaluationOutcome
from workflows.selectors import implementation as selectors

register = template.Library()

_CONFIRMATION_KINDS = {
    ConfirmationState.OPEN: "info",
    ConfirmationState.CONFIRMED: "success",
    ConfirmationState.REFUSED: "danger",
}
_OUTCOME_KINDS = {
    EvaluationOutcome.CONTINUE: "success",
    EvaluationOutcome.CHANGE: "warning",
    EvaluationOutcome.END: "neutral",
}


@register.simple_tag(takes_context=True)
def measure_course(context: Any, measure: Measure) -> selectors.MeasureCourse:
    """{% measure_course measure as course %}: open tasks, confirmations, origins, evaluations."""
    return selectors.measure_course(context["request"].user, measure)


@register.simple_tag(takes_context=True)
def plan_actions(context: Any, plan: ActionPlan) -> selectors.PlanActions:
    """{% plan_actions plan as actions %}: what the person can begin on the plan now."""
    return selectors.plan_actions(context["request"].user, plan)


@register.simple_tag(takes_context=True)
def report_tasks(context: Any, reports: list[RoundReport]) -> dict[int, selectors.Waiting]:
    """{% report_tasks page_obj as tasks %}: open task of each report by its key."""
    return selectors.report_tasks(context["request"].user, reports)


@register.filter
def confirmation_badge(state: str) -> Badge:
    """{{ row.state|confirmation_badge }} for ``components/_badge.html``."""
    known = ConfirmationState(state)
    return Badge(_CONFIRMATION_KINDS.get(known, "neutral"), str(known.label))


@register.filter
def outcome_badge(outcome: str) -> Badge:
    """{{ evaluation.outcome|outcome_badge }} for ``components/_badge.html``."""
    known = EvaluationOutcome(outcome)
    return Badge(_OUTCOME_KINDS[known], str(known.label))
