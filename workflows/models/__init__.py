"""The planning cycle, its meetings, statements, recommendations and decisions, and the engine's processes."""

from workflows.models.analysis import AreaProfile, Contribution, Position, Statement
from workflows.models.cycles import (
    CarriedItem,
    CycleStage,
    CycleTemplate,
    CycleTemplateStage,
    PlanningCycle,
    ScheduleChange,
    StageKind,
)
from workflows.models.deliveries import DataRequest, DataRequestState, DeliveryReview
from workflows.models.implementation import (
    AgreementConfirmation,
    ConfirmationState,
    Evaluation,
    EvaluationOutcome,
    MeasureOrigin,
)
from workflows.models.meetings import (
    Decision,
    DecisionResult,
    DecisionVote,
    Meeting,
    Participant,
    Reconsideration,
    VoteChoice,
)
from workflows.models.processes import (
    ConfirmationProcess,
    ContributionProcess,
    DeliveryProcess,
    MeasureProcess,
    PlanningCycleProcess,
    RecommendationProcess,
    ReportProcess,
)
from workflows.models.reasons import MeetingMove, NoMeasureReason, RequestReopening
from workflows.models.recommendations import (
    Recommendation,
    RecommendationKind,
    RecommendationReturn,
    RecommendationState,
    RecommendationVersion,
)
from workflows.models.tasks import TaskCard, TimerRun

__all__ = [
    "AgreementConfirmation",
    "AreaProfile",
    "CarriedItem",
    "ConfirmationProcess",
    "ConfirmationState",
    "Contribution",
    "ContributionProcess",
    "CycleStage",
    "CycleTemplate",
    "CycleTemplateStage",
    "DataRequest",
    "DataRequestState",
    "Decision",
    "DecisionResult",
    "DecisionVote",
    "DeliveryProcess",
    "DeliveryReview",
    "Evaluation",
    "EvaluationOutcome",
    "MeasureOrigin",
    "MeasureProcess",
    "Meeting",
    "MeetingMove",
    "NoMeasureReason",
    "Participant",
    "PlanningCycle",
    "PlanningCycleProcess",
    "Position",
    "Recommendation",
    "RecommendationKind",
    "RecommendationProcess",
    "RecommendationReturn",
    "RecommendationState",
    "RecommendationVersion",
    "Reconsideration",
    "ReportProcess",
    "RequestReopening",
    "ScheduleChange",
    "StageKind",
    "Statement",
    "TaskCard",
    "TimerRun",
    "VoteChoice",
]
