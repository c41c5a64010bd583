import datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError

from workflows import timers
from workflows.management.commands import run_timers
from workflows.models import TimerRun

NOON = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def _due(monkeypatch):
    monkeypatch.setattr(timers, "fire_due_timers", lambda: 2)
    monkeypatch.setattr(timers, "fire_due_conditions", lambda: 1)


@pytest.mark.usefixtures("_due")
def test_timers_fire_counts_timers_and_conditions_and_notes_the_moment():
    with time_machine.travel(NOON, tick=False):
        assert timers.timers_fire() == 3

    run = TimerRun.objects.get(name=timers.SWEEP)
    assert (run.last_run_at, run.fired_count) == (NOON, 3)


@pytest.mark.usefixtures("_due")
def test_a_second_run_updates_the_same_row():
    timers.timers_fire()
    with time_machine.travel(NOON, tick=False):
        timers.timers_fire()

    assert TimerRun.objects.get(name=timers.SWEEP).last_run_at == NOON


def test_a_failed_run_is_not_noted_as_one(monkeypatch):
    monkeypatch.setattr(timers, "fire_due_timers", fail)
    with pytest.raises(OperationalError):
        timers.timers_fire()

    assert timers.timer_state() == timers.TimerState(last_run_at=None, is_late=True)


@pytest.mark.usefixtures("_due")
def test_the_command_runs_once_without_loop():
    out = StringIO()
    call_command("run_timers", stdout=out)

    assert out.getvalue() == "3 fired\n"


def test_the_loop_goes_on_after_a_failure(monkeypatch, caplog):
    calls = []
    monkeypatch.setattr(run_timers, "close_old_connections", lambda: None)
    monkeypatch.setattr(run_timers, "timers_fire", lambda: calls.append(1) or fail())
    command = run_timers.Command()

    command._run_once()
    command._run_once()

    assert len(calls) == 2
    assert "they try again" in caplog.text


def fail():
    raise OperationalError("database is locked")
