"""Areas, indicators, deliveries, values and index runs."""

from monitoring.models.areas import Area, AreaKind
from monitoring.models.indicators import Direction, Domain, Indicator, Unit
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
    "Delivery",
    "DeliveryIssue",
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
]
