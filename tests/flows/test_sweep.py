"""What waits goes on by the next sweep, whatever was killed or failed before."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS
from viewflow.workflow.timers import fire_due_conditions, fire_due_timers

from measures.models import Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders.models import LogEntry, OutgoingMail, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows import nodes, notices
from workflows.demo import driver
from workflows.flows import DeliveryFlow, PlanningCycleFlow
from workflows.models import DataRequestState, PlanningCycle, StageKind
from workflows.nodes import open_task
from workflows.selectors import cycles as selectors
from workflows.services import cycles, implementation
from workflows.services.tasks import task_take

#: Stands for whatever a failing frame may hold.
PERSONAL = "Erika Mustermann, geboren am 12.08.1964"


class Killed(BaseException):
    """The process was killed: nothing after this runs."""


@pytest.fixture
def last(stages: Stages, world: World) -> PlanningCycle:
    """Only the youth office's delivery is still to be checked."""
    cycle = stages.at_data()
    for organisation, name in ((world.jobcenter, "jobcenter_head"), (world.youth_office, "specialist")):
        request = cycle.requests.get(organisation=organisation)
        user = world.fresh(name)
        delivery = factories.delivery(organisation, factories.full_values(request, world.areas), user)
        driver.deliver(request, delivery, user=user)
        if organisation == world.jobcenter:
            driver.review(request, is_accepted=True, user=world.fresh("planner"))
    return cycle


def _accept(cycle: PlanningCycle, world: World) -> None:
    request = cycle.requests.get(organisation=world.youth_office)
    driver.review(request, is_accepted=True, user=world.fresh("planner"))


def _waiting(cycle: PlanningCycle) -> Task:
    return Task.objects.get(process=cycle.process, flow_task=PlanningCycleFlow.wait_for_data)


def _assert_still_waiting(cycle: PlanningCycle) -> None:
    """Waits as if nothing had been tried: no error, no half of a step, nothing of the failing frame."""
    cycle.refresh_from_db()
    task = _waiting(cycle)
    assert (task.status, task.started, task.finished) == (STATUS.NEW, None, None)
    assert cycle.stage == StageKind.DATA
    assert not Task.objects.filter(process=cycle.process, flow_task=PlanningCycleFlow.enter_analysis).exists()
    assert not LogEntry.objects.filter(action="cycle.stage_entered", object_id=cycle.pk).exists()
    assert not Task.objects.filter(status=STATUS.ERROR).exists()
    for row in Task.objects.filter(process=cycle.process):
        assert row.data == {}
        assert PERSONAL not in str(row.__dict__)


def _assert_gone_on(cycle: PlanningCycle) -> None:
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS
    assert _waiting(cycle).status == STATUS.DONE
    assert Task.objects.filter(process=cycle.process, flow_task=PlanningCycleFlow.run_analysis).count() == 1


def _fail(*args: object, **kwargs: object) -> Any:
    person = PERSONAL
    raise RuntimeError(person)


# --- killed ----------------------------------------------------------------------------------------


