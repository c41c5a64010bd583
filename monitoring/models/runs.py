"""Frozen runs of the index: method, inputs with a hash, and results."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.areas import Area
from monitoring.models.indicators import Direction, Indicator
from monitoring.models.values import Value
from stakeholders.models import Organisation


class Frozen(models.Model):
    """Rows that are written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was frozen."""
        if not self._state.adding:
            raise TypeError("A frozen run is never changed; compute a new one.")
        super().save(*args, **kwargs)


class IndexRun(Frozen):
    """One computation of the index over the areas of a territory."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="index_runs", verbose_name=_("Territory")
    )
    year = models.PositiveSmallIntegerField(_("Year of the figures"))
    # Name of the method in monitoring.index; a new method gets a new name.
    method = models.CharField(_("Method"), max_length=40, default="deviation_sum_v1")
    missing_policy = models.CharField(_("Missing values"), max_length=30)
    minimum_population = models.PositiveIntegerField(_("Least inhabitants"), null=True, blank=True)
    # An area stands out when its index, standardised over the areas, is above this (standard deviations).
    border = models.DecimalField(_("Border (standard deviations)"), max_digits=4, decimal_places=2)
    inputs_sha256 = models.CharField(_("Hash of the inputs (SHA-256)"), max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Computed by")
    )
    created_at = models.DateTimeField(_("Computed"), auto_now_add=True)

    class Meta:
        verbose_name = _("Index run")
        verbose_name_plural = _("Index runs")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.territory.label} {self.year}"


class IndexRunIndicator(Frozen):
    """An indicator as it entered the run."""

    run = models.ForeignKey(IndexRun, on_delete=models.PROTECT, related_name="indicators")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(_("Direction"), max_length=10, choices=Direction.choices)
    weight = models.FloatField(_("Weight"), default=1.0)
    mean = models.FloatField(_("Mean of the areas"), null=True)
    sd = models.FloatField(_("Standard deviation (population)"), null=True)

    class Meta:
        verbose_name = _("Indicator of a run")
        verbose_name_plural = _("Indicators of a run")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "indicator"], name="run_indicator_once"),
        ]

    def __str__(self) -> str:
        return self.indicator.name


class IndexResult(Frozen):
    """What the run says of an area."""

    run = models.ForeignKey(IndexRun, on_delete=models.PROTECT, related_name="results")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="index_results")
    is_included = models.BooleanField(_("Part of the index"))
    # Why an area stayed out: missing, population, invalid.
    reason = models.CharField(_("Reason"), max_length=20, blank=True)
    total = models.FloatField(_("Index (sum of deviations)"), null=True)
    normalised = models.FloatField(_("Index in standard deviations"), null=True)
    rank = models.PositiveIntegerField(_("Rank (1 = most need)"), null=True)
    stands_out = models.BooleanField(_("Stands out"), default=False)
    # How sure that is: what became of the area when the weights were varied (``monitoring.stability``). None
    # for areas left out, and in runs older than this.
    outstanding_share = models.FloatField(_("Share of weightings in which it stands out"), null=True)
    best_rank = models.PositiveIntegerField(_("Best rank in any weighting"), null=True)
    worst_rank = models.PositiveIntegerField(_("Worst rank in any weighting"), null=True)

    class Meta:
        verbose_name = _("Result of a run")
        verbose_name_plural = _("Results of a run")
        ordering = ["rank", "pk"]
        constraints = [models.UniqueConstraint(fields=["run", "area"], name="run_area_once")]

    def __str__(self) -> str:
        return f"{self.area.name}: {self.total}"

    @property
    def how_sure(self) -> str:
        """In how many weightings it stands out, and its ranks in them; empty where that is not known."""
        share = self.outstanding_share
        if share is None:
            return ""
        if share in {0, 1}:
            says = str(_("stands out under every weighting") if share else _("stands out under no weighting"))
        else:
            # Never rounded to all or none.
            percent = min(max(round(share * 100), 1), 99)
            says = str(_("stands out under %(percent)s %% of the weightings")) % {"percent": percent}
        ranks = {"best": self.best_rank, "worst": self.worst_rank}
        range_ = _("rank %(best)s") if self.best_rank == self.worst_rank else _("rank %(best)s to %(worst)s")
        return f"{says} · {range_ % ranks}"


class IndexScore(Frozen):
    """One cell of the run: the value an area had, and its deviation (positive = more need)."""

    run = models.ForeignKey(IndexRun, on_delete=models.PROTECT, related_name="scores")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Value, on_delete=models.PROTECT, null=True, related_name="scores")
    value = models.FloatField(_("Value"), null=True)
    sign = models.CharField(_("Sign"), max_length=3, blank=True)
    z = models.FloatField(_("Deviation in standard deviations"), null=True)

    class Meta:
        verbose_name = _("Figure of a run")
        verbose_name_plural = _("Figures of a run")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "area", "indicator"], name="run_cell_once"),
        ]

    def __str__(self) -> str:
        return f"{self.area.name} {self.indicator.key}"
