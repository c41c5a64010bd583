"""Order of measures by their number, 4.2 before 4.10 and the parts of a measure after it."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Coalesce

from measures.models import Measure


def number_key(measure: Measure) -> list[int]:
    """Order by number: 4.2 before 4.10, the parts of a measure after it. Queries: as ``Measure.number``."""
    return [int(part) for part in measure.number.split(".")]


def by_number(path: str = "") -> tuple[Any, ...]:
    """``number_key`` for ``order_by``.

    Args:
        path: Where the measure is reached from the rows that are ordered, such as ``measure__``.
    """
    return (
        F(f"{path}field__number"),
        Coalesce(f"{path}parent__position", f"{path}position"),
        # Without a parent, and so without a value: first, which databases do not agree on by themselves.
        F(f"{path}parent").asc(nulls_first=True),
        F(f"{path}position"),
    )
