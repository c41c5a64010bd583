"""Evaluation: answered by those responsible, judged by planning, decided by the steering group."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from monitoring.secrecy import is_small
from stakeholders.written_once import WrittenOnce, written_at, written_by
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import Decision
from workflows.models.recommendations import Recommendation


class EvaluationOutcome(models.TextChoices):
    """What becomes of a measure after its evaluation."""

    CONTINUE = "continue", _("continue")
    CHANGE = "change", _("change")
    END = "end", _("end")
    PERMANENT = "permanent", _("make permanent")


class EvaluationAnswer(WrittenOnce):
    """What those responsible say of their measure at the end of a cycle. Never changed."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="evaluation_answers",
        verbose_name=_("Planning cycle"),
    )
    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="evaluation_answers", verbose_name=_("Measure")
    )
    reach = models.TextField(_("Whom did it reach?"))
    reached_count = models.PositiveIntegerField(_("People reached"), null=True, blank=True)
    # None where nobody knows: then no share is told.
    target_count = models.PositiveIntegerField(_("People in the target group"), null=True, blank=True)
    course = models.TextField(_("Was it done as planned? What hindered?"))
    effect = models.TextField(_("Effect seen"))
    lesson = models.TextField(_("What was learned"))
    recommendation = models.CharField(_("Recommendation"), max_length=10, choices=EvaluationOutcome.choices)
    answered_by = written_by(_("Answered by"))
    answered_at = written_at(_("Answered"))

    class Meta:
        verbose_name = _("Answers on an evaluation")
        verbose_name_plural = _("Answers on evaluations")
        ordering = ["cycle", "measure"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "measure"], name="evaluation_answered_once_per_cycle"),
            models.CheckConstraint(
                condition=Q(target_count__isnull=True)
                | Q(reached_count__isnull=True)
                | Q(reached_count__lte=F("target_count")),
                name="evaluation_reached_not_above_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure}: {self.get_recommendation_display()}"

    @property
    def is_secret(self) -> bool:
        """Whether so few people were reached, or left out, that the numbers could point to single ones."""
        missed = None if self.target_count is None else self.target_count - (self.reached_count or 0)
        return self.reached_count is not None and (is_small(self.reached_count) or is_small(missed))

    @property
    def reached_share(self) -> float | None:
        """Share of the target group that was reached, 0..1; None where it cannot or must not be told."""
        if not self.target_count or self.reached_count is None or self.is_secret:
            return None
        return self.reached_count / self.target_count


class EvaluationWaiver(WrittenOnce):
    """Planning does not wait for the answers any more, and why: the due date is over, and it has reminded."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="evaluation_waivers",
        verbose_name=_("Planning cycle"),
    )
    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="evaluation_waivers", verbose_name=_("Measure")
    )
    # Both as they were: the task they are read from moves on.
    due_on = models.DateField(_("Answers were due"))
    reminded_on = models.DateField(_("Reminded last"))
    reason = models.TextField(_("Reason"))
    waived_by = written_by(_("Decided by"))
    waived_at = written_at(_("Decided"))

    class Meta:
        verbose_name = _("Evaluation without answers")
        verbose_name_plural = _("Evaluations without answers")
        ordering = ["cycle", "measure"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "measure"], name="evaluation_waived_once_per_cycle")
        ]

    def __str__(self) -> str:
        return f"{self.measure}: {self.reason}"


class Evaluation(WrittenOnce):
    """Planning's judgement on a measure at the end of a cycle. Never changed."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="evaluations", verbose_name=_("Planning cycle")
    )
    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="evaluations", verbose_name=_("Measure")
    )
    outcome = models.CharField(_("Outcome"), max_length=10, choices=EvaluationOutcome.choices)
    effect = models.TextField(_("Effect seen"))
    lesson = models.TextField(_("What was learned"), blank=True)
    # None where those responsible had not been asked.
    agrees = models.BooleanField(_("Agrees with the answers"), null=True)
    reason = models.TextField(_("Reason of the judgement"), blank=True)
    # Older judgements took effect at once, as do those on measures that are over.
    needs_decision = models.BooleanField(_("Is decided by the steering group"), default=False)
    evaluated_by = written_by(_("Evaluated by"))
    evaluated_at = written_at(_("Evaluated"))

    class Meta:
        verbose_name = _("Evaluation")
        verbose_name_plural = _("Evaluations")
        ordering = ["cycle", "measure"]
        constraints = [models.UniqueConstraint(fields=["cycle", "measure"], name="evaluation_once_per_cycle")]

    def __str__(self) -> str:
        return f"{self.measure}: {self.get_outcome_display()}"

    @property
    def final_outcome(self) -> str:
        """What becomes of the measure; empty as long as it is not decided, or was taken out.

        Queries: 1 unless the verdict is joined.
        """
        if not self.needs_decision:
            return self.outcome
        verdict = getattr(self, "verdict", None)
        return str(verdict.outcome) if verdict is not None else ""

    @property
    def is_settled(self) -> bool:
        """Whether nobody has to decide on it any more. Queries: 1 unless the verdict is joined."""
        return not self.needs_decision or getattr(self, "verdict", None) is not None


class EvaluationItem(WrittenOnce):
    """A judgement that is put before the steering group, in the request that lists those of a cycle."""

    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="evaluation_items",
        verbose_name=_("Recommendation"),
    )
    evaluation = models.ForeignKey(
        Evaluation, on_delete=models.PROTECT, related_name="items", verbose_name=_("Evaluation")
    )

    class Meta:
        verbose_name = _("Evaluation put before the steering group")
        verbose_name_plural = _("Evaluations put before the steering group")
        ordering = ["recommendation", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["recommendation", "evaluation"], name="evaluation_item_once")
        ]

    def __str__(self) -> str:
        return str(self.evaluation)


class EvaluationVerdict(WrittenOnce):
    """What the steering group decided on a judgement. Never changed."""

    evaluation = models.OneToOneField(
        Evaluation, on_delete=models.PROTECT, related_name="verdict", verbose_name=_("Evaluation")
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="evaluation_verdicts", verbose_name=_("Decision")
    )
    # Empty: taken out; the measure goes on as agreed and comes up again with the next evaluation.
    outcome = models.CharField(_("Outcome"), max_length=10, choices=EvaluationOutcome.choices, blank=True)
    # None where it follows from the wording by itself.
    recorded_by = written_by(_("Recorded by"), is_optional=True)
    recorded_at = written_at(_("Recorded"))

    class Meta:
        verbose_name = _("Decision on an evaluation")
        verbose_name_plural = _("Decisions on evaluations")
        ordering = ["decision", "pk"]

    def __str__(self) -> str:
        return f"{self.evaluation.measure}: {self.get_outcome_display() or '-'}"
