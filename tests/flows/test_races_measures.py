"""Two people on the same measure, agreement or report at once: nothing is lost, the second is told.

Guards off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_races_measures.py -n0
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
from viewflow.workflow.models import Task

from measures.models import Measure, MeasureStatus, ReportingRound, RoundReport, RoundReportState
from measures.services import measures as measure_services
from measures.services import reporting
from project.common.errors import DomainError
from tests import factories
from tests.factories import World
from tests.flows import test_races
from tests.flows.test_races import MeetingPoint, _lock, _refusals, race, without_lock
from tests.measures.test_services_measures import fields as measure_values
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows import engine
from workflows.demo import driver, evaluation_steps
from workflows.flows import (
    ConfirmationFlow,
    MeasureFlow,
    PlanningCycleFlow,
    RecommendationFlow,
    ReportFlow,
)
from workflows.models import (
    AgreementConfirmation,
    Evaluation,
    EvaluationOutcome,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
)
from workflows.nodes import GuardedView, complete_task, open_task
from workflows.selectors.evaluations import latest_request
from workflows.services import evaluations, implementation, shaping
from workflows.services.evaluations import Answers

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


def today() -> datetime.date:
    return timezone.localdate()


def _expect_to_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing keeps the two apart here: on a busy machine the second may only be late."""
    monkeypatch.setattr(test_races, "PATIENCE", 20)


# --- the same task ---------------------------------------------------------------------------------


def _at_revision(stages: Stages, world: World) -> Any:
    _cycle, measure = stages.at_agreement()
    driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Räume fehlen")
    return measure.process


def _at_begin(stages: Stages, world: World) -> Any:
    _cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    return measure.process


def _at_finish(stages: Stages, world: World) -> Any:
    return stages.at_implementation(ends_on=today() + datetime.timedelta(days=5))[1].process


def _at_evaluation(stages: Stages, world: World) -> Any:
    process = stages.at_evaluation()[1].process
    evaluation_steps.answer_evaluation(
        process.measure,
        Answers("Familien", "Wie geplant", "Wirkt", "Früh beginnen", EvaluationOutcome.CONTINUE),
        user=world.fresh("specialist"),
    )
    return process


def _at_confirmation(stages: Stages, world: World) -> Any:
    _cycle, measure = stages.at_agreement()
    world.people["second"] = factories.staff("Zweite Leitung", world.provider)
    return measure.confirmations.get(organisation=world.provider).process


def _at_report(stages: Stages, world: World) -> Any:
    cycle, _measure = stages.at_implementation()
    made = engine.round_open(cycle, reference_on=today(), due_on=today(), user=world.fresh("planner"))
    return made.reports.get().process


def _at_check(stages: Stages, world: World) -> Any:
    process = _at_report(stages, world)
    driver.report(process.report, _figures(process.report), user=world.fresh("specialist"))
    return process


def _figures(report: RoundReport) -> list[driver.Actual]:
    return [driver.Actual(row.key_figure, Decimal(3)) for row in report.figures.all()]


def _withdraw(process: Any, user: Any) -> None:
    implementation.measure_withdraw(process.measure, reason="Aus", user=user)


def _begin(process: Any, user: Any) -> None:
    implementation.measure_begin(process.measure, started_on=today(), user=user)


def _finish(process: Any, user: Any) -> None:
    implementation.measure_complete(process.measure, ended_on=today(), summary="Fertig", user=user)


def _evaluate(process: Any, user: Any) -> None:
    evaluations.measure_evaluate(
        process, outcome=EvaluationOutcome.CONTINUE, effect="Wirkt", lesson="", agrees=True, user=user
    )


def _confirm(process: Any, user: Any) -> None:
    implementation.confirmation_answer(process.confirmation, is_confirmed=True, comment="", user=user)


def _report(process: Any, user: Any) -> None:
    reporting.report_save(process.report, actuals=_figures(process.report), user=user)
    reporting.report_submit(process.report, user=user)


def _check(process: Any, user: Any) -> None:
    reporting.report_review(process.report, is_confirmed=True, reason="", user=user)


