"""Pages of reporting rounds and reports."""

from __future__ import annotations

from decimal import Decimal

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.forms.filters import ReportFilterForm
from measures.models import RoundReport, RoundReportState
from measures.selectors.due import is_overdue
from measures.selectors.figures import Actual, actual_text
from measures.selectors.portfolio import plans_seen_by
from measures.selectors.reports import (
    OVERDUE,
    ReportFilter,
    ReportLine,
    files_seen_by,
    report_lines,
    reports_of,
    reports_seen_by,
    rounds_of,
    rounds_seen_by,
    state_badge,
    versions_of,
)
from measures.selectors.round_comparison import corrected_since
from measures.services.raw_figures import report_told
from measures.services.reporting import SETTLED
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import SIGN_UNKNOWN, date_de
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, can

_ORDERS = {
    "organisation": ("organisation__name", "-round__reference_on"),
    # Latest day first is the usual order: then the organisations still run from A to Z.
    "day": ("round__reference_on", "-organisation__name"),
    "due": ("due_on", "organisation__name"),
    "state": ("state", "organisation__name"),
}


def _report_columns() -> list[Column]:
    return [
        Column(_("Organisation"), "organisation.name"),
        Column(_("Version"), "version", Kind.NUMBER, 0),
        Column(_("Figures as of"), "round.reference_on", Kind.DATE),
        Column(_("Report by"), "due_on", Kind.DATE),
        Column(_("State"), lambda row: row.get_state_display()),
        Column(_("Overdue"), lambda row: _("overdue") if is_overdue(row, timezone.localdate()) else ""),
        Column(_("Confirmed"), "confirmed_at", Kind.DATE),
    ]


@require_safe
def report_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Reports of all rounds of a plan: who has reported, who is late."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    today = timezone.localdate()
    rounds = list(rounds_of(plan))
    form = ReportFilterForm(request.GET, rounds=rounds)
    order = order_of(request, _ORDERS, "-day")
    rows = reports_of(plan, form.wanted(), today).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        name = _("Reports %(plan)s") % {"plan": plan.title}
        source = [f"{plan.title}, {plan.territory.name}", _("As of %(day)s") % {"day": date_de(today)}]
        return table_response(name, _report_columns(), rows, wanted, source)
    page = page_of(request, rows)
    return render(
        request,
        "measures/report_list.html",
        {
            "plan": plan,
            "rounds": rounds,
            "form": form,
            "order": order,
            "page_obj": page,
            "rows": [(row, state_badge(row.state), is_overdue(row, today)) for row in page],
            "readable": _readable(request, list(page)),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state", "round")),
        },
    )


def _readable(request: HttpRequest, rows: list[RoundReport]) -> set[int]:
    """Keys of the reports whose figures the person may read. Queries: 1."""
    found = reports_seen_by(request.user).filter(pk__in=[row.pk for row in rows])
    return set(found.values_list("pk", flat=True))


@require_safe
def round_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One round: who has reported, who is missing."""
    reporting_round = get_object_or_404(rounds_seen_by(request.user), pk=pk)
    plan = reporting_round.plan
    today = timezone.localdate()
    everything = reports_of(plan, ReportFilter(round=reporting_round.pk), today)
    form = ReportFilterForm(request.GET, rounds=[], only=reporting_round)
    order = order_of(request, _ORDERS, "organisation")
    rows = reports_of(plan, form.wanted(), today).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        name = _("Reports as of %(day)s") % {"day": date_de(reporting_round.reference_on)}
        return table_response(name, _report_columns(), rows, wanted, [f"{plan.title}, {plan.territory.name}"])
    states = list(everything.values_list("state", flat=True))
    overdue = reports_of(plan, ReportFilter(state=OVERDUE, round=reporting_round.pk), today).count()
    page = page_of(request, rows)
    return render(
        request,
        "measures/round_detail.html",
        {
            "round": reporting_round,
            "plan": plan,
            "form": form,
            "order": order,
            "page_obj": page,
            "rows": [(row, state_badge(row.state), is_overdue(row, today)) for row in page],
            "readable": _readable(request, list(page)),
            "total": len(states),
            "counts": [
                (state.value, str(state.label), states.count(state.value), state_badge(state.value).kind)
                for state in RoundReportState
            ],
            "overdue_count": overdue,
            "may_remind": bool(can(request.user, Perm.PLAN_TERRITORY, plan.territory)),
            "waiting_count": states.count(RoundReportState.SUBMITTED),
            "corrections": corrected_since(reporting_round),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state")),
        },
    )


def _number_told(line: ReportLine, actual: Actual | None) -> Decimal | str | None:
    """A figure in a file, the word of a judgement, or the sign of a secret one."""
    if actual is None:
        return None
    if actual.is_secret:
        return SIGN_UNKNOWN
    if line.is_judged and actual.value is not None:
        return actual_text(actual, line.figure.figure)
    return actual.value


@require_safe
def report_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One report with its figures, beside path and earlier figures."""
    report = get_object_or_404(reports_seen_by(request.user), pk=pk)
    lines = report_told(report_lines(report), user=request.user, report=report)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Number"), "measure.number"),
            Column(_("Measure"), "measure.title"),
            Column(_("Key figure"), "row.key_figure.title"),
            Column(_("Unit"), "row.key_figure.unit.symbol"),
            Column(_("Last figure"), lambda line: _number_told(line, line.before), Kind.NUMBER),
            Column(_("Expected by the path"), "expected_number", Kind.NUMBER, 2),
            Column(_("Actual"), lambda line: _number_told(line, line.actual), Kind.NUMBER),
            Column(_("Comment"), "row.comment"),
            Column(_("Evidence"), lambda line: ", ".join(file.file_name for file in line.files)),
        ]
        name = _("Report %(report)s") % {"report": str(report)}
        source = [
            f"{report.round.plan.title}: {report.get_state_display()}",
            _("Figures as of %(day)s") % {"day": date_de(report.round.reference_on)},
        ]
        return table_response(name, columns, lines, wanted, source)
    user = request.user
    is_planned = bool(can(user, Perm.PLAN_TERRITORY, report.round.plan.territory))
    return render(
        request,
        "measures/report_detail.html",
        {
            "report": report,
            "round": report.round,
            "plan": report.round.plan,
            "badge": state_badge(report.state),
            "is_overdue": is_overdue(report, timezone.localdate()),
            "lines": lines,
            "has_secret": any(line.has_secret for line in lines),
            "versions": [(row, state_badge(row.state)) for row in _readable_versions(request, report)],
            "is_under_way": report.state not in SETTLED,
            "may_correct": bool(can(user, Perm.ACT_FOR_ORGANISATION, report.organisation)) or is_planned,
            "may_stop": is_planned,
            "sees_plan": plans_seen_by(user).filter(pk=report.round.plan_id).exists(),
            "links": export_links(request),
        },
    )


def _readable_versions(request: HttpRequest, report: RoundReport) -> list[RoundReport]:
    """The other versions of a report that the person may read."""
    rows = [row for row in versions_of(report) if row.pk != report.pk]
    readable = _readable(request, rows)
    return [row for row in rows if row.pk in readable]


@require_safe
def figure_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file behind a reported figure, always to be saved and never shown; for who may read the report."""
    row = get_object_or_404(files_seen_by(request.user), pk=pk)
    return FileResponse(
        row.file.open("rb"),
        as_attachment=True,
        filename=row.file_name,
        content_type="application/octet-stream",
        headers={"Cache-Control": "private", "X-Content-Type-Options": "nosniff"},
    )
