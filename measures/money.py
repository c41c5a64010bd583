"""The arithmetic of grants: plans that add up, shares, what an amendment changes. Cents, no Django.

Amounts are ``Decimal`` in euros with two places. Sums are exact; only a share of an amount is rounded, half
up, to the cent.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)
COST: Final = "cost"
FUNDING: Final = "funding"


@dataclasses.dataclass(frozen=True)
class PlanLine:
    """One line of a cost and financing plan in one year.

    Attributes:
        side: ``cost`` or ``funding``.
        kind: Kind of cost, or source of money.
        title: For what, or from whom; may be empty.
        year: Calendar year.
        amount: Euros, not negative.
    """

    side: str
    kind: str
    title: str
    year: int
    amount: Decimal

    @property
    def key(self) -> tuple[str, str, str]:
        """What the line is about, whatever the year."""
        return (self.side, self.kind, self.title)


@dataclasses.dataclass(frozen=True)
class Rules:
    """What a plan is held against.

    Attributes:
        granted: Sum of the notice in euros.
        starts_on: First day of the term.
        ends_on: Last day of the term.
        grant_kinds: Sources that together are the grant.
        own_kind: Source that is the provider's own money.
        own_share_percent: Least own share of the cost, 0 to 100; None where none is asked for.
        highest_percent: Source -> its highest share of the cost, 0 to 100.
        eligible: Kinds of cost that are paid for; empty for all.
    """

    granted: Decimal
    starts_on: datetime.date
    ends_on: datetime.date
    grant_kinds: Collection[str]
    own_kind: str
    own_share_percent: Decimal | None = None
    highest_percent: Mapping[str, Decimal] = dataclasses.field(default_factory=dict)
    eligible: Collection[str] = ()


@dataclasses.dataclass(frozen=True)
class Fault:
    """What is wrong with a plan: a stable code and the values that say what exactly."""

    code: str
    values: Mapping[str, object]


def total(lines: Iterable[PlanLine], side: str, kinds: Collection[str] | None = None) -> Decimal:
    """Sum of one side, or of some kinds of it, in euros."""
    return sum(
        (line.amount for line in lines if line.side == side and (kinds is None or line.kind in kinds)), ZERO
    )


def share_of(amount: Decimal, percent: Decimal) -> Decimal:
    """So many percent of an amount, to the cent, half up.

    >>> share_of(Decimal("333.33"), Decimal("10"))
    Decimal('33.33')
    >>> share_of(Decimal("0.05"), Decimal("10"))
    Decimal('0.01')
    """
    return (amount * percent / 100).quantize(CENT, rounding=ROUND_HALF_UP)


def percent_of(part: Decimal, whole: Decimal) -> Decimal | None:
    """Share in percent with two places; None of nothing.

    >>> percent_of(Decimal(1), Decimal(3))
    Decimal('33.33')
    >>> percent_of(Decimal(1), Decimal(0)) is None
    True
    """
    return (part * 100 / whole).quantize(CENT, rounding=ROUND_HALF_UP) if whole else None


def plan_faults(lines: Sequence[PlanLine], rules: Rules) -> list[Fault]:
    """Everything that keeps a plan from being recorded, in the order of a reader's eye.

    Args:
        lines: The plan.
        rules: What it is held against.

    Returns:
        Faults; none for a plan that adds up. Codes: ``no_cost``, ``no_funding``, ``line_twice``,
        ``negative``, ``outside_term``, ``not_eligible``, ``sides_differ``, ``grant_differs``,
        ``own_share_low``, ``share_high``.
    """
    found = [
        Fault(code, {})
        for side, code in ((COST, "no_cost"), (FUNDING, "no_funding"))
        if not any(line.side == side for line in lines)
    ]
    seen: set[tuple[str, str, str, int]] = set()
    for line in lines:
        found += _line_faults(line, rules)
        key = (*line.key, line.year)
        if key in seen:
            found.append(Fault("line_twice", {"line": line}))
        seen.add(key)
    cost, funding = total(lines, COST), total(lines, FUNDING)
    if cost != funding:
        found.append(
            Fault("sides_differ", {"cost": cost, "funding": funding, "difference": abs(cost - funding)})
        )
    grant = total(lines, FUNDING, rules.grant_kinds)
    if grant != rules.granted:
        values = {"grant": grant, "granted": rules.granted, "difference": abs(grant - rules.granted)}
        found.append(Fault("grant_differs", values))
    return found + _share_faults(lines, rules, cost)


def _line_faults(line: PlanLine, rules: Rules) -> list[Fault]:
    found = []
    if line.amount < 0:
        found.append(Fault("negative", {"line": line}))
    if not rules.starts_on.year <= line.year <= rules.ends_on.year:
        found.append(Fault("outside_term", {"line": line}))
    if line.side == COST and rules.eligible and line.kind not in rules.eligible:
        found.append(Fault("not_eligible", {"line": line}))
    return found


def _share_faults(lines: Sequence[PlanLine], rules: Rules, cost: Decimal) -> list[Fault]:
    found = []
    if rules.own_share_percent is not None:
        own, least = total(lines, FUNDING, {rules.own_kind}), share_of(cost, rules.own_share_percent)
        if own < least:
            values = {"own": own, "least": least, "percent": rules.own_share_percent}
            found.append(Fault("own_share_low", values))
    for kind, percent in rules.highest_percent.items():
        amount, most = total(lines, FUNDING, {kind}), share_of(cost, percent)
        if amount > most:
            found.append(
                Fault("share_high", {"kind": kind, "amount": amount, "most": most, "percent": percent})
            )
    return found


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A line of a plan over its years.

    Attributes:
        side: ``cost`` or ``funding``.
        kind: Kind of cost, or source of money.
        title: For what, or from whom.
        amounts: Euros by year, in the order of ``PlanTable.years``; None where there is no line.
        total: Euros of all years.
    """

    side: str
    kind: str
    title: str
    amounts: tuple[Decimal | None, ...]
    total: Decimal


