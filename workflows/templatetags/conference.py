"""Template words of recommendations and decisions."""

from django import template
from django.utils.safestring import SafeString

from project.templatetags.passgenau import badge
from workflows.models import DecisionResult, RecommendationState
from workflows.selectors.decisions import RESULT_KINDS
from workflows.selectors.recommendations import STATE_KINDS

register = template.Library()


@register.simple_tag
def recommendation_badge(state: str) -> SafeString:
    """{% recommendation_badge row.seen_state %} shows where a recommendation stands."""
    known = RecommendationState(state)
    return badge(STATE_KINDS[known], str(known.label))


@register.simple_tag
def decision_badge(result: str) -> SafeString:
    """{% decision_badge row.result %} shows what was decided."""
    known = DecisionResult(result)
    return badge(RESULT_KINDS[known], str(known.label))
