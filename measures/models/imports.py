"""Uploaded plans and lists of measures, kept until they are taken over or time out."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models.plan import ActionPlan


class ImportKind(models.TextChoices):
    """What was uploaded."""

    WORKBOOK = "workbook", _("Workbook of the plan")
    LIST = "list", _("List of measures from elsewhere")


class PlanImport(models.Model):
    """An uploaded file as it was read: looked at, then taken over as a whole or left.

    Stands in the database and not in the memory of a process: the next page may be answered by another one.
    """

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="imports", verbose_name=_("Action plan")
    )
    kind = models.CharField(_("Kind"), max_length=10, choices=ImportKind.choices)
    file_name = models.CharField(_("File"), max_length=200)
    # As workbook/reading.py and services/measure_lists.py write it; emptied when it has been taken over.
    content = models.JSONField(_("Content"), default=dict, blank=True)
    # As workbook/remarks.py writes them; they stay.
    remarks = models.JSONField(_("Remarks"), default=list, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    expires_at = models.DateTimeField(_("Can be taken over until"))
    applied_at = models.DateTimeField(_("Taken over"), null=True, blank=True)
    # {"changed": number, "created": number}
    result = models.JSONField(_("Result"), default=dict, blank=True)

    class Meta:
        verbose_name = _("Uploaded plan")
        verbose_name_plural = _("Uploaded plans")
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        return f"{self.plan}: {self.file_name}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken over."""
        return self.applied_at is None and timezone.now() < self.expires_at


class ListMapping(models.Model):
    """How lists of measures with the same headings are to be understood; used until it is changed."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.CASCADE, related_name="list_mappings", verbose_name=_("Action plan")
    )
    # Hash of the headings.
    signature = models.CharField(_("Mark of the layout"), max_length=64)
    # Number of the column -> what it holds; as services/measure_lists.py writes it.
    columns = models.JSONField(_("Columns"), default=dict)
    statuses = models.JSONField(_("Statuses"), default=dict, blank=True)
    organisations = models.JSONField(_("Organisations"), default=dict, blank=True)
    updated_at = models.DateTimeField(_("Changed"), auto_now=True)

    class Meta:
        verbose_name = _("Assignment of a list of measures")
        verbose_name_plural = _("Assignments of lists of measures")
        ordering = ["plan", "signature"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "signature"], name="list_mapping_once_per_layout")
        ]

    def __str__(self) -> str:
        return f"{self.plan}: {self.signature[:8]}"
