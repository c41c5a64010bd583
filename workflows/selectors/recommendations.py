"""Reads of recommendations: who sees which version, evidence, what changed, the steering group's agenda."""

from __future__ import annotations

import dataclasses
import datetime
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
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from monitoring.models import Area, IndexRun
from stakeholders.permissions import Perm, visible
from workflows.comparison import Segment, compare_words
from workflows.models import (
    Decision,
    Meeting,
    PlanningCycle,
    Recommendation,
    RecommendationReturn,
    RecommendationState,
    RecommendationVersion,
    Statement,
    TaskCard,
)
from workflows.selectors.conference import Figure, area_figures
from workflows.selectors.decisions import likely_meeting, meetings_to_decide_in

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
}
_UNDER_WORK = (RecommendationState.DRAFT, RecommendationState.PROPOSED)


@dataclasses.dataclass(frozen=True)
class RecommendationFilter:
    """What a person wants to see of the recommendations."""

    state: str = ""
    area_pk: int | None = None
    search: str = ""


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a version rests on: figures and statements, by area."""

    areas: list[AreaEvidence]
    other_statements: list[Statement]
    run: IndexRun | None

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


@dataclasses.dataclass(frozen=True)
class FieldChange:
    """What changed in one part of a recommendation."""

    label: str | Promise
    segments: list[Segment]


@dataclasses.dataclass(frozen=True)
class AgendaItem:
    """A recommendation on the steering group's agenda."""

    position: int
    recommendation: Recommendation
    title: str
    decision: Decision | None
    is_current: bool


