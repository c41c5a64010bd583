"""The planning cycle with its seven stages and their dates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, Measure
from monitoring.models import IndexRun
from stakeholders.models import Body, Organisation
from stakeholders.written_once import WrittenOnce


class StageKind(models.IntegerChoices):
    """The seven stages of a cycle, in order."""

    DATA = 1, _("Data")
    ANALYSIS = 2, _("Analysis")
    CONFERENCE = 3, _("Planning conference")
    STEERING_GROUP = 4, _("Steering group")
    SOCIAL_SPACE = 5, _("Social-space conference")
    IMPLEMENTATION = 6, _("Implementation")
    EVALUATION = 7, _("Evaluation")


class CycleTemplate(models.Model):
    """How long each stage usually takes; a starting point for the dates of a new cycle."""

    name = models.CharField(_("Name"), max_length=120, unique=True)
    description = models.TextField(_("Description"), blank=True)

    class Meta:
        verbose_name = _("Cycle template")
        verbose_name_plural = _("Cycle templates")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class CycleTemplateStage(models.Model):
    """Usual length of a stage in days."""

    template = models.ForeignKey(
        CycleTemplate, on_delete=models.CASCADE, related_name="stages", verbose_name=_("Cycle template")
    )
    kind = models.PositiveSmallIntegerField(_("Stage"), choices=StageKind.choices)
    duration_days = models.PositiveSmallIntegerField(_("Length (days)"))

    class Meta:
        verbose_name = _("Stage of a template")
        verbose_name_plural = _("Stages of a template")
        ordering = ["template", "kind"]
        constraints = [models.UniqueConstraint(fields=["template", "kind"], name="template_stage_once")]

    def __str__(self) -> str:
        return self.get_kind_display()


class PlanningCycle(models.Model):
    """One round from data to evaluation for a territory."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="cycles", verbose_name=_("Territory")
    )
    title = models.CharField(_("Title"), max_length=200)
    starts_year = models.PositiveSmallIntegerField(_("First year"))
    ends_year = models.PositiveSmallIntegerField(_("Last year"))
    # Years the suppliers are asked for.
    data_from_year = models.PositiveSmallIntegerField(_("Figures from"))
    data_to_year = models.PositiveSmallIntegerField(_("Figures to"))
    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="cycles", verbose_name=_("Action plan")
    )
    planning_conference = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="+", verbose_name=_("Planning conference")
    )
    steering_group = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="+", verbose_name=_("Steering group")
    )
    social_space_conference = models.ForeignKey(
        Body,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Social-space conference"),
    )
    planning_unit = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Social planning unit")
    )
    predecessor = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
        verbose_name=_("Follows on"),
    )
    # Moved by the cycle's flow only.
    stage = models.PositiveSmallIntegerField(_("Stage"), choices=StageKind.choices, default=StageKind.DATA)
    index_run = models.ForeignKey(
        IndexRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cycles",
        verbose_name=_("Index run"),
    )
    is_example = models.BooleanField(_("Example"), default=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Opened by")
    )
    opened_at = models.DateTimeField(_("Opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    # Only of a cycle that was given up instead of walked to its end.
    abandon_reason = models.TextField(_("Reason for giving it up"), blank=True, default="")

    class Meta:
        verbose_name = _("Planning cycle")
        verbose_name_plural = _("Planning cycles")
        ordering = ["territory__name", "-starts_year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_year__gte=F("starts_year")), name="cycle_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(data_to_year__gte=F("data_from_year")), name="cycle_years_in_order"
            ),
            models.UniqueConstraint(
                fields=["territory"],
                condition=Q(closed_at__isnull=True),
                name="cycle_one_open_per_territory",
            ),
        ]
        permissions = [("view_drafts", "See what is not yet released in the cycle")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_closed(self) -> bool:
        """Whether the cycle has ended."""
        return self.closed_at is not None


class CycleStage(models.Model):
    """Dates of a stage."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.CASCADE, related_name="stages", verbose_name=_("Planning cycle")
    )
    kind = models.PositiveSmallIntegerField(_("Stage"), choices=StageKind.choices)
    starts_on = models.DateField(_("From"))
    due_on = models.DateField(_("Until"))

    class Meta:
        verbose_name = _("Stage of a cycle")
        verbose_name_plural = _("Stages of a cycle")
        ordering = ["cycle", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "kind"], name="cycle_stage_once"),
            models.CheckConstraint(condition=Q(due_on__gte=F("starts_on")), name="cycle_stage_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}"


class ScheduleChange(WrittenOnce):
    """A date was moved, and why. Never changed."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="schedule_changes",
        verbose_name=_("Planning cycle"),
    )
    kind = models.PositiveSmallIntegerField(_("Stage"), choices=StageKind.choices)
    old_starts_on = models.DateField(_("From (before)"))
    old_due_on = models.DateField(_("Until (before)"))
    new_starts_on = models.DateField(_("From (now)"))
    new_due_on = models.DateField(_("Until (now)"))
    reason = models.TextField(_("Reason"))
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Changed by")
    )
    changed_at = models.DateTimeField(_("Changed"), auto_now_add=True)

    class Meta:
        verbose_name = _("Change of dates")
        verbose_name_plural = _("Changes of dates")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.new_due_on}"


class CarriedItem(models.Model):
    """Something left open in the preceding cycle that this one goes on with."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="carried_items",
        verbose_name=_("Planning cycle"),
    )
    measure = models.ForeignKey(
        Measure,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="carried_into",
        verbose_name=_("Measure"),
    )
    recommendation = models.ForeignKey(
        "workflows.Recommendation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="carried_into",
        verbose_name=_("Recommendation"),
    )
    note = models.CharField(_("Note"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("Carried-over item")
        verbose_name_plural = _("Carried-over items")
        ordering = ["cycle", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(measure__isnull=False, recommendation__isnull=True)
                | Q(measure__isnull=True, recommendation__isnull=False),
                name="carried_item_is_one_thing",
            ),
            models.UniqueConstraint(fields=["cycle", "measure"], name="carried_measure_once"),
            models.UniqueConstraint(fields=["cycle", "recommendation"], name="carried_recommendation_once"),
        ]

    def __str__(self) -> str:
        return str(self.measure or self.recommendation)
