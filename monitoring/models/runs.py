"""Frozen runs of the index: method, inputs with a hash, and results."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.class_words import class_words
from monitoring.models.areas import Area
from monitoring.models.indicators import Direction, Indicator
from monitoring.models.values import Value
from project.common.formats import decimal_de
from stakeholders.models import Organisation

#: How runs were varied that do not say so themselves.
_OLD_VARIANTS, _OLD_SPREAD = 1_000, 0.25
#: So close to a class border, in the unit of the borders, a small correction may change the class.
_NEAR = 0.25


class Frozen(models.Model):
    """Rows that are written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to change what was frozen."""
        if not self._state.adding:
            raise TypeError("A frozen run is never changed; compute a new one.")
        super().save(*args, **kwargs)


class IndexMethod(models.Model):
    """A method of the index that planning saved under a name; once used by a run it never changes."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="index_methods", verbose_name=_("Territory")
    )
    name = models.CharField(_("Name"), max_length=120)
    # A change of a method that was used is a new version.
    version = models.PositiveSmallIntegerField(_("Version"), default=1)
    # What docs/index-methods.md tells, read by ``monitoring.methods.read_method``.
    content = models.JSONField(_("Rules"))
    note = models.TextField(_("What it is for, and why so"), blank=True)
    # The latest version, unless the method was put aside.
    is_offered = models.BooleanField(_("Offered for new runs"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Saved by")
    )
    created_at = models.DateTimeField(_("Saved"), auto_now_add=True)

    class Meta:
        verbose_name = _("Index method")
        verbose_name_plural = _("Index methods")
        ordering = ["name", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "name", "version"], name="index_method_version_once"
            ),
            models.UniqueConstraint(
                fields=["territory", "name"],
                condition=models.Q(is_offered=True),
                name="index_method_offered_once",
            ),
        ]

    def __str__(self) -> str:
        if self.version == 1:
            return self.name
        return _("%(name)s (version %(version)s)") % {"name": self.name, "version": self.version}

    @property
    def is_used(self) -> bool:
        """Whether a run was computed by it."""
        return self.runs.exists()


class IndexRun(Frozen):
    """One computation of the index over the areas of a territory."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="index_runs", verbose_name=_("Territory")
    )
    year = models.PositiveSmallIntegerField(_("Year of the figures"))
    # What reckoned: runs of "deviation_sum_v1" are older than the engine of three levels and have no content.
    method = models.CharField(_("Engine"), max_length=40, default="deviation_sum_v1")
    index_method = models.ForeignKey(
        IndexMethod,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("Index method"),
    )
    # All rules, as the method had them; also of runs by rules that nobody saved under a name.
    content = models.JSONField(_("Rules"), default=dict, blank=True)
    missing_policy = models.CharField(_("Missing values"), max_length=30)
    minimum_population = models.PositiveIntegerField(_("Least inhabitants"), null=True, blank=True)
    # An area stands out when its index, standardised over the areas, is above this (standard deviations).
    # None where no single border tells them: quantiles, or status and dynamics together.
    border = models.DecimalField(
        _("Border (standard deviations)"), max_digits=4, decimal_places=2, null=True, blank=True
    )
    # How the weights were varied; None in runs older than this.
    variants = models.PositiveIntegerField(_("Number of weightings"), null=True)
    spread = models.FloatField(_("Spread of the weights (share)"), null=True)
    seed = models.PositiveIntegerField(_("Start of the draw"), null=True)
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

    @property
    def weightings(self) -> tuple[int, float]:
        """How often the weights were varied, and by how much (share); older runs were all varied alike."""
        return (self.variants or _OLD_VARIANTS, _OLD_SPREAD if self.spread is None else self.spread)


class Part(models.TextChoices):
    """Which index of a method an indicator belongs to."""

    STATUS = "status", _("Status index")
    DYNAMICS = "dynamics", _("Dynamics")


class Filled(models.TextChoices):
    """What took the place of a missing figure."""

    LAST = "last", _("last earlier figure")
    NEIGHBOURS = "neighbours", _("mean of the neighbours")


class IndexRunIndicator(Frozen):
    """An indicator as it entered the run."""

    run = models.ForeignKey(IndexRun, on_delete=models.PROTECT, related_name="indicators")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(_("Direction"), max_length=10, choices=Direction.choices)
    weight = models.FloatField(_("Weight"), default=1.0)
    # Domain of the method, and whether it is part of the dynamics; empty where the method has none.
    domain_label = models.CharField(_("Domain in the method"), max_length=120, blank=True)
    part = models.CharField(_("Part"), max_length=10, choices=Part.choices, default=Part.STATUS)
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
    # Name of the class; of status and dynamics together where the method has both.
    class_label = models.CharField(_("Class"), max_length=80, blank=True)
    dynamics_total = models.FloatField(_("Dynamics (sum)"), null=True)
    dynamics_normalised = models.FloatField(_("Dynamics in standard deviations"), null=True)
    # Numbers of the domains on their scale, by the label of the domain.
    domains = models.JSONField(_("Domains of the index"), default=dict, blank=True)
    # How sure that is: what became of the area when the weights were varied (``monitoring.stability``). None
    # for areas left out, where there is nothing to weigh, and in runs older than this.
    own_class_share = models.FloatField(_("Share of weightings in which it keeps its class"), null=True)
    lowest_class = models.CharField(_("Lowest class in any weighting"), max_length=40, blank=True)
    highest_class = models.CharField(_("Highest class in any weighting"), max_length=40, blank=True)
    border_distance = models.FloatField(_("Distance to the nearest class border"), null=True)
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
    def class_words(self) -> str:
        """Name of the class in the language of the page."""
        return class_words(self.class_label)

    @property
    def class_range_words(self) -> tuple[str, str]:
        """Lowest and highest class in any weighting, in the language of the page."""
        return class_words(self.lowest_class), class_words(self.highest_class)

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

    @property
    def near_border(self) -> str:
        """That it lies near a class border, in words; empty where it does not, or that is not known."""
        if self.border_distance is None or self.border_distance > _NEAR:
            return ""
        distance = decimal_de(self.border_distance, 2)
        return str(_("near a class border (%(distance)s away)") % {"distance": distance})


class IndexScore(Frozen):
    """One cell of the run: the value an area had, and its deviation (positive = more need)."""

    run = models.ForeignKey(IndexRun, on_delete=models.PROTECT, related_name="scores")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="+")
    indicator = models.ForeignKey(Indicator, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Value, on_delete=models.PROTECT, null=True, related_name="scores")
    value = models.FloatField(_("Value"), null=True)
    sign = models.CharField(_("Sign"), max_length=3, blank=True)
    z = models.FloatField(_("Deviation in standard deviations"), null=True)
    # On the scale of the method, turned to need; None in runs older than this, where it is z.
    scaled = models.FloatField(_("Number on the scale of the method"), null=True)
    filled = models.CharField(
        _("Taken in place of a missing figure"), max_length=10, choices=Filled.choices, blank=True
    )
    # Part of the indicator in the index of the area, and whether its class stays without the indicator.
    driver = models.FloatField(_("Part in the index"), null=True)
    keeps_class = models.BooleanField(_("Class stays without the indicator"), null=True)

    class Meta:
        verbose_name = _("Figure of a run")
        verbose_name_plural = _("Figures of a run")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run", "area", "indicator"], name="run_cell_once"),
        ]

    def __str__(self) -> str:
        return f"{self.area.name} {self.indicator.key}"
