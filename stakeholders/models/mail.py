"""Mails waiting to be sent."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class OutgoingMail(models.Model):
    """A mail to one address, written in the transaction of the act it tells of, sent by the timers' loop.

    An office server that is down therefore never stops an act, and an act that fails sends nothing.
    """

    address = models.EmailField(_("To"))
    subject = models.CharField(_("Subject line"), max_length=250)
    # Emptied once sent or expired: links for passwords stand in it.
    body = models.TextField(_("Text"), blank=True)
    # A calendar entry (RFC 5546) that goes with it; forgotten with the text.
    calendar = models.TextField(_("Calendar entry"), blank=True)
    created_at = models.DateTimeField(_("Written"), auto_now_add=True)
    sent_at = models.DateTimeField(_("Sent"), null=True, blank=True)
    attempt_count = models.PositiveSmallIntegerField(_("Attempts"), default=0)
    last_error = models.CharField(_("Last error"), max_length=250, blank=True)
    next_attempt_at = models.DateTimeField(_("Next attempt"), default=timezone.now)
    # Who sends it holds it until then; afterwards another may, for the first must have died.
    claimed_until = models.DateTimeField(_("Being sent until"), null=True, blank=True)
    # From then on it would say something untrue, such as a link that no longer works. Empty: never.
    expires_at = models.DateTimeField(_("Of use until"), null=True, blank=True)

    class Meta:
        verbose_name = _("Outgoing mail")
        verbose_name_plural = _("Outgoing mails")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(sent_at__isnull=True), name="mail_waiting")
        ]

    def __str__(self) -> str:
        return self.subject
