"""The integrated action plan: fields of action and measures in stages."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Area
from stakeholders.models import Organisation


class ActionPlan(models.Model):
    """The measures a territory agreed on, with a last day for all of them."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="action_plans", verbose_name=_("Territory")
    )
    title = models.CharField(_("Title"), max_length=200)
    ends_on = models.DateField(_("Runs until"))
    # Second planning stage: opened only by a decision of the steering group (set by its flow).
    stage_two_opened_on = models.DateField(_("Stage 2 open since"), null=True, blank=True)

    class Meta:
        verbose_name = _("Action plan")
        verbose_name_plural = _("Action plans")
        ordering = ["territory__name", "title"]
        constraints = [
            models.UniqueConstraint(fields=["territory", "title"], name="plan_title_once_per_territory")
        ]

    def __str__(self) -> str:
        return self.title


class FieldOfAction(models.Model):
    """A field of action (Handlungsfeld) of a plan."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="fields", verbose_name=_("Action plan")
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    title = models.CharField(_("Title"), max_length=200)

    class Meta:
        verbose_name = _("Field of action")
        verbose_name_plural = _("Fields of action")
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="field_number_once_per_plan")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Stage(models.IntegerChoices):
    """Planning stage."""

    ONE = 1, _("Stage 1")
    TWO = 2, _("Stage 2")


class MeasureStatus(models.TextChoices):
    """Where a measure stands; moved by the measure's flow only."""

    PROPOSED = "proposed", _("proposed")
    AGREED = "agreed", _("agreed")
    RUNNING = "running", _("running")
    COMPLETED = "completed", _("completed")
    ENDED_EARLY = "ended_early", _("ended early")


class Measure(models.Model):
    """One measure: what is done, for whom, by whom, until when."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="measures", verbose_name=_("Action plan")
    )
    field = models.ForeignKey(
        FieldOfAction, on_delete=models.PROTECT, related_name="measures", verbose_name=_("Field of action")
    )
    # Position within the field, shown as "4.2"; stays when others go.
    position = models.PositiveSmallIntegerField(_("Number within the field"))
    title = models.CharField(_("Title"), max_length=200)
    description = models.TextField(_("What is done"), blank=True)
    target_group = models.CharField(_("Target group"), max_length=200, blank=True)
    stage = models.PositiveSmallIntegerField(
        pgettext_lazy("of a plan", "Planning stage"), choices=Stage.choices, default=Stage.ONE
    )
    starts_on = models.DateField(_("Planned start"))
    ends_on = models.DateField(_("Planned end"))
    started_on = models.DateField(_("Actual start"), null=True, blank=True)
    ended_on = models.DateField(_("Actual end"), null=True, blank=True)
    status = models.CharField(
        _("Status"), max_length=15, choices=MeasureStatus.choices, default=MeasureStatus.PROPOSED
    )
    responsible = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="responsible_measures",
        verbose_name=_("Responsible organisation"),
    )
    areas = models.ManyToManyField(Area, related_name="measures", blank=True, verbose_name=_("Areas"))
    is_example = models.BooleanField(_("Example"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("Measure")
        verbose_name_plural = _("Measures")
        ordering = ["plan", "field__number", "position"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="measure_ends_after_start"),
            models.UniqueConstraint(fields=["field", "position"], name="measure_number_once_per_field"),
        ]
        permissions = [("edit_measure", "Edit the measure")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """Number within the plan, ``4.2``."""
        return f"{self.field.number}.{self.position}"


class MeasurePartner(models.Model):
    """An organisation that takes part in a measure, and how; confirms the target agreement."""

    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="partners", verbose_name=_("Measure")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="partnerships", verbose_name=_("Organisation")
    )
    role = models.CharField(_("Contribution"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Partner of a measure")
        verbose_name_plural = _("Partners of a measure")
        ordering = ["organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "organisation"], name="measure_partner_once")
        ]

    def __str__(self) -> str:
        return self.organisation.name
