"""Whose portfolio a person reads: whole programmes, funders and territories, not single projects."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from measures.models import FundedProject, Programme
from measures.selectors.project_told import OUTSIDER, Insight, insight_of
from project.common.conditions import NOTHING
from stakeholders.models import Function, Organisation, OrganisationKind
from stakeholders.permissions import Perm, territories_where, visible


@dataclasses.dataclass(frozen=True)
class Scope:
    """What a portfolio is made of; all its projects are such as the person may follow.

    Attributes:
        funders: Keys of the funders in which the person works.
        programmes: Keys of the programmes whose funder lets them read.
        territories: Keys of the territories they see.
        insight: Of which projects they know how far reports are before the funder is told.
    """

    funders: tuple[int, ...] = ()
    programmes: tuple[int, ...] = ()
    territories: tuple[int, ...] = ()
    insight: Insight = OUTSIDER

    def __bool__(self) -> bool:
        return bool(self.funders or self.programmes or self.territories)

    @property
    def is_planning(self) -> bool:
        """Whether it is read by planning of a territory only: what is to be checked waits for the person."""
        return bool(self.insight.territories) and not self.funders and not self.programmes

    def of_cells(self) -> Q:
        """Condition on what has a programme and a territory."""
        return (
            Q(programme__funder__in=self.funders)
            | Q(programme__in=self.programmes)
            | Q(territory__in=self.territories)
        )

    def of_projects(self, prefix: str = "") -> Q:
        """Condition on projects, or on what belongs to one."""
        parts = {
            f"{prefix}funder__in": self.funders,
            f"{prefix}programme__in": self.programmes,
            f"{prefix}measure__plan__territory__in": self.territories,
        }
        condition = NOTHING
        for path, keys in parts.items():
            if keys:
                condition |= Q(**{path: keys})
        return condition

    def projects(self) -> QuerySet[FundedProject]:
        """The projects. Queries: none."""
        return FundedProject.objects.filter(self.of_projects())


def funders_worked_for(user: Any) -> QuerySet[Organisation]:
    """Funders whose people follow their projects and to whom the person belongs. Queries: none."""
    own = user.memberships.on(timezone.localdate()).exclude(function=Function.ADMINISTRATOR)
    rows = Organisation.objects.filter(kind=OrganisationKind.FUNDER, pk__in=own.values("organisation"))
    return visible(user, Perm.VIEW_ORGANISATION, rows)


def portfolio_scope(user: Any) -> Scope:
    """What a person's portfolio is made of; nothing for who follows single projects only. Queries: 5."""
    return Scope(
        funders=tuple(funders_worked_for(user).order_by("pk").values_list("pk", flat=True)),
        programmes=tuple(
            visible(user, Perm.FOLLOW_PROGRAMME, Programme.objects.all())
            .order_by("pk")
            .values_list("pk", flat=True)
        ),
        territories=tuple(
            territories_where(user, Perm.VIEW_TERRITORY).order_by("pk").values_list("pk", flat=True)
        ),
        insight=insight_of(user),
    )
