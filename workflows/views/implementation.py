"""Pages around measures that need the engine: shaping, changing, rounds, stage 2, evaluations."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from measures.forms.measures import MeasureEditor
from measures.models import MeasureStatus, RoundReport
from measures.selectors.due import overdue
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from measures.selectors.reports import reports_seen_by, rounds_seen_by
from measures.services.measures import measure_lock
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.engine import measure_shape, recommendation_begin
from workflows.flows import PlanningCycleFlow, RecommendationFlow
from workflows.forms.evaluations import EvaluationFilterForm
from workflows.forms.implementation import OriginForm, StageTwoForm
from workflows.models import EvaluationOutcome, PlanningCycle, RecommendationKind, SpaceIdea, StageKind
from workflows.nodes import open_task
from workflows.selectors.evaluations import latest_request, may_request
from workflows.selectors.implementation import (
    Approved,
    EvaluationLine,
    approved_recommendations,
    evaluation_lines,
    stage_two_request,
)
from workflows.selectors.space_conferences import ideas_seen_by
from workflows.services.shaping import measure_change, report_remind
from workflows.views.access import visible_cycle
from workflows.views.mute_parties import warn_of_mute_parties

#: Longest first title of a measure from an idea (characters); the person shortens it to what it is.
_TITLE_LENGTH = 80


# --- Shaping and changing measures --------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def measure_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Shape a measure from an approved recommendation."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    task = shaping_task(cycle)
    approved = approved_recommendations(cycle)
    if task is None or not approved:
        status = 409 if request.method == "POST" else 200
        return render(request, "workflows/measure_create_closed.html", {"cycle": cycle}, status=status)
    idea = _idea(request, cycle)
    line = _chosen(request, approved, idea)
    data = request.POST if request.method == "POST" else None
    origin = OriginForm(
        data, approved=approved, initial={"recommendation": line.recommendation.pk if line else None}
    )
    editor = MeasureEditor(cycle.plan, data=data, initial=_suggestion(cycle, line) | _from_idea(idea))
    if data is not None and not editor.is_sketch:
        # Both are asked, so that the person sees every remark at once.
        is_valid = all([origin.is_valid(), editor.is_valid()])
        if is_valid:
            try:
                measure = measure_shape(
                    cycle,
                    recommendation=origin.cleaned_data["recommendation"],
                    user=signed_in(request),
                    is_example=cycle.is_example,
                    **editor.fields,
                )
            except DomainError as error:
                editor.refuse(error)
            else:
                messages.success(
                    request, _("Measure %(number)s has been added.") % {"number": measure.number}
                )
                warn_of_mute_parties(request, measure)
                return redirect("workflows:task", task)
    if editor.is_sketch:
        origin = OriginForm(approved=approved, initial={"recommendation": request.POST.get("recommendation")})
    is_refused = data is not None and not editor.is_sketch
    return render(
        request,
        "workflows/measure_create.html",
        {
            "cycle": cycle,
            "origin": origin,
            "editor": editor,
            "line": line,
            "idea": idea,
            "task_pk": task,
        },
        status=422 if is_refused else 200,
    )


def shaping_task(cycle: PlanningCycle) -> int | None:
    """Key of the open task of shaping measures; None outside of that step."""
    try:
        return int(open_task(cycle.process, PlanningCycleFlow.shape_measures).pk)
    except DomainError:
        return None


def _idea(request: HttpRequest, cycle: PlanningCycle) -> SpaceIdea | None:
    """The idea of an evening that the measure is shaped from, if the address names one."""
    wanted = key_or_none(request.GET.get("idea"))
    return ideas_seen_by(request.user).filter(pk=wanted or 0, conference__cycle=cycle).first()


def _from_idea(idea: SpaceIdea | None) -> dict[str, Any]:
    """First values from an idea: what was said there is nearer than the recommendation."""
    if idea is None:
        return {}
    return {
        "title": Truncator(" ".join(idea.text.split())).chars(_TITLE_LENGTH),
        "description": idea.text,
        "areas": [idea.conference.area_id],
    }


def _chosen(request: HttpRequest, approved: list[Approved], idea: SpaceIdea | None) -> Approved | None:
    behind = "" if idea is None else str(idea.recommendation_id or "")
    wanted = request.POST.get("recommendation") or request.GET.get("recommendation") or behind
    found = next((line for line in approved if str(line.recommendation.pk) == wanted), None)
    return found or (approved[0] if len(approved) == 1 else None)


def _suggestion(cycle: PlanningCycle, line: Approved | None) -> dict[str, Any]:
    """First values from the recommendation and the plan."""
    start = max(timezone.localdate(), min(cycle.plan.ends_on, datetime.date(cycle.starts_year, 1, 1)))
    first: dict[str, Any] = {"starts_on": min(start, cycle.plan.ends_on), "ends_on": cycle.plan.ends_on}
    version = line.recommendation.current if line else None
    if version is None:
        return first
    first_field = version.fields.first()
    return {
        **first,
        "title": version.title,
        "field": first_field.pk if first_field else None,
        "description": version.proposal,
        "responsible": version.addressee_id,
        "areas": [area.pk for area in version.areas.all()],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@transaction.atomic
def measure_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a measure; with a reason as soon as the parties have agreed."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    if request.method == "POST":
        # Held from the look for others' changes to the saving: two at once come one after the other.
        measure_lock(measure)
    needs_reason = measure.status != MeasureStatus.PROPOSED
    data = request.POST if request.method == "POST" else None
    editor = MeasureEditor(measure.plan, data=data, measure=measure, needs_reason=needs_reason)
    if editor.is_valid():
        try:
            measure_change(measure, user=signed_in(request), reason=editor.reason, **editor.fields)
        except DomainError as error:
            if error.code == "reason_missing":
                # Agreed while it was being changed: the form asks for the reason from now on.
                editor = MeasureEditor(measure.plan, data=data, measure=measure, needs_reason=True)
            editor.refuse(error)
        else:
            messages.success(request, _("The measure has been changed."))
            if measure.status == MeasureStatus.PROPOSED:
                warn_of_mute_parties(request, measure)
            return redirect("measures:measure-detail", measure.pk)
    is_refused = data is not None and not editor.is_sketch
    return render(
        request,
        "workflows/measure_edit.html",
        {
            "measure": measures_seen_by(request.user).get(pk=measure.pk),
            "editor": editor,
            "needs_reason": "reason" in editor.form.fields,
            "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
        },
        status=422 if is_refused else 200,
    )


# --- Rounds and reminders -----------------------------------------------------------------------------


@require_POST
def report_remind_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind one organisation of its report."""
    report = get_object_or_404(reports_seen_by(request.user), pk=pk)
    require(request.user, Perm.MANAGE_CYCLE, report.process.cycle)
    try:
        count = report_remind(report, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _reminded(report, count))
    return redirect("measures:round-detail", report.round_id)


