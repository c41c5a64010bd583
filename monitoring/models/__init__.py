"""Areas, indicators, deliveries, values and index runs."""

from monitoring.models.areas import Area, AreaKind, AreaPopulation, AreaSuccession
from monitoring.models.imports import FileImport, ImportKind
from monitoring.models.indicators import (
    Direction,
    Domain,
    Frequency,
    Indicator,
    IndicatorSet,
    IndicatorSetEntry,
    Unit,
)
from monitoring.models.runs import IndexResult, IndexRun, IndexRunIndicator, IndexScore
from monitoring.models.values import Delivery, DeliveryIssue, Severity, Sign, Value

__all__ = [
    "Area",
    "AreaKind",
    "AreaPopulation",
    "AreaSuccession",
    "Delivery",
    "DeliveryIssue",
    "Direction",
    "Domain",
    "FileImport",
    "Frequency",
    "ImportKind",
    "IndexResult",
    "IndexRun",
    "IndexRunIndicator",
    "IndexScore",
    "Indicator",
    "IndicatorSet",
    "IndicatorSetEntry",
    "Severity",
    "Sign",
    "Unit",
    "Value",
]
