"""Recommendations (Handlungsempfehlungen) with their versions."""

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Indicator
from project.common.formats import money_de
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.analysis import Statement
from workflows.models.cycles import PlanningCycle, StageKind


class RecommendationKind(models.TextChoices):
    """What a decision on it sets in motion."""

    MEASURES = "measures", _("Recommendation for action")
    STAGE_TWO = "stage_two", _("Opening of planning stage 2")
    EVALUATION = "evaluation", _("What becomes of evaluated measures")


#: Written by planning, not by the conference, and the stage of the cycle that belongs to.
REQUEST_STAGES = {
    RecommendationKind.STAGE_TWO: StageKind.IMPLEMENTATION,
    RecommendationKind.EVALUATION: StageKind.EVALUATION,
}


class RecommendationState(models.TextChoices):
    """Where a recommendation stands; moved by its flow only."""

    DRAFT = "draft", _("draft")
    PROPOSED = "proposed", _("before the conference")
    SUBMITTED = "submitted", _("before the steering group")
    RETURNED = "returned", _("returned to the conference")
    POSTPONED = "postponed", _("postponed")
    APPROVED = "approved", _("approved")
    APPROVED_WITH_CONDITIONS = "conditional", _("approved with conditions")
    REJECTED = "rejected", _("rejected")
    WITHDRAWN = "withdrawn", _("withdrawn")
    MERGED = "merged", _("merged into another")


#: States in which nobody waits for a recommendation any more.
FINAL_STATES = (
    RecommendationState.APPROVED,
    RecommendationState.APPROVED_WITH_CONDITIONS,
    RecommendationState.REJECTED,
    RecommendationState.WITHDRAWN,
    RecommendationState.MERGED,
)
#: Still with its author or the conference: it can be withdrawn.
WITHDRAWABLE_STATES = (
    RecommendationState.DRAFT,
    RecommendationState.PROPOSED,
    RecommendationState.RETURNED,
)
#: It waits for the steering group.
WAITING_STATES = (RecommendationState.SUBMITTED, RecommendationState.POSTPONED)
#: Measures may be shaped from these.
APPROVED_STATES = (RecommendationState.APPROVED, RecommendationState.APPROVED_WITH_CONDITIONS)


class CostKind(models.TextChoices):
    """Whether and how often a recommendation costs something."""

    UNKNOWN = "unknown", _("not estimated yet")
    NONE = "none", _("no cost")
    ONCE = "once", _("once")
    YEARLY = "yearly", _("every year")


#: Kinds of cost to which amounts belong.
PAID_KINDS = (CostKind.ONCE, CostKind.YEARLY)


class Urgency(models.TextChoices):
    """By when a recommendation has to take effect; ``URGENCY_MEANINGS`` says exactly what each means."""

    AT_ONCE = "at_once", _("at once")
    THIS_YEAR = "this_year", _("this year")
    WITHIN_CYCLE = "within_cycle", _("within the cycle")


#: Hard definitions, shown where the urgency is chosen: two people must come to the same answer.
URGENCY_MEANINGS: dict[str, Promise] = {
    Urgency.AT_ONCE: _(
        "people come to harm or a duty by law is not met as long as nothing happens; work begins within "
        "three months of the decision"
    ),
    Urgency.THIS_YEAR: _(
        "a budget, a grant or a deadline of this calendar year is lost otherwise; work begins before the "
        "year ends"
    ),
    Urgency.WITHIN_CYCLE: _("no date forces it; work begins before the planning cycle ends"),
}


