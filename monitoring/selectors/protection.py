"""Which figures are secret: one decision for an indicator and year, whatever a page or file shows of it.

A line is protected among all areas of the territory and over all levels, with the areas that existed in the
year. So two pages that show different parts of it never show what the other one hides.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet

from monitoring.models import Area, Indicator, Value
from monitoring.secrecy import count_behind, is_rest_small, is_small, protect_levels

#: Indicator and year.
Line = tuple[int, int]
#: Indicator, year, area (primary keys).
Cell = tuple[int, int, int]
#: Values by area.
Lines = Mapping[Line, Mapping[int, float | None]]


@dataclass(frozen=True, slots=True)
class Place:
    """What protection has to know of an area."""

    territory: int
    parent: int | None
    kind: str
    population: int | None
    valid_from: datetime.date | None
    valid_until: datetime.date | None
    populations: Mapping[int, int] = field(default_factory=dict)

    def population_in(self, year: int) -> int | None:
        """Inhabitants of the year where known, else those of no particular year."""
        return self.populations.get(year, self.population)

    def exists_in(self, year: int) -> bool:
        """Whether it existed at any time of a year, as in ``areas_of_year``."""
        return (self.valid_from is None or self.valid_from.year <= year) and (
            self.valid_until is None or self.valid_until.year >= year
        )


@dataclass(frozen=True)
class Secrets:
    """What must not be shown.

    Attributes:
        cells: Figures that are hidden.
        totals: Lines of which no total and no mean may be shown that hidden figures enter.
    """

    cells: frozenset[Cell]
    totals: frozenset[Line]

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.cells | other.cells, self.totals | other.totals)


def places_around(areas: Iterable[Area]) -> dict[int, Place]:
    """All areas, of all levels and times, of the territories some areas lie in. Queries: 1."""
    territories = {area.territory_id for area in areas}
    rows = Area.objects.filter(territory__in=territories).order_by()
    found: dict[int, Place] = {}
    populations: dict[int, dict[int, int]] = defaultdict(dict)
    # One row for each year whose inhabitants are known; one without for areas of which none is.
    for pk, territory, parent, kind, population, first, last, year, count in rows.values_list(
        "pk",
        "territory_id",
        "parent_id",
        "kind",
        "population",
        "valid_from",
        "valid_until",
        "populations__year",
        "populations__count",
    ):
        if year is not None:
            populations[pk][year] = count
        if pk not in found:
            found[pk] = Place(territory, parent, kind, population, first, last, populations[pk])
    return found


def values_around(places: Mapping[int, Place], indicators: Iterable[Indicator]) -> QuerySet[Value]:
    """Values in force of whole lines, with those the indicators are related to. Queries: none of its own."""
    return Value.objects.filter(
        is_current=True,
        area__territory__in={place.territory for place in places.values()},
        indicator__in=_with_bases(indicators),
    ).order_by()


def values_at(
    places: Mapping[int, Place], indicators: Iterable[Indicator], areas: Iterable[Area]
) -> QuerySet[Value]:
    """The same, but only what decides on some areas: whole lines where figures add up to others.

    Rates that are known of one level only are judged each by itself. Queries: 1.
    """
    indicators = list(indicators)
    rows = values_around(places, indicators)
    levels: dict[int, int] = defaultdict(int)
    for pk, _kind in rows.values_list("indicator_id", "area__kind").distinct():
        levels[pk] += 1
    whole = [row.pk for row in indicators if row.unit.is_count or levels[row.pk] > 1]
    return rows.filter(Q(indicator__in=whole) | Q(area__in=[area.pk for area in areas]))


def lines_of(rows: Iterable[tuple[int, int, int, float | None]]) -> dict[Line, dict[int, float | None]]:
    """Lines of rows of indicator, year, area, value."""
    lines: dict[Line, dict[int, float | None]] = defaultdict(dict)
    for indicator, year, area, value in rows:
        lines[indicator, year][area] = value
    return lines


def overlaid(lines: Lines, own: Lines) -> dict[Line, dict[int, float | None]]:
    """Lines with other figures laid over them: those of a delivery over those in force."""
    found = {line: dict(values) for line, values in lines.items()}
    for line, values in own.items():
        found.setdefault(line, {}).update(values)
    return found


def secrets_of(lines: Lines, indicators: Iterable[Indicator], places: Mapping[int, Place]) -> Secrets:
    """Find what must not be shown of whole lines.

    Args:
        lines: Figures by indicator and year, of all areas of a territory; with those of the denominators.
        indicators: With their units loaded.
        places: All areas of the territories.

    Returns:
        Hidden cells and lines without a total. Rates are never added up into a total here: their mean is the
        one of the figures shown. Queries: 0.
    """
    known = {row.pk: row for row in indicators}
    cells: set[Cell] = set()
    totals: set[Line] = set()
    for (pk, year), line in lines.items():
        indicator = known.get(pk)
        if indicator is None:
            continue
        is_count = indicator.unit.is_count
        counts = line if is_count else _counts_behind(indicator, year, lines, places)
        if not is_count and not _has_small(counts, line, indicator, year, lines, places):
            continue
        inside = {area: value for area, value in counts.items() if area in places}
        now = {area: value for area, value in inside.items() if places[area].exists_in(year)}
        found = protect_levels(
            now,
            {area: places[area].parent for area in now},
            forced=_rests(now, line, indicator, year, lines, places),
            is_total_shown=is_count,
        )
        # Figures of areas that were no part of the territory in that year enter no total.
        past = {area for area, value in inside.items() if area not in now and is_small(value)}
        cells |= {(pk, year, area) for area in found.hidden | past}
        if found.open_areas:
            totals.add((pk, year))
    return Secrets(frozenset(cells), frozenset(totals))


def base_of(
    indicator: Indicator, year: int, area: int, lines: Lines, places: Mapping[int, Place]
) -> float | None:
    """To how many people or cases a rate is related: its denominator, else the inhabitants, of the year."""
    if indicator.denominator_id is not None:
        found = lines.get((indicator.denominator_id, year), {}).get(area)
        if found is not None:
            return found
    place = places.get(area)
    return None if place is None else place.population_in(year)


def _with_bases(indicators: Iterable[Indicator]) -> set[int]:
    keys: set[int] = set()
    for row in indicators:
        keys.add(row.pk)
        if row.denominator_id is not None:
            keys.add(row.denominator_id)
    return keys


def _counts_behind(
    indicator: Indicator, year: int, lines: Lines, places: Mapping[int, Place]
) -> dict[int, float | None]:
    per = indicator.unit.rate_per
    return {
        area: count_behind(value, base=base_of(indicator, year, area, lines, places), per=per)
        for area, value in lines[indicator.pk, year].items()
    }


def _rests(
    areas: Collection[int],
    line: Mapping[int, float | None],
    indicator: Indicator,
    year: int,
    lines: Lines,
    places: Mapping[int, Place],
) -> set[int]:
    """Areas in which all but a few belong to a share."""
    if indicator.unit.is_count:
        return set()
    per = indicator.unit.rate_per
    return {
        area
        for area in areas
        if is_rest_small(line[area], base=base_of(indicator, year, area, lines, places), per=per)
    }


def _has_small(
    counts: Mapping[int, float | None],
    line: Mapping[int, float | None],
    indicator: Indicator,
    year: int,
    lines: Lines,
    places: Mapping[int, Place],
) -> bool:
    """Whether anything of a line of rates is to be hidden at all; of most nothing is."""
    return any(is_small(count) for count in counts.values()) or bool(
        _rests(line.keys(), line, indicator, year, lines, places)
    )
