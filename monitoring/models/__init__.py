"""Areas, indicators, deliveries, values and index runs."""

from monitoring.models.areas import Area, AreaKind, AreaMap
from monitoring.models.indicators import Direction, Domain, Indicator, Unit
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
from monitoring.models.values import Delivery, DeliveryIssue, Severity, Sign, Value

__all__ = [
    "Area",
    "AreaKind",
    "AreaMap",
    "Delivery",
    "DeliveryIssue",
    "DeliveryMapping",
    "Direction",
    "Domain",
    "Filled",
    "IndexMethod",
    "IndexResult",
    "IndexRun",
    "IndexRunIndicator",
    "IndexScore",
    "Indicator",
    "Part",
    "Severity",
    "Sign",
    "Unit",
    "Value",
    "ValueComment",
]
