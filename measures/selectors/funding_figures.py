"""Sums over funded projects: key figures where their units allow it, and participants as ESF+ counts them.

What is added up is what the reader may see of each project: a small count that is hidden there is left out
of the sum and told as left out, so that no sum gives away what a page hides.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from measures.esf import INDICATORS
from measures.models import (
    DeliveredCount,
    FigureKind,
    FigureLevel,
    FigureReport,
    FundedProject,
    KeyFigure,
    ProjectReportDelivery,
    RoundReportState,
)
from measures.selectors.project_report_content import participants_protected
from measures.selectors.project_standing import accounts_that_count
from monitoring.models import Unit
from monitoring.secrecy import threshold_of

#: Deliveries read in one go: bounds memory.
_CHUNK: Final = 500


@dataclasses.dataclass(frozen=True)
class FigureSum:
    """A key figure added up over projects.

    Attributes:
        title: Its name, the same in all of them.
        unit: Its unit, one that counts.
        key: Any of the key figures, for the list of their projects.
        measures: Measures that have it.
        value: Sum of the latest confirmed figures that may be shown; None where there is none.
        counted: How many were added up.
        hidden: How many are few people and not added up.
    """

    title: str
    unit: Unit
    key: int
    measures: int
    value: Decimal | None
    counted: int
    hidden: int


def figure_sums(projects: QuerySet[FundedProject]) -> list[FigureSum]:
    """Key figures that can be added up over projects: counts of what was done, of the same name and unit.

    No shares and rates, no judgements in steps, no outcomes and nothing that follows an indicator of an area.

    Args:
        projects: Those the person follows.

    Returns:
        By name, those of at least two measures. Queries: 2.
    """
    latest = FigureReport.objects.filter(
        key_figure=OuterRef("pk"), report__state=RoundReportState.CONFIRMED
    ).order_by("-report__round__reference_on", "-report__version")
    figures: QuerySet[Any] = KeyFigure.objects.filter(
        measure__in=projects.order_by().values("measure"),
        unit__is_count=True,
        unit__is_percent=False,
        unit__per__isnull=True,
        level=FigureLevel.OUTPUT,
        kind=FigureKind.QUANTITY,
        indicator__isnull=True,
    ).order_by()
    value = Subquery(latest.values("value")[:1], output_field=DecimalField(max_digits=14, decimal_places=2))
    is_small = Q(latest__gt=0, latest__lt=threshold_of())
    rows = (
        figures.annotate(latest=value)
        .values("title", "unit")
        .annotate(
            key=Min("pk"),
            measures=Count("measure", distinct=True),
            value=Sum("latest", filter=~is_small),
            counted=Count("latest", filter=~is_small),
            hidden=Count("latest", filter=is_small),
        )
        .filter(measures__gt=1)
        .order_by("title", "unit")
    )
    found = list(rows)
    units = Unit.objects.in_bulk({row["unit"] for row in found})
    return [FigureSum(**{**row, "unit": units[row["unit"]]}) for row in found]


@dataclasses.dataclass(frozen=True)
class ParticipantSum:
    """Participants of an indicator added up over accepted reports.

    Attributes:
        code: Of the indicator.
        title: What is counted.
        women, men, non_binary: None where one of the reports does not tell them.
        total: Sum of what the reports tell.
        reports: Reports that count it.
        hidden: Reports among them whose number is few people and not added up.
    """

    code: str
    title: str
    women: int | None
    men: int | None
    non_binary: int | None
    total: int | None
    reports: int
    hidden: int


def _counts(projects: QuerySet[FundedProject]) -> QuerySet[DeliveredCount]:
    """Counts of the last delivery of each accepted report of projects. Queries: see ``_copy_counts``."""
    reports = accounts_that_count(with_cost=False).filter(project__in=projects.order_by().values("pk"))
    last = (
        ProjectReportDelivery.objects.filter(report__in=reports.values("pk"))
        .order_by()
        .values("report")
        .annotate(last=Max("pk"))
        .values("last")
    )
    _copy_counts(last)
    return DeliveredCount.objects.filter(delivery__in=last).exclude(code="").order_by()


def _copy_counts(deliveries: QuerySet[Any]) -> None:
    """Copy what was counted and may be told, once for each delivery. Queries: 1 if all are copied."""
    missing = ProjectReportDelivery.objects.filter(
        ~Exists(DeliveredCount.objects.filter(delivery=OuterRef("pk"))), pk__in=deliveries
    )
    keys = list(missing.order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(keys), _CHUNK):
        rows = ProjectReportDelivery.objects.filter(pk__in=keys[begin : begin + _CHUNK])
        copies = [row for delivery in rows for row in _copies(delivery)]
        DeliveredCount.objects.bulk_create(copies, ignore_conflicts=True)


def _copies(delivery: ProjectReportDelivery) -> list[DeliveredCount]:
    rows = [row for row in participants_protected(delivery.content) if row["code"] in INDICATORS]
    if not rows:
        return [DeliveredCount(delivery=delivery)]
    return [
        DeliveredCount(
            delivery=delivery,
            code=row["code"],
            women=row["f"],
            men=row["m"],
            non_binary=row["n"],
            total=row["total"],
        )
        for row in rows
    ]


_SUMS: Final[dict[str, Any]] = {
    "sum_women": Sum("women"),
    "sum_men": Sum("men"),
    "sum_non_binary": Sum("non_binary"),
    "sum_total": Sum("total"),
    "reports": Count("pk"),
    "hidden": Count("pk", filter=Q(total__isnull=True)),
    "without_sexes": Count("pk", filter=Q(women__isnull=True)),
}


def participant_sums(
    projects: QuerySet[FundedProject], *, programme: int | None = None, year: int | None = None
) -> list[ParticipantSum]:
    """Participants by indicator, over the reports that the funder accepted.

    A final report that tells the time of interim reports again counts instead of them.

    Args:
        projects: Those the person follows.
        programme: Of which programme; None for all.
        year: Year in which the time told of ends; None for all.

    Returns:
        In the order of the annex. Queries: 2 where all is copied.
    """
    rows = _counts(projects)
    if programme is not None:
        rows = rows.filter(delivery__report__project__programme=programme)
    if year is not None:
        rows = rows.filter(delivery__report__covers_until__year=year)
    found = {row["code"]: row for row in rows.values("code").annotate(**_SUMS)}
    return [
        _participant_sum(code, str(title), found[code]) for code, title in INDICATORS.items() if code in found
    ]


def _participant_sum(code: str, title: str, row: dict[str, Any]) -> ParticipantSum:
    has_sexes = not row["without_sexes"]
    return ParticipantSum(
        code=code,
        title=title,
        women=row["sum_women"] if has_sexes else None,
        men=row["sum_men"] if has_sexes else None,
        non_binary=row["sum_non_binary"] if has_sexes else None,
        total=row["sum_total"],
        reports=row["reports"],
        hidden=row["hidden"],
    )


@dataclasses.dataclass(frozen=True)
class YearParticipants:
    """Participants altogether of a programme in a year."""

    programme: int
    title: str
    year: int
    total: int | None
    reports: int
    hidden: int


def participants_by_year(projects: QuerySet[FundedProject], code: str) -> list[YearParticipants]:
    """An indicator by programme and year of the reports. Queries: 2 where all is copied."""
    rows = (
        _counts(projects)
        .filter(code=code)
        .annotate(
            programme=F("delivery__report__project__programme"),
            title=F("delivery__report__project__programme__title"),
            year=F("delivery__report__covers_until__year"),
        )
        .values("programme", "title", "year")
        .annotate(sum=Sum("total"), reports=Count("pk"), hidden=Count("pk", filter=Q(total__isnull=True)))
        .order_by("title", "programme", "year")
    )
    return [
        YearParticipants(
            row["programme"], row["title"], row["year"], row["sum"], row["reports"], row["hidden"]
        )
        for row in rows
    ]


def participants_of_projects(keys: Sequence[int], code: str) -> dict[int, int | None]:
    """An indicator by project; None where a report of it does not tell. Queries: 2 where all is copied."""
    projects = FundedProject.objects.filter(pk__in=list(keys))
    rows = (
        _counts(projects)
        .filter(code=code)
        .values_list("delivery__report__project")
        .annotate(sum=Sum("total"), hidden=Count("pk", filter=Q(total__isnull=True)))
    )
    return {project: None if hidden else total for project, total, hidden in rows}
