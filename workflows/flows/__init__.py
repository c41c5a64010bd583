"""One flow per module; the engine finds them here."""

from workflows.flows.chapter import ChapterFlow
from workflows.flows.contribution import ContributionFlow
from workflows.flows.cycle import PlanningCycleFlow
from workflows.flows.delivery import DeliveryFlow
from workflows.flows.measure import ConfirmationFlow, MeasureFlow
from workflows.flows.recommendation import RecommendationFlow
from workflows.flows.report import ReportFlow

FLOWS = (
    PlanningCycleFlow,
    DeliveryFlow,
    ContributionFlow,
    RecommendationFlow,
    ConfirmationFlow,
    MeasureFlow,
    ReportFlow,
    ChapterFlow,
)

__all__ = [
    "FLOWS",
    "ChapterFlow",
    "ConfirmationFlow",
    "ContributionFlow",
    "DeliveryFlow",
    "MeasureFlow",
    "PlanningCycleFlow",
    "RecommendationFlow",
    "ReportFlow",
]