@pytest.mark.parametrize(
    ("node", "reach", "act", "people"),
    [
        (MeasureFlow.revise_measure, _at_revision, _withdraw, ("planner", "planning_head")),
        (MeasureFlow.begin_measure, _at_begin, _begin, ("specialist", "head")),
        (MeasureFlow.finish_measure, _at_finish, _finish, ("specialist", "head")),
        (MeasureFlow.evaluate_measure, _at_evaluation, _evaluate, ("planner", "planning_head")),
        (ConfirmationFlow.confirm_agreement, _at_confirmation, _confirm, ("provider_head", "second")),
        (ReportFlow.report_figures, _at_report, _report, ("specialist", "head")),
        (ReportFlow.confirm_figures, _at_check, _check, ("planner", "planning_head")),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_two_people_do_the_same_step(
    node: Any,
    reach: Callable[[Stages, World], Any],
    act: Callable[[Any, Any], None],
    people: tuple[str, str],
    stages: Stages,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One does it, the other is told, and the case goes on once."""
    process = reach(stages, world)
    pk = open_task(process, node).pk
    meet = MeetingPoint()
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))

    def complete(name: str) -> Callable[[], None]:
        user = world.fresh(name)
        return lambda: complete_task(
            Task.objects.get(pk=pk), user=user, act=lambda concrete: act(concrete, user)
        )

    results = race(*(complete(name) for name in people))
    assert not meet.has_met, "the lock lets one in at a time"
    assert _refusals(results) == ["task_finished"]
    winner = people[0 if results[0] is None else 1]
    assert Task.objects.get(pk=pk).owner == world.people[winner]
    assert Task.objects.filter(process_id=process.pk, flow_task=node).count() == 1


def test_one_person_answers_twice_from_two_windows(
    stages: Stages, world: World, client_as: Callable[[Any], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = _at_confirmation(stages, world)
    user = world.fresh("provider_head")
    windows = [client_as(user) for _number in range(2)]
    page = take(windows[0], process, ConfirmationFlow.confirm_agreement)
    meet = MeetingPoint()
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))

    def press(window: Client, answer: str) -> Callable[[], int]:
        fields = {"answer": answer, "comment": "Räume fehlen"}
        return lambda: window.post(page, fields).status_code

    statuses = race(press(windows[0], "confirm"), press(windows[1], "refuse"))
    assert sorted(statuses) == [302, 409]
    state = AgreementConfirmation.objects.get(process=process).state
    assert state == ("confirmed" if statuses[0] == 302 else "refused")
    assert page == page_of(Task.objects.get(process=process, flow_task=ConfirmationFlow.confirm_agreement))


# --- changed while it moves on ---------------------------------------------------------------------


@without_lock
def test_a_measure_is_changed_while_it_begins(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning's page was loaded before the department began: saving it must not undo the beginning."""
    _cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    values = measure_values(world, title="Anders", starts_on=today(), ends_on=world.plan.ends_on)
    stale = Measure.objects.get(pk=measure.pk)
    meet = MeetingPoint()
    if not is_locked:
        _expect_to_meet(monkeypatch)
        for module in (measure_services, shaping):
            monkeypatch.setattr(module, "measure_lock", lambda measure: None)
        monkeypatch.setattr(measure_services, "_WRITTEN", None)
    monkeypatch.setattr(measure_services, "_fill", meet.before(measure_services._fill))
    monkeypatch.setattr(implementation, "measure_begin", meet.after(implementation.measure_begin))

    results = race(
        lambda: shaping.measure_change(stale, user=world.fresh("planner"), reason="Schreibfehler", **values),
        lambda: driver.begin(
            Measure.objects.get(pk=measure.pk), started_on=today(), user=world.fresh("specialist")
        ),
    )
    measure.refresh_from_db()
    assert _refusals(results) == []
    if not is_locked:
        assert meet.has_met
        assert (measure.status, measure.started_on) == (MeasureStatus.AGREED, None), "the beginning is lost"
        return
    assert not meet.has_met
    assert (measure.status, measure.started_on, measure.title) == (
        MeasureStatus.RUNNING,
        today(),
        "Anders",
    )


def test_a_measure_is_changed_while_its_parties_are_asked(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parties confirm what stands, or the change is refused; never a wording that changes under them."""
    cycle = stages.at_social_space()
    measure = stages.measure()
    implementation.measure_link_origin(
        measure, recommendation=cycle.recommendations.get(), user=world.fresh("planner")
    )
    values = measure_values(world, title="Anders", starts_on=today(), ends_on=world.plan.ends_on)
    meet = MeetingPoint()
    monkeypatch.setattr(measure_services, "_fill", meet.before(measure_services._fill))
    monkeypatch.setattr(
        implementation, "measure_grant_rights", meet.after(implementation.measure_grant_rights)
    )
    changed, _finished = race(
        lambda: shaping.measure_change(
            Measure.objects.get(pk=measure.pk), user=world.fresh("planner"), **values
        ),
        lambda: complete_task(
            open_task(cycle.process, PlanningCycleFlow.shape_measures),
            user=world.fresh("planning_head"),
            act=lambda process: None,
        ),
    )
    measure.refresh_from_db()
    assert not meet.has_met
    assert measure.confirmations.filter(state="open").count() == 3
    if isinstance(changed, DomainError):
        assert (changed.code, measure.title) != ("agreement_under_way", "Anders")
    else:
        assert (changed, measure.title) == (None, "Anders")


@without_lock
def test_a_measure_is_shaped_while_the_shaping_is_finished(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No measure is left without a case, or the one who shapes it is told."""
    cycle = stages.at_social_space()
    recommendation = cycle.recommendations.get()
    looked, finished = MeetingPoint(), MeetingPoint()
    _lock(monkeypatch, PlanningCycleFlow, is_locked)
    if not is_locked:
        _expect_to_meet(monkeypatch)
    monkeypatch.setattr(engine, "open_task", looked.after(engine.open_task))
    monkeypatch.setattr(engine, "measure_create", finished.before(engine.measure_create))

    def finish() -> None:
        user = world.fresh("planning_head")
        fresh = PlanningCycle.objects.get(pk=cycle.pk)
        looked()
        complete_task(
            open_task(fresh.process, PlanningCycleFlow.shape_measures),
            user=user,
            act=lambda process: shaping.shaping_finish(
                process.cycle, reasons={recommendation.pk: "Gibt es schon"}, user=user
            ),
        )
        finished()

    shaped, done = race(
        lambda: engine.measure_shape(
            PlanningCycle.objects.get(pk=cycle.pk),
            recommendation=recommendation,
            user=world.fresh("planner"),
            **measure_values(world),
        ),
        finish,
    )
    assert done is None
    lost = Measure.objects.filter(process__isnull=True)
    if not is_locked:
        assert (finished.has_met, lost.count()) == (True, 1), "nobody will ever be asked to confirm it"
        return
    assert not finished.has_met
    assert not lost.exists()
    if isinstance(shaped, Measure):
        assert shaped.confirmations.count() == 3
    else:
        assert _refusals([shaped]) == ["wrong_stage"]


# --- agreement -------------------------------------------------------------------------------------


def test_the_last_party_confirms_while_planning_stops_waiting(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the agreement stands, or it is worded anew; never both, never neither."""
    _cycle, measure = stages.at_agreement()
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    driver.confirm(measure, world.planning_unit, user=world.fresh("planning_head"))
    _expect_to_meet(monkeypatch)
    meet = MeetingPoint()
    monkeypatch.setattr(
        implementation, "confirmation_answer", meet.before(implementation.confirmation_answer)
    )
    monkeypatch.setattr(engine, "send", meet.before(engine.send))
    confirmed, called_off = race(
        lambda: driver.confirm(
            Measure.objects.get(pk=measure.pk), world.provider, user=world.fresh("provider_head")
        ),
        lambda: engine.agreement_call_off(
            Measure.objects.get(pk=measure.pk), reason="Zu lange", user=world.fresh("planner")
        ),
    )
    assert meet.has_met
    measure.refresh_from_db()
    if confirmed is None:
        assert _refusals([called_off]) == ["no_agreement_under_way"]
        assert measure.status == MeasureStatus.AGREED
        assert open_task(measure.process, MeasureFlow.begin_measure)
    else:
        assert (_refusals([confirmed]), called_off) == (["task_finished"], None)
        assert measure.status == MeasureStatus.PROPOSED
        assert open_task(measure.process, MeasureFlow.revise_measure)
    assert (
        measure.process.task_set.filter(flow_task=MeasureFlow.wait_for_confirmations, finished=None).count()
        == 0
    )


def test_one_party_refuses_while_the_other_confirms(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal counts, and the measure is revised once."""
    _cycle, measure = stages.at_agreement()
    _expect_to_meet(monkeypatch)
    meet = MeetingPoint()
    monkeypatch.setattr(implementation, "confirmation_answer", meet.after(implementation.confirmation_answer))

    def answer(party: Any, name: str, refusal: str = "") -> Callable[[], None]:
        user = world.fresh(name)
        return lambda: driver.confirm(Measure.objects.get(pk=measure.pk), party, user=user, refusal=refusal)

    results = race(
        answer(world.youth_office, "head"), answer(world.provider, "provider_head", "Räume fehlen")
    )
    assert (_refusals(results), meet.has_met) == ([], True)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.PROPOSED
    assert Task.objects.filter(process=measure.process, flow_task=MeasureFlow.revise_measure).count() == 1


# --- rounds ----------------------------------------------------------------------------------------


@without_lock
def test_a_round_is_opened_twice_for_one_day(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock keeps them apart; where it does not reach, the database's rule is told, not a failure."""
    cycle, _measure = stages.at_implementation()
    meet = MeetingPoint()
    _lock(monkeypatch, PlanningCycleFlow, is_locked)
    if not is_locked:
        _expect_to_meet(monkeypatch)
    manager = ReportingRound.objects
    monkeypatch.setattr(manager, "create", meet.before(manager.create))

    def press(name: str) -> Callable[[], ReportingRound]:
        user = world.fresh(name)
        return lambda: engine.round_open(
            PlanningCycle.objects.get(pk=cycle.pk), reference_on=today(), due_on=today(), user=user
        )

    results = race(press("planner"), press("planning_head"))
    assert meet.has_met == (not is_locked)
    assert _refusals(results) == ["round_exists"]
    assert ReportingRound.objects.count() == 1
    assert RoundReport.objects.count() == 1
    assert Task.objects.filter(flow_task=ReportFlow.report_figures).count() == 1


def test_the_last_two_reports_are_confirmed_at_once(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sees the other's report open: the round is closed all the same."""
    cycle = stages.at_social_space()
    made = driver.shape(
        cycle,
        lambda _: [stages.measure(), factories.measure(world.plan, world.jobcenter)],
        user=world.fresh("planner"),
    )
    for measure, name in zip(made, ("specialist", "jobcenter_head"), strict=True):
        driver.confirm_all(measure)
        driver.begin(measure, started_on=today(), user=world.fresh(name))
    cycle.refresh_from_db()
    opened = engine.round_open(cycle, reference_on=today(), due_on=today(), user=world.fresh("planner"))
    reports = list(opened.reports.select_related("process", "organisation"))
    for report in reports:
        name = "specialist" if report.organisation == world.youth_office else "jobcenter_head"
        driver.report(report, _figures(report), user=world.fresh(name))
    _expect_to_meet(monkeypatch)
    meet = MeetingPoint()
    monkeypatch.setattr(reporting, "round_settle", meet.before(reporting.round_settle))

    def confirm(report: RoundReport, name: str) -> Callable[[], None]:
        user = world.fresh(name)
        return lambda: driver.confirm_report(RoundReport.objects.get(pk=report.pk), user=user)

    results = race(confirm(reports[0], "planner"), confirm(reports[1], "planning_head"))
    assert (_refusals(results), meet.has_met) == ([], True)
    opened.refresh_from_db()
    assert set(opened.reports.values_list("state", flat=True)) == {RoundReportState.CONFIRMED}
    assert opened.closed_at is not None


def test_two_evaluate_and_the_steering_group_is_asked_once(stages: Stages, world: World) -> None:
    """The last two judgements come in at the same moment."""
    cycle = stages.at_social_space()
    made = driver.shape(cycle, lambda _: [stages.measure(), stages.measure()], user=world.fresh("planner"))
    for measure in made:
        driver.confirm_all(measure)
        driver.begin(measure, started_on=today(), user=world.fresh("specialist"))
    cycle.refresh_from_db()
    driver.end_implementation(cycle, user=world.fresh("planner"))
    said = Answers(
        reach="Familien",
        course="Wie geplant",
        effect="Wirkt",
        lesson="Früh beginnen",
        recommendation=EvaluationOutcome.CONTINUE,
    )
    for measure in made:
        measure.refresh_from_db()
        evaluation_steps.answer_evaluation(measure, said, user=world.fresh("specialist"))

    def judge(measure: Measure, name: str) -> Callable[[], None]:
        user = world.fresh(name)
        return lambda: evaluation_steps.judge(
            Measure.objects.get(pk=measure.pk), EvaluationOutcome.CONTINUE, user=user, effect="Wirkt"
        )

    results = race(judge(made[0], "planner"), judge(made[1], "planning_head"))
    assert _refusals(results) == []
    assert Evaluation.objects.count() == 2
    request = Recommendation.objects.get(kind=RecommendationKind.EVALUATION)
    assert request == latest_request(cycle)
    written = Task.objects.filter(process=request.process, flow_task=RecommendationFlow.write_request)
    assert written.count() == 1
