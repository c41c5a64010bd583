"""Who may know how far a report is before the municipality has passed it on, decided here and nowhere else.

Until then that is between provider and municipality (``Part.CHECK``): whoever else follows the project is
told that the report has not been handed in, and by when it is due. So it counts, is found, ordered and
exported for them, whether it is written, checked or was returned by the municipality.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any, Final

from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.utils import timezone

from measures.models import (
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportState,
    ProjectReportStep,
    ReportStepKind,
)
from measures.selectors.project_report_dates import was_passed_on
from measures.selectors.project_sides import Part
from project.common.conditions import NOTHING
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, territories_where, visible

#: States in which the report is not with the funder.
BEFORE_FUNDER: Final = (ProjectReportState.DRAFTING, ProjectReportState.CHECKING)


@dataclasses.dataclass(frozen=True)
class Insight:
    """Of which projects a person knows how far reports are at any time: they write or check them.

    The same as ``Part.CHECK`` among the parts they see, as keys, so that lists ask once for all rows.

    Attributes:
        providers: Keys of the organisations they act for.
        territories: Keys of the territories they plan.
    """

    providers: tuple[int, ...] = ()
    territories: tuple[int, ...] = ()

    def of_projects(self, prefix: str = "") -> Q:
        """Condition on a project, or on what belongs to one, that it is such a one."""
        condition = NOTHING
        if self.providers:
            condition |= Q(**{f"{prefix}provider__in": self.providers})
        if self.territories:
            condition |= Q(**{f"{prefix}measure__plan__territory__in": self.territories})
        return condition

    def kept_back(self) -> Q:
        """Condition on a report that it is kept back from the person (as ``is_kept_back``)."""
        return not_passed_on() & ~self.of_projects("project__")

    def not_handed_in(self) -> Q:
        """Condition on a report that it still has to be handed in, as far as the person may know."""
        return Q(state=ProjectReportState.DRAFTING) | self.kept_back()


#: Who knows of no report how far it is.
OUTSIDER: Final = Insight()


def insight_of(user: Any) -> Insight:
    """Of which projects a person knows how far reports are at any time. Queries: 2."""
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.order_by("pk"), is_long=True)
    planned = territories_where(user, Perm.PLAN_TERRITORY).order_by("pk")
    return Insight(
        providers=tuple(own.values_list("pk", flat=True)),
        territories=tuple(planned.values_list("pk", flat=True)),
    )


def not_passed_on() -> Q:
    """Condition on a report that it is open and nothing of it went to the funder yet."""
    forwarded = ProjectReportStep.objects.filter(report=OuterRef("pk"), kind=ReportStepKind.FORWARDED)
    return Q(~Exists(forwarded), state__in=BEFORE_FUNDER)


def is_kept_back(report: ProjectReport, parts: Collection[Part]) -> bool:
    """Whether a person may not know yet how far a report is: nothing was passed on, and they do not check.

    Queries: at most 1, none where steps are prefetched.
    """
    if Part.CHECK in parts or report.state not in BEFORE_FUNDER:
        return False
    return not was_passed_on(report)


def as_told(reports: QuerySet[ProjectReport], insight: Insight) -> QuerySet[ProjectReport]:
    """Reports that know whether they are kept back from a person, as ``is_kept_back``. Queries: none."""
    kept_back = Case(When(insight.kept_back(), then=True), default=False, output_field=BooleanField())
    return reports.annotate(is_kept_back=kept_back)


def with_first_delivery(reports: QuerySet[ProjectReport], insight: Insight) -> QuerySet[ProjectReport]:
    """Reports that know when they were handed in first, and had to be, as far as a person is told.

    As ``told_delivered_at`` and ``told_due_on``, None for none: by the rule of ``lateness`` and
    ``lateness_as_passed_on``. Queries: none.
    """
    forwarded = ProjectReportStep.objects.filter(delivery=OuterRef("pk"), kind=ReportStepKind.FORWARDED)
    every = ProjectReportDelivery.objects.filter(report=OuterRef("pk")).order_by("number")
    passed_on = every.filter(Exists(forwarded))

    def first(column: str) -> Case:
        known = When(insight.of_projects("project__"), then=Subquery(every.values(column)[:1]))
        return Case(known, default=Subquery(passed_on.values(column)[:1]))

    return reports.annotate(told_delivered_at=first("delivered_at"), told_due_on=first("due_on"))


def days_late_at_first(report: Any) -> int:
    """Days by which a report of ``with_first_delivery`` was handed in late at first; 0 for none."""
    if report.told_delivered_at is None:
        return 0
    days: int = (timezone.localdate(report.told_delivered_at) - report.told_due_on).days
    return max(days, 0)
