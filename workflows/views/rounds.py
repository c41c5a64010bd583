"""Pages on which planning opens, checks and closes a reporting round, and on which a report is corrected."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from measures.models import ReportingRound, RoundReport, RoundReportState
from measures.selectors.due_figures import RoundPlan, round_plan
from measures.selectors.portfolio import plans_seen_by
from measures.selectors.reports import (
    ReportLine,
    lines_of_reports,
    reports_seen_by,
    rounds_seen_by,
)
from measures.services.raw_figures import report_told
from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.engine import round_open
from workflows.forms.implementation import RoundForm
from workflows.forms.reports import ReasonForm
from workflows.models import PlanningCycle, StageKind
from workflows.reporting import (
    BulkOutcome,
    may_correct,
    report_correction_begin,
    report_stop,
    reports_confirm,
    round_end,
)
from workflows.selectors.implementation import reported_measures
from workflows.views.access import visible_cycle

#: Organisations get this long to report if planning does not say otherwise (days).
REPORT_DAYS = 28
_WHO_READS = gettext_lazy("All who see the plan read it.")


# --- Opening ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_open_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the figures of a day: first who is asked what is shown, then it is asked."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    today = timezone.localdate()
    first = {"reference_on": _last_half_year(today), "due_on": today + datetime.timedelta(days=REPORT_DAYS)}
    is_preview = "preview" in request.GET
    data = request.POST if request.method == "POST" else request.GET if is_preview else None
    form = RoundForm(data, initial=first)
    is_valid = data is not None and form.is_valid()
    chosen = form.cleaned_data if is_valid else first
    reference_on: datetime.date = chosen["reference_on"]
    # What was not seen is not asked: another day is shown before it is opened.
    seen = request.POST.get("seen", "") in {"", reference_on.isoformat()}
    if request.method == "POST" and is_valid and seen:
        try:
            made = round_open(cycle, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            return _opened(request, made)
    is_refused = request.method == "POST" and bool(form.errors)
    return render(
        request,
        "workflows/round_open.html",
        {
            "cycle": cycle,
            "form": form,
            "is_open": cycle.stage == StageKind.IMPLEMENTATION and not cycle.is_closed,
            "found": _preview(cycle, reference_on),
            "reference_on": reference_on,
            "is_other_day": request.method == "POST" and not seen and not is_refused,
            "rounds": cycle.plan.rounds.order_by("-reference_on")[:3],
        },
        status=422 if is_refused else 200,
    )


def _preview(cycle: PlanningCycle, reference_on: datetime.date) -> RoundPlan:
    return round_plan(reported_measures(cycle, reference_on), reference_on)


def _opened(request: HttpRequest, made: ReportingRound) -> HttpResponse:
    count = made.reports.count()
    text = ngettext(
        "%(count)s organisation has been asked.", "%(count)s organisations have been asked.", count
    )
    messages.success(request, text % {"count": count})
    return redirect("measures:round-detail", made.pk)


def _last_half_year(today: datetime.date) -> datetime.date:
    """The latest 30 June or 31 December before a day."""
    june = datetime.date(today.year, 6, 30)
    return june if today > june else datetime.date(today.year - 1, 12, 31)


# --- Confirming many at once --------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_confirm_page(request: HttpRequest, pk: int) -> HttpResponse:
    """All reports of a round that were handed in, the odd ones marked; confirm those that are chosen."""
    reporting_round = _planned_round(request, pk)
    waiting = list(
        RoundReport.objects.filter(round=reporting_round, state=RoundReportState.SUBMITTED)
        .select_related("round__plan__territory", "organisation", "process__cycle")
        .order_by("organisation__name", "version")
    )
    if request.method == "POST":
        chosen = {key_or_none(value) for value in request.POST.getlist("report")}
        wanted = [report for report in waiting if report.pk in chosen]
        if wanted:
            _tell(request, reports_confirm(wanted, user=signed_in(request)))
            return redirect("measures:round-detail", reporting_round.pk)
        messages.error(request, _("Choose at least one report. What was not handed in cannot be confirmed."))
    found = lines_of_reports(waiting)
    user = request.user
    rows = [_line_of(report, report_told(found[report.pk], user=user, report=report)) for report in waiting]
    return render(
        request,
        "workflows/round_confirm.html",
        {"round": reporting_round, "plan": reporting_round.plan, "rows": rows},
        status=422 if request.method == "POST" else 200,
    )


def _line_of(report: RoundReport, lines: list[ReportLine]) -> dict[str, Any]:
    """A report with what is odd about it."""
    return {"report": report, "count": len(lines), "odd": [line for line in lines if line.oddities]}


def _tell(request: HttpRequest, outcome: BulkOutcome) -> None:
    count = len(outcome.confirmed)
    if count:
        text = ngettext(
            "%(count)s report has been confirmed.", "%(count)s reports have been confirmed.", count
        )
        messages.success(request, text % {"count": count})
    for report, reason in outcome.refused:
        text = _("%(organisation)s has not been confirmed: %(reason)s")
        messages.error(request, text % {"organisation": report.organisation.label, "reason": reason})


def _planned_round(request: HttpRequest, pk: int) -> ReportingRound:
    reporting_round = get_object_or_404(rounds_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, reporting_round.plan.territory)
    return reporting_round


# --- Closing ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def round_close_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a round although reports are missing, with a reason."""
    reporting_round = _planned_round(request, pk)
    reports = reporting_round.reports.select_related("organisation").order_by("organisation__name")
    missing = list(reports.filter(state__in=[RoundReportState.OPEN, RoundReportState.RETURNED]))
    waiting = list(reports.filter(state=RoundReportState.SUBMITTED))
    is_open = reporting_round.closed_at is None
    form = _reason_form(request, _("Why is the round closed without these reports?"))
    if request.method == "POST" and is_open and form.is_valid():
        try:
            count = round_end(reporting_round, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = ngettext(
                "The round is closed and frozen; %(count)s report was called off.",
                "The round is closed and frozen; %(count)s reports were called off.",
                count,
            )
            messages.success(request, text % {"count": count})
            return redirect("measures:round-detail", reporting_round.pk)
    return render(
        request,
        "workflows/round_close.html",
        {
            "round": reporting_round,
            "plan": reporting_round.plan,
            "missing": missing,
            "waiting": waiting,
            "is_open": is_open,
            "form": form,
        },
        status=_status(request, is_possible=is_open),
    )


def _reason_form(request: HttpRequest, label: str) -> ReasonForm:
    data = request.POST if request.method == "POST" else None
    return ReasonForm(data, label=label, help_text=_WHO_READS)


def _status(request: HttpRequest, *, is_possible: bool) -> int:
    if request.method != "POST":
        return 200
    return 422 if is_possible else 409


# --- Corrections --------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def report_correct_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the correction of a confirmed report, with a reason."""
    report = _readable_report(request, pk)
    if not may_correct(signed_in(request), report):
        raise PermissionDenied(str(_("Only who reported or the social planning unit may correct this.")))
    is_possible = report.state == RoundReportState.CONFIRMED
    form = _reason_form(request, _("What is wrong, and why is it corrected?"))
    if request.method == "POST" and is_possible and form.is_valid():
        try:
            made = report_correction_begin(
                report, reason=form.cleaned_data["reason"], user=signed_in(request)
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            text = _("The correction is a task of %(organisation)s now.")
            messages.success(request, text % {"organisation": made.organisation.label})
            return redirect("measures:report-detail", made.pk)
    return _report_page(request, "workflows/report_correct.html", report, form, is_possible=is_possible)


@require_http_methods(["GET", "HEAD", "POST"])
def report_call_off_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Planning does not wait for a correction any more: what was confirmed goes on counting."""
    report = _readable_report(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, report.process.cycle)
    open_states = {RoundReportState.OPEN, RoundReportState.RETURNED, RoundReportState.SUBMITTED}
    is_possible = report.version > 1 and report.state in open_states
    form = _reason_form(request, _("Why is the correction not needed?"))
    if request.method == "POST" and is_possible and form.is_valid():
        try:
            report_stop(report, reason=form.cleaned_data["reason"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The correction is called off; what was confirmed goes on counting."))
            return redirect("measures:report-detail", report.pk)
    return _report_page(request, "workflows/report_call_off.html", report, form, is_possible=is_possible)


def _readable_report(request: HttpRequest, pk: int) -> RoundReport:
    rows = reports_seen_by(request.user).select_related("process__cycle")
    return get_object_or_404(rows, pk=pk, process__isnull=False)


def _report_page(
    request: HttpRequest, template: str, report: RoundReport, form: ReasonForm, *, is_possible: bool
) -> HttpResponse:
    return render(
        request,
        template,
        {
            "report": report,
            "plan": report.round.plan,
            "form": form,
            "is_possible": is_possible,
            "sees_plan": plans_seen_by(request.user).filter(pk=report.round.plan_id).exists(),
        },
        status=_status(request, is_possible=is_possible),
    )
