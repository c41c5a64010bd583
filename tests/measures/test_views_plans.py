"""Pages of plans: list, portfolio, timeline."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterable
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

from measures.columns import COLUMNS
from measures.models import Measure, MeasureDependency, MeasureStatus, Milestone, StatusChange
from measures.services.rights import measure_grant_rights
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed

ClientAs = Callable[[User], Client]
D = datetime.date


def detail(world: World, **query: str) -> str:
    return reverse("measures:plan-detail", args=[world.plan.pk], query=query)


def listing(world: World, **query: str) -> str:
    return reverse("measures:measure-list", args=[world.plan.pk], query=query)


def timeline(world: World, **query: str) -> str:
    return reverse("measures:plan-timeline", args=[world.plan.pk], query=query)


def figures(world: World, **query: str) -> str:
    return reverse("measures:figure-sheet", args=[world.plan.pk], query=query)


def map_of(world: World, **query: str) -> str:
    return reverse("workflows:plan-map", args=[world.plan.pk], query=query)


def pages(world: World) -> tuple[str, ...]:
    return detail(world), listing(world), timeline(world), figures(world), map_of(world)


def names(html: str) -> list[str]:
    """Measures or reports of a list."""
    return re.findall(r'<th scope="row"><a href="/(?:measures|reports)/\d+/[^>]*>([^<]+)', html)


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


def test_every_number_of_the_portfolio_is_the_length_of_its_list(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    first = filled.plan.measures.get(title="Elterncafé")
    first.areas.set(filled.areas[:2])
    factories.measure(filled.plan, filled.health_office, stage=2, title="Später")
    client = client_as(planner)
    html = client.get(detail(filled)).content.decode()
    found = list(tiles(html).values())
    cells = re.findall(r'<a href="([^"]+)" aria-label="[^"]+">(\d+)</a>', html)
    found += [(int(number), address.replace("&amp;", "&")) for address, number in cells]
    assert len(tiles(html)) >= 6
    assert len(cells) >= 15
    for number, address in found:
        listed = client.get(address)
        assert listed.status_code == 200
        assert len(names(listed.content.decode())) == number, address


def test_the_portfolio_says_what_slips_first_and_why(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    today = timezone.localdate()
    late = filled.plan.measures.get(title="Bewegungspark")
    late.ends_on = today - datetime.timedelta(days=3)
    late.save()
    confirmed(filled, late, today - datetime.timedelta(days=10), 0)
    Milestone.objects.create(
        measure=late,
        title="Fläche gesichert",
        planned_on=today - datetime.timedelta(days=9),
        due_on=today - datetime.timedelta(days=9),
    )
    html = client_as(planner).get(detail(filled)).content.decode()
    slips = html[html.index('id="slips"') : html.index('id="changed"')]
    assert "Bewegungspark" in slips
    assert "Fläche gesichert" in slips
    assert "Hofgestaltung" not in slips


def test_small_counts_stay_secret_among_the_reasons(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    today = timezone.localdate()
    late = filled.plan.measures.get(title="Bewegungspark")
    figure = late.key_figures.get()
    figure.unit.is_count = True
    figure.unit.save()
    figure.targets.update(due_on=today - datetime.timedelta(days=11))
    confirmed(filled, late, today - datetime.timedelta(days=10), 2)
    for address in (detail(filled), figures(filled)):
        html = client_as(planner).get(address).content.decode()
        assert "Erreichte Kinder" in html
        assert not re.search(r">\s*2\xa0Personen|Kinder: 2\b", html)


def test_what_changed_since_the_last_closed_round(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    assert "Neues Angebot" not in client.get(detail(filled)).content.decode()
    measure = filled.plan.measures.get(title="Bewegungspark")
    confirmed(filled, measure, timezone.localdate() - datetime.timedelta(days=5), 1)
    assert filled.plan.rounds.get().closed_at is not None
    factories.measure(filled.plan, filled.youth_office, title="Neues Angebot")
    StatusChange.objects.create(
        measure=measure, before="agreed", after="running", effective_on=timezone.localdate()
    )
    html = client.get(detail(filled)).content.decode()
    changed = html[html.index('id="changed"') : html.index('id="by-field"')]
    assert "Neues Angebot" in changed
    assert "Bewegungspark" in changed
    assert "Elterncafé" not in changed


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
    html = client.get(listing(filled, q="eltern")).content.decode()
    assert "Elterncafé" in html
    assert "Bewegungspark" not in html
    falling = client.get(listing(filled, sort="-title")).content.decode()
    order = [falling.index(title) for title in ("Hofgestaltung", "Elterncafé", "Bewegungspark")]
    assert order == sorted(order)
    assert 'aria-sort="descending"' in falling
    assert "pg-empty" in client.get(listing(filled, q="gibt es nicht")).content.decode()
    strange = client.get(listing(filled, state="erfunden", field="x", sort="nichts", page="99"))
    assert strange.status_code == 200
    assert "Elterncafé" in strange.content.decode()


def test_files_hold_what_is_seen(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    response: Any = client.get(listing(filled, q="eltern", export="xlsx"))
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert [row[1] for row in rows[1:2]] == ["Elterncafé"]
    assert "Bewegungspark" not in {row[1] for row in rows}
    csv = client.get(listing(filled, export="csv")).content.decode("utf-8-sig")
    assert csv.count("\r\n") >= 4
    assert "Bewegungspark" in csv
    for address in (timeline(filled), figures(filled), map_of(filled)):
        assert client.get(address, {"export": "csv"}).status_code == 200
    chosen = client.get(f"{listing(filled)}?col=goals&col=contact&export=csv").content.decode("utf-8-sig")
    assert len(chosen.splitlines()[0].split(";")) == 4


def test_the_timeline_draws_a_bar_for_each_measure(filled: World, client_as: ClientAs, planner: User) -> None:
    response = client_as(planner).get(timeline(filled))
    html = response.content.decode()
    assert str(response.context["picture"]).count('class="pg-gantt__bar"') == 3
    assert "2028" in html
    assert "pg-span__today" in html
    assert "pg-span__stage" not in html
    assert not re.search(r"<[^>]+\sstyle=", html)


def test_the_timeline_shows_milestones_needs_and_delays_in_words_too(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    today = timezone.localdate()
    first, second, _third = filled.plan.measures.order_by("position")
    Milestone.objects.create(measure=first, title="Raum", planned_on=today, due_on=today, reached_on=today)
    yesterday = today - datetime.timedelta(days=1)
    Milestone.objects.create(measure=first, title="Team", planned_on=yesterday, due_on=yesterday)
    MeasureDependency.objects.create(measure=second, needed=first)
    html = client_as(planner).get(timeline(filled)).content.decode()
    (words,) = re.findall(rf'aria-label="({first.number} [^"]*)"', html)
    assert "Team" in words
    assert "pg-gantt__arrow" in html
    (needing,) = re.findall(rf'aria-label="({second.number} [^"]*)"', html)
    assert str(first) in needing


def test_the_timeline_in_other_groups_and_scales(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    filled.plan.measures.get(title="Elterncafé").areas.set(filled.areas[:1])
    filled.plan.measures.get(title="Hofgestaltung").areas.set(filled.areas[:2])
    by_area = client.get(timeline(filled, group="area"))
    assert [len(group.rows) for group in by_area.context["groups"]] == [1, 1, 1]
    assert by_area.context["groups"][1].title == filled.areas[0].name
    by_house = client.get(timeline(filled, group="organisation"))
    assert {group.title: len(group.rows) for group in by_house.context["groups"]} == {
        "Gesundheitsamt": 1,
        filled.youth_office.name: 2,
    }
    widths = [
        float(re.findall(r'class="pg-gantt__picture" viewBox="0 0 ([\d.]+)', html)[0])
        for html in (
            client.get(timeline(filled, zoom=zoom)).content.decode() for zoom in ("plan", "year", "quarter")
        )
    ]
    assert widths == sorted(set(widths))
    assert client.get(timeline(filled, zoom="x", group="y")).status_code == 200


def test_the_timeline_says_what_each_look_of_a_bar_means(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    response = client_as(planner).get(timeline(filled))

    legend = response.context["legend"]
    drawn = set(
        re.findall(r'class="(pg-span--\w+ pg-span--\w+)"', response.content.decode().split("pg-legend")[0])
    )
    explained = {
        look
        for swatch, _text in legend
        for look in re.findall(r'class="(pg-span--\w+ pg-span--\w+)"', str(swatch))
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
    for address in (detail(world), listing(world), timeline(world), figures(world)):
        response = client.get(address)
        assert response.status_code == 200
        assert "pg-empty" in response.content.decode()
    assert world.areas[0].name in client.get(map_of(world)).content.decode()


def test_who_sees_the_plan(filled: World, client_as: ClientAs) -> None:
    for name in filled.people:
        client = client_as(filled.fresh(name))
        expected = (
            404
            if name in {"outsider", "funder_reader", "provider_head", "association_head", "admin"}
            else 200
        )
        for address in pages(filled):
            assert client.get(address).status_code == expected, (name, address)
        assert client.get(reverse("measures:plan-list")).status_code == 200


def test_not_signed_in(filled: World) -> None:
    for address in (*pages(filled), reverse("measures:plan-list"), reverse("measures:own-measures")):
        response = Client().get(address)
        assert response.status_code == 302
        assert response.url.startswith(resolve_url(settings.LOGIN_URL))  # type: ignore[attr-defined]


def test_looking_only(filled: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    for address in (*pages(filled), reverse("measures:plan-list"), reverse("measures:own-measures")):
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


def test_my_measures_tell_what_is_due_next(filled: World, client_as: ClientAs) -> None:
    today = timezone.localdate()
    park = filled.plan.measures.get(title="Bewegungspark")
    Milestone.objects.create(
        measure=park, title="Fläche", planned_on=today, due_on=today + datetime.timedelta(days=40)
    )
    report = asked(filled, park, day=today, due_on=today + datetime.timedelta(days=9))
    client = client_as(filled.fresh("health_head"))
    address = reverse("measures:own-measures")
    response = client.get(address)
    html = response.content.decode()
    assert [row.measure for row in response.context["page_obj"]] == [park]
    assert reverse("measures:report-detail", args=[report.pk]) in html
    report.state = "confirmed"
    report.confirmed_at = timezone.now()
    report.save()
    assert "Fläche" in client.get(address).content.decode()
    assert "pg-empty" in client_as(filled.fresh("outsider")).get(address).content.decode()
    head = client_as(filled.fresh("head")).get(address, {"sort": "-title"})
    assert [row.measure.title for row in head.context["page_obj"]] == ["Hofgestaltung", "Elterncafé"]
    assert "Elterncafé" in client_as(filled.fresh("head")).get(address, {"export": "csv"}).content.decode()


def test_key_figures_by_light_level_and_house(filled: World, client_as: ClientAs, planner: User) -> None:
    park = filled.plan.measures.get(title="Bewegungspark")
    confirmed(filled, park, timezone.localdate() - datetime.timedelta(days=1), 50)
    client = client_as(planner)

    def found(**query: str) -> list[str]:
        return [card.row.measure.title for card in client.get(figures(filled, **query)).context["cards"]]

    assert found() == ["Elterncafé", "Bewegungspark", "Hofgestaltung"]
    assert found(light="on_path") == ["Bewegungspark"]
    assert found(light="no_data") == ["Elterncafé", "Hofgestaltung"]
    assert found(level="outcome") == []
    assert found(responsible=str(filled.health_office.pk)) == ["Bewegungspark"]
    assert found(q="hof") == ["Hofgestaltung"]
    (card,) = client.get(figures(filled, q="park")).context["cards"]
    assert card.row.progress_percent == 50


def test_the_map_counts_measures_and_leads_to_their_list(
    filled: World, client_as: ClientAs, planner: User
) -> None:
    park, cafe = (filled.plan.measures.get(title=title) for title in ("Bewegungspark", "Elterncafé"))
    park.areas.set(filled.areas[:2])
    cafe.areas.set(filled.areas[:1])
    Measure.objects.filter(pk=park.pk).update(ends_on=timezone.localdate() - datetime.timedelta(days=1))
    client = client_as(planner)
    response = client.get(map_of(filled))
    rows = {line.row.area: line for line in response.context["rows"]}
    assert [rows[area].row.total for area in filled.areas] == [2, 1, 0, 0]
    assert [rows[area].row.delayed for area in filled.areas] == [1, 1, 0, 0]
    first = rows[filled.areas[0]]
    assert len(names(client.get(first.url).content.decode())) == 2
    assert len(names(client.get(first.delayed_url).content.decode())) == 1
    assert len(names(client.get(response.context["everywhere_url"]).content.decode())) == 1
    assert response.context["run"] is None
    assert "2 (!1)" in response.content.decode()


def test_the_same_queries_for_2_and_20_measures(world: World, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)

    def fill(measures: Iterable[Measure]) -> None:
        for measure in measures:
            measure.areas.set(world.areas[:2])
            stone = Milestone(measure=measure, title="Raum", planned_on=measure.ends_on)
            stone.due_on = measure.ends_on
            stone.save()

    def queries(address: str) -> int:
        assert client.get(address).status_code == 200  # what is kept is reckoned once
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    every_column = "&".join(f"col={column.key}" for column in COLUMNS)
    addresses = (
        *pages(world),
        timeline(world, group="area"),
        f"{listing(world)}?{every_column}",
        reverse("measures:plan-list"),
        reverse("measures:own-measures"),
        listing(world, export="csv"),
        figures(world, export="csv"),
    )
    fill(factories.measure(world.plan, world.planning_unit) for _ in range(2))
    few = [queries(address) for address in addresses]
    fill(factories.measure(world.plan, world.planning_unit) for _ in range(18))
    assert [queries(address) for address in addresses] == few
