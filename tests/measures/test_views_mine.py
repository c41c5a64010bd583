"""My measures: what the organisations of a person have to do, and nothing that others have to."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure, MeasureStatus, Milestone
from measures.services.reporting import round_create
from stakeholders.models import User
from tests import factories
from tests.factories import World

ClientAs = Callable[[User], Client]
ADDRESS = "/measures/mine/"


def in_days(count: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=count)


def milestone(measure: Measure, day: datetime.date) -> None:
    Milestone.objects.create(measure=measure, title="Raum", planned_on=day, due_on=day)


def test_a_report_of_another_house_is_nobodys_duty_here(world: World, client_as: ClientAs) -> None:
    measure = factories.measure(
        world.plan, world.youth_office, status=MeasureStatus.RUNNING, started_on=in_days(-20)
    )
    measure.key_figures.update(reporter=world.health_office)
    made = round_create(
        plan=world.plan,
        measures=Measure.objects.filter(pk=measure.pk),
        reference_on=in_days(-1),
        due_on=in_days(5),
        user=world.people["planner"],
    )
    report = made.reports.get()
    assert report.organisation == world.health_office
    response = client_as(world.fresh("head")).get(ADDRESS)
    (row,) = response.context["page_obj"]
    assert row.duty.kind == "finish"
    assert reverse("measures:report-detail", args=[report.pk]) not in response.content.decode()


@pytest.mark.parametrize(
    "status", [MeasureStatus.COMPLETED, MeasureStatus.ENDED_EARLY, MeasureStatus.SUSPENDED]
)
def test_nothing_is_to_be_done_on_what_has_ended(
    world: World, client_as: ClientAs, status: MeasureStatus
) -> None:
    measure = factories.measure(world.plan, world.youth_office, status=status, started_on=in_days(-20))
    milestone(measure, in_days(3))
    (row,) = client_as(world.fresh("head")).get(ADDRESS).context["page_obj"]
    assert row.duty is None


def test_what_has_nothing_to_be_done_comes_last_either_way(world: World, client_as: ClientAs) -> None:
    factories.measure(world.plan, world.youth_office, title="fertig", status=MeasureStatus.COMPLETED)
    for title, days in (("bald", 3), ("später", 30)):
        milestone(factories.measure(world.plan, world.youth_office, title=title), in_days(days))
    client = client_as(world.fresh("head"))

    def titles(sort: str) -> list[str]:
        return [row.measure.title for row in client.get(ADDRESS, {"sort": sort}).context["page_obj"]]

    assert titles("due") == ["bald", "später", "fertig"]
    assert titles("-due") == ["später", "bald", "fertig"]


def test_measures_of_several_plans_say_of_which(world: World, client_as: ClientAs) -> None:
    factories.measure(world.plan, world.youth_office)
    html = client_as(world.fresh("head")).get(reverse("measures:plan-list")).content.decode()
    own = html[html.index('id="own"') :]
    assert world.plan.title in own
