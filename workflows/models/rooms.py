"""The room: what a meeting sees together while it works, and the points with which it sets priorities."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from stakeholders.models import BodyMembership
from workflows.models.meetings import Meeting

#: Points of one member in one round: more is no priority.
MOST_POINTS = 20


class Room(models.Model):
    """Shared view of a meeting: the area before it, and a number that rises with all that is shown."""

    meeting = models.OneToOneField(
        Meeting, on_delete=models.PROTECT, related_name="room", verbose_name=_("Meeting")
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Area")
    )
    # Raised in the transaction of each change, so that pages ask for nothing as long as it stands.
    version = models.PositiveIntegerField(_("Version"), default=1)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Opened by")
    )
    opened_at = models.DateTimeField(_("Opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("Room of a meeting")
        verbose_name_plural = _("Rooms of meetings")
        ordering = ["-opened_at"]

    def __str__(self) -> str:
        return str(self.meeting)

    @property
    def is_open(self) -> bool:
        """Whether anything can be entered."""
        return self.closed_at is None


class RoomEntry(models.Model):
    """An entry a page has sent: the page makes the key, and sending it again adds nothing."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="entries", verbose_name=_("Room"))
    entry_key = models.UUIDField(_("Key of the entry"), unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Entered by")
    )
    entered_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Entry in a room")
        verbose_name_plural = _("Entries in a room")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.entry_key)


class PointRound(models.Model):
    """Each member gives a fixed number of points to what seems most important to them."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("Room"))
    title = models.CharField(_("Question"), max_length=200)
    points_each = models.PositiveSmallIntegerField(_("Points of each member"))
    # Whether the screen shows the result while points still come in.
    is_live = models.BooleanField(_("Show the result while it grows"), default=False)
    opened_at = models.DateTimeField(_("Opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("Round of points")
        verbose_name_plural = _("Rounds of points")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(points_each__gte=1, points_each__lte=MOST_POINTS), name="round_points_in_range"
            ),
            models.UniqueConstraint(
                fields=["room"], condition=Q(closed_at__isnull=True), name="room_has_one_open_round"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether points can be given."""
        return self.closed_at is None


class PointOption(models.Model):
    """Something to give points to."""

    round = models.ForeignKey(
        PointRound, on_delete=models.PROTECT, related_name="options", verbose_name=_("Round of points")
    )
    position = models.PositiveSmallIntegerField(_("Position"))
    text = models.CharField(_("Text"), max_length=250)

    class Meta:
        verbose_name = _("Choice of a round of points")
        verbose_name_plural = _("Choices of a round of points")
        ordering = ["round", "position"]
        constraints = [models.UniqueConstraint(fields=["round", "position"], name="option_place_once")]

    def __str__(self) -> str:
        return self.text


class PointGiven(models.Model):
    """Points of a seat for a choice. Replaced as long as the round is open; nobody is shown who gave what."""

    option = models.ForeignKey(
        PointOption, on_delete=models.PROTECT, related_name="given", verbose_name=_("Choice")
    )
    seat = models.ForeignKey(
        BodyMembership, on_delete=models.PROTECT, related_name="+", verbose_name=_("Seat in a body")
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Given by")
    )
    count = models.PositiveSmallIntegerField(_("Points"))

    class Meta:
        verbose_name = _("Points given")
        verbose_name_plural = _("Points given")
        ordering = ["option", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["option", "seat"], name="points_once_per_seat"),
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=MOST_POINTS), name="points_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.option}: {self.count}"
