"""What the counts of participants are held against, and which of them may be shown. Whole numbers, no Django.

Source: Regulation (EU) 2021/1057, Annex I. "Altogether" (EECO01) follows from the status in employment: those
three add up to it. Age and education are single choices as well, but leave some out (30 to 54 years; no
education known), so they stay below it. Results refer to those who could reach them: job searching to the
inactive; employment to the unemployed and inactive; a better situation on the labour market to the employed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from measures.money import Fault

#: Women, men, non-binary.
SEXES: Final = ("f", "m", "n")
#: Key of the sum of all sexes.
TOTAL: Final = "total"
ALL: Final = "EECO01"
#: Status in employment: adds up to all.
STATUS: Final = ("EECO02", "EECO04", "EECO05")
AGE: Final = ("EECO06", "EECO07", "EECO08")
EDUCATION: Final = ("EECO09", "EECO10", "EECO11")
#: Largest count that is taken: more is a slip of the pen.
MOST: Final = 1_000_000

Counts = Mapping[str, Mapping[str, int]]


@dataclasses.dataclass(frozen=True)
class Limit:
    """Some counts together are not above some others together."""

    parts: tuple[str, ...]
    wholes: tuple[str, ...]


_SINGLE: Final = ("EECO12", "EECO13", "EECO14", "EECO15", "EECO16", "EECO17", "EECR02", "EECR03")
#: Reference populations.
LIMITS: Final = (
    Limit(("EECO03",), ("EECO02",)),
    Limit(STATUS, (ALL,)),
    Limit(AGE, (ALL,)),
    Limit(EDUCATION, (ALL,)),
    *(Limit((code,), (ALL,)) for code in _SINGLE),
    Limit(("EECR01",), ("EECO04",)),
    Limit(("EECR04",), ("EECO02", "EECO04")),
    Limit(("EECR05",), ("EECO02", "EECO04")),
    Limit(("EECR06",), ("EECO05",)),
)


def total_of(row: Mapping[str, int]) -> int:
    """All sexes of an indicator.

    >>> total_of({"f": 3, "m": 2, "n": 0})
    5
    """
    return sum(row.get(sex, 0) for sex in SEXES)


def is_count(value: Any) -> bool:
    """Whether something is a count of people: whole, from zero to ``MOST``."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def participant_faults(
    counts: Counts, required: Sequence[str] = (), earlier: Sequence[Counts] = ()
) -> list[Fault]:
    """What does not fit together in the counts of a report.

    Args:
        counts: Indicator -> sex -> people; what was not counted is left out.
        required: Indicators the call asks for.
        earlier: Counts of accepted reports whose time lies within the time of this one.

    Returns:
        ``count_missing`` for a required indicator, ``count_wrong`` where one is no whole number or a sex is
        left out, ``whole_missing`` where parts are counted but not all, ``parts_above`` where parts are more
        than what they are part of, ``parts_differ`` where the status does not add up, ``count_fell`` where
        fewer are counted than before. Values: ``code``; ``limit``; ``column`` (a sex, or ``total``).
    """
    found = [Fault("count_missing", {"code": code}) for code in required if not counts.get(code)]
    wrong = {code for code, row in counts.items() if row and not all(is_count(row.get(sex)) for sex in SEXES)}
    found += [Fault("count_wrong", {"code": code}) for code in sorted(wrong)]
    sound = {code: row for code, row in counts.items() if row and code not in wrong}
    if sound and ALL not in sound and ALL not in {*wrong, *required}:
        found.append(Fault("whole_missing", {"code": ALL}))
    for limit in LIMITS:
        found += _limit_faults(limit, sound)
    for before in earlier:
        found += _fall_faults(sound, before)
    return found


def _columns(row: Mapping[str, int]) -> dict[str, int]:
    return {sex: row.get(sex, 0) for sex in SEXES} | {TOTAL: total_of(row)}


def _limit_faults(limit: Limit, counts: Counts) -> list[Fault]:
    parts = [_columns(counts[code]) for code in limit.parts if code in counts]
    wholes = [_columns(counts[code]) for code in limit.wholes if code in counts]
    if not parts or len(wholes) < len(limit.wholes):
        return []
    is_sum = limit.parts == STATUS and len(parts) == len(STATUS)
    found = []
    for column in (*SEXES, TOTAL):
        part, whole = sum(row[column] for row in parts), sum(row[column] for row in wholes)
        values = {"limit": limit, "column": column, "part": part, "whole": whole}
        if part > whole:
            found.append(Fault("parts_above", values))
        elif is_sum and part < whole:
            found.append(Fault("parts_differ", values))
    # The sum says no more than the sexes it follows from.
    by_sex = [fault for fault in found if fault.values["column"] != TOTAL]
    return by_sex or found


def _fall_faults(counts: Counts, before: Counts) -> list[Fault]:
    found = []
    for code, row in before.items():
        now = counts.get(code)
        if now is None:
            if total_of(row):
                found.append(Fault("count_gone", {"code": code, "before": total_of(row)}))
            continue
        for sex in SEXES:
            if now.get(sex, 0) < row.get(sex, 0):
                values = {"code": code, "column": sex, "before": row.get(sex, 0), "now": now.get(sex, 0)}
                found.append(Fault("count_fell", values))
    return found


#: Indicators tied to the status in employment: they would narrow down what is hidden there.
_TIED: Final = ("EECO03", "EECR01", "EECR04", "EECR05", "EECR06")


def hidden_cells(counts: Counts, is_small: Callable[[int], bool]) -> tuple[frozenset[str], bool]:
    """Which counts must not be shown, so that no small one can be worked out from the others.

    Where one sex is small anywhere, none is shown by sex: counts by sex of other indicators would narrow it
    down. Where the sum of an indicator is small, it is hidden; with one of the status in employment, of age
    or of education, all of that group, for they add up; with the status, whatever is counted among it.
    Where all participants together are few, nothing is shown.

    Args:
        counts: Indicator -> sex -> people.
        is_small: The rule of statistical secrecy.

    Returns:
        Indicators of which nothing is shown, and whether sexes are hidden throughout.
    """
    totals = {code: total_of(row) for code, row in counts.items()}
    hides_sexes = any(is_small(row.get(sex, 0)) for row in counts.values() for sex in SEXES)
    if is_small(totals.get(ALL, 0)):
        return frozenset(counts), True
    hidden = {code for code, count in totals.items() if is_small(count)}
    for group in (STATUS, AGE, EDUCATION):
        if hidden.intersection(group):
            hidden.update(group)
    if hidden.intersection(STATUS):
        hidden.update(_TIED)
    return frozenset(hidden & counts.keys()), hides_sexes or bool(hidden)
