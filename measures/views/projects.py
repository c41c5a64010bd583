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

from measures.forms.filters import ProjectFilterForm
from measures.forms.projects import ProjectForm
from measures.selectors.figures import figure_lines
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.projects import SORTS, filtered, programmes_of, projects_seen_by
from measures.services.projects import project_create
from measures.services.raw_figures import figures_told
from measures.views.measures import figure_card
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import SIGN_UNKNOWN, date_de
from project.common.listing import order_of, page_of
from stakeholders.models import User
from stakeholders.permissions import Perm, require


@require_safe
def project_list(request: HttpRequest) -> HttpResponseBase:
    """Projects the person follows."""
    today = timezone.localdate()
    projects = projects_seen_by(request.user)
    form = ProjectFilterForm(request.GET, programmes=programmes_of(projects))
    order = order_of(request, SORTS, "programme")
    rows = filtered(projects, form.wanted(), today).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Programme"), "programme"),
            Column(_("Project"), "title"),
            Column(_("File reference"), "reference"),
            Column(_("Provider"), "provider.name"),
            Column(_("Funder"), "funder.name"),
            Column(_("Funded from"), "starts_on", Kind.DATE),
            Column(_("Funded until"), "ends_on", Kind.DATE),
        ]
        source = _("As of %(day)s") % {"day": date_de(today)}
        return table_response(_("Funded projects"), columns, rows, wanted, [source])
    return render(
        request,
        "measures/project_list.html",
        {
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "programme", "term")),
        },
    )


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
            values.append((line, figure.baseline_on, figure.baseline, None, ""))
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
            "areas": project.measure.areas.order_by("name"),
            "sees_measure": measures_seen_by(request.user).filter(pk=project.measure_id).exists(),
            "today": timezone.localdate(),
            "links": export_links(request),
        },
    )


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
    form = ProjectForm(request.POST or None, measure=measure, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            project = project_create(
                measure=measure, user=request.user, is_example=measure.is_example, **form.values
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The project has been recorded; funder and provider see it now."))
            return redirect("measures:project-detail", project.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/project_create.html", {"measure": measure, "form": form}, status=status)
