"""Two people at the same moment: one wins, the other is told, and the case moves on once.

Each race is first shown with the guard off, then its absence with it on. The threads are brought together at
the worst place: both have looked, neither has acted. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_races.py -n0
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, connection, connections
from django.db.models import Model
from django.test import Client
from viewflow.workflow.lock import NoLock
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows import cards, nodes
from workflows.demo import driver
from workflows.engine import request_go_on_without
from workflows.flows import DeliveryFlow, PlanningCycleFlow
from workflows.models import (
    DataRequest,
    DataRequestState,
    PlanningCycle,
    PlanningCycleProcess,
    StageKind,
    TaskCard,
)
from workflows.nodes import GuardedView, WaitForActivation, complete_task, open_task
from workflows.services import cycles, deliveries
from workflows.services.tasks import task_hand_over, task_take
from workflows.views import delivery_tasks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]

#: How long one waits at the meeting point for another who is held up by the lock (seconds).
PATIENCE = 0.8


def unheld(model: type[Model]) -> SimpleNamespace:
    """The model as it was read before services held its rows: without a lock."""
    return SimpleNamespace(
        objects=SimpleNamespace(select_for_update=lambda **_kwargs: model._default_manager)
    )


class MeetingPoint:
    """Two threads wait for each other here; who waits in vain goes on alone, as do all after them.

    What a test prepares in its own thread passes by: waiting there would leave nobody to meet later.
    """

    def __init__(self, patience: float | None = None) -> None:
        self._patience = PATIENCE if patience is None else patience
        self._barrier = threading.Barrier(2)
        self.has_met = False

    def __call__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            return
        try:
            self._barrier.wait(self._patience)
        except threading.BrokenBarrierError:
            return
        self.has_met = True

    def after(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with a meeting after it."""

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            result = function(*args, **kwargs)
            self()
            return result

        return wrapper

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with a meeting before it."""

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            self()
            return function(*args, **kwargs)

        return wrapper


def race(*acts: Callable[[], Any]) -> list[Any]:
    """Do all at once, each with a database connection of its own; results or exceptions in order."""
    results: list[Any] = [None] * len(acts)

    def run(position: int, act: Callable[[], Any]) -> None:
        try:
            results[position] = act()
        except Exception as error:  # noqa: BLE001  handed to the test
            results[position] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item, daemon=True) for item in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive(), "they block one another"
    return results


def _refusals(results: list[Any]) -> list[str]:
    """Codes of those who were told; anything but a refusal of ours is a failure."""
    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        if not isinstance(error, DomainError):
            raise error
    return [error.code for error in errors]


@pytest.fixture
def request_(stages: Stages, world: World) -> DataRequest:
    """The youth office is asked to deliver."""
    found: DataRequest = stages.at_data().requests.get(organisation=world.youth_office)
    return found


@pytest.fixture
def submitted(request_: DataRequest, world: World) -> DataRequest:
    """The youth office has handed in."""
    user = world.fresh("specialist")
    delivery = factories.delivery(request_.organisation, factories.full_values(request_, world.areas), user)
    driver.deliver(request_, delivery, user=user)
    return request_


def _count(process: Any, node: Any) -> int:
    return Task.objects.filter(process=process, flow_task=node).count()


without_lock = pytest.mark.parametrize("is_locked", [False, True], ids=["lock off", "lock on"])


def _lock(monkeypatch: pytest.MonkeyPatch, flow: Any, is_locked: bool) -> None:
    if not is_locked:
        monkeypatch.setattr(flow, "lock_impl", NoLock())


# --- the same task ---------------------------------------------------------------------------------


@without_lock
def test_two_people_complete_the_same_task(
    is_locked: bool, request_: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = MeetingPoint()
    _lock(monkeypatch, DeliveryFlow, is_locked)
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))
    pk = open_task(request_.process, DeliveryFlow.provide_data).pk

    def complete(user: User) -> Callable[[], None]:
        return lambda: complete_task(Task.objects.get(pk=pk), user=user, act=lambda process: None)

    results = race(complete(world.fresh("head")), complete(world.fresh("specialist")))
    reviews = TaskCard.objects.filter(task__flow_task=DeliveryFlow.review_delivery, is_open=True).count()
    if not is_locked:
        assert (meet.has_met, _refusals(results), reviews) == (True, [], 2)
        return
    assert not meet.has_met
    assert _refusals(results) == ["task_finished"]
    assert (reviews, _count(request_.process, DeliveryFlow.review_delivery)) == (1, 1)
    winner = world.people["head" if results[0] is None else "specialist"]
    assert Task.objects.get(pk=pk).owner == winner


@without_lock
def test_one_person_submits_twice_from_two_windows(
    is_locked: bool,
    submitted: DataRequest,
    world: World,
    client_as: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = open_task(submitted.process, DeliveryFlow.review_delivery)
    task_take(task, user=world.fresh("planner"))
    meet, meet_again = MeetingPoint(), MeetingPoint()
    _lock(monkeypatch, DeliveryFlow, is_locked)
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))
    monkeypatch.setattr(delivery_tasks, "delivery_review", meet_again.before(delivery_tasks.delivery_review))
    page = f"/flows/delivery/{task.process_id}/review_delivery/{task.pk}/execute/"
    windows = [client_as(world.fresh("planner")) for _number in range(2)]

    def press(window: Client) -> Callable[[], int]:
        return lambda: window.post(page, {"return": "1", "reason": "Altstadt fehlt"}).status_code

    statuses = race(*(press(window) for window in windows))
    if not is_locked:
        assert (meet.has_met, statuses, submitted.reviews.count()) == (True, [302, 302], 2)
        return
    assert sorted(statuses) == [302, 409]
    assert submitted.reviews.count() == 1
    assert _count(submitted.process, DeliveryFlow.provide_data) == 2, "the first, and the returned one"


@without_lock
def test_two_people_take_the_same_task(
    is_locked: bool,
    request_: DataRequest,
    world: World,
    client_as: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meet = MeetingPoint()
    _lock(monkeypatch, DeliveryFlow, is_locked)
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))
    task = open_task(request_.process, DeliveryFlow.provide_data)
    names = ("head", "specialist")
    clients = [client_as(world.fresh(name)) for name in names]

    def take(client: Client) -> Callable[[], Any]:
        return lambda: client.post(f"/tasks/{task.pk}/take/")

    first, second = race(*(take(client) for client in clients))
    execute = f"/flows/delivery/{task.process_id}/provide_data/{task.pk}/execute/"
    taken = LogEntry.objects.filter(action="task.taken").count()
    task.refresh_from_db()
    if not is_locked:
        assert meet.has_met
        assert (first.url, second.url, taken) == (execute, execute, 2), "both believe it is theirs"
        return
    assert sorted([first.url, second.url]) == sorted([execute, f"/tasks/{task.pk}/"])
    winner = 0 if first.url == execute else 1
    assert (task.owner, taken) == (world.people[names[winner]], 1)
    told = clients[1 - winner].get(f"/tasks/{task.pk}/", follow=True)
    assert str(task.owner) in told.content.decode()


def test_completing_and_handing_over(
    request_: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever comes first, the other learns of it."""
    owner = world.fresh("specialist")
    pk = open_task(request_.process, DeliveryFlow.provide_data).pk
    task_take(Task.objects.get(pk=pk), user=owner)
    meet = MeetingPoint()
    monkeypatch.setattr(GuardedView, "verdict", meet.after(GuardedView.verdict))
    completed, handed_over = race(
        lambda: complete_task(Task.objects.get(pk=pk), user=owner, act=lambda process: None),
        lambda: task_hand_over(Task.objects.get(pk=pk), to=world.fresh("head"), user=world.fresh("head")),
    )
    task = Task.objects.get(pk=pk)
    if completed is None:
        assert isinstance(handed_over, DomainError)
        assert (handed_over.code, task.status, task.owner) == ("task_finished", STATUS.DONE, owner)
    else:
        assert isinstance(completed, DomainError | PermissionDenied)
        assert handed_over is None
        assert (task.status, task.owner) == (STATUS.ASSIGNED, world.people["head"])


