"""Bodies (Gremien): who advises and who decides."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models.organisations import Organisation


class BodyKind(models.TextChoices):
    """Which step of the cycle the body serves."""

    PLANNING_CONFERENCE = "planning_conference", _("Planning conference")
    STEERING_GROUP = "steering_group", _("Steering group")
    SOCIAL_SPACE_CONFERENCE = "social_space_conference", _("Social-space conference")


class Body(models.Model):
    """A standing body of a territory."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="bodies", verbose_name=_("Territory")
    )
    name = models.CharField(_("Name"), max_length=200)
    kind = models.CharField(_("Kind"), max_length=30, choices=BodyKind.choices)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Body")
        verbose_name_plural = _("Bodies")
        ordering = ["territory__name", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["territory", "name"], name="body_name_once_per_territory"),
        ]
        permissions = [
            ("chair_body", "Lead the body and record its results"),
            ("vote_in_body", "Vote in the body"),
            ("advise_body", "Take part in the body"),
        ]

    def __str__(self) -> str:
        return self.name


class Seat(models.TextChoices):
    """What a member may do in the body."""

    CHAIR = "chair", _("Chair (voting)")
    VOTING = "voting", _("Voting member")
    ADVISORY = "advisory", _("Advisory member")


class SeatQuerySet(models.QuerySet["BodyMembership"]):
    """Seats by day and vote."""

    def on(self, day: datetime.date) -> SeatQuerySet:
        """Seats in force on a day, first and last day included."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def voting(self) -> SeatQuerySet:
        """Seats with a vote."""
        return self.filter(seat__in=[Seat.CHAIR, Seat.VOTING])


class BodyMembership(models.Model):
    """A seat: an organisation's function in a body, held by a person, with a deputy."""

    body = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("Body")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="seats", verbose_name=_("Organisation")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seats", verbose_name=_("Person")
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="deputy_seats",
        null=True,
        blank=True,
        verbose_name=_("Deputy"),
    )
    seat = models.CharField(_("Seat"), max_length=10, choices=Seat.choices)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"), null=True, blank=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("Seat in a body")
        verbose_name_plural = _("Seats in bodies")
        ordering = ["body", "seat", "organisation__name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="seat_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("user")), name="seat_deputy_is_another"
            ),
            models.UniqueConstraint(
                fields=["body", "user"], condition=Q(ends_on__isnull=True), name="seat_open_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["body"],
                condition=Q(ends_on__isnull=True, seat="chair"),
                name="body_has_one_chair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}: {self.user}"

    def is_in_force(self, day: datetime.date) -> bool:
        """Whether the seat counts on a day, as ``on`` asks of many."""
        return self.starts_on <= day and (self.ends_on is None or self.ends_on >= day)

    @property
    def is_voting(self) -> bool:
        """Whether this seat has a vote."""
        return self.seat in {Seat.CHAIR, Seat.VOTING}


class FormerDeputy(models.Model):
    """Who stood in for a seat until a day, before somebody else, or nobody, was named."""

    seat = models.ForeignKey(
        BodyMembership,
        on_delete=models.PROTECT,
        related_name="former_deputies",
        verbose_name=_("Seat in a body"),
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Deputy"),
    )
    until_on = models.DateField(_("Until"))

    class Meta:
        verbose_name = _("Former deputy")
        verbose_name_plural = _("Former deputies")
        ordering = ["seat", "until_on"]
        constraints = [
            # Changed twice on a day: the first of both was nobody's deputy for a whole day.
            models.UniqueConstraint(fields=["seat", "until_on"], name="former_deputy_once_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.deputy or '–'}, {self.until_on:%d.%m.%Y}"
