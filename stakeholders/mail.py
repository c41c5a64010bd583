"""Queueing and sending mails (decision 0018)."""

import datetime
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation

from stakeholders.models import OutgoingMail

logger = logging.getLogger(__name__)

SUBJECT_LENGTH = 250
ERROR_LENGTH = 250
#: Name of an attached calendar entry.
CALENDAR_NAME = "einladung.ics"
#: The second attempt comes after this long, each further one after twice as long as the last ...
FIRST_PAUSE = datetime.timedelta(minutes=1)
#: ... but never after more than this: once the server is back, mails are out within the hour.
LONGEST_PAUSE = datetime.timedelta(hours=1)
#: Six attempts in the first hour, then hourly for a week: longer than any holidays with a dead server.
MOST_ATTEMPTS = 6 + 7 * 24
#: An hour without success: somebody should look after the mail server.
DELAYED_ATTEMPTS = 6
#: Who sends holds the mails this long. If they die over it, the mails go out afterwards.
CLAIM = datetime.timedelta(minutes=15)
#: Mails claimed and sent over one connection.
BATCH_SIZE = 50
#: Sent mails are forgotten after this long: addresses are personal data.
KEEP_SENT_DAYS = 30
#: So are those that could not be sent; until then the administration sees them.
KEEP_UNSENT_DAYS = 90

#: What is wrong with one mail; everything else is wrong with the server, so with all of them.
_FAULTS_OF_ONE = (SMTPRecipientsRefused, SMTPDataError, ValueError)


@dataclass(frozen=True)
class MailState:
    """How sending goes: mails that wait, how many of them failed for an hour, and mails given up."""

    waiting: int
    delayed: int
    failed: int


def mail_queue(
    addresses: Iterable[str],
    *,
    subject: str,
    body: str,
    expires_at: datetime.datetime | None = None,
    calendar: Callable[[str], str] | None = None,
) -> int:
    """Write a mail to each address; colleagues do not learn each other's addresses.

    Args:
        addresses: Where to; empty ones and repetitions are left out.
        subject: One line.
        body: Plain text.
        expires_at: From then on it is not sent any more and its text is forgotten; None: never.
        calendar: Address -> calendar entry that goes with its mail.

    Returns:
        Number of mails written.
    """
    rows = [
        OutgoingMail(
            address=address,
            # One line: a title with a line break would be refused as a forged header.
            subject=" ".join(subject.split())[:SUBJECT_LENGTH],
            body=body,
            calendar=calendar(address) if calendar else "",
            expires_at=expires_at,
        )
        for address in dict.fromkeys(addresses)
        if address
    ]
    OutgoingMail.objects.bulk_create(rows)
    return len(rows)


