"""The brake on guessing passwords, and what the log keeps of sign-ins and passwords."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import ngettext

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, SignInCount, User
from stakeholders.selectors.people import scopes_of

#: So many failures of one name from one address, then a pause.
MOST_FAILURES = 5
#: Of one name from anywhere: higher, so that a stranger cannot lock out a colleague by a handful of attempts.
MOST_OF_NAME = 20
#: From one address with any names: higher still, for a whole office may share one.
MOST_OF_ADDRESS = 50
#: Failures count this long from the first one; whoever has used up theirs waits for the rest of that time.
PAUSE = datetime.timedelta(minutes=15)


@dataclass(frozen=True)
class SignInAttempt:
    """An attempt that was counted as failed before the password was looked at.

    Args:
        username: As typed.
        keys: Of name and address together, of the name, of the address.
        is_last: Whether the next failure would meet the pause.
    """

    username: str
    keys: tuple[str, str, str]
    is_last: bool


@transaction.atomic
def sign_in_begin(username: str, address: str) -> SignInAttempt:
    """Count an attempt before the password is compared: a thousand at once get no further than one by one.

    Names nobody has are counted alike: the pause does not tell who exists.

    Args:
        username: As typed.
        address: Network address of the browser.

    Returns:
        The attempt, for ``sign_in_failed`` or ``sign_in_succeeded``.

    Raises:
        DomainError: ``too_many_failures``; the password is not to be looked at.
    """
    now = timezone.now()
    keys = _keys(username, address)
    limits = dict(zip(keys, (MOST_FAILURES, MOST_OF_NAME, MOST_OF_ADDRESS), strict=True))
    for key in sorted(keys):  # in one order for everybody, so that two never wait for each other
        SignInCount.objects.get_or_create(key=key, defaults={"first_failed_at": now})
    locked = SignInCount.objects.select_for_update().filter(key__in=keys).order_by("key")
    rows = {row.key: row for row in locked}
    for key, row in rows.items():
        if row.first_failed_at <= now - PAUSE:
            row.failure_count, row.first_failed_at = 0, now
        elif row.failure_count >= limits[key]:
            minutes = max(1, -(-(row.first_failed_at + PAUSE - now) // datetime.timedelta(minutes=1)))
            raise DomainError(
                "too_many_failures",
                ngettext(
                    "Too many attempts with a wrong password. Please wait a minute, or choose a "
                    "new password by the link below.",
                    "Too many attempts with a wrong password. Please wait %(minutes)s minutes, or choose a "
                    "new password by the link below.",
                    minutes,
                )
                % {"minutes": minutes},
            )
    for row in rows.values():
        row.failure_count += 1
        row.save(update_fields=["failure_count", "first_failed_at"])
    return SignInAttempt(username, keys, any(row.failure_count == limits[key] for key, row in rows.items()))


@transaction.atomic
def sign_in_failed(attempt: SignInAttempt) -> None:
    """Log that somebody failed to sign in as a person; of names nobody has nothing is kept.

    What was typed as a name may be a password, and an address would be personal data in a log kept for ever.

    Args:
        attempt: What ``sign_in_begin`` gave.
    """
    person = User.objects.filter(username=attempt.username).first()
    if person is not None:
        _log("person.sign_in_paused" if attempt.is_last else "person.sign_in_failed", person)


@transaction.atomic
def sign_in_succeeded(attempt: SignInAttempt) -> None:
    """Forget the failures of who has found the password; those of others from the same address stay.

    Args:
        attempt: What ``sign_in_begin`` gave.
    """
    both, name, address = attempt.keys
    SignInCount.objects.filter(key__in=[both, name]).delete()
    SignInCount.objects.filter(key=address, failure_count__gt=0).update(failure_count=F("failure_count") - 1)


@transaction.atomic
def password_changed(person: User, *, address: str, is_by_link: bool) -> None:
    """Log a new password, and let the person sign in with it at once.

    Args:
        person: Who chose it; the password has been saved.
        address: Network address of the browser.
        is_by_link: By the link of a mail, not by the old password.
    """
    both, name, _address = _keys(person.get_username(), address)
    SignInCount.objects.filter(key__in=[both, name]).delete()
    _log("person.password_chosen" if is_by_link else "person.password_changed", person, user=person)


def sign_ins_forget() -> None:
    """Delete counts that count no longer and sessions that have run out."""
    SignInCount.objects.filter(first_failed_at__lte=timezone.now() - PAUSE).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


def _keys(username: str, address: str) -> tuple[str, str, str]:
    name = User.normalize_username(username).casefold()
    parts = (f"both {len(address)} {address} {name}", f"name {name}", f"address {address}")
    digests = [salted_hmac("stakeholders.sign_ins", part, algorithm="sha256").hexdigest() for part in parts]
    return digests[0], digests[1], digests[2]


def _log(action: str, person: User, *, user: User | None = None) -> None:
    territories: list[Organisation | None] = [*scopes_of(person)] or [None]
    for territory in territories:
        log_action(action, user=user, obj=person, territory=territory)
