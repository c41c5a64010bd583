"""When somebody is away: deputies stand in, and others see it."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Absences by day."""

    def on(self, day: datetime.date) -> AbsenceQuerySet:
        """Absences of a day, first and last day included."""
        return self.filter(starts_on__lte=day, ends_on__gte=day)


class Absence(models.Model):
    """A person is away from a day until a day. The reason is nobody else's business."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences", verbose_name=_("Person")
    )
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"))
    reason = models.CharField(_("Reason"), max_length=200, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Entered by"),
    )
    entered_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("Absence")
        verbose_name_plural = _("Absences")
        ordering = ["user", "starts_on"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="absence_ends_after_start")
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.starts_on:%d.%m.%Y}–{self.ends_on:%d.%m.%Y}"
