"""What works, what there is per area and field of action, and the request on evaluations."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from monitoring.models import Area
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.engine import evaluation_request_begin
from workflows.flows import RecommendationFlow
from workflows.forms.evaluations import AnswerForm, CollectionFilterForm
from workflows.models import EvaluationOutcome
from workflows.nodes import open_task
from workflows.selectors.collection import (
    Lesson,
    choices_of,
    coverage,
    filtered_lessons,
    lessons_seen_by,
)
from workflows.selectors.evaluations import cycle_of
from workflows.services.evaluations import evaluation_close
from workflows.views.access import visible_cycle
from workflows.views.base import answer_domain_error

_ORDERS = {
    "title": lambda row: row.measure.title.casefold(),
    "field": lambda row: (str(row.measure.field).casefold(), row.measure.position),
    "outcome": lambda row: row.outcome,
    "evaluated": lambda row: row.evaluation.evaluated_at,
}


@require_safe
def collection_page(request: HttpRequest) -> HttpResponseBase:
    """Evaluated measures: what works, for whom, where, and what was learned."""
    lessons = lessons_seen_by(request.user)
    fields, areas, groups = choices_of(lessons)
    form = CollectionFilterForm(request.GET, fields_of_action=fields, areas=areas, target_groups=groups)
    order = order_of(request, dict.fromkeys(_ORDERS, ()), "-evaluated")
    rows = filtered_lessons(lessons, form.wanted())
    rows.sort(key=_ORDERS[order.key], reverse=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(_("What works"), _columns(), rows, wanted, [date_de(timezone.localdate())])
    return render(
        request,
        "workflows/collection.html",
        {
            "form": form,
            "order": order,
            "page_obj": page_of(request, rows),
            "links": export_links(request),
            "is_filtered": any(
                request.GET.get(name) for name in ("q", "outcome", "field", "area", "target_group")
            ),
        },
    )


def _columns() -> list[Column]:
    def outcome(row: Lesson) -> str:
        return str(EvaluationOutcome(row.outcome).label)

    return [
        Column(_("Measure"), lambda row: str(row.measure)),
        Column(_("Field of action"), lambda row: str(row.measure.field)),
        Column(_("Target group"), "measure.target_group"),
        Column(_("Areas"), lambda row: ", ".join(area.name for area in row.areas)),
        Column(_("Responsible"), "measure.responsible.name"),
        Column(_("Outcome"), outcome),
        Column(_("Whom did it reach?"), "reach"),
        Column(_("Effect seen"), "evaluation.effect"),
        Column(_("What was learned"), "lesson"),
        Column(_("Evaluated"), "evaluation.evaluated_at", Kind.DATE),
    ]


@require_safe
def coverage_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What is there for the chosen areas in each field of action, and what is still missing."""
    cycle = visible_cycle(request, pk)
    areas = list(Area.objects.filter(profiles__cycle=cycle).order_by("name").defer("geometry"))
    found = coverage(request.user, cycle.plan, areas)
    return render(
        request, "workflows/coverage.html", {"cycle": cycle, "coverage": found, "has_areas": bool(areas)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def lesson_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what a measure that is over taught."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    is_post = request.method == "POST"
    form = AnswerForm(request.POST if is_post else None)
    cycle = cycle_of(measure)
    is_evaluated = measure.evaluations.filter(cycle=cycle).exists()
    if is_post and cycle is not None and not is_evaluated and form.is_valid():
        try:
            evaluation_close(measure, cycle=cycle, answers=form.answers, user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("What was learned stands in the collection now."))
            return redirect("workflows:collection")
    is_open = cycle is not None and measure.ended_on is not None and not is_evaluated
    return render(
        request,
        "workflows/measure_lesson.html",
        {
            "measure": measure,
            "form": form,
            "is_open": is_open,
            "is_evaluated": is_evaluated,
            "sees_plan": plans_seen_by(request.user).filter(pk=measure.plan_id).exists(),
        },
        status=(422 if is_open else 409) if is_post else 200,
    )


@require_POST
def evaluation_request(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the judgements of a cycle before the steering group once more."""
    cycle = visible_cycle(request, pk)
    try:
        made = evaluation_request_begin(cycle, user=signed_in(request))
    except DomainError as error:
        answer_domain_error(request, error)
        return redirect("workflows:evaluation-list", cycle.pk)
    messages.success(
        request, _("The request has been saved. Check it once more and put it before the conference.")
    )
    return redirect("workflows:task", open_task(made.process, RecommendationFlow.write_request).pk)
