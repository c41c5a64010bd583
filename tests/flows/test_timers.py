"""Reminders before and escalations after the due date, through the engine's timers.

What happens when a sweep fails or comes late for good: test_sweep.py.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterator

import pytest
import time_machine
from django.core import mail
from django.utils import translation
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from stakeholders.models import Function, LogEntry, Membership, User
from stakeholders.services import membership_end
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows import notices
from workflows.demo import driver
from workflows.engine import request_go_on_without
from workflows.flows import DeliveryFlow, PlanningCycleFlow
from workflows.models import DataRequest, PlanningCycle, StageKind, TaskCard
from workflows.nodes import open_task
from workflows.services.cycles import stage_reschedule
from workflows.services.tasks import task_take
from workflows.timers import timers_fire

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
#: The stage of data ends thirty days later, on 31 March; summer time begins on the 29th.
TODAY = datetime.date(2026, 3, 2)
DUE = datetime.date(2026, 3, 31)


def at(day: datetime.date, hour: int = 9, minute: int = 0) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour, minute), BERLIN)


def days(number: int) -> datetime.timedelta:
    return datetime.timedelta(days=number)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Stands still until it is moved."""
    with time_machine.travel(at(TODAY), tick=False) as traveller:
        yield traveller


@pytest.fixture
def cycle(clock: time_machine.Traveller, stages: Stages) -> PlanningCycle:
    """Both suppliers are asked to deliver until 31 March."""
    found = stages.at_data()
    assert set(found.requests.values_list("due_on", flat=True)) == {DUE}
    return found


@pytest.fixture
def youth(cycle: PlanningCycle, world: World) -> DataRequest:
    """What the youth office is asked for; the Jobcenter's is out of the way."""
    job = cycle.requests.get(organisation=world.jobcenter)
    request_go_on_without(job, reason="Test", user=world.fresh("planner"))
    found: DataRequest = cycle.requests.get(organisation=world.youth_office)
    return found


def _task(request: DataRequest) -> Task:
    return open_task(request.process, DeliveryFlow.provide_data)


def _timers(task: Task, *statuses: str) -> dict[str, datetime.datetime]:
    rows = Task.objects.filter(
        previous=task, flow_task_type="TIMER", status__in=statuses or [STATUS.SCHEDULED]
    )
    return {row.flow_task.name.split("__")[1]: row.scheduled.astimezone(BERLIN) for row in rows}


def _told() -> list[str]:
    """Who got a mail since the last look."""
    timers_fire()
    people = [
        User.objects.get(email=address).display_name for message in mail.outbox for address in message.to
    ]
    assert all(len(message.recipients()) == 1 for message in mail.outbox), "addresses stay private"
    mail.outbox.clear()
    return sorted(people)


# --- when ------------------------------------------------------------------------------------------


def test_deadlines_are_set_for_an_office_morning(youth: DataRequest) -> None:
    assert _timers(_task(youth)) == {
        "remind": at(DUE - days(3), 6),
        "escalate": at(DUE + days(1), 6),
    }


def test_reminder_comes_once_some_days_before(youth: DataRequest, clock: time_machine.Traveller) -> None:
    clock.move_to(at(DUE - days(3), 5, 59))
    assert _told() == []
    clock.move_to(at(DUE - days(3), 6, 0))
    assert _told() == ["Fachplanung Jugendamt", "Leitung Jugendamt"]
    assert _told() == []
    clock.move_to(at(DUE, 23, 59))
    assert _told() == []


def test_escalation_comes_once_after_the_due_day(youth: DataRequest, clock: time_machine.Traveller) -> None:
    clock.move_to(at(DUE - days(3)))
    _told()
    clock.move_to(at(DUE + days(1), 5, 59))
    assert _told() == []
    clock.move_to(at(DUE + days(1), 6, 0))
    assert _told() == [
        "Fachplanung Jugendamt",
        "Leitung Jugendamt",
        "Leitung Sozialplanung",
        "Sozialplanerin",
    ]
    clock.move_to(at(DUE + days(30)))
    assert _told() == []
    assert _task(youth).status == STATUS.NEW, "a deadline moves nothing but people"


def test_settings_move_the_deadlines(settings: object, clock: time_machine.Traveller, stages: Stages) -> None:
    settings.REMIND_DAYS_BEFORE, settings.ESCALATE_DAYS_AFTER = 10, 5  # type: ignore[attr-defined]
    request = stages.at_data().requests.first()

    assert _timers(_task(request)) == {"remind": at(DUE - days(10), 6), "escalate": at(DUE + days(5), 6)}


def test_nobody_is_reminded_on_the_day_a_task_appears(
    clock: time_machine.Traveller, stages: Stages, world: World
) -> None:
    """It appears within the days of reminding: the reminder waits for the next morning."""
    cycle = stages.at_data(stages=factories.stage_dates(TODAY - days(28)))
    request = cycle.requests.get(organisation=world.youth_office)
    assert request.due_on == TODAY + days(1)
    assert _timers(_task(request))["remind"] == at(TODAY + days(1), 6)

    clock.move_to(at(TODAY, 23, 59))
    assert _told() == []
    clock.move_to(at(TODAY + days(1), 6))
    assert "Leitung Jugendamt" in _told()


