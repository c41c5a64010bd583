"""Key figures (Kennzahlen): baseline and targets."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.plan import Measure
from monitoring.models import Area, Indicator, Unit
from stakeholders.models import Organisation


class FigureLevel(models.TextChoices):
    """What a key figure answers."""

    OUTPUT = "output", _("Output (did we do it?)")
    OUTCOME = "outcome", _("Outcome (did it change?)")


class FigureDirection(models.TextChoices):
    """Which way is good."""

    RISING = "rising", _("should rise")
    FALLING = "falling", _("should fall")


class FigureKind(models.TextChoices):
    """Counted, or judged on a scale of words."""

    QUANTITY = "quantity", _("Number")
    QUALITY = "quality", _("Judgement in steps")


class QualityStep(models.IntegerChoices):
    """Steps of a judgement: how far what the target says is reached."""

    NOT = 0, _("not reached")
    BEGUN = 1, _("begun")
    PARTLY = 2, _("partly reached")
    MOSTLY = 3, _("mostly reached")
    FULLY = 4, _("reached")


class FigureCycle(models.TextChoices):
    """How often a figure is asked for."""

    EVERY_ROUND = "every_round", _("in every round")
    HALF_YEARLY = "half_yearly", _("every half year")
    YEARLY = "yearly", _("every year")
    ONCE = "once", _("once, at the end")


class KeyFigure(models.Model):
    """A quantity by which a measure is followed."""

    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="key_figures", verbose_name=_("Measure")
    )
    title = models.CharField(_("Title"), max_length=200)
    level = models.CharField(
        _("Level"), max_length=10, choices=FigureLevel.choices, default=FigureLevel.OUTPUT
    )
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", verbose_name=_("Unit"))
    direction = models.CharField(
        _("Direction"), max_length=10, choices=FigureDirection.choices, default=FigureDirection.RISING
    )
    baseline = models.DecimalField(_("Baseline"), max_digits=14, decimal_places=2)
    baseline_on = models.DateField(_("Day of the baseline"))
    definition = models.TextField(_("Definition"), blank=True)
    source = models.CharField(_("Source"), max_length=300, blank=True)
    kind = models.CharField(
        _("Kind of figure"), max_length=10, choices=FigureKind.choices, default=FigureKind.QUANTITY
    )
    cycle = models.CharField(
        _("Reported"), max_length=12, choices=FigureCycle.choices, default=FigureCycle.EVERY_ROUND
    )
    # Empty: the responsible organisation of the measure reports.
    reporter = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Reported by"),
    )
    # Shares of the way that may be lacking, in percent: the traffic light's borders.
    on_path_percent = models.PositiveSmallIntegerField(_("Green up to (% behind)"), default=10)
    at_risk_percent = models.PositiveSmallIntegerField(_("Yellow up to (% behind)"), default=25)
    # An outcome that follows an indicator of an area by itself: nobody reports it.
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="key_figures",
        verbose_name=_("Follows the indicator"),
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("In the area")
    )

    class Meta:
        verbose_name = _("Key figure")
        verbose_name_plural = _("Key figures")
        ordering = ["measure", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "title"], name="key_figure_title_once_per_measure"),
            models.CheckConstraint(
                condition=Q(indicator__isnull=True, area__isnull=True)
                | Q(indicator__isnull=False, area__isnull=False, level="outcome"),
                name="key_figure_follows_indicator_of_area",
            ),
            models.CheckConstraint(
                condition=Q(at_risk_percent__gt=F("on_path_percent"), at_risk_percent__lte=100),
                name="key_figure_borders_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class KeyFigureTarget(models.Model):
    """What shall be reached by a day."""

    key_figure = models.ForeignKey(
        KeyFigure, on_delete=models.CASCADE, related_name="targets", verbose_name=_("Key figure")
    )
    due_on = models.DateField(_("By"))
    value = models.DecimalField(_("Target"), max_digits=14, decimal_places=2)
    # What a judgement in steps is about on that day.
    wording = models.CharField(_("What shall be reached"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("Target")
        verbose_name_plural = _("Targets")
        ordering = ["key_figure", "due_on"]
        constraints = [models.UniqueConstraint(fields=["key_figure", "due_on"], name="target_once_per_day")]

    def __str__(self) -> str:
        return f"{self.key_figure}: {self.value}"
