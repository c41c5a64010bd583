"""Polls (Abstimmungen): votes that members cast in the system, in a meeting or in circulation."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stakeholders.models import Body, BodyMembership
from stakeholders.written_once import WrittenOnce
from workflows.models.conditions import ConditionLine
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import DecisionResult, Meeting, VoteChoice, VoteKind
from workflows.models.recommendations import Recommendation, RecommendationVersion

#: How members can vote in the system; by count only numbers are entered, without a poll.
POLL_KINDS = (VoteKind.NAMED, VoteKind.SECRET, VoteKind.CIRCULATED)


class PollOutcome(models.TextChoices):
    """How a poll ended."""

    CARRIED = "carried", _("carried")
    NOT_CARRIED = "not_carried", _("no majority")
    NO_QUORUM = "no_quorum", _("no quorum")
    STOPPED = "stopped", _("stopped by an objection")
    CANCELLED = "cancelled", pgettext_lazy("of a poll", "called off")


class PollQuerySet(models.QuerySet["Poll"]):
    """Polls by whether they run."""

    def open(self) -> PollQuerySet:
        """Polls that have not been closed."""
        return self.filter(closed_at__isnull=True)


class Poll(models.Model):
    """A result is put to the vote, and members vote in the system until the poll is closed."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="polls", verbose_name=_("Body"))
    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="polls", verbose_name=_("Planning cycle")
    )
    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, related_name="polls", verbose_name=_("Recommendation")
    )
    version = models.ForeignKey(
        RecommendationVersion, on_delete=models.PROTECT, related_name="polls", verbose_name=_("Version")
    )
    # None where it is decided in circulation.
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="polls",
        verbose_name=_("Meeting"),
    )
    kind = models.CharField(
        _("Kind of vote"), max_length=10, choices=[(kind.value, kind.label) for kind in POLL_KINDS]
    )
    result = models.CharField(_("Put to the vote"), max_length=15, choices=DecisionResult.choices)
    conditions = models.TextField(_("Conditions"), blank=True)
    reason = models.TextField(_("Reason"), blank=True)
    postponed_until = models.DateField(_("Postponed until"), null=True, blank=True)
    # Empty: as it is proposed.
    wording = models.TextField(_("Amended wording"), blank=True)
    # Last day on which votes in circulation are taken.
    ends_on = models.DateField(_("Votes until"), null=True, blank=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Opened by")
    )
    opened_at = models.DateTimeField(_("Opened"), default=timezone.now)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    # None where the deadline or the last vote closed it.
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Closed by"),
    )
    outcome = models.CharField(_("Outcome"), max_length=12, choices=PollOutcome.choices, blank=True)
    end_reason = models.TextField(_("Why it was called off"), blank=True)

    objects = PollQuerySet.as_manager()

    class Meta:
        verbose_name = _("Poll")
        verbose_name_plural = _("Polls")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recommendation"], condition=Q(closed_at__isnull=True), name="poll_open_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="circulated", meeting__isnull=True, ends_on__isnull=False)
                | (~Q(kind="circulated") & Q(meeting__isnull=False, ends_on__isnull=True)),
                name="poll_in_meeting_or_circulated",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, outcome="")
                | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="poll_closed_has_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["stopped", "cancelled"]) | ~Q(end_reason=""),
                name="poll_called_off_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version.title}"

    @property
    def is_open(self) -> bool:
        """Whether it has not been closed."""
        return self.closed_at is None

    @property
    def is_secret(self) -> bool:
        """Whether nobody is told how a member voted."""
        return self.kind == VoteKind.SECRET

    @property
    def is_circulated(self) -> bool:
        """Whether it is decided in writing, outside of a meeting."""
        return self.kind == VoteKind.CIRCULATED

    @property
    def is_over(self) -> bool:
        """Whether its last day is past; votes are not taken any more."""
        return self.ends_on is not None and self.ends_on < timezone.localdate()

    @property
    def seats_day(self) -> datetime.date:
        """Whose seats vote: those of the day of the meeting, or of the day it was put into circulation."""
        return self.meeting.held_on if self.meeting is not None else timezone.localdate(self.opened_at)

    @property
    def deputies_day(self) -> datetime.date:
        """Whose deputies stand in: those of the day of the meeting; in circulation those of the day.

        Whoever was named meanwhile has the task and the right to vote from then on, nobody before them has.
        """
        if self.meeting is not None:
            return self.meeting.held_on
        assert self.ends_on is not None
        until = self.ends_on if self.closed_at is None else timezone.localdate(self.closed_at)
        return min(timezone.localdate(), until, self.ends_on)

    @property
    def wording_put(self) -> str:
        """The wording that is voted on."""
        return self.wording or self.version.proposal


