"""Pages of operations: the list of a funder, uploading another one, and what the law has published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Page
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from measures.forms.operations import ListUploadForm, OperationFilterForm, OperationForm, TakeForm
from measures.importers.operation_remarks import Remark, remarks_from
from measures.models import Operation, OperationImport, OperationImportState
from measures.selectors.operation_keys import SORTS as PUBLISHED_SORTS
from measures.selectors.operation_keys import Published, keys_of, published_by
from measures.selectors.operation_publication import (
    LEGAL_BASIS,
    as_data,
    file_columns,
    overview,
    rows_of,
)
from measures.selectors.operations import (
    SORTS,
    Comparison,
    filtered_operations,
    funders_seen_by,
    imports_seen_by,
    in_order,
    lists_of,
    offer_of,
    operations_seen_by,
    projects_of,
    sums_of,
)
from measures.services.operations import (
    operation_change,
    operation_mark,
    operations_discard,
    operations_preview,
    operations_read,
    operations_take,
    operations_tell_persons,
)
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
from project.common.formats import date_de, decimal_de
from project.common.keys import key_or_none
from project.common.listing import order_of, page_of, term_of
from project.common.seen import with_mark
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in

#: Rows of a page of these lists.
PAGE_SIZE = 50
#: Buttons that tick the boxes of a page and save nothing.
_ALL_OR_NONE = {"tick_all", "tick_none"}
#: Rows shown of each part of a preview; all are in its file.
MOST_SHOWN = 100


def _funder(request: HttpRequest, pk: int) -> Organisation:
    return get_object_or_404(funders_seen_by(request.user), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def operation_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Operations of a funder, with sums of everything that fits the filter; tick who is a natural person."""
    funder = _funder(request, pk)
    if request.method == "POST":
        require(request.user, Perm.ACT_FOR_ORGANISATION, funder)
        if not _ALL_OR_NONE & request.POST.keys():
            return _persons_told(request, funder)
    form = OperationFilterForm(request.GET, offered=offer_of(funder))
    order = order_of(request, SORTS, "beneficiary")
    rows = filtered_operations(funder.operations.all(), form.wanted())
    listed = in_order(rows, order.by)
    wanted = export_format(request)
    if wanted is not None:
        source = [funder.name, _("As of %(day)s") % {"day": date_de(timezone.localdate())}]
        return table_response(_("Operations"), _list_columns(), listed.iterator(), wanted, source)
    sums = sums_of(rows)
    page = page_of(request, listed, PAGE_SIZE, count=sums.count)
    may_edit = bool(can(request.user, Perm.ACT_FOR_ORGANISATION, funder))
    return render(
        request,
        "measures/operation_list.html",
        {
            "funder": funder,
            "form": form,
            "order": order,
            "sums": sums,
            "page_obj": page,
            "ticked": _ticked(request, page) if may_edit else set(),
            "is_ticked_anew": request.method == "POST",
            "links": export_links(request),
            "lists": lists_of(funder)[:5],
            "is_filtered": any(request.GET.get(name) for name in form.fields),
            "may_upload": may_edit,
        },
    )


def _ticked(request: HttpRequest, page: Page[Operation]) -> set[int]:
    """Keys of the operations whose box is ticked: those of natural persons, or all or none as asked for."""
    if request.method == "POST":
        return {row.pk for row in page} if "tick_all" in request.POST else set()
    return {row.pk for row in page if row.is_natural_person}


def _persons_told(request: HttpRequest, funder: Organisation) -> HttpResponse:
    """Take over the boxes that were changed; those left as they were may have been changed by others."""
    now, before = (
        {key for text in request.POST.getlist(name) if (key := key_or_none(text)) is not None}
        for name in ("natural", "was")
    )
    count = operations_tell_persons(funder, people=now - before, others=before - now, user=signed_in(request))
    if count:
        words = ngettext(
            "%(count)s operation has been changed.", "%(count)s operations have been changed.", count
        )
        messages.success(request, words % {"count": decimal_de(count, 0)})
    else:
        messages.info(request, _("Nothing was to be changed."))
    return redirect(request.get_full_path())


