"""The agenda of a meeting, and who is in the room at which moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Area
from stakeholders.models import BodyMembership, Organisation
from workflows.models.meetings import Meeting
from workflows.models.recommendations import Recommendation


class AgendaKind(models.TextChoices):
    """What an item is about; it says what may come out of it."""

    MINUTES = "minutes", _("Approval of minutes")
    AREA = "area", _("Area")
    RECOMMENDATION = "recommendation", _("Recommendation")
    TASKS = "tasks", _("Open tasks")
    TOPIC = "topic", _("Topic")


class AgendaItemQuerySet(models.QuerySet["AgendaItem"]):
    """Items by where they stand."""

    def standing(self) -> AgendaItemQuerySet:
        """Items not taken off the agenda."""
        return self.filter(removed_at__isnull=True)


class AgendaItem(models.Model):
    """An item of a meeting (Tagesordnungspunkt). Once the papers are out it is taken off, never deleted."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="agenda", verbose_name=_("Meeting")
    )
    position = models.PositiveSmallIntegerField(_("Place"))
    kind = models.CharField(
        pgettext_lazy("of an agenda item", "Kind"), max_length=15, choices=AgendaKind.choices
    )
    title = models.CharField(_("Title"), max_length=250)
    note = models.TextField(_("Note"), blank=True)
    duration_minutes = models.PositiveSmallIntegerField(_("Length (minutes)"), null=True, blank=True)
    # The internal part of papers and minutes is for members of the body and planning only.
    is_internal = models.BooleanField(_("Internal"), default=False)
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agenda_items",
        verbose_name=_("Recommendation"),
    )
    area = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="agenda_items",
        verbose_name=_("Area"),
    )
    # Whose minutes are approved under this item.
    approves = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approval_items",
        verbose_name=_("Minutes of"),
    )
    # The item of an earlier meeting that was not finished there.
    carried_from = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="carried_to",
        verbose_name=_("Carried over from"),
    )
    called_at = models.DateTimeField(_("Called"), null=True, blank=True)
    finished_at = models.DateTimeField(_("Finished"), null=True, blank=True)
    removed_at = models.DateTimeField(_("Taken off"), null=True, blank=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Taken off by"),
    )
    remove_reason = models.TextField(_("Why it was taken off"), blank=True)

    objects = AgendaItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("Agenda item")
        verbose_name_plural = _("Agenda items")
        ordering = ["meeting", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "recommendation"],
                condition=Q(recommendation__isnull=False, removed_at__isnull=True),
                name="agenda_recommendation_once",
            ),
            models.UniqueConstraint(
                fields=["meeting", "approves"],
                condition=Q(approves__isnull=False, removed_at__isnull=True),
                name="agenda_minutes_once",
            ),
            models.CheckConstraint(
                condition=~Q(kind="recommendation") | Q(recommendation__isnull=False),
                name="agenda_recommendation_named",
            ),
            models.CheckConstraint(
                condition=~Q(kind="area") | Q(area__isnull=False), name="agenda_area_named"
            ),
            models.CheckConstraint(
                condition=~Q(kind="minutes") | Q(approves__isnull=False), name="agenda_minutes_named"
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | ~Q(remove_reason=""), name="agenda_removed_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(duration_minutes__isnull=True)
                | Q(duration_minutes__gte=1, duration_minutes__lte=720),
                name="agenda_length_of_a_day",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(called_at__isnull=False),
                name="agenda_finished_was_called",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Attendance(models.Model):
    """From when to when somebody was in the room: for a seat of the body, or as a guest of an organisation.

    Who comes back has another row.
    """

    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("Meeting")
    )
    # Of the seat, or whom a guest stands for.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="attendances", verbose_name=_("Organisation")
    )
    seat = models.ForeignKey(
        BodyMembership,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="attendances",
        verbose_name=_("Seat in a body"),
    )
    is_deputy = models.BooleanField(_("By the deputy"), default=False)
    arrived_at = models.DateTimeField(_("Arrived"), default=timezone.now)
    left_at = models.DateTimeField(_("Left"), null=True, blank=True)

    class Meta:
        verbose_name = _("Attendance")
        verbose_name_plural = _("Attendances")
        ordering = ["meeting", "organisation__name", "arrived_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "seat"],
                condition=Q(seat__isnull=False, left_at__isnull=True),
                name="attendance_open_once_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("arrived_at")),
                name="attendance_leaves_after_coming",
            ),
            models.CheckConstraint(
                condition=Q(is_deputy=False) | Q(seat__isnull=False), name="attendance_deputy_of_a_seat"
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)
