"""Pages of requested deliveries: the list of a cycle, one with its history, uploading, waiving, reminding."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe
from viewflow.workflow.models import Task

from monitoring.delivery_form import form_csv, form_xlsx
from monitoring.models import Delivery
from monitoring.selectors.deliveries import differences, needs_assignment
from project.common.errors import DomainError
from project.common.exports import (
    Column,
    Format,
    Kind,
    attachment,
    export_format,
    export_links,
    table_response,
)
from project.common.formats import Badge, due_badge
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.forms.deliveries import GridForm, RequestFilterForm, UploadForm
from workflows.models import DataRequest, DataRequestState, PlanningCycle
from workflows.nodes import OPEN_STATUSES
from workflows.selectors.requests import (
    EXPECTED_STATES,
    GRID_LIMIT,
    RequestFilter,
    asked_of,
    cycles_with_requests_seen_by,
    deliveries_of,
    draft_of,
    filtered,
    grid_texts,
    last_return,
    missing_of,
    preview_of,
    requests_seen_by,
    texts_before,
    with_due,
    with_progress,
)
from workflows.services.deliveries import accepted_before, may_reopen, request_fill, request_upload

_ORDERS = {
    "supplier": ("organisation__name",),
    "due": ("task_due_on", "organisation__name"),
    "state": ("state", "task_due_on"),
}
_BADGES = {
    DataRequestState.OPEN: "info",
    DataRequestState.SUBMITTED: "info",
    DataRequestState.RETURNED: "warning",
    DataRequestState.ACCEPTED: "success",
    DataRequestState.WAIVED: "neutral",
}


def request_badges(request: DataRequest, today: datetime.date) -> list[Badge]:
    """How far a request is, and how pressing its open task, in words and colours.

    The request must come from ``with_due``: what is late is what the open task says, as in every other list.
    """
    state = Badge(_BADGES[DataRequestState(request.state)], request.get_state_display())
    if request.is_finished:
        return [state]
    due = due_badge(request.task_due_on, today)  # type: ignore[attr-defined]  # annotated
    if request.state == DataRequestState.OPEN:
        return [due]
    # A day far off needs no second badge.
    return [state] if due.kind == "info" else [state, due]


#: What is in a supplier's file is between the supplier and planning.
_OF_FILES = (
    Column(_("File"), "delivery.file_name"),
    Column(_("Figures"), "delivery.value_count", Kind.NUMBER, places=0),
    Column(
        _("Missing"),
        lambda row: (
            None if row.state == DataRequestState.WAIVED else getattr(row.delivery, "missing_count", None)
        ),
        Kind.NUMBER,
        places=0,
    ),
)


def visible_request(request: HttpRequest, pk: int) -> DataRequest:
    """A request the person may see; otherwise 404."""
    rows = requests_seen_by(request.user).select_related(
        "organisation", "cycle", "cycle__territory", "cycle__planning_unit", "delivery", "process"
    )
    return get_object_or_404(with_due(rows), pk=pk)


@require_safe
def request_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Who has delivered what, what is missing, since when."""
    cycles = cycles_with_requests_seen_by(request.user).select_related("territory")
    cycle = get_object_or_404(cycles, pk=pk)
    today = timezone.localdate()
    form = RequestFilterForm(request.GET)
    wanted = RequestFilter()
    if form.is_valid():
        wanted = RequestFilter(
            search=form.cleaned_data["q"],
            state=form.cleaned_data["state"],
            overdue_on=today if form.cleaned_data["overdue"] else None,
        )
    order = order_of(request, _ORDERS, "due")
    seen = requests_seen_by(request.user).filter(cycle=cycle)
    rows = with_progress(filtered(seen, wanted)).order_by(*order.by)
    fmt = export_format(request)
    if fmt is not None:
        return _export(cycle, rows, fmt, today, is_planning=bool(can(request.user, Perm.MANAGE_CYCLE, cycle)))
    page = page_of(request, rows)
    missing = missing_of(cycle, list(page.object_list))
    return render(
        request,
        "workflows/request_list.html",
        {
            "cycle": cycle,
            "form": form,
            "order": order,
            "page_obj": page,
            "rows": [(row, request_badges(row, today), missing.get(row.pk, ())) for row in page],
            "waiting_count": seen.filter(state__in=EXPECTED_STATES).count(),
            "can_manage": bool(can(request.user, Perm.MANAGE_CYCLE, cycle)),
            "export_links": export_links(request),
            "states": DataRequestState,
        },
    )


