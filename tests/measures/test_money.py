"""The arithmetic of grants: worked examples as tables, and what holds for every plan."""

from __future__ import annotations

import dataclasses
import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.money import (
    CENT,
    COST,
    FUNDING,
    PlanLine,
    Rules,
    percent_of,
    plan_changes,
    plan_faults,
    plan_table,
    share_of,
    total,
)

E = Decimal
RULES = Rules(
    granted=E("90000.00"),
    starts_on=datetime.date(2026, 2, 1),
    ends_on=datetime.date(2027, 12, 31),
    grant_kinds=("esf", "state"),
    own_kind="own",
    own_share_percent=E(10),
)


def line(side: str, kind: str, amount: str, year: int = 2026, title: str = "") -> PlanLine:
    return PlanLine(side, kind, title, year, E(amount))


def sound() -> list[PlanLine]:
    """100,000 euros in two years: half from ESF, 40 % from the state, the rest the provider's own."""
    return [
        line(COST, "staff", "40000.00"),
        line(COST, "staff", "40000.00", 2027),
        line(COST, "material", "20000.00"),
        line(FUNDING, "esf", "25000.00"),
        line(FUNDING, "esf", "25000.00", 2027),
        line(FUNDING, "state", "40000.00"),
        line(FUNDING, "own", "10000.00"),
    ]


def test_a_plan_that_adds_up_has_no_faults() -> None:
    assert plan_faults(sound(), RULES) == []


#: What is done to the sound plan, to its rules, and which faults follow.
WRONG: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    "a cent too much cost": (lambda rows: [*rows, line(COST, "travel", "0.01")], {}, ["sides_differ"]),
    "a cent too much granted": (lambda rows: rows, {"granted": E("90000.01")}, ["grant_differs"]),
    "spent before the term": (
        lambda rows: [dataclasses.replace(rows[0], year=2025), *rows[1:]],
        {},
        ["outside_term"],
    ),
    "spent after the term": (
        lambda rows: [dataclasses.replace(rows[0], year=2028), *rows[1:]],
        {},
        ["outside_term"],
    ),
    "twice the same line": (
        lambda rows: [
            dataclasses.replace(rows[0], amount=E("20000.00")),
            dataclasses.replace(rows[0], amount=E("20000.00")),
            *rows[1:],
        ],
        {},
        ["line_twice"],
    ),
    "below zero": (
        lambda rows: [*rows, line(COST, "fees", "-5.00"), line(FUNDING, "third", "-5.00")],
        {},
        ["negative", "negative"],
    ),
    "own share a cent short": (
        lambda rows: [*rows[:-1], line(FUNDING, "own", "9999.99"), line(FUNDING, "third", "0.01")],
        {},
        ["own_share_low"],
    ),
    "cost the call does not pay": (lambda rows: rows, {"eligible": ("staff",)}, ["not_eligible"]),
    "more from ESF than the call allows": (
        lambda rows: rows,
        {"highest_percent": {"esf": E("49.99")}},
        ["share_high"],
    ),
    "no cost": (
        lambda rows: [row for row in rows if row.side == FUNDING],
        {},
        ["no_cost", "sides_differ"],
    ),
    "nothing": (lambda _rows: [], {}, ["no_cost", "no_funding", "grant_differs"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_add_up_is_named(name: str) -> None:
    change, rules, codes = WRONG[name]
    faults = plan_faults(change(sound()), dataclasses.replace(RULES, **rules))
    assert [fault.code for fault in faults] == codes


def test_municipalities_need_no_own_share() -> None:
    rows = [*sound()[:-1], line(FUNDING, "municipality", "10000.00")]
    assert [fault.code for fault in plan_faults(rows, RULES)] == ["own_share_low"]
    assert plan_faults(rows, dataclasses.replace(RULES, own_share_percent=None)) == []


@pytest.mark.parametrize(
    ("amount", "percent", "share"),
    [
        ("0.04", "10", "0.00"),
        ("0.05", "10", "0.01"),
        ("100.05", "10", "10.01"),
        ("99999999.99", "33.33", "33330000.00"),
        ("10.00", "0", "0.00"),
        ("10.00", "100", "10.00"),
    ],
)
def test_shares_are_rounded_half_up_to_the_cent(amount: str, percent: str, share: str) -> None:
    assert share_of(E(amount), E(percent)) == E(share)


def test_a_share_of_nothing_is_unknown() -> None:
    assert percent_of(E(5), E(0)) is None
    assert percent_of(E(1), E(8)) == E("12.50")


def test_the_table_sums_by_line_and_year() -> None:
    table = plan_table(sound())
    assert table.years == (2026, 2027)
    assert [(row.kind, row.amounts, row.total) for row in table.cost] == [
        ("staff", (E("40000.00"), E("40000.00")), E("80000.00")),
        ("material", (E("20000.00"), None), E("20000.00")),
    ]
    assert table.cost_sums == (E("60000.00"), E("40000.00"), E("100000.00"))
    assert table.funding_sums == (E("75000.00"), E("25000.00"), E("100000.00"))


def test_changes_are_told_by_line_and_year() -> None:
    after = [dataclasses.replace(sound()[0], amount=E("39000.00")), *sound()[1:-1]]
    after.append(line(FUNDING, "third", "1.00"))
    changes = [
        (row.kind, row.year, row.before, row.after, row.difference) for row in plan_changes(sound(), after)
    ]
    assert changes == [
        ("staff", 2026, E("40000.00"), E("39000.00"), E("-1000.00")),
        ("own", 2026, E("10000.00"), None, E("-10000.00")),
        ("third", 2026, None, E("1.00"), E("1.00")),
    ]


CENTS = st.integers(0, 10**9).map(lambda cents: cents * CENT)
PLANS = st.lists(
    st.builds(
        PlanLine,
        side=st.sampled_from([COST, FUNDING]),
        kind=st.sampled_from(["staff", "material", "esf", "own"]),
        title=st.sampled_from(["", "a"]),
        year=st.integers(2024, 2028),
        amount=CENTS,
    ),
    max_size=12,
    unique_by=lambda row: (*row.key, row.year),
)


@given(PLANS, st.randoms())
def test_sums_and_faults_do_not_depend_on_the_order(plan: list[PlanLine], random: Any) -> None:
    mixed = random.sample(plan, len(plan))
    assert plan_table(mixed).cost_sums == plan_table(plan).cost_sums
    assert sorted(fault.code for fault in plan_faults(mixed, RULES)) == sorted(
        fault.code for fault in plan_faults(plan, RULES)
    )


@given(PLANS)
def test_sums_are_exact_to_the_cent(plan: list[PlanLine]) -> None:
    table = plan_table(plan)
    assert sum(row.total for row in table.cost) == table.cost_sums[-1] == total(plan, COST)
    assert sum(table.funding_sums[:-1]) == table.funding_sums[-1] == total(plan, FUNDING)
    assert plan_changes(plan, plan) == []


@given(CENTS, st.integers(0, 10**4))
def test_a_share_is_never_half_a_cent_off(amount: Decimal, hundredths: int) -> None:
    percent = E(hundredths) / 100
    share = share_of(amount, percent)
    assert abs(share - amount * percent / 100) <= CENT / 2
    assert E(0) <= share <= amount
