"""The engine's process rows: one concrete class per flow, each tied to its domain object."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from measures.models import Measure, RoundReport
from workflows.models.analysis import Contribution
from workflows.models.cycles import PlanningCycle
from workflows.models.deliveries import DataRequest
from workflows.models.implementation import AgreementConfirmation
from workflows.models.recommendations import Recommendation
from workflows.models.social_report import ChapterRenewal


class PlanningCycleProcess(Process):
    """Case file of a planning cycle."""

    cycle = models.OneToOneField(PlanningCycle, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a planning cycle")
        verbose_name_plural = _("Courses of planning cycles")


class DeliveryProcess(Process):
    """Case file of a requested delivery."""

    request = models.OneToOneField(DataRequest, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a delivery")
        verbose_name_plural = _("Courses of deliveries")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle that asked."""
        return self.request.cycle


class ContributionProcess(Process):
    """Case file of a contribution."""

    contribution = models.OneToOneField(Contribution, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a contribution")
        verbose_name_plural = _("Courses of contributions")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle that asked."""
        return self.contribution.cycle


class RecommendationProcess(Process):
    """Case file of a recommendation."""

    recommendation = models.OneToOneField(Recommendation, on_delete=models.PROTECT, related_name="process")
    # Moves on when an open recommendation is carried over; the recommendation keeps its origin.
    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="recommendation_processes"
    )

    class Meta:
        verbose_name = _("Course of a recommendation")
        verbose_name_plural = _("Courses of recommendations")


class MeasureProcess(Process):
    """Case file of a measure, for as long as it lives."""

    measure = models.OneToOneField(Measure, on_delete=models.PROTECT, related_name="process")
    # Moves on when the measure is carried over into the next cycle.
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="measure_processes")

    class Meta:
        verbose_name = _("Course of a measure")
        verbose_name_plural = _("Courses of measures")


class ConfirmationProcess(Process):
    """Case file of a party's confirmation."""

    confirmation = models.OneToOneField(
        AgreementConfirmation, on_delete=models.PROTECT, related_name="process"
    )
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="confirmation_processes")

    class Meta:
        verbose_name = _("Course of a confirmation")
        verbose_name_plural = _("Courses of confirmations")


class ReportProcess(Process):
    """Case file of a report in a round."""

    report = models.OneToOneField(RoundReport, on_delete=models.PROTECT, related_name="process")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="report_processes")

    class Meta:
        verbose_name = _("Course of a report")
        verbose_name_plural = _("Courses of reports")


class ChapterProcess(Process):
    """Case file of the renewal of a chapter."""

    renewal = models.OneToOneField(ChapterRenewal, on_delete=models.PROTECT, related_name="process")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="chapter_processes")

    class Meta:
        verbose_name = _("Course of a renewal")
        verbose_name_plural = _("Courses of renewals")
