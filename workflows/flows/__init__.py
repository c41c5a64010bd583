"""One flow per module; the engine finds them here."""

from workflows.flows.agreement_review import AgreementReviewFlow
from workflows.flows.amendment import AmendmentFlow
from workflows.flows.assignment import AssignmentFlow
from workflows.flows.chapter import ChapterFlow
from workflows.flows.circulation import CirculationFlow
from workflows.flows.contribution import ContributionFlow
from workflows.flows.cosigning import CosigningFlow
from workflows.flows.cycle import PlanningCycleFlow
from workflows.flows.delivery import DeliveryFlow
from workflows.flows.measure import ConfirmationFlow, MeasureFlow
from workflows.flows.minutes import MinutesFlow
from workflows.flows.project_report import (
    DrawdownFlow,
    FinalReportFlow,
    InterimReportFlow,
    ReportExtensionFlow,
)
from workflows.flows.recommendation import RecommendationFlow
from workflows.flows.report import ReportFlow
from workflows.flows.space_conference import SpaceConferenceFlow

FLOWS = (
    PlanningCycleFlow,
    DeliveryFlow,
    ContributionFlow,
    RecommendationFlow,
    CosigningFlow,
    ConfirmationFlow,
    MeasureFlow,
    AgreementReviewFlow,
    ReportFlow,
    ChapterFlow,
    CirculationFlow,
    AssignmentFlow,
    MinutesFlow,
    SpaceConferenceFlow,
    InterimReportFlow,
    FinalReportFlow,
    DrawdownFlow,
    ReportExtensionFlow,
    AmendmentFlow,
)

__all__ = [
    "FLOWS",
    "AgreementReviewFlow",
    "AmendmentFlow",
    "AssignmentFlow",
    "ChapterFlow",
    "CirculationFlow",
    "ConfirmationFlow",
    "ContributionFlow",
    "CosigningFlow",
    "DeliveryFlow",
    "DrawdownFlow",
    "FinalReportFlow",
    "InterimReportFlow",
    "MeasureFlow",
    "MinutesFlow",
    "PlanningCycleFlow",
    "RecommendationFlow",
    "ReportExtensionFlow",
    "ReportFlow",
    "SpaceConferenceFlow",
]
