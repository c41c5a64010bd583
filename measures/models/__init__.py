"""Action plans, measures, key figures, reporting rounds and funded projects."""

from measures.models.key_figures import (
    FigureDirection,
    FigureLevel,
    KeyFigure,
    KeyFigureTarget,
)
from measures.models.plan import (
    ActionPlan,
    FieldOfAction,
    Measure,
    MeasurePartner,
    MeasureStatus,
    Stage,
)
from measures.models.projects import FundedProject
from measures.models.reporting import FigureReport, ReportingRound, RoundReport, RoundReportState

__all__ = [
    "ActionPlan",
    "FieldOfAction",
    "FigureDirection",
    "FigureLevel",
    "FigureReport",
    "FundedProject",
    "KeyFigure",
    "KeyFigureTarget",
    "Measure",
    "MeasurePartner",
    "MeasureStatus",
    "ReportingRound",
    "RoundReport",
    "RoundReportState",
    "Stage",
]
