"""Reporting rounds: who reports which figures for which day."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from measures.models.key_figures import KeyFigure
from measures.models.plan import ActionPlan
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce


class ReportingRound(models.Model):
    """Planning asks all responsible organisations for their figures on a day."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("Action plan")
    )
    reference_on = models.DateField(_("Figures as of"))
    due_on = models.DateField(_("Report by"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Opened by")
    )
    opened_at = models.DateTimeField(_("Opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True)
    # Planning closed it although reports were missing, and why; empty where the last report closed it.
    closing_reason = models.TextField(_("Reason for closing without all reports"), blank=True)

    class Meta:
        verbose_name = _("Reporting round")
        verbose_name_plural = _("Reporting rounds")
        ordering = ["-reference_on"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "reference_on"], name="round_once_per_day_and_plan")
        ]

    def __str__(self) -> str:
        return f"{self.plan.title}, {self.reference_on:%d.%m.%Y}"


class RoundReportState(models.TextChoices):
    """Where a report stands; moved by the report's flow only."""

    OPEN = "open", _("open")
    SUBMITTED = "submitted", _("handed in")
    RETURNED = "returned", _("returned")
    CONFIRMED = "confirmed", _("confirmed")
    CALLED_OFF = "called_off", _("called off")


class RoundReport(models.Model):
    """All figures of one organisation in one round: one task, one page."""

    round = models.ForeignKey(
        ReportingRound, on_delete=models.PROTECT, related_name="reports", verbose_name=_("Reporting round")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="reports", verbose_name=_("Organisation")
    )
    # 1 is what was asked for; a later one corrects the confirmed one before it.
    version = models.PositiveSmallIntegerField(_("Version"), default=1)
    correction_reason = models.TextField(_("Reason for the correction"), blank=True)
    state = models.CharField(
        _("State"), max_length=10, choices=RoundReportState.choices, default=RoundReportState.OPEN
    )
    return_reason = models.TextField(_("Reason for the return"), blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Confirmed by"),
    )
    confirmed_at = models.DateTimeField(_("Confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("Report")
        verbose_name_plural = _("Reports")
        ordering = ["round", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "organisation", "version"], name="report_version_once_per_round"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False),
                name="report_confirmed_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}, {self.round.reference_on:%d.%m.%Y}"


class RoundSnapshot(WrittenOnce):
    """A round as it stood when it was closed: the progress report is drawn from it and never changes."""

    round = models.OneToOneField(
        ReportingRound, on_delete=models.PROTECT, related_name="snapshot", verbose_name=_("Reporting round")
    )
    # As services/snapshots.py writes it.
    content = models.JSONField(_("Content"))
    sha256 = models.CharField(_("Hash (SHA-256)"), max_length=64)
    created_at = models.DateTimeField(_("Frozen"), auto_now_add=True)

    class Meta:
        verbose_name = _("Frozen round")
        verbose_name_plural = _("Frozen rounds")
        ordering = ["round"]

    def __str__(self) -> str:
        return str(self.round)


class FigureReport(models.Model):
    """The actual of a key figure in a report. Empty value: no data, with a comment why."""

    report = models.ForeignKey(
        RoundReport, on_delete=models.CASCADE, related_name="figures", verbose_name=_("Report")
    )
    key_figure = models.ForeignKey(
        KeyFigure, on_delete=models.PROTECT, related_name="reported", verbose_name=_("Key figure")
    )
    value = models.DecimalField(_("Actual"), max_digits=14, decimal_places=2, null=True, blank=True)
    comment = models.TextField(_("Comment"), blank=True)

    class Meta:
        verbose_name = _("Reported figure")
        verbose_name_plural = _("Reported figures")
        ordering = ["key_figure"]
        constraints = [
            models.UniqueConstraint(fields=["report", "key_figure"], name="figure_once_per_report")
        ]

    def __str__(self) -> str:
        return f"{self.key_figure}: {self.value}"


class FigureFile(models.Model):
    """A file that backs a reported figure. Taken away before the report is handed in, it is kept."""

    figure = models.ForeignKey(
        FigureReport, on_delete=models.PROTECT, related_name="files", verbose_name=_("Reported figure")
    )
    file_name = models.CharField(_("File"), max_length=200)
    # Outside the web root; handed out as a download only.
    file = models.FileField(_("Stored file"), upload_to="figures/%Y/%m/", max_length=300)
    size = models.PositiveIntegerField(_("Size (bytes)"))
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Uploaded by")
    )
    uploaded_at = models.DateTimeField(_("Uploaded"), auto_now_add=True)
    removed_at = models.DateTimeField(_("Taken away"), null=True, blank=True)

    class Meta:
        verbose_name = _("File of a reported figure")
        verbose_name_plural = _("Files of reported figures")
        ordering = ["figure", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["figure", "sha256"],
                condition=Q(removed_at__isnull=True),
                name="figure_file_once_per_figure",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