def _export(
    cycle: PlanningCycle, rows: Any, fmt: Format, today: datetime.date, *, is_planning: bool
) -> HttpResponseBase:
    columns = [
        Column(_("Supplier"), "organisation.name"),
        Column(_("Indicators"), "indicator_count", Kind.NUMBER, places=0),
        Column(_("Due"), "task_due_on", Kind.DATE),
        Column(_("State"), lambda row: ", ".join(badge.text for badge in request_badges(row, today))),
        *(_OF_FILES if is_planning else ()),
        Column(_("Handed in"), "delivery.submitted_at", Kind.DATE),
        Column(_("Reason for going on without it"), "waive_reason"),
    ]
    title = _("Deliveries %(cycle)s") % {"cycle": cycle.title}
    return table_response(title, columns, rows, fmt, [f"{cycle.territory}, {cycle.title}"])


@require_safe
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what was asked, what came in, how it was judged."""
    row = visible_request(request, pk)
    asked = asked_of(row)
    deliveries = deliveries_of(row)
    submitted = [delivery for delivery in deliveries if delivery.submitted_at is not None]
    changed = None
    if len(submitted) > 1:
        changed = differences(submitted[0], submitted[1], indicators=asked.indicators, areas=asked.areas)
    draft = draft_of(row)
    is_manager = bool(can(request.user, Perm.MANAGE_CYCLE, row.cycle))
    return render(
        request,
        "workflows/request_detail.html",
        {
            "data_request": row,
            "cycle": row.cycle,
            "asked": asked,
            "badges": request_badges(row, timezone.localdate()),
            "deliveries": deliveries,
            "preview": preview_of(submitted[0], asked) if submitted else None,
            "differences": changed,
            "returned": last_return(row),
            "draft": draft,
            "task": _own_open_task(request, row),
            # The figures of a delivery are for planning and for the house that delivered them.
            "sees_deliveries": _sees_deliveries(request, row),
            "reopenings": row.reopenings.select_related("reopened_by").order_by("-pk"),
            "can_manage": is_manager and not row.is_finished,
            "can_reopen": is_manager and may_reopen(row),
            "may_reopen": may_reopen(row),
            "is_correction": not row.is_finished and accepted_before(row) is not None,
            "is_own": bool(can(request.user, Perm.ACT_FOR_ORGANISATION, row.organisation)),
        },
    )


def _sees_deliveries(request: HttpRequest, row: DataRequest) -> bool:
    return bool(
        can(request.user, Perm.PLAN_TERRITORY, row.cycle.territory)
        or can(request.user, Perm.ACT_FOR_ORGANISATION, row.organisation)
    )


def _own_open_task(request: HttpRequest, row: DataRequest) -> Task | None:
    """The open task of the request if it is the person's to do, theirs or free."""
    task = (
        Task.objects.filter(process_id=row.process.pk, flow_task_type="HUMAN", status__in=OPEN_STATUSES)
        .order_by("-pk")
        .first()
    )
    if task is None or not task.flow_task.verdict(request.user, task):
        return None
    return task if task.owner_id in {None, signed_in(request).pk} else None


# --- Delivering ------------------------------------------------------------------------------------


def deliverable(request: HttpRequest, pk: int) -> DataRequest:
    """A request the person may deliver for; 404 if not visible, 403 if it is another house's."""
    row = visible_request(request, pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, row.organisation)
    return row


def back_to_task(request: HttpRequest, row: DataRequest) -> HttpResponse:
    """To the task where the delivery is looked at and handed in."""
    task = _own_open_task(request, row)
    if task is not None and task.owner_id == signed_in(request).pk:
        url = task.flow_task.reverse("execute", args=[task.process_id, task.pk])
    else:
        url = reverse("workflows:request-detail", args=[row.pk])
    return redirect(f"{url}#preview")


