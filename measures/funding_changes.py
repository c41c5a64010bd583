"""Notes when something changes that the tallies of funded projects count (``selectors.tallies``).

Signals, as in ``measures.changes``: reports, notices and standings are written in many places, also in
flows. The state of a report is moved together with a step, and lines are written before their report or
notice is, so those tell of them. Writes that send no signal call ``tallies_outdate``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save

from measures.models import (
    FundedProject,
    FundingChange,
    GrantNotice,
    ProjectReport,
    ProjectReportStep,
)

#: What is counted -> the projects it belongs to.
_SOURCES: Final[dict[type[Model], Callable[[Any], dict[str, Any]]]] = {
    FundedProject: lambda row: {"pk": row.pk},
    GrantNotice: lambda row: {"pk": row.project_id},
    ProjectReport: lambda row: {"pk": row.project_id},
    ProjectReportStep: lambda row: {"reports": row.report_id},
}


#: Of a report this is counted.
_COUNTED: Final = frozenset({"state", "due_on", "kind", "covers_from", "covers_until"})


def tallies_outdate(projects: QuerySet[FundedProject]) -> None:
    """Note that something about projects changed. Queries: 2.

    Args:
        projects: Those that changed, are new, or have reports, notices or figures that changed.
    """
    cells = projects.order_by().values_list("programme_id", "measure__plan__territory_id").distinct()
    FundingChange.objects.bulk_create(
        FundingChange(programme_id=programme, territory_id=territory)
        for programme, territory in cells
        if territory is not None
    )


def connect() -> None:
    """Listen to changes; called once, when the app is ready."""
    for model in _SOURCES:
        post_save.connect(_changed, sender=model, dispatch_uid=f"funding.changed.{model.__name__}")
        post_delete.connect(_changed, sender=model, dispatch_uid=f"funding.gone.{model.__name__}")


def _changed(
    sender: type[Model], instance: Any, update_fields: Collection[str] | None = None, **_more: Any
) -> None:
    # A draft is saved every few seconds; what is in it is not counted.
    if sender is ProjectReport and update_fields and not _COUNTED.intersection(update_fields):
        return
    tallies_outdate(FundedProject.objects.filter(**_SOURCES[sender](instance)))
