"""Pages of assignments: list of a cycle, one with its history, calling one off."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can
from stakeholders.sessions import signed_in
from workflows.assigning import assignment_call_off
from workflows.cards import process_visible
from workflows.forms.assignments import AssignmentFilterForm, CallOffForm
from workflows.selectors.assignments import (
    AssignmentFilter,
    assignments_of,
    assignments_seen_by,
    may_steer,
)
from workflows.selectors.decisions import decisions_seen_by, meetings_seen_by
from workflows.views.access import visible_cycle

_ORDERS = {
    "due": ("due_on", "pk"),
    "organisation": ("organisation__name", "due_on", "pk"),
    "state": ("state", "due_on", "pk"),
    "given": ("created_at", "pk"),
}


@require_safe
def assignment_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Conditions and tasks of a cycle."""
    cycle = visible_cycle(request, pk)
    everything = assignments_of(request.user, cycle, AssignmentFilter())
    acting = Organisation.objects.filter(pk__in=everything.values("organisation")).order_by("name")
    form = AssignmentFilterForm(request.GET, organisations=acting)
    order = order_of(request, _ORDERS, "due")
    rows = assignments_of(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Number"), "reference"),
            Column(_("What has to be done"), "text"),
            Column(_("Who acts"), "organisation.name"),
            Column(_("Due"), "due_on", Kind.DATE),
            Column(_("Planning cycle"), "cycle.title"),
            Column(_("State"), lambda row: row.get_state_display()),
            Column(_("Overdue"), lambda row: _("yes") if row.is_overdue else _("no")),
            Column(_("Assigned on"), "created_at", Kind.DATE),
        ]
        name = _("Assignments %(cycle)s") % {"cycle": cycle.title}
        return table_response(name, columns, rows, wanted, [f"{cycle.title}, {cycle.territory.name}"])
    return render(
        request,
        "workflows/assignment_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state", "organisation")),
        },
    )


@require_safe
def assignment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One assignment with its history."""
    assignment = get_object_or_404(assignments_seen_by(request.user), pk=pk)
    decision, meeting = assignment.decision, assignment.meeting
    return render(
        request,
        "workflows/assignment_detail.html",
        {
            "assignment": assignment,
            "cycle": assignment.cycle,
            "entries": assignment.entries.select_related("written_by").order_by("pk"),
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, assignment.cycle)),
            "sees_decision": decision is not None
            and decisions_seen_by(request.user).filter(pk=decision.pk).exists(),
            "sees_meeting": meeting is not None
            and meetings_seen_by(request.user).filter(pk=meeting.pk).exists(),
            "sees_case": process_visible(request.user, assignment.process),
            "may_call_off": assignment.is_open and may_steer(request.user, assignment),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def assignment_call_off_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Planning or the chair calls an assignment off."""
    assignment = get_object_or_404(assignments_seen_by(request.user), pk=pk)
    if not may_steer(request.user, assignment):
        raise PermissionDenied(str(_("Only the social planning unit or the chair of the body may do this.")))
    form = CallOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            assignment_call_off(assignment, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The assignment is called off; nobody has to act on it any more."))
            return redirect("workflows:assignment-detail", assignment.pk)
    return render(
        request,
        "workflows/assignment_call_off.html",
        {"assignment": assignment, "cycle": assignment.cycle, "form": form},
        status=422 if request.method == "POST" else 200,
    )
