"""Reads of proposed urgencies: what a body says of an area, beside the class of the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from monitoring.class_words import class_words
from monitoring.models import Area
from workflows.models import PlanningCycle, UrgencyProposal


def urgency_proposals(cycle: PlanningCycle, areas: Iterable[Area]) -> dict[int, list[UrgencyProposal]]:
    """Proposals of all bodies on some areas of a cycle by area, newest first.

    Whoever sees the profile of an area sees them: they are the words of a body, not a draft.

    Args:
        cycle: The cycle.
        areas: Areas wanted.

    Returns:
        Area key -> proposals; areas without one are missing. Queries: 1.
    """
    found: dict[int, list[UrgencyProposal]] = defaultdict(list)
    rows = UrgencyProposal.objects.filter(cycle=cycle, area__in=list(areas)).select_related("body", "meeting")
    for row in rows.order_by("-pk"):
        found[row.area_id].append(row)
    return dict(found)


def in_force(proposals: Iterable[UrgencyProposal]) -> list[UrgencyProposal]:
    """Of proposals on one area, newest first, the one of each body that counts: its last."""
    latest: dict[int, UrgencyProposal] = {}
    for row in proposals:
        latest.setdefault(row.body_id, row)
    return list(latest.values())


def followed(proposals: Iterable[UrgencyProposal]) -> list[UrgencyProposal]:
    """Of proposals on one area, newest first, those that a later one of the same body followed."""
    rows = list(proposals)
    now = {row.pk for row in in_force(rows)}
    return [row for row in rows if row.pk not in now]


def with_urgencies(cycle: PlanningCycle) -> Prefetch[Any]:
    """Put the proposals of a cycle on the areas of its profiles, as ``area.urgencies``. Queries: 1."""
    rows = UrgencyProposal.objects.filter(cycle=cycle).select_related("body").order_by("-pk")
    return Prefetch("area__urgency_proposals", queryset=rows, to_attr="urgencies")


def index_says(result: Any) -> str:
    """What the index says of an area, in words of the page: what stands beside the view of a body.

    Args:
        result: Of a run, or a profile with the result's rank, class and "stands out"; None without a run.

    Returns:
        The class; of runs without classes whether the area stands out.
    """
    if result is None or result.rank is None:
        return _("not part of the index")
    if result.class_label:
        return class_words(result.class_label)
    return _("stands out") if result.stands_out else _("does not stand out")
