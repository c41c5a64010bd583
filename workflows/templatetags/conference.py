"""Template words of recommendations and decisions."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from project.templatetags.passgenau import badge
from workflows.forms.decisions import RESULT_ACTS
from workflows.models import Assignment, CosignRequest, DecisionResult, RecommendationState, UrgencyProposal
from workflows.selectors.assignments import STATE_KINDS as ASSIGNMENT_KINDS
from workflows.selectors.cosigning import outcome_badge
from workflows.selectors.decisions import RESULT_KINDS
from workflows.selectors.recommendations import STATE_KINDS
from workflows.selectors.urgency import in_force, index_says

register = template.Library()


@register.simple_tag
def recommendation_badge(state: str) -> SafeString:
    """{% recommendation_badge row.seen_state %} shows where a recommendation stands."""
    known = RecommendationState(state)
    return badge(STATE_KINDS[known], str(known.label))


@register.simple_tag
def put_to_vote(result: str) -> str:
    """{% put_to_vote poll.result %} says what members vote on, before it is decided."""
    return str(dict(RESULT_ACTS)[result])


@register.simple_tag
def decision_badge(result: str) -> SafeString:
    """{% decision_badge row.result %} shows what was decided."""
    known = DecisionResult(result)
    return badge(RESULT_KINDS[known], str(known.label))


@register.filter(name="index_says")
def index_says_filter(result: Any) -> str:
    """{{ result|index_says }} tells the class of an area, or whether it stands out."""
    return index_says(result)


@register.filter
def urgencies_in_force(proposals: Iterable[UrgencyProposal]) -> list[UrgencyProposal]:
    """{{ area.urgencies|urgencies_in_force }}: what each body said last."""
    return in_force(proposals)


@register.simple_tag
def cosign_badge(request: CosignRequest) -> SafeString:
    """{% cosign_badge row %} shows the answer of an organisation, or where the question stands."""
    shown = outcome_badge(request)
    return badge(shown.kind, shown.text)


@register.simple_tag
def assignment_badge(assignment: Assignment) -> SafeString:
    """{% assignment_badge row %} shows where an assignment stands, and whether it is late."""
    state = badge(ASSIGNMENT_KINDS[assignment.state], assignment.get_state_display())
    if assignment.is_overdue:
        return SafeString(f"{state} {badge('danger', gettext('overdue'))}")
    return state
