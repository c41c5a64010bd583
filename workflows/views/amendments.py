"""Pages on which a provider begins a request for an amendment, and withdraws it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.selectors.amendments import amendments_seen_by, requests_of
from measures.selectors.grants import latest_notice
from measures.selectors.projects import projects_seen_by
from project.common.errors import DomainError
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.amending import amendment_call_back, amendment_open
from workflows.flows import AmendmentFlow
from workflows.forms.reports import ReasonForm
from workflows.models.report_processes import cycle_of_project
from workflows.nodes import open_task


@require_http_methods(["GET", "HEAD", "POST"])
def amendment_begin_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a request is, and begin one: it goes on as a task."""
    rows = projects_seen_by(request.user).select_related("measure__plan", "programme", "provider")
    project = get_object_or_404(rows, pk=pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, project.provider)
    open_one = requests_of(project, request.user).open_one
    context = {
        "project": project,
        "notice": latest_notice(project),
        "open_one": open_one,
        "has_cycle": cycle_of_project(project) is not None,
    }
    if request.method == "POST":
        try:
            made = amendment_open(project, user=signed_in(request))
        except DomainError as error:
            messages.error(request, str(error.message))
            if error.code == "amendment_open":
                return redirect("measures:project-detail", project.pk)
            return render(request, "workflows/amendment_begin.html", context, status=422)
        return redirect("workflows:task", open_task(made.process, AmendmentFlow.write_amendment).pk)
    return render(request, "workflows/amendment_begin.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def amendment_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a request that has not been decided, with the reason."""
    row = get_object_or_404(amendments_seen_by(request.user), pk=pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, row.project.provider)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label=_("Why is the request withdrawn?"),
        help_text=_("All who saw the request read it."),
    )
    is_possible = row.is_open
    if request.method == "POST" and is_possible and form.is_valid():
        try:
            amendment_call_back(row, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Withdrawn. The notice that holds stays as it is."))
            return redirect("measures:amendment-detail", row.pk)
    status = 200 if request.method != "POST" else 422 if is_possible else 409
    context = {"amendment": row, "project": row.project, "form": form, "is_possible": is_possible}
    return render(request, "workflows/amendment_withdraw.html", context, status=status)
