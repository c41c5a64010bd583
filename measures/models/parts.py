"""What belongs to a measure: milestones, money, documents, dependencies."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.plan import Measure
from stakeholders.models import Organisation


class Milestone(models.Model):
    """A day by which something shall be reached on the way."""

    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="milestones", verbose_name=_("Measure")
    )
    title = models.CharField(_("Title"), max_length=200)
    # As first planned; a later day moves ``due_on`` only, so that the delay stays visible.
    planned_on = models.DateField(_("First planned for"))
    due_on = models.DateField(_("Due"))
    reached_on = models.DateField(_("Reached"), null=True, blank=True)
    note = models.CharField(_("Note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("Milestone")
        verbose_name_plural = _("Milestones")
        ordering = ["measure", "due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "title"], name="milestone_once_per_measure")
        ]

    def __str__(self) -> str:
        return self.title


class FinanceKind(models.TextChoices):
    """Which side of the sheet a line stands on."""

    COST = "cost", _("Cost")
    FUNDING = "funding", _("Funding")


class FinanceLine(models.Model):
    """What a measure costs, or who pays for it, in euros; a line without year is for the whole term."""

    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="finance_lines", verbose_name=_("Measure")
    )
    kind = models.CharField(_("Cost or funding"), max_length=7, choices=FinanceKind.choices)
    title = models.CharField(_("Title"), max_length=200)
    payer = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Paid by"),
    )
    year = models.PositiveSmallIntegerField(_("Year"), null=True, blank=True)
    amount = models.DecimalField(
        _("Amount (euros)"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )
    # Promised in writing, or still hoped for.
    is_secured = models.BooleanField(_("Secured"), default=False)

    class Meta:
        verbose_name = _("Line of cost or funding")
        verbose_name_plural = _("Lines of cost and funding")
        # Lines for the whole term come first; left to themselves, databases disagree on where.
        ordering = ["measure", "kind", F("year").asc(nulls_first=True), "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="finance_line_not_negative"),
        ]

    def __str__(self) -> str:
        return self.title


class MeasureDependency(models.Model):
    """A measure that can begin, or go on, only after another."""

    measure = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="needs", verbose_name=_("Measure")
    )
    needed = models.ForeignKey(
        Measure, on_delete=models.CASCADE, related_name="needed_by", verbose_name=_("Needs first")
    )
    note = models.CharField(_("Why"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("Dependency between measures")
        verbose_name_plural = _("Dependencies between measures")
        ordering = ["measure", "needed"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "needed"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(measure=F("needed")), name="dependency_not_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.measure} <- {self.needed}"


class MeasureFile(models.Model):
    """A document of a measure. Taken away, it is kept."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="files", verbose_name=_("Measure")
    )
    title = models.CharField(_("Title"), max_length=200)
    file_name = models.CharField(_("File"), max_length=200)
    # Outside the web root; handed out as a download only.
    file = models.FileField(_("Stored file"), upload_to="measures/%Y/%m/", max_length=300)
    size = models.PositiveIntegerField(_("Size (bytes)"))
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    removed_at = models.DateTimeField(_("Taken away"), null=True, blank=True)

    class Meta:
        verbose_name = _("Document of a measure")
        verbose_name_plural = _("Documents of measures")
        ordering = ["measure", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="measure_file_once_per_measure",
            )
        ]

    def __str__(self) -> str:
        return self.title
