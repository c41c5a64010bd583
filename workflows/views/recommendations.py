"""Pages of recommendations: list, writing a new one, one with all that belongs to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from measures.models import Measure
from monitoring.models import Area, Indicator
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require, visible
from stakeholders.sessions import signed_in
from workflows.engine import recommendation_begin
from workflows.extracts import open_extracts
from workflows.flows import RecommendationFlow
from workflows.forms.recommendations import (
    DraftForm,
    RecommendationFilterForm,
    WithdrawForm,
    WordingForm,
    initial_from_query,
)
from workflows.models import (
    PlanningCycle,
    Recommendation,
    RecommendationReturn,
    RecommendationState,
    RecommendationVersion,
    StageKind,
    Statement,
)
from workflows.models.recommendations import WITHDRAWABLE_STATES
from workflows.nodes import complete_task, open_task
from workflows.recommendation_cases import recommendation_call_back
from workflows.selectors.assignments import conditions_of, progress_of
from workflows.selectors.cosigning import rounds_seen_by
from workflows.selectors.decisions import decision_in_force, decisions_seen_by, open_reconsideration
from workflows.selectors.merging import alike_among, merge_candidates
from workflows.selectors.recommendations import (
    evidence_of,
    recommendations_of,
    recommendations_seen_by,
)
from workflows.selectors.versions import changes_between
from workflows.services.cosigning import may_ask_cosigners
from workflows.services.merging import LEAST, can_merge_in, may_merge
from workflows.services.recommendations import may_withdraw, recommendation_propose, require_may_withdraw
from workflows.views.access import visible_cycle
from workflows.views.evidence import build_evidence_choice, evidence_choice
from workflows.views.recommendation_tasks import withdrawal_message

_ORDERS = {
    "number": ("cycle__starts_year", "number"),
    "title": ("seen_title", "number"),
    "state": ("seen_state", "number"),
}


def _shown_version(recommendation: Any) -> RecommendationVersion | None:
    versions = list(recommendation.versions.all())
    return versions[-1] if versions else None


@require_safe
def recommendation_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Recommendations of a cycle."""
    cycle = visible_cycle(request, pk)
    released = Area.objects.filter(profiles__cycle=cycle, profiles__released_at__isnull=False)
    form = RecommendationFilterForm(request.GET, areas=released.order_by("name"))
    order = order_of(request, _ORDERS, "number")
    rows = recommendations_of(request.user, cycle, form.wanted()).order_by(*order.by)
    wanted = export_format(request)
    if wanted is not None:
        return _export(cycle, rows, wanted)
    page = page_of(request, rows)
    for row in page.object_list:
        row.shown_version = _shown_version(row)
        row.last_decision = list(row.decisions.all())[-1:]
    can_merge = can_merge_in(cycle) and may_merge(request.user, cycle)
    candidates = merge_candidates(request.user, cycle).mergeable if can_merge else []
    is_filtered = any(request.GET.get(name) for name in ("q", "state", "area", "urgency"))
    return render(
        request,
        "workflows/recommendation_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page,
            "links": export_links(request),
            "is_filtered": is_filtered,
            "may_write": _may_write(request, cycle),
            "may_merge": len(candidates) >= LEAST,
            "alike": alike_among(candidates),
            "may_see_drafts": bool(can(request.user, Perm.VIEW_DRAFTS, cycle)),
        },
    )


def _may_write(request: HttpRequest, cycle: PlanningCycle) -> bool:
    return cycle.stage == StageKind.CONFERENCE and bool(can(request.user, Perm.VIEW_DRAFTS, cycle))


def _export(cycle: PlanningCycle, rows: Any, wanted: Any) -> HttpResponseBase:
    rows = list(rows)
    for row in rows:
        row.shown_version = _shown_version(row)
    columns = [
        Column(_("Number"), "reference"),
        Column(_("Title"), "seen_title"),
        Column(_("State"), lambda row: RecommendationState(row.seen_state).label),
        Column(_("Version"), "shown_version.number", Kind.NUMBER, 0),
        Column(_("Areas"), lambda row: _joined(row, "areas")),
        Column(_("Fields of action"), lambda row: _joined(row, "fields")),
        Column(_("Addressee"), "shown_version.addressee.name"),
        Column(_("Urgency"), "shown_version.get_urgency_display"),
        Column(_("Finding"), "shown_version.finding"),
        Column(_("Need"), "shown_version.need"),
        Column(_("Aim"), "shown_version.aim"),
        Column(_("Proposal"), "shown_version.proposal"),
        Column(_("What else was considered"), "shown_version.alternatives"),
        Column(_("Rough cost"), "shown_version.get_cost_kind_display"),
        Column(_("Cost from (euros)"), "shown_version.cost_from", Kind.NUMBER, 2),
        Column(_("Cost up to (euros)"), "shown_version.cost_to", Kind.NUMBER, 2),
        Column(_("Cost and consequences"), "shown_version.cost"),
        Column(_("File reference"), "shown_version.file_reference"),
        Column(_("Decision"), lambda row: ", ".join(decision.reference for decision in row.decisions.all())),
    ]
    name = _("Recommendations %(cycle)s") % {"cycle": cycle.title}
    return table_response(name, columns, rows, wanted, [f"{cycle.title}, {cycle.territory.name}"])


