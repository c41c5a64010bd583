"""Figures in words, alike on every screen and in every text: number, unit, sign."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.models import Unit
from monitoring.secrecy import Shown
from project.common.formats import NBSP, decimal_de, figure_de, is_german, percent_de

#: Beside a figure that took the place of a missing one, and beside an index that rests on such figures.
FILLED_SIGN: Final = "*"
#: Of ``Delivery.source_form``: the form we hand out.
OUR_FORM: Final = "form"
#: How the forms of files are called (``Delivery.source_form``).
FORM_NAMES: Final = {
    OUR_FORM: gettext_lazy("Our form"),
    "ffcsv": gettext_lazy("Flat file of GENESIS (ffcsv)"),
    "genesis-table": gettext_lazy("Table of GENESIS (CSV)"),
    "table": gettext_lazy("Own table"),
}


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


def filled_text(name: str, what: str, year: int | None = None) -> str:
    """Say what took the place of a missing figure: * Unemployment: last earlier figure (2023).

    Args:
        name: Name of the indicator.
        what: What was taken, in words.
        year: Of the figure taken; None where it is the year of the indicator.
    """
    said = f"{FILLED_SIGN} {name}: {what}"
    return said if year is None else f"{said} ({year})"


def why_hidden(shown: Shown, unit: Unit) -> str:
    """Say why a figure is not shown; "" if it is, or if none was delivered.

    The sentence is the same for a small figure and for one that is hidden to protect it: otherwise it would
    tell which is which.

    Args:
        shown: The figure as secrecy lets it pass.
        unit: Its unit.
    """
    if not shown.is_secret:
        return ""
    if unit.is_count:
        return _("kept secret, so that nobody can be recognised")
    return _("kept secret: too few people stand behind it or behind a neighbouring figure")


def exported_value(shown: Shown, unit: Unit) -> float | None:
    """The number for a file, in the decimals it is shown with; its sign has a column of its own."""
    return None if shown.value is None else round(shown.value, unit.decimals)
