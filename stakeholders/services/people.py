"""Writing people; nobody is ever deleted."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.mail import mail_queue, mail_render
from stakeholders.models import Function, Organisation, OutgoingMail, User
from stakeholders.selectors.people import scopes_of
from stakeholders.services._checks import require_active, require_administrator, save_checked
from stakeholders.services.memberships import check_administrator_stays
from stakeholders.services.roles import sync_person

SECONDS_PER_DAY = 24 * 60 * 60
#: Nobody can fill a mailbox by asking for links.
MINUTES_BETWEEN_LINKS = 5


def _require_all(user: User | None, person: User) -> list[Organisation]:
    """Refuse whoever does not administer every place the person belongs to. Returns these places."""
    scopes = scopes_of(person)
    if user is not None and not scopes:
        raise PermissionDenied(str(_("This person belongs to no territory of yours.")))
    for scope in scopes:
        require_administrator(user, scope)
    return scopes


def _log(action: str, *, user: User | None, person: User, scopes: list[Organisation], **data: object) -> None:
    # Each territory's log shows what happened to its people.
    territories: list[Organisation | None] = [*scopes] or [None]
    for territory in territories:
        log_action(action, user=user, obj=person, territory=territory, data=data)


@transaction.atomic
def person_create(
    *,
    username: str,
    display_name: str,
    email: str,
    password: str | None = None,
    is_demo: bool = False,
    territory: Organisation | None = None,
    user: User | None,
) -> User:
    """Give a person a sign-in; rights come with ``membership_start`` only.

    Args:
        username: Once in the installation.
        display_name: The name colleagues know.
        email: For notices and for choosing a password.
        password: None: the person chooses one by a link in a mail, or never signs in by password (demo).
        is_demo: Offered on the demo sign-in page.
        territory: In whose name the user acts and whose log shows it; required with a user.
        user: Who acts; None for the system.

    Returns:
        The person.

    Raises:
        PermissionDenied: The user does not administer the territory.
        DomainError: ``username_taken``, ``email_missing``, ``password_weak``, ``invalid``.
    """
    if user is not None:
        if territory is None:
            raise DomainError("territory_missing", _("Name the territory in which the person will work."))
        require_administrator(user, territory)
        if not email.strip() and password is None:
            raise DomainError(
                "email_missing", _("Without an e-mail address nobody could be sent a link to sign in.")
            )
    username = User.normalize_username(username.strip())
    if User.objects.filter(username__iexact=username).exists():
        raise DomainError(
            "username_taken", _("The user name %(name)s is taken already.") % {"name": username}
        )
    person = User(
        username=username,
        display_name=display_name.strip(),
        email=User.objects.normalize_email(email.strip()),
        is_demo=is_demo,
    )
    if password is not None and not is_demo:
        try:
            validate_password(password, person)
        except ValidationError as error:
            raise as_domain_error(error, "password_weak") from error
    person.set_password(password)
    save_checked(person)
    _log("person.created", user=user, person=person, scopes=[territory] if territory else [])
    return person


@transaction.atomic
def person_update(person: User, *, display_name: str, email: str, user: User | None) -> User:
    """Change name and address of a person.

    Args:
        person: Whose data.
        display_name: The name colleagues know.
        email: For notices.
        user: Who acts; None for the system.

    Returns:
        The person.

    Raises:
        PermissionDenied: The user does not administer every territory the person works for.
        DomainError: ``email_missing``, ``invalid``.
    """
    scopes = _require_all(user, person)
    if user is not None and not email.strip():
        raise DomainError("email_missing", _("Without an e-mail address no notice would arrive."))
    new = {"display_name": display_name.strip(), "email": User.objects.normalize_email(email.strip())}
    changed = [field for field, value in new.items() if getattr(person, field) != value]
    if changed:
        for field in changed:
            setattr(person, field, new[field])
        save_checked(person)
        # What changed, not from what to what: names and addresses do not belong into a log kept for ever.
        _log("person.changed", user=user, person=person, scopes=scopes, fields=changed)
    return person


@transaction.atomic
def person_deactivate(person: User, *, user: User | None) -> User:
    """Take a person's sign-in and rights at once; memberships and seats of today or later end today.

    Args:
        person: Who left.
        user: Who acts; None for the system. Nobody deactivates themselves.

    Returns:
        The person.

    Raises:
        PermissionDenied: The user does not administer every territory the person works for.
        DomainError: ``own_account``, ``person_inactive``, ``last_administrator``.
    """
    scopes = _require_all(user, person)
    if user is not None and user.pk == person.pk:
        raise DomainError("own_account", _("You cannot deactivate yourself."))
    if not person.is_active:
        raise DomainError("person_inactive", _("This person has been deactivated already."))
    today = timezone.localdate()
    lasting = [
        row
        for row in person.memberships.select_related("organisation__territory")
        if row.ends_on is None or row.ends_on > today
    ]
    for row in lasting:
        if user is not None and row.function == Function.ADMINISTRATOR:
            check_administrator_stays(row.organisation.scope, without=person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    for row in [*lasting, *person.seats.exclude(ends_on__lte=today)]:
        # One that has not begun ends on its first day, which gives no right without a sign-in.
        row.ends_on = max(today, row.starts_on)
        row.save(update_fields=["ends_on"])
    person.deputy_seats.exclude(ends_on__lt=today).update(deputy=None)
    sync_person(person)
    _log("person.deactivated", user=user, person=person, scopes=scopes)
    return person


@transaction.atomic
def person_reactivate(person: User, *, user: User | None) -> User:
    """Give a person the sign-in back; functions and seats are entered anew.

    Args:
        person: Who comes back.
        user: Who acts; None for the system.

    Returns:
        The person.

    Raises:
        PermissionDenied: The user does not administer every territory the person worked for.
        DomainError: ``person_active``.
    """
    scopes = _require_all(user, person)
    if person.is_active:
        raise DomainError("person_active", _("This person can sign in already."))
    person.is_active = True
    person.save(update_fields=["is_active"])
    sync_person(person)
    _log("person.reactivated", user=user, person=person, scopes=scopes)
    return person


@transaction.atomic
def person_invite(person: User, *, user: User | None) -> None:
    """Send a person the link with which they choose a password.

    Args:
        person: An active person with an e-mail address.
        user: Who acts; None for the system.

    Raises:
        PermissionDenied: The user does not administer every territory the person works for.
        DomainError: ``person_inactive``, ``email_missing``.
    """
    scopes = _require_all(user, person)
    require_active(person)
    if not person.email:
        raise DomainError("email_missing", _("Without an e-mail address no link can be sent."))
    _queue_link(person)
    _log("person.invited", user=user, person=person, scopes=scopes)


@transaction.atomic
def password_link_request(email: str) -> int:
    """Send a link for a new password to whom an address belongs, as asked for on the sign-in page.

    The caller answers the same whether or not the address is known.

    Args:
        email: As typed; upper and lower case do not matter.

    Returns:
        Number of mails written. An address gets none while the last is fresh, and demo people get none.
    """
    if not email.strip():
        return 0
    people = User.objects.filter(email__iexact=email.strip(), is_active=True, is_demo=False)
    return sum(_queue_link(person, spares_mailbox=True) for person in people)


def _queue_link(person: User, *, spares_mailbox: bool = False) -> int:
    key = urlsafe_base64_encode(force_bytes(person.pk))
    path = reverse(
        "stakeholders:password-reset-confirm", args=[key, default_token_generator.make_token(person)]
    )
    context = {
        "person": person,
        "link": f"{settings.SITE_URL.rstrip('/')}{path}",
        "days": settings.PASSWORD_RESET_TIMEOUT // SECONDS_PER_DAY,
        "is_new": not person.has_usable_password(),
    }
    subject, body = mail_render("stakeholders/mails/invitation", context)
    fresh = timezone.now() - datetime.timedelta(minutes=MINUTES_BETWEEN_LINKS)
    last = OutgoingMail.objects.filter(address=person.email, subject=subject, created_at__gt=fresh)
    if spares_mailbox and last.exists():
        return 0
    # Afterwards the link no longer works; nobody should find it in the database for longer than needed.
    expires_at = timezone.now() + datetime.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    return mail_queue([person.email], subject=subject, body=body, expires_at=expires_at)


def person_look_round(person: User) -> None:
    """Note that somebody signs in as a demo person.

    Args:
        person: Whom the demo page offered.

    Raises:
        DomainError: ``no_demo`` outside of demo mode; ``no_demo_person`` for a real or deactivated person.
    """
    if not settings.DEMO_MODE:
        raise DomainError("no_demo", _("There is no demo here."))
    if not person.is_demo or not person.is_active:
        raise DomainError("no_demo_person", _("This is no person of the demo."))
    _log("person.looked_round", user=person, person=person, scopes=scopes_of(person))
