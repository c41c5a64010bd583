"""Requests of a provider to have plan or term of a grant changed, each version kept as it was sent."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from measures.models.grants import GRANT_SOURCES, GrantNotice, PlanRow
from measures.models.parts import FinanceKind
from measures.models.projects import FundedProject
from stakeholders.written_once import WrittenOnce, written_at, written_by


class AmendmentState(models.TextChoices):
    """Where a request stands; moved by its flow only."""

    DRAFT = "draft", pgettext_lazy("of a request", "being written")
    SUBMITTED = "submitted", pgettext_lazy("of a request", "with social planning")
    RETURNED = "returned", pgettext_lazy("of a request", "returned by social planning")
    FORWARDED = "forwarded", pgettext_lazy("of a request", "with the funder")
    ASKED = "asked", pgettext_lazy("of a request", "asked back by the funder")
    GRANTED = "granted", pgettext_lazy("of a request", "consented to")
    REFUSED = "refused", pgettext_lazy("of a request", "refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("of a request", "withdrawn")


#: With the provider, who writes or mends it.
WRITING_STATES = (AmendmentState.DRAFT, AmendmentState.RETURNED, AmendmentState.ASKED)


class AmendmentRequest(models.Model):
    """A provider asks for another plan or term; only one of a project is open at a time."""

    project = models.ForeignKey(
        FundedProject, on_delete=models.PROTECT, related_name="amendments", verbose_name=_("Project")
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    state = models.CharField(
        _("State"), max_length=9, choices=AmendmentState.choices, default=AmendmentState.DRAFT
    )
    # What was typed and not sent yet, by name of the entry; only the provider's people ever see it.
    draft = models.JSONField(_("Draft"), default=dict, blank=True)
    draft_at = models.DateTimeField(_("Draft saved"), null=True, blank=True)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Begun by")
    )
    begun_at = models.DateTimeField(_("Begun"), auto_now_add=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)
    # The amending notice that came of it.
    notice = models.OneToOneField(
        GrantNotice,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="amendment",
        verbose_name=_("Grant notice"),
    )

    class Meta:
        verbose_name = _("Request for an amendment")
        verbose_name_plural = _("Requests for amendments")
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="amendment_number_once_per_project"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(ended_at__isnull=True), name="amendment_one_open_per_project"
            ),
            models.CheckConstraint(
                condition=Q(state=AmendmentState.GRANTED, notice__isnull=False)
                | (~Q(state=AmendmentState.GRANTED) & Q(notice__isnull=True)),
                name="amendment_granted_by_notice",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Request %(number)s: %(project)s") % {"number": self.number, "project": self.project}

    @property
    def is_open(self) -> bool:
        """Whether it has not been decided or withdrawn."""
        return self.ended_at is None


class AmendmentVersion(WrittenOnce):
    """What was asked for in one round, as it was sent."""

    request = models.ForeignKey(
        AmendmentRequest,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("Request for an amendment"),
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    # The notice that held when it was sent, and that it would change.
    basis = models.ForeignKey(
        GrantNotice, on_delete=models.PROTECT, related_name="amendment_versions", verbose_name=_("Builds on")
    )
    ends_on = models.DateField(_("Funded until"))
    reason = models.TextField(_("What shall change, and why"))
    submitted_by = written_by(_("Sent by"))
    submitted_at = written_at(_("Sent"))

    class Meta:
        verbose_name = _("Version of a request for an amendment")
        verbose_name_plural = _("Versions of requests for amendments")
        ordering = ["request", "number"]
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="amendment_version_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="amendment_version_has_reason"),
        ]

    def __str__(self) -> str:
        return gettext("Version %(number)s") % {"number": self.number}

    @property
    def granted(self) -> Decimal:
        """Grant it asks for: what ESF and state would pay, in euros. Queries: 1.

        Added up here: SQLite adds in binary fractions, and a cent is a cent.
        """
        wanted = self.lines.filter(side=FinanceKind.FUNDING, kind__in=GRANT_SOURCES)
        return sum(wanted.values_list("amount", flat=True), Decimal(0))


class AmendmentLine(PlanRow):
    """A line of the plan that is asked for, in one year."""

    version = models.ForeignKey(
        AmendmentVersion,
        on_delete=models.PROTECT,
        related_name="lines",
        verbose_name=_("Version of a request for an amendment"),
    )

    class Meta:
        verbose_name = _("Line of a plan asked for")
        verbose_name_plural = _("Lines of plans asked for")
        ordering = ["version", "side", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "side", "kind", "title", "year"], name="amendment_line_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="amendment_line_not_negative"),
        ]


class AmendmentStep(models.TextChoices):
    """What was answered to a request."""

    RETURNED = "returned", pgettext_lazy("of a request", "returned by social planning")
    FORWARDED = "forwarded", pgettext_lazy("of a request", "forwarded to the funder")
    ASKED = "asked", pgettext_lazy("of a request", "asked back by the funder")
    GRANTED = "granted", pgettext_lazy("of a request", "consented to")
    REFUSED = "refused", pgettext_lazy("of a request", "refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("of a request", "withdrawn")


class AmendmentAnswer(WrittenOnce):
    """An answer to a version of a request, in the words of whoever gave it."""

    request = models.ForeignKey(
        AmendmentRequest,
        on_delete=models.PROTECT,
        related_name="answers",
        verbose_name=_("Request for an amendment"),
    )
    # None only for what was withdrawn before anything was sent.
    version = models.ForeignKey(
        AmendmentVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="answers",
        verbose_name=_("Version of a request for an amendment"),
    )
    step = models.CharField(_("What happened"), max_length=9, choices=AmendmentStep.choices)
    text = models.TextField(_("Text"), blank=True)
    written_by = written_by(_("Written by"))
    written_at = written_at(_("Written"))

    class Meta:
        verbose_name = _("Answer to a request for an amendment")
        verbose_name_plural = _("Answers to requests for amendments")
        ordering = ["request", "pk"]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_step_display()}"
