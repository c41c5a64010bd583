"""What a project owes its funder: interim and final reports, drawdowns, and everything said about them."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models.grants import CostKind, DutyKind, MoneySource, ReportingDuty
from measures.models.parts import FinanceKind
from measures.models.projects import FundedProject
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce, written_at, written_by


class ProjectReportState(models.TextChoices):
    """Where a report stands; moved by its flow only."""

    DRAFTING = "drafting", _("being written")
    CHECKING = "checking", _("being checked by the municipality")
    WITH_FUNDER = "with_funder", _("with the funder")
    ASKED = "asked", _("funder has a question")
    ACCEPTED = "accepted", _("accepted")
    CALLED_OFF = "called_off", pgettext_lazy("of a report", "called off")


class ProjectReport(models.Model):
    """A report or drawdown: its draft, where it stands and by when it is due.

    What was delivered is kept in ``ProjectReportDelivery``; nothing that is shown to the funder comes from
    the draft. What the draft holds of money is in ``ProjectReportLine`` and ``Receipt``.
    """

    project = models.ForeignKey(
        FundedProject, on_delete=models.PROTECT, related_name="reports", verbose_name=_("Project")
    )
    # None for a drawdown that the provider asks for besides those of the notice.
    duty = models.ForeignKey(
        ReportingDuty,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("Reporting duty"),
    )
    kind = models.CharField(_("Duty"), max_length=8, choices=DutyKind.choices)
    covers_from = models.DateField(_("For the time from"))
    covers_until = models.DateField(_("For the time until"))
    # As the notice says, or as the funder extended it.
    due_on = models.DateField(_("Due on"))
    state = models.CharField(
        _("State"), max_length=11, choices=ProjectReportState.choices, default=ProjectReportState.DRAFTING
    )
    # Section -> text; sections and their order: ``measures.report_content.SECTIONS``.
    narrative = models.JSONField(_("Narrative"), default=dict, blank=True)
    # Code of ``measures.esf.INDICATORS`` -> {"f": women, "m": men, "n": non-binary}, whole numbers.
    participants = models.JSONField(_("Participants"), default=dict, blank=True)
    # What money asked for is needed for (drawdown).
    purpose = models.TextField(_("What the money is needed for"), blank=True)
    # Counts up with each change of the draft: two windows that write at once are told.
    revision = models.PositiveIntegerField(_("Revision of the draft"), default=0)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Last changed by"),
    )
    edited_at = models.DateTimeField(_("Last changed"), null=True, blank=True)
    created_at = models.DateTimeField(_("Asked for"), auto_now_add=True)

    class Meta:
        verbose_name = _("Report of a project")
        verbose_name_plural = _("Reports of projects")
        ordering = ["project", "due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "covers_from", "covers_until"],
                condition=Q(duty__isnull=False) & ~Q(state="called_off"),
                name="project_report_once_per_duty",
            ),
            models.CheckConstraint(
                condition=Q(covers_until__gte=F("covers_from")), name="project_report_covers_some_time"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due_on"], name="project_report_state_due"),
            models.Index(fields=["project", "state", "due_on"], name="project_report_of_project"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.project}"


class ProjectReportLine(models.Model):
    """What was spent in a line of cost, or received or asked for from a source, in the time reported."""

    report = models.ForeignKey(
        ProjectReport, on_delete=models.CASCADE, related_name="lines", verbose_name=_("Report of a project")
    )
    side = models.CharField(_("Cost or funding"), max_length=7, choices=FinanceKind.choices)
    kind = models.CharField(_("Kind"), max_length=12, choices=[*CostKind.choices, *MoneySource.choices])
    title = models.CharField(_("For what, or from whom"), max_length=200, blank=True)
    # None: nothing entered yet.
    amount = models.DecimalField(
        _("Amount (euros)"),
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    reason = models.TextField(_("Reason for the deviation"), blank=True)

    class Meta:
        verbose_name = _("Line of a report")
        verbose_name_plural = _("Lines of reports")
        ordering = ["report", "side", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "side", "kind", "title"], name="project_report_line_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="project_report_line_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()


class ProjectReportWriter(models.Model):
    """Somebody who changed the draft of a report or its list of receipts; does not judge it (four eyes).

    Kept over all rounds: what was written for an earlier version mostly stands in the later ones too.
    """

    report = models.ForeignKey(
        ProjectReport, on_delete=models.CASCADE, related_name="writers", verbose_name=_("Report of a project")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Person")
    )
    since = models.DateTimeField(_("Since"), auto_now_add=True)

    class Meta:
        verbose_name = _("Writer of a report")
        verbose_name_plural = _("Writers of reports")
        ordering = ["report", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "person"], name="project_report_writer_once")
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.person}"


class Receipt(models.Model):
    """One entry of the list of receipts, with its file where one was uploaded.

    Taken out before the report is handed in, it is kept but not shown.
    """

    report = models.ForeignKey(
        ProjectReport,
        on_delete=models.PROTECT,
        related_name="receipts",
        verbose_name=_("Report of a project"),
    )
    kind = models.CharField(_("Kind"), max_length=12, choices=CostKind.choices)
    title = models.CharField(_("For what"), max_length=200, blank=True)
    number = models.CharField(_("Number of the receipt"), max_length=60)
    paid_on = models.DateField(_("Paid on"))
    payee = models.CharField(_("Paid to"), max_length=200)
    purpose = models.CharField(_("Purpose"), max_length=300)
    amount = models.DecimalField(
        _("Amount (euros)"),
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(0)],
    )
    file_name = models.CharField(_("File"), max_length=200, blank=True)
    # Outside the web root; handed out as a download only.
    file = models.FileField(_("Stored file"), upload_to="receipts/%Y/%m/", max_length=300, blank=True)
    size = models.PositiveIntegerField(_("Size (bytes)"), default=0)
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Entered by")
    )
    entered_at = models.DateTimeField(_("Entered"), auto_now_add=True)
    removed_at = models.DateTimeField(_("Taken out"), null=True, blank=True)

    class Meta:
        verbose_name = _("Receipt")
        verbose_name_plural = _("Receipts")
        ordering = ["report", "paid_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "number"],
                condition=Q(removed_at__isnull=True),
                name="receipt_number_once_per_report",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="receipt_above_zero"),
        ]

    def __str__(self) -> str:
        return self.number


class ProjectReportDelivery(WrittenOnce):
    """A report as it was handed in: stored data, PDF and hash. Later changes never touch it."""

    report = models.ForeignKey(
        ProjectReport,
        on_delete=models.PROTECT,
        related_name="deliveries",
        verbose_name=_("Report of a project"),
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    # As ``measures.report_content`` says.
    content = models.JSONField(_("Content"))
    sha256 = models.CharField(_("Hash (SHA-256)"), max_length=64)
    # Drawn from the content alone, under its hash.
    paper = models.FileField(_("Stored file"), upload_to="reports/%Y/", max_length=300)
    paper_sha256 = models.CharField(_("Check sum of the file"), max_length=64)
    # By when it was due on that day: an extension that comes later changes nothing here.
    due_on = models.DateField(_("Due on"))
    delivered_by = written_by(_("Handed in by"))
    delivered_at = written_at(_("Handed in"))

    class Meta:
        verbose_name = _("Delivered report")
        verbose_name_plural = _("Delivered reports")
        ordering = ["report", "number"]
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="project_delivery_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.report} ({self.number})"


class ReportStepKind(models.TextChoices):
    """What somebody did with a report."""

    DELIVERED = "delivered", _("handed in")
    FORWARDED = "forwarded", _("checked and passed on to the funder")
    SENT_BACK = "sent_back", _("returned by the municipality")
    ASKED = "asked", _("question of the funder")
    ANSWERED = "answered", _("answer")
    RETURNED = "returned", _("returned by the funder")
    ACCEPTED = "accepted", _("accepted by the funder")
    EXTENSION_ASKED = "ext_asked", _("more time asked for")
    EXTENDED = "extended", _("more time given")
    EXTENSION_REFUSED = "ext_refused", _("more time refused")
    EXTENSION_WITHDRAWN = "ext_dropped", _("request for more time withdrawn")
    CALLED_OFF = "called_off", pgettext_lazy("of a report", "called off")


class ProjectReportStep(WrittenOnce):
    """One entry in the history of a report: who did what when, and said what. Questions and answers too."""

    report = models.ForeignKey(
        ProjectReport, on_delete=models.PROTECT, related_name="steps", verbose_name=_("Report of a project")
    )
    # What it is about; None where nothing has been handed in yet.
    delivery = models.ForeignKey(
        ProjectReportDelivery,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="steps",
        verbose_name=_("Delivered report"),
    )
    kind = models.CharField(_("Step"), max_length=11, choices=ReportStepKind.choices)
    text = models.TextField(_("Text"), blank=True)
    # Day asked for or given, for steps about more time.
    day = models.DateField(_("Day"), null=True, blank=True)
    # The side that spoke.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Organisation")
    )
    # None where nobody did it: an amending notice made the report fall away.
    made_by = written_by(_("By"), is_optional=True)
    made_at = written_at(_("On"))

    class Meta:
        verbose_name = _("Step of a report")
        verbose_name_plural = _("Steps of reports")
        ordering = ["report", "pk"]

    def __str__(self) -> str:
        return f"{self.report}: {self.get_kind_display()}"


class ReportStepFile(WrittenOnce):
    """A file beside a question or an answer."""

    step = models.ForeignKey(
        ProjectReportStep, on_delete=models.PROTECT, related_name="files", verbose_name=_("Step of a report")
    )
    file_name = models.CharField(_("File"), max_length=200)
    # Outside the web root; handed out as a download only.
    file = models.FileField(_("Stored file"), upload_to="questions/%Y/%m/", max_length=300)
    size = models.PositiveIntegerField(_("Size (bytes)"))
    sha256 = models.CharField(_("Hash of the file (SHA-256)"), max_length=64)

    class Meta:
        verbose_name = _("File of a step")
        verbose_name_plural = _("Files of steps")
        ordering = ["step", "pk"]

    def __str__(self) -> str:
        return self.file_name


class ReportExtension(models.Model):
    """More time for a report: asked for by the provider, given or refused by the funder in a flow."""

    report = models.ForeignKey(
        ProjectReport,
        on_delete=models.PROTECT,
        related_name="extensions",
        verbose_name=_("Report of a project"),
    )
    wanted_until = models.DateField(_("Wanted until"))
    reason = models.TextField(_("Reason"))
    asked_by = written_by(_("Asked by"))
    asked_at = written_at(_("Asked"))
    # None: not decided; False as well for what was withdrawn or is not needed any more.
    is_granted = models.BooleanField(_("Given"), null=True, blank=True)
    # The day that was given, which may be another than the wanted one.
    granted_until = models.DateField(_("Given until"), null=True, blank=True)

    class Meta:
        verbose_name = _("Request for more time")
        verbose_name_plural = _("Requests for more time")
        ordering = ["report", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report"],
                condition=Q(is_granted__isnull=True),
                name="extension_one_open_per_report",
            )
        ]

    def __str__(self) -> str:
        return f"{self.report}: {self.wanted_until:%d.%m.%Y}"
