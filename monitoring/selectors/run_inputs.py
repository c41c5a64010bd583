"""Reads for a run of the index: areas, figures in force as they may enter, and what may fill gaps."""

from __future__ import annotations

import datetime
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from monitoring.index import Fill
from monitoring.models import Area, Indicator, Value
from monitoring.selectors.areas import area_picture, areas_of_year, exists_on, planning_level, populations_of
from monitoring.selectors.protection import (
    lines_of,
    places_around,
    secrets_of,
    values_around,
)
from monitoring.selectors.relations import with_related
from monitoring.selectors.stand_ins import stand_ins
from project.common.errors import DomainError
from project.common.formats import SIGN_UNKNOWN
from stakeholders.models import Organisation


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure as it enters a run: a secret one is replaced by the middle of what is kept secret."""

    source: int
    value: float | None
    sign: str
    year: int


Cells = Mapping[tuple[int, int], Cell]


@dataclass(frozen=True)
class RunInputs:
    """Everything that decides a run beside its rules, in a fixed order.

    Attributes:
        areas: By key.
        indicators: In the order of the method.
        years: Year of the figures by primary key of the indicator.
        cells: By area and indicator (primary keys).
        valid: Whether each area exists at the end of the year.
        populations: Inhabitants of each area at the end of the year; None for unknown.
        last: Last earlier figures by area and indicator; None where they are not asked for.
        neighbours: Places of the neighbours of each area; None where they are not asked for.
    """

    areas: Sequence[Area]
    indicators: Sequence[Indicator]
    years: Mapping[int, int]
    cells: Cells
    valid: Sequence[bool]
    populations: Sequence[int | None]
    last: Cells | None
    neighbours: Sequence[Sequence[int]] | None

    def matrix(self, cells: Cells) -> list[list[float]]:
        """Areas by indicators; nan for no figure."""
        return [[_number(cells.get((area.pk, row.pk))) for row in self.indicators] for area in self.areas]

    @property
    def population(self) -> list[float]:
        """Inhabitants of each area; nan for unknown."""
        return [math.nan if count is None else count for count in self.populations]

    def digest(self, rules: Mapping[str, Any]) -> str:
        """SHA-256 of everything that decides a result, in one canonical form.

        Database keys stay out: the same figures give the same hash in another installation.

        Args:
            rules: Content of the method and year; of the same form for the same rules.
        """
        content = {
            "rules": rules,
            "years": [[row.key, self.years[row.pk]] for row in self.indicators],
            "areas": [
                [area.key, population, is_valid, self._canonical(area, self.cells)]
                for area, population, is_valid in zip(self.areas, self.populations, self.valid, strict=True)
            ],
        }
        if self.last is not None:
            content["last"] = [self._canonical(area, self.last) for area in self.areas]
        if self.neighbours is not None:
            content["neighbours"] = [list(places) for places in self.neighbours]
        text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def _canonical(self, area: Area, cells: Cells) -> list[Any]:
        found = [cells.get((area.pk, row.pk)) for row in self.indicators]
        return [
            None if cell is None else [None if cell.value is None else repr(float(cell.value)), cell.sign]
            for cell in found
        ]


def _number(cell: Cell | None) -> float:
    return math.nan if cell is None or cell.value is None else cell.value


def run_inputs(
    territory: Organisation, year: int, indicators: Sequence[Indicator], *, fill: Fill = Fill.NONE
) -> RunInputs:
    """Read what enters a run.

    Areas are those of the territory's finest level; of each indicator the latest year up to ``year`` with
    figures in force counts, the same for all areas: some statistics come every second year only.

    Args:
        territory: The planning authority.
        year: Year the index stands for.
        indicators: In the order of the method, with their units.
        fill: What takes the place of missing figures.

    Returns:
        The inputs.

    Raises:
        DomainError: ``indicator_without_figures``, ``no_boundaries``.

    Queries: about 8, whatever the number of areas.
    """
    areas = sorted(areas_of_year(territory, year), key=lambda area: (area.key, area.pk))
    years = indicator_years(territory, indicators, year=year)
    for row in indicators:
        if row.pk not in years:
            raise DomainError(
                "indicator_without_figures",
                _("There are no figures in force of “%(name)s” up to %(year)s.")
                % {"name": row.name, "year": year},
            )
    last_day = datetime.date(year, 12, 31)
    return RunInputs(
        areas=areas,
        indicators=indicators,
        years=years,
        cells=_protected(_cells_of(areas, indicators, years), areas, indicators),
        valid=[exists_on(area, last_day) for area in areas],
        populations=populations_of(areas, year),
        last=_last_cells(areas, indicators, years) if fill is Fill.LAST else None,
        neighbours=_neighbours(areas) if fill is Fill.NEIGHBOURS else None,
    )


def indicator_years(territory: Organisation, indicators: Iterable[Indicator], *, year: int) -> dict[int, int]:
    """Latest year up to ``year`` in which each indicator has a figure in force.

    Args:
        territory: The planning authority.
        indicators: Indicators.
        year: Year the index stands for.

    Returns:
        Year by primary key of the indicator; those without any figure are missing. Queries: 2.
    """
    rows = (
        Value.objects.filter(
            is_current=True,
            value__isnull=False,
            year__lte=year,
            area__territory=territory,
            area__kind=planning_level(territory),
            indicator__in=[row.pk for row in indicators],
        )
        .order_by()
        .values("indicator_id")
        .annotate(last=Max("year"))
        .values_list("indicator_id", "last")
    )
    return dict(rows)


def _cells_of(
    areas: Sequence[Area], indicators: Sequence[Indicator], years: Mapping[int, int]
) -> dict[tuple[int, int], Cell]:
    """Figures in force of the year of each indicator."""
    rows = Value.objects.filter(
        is_current=True,
        area__in=[area.pk for area in areas],
        indicator__in=[row.pk for row in indicators],
        year__in=set(years.values()),
    ).values_list("area_id", "indicator_id", "pk", "value", "sign", "year")
    return {
        (area, indicator): Cell(pk, value, sign, year)
        for area, indicator, pk, value, sign, year in rows
        if year == years[indicator]
    }


def _last_cells(areas: Sequence[Area], indicators: Sequence[Indicator], years: Mapping[int, int]) -> Cells:
    """The last figure of each area before the year of the indicator."""
    rows = (
        Value.objects.filter(
            is_current=True,
            value__isnull=False,
            area__in=[area.pk for area in areas],
            indicator__in=[row.pk for row in indicators],
            year__lt=max(years.values()),
        )
        .order_by("year")  # later ones replace earlier ones
        .values_list("area_id", "indicator_id", "pk", "value", "sign", "year")
    )
    found = {
        (area, indicator): Cell(pk, value, sign, year)
        for area, indicator, pk, value, sign, year in rows
        if year < years[indicator]
    }
    return _protected(found, areas, indicators)


def _protected(
    cells: Mapping[tuple[int, int], Cell], areas: Sequence[Area], indicators: Sequence[Indicator]
) -> Cells:
    """Figures as they may enter: in place of secret ones what stands in for them.

    The index of an area, mean and spread are shown, and from them whatever entered can be worked out.
    """
    if not cells:
        return cells
    places, related = places_around(areas), with_related(indicators)
    years = {cell.year for cell in cells.values()}
    values = values_around(places, related).filter(year__in=years)
    lines = lines_of(values.values_list("indicator_id", "year", "area_id", "value"))
    secrets = secrets_of(lines, related, places)
    by_pk = {row.pk: row for row in indicators}
    entering = {
        line: stand_ins(by_pk[line[0]], line[1], lines, places, secrets) for line in lines if line[0] in by_pk
    }
    found = dict(cells)
    for (area, indicator), cell in cells.items():
        middle = entering.get((indicator, cell.year), {})
        if cell.value is not None and area in middle:
            value = middle[area]
            sign = cell.sign if value is not None else SIGN_UNKNOWN
            found[area, indicator] = Cell(cell.source, value, sign, cell.year)
    return found


def _neighbours(areas: Sequence[Area]) -> list[list[int]]:
    """Places of the areas that touch each, as in the atlas."""
    picture = area_picture(areas)
    if picture is None:
        raise DomainError(
            "no_boundaries",
            _("The boundaries of the areas are not known, so nobody knows neighbours. Choose another rule."),
        )
    places = {area.pk: place for place, area in enumerate(areas)}
    return [sorted(places[key] for key in picture.neighbours.get(area.pk, ())) for area in areas]
