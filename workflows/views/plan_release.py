"""Pages on which planning releases a plan to the public, or takes it back."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from measures.models import PlanRelease
from measures.selectors.releases import difference, public_measures
from measures.services.releases import (
    USUAL,
    content_mark,
    plan_release,
    plan_withdraw,
    release_content,
)
from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.forms.plan_release import ReleaseForm
from workflows.views.plan_imports import planned_plan
from workflows.views.plan_public import FIGURES, TIMELINE, embed_names

#: Buttons that only tick the measures of the form.
ALL_OR_NONE: Final = {"tick_all", "tick_none"}


@require_http_methods(["GET", "HEAD", "POST"])
def plan_release_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Choose what is told, look at it as the public would, release it."""
    plan = planned_plan(request, pk)
    last = plan.releases.select_related("released_by").order_by("-number").first()
    rows = sorted(
        plan.measures.select_related("field", "parent__field"),
        key=lambda row: [int(part) for part in row.number.split(".")],
    )
    keys = [str(row.pk) for row in rows]
    ticked = _ticked(request.POST, keys)
    if ticked is not None:
        form = ReleaseForm(measures=rows, initial=ticked)
    else:
        form = ReleaseForm(
            request.POST if request.method == "POST" else None, measures=rows, initial=_initial(last, keys)
        )
    preview: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        chosen = {"fields": form.cleaned_data["fields_told"], "measures": form.keys}
        if "release" in request.POST:
            try:
                plan_release(
                    plan,
                    **chosen,
                    note=form.cleaned_data["note"],
                    seen=form.cleaned_data["seen"],
                    user=signed_in(request),
                )
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(request, _("The plan is public as you saw it."))
                return redirect("workflows:plan-release", plan.pk)
        content = release_content(plan, **chosen)
        preview = {
            "measures": public_measures(content),
            "changes": difference(last.content if last else {}, content),
            "mark": content_mark(content),
        }
    return render(
        request,
        "workflows/plan_release.html",
        {
            "plan": plan,
            "form": form,
            "preview": preview,
            "last": last,
            "is_public": last is not None and bool(last.content),
            "releases": plan.releases.select_related("released_by").order_by("-number")[:10],
            "snippets": _snippets(plan.pk),
        },
        status=422 if request.method == "POST" and form.errors else 200,
    )


def _ticked(data: QueryDict, keys: list[str]) -> dict[str, Any] | None:
    """What was entered, with all or no measures ticked; None unless that was asked for."""
    if not ALL_OR_NONE & data.keys():
        return None
    return {
        "fields_told": data.getlist("fields_told"),
        "measures": keys if "tick_all" in data else [],
        "note": data.get("note", ""),
    }


def _initial(last: PlanRelease | None, keys: list[str]) -> dict[str, Any]:
    """As released last; everything but money if nothing was."""
    if last is None or not last.content:
        return {"fields_told": last.fields if last else USUAL, "measures": keys}
    told = [str(row["key"]) for row in last.content["measures"]]
    return {"fields_told": last.fields, "measures": [key for key in keys if key in told]}


def _snippets(pk: int) -> list[tuple[str, str]]:
    """What other websites copy: title and lines of HTML."""
    found = []
    for kind, height in ((TIMELINE, 600), (FIGURES, 800)):
        address = settings.SITE_URL + reverse(f"workflows:public-plan-embed-{kind}", args=[pk])
        title = str(embed_names()[kind])
        found.append(
            (
                title,
                f'<iframe src="{address}" title="{title}" width="100%" height="{height}" '
                'loading="lazy"></iframe>',
            )
        )
    return found


@require_POST
def plan_withdraw_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Take the plan back from the public."""
    plan = planned_plan(request, pk)
    try:
        plan_withdraw(plan, note=request.POST.get("note", "")[:300], user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The plan is not public any more."))
    return redirect("workflows:plan-release", plan.pk)
