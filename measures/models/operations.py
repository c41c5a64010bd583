"""Lists of operations of funders (Vorhaben), as the European Social Fund has them published."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.projects import FundedProject
from measures.money import share_of
from stakeholders.models import Organisation


class OperationImportState(models.TextChoices):
    """How far an uploaded list is."""

    WAITING = "waiting", _("can be taken over")
    FAULTY = "faulty", _("has errors")
    TAKEN = "taken", _("taken over")
    DISCARDED = "discarded", _("discarded")


class OperationImport(models.Model):
    """An uploaded list of operations: looked at, then taken over as a whole or left; remarks on it stay."""

    funder = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="operation_imports", verbose_name=_("Funder")
    )
    # A newer list is held against what came under the same name before.
    programme_name = models.CharField(_("Programme of the list"), max_length=120)
    # Holds for rows without one of their own.
    fund = models.CharField(_("Fund"), max_length=60, blank=True)
    file_name = models.CharField(_("File"), max_length=200)
    sha256 = models.CharField(_("Hash of the file"), max_length=64)
    state = models.CharField(_("State"), max_length=10, choices=OperationImportState.choices)
    row_count = models.PositiveIntegerField(_("Rows"), default=0)
    duplicate_count = models.PositiveIntegerField(_("Repeated rows"), default=0)
    eligible = models.DecimalField(_("Eligible expenditure"), max_digits=16, decimal_places=2, default=0)
    # As importers/operation_rows.py writes them; emptied when the list has been taken over or discarded.
    content = models.JSONField(_("Content"), default=list, blank=True)
    # As importers/operation_remarks.py writes them; they stay. Counts may be higher than what is kept.
    errors = models.JSONField(_("Errors"), default=list, blank=True)
    error_count = models.PositiveIntegerField(_("Number of errors"), default=0)
    warnings = models.JSONField(_("Warnings"), default=list, blank=True)
    warning_count = models.PositiveIntegerField(_("Number of warnings"), default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Taken over or discarded by"),
    )
    closed_at = models.DateTimeField(_("Taken over or discarded"), null=True, blank=True)
    # {"new", "unchanged", "gone", "retired", "dropped": number}
    result = models.JSONField(_("Result"), default=dict, blank=True)

    class Meta:
        verbose_name = _("Uploaded list of operations")
        verbose_name_plural = _("Uploaded lists of operations")
        ordering = ["-uploaded_at", "-pk"]
        constraints = [
            # With errors, or discarded, the same file may come again.
            models.UniqueConstraint(
                fields=["funder", "sha256"],
                condition=Q(state__in=["waiting", "taken"]),
                name="operation_file_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme_name}: {self.file_name}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken over."""
        return self.state == OperationImportState.WAITING


class Operation(models.Model):
    """An operation as a list says it; never overwritten by a newer list, only followed by a new row."""

    funder = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="operations", verbose_name=_("Funder")
    )
    source = models.ForeignKey(
        OperationImport, on_delete=models.PROTECT, related_name="operations", verbose_name=_("From the list")
    )
    row = models.PositiveIntegerField(_("Row in the file"))
    # The newer list that does not have it any more; such operations are in no sum and in no publication.
    retired_by = models.ForeignKey(
        OperationImport,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="retired",
        verbose_name=_("No longer in the list"),
    )
    programme_name = models.CharField(_("Programme of the list"), max_length=120)
    code = models.CharField(_("Code of the operation"), max_length=60, blank=True)
    beneficiary = models.CharField(_("Beneficiary"), max_length=300)
    # Its name stays out of what is published.
    is_natural_person = models.BooleanField(_("Natural person"), default=False)
    contractor = models.CharField(_("Contractor"), max_length=300, blank=True)
    name = models.CharField(_("Name of the operation"), max_length=500)
    summary = models.TextField(_("Purpose and achievements"), blank=True)
    starts_on = models.DateField(_("Start of the operation"))
    ends_on = models.DateField(_("End of the operation"))
    eligible = models.DecimalField(
        _("Eligible expenditure"), max_digits=14, decimal_places=2, validators=[MinValueValidator(0)]
    )
    total_cost = models.DecimalField(
        _("Total cost"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    eu_percent = models.DecimalField(
        _("Union co-financing rate"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    fund = models.CharField(_("Fund"), max_length=60, blank=True)
    specific_objective = models.CharField(_("Specific objective"), max_length=200, blank=True)
    # Ten characters: those of other countries have letters.
    postcode = models.CharField(_("Postcode"), max_length=10, blank=True)
    place = models.CharField(_("Place"), max_length=120, blank=True)
    country = models.CharField(_("Country"), max_length=120, blank=True)
    intervention = models.CharField(_("Type of intervention"), max_length=200, blank=True)
    project = models.ForeignKey(
        FundedProject,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="operations",
        verbose_name=_("Funded project"),
    )
    # Of what the row said in the file; tells whether a newer list still has it.
    fingerprint = models.CharField(_("Mark of the row"), max_length=32)

    class Meta:
        verbose_name = _("Operation")
        verbose_name_plural = _("Operations")
        ordering = ["funder", "programme_name", "beneficiary", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="operation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(eligible__gte=0) & (Q(total_cost__isnull=True) | Q(total_cost__gte=0)),
                name="operation_costs_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(eu_percent__gte=0, eu_percent__lte=100), name="operation_rate_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def eu_share(self) -> Decimal:
        """What the Union pays of the eligible expenditure, to the cent."""
        return share_of(self.eligible, self.eu_percent)