# --- the same case ---------------------------------------------------------------------------------


@without_lock
def test_accepted_and_gone_on_without_at_once(
    is_locked: bool, submitted: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = MeetingPoint()
    _lock(monkeypatch, DeliveryFlow, is_locked)
    monkeypatch.setattr(deliveries, "delivery_review", meet.before(deliveries.delivery_review))
    monkeypatch.setattr(deliveries, "request_waive", meet.before(deliveries.request_waive))

    def fresh() -> DataRequest:
        return DataRequest.objects.get(pk=submitted.pk)

    results = race(
        lambda: driver.review(fresh(), is_accepted=True, user=world.fresh("planner")),
        lambda: request_go_on_without(fresh(), reason="Zu spät", user=world.fresh("planning_head")),
    )
    ends = Task.objects.filter(process=submitted.process, flow_task_type="END")
    if not is_locked:
        # Both are at it: either both ends are reached, or the database kills one of the two.
        assert meet.has_met
        assert not any(isinstance(result, DomainError) for result in results)
        assert ends.count() == 2 or any(isinstance(result, OperationalError) for result in results)
        return
    (refusal,) = _refusals(results)
    assert refusal in {"task_finished", "no_open_task"}
    submitted.refresh_from_db()
    expected = {"accepted": DataRequestState.ACCEPTED, "waived": DataRequestState.WAIVED}
    assert submitted.state == expected[ends.get().flow_task.name]
    assert submitted.process.task_set.filter(finished=None).count() == 0


# --- the waiting cycle -----------------------------------------------------------------------------


def _both_submitted(stages: Stages, world: World) -> tuple[PlanningCycle, list[DataRequest]]:
    cycle = stages.at_data()
    requests = []
    for organisation, name in ((world.youth_office, "specialist"), (world.jobcenter, "jobcenter_head")):
        request = cycle.requests.get(organisation=organisation)
        user = world.fresh(name)
        delivery = factories.delivery(organisation, factories.full_values(request, world.areas), user)
        driver.deliver(request, delivery, user=user)
        requests.append(request)
    return cycle, requests


def _accept(request: DataRequest, user: User) -> Callable[[], None]:
    return lambda: driver.review(
        DataRequest.objects.select_related("cycle", "process").get(pk=request.pk),
        is_accepted=True,
        user=user,
    )


@without_lock
def test_two_last_deliveries_accepted_at_once(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are in force before either brings the news: both find that the cycle can go on."""
    cycle, (first, second) = _both_submitted(stages, world)
    both_done, both_looked = MeetingPoint(), MeetingPoint()
    release, look = nodes.after_lock_released, WaitForActivation.condition_met

    def condition_met(activation: WaitForActivation) -> bool:
        met = bool(look(activation))
        if met:
            both_looked()
        return met

    _lock(monkeypatch, PlanningCycleFlow, is_locked)
    monkeypatch.setattr(nodes, "after_lock_released", lambda news: release(both_done.before(news)))
    monkeypatch.setattr(WaitForActivation, "condition_met", condition_met)
    results = race(
        _accept(first, world.fresh("planner")),
        _accept(second, world.fresh("planning_head")),
    )
    assert _refusals(results) == []
    assert both_done.has_met
    entered = LogEntry.objects.filter(action="cycle.stage_entered", object_id=cycle.pk).count()
    begun = _count(cycle.process, PlanningCycleFlow.run_analysis)
    if not is_locked:
        assert (both_looked.has_met, entered, begun) == (True, 2, 2), "the cycle runs twice from here"
        return
    cycle.refresh_from_db()
    assert (cycle.stage, entered, begun) == (StageKind.ANALYSIS, 1, 1)
    assert TaskCard.objects.filter(cycle=cycle, is_open=True).count() == 1
    assert Task.objects.filter(process=cycle.process, flow_task_type="TIMER").count() == 2


def test_two_last_deliveries_do_not_miss_each_other(
    stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of a territory come into force one delivery after the other; the later one finds both."""
    cycle, (first, second) = _both_submitted(stages, world)
    meet = MeetingPoint()
    monkeypatch.setattr(deliveries, "delivery_review", meet.after(deliveries.delivery_review))
    results = race(
        _accept(first, world.fresh("planner")),
        _accept(second, world.fresh("planning_head")),
    )
    assert (_refusals(results), meet.has_met) == ([], False), "a later value succeeds the earlier one"
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS
    assert _count(cycle.process, PlanningCycleFlow.run_analysis) == 1


# --- opening ---------------------------------------------------------------------------------------


@pytest.fixture
def without_constraint(transactional_db: None) -> Any:
    """The database without the rule that holds it."""
    rule = next(row for row in PlanningCycle._meta.constraints if row.name == "cycle_one_open_per_territory")
    with connection.schema_editor() as editor:
        editor.remove_constraint(PlanningCycle, rule)
    yield
    PlanningCycle.objects.filter(title="Zweiter").update(closed_at="2026-01-01T00:00Z")
    with connection.schema_editor() as editor:
        editor.add_constraint(PlanningCycle, rule)


def _open_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], MeetingPoint]:
    meet = MeetingPoint()
    monkeypatch.setattr(PlanningCycle, "full_clean", meet.after(PlanningCycle.full_clean))
    results = race(
        lambda: factories.make_cycle(world, title="Erster", user=world.fresh("planner")),
        lambda: factories.make_cycle(world, title="Zweiter", user=world.fresh("planning_head")),
    )
    return results, meet


