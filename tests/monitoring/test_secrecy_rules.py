"""Each rule of secrecy on a page and in a file, not on the service alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from monitoring.services.deliveries import delivery_accept
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.permissions.secret_scene import FIGURES, number_pattern, secret_world

#: Rule -> figure, place of the area where it is hidden, place of one where it is shown.
RULES = {
    "companion over areas": ("few", 1, 3),
    "companion over categories": ("cases_men", 1, 3),
    "rate of the same people": ("cases_share", 0, 3),
    "base too small": ("tutoring_rate", 0, 3),
    "dominance": ("grants", 0, 3),
    "threshold of the source": ("cases", 0, 3),
}

TUTORING = (31.5125, 32.5125, 33.5125, 34.5125)


@pytest.mark.django_db
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_holds_on_the_page_and_in_the_file(
    rule: str, world: World, planner: User, client_as: Callable[[User], Client]
) -> None:
    made = secret_world(world)
    first = world.areas[0]
    first.population = 900
    first.save()
    rate = factories.indicator("tutoring_rate", unit=made["cases_share"].unit, minimum_base=1000)
    delivered = factories.delivery(
        world.health_office,
        {(rate, area, 2024): TUTORING[place] for place, area in enumerate(world.areas)}
        | {(made["cases"], area, 2024): FIGURES["cases"][place] for place, area in enumerate(world.areas)},
        world.people["health_head"],
    )
    delivery_accept(delivered, user=planner)
    key, hidden, shown = RULES[rule]
    figures = TUTORING if key == rate.key else FIGURES[key]
    client = client_as(planner)

    def on_page(place: int) -> bool:
        page = client.get(reverse("monitoring:area-detail", args=[world.areas[place].pk]))
        rows = [row for _domain, rows in page.context["groups"] for row in rows]
        return next(bool(row.shown.is_secret) for row in rows if row.indicator.key == key)

    def in_file(place: int) -> bool:
        address = {"show": key, "year": 2024, "export": "csv"}
        lines = client.get(reverse("monitoring:atlas"), address).content.decode("utf-8-sig").splitlines()
        (line,) = [line for line in lines if world.areas[place].name in line]
        written = number_pattern(figures[place]).removesuffix(r"(?!\d)") + r"0*(?!\d)"
        return re.search(written, line) is None

    assert (on_page(hidden), in_file(hidden)) == (True, True)
    assert (on_page(shown), in_file(shown)) == (False, False)
