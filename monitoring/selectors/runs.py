"""Reads of frozen index runs: ranking, what went in, why an area stayed out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from monitoring.certainty import NeedWords, need_words
from monitoring.class_words import class_words
from monitoring.methods import read_method
from monitoring.models import Area, Filled, IndexResult, IndexRun, IndexRunIndicator, Indicator
from monitoring.secrecy import NO_FIGURE, Shown, shown_value
from monitoring.selectors.protection import (
    lines_of,
    overlaid,
    places_around,
    secrets_of,
    values_around,
)
from monitoring.selectors.relations import with_related
from monitoring.words import filled_text
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible


@dataclass(frozen=True)
class RunCell:
    """A figure of a run as it may be shown, and what it does there; nothing of that if it is secret.

    Attributes:
        shown: The figure.
        z: Its deviation in standard deviations, above 0 for more need.
        driver: Part of the indicator in the index of the area.
        filled: What took the place of a missing figure, in words; "" for an own figure.
        keeps_class: Whether the class of the area stays without the indicator; None for unknown.
        year: Year of the figure where it is another one than that of the indicator: a last figure.
    """

    shown: Shown
    z: float | None
    driver: float | None = None
    filled: str = ""
    keeps_class: bool | None = None
    year: int | None = None


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

    @property
    def domains(self) -> list[str]:
        """Labels of the domains of the method; none where it has no domains."""
        return list(dict.fromkeys(row.domain_label for row in self.columns if row.domain_label))

    def domain_number(self, row: IndexResult, label: str) -> float | None:
        """Number of a domain; None where a secret figure is in it, which it could be worked out from."""
        columns = [column.indicator_id for column in self.columns if column.domain_label == label]
        if any(self.cell(row.area_id, pk).shown.is_secret for pk in columns):
            return None
        number: float | None = row.domains.get(label)
        return number

    def mean_shown(self, indicator: Indicator) -> float | None:
        """Mean of the areas' own figures that are shown, as pages of areas tell it; None of counts.

        The mean the index worked with holds stand-ins for secret figures besides, and what filled a gap.
        """
        if indicator.unit.is_count:
            return None
        cells = [self.cell(row.area_id, indicator.pk) for row in self.results]
        own = [cell.shown.value for cell in cells if cell.shown.value is not None and not cell.filled]
        return math.fsum(own) / len(own) if own else None

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


@dataclass(frozen=True)
class ClassCount:
    """A class of a run: name, areas in it, whether they stand out."""

    label: str
    count: int
    stands_out: bool

    @property
    def words(self) -> str:
        """Its name in the language of the page."""
        return class_words(self.label)


def class_counts(table: RunTable) -> list[ClassCount]:
    """Classes of a run from the most need to the least; none in runs that kept no classes. Queries: 0."""
    content = table.run.content
    if not content:
        return []
    spec = read_method(content)
    counts = Counter(row.class_label for row in table.included)
    return [ClassCount(label, counts[label], label in spec.outstanding) for label in reversed(spec.labels)]


#: With two classes the badge of those that stand out says it all.
_TWO_CLASSES = 2


def has_many_classes(run: IndexRun) -> bool:
    """Whether the class of an area says more than whether it stands out. Queries: 0."""
    return bool(run.content) and len(read_method(run.content).labels) > _TWO_CLASSES


#: Area, indicator, value, sign, deviation, year of the figure, part in the index, filled by, class stays.
_Score = tuple[int, int, float | None, str, float | None, int | None, float | None, str, bool | None]


def run_table(run: IndexRun) -> RunTable:
    """Everything of a run, protected by statistical secrecy. Queries: 5."""
    columns = list(run.indicators.select_related("indicator__unit", "indicator__domain").order_by("pk"))
    results = list(ordered_results(run))
    rows = _scores(run)
    indicators = [row.indicator for row in columns]
    known = {row.pk: row for row in indicators}
    hidden = _hidden(rows, indicators, [row.area for row in results])
    cells: dict[tuple[int, int], RunCell] = {}
    years: dict[int, int] = {}
    filled_words = {value: str(label) for value, label in Filled.choices}
    for area_pk, indicator_pk, value, sign, z, year, driver, filled, keeps in rows:
        if year is not None and not filled:
            years[indicator_pk] = year
        shown = shown_value(
            value,
            sign,
            is_count=known[indicator_pk].unit.is_count,
            is_hidden=(area_pk, indicator_pk) in hidden,
            threshold=known[indicator_pk].least_count,
        )
        # With mean and spread beside it, the deviation would tell the figure.
        cells[area_pk, indicator_pk] = (
            RunCell(shown, None)
            if shown.is_secret
            else RunCell(shown, z, driver, filled_words.get(filled, ""), keeps, year if filled else None)
        )
    return RunTable(run, columns, years, results, cells)


def indicator_years_of(run: IndexRun) -> dict[int, int]:
    """Year of the figures by primary key of the indicator, without what filled gaps. Queries: 1."""
    rows = run.scores.filter(filled="", source__isnull=False).order_by()
    return dict(rows.values_list("indicator_id", "source__year").distinct())


def need_of(run: IndexRun) -> NeedWords:
    """Where need is greatest by a run, and how sure that is. Queries: 2."""
    return need_words(run, list(ordered_results(run)), indicator_years_of(run).values())


def filled_of(run: IndexRun, areas: Iterable[Area] | None = None) -> dict[int, str]:
    """What took the place of missing figures, in words by area (primary key); areas without any are missing.

    Says nothing of the figures themselves, so secret ones are named too.

    Args:
        run: The run.
        areas: Only these; None for all of the run.

    Returns:
        By area: * Unemployment: last earlier figure (2023); * Childcare: mean of the neighbours. Queries: 1.
    """
    rows = run.scores.exclude(filled="").select_related("indicator", "source").order_by("pk")
    if areas is not None:
        rows = rows.filter(area__in=[area.pk for area in areas])
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        year = None if row.source is None else row.source.year
        found[row.area_id].append(filled_text(row.indicator.name, row.get_filled_display(), year))
    return {area: "; ".join(texts) for area, texts in found.items()}


def run_secrets(run: IndexRun) -> frozenset[tuple[int, int]]:
    """Cells of a run that must not be shown, by area and indicator (primary keys). Queries: 5."""
    indicators = [row.indicator for row in run.indicators.select_related("indicator__unit")]
    areas = Area.objects.filter(index_results__run=run).defer("geometry")
    return _hidden(_scores(run), indicators, list(areas))


@dataclass(frozen=True)
class Driver:
    """An indicator that drives the index of an area; above 0 towards more need.

    Attributes:
        indicator: The indicator.
        part: Its part in the index, in the unit of the index before its own scale.
        is_decisive: Whether the area would be in another class without it.
    """

    indicator: Indicator
    part: float
    is_decisive: bool


def drivers_of(
    run: IndexRun, areas: Iterable[Area], *, only_decisive: bool = False
) -> dict[int, list[Driver]]:
    """What drives the index of areas, the largest part first; nothing of secret figures.

    Args:
        run: The run.
        areas: The areas.
        only_decisive: Leave out what could be left out of the method without another class.

    Returns:
        By primary key of the area; nothing in runs that did not keep it. Queries: 6.
    """
    hidden = run_secrets(run)
    rows = run.scores.filter(area__in=[area.pk for area in areas], driver__isnull=False)
    rows = rows.select_related("indicator__unit").order_by("pk")
    if only_decisive:
        rows = rows.filter(keeps_class=False)
    found: dict[int, list[Driver]] = defaultdict(list)
    for row in rows:
        if (row.area_id, row.indicator_id) not in hidden and row.driver is not None:
            found[row.area_id].append(Driver(row.indicator, row.driver, row.keeps_class is False))
    for drivers in found.values():
        drivers.sort(key=lambda row: (-abs(row.part), row.indicator.key))
    return dict(found)


def _scores(run: IndexRun) -> list[_Score]:
    return list(
        run.scores.order_by().values_list(
            "area_id", "indicator_id", "value", "sign", "z", "source__year", "driver", "filled", "keeps_class"
        )
    )


def _hidden(
    rows: Sequence[_Score], indicators: Sequence[Indicator], areas: Sequence[Area]
) -> frozenset[tuple[int, int]]:
    """What is secret among the figures of a run, or is so today: what other pages hide stays hidden here."""
    years = {(row[0], row[1]): row[5] for row in rows}
    own = lines_of((row[1], row[5], row[0], row[2]) for row in rows if row[5] is not None)
    places, related = places_around(areas), with_related(indicators)
    values = values_around(places, related).filter(year__in={year for _pk, year in own})
    in_force = lines_of(values.values_list("indicator_id", "year", "area_id", "value"))
    lines = overlaid(in_force, own)
    secrets = secrets_of(lines, related, places) | secrets_of(in_force, related, places)
    # Areas may have figures of different years where the last earlier one was taken.
    return frozenset(
        (area, pk)
        for pk, year, area in secrets.cells
        if (pk, year) in own and years.get((area, pk)) in {year, None}
    )
