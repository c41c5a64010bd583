"""Money of funded projects: granted by the notice that holds, drawn and spent by the reports accepted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet, Sum

from measures.models import FundedProject
from measures.money import ZERO
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_standing import lines_drawn, lines_spent


@dataclasses.dataclass(frozen=True)
class ProjectMoney:
    """Where the money of a project stands, in euros; nought where nothing was granted, drawn or spent.

    Attributes:
        granted: By the notice that holds.
        drawn: Asked for in drawdowns that the funder accepted.
        spent: Cost in interim and final reports that the funder accepted.
        remaining: Granted and not drawn yet.
    """

    granted: Decimal = ZERO
    drawn: Decimal = ZERO
    spent: Decimal = ZERO

    @property
    def remaining(self) -> Decimal:
        """Granted and not drawn yet; below nought where an amendment cut what was drawn."""
        return self.granted - self.drawn

    def __add__(self, other: ProjectMoney) -> ProjectMoney:
        return ProjectMoney(self.granted + other.granted, self.drawn + other.drawn, self.spent + other.spent)


def money_of(projects: QuerySet[FundedProject]) -> dict[int, ProjectMoney]:
    """Money of projects by their key, one entry for each.

    Queries: 4.
    """
    keys = projects.order_by().values("pk")
    granted = dict(notices_that_hold(projects).order_by().values_list("project", "granted"))
    drawn, spent = (
        dict(lines.values_list("report__project").annotate(sum=Sum("amount")))
        for lines in (lines_drawn().filter(report__project__in=keys), lines_spent(projects))
    )
    return {
        pk: ProjectMoney(granted.get(pk, ZERO), drawn.get(pk, ZERO), spent.get(pk, ZERO))
        for (pk,) in keys.values_list("pk")
    }


def money_sum(rows: Iterable[ProjectMoney]) -> ProjectMoney:
    """All of them together."""
    return sum(rows, ProjectMoney())
