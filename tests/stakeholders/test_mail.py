"""Mails are written with the act and sent later."""

import datetime
from smtplib import SMTPException
from unittest import mock

import pytest
from django.core import mail
from django.utils import timezone

from stakeholders.mail import MOST_ATTEMPTS, mail_queue, mails_forget, mails_send
from stakeholders.models import OutgoingMail

pytestmark = pytest.mark.django_db


def test_each_address_gets_its_own_mail_once() -> None:
    assert mail_queue(["a@example.org", "", "b@example.org", "a@example.org"], subject="S", body="B") == 2
    assert mail.outbox == []
    assert mails_send() == 2
    assert [message.to for message in mail.outbox] == [["a@example.org"], ["b@example.org"]]
    assert mails_send() == 0
    assert len(mail.outbox) == 2


def test_a_dead_mail_server_loses_nothing() -> None:
    mail_queue(["a@example.org"], subject="S", body="B")
    with mock.patch("stakeholders.mail.send_mail", side_effect=SMTPException("down")):
        assert mails_send() == 0
    row = OutgoingMail.objects.get()
    assert (row.sent_at, row.attempt_count, row.last_error) == (None, 1, "down")
    assert mails_send() == 1


def test_a_hopeless_mail_is_given_up() -> None:
    mail_queue(["a@example.org"], subject="S", body="B")
    OutgoingMail.objects.update(attempt_count=MOST_ATTEMPTS)
    assert mails_send() == 0


def test_sent_mails_are_forgotten_unsent_ones_kept() -> None:
    mail_queue(["a@example.org", "b@example.org"], subject="S", body="B")
    OutgoingMail.objects.filter(address="a@example.org").update(
        sent_at=timezone.now() - datetime.timedelta(days=31)
    )
    assert mails_forget() == 1
    assert OutgoingMail.objects.get().address == "b@example.org"
