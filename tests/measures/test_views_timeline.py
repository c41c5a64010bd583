"""The timeline beyond its picture: on paper, on telephones, and what lies outside of the plan."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from measures.models import FieldOfAction, MeasureStatus, Milestone
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.standings import with_states
from measures.selectors.timeline import Grouping, axis_of, grouped, timeline_rows
from stakeholders.models import User
from tests import factories
from tests.factories import World

ClientAs = Callable[[User], Client]


def ago(days: int) -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=days)


def timeline(world: World, **query: str) -> str:
    return reverse("measures:plan-timeline", args=[world.plan.pk], query=query)


def test_on_paper_every_measure_is_drawn_once_beside_its_name(
    world: World, client_as: ClientAs, planner: User
) -> None:
    for number, count in ((6, 3), (7, 20), (8, 12), (9, 1)):
        field = FieldOfAction.objects.create(plan=world.plan, number=number, title=f"Feld {number}")
        for _place in range(count):
            factories.measure(world.plan, world.youth_office, field=field)
    plan = client_as(planner).get(timeline(world)).context["sheets"]
    found = [row.measure.number for sheet, _picture in plan for group in sheet for row in group.rows]
    assert found == [
        row.number
        for row in with_states(measures_seen_by(planner), ago(0)).order_by("field__number", "position")
    ]
    for zoom in ("plan", "year", "quarter"):
        for sheet, picture in client_as(planner).get(timeline(world, zoom=zoom)).context["sheets"]:
            lines = sum(1 + len(group.rows) for group in sheet)
            assert 2 <= lines <= 14
            # As wide as the sheet, whatever the scale on screen; as high as the names.
            assert f'viewBox="0 0 590 {36 + 40 * lines}"' in picture
            assert "<a " not in picture
            assert picture.count('class="pg-gantt__bar"') == sum(len(group.rows) for group in sheet)


def test_the_table_tells_delays_and_overdue_milestones(
    world: World, client_as: ClientAs, planner: User
) -> None:
    """On a telephone the table is all there is."""
    late = factories.measure(
        world.plan,
        world.youth_office,
        status=MeasureStatus.RUNNING,
        starts_on=ago(90),
        started_on=ago(90),
        ends_on=ago(1),
    )
    Milestone.objects.create(measure=late, title="Raum gefunden", planned_on=ago(5), due_on=ago(5))
    factories.measure(world.plan, world.youth_office, status=MeasureStatus.AGREED, starts_on=ago(40))
    html = client_as(planner).get(timeline(world)).content.decode()
    table = html[html.index('id="table-title"') :]
    assert "1 Tag über" in table or "1 Tag nach" in table
    assert "Raum gefunden" in table
    assert "40 Tage nach" in table


def test_delay_of_what_has_not_begun_counts_from_its_planned_start(world: World) -> None:
    factories.measure(
        world.plan, world.youth_office, status=MeasureStatus.AGREED, starts_on=ago(60), ends_on=ago(20)
    )
    rows = grouped(with_states(measures_seen_by(world.fresh("planner")), ago(0)), Grouping.FIELD)
    (row,) = timeline_rows(rows, Grouping.FIELD, ago(0))
    assert row.delay(ago(0)) == (ago(59), ago(0))
    with translation.override("en"):
        assert row.delay_words.startswith("not begun, 60 days after its planned start")


def test_the_axis_holds_what_lies_outside_of_the_plan(world: World) -> None:
    ends = world.plan.ends_on
    later = ends + datetime.timedelta(days=400)
    measure = factories.measure(
        world.plan, world.youth_office, status=MeasureStatus.RUNNING, started_on=ago(3)
    )
    rows = world.plan.measures.all()
    assert axis_of(world.plan, rows, ago(0)).last_year == ends.year
    Milestone.objects.create(measure=measure, title="Vorher", planned_on=ago(900), due_on=ago(900))
    assert axis_of(world.plan, rows, ago(0)).first_year == ago(900).year
    assert axis_of(world.plan, rows, later).last_year == later.year, "it still runs"
    measure.status, measure.ended_on = MeasureStatus.COMPLETED, later
    measure.save()
    assert axis_of(world.plan, rows, ago(0)).last_year == later.year
