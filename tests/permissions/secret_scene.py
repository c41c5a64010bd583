"""The scene of the rights tests with figures that must not be told, each a number found nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from unittest import mock

from monitoring.models import AreaKind, Direction, IndexRun, Indicator
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.models import DataRequest, PlanningCycle

YEARS = (2023, 2024)
#: Figures of the four areas in 2024; the year before has other ones. Which are secret says ``SECRET``.
FIGURES: dict[str, tuple[float, ...]] = {
    # 0.0791 percent of 2,000 are one or two people.
    "sgb2_rate": (0.0791, 14.25, 21.5, 30.75),
    "childcare_rate": (3.25, 77.5, 99.9571, 62.25),
    # Its source shows nothing below 8,000; 8,087 hides with it, and what tells either of them.
    "cases": (7919, 8087, 9601, 9500),
    "cases_share": (39.5951, 40.4351, 48.25, 47.5),
    "cases_women": (4003, 4099, 4801, 4700),
    "cases_men": (3916, 3988, 4800, 4800),
    # Beside one person hides the 4; both are too common to be looked for, see the test of two worlds.
    "few": (1, 4, 57, 63),
    # One house gets more than 80 percent of the first sum.
    "grants": (61001.53, 52002.5, 43003.5, 34004.5),
    "grants_largest": (60007.57, 20009.59, 10011.61, 10013.63),
}
#: Sums of the municipalities, of two areas each.
SUMS = ("cases", "cases_women", "cases_men", "few")
#: Places in ``FIGURES`` that no page and no file may tell, but for the raw ones.
SECRET: Mapping[str, tuple[int, ...]] = {
    "sgb2_rate": (0,),
    "childcare_rate": (2,),
    "cases": (0, 1),
    "cases_share": (0, 1),
    "cases_women": (0, 1),
    "cases_men": (0, 1),
    "grants": (0,),
    "grants_largest": (0, 1, 2, 3),
}
#: What the first part of the cases was said to be before it was corrected.
CORRECTED = 4517
#: Figure of the year before: so much more, no round number either.
BEFORE = 1.0137


def before(value: float, key: str) -> float:
    """Figure of the year before."""
    return round(value * BEFORE, 0 if key in {"cases", "cases_women", "cases_men", "few"} else 4)


def secret_numbers() -> dict[str, re.Pattern[str]]:
    """What to look for: each secret number in every way in which it is written."""
    found = {"corrected": re.compile(number_pattern(CORRECTED))}
    for key, areas in SECRET.items():
        for place in areas:
            value = FIGURES[key][place]
            found[f"{key} {place}"] = re.compile(number_pattern(value))
    return found


def number_pattern(value: float) -> str:
    """A number with comma or point, with or without marks for thousands, never as a part of a longer one."""
    whole, _point, digits = f"{value:.4f}".rstrip("0").rstrip(".").partition(".")
    if len(whole) > 3:
        whole = f"{whole[:-3]}[.,\\s\u00a0\u202f]?{whole[-3:]}"
    tail = f"[.,]{digits}" if digits else ""
    return rf"(?<![\d.,]){whole}{tail}(?!\d)"


def secret_world(world: World) -> dict[str, Indicator]:
    """Give a world two municipalities and the catalogue of the figures above."""
    towns = [
        factories.area(world.territory, name, kind=AreaKind.MUNICIPALITY, population=4000)
        for name in ("Oben", "Unten")
    ]
    for number, area in enumerate(world.areas):
        area.parent = towns[number // 2]
        area.save()
    exact = factories.unit("exact_percent", "%", is_percent=True, decimals=4)
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    euros = factories.unit("euro", "€", decimals=2)
    made: dict[str, Indicator] = {row.key: row for row in world.indicators}
    for row in world.indicators[:2]:
        row.unit = exact
        row.save()
    made["cases"] = factories.indicator("cases", unit=persons, secrecy_threshold=8000)
    made["cases_share"] = factories.indicator(
        "cases_share", Direction.LESS_NEED, unit=exact, numerator_count=made["cases"]
    )
    for key in ("cases_women", "cases_men"):
        made[key] = factories.indicator(key, unit=persons, part_of=made["cases"])
    made["few"] = factories.indicator("few", unit=persons)
    made["grants_largest"] = factories.indicator("grants_largest", unit=euros)
    made["grants"] = factories.indicator(
        "grants", unit=euros, largest_contribution=made["grants_largest"], dominance_percent=80
    )
    world.indicators = [made["sgb2_rate"], made["childcare_rate"], made["cases"]]
    extra = [made[key] for key in FIGURES if key not in {row.key for row in world.indicators}]
    planner, head = world.people["planner"], world.people["health_head"]
    values = _values(extra, world)
    for number, town in enumerate(towns):
        for key in SUMS:
            for year in YEARS:
                parts = [_figure(key, place, year) for place in (2 * number, 2 * number + 1)]
                values[made[key], town, year] = sum(parts)
    wrong = {(made["cases_women"], area, 2024): CORRECTED for area in world.areas[:1]}
    for rows in (wrong, values):
        delivery_accept(factories.delivery(world.health_office, rows, head), user=planner)
    return made


def _figure(key: str, place: int, year: int) -> float:
    value = FIGURES[key][place]
    return value if year == YEARS[-1] else before(value, key)


def _values(
    indicators: list[Indicator], world: World
) -> dict[tuple[Indicator, factories.Area, int], float | None]:
    return {
        (row, area, year): _figure(row.key, place, year)
        for row in indicators
        for place, area in enumerate(world.areas)
        for year in YEARS
    }


@contextmanager
def secret_figures(world: World) -> Iterator[None]:
    """All that is delivered and computed meanwhile takes the figures above."""

    def full_values(request: DataRequest, _areas: object) -> object:
        return _values(list(request.indicators.all()), world)

    def run(_self: Stages, _cycle: PlanningCycle) -> IndexRun:
        return frozen_run(world)

    with mock.patch.object(factories, "full_values", full_values), mock.patch.object(Stages, "run", run):
        yield


def frozen_run(world: World, *, year: int = 2024) -> IndexRun:
    """An index of the rates, a secret one and one that hides with its count among them."""
    rates = list(Indicator.objects.filter(key__in=["sgb2_rate", "childcare_rate", "cases_share"]))
    return index_run_create(
        territory=world.territory,
        year=year,
        indicators=rates,
        border=Decimal("0.1"),
        user=world.people["planner"],
    )