def test_a_task_that_appears_late_escalates_the_next_day_and_does_not_remind(
    clock: time_machine.Traveller, stages: Stages, world: World
) -> None:
    cycle = stages.at_data(stages=factories.stage_dates(TODAY - days(60)))
    task = _task(cycle.requests.get(organisation=world.youth_office))
    clock.move_to(at(TODAY, 23, 59))
    assert _told() == []

    clock.move_to(at(TODAY + days(1), 6))
    _told()
    actions = LogEntry.objects.filter(object_id=task.card.pk, action__startswith="task.")
    assert list(actions.values_list("action", flat=True)) == ["task.escalated"]


def test_a_sweep_that_comes_too_late_escalates_without_reminding(
    clock: time_machine.Traveller, stages: Stages
) -> None:
    """After days without a sweep nobody is told that something past is due soon."""
    cycle = stages.at_analysis()
    task = open_task(cycle.process, PlanningCycleFlow.run_analysis)
    clock.move_to(at(task.card.due_on + days(1)))
    assert _told() == ["Leitung Sozialplanung", "Sozialplanerin"]
    assert LogEntry.objects.get(object_id=task.card.pk, action__startswith="task.").action == "task.escalated"


# --- whom ------------------------------------------------------------------------------------------


def test_the_owner_alone_is_reminded(youth: DataRequest, world: World, clock: time_machine.Traveller) -> None:
    task_take(_task(youth), user=world.fresh("specialist"))
    clock.move_to(at(DUE - days(3)))
    assert _told() == ["Fachplanung Jugendamt"]
    clock.move_to(at(DUE + days(1)))
    assert _told() == [
        "Fachplanung Jugendamt",
        "Leitung Jugendamt",
        "Leitung Sozialplanung",
        "Sozialplanerin",
    ]


