"""Remarks on deliveries in words: a stored code and its parameters, told in the reader's language."""

from __future__ import annotations

import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.importers.issues import MESSAGES, describe
from monitoring.models import DeliveryIssue
from project.common.formats import date_de, decimal_de
from project.common.importing import REFUSALS, refusal_message

#: A file refused as a whole carries its own code behind this.
REFUSED: Final = "refused_"

#: Remarks that need more than the file: earlier deliveries and figures in force.
OWN_MESSAGES: Final[dict[str, str | Promise]] = {
    "same_file": _(
        "The very same file was already delivered on %(day)s (“%(name)s”). Please check whether you chose "
        "the right one."
    ),
    "unusual_change": _(
        "%(area)s, “%(name)s”: %(now)s in %(year)s after %(before)s in %(year_before)s is an unusual change "
        "compared with the other areas. Please check the figure; if it is right, nothing needs to be done."
    ),
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
        if code in OWN_MESSAGES:
            return str(OWN_MESSAGES[code]) % _written(params)
        if code in MESSAGES:
            return describe(code, params)
    except (KeyError, ValueError):
        pass
    return gettext("Please check this entry.")


def _written(params: dict[str, Any]) -> dict[str, Any]:
    """Dates and numbers as people of the current language write them."""
    written = dict(params)
    if "day" in params:
        written["day"] = date_de(datetime.date.fromisoformat(params["day"]))
    for name in ("now", "before"):
        if name in params:
            written[name] = decimal_de(params[name])
    return written
