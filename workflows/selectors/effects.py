"""Did the area change? Indicators of a measure's areas, from its first year to the latest."""

from __future__ import annotations

import dataclasses
from collections import defaultdict

from measures.models import Measure
from monitoring.models import Area, Direction, Indicator, Value
from workflows.models import RecommendationVersion


@dataclasses.dataclass(frozen=True)
class AreaChange:
    """An indicator of an area, at the first and at the latest year there is a value for.

    Attributes:
        area: The area.
        indicator: The indicator, with its unit.
        first: Value and sign of the first year.
        latest: Value and sign of the latest year; the same row where there is only one.
    """

    area: Area
    indicator: Indicator
    first: Value
    latest: Value

    @property
    def difference(self) -> float | None:
        """Change in the unit of the indicator; None without two values."""
        if self.first.pk == self.latest.pk or self.first.value is None or self.latest.value is None:
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

    Raw figures: for planning's own pages only.

    Args:
        measure: With areas and origins.

    Returns:
        One line per area and indicator that has any row in force, by area and indicator. Queries: 2.
    """
    versions = RecommendationVersion.objects.filter(decisions__measure_origins__measure=measure)
    rows = (
        Value.objects.filter(
            is_current=True,
            area__measures=measure,
            indicator__in=versions.values("indicators"),
        )
        .select_related("area", "indicator__unit")
        .order_by("area__name", "indicator__domain__position", "indicator__key", "year")
    )
    found: dict[tuple[int, int], list[Value]] = defaultdict(list)
    for row in rows:
        found[row.area_id, row.indicator_id].append(row)
    return [
        AreaChange(values[0].area, values[0].indicator, values[0], values[-1]) for values in found.values()
    ]
