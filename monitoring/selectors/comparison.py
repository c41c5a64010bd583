"""An area beside the mean, the areas that touch it and the areas that are like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitoring.likeness import most_alike
from monitoring.models import Area, AreaKind, Indicator
from monitoring.selectors.atlas import AtlasRow, AtlasView, indicator_view
from monitoring.selectors.figures import figures_in_force

#: Areas most like one that are shown.
ALIKE_COUNT: Final = 5


@dataclass(frozen=True)
class Companion:
    """An area like the chosen one.

    Attributes:
        row: Its figures.
        distance: In standard deviations; 0 is the same.
        common: Number of indicators known of both.
    """

    row: AtlasRow
    distance: float
    common: int


@dataclass(frozen=True)
class Comparison:
    """The chosen area and what it is compared with.

    Attributes:
        row: The area.
        mean: Mean of all areas; None if it must not be shown.
        neighbours: Areas that touch it; empty for an island and without boundaries.
        alike: Areas most like it, nearest first.
        indicator_count: Indicators likeness was looked for in.
        above: What it is part of and has a figure of its own, such as its municipality and the Kreis.
    """

    row: AtlasRow
    mean: float | None
    neighbours: Sequence[AtlasRow]
    alike: Sequence[Companion]
    indicator_count: int
    above: Sequence[AtlasRow] = ()

    @property
    def neighbours_mean(self) -> float | None:
        """Mean of the neighbours' figures that are shown."""
        return _mean(self.neighbours)

    @property
    def alike_mean(self) -> float | None:
        """Mean of the figures shown of the areas most like it."""
        return _mean([companion.row for companion in self.alike])


def _mean(rows: Sequence[AtlasRow]) -> float | None:
    numbers = [row.value for row in rows if row.value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def comparison_of(
    row: AtlasRow,
    view: AtlasView,
    *,
    year: int,
    indicators: Sequence[Indicator],
    neighbours: Mapping[int, Sequence[int]],
    above: Sequence[AtlasRow] = (),
) -> Comparison:
    """Compare an area with the mean, with its neighbours and with areas like it.

    Only figures that are shown enter, so the comparison tells nothing that pages hide.

    Args:
        row: The area.
        view: Where it was chosen.
        year: Year of the figures.
        indicators: All of the territory, with units; likeness goes by the rates, as counts depend on size.
        neighbours: Primary keys of touching areas by primary key.
        above: From ``rows_above``; what has no figure is left out.

    Returns:
        The comparison. Queries: 2, none without rates.
    """
    rows = {other.area.pk: other for other in view.rows}
    touching = [rows[pk] for pk in neighbours.get(row.area.pk, []) if pk in rows]
    touching.sort(key=lambda other: (other.rank is None, other.rank or 0, other.area.name))
    rates = [indicator for indicator in indicators if not indicator.unit.is_count]
    return Comparison(
        row=row,
        mean=view.base,
        neighbours=touching,
        alike=_alike(row.area, view.rows, rates, year) if rates else [],
        indicator_count=len(rates),
        above=[other for other in above if other.value is not None],
    )


def rows_above(
    area: Area, indicator: Indicator, year: int, *, level: str, levels: Sequence[AreaKind]
) -> list[AtlasRow]:
    """What an area is part of, on the levels above on which the indicator has figures, nearest first.

    The mean of small areas is not the figure of the Kreis; where that was delivered, it stands beside.

    Args:
        area: The area.
        indicator: With its unit.
        year: Year of the figures.
        level: Level of the area.
        levels: From ``atlas_levels``, the finest first.

    Returns:
        Rows as the atlas shows them on those levels. Queries: none where there is no level above;
        else 4 a level, and 1 for each area above.
    """
    values = [row.value for row in levels]
    upper = values[values.index(level) + 1 :] if level in values else []
    if not upper:
        return []
    above = []
    parent = area.parent
    while parent is not None:
        above.append(parent.pk)
        parent = parent.parent
    rows = [
        row
        for name in upper
        for row in indicator_view(area.territory, indicator, year, level=name).rows
        if row.area.pk in above
    ]
    return sorted(rows, key=lambda row: above.index(row.area.pk))


def _alike(area: Area, rows: Sequence[AtlasRow], rates: Sequence[Indicator], year: int) -> list[Companion]:
    areas = [row.area for row in rows]
    figures = figures_in_force(areas, rates, years=[year])
    table = [[figures.of(rate, other, year).value for rate in rates] for other in areas]
    chosen = next(place for place, other in enumerate(areas) if other.pk == area.pk)
    return [
        Companion(rows[alike.place], alike.distance, alike.common)
        for alike in most_alike(table, chosen, count=ALIKE_COUNT)
    ]
