"""Saved views of the list of measures: one's own and those others share."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from measures.models import ActionPlan, SavedView


def saved_views(user: Any, plan: ActionPlan) -> QuerySet[SavedView]:
    """Views of a plan that a person may use, their own first. Queries: 1.

    Args:
        user: Who asks; must see the plan.
        plan: The plan.
    """
    rows = SavedView.objects.filter(Q(user=user) | Q(is_shared=True), plan=plan)
    return rows.select_related("user").order_by("title", "pk")


def own_views(user: Any) -> QuerySet[SavedView]:
    """Views that a person saved. Queries: 1."""
    return SavedView.objects.filter(user=user).select_related("plan", "plan__territory")
