"""Reads of the planning conference: figures of an area, statements, who is invited."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from monitoring.models import Area, IndexScore, Indicator
from monitoring.secrecy import shown_value
from monitoring.selectors.runs import run_secrets
from project.common.formats import NBSP, figure_de
from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, can, visible
from workflows.models import (
    AreaProfile,
    Contribution,
    Meeting,
    PlanningCycle,
    Recommendation,
    RecommendationState,
    StageKind,
    Statement,
)
from workflows.selectors.cycles import cycle_recommendations

#: In a filter: statements of which nobody said it.
UNKNOWN = "unknown"
#: The scale of bars reaches at least this far (standard deviations), so that small ones look small.
LEAST_LIMIT = 3.0


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of the cycle's run as a person may see it."""

    area: Area
    indicator: Indicator
    text: str
    sign: str
    z: float | None


@dataclasses.dataclass(frozen=True)
class StatementFilter:
    """What a person wants to see of the statements."""

    area_pk: int | None = None
    organisation_pk: int | None = None
    position: str = ""
    search: str = ""
    confidence: str = ""
    source_group: str = ""
    domain_pk: int | None = None


def area_figures(
    cycle: PlanningCycle, areas: Iterable[Area], *, indicators: Iterable[Indicator] | None = None
) -> dict[int, list[Figure]]:
    """Figures of the cycle's run by area, the one that deviates most towards need first.

    Args:
        cycle: Cycle with a run; without one there are no figures.
        areas: Areas wanted.
        indicators: Indicators wanted; None for all of the run.

    Returns:
        Area key -> figures, protected by statistical secrecy. Queries: 6.
    """
    found: dict[int, list[Figure]] = defaultdict(list)
    if cycle.index_run is None:
        return found
    run_scores = IndexScore.objects.filter(run_id=cycle.index_run_id)
    if indicators is not None:
        run_scores = run_scores.filter(indicator__in=list(indicators))
    hidden = run_secrets(cycle.index_run)
    chosen = run_scores.filter(area__in=list(areas))
    for score in chosen.select_related("area", "indicator", "indicator__unit", "indicator__domain"):
        is_hidden = (score.area_id, score.indicator_id) in hidden
        found[score.area_id].append(_figure(score, is_hidden=is_hidden))
    for figures in found.values():
        figures.sort(key=lambda figure: (figure.z is None, -(figure.z or 0.0), figure.indicator.key))
    return found


def figure_limit(figures: Iterable[Figure]) -> float:
    """Scale of the bars of figures (standard deviations): the largest, at least ``LEAST_LIMIT``."""
    return max([LEAST_LIMIT, *(abs(row.z) for row in figures if row.z is not None)])


def _figure(score: IndexScore, *, is_hidden: bool) -> Figure:
    unit = score.indicator.unit
    shown = shown_value(
        score.value,
        score.sign,
        is_count=unit.is_count,
        is_hidden=is_hidden,
        threshold=score.indicator.least_count,
    )
    text = figure_de(shown.value, shown.sign, unit.decimals)
    if shown.value is not None:
        text = f"{text}{NBSP}{unit.symbol}"
    return Figure(
        area=score.area,
        indicator=score.indicator,
        text=text,
        sign="" if shown.value is not None else shown.sign,
        # The deviation would give a secret count away.
        z=None if shown.is_secret else score.z,
    )


def cycle_indicators(cycle: PlanningCycle, *, also: Iterable[int] = ()) -> QuerySet[Indicator]:
    """Indicators of the cycle's run; before there is one, those asked for; and some besides. Queries: 1."""
    chosen = Indicator.objects.select_related("domain", "unit")
    if cycle.index_run_id is not None:
        own = Q(pk__in=cycle.index_run.indicators.values("indicator"))  # type: ignore[union-attr]
    else:
        own = Q(pk__in=cycle.requests.values("indicators"))
    return chosen.filter(own | Q(pk__in=list(also))).order_by("domain__position", "domain__key", "key")


def conference_profiles(
    cycle: PlanningCycle, *, organisation: Organisation | None = None
) -> QuerySet[AreaProfile]:
    """Released profiles with the number of statements, of one organisation if given. Queries: 1."""
    statements = Q(area__statements__cycle=cycle)
    if organisation is not None:
        statements &= Q(area__statements__organisation=organisation)
    return (
        cycle.profiles.filter(released_at__isnull=False)
        .select_related("area")
        .annotate(statement_count=Count("area__statements", filter=statements, distinct=True))
        .order_by("area__name")
    )


