"""Pages of decisions: list, and one as it was recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from measures.models import Measure
from project.common.comparison import compare_words
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, can, visible
from stakeholders.selectors.bodies import with_deputies_of
from stakeholders.selectors.rules import group_name, sentences_of
from stakeholders.sessions import signed_in
from workflows.counting import Ballot, count_groups
from workflows.extracts import open_extracts
from workflows.forms.decisions import DecisionFilterForm, ReconsiderForm
from workflows.models import Decision, RecommendationState, VoteChoice
from workflows.recommendation_cases import decision_take_up
from workflows.selectors.assignments import conditions_of, progress_of
from workflows.selectors.decisions import (
    DecisionFilter,
    decisions_of,
    decisions_seen_by,
    may_reconsider,
    sees_votes,
)
from workflows.selectors.papers import papers_seen_by
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.services.reconsiderations import check_reconsiderable
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
            Column(_("Kind of vote"), lambda row: row.get_vote_kind_display()),
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
            "are_submitted": cycle.recommendations.filter(state=RecommendationState.SUBMITTED).exists(),
        },
    )


def _votes(decision: Decision) -> dict[str, Any]:
    rows = list(decision.votes.select_related("seat", "seat__organisation", "seat__user", "seat__deputy"))
    with_deputies_of([row.seat for row in rows], decision.decided_on)
    rows.sort(key=lambda row: (not row.seat.is_voting, row.seat.organisation.name))
    rules = decision.rules.voting_rules()
    ballots = [Ballot(row.seat, VoteChoice(row.choice), row.is_deputy) for row in rows]
    return {
        "votes": rows,
        # Numbers only: who of a group was away is for those who may read the votes.
        "group_counts": [
            {"name": group_name(group.kind), "present": group.present, "needed": group.needed}
            for group in count_groups(rules, ballots)
        ],
        "rule_sentences": sentences_of(decision.rules),
        "heard_count": sum(row.choice == VoteChoice.HEARD for row in rows),
        "biased_count": sum(row.choice == VoteChoice.BIASED for row in rows),
    }


@require_safe
def decision_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One decision as it was recorded."""
    rows = decisions_seen_by(request.user).select_related(
        *("meeting__cycle", "recorded_by", "version__addressee", "rules", "block", "block__meeting")
    )
    decision = get_object_or_404(rows, pk=pk)
    shows_names = sees_votes(request.user, decision)
    context = _votes(decision)
    if not shows_names:
        context["votes"] = []
    others = decisions_seen_by(request.user).filter(recommendation=decision.recommendation_id).order_by("pk")
    measures = visible(request.user, Perm.VIEW_MEASURE, Measure.objects.filter(origins__decision=decision))
    # They keep the decision they were shaped from, also where this one has replaced it.
    earlier = Measure.objects.filter(
        origins__recommendation=decision.recommendation_id, origins__decision__lt=decision.pk
    )
    earlier_measures = visible(request.user, Perm.VIEW_MEASURE, earlier)
    conditions = conditions_of(request.user, [decision])
    extract_task = open_extracts([decision]).first()
    return render(
        request,
        "workflows/decision_detail.html",
        {
            "decision": decision,
            "cycle": decision.cycle,
            "amendment": compare_words(decision.version.proposal, decision.wording)
            if decision.wording
            else [],
            "same_block": _block(request, decision),
            "version": decision.version,
            "shows_names": shows_names,
            "followed_by": [row for row in others if row.pk > decision.pk],
            "follows": [row for row in others if row.pk < decision.pk],
            "sees_recommendation": recommendations_seen_by(request.user)
            .filter(pk=decision.recommendation_id)
            .exists(),
            "sees_body": bool(can(request.user, Perm.VIEW_BODY, decision.body)),
            "is_extract_outstanding": extract_task is not None,
            "extract_task": extract_task if can(request.user, Perm.CHAIR_BODY, decision.body) else None,
            "conditions": conditions,
            "progress": progress_of(conditions),
            "papers": papers_seen_by(request.user).filter(decision=decision),
            "measures": list(measures.select_related("responsible").distinct()),
            "earlier_measures": list(earlier_measures.select_related("responsible").distinct()),
            "reconsiderations": list(decision.reconsiderations.select_related("taken_up_by").order_by("pk")),
            "may_reconsider": _obstacle(decision) is None and may_reconsider(request.user, decision),
            **context,
        },
    )


def _block(request: HttpRequest, decision: Decision) -> list[Decision]:
    """The other decisions taken by the same vote."""
    if decision.block_id is None:
        return []
    rows = decisions_seen_by(request.user).filter(block=decision.block_id).order_by("number")
    return list(rows.exclude(pk=decision.pk))


def _obstacle(decision: Decision) -> DomainError | None:
    """Why a decision cannot be taken up again, whoever asks."""
    try:
        check_reconsiderable(decision)
    except DomainError as error:
        return error
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def decision_reconsider_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Bring a decided recommendation before the steering group again."""
    decision = get_object_or_404(decisions_seen_by(request.user), pk=pk)
    if not may_reconsider(request.user, decision):
        raise PermissionDenied(
            str(_("Only the chair of the steering group or the social planning unit may do this."))
        )
    form = ReconsiderForm(
        request.POST if request.method == "POST" else None, initial={"wording": ReconsiderForm.SAME}
    )
    if request.method == "POST" and form.is_valid():
        try:
            decision_take_up(
                decision,
                reason=form.cleaned_data["reason"],
                wants_new_wording=form.wants_new_wording,
                user=signed_in(request),
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request,
                _("Decision %(number)s has been taken up again. It stands until another replaces it.")
                % {"number": decision.reference},
            )
            return redirect("workflows:decision-detail", decision.pk)
    return render(
        request,
        "workflows/decision_reconsider.html",
        {
            "decision": decision,
            "cycle": decision.cycle,
            "form": form,
            "obstacle": _obstacle(decision) if request.method != "POST" else None,
        },
        status=422 if request.method == "POST" else 200,
    )
