"""Funded projects as funder, provider and planning see them."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.db.models import Q, QuerySet

from measures.models import FundedProject
from stakeholders.permissions import Perm, visible


@dataclasses.dataclass(frozen=True)
class ProjectFilter:
    """What a person wants to see of the projects."""

    search: str = ""
    programme: str = ""
    term: str = ""  # running, ended, upcoming; empty for all


#: Columns the list can be ordered by.
SORTS = {
    "programme": ("programme", "title"),
    "title": ("title",),
    "provider": ("provider__name", "title"),
    "funder": ("funder__name", "title"),
    "starts": ("starts_on", "title"),
    "ends": ("ends_on", "title"),
}


def projects_seen_by(user: Any) -> QuerySet[FundedProject]:
    """Projects a person follows, with funder and provider joined. Queries: 1."""
    rows = FundedProject.objects.select_related("measure", "funder", "provider")
    return visible(user, Perm.TRACK_PROJECT, rows)


def filtered(
    projects: QuerySet[FundedProject], wanted: ProjectFilter, today: datetime.date
) -> QuerySet[FundedProject]:
    """Projects that fit a filter. Queries: none."""
    if wanted.search:
        projects = projects.filter(
            Q(title__icontains=wanted.search)
            | Q(reference__icontains=wanted.search)
            | Q(provider__name__icontains=wanted.search)
            | Q(funder__name__icontains=wanted.search)
        )
    if wanted.programme:
        projects = projects.filter(programme=wanted.programme)
    match wanted.term:
        case "running":
            projects = projects.filter(starts_on__lte=today, ends_on__gte=today)
        case "ended":
            projects = projects.filter(ends_on__lt=today)
        case "upcoming":
            projects = projects.filter(starts_on__gt=today)
    return projects


def programmes_of(projects: QuerySet[FundedProject]) -> list[str]:
    """Programmes of projects, by name. Queries: 1."""
    return list(projects.order_by("programme").values_list("programme", flat=True).distinct())
