"""Funded projects as lists, files and the comparison show them: with money, light and what is due."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from measures.models import FundedProject, Measure, ProjectReport
from measures.selectors.project_money import ProjectMoney, money_of
from measures.selectors.project_report_dates import with_returns
from measures.selectors.project_standing import Waiting, waiting_of, worst_light
from measures.selectors.project_told import Insight, as_told
from measures.selectors.standings import refresh
from measures.status import Light, light_badge
from monitoring.models import Area
from project.common.formats import Badge

#: Projects read in one go for a file: bounds memory.
_CHUNK: Final = 1_000


@dataclasses.dataclass(frozen=True)
class ProjectRow:
    """A project in a list.

    Attributes:
        project: With programme, funder, provider, territory and areas.
        money: Granted, drawn, spent.
        light: The worst of its key figures.
        due: Its report that is due first and not handed in, as far as the person may know; None if it owes
            nothing now.
        waiting: How that report waits.
    """

    project: FundedProject
    money: ProjectMoney
    light: Light
    due: ProjectReport | None = None
    waiting: Waiting | None = None

    @property
    def light_badge(self) -> Badge:
        """The light in word and colour."""
        return light_badge(self.light)

    @property
    def areas(self) -> list[Area]:
        """Its own areas, else those of its measure."""
        return list(self.project.areas.all()) or list(self.project.measure.areas.all())


def project_rows(
    projects: Iterable[FundedProject], today: datetime.date, insight: Insight, *, is_reckoned: bool = True
) -> list[ProjectRow]:
    """Projects with what lists tell of them, in the same order.

    Args:
        projects: A page of them, with what ``with_relations`` joins.
        today: The day to look from.
        insight: Of which projects the person knows how far reports are.
        is_reckoned: Whether lights are reckoned anew where they do not hold any more; files of many
            projects show them as last reckoned.

    Returns:
        One row each. Queries: 6 where all lights hold.
    """
    rows = list(projects)
    keys = [row.pk for row in rows]
    if is_reckoned:
        refresh(Measure.objects.filter(pk__in=[row.measure_id for row in rows]), today)
    these = FundedProject.objects.filter(pk__in=keys)
    money = money_of(these)
    lights = dict(these.order_by().annotate(light=worst_light()).values_list("pk", "light"))
    due: dict[int, ProjectReport] = {}
    drafts = ProjectReport.objects.filter(insight.not_handed_in(), project__in=keys)
    drafts = as_told(with_returns(drafts), insight).defer("narrative", "participants")
    for report in drafts.order_by("due_on", "pk"):
        due.setdefault(report.project_id, report)
    return [
        ProjectRow(
            project=row,
            money=money[row.pk],
            light=Light(lights[row.pk]),
            due=due.get(row.pk),
            waiting=_waiting(due.get(row.pk), today),
        )
        for row in rows
    ]


def _waiting(report: Any, today: datetime.date) -> Waiting | None:
    return None if report is None else waiting_of(report, today, is_kept_back=report.is_kept_back)


def with_relations(projects: QuerySet[FundedProject]) -> QuerySet[FundedProject]:
    """Projects with what rows show of others, areas without their outlines. Queries: 2 besides its own."""
    areas = Prefetch("areas", Area.objects.defer("geometry").order_by("name"))
    of_measure = Prefetch("measure__areas", Area.objects.defer("geometry").order_by("name"))
    rows = projects.select_related("programme", "funder", "provider", "measure__plan__territory")
    return rows.prefetch_related(areas, of_measure)


def projects_of(keys: Iterable[int]) -> list[FundedProject]:
    """Projects by their keys, in that order, with what rows show. Queries: 3."""
    order = {pk: place for place, pk in enumerate(keys)}
    rows = with_relations(FundedProject.objects.filter(pk__in=list(order))).order_by()
    return sorted(rows, key=lambda row: order[row.pk])


def all_rows(
    projects: QuerySet[FundedProject], today: datetime.date, insight: Insight
) -> Iterator[ProjectRow]:
    """Every project for a file, read in parts."""
    found = iter(list(projects.values_list("pk", flat=True)))
    while part := list(islice(found, _CHUNK)):
        yield from project_rows(projects_of(part), today, insight, is_reckoned=False)
