"""What lists of funded projects offer to choose from, and all reports a person follows."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from measures.models import Programme, ProjectReport, ProjectReportState
from measures.selectors.funding_scope import Scope
from measures.selectors.project_report_dates import known_hand_in_by, with_returns
from measures.selectors.project_standing import Waiting, waiting_condition, waiting_of
from measures.selectors.project_told import Insight, as_told, days_late_at_first, with_first_delivery
from measures.selectors.projects import (
    funders_of,
    programmes_of,
    projects_seen_by,
    providers_of,
    territories_of,
    years_of,
)
from measures.selectors.tallies import tallies
from stakeholders.models import Organisation


@dataclasses.dataclass(frozen=True)
class ProjectChoices:
    """What filters offer: only what is among the projects the person follows."""

    programmes: list[Programme]
    funders: list[Organisation]
    territories: list[Organisation]
    providers: list[Organisation]
    years: list[int]


def project_choices(user: Any, scope: Scope, *, is_reckoned: bool = True) -> ProjectChoices:
    """What the filters of a person offer.

    Who reads a portfolio is offered what its tallies know of, so that tens of thousands of projects are not
    walked for a few names.

    Args:
        user: The person.
        scope: Their portfolio, ``portfolio_scope``.
        is_reckoned: Whether what they filter has lights, as ``tallies`` says.

    Returns:
        Names and years. Queries: at most 5; more where something changed since the last look.
    """
    projects = projects_seen_by(user)
    if not scope:
        return ProjectChoices(
            programmes_of(projects),
            funders_of(projects),
            territories_of(projects),
            providers_of(projects),
            years_of(projects),
        )
    return _known_choices(scope, is_reckoned=is_reckoned)


def _known_choices(scope: Scope, *, is_reckoned: bool) -> ProjectChoices:
    found = tallies(scope, timezone.localdate(), is_reckoned=is_reckoned)
    rows = [row for row, _tally in found]
    programmes = {row.programme_id: row.programme for row in rows}
    funders = {row.programme.funder_id: row.programme.funder for row in rows}
    territories = {row.territory_id: row.territory for row in rows}
    providers = Organisation.objects.in_bulk({key for _row, tally in found for key in tally.providers})
    years = {year for _row, tally in found for year in tally.projects}

    def by_name(found: dict[int, Organisation]) -> list[Organisation]:
        return sorted(found.values(), key=lambda row: (row.name.casefold(), row.pk))

    return ProjectChoices(
        list(programmes.values()),
        by_name(funders),
        by_name(territories),
        by_name(providers),
        sorted(years, reverse=True),
    )


@dataclasses.dataclass(frozen=True)
class ProjectReportFilter:
    """What a person wants to see of the reports of projects; nothing restricts nothing."""

    search: str = ""
    waiting: str = ""
    kind: str = ""
    programme: int | None = None
    territory: int | None = None
    provider: int | None = None
    year: int | None = None


#: Columns the list of reports can be ordered by, once ``in_report_order`` has worked them out.
REPORT_SORTS: Final = {
    "due": ("due_on",),
    "project": ("project__title", "due_on"),
    "kind": ("kind", "due_on"),
    "state": ("told_state", "due_on"),
    "programme": ("project__programme__title", "project__title", "due_on"),
    "provider": ("project__provider__name", "due_on"),
}


@dataclasses.dataclass(frozen=True)
class ProjectReportRow:
    """A report in a list.

    Attributes:
        report: The report, with project, programme and provider.
        waiting: What is to be done with it next, as far as the person may know.
        days_late: Days by which it is late, or was handed in late at first; 0 for none.
        is_kept_back: Whether the person may not know yet how far it is (``is_kept_back`` of its page).
    """

    report: ProjectReport
    waiting: Waiting
    days_late: int
    is_kept_back: bool


def project_reports_seen_by(user: Any) -> QuerySet[ProjectReport]:
    """Reports of projects a person follows, without their drafts. Queries: none."""
    projects = projects_seen_by(user).order_by().values("pk")
    return _light(ProjectReport.objects.filter(project__in=projects))


def reports_of(keys: Iterable[int], insight: Insight) -> list[ProjectReport]:
    """Reports by their keys, in that order, with what lists show a person. Queries: 1."""
    order = {pk: place for place, pk in enumerate(keys)}
    rows = listed(ProjectReport.objects.filter(pk__in=list(order)), insight).order_by()
    return sorted(rows, key=lambda row: order[row.pk])


def listed(reports: QuerySet[ProjectReport], insight: Insight) -> QuerySet[ProjectReport]:
    """Reports with what ``report_row`` tells a person of them. Queries: none."""
    return with_first_delivery(as_told(_light(reports), insight), insight)


def _light(reports: QuerySet[ProjectReport]) -> QuerySet[ProjectReport]:
    """Reports with what lists show; what the draft says stays where it is."""
    joined = with_returns(reports).select_related(
        "project__programme", "project__provider", "project__funder"
    )
    return joined.defer("narrative", "participants", "purpose")


def reports_that_wait(
    scope: Scope, waiting: Waiting, today: datetime.date, limit: int
) -> list[ProjectReportRow]:
    """The first reports of a portfolio that wait so, as its reader is told, by due date. Queries: 1."""
    rows = ProjectReport.objects.filter(
        waiting_condition(waiting, today, scope.insight.kept_back()), scope.of_projects("project__")
    ).order_by("due_on", "pk")
    return [report_row(row, today) for row in listed(rows, scope.insight)[:limit]]


def in_report_order(
    reports: QuerySet[ProjectReport], key: str, by: list[str], insight: Insight
) -> QuerySet[ProjectReport]:
    """Reports in an order; by state as a person is told. Queries: none.

    Args:
        reports: Any.
        key: Name of the column in ``REPORT_SORTS``.
        by: What to order by, of ``project.common.listing.Order``.
        insight: Of which projects the person knows how far reports are.
    """
    if key == "state":
        checked = Q(insight.kept_back(), state=ProjectReportState.CHECKING)
        not_handed_in = When(checked, then=Value(ProjectReportState.DRAFTING.value))
        reports = reports.annotate(told_state=Case(not_handed_in, default=F("state")))
    return reports.order_by(*by)


def filtered_reports(
    reports: QuerySet[ProjectReport], wanted: ProjectReportFilter, today: datetime.date, insight: Insight
) -> QuerySet[ProjectReport]:
    """Reports that fit a filter. Queries: none."""
    if wanted.search:
        reports = reports.filter(
            Q(project__title__icontains=wanted.search)
            | Q(project__reference__icontains=wanted.search)
            | Q(project__provider__name__icontains=wanted.search)
        )
    if wanted.waiting in set(Waiting):
        reports = reports.filter(waiting_condition(Waiting(wanted.waiting), today, insight.kept_back()))
    equal = {
        "kind": wanted.kind or None,
        "project__programme": wanted.programme,
        "project__measure__plan__territory": wanted.territory,
        "project__provider": wanted.provider,
        "due_on__year": wanted.year,
    }
    return reports.filter(**{path: value for path, value in equal.items() if value is not None})


def report_row(report: Any, today: datetime.date) -> ProjectReportRow:
    """A report of ``listed`` with how it waits, as the person may know it. Queries: none."""
    is_kept_back: bool = report.is_kept_back
    waiting = waiting_of(report, today, is_kept_back=is_kept_back)
    until = report.due_on if is_kept_back else known_hand_in_by(report)
    late = (today - until).days if waiting is Waiting.LATE else days_late_at_first(report)
    return ProjectReportRow(report, waiting, late, is_kept_back)


def years_due(choices: ProjectChoices) -> list[int]:
    """Years in which reports may be due: those of the terms, and the one after."""
    return sorted({*choices.years, *(year + 1 for year in choices.years)}, reverse=True)