def _list_columns() -> list[Column]:
    return [
        Column(_("Programme"), "programme_name"),
        Column(_("Code of the operation"), "code"),
        Column(_("Beneficiary"), "beneficiary"),
        Column(_("Name of the operation"), "name"),
        Column(_("Purpose and achievements"), "summary"),
        Column(_("Start of the operation"), "starts_on", Kind.DATE),
        Column(_("End of the operation"), "ends_on", Kind.DATE),
        Column(_("Eligible expenditure (euros)"), "eligible", Kind.NUMBER, places=2),
        Column(_("Union co-financing rate (percent)"), "eu_percent", Kind.NUMBER, places=2),
        Column(_("Share of the Union (euros)"), "eu_share", Kind.NUMBER, places=2),
        Column(_("Postcode"), "postcode"),
        Column(_("Place"), "place"),
        Column(_("Country"), "country"),
        Column(_("Type of intervention"), "intervention"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def operation_upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Upload a list of operations."""
    funder = _funder(request, pk)
    require(request.user, Perm.ACT_FOR_ORGANISATION, funder)
    form = ListUploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            kept = operations_read(
                funder,
                content=file.read(settings.IMPORT_MAX_BYTES + 1),
                name=file.name,
                programme_name=form.cleaned_data["programme_name"],
                fund=form.cleaned_data["fund"],
                user=signed_in(request),
            )
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            return redirect("measures:operation-import", kept.pk)
    lists = lists_of(funder)
    context = {
        "funder": funder,
        "form": form,
        "lists": lists[:10],
        "names": lists.order_by("programme_name").values_list("programme_name", flat=True).distinct(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/operation_upload.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def operation_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What a list would change, or what is wrong with it, or what it changed."""
    kept = get_object_or_404(imports_seen_by(request.user), pk=pk)
    if request.method == "POST":
        require(request.user, Perm.ACT_FOR_ORGANISATION, kept.funder)
    wanted = export_format(request)
    if wanted is not None:
        remarks = [*remarks_from(kept.errors), *remarks_from(kept.warnings)]
        return table_response(_("Errors and warnings"), _remark_columns(kept), remarks, wanted, [str(kept)])
    if request.method == "POST" and "discard" in request.POST:
        return _discarded(request, kept)
    if not kept.is_open:
        if request.method == "POST":
            messages.error(request, _("This list is closed; nothing was changed."))
            return redirect("measures:operation-import", kept.pk)
        return _over(request, kept)
    comparison = operations_preview(kept)
    form = TakeForm(request.POST or None, comparison=comparison, initial={"seen": comparison.mark})
    if request.method == "POST" and form.is_valid():
        try:
            operations_take(kept, user=signed_in(request), **form.choices)
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The list has been taken over."))
        return redirect("measures:operation-import", kept.pk)
    return _preview(request, kept, comparison, form)


def _discarded(request: HttpRequest, kept: OperationImport) -> HttpResponse:
    try:
        operations_discard(kept, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("measures:operation-import", kept.pk)
    messages.success(request, _("The list has been discarded; nothing of it was taken over."))
    return redirect("measures:operation-list", kept.funder_id)


def _preview(
    request: HttpRequest, kept: OperationImport, comparison: Comparison, form: TakeForm
) -> HttpResponse:
    context = {
        "kept": kept,
        "comparison": comparison,
        "form": form,
        "new": comparison.new[:MOST_SHOWN],
        "gone": comparison.gone[:MOST_SHOWN],
        "pairs": comparison.told_pairs[:MOST_SHOWN],
        "most": MOST_SHOWN,
        "warnings": remarks_from(kept.warnings[:MOST_SHOWN]),
        "links": export_links(request),
        "may_take": bool(can(request.user, Perm.ACT_FOR_ORGANISATION, kept.funder)),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/operation_import.html", context, status=status)


def _over(request: HttpRequest, kept: OperationImport) -> HttpResponse:
    """Nothing to decide (any more): errors, result, or discarded."""
    is_faulty = kept.state == OperationImportState.FAULTY
    stored = kept.errors if is_faulty else kept.warnings
    context = {
        "kept": kept,
        "is_faulty": is_faulty,
        "is_taken": kept.state == OperationImportState.TAKEN,
        "page_obj": page_of(request, remarks_from(stored), PAGE_SIZE),
        "links": export_links(request) if kept.errors or kept.warnings else [],
        "may_upload": bool(can(request.user, Perm.ACT_FOR_ORGANISATION, kept.funder)),
    }
    return render(request, "measures/operation_import_over.html", context)


def _remark_columns(kept: OperationImport) -> list[Column]:
    error_keys = {(row[0], row[1], row[4]) for row in kept.errors}

    def kind_of(remark: Remark) -> str:
        return _("Error") if (remark.row, remark.letters, remark.code) in error_keys else _("Warning")

    return [
        Column(_("Kind"), kind_of),
        Column(_("Row"), "row", Kind.NUMBER, 0),
        Column(_("Column"), "letters"),
        Column(_("Heading"), "column"),
        Column(_("Value"), "value"),
        Column(_("What to do"), "text"),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def operation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """An operation as its list says it, and what people add to it."""
    operation = get_object_or_404(operations_seen_by(request.user), pk=pk)
    may_edit = bool(can(request.user, Perm.ACT_FOR_ORGANISATION, operation.funder))
    if request.method == "POST":
        require(request.user, Perm.ACT_FOR_ORGANISATION, operation.funder)
    projects = projects_of(operation.funder, request.user)
    form = OperationForm(request.POST or None, projects=projects, initial=OperationForm.initial_of(operation))
    if request.method == "POST" and form.is_valid():
        try:
            operation_change(
                operation,
                fields=form.fields_given,
                user=signed_in(request),
                seen=form.cleaned_data["seen"],
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
            if error.code == "changed_meanwhile":
                operation.refresh_from_db()
                form.data = with_mark(request.POST, operation_mark(operation))
        else:
            messages.success(request, _("The operation has been changed."))
            return redirect("measures:operation-detail", operation.pk)
    context = {
        "operation": operation,
        "form": form if may_edit else None,
        "sees_project": operation.project is not None and projects.contains(operation.project),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "measures/operation_detail.html", context, status=status)


@require_safe
def operation_publication(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The list of operations as the law has it published, and its files."""
    funder = _funder(request, pk)
    published = published_by(funder)
    if request.GET.get("export") == "json":
        return _publication_data(funder, published)
    wanted = export_format(request)
    if wanted is not None:
        source = [funder.name, LEGAL_BASIS, _("As of %(day)s") % {"day": date_de(timezone.localdate())}]
        columns = file_columns(is_for_machines=wanted is Format.CSV_MACHINE)
        # Always the whole list: what is published must not depend on what somebody looked for.
        whole = rows_of(keys_of(published).iterator())
        return table_response(_("List of operations"), columns, whole, wanted, source)
    order = order_of(request, dict.fromkeys(PUBLISHED_SORTS, ()), "beneficiary")
    term = term_of(request)
    found, gaps = overview(published)
    keys = keys_of(published, term, order.key, is_falling=order.is_falling)
    page = page_of(request, keys, PAGE_SIZE, count=None if term else found.count)
    page.object_list = list(rows_of(page.object_list))
    return render(
        request,
        "measures/operation_publication.html",
        {
            "funder": funder,
            "found": found,
            "gaps": gaps,
            "term": term,
            "order": order,
            "page_obj": page,
            "links": _publication_links(),
            "legal_basis": LEGAL_BASIS,
        },
    )


def _publication_links() -> Sequence[dict[str, str]]:
    return [
        {"label": _("Excel"), "url": "?export=xlsx"},
        {"label": _("CSV"), "url": "?export=csv"},
        {"label": _("CSV for programs"), "url": "?export=csv-en"},
        {"label": _("JSON for programs"), "url": "?export=json"},
    ]


def _publication_data(funder: Organisation, published: Published) -> HttpResponse:
    data: dict[str, Any] = {
        "title": _("List of operations"),
        "publisher": funder.name,
        "legal_basis": LEGAL_BASIS,
        "as_of": timezone.localdate().isoformat(),
        "operations": [as_data(row) for row in rows_of(keys_of(published).iterator())],
    }
    response = JsonResponse(data, encoder=DjangoJSONEncoder, json_dumps_params={"ensure_ascii": False})
    response.headers["Content-Disposition"] = attachment(f"{_('List of operations')}.json")
    response.headers["Cache-Control"] = "private"
    return response