def _reminded(report: RoundReport, count: int) -> str:
    text = ngettext(
        "%(organisation)s has been reminded (%(count)s person).",
        "%(organisation)s has been reminded (%(count)s people).",
        count,
    )
    return text % {"organisation": report.organisation, "count": count}


@require_POST
def round_remind_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind all organisations of a round that are late."""
    reporting_round = get_object_or_404(rounds_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, reporting_round.plan.territory)
    late = overdue(reports_seen_by(request.user).filter(round=reporting_round), timezone.localdate())
    reminded = 0
    for report in late:
        try:
            report_remind(report, user=signed_in(request))
            reminded += 1
        except DomainError:
            continue  # reminded today already
    if reminded:
        text = ngettext(
            "%(count)s organisation has been reminded.",
            "%(count)s organisations have been reminded.",
            reminded,
        )
        messages.success(request, text % {"count": reminded})
    else:
        messages.info(
            request, _("Nobody had to be reminded: all reports are in, or a reminder went out today.")
        )
    return redirect("measures:round-detail", reporting_round.pk)


# --- Planning stage 2 ---------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def stage_two_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the request to the steering group to open planning stage 2."""
    cycle = visible_cycle(request, pk)
    require(request.user, Perm.MANAGE_CYCLE, cycle)
    made = stage_two_request(cycle)
    is_open = (
        cycle.stage == StageKind.IMPLEMENTATION
        and not cycle.is_closed
        and cycle.plan.stage_two_opened_on is None
        and made is None
    )
    if not is_open:
        return render(
            request,
            "workflows/stage_two_closed.html",
            {"cycle": cycle, "made": made},
            status=409 if request.method == "POST" else 200,
        )
    form = StageTwoForm(request.POST if request.method == "POST" else None, initial=_stage_two_text(cycle))
    if request.method == "POST" and form.is_valid():
        try:
            recommendation = recommendation_begin(
                cycle,
                wording=form.wording(cycle.planning_unit),
                user=signed_in(request),
                kind=RecommendationKind.STAGE_TWO,
                is_example=cycle.is_example,
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("The request has been saved. Check it once more and put it before the conference.")
            )
            task = open_task(recommendation.process, RecommendationFlow.write_request)
            return redirect("workflows:task", task.pk)
    waiting = cycle.plan.measures.filter(stage=2, status=MeasureStatus.AGREED)
    return render(
        request,
        "workflows/stage_two_request.html",
        {"cycle": cycle, "form": form, "waiting": waiting.select_related("field", "responsible")},
        status=422 if request.method == "POST" else 200,
    )


