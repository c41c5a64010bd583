"""Reads of the catalogue of indicators."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from monitoring.models import Indicator, Value
from monitoring.selectors.atlas import atlas_territories


def indicators_of(user: Any) -> QuerySet[Indicator]:
    """Indicators in use that have figures in the territories whose areas a person may see.

    Who sees no areas, or only such without any figures, gets the whole catalogue: there is nothing to choose
    by yet. Queries: 1 of its own.

    Args:
        user: Who reads.
    """
    rows = Indicator.objects.filter(is_active=True)
    territories = atlas_territories(user).order_by().values("pk")
    own = rows.filter(Exists(Value.objects.filter(indicator=OuterRef("pk"), area__territory__in=territories)))
    return own if own.exists() else rows
