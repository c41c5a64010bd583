"""Pages of plans: list, portfolio, timeline."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.shortcuts import resolve_url
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from measures.models import MeasureStatus
from measures.services.rights import measure_grant_rights
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked

ClientAs = Callable[[User], Client]
D = datetime.date


def detail(world: World, **query: str) -> str:
    return reverse("measures:plan-detail", args=[world.plan.pk], query=query)


def timeline(world: World) -> str:
    return reverse("measures:plan-timeline", args=[world.plan.pk])


def tiles(html: str) -> dict[str, tuple[int, str]]:
    """Label of a tile -> number and address."""
    found = re.findall(
        r'<a href="([^"]*)"><span class="pg-tile__number">(\d+)</span><span class="pg-tile__label">([^<]+)',
        html,
    )
    return {label: (int(number), address.replace("&amp;", "&")) for address, number, label in found}


@pytest.fixture
def filled(world: World) -> World:
    """Three measures in different states."""
    today = timezone.localdate()
    factories.measure(world.plan, world.youth_office, title="Elterncafé")
    factories.measure(
        world.plan,
        world.health_office,
        title="Bewegungspark",
        status=MeasureStatus.RUNNING,
        started_on=today - datetime.timedelta(days=20),
    )
    factories.measure(
        world.plan,
        world.youth_office,
        title="Hofgestaltung",
        status=MeasureStatus.COMPLETED,
        started_on=today - datetime.timedelta(days=25),
        ended_on=today,
    )
    return world


def test_the_portfolio_shows_measures_and_numbers_lead_to_their_lists(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    client = client_as(planner)
    html = client.get(detail(filled)).content.decode()
    for title in ("Elterncafé", "Bewegungspark", "Hofgestaltung"):
        assert title in html
    found = tiles(html)
    assert len(found) >= 6
    for number, address in found.values():
        listed = client.get(address)
        assert listed.status_code == 200
        shown = re.findall(r'<th scope="row"><a href="/(?:measures|reports)/\d+/', listed.content.decode())
        assert len(shown) == number, address


def test_the_reports_tile_counts_what_its_list_shows(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    today = timezone.localdate()
    measure = filled.plan.measures.get(title="Bewegungspark")
    asked(
        filled,
        measure,
        day=today - datetime.timedelta(days=20),
        due_on=today - datetime.timedelta(days=5),
    )
    client = client_as(planner)
    (overdue,) = [
        tile
        for label, tile in tiles(client.get(detail(filled)).content.decode()).items()
        if "state=overdue" in tile[1]
    ]
    assert overdue[0] == 1
    assert "Gesundheitsamt" in client.get(overdue[1]).content.decode()


def test_filter_sort_and_empty_list(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    html = client.get(detail(filled, q="eltern")).content.decode()
    assert "Elterncafé" in html
    assert "Bewegungspark" not in html
    falling = client.get(detail(filled, sort="-title")).content.decode()
    order = [falling.index(title) for title in ("Hofgestaltung", "Elterncafé", "Bewegungspark")]
    assert order == sorted(order)
    assert 'aria-sort="descending"' in falling
    assert "pg-empty" in client.get(detail(filled, q="gibt es nicht")).content.decode()
    strange = client.get(detail(filled, state="erfunden", field="x", sort="nichts", page="99"))
    assert strange.status_code == 200
    assert "Elterncafé" in strange.content.decode()


def test_files_hold_what_is_seen(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    response: Any = client.get(detail(filled, q="eltern", export="xlsx"))
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert [row[1] for row in rows[1:2]] == ["Elterncafé"]
    assert "Bewegungspark" not in {row[1] for row in rows}
    csv = client.get(detail(filled, export="csv")).content.decode("utf-8-sig")
    assert csv.count("\r\n") >= 4
    assert "Bewegungspark" in csv
    assert client.get(timeline(filled), {"export": "csv"}).status_code == 200


def test_the_timeline_draws_a_bar_for_each_measure(filled: World, client_as: ClientAs, planner: User) -> None:
    html = client_as(planner).get(timeline(filled)).content.decode()
    assert html.count('class="pg-span"') == 3
    assert "2028" in html
    assert "pg-span__today" in html
    assert "pg-span__stage" not in html
    assert not re.search(r"<[^>]+\sstyle=", html)


def test_the_timeline_says_what_each_look_of_a_bar_means(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    response = client_as(planner).get(timeline(filled))

    legend = response.context["legend"]
    drawn = set(
        re.findall(r'class="(pg-span--\w+ pg-span--\w+)"', response.content.decode().split("pg-legend")[0])
    )
    explained = {
        re.findall(r'class="(pg-span--\w+ pg-span--\w+)"', str(swatch))[0] for swatch, _text in legend
    }
    assert drawn == explained
    assert len({text for _swatch, text in legend}) == len(legend)


def test_the_timeline_tells_stage_two_before_and_after_its_decision(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    factories.measure(filled.plan, filled.youth_office, stage=2, starts_on=D(2027, 1, 1))
    client = client_as(planner)
    before = client.get(timeline(filled)).content.decode()
    assert "pg-span__stage" in before
    assert "01.01.2027" in before
    filled.plan.stage_two_opened_on = D(2026, 9, 1)
    filled.plan.save()
    assert "01.09.2026" in client.get(timeline(filled)).content.decode()


def test_an_empty_plan_says_what_comes_next(world: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    for address in (detail(world), timeline(world)):
        response = client.get(address)
        assert response.status_code == 200
        assert "pg-empty" in response.content.decode()


def test_who_sees_the_plan(filled: World, client_as: ClientAs) -> None:
    for name in filled.people:
        client = client_as(filled.fresh(name))
        expected = (
            404
            if name in {"outsider", "funder_reader", "provider_head", "association_head", "admin"}
            else 200
        )
        for address in (detail(filled), timeline(filled)):
            assert client.get(address).status_code == expected, (name, address)
        assert client.get(reverse("measures:plan-list")).status_code == 200


def test_not_signed_in(filled: World) -> None:
    for address in (detail(filled), timeline(filled), reverse("measures:plan-list")):
        response = Client().get(address)
        assert response.status_code == 302
        assert response.url.startswith(resolve_url(settings.LOGIN_URL))  # type: ignore[attr-defined]


def test_looking_only(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    for address in (detail(filled), timeline(filled), reverse("measures:plan-list")):
        assert client.post(address).status_code == 405


def test_the_list_of_plans_leads_to_each_plan_with_its_numbers(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    html = client_as(planner).get(reverse("measures:plan-list")).content.decode()
    assert filled.plan.title in html
    assert detail(filled) in html
    assert any(number == 1 for number, _address in tiles(html).values())


def test_a_partner_finds_its_measures_and_nothing_else(filled: World, client_as: ClientAs) -> None:
    own = factories.measure(filled.plan, filled.youth_office, title="Lernhaus", partners=[filled.provider])
    measure_grant_rights(own)
    client = client_as(filled.fresh("provider_head"))
    html = client.get(reverse("measures:plan-list")).content.decode()
    assert "Lernhaus" in html
    assert "Elterncafé" not in html
    assert detail(filled) not in html
    assert "Lernhaus" not in client.get(reverse("measures:plan-list"), {"q": "Park"}).content.decode()
    nobody = client_as(filled.fresh("outsider")).get(reverse("measures:plan-list")).content.decode()
    assert "Lernhaus" not in nobody
    assert "pg-empty" in nobody


def test_planning_is_offered_the_next_step_only_in_its_stage(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    factories.make_cycle(filled)
    html = client_as(planner).get(detail(filled)).content.decode()
    assert "/rounds/new/" not in html
    assert "/stage-two/" not in html


def test_the_same_queries_for_2_and_20_measures(world: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    addresses = (detail(world), timeline(world), reverse("measures:plan-list"), detail(world, export="csv"))
    for _ in range(2):
        factories.measure(world.plan, world.planning_unit)
    few = [queries(address) for address in addresses]
    for _ in range(18):
        factories.measure(world.plan, world.planning_unit)
    assert [queries(address) for address in addresses] == few
