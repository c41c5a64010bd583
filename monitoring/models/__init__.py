"""Areas, indicators, deliveries, values and index runs."""

from monitoring.models.areas import Area, AreaKind, AreaMap
from monitoring.models.indicators import Direction, Domain, Indicator, Unit
from monitoring.models.mappings import DeliveryMapping, ValueComment
from monitoring.models.runs import IndexResult, IndexRun, IndexRunIndicator, IndexScore
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
    "IndexResult",
    "IndexRun",
    "IndexRunIndicator",
    "IndexScore",
    "Indicator",
    "Severity",
    "Sign",
    "Unit",
    "Value",
    "ValueComment",
]
