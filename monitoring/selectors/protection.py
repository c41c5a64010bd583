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
from monitoring.secrecy import PERCENT, count_behind, is_rest_small, is_small, protect_levels
from monitoring.selectors.relations import relations_of

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
    relations = relations_of(indicators)
    tied = frozenset().union(*relations.same_people, *relations.families.values(), relations.families)
    whole = [row.pk for row in indicators if row.unit.is_count or levels[row.pk] > 1 or row.pk in tied]
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
        indicators: With their units loaded, and with those related to them (``with_related``).
        places: All areas of the territories.

    Returns:
        Hidden cells and lines without a total. Rates are never added up into a total here: their mean is the
        one of the figures shown. Queries: 0.
    """
    return Decision(lines, {row.pk: row for row in indicators}, places).secrets()


class Decision:
    """Decides on lines, and again on those that are related to one in which something was hidden.

    Attributes:
        wanted: Cells hidden for another reason than their own size; they need companions.
        extra: Cells hidden with others, in a pattern that has its companions already.
    """

    def __init__(self, lines: Lines, known: Mapping[int, Indicator], places: Mapping[int, Place]) -> None:
        self.lines, self.known, self.places = lines, known, places
        self.relations = relations_of(known.values())
        self.wanted: dict[Line, set[int]] = defaultdict(set)
        self.extra: dict[Line, set[int]] = defaultdict(set)
        self.own: dict[Line, set[int]] = {}
        self.open: set[Line] = set()

    def secrets(self) -> Secrets:
        """Decide until nothing is left to do."""
        todo = [line for line in self.lines if line[0] in self.known]
        years = sorted({year for _pk, year in todo})
        while todo:
            for line in todo:
                self._decide(line)
            before = {line: set(areas) for line, areas in self.wanted.items()}
            for year in years:
                for group in self.relations.same_people:
                    self._same_people(group, year)
                for whole, parts in self.relations.families.items():
                    self._family(whole, parts, year)
            todo = [line for line, areas in self.wanted.items() if areas != before.get(line, set())]
        self._bases()
        hidden = {(pk, year, area) for pk, year in self.own for area in self.hidden((pk, year))}
        return Secrets(frozenset(hidden), frozenset(self.open))

    def hidden(self, line: Line) -> set[int]:
        """Areas whose figure of a line is hidden so far."""
        return self.own.get(line, set()) | self.extra.get(line, set())

    def figures(self, line: Line) -> dict[int, float]:
        """Figures of a line by area."""
        return {area: value for area, value in self.lines.get(line, {}).items() if value is not None}

    def _decide(self, line: Line) -> None:
        """Protect one line over all levels of areas."""
        pk, year = line
        indicator, values = self.known[pk], self.lines[line]
        if pk in self.relations.contributions:
            self.own[line] = set(values)
            self.open.add(line)
            return
        forced = self.wanted[line] | self._dominated(indicator, year)
        is_count, least = indicator.unit.is_count, indicator.least_count
        if is_count:
            counts: Mapping[int, float | None] = values
        elif indicator.largest_contribution_id is not None:
            counts, least = values, 0
        else:
            counts = _counts_behind(indicator, year, self.lines, self.places)
            forced = forced | _rests(values.keys(), values, indicator, year, self.lines, self.places)
            forced = forced | self._on_little(indicator, year)
            if not forced and not any(is_small(count, threshold=least) for count in counts.values()):
                self.own[line] = set()
                return
        inside = {area: value for area, value in counts.items() if area in self.places}
        now = {area: value for area, value in inside.items() if self.places[area].exists_in(year)}
        found = protect_levels(
            now,
            {area: self.places[area].parent for area in now},
            forced=forced,
            is_total_shown=is_count,
            threshold=least,
        )
        # Figures of areas that were no part of the territory in that year enter no total.
        past = {
            area for area, value in inside.items() if area not in now and is_small(value, threshold=least)
        }
        # A rate whose base is not known stands in no table, but may be told by others.
        alone = {area for area in forced if values.get(area) is not None}
        self.own[line] = set(found.hidden) | past | alone
        if found.open_areas:
            self.open.add(line)

    def _on_little(self, indicator: Indicator, year: int) -> set[int]:
        """Areas whose rate is related to fewer than the catalogue asks for."""
        if indicator.minimum_base is None:
            return set()
        bases = {
            area: base_of(indicator, year, area, self.lines, self.places)
            for area in self.figures((indicator.pk, year))
        }
        return {area for area, base in bases.items() if base is not None and base < indicator.minimum_base}

    def _dominated(self, indicator: Indicator, year: int) -> set[int]:
        """Areas in which one contributor makes up more of an amount than may be shown."""
        if indicator.largest_contribution_id is None or indicator.dominance_percent is None:
            return set()
        largest = self.figures((indicator.largest_contribution_id, year))
        return {
            area
            for area, value in self.figures((indicator.pk, year)).items()
            if abs(largest.get(area, 0.0)) * PERCENT > abs(value) * indicator.dominance_percent
        }

    def _same_people(self, group: Collection[int], year: int) -> None:
        """A rate and the count of the same people are hidden in the same areas."""
        hidden = {area for pk in group for area in self.hidden((pk, year))}
        if not hidden:
            return
        for pk in group:
            line = (pk, year)
            self.wanted[line] |= (hidden & self.figures(line).keys()) - self.hidden(line)

    def _family(self, whole: int, parts: Collection[int], year: int) -> None:
        """Hide the parts of a whole in the same areas, so that no part follows from the others.

        The parts are hidden in the areas in which one of them or the whole is. Then each area that is left
        shows all of its parts, and each that is hidden shows none but the whole; sums over areas say of the
        parts no more than each of them says alone. Where the whole still tells a small part, it goes too.
        """
        top = (whole, year)
        lines = [(pk, year) for pk in sorted(parts) if self.figures((pk, year))]
        wholes = self.figures(top)
        self._small_rests(wholes, lines)
        areas = self.hidden(top) | {area for line in lines for area in self.hidden(line)}
        if not areas:
            return
        for line in lines:
            self.extra[line] |= areas & self.figures(line).keys()
        if any(line in self.open for line in lines):
            self.open |= set(lines)
        for line in lines:
            self.wanted[top] |= self._told_by_whole(line, wholes, areas) - self.hidden(top)

    def _small_rests(self, wholes: Mapping[int, float], lines: Collection[Line]) -> None:
        """What the parts leave of a whole is a count as well: where it is small, the smallest part goes."""
        for area, value in wholes.items():
            found = {line: part for line in lines if (part := self.figures(line).get(area)) is not None}
            if not found:
                continue
            rest = value - sum(found.values())
            if is_small(round(rest), threshold=min(self.known[pk].least_count for pk, _year in found)):
                line = min(found, key=lambda line: (found[line] <= 0, found[line], line))
                if area not in self.hidden(line):
                    self.wanted[line].add(area)

    def _told_by_whole(self, line: Line, wholes: Mapping[int, float], areas: Collection[int]) -> set[int]:
        """Areas whose small part cannot be exchanged for one of a hidden area beside it."""
        figures, least = self.figures(line), self.known[line[0]].least_count
        told = set()
        for area in areas:
            value = figures.get(area)
            if value is None or not is_small(value, threshold=least) or area not in wholes:
                continue
            beside = {
                other
                for other in areas
                if other != area
                and figures.get(other, 0) > 0
                and (place := self.places.get(other)) is not None
                and area in self.places
                and place.parent == self.places[area].parent
            }
            if not beside or wholes[area] - value < 1:
                told.add(area)
        return told

    def _bases(self) -> None:
        """A count and the rate of the same people tell the base where that is hidden: the rate goes."""
        for group in self.relations.same_people:
            for pk in group:
                row = self.known.get(pk)
                if row is None or row.denominator_id is None or row.numerator_count_id is None:
                    continue
                for year in {year for at, year in self.own if at == pk}:
                    counts = self.figures((row.numerator_count_id, year))
                    told = self.hidden((row.denominator_id, year)) & counts.keys()
                    rates = self.figures((pk, year))
                    self.extra[pk, year] |= {area for area in told if rates.get(area)}


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
        if is_rest_small(
            line[area],
            base=base_of(indicator, year, area, lines, places),
            per=per,
            threshold=indicator.least_count,
        )
    }
