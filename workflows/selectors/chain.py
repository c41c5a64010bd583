"""The chain from a delivered figure to a measure, walked from any of its links: why, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, Q, QuerySet

from measures.models import Measure
from monitoring.models import Area, Delivery, IndexResult, IndexRunIndicator, IndexScore, Indicator
from stakeholders.permissions import Perm, visible
from workflows.models import (
    AreaProfile,
    Decision,
    MeasureOrigin,
    PlanningCycle,
    Recommendation,
    RecommendationVersion,
    SpaceIdea,
    StageKind,
    Statement,
)
from workflows.selectors.analysis import profiles_seen_by
from workflows.selectors.chain_nodes import KINDS as KINDS
from workflows.selectors.chain_nodes import (
    ORDER,
    Chain,
    Found,
    levels_of,
    merged_levels,
    nodes_of,
    shown_indicators,
)
from workflows.selectors.conference import area_figures, statements_readable_by
from workflows.selectors.decisions import decisions_seen_by
from workflows.selectors.merged import merged_family
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.space_conferences import ideas_seen_by, published_answers

#: Most things shown of a kind.
SHOWN = 50

# --- Where to begin ----------------------------------------------------------------------------------


def startable(user: Any, kind: str) -> QuerySet[Any]:
    """Things of a kind from which the person may walk the chain: those they may see."""
    match kind:
        case "measure":
            return visible(
                user, Perm.VIEW_MEASURE, Measure.objects.select_related("field", "plan", "responsible")
            )
        case "idea":
            return ideas_seen_by(user)
        case "decision":
            return decisions_seen_by(user)
        case "recommendation":
            return recommendations_seen_by(user)
        case "statement":
            return _statements_seen_by(user)
        case "area":
            return visible(user, Perm.VIEW_AREA, Area.objects.select_related("territory"))
        case "indicator":
            # The catalogue is one for all territories; whoever sees any area may read it.
            areas = visible(user, Perm.VIEW_AREA, Area.objects.all())
            return Indicator.objects.select_related("domain", "unit").filter(Exists(areas))
        case "delivery":
            return visible(user, Perm.VIEW_DELIVERY, Delivery.objects.select_related("supplier", "territory"))
    raise KeyError(kind)


def _statements_seen_by(user: Any) -> QuerySet[Statement]:
    """Statements a person may read, with what their links show."""
    return statements_readable_by(user).select_related("area", "organisation", "indicator", "cycle")


# --- The chain ---------------------------------------------------------------------------------------


def chain_from(user: Any, kind: str, start: Any) -> Chain:
    """The whole chain of which a thing is a link.

    What the person may not see is left out, and not counted either.

    Args:
        user: Who walks.
        kind: One of ``KINDS``.
        start: Row of that kind, taken from ``startable``.

    Returns:
        The thing, its reasons (nearest first) and its results (nearest first). Queries: about 20 for any
        number of rows.
    """
    found = _gather(user, kind, start)
    levels = levels_of(kind, found)
    position = ORDER.index(kind)
    start_node = next(iter(nodes_of(kind, [start], found)))
    origins, heirs = merged_levels(start, found) if kind == "recommendation" else ([], [])
    return Chain(
        kind=kind,
        label=str(KINDS[kind]),
        start=start_node,
        reasons=origins + [levels[name] for name in ORDER[position + 1 :] if levels[name].nodes],
        results=heirs + [levels[name] for name in reversed(ORDER[:position]) if levels[name].nodes],
    )


def _gather(user: Any, kind: str, start: Any) -> Found:
    found = Found(recommendations=_recommendations(user, kind, start))
    versions = _versions(kind, start, _reasons_among(kind, start, found.recommendations))
    keys = [row.pk for row in found.recommendations]
    found.decisions = _decisions(user, kind, start, keys)
    found.measures = _measures(user, kind, start, keys)
    found.ideas = _ideas(user, kind, start, keys)
    found.statements = _statements(user, kind, start, versions)
    found.areas = _areas(user, kind, start, versions)
    found.indicators = _indicators(user, kind, start, versions, found.areas)
    cycle = _cycle_of_figures(user, kind, start, found)
    if cycle is not None and found.areas:
        found.figures = area_figures(cycle, found.areas, indicators=found.indicators)
        results = IndexResult.objects.filter(run_id=cycle.index_run_id, area__in=found.areas)
        found.results = {row.area_id: row for row in results}
    found.deliveries = _deliveries(user, kind, start, cycle, found)
    return found


def _reasons_among(kind: str, start: Any, rows: list[Any]) -> list[Any]:
    """Recommendations whose wording gives reasons: not what others brought to the one it was merged into."""
    if kind != "recommendation":
        return rows
    keys = merged_family([start.pk], origins=True, heirs=False)
    return [row for row in rows if row.pk in keys]


def _recommendations(user: Any, kind: str, start: Any) -> list[Any]:
    conditions = {
        "measure": lambda: Q(pk__in=MeasureOrigin.objects.filter(measure=start).values("recommendation")),
        # What it was entered on, and what it was taken up in.
        "idea": lambda: (
            Q(pk=start.recommendation_id)
            | Q(pk__in=published_answers().filter(idea=start).values("recommendation"))
        ),
        "decision": lambda: Q(pk=start.recommendation_id),
        "recommendation": lambda: Q(pk=start.pk),
        "statement": lambda: Q(pk__in=_versions_with(statements=start)),
        "area": lambda: Q(pk__in=_versions_with(areas=start)),
        "indicator": lambda: Q(pk__in=_versions_with(indicators=start)),
        "delivery": lambda: Q(
            cycle__in=start.requests.values("cycle"),
            pk__in=_versions_with(indicators__in=start.requests.values("indicators")),
        ),
    }
    keys = set(Recommendation.objects.filter(conditions[kind]()).values_list("pk", flat=True))
    # What was merged is walked through: from a reason on to where it went, from a result back to all of them.
    keys = merged_family(
        keys,
        origins=kind in {"measure", "idea", "decision", "recommendation"},
        heirs=kind not in {"measure", "idea", "decision"},
    )
    rows = recommendations_seen_by(user).filter(pk__in=keys)
    rows = rows.prefetch_related("versions__indicators", "versions__statements")
    return list(rows.order_by("cycle", "number")[:SHOWN])


def _versions_with(**conditions: Any) -> QuerySet[Any]:
    return RecommendationVersion.objects.filter(**conditions).values("recommendation")


def _versions(kind: str, start: Any, recommendations: Sequence[Any]) -> list[RecommendationVersion]:
    """The wording that counts: what was decided on; else the last one the person may read."""
    if kind == "decision":
        wanted = {start.version_id}
    elif kind == "measure":
        wanted = set(MeasureOrigin.objects.filter(measure=start).values_list("decision__version", flat=True))
    else:
        wanted = set()
    found = []
    for row in recommendations:
        readable = list(row.versions.all())
        chosen = [version for version in readable if version.pk in wanted]
        found += chosen or readable[-1:]
    return found


def _decisions(user: Any, kind: str, start: Any, recommendations: Sequence[int]) -> list[Decision]:
    rows = decisions_seen_by(user)
    if kind == "measure":
        rows = rows.filter(measure_origins__measure=start)
    else:
        rows = rows.filter(recommendation__in=recommendations)
    return list(rows.order_by("-year", "-number", "pk").distinct()[:SHOWN])


def _measures(user: Any, kind: str, start: Any, recommendations: Sequence[int]) -> list[Measure]:
    if kind == "measure":
        return [start]
    origins = MeasureOrigin.objects.filter(recommendation__in=recommendations)
    if kind == "decision":
        origins = MeasureOrigin.objects.filter(decision=start)
    condition = Q(pk__in=origins.values("measure"))
    if kind == "idea":
        condition = Q(pk__in=published_answers().filter(idea=start).values("measure"))
    if kind == "area":
        condition |= Q(areas=start)
    rows = visible(user, Perm.VIEW_MEASURE, Measure.objects.select_related("field", "responsible"))
    return list(rows.filter(condition).order_by("plan", "field__number", "position", "pk").distinct()[:SHOWN])


def _ideas(user: Any, kind: str, start: Any, recommendations: Sequence[int]) -> list[SpaceIdea]:
    """Ideas of evenings: entered on a recommendation or taken up in it, or what became the measure."""
    if kind == "idea":
        return [start]
    if kind == "measure":
        condition = Q(pk__in=published_answers().filter(measure=start).values("idea"))
    else:
        taken_up = published_answers().filter(recommendation__in=recommendations)
        condition = Q(recommendation__in=recommendations) | Q(pk__in=taken_up.values("idea"))
    if kind == "area":
        condition |= Q(conference__area=start)
    rows = ideas_seen_by(user).filter(condition)
    return list(rows.order_by("-conference__held_on", "conference", "number")[:SHOWN])


def _statements(
    user: Any, kind: str, start: Any, versions: Sequence[RecommendationVersion]
) -> list[Statement]:
    seen = _statements_seen_by(user)
    if kind == "area":
        return list(seen.filter(area=start).order_by("-created_at", "pk")[:SHOWN])
    if kind == "indicator":
        return list(seen.filter(indicator=start).order_by("-created_at", "pk")[:SHOWN])
    if kind == "delivery":
        condition = Q(cycle__in=start.requests.values("cycle"))
        return list(
            seen.filter(condition, indicator__in=start.requests.values("indicators")).distinct()[:SHOWN]
        )
    wanted = {row.pk for version in versions for row in version.statements.all()}
    return list(seen.filter(pk__in=wanted).order_by("area__name", "pk")[:SHOWN])


def _areas(user: Any, kind: str, start: Any, versions: Sequence[RecommendationVersion]) -> list[Area]:
    if kind == "area":
        return [start]
    wanted = {row.pk for version in versions for row in version.areas.all()}
    if kind == "statement":
        wanted = {start.area_id}
    if kind == "idea":
        wanted.add(start.conference.area_id)
    if kind in {"indicator", "delivery"}:
        wanted |= set(_chosen_by(user, kind, start).values_list("area", flat=True))
    if kind == "measure" and not wanted:
        wanted = set(start.areas.values_list("pk", flat=True))
    rows = visible(user, Perm.VIEW_AREA, Area.objects.filter(pk__in=wanted))
    return list(rows.order_by("name", "pk")[:SHOWN])


def _chosen_by(user: Any, kind: str, start: Any) -> QuerySet[AreaProfile]:
    """Profiles of the areas that were chosen from an index in which an indicator or a delivery had a part."""
    runs: QuerySet[Any, Any]
    if kind == "indicator":
        runs = IndexRunIndicator.objects.filter(indicator=start).values("run")
    else:
        runs = IndexScore.objects.filter(source__delivery=start).values("run")
    return profiles_seen_by(user).filter(cycle__index_run__in=runs)


def _indicators(
    user: Any, kind: str, start: Any, versions: Sequence[RecommendationVersion], areas: Sequence[Area]
) -> list[Indicator]:
    rows = Indicator.objects.select_related("domain", "unit").order_by("domain__position", "key")
    if kind == "indicator":
        return [start]
    if kind == "delivery":
        return list(rows.filter(requests__delivery=start).distinct()[:SHOWN])
    if kind == "area":
        # Of a whole area the figures that deviate most; which these are is decided when they are read.
        return list(rows.filter(is_active=True))
    if not areas:
        return []
    if kind == "statement" and start.indicator_id:
        return list(rows.filter(pk=start.indicator_id))
    wanted = {row.pk for version in versions for row in version.indicators.all()}
    return list(rows.filter(pk__in=wanted)[:SHOWN])


def _cycle_of_figures(user: Any, kind: str, start: Any, found: Found) -> PlanningCycle | None:
    """The cycle whose run says how far the figures deviate."""
    if kind in {"statement"}:
        keys = [start.cycle_id]
    elif found.recommendations:
        keys = [row.cycle_id for row in found.recommendations]
    elif kind == "idea":
        keys = [start.conference.cycle_id]
    elif kind == "area":
        keys = list(PlanningCycle.objects.filter(territory=start.territory_id).values_list("pk", flat=True))
    else:
        return None
    drafts = visible(user, Perm.VIEW_DRAFTS, PlanningCycle.objects.all()).values("pk")
    cycles = visible(
        user, Perm.VIEW_CYCLE, PlanningCycle.objects.filter(pk__in=keys, index_run__isnull=False)
    )
    # The run is internal until the profiles go to the conference.
    cycles = cycles.filter(Q(stage__gte=StageKind.CONFERENCE) | Q(pk__in=drafts))
    return cycles.select_related("index_run").order_by("-starts_year", "-pk").first()


def _deliveries(
    user: Any, kind: str, start: Any, cycle: PlanningCycle | None, found: Found
) -> list[Delivery]:
    if kind == "delivery":
        return [start]
    seen = visible(user, Perm.VIEW_DELIVERY, Delivery.objects.select_related("supplier"))
    if kind == "indicator":
        condition = Q(requests__indicators=start, accepted_at__isnull=False)
    elif cycle is not None and found.areas and found.indicators:
        sources = IndexScore.objects.filter(
            run_id=cycle.index_run_id,
            area__in=found.areas,
            indicator__in=shown_indicators(kind, found),
            source__isnull=False,
        )
        condition = Q(pk__in=sources.values("source__delivery"))
    else:
        return []
    return list(seen.filter(condition).order_by("-created_at", "pk").distinct()[:SHOWN])