def test_killed_after_the_last_child_is_done(
    last: PlanningCycle, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child's work is committed, the news of it was never brought: the sweep finds it."""

    def kill(task: Task) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(nodes, "_go_on", kill)
        with pytest.raises(Killed):
            _accept(last, world)
    request = last.requests.get(organisation=world.youth_office)
    assert (request.state, request.process.status) == (DataRequestState.ACCEPTED, PROCESS.DONE)
    _assert_still_waiting(last)

    assert fire_due_conditions() == 1
    _assert_gone_on(last)
    assert fire_due_conditions() == 0


def test_killed_in_the_middle_of_going_on(
    last: PlanningCycle, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = cycles.stage_enter

    def enter_and_die(cycle: PlanningCycle, stage: StageKind) -> None:
        enter(cycle, stage)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(cycles, "stage_enter", enter_and_die)
        with pytest.raises(Killed):
            _accept(last, world)
    assert last.requests.get(organisation=world.youth_office).state == DataRequestState.ACCEPTED
    _assert_still_waiting(last)

    fire_due_conditions()
    _assert_gone_on(last)


def test_the_sweep_does_not_go_on_without_reason(last: PlanningCycle) -> None:
    assert fire_due_conditions() == 0
    _assert_still_waiting(last)


# --- failed ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError(PERSONAL), DomainError("refused", PERSONAL)])
def test_a_failure_behind_undoes_all_and_leaves_the_case_waiting(
    error: Exception,
    last: PlanningCycle,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    enter = cycles.stage_enter

    def enter_and_fail(cycle: PlanningCycle, stage: StageKind) -> None:
        person = PERSONAL  # a local variable, as the engine would store it in the row
        enter(cycle, stage)
        raise error from ValueError(person)

    with monkeypatch.context() as patch:
        patch.setattr(cycles, "stage_enter", enter_and_fail)
        _accept(last, world)
        assert "could not go on" in caplog.text
        _assert_still_waiting(last)
        caplog.clear()
        for _sweep in range(2):
            assert fire_due_conditions() == 0
            _assert_still_waiting(last)
        assert "failed to fire" in caplog.text

    assert fire_due_conditions() == 1
    _assert_gone_on(last)


def test_a_condition_that_fails_leaves_the_case_waiting(
    last: PlanningCycle, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(selectors, "all_requests_finished", _fail)
        _accept(last, world)
        assert fire_due_conditions() == 0
        _assert_still_waiting(last)

    fire_due_conditions()
    _assert_gone_on(last)


def test_who_did_their_part_is_thanked_though_the_cycle_fails_behind(
    last: PlanningCycle,
    world: World,
    client_as: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = last.requests.get(organisation=world.youth_office)
    task = open_task(request.process, DeliveryFlow.review_delivery)
    task_take(task, user=world.fresh("planner"))
    monkeypatch.setattr(cycles, "stage_enter", _fail)
    client = client_as(world.fresh("planner"))
    response = client.post(
        f"/flows/delivery/{task.process_id}/review_delivery/{task.pk}/execute/", {"accept": "1", "reason": ""}
    )

    assert (response.status_code, response.url) == (302, "/tasks/")
    request.refresh_from_db()
    assert request.state == DataRequestState.ACCEPTED
    _assert_still_waiting(last)


def test_one_case_that_fails_does_not_hold_up_the_others(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle = stages.at_social_space()
    first, second = driver.shape(
        cycle, lambda _: [stages.measure(), stages.measure()], user=world.fresh("planner")
    )
    mark = implementation.measure_mark_agreed

    def fail_for_the_first(measure: Measure) -> None:
        if measure.pk == first.pk:
            raise RuntimeError(PERSONAL)
        mark(measure)

    with monkeypatch.context() as patch:
        patch.setattr(nodes, "after_lock_released", lambda news: None)  # no news is brought at all
        driver.confirm_all(first)
        driver.confirm_all(second)
    with monkeypatch.context() as patch:
        patch.setattr(implementation, "measure_mark_agreed", fail_for_the_first)
        fire_due_conditions()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (MeasureStatus.PROPOSED, MeasureStatus.AGREED)

    fire_due_conditions()
    first.refresh_from_db()
    cycle.refresh_from_db()
    assert (first.status, cycle.stage) == (MeasureStatus.AGREED, StageKind.IMPLEMENTATION)


def test_a_step_that_fails_for_a_person_leaves_their_task_to_them(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not behind a waiting place but in the person's own act: they learn of it, and nothing is done."""
    cycle = stages.at_analysis()
    task = open_task(cycle.process, PlanningCycleFlow.run_analysis)
    task_take(task, user=world.fresh("planner"))
    monkeypatch.setattr(PlanningCycleFlow.write_profiles, "_due", _fail)
    with pytest.raises(RuntimeError):
        nodes.complete_task(task, user=world.fresh("planner"), act=lambda process: None)

    task.refresh_from_db()
    assert (task.status, task.data) == (STATUS.ASSIGNED, {})
    assert not Task.objects.filter(process=cycle.process, flow_task=PlanningCycleFlow.write_profiles).exists()


# --- deadlines -------------------------------------------------------------------------------------


def test_a_deadline_that_fails_is_tried_again_and_does_not_hold_up_the_others(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cycle = stages.at_data()
    request = cycle.requests.get(organisation=world.youth_office)
    card = open_task(request.process, DeliveryFlow.provide_data).card
    send = notices.mail_from_template

    def fail_for_the_youth_office(addresses: list[str], template: str, context: dict[str, Any]) -> int:
        if context["addressee"] == world.youth_office:
            raise RuntimeError(PERSONAL)
        return send(addresses, template, context)

    with time_machine.travel(card.due_on - datetime.timedelta(days=1)):
        with monkeypatch.context() as patch:
            patch.setattr(notices, "mail_from_template", fail_for_the_youth_office)
            assert fire_due_timers() == 1
        assert "failed to fire" in caplog.text
        assert [row.address for row in OutgoingMail.objects.all()] == [world.people["jobcenter_head"].email]
        assert not LogEntry.objects.filter(object_id=card.pk, action="task.reminded").exists()
        timer = Task.objects.get(previous=card.task, flow_task=DeliveryFlow.provide_data__remind)
        assert (timer.status, timer.data) == (STATUS.SCHEDULED, {})

        assert fire_due_timers() == 1
        assert OutgoingMail.objects.count() == 3
        assert fire_due_timers() == 0
