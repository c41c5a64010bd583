"""Reading mails that did not go out."""

from __future__ import annotations

import dataclasses
import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from stakeholders.mail import MOST_ATTEMPTS, mails_unsent
from stakeholders.models import OutgoingMail, User
from stakeholders.selectors.people import managed_people


@dataclasses.dataclass(frozen=True)
class MailRow:
    """A mail that did not go out, without its text and subject: they may tell of what others only may read.

    Args:
        mail: The mail.
        person: Whom it is for; of several people with one address the first.
        is_expired: It would say something untrue by now, so it is not sent again.
        is_given_up: It is not tried any more until somebody asks for it.
    """

    mail: OutgoingMail
    person: User
    is_expired: bool
    is_given_up: bool


def unsent_mails(user: User | AnonymousUser) -> QuerySet[OutgoingMail]:
    """Mails to people the user administers that failed at least once or expired unsent.

    Queries: none of its own.
    """
    own = mails_unsent().filter(address__in=managed_people(user).exclude(email="").values("email"))
    return own.filter(Q(attempt_count__gt=0) | Q(expires_at__lte=timezone.now()))


def mail_rows(mails: list[OutgoingMail], user: User | AnonymousUser) -> list[MailRow]:
    """The same mails with their people. Queries: 1."""
    now = timezone.now()
    wanted = managed_people(user).filter(email__in=[mail.address for mail in mails]).order_by("-pk")
    people = {person.email: person for person in wanted}
    return [_row(mail, people[mail.address], now) for mail in mails if mail.address in people]


def _row(mail: OutgoingMail, person: User, now: datetime.datetime) -> MailRow:
    is_expired = mail.expires_at is not None and mail.expires_at <= now
    return MailRow(mail, person, is_expired, mail.attempt_count >= MOST_ATTEMPTS and not is_expired)
