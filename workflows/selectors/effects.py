"""Did the area change? Indicators of a measure's areas, from its first year to the latest."""

from __future__ import annotations

import dataclasses

from measures.models import Measure
from monitoring.models import Area, Direction, Indicator
from monitoring.secrecy import Shown
from monitoring.selectors.figures import figures_in_force
from workflows.models import RecommendationVersion


@dataclasses.dataclass(frozen=True)
class YearFigure:
    """What may be shown of a figure, with its year."""

    year: int
    value: float | None
    sign: str


@dataclasses.dataclass(frozen=True)
class AreaChange:
    """An indicator of an area, at the first and at the latest year there is a value for.

    Attributes:
        area: The area.
        indicator: The indicator, with its unit.
        first: Figure or sign of the first year.
        latest: Figure or sign of the latest year; the same where there is only one.
    """

    area: Area
    indicator: Indicator
    first: YearFigure
    latest: YearFigure

    @property
    def difference(self) -> float | None:
        """Change in the unit of the indicator; None without two values."""
        if self.first.year == self.latest.year or self.first.value is None or self.latest.value is None:
            return None
        return self.latest.value - self.first.value

    @property
    def is_better(self) -> bool | None:
        """Whether need went down; None if nothing can be said."""
        if not self.difference:
            return None
        return (self.difference < 0) == (self.indicator.direction == Direction.MORE_NEED)


def area_changes(measure: Measure) -> list[AreaChange]:
    """Indicators by which the recommendations behind a measure were argued, for the areas of the measure.

    Args:
        measure: With areas and origins.

    Returns:
        One line per area and indicator that has any figure or sign in force, by area and indicator, protected
        by statistical secrecy. Queries: 5.
    """
    versions = RecommendationVersion.objects.filter(decisions__measure_origins__measure=measure)
    indicators = list(
        Indicator.objects.filter(pk__in=versions.values("indicators"))
        .select_related("unit")
        .order_by("domain__position", "key")
    )
    areas = list(measure.areas.defer("geometry").order_by("name", "pk"))
    figures = figures_in_force(areas, indicators, has_means=False)
    found = []
    for area in areas:
        for indicator in indicators:
            years = [
                _year_figure(year, figures.of(indicator, area, year)) for year in figures.years(indicator)
            ]
            known = [row for row in years if row.sign or row.value is not None]
            if known:
                found.append(AreaChange(area, indicator, known[0], known[-1]))
    return found


def _year_figure(year: int, shown: Shown) -> YearFigure:
    return YearFigure(year, shown.value, shown.sign)
