"""Mails are written with the act and sent later."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends import locmem
from django.db import connection
from django.utils import timezone

from stakeholders import mail as module
from stakeholders.mail import (
    DELAYED_ATTEMPTS,
    LONGEST_PAUSE,
    MOST_ATTEMPTS,
    MailState,
    mail_queue,
    mail_state,
    mails_forget,
    mails_send,
)
from stakeholders.models import OutgoingMail

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 3, 2, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


class Server(locmem.EmailBackend):
    """A mail server that counts its connections and fails as a test tells it to."""

    connections = 0
    fails_for: Callable[[str], Exception | None] = staticmethod(lambda address: None)
    is_down = False

    def open(self) -> bool:
        type(self).connections += 1
        if self.is_down:
            raise ConnectionRefusedError("no answer")
        return True

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            error = type(self).fails_for(message.to[0])
            if error is not None:
                raise error
        return super().send_messages(messages)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> type[Server]:
    class Mine(Server):
        pass

    monkeypatch.setattr(module, "get_connection", Mine)
    return Mine


def _queue(*names: str, **more: Any) -> None:
    mail_queue([f"{name}@example.org" for name in names], subject="S", body="B", **more)


def _receivers() -> list[str]:
    return [message.to[0][0] for message in mail.outbox]


def test_each_address_gets_its_own_mail_once() -> None:
    assert mail_queue(["a@example.org", "", "b@example.org", "a@example.org"], subject="S", body="B") == 2
    assert mail.outbox == []
    assert mails_send() == 2
    assert [message.to for message in mail.outbox] == [["a@example.org"], ["b@example.org"]]
    assert mails_send() == 0
    assert len(mail.outbox) == 2


def test_a_batch_goes_over_one_connection(server: type[Server]) -> None:
    _queue("a", "b", "c")
    assert mails_send() == 3
    assert server.connections == 1


def test_more_than_a_batch_goes_out_too(server: type[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_SIZE", 2)
    _queue("a", "b", "c", "d", "e")
    assert mails_send(limit=3) == 3
    assert mails_send() == 2


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_spoken_to(server: type[Server]) -> None:
    """On SQLite it would hold the only lock for as long as the server takes to answer."""
    seen = []
    server.fails_for = staticmethod(lambda address: seen.append(connection.in_atomic_block))
    _queue("a", "b")
    assert mails_send() == 2
    assert seen == [False, False]


def test_a_mail_that_another_sends_is_left_to_it(server: type[Server]) -> None:
    _queue("a")
    with time_machine.travel(NOON, tick=False):
        OutgoingMail.objects.update(next_attempt_at=NOON)
        assert [row.address for row in module._claim(10)[0]] == ["a@example.org"]
        assert mails_send() == 0
    with time_machine.travel(NOON + module.CLAIM, tick=False):
        assert mails_send() == 1, "the other one has died"


def test_who_has_held_the_mails_too_long_leaves_the_rest_to_others(
    server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue("a", "b")
    with time_machine.travel(timezone.now(), tick=False) as clock:

        def slow(address: str) -> None:
            clock.shift(module.CLAIM)

        server.fails_for = staticmethod(slow)
        assert mails_send() == 1
        assert OutgoingMail.objects.get(address="b@example.org").claimed_until is None
        assert mails_send() == 1


def test_a_dead_server_is_asked_once_and_loses_nothing(server: type[Server]) -> None:
    _queue("a", "b", "c")
    with time_machine.travel(NOON + DAY * 3650, tick=False) as clock:
        server.is_down = True
        assert mails_send() == 0
        assert server.connections == 1
        rows = OutgoingMail.objects.all()
        assert {(row.sent_at, row.attempt_count, row.last_error) for row in rows} == {(None, 1, "no answer")}

        server.is_down = False
        assert mails_send() == 0, "not yet"
        clock.shift(61)
        assert mails_send() == 3


def test_mails_outlast_a_week_without_a_server(server: type[Server]) -> None:
    _queue("a")
    server.is_down = True
    pauses = []
    with time_machine.travel(NOON + DAY * 3650, tick=False) as clock:
        begun = timezone.now()
        while OutgoingMail.objects.get().attempt_count < MOST_ATTEMPTS:
            mails_send()
            due = OutgoingMail.objects.get().next_attempt_at
            pauses.append(due - timezone.now())
            clock.move_to(due)
        assert pauses[:7] == [datetime.timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 60)]
        assert max(pauses) == LONGEST_PAUSE
        assert timezone.now() - begun > 7 * DAY
        server.is_down = False
        assert mails_send() == 0
        assert mail_state() == MailState(waiting=0, delayed=0, failed=1)


@pytest.mark.parametrize(
    "fault",
    [
        SMTPRecipientsRefused({"b@example.org": (550, b"unknown")}),
        SMTPDataError(554, b"refused"),
        ValueError("header"),
    ],
)
def test_one_bad_address_does_not_hold_up_the_others(server: type[Server], fault: Exception) -> None:
    server.fails_for = staticmethod(lambda address: fault if address.startswith("b") else None)
    _queue("a", "b", "c")
    assert mails_send() == 2
    assert _receivers() == ["a", "c"]
    assert OutgoingMail.objects.get(address="b@example.org").attempt_count == 1


@pytest.mark.parametrize("fault", [SMTPServerDisconnected("gone"), SMTPException("?"), TimeoutError("late")])
def test_a_server_that_fails_half_way_is_not_asked_again(server: type[Server], fault: Exception) -> None:
    asked = []

    def fail(address: str) -> Exception | None:
        asked.append(address[0])
        return fault if address.startswith("b") else None

    server.fails_for = staticmethod(fail)
    _queue("a", "b", "c")
    assert mails_send() == 1
    assert asked == ["a", "b"]
    assert {row.attempt_count for row in OutgoingMail.objects.filter(sent_at=None)} == {1}


def test_the_state_tells_what_waits_what_is_delayed_and_what_failed() -> None:
    _queue("a", "b")
    _queue("c", expires_at=timezone.now())
    _queue("d")
    OutgoingMail.objects.filter(address="b@example.org").update(attempt_count=DELAYED_ATTEMPTS)
    OutgoingMail.objects.filter(address="d@example.org").update(sent_at=timezone.now())
    assert mail_state() == MailState(waiting=2, delayed=1, failed=1)


def test_the_text_is_forgotten_once_it_is_sent() -> None:
    _queue("a")
    mails_send()
    assert mail.outbox[0].body == "B"
    assert OutgoingMail.objects.get().body == ""


def test_the_text_is_forgotten_once_it_is_of_no_use() -> None:
    _queue("a", expires_at=timezone.now() + DAY)
    mails_forget()
    assert OutgoingMail.objects.get().body == "B"
    with time_machine.travel(timezone.now() + DAY, tick=False):
        assert mails_send() == 0
        mails_forget()
    assert OutgoingMail.objects.get().body == ""


def test_mails_are_forgotten_sent_ones_after_a_month_others_after_three() -> None:
    _queue("a", "b")
    OutgoingMail.objects.filter(address="a@example.org").update(sent_at=timezone.now() - 31 * DAY)
    assert mails_forget() == 1
    assert OutgoingMail.objects.get().address == "b@example.org"
    OutgoingMail.objects.update(created_at=timezone.now() - 91 * DAY)
    assert mails_forget() == 1
