"""Pages on which a list of measures from elsewhere becomes drafts of the plan."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from measures.importers.lists import Role
from measures.models import ImportKind, PlanImport
from project.common.errors import DomainError
from project.common.listing import page_of
from stakeholders.permissions import Perm, can
from stakeholders.sessions import signed_in
from workflows.forms.list_imports import ColumnsForm, ListForm, ValuesForm
from workflows.list_importing import (
    drafts_of,
    list_apply,
    list_read,
    mapping_of,
    mapping_say,
    organisations_for,
    words_in,
)
from workflows.list_preview import columns_left, drafts_shown, status_lines
from workflows.plan_importing import ImportFailed
from workflows.views.plan_imports import planned_import, planned_plan, uploaded


@require_http_methods(["GET", "HEAD", "POST"])
def list_upload(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Upload a list."""
    plan = planned_plan(request, pk)
    form = ListForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            kept = list_read(plan, content=uploaded(file), name=file.name, user=signed_in(request))
        except DomainError as error:
            form.add_error("file", str(error.message))
        else:
            return redirect("workflows:list-columns", kept.pk)
    return render(
        request,
        "workflows/list_upload.html",
        {"plan": plan, "form": form, "uploads": plan.imports.select_related("uploaded_by")[:5]},
        status=422 if request.method == "POST" else 200,
    )


def _open_list(request: HttpRequest, pk: int) -> PlanImport | None:
    """A list that can still be taken over; None for another upload."""
    kept = planned_import(request, pk)
    return kept if kept.kind == ImportKind.LIST and kept.is_open else None


@require_http_methods(["GET", "HEAD", "POST"])
def list_columns(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Say which column is what."""
    kept = _open_list(request, pk)
    if kept is None:
        return redirect("workflows:plan-import", pk)
    form = ColumnsForm(
        request.POST or None, rows=kept.content["rows"], columns=kept.content["said"]["columns"]
    )
    if request.method == "POST" and form.is_valid():
        mapping_say(kept, user=signed_in(request), columns=form.columns())
        return redirect("workflows:list-values", kept.pk)
    return render(
        request,
        "workflows/list_columns.html",
        {"plan": kept.plan, "kept": kept, "form": form},
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def list_values(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Say who is meant, and which rows stay out."""
    kept = _open_list(request, pk)
    if kept is None:
        return redirect("workflows:plan-import", pk)
    form = ValuesForm(
        request.POST or None,
        names=words_in(kept, Role.RESPONSIBLE),
        statuses=words_in(kept, Role.STATUS),
        organisations=organisations_for(kept.plan),
        fields=list(kept.plan.fields.order_by("number")),
        said=kept.content["said"],
        may_create=bool(can(request.user, Perm.ADMINISTER_TERRITORY, kept.plan.territory)),
    )
    if request.method == "POST" and form.is_valid():
        mapping_say(kept, user=signed_in(request), **form.said())
        return redirect("workflows:list-import", kept.pk)
    return render(
        request,
        "workflows/list_values.html",
        {"plan": kept.plan, "kept": kept, "form": form},
        status=422 if request.method == "POST" else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
def list_import(request: HttpRequest, pk: int) -> HttpResponseBase:
    """See what becomes of the list, and take it over."""
    kept = _open_list(request, pk)
    if kept is None:
        return redirect("workflows:plan-import", pk)
    if not mapping_of(kept).fallback:
        return redirect("workflows:list-columns", pk)
    remarks = []
    if request.method == "POST":
        try:
            list_apply(kept, user=signed_in(request))
        except ImportFailed as error:
            remarks = error.remarks
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("The list has been taken over."))
            return redirect("workflows:plan-import", kept.pk)
    read = drafts_of(kept)
    faults = any(draft.faults for draft in read.drafts)
    return render(
        request,
        "workflows/list_import.html",
        {
            "plan": kept.plan,
            "kept": kept,
            "read": read,
            "page_obj": page_of(request, drafts_shown(kept, read)),
            "statuses": status_lines(kept, read.drafts),
            "columns_left": columns_left(kept),
            "remarks": remarks,
            "has_faults": faults,
        },
        status=422 if request.method == "POST" else 200,
    )
