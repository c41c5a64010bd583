"""Page of a measure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from measures.models import KeyFigure, KeyFigureTarget, Measure
from measures.services.projects import project_create
from measures.services.rights import measure_grant_rights
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed, handed_in

ClientAs = Callable[[User], Client]
D = datetime.date


@pytest.fixture
def measure(world: World) -> Measure:
    """A measure of the youth office with the provider as partner."""
    found = factories.measure(
        world.plan, world.youth_office, title="Elterncafé (Beispiel)", partners=[world.provider]
    )
    found.areas.add(world.areas[0])
    found.key_figures.update(baseline_on=D(2025, 12, 31))
    measure_grant_rights(found)
    return found


def page(measure: Measure) -> str:
    return reverse("measures:measure-detail", args=[measure.pk])


def test_the_page_shows_everything_of_the_measure(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    confirmed(world, measure, D(2026, 3, 31), 12)
    html = client_as(planner).get(page(measure)).content.decode()
    for text in (
        "Elterncafé (Beispiel)",
        "Erreichte Kinder",
        "Jugendamt",
        "Träger (Beispiel)",
        "Zentrum Nord",
    ):
        assert text in html
    assert "31.03.2026" in html
    assert "<svg" in html
    assert not re.search(r"<[^>]+\sstyle=", html)
    assert html.count("<h1") == 1


def test_an_unconfirmed_figure_is_not_shown(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    handed_in(world, asked(world, measure, day=D(2026, 3, 31)), 4711)
    assert "4.711" not in client_as(planner).get(page(measure)).content.decode()
    Measure.objects.filter(pk=measure.pk).update(status="running")
    assert "4.711" not in client_as(planner).get(page(measure)).content.decode()


def test_who_sees_it(measure: Measure, world: World, client_as: ClientAs) -> None:
    hidden = {"outsider", "funder_reader", "association_head", "admin"}
    for name in world.people:
        expected = 404 if name in hidden else 200
        assert client_as(world.fresh(name)).get(page(measure)).status_code == expected, name


def test_a_partner_gets_no_link_to_what_it_may_not_see(
    measure: Measure, world: World, client_as: ClientAs
) -> None:
    html = client_as(world.fresh("provider_head")).get(page(measure)).content.decode()
    assert reverse("measures:plan-detail", args=[world.plan.pk]) not in html
    assert reverse("workflows:measure-edit", args=[measure.pk]) not in html
    assert reverse("measures:project-create", args=[measure.pk]) not in html


def test_planning_may_change_it_until_it_has_ended(
    measure: Measure, client_as: ClientAs, planner: User
) -> None:
    edit = reverse("workflows:measure-edit", args=[measure.pk])
    client = client_as(planner)
    assert edit in client.get(page(measure)).content.decode()
    Measure.objects.filter(pk=measure.pk).update(status="completed", ended_on=D(2026, 6, 30))
    assert edit not in client.get(page(measure)).content.decode()


def test_the_funder_follows_the_project_but_not_the_measure(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    project_create(
        measure=measure,
        funder=world.funder,
        provider=world.provider,
        programme="Zusammen im Quartier",
        title="Elterncafé",
        starts_on=D(2026, 1, 1),
        ends_on=D(2026, 12, 31),
        user=planner,
    )
    funder = client_as(world.fresh("funder_reader"))
    assert funder.get(page(measure)).status_code == 404
    assert "Zusammen im Quartier" in client_as(planner).get(page(measure)).content.decode()


def test_not_signed_in_and_looking_only(measure: Measure, client_as: ClientAs, planner: User) -> None:
    assert Client().get(page(measure)).status_code == 302
    assert client_as(planner).post(page(measure)).status_code == 405
    assert client_as(planner).get(reverse("measures:measure-detail", args=[999_999])).status_code == 404


def test_the_same_queries_for_2_and_20_key_figures(
    measure: Measure, world: World, client_as: ClientAs, planner: User
) -> None:
    client = client_as(planner)

    def more(count: int) -> None:
        first = measure.key_figures.first()
        assert first is not None
        for number in range(count):
            figure = KeyFigure.objects.create(
                measure=measure,
                title=f"Kennzahl {measure.key_figures.count()} {number}",
                unit=first.unit,
                baseline=0,
                baseline_on=D(2025, 12, 31),
            )
            KeyFigureTarget.objects.create(key_figure=figure, due_on=D(2027, 12, 31), value=10)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(page(measure)).status_code == 200
        return len(captured)

    more(1)
    few = queries()
    more(18)
    assert queries() == few
