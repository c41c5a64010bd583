"""A few funded projects side by side: facts, money by source, key figures, reports in time."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import QuerySet, Sum

from measures.models import (
    FinanceKind,
    FundedProject,
    GrantLine,
    MoneySource,
    ProjectReport,
    ProjectReportState,
)
from measures.money import CENT, ZERO, percent_of
from measures.selectors.figures import FigureLine, actual_text, figure_lines, protected
from measures.selectors.funding_figures import participants_of_projects
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_rows import ProjectRow, project_rows, with_relations
from measures.selectors.project_told import Insight, days_late_at_first, with_first_delivery
from project.common.formats import Badge
from project.common.sorting import german_key

#: Participants altogether, of ``measures.esf.INDICATORS``.
PARTICIPANTS = "EECO01"


@dataclasses.dataclass(frozen=True)
class Compared:
    """A project beside others.

    Attributes:
        row: As in the list.
        sources: Financing of the plan that holds by source: sum and percent of all.
        planned: Sum of the financing.
        participants: Those of accepted reports; None where they are few or none were told.
        is_hidden: Whether there are some that are not told.
        cost_per_participant: Cost of accepted reports by participant; None where either is not known.
        accepted: Reports and drawdowns that the funder accepted.
        in_time: Of these handed in by their due date at first; for who does not check reports, what was
            passed on first counts.
    """

    row: ProjectRow
    sources: dict[str, tuple[Decimal, Decimal | None]]
    planned: Decimal
    participants: int | None
    is_hidden: bool
    cost_per_participant: Decimal | None
    accepted: int
    in_time: int


@dataclasses.dataclass(frozen=True)
class ComparedFigure:
    """A key figure that at least two of the projects have, of the same name and unit.

    Attributes:
        title: Its name.
        values: For each project the latest confirmed figure with its light; None where it has none.
    """

    title: str
    values: list[tuple[str, datetime.date | None, Badge] | None]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Projects side by side, and the sources of money that any of them has."""

    projects: list[Compared]
    sources: list[tuple[str, str]]
    figures: list[ComparedFigure]


def compare(projects: QuerySet[FundedProject], today: datetime.date, insight: Insight) -> Comparison:
    """Put projects side by side.

    Args:
        projects: A few that the person follows, in their order.
        today: The day to look from.
        insight: Of which projects the person knows how far reports are.

    Returns:
        As many as were given. Queries: some 20 for any number.
    """
    rows = project_rows(with_relations(projects), today, insight)
    keys = [row.project.pk for row in rows]
    sources = _sources(keys)
    told = participants_of_projects(keys, PARTICIPANTS)
    in_time = _in_time(keys, insight)
    compared = [
        _compared(row, sources[row.project.pk], told, in_time.get(row.project.pk, (0, 0))) for row in rows
    ]
    used = {kind for row in compared for kind in row.sources}
    labels = [(kind.value, str(kind.label)) for kind in MoneySource if kind.value in used]
    return Comparison(compared, labels, _figures([row.project for row in rows]))


def _compared(
    row: ProjectRow, sources: dict[str, Decimal], told: dict[int, int | None], in_time: tuple[int, int]
) -> Compared:
    planned = sum(sources.values(), ZERO)
    participants = told.get(row.project.pk)
    cost = None
    if participants and row.money.spent:
        cost = (row.money.spent / participants).quantize(CENT, rounding=ROUND_HALF_UP)
    return Compared(
        row=row,
        sources={kind: (amount, percent_of(amount, planned)) for kind, amount in sources.items()},
        planned=planned,
        participants=participants,
        is_hidden=row.project.pk in told and participants is None,
        cost_per_participant=cost,
        accepted=in_time[0],
        in_time=in_time[1],
    )


def _sources(keys: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Financing by project and source of the notices that hold. Queries: 1."""
    notices = notices_that_hold(FundedProject.objects.filter(pk__in=keys)).order_by().values("pk")
    rows = (
        GrantLine.objects.filter(notice__in=notices, side=FinanceKind.FUNDING)
        .order_by()
        .values_list("notice__project", "kind")
        .annotate(sum=Sum("amount"))
    )
    found: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for project, kind, amount in rows:
        found[project][kind] = amount
    return found


def _in_time(keys: Sequence[int], insight: Insight) -> dict[int, tuple[int, int]]:
    """Accepted reports by project, and how many of them first came by their due date. Queries: 1."""
    accepted_ones = ProjectReport.objects.filter(project__in=keys, state=ProjectReportState.ACCEPTED)
    found: dict[int, tuple[int, int]] = {}
    for report in with_first_delivery(accepted_ones, insight):
        accepted, in_time = found.get(report.project_id, (0, 0))
        found[report.project_id] = (accepted + 1, in_time + (days_late_at_first(report) == 0))
    return found


def _figures(projects: Sequence[FundedProject]) -> list[ComparedFigure]:
    """Key figures of the same name and unit, without small counts of people. Queries: 3."""
    lines = figure_lines({row.measure_id for row in projects})
    by_name: dict[tuple[str, int], dict[int, FigureLine]] = defaultdict(dict)
    for project in projects:
        for line in lines.get(project.measure_id, []):
            by_name[line.figure.title, line.figure.unit_id][project.pk] = protected(line)
    return [
        ComparedFigure(title, [_value(of_project.get(row.pk)) for row in projects])
        for (title, _unit), of_project in sorted(
            by_name.items(), key=lambda entry: (german_key(entry[0][0]), entry[0])
        )
        if len(of_project) > 1
    ]


def _value(line: FigureLine | None) -> tuple[str, datetime.date | None, Badge] | None:
    if line is None:
        return None
    latest = line.latest
    return actual_text(latest, line.figure), latest.day if latest else None, line.badge
