"""The catalogue: what is measured, in which unit, and which way means more need."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _


def _in_page_language(german: str, english: str) -> str:
    return english if (get_language() or "de").startswith("en") else german


class Unit(models.Model):
    """Unit of a quantity, with the decimals it is shown with."""

    key = models.SlugField(_("Key"), unique=True, max_length=30)
    symbol_de = models.CharField(_("Symbol (German)"), max_length=30)
    symbol_en = models.CharField(_("Symbol (English)"), max_length=30)
    decimals = models.PositiveSmallIntegerField(_("Decimals"), default=1)
    # Counts of people fall under statistical secrecy, percentages have a natural upper bound.
    is_count = models.BooleanField(_("Count of people or cases"), default=False)
    is_percent = models.BooleanField(_("Percentage"), default=False)
    # Of rates of people or cases, to how many of them they are related: 1,000 for "per 1,000 inhabitants".
    per = models.PositiveIntegerField(_("Related to so many"), null=True, blank=True)

    class Meta:
        verbose_name = _("Unit")
        verbose_name_plural = _("Units")
        ordering = ["key"]

    def __str__(self) -> str:
        return self.symbol

    @property
    def symbol(self) -> str:
        """Symbol in the language of the page."""
        return _in_page_language(self.symbol_de, self.symbol_en)

    @property
    def counts_people(self) -> bool:
        """Whether zero says that there is nobody: of counts and rates, not of changes."""
        return self.is_count or self.rate_per is not None

    @property
    def rate_per(self) -> int | None:
        """To how many people or cases a rate is related; None for what is no rate of people."""
        if self.is_count:
            return None
        return self.per or (100 if self.is_percent else None)


class Domain(models.Model):
    """Group of indicators that belong together."""

    key = models.SlugField(_("Key"), unique=True, max_length=40)
    name_de = models.CharField(_("Name (German)"), max_length=120)
    name_en = models.CharField(_("Name (English)"), max_length=120)
    position = models.PositiveSmallIntegerField(_("Position"), default=0)

    class Meta:
        verbose_name = pgettext_lazy("of indicators", "Domain")
        verbose_name_plural = pgettext_lazy("of indicators", "Domains")
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the language of the page."""
        return _in_page_language(self.name_de, self.name_en)


class Direction(models.TextChoices):
    """What a higher value means."""

    MORE_NEED = "more_need", _("higher means more need")
    LESS_NEED = "less_need", _("higher means less need")


class Frequency(models.TextChoices):
    """How often new figures come."""

    MONTHLY = "monthly", _("monthly")
    QUARTERLY = "quarterly", _("every quarter")
    HALF_YEARLY = "half_yearly", _("every half-year")
    YEARLY = "yearly", _("yearly")
    TWO_YEARS = "two_years", _("every two years")
    THREE_YEARS = "three_years", _("every three years")
    FOUR_YEARS = "four_years", _("every four years")
    FIVE_YEARS = "five_years", _("every five years")
    IRREGULAR = "irregular", _("irregularly")
    ONCE = "once", pgettext_lazy("how often", "once")


