"""Reads of co-signing: who was asked, what they answered, and what of it a person may read."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from project.common.formats import Badge
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible
from workflows.models import (
    Cosigning,
    CosignOrder,
    CosignRequest,
    CosignState,
    CosignVerdict,
    Recommendation,
    RecommendationVersion,
)
from workflows.models.cosigning import OPEN_COSIGN_STATES
from workflows.selectors.merged import merged_family, merged_origins

#: How an answer looks: kind of badge.
OUTCOME_KINDS: dict[str, str] = {
    CosignState.WAITING: "neutral",
    CosignState.ASKED: "info",
    CosignState.SILENT: "warning",
    CosignState.CALLED_OFF: "neutral",
    CosignVerdict.COSIGNED: "success",
    CosignVerdict.COMMENTED: "info",
    CosignVerdict.DISSENT: "danger",
}
_LABELS = {**dict(CosignState.choices), **dict(CosignVerdict.choices)}


@dataclasses.dataclass(frozen=True)
class Round:
    """One round of co-signing, as far as a person may read it."""

    cosigning: Cosigning
    requests: list[CosignRequest]

    @property
    def dissent_count(self) -> int:
        """Number of those who dissent."""
        return sum(row.outcome == CosignVerdict.DISSENT for row in self.requests)


def outcome_badge(request: CosignRequest) -> Badge:
    """Badge of an answer, or of where the question stands."""
    return Badge(OUTCOME_KINDS[request.outcome], str(_LABELS[request.outcome]))


def asked_of(user: Any) -> QuerySet[CosignRequest]:
    """Requests a person answers or answered for their organisation: what they are shown goes by these.

    What was never answered and is over opens nothing any more. Queries: none of its own.
    """
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    return CosignRequest.objects.filter(
        organisation__in=own, state__in=[CosignState.ASKED, CosignState.ANSWERED]
    )


def planned_cosigning(recommendation: Recommendation) -> Cosigning | None:
    """The round that begins when the wording is put before the conference. Queries: 1."""
    return recommendation.cosignings.filter(started_at__isnull=True, ended_at__isnull=True).first()


def is_being_cosigned(recommendation: Recommendation) -> bool:
    """Whether an answer is still waited for. Queries: 1."""
    return CosignRequest.objects.filter(
        cosigning__recommendation=recommendation,
        cosigning__started_at__isnull=False,
        cosigning__ended_at__isnull=True,
        state__in=OPEN_COSIGN_STATES,
    ).exists()


def is_overdue(request: CosignRequest) -> bool:
    """Whether an answer was due and has not come."""
    return (
        request.state == CosignState.ASKED
        and request.due_on is not None
        and request.due_on < timezone.localdate()
    )


def rounds_seen_by(user: Any, recommendation: Recommendation, *, shows_drafts: bool) -> list[Round]:
    """Rounds of co-signing of a recommendation that a person may read, the latest first.

    The conference reads all. Whoever reads what was submitted reads the answers on it and on the versions
    before it: a dissent does not vanish with a new wording. A co-signer reads the own answer and, in a
    sequence, those before.

    Args:
        user: Who reads.
        recommendation: One the person may see.
        shows_drafts: Whether the person reads drafts of it.

    Returns:
        Rounds that have begun (the conference: also the one planned) with their requests. Queries: at most 4.
    """
    requests = CosignRequest.objects.select_related("organisation", "answer", "answer__answered_by")
    family = {recommendation.pk}
    submitted = recommendation.versions.filter(submitted_at__isnull=False).order_by("-number").first()
    is_read = submitted is not None and _sees_submitted(user, recommendation)
    if shows_drafts or is_read:
        # A dissent on what was merged into it does not vanish either.
        family |= merged_family([recommendation.pk], origins=True, heirs=False)
    rows = list(
        Cosigning.objects.filter(recommendation__in=family)
        .select_related("version", "created_by", "recommendation__cycle")
        .prefetch_related(Prefetch("requests", requests.order_by("position")))
        .order_by("-pk")
    )
    if shows_drafts:
        return [Round(row, list(row.requests.all())) for row in rows]
    last = submitted.number if submitted is not None and is_read else 0
    own = set(asked_of(user).filter(cosigning__recommendation=recommendation).values_list("pk", flat=True))
    found = []
    for row in rows:
        seen = list(row.requests.all())
        is_own = row.recommendation_id == recommendation.pk
        if row.version is None or (is_own and row.version.number > last):
            seen = _beside_own(row, seen, own)
        if row.version is not None and seen:
            found.append(Round(row, seen))
    return found


def answers_before_body(versions: Iterable[RecommendationVersion]) -> dict[int, list[CosignRequest]]:
    """What the steering group reads beside versions: who was asked on them or on one before.

    Also on what was merged into them: a dissent does not vanish with a merging.

    Args:
        versions: At most one of each recommendation.

    Returns:
        Key of a version -> answers. Queries: 2, one more for each step of merging.
    """
    asked = list(versions)
    origins = merged_origins(version.recommendation_id for version in asked)
    family = set(origins).union(*origins.values())
    rows = CosignRequest.objects.filter(
        cosigning__recommendation__in=family, cosigning__version__isnull=False
    ).exclude(state__in=[CosignState.WAITING, CosignState.CALLED_OFF])
    found: dict[int, list[CosignRequest]] = defaultdict(list)
    joined = rows.select_related("organisation", "answer", "cosigning__version")
    for row in joined:
        found[row.cosigning.recommendation_id].append(row)
    return {
        version.pk: sorted(
            (
                row
                for key in {version.recommendation_id} | origins[version.recommendation_id]
                for row in found[key]
                if key != version.recommendation_id or _is_upto(row, version)
            ),
            key=lambda row: (row.cosigning_id, row.position),
        )
        for version in asked
    }


def _is_upto(row: CosignRequest, version: RecommendationVersion) -> bool:
    """Whether somebody was asked on a version or on one before it."""
    asked = row.cosigning.version
    return asked is not None and asked.number <= version.number


def _sees_submitted(user: Any, recommendation: Recommendation) -> bool:
    process = getattr(recommendation, "process", None)
    keys = {recommendation.cycle_id, process.cycle_id if process is not None else recommendation.cycle_id}
    cycles = type(recommendation.cycle)._default_manager.filter(pk__in=keys)
    return visible(user, Perm.VIEW_CYCLE, cycles).exists()


def _beside_own(cosigning: Cosigning, requests: list[CosignRequest], own: set[int]) -> list[CosignRequest]:
    mine = [row for row in requests if row.pk in own]
    if not mine or cosigning.order != CosignOrder.SEQUENCE:
        return mine
    last = max(row.position for row in mine)
    return [row for row in requests if row.position <= last]
