"""Around an evening: its question in other languages, who took part, the answers and their corrections."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from stakeholders.models import Body, Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.recommendations import Recommendation
from workflows.models.social_space import QUESTION_LENGTH, SpaceConference, SpaceIdea


class SpaceQuestion(models.Model):
    """The question of an evening in one more language of the entry page."""

    conference = models.ForeignKey(
        SpaceConference, on_delete=models.PROTECT, related_name="questions", verbose_name=_("Evening")
    )
    language = models.CharField(_("Language"), max_length=8)
    text = models.CharField(_("Question for the evening"), max_length=QUESTION_LENGTH)

    class Meta:
        verbose_name = _("Question of an evening in another language")
        verbose_name_plural = _("Questions of evenings in other languages")
        ordering = ["conference", "language"]
        constraints = [
            models.UniqueConstraint(fields=["conference", "language"], name="space_question_once_a_language"),
            models.CheckConstraint(condition=~Q(text=""), name="space_question_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.language}: {self.text}"


class AttendeeGroup(models.TextChoices):
    """Who took part; counted, never named."""

    RESIDENTS = "residents", _("Residents")
    ASSOCIATIONS = "associations", _("Welfare associations and clubs")
    PROVIDERS = "providers", _("Providers")
    ADMINISTRATION = "administration", _("Administration")
    COUNCIL = "council", _("Council and politics")
    OTHERS = "others", _("Others")


class SpaceHeadcount(WrittenOnce):
    """How many of a group took part."""

    conference = models.ForeignKey(
        SpaceConference, on_delete=models.PROTECT, related_name="headcounts", verbose_name=_("Evening")
    )
    group = models.CharField(_("Group"), max_length=15, choices=AttendeeGroup.choices)
    count = models.PositiveSmallIntegerField(_("Number of participants"))

    class Meta:
        verbose_name = _("Participants of an evening")
        verbose_name_plural = _("Participants of evenings")
        ordering = ["conference", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["conference", "group"], name="space_headcount_once_per_group"),
            models.CheckConstraint(condition=Q(count__gte=0), name="space_headcount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_group_display()}: {self.count}"


class AnswerKind(models.TextChoices):
    """What became of an idea."""

    MEASURE = "measure", _("became a measure, or part of one")
    RECOMMENDATION = "taken_up", _("is taken up in a recommendation")
    PASSED_ON = "passed_on", _("goes to a body or an organisation")
    NOT_POSSIBLE = "impossible", _("is not possible")


class SpaceAnswer(WrittenOnce):
    """Answer to an idea; the latest in effect counts. Never changed, only followed by another."""

    idea = models.ForeignKey(
        SpaceIdea, on_delete=models.PROTECT, related_name="answers", verbose_name=_("Idea")
    )
    kind = models.CharField(_("What becomes of the idea?"), max_length=10, choices=AnswerKind.choices)
    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="space_answers",
        verbose_name=_("Measure"),
    )
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="space_answers",
        verbose_name=_("Recommendation"),
    )
    body = models.ForeignKey(
        Body, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Body")
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Organisation"),
    )
    text = models.TextField(_("Words to those who had the idea"), blank=True)
    # What everybody reads is corrected by another answer that names it, and counts once it is released.
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("Corrects"),
    )
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Answered by")
    )
    given_at = models.DateTimeField(_("Answered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Answer to an idea")
        verbose_name_plural = _("Answers to ideas")
        ordering = ["idea", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="measure",
                    measure__isnull=False,
                    recommendation__isnull=True,
                    body__isnull=True,
                    organisation__isnull=True,
                )
                | Q(
                    kind="taken_up",
                    measure__isnull=True,
                    recommendation__isnull=False,
                    body__isnull=True,
                    organisation__isnull=True,
                )
                | (
                    Q(kind="passed_on", measure__isnull=True, recommendation__isnull=True)
                    & (Q(body__isnull=False) ^ Q(organisation__isnull=False))
                )
                | Q(
                    kind="impossible",
                    measure__isnull=True,
                    recommendation__isnull=True,
                    body__isnull=True,
                    organisation__isnull=True,
                ),
                name="space_answer_says_where",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["passed_on", "impossible"]) | ~Q(text=""),
                name="space_answer_explained",
            ),
        ]

    def __str__(self) -> str:
        return _("Answer to %(idea)s") % {"idea": self.idea}

    @property
    def is_correction(self) -> bool:
        """Whether it follows one that everybody could read."""
        return self.corrects_id is not None


class SpaceCorrectionCheck(WrittenOnce):
    """The head of the planning unit let a correction out, or returned it. Never changed."""

    answer = models.OneToOneField(
        SpaceAnswer, on_delete=models.PROTECT, related_name="verdict", verbose_name=_("Corrected answer")
    )
    is_released = models.BooleanField(_("Released"))
    reason = models.TextField(_("What has to be changed"), blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Checked by")
    )
    checked_at = models.DateTimeField(_("Checked"), auto_now_add=True)

    class Meta:
        verbose_name = _("Check of a corrected answer")
        verbose_name_plural = _("Checks of corrected answers")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_released=True) ^ ~Q(reason=""), name="space_correction_returned_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return str(self.answer)


class SpaceCorrectionWithdrawal(WrittenOnce):
    """A correction is not pursued: taken back while it waited, or not written anew after a return.

    Stands beside the check, for a correction that was returned has one already. Never changed.
    """

    answer = models.OneToOneField(
        SpaceAnswer, on_delete=models.PROTECT, related_name="withdrawal", verbose_name=_("Corrected answer")
    )
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("Withdrawn"), auto_now_add=True)

    class Meta:
        verbose_name = _("Withdrawal of a corrected answer")
        verbose_name_plural = _("Withdrawals of corrected answers")
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.answer)