class Indicator(models.Model):
    """A measured quantity, defined once for all territories of the installation."""

    key = models.SlugField(_("Key"), unique=True, max_length=60)
    name_de = models.CharField(_("Name (German)"), max_length=200)
    name_en = models.CharField(_("Name (English)"), max_length=200)
    domain = models.ForeignKey(
        Domain,
        on_delete=models.PROTECT,
        related_name="indicators",
        verbose_name=pgettext_lazy("of indicators", "Domain"),
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, related_name="indicators", verbose_name=_("Unit")
    )
    direction = models.CharField(_("Direction"), max_length=10, choices=Direction.choices)
    # What a rate is related to, where that is known: how many people stand behind it depends on it.
    denominator = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name=_("Related to"),
    )
    # What secrecy has to know: figures that tell each other are protected together (selectors/relations.py).
    numerator_count = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="same_people",
        verbose_name=_("Count of the same people"),
    )
    part_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="parts",
        verbose_name=_("Part of"),
    )
    secrecy_threshold = models.PositiveSmallIntegerField(
        _("Least count that is shown"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Dominance: where one contributor makes up more than so many percent of an amount, it stays secret.
    largest_contribution = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="dominated",
        verbose_name=_("Largest single contribution"),
    )
    dominance_percent = models.PositiveSmallIntegerField(
        _("Secret above this share of one contributor (percent)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    source = models.CharField(_("Source"), max_length=300)
    definition = models.TextField(_("Definition"))
    # The method sheet: what is counted and what it is related to, in words (``denominator`` is the figure).
    numerator = models.CharField(_("Numerator"), max_length=300, blank=True)
    base = models.CharField(_("Base"), max_length=300, blank=True)
    formula = models.CharField(_("Formula"), max_length=300, blank=True)
    # In words: the catalogue is shared by territories whose offices differ.
    supplier = models.CharField(_("Supplied by"), max_length=200, blank=True)
    frequency = models.CharField(_("How often"), max_length=20, choices=Frequency.choices, blank=True)
    # Years for which the source has comparable figures; no last one while it goes on.
    first_year = models.PositiveSmallIntegerField(_("Figures from (year)"), null=True, blank=True)
    last_year = models.PositiveSmallIntegerField(_("Figures until (year)"), null=True, blank=True)
    minimum_base = models.PositiveIntegerField(_("Minimum base"), null=True, blank=True)
    interpretation = models.TextField(_("Interpretation"), blank=True)
    limits = models.TextField(_("Limits"), blank=True)
    is_example = models.BooleanField(_("Example values"), default=False)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Indicator")
        verbose_name_plural = _("Indicators")
        ordering = ["domain__position", "key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_year__isnull=True)
                | Q(last_year__isnull=True)
                | Q(last_year__gte=F("first_year")),
                name="indicator_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the language of the page."""
        return _in_page_language(self.name_de, self.name_en)

    @property
    def least_count(self) -> int:
        """The least count of people its source lets us show; the installation's unless it sets its own."""
        threshold: int = self.secrecy_threshold or settings.SECRECY_THRESHOLD
        return threshold

    def clean(self) -> None:
        """What it is related to for secrecy must fit, or nothing could be protected by it."""
        count, whole, largest = self.numerator_count, self.part_of, self.largest_contribution
        if count is not None and (self.unit.is_count or not count.unit.is_count):
            raise ValidationError({"numerator_count": _("A rate belongs to a count of the same people.")})
        if whole is not None and not (self.unit.is_count and whole.unit.is_count):
            raise ValidationError({"part_of": _("Only a count can be part of a count.")})
        if whole is not None and (whole.pk == self.pk or whole.part_of_id is not None):
            raise ValidationError({"part_of": _("The whole cannot be a part itself.")})
        if whole is not None and self.pk is not None and self.parts.exists():
            raise ValidationError({"part_of": _("This indicator has parts, so it cannot be a part itself.")})
        if (largest is None) != (self.dominance_percent is None):
            raise ValidationError(
                {"dominance_percent": _("The share of one contributor takes both: the figure and the limit.")}
            )
        if largest is not None and (largest.pk == self.pk or largest.unit_id != self.unit_id):
            raise ValidationError(
                {"largest_contribution": _("The largest contribution is another figure in the same unit.")}
            )


class IndicatorSet(models.Model):
    """Indicators that belong to one method, such as those of a district's index."""

    key = models.SlugField(_("Key"), unique=True, max_length=60)
    name_de = models.CharField(_("Name (German)"), max_length=200)
    name_en = models.CharField(_("Name (English)"), max_length=200)
    description = models.TextField(_("Description"), blank=True)
    source = models.CharField(_("Source"), max_length=300, blank=True)
    indicators: models.ManyToManyField[Indicator, IndicatorSetEntry] = models.ManyToManyField(
        Indicator, through="IndicatorSetEntry", related_name="sets", verbose_name=_("Indicators")
    )

    class Meta:
        verbose_name = _("Set of indicators")
        verbose_name_plural = _("Sets of indicators")
        ordering = ["name_de", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the language of the page."""
        return _in_page_language(self.name_de, self.name_en)


class IndicatorSetEntry(models.Model):
    """An indicator at its place in a set."""

    indicator_set = models.ForeignKey(
        IndicatorSet, on_delete=models.CASCADE, related_name="entries", verbose_name=_("Set of indicators")
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="set_entries", verbose_name=_("Indicator")
    )
    position = models.PositiveSmallIntegerField(_("Position"))

    class Meta:
        verbose_name = _("Indicator of a set")
        verbose_name_plural = _("Indicators of a set")
        ordering = ["indicator_set", "position"]
        constraints = [
            models.UniqueConstraint(fields=["indicator_set", "indicator"], name="indicator_once_per_set"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_set} {self.position}: {self.indicator}"