def recommendations_seen_by(user: Any) -> QuerySet[Recommendation]:
    """Recommendations a person may read.

    Those who take part in the conference see drafts; all others who see the cycle see what was once
    submitted, in its submitted wording, with a state that tells nothing of the work on the next version.

    Args:
        user: Who reads.

    Returns:
        Recommendations with ``seen_state``, ``seen_title`` and the readable versions prefetched.
        Queries: 2 for any number of rows.
    """
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    submitted = RecommendationVersion.objects.filter(
        recommendation=OuterRef("pk"), submitted_at__isnull=False
    )
    in_drafts = Q(cycle__in=drafts) | Q(process__cycle__in=drafts)
    in_cycle = Q(cycle__in=cycles) | Q(process__cycle__in=cycles)
    latest = RecommendationVersion.objects.filter(recommendation=OuterRef("pk")).order_by("-number")
    return (
        Recommendation.objects.annotate(
            has_submitted=Exists(submitted),
            shows_drafts=Case(When(in_drafts, then=Value(True)), default=Value(False)),
        )
        .filter(Q(shows_drafts=True) | (in_cycle & Q(has_submitted=True)))
        .annotate(
            seen_state=Case(
                When(
                    Q(shows_drafts=False) & Q(state__in=_UNDER_WORK),
                    then=Value(RecommendationState.RETURNED.value),
                ),
                default=F("state"),
                output_field=CharField(),
            ),
            seen_title=Case(
                When(shows_drafts=True, then=Subquery(latest.values("title")[:1])),
                default=Subquery(latest.filter(submitted_at__isnull=False).values("title")[:1]),
            ),
        )
        .select_related("cycle", "cycle__territory", "created_by", "process")
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
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    readable = (
        Q(submitted_at__isnull=False)
        | Q(recommendation__cycle__in=drafts)
        | Q(recommendation__process__cycle__in=drafts)
    )
    if wanted.area_pk is not None:
        holding = RecommendationVersion.objects.filter(
            readable, recommendation=OuterRef("pk"), areas=wanted.area_pk
        )
        rows = rows.filter(Exists(holding))
    if wanted.search:
        words = wanted.search
        texts = Q()
        for name in ("title", "finding", "aim", "proposal"):
            texts |= Q(**{f"{name}__icontains": words})
        rows = rows.filter(
            Exists(RecommendationVersion.objects.filter(readable, texts, recommendation=OuterRef("pk")))
        )
    return rows.prefetch_related(versions_prefetch(), decisions_prefetch())


def versions_prefetch() -> Prefetch[Any]:
    """Versions with what their lines show."""
    return Prefetch(
        "versions",
        RecommendationVersion.objects.select_related("addressee", "field", "created_by").prefetch_related(
            "areas"
        ),
    )


def decisions_prefetch() -> Prefetch[Any]:
    """Decisions, the first one first."""
    return Prefetch("decisions", Decision.objects.select_related("meeting", "body").order_by("pk"))


def seen_versions(recommendation: Recommendation, *, shows_drafts: bool) -> list[RecommendationVersion]:
    """Versions a person may read, the first one first; uses prefetched versions where there are any."""
    return [
        version
        for version in recommendation.versions.all()
        if shows_drafts or version.submitted_at is not None
    ]


def evidence_of(version: RecommendationVersion) -> Evidence:
    """What a version rests on, with the values of the run of its cycle.

    Args:
        version: The version.

    Returns:
        Evidence by area. Queries: 5.
    """
    cycle = version.recommendation.cycle
    indicators = list(version.indicators.all())
    areas = list(version.areas.all())
    statements = list(
        version.statements.select_related("area", "organisation", "indicator", "domain").order_by(
            "area__name", "pk"
        )
    )
    figures = area_figures(cycle, areas, indicators=indicators) if indicators else {}
    chosen = {area.pk for area in areas}
    return Evidence(
        areas=[
            AreaEvidence(
                area=area,
                figures=figures.get(area.pk, []),
                statements=[row for row in statements if row.area_id == area.pk],
            )
            for area in areas
        ],
        other_statements=[row for row in statements if row.area_id not in chosen],
        run=cycle.index_run,
    )


def changes_between(old: RecommendationVersion, new: RecommendationVersion) -> list[FieldChange]:
    """What changed from one version to a later one, part by part; unchanged parts are left out.

    Args:
        old: The earlier version.
        new: The later version.

    Returns:
        Changed parts in the order of the page. Queries: 6.
    """
    parts: list[tuple[str | Promise, str, str]] = [
        (_("Title"), old.title, new.title),
        (_("Finding"), old.finding, new.finding),
        (_("Aim"), old.aim, new.aim),
        (_("Proposal"), old.proposal, new.proposal),
        (_("Cost and consequences"), old.cost, new.cost),
        (_("Addressee"), str(old.addressee), str(new.addressee)),
        (_("Field of action"), str(old.field or ""), str(new.field or "")),
    ]
    changes = [
        FieldChange(label, compare_words(before, after)) for label, before, after in parts if before != after
    ]
    for label, name in (
        (_("Areas"), "areas"),
        (_("Indicators as evidence"), "indicators"),
        (_("Statements as evidence"), "statements"),
    ):
        segments = _list_changes(list(getattr(old, name).all()), list(getattr(new, name).all()))
        if segments:
            changes.append(FieldChange(label, segments))
    return changes


def _list_changes(old: Sequence[Any], new: Sequence[Any]) -> list[Segment]:
    before, after = {row.pk: row for row in old}, {row.pk: row for row in new}
    if set(before) == set(after):
        return []
    gone = [Segment("removed", _listed(row)) for pk, row in before.items() if pk not in after]
    come = [Segment("added", _listed(row)) for pk, row in after.items() if pk not in before]
    return gone + come


def _listed(row: Any) -> str:
    return f"{row}: {row.text}" if isinstance(row, Statement) else str(row)


def changes_since_return(
    recommendation: Recommendation, *, of_body: bool
) -> tuple[RecommendationReturn | None, list[FieldChange]]:
    """The latest return and what changed since the returned version.

    Args:
        recommendation: The recommendation.
        of_body: Only returns of the steering group; those of drafts stay within the conference.

    Returns:
        The return, if there is one, and the changed parts. Queries: 1, or 9 with a return.
    """
    returns = RecommendationReturn.objects.filter(version__recommendation=recommendation)
    if of_body:
        returns = returns.filter(version__submitted_at__isnull=False)
    returned = returns.select_related("version", "returned_by").order_by("-pk").first()
    if returned is None:
        return None, []
    latest = recommendation.versions.order_by("-number").select_related("addressee", "field").first()
    if latest is None or latest.pk == returned.version_id:
        return returned, []
    return returned, changes_between(returned.version, latest)


def agenda_of(meeting: Meeting, *, current: Recommendation | None = None) -> list[AgendaItem]:
    """The steering group's agenda: what was decided in the meeting, and what still waits for a decision.

    In the order of the recommendations, so that an item keeps its place when one after it is decided first.

    Args:
        meeting: Meeting of a steering group.
        current: The item before the reader, if any.

    Returns:
        Items in order. Queries: 4.
    """
    decided = list(
        meeting.decisions.select_related("recommendation", "recommendation__cycle", "version").order_by("pk")
    )
    rows: list[tuple[Recommendation, str, Decision | None]] = [
        (row.recommendation, row.version.title, row) for row in decided
    ]
    if meeting.closed_at is None:
        done = {row.recommendation_id for row in decided}
        rows += [
            (row, row.current.title if row.current else "", None)
            for row in _waiting(meeting.cycle_id)
            if (current is not None and row.pk == current.pk)
            or (row.pk not in done and _is_due(row, meeting.held_on))
        ]
    rows.sort(key=lambda row: (row[0].cycle.starts_year, row[0].number))
    return [
        AgendaItem(
            position=position,
            recommendation=recommendation,
            title=title,
            decision=decision,
            is_current=current is not None and recommendation.pk == current.pk and decision is None,
        )
        for position, (recommendation, title, decision) in enumerate(rows, start=1)
    ]


def next_to_decide(user: Any, decision: Decision) -> Task | None:
    """The task of the item after a decision of which the person can record what the meeting decided.

    After the last item come those before it that were passed over. Never one whose page would offer another
    meeting first. Queries: 5, and a few for the rights and the meetings of each item looked at.
    """
    meeting = decision.meeting
    agenda = agenda_of(meeting)
    here = next((item.position for item in agenda if item.decision == decision), 0)
    waiting = [item.recommendation.pk for item in agenda[here:] + agenda[:here] if item.decision is None]
    cards = TaskCard.objects.filter(
        is_open=True,
        body=meeting.body_id,
        task__process__recommendationprocess__recommendation__in=waiting,
    ).select_related("task", "task__process__recommendationprocess")
    of = {card.task.process.recommendationprocess.recommendation_id: card.task for card in cards}
    tasks = [of[pk] for pk in waiting if pk in of]
    may = (
        task
        for task in tasks
        if (task.flow_task.can_execute(user, task) or task.flow_task.can_assign(user, task))
        and likely_meeting(meetings_to_decide_in(task.process.recommendationprocess.recommendation))
        == meeting
    )
    return next(may, None)


def agenda_items(cycle: PlanningCycle) -> list[AgendaItem]:
    """What waits for the steering group before a meeting is set, postponed ones included. Queries: 3."""
    return [
        AgendaItem(position, row, row.current.title if row.current else "", None, is_current=False)
        for position, row in enumerate(_waiting(cycle.pk), start=1)
    ]


def _waiting(cycle_pk: int) -> QuerySet[Recommendation]:
    return (
        Recommendation.objects.filter(
            process__cycle=cycle_pk,
            state__in=[RecommendationState.SUBMITTED, RecommendationState.POSTPONED],
        )
        .select_related("cycle")
        .prefetch_related("versions", decisions_prefetch())
        .order_by("cycle__starts_year", "number")
    )


def _is_due(recommendation: Recommendation, day: datetime.date) -> bool:
    """A postponed one comes up again on its day, not before."""
    if recommendation.state != RecommendationState.POSTPONED:
        return True
    until = [row.postponed_until for row in recommendation.decisions.all() if row.postponed_until]
    return not until or until[-1] <= day
