"""Measures by state, each number leading to its list."""

from __future__ import annotations

import dataclasses

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from measures.models import ActionPlan, Measure
from measures.selectors.numbers import state_counts
from measures.selectors.standings import with_states
from measures.status import STATE_KINDS, STATE_LABELS, PortfolioState


@dataclasses.dataclass(frozen=True)
class StateTile:
    """A number that leads to its list."""

    number: int
    label: str
    kind: str
    url: str


def state_tiles(measures: QuerySet[Measure], plan: ActionPlan) -> list[StateTile]:
    """Tiles of the states in which there are measures. Queries: 2."""
    counts = state_counts(with_states(measures, timezone.localdate()))
    address = reverse("measures:measure-list", args=[plan.pk])
    return [
        StateTile(
            counts[state], str(STATE_LABELS[state]), STATE_KINDS[state], f"{address}?state={state.value}"
        )
        for state in PortfolioState
        if counts[state]
    ]
