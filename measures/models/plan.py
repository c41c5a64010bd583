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


class GoalKind(models.TextChoices):
    """Level of a goal: each lies below one of the level before."""

    GUIDING = "guiding", _("Guiding principle")
    STRATEGIC = "strategic", _("Strategic goal")
    PARTIAL = "partial", _("Partial goal")


class Goal(models.Model):
    """What the plan wants to reach, from guiding principle to partial goal; measures serve partial goals."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="goals", verbose_name=_("Action plan")
    )
    kind = models.CharField(_("Kind of goal"), max_length=10, choices=GoalKind.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Goal above"),
    )
    # Stays when others go, as the numbers of measures do.
    number = models.PositiveSmallIntegerField(_("Number"))
    title = models.CharField(_("Title"), max_length=300)
    description = models.TextField(_("Description"), blank=True)

    class Meta:
        verbose_name = _("Goal")
        verbose_name_plural = _("Goals")
        ordering = ["plan", "kind", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "kind", "number"], name="goal_number_once_per_plan"),
            models.CheckConstraint(
                condition=Q(kind="guiding", parent__isnull=True)
                | (~Q(kind="guiding") & Q(parent__isnull=False)),
                name="goal_below_guiding_has_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Stage(models.IntegerChoices):
    """Planning stage."""

    ONE = 1, _("Stage 1")
    TWO = 2, _("Stage 2")


class MeasureStatus(models.TextChoices):
    """Where a measure stands; moved by the measure's flow only."""

    PROPOSED = "proposed", _("proposed")
    AGREED = "agreed", _("agreed")
    PREPARING = "preparing", pgettext_lazy("status of a measure", "in preparation")
    RUNNING = "running", _("running")
    SUSPENDED = "suspended", _("suspended")
    COMPLETED = "completed", _("completed")
    ENDED_EARLY = "ended_early", _("ended early")
    MERGED = "merged", _("merged into another")


class Measure(models.Model):
    """One measure: what is done, for whom, by whom, until when."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="measures", verbose_name=_("Action plan")
    )
    field = models.ForeignKey(
        FieldOfAction, on_delete=models.PROTECT, related_name="measures", verbose_name=_("Field of action")
    )
    # A sub-measure: one level only, with the field of the measure above.
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submeasures",
        verbose_name=_("Part of the measure"),
    )
    # Position within the field, shown as "4.2", or within the measure above, "4.2.1"; stays when others go.
    position = models.PositiveSmallIntegerField(_("Number within the field"))
    title = models.CharField(_("Title"), max_length=200)
    short_description = models.CharField(_("In one sentence"), max_length=300, blank=True)
    description = models.TextField(_("What is done"), blank=True)
    # What it does, for whom, and why that should change the figure.
    effect_hypothesis = models.TextField(_("Hypothesis of effect"), blank=True)
    goals = models.ManyToManyField(Goal, related_name="measures", blank=True, verbose_name=_("Goals"))
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
    # A function, never a person's name: plans outlive their people.
    contact_function = models.CharField(_("Contact (function)"), max_length=120, blank=True)
    contact_email = models.EmailField(_("E-mail of the contact"), blank=True)
    contact_phone = models.CharField(_("Telephone of the contact"), max_length=40, blank=True)
    needs_agreement = models.BooleanField(_("Needs a target agreement"), default=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged_from",
        verbose_name=_("Merged into"),
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
            models.UniqueConstraint(
                fields=["field", "position"],
                condition=Q(parent__isnull=True),
                name="measure_number_once_per_field",
            ),
            models.UniqueConstraint(
                fields=["parent", "position"],
                condition=Q(parent__isnull=False),
                name="submeasure_number_once_per_measure",
            ),
            models.CheckConstraint(condition=~Q(parent=F("pk")), name="measure_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | (~Q(status="merged") & Q(merged_into__isnull=True)),
                name="measure_merged_names_the_other",
            ),
        ]
        permissions = [("edit_measure", "Edit the measure")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def number(self) -> str:
        """Number within the plan, ``4.2``; of a sub-measure ``4.2.1``. Queries: 1 each if not joined."""
        if self.parent is not None:
            return f"{self.parent.number}.{self.position}"
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
