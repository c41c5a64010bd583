"""From decision to measure, and the answers of the parties to its target agreement."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from stakeholders.models import Organisation
from workflows.models.agreements import TargetAgreement
from workflows.models.meetings import Decision
from workflows.models.recommendations import Recommendation


class MeasureOrigin(models.Model):
    """Why a measure exists: the recommendation and the decision behind it."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="origins", verbose_name=_("Measure")
    )
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="measure_origins",
        verbose_name=_("Recommendation"),
    )
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="measure_origins", verbose_name=_("Decision")
    )

    class Meta:
        verbose_name = _("Origin of a measure")
        verbose_name_plural = _("Origins of measures")
        ordering = ["measure", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "recommendation"], name="measure_origin_once")
        ]

    def __str__(self) -> str:
        return f"{self.measure} <- {self.decision.reference}"


class ConfirmationState(models.TextChoices):
    """Where a party's confirmation stands; moved by its flow only."""

    OPEN = "open", _("open")
    CONFIRMED = "confirmed", _("confirmed")
    REFUSED = "refused", _("refused")
    CALLED_OFF = "called_off", _("no longer needed")


class AgreementConfirmation(models.Model):
    """A party is asked to confirm the target agreement for a measure; each round asks anew."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="confirmations", verbose_name=_("Measure")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="confirmations", verbose_name=_("Party")
    )
    # The version they are asked about; None in rounds from before agreements were worded.
    agreement = models.ForeignKey(
        TargetAgreement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="confirmations",
        verbose_name=_("Target agreement"),
    )
    round = models.PositiveSmallIntegerField(_("Round"), default=1)
    due_on = models.DateField(_("Due"))
    state = models.CharField(
        _("State"), max_length=10, choices=ConfirmationState.choices, default=ConfirmationState.OPEN
    )
    comment = models.TextField(_("Comment"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Answered by"),
    )
    answered_at = models.DateTimeField(_("Answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("Confirmation of a target agreement")
        verbose_name_plural = _("Confirmations of target agreements")
        ordering = ["measure", "-round", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "organisation", "round"], name="confirmation_once"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "called_off"]) | Q(answered_at__isnull=False),
                name="confirmation_answered_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}: {self.measure}"
