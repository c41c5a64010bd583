"""The decision paper of a recommendation, as page and PDF."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from project.common.exports import pdf_response
from project.common.formats import language_of_papers
from workflows.models import RecommendationVersion
from workflows.paper_page import page_blocks
from workflows.reports import decision_paper
from workflows.selectors.recommendations import recommendations_seen_by


def _version(request: HttpRequest, pk: int) -> RecommendationVersion:
    """The version asked for, else the latest that the person may read."""
    recommendation: Any = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    versions: list[RecommendationVersion] = list(recommendation.versions.all())
    wanted = request.GET.get("version", "")
    version = next((row for row in versions if str(row.number) == wanted), versions[-1])
    version.recommendation = recommendation
    return version


@require_safe
def recommendation_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper as a page; who sees the version may read it."""
    version = _version(request, pk)
    data = decision_paper.collect(version)
    process = getattr(version.recommendation, "process", None)
    return render(
        request,
        "workflows/decision_paper.html",
        {
            "recommendation": version.recommendation,
            "version": version,
            "cycle": process.cycle if process is not None else version.recommendation.cycle,
            "is_draft": data.is_draft,
            "blocks": page_blocks(decision_paper.content(data)),
        },
    )


@require_safe
def recommendation_paper_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The paper as a file."""
    version = _version(request, pk)
    content = decision_paper.render(decision_paper.collect(version), language=language_of_papers())
    return pdf_response(decision_paper.file_name(version), content)
