"""Marks the kept standing of a measure outdated when what it follows from changes (``selectors.standings``).

Signals, because figures, targets and milestones are written in many places and none of them should have to
know of a copy. Writes that send none (``bulk_create``, ``update`` of a queryset) call ``standings_outdate``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.db.models import F, Model, QuerySet
from django.db.models.signals import post_delete, post_save

from measures.models import (
    FigureReport,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    MeasureStanding,
    Milestone,
    RoundReport,
    StateOverride,
)

#: What a state follows from besides the columns of the measure itself, and the measures it belongs to.
_SOURCES: Final[dict[type[Model], Callable[[Any], dict[str, Any]]]] = {
    KeyFigure: lambda row: {"measure": row.measure_id},
    KeyFigureTarget: lambda row: {"measure__key_figures": row.key_figure_id},
    FigureReport: lambda row: {"measure__key_figures": row.key_figure_id},
    RoundReport: lambda row: {"measure__key_figures__reported__report": row.pk},
    Milestone: lambda row: {"measure": row.measure_id},
    StateOverride: lambda row: {"measure": row.measure_id},
}


def standings_outdate(standings: QuerySet[MeasureStanding]) -> None:
    """Mark standings outdated, so that the next look reckons them anew. Queries: 1.

    Args:
        standings: Those of the measures concerned.
    """
    keys = standings.order_by().values("pk")
    MeasureStanding.objects.filter(pk__in=keys).update(is_outdated=True, changes=F("changes") + 1)


def connect() -> None:
    """Listen to changes; called once, when the app is ready."""
    for model in _SOURCES:
        post_save.connect(_changed, sender=model, dispatch_uid=f"measures.changed.{model.__name__}")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"measures.gone.{model.__name__}")
    post_save.connect(_created, sender=Measure, dispatch_uid="measures.created")


def _changed(sender: type[Model], instance: Any, **_more: Any) -> None:
    standings_outdate(MeasureStanding.objects.filter(**_SOURCES[sender](instance)))


def _created(instance: Measure, created: bool, **_more: Any) -> None:
    """Every measure has its row from the beginning, so that a change has something to mark."""
    if created:
        MeasureStanding.objects.create(measure=instance)
