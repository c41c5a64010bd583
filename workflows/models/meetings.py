"""Meetings, and the decisions taken in them. Decisions are written once."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Body, BodyMembership, Organisation
from workflows.models.cycles import PlanningCycle
from workflows.models.recommendations import Recommendation, RecommendationVersion


class Meeting(models.Model):
    """A meeting of a body in a cycle."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("Planning cycle")
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("Body"))
    held_on = models.DateField(_("Date"))
    place = models.CharField(_("Place"), max_length=200, blank=True)
    note = models.TextField(_("Note"), blank=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("Meeting")
        verbose_name_plural = _("Meetings")
        ordering = ["-held_on"]

    def __str__(self) -> str:
        return f"{self.body.name}, {self.held_on:%d.%m.%Y}"


class Participant(models.Model):
    """An organisation invited to a meeting, and whether it came."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.CASCADE, related_name="participants", verbose_name=_("Meeting")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="participations", verbose_name=_("Organisation")
    )
    attended = models.BooleanField(_("Took part"), null=True, blank=True)

    class Meta:
        verbose_name = _("Participant")
        verbose_name_plural = _("Participants")
        ordering = ["meeting", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "organisation"], name="participant_once_per_meeting")
        ]

    def __str__(self) -> str:
        return self.organisation.label


class WrittenOnceQuerySet(models.QuerySet["Any"]):
    """Rows that are added and never touched again, not even many at a time."""

    def update(self, **kwargs: Any) -> int:
        """Refuse to change what was recorded."""
        raise TypeError("A decision is never changed, only followed by another.")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse to delete what was recorded."""
        raise TypeError("A decision is never deleted.")


class WrittenOnce(models.Model):
    """A row that is written once."""

    objects = WrittenOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was recorded."""
        if not self._state.adding:
            raise TypeError("A decision is never changed, only followed by another.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse to delete what was recorded."""
        raise TypeError("A decision is never deleted.")


class DecisionResult(models.TextChoices):
    """What the steering group can decide on a recommendation."""

    APPROVED = "approved", _("approved")
    APPROVED_WITH_CONDITIONS = "conditional", _("approved with conditions")
    RETURNED = "returned", _("returned to the conference")
    REJECTED = "rejected", _("rejected")
    POSTPONED = "postponed", _("postponed")


class Decision(WrittenOnce):
    """A decision (Beschluss) on one version of a recommendation. Never changed, only followed by another."""

    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Recommendation")
    )
    version = models.ForeignKey(
        RecommendationVersion, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Version")
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Body"))
    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Meeting")
    )
    # Counted per body and year without gaps, shown as "3/2027".
    year = models.PositiveSmallIntegerField(_("Year"))
    number = models.PositiveSmallIntegerField(_("Number"))
    decided_on = models.DateField(_("Decided on"))
    result = models.CharField(_("Result"), max_length=15, choices=DecisionResult.choices)
    conditions = models.TextField(_("Conditions"), blank=True)
    reason = models.TextField(_("Reason"), blank=True)
    postponed_until = models.DateField(_("Postponed until"), null=True, blank=True)
    voting_count = models.PositiveSmallIntegerField(_("Voting members"))
    present_count = models.PositiveSmallIntegerField(_("Voting members present"))
    quorum_count = models.PositiveSmallIntegerField(_("Needed for the quorum"))
    yes_count = models.PositiveSmallIntegerField(_("Yes"))
    no_count = models.PositiveSmallIntegerField(_("No"))
    abstain_count = models.PositiveSmallIntegerField(_("Abstentions"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Recorded by")
    )
    recorded_at = models.DateTimeField(_("Recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("Decision")
        verbose_name_plural = _("Decisions")
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["body", "year", "number"], name="decision_number_once"),
            models.CheckConstraint(
                condition=Q(present_count__gte=models.F("quorum_count")), name="decision_has_quorum"
            ),
            models.CheckConstraint(
                condition=~Q(result="conditional") | ~Q(conditions=""), name="decision_conditions_named"
            ),
            models.CheckConstraint(
                condition=~Q(result__in=["returned", "rejected"]) | ~Q(reason=""),
                name="decision_reason_named",
            ),
            models.CheckConstraint(
                condition=~Q(result="postponed") | Q(postponed_until__isnull=False),
                name="decision_postponed_to_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.get_result_display()}"

    @property
    def reference(self) -> str:
        """Number of the decision, ``3/2027``."""
        return f"{self.number}/{self.year}"


class VoteChoice(models.TextChoices):
    """What a member did on an item."""

    YES = "yes", _("yes")
    NO = "no", _("no")
    ABSTAIN = "abstain", _("abstention")
    BIASED = "biased", _("biased, left the room")
    ABSENT = "absent", _("absent")
    HEARD = "heard", _("heard (advisory)")


class DecisionVote(WrittenOnce):
    """How a seat voted, or was heard. Written once with the decision."""

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="votes", verbose_name=_("Decision")
    )
    seat = models.ForeignKey(
        BodyMembership, on_delete=models.PROTECT, related_name="votes", verbose_name=_("Seat in a body")
    )
    is_deputy = models.BooleanField(_("By the deputy"), default=False)
    choice = models.CharField(_("Vote"), max_length=10, choices=VoteChoice.choices)

    class Meta:
        verbose_name = _("Vote")
        verbose_name_plural = _("Votes")
        ordering = ["decision", "seat__organisation__name"]
        constraints = [models.UniqueConstraint(fields=["decision", "seat"], name="vote_once_per_seat")]

    def __str__(self) -> str:
        return f"{self.seat}: {self.get_choice_display()}"
