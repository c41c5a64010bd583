"""What belongs together in a row of key figures, beyond what a single cell says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from measures.models import FigureCycle, FigureDirection, FigureKind
from measures.workbook.rows import Values


@dataclass(frozen=True)
class Known:
    """Units and indicators, by their keys as texts.

    Attributes:
        percent_units: Units that are percentages.
        step_unit: Unit of judgements in steps; "" before the first of them.
        indicator_units: Indicator -> its unit.
    """

    percent_units: frozenset[str] = frozenset()
    step_unit: str = ""
    indicator_units: Mapping[str, str] = field(default_factory=dict)


#: What a new row may leave to the system, but an old one not empty.
_WITH_DEFAULT: Final = ("kind", "cycle", "on_path_percent", "at_risk_percent")


def figure_faults(
    values: Values, changed: Set[str], known: Known, *, is_new: bool
) -> Iterator[tuple[str, str]]:
    """Columns whose value would be set aside without a word, and others that are missing.

    Args:
        values: All values of the row.
        changed: Those that are new.
        known: Units and indicators.
        is_new: Whether the row adds a key figure.

    Returns:
        Key of the column and code of the remark.
    """
    if not changed:
        return
    if not is_new:
        yield from ((key, "missing") for key in _WITH_DEFAULT if key in changed and not values[key])
    # An old unit may be emptied only to take that of the new kind or indicator.
    takes_unit = is_new or not changed.isdisjoint({"kind", "indicator"})
    if values["kind"] == FigureKind.QUALITY:
        yield from _judged(values, known)
    elif values["indicator"]:
        yield from _following(values, known)
    else:
        takes_unit = False
    if not values["unit"] and not takes_unit:
        yield "unit", "missing"


def _judged(values: Values, known: Known) -> Iterator[tuple[str, str]]:
    if values["unit"] not in {"", known.step_unit}:
        yield "unit", "judged_unit"
    if values["direction"] != FigureDirection.RISING:
        yield "direction", "judged_rises"
    if values["indicator"] or values["area"]:
        yield "indicator", "judged_follows"


def _following(values: Values, known: Known) -> Iterator[tuple[str, str]]:
    if values["unit"] not in {"", known.indicator_units.get(values["indicator"])}:
        yield "unit", "following_unit"
    if values["reporter"]:
        yield "reporter", "following_reporter"
    if values["cycle"] not in {"", FigureCycle.EVERY_ROUND}:
        yield "cycle", "following_reporter"
