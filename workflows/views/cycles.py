"""The planning cycles: list, page, tasks, dates, opening."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.keys import key_or_none
from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, can, require, territories_where
from stakeholders.sessions import signed_in
from workflows import engine
from workflows.abandoning import may_abandon
from workflows.forms.cycles import CycleFilterForm, CycleForm, StageDatesForm, date_fields, first_values
from workflows.forms.tasks import TaskFilterForm
from workflows.models import CycleStage, PlanningCycle, StageKind
from workflows.selectors import dashboard, opening
from workflows.selectors.cycles import CycleFilter, cycles_seen_by
from workflows.selectors.left_meetings import meetings_beyond_stage
from workflows.selectors.tasks import narrow, order_by
from workflows.services.cycles import Supply, stage_reschedule
from workflows.services.opening import plan_create
from workflows.views.access import visible_cycle
from workflows.views.inbox import task_columns, task_filter
from workflows.views.read_back import is_sure, read_back, try_out, wants_form

PAGE_SIZE = 25


def _cycle_columns() -> list[Column]:
    return [
        Column(_("Planning cycle"), "title"),
        Column(_("Territory"), "territory.name"),
        Column(_("First year"), "starts_year", Kind.NUMBER),
        Column(_("Last year"), "ends_year", Kind.NUMBER),
        Column(
            _("Stage"), lambda cycle: _("closed") if cycle.is_closed else str(StageKind(cycle.stage).label)
        ),
        Column(_("Stage until"), "stage_due_on", Kind.DATE),
        Column(_("Closed on"), "closed_at", Kind.DATE),
    ]


@require_safe
def cycle_list(request: HttpRequest) -> HttpResponseBase:
    """All cycles a person may see."""
    form = CycleFilterForm(request.GET)
    chosen = form.wanted()
    rows = cycles_seen_by(
        request.user,
        CycleFilter(
            search=str(chosen.get("q") or "").strip(),
            state=chosen.get("state") or "",
            stage=chosen.get("stage"),
            order=chosen.get("sort") or "",
        ),
    )
    if (fmt := export_format(request)) is not None:
        return table_response(_("Planning cycles"), _cycle_columns(), rows, fmt)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    may_open = opening.territories_to_open(request.user)
    return render(
        request,
        "workflows/cycle_list.html",
        {
            "page_obj": page,
            "filter_form": form,
            "is_filtered": any(name in request.GET for name in ("q", "state", "stage")),
            "may_open": bool(may_open),
            "export_links": export_links(request) if page.object_list else [],
        },
    )


@require_safe
def cycle_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The heart: where the cycle stands, what waits for whom, what came of it."""
    cycle = visible_cycle(request, pk)
    return render(
        request,
        "workflows/cycle_detail.html",
        {
            "cycle": cycle,
            "page": dashboard.cycle_page(request.user, cycle),
            "may_abandon": may_abandon(signed_in(request), cycle),
            "left_meetings": meetings_beyond_stage(request.user).filter(cycle=cycle),
        },
    )