def _joined(row: Any, name: str) -> str:
    """Areas or fields of the wording before the reader, in one cell."""
    version = row.shown_version
    return ", ".join(str(tie) for tie in getattr(version, name).all()) if version else ""


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a new recommendation while the conference works."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.VIEW_DRAFTS, cycle)
    user = signed_in(request)
    if cycle.stage != StageKind.CONFERENCE:
        return render(
            request,
            "workflows/recommendation_create_closed.html",
            {"cycle": cycle},
            status=409 if request.POST else 200,
        )
    # Planning without a seat in the conference may begin one; only the conference puts it before itself.
    may_propose = bool(can(user, Perm.ADVISE_BODY, cycle.planning_conference))
    status = 200
    if request.method != "POST":
        form = DraftForm(initial={"areas": request.GET.getlist("area")}, cycle=cycle)
    elif "refresh" in request.POST:
        form = DraftForm(initial=initial_from_query(request.POST), cycle=cycle)
    else:
        proposes = "save" not in request.POST
        form = DraftForm(request.POST, cycle=cycle, is_draft=not proposes)
        if proposes and not may_propose:
            form.add_error(
                None, _("Only members of the conference put a recommendation before it. Save it as a draft.")
            )
        if form.is_valid():
            try:
                recommendation = _begin(cycle, form, user, proposes=proposes)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                return _begun(request, recommendation, proposes=proposes, is_own=may_propose)
        status = 422
    context = {
        "cycle": cycle,
        "form": form,
        "may_propose": may_propose,
        "evidence_choice": evidence_choice(cycle, form),
        "evidence_cycle": cycle,
    }
    return render(request, "workflows/recommendation_create.html", context, status=status)


@transaction.atomic
def _begin(cycle: PlanningCycle, form: WordingForm, user: User, *, proposes: bool) -> Recommendation:
    recommendation = recommendation_begin(cycle, wording=form.wording, user=user)
    if proposes:
        complete_task(
            open_task(recommendation.process, RecommendationFlow.draft_recommendation),
            user=user,
            act=lambda process: recommendation_propose(process.recommendation, user=user),
        )
    return recommendation


def _begun(
    request: HttpRequest, recommendation: Recommendation, *, proposes: bool, is_own: bool
) -> HttpResponse:
    if proposes:
        messages.success(request, _("The recommendation is before the conference now; its chair adopts it."))
        return redirect("workflows:recommendation-detail", recommendation.pk)
    if not is_own:
        messages.success(
            request,
            _("The draft has been saved. A member of the conference takes it as a task and goes on with it."),
        )
        return redirect("workflows:recommendation-detail", recommendation.pk)
    messages.success(request, _("The draft has been saved. It waits among your tasks until you submit it."))
    task = open_task(recommendation.process, RecommendationFlow.draft_recommendation)
    return redirect("workflows:task", task.pk)