@dataclasses.dataclass(frozen=True)
class PlanTable:
    """A plan by line and year, with sums.

    Attributes:
        years: All years of the plan, ascending.
        cost: Lines of cost in the order they came.
        funding: Lines of funding in the order they came.
        cost_sums: Euros by year, last the total.
        funding_sums: Likewise.
    """

    years: tuple[int, ...]
    cost: tuple[TableRow, ...]
    funding: tuple[TableRow, ...]
    cost_sums: tuple[Decimal, ...]
    funding_sums: tuple[Decimal, ...]


def plan_table(lines: Sequence[PlanLine]) -> PlanTable:
    """Lay a plan out by line and year."""
    years = tuple(sorted({line.year for line in lines}))
    return PlanTable(
        years,
        _table_rows(lines, COST, years),
        _table_rows(lines, FUNDING, years),
        _sums(lines, COST, years),
        _sums(lines, FUNDING, years),
    )


def _table_rows(lines: Sequence[PlanLine], side: str, years: tuple[int, ...]) -> tuple[TableRow, ...]:
    cells: dict[tuple[str, str, str], dict[int, Decimal]] = {}
    for line in lines:
        if line.side == side:
            cells.setdefault(line.key, {})[line.year] = line.amount
    return tuple(
        TableRow(*key, tuple(row.get(year) for year in years), sum(row.values(), ZERO))
        for key, row in cells.items()
    )


def _sums(lines: Sequence[PlanLine], side: str, years: tuple[int, ...]) -> tuple[Decimal, ...]:
    by_year = [total((line for line in lines if line.year == year), side) for year in years]
    return (*by_year, sum(by_year, ZERO))


@dataclasses.dataclass(frozen=True)
class LineChange:
    """What an amendment makes of a line; None where it is new, or gone."""

    side: str
    kind: str
    title: str
    year: int
    before: Decimal | None
    after: Decimal | None

    @property
    def difference(self) -> Decimal:
        """Euros more, or fewer."""
        return (self.after or ZERO) - (self.before or ZERO)


def plan_changes(before: Sequence[PlanLine], after: Sequence[PlanLine]) -> list[LineChange]:
    """Lines that differ between two plans, those of the earlier one first."""
    old = {(*line.key, line.year): line.amount for line in before}
    new = {(*line.key, line.year): line.amount for line in after}
    return [
        LineChange(*key, old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]
