"""The list of a plan's measures, with its columns, files and saved views."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from measures.columns import COLUMNS, ListColumn, chosen_columns, with_needs
from measures.forms.views import ColumnForm, SavedViewForm
from measures.models import ActionPlan
from measures.selectors.listing import SORTS, in_order, listed
from measures.selectors.portfolio import MeasureRow
from measures.selectors.saved import own_views, saved_views
from measures.services.views import saved_view_change, saved_view_delete, saved_view_save
from measures.views.plan_pages import page_context, plan_or_404, plan_page, source_lines
from project.common.errors import DomainError
from project.common.exports import Column, export_format, export_links, table_response
from project.common.listing import order_of, page_of
from stakeholders.models import User


def export_columns(columns: list[ListColumn] | None = None) -> list[Column]:
    """Columns of a file: those chosen, else all that need no more than the measure itself."""
    found = columns or [column for column in COLUMNS if not column.needs]
    return [column.for_file() for column in found]


@require_safe
def measure_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Measures of a plan: searched, filtered, ordered, in the columns a person chose."""
    page = plan_page(request, pk)
    order = order_of(request, SORTS, "number")
    columns = chosen_columns(request.GET.getlist("col"))
    found = in_order(page.found, order.by)
    wanted = export_format(request)
    if wanted is not None:
        is_chosen = any(request.GET.getlist("col"))
        shown = columns if is_chosen else list(COLUMNS)
        rows = listed(with_needs(found, shown))
        return table_response(
            page.plan.title, export_columns(shown), rows, wanted, source_lines(page, len(rows))
        )
    page_obj = page_of(request, with_needs(found, columns))
    context = page_context(request, page, found=page_obj.paginator.count)
    keys = [column.key for column in columns]
    return render(
        request,
        "measures/measure_list.html",
        {
            **context,
            "order": order,
            "columns": columns,
            "column_form": ColumnForm(initial={"col": keys}),
            "kept_columns": {"items": [("col", key) for key in request.GET.getlist("col")]},
            "page_obj": page_obj,
            "rows": [(row, _cells(row, columns)) for row in listed(page_obj.object_list)],
            "links": export_links(request),
            "views": saved_views(request.user, page.plan),
            "view_form": SavedViewForm(),
            "view_query": view_query(request.GET),
        },
    )


def _cells(row: MeasureRow, columns: list[ListColumn]) -> list[tuple[ListColumn, str]]:
    return [(column, column.text(row)) for column in columns]


def view_query(query: QueryDict) -> str:
    """What a saved view keeps of an address: all but the page and the form of a file."""
    kept = query.copy()
    for name in ("page", "export", "m"):
        kept.pop(name, None)
    return kept.urlencode()


@require_http_methods(["GET", "HEAD", "POST"])
def view_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Saved views of a plan: one's own to rename, share and delete; those others share. POST saves one."""
    plan = plan_or_404(request, pk)
    form = SavedViewForm(request.POST if request.method == "POST" else None)
    query = QueryDict(request.POST.get("query", ""))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and _saved(request, plan, form, view_query(query)):
            messages.success(request, _("The view was saved. You find it above the list."))
            return redirect(f"{reverse('measures:measure-list', args=[plan.pk])}?{view_query(query)}")
    return render(request, "measures/view_list.html", _views_context(request, plan, form), status=status)


def _saved(request: HttpRequest, plan: ActionPlan, form: SavedViewForm, query: str) -> bool:
    assert isinstance(request.user, User)  # plans are seen by people who are signed in only
    try:
        saved_view_save(plan=plan, query=query, user=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error.message))
        return False
    return True


def _views_context(request: HttpRequest, plan: ActionPlan, form: SavedViewForm) -> dict[str, Any]:
    rows = list(saved_views(request.user, plan))
    return {
        "plan": plan,
        "own": [row for row in rows if row.user_id == request.user.pk],
        "shared": [row for row in rows if row.user_id != request.user.pk],
        "form": form,
        "view_query": request.POST.get("query", ""),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def view_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a saved view of one's own, share it, or no longer."""
    row = get_object_or_404(own_views(request.user), pk=pk)
    initial = {"title": row.title, "is_shared": row.is_shared}
    form = SavedViewForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            assert isinstance(request.user, User)
            try:
                saved_view_change(row, user=request.user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _("The view was changed."))
                return redirect("measures:view-list", row.plan_id)
    context = {"row": row, "plan": row.plan, "form": form}
    return render(request, "measures/view_edit.html", context, status=status)


@require_http_methods(["POST"])
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a saved view of one's own."""
    row = get_object_or_404(own_views(request.user), pk=pk)
    plan = row.plan_id
    assert isinstance(request.user, User)
    saved_view_delete(row, user=request.user)
    messages.success(request, _("The view was deleted. The measures stay as they are."))
    return redirect("measures:view-list", plan)
