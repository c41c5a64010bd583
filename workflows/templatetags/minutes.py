"""Template words of minutes and of the items of a meeting."""

from django import template
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import pgettext_lazy

from project.templatetags.passgenau import badge
from workflows import minutes_words
from workflows.minutes_draft import outcome_words as words_of_outcome
from workflows.models import MinutesState
from workflows.selectors.minutes import STATE_KINDS

register = template.Library()

_ITEM_STATES: dict[str, tuple[str, str | Promise]] = {
    "open": ("neutral", pgettext_lazy("state of an agenda item", "open")),
    "current": ("info", pgettext_lazy("state of an agenda item", "called")),
    "done": ("success", pgettext_lazy("state of an agenda item", "finished")),
    "postponed": ("warning", pgettext_lazy("state of an agenda item", "postponed")),
}

for word in (
    minutes_words.presence_words,
    minutes_words.seat_words,
    minutes_words.stay_words,
    minutes_words.span_words,
    minutes_words.quorum_words,
    minutes_words.decision_heading,
    minutes_words.decision_lines,
    minutes_words.signature_words,
    minutes_words.clock,
):
    register.filter(word.__name__, word)
register.filter("outcome_words", words_of_outcome)


@register.simple_tag
def minutes_badge(state: str) -> SafeString:
    """{% minutes_badge row.state %} shows how far minutes are."""
    known = MinutesState(state)
    return badge(STATE_KINDS[known], str(known.label))


@register.simple_tag
def item_badge(state: str) -> SafeString:
    """{% item_badge line.state %} shows where an item of a meeting stands."""
    kind, text = _ITEM_STATES[state]
    return badge(kind, str(text))