def after_reading(request: HttpRequest, row: DataRequest, delivery: Delivery) -> HttpResponse:
    """Where a file that nobody understands is told what it means; else to the preview."""
    if needs_assignment(delivery):
        return redirect("workflows:request-mapping", row.pk)
    return back_to_task(request, row)


def _nothing_expected(request: HttpRequest, row: DataRequest) -> HttpResponse:
    """Nobody shall fill in what cannot be saved."""
    messages.info(request, _("No delivery is expected at the moment: it has been handed in or is settled."))
    return redirect("workflows:request-detail", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def request_upload_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Upload a file; what is wrong with it is kept with the delivery."""
    row = deliverable(request, pk)
    if request.method != "POST" and row.state not in EXPECTED_STATES:
        return _nothing_expected(request, row)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            delivery = request_upload(row, upload=form.cleaned_data["file"], user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            return after_reading(request, row, delivery)
    return render(
        request,
        "workflows/request_upload.html",
        {"data_request": row, "cycle": row.cycle, "form": form},
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def request_fill_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Type figures in the browser, one year at a time; what was typed before stays."""
    row = deliverable(request, pk)
    if request.method != "POST" and row.state not in EXPECTED_STATES:
        return _nothing_expected(request, row)
    asked = asked_of(row)
    if len(asked.indicators) * len(asked.areas) > GRID_LIMIT:
        messages.info(request, _("These are too many figures to type. Please use the Excel form."))
        return redirect("workflows:request-detail", row.pk)
    texts = grid_texts(row, asked)
    year = _chosen_year(request, asked.years)
    # The latest year is opened first.
    next_year = max((other for other in asked.years if other < year), default=None)
    initial = {
        GridForm.name_of(area, indicator): texts.get((area.key, year, indicator.key), "")
        for area in asked.areas
        for indicator in asked.indicators
    }
    form = GridForm(
        request.POST or None,
        initial=initial | {"based_on": row.delivery_id},
        indicators=asked.indicators,
        areas=asked.areas,
        year=year,
        before=texts_before(asked, year),
    )
    if request.method == "POST" and form.is_valid():
        try:
            request_fill(
                row,
                cells=texts | form.typed(),
                user=signed_in(request),
                based_on=form.cleaned_data["based_on"],
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
            if error.code == "filled_meanwhile":
                form.rebase(visible_request(request, pk).delivery_id)
        else:
            if "next_year" in request.POST and next_year is not None:
                messages.success(request, _("The figures for %(year)s are saved.") % {"year": year})
                return redirect(f"{reverse('workflows:request-fill', args=[row.pk])}?year={next_year}")
            return back_to_task(request, row)
    return render(
        request,
        "workflows/request_fill.html",
        {
            "data_request": row,
            "cycle": row.cycle,
            "asked": asked,
            "form": form,
            "year": year,
            "next_year": next_year,
        },
        status=422 if request.method == "POST" else 200,
    )


def _chosen_year(request: HttpRequest, years: Any) -> int:
    wanted = key_or_none(request.POST.get("year") or request.GET.get("year"))
    return wanted if wanted is not None and wanted in years else int(max(years))


@require_GET
def request_template(request: HttpRequest, pk: int) -> HttpResponse:
    """The form to fill in, with areas, indicators and what is known already."""
    row = deliverable(request, pk)
    asked = asked_of(row)
    is_csv = request.GET.get("form") == "csv"
    content = (form_csv if is_csv else form_xlsx)(asked.indicators, asked.areas, asked.years)
    ending = "csv" if is_csv else "xlsx"
    kind = "text/csv; charset=utf-8"
    if not is_csv:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    years = "-".join(dict.fromkeys(str(year) for year in (asked.years[0], asked.years[-1])))
    supplier = row.organisation.name.replace(" ", "-")
    form = _("Delivery form").replace(" ", "-")
    name = f"{form}_{supplier}_{years}"
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": attachment(f"{name}.{ending}"), "Cache-Control": "private"},
    )
