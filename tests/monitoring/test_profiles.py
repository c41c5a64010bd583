"""Drafts of profiles: the strongest deviations on each side, with their trend, in plain sentences."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from monitoring.models import AreaSuccession, Direction, Indicator, Unit
from monitoring.profiles import Finding, draft, profile_drafts
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from tests import factories
from tests.factories import World

PERCENT = Unit(key="percent", symbol_de="%", symbol_en="%", decimals=1, is_percent=True)


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def finding(
    name: str, z: float, before: float | None = None, direction: Direction = Direction.MORE_NEED
) -> Finding:
    indicator = Indicator(key=name.lower(), name_en=name, name_de=name, unit=PERCENT, direction=direction)
    year = None if before is None else 2019
    return Finding(indicator, 2024, 14.25, 9.0, 2.0, z, year, before)


def test_a_weakness_says_how_far_it_lies_and_where_it_comes_from() -> None:
    _strengths, weaknesses, _potentials = draft([finding("Poverty rate", 2.6, before=12.0)])
    assert weaknesses == (
        "Poverty rate: 14.3% (2024), far less favourable than the mean of all areas (9.0%). "
        "It has risen since 2019 (12.0%)."
    )


def test_a_strength_is_worded_as_one() -> None:
    strengths, _weaknesses, _potentials = draft([finding("Childcare rate", -1.2, before=14.2)])
    assert strengths == (
        "Childcare rate: 14.3% (2024), clearly more favourable than the mean of all areas (9.0%). "
        "It has hardly changed since 2019 (14.2%)."
    )


def test_at_most_three_on_each_side_strongest_first() -> None:
    rows = [finding(f"N{number}", 3 - number / 2) for number in range(13)]
    strengths, weaknesses, _potentials = draft(rows)
    assert [line[:3] for line in weaknesses.splitlines()] == ["N0:", "N1:", "N2:"]
    assert [line[:3] for line in strengths.splitlines()] == ["N12", "N11", "N10"]


def test_a_weakness_that_gets_better_is_a_potential() -> None:
    worse = [finding(f"N{number}", 3.0) for number in range(3)]
    _strengths, weaknesses, potentials = draft([*worse, finding("Poverty rate", 1.5, before=18.0)])
    assert "better since 2019 (18.0% then, 14.3% now)" in potentials
    assert "Poverty rate" not in weaknesses


def test_nothing_is_named_a_weakness_and_a_potential() -> None:
    _strengths, weaknesses, potentials = draft([finding("Poverty rate", 1.5, before=18.0)])
    assert "It has fallen since 2019 (18.0%)." in weaknesses
    assert "Poverty rate" not in potentials


def test_better_means_the_other_way_round_where_more_is_good() -> None:
    worse = [finding(f"N{number}", 3.0) for number in range(3)]
    more_is_good = finding("Childcare rate", 1.5, before=11.0, direction=Direction.LESS_NEED)
    assert "better since 2019" in draft([*worse, more_is_good])[2]
    assert "better since" not in draft([*worse, finding("Poverty rate", 1.5, before=11.0)])[2]


def test_without_news_the_draft_says_so() -> None:
    strengths, weaknesses, potentials = draft([finding("Poverty rate", 0.3)])
    assert strengths.startswith("No figure is notably more favourable")
    assert weaknesses.startswith("No figure is notably less favourable")
    assert potentials.startswith("The figures alone")


def test_drafts_of_a_run_in_few_queries(world: World, django_assert_max_num_queries: Any) -> None:
    sgb2, childcare = world.indicators[:2]
    values: dict[Any, float | None] = {}
    for number, area in enumerate(world.areas, start=1):
        values |= {(sgb2, area, 2024): 2.0 * number, (childcare, area, 2024): 70.0 - 10 * number}
        values |= {(sgb2, area, 2020): 1.0, (sgb2, area, 2018): 90.0}
    delivery_accept(
        factories.delivery(world.youth_office, values, world.people["head"]), user=world.people["planner"]
    )
    run = index_run_create(
        territory=world.territory,
        year=2024,
        indicators=[sgb2, childcare],
        border=Decimal(1),
        user=world.people["planner"],
    )

    with django_assert_max_num_queries(13):
        drafts = profile_drafts(run, world.areas)

    strengths, weaknesses, _potentials = drafts[world.areas[3].pk]
    assert weaknesses.splitlines()[1] == (
        "Indicator sgb2_rate: 8.0% (2024), clearly less favourable than the mean of all areas (5.0%). "
        "It has risen since 2020 (1.0%)."
    )
    assert strengths.startswith("No figure")
    assert "30.0%" in weaknesses
    assert drafts[world.areas[0].pk][0].count("\n") == 1

    # Since its borders changed, figures from before are those of another area.
    AreaSuccession.objects.create(
        old=world.areas[0], new=world.areas[3], changed_on=datetime.date(2021, 1, 1), share=Decimal("0.5")
    )
    drafts = profile_drafts(run, world.areas)
    assert "since 2020" not in "".join(drafts[world.areas[3].pk])
