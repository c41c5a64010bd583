"""The catalogue: what is measured, in which unit, and which way means more need."""

from django.db import models
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
    source = models.CharField(_("Source"), max_length=300)
    definition = models.TextField(_("Definition"))
    is_example = models.BooleanField(_("Example values"), default=False)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Indicator")
        verbose_name_plural = _("Indicators")
        ordering = ["domain__position", "key"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Name in the language of the page."""
        return _in_page_language(self.name_de, self.name_en)
