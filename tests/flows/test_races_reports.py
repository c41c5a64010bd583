"""Two people on one report or round at once: what was typed is kept, what was handed in is not thrown away.

Guards off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_races_reports.py -n0
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from measures.models import KeyFigure, ReportingRound, RoundReport, RoundReportState, RoundSnapshot
from tests.factories import World
from tests.flows.test_races import MeetingPoint, _lock, _refusals, race, without_lock
from tests.flows.test_races_measures import _expect_to_meet
from tests.flows.test_report_flow import opened_in
from tests.stages import Stages, at_noon
from tests.workflows.taskpages import take
from workflows import evaluating
from workflows import reporting as steering
from workflows.demo import driver, evaluation_steps
from workflows.engine import round_open
from workflows.flows import MeasureFlow, ReportFlow
from workflows.models import EvaluationAnswer, EvaluationOutcome, EvaluationWaiver
from workflows.nodes import open_task
from workflows.services import evaluations
from workflows.services.evaluations import Answers
from workflows.views import report_tasks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


@pytest.fixture
def report(stages: Stages, world: World) -> RoundReport:
    """The youth office is asked for two figures."""
    cycle, measure = stages.at_implementation()
    second = KeyFigure.objects.get(pk=measure.key_figures.get().pk)
    second.pk, second.title = None, "Besuche"
    second.save()
    second.targets.create(due_on=measure.plan.ends_on, value=100)
    today = timezone.localdate()
    made = round_open(cycle, reference_on=today, due_on=today, user=world.fresh("planner"))
    return made.reports.select_related("process__cycle", "round", "organisation").get()


def _hand_in(report: RoundReport, world: World) -> Callable[[], None]:
    user = world.fresh("specialist")
    actuals = [driver.Actual(row.key_figure, Decimal(3), "ok") for row in report.figures.all()]
    return lambda: driver.report(RoundReport.objects.get(pk=report.pk), actuals, user=user)


def _end(report: RoundReport, world: World) -> Callable[[], int]:
    user = world.fresh("planner")
    return lambda: steering.round_end(
        ReportingRound.objects.get(pk=report.round_id), reason="Es eilt", user=user
    )


@without_lock
def test_two_windows_save_one_report_at_once(
    is_locked: bool,
    report: RoundReport,
    world: World,
    client_as: Callable[[Any], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has typed another figure; both stand afterwards."""
    user = world.fresh("specialist")
    windows = [client_as(user) for _number in range(2)]
    page = take(windows[0], report.process, ReportFlow.report_figures)
    opened = opened_in(windows[0].get(page).content.decode())
    rows = list(report.figures.order_by("pk"))
    meet = MeetingPoint()
    _lock(monkeypatch, ReportFlow, is_locked)
    if not is_locked:
        _expect_to_meet(monkeypatch)
    # Both have read what stands, neither has written.
    monkeypatch.setattr(report_tasks, "report_save", meet.before(report_tasks.report_save))

    def save(window: Client, number: int) -> Callable[[], int]:
        fields = {f"value_{rows[number].pk}": str(10 + number), "opened": opened, "save": "1"}
        return lambda: window.post(page, fields).status_code

    assert race(save(windows[0], 0), save(windows[1], 1)) == [302, 302]
    stored = list(report.figures.order_by("pk").values_list("value", flat=True))
    if not is_locked:
        assert meet.has_met
        assert None in stored, "one overwrote what the other had typed"
        return
    assert not meet.has_met
    assert stored == [10, 11]


def test_two_windows_save_one_figure_at_once(
    report: RoundReport, world: World, client_as: Callable[[Any], Client]
) -> None:
    """The second is shown what the first has saved; neither is lost without a word."""
    user = world.fresh("specialist")
    windows = [client_as(user) for _number in range(2)]
    page = take(windows[0], report.process, ReportFlow.report_figures)
    opened = opened_in(windows[0].get(page).content.decode())
    row = report.figures.order_by("pk").first()
    assert row is not None

    def save(window: Client, value: str) -> Callable[[], int]:
        fields = {f"value_{row.pk}": value, "opened": opened, "save": "1"}
        return lambda: window.post(page, fields).status_code

    statuses = race(save(windows[0], "10"), save(windows[1], "11"))
    assert sorted(statuses) == [302, 422]
    row.refresh_from_db()
    assert row.value == (10 if statuses[0] == 302 else 11)


