"""Freezes the figures of a chapter of the social report, as anybody may see them.

What is secret decides ``monitoring.selectors.figures`` for the figures in force. On top of it, no edition
shows what beside an earlier one would tell a secret (``chapter_secrets``).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, Delivery, IndexRun, Indicator
from monitoring.secrecy import Shown
from monitoring.selectors.areas import area_shapes, planning_areas
from monitoring.selectors.atlas import run_borders
from monitoring.selectors.figures import Figures, figures_in_force, latest_years, used_indicators
from monitoring.selectors.methods import content_of
from monitoring.selectors.runs import RunTable, run_table
from project.common.errors import DomainError
from stakeholders.models import Organisation
from workflows.chapters import FORM, Frozen
from workflows.models import (
    AreaProfile,
    ChapterKind,
    ChapterRenewal,
    PlanningCycle,
    RenewalState,
    ReportChapter,
)
from workflows.selectors.chapter_secrets import Cells, guard_of

#: Maps in the report are drawn this large (pixels).
_MAP_WIDTH, _MAP_HEIGHT = 520, 440
#: So many years of means are shown.
_COURSE_YEARS = 12


@dataclass(frozen=True)
class FrozenChapter:
    """Figures of a chapter at a moment.

    Attributes:
        figures: To be stored.
        data_at: When the latest of them came into force, or the index was computed.
        run: The run they come from; None for figures in force.
        indicators: Primary keys of the indicators shown.
    """

    figures: Frozen
    data_at: datetime.datetime
    run: IndexRun | None = None
    indicators: Sequence[int] = ()


def freeze_chapter(chapter: ReportChapter, cycle: PlanningCycle) -> FrozenChapter:
    """Take the figures of a chapter as they are now, protected by statistical secrecy.

    Args:
        chapter: With its report and territory.
        cycle: Cycle whose run and profiles are shown, if the chapter shows any.

    Returns:
        What an edition would hold. Queries: about 20 for any number of areas and indicators.

    Raises:
        DomainError: ``no_figures``, ``no_index``, ``no_profiles`` if there is nothing to show.
    """
    match chapter.kind:
        case ChapterKind.DOMAIN:
            return _domain(chapter)
        case ChapterKind.INDEX:
            return _index(chapter, cycle)
        case ChapterKind.AREAS:
            return _areas(chapter, cycle)
        case _:
            return FrozenChapter({}, timezone.now())


def draft_figures(renewal: ChapterRenewal) -> Frozen:
    """Figures beside a text that is not published: as handed in for release, else as they are now.

    Returns:
        ``{}`` where they have gone meanwhile.
    """
    if renewal.state == RenewalState.SUBMITTED:
        handed_in: Frozen = renewal.figures
        return handed_in
    try:
        return freeze_chapter(renewal.chapter, renewal.cycle).figures
    except DomainError:
        return {}


def indicators_of(chapter: ReportChapter) -> list[Indicator]:
    """Indicators a chapter on a topic shows: those chosen, else all of the topic that have figures."""
    rows = used_indicators(chapter.report.territory).filter(domain=chapter.domain_id)
    chosen = list(chapter.indicators.values_list("pk", flat=True))
    return list(rows.filter(pk__in=chosen) if chosen else rows)


# --- a topic ---------------------------------------------------------------------------------------


def _domain(chapter: ReportChapter) -> FrozenChapter:
    territory = chapter.report.territory
    indicators = indicators_of(chapter)
    last = latest_years(territory)
    indicators = [row for row in indicators if row.pk in last]
    if not indicators:
        raise DomainError("no_figures", _("There are no accepted figures of this topic yet."))
    areas = list(planning_areas(territory))
    newest = max(last[row.pk] for row in indicators)
    years = range(newest - _COURSE_YEARS + 1, newest + 1)
    figures = figures_in_force(areas, indicators, years=years)
    guard = guard_of(chapter.report, figures, indicators)
    rows = []
    for indicator in indicators:
        at = last[indicator.pk]
        cells = {area.pk: figures.of(indicator, area, at) for area in areas}
        course = [
            [year, guard.mean(figures, indicator, year)] for year in figures.years(indicator) if year <= at
        ]
        rows.append(_indicator(indicator, at, guard.cells(indicator, at, cells), course=course))
        rows[-1]["mean"] = guard.mean(figures, indicator, at)
    data_at = Delivery.objects.filter(pk__in=_deliveries(figures, indicators, last)).aggregate(
        last=Max("accepted_at")
    )["last"]
    return FrozenChapter(
        {**_frame(chapter, areas), "indicators": rows},
        data_at or timezone.now(),
        indicators=[row.pk for row in indicators],
    )


def _deliveries(figures: Figures, indicators: Iterable[Indicator], last: dict[int, int]) -> set[int]:
    wanted = {(row.pk, last[row.pk]) for row in indicators}
    return {came for (pk, year, _area), came in figures.deliveries.items() if (pk, year) in wanted}


def _indicator(
    row: Indicator,
    year: int,
    cells: dict[int, Shown],
    *,
    course: Sequence[Any] = (),
    z: dict[int, float] | None = None,
) -> Frozen:
    return {
        "pk": row.pk,
        "key": row.key,
        "name_de": row.name_de,
        "name_en": row.name_en,
        "unit": {
            "symbol_de": row.unit.symbol_de,
            "symbol_en": row.unit.symbol_en,
            "decimals": row.unit.decimals,
            "is_count": row.unit.is_count,
            "is_percent": row.unit.is_percent,
            "per": row.unit.per,
        },
        "direction": row.direction,
        "source": row.source,
        "definition": row.definition,
        "is_example": row.is_example,
        "year": year,
        "mean": None,
        "course": list(course),
        "cells": {str(pk): [shown.value, shown.sign, shown.is_secret] for pk, shown in cells.items()},
        "z": {str(pk): value for pk, value in (z or {}).items()},
    }


def _frame(chapter: ReportChapter, areas: Sequence[Area]) -> Frozen:
    """What every kind of chapter stores: areas and their boundaries."""
    shapes = area_shapes(areas, width=_MAP_WIDTH, max_height=_MAP_HEIGHT)
    sources = sorted({area.geometry_source for area in areas if area.geometry_source})
    return {
        "form": FORM,
        "kind": chapter.kind,
        "areas": [[area.pk, area.key, area.name] for area in areas],
        "shapes": None if shapes is None else shapes.to_json(),
        "geometry_source": "; ".join(sources),
    }


# --- the index and the areas that stand out --------------------------------------------------------


def run_of(territory: Organisation, cycle: PlanningCycle) -> IndexRun:
    """The run a chapter on the index shows: that of the cycle, or of the latest one that has any.

    Raises:
        DomainError: ``no_index``.
    """
    run = cycle.index_run if _is_released(cycle) else None
    if run is None:
        earlier = _with_run(territory).first()
        run = None if earlier is None else earlier.index_run
    if run is None:
        raise DomainError(
            "no_index", _("No index has been released yet: this chapter needs the analysis of a cycle.")
        )
    return run


def _is_released(cycle: PlanningCycle) -> bool:
    return cycle.index_run_id is not None and cycle.profiles.filter(released_at__isnull=False).exists()


def _with_run(territory: Organisation) -> Any:
    """Cycles whose run was released to the conference, latest first."""
    return (
        PlanningCycle.objects.filter(
            territory=territory, index_run__isnull=False, profiles__released_at__isnull=False
        )
        .distinct()
        .select_related("index_run")
        .order_by("-starts_year", "-pk")
    )


def _index(chapter: ReportChapter, cycle: PlanningCycle) -> FrozenChapter:
    run = run_of(chapter.report.territory, cycle)
    table = run_table(run)
    return FrozenChapter(_run_frame(chapter, table), run.created_at, run=run)


def _run_frame(chapter: ReportChapter, table: RunTable) -> Frozen:
    run = table.run
    areas = sorted((row.area for row in table.results), key=lambda area: (area.name, area.pk))
    return {
        **_frame(chapter, areas),
        "run": {
            "pk": run.pk,
            "year": run.year,
            "computed_on": timezone.localdate(run.created_at).isoformat(),
            "sha256": run.inputs_sha256,
            "borders": list(run_borders(run, table.results)),
            "rules": content_of(run, table.columns),
            "is_example": any(column.indicator.is_example for column in table.columns),
        },
        "results": [
            {
                "area": row.area_id,
                "included": row.is_included,
                "reason": row.reason,
                "normalised": row.normalised,
                "rank": row.rank,
                "class": row.class_label,
                "stands_out": row.stands_out,
                "outstanding_share": row.outstanding_share,
                "best_rank": row.best_rank,
                "worst_rank": row.worst_rank,
            }
            for row in table.results
        ],
    }


def _areas(chapter: ReportChapter, cycle: PlanningCycle) -> FrozenChapter:
    """Deviations of the areas that have a profile; no means beside them, which the table of the run has."""
    run = run_of(chapter.report.territory, cycle)
    profiles = list(released_profiles(run))
    if not profiles:
        raise DomainError("no_profiles", _("No area profiles have been released yet."))
    table = run_table(run)
    areas = [row.area for row in profiles]
    indicators = [column.indicator for column in table.columns]
    years = dict(table.years)
    in_force = figures_in_force(areas, indicators, years=set(years.values()), has_means=False)
    guard = guard_of(chapter.report, in_force, indicators)
    rows = []
    for indicator in indicators:
        at = years.get(indicator.pk)
        if at is None:
            continue
        found = {area.pk: table.cell(area.pk, indicator.pk) for area in areas}
        # A figure taken in place of a missing one is of another year; the run's own page tells it.
        own = {pk: cell for pk, cell in found.items() if not cell.filled}
        cells: Cells = guard.cells(indicator, at, {pk: cell.shown for pk, cell in own.items()})
        z = {
            pk: cell.z
            for pk, cell in own.items()
            if cell.z is not None and cells[pk].value is not None and not guard.is_mean_secret(indicator, at)
        }
        rows.append(_indicator(indicator, at, cells, z=z))
    return FrozenChapter(
        {
            **_run_frame(chapter, table),
            "indicators": rows,
            "outstanding": [profile.area_id for profile in profiles],
        },
        run.created_at,
        run=run,
        indicators=[row["pk"] for row in rows],
    )


def released_profiles(run: IndexRun) -> Any:
    """Released profiles of the cycle that works with a run, by rank. Queries: none of its own."""
    return (
        AreaProfile.objects.filter(cycle__index_run=run, released_at__isnull=False)
        .select_related("area", "cycle")
        .defer("area__geometry")
        .order_by("area__name")
    )


def profile_texts(run: IndexRun) -> dict[int, list[tuple[str, list[str]]]]:
    """Texts of the released profiles of a run's cycle by area: heading and lines. Queries: 1."""
    return {
        row.area_id: [
            (str(title), [line.strip() for line in text.splitlines() if line.strip()])
            for title, text in (
                (_("Strengths"), row.strengths),
                (_("Weaknesses"), row.weaknesses),
                (_("Potentials"), row.potentials),
            )
        ]
        for row in released_profiles(run)
    }
