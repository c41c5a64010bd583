"""The arithmetic of reports: worked examples as tables, and what holds for every account."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.drawdown_rules import drawdown_faults, drawdown_rows, drawdown_sums
from measures.money import COST, FUNDING, PlanLine
from measures.report_rules import (
    AccountRow,
    Entered,
    Ledger,
    Period,
    Voucher,
    account_faults,
    account_oddities,
    account_rows,
    months_later,
    receipt_faults,
    receipt_oddities,
    sums_of,
)

E = Decimal
D = datetime.date
YEAR = Period(D(2026, 1, 1), D(2026, 12, 31), D(2026, 1, 1), D(2027, 12, 31))
MAY = D(2026, 5, 4)
HALF = dataclasses.replace(YEAR, covers_until=D(2026, 6, 30))
PLAN = [
    PlanLine(COST, "staff", "", 2026, E("1000.00")),
    PlanLine(COST, "staff", "", 2027, E("500.00")),
    PlanLine(COST, "lump_sum", "", 2026, E("100.00")),
    PlanLine(FUNDING, "esf", "", 2026, E("900.00")),
    PlanLine(FUNDING, "esf", "", 2027, E("500.00")),
    PlanLine(FUNDING, "own", "", 2026, E("200.00")),
]
STAFF, LUMP = (COST, "staff", ""), (COST, "lump_sum", "")
ESF, OWN = (FUNDING, "esf", ""), (FUNDING, "own", "")


def ledger(amounts: dict[Any, str | None], **kwargs: Any) -> Ledger:
    defaults: dict[str, Any] = {
        "plan": PLAN,
        "entered": {key: Entered(None if amount is None else E(amount)) for key, amount in amounts.items()},
        "before": {},
        "drawn": {},
        "period": YEAR,
        "allowed_percent": E(20),
        "grant_kinds": ("esf", "state"),
    }
    return Ledger(**(defaults | kwargs))


def row_of(key: Any, amounts: dict[Any, str | None], **kwargs: Any) -> AccountRow:
    return next(row for row in account_rows(ledger(amounts, **kwargs)) if row.key == key)


def test_a_line_is_held_against_the_years_of_the_report_and_the_whole_plan() -> None:
    row = row_of(STAFF, {STAFF: "950.10"}, before={STAFF: E("100.00")})
    assert (row.planned, row.total, row.before, row.amount) == (E(1000), E(1500), E(100), E("950.10"))
    assert row.remaining == E("449.90")
    assert row.deviation_percent == E("-4.99")
    assert row.is_over is False


@pytest.mark.parametrize(
    ("key", "amount", "period", "is_over"),
    [
        (STAFF, "1200.00", YEAR, False),
        (STAFF, "1200.01", YEAR, True),
        (STAFF, "800.00", YEAR, False),
        (STAFF, "799.99", YEAR, True),
        (STAFF, "0.00", YEAR, True),
        # The year goes on: what was not spent yet needs no reason, what was overspent does.
        (STAFF, "400.00", HALF, False),
        (STAFF, "1200.01", HALF, True),
        # Grant money is drawn when it is needed; own money is part of the plan.
        (ESF, "100.00", YEAR, False),
        (OWN, "100.00", YEAR, True),
        (STAFF, None, YEAR, False),
    ],
)
def test_more_than_the_allowed_share_needs_a_reason(
    key: Any, amount: str | None, period: Period, is_over: bool
) -> None:
    assert row_of(key, {key: amount}, period=period).is_over is is_over


def test_what_was_not_planned_at_all_needs_a_reason_from_the_first_cent() -> None:
    new = (COST, "travel", "")
    row = row_of(new, {new: "0.01"})
    assert (row.planned, row.deviation_percent, row.is_over) == (E(0), None, True)
    assert not any(row.key == new for row in account_rows(ledger({new: "0.00"})))


@pytest.mark.parametrize(
    ("percent", "is_over"), [("0", True), ("19.99", True), ("20", False), ("100", False)]
)
def test_the_programme_says_how_much_is_allowed(percent: str, is_over: bool) -> None:
    assert row_of(STAFF, {STAFF: "1200.00"}, allowed_percent=E(percent)).is_over is is_over


def test_what_was_drawn_is_told_once_by_source() -> None:
    plan = [
        PlanLine(FUNDING, "esf", "A", 2026, E(10)),
        PlanLine(FUNDING, "esf", "B", 2026, E(20)),
        PlanLine(FUNDING, "own", "", 2026, E(5)),
    ]
    rows = account_rows(ledger({}, plan=plan, drawn={"esf": E(12), "own": E(99)}))
    assert [row.drawn for row in rows] == [E(12), E(0), None]


def test_faults_of_an_account_name_the_line() -> None:
    rows = account_rows(ledger({STAFF: "1300.00", LUMP: "100.00", ESF: "900.00", OWN: None}))
    assert [(fault.code, fault.values["row"].key) for fault in account_faults(rows)] == [  # type: ignore[attr-defined]
        ("reason_missing", STAFF),
        ("amount_missing", OWN),
    ]


def test_an_account_of_zeros_is_none() -> None:
    rows = account_rows(ledger(dict.fromkeys((STAFF, LUMP, ESF, OWN), "0.00"), period=HALF))
    assert [fault.code for fault in account_faults(rows)] == ["nothing_spent"]


def test_more_than_the_plan_has_and_sides_that_differ_are_odd() -> None:
    amounts: dict[Any, str | None] = {STAFF: "1600.00", LUMP: "100.00", ESF: "900.00", OWN: "200.00"}
    rows = account_rows(ledger(amounts))
    assert [fault.code for fault in account_oddities(rows, is_final=False)] == ["over_total", "over_all"]
    final = account_oddities(rows, is_final=True)[-1]
    assert (final.code, final.values["difference"]) == ("unbalanced", E(600))


CENTS = st.integers(0, 10**9).map(lambda cents: E(cents) / 100)
KEYS = st.sampled_from([STAFF, LUMP, ESF, OWN, (COST, "fees", "x"), (FUNDING, "state", "")])
LINES = st.lists(
    st.builds(lambda key, year, amount: PlanLine(*key, year, amount), KEYS, st.integers(2025, 2028), CENTS),
    max_size=12,
)


@given(
    LINES,
    st.dictionaries(KEYS, st.one_of(st.none(), CENTS)),
    st.dictionaries(KEYS, CENTS),
    st.decimals(0, 100, places=2),
)
def test_every_account_adds_up_to_the_cent(
    plan: list[PlanLine],
    amounts: dict[Any, Decimal | None],
    before: dict[Any, Decimal],
    allowed: Decimal,
) -> None:
    rows = account_rows(
        ledger(
            {},
            plan=plan,
            entered={key: Entered(amount) for key, amount in amounts.items()},
            before=before,
            allowed_percent=allowed,
        )
    )
    # Counted in whole cents, by hand.
    for side in (COST, FUNDING):
        sums = sums_of(rows, side)
        planned = sum(int(line.amount * 100) for line in plan if line.side == side and line.year == 2026)
        total = sum(int(line.amount * 100) for line in plan if line.side == side)
        spent = sum(int((amount or E(0)) * 100) for key, amount in amounts.items() if key[0] == side)
        earlier = sum(int(amount * 100) for key, amount in before.items() if key[0] == side)
        assert [int(value * 100) for value in vars(sums).values()] == [
            planned,
            total,
            earlier,
            spent,
            total - earlier - spent,
        ]
    for row in rows:
        if row.amount is None or row.drawn is not None:
            assert not row.is_over
        elif row.planned:
            share = abs(Fraction(row.amount) - Fraction(row.planned)) / Fraction(row.planned)
            assert row.is_over == (share > Fraction(allowed) / 100)
        else:
            assert row.is_over == (row.amount > 0)


# --- receipts ----------------------------------------------------------------------------------------


def voucher(number: str = "1", paid_on: datetime.date = MAY, **kwargs: Any) -> Voucher:
    defaults: dict[str, Any] = {"payee": "Laden", "kind": "staff", "title": "", "amount": E("10.00")}
    return Voucher(number=number, paid_on=paid_on, **(defaults | kwargs))


@pytest.mark.parametrize(
    ("receipt", "faults", "oddities"),
    [
        (voucher(), [], []),
        (voucher(paid_on=D(2026, 1, 1)), [], []),
        (voucher(paid_on=D(2025, 12, 31)), ["paid_before_term"], []),
        (voucher(paid_on=D(2027, 3, 1)), [], ["paid_outside"]),
        (voucher(paid_on=D(2028, 1, 1)), [], ["paid_after_term"]),
        (voucher(paid_on=D(2028, 6, 30)), [], ["paid_after_term"]),
        (voucher(paid_on=D(2028, 7, 1)), ["paid_long_after"], []),
        (voucher(" re 7 "), ["number_twice"], []),
        (voucher(sha256="aa"), ["file_twice"], []),
        (
            voucher(payee=" BÜRO  Meier", paid_on=D(2025, 3, 3), amount=E("7.00")),
            ["paid_before_term"],
            ["paid_twice"],
        ),
    ],
)
def test_receipts_are_paid_within_the_term_and_once(
    receipt: Voucher, faults: list[str], oddities: list[str]
) -> None:
    others = [voucher("RE7", D(2025, 3, 3), payee="Büro Meier", amount=E("7.00"), sha256="aa")]
    assert [fault.code for fault in receipt_faults([receipt], others, YEAR)] == faults
    assert [fault.code for fault in receipt_oddities([receipt], others, [], YEAR)] == oddities


def test_a_receipt_twice_in_the_same_list_is_found() -> None:
    twice = [voucher("A"), voucher("a ")]
    assert [fault.code for fault in receipt_faults(twice, [], YEAR)] == ["number_twice"]
    no_file = [voucher("A"), voucher("B", payee="Anderer")]
    assert receipt_faults(no_file, [], YEAR) == []


def test_receipts_cover_their_line_but_for_lump_sums() -> None:
    rows = account_rows(ledger({STAFF: "25.00", LUMP: "100.00"}))
    short = receipt_oddities([voucher("1"), voucher("2", payee="B")], [], rows, YEAR)
    assert [(fault.code, fault.values["difference"]) for fault in short] == [("receipts_below", E(5))]
    above = receipt_oddities([voucher("1", amount=E(30))], [], rows, YEAR)
    assert [(fault.code, fault.values["difference"]) for fault in above] == [("receipts_above", E(5))]
    assert receipt_oddities([voucher("1", amount=E(25))], [], rows, YEAR) == []


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (D(2026, 12, 31), 6, D(2027, 6, 30)),
        (D(2027, 8, 31), 6, D(2028, 2, 29)),
        (D(2026, 6, 30), 6, D(2026, 12, 30)),
        (D(2026, 11, 15), 1, D(2026, 12, 15)),
    ],
)
def test_months_are_counted_by_the_calendar(day: D, months: int, then: D) -> None:
    assert months_later(day, months) == then


# --- drawdown ----------------------------------------------------------------------------------------

DRAW_PLAN = [*PLAN, PlanLine(FUNDING, "state", "", 2026, E("100.00"))]


def draw(asked: dict[str, str], before: dict[str, str], today: datetime.date = MAY) -> list[str]:
    rows = drawdown_rows(
        DRAW_PLAN,
        {kind: E(amount) for kind, amount in asked.items()},
        {kind: E(amount) for kind, amount in before.items()},
        ("esf", "state"),
    )
    return [fault.code for fault in drawdown_faults(rows, starts_on=YEAR.starts_on, today=today)]


@pytest.mark.parametrize(
    ("asked", "before", "faults"),
    [
        ({"esf": "1400.00"}, {}, []),
        ({"esf": "1400.00", "state": "100.00"}, {}, []),
        ({"esf": "1400.01"}, {}, ["above_source"]),
        ({"esf": "400.01"}, {"esf": "1000.00"}, ["above_source"]),
        ({"esf": "400.00"}, {"esf": "1000.00"}, []),
        ({"esf": "1400.01", "state": "100.00"}, {}, ["above_source", "above_grant"]),
        # A source overdrawn before: what another one still has does not make up for it.
        ({"state": "100.00"}, {"esf": "1450.00"}, ["above_grant"]),
        ({"esf": "0.00"}, {}, ["nothing_asked"]),
        ({}, {}, ["nothing_asked"]),
        ({"esf": "-1.00"}, {}, ["below_zero"]),
    ],
)
def test_a_drawdown_stays_within_what_is_left(
    asked: dict[str, str], before: dict[str, str], faults: list[str]
) -> None:
    assert draw(asked, before) == faults


def test_nothing_is_drawn_before_the_term() -> None:
    assert draw({"esf": "1.00"}, {}, today=D(2025, 12, 31)) == ["before_term"]
    assert draw({"esf": "1.00"}, {}, today=D(2026, 1, 1)) == []


@given(
    st.dictionaries(st.sampled_from(["esf", "state"]), CENTS),
    st.lists(st.dictionaries(st.sampled_from(["esf", "state"]), CENTS), max_size=6),
)
def test_drawdowns_that_pass_never_exceed_the_grant(
    granted: dict[str, Decimal], tries: list[dict[str, Decimal]]
) -> None:
    plan = [PlanLine(FUNDING, kind, "", 2026, amount) for kind, amount in granted.items()]
    drawn: dict[str, Decimal] = {}
    for asked in tries:
        rows = drawdown_rows(plan, dict(asked), drawn, ("esf", "state"))
        if drawdown_faults(rows, starts_on=D(2026, 1, 1), today=D(2026, 1, 1)):
            continue
        assert drawdown_sums(rows).remaining >= 0
        for kind, amount in asked.items():
            drawn[kind] = drawn.get(kind, E(0)) + amount
    for kind, amount in drawn.items():
        assert amount <= granted.get(kind, E(0))
