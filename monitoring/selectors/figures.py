"""Reads of figures in force, as they may be shown: every screen and file takes them from here."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from monitoring.models import Area, Delivery, Indicator, Value
from monitoring.secrecy import NO_FIGURE, Shown, shown_value
from monitoring.selectors.protection import (
    Cell,
    Line,
    Lines,
    Place,
    Secrets,
    lines_of,
    overlaid,
    places_around,
    secrets_of,
    values_around,
    values_at,
)
from monitoring.selectors.relations import with_related
from stakeholders.models import Organisation


@dataclass(frozen=True)
class Figures:
    """Figures of a territory as they may be shown.

    Attributes:
        cells: What is shown, by indicator, year and area.
        deliveries: Delivery each figure came with, by cell.
        means: Mean over all areas of the level by indicator and year; missing where it must not be shown.
        guarded: Indicators and years in which a figure of any area is hidden.
    """

    cells: Mapping[Cell, Shown]
    deliveries: Mapping[Cell, int] = dataclasses.field(default_factory=dict)
    means: Mapping[tuple[int, int], float] = dataclasses.field(default_factory=dict)
    guarded: frozenset[tuple[int, int]] = frozenset()

    def of(self, indicator: Indicator, area: Area, year: int) -> Shown:
        """What is shown of a cell; no figure and no sign where nothing was delivered."""
        return self.cells.get((indicator.pk, year, area.pk), NO_FIGURE)

    def mean(self, indicator: Indicator, year: int) -> float | None:
        """Mean of the areas; None without values, or if it would give a secret away."""
        return self.means.get((indicator.pk, year))

    def years(self, indicator: Indicator) -> list[int]:
        """Years with any figure or sign, rising."""
        return sorted({year for pk, year, _area in self.cells if pk == indicator.pk})


def figures_in_force(
    areas: Iterable[Area],
    indicators: Iterable[Indicator],
    *,
    years: Collection[int] | None = None,
    has_means: bool = True,
) -> Figures:
    """Figures in force as they may be shown, protected within their whole lines whatever areas are wanted.

    Args:
        areas: Areas wanted.
        indicators: With their units loaded.
        years: Only these; None for all.
        has_means: Whether means are wanted; without them far less is read for a few areas.

    Returns:
        Cells, and means over all areas of their level in that year. Queries: 3, without means 4, and 1 where
        figures of other indicators tell something of these.
    """
    areas, indicators = list(areas), list(indicators)
    places, related = places_around(areas), with_related(indicators)
    values = values_around(places, related) if has_means else values_at(places, related, areas)
    if years is not None:
        values = values.filter(year__in=list(years))
    rows = _rows(values)
    lines = lines_of((pk, year, area, value) for (pk, year, area), (value, *_rest) in rows.items())
    secrets = secrets_of(lines, related, places)
    shown = _shown(rows, areas, indicators, secrets)
    means = _means(lines, lines, indicators, areas, places, secrets) if has_means else {}
    return Figures(*shown, means, _guarded(secrets))


def figures_delivered(delivery: Delivery, areas: Iterable[Area], indicators: Iterable[Indicator]) -> Figures:
    """Figures of one delivery, whether in force or not, protected like any others.

    What others delivered stands in the same lines: a delivery of half of the areas is protected with the half
    that is in force, and what is hidden there stays hidden here. Queries: 4, and 1 where others
    tell something of these.
    """
    areas, indicators = list(areas), list(indicators)
    places, related = places_around(areas), with_related(indicators)
    rows = _rows(Value.objects.filter(delivery=delivery, indicator__in=[row.pk for row in related]))
    own = lines_of((pk, year, area, value) for (pk, year, area), (value, *_rest) in rows.items())
    values = values_around(places, related).filter(year__in={year for _pk, year in own})
    in_force = lines_of(values.values_list("indicator_id", "year", "area_id", "value"))
    lines = overlaid(in_force, own)
    secrets = secrets_of(lines, related, places) | secrets_of(in_force, related, places)
    shown = _shown(rows, areas, indicators, secrets)
    return Figures(*shown, _means(own, lines, indicators, areas, places, secrets), _guarded(secrets))


def _guarded(secrets: Secrets) -> frozenset[tuple[int, int]]:
    return frozenset((pk, year) for pk, year, _area in secrets.cells)


#: Value, sign, delivery.
_Row = tuple[float | None, str, int]


def _rows(values: QuerySet[Value]) -> dict[Cell, _Row]:
    rows = values.order_by().values_list("indicator_id", "year", "area_id", "value", "sign", "delivery_id")
    return {(pk, year, area): (value, sign, came) for pk, year, area, value, sign, came in rows.iterator()}


def _shown(
    rows: Mapping[Cell, _Row], areas: Iterable[Area], indicators: Iterable[Indicator], secrets: Secrets
) -> tuple[dict[Cell, Shown], dict[Cell, int]]:
    """What may be shown of some areas, and where it came from."""
    wanted = {area.pk for area in areas}
    known = {row.pk: row for row in indicators}
    cells: dict[Cell, Shown] = {}
    deliveries: dict[Cell, int] = {}
    for cell, (value, sign, delivery) in rows.items():
        indicator_pk, _year, area_pk = cell
        if area_pk not in wanted or indicator_pk not in known:
            continue
        row = known[indicator_pk]
        cells[cell] = shown_value(
            value,
            sign,
            is_count=row.unit.is_count,
            is_hidden=cell in secrets.cells,
            threshold=row.least_count,
        )
        deliveries[cell] = delivery
    return cells, deliveries


def _means(
    lines: Lines,
    whole: Lines,
    indicators: Iterable[Indicator],
    areas: Iterable[Area],
    places: Mapping[int, Place],
    secrets: Secrets,
) -> dict[Line, float]:
    """Means over the areas of a year on the level of the areas wanted.

    Of rates only figures that are shown enter: with the others, the mean would tell what is hidden. Of counts
    all enter, if no hidden one can be worked out from it; of a part of a line only those shown, as a line is
    protected as a whole.
    """

    def counts_here(area: int, year: int) -> bool:
        place = places.get(area)
        return place is not None and (place.territory, place.kind) in levels and place.exists_in(year)

    levels = {(places[area.pk].territory, places[area.pk].kind) for area in areas}
    counts = {row.pk: row.unit.is_count for row in indicators}
    means: dict[Line, float] = {}
    for line, values in lines.items():
        pk, year = line
        if pk not in counts or line in secrets.totals:
            continue
        has_all = counts[pk] and all(area in values for area in whole[line] if counts_here(area, year))
        numbers = [
            value
            for area, value in values.items()
            if value is not None
            and counts_here(area, year)
            and (has_all or (pk, year, area) not in secrets.cells)
        ]
        if numbers:
            means[line] = sum(numbers) / len(numbers)
    return means


def used_indicators(territory: Organisation) -> QuerySet[Indicator]:
    """Indicators a territory has figures of, in force, by domain. Queries: none of its own."""
    return (
        Indicator.objects.filter(
            pk__in=Value.objects.filter(is_current=True, area__territory=territory)
            .order_by()
            .values("indicator_id")
        )
        .select_related("domain", "unit")
        .order_by("domain__position", "domain__key", "key")
    )


def latest_years(territory: Organisation) -> dict[int, int]:
    """Last year with figures in force, by indicator. Queries: 1."""
    rows = (
        Value.objects.filter(is_current=True, area__territory=territory)
        .order_by()
        .values("indicator_id")
        .annotate(last=Max("year"))
        .values_list("indicator_id", "last")
    )
    return dict(rows)


def spread(figures: Figures, indicator: Indicator, year: int, areas: Iterable[Area]) -> float | None:
    """Population standard deviation of the figures shown; None without any. Queries: 0."""
    numbers = [value for area in areas if (value := figures.of(indicator, area, year).value) is not None]
    if not numbers:
        return None
    mean = sum(numbers) / len(numbers)
    return float((sum((value - mean) ** 2 for value in numbers) / len(numbers)) ** 0.5)


def deviation(
    figures: Figures, indicator: Indicator, year: int, area: Area, areas: Iterable[Area]
) -> float | None:
    """How far an area lies from the mean, in standard deviations; above 0 is more need.

    Args:
        figures: Whole line of the indicator and year.
        indicator: Rates only: counts depend on the size of an area, so nothing follows from their mean.
        year: Year.
        area: The area.
        areas: All areas of the line.

    Returns:
        None without a figure, for counts, or if all areas are alike.
    """
    value = figures.of(indicator, area, year).value
    mean = figures.mean(indicator, year)
    sd = spread(figures, indicator, year, areas)
    if value is None or mean is None or not sd or indicator.unit.is_count:
        return None
    return (value - mean) / sd * (1 if indicator.direction == "more_need" else -1)


@dataclass(frozen=True)
class Coverage:
    """How much of an indicator is there for a year.

    Attributes:
        year: Latest year up to the one asked for that has any number.
        count: Areas with a number in that year.
        total: All areas.
    """

    year: int
    count: int
    total: int

    @property
    def is_complete(self) -> bool:
        """Whether every area has a number."""
        return self.count >= self.total


def coverage(areas: Iterable[Area], indicators: Iterable[Indicator], *, year: int) -> dict[int, Coverage]:
    """How complete indicators are up to a year.

    Args:
        areas: Areas to be compared.
        indicators: Indicators.
        year: Latest year that counts.

    Returns:
        By primary key of the indicator; those without any number are missing. Queries: 1.
    """
    areas = list(areas)
    rows = (
        Value.objects.filter(
            is_current=True,
            value__isnull=False,
            year__lte=year,
            area__in=[area.pk for area in areas],
            indicator__in=[row.pk for row in indicators],
        )
        .order_by("indicator_id", "year")
        .values_list("indicator_id", "year")
        .annotate(count=Count("pk"))
    )
    # Rising years: the last one stays.
    return {pk: Coverage(found, count, len(areas)) for pk, found, count in rows}