class PollCondition(ConditionLine):
    """A condition that is put to the vote with a poll; if it carries, the decision has the same."""

    poll = models.ForeignKey(
        Poll, on_delete=models.PROTECT, related_name="condition_rows", verbose_name=_("Poll")
    )

    class Meta:
        verbose_name = _("Condition put to the vote")
        verbose_name_plural = _("Conditions put to the vote")
        ordering = ["poll", "number"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "number"], name="condition_once_per_poll"),
            models.CheckConstraint(condition=~Q(text=""), name="poll_condition_has_text"),
        ]


class PollVote(models.Model):
    """What a seat did in a poll. Of a secret one only that it took part, without a moment.

    Replaced while the poll is open, each time with a ``PollVoteChange``; never touched afterwards.
    """

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="votes", verbose_name=_("Poll"))
    seat = models.ForeignKey(
        BodyMembership, on_delete=models.PROTECT, related_name="poll_votes", verbose_name=_("Seat in a body")
    )
    is_deputy = models.BooleanField(_("By the deputy"), default=False)
    choice = models.CharField(_("Vote"), max_length=10, choices=VoteChoice.choices)
    cast_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Cast by")
    )
    cast_at = models.DateTimeField(_("Cast"), null=True, blank=True)

    class Meta:
        verbose_name = _("Vote in a poll")
        verbose_name_plural = _("Votes in polls")
        ordering = ["poll", "seat__organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "seat"], name="poll_vote_once_per_seat"),
            models.CheckConstraint(
                condition=Q(choice__in=["yes", "no", "abstain", "biased", "present"]),
                name="poll_vote_is_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat}"

    @property
    def is_excluded(self) -> bool:
        """Whether the chair entered the member as biased; then the member has no say in it."""
        return (
            self.choice == VoteChoice.BIASED and not self.is_deputy and self.cast_by_id != self.seat.user_id
        )


class PollVoteChange(WrittenOnce):
    """A vote was replaced while its poll was open. Never changed."""

    vote = models.ForeignKey(
        PollVote, on_delete=models.PROTECT, related_name="changes", verbose_name=_("Vote in a poll")
    )
    old = models.CharField(_("Before"), max_length=10, choices=VoteChoice.choices)
    new = models.CharField(_("Afterwards"), max_length=10, choices=VoteChoice.choices)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Replaced by")
    )
    changed_at = models.DateTimeField(_("Replaced on"), auto_now_add=True)

    class Meta:
        verbose_name = _("Replaced vote")
        verbose_name_plural = _("Replaced votes")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.vote}"


class SecretTally(models.Model):
    """How many secret ballots of a poll said the same. There is no row of a single ballot.

    A ballot that is only added to a number has no key, no moment and no place among others, so nothing in
    the database tells whose it was (docs/decisions).
    """

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="tallies", verbose_name=_("Poll"))
    choice = models.CharField(_("Vote"), max_length=10, choices=VoteChoice.choices)
    number = models.PositiveSmallIntegerField(_("Number"), default=0)

    class Meta:
        verbose_name = _("Count of a secret ballot")
        verbose_name_plural = _("Counts of secret ballots")
        ordering = ["poll", "choice"]
        constraints = [
            models.UniqueConstraint(fields=["poll", "choice"], name="secret_tally_once_per_choice"),
            models.CheckConstraint(
                condition=Q(choice__in=["yes", "no", "abstain"]), name="secret_tally_of_a_vote"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.poll}"


class PollObjection(WrittenOnce):
    """A member objects to deciding in circulation; one is enough to stop it. Never changed."""

    poll = models.OneToOneField(
        Poll, on_delete=models.PROTECT, related_name="objection", verbose_name=_("Poll")
    )
    seat = models.ForeignKey(
        BodyMembership, on_delete=models.PROTECT, related_name="+", verbose_name=_("Seat in a body")
    )
    reason = models.TextField(_("Reason"))
    objected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Objection by")
    )
    objected_at = models.DateTimeField(_("Objected"), auto_now_add=True)

    class Meta:
        verbose_name = _("Objection to a circulated decision")
        verbose_name_plural = _("Objections to circulated decisions")
        ordering = ["-objected_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="objection_has_reason")]

    def __str__(self) -> str:
        return f"{self.poll}"
