"""Counts of participants: what fits together, and that nobody works out the small ones that are hidden."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures.esf import INDICATORS
from measures.esf_rules import ALL, LIMITS, SEXES, Limit, hidden_cells, is_count, participant_faults
from measures.selectors.project_report_content import participants_protected

Row = dict[str, int]


def row(f: int, m: int, n: int = 0) -> Row:
    return {"f": f, "m": m, "n": n}


SOUND = {
    "EECO01": row(20, 15),
    "EECO02": row(8, 7),
    "EECO03": row(4, 3),
    "EECO04": row(10, 6),
    "EECO05": row(2, 2),
    "EECO06": row(10, 9),
    "EECO07": row(5, 3),
    "EECO09": row(20, 15),
    "EECO14": row(9, 6),
    "EECR01": row(6, 3),
    "EECR03": row(5, 4),
    "EECR06": row(2, 1),
}


def test_counts_that_fit_together_have_no_faults() -> None:
    assert participant_faults(SOUND, ["EECO01", "EECO02"], [{"EECO01": row(20, 1)}]) == []
    assert participant_faults({}) == []


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        # More long-term unemployed than unemployed.
        ({"EECO03": row(9, 3)}, [("parts_above", "EECO03", "f")]),
        # The status has to add up, in both directions and for each sex.
        ({"EECO05": row(3, 2)}, [("parts_above", "EECO02", "f")]),
        ({"EECO05": row(2, 1)}, [("parts_differ", "EECO02", "m")]),
        ({"EECO05": row(3, 1)}, [("parts_above", "EECO02", "f"), ("parts_differ", "EECO02", "m")]),
        # Age and education stay below all, and may leave some out.
        ({"EECO08": row(6, 0)}, [("parts_above", "EECO06", "f")]),
        ({"EECO08": row(1, 0)}, []),
        ({"EECO10": row(0, 1)}, [("parts_above", "EECO09", "m")]),
        # Anything else is part of all.
        ({"EECO14": row(21, 6)}, [("parts_above", "EECO14", "f")]),
        ({"EECO17": row(0, 0, 1)}, [("parts_above", "EECO17", "n")]),
        ({"EECR03": row(21, 4)}, [("parts_above", "EECR03", "f")]),
        # Results have their own reference.
        ({"EECR01": row(11, 3)}, [("parts_above", "EECR01", "f")]),
        ({"EECR04": row(18, 13)}, []),
        ({"EECR04": row(19, 13)}, [("parts_above", "EECR04", "f")]),
        ({"EECR05": row(18, 14)}, [("parts_above", "EECR05", "m")]),
        ({"EECR06": row(3, 0)}, [("parts_above", "EECR06", "f")]),
        # No counts.
        ({"EECO14": {"f": -1, "m": 2, "n": 0}}, [("count_wrong", "EECO14", None)]),
        ({"EECO14": {"f": 1, "m": 2}}, [("count_wrong", "EECO14", None)]),
        ({"EECO14": {"f": 1.5, "m": 2, "n": 0}}, [("count_wrong", "EECO14", None)]),
        ({"EECO14": {"f": True, "m": 2, "n": 0}}, [("count_wrong", "EECO14", None)]),
    ],
)
def test_counts_are_held_against_what_they_are_part_of(
    changes: dict[str, Any], faults: list[tuple[str, str, str | None]]
) -> None:
    found = participant_faults({**SOUND, **changes})
    assert [
        (
            fault.code,
            limit.parts[0] if isinstance(limit := fault.values.get("limit"), Limit) else fault.values["code"],
            fault.values.get("column"),
        )
        for fault in found
    ] == faults


def test_required_ones_must_be_there_and_none_without_all() -> None:
    assert [fault.values["code"] for fault in participant_faults({}, ["EECO01", "EECO12"])] == [
        "EECO01",
        "EECO12",
    ]
    found = participant_faults({"EECO12": row(1, 1)})
    assert [fault.code for fault in found] == ["whole_missing"]


def test_a_later_report_of_the_same_time_counts_no_fewer() -> None:
    found = participant_faults({"EECO01": row(3, 5)}, [], [{"EECO01": row(4, 5), "EECO12": row(1, 0)}])
    assert [(fault.code, fault.values["code"]) for fault in found] == [
        ("count_fell", "EECO01"),
        ("count_gone", "EECO12"),
    ]


COUNTS = st.dictionaries(
    st.sampled_from(sorted(INDICATORS)), st.fixed_dictionaries({sex: st.integers(0, 9) for sex in SEXES})
)


@given(COUNTS)
def test_faults_agree_with_an_own_reckoning(counts: dict[str, Row]) -> None:
    """Once more without the code: is any sum of parts above its wholes, for some sex?"""
    has_fault = ALL not in counts and bool(counts)
    for limit in LIMITS:
        given_parts = [counts[code] for code in limit.parts if code in counts]
        if given_parts and all(code in counts for code in limit.wholes):
            for sex in SEXES:
                have = sum(each[sex] for each in given_parts)
                most = sum(counts[code][sex] for code in limit.wholes)
                has_fault |= have > most or (
                    len(given_parts) == len(limit.parts) == 3 and have != most and "EECO04" in limit.parts
                )
    assert bool(participant_faults(counts)) == has_fault


# --- secrecy -----------------------------------------------------------------------------------------


def small(count: int) -> bool:
    return 0 < count < 3


def content(counts: dict[str, Row]) -> dict[str, Any]:
    rows = [
        {"code": code, "title": str(INDICATORS[code]), **each, "total": sum(each.values())}
        for code, each in counts.items()
    ]
    return {"participants": rows}


def test_large_counts_are_shown_as_they_are() -> None:
    counts = {"EECO01": row(20, 15), "EECO02": row(20, 15)}
    told = participants_protected(content(counts))
    assert [(each["f"], each["m"], each["n"], each["total"]) for each in told] == [(20, 15, 0, 35)] * 2
    assert not any(each["is_secret"] for each in told)


def test_a_small_sex_hides_sexes_throughout_and_keeps_sums() -> None:
    told = participants_protected(content({"EECO01": row(20, 14, 1), "EECO12": row(5, 5)}))
    assert [(each["f"], each["m"], each["n"], each["total"]) for each in told] == [
        (None, None, None, 35),
        (None, None, None, 10),
    ]


def test_a_small_part_of_a_sum_hides_the_other_parts() -> None:
    counts = {"EECO01": row(9, 9), "EECO02": row(6, 6), "EECO04": row(3, 1), "EECO05": row(0, 2)}
    told = {each["code"]: each["total"] for each in participants_protected(content(counts))}
    assert told == {"EECO01": 18, "EECO02": None, "EECO04": None, "EECO05": None}


def test_few_participants_altogether_are_not_told_of_at_all() -> None:
    told = participants_protected(content({"EECO01": row(1, 1), "EECO12": row(0, 0)}))
    assert all(each["total"] is None and each["f"] is None for each in told)


CODES = ("EECO01", "EECO02", "EECO03", "EECO04", "EECO05", "EECR06")


def _worlds(most: int) -> list[dict[str, int]]:
    """All sums that fit together, of up to so many participants."""
    found = []
    for unemployed, inactive, employed in itertools.product(range(most + 1), repeat=3):
        if unemployed + inactive + employed <= most:
            for long_term, better in itertools.product(range(unemployed + 1), range(employed + 1)):
                values = (
                    unemployed + inactive + employed,
                    unemployed,
                    long_term,
                    inactive,
                    employed,
                    better,
                )
                found.append(dict(zip(CODES, values, strict=True)))
    return found


def test_nobody_who_knows_the_rules_works_out_a_small_sum() -> None:
    """The attacker lists every world that would be shown the same way: small counts differ among them."""
    seen: dict[tuple[Any, ...], list[dict[str, int]]] = {}
    for world in _worlds(7):
        # All of one sex: the sums are then what is attacked.
        hidden, _sexes = hidden_cells({code: row(count, 0) for code, count in world.items()}, small)
        shown = tuple(None if code in hidden else world[code] for code in CODES)
        seen.setdefault(shown, []).append(world)
    for shown, worlds in seen.items():
        for place, code in enumerate(CODES):
            values = {world[code] for world in worlds}
            if shown[place] is None:
                assert not (len(values) == 1 and small(values.pop())), (shown, code)


def test_nobody_works_out_a_small_sex() -> None:
    seen: dict[tuple[Any, ...], list[tuple[Row, Row]]] = {}
    # Every world of up to seven people: a sum that is shown says which of them it can be.
    rows = [row(*parts) for parts in itertools.product(range(8), repeat=3) if sum(parts) <= 7]
    for whole in rows:
        for part in rows:
            if all(part[sex] <= whole[sex] for sex in SEXES):
                told = participants_protected(content({"EECO01": whole, "EECO12": part}))
                shown = tuple(each[column] for each in told for column in (*SEXES, "total"))
                seen.setdefault(shown, []).append((whole, part))
    for shown, worlds in seen.items():
        for index, sex in itertools.product((0, 1), SEXES):
            if shown[index * 4 + SEXES.index(sex)] is None:
                values = {world[index][sex] for world in worlds}
                assert not (len(values) == 1 and small(values.pop())), (shown, index, sex)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        (0, True),
        (7, True),
        (-1, False),
        (1.0, False),
        (True, False),
        ("1", False),
        (None, False),
        (10**7, False),
    ],
)
def test_a_count_is_a_whole_number(value: Any, is_one: bool) -> None:
    assert is_count(value) is is_one
