"""Cost and funding on paper, with their sums."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from measures.finance import finance_sum
from measures.models import FinanceKind, FinanceLine
from project.common.formats import money_de
from project.common.pdf import blocks


def finance_blocks(lines: Sequence[FinanceLine]) -> list[blocks.Block]:
    """The sheet of cost and funding: lines by side and year, sums, and what is still without funding."""
    columns = (
        blocks.Column(_("Cost or funding"), 3.6),
        blocks.Column(_("Paid by"), 3),
        blocks.Column(_("Year"), 1.8, is_number=True),
        blocks.Column(_("Secured"), 1.2),
        blocks.Column(_("Amount (euros)"), 2, is_number=True),
    )
    rows: list[blocks.Row] = []
    for kind, words in (
        (FinanceKind.COST, _("Cost: %(sum)s")),
        (FinanceKind.FUNDING, _("Funding: %(sum)s")),
    ):
        of_kind = [line for line in lines if line.kind == kind]
        if of_kind:
            rows.append(blocks.GroupRow(words % {"sum": money_de(finance_sum(lines, kind))}))
            rows += [_row(line) for line in sorted(of_kind, key=lambda line: (line.year or 0, line.title))]
    gap = finance_sum(lines, FinanceKind.COST) - finance_sum(lines, FinanceKind.FUNDING)
    if gap > 0:
        rows.append((_("Still without funding"), "", "", "", money_de(gap)))
    return [blocks.Table("", columns, rows, is_whole=True)]


def _row(line: FinanceLine) -> tuple[str, ...]:
    return (
        line.title,
        line.payer.label if line.payer else "",
        str(line.year) if line.year else _("whole term"),
        _("yes") if line.is_secured else _("no"),
        money_de(line.amount),
    )


def totals_block(lines: Sequence[FinanceLine]) -> list[blocks.Block]:
    """What all measures cost together by year, and how much of it is funded; nothing without lines."""
    if not lines:
        return []
    columns = (
        blocks.Column(_("Year"), 2),
        blocks.Column(_("Cost"), 2, is_number=True),
        blocks.Column(_("Funding"), 2, is_number=True),
        blocks.Column(_("Secured funding"), 2, is_number=True),
    )
    years = sorted({line.year for line in lines}, key=lambda year: (year is None, year or 0))
    rows: list[blocks.Row] = [
        _total(str(year) if year else _("whole term"), [line for line in lines if line.year == year])
        for year in years
    ]
    rows.append(_total(_("Sum"), lines))
    return [blocks.Heading(_("Cost and funding"), 2, is_listed=False), blocks.Table("", columns, rows)]


def _total(name: str, lines: Sequence[FinanceLine]) -> tuple[str, ...]:
    secured = [line for line in lines if line.is_secured]
    return (
        name,
        money_de(finance_sum(lines, FinanceKind.COST)),
        money_de(finance_sum(lines, FinanceKind.FUNDING)),
        money_de(finance_sum(secured, FinanceKind.FUNDING)),
    )