@pytest.mark.usefixtures("without_constraint")
def test_two_planners_open_a_cycle_without_the_constraint(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, meet = _open_twice(world, monkeypatch)
    assert (meet.has_met, _refusals(results)) == (True, [])
    assert PlanningCycle.objects.filter(closed_at=None).count() == 2


def test_two_planners_open_a_cycle_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    results, meet = _open_twice(world, monkeypatch)
    assert (meet.has_met, _refusals(results)) == (True, ["cycle_already_open"])
    (cycle,) = PlanningCycle.objects.all()
    assert cycle in results
    assert PlanningCycleProcess.objects.count() == 1
    assert cycle.requests.count() == DataRequest.objects.count() == 2
    assert LogEntry.objects.filter(action="cycle.opened").count() == 1


# --- moved dates -----------------------------------------------------------------------------------


def _move(cycle: PlanningCycle, user: User) -> Callable[[], Any]:
    def move() -> None:
        stage = cycle.stages.get(kind=StageKind.DATA)
        later = stage.due_on + (stage.due_on - stage.starts_on)
        cycles.stage_reschedule(
            stage, starts_on=stage.starts_on, due_on=later, reason="Späte Landesdaten", user=user
        )

    return move


@pytest.mark.parametrize("is_card_closed_first", [True, False])
def test_a_task_is_completed_while_its_date_is_moved(
    is_card_closed_first: bool, request_: DataRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither blocks the other for good, and no deadline is left on what is done."""
    meet = MeetingPoint()
    if is_card_closed_first:
        monkeypatch.setattr(cards, "card_close", meet.after(cards.card_close))
        monkeypatch.setattr(cycles, "_check_stages", meet.before(cycles._check_stages))
    else:
        monkeypatch.setattr(cards, "card_close", meet.before(cards.card_close))
        monkeypatch.setattr(cycles, "task_reschedule", meet.before(cycles.task_reschedule))
    task = open_task(request_.process, DeliveryFlow.provide_data)
    before = task.card.due_on
    results = race(
        lambda: complete_task(
            Task.objects.get(pk=task.pk), user=world.fresh("specialist"), act=lambda process: None
        ),
        _move(request_.cycle, world.fresh("planner")),
    )
    assert (_refusals(results), meet.has_met) == ([], True)
    card = TaskCard.objects.get(task=task)
    assert not card.is_open
    assert (card.due_on == before) == is_card_closed_first
    timers = Task.objects.filter(previous=task, flow_task_type="TIMER")
    assert {timer.status for timer in timers} == {STATUS.CANCELED}
    assert timers.count() == 2
    request_.process.refresh_from_db()
    assert request_.process.status != PROCESS.DONE
