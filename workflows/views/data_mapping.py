"""Pages on which a supplier says what its file means, and what is to be said of single figures."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from monitoring.issues import SOURCE, TO_ASSIGN, issue_message
from monitoring.models import Delivery
from monitoring.selectors.deliveries import Chosen, needs_assignment
from monitoring.services.assigning import FileView, file_view
from monitoring.services.deliveries import value_comments_set
from monitoring.services.readings import Known, request_of, stored_upload, upload_signature, wholes_of
from monitoring.sources import SourceError
from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.forms.mapping import MappingForm, ValueCommentsForm
from workflows.models import DataRequest
from workflows.selectors.requests import Asked, asked_of, draft_of, preview_of
from workflows.services.deliveries import request_assign
from workflows.views.data import after_reading, back_to_task, deliverable


@require_http_methods(["GET", "HEAD", "POST"])
def request_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column is what, which name is which indicator or area, what stays out; remembered."""
    row = deliverable(request, pk)
    delivery = draft_of(row)
    asked = asked_of(row)
    view = _view(row, asked)
    if delivery is None or view is None:
        messages.info(request, _("There is no file to assign. Please upload one first."))
        return back_to_task(request, row)
    form = MappingForm(
        request.POST or None, view=view, indicators=asked.indicators, areas=asked.areas, years=asked.years
    )
    if request.method == "POST" and form.is_valid():
        try:
            again = request_assign(row, delivery=delivery, said=form.said(), user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            if needs_assignment(again):
                messages.warning(
                    request,
                    _("Remembered, but the file cannot be read yet. Please choose below what is still open."),
                )
            return after_reading(request, row, again)
    return render(
        request,
        "workflows/request_mapping.html",
        {
            "data_request": row,
            "cycle": row.cycle,
            "form": form,
            "file": view,
            "delivery": delivery,
            "unread": [
                issue_message(issue)
                for issue in delivery.issues.filter(code__startswith=SOURCE, code__in=TO_ASSIGN)
            ],
        },
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def request_comments(request: HttpRequest, pk: int) -> HttpResponse:
    """Words on single figures of what waits to be handed in: one indicator and year at a time."""
    row = deliverable(request, pk)
    delivery = draft_of(row)
    chosen = _chosen(request, row, delivery)
    if delivery is None or chosen is None:
        messages.info(request, _("There are no figures to comment on. Please upload a file first."))
        return back_to_task(request, row)
    values = list(
        delivery.values.filter(indicator=chosen.indicator, year=chosen.year)
        .select_related("area", "comment")
        .order_by("area__name", "pk")
    )
    texts = {line.area.pk: line.now for line in chosen.rows}
    shown = {value.pk: texts.get(value.area_id, "") for value in values}
    form = ValueCommentsForm(request.POST or None, values=values, shown=shown)
    if request.method == "POST" and form.is_valid():
        try:
            value_comments_set(delivery, texts=form.texts(), user=signed_in(request))
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The comments have been saved."))
            return back_to_task(request, row)
    return render(
        request,
        "workflows/request_comments.html",
        {"data_request": row, "cycle": row.cycle, "chosen": chosen, "form": form, "delivery": delivery},
        status=422 if request.method == "POST" else 200,
    )


def _chosen(request: HttpRequest, row: DataRequest, delivery: Delivery | None) -> Chosen | None:
    """The indicator and year the address or the form asks for; None without figures."""
    if delivery is None:
        return None
    query = request.POST if request.method == "POST" else request.GET
    return preview_of(delivery, asked_of(row)).chosen(query.get("indicator", ""), query.get("year", ""))


def _view(row: DataRequest, asked: Asked) -> FileView | None:
    """The file that waits, as it is shown for assignment; None without one that can be read."""
    delivery = draft_of(row)
    taken = stored_upload(delivery) if delivery is not None else None
    signature = upload_signature(taken) if taken is not None else None
    if taken is None or signature is None:
        return None
    known = Known(row.cycle.territory, row.organisation)
    wholes = wholes_of(row.cycle.territory, asked.areas)
    try:
        return file_view(
            taken,
            request_of(asked.indicators, asked.areas, asked.years),
            known.mapping_of(signature),
            wholes,
        )
    except SourceError:
        return None
