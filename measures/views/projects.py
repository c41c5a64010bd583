"""Pages of funded projects: what funder, provider and planning see of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from measures.forms.projects import ProjectForm
from measures.models import FundedProject, Measure
from measures.selectors.figures import figure_lines
from measures.selectors.grants import latest_notice, notice_view
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.project_money import ProjectMoney, money_of
from measures.selectors.project_sides import Part, sees
from measures.selectors.projects import projects_seen_by
from measures.services.projects import project_create
from measures.services.raw_figures import figures_told
from measures.views.amendments import project_requests
from measures.views.grants import notice_context
from measures.views.measures import figure_card
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import SIGN_UNKNOWN
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require


@require_safe
def project_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One project: grant, term, key figures with confirmed actuals; nothing else of the measure."""
    rows = projects_seen_by(request.user).select_related("measure__plan__territory", "measure__responsible")
    project = get_object_or_404(rows, pk=pk)
    lines = figure_lines([project.measure_id]).get(project.measure_id, [])
    lines = figures_told(lines, user=request.user, measure=project.measure)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Key figure"), lambda row: row[0].figure.title),
            Column(_("Unit"), lambda row: row[0].figure.unit.symbol),
            Column(_("Day"), lambda row: row[1], Kind.DATE),
            Column(_("Baseline or target"), lambda row: row[2], Kind.NUMBER),
            Column(_("Confirmed actual"), lambda row: row[3], Kind.NUMBER),
            Column(_("Comment"), lambda row: row[4]),
        ]
        values: list[tuple[Any, ...]] = []
        for line in lines:
            figure = line.figure
            values.append(
                (line, figure.baseline_on, SIGN_UNKNOWN if line.hides_baseline else figure.baseline, None, "")
            )
            values += [(line, target.due_on, target.value, None, "") for target in line.targets]
            values += [
                (line, row.day, None, SIGN_UNKNOWN if row.is_secret else row.value, row.comment)
                for row in line.actuals
            ]
        source = [f"{project.programme}, {project.reference}".strip(", "), project.provider.name]
        return table_response(project.title, columns, values, wanted, source)
    return render(
        request,
        "measures/project_detail.html",
        {
            "project": project,
            "cards": [figure_card(line) for line in lines],
            "areas": project.areas.order_by("name") or project.measure.areas.order_by("name"),
            "partners": project.partners.select_related("organisation"),
            "further_measures": _further_seen_by(request.user, project),
            "notices": project.notices.order_by("-number"),
            "may_record": bool(can(request.user, Perm.EDIT_PROJECT, project)),
            "may_edit": bool(can(request.user, Perm.EDIT_MEASURE, project.measure)),
            "sees_measure": measures_seen_by(request.user).filter(pk=project.measure_id).exists(),
            "today": timezone.localdate(),
            "links": export_links(request),
            "money": _money_of(project, request.user),
            **_notice_of(project),
            **project_requests(project, request.user),
        },
    )


def _further_seen_by(user: Any, project: FundedProject) -> list[Measure]:
    """Further measures it pays for that the person may open, by number. Queries: 1."""
    rows = measures_seen_by(user).filter(further_projects=project)
    return sorted(rows, key=lambda row: [int(part) for part in row.number.split(".")])


def _notice_of(project: FundedProject) -> dict[str, Any]:
    """The notice that holds, for its part of the page; nothing before there is one."""
    notice = latest_notice(project)
    return notice_context(notice_view(notice)) if notice is not None else {}


def _money_of(project: FundedProject, user: Any) -> ProjectMoney | None:
    """Where the money stands, for those who see accounts, as on the sheet. Queries: at most 9."""
    if not sees(user, Part.DELIVERED, project):
        return None
    return money_of(FundedProject.objects.filter(pk=project.pk))[project.pk]


#: Codes that belong to an entry of the form.
_ENTRY_OF = {
    "not_a_funder": "funder",
    "foreign_organisation": "provider",
    "ends_before_start": "ends_on",
    "programme_missing": "programme",
    "project_exists": "programme",
}


@require_http_methods(["GET", "HEAD", "POST"])
def project_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a funder pays for a measure."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    assert isinstance(request.user, User)
    initial = {
        "title": measure.title,
        "provider": measure.responsible_id,
        "starts_on": measure.starts_on,
        "ends_on": measure.ends_on,
    }
    form = ProjectForm(request.POST if request.method == "POST" else None, measure=measure, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            project = project_create(
                measure=measure, user=request.user, is_example=measure.is_example, **form.values
            )
        except DomainError as error:
            form.add_error(_ENTRY_OF.get(error.code), str(error.message))
        else:
            messages.success(request, _("The project has been recorded; funder and provider see it now."))
            return redirect("measures:project-detail", project.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/project_create.html", {"measure": measure, "form": form}, status=status)
