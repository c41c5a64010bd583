"""Programmes of funders, and the notices that grant money to a project."""

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models.parts import FinanceKind
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce

_PERCENT = (MinValueValidator(0), MaxValueValidator(100))


class Programme(models.Model):
    """What a funder pays projects from, such as "Zusammen im Quartier" (ZiQ)."""

    funder = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="programmes", verbose_name=_("Funder")
    )
    title = models.CharField(_("Name of the programme"), max_length=120)
    goals = models.TextField(_("What the programme wants to reach"), blank=True)
    legal_basis = models.CharField(_("Legal basis"), max_length=300, blank=True)
    # Of bodies other than municipalities; at least so much of the eligible cost.
    own_share_percent = models.DecimalField(
        _("Least own share"), max_digits=5, decimal_places=2, default=Decimal(10), validators=_PERCENT
    )
    # By which an account may leave the plan in a line before a reason is needed.
    deviation_percent = models.DecimalField(
        _("Allowed deviation in a line"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(20),
        validators=_PERCENT,
    )
    # What the list of operations says of all its projects.
    fund = models.CharField(_("Fund"), max_length=60, blank=True)
    specific_objective = models.CharField(_("Specific objective"), max_length=200, blank=True)
    intervention = models.CharField(_("Type of intervention"), max_length=200, blank=True)
    is_example = models.BooleanField(_("Example"), default=False)

    class Meta:
        verbose_name = _("Funding programme")
        verbose_name_plural = _("Funding programmes")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(fields=["funder", "title"], name="programme_once_per_funder"),
            models.CheckConstraint(
                condition=Q(own_share_percent__gte=0, own_share_percent__lte=100)
                & Q(deviation_percent__gte=0, deviation_percent__lte=100),
                name="programme_percents_in_range",
            ),
        ]
        permissions = [("follow_programme", "Read the projects of the programme")]

    def __str__(self) -> str:
        return self.title


class CostKind(models.TextChoices):
    """What money is spent on."""

    STAFF = "staff", _("Staff")
    FEES = "fees", _("Fees")
    MATERIAL = "material", _("Material")
    TRAVEL = "travel", _("Travel")
    PREMISES = "premises", _("Rooms")
    PUBLICITY = "publicity", _("Public relations")
    LUMP_SUM = "lump_sum", _("Lump sum for indirect cost")
    OTHER = "other", _("Other cost")


class MoneySource(models.TextChoices):
    """Where money comes from; the first two are the grant."""

    ESF = "esf", _("European Social Fund (ESF)")
    STATE = "state", _("State funds")
    OWN = "own", _("Own funds")
    MUNICIPALITY = "municipality", _("Municipality")
    THIRD = "third", _("Others")


#: Sources that together are the grant.
GRANT_SOURCES = (MoneySource.ESF, MoneySource.STATE)


class ProgrammeCall(models.Model):
    """The yearly call of a programme: what is paid for, in which shares, and what must be counted."""

    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="calls", verbose_name=_("Funding programme")
    )
    year = models.PositiveSmallIntegerField(_("Year"))
    goals = models.TextField(_("What this call is for"), blank=True)
    closes_on = models.DateField(_("Applications until"), null=True, blank=True)
    budget = models.DecimalField(
        _("Money of the call (euros)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    esf_percent = models.DecimalField(
        _("Highest share of ESF"), max_digits=5, decimal_places=2, null=True, blank=True, validators=_PERCENT
    )
    state_percent = models.DecimalField(
        _("Highest share of the state"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=_PERCENT,
    )
    # Values of ``CostKind``; empty: whatever the notice says.
    cost_kinds = models.JSONField(_("Eligible cost"), default=list, blank=True)
    # Codes of ``measures.esf.INDICATORS``.
    indicators = models.JSONField(_("Required indicators"), default=list, blank=True)

    class Meta:
        verbose_name = _("Call of a programme")
        verbose_name_plural = _("Calls of programmes")
        ordering = ["programme", "-year"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "year"], name="call_once_per_year"),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0), name="call_budget_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.programme} {self.year}"


class GrantNotice(WrittenOnce):
    """A grant notice as issued; a later one with the next number replaces it and says why."""

    project = models.ForeignKey(
        "measures.FundedProject", on_delete=models.PROTECT, related_name="notices", verbose_name=_("Project")
    )
    call = models.ForeignKey(
        ProgrammeCall,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("Call"),
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    reference = models.CharField(_("File reference"), max_length=80)
    issued_on = models.DateField(_("Issued on"))
    starts_on = models.DateField(_("Funded from"))
    ends_on = models.DateField(_("Funded until"))
    granted = models.DecimalField(
        _("Sum granted (euros)"),
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    conditions = models.TextField(_("Conditions of the notice"), blank=True)
    reason = models.TextField(_("Why it was amended"), blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Recorded by")
    )
    recorded_at = models.DateTimeField(_("Recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("Grant notice")
        verbose_name_plural = _("Grant notices")
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="notice_number_once_per_project"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="notice_ends_after_start"),
            models.CheckConstraint(condition=Q(granted__gt=0), name="notice_grants_something"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.number})"


class PlanRow(WrittenOnce):
    """A line of a cost and financing plan in one year, granted or asked for."""

    side = models.CharField(_("Cost or funding"), max_length=7, choices=FinanceKind.choices)
    kind = models.CharField(_("Kind"), max_length=12, choices=[*CostKind.choices, *MoneySource.choices])
    title = models.CharField(_("For what, or from whom"), max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("Year"))
    amount = models.DecimalField(
        _("Amount (euros)"), max_digits=12, decimal_places=2, validators=[MinValueValidator(0)]
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title or self.get_kind_display()


class GrantLine(PlanRow):
    """A line of the cost and financing plan of a notice, in one year."""

    notice = models.ForeignKey(
        GrantNotice, on_delete=models.PROTECT, related_name="lines", verbose_name=_("Grant notice")
    )

    class Meta:
        verbose_name = _("Line of a financing plan")
        verbose_name_plural = _("Lines of financing plans")
        ordering = ["notice", "side", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "side", "kind", "title", "year"], name="grant_line_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="grant_line_not_negative"),
        ]


class DutyKind(models.TextChoices):
    """What a project owes its funder."""

    INTERIM = "interim", _("Interim report")
    FINAL = "final", _("Final report")
    DRAWDOWN = "drawdown", _("Drawdown of funds")


class ReportingDuty(WrittenOnce):
    """What the notice asks for, for which time and by when."""

    notice = models.ForeignKey(
        GrantNotice, on_delete=models.PROTECT, related_name="duties", verbose_name=_("Grant notice")
    )
    kind = models.CharField(_("Duty"), max_length=8, choices=DutyKind.choices)
    covers_from = models.DateField(_("For the time from"))
    covers_until = models.DateField(_("For the time until"))
    due_on = models.DateField(_("Due on"))

    class Meta:
        verbose_name = _("Reporting duty")
        verbose_name_plural = _("Reporting duties")
        ordering = ["notice", "due_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "kind", "due_on"], name="duty_once_per_day"),
            models.CheckConstraint(
                condition=Q(covers_until__gte=F("covers_from")), name="duty_covers_some_time"
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