class Recommendation(models.Model):
    """A recommendation keeps its number through all its versions."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="recommendations",
        verbose_name=_("Planning cycle"),
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    kind = models.CharField(
        _("Kind"), max_length=10, choices=RecommendationKind.choices, default=RecommendationKind.MEASURES
    )
    state = models.CharField(
        _("State"), max_length=15, choices=RecommendationState.choices, default=RecommendationState.DRAFT
    )
    is_example = models.BooleanField(_("Example"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Drafted by")
    )
    created_at = models.DateTimeField(_("Drafted"), auto_now_add=True)
    withdraw_reason = models.TextField(_("Reason of the withdrawal"), blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Withdrawn by"),
    )
    withdrawn_at = models.DateTimeField(_("Withdrawn"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_from",
        verbose_name=_("Merged into"),
    )
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Merged by"),
    )
    merged_at = models.DateTimeField(_("Merged"), null=True, blank=True)

    class Meta:
        verbose_name = _("Recommendation")
        verbose_name_plural = _("Recommendations")
        ordering = ["cycle", "number"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "number"], name="recommendation_number_once_per_cycle"),
            models.UniqueConstraint(
                fields=["cycle"],
                condition=Q(kind="stage_two") & ~Q(state__in=["rejected", "withdrawn"]),
                name="stage_two_asked_for_once",
            ),
            models.UniqueConstraint(
                fields=["cycle"],
                condition=Q(kind="evaluation")
                & Q(state__in=["draft", "proposed", "submitted", "returned", "postponed"]),
                name="one_evaluation_request_under_way",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdraw_reason=""),
                name="recommendation_withdrawn_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(state="merged", merged_into__isnull=False, merged_at__isnull=False)
                | (~Q(state="merged") & Q(merged_into__isnull=True)),
                name="recommendation_merged_names_its_heir",
            ),
        ]

    def __str__(self) -> str:
        version = self.current
        return f"{self.reference} {version.title}" if version else self.reference

    @property
    def reference(self) -> str:
        """Number with year, ``2026-07``."""
        return f"{self.cycle.starts_year}-{self.number:02d}"

    @property
    def current(self) -> "RecommendationVersion | None":
        """The latest version; uses prefetched versions where there are any."""
        versions = list(self.versions.all())
        return versions[-1] if versions else None


class RecommendationVersion(models.Model):
    """The wording at a time. Frozen as soon as it is submitted."""

    recommendation = models.ForeignKey(
        Recommendation, on_delete=models.CASCADE, related_name="versions", verbose_name=_("Recommendation")
    )
    number = models.PositiveSmallIntegerField(_("Version"))
    title = models.CharField(_("Title"), max_length=200)
    finding = models.TextField(_("Finding"), help_text=_("What do the figures and the experts say?"))
    need = models.TextField(
        _("Need"), blank=True, help_text=_("Who lacks what, and for how many people does it matter?")
    )
    aim = models.TextField(_("Aim"), help_text=_("What shall be different afterwards, and for whom?"))
    proposal = models.TextField(_("Proposal"), help_text=_("What shall the steering group decide?"))
    alternatives = models.TextField(_("What else was considered"), blank=True)
    cost_kind = models.CharField(
        _("Rough cost"), max_length=10, choices=CostKind.choices, default=CostKind.UNKNOWN
    )
    cost_from = models.DecimalField(
        _("Cost from (euros)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    cost_to = models.DecimalField(
        _("Cost up to (euros)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    cost = models.TextField(_("Cost and consequences"), blank=True)
    # Empty in versions that are older than the question.
    urgency = models.CharField(_("Urgency"), max_length=15, choices=Urgency.choices, blank=True)
    file_reference = models.CharField(_("File reference"), max_length=100, blank=True)
    addressee = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Addressee")
    )
    fields = models.ManyToManyField(
        FieldOfAction,
        related_name="recommendation_versions",
        blank=True,
        verbose_name=_("Fields of action"),
    )
    areas = models.ManyToManyField(
        Area, related_name="recommendation_versions", blank=True, verbose_name=_("Areas")
    )
    indicators = models.ManyToManyField(
        Indicator,
        related_name="recommendation_versions",
        blank=True,
        verbose_name=_("Indicators as evidence"),
    )
    statements = models.ManyToManyField(
        Statement,
        related_name="recommendation_versions",
        blank=True,
        verbose_name=_("Statements as evidence"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Written by")
    )
    created_at = models.DateTimeField(_("Written"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("Submitted"), null=True, blank=True)

    class Meta:
        verbose_name = _("Version of a recommendation")
        verbose_name_plural = _("Versions of a recommendation")
        ordering = ["recommendation", "number"]
        constraints = [
            models.UniqueConstraint(fields=["recommendation", "number"], name="version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="version_number_from_one"),
            models.CheckConstraint(
                condition=Q(cost_kind__in=PAID_KINDS) | Q(cost_from__isnull=True, cost_to__isnull=True),
                name="version_amount_belongs_to_a_cost",
            ),
            models.CheckConstraint(
                condition=Q(cost_from__isnull=True)
                | Q(cost_to__isnull=True)
                | Q(cost_from__lte=F("cost_to")),
                name="version_cost_from_not_above_to",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"

    def clean(self) -> None:
        """Amounts belong to a cost that is paid once or yearly, and their order is right."""
        if errors := cost_errors(self.cost_kind, self.cost_from, self.cost_to):
            raise ValidationError(dict(errors))

    @property
    def cost_words(self) -> str:
        """The rough cost in words, ``every year: 20.000 € to 30.000 €``."""
        kind = str(CostKind(self.cost_kind).label)
        amount = _amount_words(self.cost_from, self.cost_to)
        return f"{kind}: {amount}" if amount else kind

    @property
    def urgency_meaning(self) -> str | Promise:
        """What its urgency means; empty where none was chosen."""
        return URGENCY_MEANINGS.get(self.urgency, "")


def cost_errors(kind: str, low: Decimal | None, high: Decimal | None) -> dict[str, str | Promise]:
    """What is wrong with a rough cost, by field; at most one thing at a time.

    >>> list(cost_errors("once", None, None)), list(cost_errors("unknown", Decimal(1), None))
    (['cost_from'], ['cost_kind'])
    >>> list(cost_errors("once", Decimal(2), Decimal(1))), cost_errors("once", None, Decimal(1))
    (['cost_to'], {})
    """
    has_amount = low is not None or high is not None
    if kind in PAID_KINDS and not has_amount:
        return {"cost_from": _("Give at least one amount, rough as it may be.")}
    if kind not in PAID_KINDS and has_amount:
        return {"cost_kind": _("Say whether this amount is due once or every year.")}
    if low is not None and high is not None and low > high:
        return {"cost_to": _("The upper amount is below the lower one.")}
    return {}


def _amount_words(low: Decimal | None, high: Decimal | None) -> str:
    def money(value: Decimal) -> str:
        return money_de(value, 0 if value == value.to_integral_value() else 2)

    if low is None and high is None:
        return ""
    if low is None:
        assert high is not None
        return gettext("up to %(high)s") % {"high": money(high)}
    if high is None:
        return gettext("at least %(low)s") % {"low": money(low)}
    if low == high:
        return gettext("about %(amount)s") % {"amount": money(low)}
    return gettext("%(low)s to %(high)s") % {"low": money(low), "high": money(high)}


class RecommendationReturn(WrittenOnce):
    """Conference chair or steering group sent a version back, and why. Never changed."""

    version = models.ForeignKey(
        RecommendationVersion, on_delete=models.PROTECT, related_name="returns", verbose_name=_("Version")
    )
    reason = models.TextField(_("Reason"))
    returned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Returned by")
    )
    returned_at = models.DateTimeField(_("Returned"), auto_now_add=True)

    class Meta:
        verbose_name = _("Return of a recommendation")
        verbose_name_plural = _("Returns of a recommendation")
        ordering = ["-returned_at"]

    def __str__(self) -> str:
        return f"{self.version}"
