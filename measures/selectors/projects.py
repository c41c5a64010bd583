"""Funded projects as funder, provider and planning see them."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, Final

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Sum

from measures.models import (
    FundedProject,
    GrantNotice,
    KeyFigure,
    Measure,
    Programme,
    ProjectReport,
)
from measures.selectors.project_standing import (
    TERMS,
    Waiting,
    lines_drawn,
    term_condition,
    waiting_condition,
    worst_light,
)
from measures.selectors.project_told import Insight
from measures.status import Light
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible


@dataclasses.dataclass(frozen=True)
class ProjectFilter:
    """What a person wants to see of the projects; nothing restricts nothing.

    Attributes:
        search: In title, file reference, provider, funder.
        programme: Key of the programme.
        funder: Key of the funder.
        provider: Key of the provider.
        territory: Key of the territory.
        area: Key of an area.
        figure: Key of a key figure: projects whose measure has one of that name and unit.
        year: A year its term touches.
        term: Of ``tallies.TERMS``.
        light: Worst light of its key figures.
        report: How one of its reports waits.
    """

    search: str = ""
    programme: int | None = None
    funder: int | None = None
    provider: int | None = None
    territory: int | None = None
    area: int | None = None
    figure: int | None = None
    year: int | None = None
    term: str = ""
    light: str = ""
    report: str = ""


#: Columns the list can be ordered by.
SORTS: Final = {
    "programme": ("programme__title", "title"),
    "title": ("title",),
    "provider": ("provider__name", "title"),
    "funder": ("funder__name", "title"),
    "territory": ("measure__plan__territory__name", "title"),
    "starts": ("starts_on", "title"),
    "ends": ("ends_on", "title"),
    "granted": ("granted", "title"),
    "drawn": ("drawn", "title"),
    "due": ("next_due_on", "title"),
}
#: Columns that are worked out only if the list is ordered by them.
_WORKED_OUT: Final = {"granted": "granted", "drawn": "drawn", "due": "next_due_on"}


def projects_seen_by(user: Any) -> QuerySet[FundedProject]:
    """Projects a person follows, with funder and provider joined. Queries: 1."""
    rows = FundedProject.objects.select_related("measure", "funder", "provider", "programme")
    return visible(user, Perm.TRACK_PROJECT, rows, is_long=True)


def filtered(
    projects: QuerySet[FundedProject], wanted: ProjectFilter, today: datetime.date, insight: Insight
) -> QuerySet[FundedProject]:
    """Projects that fit a filter, their reports as a person is told of them. Queries: none."""
    if wanted.search:
        projects = projects.filter(
            Q(title__icontains=wanted.search)
            | Q(reference__icontains=wanted.search)
            | Q(programme__title__icontains=wanted.search)
            # The list shows short names where there are any.
            | Q(provider__name__icontains=wanted.search)
            | Q(provider__short_name__icontains=wanted.search)
            | Q(funder__name__icontains=wanted.search)
            | Q(funder__short_name__icontains=wanted.search)
        )
    equal = {
        "programme": wanted.programme,
        "funder": wanted.funder,
        "provider": wanted.provider,
        "measure__plan__territory": wanted.territory,
    }
    projects = projects.filter(**{path: key for path, key in equal.items() if key is not None})
    if wanted.area is not None:
        projects = projects.filter(in_area(wanted.area))
    if wanted.figure is not None:
        same = KeyFigure.objects.filter(pk=wanted.figure)
        alike = KeyFigure.objects.filter(title__in=same.values("title"), unit__in=same.values("unit"))
        projects = projects.filter(measure__in=alike.order_by().values("measure"))
    if wanted.year is not None:
        projects = projects.filter(starts_on__year__lte=wanted.year, ends_on__year__gte=wanted.year)
    if wanted.term in TERMS:
        projects = projects.filter(term_condition(wanted.term, today))
    if wanted.light in set(Light):
        projects = projects.alias(light=worst_light()).filter(light=wanted.light)
    if wanted.report in set(Waiting):
        reports = ProjectReport.objects.filter(
            waiting_condition(Waiting(wanted.report), today, insight.kept_back())
        )
        projects = projects.filter(pk__in=reports.order_by().values("project"))
    return projects


def in_area(area: int) -> Q:
    """Condition on a project that it works in an area: its own areas, else those of its measure."""
    own = FundedProject.areas.through._default_manager.filter(fundedproject=OuterRef("pk"))
    of_measure = Measure.areas.through._default_manager.filter(measure=OuterRef("measure"), area=area)
    return Q(Exists(own.filter(area=area))) | Q(~Exists(own), Exists(of_measure))


def in_order(
    projects: QuerySet[FundedProject], key: str, by: list[str], insight: Insight
) -> QuerySet[FundedProject]:
    """Projects in an order; money and dates are worked out where they are ordered by. Queries: none.

    Args:
        projects: Any.
        key: Name of the column in ``SORTS``.
        by: What to order by, of ``project.common.listing.Order``.
        insight: Of which projects the person knows how far reports are.
    """
    name = _WORKED_OUT.get(key)
    if name is None:
        return projects.order_by(*by)
    projects = projects.annotate(**{name: _worked_out(name, insight)})
    # What is missing comes last, whichever way round.
    first = F(name).desc(nulls_last=True) if by[0].startswith("-") else F(name).asc(nulls_last=True)
    return projects.order_by(first, *by[1:])


def _worked_out(name: str, insight: Insight) -> Subquery:
    if name == "granted":
        notices = GrantNotice.objects.filter(project=OuterRef("pk")).order_by("-number")
        return Subquery(notices.values("granted")[:1])
    if name == "drawn":
        lines = lines_drawn().filter(report__project=OuterRef("pk"))
        return Subquery(lines.values("report__project").annotate(sum=Sum("amount")).values("sum"))
    drafts = ProjectReport.objects.filter(insight.not_handed_in(), project=OuterRef("pk"))
    return Subquery(drafts.order_by().values("project").annotate(first=Min("due_on")).values("first"))


def programmes_of(projects: QuerySet[FundedProject]) -> list[Programme]:
    """Programmes of projects, by name. Queries: 1."""
    found = Programme.objects.filter(pk__in=projects.order_by().values("programme"))
    return list(found.select_related("funder").order_by("title", "pk"))


def _organisations(projects: QuerySet[FundedProject], path: str) -> list[Organisation]:
    found = Organisation.objects.filter(pk__in=projects.order_by().values(path))
    return list(found.order_by("name", "pk"))


def funders_of(projects: QuerySet[FundedProject]) -> list[Organisation]:
    """Funders of projects, by name. Queries: 1."""
    return _organisations(projects, "funder")


def territories_of(projects: QuerySet[FundedProject]) -> list[Organisation]:
    """Territories of projects, by name. Queries: 1."""
    return _organisations(projects, "measure__plan__territory")


def providers_of(projects: QuerySet[FundedProject]) -> list[Organisation]:
    """Providers of projects, by name. Queries: 1."""
    return _organisations(projects, "provider")


def years_of(projects: QuerySet[FundedProject]) -> list[int]:
    """Years that the terms of projects touch, the latest first. Queries: 1."""
    spans = projects.order_by().values_list("starts_on__year", "ends_on__year").distinct()
    return sorted({year for first, last in spans for year in range(first, last + 1)}, reverse=True)
