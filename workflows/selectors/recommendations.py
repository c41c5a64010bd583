"""Reads of recommendations: who sees which version, evidence, and what changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from monitoring.models import Area, IndexResult, IndexRun
from stakeholders.permissions import Perm, visible
from workflows.models import (
    Decision,
    PlanningCycle,
    Recommendation,
    RecommendationState,
    RecommendationVersion,
    StageKind,
    Statement,
    UrgencyProposal,
)
from workflows.selectors.conference import Figure, area_figures
from workflows.selectors.cosigning import asked_of
from workflows.selectors.urgency import in_force, urgency_proposals

#: How a state looks: kind of badge.
STATE_KINDS: dict[str, str] = {
    RecommendationState.DRAFT: "neutral",
    RecommendationState.PROPOSED: "info",
    RecommendationState.SUBMITTED: "info",
    RecommendationState.RETURNED: "warning",
    RecommendationState.POSTPONED: "warning",
    RecommendationState.APPROVED: "success",
    RecommendationState.APPROVED_WITH_CONDITIONS: "success",
    RecommendationState.REJECTED: "danger",
    RecommendationState.WITHDRAWN: "neutral",
    RecommendationState.MERGED: "neutral",
}
_UNDER_WORK = (RecommendationState.DRAFT, RecommendationState.PROPOSED)


@dataclasses.dataclass(frozen=True)
class RecommendationFilter:
    """What a person wants to see of the recommendations."""

    state: str = ""
    area_pk: int | None = None
    urgency: str = ""
    search: str = ""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a version rests on: figures and statements, by area."""

    areas: list[AreaEvidence]
    other_statements: list[Statement]
    run: IndexRun | None
    # Files go with the statements: to all who see the cycle once its conference is over.
    offers_files: bool = False

    @property
    def statement_count(self) -> int:
        """Number of statements."""
        return len(self.other_statements) + sum(len(area.statements) for area in self.areas)


@dataclasses.dataclass(frozen=True)
class AreaEvidence:
    """Figures and statements on one area."""

    area: Area
    figures: list[Figure]
    statements: list[Statement]
    # What the index says of the area, and beside it what each body said last.
    result: IndexResult | None = None
    urgencies: Sequence[UrgencyProposal] = ()


def versions_seen_by(user: Any) -> QuerySet[RecommendationVersion]:
    """Versions a person may read.

    The conference reads all, whoever sees the cycle what was submitted, a co-signer besides the very version
    the organisation is asked about or has answered on, and nothing else of the drafts.

    Queries: none of its own.
    """
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    in_drafts = Q(recommendation__cycle__in=drafts) | Q(recommendation__process__cycle__in=drafts)
    in_cycle = Q(recommendation__cycle__in=cycles) | Q(recommendation__process__cycle__in=cycles)
    asked = asked_of(user).filter(cosigning__version=OuterRef("pk"))
    return RecommendationVersion.objects.filter(
        in_drafts | (in_cycle & Q(submitted_at__isnull=False)) | Q(Exists(asked))
    )


def recommendations_seen_by(user: Any) -> QuerySet[Recommendation]:
    """Recommendations a person may read.

    Those who take part in the conference see drafts; all others who see the cycle see what was once
    submitted, in its submitted wording, with a state that tells nothing of the work on the next version.
    Co-signers see what they are asked about or have answered on.

    Args:
        user: Who reads.

    Returns:
        Recommendations with ``seen_state``, ``seen_title`` and the readable versions prefetched, with what
        their lines show. Queries: 4 for any number of rows.
    """
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    submitted = RecommendationVersion.objects.filter(
        recommendation=OuterRef("pk"), submitted_at__isnull=False
    )
    in_drafts = Q(cycle__in=drafts) | Q(process__cycle__in=drafts)
    in_cycle = Q(cycle__in=cycles) | Q(process__cycle__in=cycles)
    latest = versions_seen_by(user).filter(recommendation=OuterRef("pk")).order_by("-number")
    is_asked = Exists(asked_of(user).filter(cosigning__recommendation=OuterRef("pk")))
    return (
        Recommendation.objects.annotate(
            has_submitted=Exists(submitted),
            shows_drafts=Case(When(in_drafts, then=Value(True)), default=Value(False)),
        )
        .annotate(
            sees_submitted=Case(
                When(in_cycle & Q(has_submitted=True), then=Value(True)), default=Value(False)
            )
        )
        .filter(Q(shows_drafts=True) | Q(sees_submitted=True) | Q(is_asked))
        .annotate(
            seen_state=Case(
                When(shows_drafts=True, then=F("state")),
                When(
                    sees_submitted=True,
                    state__in=_UNDER_WORK,
                    then=Value(RecommendationState.RETURNED.value),
                ),
                # To a co-signer it is before the conference, whatever the author does with the answers.
                When(state__in=_UNDER_WORK, then=Value(RecommendationState.PROPOSED.value)),
                default=F("state"),
                output_field=CharField(),
            ),
            seen_title=Subquery(latest.values("title")[:1]),
        )
        .select_related("cycle", "cycle__territory", "created_by", "process")
        .prefetch_related(versions_prefetch(user))
    )


