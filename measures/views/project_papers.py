"""Papers of funded projects and of programmes, drawn anew from what the person sees."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from measures.reports import programme_report, project_sheet
from measures.selectors.grants import programmes_seen_by
from measures.selectors.projects import projects_seen_by
from project.common.exports import pdf_response
from project.common.formats import language_of_papers
from stakeholders.permissions import Perm, can


@require_safe
def project_sheet_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The sheet of a project; who sees the project may have it, with what their side may see."""
    rows = projects_seen_by(request.user).select_related("measure__plan__territory", "measure__responsible")
    project = get_object_or_404(rows, pk=pk)
    data = project_sheet.collect(request.user, project, today=timezone.localdate())
    content = project_sheet.render(data, language=language_of_papers())
    return pdf_response(project_sheet.file_name(project), content)


@require_safe
def programme_report_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The portfolio report of a programme, for the people of its funder; for others it is not there."""
    programme = get_object_or_404(programmes_seen_by(request.user), pk=pk)
    if not can(request.user, Perm.VIEW_ORGANISATION, programme.funder):
        raise Http404
    data = programme_report.collect(request.user, programme, today=timezone.localdate())
    content = programme_report.render(data, language=language_of_papers())
    return pdf_response(programme_report.file_name(programme, data.today), content)
