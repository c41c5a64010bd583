"""The social-space conference (Sozialraumkonferenz): an evening in an area, and its ideas.

Nothing here says who a resident is: entries carry no name and no address, a device is a keyed hash that is
forgotten when the evening is closed (docs/decisions/0031-taking-part-without-sign-in.md).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Area
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import Meeting
from workflows.models.recommendations import Recommendation

#: Longest idea and longest comment (characters).
IDEA_LENGTH = 1000
#: Longest question of an evening (characters).
QUESTION_LENGTH = 300
COMMENT_LENGTH = 500
#: More people of one group than this is a slip of the finger.
MOST_PEOPLE = 5000
#: Points a person may be given at most.
MOST_POINTS = 10


class SpaceConferenceState(models.TextChoices):
    """Where a social-space conference stands; moved by its flow only."""

    PREPARING = "preparing", _("being prepared")
    OPEN = "open", _("prepared, the evening can be held")
    ANSWERING = "answering", _("ideas are being answered")
    SUBMITTED = "submitted", _("answers handed in for release")
    RETURNED = "returned", _("answers returned to be corrected")
    PUBLISHED = "published", _("answers published")
    GIVEN_UP = "given_up", _("given up")


#: Nobody works on it any more.
SPACE_CONFERENCE_OVER = (SpaceConferenceState.PUBLISHED, SpaceConferenceState.GIVEN_UP)


class SpaceConference(models.Model):
    """An evening at which associations, providers and residents of an area shape recommendations."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="space_conferences",
        verbose_name=_("Planning cycle"),
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="space_conferences", verbose_name=_("Area")
    )
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="space_conferences",
        verbose_name=_("Meeting"),
    )
    # Whose people moderate and enter for residents; the planning unit may always.
    facilitator = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Facilitating organisation")
    )
    held_on = models.DateField(_("Day of the evening"))
    place = models.CharField(_("Place"), max_length=200, blank=True)
    question = models.CharField(_("Question for the evening"), max_length=QUESTION_LENGTH, blank=True)
    recommendations: models.ManyToManyField[Recommendation, models.Model] = models.ManyToManyField(
        Recommendation, blank=True, related_name="space_conferences", verbose_name=_("Recommendations")
    )
    points_each = models.PositiveSmallIntegerField(_("Points for each person"), default=3)
    opens_at = models.DateTimeField(_("Entry page opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("Entry page closes"), null=True, blank=True)
    state = models.CharField(
        _("State"),
        max_length=10,
        choices=SpaceConferenceState.choices,
        default=SpaceConferenceState.PREPARING,
    )
    next_steps = models.TextField(_("What happens next"), blank=True)
    return_reason = models.TextField(_("What has to be changed"), blank=True)
    end_reason = models.TextField(_("Why it was given up"), blank=True)
    is_example = models.BooleanField(_("Example"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Set up by")
    )
    created_at = models.DateTimeField(_("Set up"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Handed in by"),
    )
    submitted_at = models.DateTimeField(_("Handed in"), null=True, blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Released by"),
    )
    released_at = models.DateTimeField(_("Released"), null=True, blank=True)

    class Meta:
        verbose_name = _("Evening of the social-space conference")
        verbose_name_plural = _("Evenings of the social-space conference")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "area"],
                condition=~Q(state__in=["published", "given_up"]),
                name="space_conference_one_open_per_area",
            ),
            models.CheckConstraint(
                condition=Q(points_each__gte=1, points_each__lte=MOST_POINTS),
                name="space_conference_points_in_range",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="space_conference_closes_after_opening",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["preparing", "given_up"])
                | (Q(opens_at__isnull=False, closes_at__isnull=False) & ~Q(question="")),
                name="space_conference_prepared_with_question",
            ),
            models.CheckConstraint(
                condition=~Q(state="published")
                | (Q(released_by__isnull=False) & ~Q(released_by=F("submitted_by"))),
                name="space_conference_released_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state="given_up") ^ Q(end_reason=""),
                name="space_conference_given_up_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return _("%(area)s, %(day)s") % {"area": self.area.name, "day": f"{self.held_on:%d.%m.%Y}"}

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self.state in SPACE_CONFERENCE_OVER

    @property
    def is_published(self) -> bool:
        """Whether everybody may read its answers."""
        return self.state == SpaceConferenceState.PUBLISHED

    @property
    def is_held(self) -> bool:
        """Whether entries are taken and moderated."""
        return self.state == SpaceConferenceState.OPEN

    @property
    def has_live_link(self) -> bool:
        """Whether its link leads to an entry page, now or later."""
        return self.state in {SpaceConferenceState.PREPARING, SpaceConferenceState.OPEN}

    @property
    def has_record(self) -> bool:
        """Whether it was held and closed, so that there is something to record."""
        return self.state not in {
            SpaceConferenceState.PREPARING,
            SpaceConferenceState.OPEN,
            SpaceConferenceState.GIVEN_UP,
        }

    @property
    def can_be_hidden_in(self) -> bool:
        """Whether what was entered can be kept from readers: as long as anybody reads it."""
        return self.state not in {SpaceConferenceState.PREPARING, SpaceConferenceState.GIVEN_UP}

    @property
    def takes_answers(self) -> bool:
        """Whether ideas are being answered."""
        return self.state in {SpaceConferenceState.ANSWERING, SpaceConferenceState.RETURNED}


class SpaceLink(WrittenOnce):
    """Unguessable address of an evening's entry page; only the latest is valid, until the answers are out."""

    conference = models.ForeignKey(
        SpaceConference, on_delete=models.PROTECT, related_name="links", verbose_name=_("Evening")
    )
    token = models.CharField(_("Address"), max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Made by")
    )
    made_at = models.DateTimeField(_("Made"), auto_now_add=True)

    class Meta:
        verbose_name = _("Link to an entry page")
        verbose_name_plural = _("Links to entry pages")
        ordering = ["conference", "-pk"]

    def __str__(self) -> str:
        return str(self.conference)


class SpaceDevice(models.Model):
    """A device, or a person for whom the facilitator enters: counts points and entries, says nothing of who.

    The hash is overwritten with nothing when the evening is closed.
    """

    conference = models.ForeignKey(
        SpaceConference, on_delete=models.PROTECT, related_name="devices", verbose_name=_("Evening")
    )
    key_hash = models.CharField(_("Keyed hash"), max_length=64, blank=True)
    seen_at = models.DateTimeField(_("First seen"), auto_now_add=True)

    class Meta:
        verbose_name = _("Device of an evening")
        verbose_name_plural = _("Devices of an evening")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["conference", "key_hash"],
                condition=~Q(key_hash=""),
                name="space_device_once_per_conference",
            )
        ]

    def __str__(self) -> str:
        return f"{self.conference} {self.pk}"


