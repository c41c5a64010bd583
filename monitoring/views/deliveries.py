"""Pages of a delivery: what came in, its lasting list of remarks, the file itself."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.models import Delivery
from monitoring.selectors.deliveries import IssueLine, delivery_contents, delivery_preview, issue_lines
from monitoring.services.deliveries import delivery_file_taken
from project.common.attachments import attachment_response
from project.common.exports import Column, Format, Kind, export_format, table_response
from project.common.formats import date_de
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require, visible


def _delivery(request: HttpRequest, pk: int) -> Delivery:
    """A delivery the person may see: planning's, or their own house's; otherwise 404."""
    rows = Delivery.objects.select_related("territory", "supplier", "created_by", "accepted_by")
    return get_object_or_404(visible(request.user, Perm.VIEW_DELIVERY, rows), pk=pk)


@require_safe
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A delivery with its figures and remarks."""
    delivery = _delivery(request, pk)
    indicators, areas, years = delivery_contents(delivery)
    preview = delivery_preview(
        delivery, indicators=indicators, areas=areas, years=years, knows_expected=False
    )
    return render(
        request,
        "monitoring/delivery_detail.html",
        {
            "delivery": delivery,
            "preview": preview,
            "chosen": preview.chosen(request.GET.get("indicator", ""), request.GET.get("year", "")),
        },
    )


@require_safe
def delivery_issues(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The list of remarks as a file."""
    delivery = _delivery(request, pk)

    def kind(line: IssueLine) -> str:
        return _("Error") if line.is_error else _("Hint")

    places = [
        Column(_("Sheet"), "sheet"),
        Column(_("Row"), "row", Kind.NUMBER, places=0),
        Column(_("Column"), "column"),
        Column(_("Heading"), "heading"),
    ]
    columns = [
        Column(_("Kind"), kind),
        *([Column(_("Place"), "place")] if delivery.is_typed else places),
        Column(_("Entry"), "value"),
        Column(_("What to do"), "message"),
    ]
    name = _("Remarks on %(file)s") % {"file": delivery.file_name}
    return table_response(
        name,
        columns,
        issue_lines(delivery),
        export_format(request) or Format.CSV,
        [
            _("File: %(file)s, uploaded on %(day)s by %(supplier)s")
            % {
                "file": delivery.file_name,
                "day": date_de(delivery.created_at),
                "supplier": delivery.supplier,
            }
        ],
    )


@require_safe
def delivery_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file as it was delivered, always to be saved and never shown by the browser.

    It holds the figures without statistical secrecy. A house has its own; for those of others it takes the
    right to see raw figures, and every look is logged.
    """
    delivery = _delivery(request, pk)
    if not delivery.file:
        raise Http404("The file was refused and not kept.")
    is_own = bool(can(request.user, Perm.ACT_FOR_ORGANISATION, delivery.supplier))
    if not is_own:
        require(request.user, Perm.VIEW_RAW_FIGURES, delivery.territory)
    delivery_file_taken(delivery, is_own=is_own, user=cast(User, request.user))
    return attachment_response(delivery)
