"""What a frozen round says of its day, whatever happened between the day and its closing."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from measures.models import Measure, RoundReport, RoundSnapshot, StatusChange
from measures.selectors.portfolio import measure_lines
from measures.selectors.round_comparison import corrected_since
from measures.selectors.states import statuses_on
from measures.services.reporting import report_call_off, report_correct, report_review
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, confirmed, handed_in
from tests.measures.test_rounds import undone

D = datetime.date
DAY, LATER = D(2026, 6, 30), D(2026, 7, 10)


@pytest.fixture
def measure(world: World) -> Measure:
    row = factories.measure(world.plan, world.youth_office, started_on=D(2026, 1, 1), status="running")
    row.key_figures.update(baseline_on=D(2025, 12, 31))
    row.key_figures.get().targets.update(due_on=D(2026, 12, 31))
    return row


def changed(measure: Measure, before: str, after: str, on: datetime.date) -> None:
    """A change of status as the case writes it."""
    StatusChange.objects.create(measure=measure, before=before, after=after, effective_on=on)
    Measure.objects.filter(pk=measure.pk).update(status=after)


def frozen(world: World, measure: Measure) -> dict[str, Any]:
    confirmed(world, measure, DAY, 50)
    row: dict[str, Any] = RoundSnapshot.objects.get().content["measures"][0]
    return row


def test_who_rests_since_a_later_day_ran_on_the_day(measure: Measure, world: World) -> None:
    changed(measure, "running", "suspended", LATER)
    row = frozen(world, measure)
    assert (row["status"], row["state"]) == ("running", "on_path")


def test_who_rested_on_the_day_and_goes_on_since_rested(measure: Measure, world: World) -> None:
    changed(measure, "running", "suspended", DAY)
    changed(measure, "suspended", "running", LATER)
    row = frozen(world, measure)
    assert (row["status"], row["state"]) == ("suspended", "suspended")


def test_who_was_agreed_since_was_only_proposed(measure: Measure, world: World) -> None:
    other = factories.measure(
        world.plan, world.youth_office, starts_on=D(2026, 1, 1), ends_on=D(2026, 12, 31)
    )
    changed(other, "proposed", "agreed", LATER)
    confirmed(world, measure, DAY, 50)
    row = RoundSnapshot.objects.get().content["measures"][1]
    assert (row["status"], row["state"]) == ("proposed", "preparing")


def test_status_without_a_history_is_the_present_one(measure: Measure) -> None:
    assert statuses_on([measure], DAY) == {measure.pk: "running"}


moves = st.lists(
    st.tuples(st.sampled_from(["running", "suspended", "preparing"]), st.integers(0, 40)), max_size=6
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(earlier=moves, later=moves)
def test_what_is_told_of_later_days_never_changes_the_status_on_a_day(
    measure: Measure, earlier: list[tuple[str, int]], later: list[tuple[str, int]]
) -> None:
    StatusChange.objects.all()._raw_delete("default")
    Measure.objects.filter(pk=measure.pk).update(status="running")
    status = "running"
    for after, days in earlier:
        changed(measure, status, after, DAY - datetime.timedelta(days=days))
        status = after
    measure.refresh_from_db()
    before = statuses_on([measure], DAY)
    for after, days in later:
        changed(measure, status, after, DAY + datetime.timedelta(days=days + 1))
        status = after
    measure.refresh_from_db()
    assert statuses_on([measure], DAY) == before == {measure.pk: earlier[-1][0] if earlier else "running"}


DAYS = (D(2026, 3, 31), DAY, D(2026, 9, 30))
#: Each example confirms six reports: one that fails is told as it is, without minutes of making it smaller.
whole_rounds = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
reported = st.lists(st.none() | st.integers(min_value=0, max_value=200), min_size=3, max_size=3)


def rounds_of(
    world: World, measure: Measure, values: Sequence[int | None], order: Sequence[int]
) -> dict[datetime.date, Any]:
    """What the rounds say whose reports were confirmed in an order; nothing of it is left behind."""
    with undone():
        for number in order:
            confirmed(world, measure, DAYS[number], values[number])
        rows = RoundSnapshot.objects.select_related("round")
        return {row.round.reference_on: row.content for row in rows}


@whole_rounds
@given(values=reported, order=st.permutations(range(3)))
def test_no_value_of_a_later_day_changes_a_round_however_late_it_is_closed(
    measure: Measure, world: World, values: list[int | None], order: list[int]
) -> None:
    """The round of the first day says the same, be it closed before or after those of later days."""
    in_turn = rounds_of(world, measure, values, (0, 1, 2))
    assert sorted(in_turn) == list(DAYS)
    others = rounds_of(world, measure, values, order)
    first = DAYS[0]
    assert others[first] == in_turn[first]
    for number, day in enumerate(DAYS):
        figure = others[day]["measures"][0]["figures"][0]
        latest = figure["actuals"][-1]
        assert latest["day"] == day.isoformat()
        if values[number] is None:
            known = (latest["value"], figure["progress"], figure["light"])
            assert known == (None, None, "no_data"), "missing is never zero"
        else:
            assert Decimal(latest["value"]) == values[number]
            assert figure["light"] != "no_data"


@whole_rounds
@given(values=reported, order=st.permutations(range(3)))
def test_in_whatever_order_rounds_are_confirmed_the_measure_stands_the_same(
    measure: Measure, world: World, values: list[int | None], order: list[int]
) -> None:
    def stands(wanted: Sequence[int]) -> tuple[Any, ...]:
        with undone():
            for number in wanted:
                confirmed(world, measure, DAYS[number], values[number])
            row = Measure.objects.select_related("plan", "field").get(pk=measure.pk)
            (line,) = measure_lines([row], D(2026, 11, 26))
            (short,) = measure_lines([row], D(2026, 11, 26), latest_only=True)
            assert (short.state, short.figures[0].light) == (line.state, line.figures[0].light)
            actuals = [(actual.day, actual.value) for actual in line.figures[0].actuals]
            return line.state, line.figures[0].light, line.figures[0].progress, actuals

    assert stands(order) == stands((0, 1, 2))


def test_a_correction_called_off_makes_no_confirmed_figure_missing(measure: Measure, world: World) -> None:
    other = factories.measure(world.plan, world.health_office, started_on=D(2026, 1, 1), status="running")
    report = asked(world, measure, other, day=DAY)
    handed_in(world, report, 50)
    planner = world.people["planner"]
    report_review(report, is_confirmed=True, reason="", user=planner)
    correction = report_correct(report, reason="Doppelt gezählt?", user=world.people["specialist"])
    report_call_off(correction, reason="Die Zahl stimmt.", user=planner)
    last = RoundReport.objects.get(organisation=world.health_office)
    handed_in(world, last, 50)
    report_review(last, is_confirmed=True, reason="", user=planner)
    figure = RoundSnapshot.objects.get().content["measures"][0]["figures"][0]
    assert (figure["is_missing"], figure["actuals"][0]["value"]) == (False, "50.00")


def test_a_correction_confirmed_at_night_is_told_with_the_day_of_the_place(
    measure: Measure, world: World
) -> None:
    report = confirmed(world, measure, DAY, 50)
    made = report_correct(report, reason="Doppelt gezählt", user=world.people["specialist"])
    handed_in(world, made, 40)
    with time_machine.travel(datetime.datetime(2027, 1, 1, 23, 30, tzinfo=datetime.UTC), tick=False):
        report_review(made, is_confirmed=True, reason="", user=world.people["planner"])
    report.round.refresh_from_db()
    assert [day for _name, day in corrected_since(report.round)] == [D(2027, 1, 2)]


def test_the_status_of_the_day_costs_one_query(world: World, django_assert_num_queries: Any) -> None:
    rows = [factories.measure(world.plan, world.youth_office) for _number in range(4)]
    for row in rows:
        changed(row, "agreed", "running", DAY)
    with django_assert_num_queries(1):
        assert len(statuses_on(rows, DAY)) == 4
