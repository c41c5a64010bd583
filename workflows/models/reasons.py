"""Why planning left something out, or took it up again: business state, each row written once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stakeholders.written_once import WrittenOnce
from workflows.models.deliveries import DataRequest
from workflows.models.meetings import Meeting
from workflows.models.recommendations import Recommendation


class NoMeasureReason(WrittenOnce):
    """Why an approved recommendation leads to no measure. Never changed; the latest one counts."""

    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="no_measure_reasons",
        verbose_name=_("Recommendation"),
    )
    reason = models.TextField(_("Reason"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Given by")
    )
    # No auto_now_add: reasons given before there was this table keep their moment.
    given_at = models.DateTimeField(_("Given"), default=timezone.now)

    class Meta:
        verbose_name = _("Reason for no measure")
        verbose_name_plural = _("Reasons for no measure")
        ordering = ["-given_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="no_measure_has_reason")]

    def __str__(self) -> str:
        return f"{self.recommendation.reference}: {self.reason}"


class RequestReopening(WrittenOnce):
    """A delivery the cycle had gone on without, or its correction, is expected again. Never changed."""

    request = models.ForeignKey(
        DataRequest,
        on_delete=models.PROTECT,
        related_name="reopenings",
        verbose_name=_("Requested delivery"),
    )
    # The request holds the latest one only; empty if the delivery had been accepted and shall be corrected.
    waive_reason = models.TextField(_("Reason for going on without it"))
    reason = models.TextField(_("Reason"))
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Reopened by")
    )
    reopened_at = models.DateTimeField(_("Reopened"), auto_now_add=True)

    class Meta:
        verbose_name = _("Reopening of a requested delivery")
        verbose_name_plural = _("Reopenings of requested deliveries")
        ordering = ["-reopened_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="reopening_has_reason")]

    def __str__(self) -> str:
        return f"{self.request}: {self.reason}"


class MeetingMove(WrittenOnce):
    """A meeting was moved to another day, hour or place, and why. Never changed."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="moves", verbose_name=_("Meeting")
    )
    from_day = models.DateField(_("Day before"))
    from_time = models.TimeField(_("Start before"), null=True, blank=True)
    from_place = models.CharField(_("Place before"), max_length=200, blank=True)
    to_day = models.DateField(_("New day"))
    to_time = models.TimeField(_("New start"), null=True, blank=True)
    to_place = models.CharField(_("New place"), max_length=200, blank=True)
    reason = models.TextField(_("Reason"))
    moved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Moved by")
    )
    moved_at = models.DateTimeField(_("Moved"), auto_now_add=True)

    class Meta:
        verbose_name = _("Move of a meeting")
        verbose_name_plural = _("Moves of meetings")
        ordering = ["-moved_at", "-pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="meeting_move_has_reason")]

    def __str__(self) -> str:
        return f"{self.meeting}: {self.reason}"