def test_others_are_reminded_if_the_owner_has_left(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    owner = world.fresh("specialist")
    task_take(_task(youth), user=owner)
    membership_end(Membership.objects.get(user=owner), ends_on=TODAY - days(1), user=None)
    clock.move_to(at(DUE - days(3)))
    assert _told() == ["Leitung Jugendamt"]


def test_who_delivered_is_not_reminded_to_check_it(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    both = factories.employed(world.people["planner"], world.youth_office, Function.PLANNER)
    delivery = factories.delivery(world.youth_office, factories.full_values(youth, world.areas), both)
    driver.deliver(youth, delivery, user=both)
    clock.move_to(at(DUE - days(3)))
    assert _told() == ["Leitung Sozialplanung"]


def test_a_body_is_reminded_by_its_chair(clock: time_machine.Traveller, stages: Stages) -> None:
    cycle, _meeting = stages.in_steering_group()
    card = TaskCard.objects.get(cycle=cycle, is_open=True, body=cycle.steering_group)
    # It is due the day after the meeting of today: there is no time to remind three days before.
    clock.move_to(at(card.due_on))
    assert _told() == ["Vorsitz Steuerungsgruppe"]
    clock.move_to(at(card.due_on + days(1)))
    assert _told() == ["Leitung Sozialplanung", "Sozialplanerin", "Vorsitz Steuerungsgruppe"]


# --- not -------------------------------------------------------------------------------------------


def test_a_task_done_in_time_is_left_in_peace(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    task = _task(youth)
    user = world.fresh("specialist")
    delivery = factories.delivery(world.youth_office, factories.full_values(youth, world.areas), user)
    driver.deliver(youth, delivery, user=user)
    driver.review(youth, is_accepted=True, user=world.fresh("planner"))
    assert _timers(task) == {}
    assert set(_timers(task, STATUS.CANCELED)) == {"remind", "escalate"}

    clock.move_to(at(DUE + days(1)))
    _told()
    assert not LogEntry.objects.filter(object_id=task.card.pk, action__startswith="task.reminded").exists()
    assert not LogEntry.objects.filter(object_id=task.card.pk, action__startswith="task.escalated").exists()


def test_a_task_called_off_is_left_in_peace(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    task = _task(youth)
    request_go_on_without(youth, reason="Erst im nächsten Jahr", user=world.fresh("planner"))
    assert _timers(task) == {}
    clock.move_to(at(DUE + days(1)))
    assert "Leitung Jugendamt" not in _told()


def test_a_returned_delivery_has_deadlines_of_its_own(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    user = world.fresh("specialist")
    first = _task(youth)
    delivery = factories.delivery(world.youth_office, factories.full_values(youth, world.areas), user)
    driver.deliver(youth, delivery, user=user)
    clock.move_to(at(DUE))
    driver.review(youth, is_accepted=False, user=world.fresh("planner"), reason="Altstadt fehlt")

    second = _task(youth)
    assert _timers(first) == {}
    assert _timers(second) == {"remind": at(DUE + days(4), 6), "escalate": at(DUE + days(8), 6)}


# --- moved dates -----------------------------------------------------------------------------------


def _move_data_stage(cycle: PlanningCycle, due_on: datetime.date, user: User) -> None:
    stage = cycle.stages.get(kind=StageKind.DATA)
    stage_reschedule(stage, starts_on=stage.starts_on, due_on=due_on, reason="Späte Landesdaten", user=user)


def test_a_moved_date_moves_the_deadlines(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    later = DUE + days(14)
    task = _task(youth)
    _move_data_stage(youth.cycle, later, world.fresh("planner"))
    task.card.refresh_from_db()
    assert task.card.due_on == later
    assert _timers(task) == {"remind": at(later - days(3), 6), "escalate": at(later + days(1), 6)}

    clock.move_to(at(DUE + days(1)))
    assert _told() == []
    clock.move_to(at(later - days(3)))
    assert _told() == ["Fachplanung Jugendamt", "Leitung Jugendamt"]


def test_a_date_moved_after_the_escalation_reminds_and_escalates_anew(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    """Dates are moved when they have been missed: that is when new deadlines matter."""
    clock.move_to(at(DUE + days(1)))
    assert _told()
    later = DUE + days(20)
    task = _task(youth)
    _move_data_stage(youth.cycle, later, world.fresh("planner"))
    assert _timers(task) == {"remind": at(later - days(3), 6), "escalate": at(later + days(1), 6)}

    clock.move_to(at(later - days(3)))
    assert _told() == ["Fachplanung Jugendamt", "Leitung Jugendamt"]
    clock.move_to(at(later + days(1)))
    assert len(_told()) == 4
    assert _told() == []


def test_a_date_brought_forward_reminds_the_next_morning_at_the_earliest(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    sooner = TODAY + days(2)
    _move_data_stage(youth.cycle, sooner, world.fresh("planner"))
    assert _timers(_task(youth)) == {"remind": at(TODAY + days(1), 6), "escalate": at(sooner + days(1), 6)}


def test_a_moved_date_arms_nothing_that_is_done(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    user = world.fresh("specialist")
    task = _task(youth)
    delivery = factories.delivery(world.youth_office, factories.full_values(youth, world.areas), user)
    driver.deliver(youth, delivery, user=user)
    _move_data_stage(youth.cycle, DUE + days(14), world.fresh("planner"))

    task.card.refresh_from_db()
    assert task.card.due_on == DUE
    assert _timers(task) == {}


# --- what it says ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
def test_mails_are_in_german_with_an_absolute_link(
    language: str, youth: DataRequest, clock: time_machine.Traveller, settings: object
) -> None:
    settings.SITE_URL = "https://passgenau.example"  # type: ignore[attr-defined]
    task = _task(youth)
    clock.move_to(at(DUE - days(3)))
    with translation.override(language):
        timers_fire()
    reminder = mail.outbox[0]
    assert reminder.subject == "Fällig am 31.03.2026: Daten liefern: Jugendamt, Planungszyklus 2026–2028"
    assert "diese Aufgabe (Jugendamt) ist am 31.03.2026 fällig:" in reminder.body
    assert f"\nhttps://passgenau.example/tasks/{task.pk}/\n" in reminder.body
    assert "Planungszyklus 2026–2028 (Musterkreis)" in reminder.body

    mail.outbox.clear()
    clock.move_to(at(DUE + days(1)))
    with translation.override(language):
        timers_fire()
    escalation = mail.outbox[0]
    assert (
        escalation.subject == "Überfällig seit 31.03.2026: Daten liefern: Jugendamt, Planungszyklus 2026–2028"
    )
    assert "diese Aufgabe (Jugendamt) war am 31.03.2026 fällig und ist noch offen:" in escalation.body
    assert f"\nhttps://passgenau.example/tasks/{task.pk}/\n" in escalation.body
    for message in (reminder, escalation):
        text = message.subject + message.body
        for foreign in ("%(", "{{", "&quot;", "&amp;", "Good morning", "process", "Process"):
            assert foreign not in text


def test_notices_are_logged_without_personal_data(youth: DataRequest, clock: time_machine.Traveller) -> None:
    card = _task(youth).card
    clock.move_to(at(DUE - days(3)))
    timers_fire()
    clock.move_to(at(DUE + days(1)))
    timers_fire()

    entries = list(LogEntry.objects.filter(object_id=card.pk, action__startswith="task.").order_by("pk"))
    assert [entry.action for entry in entries] == ["task.reminded", "task.escalated"]
    assert [entry.data for entry in entries] == [
        {"recipients": 2, "due_on": "2026-03-31", "responsible": "Jugendamt"},
        {"recipients": 4, "due_on": "2026-03-31", "responsible": "Jugendamt"},
    ]
    assert {(entry.user, entry.territory_id) for entry in entries} == {(None, youth.cycle.territory_id)}


def test_a_reminder_by_hand_comes_on_top(
    youth: DataRequest, world: World, clock: time_machine.Traveller
) -> None:
    task = _task(youth)
    assert notices.remind_now(task, user=world.fresh("planner")) == 2
    assert _told() == ["Fachplanung Jugendamt", "Leitung Jugendamt"]
    assert LogEntry.objects.get(action="task.reminded").user == world.people["planner"]
    assert set(_timers(task)) == {"remind", "escalate"}
