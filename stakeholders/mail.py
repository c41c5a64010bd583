"""Queueing and sending mails."""

import datetime
import logging
from collections.abc import Iterable
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.utils import timezone

from stakeholders.models import OutgoingMail

logger = logging.getLogger(__name__)

SUBJECT_LENGTH = 250
#: A mail that failed this often stays unsent, for the administrator to see.
MOST_ATTEMPTS = 20
#: Sent mails are forgotten after this long: addresses are personal data.
KEEP_SENT_DAYS = 30


def mail_queue(addresses: Iterable[str], *, subject: str, body: str) -> int:
    """Write a mail to each address; colleagues do not learn each other's addresses.

    Args:
        addresses: Where to; empty ones and repetitions are left out.
        subject: One line.
        body: Plain text.

    Returns:
        Number of mails written.
    """
    rows = [
        # One line: a title with a line break would be refused as a forged header.
        OutgoingMail(address=address, subject=" ".join(subject.split())[:SUBJECT_LENGTH], body=body)
        for address in dict.fromkeys(addresses)
        if address
    ]
    OutgoingMail.objects.bulk_create(rows)
    return len(rows)


def mails_send(limit: int = 200) -> int:
    """Send what waits; several loops may do so at once.

    Args:
        limit: At most this many in one go.

    Returns:
        Number of mails sent. A mail that cannot be sent is tried again next time.
    """
    sent = 0
    waiting = OutgoingMail.objects.filter(sent_at__isnull=True, attempt_count__lt=MOST_ATTEMPTS)
    for pk in list(waiting.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            mail = (
                OutgoingMail.objects.select_for_update(
                    skip_locked=connection.features.has_select_for_update_skip_locked
                )
                .filter(pk=pk, sent_at__isnull=True)
                .first()
            )
            if mail is None:
                continue
            mail.attempt_count += 1
            try:
                send_mail(mail.subject, mail.body, settings.DEFAULT_FROM_EMAIL, [mail.address])
            except (SMTPException, OSError, ValueError) as error:
                mail.last_error = str(error)[:250]
                logger.warning("Mail %s could not be sent: %s", mail.pk, error)
            else:
                mail.sent_at = timezone.now()
                mail.last_error = ""
                sent += 1
            mail.save(update_fields=["attempt_count", "last_error", "sent_at"])
    return sent


def mails_forget() -> int:
    """Delete what was sent long ago.

    Returns:
        Number of rows deleted.
    """
    before = timezone.now() - datetime.timedelta(days=KEEP_SENT_DAYS)
    return OutgoingMail.objects.filter(sent_at__lt=before).delete()[0]
