"""Sums of cost and funding: for pages, files and papers."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from measures.models import FinanceKind, FinanceLine


def finance_sum(lines: Iterable[FinanceLine], kind: FinanceKind) -> Decimal:
    """Sum of the lines of one side in euros.

    >>> lines = [FinanceLine(kind=kind, amount=Decimal(5)) for kind in ("cost", "cost", "funding")]
    >>> finance_sum(lines, FinanceKind.COST)
    Decimal('10')
    """
    return sum((line.amount for line in lines if line.kind == kind), start=Decimal(0))
