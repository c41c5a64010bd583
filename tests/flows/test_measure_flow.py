"""A measure from agreement to its end: each end, each refusal, and what its steps will not do."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from viewflow.workflow.models import Process

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_update
from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.measures.test_services_measures import fields as measure_values
from tests.stages import Stages
from tests.workflows.taskpages import SURE, page_of, take
from workflows.demo import driver, evaluation_steps
from workflows.engine import agreement_call_off
from workflows.flows import MeasureFlow
from workflows.measure_steering import measure_stage_move
from workflows.models import Evaluation, EvaluationOutcome, PlanningCycle, StageKind
from workflows.nodes import complete_task, open_task
from workflows.selectors.evaluations import latest_request
from workflows.services import evaluations, implementation
from workflows.services.evaluations import Answers

ClientAs = Callable[[User], Client]


def today() -> datetime.date:
    return timezone.localdate()


def soon() -> datetime.date:
    """A planned end near enough that completing is asked for."""
    return today() + datetime.timedelta(days=10)


def ended_by(process: Process) -> str:
    process.refresh_from_db()
    assert process.finished is not None
    assert not process.task_set.filter(finished=None).exists(), "nothing is left waiting"
    return str(process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name)


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def refused(stages: Stages, world: World, **kwargs: Any) -> tuple[PlanningCycle, Measure]:
    """The provider cannot confirm: planning is to revise."""
    cycle, measure = stages.at_agreement(**kwargs)
    driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Räume fehlen")
    return cycle, measure


def to_be_changed(stages: Stages, world: World, **kwargs: Any) -> tuple[PlanningCycle, Measure]:
    """The evaluation asks for a change; the next cycle has not been opened."""
    cycle, measure = stages.at_evaluation(**kwargs)
    evaluation_steps.evaluate(
        measure, EvaluationOutcome.CHANGE, user=world.fresh("planner"), effect="Wirkt halb"
    )
    return cycle, measure


#: What those responsible say, as their page sends it.
ANSWERED = {
    "reach": "Familien",
    "course": "Wie geplant",
    "effect": "Wirkt",
    "lesson": "Früh beginnen",
    "recommendation": "continue",
}


def answered(stages: Stages, world: World, **kwargs: Any) -> tuple[PlanningCycle, Measure]:
    """Those responsible have answered: planning is to judge."""
    cycle, measure = stages.at_evaluation(**kwargs)
    evaluation_steps.answer_evaluation(
        measure,
        Answers("Familien", "Wie geplant", "Wirkt", "Früh beginnen", EvaluationOutcome.CONTINUE),
        user=world.fresh("specialist"),
    )
    return cycle, measure


def taken_up_again(stages: Stages, world: World, **kwargs: Any) -> tuple[PlanningCycle, Measure]:
    """The next cycle is open: the measure is to be revised in it."""
    cycle, measure = to_be_changed(stages, world, **kwargs)
    cycle.refresh_from_db()
    driver.close(cycle, user=world.fresh("planner"))
    following = stages.at_data(title="Folgezyklus", predecessor=cycle, carried_measures=[measure])
    return following, Measure.objects.get(pk=measure.pk)


# --- ends ------------------------------------------------------------------------------------------


def test_completed_at_its_planned_end(stages: Stages, world: World, client_as: ClientAs) -> None:
    _cycle, measure = stages.at_implementation(ends_on=soon())
    client = client_as(world.fresh("specialist"))
    page = take(client, measure.process, MeasureFlow.finish_measure)
    assert client.get(page).status_code == 200

    response = client.post(page, {"ended_on": today().isoformat(), "summary": "120 Eltern erreicht"})
    assert response.status_code == 302
    measure.refresh_from_db()
    assert (measure.status, measure.ended_on) == (MeasureStatus.COMPLETED, today())
    assert ended_by(measure.process) == "completed"
    assert LogEntry.objects.get(action="measure.completed").data["summary"] == "120 Eltern erreicht"
    assert client.get(page).status_code == 409


def test_completing_is_asked_for_only_when_the_end_is_near(stages: Stages) -> None:
    _cycle, measure = stages.at_implementation(ends_on=today() + datetime.timedelta(days=200))
    assert code_of(lambda: open_task(measure.process, MeasureFlow.finish_measure)) == "no_open_task"


@pytest.mark.parametrize(
    ("days_left", "status"), [(100, MeasureStatus.ENDED_EARLY), (0, MeasureStatus.COMPLETED)]
)
def test_ended_by_its_evaluation(
    days_left: int, status: MeasureStatus, stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle, measure = answered(stages, world, ends_on=today() + datetime.timedelta(days=days_left))
    client = client_as(world.fresh("planner"))
    page = take(client, measure.process, MeasureFlow.evaluate_measure)
    assert client.get(page).status_code == 200

    judged = {"agrees": "yes", "outcome": "end", "effect": "Erreicht", "lesson": "", "reason": "Läuft aus"}
    assert client.post(page, judged).status_code == 302
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.RUNNING, "planning judges, the steering group decides"
    request = latest_request(cycle)
    assert request is not None
    evaluation_steps.decide_evaluations(request)
    measure.refresh_from_db()
    assert (measure.status, measure.ended_on) == (status, today())
    assert ended_by(measure.process) == "ended"
    assert Evaluation.objects.get().cycle == cycle


def test_withdrawn_after_a_refusal(stages: Stages, world: World, client_as: ClientAs) -> None:
    cycle, measure = refused(stages, world)
    client = client_as(world.fresh("planner"))
    page = take(client, measure.process, MeasureFlow.revise_measure)
    assert "Räume fehlen" in client.get(page).content.decode()

    entered = {"withdraw": "1", "withdraw_reason": "Kein Träger zu finden"}
    asked = client.post(page, entered)
    assert "Kein Träger zu finden" in dict(asked.context["lines"]).values()
    measure.refresh_from_db()
    assert measure.ended_on is None
    response = client.post(page, entered | SURE)
    assert response.status_code == 302
    measure.refresh_from_db()
    assert (measure.status, measure.ended_on) == (MeasureStatus.ENDED_EARLY, today())
    assert ended_by(measure.process) == "withdrawn"
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.IMPLEMENTATION, "it does not hold the cycle up"


def test_a_running_measure_that_finds_no_new_agreement_is_withdrawn(stages: Stages, world: World) -> None:
    _cycle, measure = taken_up_again(stages, world)
    planner = world.fresh("planner")
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=planner,
        act=lambda process: implementation.measure_withdraw(process.measure, reason="Aus", user=planner),
    )
    assert ended_by(measure.process) == "withdrawn"


def test_a_running_measure_agreed_anew_goes_on(stages: Stages, world: World) -> None:
    _cycle, measure = taken_up_again(stages, world)
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=world.fresh("planner"),
        act=lambda process: None,
    )
    driver.confirm_all(measure)
    measure.refresh_from_db()
    assert (measure.status, measure.started_on is not None) == (MeasureStatus.RUNNING, True)
    assert code_of(lambda: open_task(measure.process, MeasureFlow.begin_measure)) == "no_open_task"


# --- what a status does not allow ------------------------------------------------------------------


def test_a_measure_being_agreed_anew_is_not_completed_over_the_heads_of_the_parties(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = taken_up_again(stages, world, ends_on=soon())
    client = client_as(world.fresh("specialist"))
    page = take(client, measure.process, MeasureFlow.finish_measure)
    done = {"ended_on": today().isoformat(), "summary": "Fertig"}

    assert client.post(page, done).status_code == 422
    measure.refresh_from_db()
    assert (measure.status, measure.ended_on) == (MeasureStatus.PROPOSED, None)
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=world.fresh("planner"),
        act=lambda process: None,
    )
    assert client.post(page, done).status_code == 422, "the parties are being asked"
    driver.confirm_all(measure)
    assert client.post(page, done).status_code == 302
    assert ended_by(measure.process) == "completed"


def test_a_measure_that_waits_for_the_next_cycle_is_completed_at_its_end(
    stages: Stages, world: World
) -> None:
    _cycle, measure = to_be_changed(stages, world, ends_on=soon())
    driver.complete(measure, ended_on=today(), summary="Fertig", user=world.fresh("specialist"))
    assert measure.status == MeasureStatus.COMPLETED
    assert ended_by(measure.process) == "completed"


def test_services_refuse_what_the_status_does_not_allow(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    user = world.fresh("specialist")

    def complete() -> None:
        implementation.measure_complete(measure, ended_on=today(), summary="Fertig", user=user)

    def begin() -> None:
        implementation.measure_begin(measure, started_on=today(), user=user)

    def withdraw() -> None:
        implementation.measure_withdraw(measure, reason="Aus", user=user)

    def evaluate() -> None:
        evaluations.measure_evaluate(
            measure.process, outcome=EvaluationOutcome.END, effect="Wirkt", lesson="", user=user
        )

    assert [code_of(act) for act in (complete, begin, evaluate)] == [
        "not_running",
        "not_agreed",
        "not_running",
    ]
    driver.confirm_all(measure)
    assert code_of(withdraw) == "not_proposed"
    driver.begin(measure, started_on=today(), user=user)
    assert [code_of(act) for act in (begin, withdraw)] == ["not_agreed", "not_proposed"]
    complete()
    assert [code_of(act) for act in (complete, evaluate)] == ["not_running", "not_running"]
    assert LogEntry.objects.filter(action__in=["measure.begun", "measure.completed"]).count() == 2


def test_what_runs_does_not_go_back_to_wait_for_stage_two(stages: Stages, world: World) -> None:
    _cycle, measure = taken_up_again(stages, world)
    planner = world.fresh("planner")

    def move(row: Measure) -> None:
        measure_stage_move(row, 2, reason="Mittel erst 2028", user=planner)

    values = measure_values(world, stage=2)
    assert code_of(lambda: measure_update(measure, user=planner, **values)) == "stage_by_move"
    assert code_of(lambda: move(measure)) == "stage_fixed"

    world.plan.stage_two_opened_on = today()
    world.plan.save()
    fresh = Measure.objects.get(pk=measure.pk)
    move(fresh)
    assert fresh.stage == 2


def test_a_running_measure_of_a_stage_that_is_not_open_goes_on(stages: Stages, world: World) -> None:
    """As it may stand in the data: moved before that was refused."""
    _cycle, measure = taken_up_again(stages, world)
    Measure.objects.filter(pk=measure.pk).update(stage=2)
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=world.fresh("planner"),
        act=lambda process: None,
    )
    driver.confirm_all(measure)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.RUNNING


def test_a_measure_of_stage_two_waits_for_the_decision(stages: Stages) -> None:
    _cycle, measure = stages.at_agreement(stage=2)
    driver.confirm_all(measure)
    measure.refresh_from_db()
    assert measure.status == MeasureStatus.AGREED
    assert code_of(lambda: open_task(measure.process, MeasureFlow.begin_measure)) == "no_open_task"


# --- refusals --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Step:
    """A step of a person: how to get there, who does it, and for whom it does not exist or is forbidden."""

    node: Any
    reach: Callable[[Stages, World], tuple[PlanningCycle, Measure]]
    owner: str
    colleague: str
    done: dict[str, str]
    strangers: tuple[str, ...]
    #: Who follows the case and may not do the step.
    onlooker: str | None = None


STEPS = [
    Step(
        MeasureFlow.revise_measure,
        refused,
        "planner",
        "planning_head",
        {"withdraw": "1", "withdraw_reason": "Kein Träger", **SURE},
        ("head", "specialist", "chair", "provider_head", "funder_reader", "admin", "outsider"),
    ),
    Step(
        MeasureFlow.begin_measure,
        lambda stages, world: _agreed(stages),
        "specialist",
        "head",
        {"started_on": ""},
        ("provider_head", "jobcenter_head", "chair", "funder_reader", "admin", "outsider"),
        onlooker="planner",
    ),
    Step(
        MeasureFlow.finish_measure,
        lambda stages, world: stages.at_implementation(ends_on=soon()),
        "specialist",
        "head",
        {"ended_on": "", "summary": "Fertig"},
        ("provider_head", "jobcenter_head", "chair", "funder_reader", "admin", "outsider"),
        onlooker="planner",
    ),
    Step(
        MeasureFlow.answer_evaluation,
        lambda stages, world: stages.at_evaluation(),
        "specialist",
        "head",
        ANSWERED,
        ("provider_head", "jobcenter_head", "chair", "funder_reader", "admin", "outsider"),
        onlooker="planner",
    ),
    Step(
        MeasureFlow.evaluate_measure,
        lambda stages, world: answered(stages, world),
        "planner",
        "planning_head",
        {"agrees": "yes", "outcome": "continue", "effect": "Wirkt"},
        ("head", "specialist", "chair", "provider_head", "funder_reader", "admin", "outsider"),
    ),
]
each_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.node.name)


def _agreed(stages: Stages) -> tuple[PlanningCycle, Measure]:
    cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    return cycle, measure


def _fields(step: Step) -> dict[str, str]:
    return {key: value or today().isoformat() for key, value in step.done.items()}


@each_step
def test_only_whom_it_is_addressed_to_does_a_step(
    step: Step, stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = step.reach(stages, world)
    measure.refresh_from_db()
    before = (measure.status, measure.ended_on)
    task = open_task(measure.process, step.node)
    page = page_of(task)
    for name in step.strangers:
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, _fields(step)).status_code == 404, name
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    if step.onlooker:
        client = client_as(world.fresh(step.onlooker))
        assert client.get(page).status_code == 403
        assert client.post(page, _fields(step)).status_code == 403
    assert Client().get(page).status_code == 302

    owner, colleague = client_as(world.fresh(step.owner)), client_as(world.fresh(step.colleague))
    take(owner, measure.process, step.node)
    assert colleague.get(page).status_code == 403, "a colleague has it"
    assert colleague.post(page, _fields(step)).status_code == 403
    measure.refresh_from_db()
    assert (measure.status, measure.ended_on) == before
    assert owner.post(page, _fields(step)).status_code == 302
    assert owner.post(page, _fields(step)).status_code == 409


@each_step
def test_a_right_taken_away_after_the_task_was_taken_counts(
    step: Step, stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = step.reach(stages, world)
    user = world.fresh(step.owner)
    client = client_as(user)
    page = take(client, measure.process, step.node)
    for membership in user.memberships.filter(organisation__isnull=False):
        people.membership_end(membership, ends_on=today() - datetime.timedelta(days=1), user=None)
    before = Measure.objects.values().get(pk=measure.pk)

    assert client.get(page).status_code == 403
    assert client.post(page, _fields(step)).status_code == 403
    assert Measure.objects.values().get(pk=measure.pk) == before
    task = open_task(measure.process, step.node)
    with pytest.raises(PermissionDenied):
        complete_task(task, user=world.fresh(step.owner), act=lambda process: None)
    assert open_task(measure.process, step.node) == task


WRONG: dict[str, list[dict[str, str]]] = {
    "revise_measure": [{"withdraw": "1", "withdraw_reason": " "}, {"title": ""}],
    "begin_measure": [{"started_on": ""}, {"started_on": "2999-01-01"}],
    "finish_measure": [
        {"ended_on": "2999-01-01", "summary": "Fertig"},
        {"ended_on": "2000-01-01", "summary": "Fertig"},
        {"ended_on": "2026-01-01", "summary": " "},
    ],
    "answer_evaluation": [
        {**ANSWERED, "reach": " "},
        {**ANSWERED, "recommendation": "perhaps"},
        {**ANSWERED, "reached_count": "9", "target_count": "8"},
        {**ANSWERED, "reached_count": "-1"},
    ],
    "evaluate_measure": [
        {"agrees": "yes", "outcome": "continue", "effect": " "},
        {"agrees": "yes", "outcome": "perhaps", "effect": "Wirkt"},
        {"outcome": "continue", "effect": "Wirkt"},
        {"agrees": "no", "outcome": "continue", "effect": "Wirkt", "reason": " "},
        {"agrees": "yes", "outcome": "end", "effect": "Wirkt", "reason": ""},
    ],
}


@each_step
def test_wrong_entries_leave_the_step_open(
    step: Step, stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = step.reach(stages, world)
    client = client_as(world.fresh(step.owner))
    page = take(client, measure.process, step.node)
    before = Measure.objects.values().get(pk=measure.pk)
    for fields in WRONG[step.node.name]:
        assert client.post(page, fields).status_code == 422, fields
    assert Measure.objects.values().get(pk=measure.pk) == before
    assert open_task(measure.process, step.node)


# --- not waiting for the agreement -----------------------------------------------------------------


def test_planning_does_not_wait_and_words_the_agreement_anew(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle, measure = stages.at_agreement()
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    agreement_call_off(measure, reason="Träger antwortet nicht", user=world.fresh("planner"))

    first = {row.organisation: row.state for row in measure.confirmations.filter(round=1)}
    assert first == {
        world.youth_office: "confirmed",
        world.provider: "called_off",
        world.planning_unit: "called_off",
    }
    entry = LogEntry.objects.get(action="measure.agreement_reopened")
    assert (entry.user, entry.object_id, entry.data["reason"]) == (
        world.people["planner"],
        measure.pk,
        "Träger antwortet nicht",
    )
    client = client_as(world.fresh("planner"))
    page = take(client, measure.process, MeasureFlow.revise_measure)
    assert "Träger antwortet nicht" in client.get(page).content.decode()

    def without_provider(process: Any) -> None:
        measure_update(process.measure, user=planner, **measure_values(world, partners=[]))

    planner = world.fresh("planner")
    complete_task(open_task(measure.process, MeasureFlow.revise_measure), user=planner, act=without_provider)
    asked = measure.confirmations.filter(round=2)
    assert {row.organisation for row in asked} == {world.youth_office, world.planning_unit}
    driver.confirm_all(measure)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.IMPLEMENTATION


def test_who_may_stop_waiting_and_when(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    for name in ("head", "provider_head", "chair", "admin", "outsider"):
        with pytest.raises(PermissionDenied):
            agreement_call_off(measure, reason="Zu lange", user=world.fresh(name))
    planner = world.fresh("planner")
    assert code_of(lambda: agreement_call_off(measure, reason=" ", user=planner)) == "reason_missing"
    driver.confirm_all(measure)
    late = "no_agreement_under_way"
    assert code_of(lambda: agreement_call_off(measure, reason="Zu lange", user=planner)) == late
    assert not LogEntry.objects.filter(action="measure.agreement_reopened").exists()
    assert code_of(lambda: agreement_call_off(stages.measure(), reason="Zu lange", user=planner)) == late
