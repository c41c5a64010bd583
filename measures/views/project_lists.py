"""Lists of funded projects and of their reports, searched, filtered, ordered, and as files."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.forms.project_filters import ProjectColumnForm, ProjectFilterForm, ProjectReportFilterForm
from measures.models import FundedProject, KeyFigure, ProjectReport
from measures.project_columns import chosen_columns
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.project_lists import (
    REPORT_SORTS,
    ProjectReportRow,
    filtered_reports,
    in_report_order,
    listed,
    project_choices,
    project_reports_seen_by,
    report_row,
    reports_of,
    years_due,
)
from measures.selectors.project_rows import all_rows, project_rows, projects_of
from measures.selectors.project_standing import WAITING_KINDS, WAITING_LABELS
from measures.selectors.projects import SORTS, filtered, in_area, in_order, projects_seen_by
from monitoring.models import Area
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import Badge, date_de
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of

#: Entries of an address that are no filter.
_NO_FILTER = frozenset({"col", "page", "sort", "export", "p"})


def report_url(report: ProjectReport) -> str:
    """Page of a report."""
    return reverse("measures:project-report-detail", args=[report.pk])


def waiting_badge(row: ProjectReportRow) -> Badge:
    """How a report waits, in word and colour: the word by which the filter finds it."""
    return Badge(WAITING_KINDS[row.waiting], str(WAITING_LABELS[row.waiting]))


def _is_filtered(request: HttpRequest) -> bool:
    return any(value for name, value in request.GET.items() if name not in _NO_FILTER)


def _led_by(request: HttpRequest, projects: QuerySet[FundedProject]) -> dict[str, Any]:
    """The area or key figure that a map or a sum leads here with, if a project of the person has it."""
    found: dict[str, Any] = {}
    area = key_or_none(request.GET.get("area", ""))
    if area is not None and projects.filter(in_area(area)).exists():
        found["area"] = Area.objects.defer("geometry").filter(pk=area).first()
    figure = key_or_none(request.GET.get("figure", ""))
    if figure is not None:
        measures = projects.order_by().values("measure")
        found["figure"] = KeyFigure.objects.filter(pk=figure, measure__in=measures).first()
    return found


@require_safe
def project_list(request: HttpRequest) -> HttpResponseBase:
    """Projects the person follows, in the columns they chose."""
    today = timezone.localdate()
    projects, scope = projects_seen_by(request.user), portfolio_scope(request.user)
    choices = project_choices(request.user, scope)
    form = ProjectFilterForm(request.GET, choices=choices, **_led_by(request, projects))
    order = order_of(request, SORTS, "programme")
    columns = chosen_columns(request.GET.getlist("col"))
    found = filtered(projects, form.wanted(), today, scope.insight)
    found = in_order(found, order.key, order.by, scope.insight)
    wanted = export_format(request)
    if wanted is not None:
        source = _("As of %(day)s") % {"day": date_de(today)}
        heads = [column.for_file() for column in columns]
        rows_of_file = all_rows(found, today, scope.insight)
        return table_response(_("Funded projects"), heads, rows_of_file, wanted, [source])
    # Keys first: ordered are thousands of keys, not thousands of rows with all they carry.
    page_obj = page_of(request, found.values_list("pk", flat=True))
    rows = project_rows(projects_of(page_obj.object_list), today, scope.insight)
    context = {
        "form": form,
        "order": order,
        "columns": columns,
        "column_form": ProjectColumnForm(initial={"col": [column.key for column in columns]}),
        "kept_columns": {"items": [("col", key) for key in request.GET.getlist("col")]},
        "page_obj": page_obj,
        "rows": [(row, [(column, column.text(row)) for column in columns]) for row in rows],
        "links": export_links(request),
        "is_filtered": _is_filtered(request),
        "has_portfolio": bool(scope),
    }
    return render(request, "measures/project_list.html", context)


@require_safe
def project_report_list(request: HttpRequest) -> HttpResponseBase:
    """Reports of all projects the person follows: which are due when, and how they stand."""
    today = timezone.localdate()
    scope = portfolio_scope(request.user)
    choices = project_choices(request.user, scope, is_reckoned=False)
    form = ProjectReportFilterForm(request.GET, choices=choices, years=years_due(choices))
    # What is late begins with what is so the longest; of all, the accepted ones of years ago come last.
    order = order_of(request, REPORT_SORTS, "due" if form.wanted().waiting else "-due")
    seen = project_reports_seen_by(request.user)
    found = filtered_reports(seen, form.wanted(), today, scope.insight)
    found = in_report_order(found, order.key, order.by, scope.insight)
    wanted = export_format(request)
    if wanted is not None:
        rows = (report_row(row, today) for row in listed(found, scope.insight).iterator(chunk_size=1_000))
        source = _("As of %(day)s") % {"day": date_de(today)}
        return table_response(_("Reports of projects"), _report_columns(), rows, wanted, [source])
    page_obj = page_of(request, found.values_list("pk", flat=True))
    rows_of_page = [report_row(row, today) for row in reports_of(page_obj.object_list, scope.insight)]
    context = {
        "form": form,
        "order": order,
        "page_obj": page_obj,
        "rows": [(row, report_url(row.report), waiting_badge(row)) for row in rows_of_page],
        "links": export_links(request),
        "is_filtered": _is_filtered(request),
    }
    return render(request, "measures/project_report_list.html", context)


def _report_columns() -> list[Column]:
    def project(row: ProjectReportRow) -> FundedProject:
        return row.report.project

    return [
        Column(_("Duty"), lambda row: row.report.get_kind_display()),
        Column(_("Project"), lambda row: project(row).title),
        Column(_("File reference"), lambda row: project(row).reference),
        Column(_("Programme"), lambda row: project(row).programme.title),
        Column(_("Provider"), lambda row: project(row).provider.name),
        Column(_("For the time from"), "report.covers_from", Kind.DATE),
        Column(_("For the time until"), "report.covers_until", Kind.DATE),
        Column(_("Due on"), "report.due_on", Kind.DATE),
        Column(_("State"), lambda row: waiting_badge(row).text),
        Column(_("Days late"), lambda row: row.days_late or None, Kind.NUMBER, 0),
        Column(_("Note"), lambda row: _("not passed on yet") if row.is_kept_back else ""),
    ]


def context_of_reports(rows: list[ProjectReportRow]) -> list[tuple[Any, str]]:
    """Reports with their addresses, for short lists on other pages."""
    return [(row, report_url(row.report)) for row in rows]
