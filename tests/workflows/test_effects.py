"""What changed in the areas of a measure, told under statistical secrecy like everywhere else."""

from __future__ import annotations

from unittest import mock

import pytest

from monitoring.models import Indicator
from monitoring.services.deliveries import delivery_accept
from tests import factories
from tests.factories import World
from workflows.selectors import effects
from workflows.selectors.effects import area_changes


@pytest.fixture
def cases(world: World) -> Indicator:
    """Counts of people: 2, 7, 30 and 40 in 2022, and 10 more in 2024."""
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    indicator = factories.indicator("cases", unit=persons)
    values: dict[object, float | None] = {}
    for area, count in zip(world.areas, (2.0, 7.0, 30.0, 40.0), strict=True):
        values |= {(indicator, area, 2022): count, (indicator, area, 2024): count + 10}
    delivery_accept(
        factories.delivery(world.youth_office, values, world.people["head"]),  # type: ignore[arg-type]
        user=world.people["planner"],
    )
    return indicator


def test_a_small_count_and_its_companion_are_hidden_whatever_the_areas_of_the_measure(
    cases: Indicator, world: World
) -> None:
    measure = factories.measure(world.plan, world.youth_office)
    measure.areas.set([world.areas[1], world.areas[2]])
    with mock.patch.object(effects, "RecommendationVersion") as versions:
        versions.objects.filter.return_value.values.return_value = [cases.pk]
        hidden, shown = sorted(area_changes(measure), key=lambda row: row.area.pk)

    assert (hidden.first.year, hidden.first.value, hidden.first.sign) == (2022, None, ".")
    assert (hidden.latest.year, hidden.latest.value) == (2024, 17)
    assert (hidden.difference, hidden.is_better) == (None, None)
    assert (shown.first.value, shown.latest.value, shown.difference) == (30, 40, 10)
    assert shown.is_better is False
