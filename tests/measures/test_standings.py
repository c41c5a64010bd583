"""States that are kept: right after every change, cheap as long as nothing changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from measures.changes import standings_outdate
from measures.models import (
    FigureStanding,
    FundedProject,
    KeyFigureTarget,
    Measure,
    MeasureStanding,
    MeasureStatus,
    Milestone,
    StateOverride,
)
from measures.selectors import standings
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.listing import kept_state
from measures.selectors.portfolio import measure_lines
from measures.selectors.standings import refresh, with_states
from measures.selectors.tallies import tallies
from measures.status import PortfolioState
from stakeholders.models import Organisation
from tests import factories
from tests.factories import World
from tests.funding import granted
from tests.measures.reports import confirmed
from workflows import timers
from workflows.timers import timers_fire

D = datetime.date
TODAY = D(2026, 7, 1)


@pytest.fixture
def measure(world: World) -> Measure:
    """Running since January 2026; 50 of 100 are expected by the end of June."""
    row = factories.measure(
        world.plan,
        world.youth_office,
        starts_on=D(2026, 1, 1),
        started_on=D(2026, 1, 1),
        ends_on=D(2027, 12, 31),
        status=MeasureStatus.RUNNING,
    )
    figure = row.key_figures.get()
    figure.baseline_on = D(2026, 1, 1)
    figure.save()
    target = figure.targets.get()
    target.due_on = D(2026, 12, 31)
    target.save()
    return row


def kept(measure: Measure, today: datetime.date = TODAY) -> PortfolioState:
    rows = Measure.objects.filter(pk=measure.pk).select_related("plan", "field")
    state = kept_state(with_states(rows, today).get())
    assert state is measure_lines(rows, today)[0].state
    return state


def test_what_is_kept_follows_every_change(world: World, measure: Measure) -> None:
    assert kept(measure) is PortfolioState.NO_DATA
    report = confirmed(world, measure, D(2026, 6, 30), 50)
    assert kept(measure) is PortfolioState.ON_PATH
    figure = measure.key_figures.get()
    figure.targets.get().delete()
    assert kept(measure) is PortfolioState.NO_DATA
    KeyFigureTarget.objects.create(key_figure=figure, due_on=D(2026, 12, 31), value=Decimal(400))
    assert kept(measure) is PortfolioState.DELAYED
    row = report.figures.get()
    row.value = Decimal(200)
    row.save()
    assert kept(measure) is PortfolioState.ON_PATH
    report.figures.get().delete()
    assert kept(measure) is PortfolioState.NO_DATA


def test_dates_and_status_written_past_all_services_are_seen(world: World, measure: Measure) -> None:
    assert kept(measure) is PortfolioState.NO_DATA
    Measure.objects.filter(pk=measure.pk).update(ends_on=D(2026, 6, 30))
    assert kept(measure) is PortfolioState.DELAYED
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.COMPLETED, ended_on=D(2026, 6, 30))
    assert kept(measure) is PortfolioState.COMPLETED


def test_another_day_is_reckoned_anew(measure: Measure) -> None:
    assert kept(measure, D(2027, 12, 31)) is PortfolioState.NO_DATA
    assert kept(measure, D(2028, 1, 1)) is PortfolioState.DELAYED


def test_opening_stage_two_changes_what_waited_for_it(world: World) -> None:
    row = factories.measure(
        world.plan, world.youth_office, stage=2, status=MeasureStatus.AGREED, starts_on=D(2026, 1, 1)
    )
    assert kept(row) is PortfolioState.PREPARING
    world.plan.stage_two_opened_on = D(2026, 6, 1)
    world.plan.save()
    assert kept(row) is PortfolioState.DELAYED


CHANGES: dict[str, Callable[[World, Measure], object]] = {
    "milestone": lambda world, measure: Milestone.objects.create(
        measure=measure, title="Raum", planned_on=TODAY, due_on=TODAY
    ),
    "override": lambda world, measure: StateOverride.objects.create(
        measure=measure, state="at_risk", reason="Umzug", set_by=world.people["planner"]
    ),
    "key figure": lambda world, measure: measure.key_figures.get().save(),
    "report": lambda world, measure: confirmed(world, measure, D(2026, 6, 30), 1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_marks_the_standing_outdated(world: World, measure: Measure, name: str) -> None:
    refresh(Measure.objects.all(), TODAY)
    assert not MeasureStanding.objects.get(measure=measure).is_outdated
    other = factories.measure(world.plan, world.health_office)
    refresh(Measure.objects.all(), TODAY)
    CHANGES[name](world, measure)
    assert MeasureStanding.objects.get(measure=measure).is_outdated
    assert not MeasureStanding.objects.get(measure=other).is_outdated


def test_a_change_during_the_reckoning_is_not_written_over(measure: Measure) -> None:
    def change_meanwhile(*args: object, **kwargs: object) -> object:
        lines = measure_lines(*args, **kwargs)  # type: ignore[arg-type]
        standings_outdate(MeasureStanding.objects.filter(measure=measure))
        return lines

    with mock.patch.object(standings, "measure_lines", change_meanwhile):
        refresh(Measure.objects.all(), TODAY)
    assert MeasureStanding.objects.get(measure=measure).is_outdated
    assert kept(measure) is PortfolioState.NO_DATA


def test_nothing_is_reckoned_twice_and_many_cost_one_question(world: World, measure: Measure) -> None:
    house: Organisation = world.youth_office
    for _ in range(5):
        factories.measure(world.plan, house)
    refresh(Measure.objects.all(), TODAY)
    with CaptureQueriesContext(connection) as captured:
        refresh(Measure.objects.all(), TODAY)
    assert len(captured) == 1


def test_lights_of_key_figures_are_kept_beside(world: World, measure: Measure) -> None:
    confirmed(world, measure, D(2026, 6, 30), 0)
    refresh(Measure.objects.all(), TODAY)
    assert FigureStanding.objects.get(key_figure__measure=measure).light == "off_path"


def test_measures_without_a_row_get_one(measure: Measure) -> None:
    MeasureStanding.objects.all().delete()
    assert kept(measure) is PortfolioState.NO_DATA


def test_a_portfolio_counts_lights_nobody_has_looked_at_yet(world: World, measure: Measure) -> None:
    project = granted(world, "Elterncafé")
    FundedProject.objects.filter(pk=project.pk).update(measure=measure)
    scope = portfolio_scope(world.fresh("funder_reader"))

    def lights(today: datetime.date = TODAY) -> list[str]:
        ((_row, tally),) = tallies(scope, today)
        return [name for name in tally.counts if name.startswith("light:") and tally.counts[name]]

    assert lights() == ["light:no_data"]
    row = confirmed(world, measure, D(2026, 6, 30), 50).figures.get()
    assert lights() == ["light:on_path"]
    row.value = Decimal(1)
    row.save()
    assert lights() == ["light:off_path"]
    MeasureStanding.objects.update(is_outdated=True)
    FigureStanding.objects.all().delete()
    timers_fire()
    assert FigureStanding.objects.filter(key_figure__measure=measure).exists()
    with mock.patch.object(timers, "lights_refresh", side_effect=RuntimeError):
        timers_fire()