class EntryState(models.TextChoices):
    """Whether an entry is shown; moved by moderation only."""

    WAITING = "waiting", _("waits for moderation")
    SHOWN = "shown", pgettext_lazy("of an idea", "shown")
    HIDDEN = "hidden", _("not shown")


class SpaceEntry(models.Model):
    """What somebody wrote on the evening, and what moderation made of it."""

    state = models.CharField(
        _("State"), max_length=10, choices=EntryState.choices, default=EntryState.WAITING
    )
    hide_reason = models.CharField(_("Why it is not shown"), max_length=300, blank=True)
    # Made with the form: what is sent twice is kept once.
    entry_key = models.UUIDField(_("Key of the form"), unique=True)
    device = models.ForeignKey(
        SpaceDevice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Device"),
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Entered by (facilitator)"),
    )
    entered_at = models.DateTimeField(_("Entered"), auto_now_add=True)
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Moderated by"),
    )
    moderated_at = models.DateTimeField(_("Moderated"), null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_shown(self) -> bool:
        """Whether everybody at the evening reads it."""
        return self.state == EntryState.SHOWN


class SpaceIdea(SpaceEntry):
    """An idea, on one of the recommendations or free."""

    conference = models.ForeignKey(
        SpaceConference, on_delete=models.PROTECT, related_name="ideas", verbose_name=_("Evening")
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="space_ideas",
        verbose_name=_("Recommendation"),
    )
    text = models.CharField(_("Idea"), max_length=IDEA_LENGTH)

    class Meta:
        verbose_name = _("Idea")
        verbose_name_plural = _("Ideas")
        ordering = ["conference", "number"]
        constraints = [
            models.UniqueConstraint(fields=["conference", "number"], name="space_idea_number_once"),
            models.CheckConstraint(condition=~Q(text=""), name="space_idea_has_text"),
            models.CheckConstraint(
                condition=Q(state="hidden") ^ Q(hide_reason=""), name="space_idea_hidden_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        # Without the text: what is hidden because it names somebody must not stand in the log.
        return _("Idea %(number)s (%(conference)s)") % {"number": self.number, "conference": self.conference}


class SpaceComment(SpaceEntry):
    """A remark on a shown idea."""

    idea = models.ForeignKey(
        SpaceIdea, on_delete=models.PROTECT, related_name="comments", verbose_name=_("Idea")
    )
    text = models.CharField(_("Comment"), max_length=COMMENT_LENGTH)

    class Meta:
        verbose_name = _("Comment on an idea")
        verbose_name_plural = _("Comments on ideas")
        ordering = ["idea", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="space_comment_has_text"),
            models.CheckConstraint(
                condition=Q(state="hidden") ^ Q(hide_reason=""), name="space_comment_hidden_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return _("Comment on %(idea)s") % {"idea": self.idea}


class SpacePoint(models.Model):
    """A point for a shown idea; can be taken back while the entry page is open."""

    idea = models.ForeignKey(
        SpaceIdea, on_delete=models.PROTECT, related_name="points", verbose_name=_("Idea")
    )
    device = models.ForeignKey(
        SpaceDevice, on_delete=models.PROTECT, related_name="points", verbose_name=_("Device")
    )
    # First, second, third point of the device: two at once cannot take the same place.
    number = models.PositiveSmallIntegerField(_("Number"))
    entry_key = models.UUIDField(_("Key of the form"), unique=True)

    class Meta:
        verbose_name = _("Point for an idea")
        verbose_name_plural = _("Points for ideas")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["device", "number"], name="space_point_place_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=MOST_POINTS), name="space_point_place_in_range"
            ),
        ]

    def __str__(self) -> str:
        return str(self.idea)
