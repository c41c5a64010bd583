"""What lies before a meeting at an item: figures and statements of an area, or a recommendation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from workflows.models import AgendaItem, AreaProfile, RecommendationVersion, Statement, TaskCard
from workflows.selectors.conference import (
    LEAST_LIMIT,
    Figure,
    area_figures,
    figure_limit,
    statements_seen_by,
)
from workflows.selectors.recommendations import (
    Evidence as RecommendationEvidence,
)
from workflows.selectors.recommendations import evidence_of, recommendations_seen_by
from workflows.selectors.tasks import cards_addressed_to


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What the page shows beside an item.

    Attributes:
        profile: Profile of the area, released.
        figures: Of the area, protected by statistical secrecy.
        limit: Longest bar, in standard deviations.
        statements: On the area, as the reader may see them.
        version: Wording of the recommendation.
        evidence: What the recommendation rests on.
        card: The reader's task of recording the decision.
    """

    profile: AreaProfile | None = None
    figures: Sequence[Figure] = ()
    limit: float = LEAST_LIMIT
    statements: Sequence[Statement] = ()
    version: RecommendationVersion | None = None
    evidence: RecommendationEvidence | None = None
    card: TaskCard | None = None


def evidence_for(user: Any, item: AgendaItem) -> Evidence:
    """What lies before the meeting at an item, as the person may see it. Queries: about 10."""
    if item.area is not None:
        return _of_area(user, item)
    if item.recommendation is not None:
        return _of_recommendation(user, item)
    return Evidence()


def _of_area(user: Any, item: AgendaItem) -> Evidence:
    assert item.area is not None
    cycle = item.meeting.cycle
    figures = area_figures(cycle, [item.area])[item.area.pk]
    return Evidence(
        profile=cycle.profiles.filter(area=item.area, released_at__isnull=False).first(),
        figures=figures,
        limit=figure_limit(figures),
        statements=list(statements_seen_by(user, cycle).filter(area=item.area).order_by("pk")),
    )


def _of_recommendation(user: Any, item: AgendaItem) -> Evidence:
    assert item.recommendation_id is not None
    if not recommendations_seen_by(user).filter(pk=item.recommendation_id).exists():
        return Evidence()
    submitted = RecommendationVersion.objects.filter(
        recommendation=item.recommendation_id, submitted_at__isnull=False
    )
    version = submitted.select_related("addressee", "recommendation__cycle").order_by("-number").first()
    cards = cards_addressed_to(user).filter(
        is_open=True,
        body=item.meeting.body_id,
        task__process__recommendationprocess__recommendation=item.recommendation_id,
    )
    return Evidence(
        version=version,
        evidence=evidence_of(version) if version is not None else None,
        card=cards.select_related("task").first(),
    )
