"""One change to many measures at once: choose it, look at what it would do, do it to all or to none."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from measures.forms.views import BulkForm
from measures.models import Measure, Stage
from measures.selectors.listing import goals_of, in_order
from measures.services.bulk import MOST_MEASURES, Act, BulkChange, bulk_preview, with_parts
from measures.views.plan_pages import PlanPage, plan_page
from monitoring.selectors.areas import planning_areas
from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.permissions import Perm, require
from workflows.measure_bulk import held_back, measures_change

#: Value of ``m`` for all that the filter of the address finds.
_ALL: Final = "all"


@require_http_methods(["GET", "HEAD", "POST"])
def measure_bulk_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the measures that were chosen in the list."""
    page = plan_page(request, pk)
    require(request.user, Perm.PLAN_TERRITORY, page.plan.territory)
    measures = _chosen(request, page)
    form = BulkForm(
        request.POST if request.method == "POST" else None,
        areas=planning_areas(page.plan.territory),
        goals=goals_of(page.plan),
    )
    preview, status = None, 200
    if request.method == "POST":
        status = 422
        if measures and len(measures) <= MOST_MEASURES and form.is_valid():
            change = _change(form)
            if request.POST.get("step") == "apply":
                try:
                    count = measures_change(
                        measures, change, seen=request.POST.get("seen", ""), user=page.user
                    )
                except DomainError as error:
                    form.add_error(None, str(error.message))
                else:
                    return _done(request, page, count)
                measures = _chosen(request, page)
            else:
                status = 200
            preview = bulk_preview(measures, change, held=held_back(measures, change), user=page.user)
    return render(
        request,
        "workflows/measure_bulk.html",
        {
            "plan": page.plan,
            "form": form,
            "measures": measures,
            "is_too_many": len(measures) > MOST_MEASURES,
            "most": MOST_MEASURES,
            "preview": preview,
            "keys": [row.pk for row in measures],
            "possible": [row.measure.pk for row in preview.outcomes if not row.refused] if preview else [],
            "kept": _kept(form) if preview else [],
            "list_url": _list_of(request, page),
        },
        status=status,
    )


def _chosen(request: HttpRequest, page: PlanPage) -> list[Measure]:
    """Measures named by ``m``, or all that the filter finds; those of another plan are not there.

    One more than may be changed at once stands for all that are too many.
    """
    names = request.POST.getlist("m") or request.GET.getlist("m")
    if _ALL in names:
        return list(with_parts(in_order(page.found))[: MOST_MEASURES + 1])
    keys = [key for name in names if (key := key_or_none(name)) is not None]
    return list(with_parts(in_order(page.measures.filter(pk__in=keys)))[: MOST_MEASURES + 1])


def _list_of(request: HttpRequest, page: PlanPage) -> str:
    """The list as it was seen: with its filter, order and columns, without what was ticked."""
    query = request.GET.copy()
    query.pop("m", None)
    address = reverse("measures:measure-list", args=[page.plan.pk])
    return f"{address}?{query.urlencode()}" if query else address


def _change(form: BulkForm) -> BulkChange:
    data = form.cleaned_data
    return BulkChange(
        act=Act(data["act"]),
        reason=data["reason"],
        contact_function=data["contact_function"],
        areas=form.chosen_areas,
        goals=form.chosen_goals,
        months=data["months"] or 0,
        stage=data["stage"] or Stage.ONE,
    )


def _kept(form: BulkForm) -> list[tuple[str, str]]:
    """What was entered, to be sent again with the second step."""
    found = []
    for name in form.fields:
        value = form.cleaned_data.get(name)
        values = value if isinstance(value, list) else [value]
        found += [(name, str(one)) for one in values if one not in {None, ""}]
    return found


def _done(request: HttpRequest, page: PlanPage, count: int) -> HttpResponse:
    messages.success(
        request,
        ngettext("%(count)s measure was changed.", "%(count)s measures were changed.", count)
        % {"count": count},
    )
    return redirect(_list_of(request, page))
