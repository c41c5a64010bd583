"""The page on which a supplier says what its file means."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from monitoring.issues import SOURCE, TO_ASSIGN, issue_message
from monitoring.services.assigning import FileView, file_view
from monitoring.services.readings import Known, request_of, stored_upload, upload_signature, wholes_of
from monitoring.sources import SourceError
from project.common.errors import DomainError
from workflows.forms.mapping import MappingForm
from workflows.models import DataRequest
from workflows.selectors.requests import Asked, asked_of, draft_of
from workflows.services.deliveries import request_assign
from workflows.views.access import signed_in
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