@require_safe
def recommendation_evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """The evidence to tick for the areas chosen; replaces that part of the form."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.VIEW_DRAFTS, cycle)
    areas, indicators = _keys(request, "areas"), _keys(request, "indicators")
    statements = _keys(request, "statements")
    # What a draft of the cycle holds stays, also from cycles before: by merging or carrying over.
    of_cycle = Q(recommendation__cycle=cycle) | Q(recommendation__process__cycle=cycle)
    drafts = RecommendationVersion.objects.filter(of_cycle).values("pk")

    def held(model: Any, keys: set[int]) -> list[int]:
        rows = model.objects.filter(pk__in=keys, recommendation_versions__in=drafts)
        return list(rows.values_list("pk", flat=True))

    choice = build_evidence_choice(
        cycle,
        area_pks=areas,
        indicator_pks=indicators,
        statement_pks=statements,
        held={
            "areas": held(Area, areas),
            "indicators": held(Indicator, indicators),
            "statements": held(Statement, statements),
        },
    )
    return render(request, "workflows/_evidence_choice.html", {"choice": choice})


def _keys(request: HttpRequest, name: str) -> set[int]:
    keys = (key_or_none(value) for value in request.GET.getlist(name))
    return {key for key in keys if key is not None}


@require_safe
def recommendation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One recommendation: wording, evidence, versions, returns, decisions, measures."""
    recommendation: Any = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    shows_drafts = recommendation.shows_drafts
    process = getattr(recommendation, "process", None)
    cycle = process.cycle if process else recommendation.cycle
    versions = list(recommendation.versions.all())
    version = _version_before_reader(request, versions)
    earlier = [row for row in versions if row.number < version.number]
    compared = _compared(request, earlier)
    decisions = decisions_seen_by(request.user).filter(recommendation=recommendation).order_by("pk")
    decisions = decisions.select_related("replaces", "replaced_by")
    returns = RecommendationReturn.objects.filter(version__in=versions).select_related(
        "version", "returned_by"
    )
    if not shows_drafts:
        # The chair's own returns of drafts stay in the conference; the body's stand in its decisions.
        returns = returns.none()
    measures = visible(
        request.user, Perm.VIEW_MEASURE, Measure.objects.filter(origins__recommendation=recommendation)
    )
    conditions = conditions_of(request.user, decisions)
    return render(
        request,
        "workflows/recommendation_detail.html",
        {
            "recommendation": recommendation,
            "cycle": cycle,
            "sees_cycle": bool(can(request.user, Perm.VIEW_CYCLE, cycle)),
            "versions": versions,
            "version": version,
            "is_latest": version.pk == versions[-1].pk,
            "earlier": earlier,
            "compared": compared,
            "changes": changes_between(compared, version) if compared else [],
            "evidence": evidence_of(version),
            "returns": list(returns.order_by("pk")),
            "decisions": list(decisions),
            "is_extract_outstanding": open_extracts(decisions).exists(),
            "conditions": conditions,
            "progress": progress_of(conditions),
            "measures": list(measures.select_related("responsible").distinct()),
            "shows_drafts": shows_drafts,
            "merged_from": recommendations_seen_by(request.user)
            .filter(merged_into=recommendation)
            .order_by("cycle__starts_year", "number"),
            "merged_into": recommendations_seen_by(request.user)
            .filter(pk=recommendation.merged_into_id)
            .first(),
            "rounds": rounds_seen_by(request.user, recommendation, shows_drafts=shows_drafts),
            "may_ask_cosigners": process is not None
            and recommendation.state in WITHDRAWABLE_STATES
            and may_ask_cosigners(request.user, recommendation),
            "reconsideration": open_reconsideration(recommendation),
            "standing": decision_in_force(recommendation),
            "may_withdraw": process is not None
            and recommendation.state in WITHDRAWABLE_STATES
            and may_withdraw(request.user, recommendation),
            "case_url": reverse("workflows:case", args=[process.pk]) if process and shows_drafts else "",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def recommendation_withdraw_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a recommendation, wherever it waits before the steering group has it."""
    recommendation = get_object_or_404(recommendations_seen_by(request.user), pk=pk)
    require_may_withdraw(request.user, recommendation)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    standing = decision_in_force(recommendation)
    if request.method == "POST" and form.is_valid():
        try:
            recommendation_call_back(
                recommendation, reason=form.cleaned_data["reason"], user=signed_in(request)
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, withdrawal_message(standing))
            return redirect("workflows:recommendation-detail", recommendation.pk)
    return render(
        request,
        "workflows/recommendation_withdraw.html",
        {
            "recommendation": recommendation,
            "cycle": recommendation.process.cycle,
            "form": form,
            "standing": standing,
            "is_possible": recommendation.state in WITHDRAWABLE_STATES,
        },
        status=422 if request.method == "POST" else 200,
    )


def _version_before_reader(
    request: HttpRequest, versions: list[RecommendationVersion]
) -> RecommendationVersion:
    wanted = request.GET.get("version", "")
    return next((row for row in versions if str(row.number) == wanted), versions[-1])


def _compared(request: HttpRequest, earlier: list[RecommendationVersion]) -> RecommendationVersion | None:
    """The earlier version asked for; by itself the one just before."""
    wanted = request.GET.get("against", "")
    return next((row for row in earlier if str(row.number) == wanted), earlier[-1] if earlier else None)
