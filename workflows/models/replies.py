"""Whether those who are invited to a meeting will come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models import BodyMembership, Organisation
from workflows.models.meetings import Meeting


class ReplyChoice(models.TextChoices):
    """What an invitation can be answered with."""

    COMES = "comes", _("will come")
    DEPUTY = "deputy", _("the deputy will come")
    DECLINES = "declines", _("will not come")


class MeetingReply(models.Model):
    """The answer of a seat, or of an invited organisation without one; it may change until it begins."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="replies", verbose_name=_("Meeting")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="replies", verbose_name=_("Organisation")
    )
    seat = models.ForeignKey(
        BodyMembership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replies",
        verbose_name=_("Seat in a body"),
    )
    choice = models.CharField(_("Reply"), max_length=10, choices=ReplyChoice.choices)
    note = models.CharField(_("Note"), max_length=500, blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Replied by")
    )
    replied_at = models.DateTimeField(_("Replied"), auto_now=True)

    class Meta:
        verbose_name = _("Reply to an invitation")
        verbose_name_plural = _("Replies to invitations")
        ordering = ["meeting", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "seat"], condition=Q(seat__isnull=False), name="reply_once_per_seat"
            ),
            models.UniqueConstraint(
                fields=["meeting", "organisation"],
                condition=Q(seat__isnull=True),
                name="reply_once_per_guest",
            ),
            models.CheckConstraint(
                condition=~Q(choice="deputy") | Q(seat__isnull=False), name="reply_deputy_of_a_seat"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}: {self.get_choice_display()}"
