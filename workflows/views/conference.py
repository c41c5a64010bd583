"""Statements as everybody of the cycle reads them, and the files behind them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.models import Area, Domain
from project.common.attachments import AttachmentRefused, attachment_response
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.models import Organisation
from stakeholders.sessions import signed_in
from workflows.forms.statements import EvidenceForm, StatementFilterForm
from workflows.models import Statement, StatementFile
from workflows.selectors.conference import own_statements, statements_readable_by, statements_seen_by
from workflows.selectors.rooms import room_meetings
from workflows.services.statement_files import statement_files_add
from workflows.views.access import visible_cycle

_ORDERS = {
    "area": ("area__name", "created_at"),
    "organisation": ("organisation__name", "area__name"),
    "position": ("position", "area__name"),
    "source_group": ("source_group", "area__name"),
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
        topics=Domain.objects.filter(pk__in=readable.values("domain")).order_by("position", "key"),
    )
    order = order_of(request, _ORDERS, "area")
    rows = statements_seen_by(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Area"), "area.name"),
            Column(_("Organisation"), "organisation.name"),
            Column(_("Position"), lambda row: row.get_position_display()),
            Column(_("Topic"), lambda row: row.domain.name if row.domain is not None else ""),
            Column(_("About"), _subject),
            Column(_("Statement"), "text"),
            Column(_("How sure"), lambda row: row.get_confidence_display()),
            Column(_("Source group"), lambda row: row.get_source_group_display()),
            Column(_("Files"), lambda row: ", ".join(file.file_name for file in row.files.all())),
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


@require_safe
def statement_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file behind a statement, always to be saved and never shown; for exactly those who may read it."""
    readable = statements_readable_by(request.user)
    row = get_object_or_404(StatementFile, pk=pk, statement__in=readable.values("pk"))
    return attachment_response(row)


@require_http_methods(["GET", "HEAD", "POST"])
def statement_files_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Files for a statement of one's own that was given in the room of a meeting, or elsewhere."""
    statement = get_object_or_404(own_statements(request.user), pk=pk)
    form = EvidenceForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            statement_files_add(statement, form.cleaned_data["evidence"], user=signed_in(request))
        except (DomainError, AttachmentRefused) as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The files have been added to your statement."))
            return redirect(request.get_full_path())
    context = {
        "statement": statement,
        "cycle": statement.cycle,
        "form": form,
        "room": room_meetings(request.user).filter(pk=key_or_none(request.GET.get("room")) or 0).first(),
    }
    return render(
        request, "workflows/statement_files.html", context, status=422 if request.method == "POST" else 200
    )
