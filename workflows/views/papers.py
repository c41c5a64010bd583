"""Pages of issued papers: one with its check sums, its file, and the comparison of a copy."""

from __future__ import annotations

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from workflows.forms.papers import VerifyForm
from workflows.models import IssuedPaper
from workflows.selectors.decisions import decisions_seen_by, meetings_seen_by
from workflows.selectors.papers import (
    Verification,
    is_unchanged,
    papers_seen_by,
    verify_checksum,
    verify_file,
)

logger = logging.getLogger(__name__)


@require_safe
def paper_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper as it was issued."""
    rows = papers_seen_by(request.user).select_related(
        "issued_by", "replaces", "replaced_by", "decision__replaced_by"
    )
    paper = get_object_or_404(rows, pk=pk)
    return render(
        request,
        "workflows/paper_detail.html",
        {
            "paper": paper,
            "cycle": paper.cycle,
            "recipients": paper.recipients.select_related("organisation"),
            "sees_decision": paper.decision is not None
            and decisions_seen_by(request.user).filter(pk=paper.decision.pk).exists(),
            "sees_meeting": paper.meeting is not None
            and meetings_seen_by(request.user).filter(pk=paper.meeting.pk).exists(),
            **_successors(paper),
        },
    )


def _successors(paper: IssuedPaper) -> dict[str, object]:
    """What has taken the place of a paper, and of the decision it is of."""
    return {
        "corrected_by": getattr(paper, "replaced_by", None),
        "decision_replaced_by": getattr(paper.decision, "replaced_by", None),
    }


@require_safe
def paper_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file, byte for byte as it was issued; one that is not any more is not handed out."""
    paper = get_object_or_404(papers_seen_by(request.user), pk=pk)
    data = _stored(paper)
    if data is None:
        return render(request, "workflows/paper_damaged.html", {"paper": paper}, status=500)
    name = f"{paper.label.replace('/', '-')}.pdf"
    headers = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=name),
        "Cache-Control": "private",
    }
    return HttpResponse(data, content_type="application/pdf", headers=headers)


def _stored(paper: IssuedPaper) -> bytes | None:
    """The bytes that are kept, if they are what was issued."""
    try:
        with paper.file.open("rb") as stored:
            data: bytes = stored.read()
    except OSError:
        logger.exception("The file of paper %s cannot be read.", paper.pk)
        return None
    if is_unchanged(data, paper.sha256):
        return data
    logger.error("The file of paper %s is not what was issued: its check sum is another.", paper.pk)
    return None


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def paper_verify(request: HttpRequest) -> HttpResponse:
    """Whether a copy is what was issued. For everybody who holds one: it tells nothing of the content."""
    is_asked = request.method == "POST"
    form = VerifyForm(request.POST if is_asked else None, request.FILES if is_asked else None)
    found: Verification | None = None
    if is_asked and form.is_valid():
        data = form.cleaned_data["file"]
        found = verify_file(data) if data is not None else verify_checksum(form.cleaned_data["checksum"])
    paper = found.paper if found is not None else None
    return render(
        request,
        "workflows/paper_verify.html",
        {
            "form": form,
            "found": found,
            "paper": paper,
            "sees_paper": request.user.is_authenticated
            and paper is not None
            and papers_seen_by(request.user).filter(pk=paper.pk).exists(),
            **(_successors(paper) if paper is not None else {}),
        },
        status=422 if is_asked and found is None else 200,
    )
