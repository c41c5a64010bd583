import datetime
import json

import pytest
import time_machine
from django.db import DatabaseError
from django.test import RequestFactory
from django.utils import timezone

from project import views
from workflows.models import TimerRun
from workflows.timers import SWEEP

NOON = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def answer(rf: RequestFactory):
    def get():
        response = views.healthz(rf.get("/healthz"))
        return response.status_code, json.loads(response.content)

    return get


@pytest.mark.django_db
def test_healthz_without_any_run_of_the_timers_is_degraded_but_up(answer):
    assert answer() == (
        200,
        {"status": "degraded", "database": "ok", "timers": {"last_run_at": None, "late": True}},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "late"), [(0, False), (300, False), (301, True)])
def test_healthz_tells_whether_the_timers_are_late(answer, settings, seconds, late):
    settings.TIMER_LATE_SECONDS = 300
    with time_machine.travel(NOON, tick=False):
        TimerRun.objects.create(name=SWEEP, last_run_at=timezone.now() - datetime.timedelta(seconds=seconds))
        status, body = answer()

    assert status == 200
    assert body["timers"]["late"] is late
    assert body["status"] == ("degraded" if late else "ok")


@pytest.mark.django_db
def test_healthz_is_503_when_the_database_fails(answer, monkeypatch):
    def fail():
        raise DatabaseError("gone")

    monkeypatch.setattr(views, "timer_state", fail)
    assert answer() == (503, {"status": "error", "database": "error", "timers": None})


@pytest.mark.django_db
def test_healthz_needs_no_sign_in_and_is_never_cached(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert client.post("/healthz").status_code == 405