def recommendations_of(
    user: Any, cycle: PlanningCycle, wanted: RecommendationFilter
) -> QuerySet[Recommendation]:
    """Recommendations written in a cycle or carried into it, as far as the person may read them.

    Args:
        user: Who reads.
        cycle: A cycle the user may see.
        wanted: Narrows the list.

    Returns:
        Recommendations with versions, their addressee, field and areas, and decisions. Queries: 5 for any
        number of rows.
    """
    rows = recommendations_seen_by(user).filter(Q(cycle=cycle) | Q(process__cycle=cycle))
    if wanted.state:
        rows = rows.filter(Q(("seen_state", wanted.state)))
    readable = versions_seen_by(user).filter(recommendation=OuterRef("pk"))
    if wanted.area_pk is not None:
        rows = rows.filter(Exists(readable.filter(areas=wanted.area_pk)))
    if wanted.urgency:
        rows = rows.filter(Exists(readable.filter(urgency=wanted.urgency)))
    if wanted.search:
        texts = Q()
        for name in ("title", "finding", "need", "aim", "proposal", "alternatives", "file_reference"):
            texts |= Q(**{f"{name}__icontains": wanted.search})
        rows = rows.filter(Exists(readable.filter(texts)))
    return rows.prefetch_related(decisions_prefetch())


def versions_prefetch(user: Any) -> Prefetch[Any]:
    """Versions the person may read, with what their lines show."""
    return Prefetch(
        "versions",
        versions_seen_by(user)
        .select_related("addressee", "created_by")
        .prefetch_related("areas", "fields")
        .order_by("number"),
    )


def decisions_prefetch() -> Prefetch[Any]:
    """Decisions, the first one first."""
    return Prefetch("decisions", Decision.objects.select_related("meeting", "body").order_by("pk"))


def evidence_of(version: RecommendationVersion) -> Evidence:
    """What a version rests on, with the values of the run of its cycle.

    Args:
        version: The version.

    Returns:
        Evidence by area. Queries: 8.
    """
    cycle = version.recommendation.cycle
    indicators = list(version.indicators.all())
    areas = list(version.areas.all())
    statements = list(
        version.statements.select_related("area", "organisation", "indicator", "domain")
        .prefetch_related("files")
        .order_by("area__name", "pk")
    )
    figures = area_figures(cycle, areas, indicators=indicators) if indicators else {}
    chosen = {area.pk for area in areas}
    proposals = urgency_proposals(cycle, areas)
    results = {row.area_id: row for row in IndexResult.objects.filter(run=cycle.index_run_id, area__in=areas)}
    return Evidence(
        areas=[
            AreaEvidence(
                area=area,
                figures=figures.get(area.pk, []),
                statements=[row for row in statements if row.area_id == area.pk],
                result=results.get(area.pk),
                urgencies=in_force(proposals.get(area.pk, ())),
            )
            for area in areas
        ],
        other_statements=[row for row in statements if row.area_id not in chosen],
        run=cycle.index_run,
        offers_files=cycle.stage > StageKind.CONFERENCE,
    )
