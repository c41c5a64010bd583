"""Templates of meetings, and meetings set in a row."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Body
from workflows.models.cycles import PlanningCycle


class MeetingTemplate(models.Model):
    """What the meetings of a body usually look like: place, hour, standing items."""

    body = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="meeting_templates", verbose_name=_("Body")
    )
    name = models.CharField(_("Name"), max_length=120)
    place = models.CharField(_("Place"), max_length=200, blank=True)
    starts_at = models.TimeField(_("Begins at"), null=True, blank=True)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Template of a meeting")
        verbose_name_plural = _("Templates of meetings")
        ordering = ["body__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["body", "name"], name="meeting_template_name_once_per_body")
        ]

    def __str__(self) -> str:
        return self.name


class MeetingTemplateItem(models.Model):
    """A standing item: before what is ready, or after it."""

    template = models.ForeignKey(
        MeetingTemplate,
        on_delete=models.CASCADE,
        related_name="items",
        verbose_name=_("Template of a meeting"),
    )
    position = models.PositiveSmallIntegerField(_("Place"))
    title = models.CharField(_("Title"), max_length=250)
    duration_minutes = models.PositiveSmallIntegerField(_("Length (minutes)"), null=True, blank=True)
    is_internal = models.BooleanField(_("Internal"), default=False)
    is_last = models.BooleanField(_("After what is ready"), default=False)

    class Meta:
        verbose_name = _("Standing item of a template")
        verbose_name_plural = _("Standing items of a template")
        ordering = ["template", "is_last", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True)
                | Q(duration_minutes__gte=1, duration_minutes__lte=720),
                name="template_item_length_of_a_day",
            )
        ]

    def __str__(self) -> str:
        return self.title


class MeetingSeries(models.Model):
    """Meetings set in one go; each stands alone afterwards."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="meeting_series",
        verbose_name=_("Planning cycle"),
    )
    body = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="meeting_series", verbose_name=_("Body")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Set by")
    )
    created_at = models.DateTimeField(_("Set"), auto_now_add=True)

    class Meta:
        verbose_name = _("Series of meetings")
        verbose_name_plural = _("Series of meetings")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.body.name}, {self.created_at:%d.%m.%Y}"
