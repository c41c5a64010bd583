"""Template words by which pages of measures show what the engine knows."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import gettext

from measures.models import ActionPlan, FieldOfAction, KeyFigure, Measure, RoundReport
from measures.selectors.figures import number_of
from project.common.formats import Badge
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can
from workflows.models import ConfirmationState, EvaluationOutcome, Recommendation, ReviewResult
from workflows.selectors import agreements
from workflows.selectors import implementation as selectors
from workflows.selectors.agreement_lists import AgreementFilter, AgreementLine, agreement_lines
from workflows.selectors.collection import CoverageRow
from workflows.selectors.evaluations import ItemLine, item_lines
from workflows.selectors.evaluations import waive_links as links_to_waive

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
    EvaluationOutcome.PERMANENT: "success",
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
def may_print_internal(context: Any, plan: ActionPlan) -> bool:
    """{% may_print_internal plan as is_internal %}: whether the internal plan is the person's to hand out."""
    # An included part has the request beside its variables, not among them.
    return bool(can(context.request.user, Perm.PLAN_TERRITORY, plan.territory))


@register.simple_tag(takes_context=True)
def report_tasks(context: Any, reports: list[RoundReport]) -> dict[int, selectors.Waiting]:
    """{% report_tasks page_obj as tasks %}: open task of each report by its key."""
    return selectors.report_tasks(context["request"].user, reports)


@register.simple_tag(takes_context=True)
def agreement_steering(context: Any, measure: Measure) -> agreements.AgreementSteering:
    """{% agreement_steering measure as steering %}: what planning can do while there is no agreement."""
    return agreements.agreement_steering(context["request"].user, measure)


@register.simple_tag(takes_context=True)
def call_off_links(context: Any, rows: Iterable[Any]) -> dict[int, str]:
    """{% call_off_links rows as links %}: by card, where planning can stop waiting for a party's answer."""
    # An included part has the request beside its variables, not among them.
    return agreements.call_off_links(context.request.user, [row.card for row in rows])


@register.simple_tag(takes_context=True)
def waive_links(context: Any, rows: Iterable[Any]) -> dict[int, str]:
    """{% waive_links rows as waives %}: by card, where planning can judge a measure without its answers."""
    return links_to_waive(context.request.user, [row.card for row in rows])


@register.simple_tag
def parties_without_head(measures: list[Measure]) -> dict[int, list[Organisation]]:
    """{% parties_without_head measures as mute %}: by measure, the parties in which nobody can confirm."""
    return agreements.parties_without_head(measures)


@register.filter
def of_figure(value: Decimal | None, figure: KeyFigure) -> str:
    """{{ target.value|of_figure:figure }}: with its unit, or the word of a judgement in steps."""
    return number_of(value, figure)


@register.filter
def lookup(found: dict[int, Any], key: int) -> Any:
    """{{ links|lookup:card.pk }}: what was found for a key; nothing if there is none."""
    return found.get(key)


@register.filter
def labels(organisations: Iterable[Organisation]) -> str:
    """{{ parties|labels }}: short names in a row."""
    return ", ".join(row.label for row in organisations)


@register.filter
def confirmation_badge(state: str) -> Badge:
    """{{ row.state|confirmation_badge }} for ``components/_badge.html``."""
    known = ConfirmationState(state)
    return Badge(_CONFIRMATION_KINDS.get(known, "neutral"), str(known.label))


@register.filter
def mute_badge(parties: list[Organisation]) -> Badge:
    """{{ parties|mute_badge }}: that nobody can confirm for these parties."""
    return Badge("warning", gettext("Nobody can confirm"))


@register.filter
def outcome_badge(outcome: str) -> Badge:
    """{{ evaluation.outcome|outcome_badge }} for ``components/_badge.html``."""
    known = EvaluationOutcome(outcome)
    return Badge(_OUTCOME_KINDS[known], str(known.label))


@register.simple_tag
def agreement_line(measure: Measure) -> AgreementLine:
    """{% agreement_line measure as line %}: where the agreement of a measure stands."""
    return agreement_lines([measure], AgreementFilter(), today=timezone.localdate())[0]


@register.simple_tag
def evaluation_items(recommendation: Recommendation) -> list[ItemLine]:
    """{% evaluation_items recommendation as lines %}: measures a request on evaluations lists."""
    return item_lines(recommendation)


@register.filter
def review_badge(result: str) -> Badge:
    """{{ review.result|review_badge }} for ``components/_badge.html``."""
    known = ReviewResult(result)
    return Badge("success" if known is ReviewResult.ON_COURSE else "warning", str(known.label))


@register.filter
def cells(row: CoverageRow, fields: Sequence[FieldOfAction]) -> list[tuple[FieldOfAction, list[Measure]]]:
    """{% for field, cell in row|cells:fields %}: each cell with its column."""
    return list(zip(fields, row.cells, strict=True))
