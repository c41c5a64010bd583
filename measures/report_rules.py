"""The arithmetic of a report: account against plan, receipts against term. Cents, no Django.

Amounts are ``Decimal`` in euros with two places; sums are exact, only percentages are rounded, half up. What
the participants of a report are held against is in ``measures.esf_rules``.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from measures.money import COST, ZERO, Fault, PlanLine, percent_of

#: Side, kind and title: what a line is about.
Key = tuple[str, str, str]
#: Kinds of cost that are proved by no receipt (Regulation (EU) 2021/1060, article 53 (1) d: flat rates).
KINDS_WITHOUT_RECEIPTS: Final = frozenset({"lump_sum"})
#: What was bought within the term may be paid so many months later, if the funder agrees.
MONTHS_AFTER: Final = 6


@dataclasses.dataclass(frozen=True)
class Period:
    """The time a report covers, within the term of its notice.

    Attributes:
        covers_from: First day of the report.
        covers_until: Last day of the report.
        starts_on: First day of the term.
        ends_on: Last day of the term.
    """

    covers_from: datetime.date
    covers_until: datetime.date
    starts_on: datetime.date
    ends_on: datetime.date

    @property
    def years(self) -> range:
        """Years whose plan the account is held against."""
        return range(self.covers_from.year, self.covers_until.year + 1)

    @property
    def is_whole(self) -> bool:
        """Whether it covers all days of those years that lie within the term.

        Only then does a line that was not used up differ from the plan; before that, the year goes on.
        """
        first = max(self.starts_on, datetime.date(self.covers_from.year, 1, 1))
        last = min(self.ends_on, datetime.date(self.covers_until.year, 12, 31))
        return self.covers_from <= first and self.covers_until >= last


@dataclasses.dataclass(frozen=True)
class Entered:
    """What was entered in a line: euros, None for nothing yet, and why it differs from the plan."""

    amount: Decimal | None
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class AccountRow:
    """A line of the account.

    Attributes:
        side: ``cost`` or ``funding``.
        kind: Kind of cost, or source of money.
        title: For what, or from whom.
        planned: Euros in the plan for the years of the report.
        total: Euros in the plan, all years.
        before: Euros in reports of earlier times.
        amount: Euros in the time reported; None for nothing entered.
        remaining: ``total`` less ``before`` and ``amount``; below zero where more was spent.
        drawn: Euros drawn down, of sources of the grant; None for all others.
        deviation_percent: Of ``amount`` from ``planned``; None without either.
        is_over: Whether it leaves the plan by more than is allowed.
        reason: Why.
    """

    side: str
    kind: str
    title: str
    planned: Decimal
    total: Decimal
    before: Decimal
    amount: Decimal | None
    remaining: Decimal
    drawn: Decimal | None
    deviation_percent: Decimal | None
    is_over: bool
    reason: str

    @property
    def key(self) -> Key:
        """What the line is about."""
        return (self.side, self.kind, self.title)

    @property
    def is_open(self) -> bool:
        """Whether an amount is asked for and missing; what the plan has no more asks for none."""
        return self.amount is None and bool(self.total)

    @property
    def is_silent(self) -> bool:
        """Whether a reason is asked for and missing."""
        return self.is_over and not self.reason.strip()


@dataclasses.dataclass(frozen=True)
class Sums:
    """Sums of lines in euros; what was not entered counts nothing."""

    planned: Decimal
    total: Decimal
    before: Decimal
    amount: Decimal
    remaining: Decimal


@dataclasses.dataclass(frozen=True)
class Ledger:
    """What the lines of an account are worked out from.

    Attributes:
        plan: Lines of the plan that holds.
        entered: What the report says, by line.
        before: Euros of accepted reports of earlier times, by line.
        drawn: Euros drawn down by source.
        period: Time and term.
        allowed_percent: By which a line may leave the plan without a reason, 0 to 100.
        grant_kinds: Sources that together are the grant.
    """

    plan: Sequence[PlanLine]
    entered: Mapping[Key, Entered]
    before: Mapping[Key, Decimal]
    drawn: Mapping[str, Decimal]
    period: Period
    allowed_percent: Decimal
    grant_kinds: Collection[str]


def is_beyond(amount: Decimal, planned: Decimal, allowed_percent: Decimal, *, is_whole: bool) -> bool:
    """Whether an amount leaves the plan by more than is allowed; exact, nothing is rounded before.

    Source: allowed deviation of single lines, general conditions for project funding (ANBest-P, number 1.2:
    20 percent); which share holds, the programme says.

    >>> is_beyond(Decimal(120), Decimal(100), Decimal(20), is_whole=True)
    False
    >>> is_beyond(Decimal("120.01"), Decimal(100), Decimal(20), is_whole=True)
    True
    >>> is_beyond(Decimal(40), Decimal(100), Decimal(20), is_whole=False)
    False
    """
    difference = amount - planned
    if difference < 0 and not is_whole:
        return False
    return abs(difference) * 100 > planned * allowed_percent


def account_rows(ledger: Ledger) -> list[AccountRow]:
    """Lines of an account: those of the plan in its order, then what was entered besides it.

    A line that has left the plan stays while it has an amount. Sources of the grant never need a reason:
    they are drawn when they are needed.
    """
    planned: dict[Key, Decimal] = {}
    total: dict[Key, Decimal] = {}
    for line in ledger.plan:
        total[line.key] = total.get(line.key, ZERO) + line.amount
        within = line.amount if line.year in ledger.period.years else ZERO
        planned[line.key] = planned.get(line.key, ZERO) + within
    besides = [key for key, row in ledger.entered.items() if key not in total and row.amount]
    besides += [key for key, amount in ledger.before.items() if amount and key not in {*total, *besides}]
    rows, told = [], set()
    for key in [*total, *besides]:
        side, kind, _title = key
        drawn = None
        if side != COST and kind in ledger.grant_kinds:
            # Drawn by source, planned perhaps in several lines: said once.
            drawn = ZERO if kind in told else ledger.drawn.get(kind, ZERO)
            told.add(kind)
        rows.append(_row(key, planned.get(key, ZERO), total.get(key, ZERO), drawn, ledger))
    return rows


def _row(key: Key, planned: Decimal, total: Decimal, drawn: Decimal | None, ledger: Ledger) -> AccountRow:
    entered = ledger.entered.get(key, Entered(None))
    amount, before = entered.amount, ledger.before.get(key, ZERO)
    is_over = (
        amount is not None
        and drawn is None
        and is_beyond(amount, planned, ledger.allowed_percent, is_whole=ledger.period.is_whole)
    )
    return AccountRow(
        *key,
        planned=planned,
        total=total,
        before=before,
        amount=amount,
        remaining=total - before - (amount or ZERO),
        drawn=drawn,
        deviation_percent=None if amount is None else percent_of(amount - planned, planned),
        is_over=is_over,
        reason=entered.reason,
    )


def sums_of(rows: Iterable[AccountRow], side: str) -> Sums:
    """Sums of one side."""
    wanted = [row for row in rows if row.side == side]
    return Sums(
        planned=sum((row.planned for row in wanted), ZERO),
        total=sum((row.total for row in wanted), ZERO),
        before=sum((row.before for row in wanted), ZERO),
        amount=sum((row.amount or ZERO for row in wanted), ZERO),
        remaining=sum((row.remaining for row in wanted), ZERO),
    )


def account_faults(rows: Sequence[AccountRow]) -> list[Fault]:
    """What keeps an account back: ``amount_missing`` and ``reason_missing`` by line, ``nothing_spent``.

    A line that has left the plan asks for no amount.
    """
    found = [
        Fault("amount_missing" if row.is_open else "reason_missing", {"row": row})
        for row in rows
        if row.is_open or row.is_silent
    ]
    if rows and not any(row.is_open for row in rows) and not sums_of(rows, COST).amount:
        found.append(Fault("nothing_spent", {}))
    return found


def account_oddities(rows: Sequence[AccountRow], *, is_final: bool) -> list[Fault]:
    """What is worth a look: ``over_total`` by line and ``over_all``; in a final report ``unbalanced``."""
    cost, funding = sums_of(rows, COST), sums_of(rows, "funding")
    found = [Fault("over_total", {"row": row}) for row in rows if row.side == COST and row.remaining < 0]
    if cost.remaining < 0:
        found.append(Fault("over_all", {"spent": cost.before + cost.amount, "total": cost.total}))
    if is_final and cost.before + cost.amount != funding.before + funding.amount:
        values = {"cost": cost.before + cost.amount, "funding": funding.before + funding.amount}
        found.append(Fault("unbalanced", {**values, "difference": abs(values["cost"] - values["funding"])}))
    return found


@dataclasses.dataclass(frozen=True)
class Voucher:
    """A receipt as the rules take it.

    Attributes:
        number: Number of the receipt.
        paid_on: Day of the payment.
        payee: Whom it was paid to.
        kind: Kind of cost.
        title: Which line of that kind.
        amount: Euros.
        sha256: Checksum of its file; empty without one.
    """

    number: str
    paid_on: datetime.date
    payee: str
    kind: str
    title: str
    amount: Decimal
    sha256: str = ""


def same_number(number: str) -> str:
    """What a number of a receipt is compared by: small letters, no spaces.

    >>> same_number(" RE 4711 ") == same_number("re4711")
    True
    """
    return "".join(number.split()).casefold()


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or the last of that month.

    >>> months_later(datetime.date(2026, 8, 31), 6)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.month - 1 + months, 12)
    first_after = datetime.date(day.year + year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = first_after - datetime.timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def receipt_faults(own: Sequence[Voucher], others: Sequence[Voucher], period: Period) -> list[Fault]:
    """What keeps a list of receipts from being handed in.

    Args:
        own: Receipts of the report.
        others: Receipts of the project's other reports.
        period: Time and term.

    Returns:
        ``paid_before_term``, ``paid_long_after``, ``number_twice``, ``file_twice`` by receipt.
    """
    found = []
    latest = months_later(period.ends_on, MONTHS_AFTER)
    numbers = {same_number(row.number) for row in others}
    files = {row.sha256 for row in others if row.sha256}
    for row in own:
        if row.paid_on < period.starts_on:
            found.append(Fault("paid_before_term", {"receipt": row, "day": period.starts_on}))
        if row.paid_on > latest:
            found.append(Fault("paid_long_after", {"receipt": row, "day": latest}))
        if same_number(row.number) in numbers:
            found.append(Fault("number_twice", {"receipt": row}))
        elif row.sha256 in files:
            found.append(Fault("file_twice", {"receipt": row}))
        numbers.add(same_number(row.number))
        files |= {row.sha256} if row.sha256 else set()
    return found


def receipt_oddities(
    own: Sequence[Voucher], others: Sequence[Voucher], rows: Sequence[AccountRow], period: Period
) -> list[Fault]:
    """What is worth a look: ``paid_after_term``, ``paid_outside``, ``paid_twice``; and, by line of the
    account, ``receipts_above`` and ``receipts_below``, but for lump sums.
    """
    found = []
    latest = months_later(period.ends_on, MONTHS_AFTER)
    paid = {_payment(row): row for row in others}
    for row in own:
        if period.ends_on < row.paid_on <= latest:
            found.append(Fault("paid_after_term", {"receipt": row, "day": period.ends_on}))
        elif period.starts_on <= row.paid_on <= period.ends_on and not (
            period.covers_from <= row.paid_on <= period.covers_until
        ):
            found.append(Fault("paid_outside", {"receipt": row}))
        twin = paid.get(_payment(row))
        if twin is not None:
            found.append(Fault("paid_twice", {"receipt": row, "twin": twin}))
        paid[_payment(row)] = row
    return found + _cover_oddities(own, rows)


def _payment(row: Voucher) -> tuple[str, datetime.date, Decimal]:
    return (" ".join(row.payee.split()).casefold(), row.paid_on, row.amount)


def _cover_oddities(own: Sequence[Voucher], rows: Sequence[AccountRow]) -> list[Fault]:
    sums = receipt_sums(own)
    found = []
    for row in rows:
        if row.side != COST or row.kind in KINDS_WITHOUT_RECEIPTS or row.amount is None:
            continue
        covered = sums.pop((row.kind, row.title), ZERO)
        if covered != row.amount:
            code = "receipts_above" if covered > row.amount else "receipts_below"
            difference = abs(covered - row.amount)
            found.append(Fault(code, {"row": row, "covered": covered, "difference": difference}))
    return found


def receipt_sums(own: Iterable[Voucher]) -> dict[tuple[str, str], Decimal]:
    """Euros of receipts by line of cost (kind and title)."""
    sums: dict[tuple[str, str], Decimal] = {}
    for row in own:
        sums[(row.kind, row.title)] = sums.get((row.kind, row.title), ZERO) + row.amount
    return sums
