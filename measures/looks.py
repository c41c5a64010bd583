"""How measures and milestones look in a timeline, and what that means in words: on screen and on paper."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.utils.translation import gettext as _

from measures.charts import Phase, SpanLook, Stone
from measures.models import Milestone
from measures.selectors.portfolio import MeasureRow
from measures.status import OVER, STATE_LABELS, PortfolioState


def span_look(row: MeasureRow) -> SpanLook:
    """Colour and outline of a measure in the timeline."""
    if row.state in OVER:
        return SpanLook(row.badge.kind, Phase.OVER)
    return SpanLook(row.badge.kind, Phase.RUNNING if row.measure.started_on else Phase.AHEAD)


def looks_in_words(rows: Iterable[MeasureRow]) -> list[tuple[SpanLook, str]]:
    """Every look that is drawn, with its words, in the order of the states.

    Args:
        rows: What is drawn.
    """
    order = list(STATE_LABELS)
    found: dict[tuple[SpanLook, str], None] = {}
    for row in sorted(rows, key=lambda row: order.index(row.state)):
        text = row.badge.text
        if row.state is PortfolioState.DELAYED and row.measure.started_on is None:
            text = _("%(state)s, not begun") % {"state": text}
        found[span_look(row), text] = None
    return list(found)


def stones_of(milestones: Iterable[Milestone], today: datetime.date) -> tuple[Stone, ...]:
    """Milestones as they are drawn: on the day they were reached, else on the day they are due.

    Args:
        milestones: Of a measure.
        today: The day looked from.
    """
    return tuple(
        Stone(
            row.reached_on or row.due_on,
            is_reached=row.reached_on is not None,
            is_late=row.reached_on is None and row.due_on < today,
        )
        for row in milestones
    )
