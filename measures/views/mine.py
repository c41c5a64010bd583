"""The measures a person's organisations are responsible for, with what is to be done next."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.forms.filters import OwnFilterForm
from measures.selectors.listing import filtered, in_order
from measures.selectors.numbering import number_key
from measures.selectors.own import DUTY_LABELS, OwnRow, own_rows
from measures.selectors.portfolio import responsible_measures
from measures.selectors.standings import with_states
from measures.status import PortfolioState
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import order_of, page_of
from project.common.sorting import german_key

_SORTS: Final[dict[str, Callable[[OwnRow], Any]]] = {
    "due": lambda row: row.duty.due_on if row.duty else datetime.date.max,
    "number": lambda row: (row.measure.plan.title, number_key(row.measure)),
    "title": lambda row: german_key(row.measure.title),
    "state": lambda row: list(PortfolioState).index(row.state),
    "ends": lambda row: row.last_day,
}


@require_safe
def own_measures_page(request: HttpRequest) -> HttpResponseBase:
    """My measures: what is due next on each, the most pressing first."""
    today = timezone.localdate()
    order = order_of(request, dict.fromkeys(_SORTS, ()), "due")
    form = OwnFilterForm(request.GET)
    own = with_states(responsible_measures(request.user, today), today)
    # One organisation answers for some dozens: their duties are ordered here, not in the database.
    rows = own_rows(in_order(filtered(own, form.wanted(), today)), user=request.user, today=today)
    rows.sort(key=_SORTS[order.key], reverse=order.is_falling)
    if order.key == "due":  # what has nothing to be done comes last, whichever way
        rows.sort(key=lambda row: row.duty is None)
    wanted = export_format(request)
    if wanted is not None:
        source = _("As of %(day)s") % {"day": date_de(today)}
        return table_response(_("My measures"), _columns(), rows, wanted, [source])
    return render(
        request,
        "measures/own_measures.html",
        {
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state")),
            "links": export_links(request),
            "today": today,
        },
    )


def _columns() -> list[Column]:
    return [
        Column(_("Action plan"), "measure.plan.title"),
        Column(_("No."), "measure.number"),
        Column(_("Measure"), "measure.title"),
        Column(_("State"), "badge.text"),
        Column(_("Next"), lambda row: str(DUTY_LABELS[row.duty.kind]) if row.duty else ""),
        Column(_("Due"), lambda row: row.duty.due_on if row.duty else None, Kind.DATE),
        Column(_("Ends"), "last_day", Kind.DATE),
    ]
