"""What a supplier is asked for in a cycle, and how each delivery was judged."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery, Indicator
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.cycles import PlanningCycle


class DataRequestState(models.TextChoices):
    """Where a requested delivery stands; moved by the delivery's flow only."""

    OPEN = "open", _("open")
    SUBMITTED = "submitted", _("handed in")
    RETURNED = "returned", _("returned")
    ACCEPTED = "accepted", _("accepted")
    WAIVED = "waived", _("gone on without it")


class DataRequest(models.Model):
    """A supplier shall deliver these indicators for the cycle's years."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="requests", verbose_name=_("Planning cycle")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="data_requests", verbose_name=_("Supplier")
    )
    indicators = models.ManyToManyField(Indicator, related_name="requests", verbose_name=_("Indicators"))
    due_on = models.DateField(_("Due"))
    state = models.CharField(
        _("State"), max_length=10, choices=DataRequestState.choices, default=DataRequestState.OPEN
    )
    # The delivery now under work or judged last.
    delivery = models.ForeignKey(
        Delivery,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name=_("Delivery"),
    )
    waive_reason = models.TextField(_("Reason for going on without it"), blank=True)

    class Meta:
        verbose_name = _("Requested delivery")
        verbose_name_plural = _("Requested deliveries")
        ordering = ["cycle", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "organisation"], name="request_once_per_supplier"),
            models.CheckConstraint(
                condition=~Q(state="waived") | ~Q(waive_reason=""), name="request_waived_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}, {self.cycle.title}"

    @property
    def is_finished(self) -> bool:
        """Whether the cycle need not wait for it any more."""
        return self.state in {DataRequestState.ACCEPTED, DataRequestState.WAIVED}


class DeliveryReview(WrittenOnce):
    """Planning's judgement of one delivery. Never changed."""

    request = models.ForeignKey(
        DataRequest, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("Requested delivery")
    )
    delivery = models.ForeignKey(
        Delivery, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("Delivery")
    )
    is_accepted = models.BooleanField(_("Accepted"))
    reason = models.TextField(_("Reason"), blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Checked by")
    )
    reviewed_at = models.DateTimeField(_("Checked"), auto_now_add=True)

    class Meta:
        verbose_name = _("Check of a delivery")
        verbose_name_plural = _("Checks of a delivery")
        ordering = ["-reviewed_at"]
        constraints = [
            models.CheckConstraint(condition=Q(is_accepted=True) | ~Q(reason=""), name="return_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery}"