def evidence_areas(cycle: PlanningCycle, *, also: Iterable[int] = ()) -> QuerySet[Area]:
    """Areas that a recommendation of the cycle can be about: with a released profile, and some besides."""
    released = cycle.profiles.filter(released_at__isnull=False)
    return Area.objects.filter(Q(pk__in=released.values("area")) | Q(pk__in=list(also))).order_by("name")


def statements_of(cycle: PlanningCycle, *, also: Iterable[int] = ()) -> QuerySet[Statement]:
    """Statements of a cycle, and some besides, with what their lines show. Queries: 2."""
    return (
        Statement.objects.filter(Q(cycle=cycle) | Q(pk__in=list(also)))
        .select_related("area", "organisation", "indicator", "domain", "indicator__domain")
        .prefetch_related("files")
    )


def statements_readable_by(user: Any) -> QuerySet[Statement]:
    """Statements of the cycles a person sees; while a conference works, its drafts and their own only.

    Queries: none of its own.
    """
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    seen = Q(cycle__in=drafts) | Q(cycle__in=cycles, cycle__stage__gt=StageKind.CONFERENCE)
    return Statement.objects.filter(seen | Q(cycle__in=cycles, organisation__in=own))


def own_statements(user: Any) -> QuerySet[Statement]:
    """Statements a person entered and may still read. Queries: none of its own."""
    rows = statements_readable_by(user).filter(created_by=user.pk)
    return rows.select_related("cycle", "area", "organisation", "indicator", "domain").prefetch_related(
        "files"
    )


def statements_seen_by(
    user: Any, cycle: PlanningCycle, wanted: StatementFilter | None = None
) -> QuerySet[Statement]:
    """Statements of a cycle that somebody who sees the cycle may read.

    While the conference works they are drafts; an organisation always sees its own.

    Args:
        user: Who reads.
        cycle: A cycle the user may see.
        wanted: Narrows the list.

    Returns:
        Statements by area. Queries: 2, and 1 or 2 for the rights.
    """
    rows = statements_of(cycle)
    if cycle.stage <= StageKind.CONFERENCE and not can(user, Perm.VIEW_DRAFTS, cycle):
        own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all())
        rows = rows.filter(organisation__in=own.values("pk"))
    if wanted is None:
        return rows
    if wanted.area_pk is not None:
        rows = rows.filter(area_id=wanted.area_pk)
    if wanted.organisation_pk is not None:
        rows = rows.filter(organisation_id=wanted.organisation_pk)
    if wanted.position:
        rows = rows.filter(position=wanted.position)
    if wanted.confidence:
        rows = rows.filter(confidence="" if wanted.confidence == UNKNOWN else wanted.confidence)
    if wanted.source_group:
        rows = rows.filter(source_group=wanted.source_group)
    if wanted.domain_pk is not None:
        rows = rows.filter(domain_id=wanted.domain_pk)
    if wanted.search:
        rows = rows.filter(
            Q(text__icontains=wanted.search)
            | Q(area__name__icontains=wanted.search)
            | Q(organisation__name__icontains=wanted.search)
            | Q(indicator__name_de__icontains=wanted.search)
            | Q(indicator__name_en__icontains=wanted.search)
            | Q(domain__name_de__icontains=wanted.search)
            | Q(domain__name_en__icontains=wanted.search)
        )
    return rows


def members_of(body: Body) -> QuerySet[Organisation]:
    """Organisations with a seat in a body today. Queries: 1."""
    seats = body.memberships.on(timezone.localdate())
    return Organisation.objects.filter(pk__in=seats.values("organisation")).order_by("name")


def invitable(cycle: PlanningCycle) -> QuerySet[Organisation]:
    """Organisations that can be invited: the territory's active ones. Queries: 1."""
    return Organisation.objects.filter(territory_id=cycle.territory_id, is_active=True).order_by(
        "kind", "name"
    )


def meeting_of(cycle: PlanningCycle, body: Body) -> Meeting | None:
    """The latest meeting of a body in the cycle that was not called off. Queries: 1."""
    return cycle.meetings.filter(body=body, cancelled_at__isnull=True).order_by("-held_on", "-pk").first()


def contributions_of(cycle: PlanningCycle) -> QuerySet[Contribution]:
    """Who was asked for statements, with the number given. Queries: 1."""
    given = Q(organisation__statements__cycle=cycle)
    return (
        cycle.contributions.select_related("organisation")
        .annotate(statement_count=Count("organisation__statements", filter=given, distinct=True))
        .order_by("organisation__name")
    )


def unfinished_recommendations(cycle: PlanningCycle) -> QuerySet[Recommendation]:
    """Recommendations still with their author or the chair: the cycle waits for them. Queries: 1."""
    return cycle_recommendations(cycle).filter(
        state__in=[RecommendationState.DRAFT, RecommendationState.PROPOSED]
    )
