"""What the plan says of a measure, for its page."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from measures.finance import finance_sum
from measures.models import FinanceKind, FinanceLine, Goal, Measure, MeasureFile, StatusChange
from measures.moves import ENDED, STATUS_RULES, Mover, moves_from
from measures.selectors.goals import goals_of
from measures.selectors.history import Happening, history
from measures.selectors.submeasures import (
    MilestoneLine,
    Neighbours,
    milestone_lines,
    neighbours,
    outside_parent,
)
from measures.services.files import may_keep_files
from measures.services.parts import may_tell_milestones
from measures.services.status import movers_of


@dataclasses.dataclass(frozen=True)
class Finance:
    """The sheet of a measure in euros."""

    rows: list[FinanceLine]
    cost: Decimal
    funding: Decimal

    @property
    def gap(self) -> Decimal:
        """What is still without funding; below zero if more is promised than it costs."""
        return self.cost - self.funding


@dataclasses.dataclass(frozen=True)
class PlanPart:
    """What the plan says of a measure."""

    rule: str | Promise
    latest_change: StatusChange | None
    goals: list[tuple[str, Goal]]
    neighbours: Neighbours
    is_outside: bool
    milestones: list[MilestoneLine]
    may_tell: bool
    finance: Finance
    files: QuerySet[MeasureFile]
    may_keep_files: bool
    may_move: bool
    may_steer: bool
    may_add_part: bool
    history: list[Happening]


def finance_of(measure: Measure) -> Finance:
    """Cost and funding of a measure. Queries: 1."""
    rows = list(measure.finance_lines.select_related("payer"))
    return Finance(rows, finance_sum(rows, FinanceKind.COST), finance_sum(rows, FinanceKind.FUNDING))


def plan_part(user: Any, measure: Measure, *, sees_plan: bool) -> PlanPart:
    """Gather what the plan says of a measure. Queries: at most 20."""
    movers = movers_of(user, measure)
    may_steer = Mover.PLANNING in movers and measure.status not in ENDED
    return PlanPart(
        rule=STATUS_RULES[measure.status],
        latest_change=measure.status_changes.order_by("-pk").first(),
        goals=goals_of(measure),
        neighbours=neighbours(user, measure),
        is_outside=outside_parent(measure),
        milestones=milestone_lines(measure, timezone.localdate()),
        may_tell=may_tell_milestones(user, measure),
        finance=finance_of(measure),
        files=measure.files.filter(removed_at__isnull=True),
        may_keep_files=may_keep_files(user, measure),
        may_move=bool(moves_from(measure.status, movers)),
        may_steer=may_steer,
        may_add_part=may_steer and measure.parent_id is None,
        history=history(measure, sees_plan=sees_plan),
    )
