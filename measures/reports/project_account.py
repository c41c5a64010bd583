"""Accounts of funded projects on paper: cost, income, deviations, receipts and drawdowns, with their sums."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from django.utils.translation import gettext as _

from measures.models import CostKind, FinanceKind, MoneySource
from measures.money import ZERO
from project.common.formats import NO_VALUE, date_de, decimal_de, percent_de, signed_de
from project.common.pdf import blocks

#: Sums of a line in the order of the columns: those of ``measures.report_content``.
_SUMS: Final = ("total", "planned", "before", "amount", "remaining")


def euros(value: Any) -> str:
    """An amount in a column of euros: two places, no sign of the currency; a dash for none."""
    return decimal_de(value, 2)


def kind_name(side: str, row: Mapping[str, Any]) -> str:
    """Kind of cost or source of money in words, with what the line is for."""
    kinds = CostKind if side == FinanceKind.COST else MoneySource
    label = str(kinds(row["kind"]).label)
    return f"{label}: {row['title']}" if row.get("title") else label


def account_blocks(
    account: Mapping[str, Any], *, period: str, allowed_percent: Any, level: int
) -> list[blocks.Block]:
    """Overview, cost, income and deviations.

    Args:
        account: As ``measures.report_content`` says.
        period: The time reported, in words.
        allowed_percent: By which a line may leave the plan without a reason.
        level: Of the headings.
    """
    cost, funding = account["cost"], account["funding"]
    return [
        blocks.Paragraph(_("All amounts in euros. Time: %(period)s.") % {"period": period}, "note"),
        blocks.Heading(_("Overview"), level),
        _overview(account),
        blocks.Heading(_("Expenditure"), level),
        _lines(FinanceKind.COST, cost, account["cost_sums"]),
        blocks.Heading(_("Income"), level),
        _lines(FinanceKind.FUNDING, funding, account["funding_sums"]),
        blocks.Heading(_("Deviations from the plan"), level),
        *_deviations(cost, funding, allowed_percent),
    ]


def _columns(first: str) -> list[blocks.Column]:
    heads = (
        _("Plan altogether"),
        _("Plan for the time"),
        _("Reported before"),
        _("In the time"),
        _("Remaining of the plan"),
    )
    return [
        blocks.Column(first, 2.8),
        *(blocks.Column(head, 1.5, is_number=True) for head in heads),
    ]


def _overview(account: Mapping[str, Any]) -> blocks.Table:
    """Both sides and what is between them: the sums of the tables below."""
    cost, income = account["cost_sums"], account["funding_sums"]
    gap = [Decimal(income[name]) - Decimal(cost[name]) for name in _SUMS]
    rows: list[blocks.Row] = [
        (_("Income"), *(euros(income[name]) for name in _SUMS)),
        (_("Expenditure"), *(euros(cost[name]) for name in _SUMS)),
        blocks.SumRow((_("Income less expenditure"), *(euros(value) for value in gap))),
    ]
    return blocks.Table("", _columns(_("Kind")), rows, is_whole=True)


def _lines(side: str, lines: Sequence[Mapping[str, Any]], sums: Mapping[str, Any]) -> blocks.Table:
    """Lines of one side with their sums; of income also what was drawn of the grant."""
    is_cost = side == FinanceKind.COST
    columns = _columns(_("Line of cost") if is_cost else _("Source"))
    rows: list[blocks.Row] = []
    for row in lines:
        drawn = () if is_cost else (euros(row["drawn"]),)
        rows.append((kind_name(side, row), *(euros(row[name]) for name in _SUMS), *drawn))
    total = (_("Sum"), *(euros(sums[name]) for name in _SUMS))
    if not is_cost:
        columns.append(blocks.Column(_("Drawn by drawdowns"), 1.5, is_number=True))
        total = (*total, euros(sum((Decimal(row["drawn"]) for row in lines if row["drawn"]), ZERO)))
    rows.append(blocks.SumRow(total))
    return blocks.Table("", columns, rows)


def _deviations(
    cost: Sequence[Mapping[str, Any]], funding: Sequence[Mapping[str, Any]], allowed_percent: Any
) -> list[blocks.Block]:
    """Lines that leave the plan of this time, by how much, and why."""
    columns = (
        blocks.Column(_("Line"), 2.4),
        blocks.Column(_("Deviation (euros)"), 1.5, is_number=True),
        blocks.Column(_("Deviation (per cent)"), 1.4, is_number=True),
        blocks.Column(_("Within the limit"), 1.2, is_apart=True),
        blocks.Column(_("Reason"), 3.6),
    )
    rows: list[blocks.Row] = []
    for side, lines in ((FinanceKind.COST, cost), (FinanceKind.FUNDING, funding)):
        for row in lines:
            amount, planned = Decimal(row["amount"] or 0), Decimal(row["planned"] or 0)
            if amount == planned and not row["reason"]:
                continue
            percent = row["deviation_percent"]
            rows.append(
                (
                    kind_name(side, row),
                    signed_de(amount - planned, 2),
                    NO_VALUE if percent is None else signed_de(percent, 2),
                    _("no") if row["is_over"] else _("yes"),
                    row["reason"] or NO_VALUE,
                )
            )
    if not rows:
        return [blocks.Paragraph(_("None: every line is as planned for this time."))]
    note = _("Allowed by the programme in a line without a reason: %(percent)s.") % {
        "percent": percent_de(allowed_percent, 2)
    }
    return [blocks.Table("", columns, rows), blocks.Paragraph(note, "note")]


def receipt_blocks(
    receipts: Sequence[Mapping[str, Any]], account: Mapping[str, Any], *, level: int
) -> list[blocks.Block]:
    """The receipts by kind of cost and day, numbered through, with their sums; then held against the account.

    Args:
        receipts: As ``measures.report_content`` says.
        account: Of the same report.
        level: Of the heading of the second table.
    """
    if not receipts:
        return [blocks.Paragraph(_("no details given"))]
    columns = (
        blocks.Column(_("No."), 0.7, is_number=True),
        blocks.Column(_("Receipt"), 1.7, is_apart=True),
        blocks.Column(_("Paid on"), 1.3),
        blocks.Column(_("Paid to"), 2.3),
        blocks.Column(_("Purpose"), 3.4),
        blocks.Column(_("File"), 0.7),
        blocks.Column(_("Amount (euros)"), 1.6, is_number=True),
    )
    order = list(CostKind.values)
    listed = sorted(receipts, key=lambda row: (order.index(row["kind"]), row["title"], row["paid_on"]))
    rows: list[blocks.Row] = []
    for key, of_kind in groupby(enumerate(listed, start=1), key=lambda row: _key(row[1])):
        name = kind_name(FinanceKind.COST, {"kind": key[0], "title": key[1]})
        rows.append(blocks.GroupRow(name))
        rows += [_receipt(place, row) for place, row in of_kind]
        rows.append(_receipts_sum(_("Sum of %(kind)s") % {"kind": name}, _sum_of(listed, key)))
    rows.append(_receipts_sum(_("Sum of all receipts"), _sum_of(listed)))
    note = _("File: whether a copy of the receipt was handed in with the report.")
    return [
        blocks.Table("", columns, rows),
        blocks.Paragraph(note, "note"),
        blocks.Heading(_("Receipts and expenditure compared"), level),
        _compared(listed, account),
    ]


def _receipt(place: int, row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        str(place),
        row["number"],
        date_de(datetime.date.fromisoformat(row["paid_on"])),
        row["payee"],
        row["purpose"],
        _("yes") if row["file_name"] else _("no"),
        euros(row["amount"]),
    )


def _receipts_sum(name: str, amount: Decimal) -> blocks.SumRow:
    return blocks.SumRow((name, euros(amount)), span=6)


def _key(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["kind"], row["title"]


def _sum_of(rows: Sequence[Mapping[str, Any]], key: tuple[str, str] | None = None) -> Decimal:
    return sum((Decimal(row["amount"] or 0) for row in rows if key is None or _key(row) == key), ZERO)


def _compared(receipts: Sequence[Mapping[str, Any]], account: Mapping[str, Any]) -> blocks.Table:
    """By line of cost: what the account says, what the receipts add up to, and what is between them."""
    columns = (
        blocks.Column(_("Line of cost"), 4),
        blocks.Column(_("Expenditure in the account"), 2, is_number=True),
        blocks.Column(_("Sum of receipts"), 2, is_number=True),
        blocks.Column(_("Without receipt"), 2, is_number=True),
    )
    cost = account["cost"]
    rows: list[blocks.Row] = []
    for key in dict.fromkeys([*map(_key, cost), *map(_key, receipts)]):
        name = kind_name(FinanceKind.COST, {"kind": key[0], "title": key[1]})
        rows.append((name, *_pair(_sum_of(cost, key), _sum_of(receipts, key))))
    rows.append(blocks.SumRow((_("Sum"), *_pair(_sum_of(cost), _sum_of(receipts)))))
    return blocks.Table("", columns, rows)


def _pair(spent: Decimal, shown: Decimal) -> tuple[str, str, str]:
    return euros(spent), euros(shown), euros(spent - shown)


def drawdown_blocks(drawdown: Mapping[str, Any]) -> list[blocks.Block]:
    """What is asked for: sources of the grant with what was granted, drawn, asked for, and what remains."""
    columns = (
        blocks.Column(_("Source"), 3),
        blocks.Column(_("Granted (euros)"), 1.8, is_number=True),
        blocks.Column(_("Asked for before (euros)"), 2.2, is_number=True),
        blocks.Column(_("Asked for now (euros)"), 1.8, is_number=True),
        blocks.Column(_("Remaining of the grant (euros)"), 1.8, is_number=True),
    )
    names = ("granted", "before", "amount", "remaining")
    rows: list[blocks.Row] = [
        (kind_name(FinanceKind.FUNDING, row), *(euros(row[name]) for name in names))
        for row in drawdown["lines"]
    ]
    rows.append(blocks.SumRow((_("Sum"), *(euros(drawdown["sums"][name]) for name in names))))
    return [blocks.Table("", columns, rows, is_whole=True)]
