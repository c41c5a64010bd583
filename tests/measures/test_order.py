"""Order of lists: the same on every database, as people count and spell."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import FinanceLine, KeyFigure, Measure, MeasureStatus
from measures.selectors.listing import SORTS, in_order
from measures.selectors.numbering import by_number, number_key
from measures.selectors.numbers import slipping
from measures.selectors.plan_part import finance_of
from measures.selectors.portfolio import areas_of, measures_seen_by, parties_of
from measures.selectors.sheet import SheetFilter, sheet_figures
from measures.selectors.standings import with_states
from measures.selectors.timeline import Grouping, grouped
from project.common.sorting import german_key
from stakeholders.models import User
from tests import factories
from tests.factories import World

ClientAs = Callable[[User], Client]
TITLES = ("Zentrum", "Übach", "Unna", "ähnlich", "Ahorn", "Straße", "Strasse 2")


def days_ago(count: int) -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=count)


def seen(world: World) -> QuerySet[Measure]:
    return with_states(measures_seen_by(world.fresh("planner")), timezone.localdate())


@pytest.fixture
def numbered(world: World) -> World:
    """1.1 with the part 1.1.2, 1.2 to 1.10."""
    first = factories.measure(world.plan, world.youth_office, title="eins")
    for _place in range(2, 11):
        factories.measure(world.plan, world.youth_office)
    factories.measure(world.plan, world.youth_office, parent=first, position=2, title="Teil")
    return world


def test_names_are_ordered_as_german_orders_them(world: World) -> None:
    for title in TITLES:
        factories.measure(world.plan, world.youth_office, title=title)
    found = [row.title for row in in_order(seen(world), SORTS["title"])]
    assert found == sorted(TITLES, key=german_key)
    assert found == ["ähnlich", "Ahorn", "Straße", "Strasse 2", "Übach", "Unna", "Zentrum"]


def test_places_and_houses_are_ordered_alike(world: World) -> None:
    names = ("Übach", "Unna", "Zeche")
    for name, area, house in zip(
        names, world.areas, (world.youth_office, world.health_office, world.jobcenter), strict=False
    ):
        area.name = house.name = name
        area.save()
        house.save()
        factories.measure(world.plan, house).areas.add(area)
    rows = measures_seen_by(world.fresh("planner"))
    assert [row.name for row in areas_of(rows)] == list(names)
    assert [row.name for row in parties_of(rows)] == list(names)
    for by in (Grouping.AREA, Grouping.ORGANISATION):
        found = grouped(seen(world), by)
        assert [row.responsible.name for row in found] == list(names), by


def test_parts_follow_the_measure_above_wherever_measures_have_numbers(numbered: World) -> None:
    rows = list(Measure.objects.select_related("field", "parent__field").order_by(*by_number()))
    assert [row.number for row in rows] == [row.number for row in sorted(rows, key=number_key)]
    assert [row.number for row in rows][:3] == ["1.1", "1.1.2", "1.2"]
    figures = sheet_figures(seen(numbered), SheetFilter())
    assert [row.measure.number for row in figures] == [row.number for row in rows]
    assert KeyFigure.objects.count() == len(rows)


def test_the_course_is_ordered_as_it_runs(world: World) -> None:
    for status in (
        MeasureStatus.COMPLETED,
        MeasureStatus.AGREED,
        MeasureStatus.RUNNING,
        MeasureStatus.PROPOSED,
    ):
        factories.measure(world.plan, world.youth_office, status=status)
    found = [row.status for row in in_order(seen(world), SORTS["status"])]
    assert found == ["proposed", "agreed", "running", "completed"]


def test_lines_for_the_whole_term_come_first(world: World) -> None:
    measure = factories.measure(world.plan, world.youth_office)
    for year in (2027, None, 2026):
        FinanceLine.objects.create(measure=measure, kind="cost", title="Miete", year=year, amount=Decimal(1))
    assert [row.year for row in finance_of(measure).rows] == [None, 2026, 2027]
    (loaded,) = Measure.objects.prefetch_related("finance_lines")
    assert [row.year for row in loaded.finance_lines.all()] == [None, 2026, 2027]


def test_what_is_late_longest_slips_first(world: World) -> None:
    """One that has not begun is late since its planned start, however far its planned end."""
    common = {"status": MeasureStatus.RUNNING, "started_on": days_ago(300), "starts_on": days_ago(300)}
    factories.measure(world.plan, world.youth_office, title="seit gestern", ends_on=days_ago(1), **common)
    factories.measure(
        world.plan,
        world.youth_office,
        title="nicht begonnen",
        status=MeasureStatus.AGREED,
        starts_on=days_ago(200),
    )
    factories.measure(
        world.plan, world.youth_office, title="seit einem Monat", ends_on=days_ago(30), **common
    )
    rows = slipping(seen(world), timezone.localdate())
    assert [(row.line.measure.title, row.days_late) for row in rows] == [
        ("nicht begonnen", 200),
        ("seit einem Monat", 30),
        ("seit gestern", 1),
    ]


def test_agreements_of_parts_follow_the_measure_above(numbered: World, client_as: ClientAs) -> None:
    for measure in Measure.objects.all():
        measure.needs_agreement = True
        measure.save()
    address = reverse("workflows:agreement-list", args=[numbered.plan.pk])
    response = client_as(numbered.fresh("planner")).get(address)
    found = [line.measure.number for line in response.context["page_obj"]]
    assert found[:3] == ["1.1", "1.1.2", "1.2"]
