"""What may be asked for of a grant: by source and altogether no more than is left. Cents, no Django."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from measures.money import COST, ZERO, Fault, PlanLine


@dataclasses.dataclass(frozen=True)
class DrawdownRow:
    """What is asked for from a source.

    Attributes:
        kind: Source of the grant.
        granted: Euros of the plan that holds, all years.
        before: Euros of all other drawdowns that were handed in.
        amount: Euros asked for now; None for nothing entered.
        remaining: ``granted`` less ``before`` and ``amount``.
    """

    kind: str
    granted: Decimal
    before: Decimal
    amount: Decimal | None

    @property
    def remaining(self) -> Decimal:
        """Euros left; below zero where too much is asked for."""
        return self.granted - self.before - (self.amount or ZERO)


def drawdown_rows(
    plan: Iterable[PlanLine],
    asked: Mapping[str, Decimal | None],
    before: Mapping[str, Decimal],
    grant_kinds: Sequence[str],
) -> list[DrawdownRow]:
    """Sources of the grant that the plan has or somebody asked for, in their order."""
    granted: dict[str, Decimal] = {}
    for line in plan:
        if line.side != COST and line.kind in grant_kinds:
            granted[line.kind] = granted.get(line.kind, ZERO) + line.amount
    return [
        DrawdownRow(kind, granted.get(kind, ZERO), before.get(kind, ZERO), asked.get(kind))
        for kind in grant_kinds
        if kind in granted or asked.get(kind) or before.get(kind)
    ]


def drawdown_sums(rows: Iterable[DrawdownRow]) -> DrawdownRow:
    """Sums of all sources; ``kind`` is empty."""
    held = list(rows)
    return DrawdownRow(
        "",
        sum((row.granted for row in held), ZERO),
        sum((row.before for row in held), ZERO),
        sum((row.amount or ZERO for row in held), ZERO),
    )


def drawdown_faults(
    rows: Sequence[DrawdownRow], *, starts_on: datetime.date, today: datetime.date
) -> list[Fault]:
    """What keeps a drawdown from being handed in.

    Returns:
        ``nothing_asked``, ``below_zero``, ``above_source`` by source, ``above_grant``, ``before_term``.
    """
    sums = drawdown_sums(rows)
    found = [Fault("below_zero", {"row": row}) for row in rows if (row.amount or ZERO) < 0]
    if not sums.amount:
        found.append(Fault("nothing_asked", {}))
    found += [Fault("above_source", {"row": row}) for row in rows if row.amount and row.remaining < 0]
    if sums.amount and sums.remaining < 0:
        found.append(Fault("above_grant", {"row": sums}))
    if today < starts_on:
        found.append(Fault("before_term", {"day": starts_on}))
    return found
