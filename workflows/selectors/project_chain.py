"""The chain behind a funded project, as far as it was released: measure, decision, recommendation, areas.

A funder sees nothing of the planning. So the page of a project tells only what anybody may read anyway: the
measure as the last release of its plan has it, the decision and the title of its recommendation if the
measure is released and the matter was on the public part of an agenda, and the class of an area if an
edition of the social report that is not withdrawn shows it. The rest is told as not released.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef

from measures.models import FundedProject
from measures.selectors.releases import released_measure
from measures.status import PortfolioState, state_badge
from monitoring.class_words import class_words
from monitoring.models import Area
from project.common.formats import Badge
from workflows.models import AgendaItem, ChapterEdition, ChapterKind, MeasureOrigin


@dataclasses.dataclass(frozen=True)
class ToldMeasure:
    """A measure as it was released; ``state`` None where the state was not."""

    number: str
    title: str
    state: Badge | None


@dataclasses.dataclass(frozen=True)
class ToldDecision:
    """A decision taken in public, and what it was on; votes are never told."""

    reference: str
    body: str
    decided_on: datetime.date
    result: str
    recommendation: str


@dataclasses.dataclass(frozen=True)
class ToldArea:
    """An area by name, with its class in the index if that was published; empty if not."""

    name: str
    class_words: str
    year: int | None = None


@dataclasses.dataclass(frozen=True)
class ProjectChain:
    """What the page of a project may tell of what is behind it; None and empty for what was not released."""

    measure: ToldMeasure | None
    decisions: tuple[ToldDecision, ...]
    areas: tuple[ToldArea, ...]


def project_chain(project: FundedProject, areas: Sequence[Area]) -> ProjectChain:
    """The chain behind a project, the same for everybody who sees the project.

    Args:
        project: With its measure and plan.
        areas: Where it works.

    Queries: at most 3.
    """
    measure = _measure(project)
    return ProjectChain(
        measure=measure,
        decisions=_decisions(project) if measure is not None else (),
        areas=_areas(project, areas),
    )


def _measure(project: FundedProject) -> ToldMeasure | None:
    told = released_measure(project.measure)
    if told is None:
        return None
    state: dict[str, Any] | None = told.get("state")
    badge = None
    if state is not None:
        badge = state_badge(PortfolioState(state["code"]), waits_for_stage_two=state["waits_for_stage_two"])
    return ToldMeasure(str(told["number"]), str(told["title"]), badge)


def _decisions(project: FundedProject) -> tuple[ToldDecision, ...]:
    """Decisions on what was on the public part of an agenda; none that a body took by circulation."""
    items = AgendaItem.objects.filter(
        meeting=OuterRef("decision__meeting"), recommendation=OuterRef("recommendation")
    )
    origins = (
        MeasureOrigin.objects.filter(
            Exists(items.filter(is_internal=False)),
            ~Exists(items.filter(is_internal=True)),
            measure=project.measure_id,
        )
        .select_related("decision__body", "decision__version")
        .order_by("pk")
    )
    return tuple(
        ToldDecision(
            reference=row.decision.reference,
            body=row.decision.body.name,
            decided_on=row.decision.decided_on,
            result=str(row.decision.get_result_display()),
            recommendation=row.decision.version.title,
        )
        for row in origins
    )


def _areas(project: FundedProject, areas: Sequence[Area]) -> tuple[ToldArea, ...]:
    territory = project.measure.plan.territory_id
    later = ChapterEdition.objects.filter(chapter=OuterRef("chapter"), number__gt=OuterRef("number"))
    edition = (
        ChapterEdition.objects.filter(
            ~Exists(later),
            chapter__report__territory=territory,
            chapter__kind=ChapterKind.INDEX,
            chapter__archived_at__isnull=True,
            withdrawal__isnull=True,
        )
        .order_by("-published_on", "-pk")
        .first()
    )
    figures: dict[str, Any] = edition.figures if edition is not None else {}
    classes = {row["area"]: row["class"] for row in figures.get("results", []) if row["included"]}
    year = figures.get("run", {}).get("year")
    return tuple(
        ToldArea(row.name, class_words(label) if (label := classes.get(row.pk) or "") else "", year)
        for row in areas
    )
