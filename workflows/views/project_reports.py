"""Pages on which reports of projects are steered: more time, calling off, a drawdown besides the duties."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.models import ProjectReport, ProjectReportState
from measures.selectors.project_report_pages import money_left, project_reports_seen_by
from measures.selectors.projects import projects_seen_by
from measures.services.project_report_steps import OVER
from project.common.errors import DomainError
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.forms.project_reports import DrawdownForm, ExtensionForm, ReportCallOffForm
from workflows.project_reporting import (
    drawdown_begin,
    extension_request,
    extension_take_back,
    may_discard,
    report_discard,
    report_stop,
)

#: Code of an error -> the entry it is about.
_FIELD_OF = {"day_not_later": "wanted_until", "day_too_far": "wanted_until", "reason_missing": "reason"}


def _report(request: HttpRequest, pk: int) -> ProjectReport:
    return get_object_or_404(project_reports_seen_by(request.user), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def report_extension(request: HttpRequest, pk: int) -> HttpResponse:
    """The provider asks for more time."""
    report = _report(request, pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    form = ExtensionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            extension_request(report, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(_FIELD_OF.get(error.code), str(error.message))
        else:
            messages.success(request, _("Asked for. The funder decides on the new date."))
            return redirect("measures:project-report-detail", report.pk)
    context = {
        "report": report,
        "project": report.project,
        "form": form,
        "is_possible": report.state == ProjectReportState.DRAFTING,
        "is_asked": report.extensions.filter(is_granted__isnull=True).exists(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/report_extension.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def report_extension_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The provider takes back a request for more time that was not answered."""
    report = _report(request, pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            extension_take_back(report, user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Withdrawn; the funder does not decide on it any more."))
            return redirect("measures:project-report-detail", report.pk)
    context = {
        "report": report,
        "project": report.project,
        "form": form,
        "extension": report.extensions.filter(is_granted__isnull=True).first(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/report_extension_withdraw.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def project_report_call_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Funder or planning call a report off."""
    report = _report(request, pk)
    project = report.project
    if not (
        can(request.user, Perm.ACT_FOR_ORGANISATION, project.funder)
        or can(request.user, Perm.PLAN_TERRITORY, project.measure.plan.territory)
    ):
        raise PermissionDenied(str(_("Only the funder or the social planning unit may do this.")))
    form = ReportCallOffForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            report_stop(report, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Called off; nobody has to hand it in any more."))
            return redirect("measures:project-report-detail", report.pk)
    context = {"report": report, "project": project, "form": form, "is_possible": report.state not in OVER}
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/project_report_call_off.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def drawdown_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The provider begins a drawdown that the notice does not ask for."""
    project = get_object_or_404(projects_seen_by(request.user), pk=pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, project.provider)
    form = DrawdownForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            report = drawdown_begin(
                project,
                covers_from=form.cleaned_data["covers_from"],
                covers_until=form.cleaned_data["covers_until"],
                due_on=form.due_on,
                user=signed_in(request),
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Begun. Write down what the money is for and hand it in."))
            return redirect("measures:project-report-detail", report.pk)
    context = {"project": project, "form": form, "left": money_left(project)}
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/drawdown_create.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def drawdown_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """The provider gives up a drawdown that it began by mistake."""
    report = _report(request, pk)
    project = report.project
    require(request.user, Perm.ACT_FOR_ORGANISATION, project.provider)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            report_discard(report, user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Discarded; nobody has to hand it in."))
            return redirect("measures:project-report-detail", report.pk)
    context = {
        "report": report,
        "project": project,
        "form": form,
        "is_possible": may_discard(request.user, report),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workflows/drawdown_discard.html", context, status=status)
