"""Sending again what did not go out."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import OutgoingMail, User
from stakeholders.selectors.mails import mail_rows, unsent_mails
from stakeholders.selectors.organisations import administered_scopes
from stakeholders.selectors.people import scopes_of


@transaction.atomic
def mail_send_again(mail: OutgoingMail, *, user: User) -> OutgoingMail:
    """Let a mail that failed go out with the next run of the timers.

    Args:
        mail: One that failed; being sent just now, it simply stays in the queue.
        user: Who acts: administers the person it is for.

    Returns:
        The mail, as if it had never been tried.

    Raises:
        PermissionDenied: The person it is for is none of the user's.
        DomainError: ``mail_sent``, ``mail_expired``.
    """
    mail = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
    if mail.sent_at is not None:
        raise DomainError("mail_sent", _("This mail has gone out in the meantime."))
    rows = mail_rows(list(unsent_mails(user).filter(pk=mail.pk)), user)
    if not rows:
        raise PermissionDenied(str(_("This mail is for nobody you manage.")))
    if rows[0].is_expired:
        raise DomainError(
            "mail_expired",
            _("What this mail says is out of date. Send a new link on the page of the person."),
        )
    mail.attempt_count = 0
    mail.next_attempt_at = timezone.now()
    mail.save(update_fields=["attempt_count", "next_attempt_at"])
    own = set(administered_scopes(user).values_list("pk", flat=True))
    for scope in scopes_of(rows[0].person):
        if scope.pk in own:
            log_action("person.mail_repeated", user=user, obj=rows[0].person, territory=scope)
    return mail
