"""The brake on guessing passwords, and what the log keeps of it."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from stakeholders.models import LogEntry, SignInCount
from stakeholders.services import sign_in_begin, sign_in_failed, sign_ins_forget
from stakeholders.services import sign_ins as module
from stakeholders.services.sign_ins import MOST_FAILURES, PAUSE
from workflows.timers import roles_follow_the_day

pytestmark = pytest.mark.django_db

PASSWORD = "eine lange Wiese im Mai"
LOGIN = "/login/"
NOON = datetime.datetime(2036, 3, 3, 12, 0, tzinfo=datetime.UTC)


@pytest.fixture
def someone(head):
    head.set_password(PASSWORD)
    head.save()
    return head


def try_it(client, username, password="falsch", address="10.0.0.1"):
    data = {"username": username, "password": password}
    return client.post(LOGIN, data, REMOTE_ADDR=address).status_code


def guess(client, username, count=MOST_FAILURES, **more):
    return [try_it(client, username, **more) for _number in range(count)]


def logged():
    return list(LogEntry.objects.filter(action__startswith="person.sign_in").values_list("action", flat=True))


def test_after_five_wrong_passwords_even_the_right_one_must_wait(client, someone):
    with time_machine.travel(NOON, tick=False) as clock:
        assert guess(client, someone.username) == [422] * MOST_FAILURES

        response = client.post(
            LOGIN, {"username": someone.username, "password": PASSWORD}, REMOTE_ADDR="10.0.0.1"
        )
        assert response.status_code == 429
        assert SESSION_KEY not in client.session

        clock.shift(PAUSE)
        assert try_it(client, someone.username, PASSWORD) == 302


def test_the_page_says_how_long_to_wait(client, someone):
    with time_machine.travel(NOON, tick=False) as clock:
        guess(client, someone.username)
        clock.shift(datetime.timedelta(minutes=5))
        data = {"username": someone.username, "password": PASSWORD}
        page = client.post(LOGIN, data, REMOTE_ADDR="10.0.0.1").content.decode()
    assert " 10 " in page


def test_names_nobody_has_are_braked_alike(client, someone):
    assert guess(client, "niemand") == [422] * MOST_FAILURES
    assert try_it(client, "niemand") == 429


def test_a_stranger_does_not_lock_out_a_colleague(client, someone):
    guess(client, someone.username, address="203.0.113.9")
    assert try_it(client, someone.username, PASSWORD, address="10.0.0.1") == 302


def test_many_addresses_help_no_further(client, someone, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_NAME", 3)
    assert [try_it(client, someone.username, address=f"203.0.113.{n}") for n in range(4)] == [422] * 3 + [429]


def test_one_address_cannot_try_all_names(client, someone, monkeypatch):
    monkeypatch.setattr(module, "MOST_OF_ADDRESS", 3)
    assert [try_it(client, f"name{number}") for number in range(4)] == [422] * 3 + [429]
    assert try_it(client, someone.username, PASSWORD, address="10.0.0.2") == 302


def test_who_signs_in_begins_anew(client, someone):
    guess(client, someone.username, MOST_FAILURES - 1)
    assert try_it(client, someone.username, PASSWORD) == 302
    assert guess(client, someone.username) == [422] * MOST_FAILURES


def test_upper_and_lower_case_are_one_name(client, someone):
    guess(client, someone.username.upper())
    assert try_it(client, someone.username) == 429


def test_an_attempt_counts_before_the_password_is_compared(someone):
    """A thousand at once would all be let through if the count came afterwards."""
    for _number in range(MOST_FAILURES):
        sign_in_begin(someone.username, "10.0.0.1")
    with pytest.raises(module.DomainError) as refused:
        sign_in_begin(someone.username, "10.0.0.1")
    assert refused.value.code == "too_many_failures"


def test_behind_a_proxy_its_own_word_counts_and_not_the_browsers(client, someone, settings):
    settings.BEHIND_PROXY = True
    for number in range(MOST_FAILURES):
        data = {"username": someone.username, "password": "falsch"}
        client.post(LOGIN, data, HTTP_X_FORWARDED_FOR=f"1.2.3.{number}, 10.0.0.1")
    data["password"] = PASSWORD
    assert client.post(LOGIN, data, HTTP_X_FORWARDED_FOR="9.9.9.9, 10.0.0.1").status_code == 429
    assert client.post(LOGIN, data, HTTP_X_FORWARDED_FOR="10.0.0.1, 10.0.0.2").status_code == 302


def test_failures_and_the_pause_stand_in_the_log_without_address(client, someone):
    guess(client, someone.username, MOST_FAILURES + 2)
    assert sorted(logged()) == ["person.sign_in_failed"] * (MOST_FAILURES - 1) + ["person.sign_in_paused"]
    entry = LogEntry.objects.filter(action="person.sign_in_failed").first()
    assert (entry.obj, entry.user, entry.data) == (someone, None, {})


def test_what_nobody_is_called_is_not_logged_and_nothing_is_kept_in_clear(client, someone):
    guess(client, "mein-passwort", 2)
    assert logged() == []
    kept = " ".join(SignInCount.objects.values_list("key", flat=True))
    assert "passwort" not in kept
    assert "10.0.0.1" not in kept


def test_a_changed_password_stands_in_the_log(client_as, someone):
    new = "viele Äpfel im Oktober"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client_as(someone).post("/password/", data).status_code == 302
    entry = LogEntry.objects.get(action="person.password_changed")
    assert (entry.user, entry.obj, entry.data) == (someone, someone, {})


def test_old_counts_and_sessions_are_forgotten(client_as, someone):
    client_as(someone)
    sign_in_failed(sign_in_begin("niemand", "10.0.0.1"))
    sign_ins_forget()
    assert (Session.objects.count(), SignInCount.objects.count()) == (1, 3)
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=9), tick=False):
        sign_ins_forget()
    assert (Session.objects.count(), SignInCount.objects.count()) == (0, 0)


def test_a_sign_in_ends_eight_hours_after_the_last_click(client, someone):
    with time_machine.travel(NOON, tick=False) as clock:
        try_it(client, someone.username, PASSWORD)
        for _click in range(3):
            clock.shift(datetime.timedelta(hours=7, minutes=59))
            assert client.get("/profile/").status_code == 200
        clock.shift(datetime.timedelta(hours=8, minutes=1))
        assert client.get("/profile/").status_code == 302


def test_the_first_timers_of_a_day_clear_them(client_as, someone):
    client_as(someone)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1), tick=False):
        roles_follow_the_day()
        assert not Session.objects.exists()
