"""Remarks on deliveries in words: a stored code and its parameters, told in the reader's language."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.importers.issues import MESSAGES, describe
from monitoring.models import DeliveryIssue
from monitoring.sources.words import told
from project.common.formats import date_de, decimal_de
from project.common.importing import REFUSALS, refusal_message

#: A file refused as a whole carries its own code behind this.
REFUSED: Final = "refused_"
#: What readers of sources have to say carries its code behind this.
SOURCE: Final = "source_"

#: Errors that an assignment of the file can put right; the others are mistakes in the file.
TO_ASSIGN: Final = frozenset(
    {
        "variable_undecided",
        "area_undecided",
        "area_undecided_like",
        "year_undecided",
        "nothing_matched",
        "unknown_column",
        "unknown_indicator",
        "no_header",
        *(
            f"{SOURCE}{code}"
            for code in (
                "no_headings",
                "two_headings",
                "unnamed_columns",
                "no_figure_columns",
                "no_year_column",
                "no_area_column",
                "above_nothing",
            )
        ),
    }
)

#: Remarks that need more than the file: earlier deliveries and figures in force.
OWN_MESSAGES: Final[dict[str, str | Promise]] = {
    "same_file": _(
        "The very same file was already delivered on %(day)s (“%(name)s”). Please check whether you chose "
        "the right one."
    ),
    "same_figures": _(
        "The very same figures were already delivered on %(day)s. Please check whether you still wanted to "
        "change something."
    ),
    "unusual_change": _(
        "%(area)s, “%(name)s”: %(now)s in %(year)s after %(before)s in %(year_before)s is an unusual change "
        "compared with the other areas. Please check the figure; if it is right, nothing needs to be done."
    ),
    "variable_undecided": _(
        "“%(value)s” (entries: %(count)s) is no requested indicator. Please assign it to one of these, or "
        "let it stay out: %(names)s."
    ),
    "area_undecided": _(
        "“%(value)s” (entries: %(count)s) is none of the requested areas. Please correct it, assign it to an "
        "area, or let it stay out as a total."
    ),
    "area_undecided_like": _(
        "“%(value)s” (entries: %(count)s) is none of the requested areas. Is %(suggestion)s meant? Please "
        "correct it, assign it to an area, or let it stay out as a total."
    ),
    "year_undecided": _("The file does not name the year of its figures. Please say which year it is."),
    "given_twice": _(
        "%(area)s %(year)s: row %(other)s already gives a figure of the same indicator. Please keep only one."
    ),
    "nothing_matched": _(
        "The file holds no figure of the requested indicators, areas and years. Please check whether it is "
        "the right file, or assign what it contains."
    ),
    "out_totals": _("Figures of totals stay out: %(count)s (%(names)s)."),
    "out_areas": _(
        "Figures of areas that were not requested stay out: %(count)s figures, %(kinds)s areas, such as "
        "%(names)s."
    ),
    "out_years": _("Figures of years that were not requested stay out: %(count)s (%(names)s)."),
    "out_variables": _("Figures of other indicators stay out: %(count)s, such as %(names)s."),
}


def issue_message(issue: DeliveryIssue) -> str:
    """The sentence of a remark, saying what is wrong and what to do.

    Args:
        issue: A stored remark; codes of earlier versions get a general sentence.

    Returns:
        The sentence in the current language.
    """
    params: dict[str, Any] = {**issue.params, "value": issue.value}
    code = issue.code
    try:
        if code.startswith(REFUSED) and code.removeprefix(REFUSED) in REFUSALS:
            return refusal_message(code.removeprefix(REFUSED), issue.params)
        if code.startswith(SOURCE):
            return told(code.removeprefix(SOURCE), issue.params)
        if code in OWN_MESSAGES:
            return str(OWN_MESSAGES[code]) % _written(params)
        if code in MESSAGES:
            return describe(code, params)
    except (KeyError, ValueError):
        pass
    return gettext("Please check this entry.")


def figure_written(params: Mapping[str, Any], name: str) -> str:
    """A figure named in a remark, with as many decimals as its indicator has; all of them if unknown."""
    return decimal_de(params[name], params.get("decimals"))


def _written(params: dict[str, Any]) -> dict[str, Any]:
    """Dates and numbers as people of the current language write them."""
    written = dict(params)
    if "day" in params:
        written["day"] = date_de(datetime.date.fromisoformat(params["day"]))
    for name in ("now", "before"):
        if name in params:
            written[name] = figure_written(params, name)
    return written
