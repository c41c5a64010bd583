"""Reads of figures in force, as they may be shown: every screen and file takes them from here."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, QuerySet

from monitoring.models import Area, Delivery, Indicator, Value
from monitoring.secrecy import NO_FIGURE, Protection, Shown, protect, shown_value
from stakeholders.models import Organisation

#: Indicator, year, area (primary keys).
Cell = tuple[int, int, int]


@dataclass(frozen=True)
class Figures:
    """Figures of a territory as they may be shown.

    Attributes:
        cells: What is shown, by indicator, year and area.
        means: Mean over the planning areas by indicator and year; missing where it must not be shown.
        deliveries: Delivery each figure came with, by cell.
    """

    cells: Mapping[Cell, Shown]
    means: Mapping[tuple[int, int], float]
    deliveries: Mapping[Cell, int] = dataclasses.field(default_factory=dict)

    def of(self, indicator: Indicator, area: Area, year: int) -> Shown:
        """What is shown of a cell; no figure and no sign where nothing was delivered."""
        return self.cells.get((indicator.pk, year, area.pk), NO_FIGURE)

    def mean(self, indicator: Indicator, year: int) -> float | None:
        """Mean of the areas; None without values, or if it would give a secret away."""
        return self.means.get((indicator.pk, year))

    def years(self, indicator: Indicator) -> list[int]:
        """Years with any figure or sign, rising."""
        return sorted({year for pk, year, _area in self.cells if pk == indicator.pk})

    def latest_year(self, indicator: Indicator, area: Area) -> int | None:
        """Last year in which the area has a number."""
        years = [
            year
            for (pk, year, where), shown in self.cells.items()
            if pk == indicator.pk and where == area.pk and shown.value is not None
        ]
        return max(years, default=None)


def figures_in_force(
    areas: Iterable[Area], indicators: Iterable[Indicator], *, years: Collection[int] | None = None
) -> Figures:
    """Figures in force of whole lines, protected by statistical secrecy.

    Args:
        areas: All areas of the line, not a choice of them: a secret is protected among its neighbours.
        indicators: With their units loaded.
        years: Only these; None for all.

    Returns:
        Cells and means. Queries: 1.
    """
    areas = list(areas)
    indicators = list(indicators)
    values = Value.objects.filter(
        is_current=True, area__in=[area.pk for area in areas], indicator__in=[row.pk for row in indicators]
    )
    if years is not None:
        values = values.filter(year__in=list(years))
    return _protected(values, areas, indicators)


def figures_delivered(delivery: Delivery, areas: Iterable[Area], indicators: Iterable[Indicator]) -> Figures:
    """Figures of one delivery, whether in force or not, protected like any others. Queries: 1."""
    return _protected(Value.objects.filter(delivery=delivery), list(areas), list(indicators))


def _protected(values: QuerySet[Value], areas: Sequence[Area], indicators: Sequence[Indicator]) -> Figures:
    lines: dict[tuple[int, int], dict[int, tuple[float | None, str]]] = defaultdict(dict)
    deliveries: dict[Cell, int] = {}
    rows = values.order_by().values_list("indicator_id", "year", "area_id", "value", "sign", "delivery_id")
    for indicator_pk, year, area_pk, value, sign, delivery_pk in rows.iterator():
        lines[indicator_pk, year][area_pk] = (value, sign)
        deliveries[indicator_pk, year, area_pk] = delivery_pk
    counts = {row.pk for row in indicators if row.unit.is_count}
    groups = _groups(areas)
    cells: dict[Cell, Shown] = {}
    means: dict[tuple[int, int], float] = {}
    for (indicator_pk, year), line in lines.items():
        is_count = indicator_pk in counts
        protection: Protection[int] = Protection(frozenset(), is_total_safe=True)
        if is_count:
            protection = protect({pk: value for pk, (value, _sign) in line.items()}, groups=groups)
        for area_pk, (value, sign) in line.items():
            cells[indicator_pk, year, area_pk] = shown_value(
                value, sign, is_count=is_count, is_hidden=area_pk in protection.hidden
            )
        numbers = [value for value, _sign in line.values() if value is not None]
        if numbers and protection.is_total_safe:
            means[indicator_pk, year] = sum(numbers) / len(numbers)
    return Figures(cells, means, deliveries)


def _groups(areas: Sequence[Area]) -> list[list[int]]:
    """Areas that add up to one above them; each of these totals may be published."""
    groups: dict[int | None, list[int]] = defaultdict(list)
    for area in areas:
        groups[area.parent_id].append(area.pk)
    return list(groups.values())


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


def years_in_force(territory: Organisation, indicator: Indicator) -> list[int]:
    """Years a territory has figures of an indicator in force, falling. Queries: 1."""
    return list(
        Value.objects.filter(is_current=True, area__territory=territory, indicator=indicator)
        .order_by("-year")
        .values_list("year", flat=True)
        .distinct()
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
