"""Where measures and key figures stood when somebody last looked, so that lists need not reckon all.

What is kept is never more than a copy: ``selectors.standings`` says when it holds and reckons it anew.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from measures.models.key_figures import KeyFigure
from measures.models.plan import Measure


class MeasureStanding(models.Model):
    """State of a measure on a day, and what it rested on."""

    measure = models.OneToOneField(
        Measure, on_delete=models.CASCADE, related_name="standing", verbose_name=_("Measure")
    )
    # Values of ``status.PortfolioState``: what counts, and what figures, milestones and dates make of it.
    state = models.CharField(_("State"), max_length=15, blank=True)
    computed = models.CharField(_("Computed state"), max_length=15, blank=True)
    # States follow from the day as well: of another day it is reckoned anew.
    reckoned_on = models.DateField(_("As of"), null=True)
    # Dates, status and stage of the measure as they were; a difference makes it outdated.
    basis = models.CharField(_("Rests on"), max_length=120, blank=True)
    is_outdated = models.BooleanField(_("Outdated"), default=True)
    # Counts up with every change of figures or milestones: who reckoned before it does not write after it.
    changes = models.PositiveIntegerField(_("Number of changes"), default=0)

    class Meta:
        verbose_name = _("Standing of a measure")
        verbose_name_plural = _("Standings of measures")
        ordering = ["measure"]
        indexes = [models.Index(fields=["state"], name="standing_state")]

    def __str__(self) -> str:
        return f"{self.measure_id}: {self.state}"


class FigureStanding(models.Model):
    """Traffic light of a key figure, reckoned together with the standing of its measure."""

    key_figure = models.OneToOneField(
        KeyFigure, on_delete=models.CASCADE, related_name="standing", verbose_name=_("Key figure")
    )
    # A value of ``status.Light``.
    light = models.CharField(_("Traffic light"), max_length=10)

    class Meta:
        verbose_name = _("Standing of a key figure")
        verbose_name_plural = _("Standings of key figures")
        ordering = ["key_figure"]
        indexes = [models.Index(fields=["light"], name="figure_standing_light")]

    def __str__(self) -> str:
        return f"{self.key_figure_id}: {self.light}"
