"""The minutes of a meeting: written, signed by two, approved later; corrections are new entries."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from project.common.formats import date_de
from stakeholders.written_once import WrittenOnce
from workflows.models.agenda import AgendaItem
from workflows.models.meetings import Meeting

_SIGNED = "Signed minutes are never changed, only corrected by a new entry."


class MinutesState(models.TextChoices):
    """How far the minutes are; moved by their flow only."""

    DRAFT = "draft", pgettext_lazy("state of minutes", "being written")
    WITH_CHAIR = "with_chair", pgettext_lazy("state of minutes", "before the chair")
    SIGNED = "signed", pgettext_lazy("state of minutes", "signed, waiting for approval")
    APPROVED = "approved", pgettext_lazy("state of minutes", "approved")


#: From here on their wording is fixed.
SIGNED_STATES = (MinutesState.SIGNED, MinutesState.APPROVED)


class Minutes(models.Model):
    """Minutes of a meeting (Niederschrift)."""

    meeting = models.OneToOneField(
        Meeting, on_delete=models.PROTECT, related_name="minutes", verbose_name=_("Meeting")
    )
    state = models.CharField(
        _("State"), max_length=10, choices=MinutesState.choices, default=MinutesState.DRAFT
    )
    began_at = models.DateTimeField(_("Begin of the meeting"), null=True, blank=True)
    ended_at = models.DateTimeField(_("End of the meeting"), null=True, blank=True)
    # Before the items: what belongs to none of them.
    text = models.TextField(_("General remarks"), blank=True)
    internal_text = models.TextField(_("General remarks, internal"), blank=True)
    # Counted up with each saving: two who write at once do not overwrite each other.
    version = models.PositiveIntegerField(_("Version"), default=1)
    begun_at = models.DateTimeField(_("Begun"), auto_now_add=True)
    handed_in_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Secretary"),
    )
    handed_in_at = models.DateTimeField(_("Signed by the secretary"), null=True, blank=True)
    return_reason = models.TextField(_("Reason of the return"), blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Chair"),
    )
    signed_at = models.DateTimeField(_("Signed by the chair"), null=True, blank=True)
    # Why one person signed for both: nobody else could (docs/decisions/0027-four-eyes-of-one-person.md).
    alone_reason = models.TextField(_("Why one person signed"), blank=True)
    # What was signed, as page and paper show it (``workflows.minutes_content``).
    content = models.JSONField(_("Content"), null=True, blank=True)
    content_sha256 = models.CharField(_("Hash of the content (SHA-256)"), max_length=64, blank=True)
    approved_under = models.OneToOneField(
        AgendaItem,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approved_minutes",
        verbose_name=_("Approved under"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Approval recorded by"),
    )
    approved_at = models.DateTimeField(_("Approval recorded"), null=True, blank=True)

    class Meta:
        verbose_name = _("Minutes")
        verbose_name_plural = _("Minutes of meetings")
        ordering = ["-meeting__held_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "with_chair"])
                | (Q(signed_at__isnull=False, signed_by__isnull=False) & ~Q(content_sha256="")),
                name="minutes_signed_with_content",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(handed_in_at__isnull=False, handed_in_by__isnull=False),
                name="minutes_handed_in_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", approved_under__isnull=False, approved_at__isnull=False)
                | (~Q(state="approved") & Q(approved_under__isnull=True, approved_at__isnull=True)),
                name="minutes_approved_in_a_meeting",
            ),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) | ~Q(signed_by=F("handed_in_by")) | ~Q(alone_reason=""),
                name="minutes_signed_by_two",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True)
                | Q(began_at__isnull=True)
                | Q(ended_at__gte=F("began_at")),
                name="minutes_end_after_begin",
            ),
        ]

    def __str__(self) -> str:
        return _("Minutes of %(body)s of %(day)s") % {
            "body": self.meeting.body.name,
            "day": date_de(self.meeting.held_on),
        }

    @property
    def is_signed(self) -> bool:
        """Whether the wording is fixed."""
        return self.state in SIGNED_STATES


class MinutesItem(models.Model):
    """What the minutes say of an item: drafted from its outcomes, then edited; fixed once signed."""

    minutes = models.ForeignKey(
        Minutes, on_delete=models.PROTECT, related_name="items", verbose_name=_("Minutes")
    )
    item = models.OneToOneField(
        AgendaItem, on_delete=models.PROTECT, related_name="minutes_item", verbose_name=_("Agenda item")
    )
    text = models.TextField(_("Text"), blank=True)
    internal_text = models.TextField(_("Internal text"), blank=True)
    # The draft the texts began from: what is drafted anew is compared with it.
    drafted = models.TextField(_("Draft"), blank=True)
    drafted_internal = models.TextField(_("Internal draft"), blank=True)

    class Meta:
        verbose_name = _("Item of the minutes")
        verbose_name_plural = _("Items of the minutes")
        ordering = ["minutes", "item__position", "item"]

    def __str__(self) -> str:
        return self.item.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was signed."""
        if self.minutes.is_signed:
            raise TypeError(_SIGNED)
        super().save(*args, **kwargs)


class MinutesObjection(WrittenOnce):
    """What a member wants corrected in signed minutes; the meeting that approves them decides on it."""

    minutes = models.ForeignKey(
        Minutes, on_delete=models.PROTECT, related_name="objections", verbose_name=_("Minutes")
    )
    text = models.TextField(_("What should be corrected?"))
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Objection by")
    )
    filed_at = models.DateTimeField(_("Filed"), auto_now_add=True)

    class Meta:
        verbose_name = _("Objection to minutes")
        verbose_name_plural = _("Objections to minutes")
        ordering = ["minutes", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="objection_has_text")]

    def __str__(self) -> str:
        return str(self.minutes)


class MinutesAmendment(WrittenOnce):
    """A correction with which minutes were approved: a new entry beside the text, which stays."""

    minutes = models.ForeignKey(
        Minutes, on_delete=models.PROTECT, related_name="amendments", verbose_name=_("Minutes")
    )
    text = models.TextField(_("Correction"))
    is_internal = models.BooleanField(_("Internal"), default=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Recorded by")
    )
    recorded_at = models.DateTimeField(_("Recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("Correction of minutes")
        verbose_name_plural = _("Corrections of minutes")
        ordering = ["minutes", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="amendment_has_text")]

    def __str__(self) -> str:
        return str(self.minutes)
