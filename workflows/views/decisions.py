"""Pages of decisions: list, and one as it was recorded."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.models import Measure
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, visible
from workflows.forms.decisions import DecisionFilterForm
from workflows.models import Decision, VoteChoice
from workflows.selectors.decisions import (
    DecisionFilter,
    decisions_of,
    decisions_seen_by,
    sees_votes,
)
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.views.access import visible_cycle

_ORDERS = {
    "number": ("year", "number"),
    "decided": ("decided_on", "number"),
    "title": ("version__title", "year", "number"),
    "result": ("result", "year", "number"),
}


@require_safe
def decision_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Decisions of a cycle's steering group."""
    cycle = visible_cycle(request, pk)
    years = (
        decisions_of(request.user, cycle, DecisionFilter()).order_by("-year").values_list("year", flat=True)
    )
    form = DecisionFilterForm(request.GET, years=years.distinct())
    order = order_of(request, _ORDERS, "-number")
    rows = decisions_of(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Decision"), "reference"),
            Column(_("Decided on"), "decided_on", Kind.DATE),
            Column(_("Body"), "body.name"),
            Column(_("Recommendation"), "recommendation.reference"),
            Column(_("Title"), "version.title"),
            Column(_("Version"), "version.number", Kind.NUMBER, 0),
            Column(_("Result"), lambda row: row.get_result_display()),
            Column(_("Conditions"), "conditions"),
            Column(_("Reason"), "reason"),
            Column(_("Postponed until"), "postponed_until", Kind.DATE),
            Column(_("Voting members"), "voting_count", Kind.NUMBER, 0),
            Column(_("Taking part"), "present_count", Kind.NUMBER, 0),
            Column(_("Yes"), "yes_count", Kind.NUMBER, 0),
            Column(_("No"), "no_count", Kind.NUMBER, 0),
            Column(_("Abstentions"), "abstain_count", Kind.NUMBER, 0),
        ]
        name = _("Decisions %(cycle)s") % {"cycle": cycle.title}
        return table_response(name, columns, rows, wanted, [f"{cycle.title}, {cycle.territory.name}"])
    return render(
        request,
        "workflows/decision_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "result", "year")),
        },
    )


def _votes(decision: Decision) -> dict[str, Any]:
    rows = list(decision.votes.select_related("seat", "seat__organisation", "seat__user", "seat__deputy"))
    rows.sort(key=lambda row: (not row.seat.is_voting, row.seat.organisation.name))
    return {
        "votes": rows,
        "heard_count": sum(row.choice == VoteChoice.HEARD for row in rows),
        "biased_count": sum(row.choice == VoteChoice.BIASED for row in rows),
        "absent_count": sum(row.choice == VoteChoice.ABSENT for row in rows),
    }


@require_safe
def decision_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One decision as it was recorded."""
    rows = decisions_seen_by(request.user).select_related("meeting__cycle", "recorded_by", "version__field")
    decision = get_object_or_404(rows, pk=pk)
    shows_names = sees_votes(request.user, decision)
    context = _votes(decision)
    if not shows_names:
        context["votes"] = []
    others = decisions_seen_by(request.user).filter(recommendation=decision.recommendation_id).order_by("pk")
    measures = visible(request.user, Perm.VIEW_MEASURE, Measure.objects.filter(origins__decision=decision))
    return render(
        request,
        "workflows/decision_detail.html",
        {
            "decision": decision,
            "cycle": decision.meeting.cycle,
            "version": decision.version,
            "shows_names": shows_names,
            "followed_by": [row for row in others if row.pk > decision.pk],
            "follows": [row for row in others if row.pk < decision.pk],
            "sees_recommendation": recommendations_seen_by(request.user)
            .filter(pk=decision.recommendation_id)
            .exists(),
            "measures": list(measures.select_related("responsible").distinct()),
            **context,
        },
    )
