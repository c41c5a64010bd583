"""Reads of measures: states, filters, what counts as a figure, and the number of queries."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from measures.models import FieldOfAction, FinanceLine, Goal, Measure, MeasureStatus, Milestone
from measures.selectors.figures import figure_lines, number_of
from measures.selectors.listing import (
    NO_AREA,
    SORTS,
    MeasureFilter,
    found_measures,
    in_order,
    kept_state,
    listed,
)
from measures.selectors.numbers import overdue_report_count, plan_numbers
from measures.selectors.portfolio import measure_lines, measures_seen_by, own_measures
from measures.selectors.reports import ReportFilter, report_lines, reports_of, reports_seen_by
from measures.selectors.standings import with_states
from measures.services.reporting import report_review
from measures.services.rights import measure_grant_rights
from measures.status import Light, Oddity, PortfolioState
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed, handed_in

D = datetime.date
TODAY = D(2026, 7, 1)


def running(world: World, **kwargs: Any) -> Measure:
    """A running measure of the youth office: 0 on 1 January 2026, 100 by the end of 2026."""
    defaults: dict[str, Any] = {
        "starts_on": D(2026, 1, 1),
        "started_on": D(2026, 1, 1),
        "ends_on": D(2027, 12, 31),
        "status": MeasureStatus.RUNNING,
    }
    measure = factories.measure(world.plan, world.youth_office, **(defaults | kwargs))
    figure = measure.key_figures.get()
    figure.baseline_on = D(2026, 1, 1)
    figure.save()
    figure.targets.update(due_on=D(2026, 12, 31), value=Decimal(100))
    return measure


def seen(world: World) -> QuerySet[Measure]:
    return measures_seen_by(world.fresh("planner")).filter(plan=world.plan)


def found(world: World, **wanted: Any) -> list[Measure]:
    return list(found_measures(seen(world), MeasureFilter(**wanted), TODAY))


def state(world: World, measure: Measure, today: datetime.date = TODAY) -> PortfolioState:
    """The state that is kept, which must be the one that is reckoned."""
    kept = kept_state(with_states(seen(world), today).get(pk=measure.pk))
    (line,) = measure_lines([seen(world).get(pk=measure.pk)], today)
    assert kept is line.state
    return kept


def test_only_confirmed_figures_count(world: World) -> None:
    measure = running(world)
    assert state(world, measure) is PortfolioState.NO_DATA
    report = asked(world, measure, day=D(2026, 6, 30))
    handed_in(world, report, 10)
    assert state(world, measure) is PortfolioState.NO_DATA
    confirmed(world, measure, D(2026, 5, 31), 40)
    assert state(world, measure) is PortfolioState.ON_PATH


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (50, PortfolioState.ON_PATH),
        (30, PortfolioState.AT_RISK),
        (0, PortfolioState.DELAYED),
        (None, PortfolioState.NO_DATA),
    ],
)
def test_state_follows_from_the_latest_confirmed_report(
    world: World, value: int | None, expected: PortfolioState
) -> None:
    measure = running(world)
    confirmed(world, measure, D(2026, 3, 31), 25)
    confirmed(world, measure, D(2026, 6, 30), value)
    assert state(world, measure) is expected


def test_a_missing_figure_is_shown_as_missing_with_the_last_value_kept(world: World) -> None:
    measure = running(world)
    confirmed(world, measure, D(2026, 3, 31), 25)
    confirmed(world, measure, D(2026, 6, 30), None)
    (line,) = figure_lines([measure.pk])[measure.pk]
    assert line.light is Light.NO_DATA
    assert line.latest is not None
    assert line.latest.value is None
    assert line.last_value is not None
    assert line.last_value.value == 25
    assert number_of(None, line.figure) == "–"


def test_stage_two_waits_until_it_is_opened(world: World) -> None:
    measure = factories.measure(
        world.plan, world.youth_office, stage=2, status=MeasureStatus.AGREED, starts_on=D(2026, 1, 1)
    )
    assert state(world, measure) is PortfolioState.PREPARING
    world.plan.stage_two_opened_on = D(2026, 6, 1)
    world.plan.save()
    assert state(world, measure) is PortfolioState.DELAYED


def test_every_filter_narrows(world: World) -> None:
    second_field = FieldOfAction.objects.create(plan=world.plan, number=2, title="Wohnen")
    first = running(world, title="Elterncafé")
    first.areas.add(world.areas[0])
    second = factories.measure(
        world.plan, world.health_office, field=second_field, stage=2, partners=[world.provider]
    )
    guiding = Goal.objects.create(plan=world.plan, kind="guiding", number=1, title="Leitbild")
    strategic = Goal.objects.create(plan=world.plan, kind="strategic", number=1, title="Ziel", parent=guiding)
    first.goals.add(strategic)
    Milestone.objects.create(measure=first, title="Raum", planned_on=D(2026, 1, 2), due_on=D(2026, 1, 2))
    FinanceLine.objects.create(measure=second, kind="funding", title="Land", amount=Decimal(5))

    assert found(world) == [first, second]
    assert found(world, search="eltern") == [first]
    assert found(world, search="2.1") == [second]
    assert found(world, search="gesundheits") == [second]
    assert found(world, field=second_field.pk) == [second]
    assert found(world, stage=2) == [second]
    assert found(world, state=PortfolioState.DELAYED.value) == [first], "its milestone is overdue"
    assert found(world, status=MeasureStatus.PROPOSED.value) == [second]
    assert found(world, organisation=world.provider.pk) == [second]
    assert found(world, organisation=world.youth_office.pk) == [first]
    assert found(world, responsible=world.provider.pk) == []
    assert found(world, responsible=world.health_office.pk) == [second]
    assert found(world, area=str(world.areas[0].pk)) == [first]
    assert found(world, area=NO_AREA) == [second]
    assert found(world, goal=guiding.pk) == [first]
    assert found(world, goal=strategic.pk) == [first]
    assert found(world, milestone="overdue") == [first]
    assert found(world, milestone="reached") == []
    assert found(world, funding="yes") == [second]
    assert found(world, funding="no") == [first]
    assert found(world, search="nichts dergleichen") == []


def test_submeasures_stand_below_theirs_and_are_found_by_number(world: World) -> None:
    first, second = running(world), running(world)
    below = running(world, parent=first, position=1)
    assert found(world) == [first, below, second]
    assert found(world, search="1.1.1") == [below]
    assert found(world, search="1.1") == [first]


def test_counts_are_of_the_whole_plan(world: World) -> None:
    running(world)
    running(world)
    factories.measure(world.plan, world.youth_office)
    numbers = plan_numbers(world.fresh("planner"), world.plan, TODAY)
    assert numbers.total == 3
    assert numbers.counts[PortfolioState.NO_DATA] == 2
    assert numbers.counts[PortfolioState.PREPARING] == 1


def test_order_by_column_with_equal_ones_by_number(world: World) -> None:
    late, early = running(world, title="B"), running(world, title="A")
    measures = with_states(seen(world), TODAY)
    assert list(in_order(measures, ("folded_title",))) == [early, late]
    assert list(in_order(measures, SORTS["responsible"])) == [late, early]
    assert list(in_order(measures, ("-field__number", "-position"))) == [early, late]


def test_late_reports_are_counted_until_they_are_in(world: World) -> None:
    measure = running(world)
    report = asked(world, measure, day=D(2026, 3, 31), due_on=D(2026, 4, 30))

    def late() -> int:
        count = overdue_report_count(world.plan, TODAY)
        assert reports_of(world.plan, ReportFilter(state="overdue"), TODAY).count() == count
        return count

    assert late() == 1
    handed_in(world, report, 20)
    assert late() == 0


def test_the_same_queries_for_2_and_20_measures(world: World) -> None:
    def queries() -> int:
        list(with_states(seen(world), TODAY))
        with CaptureQueriesContext(connection) as captured:
            for row in listed(in_order(with_states(seen(world), TODAY))):
                assert row.badge
                assert row.measure.number
        return len(captured)

    for _ in range(2):
        running(world)
    confirmed(world, Measure.objects.latest("pk"), D(2026, 6, 30), 50)
    few = queries()
    for _ in range(18):
        running(world)
    assert queries() == few
    assert few <= 9


def test_own_measures_are_those_of_ones_organisations(world: World) -> None:
    own = factories.measure(world.plan, world.youth_office, partners=[world.provider])
    factories.measure(world.plan, world.health_office)
    measure_grant_rights(own)
    today = timezone.localdate()
    for name in ("provider_head", "head"):
        assert list(own_measures(world.fresh(name), today)) == [own]
    assert not own_measures(world.fresh("association_head"), today).exists()
    assert not own_measures(world.fresh("outsider"), today).exists()


def test_who_reads_the_figures_of_a_report(world: World) -> None:
    measure = running(world, partners=[world.provider])
    measure_grant_rights(measure)
    report = asked(world, measure, day=D(2026, 6, 30))

    def readers() -> set[str]:
        return {
            name for name in world.people if reports_seen_by(world.fresh(name)).filter(pk=report.pk).exists()
        }

    own = {"planner", "planning_head", "head", "specialist"}
    assert readers() == own
    handed_in(world, report, 50)
    assert readers() == own
    report_review(report, is_confirmed=True, reason="", user=world.people["planner"])
    confirmed_readers = readers()
    assert own <= confirmed_readers
    assert not confirmed_readers & {"outsider", "funder_reader", "provider_head"}
    assert "jobcenter_head" in confirmed_readers


def test_report_lines_show_the_figure_before_and_the_path(world: World) -> None:
    measure = running(world)
    confirmed(world, measure, D(2026, 3, 31), 25)
    report = asked(world, measure, day=D(2026, 7, 2))
    (line,) = report_lines(report)
    assert line.before is not None
    assert line.before.value == 25
    assert line.expected_number == Decimal(50)
    assert line.target is not None
    assert line.target.value == 100
    assert line.oddities == [Oddity.MISSING]
    handed_in(world, report, 90)
    (line,) = report_lines(report)
    assert line.oddities == []
    line.row.value = Decimal(20)
    assert line.oddities == [Oddity.OFF_PATH, Oddity.BACKWARDS]
    assert all(line.oddity_labels)


def test_report_lines_cost_the_same_for_2_and_20_figures(world: World) -> None:
    few_measures = [running(world) for _ in range(2)]
    few = asked(world, *few_measures, day=D(2026, 3, 31))
    many_measures = [running(world) for _ in range(20)]
    many = asked(world, *many_measures, day=D(2026, 6, 30))

    def queries(report: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            for line in report_lines(report):
                assert line.measure.number
                assert line.oddities
        return len(captured)

    assert queries(few) == queries(many)