def mail_render(template: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail, in the language of the house: nobody knows which one a reader prefers.

    Args:
        template: Path without ending; the subject stands beside it in ``<template>_subject.txt``.
        context: Values for both.
    """
    values = dict(context)
    with translation.override(settings.LANGUAGE_CODE):
        subject = render_to_string(f"{template}_subject.txt", values).strip()
        return subject, render_to_string(f"{template}.txt", values)


def mail_from_template(
    addresses: Iterable[str],
    template: str,
    context: Mapping[str, Any],
    *,
    calendar: Callable[[str], str] | None = None,
) -> int:
    """Write a mail to each address from its templates; without an address nothing is rendered.

    Args:
        addresses: As for ``mail_queue``.
        template: As for ``mail_render``.
        context: As for ``mail_render``.
        calendar: As for ``mail_queue``; written in the language of the house as well.

    Returns:
        Number of mails written.
    """
    to = [address for address in addresses if address]
    if not to:
        return 0
    subject, body = mail_render(template, context)
    with translation.override(settings.LANGUAGE_CODE):
        return mail_queue(to, subject=subject, body=body, calendar=calendar)


def mails_unsent() -> QuerySet[OutgoingMail]:
    """Mails that wait or were given up, the oldest first."""
    return OutgoingMail.objects.filter(sent_at__isnull=True).order_by("pk")


def _is_given_up(now: datetime.datetime) -> Q:
    return Q(attempt_count__gte=MOST_ATTEMPTS) | Q(expires_at__lte=now)


def mail_state() -> MailState:
    """Tell how sending goes. Queries: 3."""
    given_up = _is_given_up(timezone.now())
    waiting = mails_unsent().exclude(given_up)
    return MailState(
        waiting=waiting.count(),
        delayed=waiting.filter(attempt_count__gte=DELAYED_ATTEMPTS).count(),
        failed=mails_unsent().filter(given_up).count(),
    )


def mails_send(limit: int = 200) -> int:
    """Send what is due; several loops may do so at once.

    The mails are claimed in one short transaction, sent outside of any, and noted one by one: a slow server
    never holds the lock of the database. Whoever dies between sending and noting lets one mail go out twice.

    Args:
        limit: At most this many in one go.

    Returns:
        Number of mails sent. A mail that cannot be sent is tried again after a pause that grows.
    """
    sent = left = 0
    for first in range(0, limit, BATCH_SIZE):
        mails, claimed_until = _claim(min(BATCH_SIZE, limit - first))
        if mails:
            done, left = _send_batch(mails, claimed_until)
            sent += done
        if left or len(mails) < BATCH_SIZE:
            break
    return sent


@transaction.atomic
def _claim(limit: int) -> tuple[list[OutgoingMail], datetime.datetime]:
    """Take due mails so that nobody else sends them, and until when that holds."""
    now = timezone.now()
    due = (
        mails_unsent()
        .filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now), next_attempt_at__lte=now)
        .exclude(_is_given_up(now))
        .select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    )
    mails = list(due[:limit])
    until = now + CLAIM
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(claimed_until=until)
    return mails, until


def _send_batch(mails: list[OutgoingMail], claimed_until: datetime.datetime) -> tuple[int, int]:
    """Send over one connection. Returns the numbers sent and left for later because the server fails."""
    server = get_connection()
    sent = 0
    position = 0
    try:
        server.open()
        for position, mail in enumerate(mails):
            # One more answer may take EMAIL_TIMEOUT; who claims afterwards must not send it as well.
            if timezone.now() + datetime.timedelta(minutes=1) > claimed_until:
                _let_go(mails[position:])
                return sent, len(mails) - position
            sent += _send_one(mail, server)
    except (SMTPException, OSError) as error:
        # The others would wait for the same server, each for EMAIL_TIMEOUT.
        left = mails[position:]
        logger.warning("%d mails could not be sent: %s", len(left), error)
        for mail in left:
            _note_failure(mail, error)
        return sent, len(left)
    finally:
        _close(server)
    return sent, 0


def _send_one(mail: OutgoingMail, server: BaseEmailBackend) -> bool:
    message = EmailMessage(
        mail.subject, mail.body, settings.DEFAULT_FROM_EMAIL, [mail.address], connection=server
    )
    if mail.calendar:
        found = (name for name in ("CANCEL", "PUBLISH") if f"METHOD:{name}\r\n" in mail.calendar)
        method = next(found, "REQUEST")
        message.attach(CALENDAR_NAME, mail.calendar, f"text/calendar; method={method}")
    try:
        message.send()
    except _FAULTS_OF_ONE as error:
        logger.warning("Mail %s could not be sent: %s", mail.pk, error)
        _note_failure(mail, error)
        return False
    OutgoingMail.objects.filter(pk=mail.pk).update(
        sent_at=timezone.now(),
        attempt_count=mail.attempt_count + 1,
        claimed_until=None,
        last_error="",
        body="",
        calendar="",
    )
    return True


def _note_failure(mail: OutgoingMail, error: Exception) -> None:
    pause = min(FIRST_PAUSE * 2 ** min(mail.attempt_count, DELAYED_ATTEMPTS), LONGEST_PAUSE)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        attempt_count=mail.attempt_count + 1,
        next_attempt_at=timezone.now() + pause,
        claimed_until=None,
        last_error=str(error)[:ERROR_LENGTH],
    )


def _let_go(mails: list[OutgoingMail]) -> None:
    OutgoingMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(claimed_until=None)


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except (SMTPException, OSError) as error:
        logger.info("The mail server did not take leave: %s", error)


def mails_forget() -> int:
    """Empty the texts of mails sent or expired, delete what was sent or written long ago.

    Returns:
        Number of rows deleted.
    """
    now = timezone.now()
    done = Q(sent_at__isnull=False) | Q(expires_at__lte=now)
    OutgoingMail.objects.filter(done).exclude(body="", calendar="").update(body="", calendar="")
    long_ago = Q(sent_at__lt=now - datetime.timedelta(days=KEEP_SENT_DAYS)) | Q(
        sent_at__isnull=True, created_at__lt=now - datetime.timedelta(days=KEEP_UNSENT_DAYS)
    )
    return OutgoingMail.objects.filter(long_ago).delete()[0]
