"""Pages of requests for amendments: what was asked for, what was answered."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.models import AmendmentRequest, AmendmentState, FundedProject
from measures.selectors.amendments import (
    Difference,
    Eyes,
    RequestView,
    amendment_view,
    amendments_seen_by,
    eyes_of,
    requests_of,
    shown_state,
)
from measures.views.grants import kind_label, plan_file, sides_of
from project.common.exports import export_format, export_links
from project.common.formats import Badge, date_de

_KINDS = {
    AmendmentState.GRANTED: "success",
    AmendmentState.REFUSED: "danger",
    AmendmentState.WITHDRAWN: "neutral",
    AmendmentState.DRAFT: "neutral",
}


def state_badge(request: AmendmentRequest, eyes: Eyes) -> Badge:
    """Where a request stands, as far as the person may know."""
    state = shown_state(request, eyes)
    return Badge(_KINDS.get(state, "info"), str(state.label))


def difference_context(difference: Difference) -> dict[str, Any]:
    """A difference for ``_amendment_difference.html``: its lines with their words."""
    return {
        "difference": difference,
        "rows": [(kind_label(change.line), change) for change in difference.changes],
        "beyond_count": sum(change.is_beyond for change in difference.changes),
    }


def view_context(view: RequestView) -> dict[str, Any]:
    """A request for the pages that show it: rounds with plan and difference, and where it stands."""
    now = view.difference_now
    return {
        "amendment": view.request,
        "shown": view,
        "badge": state_badge(view.request, view.eyes),
        "rounds": [(row, difference_context(row.difference), sides_of(row.table)) for row in view.rounds],
        "since": difference_context(now) if now is not None else None,
    }


def project_requests(project: FundedProject, user: Any) -> dict[str, Any]:
    """Requests of a project for its page. Queries: 1, and 5 where there are any."""
    found = requests_of(project, user)
    eyes = eyes_of(user, project) if found.rows else Eyes()
    return {
        "requests": found,
        "request_rows": [(row, state_badge(row, eyes)) for row in found.rows],
    }


@require_safe
def amendment_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A request with all versions and answers the person may read."""
    row = get_object_or_404(amendments_seen_by(request.user), pk=pk)
    eyes = eyes_of(request.user, row.project)
    view = amendment_view(row, eyes)
    wanted = export_format(request)
    if wanted is not None and view.rounds:
        latest = view.rounds[0]
        source = _("%(request)s, %(version)s, sent on %(day)s") % {
            "request": row,
            "version": latest.version,
            "day": date_de(latest.version.submitted_at),
        }
        return plan_file(latest.table, source, wanted)
    context = view_context(view) | {"project": row.project, "links": export_links(request)}
    return render(request, "measures/amendment_detail.html", context)
