"""Deliveries of data and the values they brought. Values are never changed, only succeeded."""

from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models.areas import Area
from monitoring.models.indicators import Indicator
from stakeholders.models import Organisation

#: Name of the file that keeps what was typed into the form in the browser.
GRID_FILE_NAME: Final = "Eingabe im Formular.csv"


class Delivery(models.Model):
    """One file, or one filled form, that a supplier handed in. A correction is a new delivery."""

    territory = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="received_deliveries",
        verbose_name=_("Territory"),
    )
    supplier = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="deliveries", verbose_name=_("Supplier")
    )
    file_name = models.CharField(_("File"), max_length=200)
    # The file itself, outside the web root; kept so that every figure can be traced to what was sent.
    file = models.FileField(_("Stored file"), upload_to="deliveries/%Y/%m/", max_length=300)
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)
    comment = models.TextField(_("Comment"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    created_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    row_count = models.PositiveIntegerField(_("Rows read"), default=0)
    value_count = models.PositiveIntegerField(_("Values"), default=0)
    missing_count = models.PositiveIntegerField(_("Missing values"), default=0)
    # Set once, when the supplier hands it in and when planning accepts it.
    submitted_at = models.DateTimeField(_("Handed in"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("Accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Accepted by"),
    )
    # How the file was understood: our own form is "form", others as ``monitoring.sources`` call them.
    source_form = models.CharField(_("Form of the file"), max_length=20, blank=True)
    mapping = models.ForeignKey(
        "monitoring.DeliveryMapping",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="deliveries",
        verbose_name=_("Assignment"),
    )

    class Meta:
        verbose_name = _("Delivery")
        verbose_name_plural = _("Deliveries")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.supplier.label}: {self.file_name}"

    @property
    def is_typed(self) -> bool:
        """Whether its figures were typed in the browser, so that they stand in no rows and columns."""
        return self.file_name == GRID_FILE_NAME

    @property
    def has_errors(self) -> bool:
        """Whether anything forbids handing it in."""
        return self.issues.filter(severity=Severity.ERROR).exists()


class Severity(models.TextChoices):
    """Errors forbid handing in, hints do not."""

    ERROR = "error", _("Error")
    WARNING = "warning", _("Hint")


class DeliveryIssue(models.Model):
    """One line of the lasting list of what was wrong in a file, by sheet, row and column."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="issues", verbose_name=_("Delivery")
    )
    severity = models.CharField(_("Kind"), max_length=10, choices=Severity.choices)
    code = models.CharField(_("Code"), max_length=40)
    sheet = models.CharField(_("Sheet"), max_length=60, blank=True)
    row = models.PositiveIntegerField(_("Row"), null=True, blank=True)
    column = models.CharField(_("Column"), max_length=200, blank=True)
    value = models.CharField(_("Value"), max_length=200, blank=True)
    # Parameters of the sentence belonging to the code; the sentence itself is made in the reader's language.
    params = models.JSONField(_("Parameters"), default=dict)

    class Meta:
        verbose_name = _("Remark on a delivery")
        verbose_name_plural = _("Remarks on a delivery")
        ordering = ["severity", "row", "pk"]

    def __str__(self) -> str:
        return f"{self.code} ({self.row}/{self.column})"


class Sign(models.TextChoices):
    """Signs of German official statistics in place of, or beside, a figure."""

    NOTHING = "-", _("nothing (exactly zero)")
    SECRET = ".", _("unknown or kept secret")
    UNCERTAIN = "/", _("not shown, too uncertain")
    NOT_MEANINGFUL = "x", _("not meaningful")
    LATER = "...", _("follows later")
    LIMITED = "()", _("of limited value")


class Value(models.Model):
    """A figure of an indicator for an area and year.

    ``value`` is empty where there is no figure; the sign then says why. Missing is never zero: only the
    sign "-" carries the value 0.
    """

    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="values", verbose_name=_("Indicator")
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="values", verbose_name=_("Area"))
    year = models.PositiveSmallIntegerField(_("Year"))
    value = models.FloatField(_("Value"), null=True, blank=True)
    sign = models.CharField(_("Sign"), max_length=3, choices=Sign.choices, blank=True)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="values", verbose_name=_("Delivery")
    )
    # The one that counts: set when planning accepts the delivery, taken back when a later one succeeds it.
    is_current = models.BooleanField(_("In force"), default=False)

    class Meta:
        verbose_name = _("Value")
        verbose_name_plural = _("Values")
        ordering = ["indicator", "area", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "area", "year"], condition=Q(is_current=True), name="value_one_in_force"
            ),
            models.UniqueConstraint(
                fields=["delivery", "indicator", "area", "year"], name="value_once_per_delivery"
            ),
            models.CheckConstraint(condition=Q(value__isnull=False) | ~Q(sign=""), name="value_or_sign"),
            models.CheckConstraint(
                condition=Q(year__gte=1900) & Q(year__lte=2100), name="value_year_plausible"
            ),
        ]
        indexes = [models.Index(fields=["area", "indicator", "year"], name="value_by_area")]

    def __str__(self) -> str:
        return f"{self.indicator.key} {self.area.key} {self.year}"
