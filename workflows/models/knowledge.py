"""What stands beside statements and beside the index: files as evidence, another view of the urgency."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from stakeholders.models import Body
from stakeholders.written_once import WrittenOnce
from workflows.models.analysis import Statement
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import Meeting


class StatementFile(models.Model):
    """A file that backs a statement; only saved by readers, never shown by the server."""

    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, related_name="files", verbose_name=_("Statement")
    )
    file = models.FileField(_("Stored file"), upload_to="statements/%Y/%m/", max_length=300)
    file_name = models.CharField(_("Name of the file"), max_length=200)
    size = models.PositiveIntegerField(_("Size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Added by")
    )
    added_at = models.DateTimeField(_("Added"), auto_now_add=True)

    class Meta:
        verbose_name = _("File of a statement")
        verbose_name_plural = _("Files of statements")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "sha256"], name="statement_file_once"),
            models.CheckConstraint(condition=Q(size__gt=0), name="statement_file_not_empty"),
        ]

    def __str__(self) -> str:
        return self.file_name


class UrgencyLevel(models.TextChoices):
    """How urgent a body sees an area.

    Words of urgency and not of the class: names of classes are those of the method, and "high" means much
    need in one and little in another.
    """

    VERY_HIGH = "very_high", _("very high urgency")
    HIGH = "high", _("high urgency")
    MEDIUM = "medium", _("medium urgency")
    LOW = "low", _("low urgency")
    AS_INDEX = "as_index", _("as the index says")


class UrgencyProposal(WrittenOnce):
    """A body sees another urgency than the index; stands beside the class, and nothing is computed from it.

    Never changed: a later one of the same body on the same area follows it.
    """

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="urgency_proposals",
        verbose_name=_("Planning cycle"),
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="urgency_proposals", verbose_name=_("Area")
    )
    body = models.ForeignKey(
        Body, on_delete=models.PROTECT, related_name="urgency_proposals", verbose_name=_("Body")
    )
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="urgency_proposals",
        verbose_name=_("Meeting"),
    )
    level = models.CharField(_("Urgency"), max_length=10, choices=UrgencyLevel.choices)
    reason = models.TextField(_("Reason"))
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Entered by")
    )
    proposed_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Proposed urgency")
        verbose_name_plural = _("Proposed urgencies")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="urgency_has_reason"),
            models.CheckConstraint(
                condition=Q(level__in=[level.value for level in UrgencyLevel]), name="urgency_level_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area.name}: {self.get_level_display()}"
