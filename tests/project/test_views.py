import datetime
import json

import pytest
import time_machine
from django.db import DatabaseError
from django.test import RequestFactory
from django.utils import timezone

from project import views
from stakeholders.mail import DELAYED_ATTEMPTS, MOST_ATTEMPTS, mail_queue
from stakeholders.models import OutgoingMail
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
        {
            "status": "degraded",
            "database": "ok",
            "timers": {"last_run_at": None, "late": True},
            "mails": {"waiting": 0, "delayed": 0, "failed": 0},
        },
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
    assert answer() == (503, {"status": "error", "database": "error", "timers": None, "mails": None})


@pytest.mark.django_db
def test_healthz_needs_no_sign_in_and_is_never_cached(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_healthz_answers_by_address_and_without_https_inside_the_network(client, settings):
    settings.ALLOWED_HOSTS = ["planung.example"]
    settings.SECURE_SSL_REDIRECT = True

    assert client.get("/healthz", headers={"host": "127.0.0.1:8000"}).status_code == 200
    assert client.get("/login/", headers={"host": "127.0.0.1:8000"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attempts", "status", "mails"),
    [
        (0, "ok", {"waiting": 1, "delayed": 0, "failed": 0}),
        (DELAYED_ATTEMPTS, "degraded", {"waiting": 1, "delayed": 1, "failed": 0}),
        (MOST_ATTEMPTS, "ok", {"waiting": 0, "delayed": 0, "failed": 1}),
    ],
)
def test_healthz_tells_of_mails_that_do_not_go_out(answer, attempts, status, mails):
    TimerRun.objects.create(name=SWEEP, last_run_at=timezone.now())
    mail_queue(["a@example.org"], subject="S", body="B")
    OutgoingMail.objects.update(attempt_count=attempts)

    assert answer()[0] == 200
    assert (answer()[1]["status"], answer()[1]["mails"]) == (status, mails)
