"""Statistical secrecy on pages and in files: no way out shows what another one hides."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Hashable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from monitoring.delivery_form import form_csv
from monitoring.models import Area, AreaKind, Indicator
from monitoring.profiles import findings_of
from monitoring.selectors.figures import figures_delivered, figures_in_force
from monitoring.selectors.runs import run_table
from monitoring.services.deliveries import delivery_accept
from monitoring.services.index import index_run_create
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.attacker import worked_out

ClientAs = Callable[[User], Client]
Values = dict[tuple[Indicator, Area, int], float | None]
ATLAS = "/atlas/"


def in_force(world: World, values: Values) -> None:
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


@pytest.fixture
def cases(world: World) -> Indicator:
    persons = factories.unit("persons", "Personen", is_count=True, decimals=0)
    return factories.indicator("cases", unit=persons, name_de="Fälle", name_en="Cases")


@pytest.fixture
def rate(world: World) -> Indicator:
    """Per 1,000 inhabitants of areas of 2,000: the first figure stands for one or two people."""
    unit = factories.unit("per_1000", "je 1.000 Einw.", per=1000, decimals=2)
    indicator = factories.indicator("rate", unit=unit, name_de="Quote", name_en="Rate")
    figures = (0.77, 14.25, 21.5, 30.75)
    in_force(world, {(indicator, area, 2024): at for area, at in zip(world.areas, figures, strict=True)})
    return indicator


def ways_out(client: Client, area: Area, indicator: Indicator) -> dict[str, str]:
    """All pages and files of one figure, as text."""
    found = {}
    page = reverse("monitoring:area-detail", args=[area.pk])
    for name, url, query in [
        ("atlas", ATLAS, {"show": indicator.key}),
        ("atlas csv", ATLAS, {"show": indicator.key, "export": "csv"}),
        ("map", ATLAS, {"show": indicator.key, "export": "svg"}),
        ("area", page, {}),
        ("area csv", page, {"export": "csv"}),
        ("course", reverse("monitoring:indicator-detail", args=[indicator.pk]), {"area": area.pk}),
    ]:
        response = client.get(url, query)
        assert response.status_code == 200, name
        found[name] = response.content.decode("utf-8-sig")
    return found


# --- Rates that rest on few people -------------------------------------------------------------------


def test_a_rate_of_one_or_two_people_is_shown_nowhere(
    rate: Indicator, world: World, planner: User, client_as: ClientAs
) -> None:
    client = client_as(planner)
    for name, text in ways_out(client, world.areas[0], rate).items():
        assert not re.search(r"\b0[,.]77\b", text), name
    view = client.get(ATLAS, {"show": "rate"}).context["view"]
    row = view.row_of(world.areas[0].pk)
    assert (row.value, row.text) == (None, ".")
    assert "zu wenige Menschen" in row.note
    assert (
        "zu wenige Menschen"
        in client.get(reverse("monitoring:area-detail", args=[world.areas[0].pk])).content.decode()
    )


def test_the_mean_of_rates_does_not_tell_the_hidden_one(
    rate: Indicator, world: World, planner: User, client_as: ClientAs
) -> None:
    view = client_as(planner).get(ATLAS, {"show": "rate"}).context["view"]
    assert view.mean == pytest.approx((14.25 + 21.5 + 30.75) / 3)


def test_a_rate_is_judged_by_its_denominator(rate: Indicator, world: World) -> None:
    """21.5 of 1,000 are 43 of the inhabitants, but 2 of 100 children."""
    children = factories.indicator("children", unit=factories.unit("children", "Kinder", is_count=True))
    rate.denominator = children
    rate.save()
    in_force(world, {(children, world.areas[2], 2024): 100.0})
    figures = figures_in_force(world.areas, [rate])
    assert [figures.of(rate, area, 2024).value for area in world.areas] == [None, 14.25, None, 30.75]
    alone = figures_in_force([world.areas[2]], [rate], has_means=False)
    assert alone.of(rate, world.areas[2], 2024).is_secret


def test_amounts_are_no_rates_of_people(world: World) -> None:
    euro = factories.indicator("tax", unit=factories.unit("euro", "€ je Einw."))
    in_force(world, {(euro, world.areas[0], 2024): 0.5})
    assert figures_in_force(world.areas, [euro]).of(euro, world.areas[0], 2024).value == 0.5


def test_an_index_does_not_give_a_secret_rate_away(rate: Indicator, world: World, planner: User) -> None:
    """Mean, spread and index are shown; who works the input back finds the middle of what is secret."""
    run = index_run_create(
        territory=world.territory, year=2024, indicators=[rate], border=Decimal(1), user=planner
    )
    table = run_table(run)
    (column,) = table.columns
    result = next(row for row in table.results if row.area_id == world.areas[0].pk)
    assert column.mean is not None and column.sd is not None and result.total is not None  # noqa: PT018
    assert column.mean + result.total * column.sd == pytest.approx(0.75)
    cell = table.cell(world.areas[0].pk, rate.pk)
    assert (cell.shown.value, cell.shown.sign, cell.z) == (None, ".", None)
    assert findings_of(run, world.areas)[world.areas[0].pk] == []
    assert findings_of(run, world.areas)[world.areas[3].pk] != []


# --- Levels, years, versions -------------------------------------------------------------------------


@pytest.fixture
def towns(world: World) -> list[Area]:
    """Two municipalities: the first two areas belong to one, the others to the other."""
    made = [factories.area(world.territory, name, kind=AreaKind.MUNICIPALITY) for name in ("Oben", "Unten")]
    for number, area in enumerate(world.areas):
        area.parent = made[number // 2]
        area.save()
    return made


def test_the_page_of_a_municipality_does_not_tell_its_two_small_areas(
    cases: Indicator, towns: list[Area], world: World, planner: User, client_as: ClientAs
) -> None:
    counts = (2.0, 2.0, 41.0, 57.0)
    values: Values = {(cases, area, 2024): count for area, count in zip(world.areas, counts, strict=True)}
    values |= {(cases, towns[0], 2024): 4.0, (cases, towns[1], 2024): 98.0}
    in_force(world, values)

    client = client_as(planner)
    shown: dict[Hashable, float | None] = {}
    for area in [*world.areas, *towns]:
        page = client.get(reverse("monitoring:area-detail", args=[area.pk]))
        (row,) = [row for _domain, rows in page.context["groups"] for row in rows]
        shown[area.pk] = row.shown.value
        assert row.mean_text == "", "the mean would tell the sum of both"
    assert shown[towns[0].pk] is None
    sums = [
        ({world.areas[0].pk: 1.0, world.areas[1].pk: 1.0, towns[0].pk: -1.0}, 0.0),
        ({world.areas[2].pk: 1.0, world.areas[3].pk: 1.0, towns[1].pk: -1.0}, 0.0),
    ]
    assert not worked_out(shown, sums)


def test_an_area_that_is_gone_is_protected_with_its_time(
    cases: Indicator, world: World, planner: User, client_as: ClientAs
) -> None:
    """The atlas of 2020 hides the gone 7 with the 2; so do the pages of the areas, which list today's."""
    gone = factories.area(world.territory, "Aufgelöst", valid_until=datetime.date(2021, 12, 31))
    counts = (2.0, 30.0, 40.0, 50.0)
    values: Values = {(cases, area, 2020): count for area, count in zip(world.areas, counts, strict=True)}
    in_force(world, values | {(cases, gone, 2020): 7.0})

    client = client_as(planner)
    view = client.get(ATLAS, {"show": "cases", "year": "2020"}).context["view"]
    in_atlas = {row.area.pk: row.value for row in view.rows}
    on_pages = {}
    for area in [*world.areas, gone]:
        page = client.get(reverse("monitoring:area-detail", args=[area.pk]))
        (row,) = [row for _domain, rows in page.context["groups"] for row in rows]
        on_pages[area.pk] = row.shown.value
    assert in_atlas == on_pages
    assert {pk for pk, value in in_atlas.items() if value is None} == {world.areas[0].pk, gone.pk}
    assert view.mean == pytest.approx(129 / 5)


