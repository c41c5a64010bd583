"""Programmes with their calls, and the notices of projects with their plans."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from measures.models import (
    GRANT_SOURCES,
    AmendmentVersion,
    FinanceKind,
    FundedProject,
    GrantNotice,
    Programme,
    ProgrammeAdviser,
    ProgrammeCall,
    ReportingDuty,
)
from measures.money import LineChange, PlanLine, PlanTable, plan_changes, plan_table
from measures.selectors.projects import projects_seen_by
from stakeholders.models import Organisation, OrganisationKind
from stakeholders.permissions import Perm, visible


@dataclasses.dataclass(frozen=True)
class NoticeView:
    """A notice as pages and papers show it.

    Attributes:
        notice: The notice.
        table: Its plan by line and year.
        duties: What it asks for, by due date.
        changes: What it changed in the plan of the one before; empty for the first.
        before: The one before; None for the first.
        is_latest: Whether it is the one that holds.
    """

    notice: GrantNotice
    table: PlanTable
    duties: tuple[ReportingDuty, ...]
    changes: tuple[LineChange, ...]
    before: GrantNotice | None
    is_latest: bool


@dataclasses.dataclass(frozen=True)
class YearMoney:
    """What a programme granted for a year, in euros, to projects the person sees."""

    year: int
    granted: Decimal
    project_count: int


#: Columns the list of programmes can be ordered by.
PROGRAMME_SORTS = {
    "title": ("title",),
    "funder": ("funder__name", "title"),
    "calls": ("call_count", "title"),
    "projects": ("project_count", "title"),
}


def programmes_seen_by(user: Any) -> QuerySet[Programme]:
    """Programmes a person may see, with their funder. Queries: 1."""
    return visible(user, Perm.VIEW_PROGRAMME, Programme.objects.select_related("funder"), is_long=True)


def programmes_with(programmes: QuerySet[Programme], words: str) -> QuerySet[Programme]:
    """Programmes with some words in their name or that of their funder; all for none. Queries: none."""
    if not words:
        return programmes
    return programmes.filter(
        Q(title__icontains=words) | Q(funder__name__icontains=words) | Q(funder__short_name__icontains=words)
    )


def own_funders(user: Any) -> list[Organisation]:
    """Funders the person acts for, by name. Queries: 1."""
    rows = Organisation.objects.filter(kind=OrganisationKind.FUNDER, is_active=True)
    return list(visible(user, Perm.ACT_FOR_ORGANISATION, rows).order_by("name"))


def with_counts(programmes: QuerySet[Programme], user: Any) -> QuerySet[Programme]:
    """Programmes with the number of their projects that the person sees, and of calls."""
    seen = projects_seen_by(user).order_by().values("pk")
    return programmes.annotate(
        project_count=Count("projects", filter=Q(projects__in=seen), distinct=True),
        call_count=Count("calls", distinct=True),
    )


def calls_of(programme: Programme) -> list[ProgrammeCall]:
    """Calls, the latest first. Queries: 1."""
    return list(programme.calls.order_by("-year"))


def advisers_of(programme: Programme) -> list[ProgrammeAdviser]:
    """Advisers who are let in now, by name. Queries: 1."""
    rows = programme.advisers.filter(until__isnull=True).select_related("organisation")
    return list(rows.order_by("organisation__name", "pk"))


def latest_notice(project: FundedProject) -> GrantNotice | None:
    """The notice that holds. Queries: 1."""
    return project.notices.select_related("call").order_by("-number").first()


def notices_that_hold(projects: QuerySet[FundedProject]) -> QuerySet[GrantNotice]:
    """The latest notice of each project that has one. Queries: none."""
    later = GrantNotice.objects.filter(project=OuterRef("project"), number__gt=OuterRef("number"))
    found: QuerySet[GrantNotice] = GrantNotice.objects.filter(project__in=projects.order_by().values("pk"))
    return found.exclude(Exists(later))


def lines_of(plan: GrantNotice | AmendmentVersion) -> list[PlanLine]:
    """The plan of a notice, or the one that is asked for. Queries: 1."""
    names = ("side", "kind", "title", "year", "amount")
    return [PlanLine(*row) for row in plan.lines.order_by("pk").values_list(*names)]


def notice_view(notice: GrantNotice) -> NoticeView:
    """A notice with what it changed. Queries: 5."""
    others = notice.project.notices
    before = others.filter(number__lt=notice.number).order_by("-number").first()
    lines = lines_of(notice)
    return NoticeView(
        notice=notice,
        table=plan_table(lines),
        duties=tuple(notice.duties.order_by("due_on", "pk")),
        changes=tuple(plan_changes(lines_of(before), lines)) if before is not None else (),
        before=before,
        is_latest=not others.filter(number__gt=notice.number).exists(),
    )


def money_by_year(programme: Programme, user: Any) -> list[YearMoney]:
    """What the notices that hold grant by year, of projects the person sees. Queries: 1."""
    rows = (
        notices_that_hold(projects_seen_by(user).filter(programme=programme))
        .filter(lines__side=FinanceKind.FUNDING, lines__kind__in=GRANT_SOURCES)
        .order_by("lines__year")
        .values("lines__year")
        .annotate(granted=Sum("lines__amount"), count=Count("project", distinct=True))
    )
    return [YearMoney(row["lines__year"], row["granted"], row["count"]) for row in rows]
