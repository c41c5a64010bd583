"""Views of the list of measures, as planning and a head of department might keep them (invented)."""

from __future__ import annotations

from measures.models import ActionPlan
from measures.services.views import saved_view_save
from stakeholders.models import User


def save_views(plan: ActionPlan, *, planner: User) -> None:
    """Keep two views that all who see the plan may use.

    Args:
        plan: The plan.
        planner: Who saves them.
    """
    views = {
        "Verzögert, nach Ende": "state=delayed&sort=ends&col=responsible&col=planned_end&col=milestone",
        "Stufe 2 mit Gebieten": "stage=2&col=state&col=responsible&col=areas&col=planned_start",
    }
    for title, query in views.items():
        saved_view_save(plan=plan, title=title, query=query, is_shared=True, user=planner)
