"""Meetings, and the decisions taken in them. Decisions are written once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Body, BodyMembership, Organisation, RulesOfProcedure
from stakeholders.written_once import WrittenOnce
from workflows.models.cycles import PlanningCycle
from workflows.models.meeting_series import MeetingSeries
from workflows.models.recommendations import Recommendation, RecommendationState, RecommendationVersion


class Meeting(models.Model):
    """A meeting of a body in a cycle."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("Planning cycle")
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("Body"))
    held_on = models.DateField(_("Date"))
    starts_at = models.TimeField(_("Begins at"), null=True, blank=True)
    place = models.CharField(_("Place"), max_length=200, blank=True)
    note = models.TextField(_("Note"), blank=True)
    # Why it was called within the notice period of the body; empty where the period was kept.
    urgency = models.TextField(_("Reason for the urgency"), blank=True)
    # From then on the agenda is what people prepare for: nothing comes onto it by itself or leaves it unsaid.
    papers_sent_at = models.DateTimeField(_("Papers sent"), null=True, blank=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    # Set together with others; each stands alone.
    series = models.ForeignKey(
        MeetingSeries,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="meetings",
        verbose_name=_("Series of meetings"),
    )
    # A meeting called off is closed as well: nothing can be decided in it.
    cancelled_at = models.DateTimeField(_("Called off"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Called off by"),
    )
    cancel_reason = models.TextField(_("Why the meeting was called off"), blank=True)

    class Meta:
        verbose_name = _("Meeting")
        verbose_name_plural = _("Meetings")
        ordering = ["-held_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True) | (Q(closed_at__isnull=False) & ~Q(cancel_reason="")),
                name="meeting_cancelled_with_reason",
            )
        ]

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


class DecisionResult(models.TextChoices):
    """What the steering group can decide on a recommendation."""

    APPROVED = "approved", _("approved")
    APPROVED_WITH_CONDITIONS = "conditional", _("approved with conditions")
    RETURNED = "returned", _("returned to the conference")
    REJECTED = "rejected", _("rejected")
    POSTPONED = "postponed", _("postponed")


#: Where each result leaves the recommendation.
STATE_OF_RESULT = {
    DecisionResult.APPROVED: RecommendationState.APPROVED,
    DecisionResult.APPROVED_WITH_CONDITIONS: RecommendationState.APPROVED_WITH_CONDITIONS,
    DecisionResult.RETURNED: RecommendationState.RETURNED,
    DecisionResult.REJECTED: RecommendationState.REJECTED,
    DecisionResult.POSTPONED: RecommendationState.POSTPONED,
}
#: With these somebody has to act on what was decided.
APPROVED_RESULTS = (DecisionResult.APPROVED, DecisionResult.APPROVED_WITH_CONDITIONS)
#: Results that stand until a later decision replaces them; the others only say how it goes on.
FINAL_RESULTS = (*APPROVED_RESULTS, DecisionResult.REJECTED)


class VoteKind(models.TextChoices):
    """How it was voted."""

    NAMED = "named", _("by name")
    COUNT = "count", _("by count")
    SECRET = "secret", _("in secret")
    CIRCULATED = "circulated", _("in circulation")


#: Kinds in which only numbers are known, not who voted how.
NAMELESS_KINDS = (VoteKind.COUNT, VoteKind.SECRET)


class BlockVote(WrittenOnce):
    """One vote on several recommendations at once, as they were recommended. Never changed."""

    meeting = models.ForeignKey(
        Meeting, on_delete=models.PROTECT, related_name="blocks", verbose_name=_("Meeting")
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Recorded by")
    )
    recorded_at = models.DateTimeField(_("Recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("Block vote")
        verbose_name_plural = _("Block votes")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.meeting)


class Decision(WrittenOnce):
    """A decision (Beschluss) on one version of a recommendation. Never changed, only followed by another."""

    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Recommendation")
    )
    version = models.ForeignKey(
        RecommendationVersion, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Version")
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("Body"))
    # None where it was taken in circulation.
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("Meeting"),
    )
    vote_kind = models.CharField(
        _("Kind of vote"), max_length=10, choices=VoteKind.choices, default=VoteKind.NAMED
    )
    # The poll in which members voted in the system; None where the chair entered the votes.
    poll = models.OneToOneField(
        "workflows.Poll",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decision",
        verbose_name=_("Poll"),
    )
    block = models.ForeignKey(
        BlockVote,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
        verbose_name=_("Block vote"),
    )
    # The version it was counted under: its number of votes means nothing without it.
    rules = models.ForeignKey(
        RulesOfProcedure,
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("Rules of procedure"),
    )
    # Counted per body and year without gaps, shown as "3/2027".
    year = models.PositiveSmallIntegerField(_("Year"))
    number = models.PositiveSmallIntegerField(_("Number"))
    decided_on = models.DateField(_("Decided on"))
    result = models.CharField(_("Result"), max_length=15, choices=DecisionResult.choices)
    # What was decided instead of the proposal; empty where it was decided as proposed.
    wording = models.TextField(_("Amended wording"), blank=True)
    conditions = models.TextField(_("Conditions"), blank=True)
    reason = models.TextField(_("Reason"), blank=True)
    postponed_until = models.DateField(_("Postponed until"), null=True, blank=True)
    # Set where the body took up again what it had decided: the earlier one is in force no longer.
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("Replaces"),
    )
    voting_count = models.PositiveSmallIntegerField(_("Voting members"))
    present_count = models.PositiveSmallIntegerField(_("Voting members present"))
    quorum_count = models.PositiveSmallIntegerField(_("Needed for the quorum"))
    yes_count = models.PositiveSmallIntegerField(_("Yes"))
    no_count = models.PositiveSmallIntegerField(_("No"))
    abstain_count = models.PositiveSmallIntegerField(_("Abstentions"))
    is_tie_decided_by_chair = models.BooleanField(_("Tie decided by the chair"), default=False)
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
            models.CheckConstraint(
                condition=Q(postponed_until__isnull=True) | Q(postponed_until__gt=models.F("decided_on")),
                name="decision_postponed_to_later",
            ),
            # Every majority of the rules is more yes than no; only a tie may be left to the chair's own yes.
            models.CheckConstraint(
                condition=Q(yes_count__gt=models.F("no_count"), is_tie_decided_by_chair=False)
                | Q(yes_count=models.F("no_count"), yes_count__gte=1, is_tie_decided_by_chair=True),
                name="decision_has_majority",
            ),
            models.CheckConstraint(
                condition=Q(
                    present_count=models.F("yes_count") + models.F("no_count") + models.F("abstain_count")
                ),
                name="decision_votes_add_up",
            ),
            models.CheckConstraint(
                condition=Q(present_count__lte=models.F("voting_count")), name="decision_votes_of_seats"
            ),
            models.CheckConstraint(
                condition=Q(vote_kind="circulated", meeting__isnull=True, poll__isnull=False)
                | (~Q(vote_kind="circulated") & Q(meeting__isnull=False)),
                name="decision_in_meeting_or_circulated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.get_result_display()}"

    @property
    def reference(self) -> str:
        """Number of the decision, ``3/2027``."""
        return f"{self.number}/{self.year}"

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle in which it was taken: that of the meeting, or of the poll in circulation."""
        if self.meeting is not None:
            return self.meeting.cycle
        assert self.poll is not None
        cycle: PlanningCycle = self.poll.cycle
        return cycle

    @property
    def decided_wording(self) -> str:
        """The wording that was decided on: the amended one, else the proposal."""
        return self.wording or self.version.proposal


class Reconsideration(WrittenOnce):
    """A decision was brought before the steering group again, and why; it stands until one replaces it."""

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="reconsiderations", verbose_name=_("Decision")
    )
    reason = models.TextField(_("Reason"))
    wants_new_wording = models.BooleanField(_("With a new wording"), default=False)
    taken_up_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Taken up by")
    )
    taken_up_at = models.DateTimeField(_("Taken up"), auto_now_add=True)

    class Meta:
        verbose_name = _("Reconsideration of a decision")
        verbose_name_plural = _("Reconsiderations of decisions")
        ordering = ["-taken_up_at"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="reconsideration_has_reason")]

    def __str__(self) -> str:
        return str(self.decision)


class VoteChoice(models.TextChoices):
    """What a member did on an item."""

    YES = "yes", _("yes")
    NO = "no", _("no")
    ABSTAIN = "abstain", _("abstention")
    BIASED = "biased", _("biased, left the room")
    ABSENT = "absent", _("absent")
    HEARD = "heard", _("heard (advisory)")
    PRESENT = "present", _("took part, counted without name")
    SILENT = "silent", _("no vote cast")


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
