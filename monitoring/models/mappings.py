"""What suppliers have said of their files, once and for all, and of single figures."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models.values import Value
from stakeholders.models import Organisation


class DeliveryMapping(models.Model):
    """How the files of a supplier with the same headings are to be understood; used until it is changed."""

    territory = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="received_mappings",
        verbose_name=_("Territory"),
    )
    supplier = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="mappings", verbose_name=_("Supplier")
    )
    # Made from the headings, without the digits in them: those of years change.
    signature = models.CharField(_("Mark of the layout"), max_length=64)
    file_name = models.CharField(_("File"), max_length=200)
    # Row of the headings; empty where the file tells itself which columns it has.
    header = models.PositiveSmallIntegerField(_("Row of the headings"), null=True, blank=True)
    # Number of the column -> role, "figures" for one of figures.
    columns = models.JSONField(_("Columns"), default=dict, blank=True)
    # Name in the file -> key of an indicator, "" for what stays out.
    variables = models.JSONField(_("Indicators"), default=dict, blank=True)
    # Area in the file -> key of an area, "" for what stays out.
    areas = models.JSONField(_("Areas"), default=dict, blank=True)
    leaves_others = models.BooleanField(_("Areas that are not asked for stay out"), default=False)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Changed by")
    )
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    class Meta:
        verbose_name = _("Assignment of a file")
        verbose_name_plural = _("Assignments of files")
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "supplier", "signature"], name="mapping_once_per_layout"
            )
        ]

    def __str__(self) -> str:
        return f"{self.supplier.label}: {self.file_name}"


class ValueComment(models.Model):
    """What the supplier says of one figure."""

    value = models.OneToOneField(
        Value, on_delete=models.PROTECT, related_name="comment", verbose_name=_("Value")
    )
    text = models.CharField(_("Comment"), max_length=500)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Written by")
    )
    created_at = models.DateTimeField(_("Written"), auto_now_add=True)

    class Meta:
        verbose_name = _("Comment on a value")
        verbose_name_plural = _("Comments on values")
        constraints = [
            models.CheckConstraint(condition=~models.Q(text=""), name="value_comment_not_empty"),
        ]

    def __str__(self) -> str:
        return self.text