@require_safe
def cycle_tasks(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All open tasks of a cycle that the person may know of."""
    cycle = visible_cycle(request, pk)
    sees_drafts = bool(can(request.user, Perm.VIEW_DRAFTS, cycle))
    form = TaskFilterForm(request.GET)
    wanted = task_filter(form.wanted(), scope="team")
    cards = dashboard.open_cards(request.user, cycle, sees_drafts=sees_drafts)
    cards = cards.filter(narrow(wanted)).order_by(*order_by(wanted))
    if (fmt := export_format(request)) is not None:
        return table_response(_("Tasks of the cycle"), task_columns(), cards, fmt)
    page = Paginator(cards, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "workflows/cycle_tasks.html",
        {
            "cycle": cycle,
            "sees_drafts": sees_drafts,
            "page_obj": page,
            "rows": dashboard.with_links(request.user, list(page.object_list)),
            "filter_form": form,
            "is_filtered": any(name in request.GET for name in ("q", "stage", "overdue")),
            "export_links": export_links(request) if page.object_list else [],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Dates of the stages, and their changes with the reasons."""
    cycle = visible_cycle(request, pk)
    may_change = bool(can(request.user, Perm.MANAGE_CYCLE, cycle)) and not cycle.is_closed
    stages = list(CycleStage.objects.filter(cycle=cycle))
    chosen = _chosen_stage(request, stages)
    if request.method == "POST":
        require(request.user, Perm.MANAGE_CYCLE, cycle)
        if chosen is None:
            raise Http404("No such stage.")
    form = None
    if chosen is not None and may_change:
        initial = {"starts_on": chosen.starts_on, "due_on": chosen.due_on}
        form = StageDatesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form is None:
        raise PermissionDenied(_("The cycle is closed."))
    if request.method == "POST" and form is not None and chosen is not None and form.is_valid():
        try:
            stage_reschedule(chosen, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("The dates have been changed; open tasks and reminders have moved along.")
            )
            return redirect("workflows:cycle-schedule", cycle.pk)
    return render(
        request,
        "workflows/cycle_schedule.html",
        {
            "cycle": cycle,
            "stages": stages,
            "chosen": chosen,
            "form": form,
            "may_change": may_change,
            "changes": cycle.schedule_changes.select_related("changed_by"),
        },
        status=422 if request.method == "POST" else 200,
    )


def _chosen_stage(request: HttpRequest, stages: list[CycleStage]) -> CycleStage | None:
    wanted = request.GET.get("stage", "")
    return next((stage for stage in stages if str(stage.kind) == wanted), None)


# --- Opening ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_create(request: HttpRequest) -> HttpResponse:
    """Open a cycle: from the last one and a template, on one page."""
    territories = list(territories_where(request.user, Perm.PLAN_TERRITORY))
    if not territories:
        raise PermissionDenied(_("Only the social planning unit of a territory opens its cycles."))
    territory = _chosen_territory(request, territories)
    if territory is None:
        return render(request, "workflows/cycle_create_where.html", {"territories": territories})
    running = opening.open_cycle_of(territory)
    choices = opening.opening_choices(territory)
    if running is None and request.method == "POST":
        return _create(request, choices)
    form = CycleForm(initial=first_values(choices), choices=choices)
    return _create_page(request, form, running, status=409 if request.method == "POST" else 200)


def _chosen_territory(request: HttpRequest, territories: list[Organisation]) -> Organisation | None:
    if len(territories) == 1:
        return territories[0]
    wanted = request.GET.get("territory", "")
    found = next((row for row in territories if str(row.pk) == wanted), None)
    if wanted and found is None:
        raise Http404("No such territory.")
    return found


def _create_page(
    request: HttpRequest, form: CycleForm, running: PlanningCycle | None = None, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "running": running,
        "territory": form.choices.territory,
        "predecessor": form.choices.predecessor,
        "lacks_bodies": not form.fields["steering_group"].choices  # type: ignore[attr-defined]
        or not form.fields["planning_conference"].choices,  # type: ignore[attr-defined]
        "lacks_indicators": not form.choices.indicators,
    }
    return render(request, "workflows/cycle_create.html", context, status=status)


def _create(request: HttpRequest, choices: opening.Choices) -> HttpResponse:
    form = CycleForm(request.POST, choices=choices)
    if "prefill" in request.POST:
        return _create_page(request, _with_proposed_dates(form, choices))
    if wants_form(request):
        return _create_page(request, form)
    if form.is_valid():
        try:
            if not is_sure(request):
                try_out(lambda: _open(request, form))
                return read_back(request, _opening_context(request, form))
            cycle = _open(request, form)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(
                request, _("The cycle has been opened. All suppliers have been asked for their figures.")
            )
            return redirect("workflows:cycle-detail", cycle.pk)
    return _create_page(request, form, status=422)


def _opening_context(request: HttpRequest, form: CycleForm) -> dict[str, Any]:
    """Who gets a task, and by when the first stage is to be done."""
    suppliers = sorted(row.name for row, _indicators in form.indicators_by_supplier)
    return {
        "crumbs": [
            (reverse("workflows:cycle-list"), _("Planning cycles")),
            (request.get_full_path(), _("Open a planning cycle")),
        ],
        "preline": form.choices.territory.name,
        "heading": form.cleaned_data["title"],
        "warning": _("Open the cycle? All suppliers get their task at once."),
        "label": _("Open the cycle and ask the suppliers"),
        "lines": [(_("Suppliers"), ", ".join(suppliers))] if suppliers else [],
    }


def _with_proposed_dates(form: CycleForm, choices: opening.Choices) -> CycleForm:
    """The same page with what was typed, and the dates computed anew."""
    entered = form.entered()
    first = form.first_day()
    days = opening.template_days(choices, key_or_none(entered.get("template")))
    return CycleForm(
        initial=entered | {"begins_on": first} | date_fields(opening.stage_dates(first, days)),
        choices=choices,
    )


@transaction.atomic
def _open(request: HttpRequest, form: CycleForm) -> PlanningCycle:
    data: dict[str, Any] = form.cleaned_data
    choices = form.choices
    by_pk = {row.pk: row for row in choices.organisations}
    bodies: dict[int, Body] = {row.pk: row for row in choices.bodies}
    plan = next((row for row in choices.plans if row.pk == data["plan"]), None)
    if plan is None:
        plan = plan_create(
            choices.territory, title=data["plan_title"], ends_on=data["plan_ends_on"], user=signed_in(request)
        )
    return engine.cycle_open(
        territory=choices.territory,
        title=data["title"],
        years=(data["starts_year"], data["ends_year"]),
        data_years=(data["data_from_year"], data["data_to_year"]),
        plan=plan,
        planning_unit=by_pk[data["planning_unit"]],
        planning_conference=bodies[data["planning_conference"]],
        steering_group=bodies[data["steering_group"]],
        social_space_conference=bodies.get(data["social_space_conference"] or 0),
        stages=form.stages,
        supplies=[Supply(row, indicators) for row, indicators in form.indicators_by_supplier],
        user=signed_in(request),
        predecessor=choices.predecessor,
        carried_measures=[
            row for row in choices.measures if row in choices.running or row.pk in data["carried_measures"]
        ],
        carried_recommendations=[
            row for row in choices.recommendations if row.pk in data["carried_recommendations"]
        ],
    )