@without_lock
def test_a_round_is_closed_while_a_report_is_handed_in(
    is_locked: bool, report: RoundReport, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report is in and the round waits for its check, or it is called off and its writer is told."""
    looked = MeetingPoint()
    _lock(monkeypatch, ReportFlow, is_locked)
    if not is_locked:
        _expect_to_meet(monkeypatch)
    monkeypatch.setattr(driver, "report_submit", looked.before(driver.report_submit))
    monkeypatch.setattr(steering, "report_stop", looked.before(steering.report_stop))
    handed_in, ended = race(_hand_in(report, world), _end(report, world))
    report.refresh_from_db()
    round_ = ReportingRound.objects.get(pk=report.round_id)
    done = [handed_in is None, not isinstance(ended, Exception)]
    if not is_locked:
        assert looked.has_met
        assert done == [True, True], "both are told that it is done"
        return
    assert not looked.has_met
    assert sum(done) == 1, "one of them, never both"
    if done[0]:
        assert _refusals([ended]) == ["reports_to_confirm"]
        assert (report.state, round_.closed_at, round_.closing_reason) == ("submitted", None, "")
        assert set(report.figures.values_list("value", flat=True)) == {3}
        assert open_task(report.process, ReportFlow.confirm_figures)
    else:
        assert _refusals([handed_in]) == ["task_finished"]
        assert report.state == RoundReportState.CALLED_OFF
        assert round_.closed_at is not None
        assert RoundSnapshot.objects.filter(round=round_).exists()


def test_a_round_is_closed_while_its_last_report_is_confirmed(report: RoundReport, world: World) -> None:
    """It is frozen once, with the confirmed figures."""
    _hand_in(report, world)()
    planner = world.fresh("planning_head")
    confirmed, ended = race(
        lambda: driver.confirm_report(RoundReport.objects.get(pk=report.pk), user=planner),
        _end(report, world),
    )
    assert confirmed is None
    assert _refusals([ended])[0] in {"reports_to_confirm", "round_closed"}
    content = RoundSnapshot.objects.get().content
    assert [row["state"] for row in content["round"]["organisations"]] == ["confirmed"]
    assert content["round"]["closing_reason"] == ""


@without_lock
def test_an_answer_comes_in_while_planning_stops_waiting(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the answer counts, or the measure is judged without one; never both."""
    _cycle, measure = stages.at_evaluation()
    due_on = open_task(measure.process, MeasureFlow.answer_evaluation).card.due_on
    with at_noon(due_on):
        evaluating.evaluation_remind(measure, user=world.fresh("planner"))
    said = Answers("Familien", "Wie geplant", "Wirkt", "Früh beginnen", EvaluationOutcome.CONTINUE)
    meet = MeetingPoint()
    _lock(monkeypatch, MeasureFlow, is_locked)
    if not is_locked:
        _expect_to_meet(monkeypatch)
    monkeypatch.setattr(evaluations, "evaluation_answer", meet.before(evaluations.evaluation_answer))
    monkeypatch.setattr(evaluating, "wait_again", meet.before(evaluating.wait_again))
    with at_noon(due_on + datetime.timedelta(days=1)):
        specialist, planner = world.fresh("specialist"), world.fresh("planner")
        answered, waived = race(
            lambda: evaluation_steps.answer_evaluation(measure, said, user=specialist),
            lambda: evaluating.evaluation_waive(measure, reason="Niemand antwortet", user=planner),
        )
    found = (EvaluationAnswer.objects.count(), EvaluationWaiver.objects.count())
    if not is_locked:
        assert meet.has_met
        return
    assert not meet.has_met
    assert sum(found) == 1
    if found == (1, 0):
        assert _refusals([waived]) == ["no_open_task"]
    else:
        assert _refusals([answered]) == ["task_finished"]
    assert open_task(measure.process, MeasureFlow.evaluate_measure)
    judging = measure.process.task_set.filter(flow_task=MeasureFlow.evaluate_measure)
    assert judging.count() == 1
