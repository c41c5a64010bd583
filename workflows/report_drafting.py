"""The page on which a report is written: its parts, what is missing in each, and the numbers it works out."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from measures.drawdown_rules import DrawdownRow, drawdown_sums
from measures.esf import INDICATORS
from measures.esf_rules import SEXES, total_of
from measures.forms.project_reports import DraftForm, line_mark
from measures.models import DutyKind, FinanceKind, ProjectReport, Receipt
from measures.receipt_list import ListRow
from measures.report_content import SECTIONS
from measures.report_rules import (
    AccountRow,
    Sums,
    receipt_sums,
    same_number,
    sums_of,
)
from measures.selectors.figures import FigureLine, actual_text, baseline_text, number_of
from measures.selectors.project_report_account import (
    Account,
    account_of,
    counts_of,
    receipts_of,
    required_indicators,
    vouchers,
)
from measures.selectors.project_report_checks import (
    ACCOUNT,
    COLUMNS,
    DRAWDOWN,
    NARRATIVE,
    PARTICIPANTS,
    RECEIPTS,
    Remark,
    faults_of,
    line_name,
    oddities_of,
)
from measures.services.receipts import ReceiptFields
from project.common.formats import decimal_de, money_de, signed_de
from project.common.importing import CellKind
from workflows.report_points import Point, points_of, receipt_anchor

#: Anchor of the key figures, which nobody fills in here.
FIGURES = "figures"


@dataclasses.dataclass(frozen=True)
class Part:
    """A part of the page: its anchor, its title, how many things are missing in it."""

    anchor: str
    title: str
    open_count: int


@dataclasses.dataclass(frozen=True)
class MoneyLine:
    """A line of the account on the page, with its fields."""

    row: AccountRow
    mark: str
    name: str
    amount: Any
    reason: Any
    receipts: str
    faults: tuple[str, ...]
    oddities: tuple[str, ...]

    @property
    def opens_reason(self) -> bool:
        """Whether the field of the reason is open from the beginning."""
        return self.row.is_over or bool(self.reason.value()) or bool(self.reason.errors)


@dataclasses.dataclass(frozen=True)
class CountLine:
    """An indicator on the page, with its fields."""

    code: str
    title: str
    cells: tuple[Any, ...]
    total: str
    is_required: bool
    faults: tuple[str, ...]

    @property
    def is_used(self) -> bool:
        """Whether something stands in it, or is wrong with it."""
        return bool(self.faults) or any(
            cell.value() not in (None, "") or cell.errors for cell, _head in self.cells
        )


@dataclasses.dataclass(frozen=True)
class AskedLine:
    """A source on the page of a drawdown, with its field."""

    row: DrawdownRow
    name: str
    amount: Any
    faults: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class ReceiptLine:
    """A receipt on the page."""

    row: Receipt
    line: str
    faults: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Id of its element."""
        return receipt_anchor(self.row)