def test_half_a_delivery_is_protected_with_the_other_half(cases: Indicator, world: World) -> None:
    """Alone, the second half has nothing to hide; the first half needs its 5 to hide behind."""
    first, second, third, fourth = world.areas
    in_force(world, {(cases, first, 2024): 1.0, (cases, second, 2024): 12.0})
    half = factories.delivery(
        world.jobcenter, {(cases, third, 2024): 5.0, (cases, fourth, 2024): 9.0}, world.people["head"]
    )
    figures = figures_delivered(half, world.areas, [cases])
    assert [figures.of(cases, area, 2024).value for area in (third, fourth)] == [None, 9.0]
    assert figures.mean(cases, 2024) == 9.0, "of a part of a line only what is shown"


# --- Files -------------------------------------------------------------------------------------------


def test_the_form_writes_small_numbers_as_people_do(world: World) -> None:
    indicator = factories.indicator("tiny", unit=factories.unit("euro", "€ je Einw."))
    in_force(
        world, {(indicator, world.areas[0], 2024): 0.00001, (indicator, world.areas[1], 2024): 0.1 + 0.2}
    )
    text = form_csv([indicator], world.areas, [2024]).decode("utf-8-sig")
    assert "2024;0,00001" in text
    assert "e-" not in text


def test_files_of_areas_have_the_places_of_the_unit(world: World, planner: User, client_as: ClientAs) -> None:
    indicator = factories.indicator("sum", unit=factories.unit("euro", "€ je Einw.", decimals=2))
    in_force(world, {(indicator, world.areas[0], 2024): 0.1 + 0.2})
    text = ways_out(client_as(planner), world.areas[0], indicator)["area csv"]
    assert '"2024";0,3;;' in text


def test_a_file_of_another_house_takes_the_right_to_raw_figures(
    world: World, planner: User, head: User, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = factories.delivery(world.youth_office, {}, head)
    url = reverse("monitoring:delivery-file", args=[delivery.pk])
    assert client_as(planner).get(url).status_code == 200
    assert client_as(head).get(url).status_code == 200
    entries = LogEntry.objects.filter(action="delivery.downloaded").order_by("pk")
    assert [(entry.user, entry.data["own"]) for entry in entries] == [(planner, False), (head, True)]

    group = planner.groups.get(name__contains="planner", name__startswith="territory")
    group.groupobjectpermission_set.filter(permission__codename="view_raw_figures").delete()
    assert client_as(world.fresh("planner")).get(url).status_code == 403
    assert entries.count() == 2
