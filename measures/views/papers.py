"""Papers of reporting rounds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from measures.reports import progress
from measures.selectors.reports import rounds_seen_by
from project.common.exports import pdf_response
from project.common.formats import language_of_papers


@require_safe
def round_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress report of a closed round; who sees the round may have it."""
    rows = rounds_seen_by(request.user).select_related("snapshot")
    reporting_round = get_object_or_404(rows, pk=pk, closed_at__isnull=False)
    data = progress.collect(reporting_round)
    content = progress.render(data, language=language_of_papers())
    return pdf_response(progress.file_name(data.plan, data.reference_on), content)
