"""Pages of the planning conference that everybody of the cycle reads: the statements."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.models import Area
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.models import Organisation
from workflows.forms.conference import StatementFilterForm
from workflows.models import Statement
from workflows.selectors.conference import statements_seen_by
from workflows.views.access import visible_cycle

_ORDERS = {
    "area": ("area__name", "created_at"),
    "organisation": ("organisation__name", "area__name"),
    "position": ("position", "area__name"),
    "created": ("created_at",),
}


def _subject(statement: Statement) -> str:
    if statement.indicator is not None:
        return statement.indicator.name
    return statement.domain.name if statement.domain is not None else ""


@require_safe
def statement_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the experts say on the areas of a cycle."""
    cycle = visible_cycle(request, pk)
    readable = statements_seen_by(request.user, cycle)
    form = StatementFilterForm(
        request.GET,
        areas=Area.objects.filter(profiles__cycle=cycle).order_by("name"),
        organisations=Organisation.objects.filter(pk__in=readable.values("organisation")).order_by("name"),
    )
    order = order_of(request, _ORDERS, "area")
    rows = statements_seen_by(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Area"), "area.name"),
            Column(_("Organisation"), "organisation.name"),
            Column(_("Position"), lambda row: row.get_position_display()),
            Column(_("About"), _subject),
            Column(_("Statement"), "text"),
            Column(_("Entered"), "created_at", Kind.DATE),
        ]
        lines = [f"{cycle.title}, {cycle.territory.name}"]
        return table_response(
            _("Statements %(cycle)s") % {"cycle": cycle.title}, columns, rows, wanted, lines
        )
    return render(
        request,
        "workflows/statement_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "has_any": readable.exists(),
        },
    )
