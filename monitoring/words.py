"""Figures in words, alike on every screen and in every text: number, unit, sign."""

from __future__ import annotations

from monitoring.models import Unit
from monitoring.secrecy import Shown
from project.common.formats import NBSP, decimal_de, figure_de, is_german, percent_de


def with_unit(value: float | None, unit: Unit) -> str:
    """Write a number with its unit: 12,3 %, 558,12 € je Einw.; a dash for none.

    Args:
        value: The number, shown with the decimals of the unit.
        unit: Its unit.
    """
    if value is None:
        return decimal_de(None)
    if unit.symbol == "%":
        return percent_de(value, unit.decimals)
    return f"{decimal_de(value, unit.decimals)}{NBSP}{unit.symbol}"


def shown_text(shown: Shown, unit: Unit, *, has_unit: bool = False) -> str:
    """Write what may be shown of a figure: the number, the number in brackets, or its sign.

    Args:
        shown: The figure as secrecy lets it pass.
        unit: Its unit.
        has_unit: Whether to write the unit behind the number.
    """
    text = figure_de(shown.value, shown.sign, unit.decimals)
    if not has_unit or shown.value is None:
        return text
    if unit.symbol == "%" and not is_german():
        return f"{text}%"
    return f"{text}{NBSP}{unit.symbol}"
