"""Recommendations (Handlungsempfehlungen) with their versions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Indicator
from stakeholders.models import Organisation
from workflows.models.analysis import Statement
from workflows.models.cycles import PlanningCycle
from workflows.models.written_once import WrittenOnce


class RecommendationKind(models.TextChoices):
    """What a decision on it sets in motion."""

    MEASURES = "measures", _("Recommendation for action")
    STAGE_TWO = "stage_two", _("Opening of planning stage 2")


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


#: States in which nobody waits for a recommendation any more.
FINAL_STATES = (
    RecommendationState.APPROVED,
    RecommendationState.APPROVED_WITH_CONDITIONS,
    RecommendationState.REJECTED,
    RecommendationState.WITHDRAWN,
)
#: Still with its author or the conference: it can be withdrawn.
WITHDRAWABLE_STATES = (
    RecommendationState.DRAFT,
    RecommendationState.PROPOSED,
    RecommendationState.RETURNED,
)
#: Measures may be shaped from these.
APPROVED_STATES = (RecommendationState.APPROVED, RecommendationState.APPROVED_WITH_CONDITIONS)


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
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | ~Q(withdraw_reason=""),
                name="recommendation_withdrawn_has_reason",
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
    aim = models.TextField(_("Aim"), help_text=_("What shall be different afterwards, and for whom?"))
    proposal = models.TextField(_("Proposal"), help_text=_("What shall the steering group decide?"))
    cost = models.TextField(_("Cost and consequences"), blank=True)
    addressee = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Addressee")
    )
    field = models.ForeignKey(
        FieldOfAction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="recommendation_versions",
        verbose_name=_("Field of action"),
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
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.number})"


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