class DraftPage:
    """A draft as its page shows it: what is stored, and what is missing.

    Args:
        report: A draft.
    """

    def __init__(self, report: ProjectReport) -> None:
        self.report = report
        self.account: Account = account_of(report)

    # Saving needs the account only.

    @cached_property
    def faults(self) -> list[Remark]:
        """What has to be settled before it is handed in."""
        return faults_of(self.report, self.account)

    @cached_property
    def oddities(self) -> list[Remark]:
        """What is worth a look."""
        return oddities_of(self.report, self.account)

    @cached_property
    def receipts(self) -> list[Receipt]:
        """Receipts that were not taken out; none of a drawdown."""
        return [] if self.is_drawdown else list(receipts_of(self.report))

    @cached_property
    def counts(self) -> dict[str, dict[str, int]]:
        """Participants as they are stored."""
        return counts_of(self.report.participants)

    @property
    def is_drawdown(self) -> bool:
        """Whether only money is asked for."""
        return self.report.kind == DutyKind.DRAWDOWN

    @property
    def parts(self) -> list[Part]:
        """Parts in their order."""
        titles = (
            {DRAWDOWN: _("Funds asked for")}
            if self.is_drawdown
            else {
                NARRATIVE: _("Narrative report"),
                FIGURES: _("Key figures"),
                ACCOUNT: _("Account in figures"),
                RECEIPTS: _("List of receipts"),
                PARTICIPANTS: _("Participants"),
            }
        )
        counts = [remark.part for remark in self.faults]
        return [Part(anchor, title, counts.count(anchor)) for anchor, title in titles.items()]

    @property
    def open_points(self) -> list[Point]:
        """What has to be settled, with the way to the very field."""
        return points_of(self.faults, receipts=self.receipts, counts=self.counts)

    @property
    def odd_points(self) -> list[Point]:
        """What is worth a look, with the way to the very field."""
        return points_of(self.oddities, receipts=self.receipts, counts=self.counts)

    def _about(self, part: str, about: Any, remarks: Sequence[Remark] | None = None) -> tuple[str, ...]:
        held = self.faults if remarks is None else remarks
        return tuple(row.text for row in held if row.part == part and row.about == about)

    def narrative(self, form: DraftForm) -> list[Any]:
        """Fields of the narrative."""
        return [form[f"narrative_{key}"] for key in SECTIONS]

    def money(self, form: DraftForm, side: str) -> list[MoneyLine]:
        """Lines of one side of the account."""
        covered = receipt_sums(vouchers(self.receipts))
        lines = []
        for row in self.account.rows:
            mark = line_mark(row.key)
            # What a notice recorded a moment ago has added comes with the next loading of the page.
            if row.side == side and f"amount_{mark}" in form.fields:
                has_receipts = side == FinanceKind.COST and (row.kind, row.title) in covered
                # What is simply not filled in yet stands in the list above, not beside each field.
                is_filled = row.amount is not None
                lines.append(
                    MoneyLine(
                        row=row,
                        mark=mark,
                        name=line_name(*row.key),
                        amount=form[f"amount_{mark}"],
                        reason=form[f"reason_{mark}"],
                        receipts=money_de(covered[row.kind, row.title]) if has_receipts else "",
                        faults=self._about(ACCOUNT, row.key) if is_filled else (),
                        oddities=self._about(ACCOUNT, row.key, self.oddities) if is_filled else (),
                    )
                )
        return lines

    def sums(self, side: str) -> Sums:
        """Sums of one side."""
        return sums_of(self.account.rows, side)

    def asked(self, form: DraftForm) -> list[AskedLine]:
        """Sources of a drawdown."""
        return [
            AskedLine(
                row,
                line_name(FinanceKind.FUNDING, row.kind),
                form[f"asked_{row.kind}"],
                self._about(DRAWDOWN, row.kind),
            )
            for row in self.account.drawdown
            if f"asked_{row.kind}" in form.fields
        ]

    def count_lines(self, form: DraftForm) -> list[CountLine]:
        """Indicators in the order of the annex."""
        required = required_indicators(self.account.notice)
        return [
            CountLine(
                code=code,
                title=str(title),
                cells=tuple((form[f"count_{code}_{sex}"], COLUMNS[sex]) for sex in SEXES),
                total=self._total(code),
                is_required=code in required,
                faults=self._about(PARTICIPANTS, code) if code in self.counts else (),
            )
            for code, title in INDICATORS.items()
        ]

    def _total(self, code: str) -> str:
        return decimal_de(total_of(self.counts[code]), 0) if code in self.counts else ""

    def receipt_lines(self) -> list[ReceiptLine]:
        """Receipts with what is wrong or odd about them."""
        remarks = [*self.faults, *self.oddities]
        return [
            ReceiptLine(
                row,
                line_name(FinanceKind.COST, row.kind, row.title),
                tuple(
                    remark.text
                    for remark in remarks
                    if remark.part == RECEIPTS
                    and isinstance(remark.about, str)
                    and same_number(remark.about) == same_number(row.number)
                ),
            )
            for row in self.receipts
        ]

    def texts(self) -> dict[str, str]:
        """Id of an element -> the number it shows: what saving works out anew."""
        found: dict[str, str] = {}
        for row in self.account.rows:
            mark = line_mark(row.key)
            found[f"remaining-{mark}"] = money_de(row.remaining)
            found[f"deviation-{mark}"] = deviation_text(row)
        if self.is_drawdown:
            for asked in self.account.drawdown:
                found[f"left-{asked.kind}"] = money_de(asked.remaining)
            sums = drawdown_sums(self.account.drawdown)
            return {**found, "sum-asked": money_de(sums.amount), "sum-left": money_de(sums.remaining)}
        for side in (FinanceKind.COST.value, FinanceKind.FUNDING.value):
            of_side = self.sums(side)
            found[f"sum-{side}-amount"] = money_de(of_side.amount)
            found[f"sum-{side}-remaining"] = money_de(of_side.remaining)
        found["balance"] = balance_text(self.account)
        return found | {f"total-{code}": self._total(code) for code in INDICATORS}

    @property
    def over(self) -> list[str]:
        """Marks of lines that need a reason."""
        return [line_mark(row.key) for row in self.account.rows if row.is_over]


def deviation_text(row: AccountRow) -> str:
    """Deviation of a line in percent; empty where nothing was entered or planned."""
    if row.deviation_percent is None:
        return ""
    return f"{signed_de(row.deviation_percent, 2)}\u00a0%"


def balance_text(account: Account) -> str:
    """Funding less cost of the time reported."""
    cost, funding = (sums_of(account.rows, side).amount for side in (FinanceKind.COST, FinanceKind.FUNDING))
    return money_de(funding - cost)


@dataclasses.dataclass(frozen=True)
class FigureRow:
    """A key figure on the page: texts with their days."""

    title: str
    baseline: str
    baseline_on: datetime.date
    target: str
    target_on: datetime.date | None
    actual: str
    actual_on: datetime.date | None
    is_secret: bool


def figure_rows(lines: Sequence[FigureLine]) -> list[FigureRow]:
    """Key figures as they go into the report."""
    rows = []
    for line in lines:
        figure, actual = line.figure, line.last_value
        target = line.next_target(actual.day if actual else figure.baseline_on)
        rows.append(
            FigureRow(
                title=figure.title,
                baseline=baseline_text(line),
                baseline_on=figure.baseline_on,
                target=number_of(target.value, figure) if target else "",
                target_on=target.due_on if target else None,
                actual=actual_text(actual, figure),
                actual_on=actual.day if actual else None,
                is_secret=bool(actual and actual.is_secret),
            )
        )
    return rows


def cell_text(cell: Any) -> str:
    """A cell as people write it; a number with its decimal sign, never one that could group thousands."""
    if cell.kind is not CellKind.NUMBER:
        return str(cell.text).replace("\0", "")
    whole, _sign, places = cell.text.partition(".")
    return f"{whole},{places}0" if len(places) == 3 else f"{whole},{places}" if places else whole


def entry_of(row: ListRow) -> ReceiptFields:
    """A sound row of a list as an entry."""
    assert row.line is not None
    assert row.paid_on is not None
    assert row.amount is not None
    number, _day, payee, purpose, _line, _amount = row.cells
    return ReceiptFields(*row.line, number, row.paid_on, payee, purpose, row.amount)
