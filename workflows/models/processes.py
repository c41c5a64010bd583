"""The engine's process rows: one concrete class per flow, each tied to its domain object."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process

from measures.models import AmendmentRequest, Measure, RoundReport
from stakeholders.models import BodyMembership
from workflows.models.agreements import AgreementReview
from workflows.models.analysis import Contribution
from workflows.models.assignments import Assignment
from workflows.models.cosigning import CosignRequest
from workflows.models.cycles import PlanningCycle
from workflows.models.deliveries import DataRequest
from workflows.models.implementation import AgreementConfirmation
from workflows.models.minutes import Minutes
from workflows.models.polls import Poll
from workflows.models.recommendations import Recommendation
from workflows.models.social_report import ChapterRenewal
from workflows.models.social_space import SpaceConference


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


class CosigningProcess(Process):
    """Case file of a request to co-sign."""

    request = models.OneToOneField(CosignRequest, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a co-signing")
        verbose_name_plural = _("Courses of co-signings")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle that works on the recommendation now."""
        return self.request.cosigning.recommendation.process.cycle


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


class AgreementReviewProcess(Process):
    """Case file of a review of a target agreement."""

    review = models.OneToOneField(AgreementReview, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a review")
        verbose_name_plural = _("Courses of reviews")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle that works on the measure now."""
        return self.review.agreement.measure.process.cycle


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


class CirculationProcess(Process):
    """Case file of the vote of one seat in a circulated decision."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="circulation_processes")
    seat = models.ForeignKey(BodyMembership, on_delete=models.PROTECT, related_name="circulation_processes")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="circulation_processes")

    class Meta:
        verbose_name = _("Course of a vote in circulation")
        verbose_name_plural = _("Courses of votes in circulation")
        constraints = [
            models.UniqueConstraint(fields=["poll", "seat"], name="circulation_once_per_seat"),
        ]


class MinutesProcess(Process):
    """Case file of the minutes of a meeting."""

    minutes = models.OneToOneField(Minutes, on_delete=models.PROTECT, related_name="process")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="minutes_processes")

    class Meta:
        verbose_name = _("Course of minutes")
        verbose_name_plural = _("Courses of minutes")


class AssignmentProcess(Process):
    """Case file of an assignment."""

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a condition or task")
        verbose_name_plural = _("Courses of conditions and tasks")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle in which it is followed up."""
        return self.assignment.cycle


class SpaceConferenceProcess(Process):
    """Case file of an evening of the social-space conference."""

    conference = models.OneToOneField(SpaceConference, on_delete=models.PROTECT, related_name="process")

    class Meta:
        verbose_name = _("Course of a social-space conference")
        verbose_name_plural = _("Courses of social-space conferences")

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle it belongs to."""
        return self.conference.cycle


class AmendmentProcess(Process):
    """Case file of a request for an amendment."""

    request = models.OneToOneField(AmendmentRequest, on_delete=models.PROTECT, related_name="process")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="amendment_processes")

    class Meta:
        verbose_name = _("Course of a request for an amendment")
        verbose_name_plural = _("Courses of requests for amendments")
