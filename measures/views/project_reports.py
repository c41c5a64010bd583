"""Read pages of reports of projects: one with its history, what was delivered, and files."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.models import ProjectReportDelivery
from measures.reports.project_report import file_name
from measures.selectors.project_report_changes import changes_seen
from measures.selectors.project_report_deadlines import deadline_seen
from measures.selectors.project_report_pages import (
    DeliveryView,
    deliveries_seen,
    delivery_view,
    history_of,
    lateness_seen,
    project_reports_seen_by,
    receipt_file_seen_by,
    receipt_files,
    step_files_seen_by,
)
from measures.selectors.project_sides import Part, parts_seen
from measures.selectors.project_told import is_kept_back
from project.common.attachments import attachment_response


@require_safe
def report_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One report: where it stands, by when it is due, what was handed in, and its history."""
    report = get_object_or_404(project_reports_seen_by(request.user), pk=pk)
    parts = parts_seen(request.user, report.project)
    views = [delivery_view(row, parts) for row in deliveries_seen(report, parts)]
    return render(
        request,
        "measures/project_report_detail.html",
        {
            "report": report,
            "project": report.project,
            "views": views,
            # Each with the one before it that the person sees.
            "rows": list(zip_longest(views, views[1:])),
            "history": history_of(report, parts),
            "lateness": lateness_seen(report, parts),
            "deadline": deadline_seen(report, parts),
            "is_kept_back": is_kept_back(report, parts),
            "extension": report.extensions.filter(is_granted__isnull=True).first()
            if Part.QUESTIONS in parts
            else None,
        },
    )


def _delivery(request: HttpRequest, pk: int) -> tuple[DeliveryView, frozenset[Part]]:
    """What was handed in, if the person may see it, and what they see of the project."""
    seen = project_reports_seen_by(request.user)
    rows = ProjectReportDelivery.objects.filter(report__in=seen.order_by().values("pk"))
    delivery = get_object_or_404(rows.select_related("report"), pk=pk)
    report = seen.get(pk=delivery.report_id)
    parts = parts_seen(request.user, report.project)
    for row in deliveries_seen(report, parts):
        if row.pk == delivery.pk:
            return delivery_view(row, parts), parts
    raise Http404("Not passed on.")


@require_safe
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A report as it was handed in, drawn from its stored content alone."""
    view, parts = _delivery(request, pk)
    report = view.delivery.report
    context = {
        "report": report,
        "project": report.project,
        "view": view,
        "changes": changes_seen(view.delivery, parts),
        "receipt_files": receipt_files(view.delivery) if view.shows_receipts else {},
    }
    return render(request, "measures/project_delivery_detail.html", context)


@require_safe
def delivery_paper(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The stored paper; it lists the receipts, so only for who may see these."""
    view, _parts = _delivery(request, pk)
    if not view.shows_receipts:
        raise Http404("Contains the list of receipts.")
    delivery = view.delivery
    try:
        stored = delivery.paper.open("rb")
    except FileNotFoundError as error:
        raise _lost(request) from error
    return FileResponse(
        stored,
        as_attachment=True,
        filename=f"{file_name(delivery.content)}.pdf",
        content_type="application/pdf",
        headers={"Cache-Control": "private", "X-Content-Type-Options": "nosniff"},
    )


def _attachment(request: HttpRequest, row: Any) -> HttpResponseBase:
    """The file of a row; 404 with a word about it if it is gone."""
    try:
        return attachment_response(row)
    except FileNotFoundError as error:
        raise _lost(request) from error


def _lost(request: HttpRequest) -> Http404:
    """What is answered, and said on the page, when a stored file is not there."""
    messages.error(
        request,
        _("This file cannot be found in the store. Please tell the administration, so that it is restored."),
    )
    return Http404("The file is not in the store.")


@require_safe
def step_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file beside a question or answer, always to be saved and never shown."""
    row = step_files_seen_by(request.user, pk)
    if row is None:
        raise Http404("No such file.")
    return _attachment(request, row)


@require_safe
def receipt_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of a receipt, always to be saved and never shown."""
    row = receipt_file_seen_by(request.user, pk)
    if row is None:
        raise Http404("No such file.")
    return _attachment(request, row)
