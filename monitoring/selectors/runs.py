"""Reads of frozen index runs: ranking, what went in, why an area stayed out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from monitoring.models import IndexResult, IndexRun, IndexRunIndicator
from monitoring.secrecy import NO_FIGURE, Shown, protect, shown_value
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible


@dataclass(frozen=True)
class RunCell:
    """A figure of a run as it may be shown, and its deviation (above 0 is more need)."""

    shown: Shown
    z: float | None


NO_CELL = RunCell(NO_FIGURE, None)


@dataclass(frozen=True)
class RunTable:
    """A run with everything that went in and came out.

    Attributes:
        run: The run.
        columns: Its indicators with unit and domain.
        years: Year of the figures by primary key of the indicator.
        results: All areas, by rank; those left out last.
        cells: By area and indicator (primary keys).
    """

    run: IndexRun
    columns: Sequence[IndexRunIndicator]
    years: Mapping[int, int]
    results: Sequence[IndexResult]
    cells: Mapping[tuple[int, int], RunCell]

    @property
    def included(self) -> list[IndexResult]:
        """Areas that are part of the index, by rank."""
        return [row for row in self.results if row.is_included]

    @property
    def left_out(self) -> list[IndexResult]:
        """Areas that stayed out, with the reason in ``reason``."""
        return [row for row in self.results if not row.is_included]

    @property
    def outstanding(self) -> list[IndexResult]:
        """Areas above the border, by rank."""
        return [row for row in self.results if row.stands_out]

    def cell(self, area_pk: int, indicator_pk: int) -> RunCell:
        """A cell; empty where nothing was known."""
        return self.cells.get((area_pk, indicator_pk), NO_CELL)


def runs_seen_by(user: Any) -> QuerySet[IndexRun]:
    """Runs a person may see: planning all of them, others of the territory those a cycle works with.

    What planning only tried out is a draft. Queries: none of its own.
    """
    planned = visible(user, Perm.PLAN_TERRITORY, Organisation.objects.all())
    seen = visible(user, Perm.VIEW_TERRITORY, Organisation.objects.all())
    # "cycles" is the relation from the planning cycle; this layer does not know more of it.
    used = IndexRun.objects.filter(cycles__profiles__released_at__isnull=False).values("pk")
    return IndexRun.objects.filter(
        Q(territory__in=planned.values("pk")) | Q(territory__in=seen.values("pk"), pk__in=used)
    )


def used_runs(territory: Organisation) -> QuerySet[IndexRun]:
    """Runs a cycle of the territory works with, latest first. Queries: none of its own."""
    used = IndexRun.objects.filter(cycles__profiles__released_at__isnull=False).values("pk")
    return IndexRun.objects.filter(territory=territory, pk__in=used).order_by("-year", "-created_at", "-pk")


def ordered_results(run: IndexRun) -> QuerySet[IndexResult]:
    """Results of a run by rank, areas left out last. Queries: none of its own."""
    return (
        run.results.select_related("area", "area__parent")
        .defer("area__geometry", "area__parent__geometry")
        .order_by(F("rank").asc(nulls_last=True), "area__name", "pk")
    )


def run_table(run: IndexRun) -> RunTable:
    """Everything of a run, protected by statistical secrecy. Queries: 3."""
    columns = list(run.indicators.select_related("indicator__unit", "indicator__domain").order_by("pk"))
    results = list(ordered_results(run))
    counts = {row.indicator_id for row in columns if row.indicator.unit.is_count}
    rows = list(
        run.scores.order_by().values_list("area_id", "indicator_id", "value", "sign", "z", "source__year")
    )
    hidden = _hidden(rows, counts, results)
    cells: dict[tuple[int, int], RunCell] = {}
    years: dict[int, int] = {}
    for area_pk, indicator_pk, value, sign, z, year in rows:
        if year is not None:
            years[indicator_pk] = year
        shown = shown_value(
            value,
            sign,
            is_count=indicator_pk in counts,
            is_hidden=(area_pk, indicator_pk) in hidden,
        )
        # With mean and spread beside it, the deviation would tell the figure.
        cells[area_pk, indicator_pk] = RunCell(shown, None if shown.is_secret else z)
    return RunTable(run, columns, years, results, cells)


def _hidden(
    rows: Sequence[tuple[int, int, float | None, str, float | None, int | None]],
    counts: set[int],
    results: Sequence[IndexResult],
) -> set[tuple[int, int]]:
    """Cells of counts that must not be shown; new runs hold rates only."""
    if not counts:
        return set()
    lines: dict[int, dict[int, float | None]] = defaultdict(dict)
    for area_pk, indicator_pk, value, *_rest in rows:
        if indicator_pk in counts:
            lines[indicator_pk][area_pk] = value
    groups: dict[int | None, list[int]] = defaultdict(list)
    for result in results:
        groups[result.area.parent_id].append(result.area_id)
    return {
        (area_pk, indicator_pk)
        for indicator_pk, line in lines.items()
        for area_pk in protect(line, groups=groups.values()).hidden
    }
