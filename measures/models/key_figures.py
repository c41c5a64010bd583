"""Key figures (Kennzahlen): baseline and targets."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from measures.models.plan import Measure
from monitoring.models import Unit


class FigureLevel(models.TextChoices):
    """What a key figure answers."""

    OUTPUT = "output", _("Output (did we do it?)")
    OUTCOME = "outcome", _("Outcome (did it change?)")


class FigureDirection(models.TextChoices):
    """Which way is good."""

    RISING = "rising", _("should rise")
    FALLING = "falling", _("should fall")


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
    definition = models.TextField(_("Definition and source"), blank=True)

    class Meta:
        verbose_name = _("Key figure")
        verbose_name_plural = _("Key figures")
        ordering = ["measure", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "title"], name="key_figure_title_once_per_measure")
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

    class Meta:
        verbose_name = _("Target")
        verbose_name_plural = _("Targets")
        ordering = ["key_figure", "due_on"]
        constraints = [models.UniqueConstraint(fields=["key_figure", "due_on"], name="target_once_per_day")]

    def __str__(self) -> str:
        return f"{self.key_figure}: {self.value}"
