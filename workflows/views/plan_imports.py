"""Pages on which a plan comes back from Excel: upload, preview, result."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from measures.models import ActionPlan, ImportKind, PlanImport
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from measures.services.plan_imports import workbook_preview, workbook_read
from measures.workbook.comparing import Preview
from measures.workbook.layout import READ_BACK
from measures.workbook.remarks import Remark, remarks_from
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.listing import page_of
from stakeholders.permissions import Perm, require
from stakeholders.sessions import signed_in
from workflows.forms.plan_imports import ApplyForm, WorkbookForm
from workflows.measure_steering import measure_put_forward
from workflows.plan_importing import ImportFailed, workbook_apply, workbook_try

#: Changes shown on the page; a larger upload is listed as a file.
MOST_SHOWN = 1000


def planned_plan(request: HttpRequest, pk: int) -> ActionPlan:
    """A plan the person may see (else 404) and plans (else 403)."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, plan.territory)
    return plan


def planned_import(request: HttpRequest, pk: int) -> PlanImport:
    """An upload to a plan the person may see (else 404) and plans (else 403)."""
    rows = PlanImport.objects.filter(plan__in=plans_seen_by(request.user).values("pk"))
    kept = get_object_or_404(rows.select_related("plan__territory", "uploaded_by"), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, kept.plan.territory)
    return kept


def uploaded(file: Any) -> bytes:
    """The bytes of an upload, at most one more than allowed."""
    content: bytes = file.read(settings.IMPORT_MAX_BYTES + 1)
    return content


@require_http_methods(["GET", "HEAD", "POST"])
def workbook_upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Upload the changed workbook of a plan."""
    plan = planned_plan(request, pk)
    form = WorkbookForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        user = signed_in(request)
        try:
            kept = workbook_read(plan, content=uploaded(file), name=file.name, user=user)
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            workbook_try(kept, user=user)
            return redirect("workflows:plan-import", kept.pk)
    return render(
        request,
        "workflows/workbook_upload.html",
        {
            "plan": plan,
            "form": form,
            "uploads": plan.imports.select_related("uploaded_by")[:5],
        },
        status=422 if request.method == "POST" else 200,
    )


@require_POST
def measure_put_forward_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Ask the parties of a draft."""
    measure = get_object_or_404(measures_seen_by(request.user), pk=pk)
    require(request.user, Perm.EDIT_MEASURE, measure)
    try:
        measure_put_forward(measure, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The parties have been asked to confirm."))
    return redirect("measures:measure-detail", measure.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def plan_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What an upload would change, or what is wrong with it, or what it changed."""
    kept = planned_import(request, pk)
    if kept.kind == ImportKind.LIST and kept.is_open and not kept.remarks:
        return redirect("workflows:list-import", kept.pk)
    remarks = remarks_from(kept.remarks)
    wanted = export_format(request)
    if wanted is not None and remarks:
        return table_response(_("Remarks"), _remark_columns(), remarks, wanted, [kept.file_name])
    if not kept.is_open or remarks or kept.kind == ImportKind.LIST:
        return _over(request, kept, remarks)
    preview = workbook_preview(kept)
    if wanted is not None:
        lines = [(row, cell) for row in preview.rows for cell in row.changes]
        return table_response(_("Changes"), _change_columns(), lines, wanted, [kept.file_name])
    form = ApplyForm(request.POST or None, preview=preview, initial={"seen": preview.mark})
    if request.method == "POST" and form.is_valid():
        try:
            workbook_apply(
                kept,
                choices=form.choices,
                seen=form.cleaned_data["seen"],
                reason=form.cleaned_data.get("reason", ""),
                user=signed_in(request),
            )
        except ImportFailed as error:
            return _preview(request, kept, preview, form, error.remarks)
        except DomainError as error:
            form = ApplyForm(preview=preview, initial={"seen": preview.mark})
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The workbook has been taken over."))
            return redirect("workflows:plan-import", kept.pk)
    return _preview(request, kept, preview, form, [])


def _preview(
    request: HttpRequest, kept: PlanImport, preview: Preview, form: ApplyForm, remarks: list[Remark]
) -> HttpResponseBase:
    missing = kept.content.get("missing", {})
    # All that have to be decided on, however many, come first.
    most = max(MOST_SHOWN, len(preview.conflicts))
    shown = sorted(preview.rows, key=lambda row: not row.is_conflict)[:most]
    return render(
        request,
        "workflows/plan_import.html",
        {
            "kept": kept,
            "plan": kept.plan,
            "preview": preview,
            "form": form,
            "rows": [(row, form[row.name] if row.is_conflict else None) for row in shown],
            "more": len(preview.rows) - len(shown),
            "missing": [(sheet.title, missing[sheet.key]) for sheet in READ_BACK if missing.get(sheet.key)],
            "other_sheets": ", ".join(kept.content.get("other_sheets", [])),
            "remarks": remarks,
            "links": export_links(request),
        },
        status=422 if request.method == "POST" else 200,
    )


def _over(request: HttpRequest, kept: PlanImport, remarks: list[Remark]) -> HttpResponseBase:
    """Nothing to decide (any more): remarks, result or time out."""
    return render(
        request,
        "workflows/plan_import_over.html",
        {
            "kept": kept,
            "plan": kept.plan,
            "page_obj": page_of(request, remarks),
            "count": len(remarks),
            "links": export_links(request) if remarks else [],
        },
        status=409 if request.method == "POST" and kept.applied_at is None else 200,
    )


def _remark_columns() -> list[Column]:
    return [
        Column(_("Sheet"), "sheet"),
        Column(_("Row"), "row", Kind.NUMBER, 0),
        Column(_("Column"), "column"),
        Column(_("Value"), "value"),
        Column(_("What to do"), "text"),
    ]


def _change_columns() -> list[Column]:
    return [
        Column(_("Sheet"), lambda line: str(line[0].sheet.title)),
        Column(_("Row"), lambda line: line[0].source.row, Kind.NUMBER, 0),
        Column(_("Measure"), lambda line: line[0].measure),
        Column(_("Field"), lambda line: line[1].title),
        Column(_("Now"), lambda line: line[1].before),
        Column(_("From the file"), lambda line: line[1].after),
    ]
