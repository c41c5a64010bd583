"""Areas, indicators, deliveries, values and index runs."""

from monitoring.models.areas import Area, AreaKind, AreaMap, AreaPopulation, AreaSuccession
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
from monitoring.models.mappings import DeliveryMapping, ValueComment
from monitoring.models.runs import (
    Filled,
    IndexMethod,
    IndexResult,
    IndexRun,
    IndexRunIndicator,
    IndexScore,
    Part,
)
from monitoring.models.values import GRID_FILE_NAME, Delivery, DeliveryIssue, Severity, Sign, Value

__all__ = [
    "GRID_FILE_NAME",
    "Area",
    "AreaKind",
    "AreaMap",
    "AreaPopulation",
    "AreaSuccession",
    "Delivery",
    "DeliveryIssue",
    "DeliveryMapping",
    "Direction",
    "Domain",
    "FileImport",
    "Filled",
    "Frequency",
    "ImportKind",
    "IndexMethod",
    "IndexResult",
    "IndexRun",
    "IndexRunIndicator",
    "IndexScore",
    "Indicator",
    "IndicatorSet",
    "IndicatorSetEntry",
    "Part",
    "Severity",
    "Sign",
    "Unit",
    "Value",
    "ValueComment",
]