def _stage_two_text(cycle: PlanningCycle) -> dict[str, str]:
    names = {"plan": cycle.plan.title}
    return {
        "title": _("Open planning stage 2"),
        "aim": _("The measures of planning stage 2 can begin."),
        "proposal": _("The steering group opens planning stage 2 of the action plan “%(plan)s”.") % names,
    }


# --- Evaluations ----------------------------------------------------------------------------------------

_EVALUATION_ORDERS = {
    "number": lambda line: (line.measure.field.number, line.measure.position),
    "title": lambda line: line.measure.title.casefold(),
    "responsible": lambda line: line.measure.responsible.label.casefold(),
    "outcome": lambda line: line.evaluation.outcome if line.evaluation else "",
}


@require_safe
def evaluation_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Measures that a cycle has evaluated or has to evaluate."""
    cycle = visible_cycle(request, pk)
    form = EvaluationFilterForm(request.GET)
    order = order_of(request, dict.fromkeys(_EVALUATION_ORDERS, ()), "number")
    may_manage = bool(can(request.user, Perm.MANAGE_CYCLE, cycle))
    lines = evaluation_lines(request.user, cycle, form.wanted())
    lines.sort(key=_EVALUATION_ORDERS[order.key], reverse=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        name = _("Evaluations %(cycle)s") % {"cycle": cycle.title}
        source = [f"{cycle.title}, {cycle.territory.name}", date_de(timezone.localdate())]
        return table_response(name, _evaluation_columns(), lines, wanted, source)
    return render(
        request,
        "workflows/evaluation_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page_of(request, lines),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "outcome")),
            "is_before": cycle.stage < StageKind.EVALUATION,
            "is_under_way": cycle.stage == StageKind.EVALUATION and not cycle.is_closed,
            "may_manage": may_manage,
            "may_request": may_manage and may_request(cycle),
            "request_made": latest_request(cycle),
        },
    )


def _evaluation_columns() -> list[Column]:
    def outcome(line: EvaluationLine) -> str:
        return line.evaluation.get_outcome_display() if line.evaluation else ""

    def decided(line: EvaluationLine) -> str:
        final = line.evaluation.final_outcome if line.evaluation else ""
        return str(EvaluationOutcome(final).label) if final else ""

    return [
        Column(_("Number"), "measure.number"),
        Column(_("Measure"), "measure.title"),
        Column(_("Responsible"), "measure.responsible.name"),
        Column(_("Outcome"), outcome),
        Column(_("Judged without answers because"), lambda line: line.waiver.reason if line.waiver else ""),
        Column(_("Decided"), decided),
        Column(_("Effect seen"), "evaluation.effect"),
        Column(_("What was learned"), "evaluation.lesson"),
        Column(_("Evaluated"), "evaluation.evaluated_at", Kind.DATE),
    ]
