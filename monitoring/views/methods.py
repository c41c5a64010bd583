"""Pages of index methods: list with published ones to begin with, one in words, create, change, put aside."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from monitoring.method_form import MethodForm, content_initial, preset_initial
from monitoring.models import IndexMethod
from monitoring.preset_fit import preset_fit
from monitoring.presets import BY_KEY, DEVIATIONS, PRESETS
from monitoring.scales import Reference
from monitoring.selectors.inhabitants import inhabitants_of_last_figures
from monitoring.selectors.methods import (
    column_words,
    free_name,
    method_indicators,
    methods_seen_by,
    rule_words,
)
from monitoring.selectors.runs import runs_seen_by
from monitoring.services.methods import (
    index_method_change,
    index_method_create,
    index_method_set_aside,
    method_state,
)
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, can, territories_where

#: Runs by a method shown on its page.
_RUNS_SHOWN = 20

_FIELD_OF_CODE = {"name_taken": "name", "name_missing": "name", "too_many_classes": "labels"}


@require_safe
def method_list(request: HttpRequest) -> HttpResponse:
    """Methods of the territories a person sees, and published ones to begin an own one with."""
    methods = list(methods_seen_by(request.user).order_by("territory__name", "name", "-version"))
    return render(
        request,
        "monitoring/method_list.html",
        {
            "methods": [row for row in methods if row.is_offered],
            "earlier": [row for row in methods if not row.is_offered],
            "presets": PRESETS,
            "may_create": _planned(request).exists(),
        },
    )


@require_safe
def method_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A method in words, and what was computed by it."""
    method = get_object_or_404(methods_seen_by(request.user), pk=pk)
    versions = IndexMethod.objects.filter(territory=method.territory, name=method.name)
    latest = versions.order_by("-version").first()
    runs = runs_seen_by(request.user).filter(index_method=method).order_by("-created_at")
    may_plan = can(request.user, Perm.PLAN_TERRITORY, method.territory).allowed
    return render(
        request,
        "monitoring/method_detail.html",
        {
            "method": method,
            "latest": latest,
            "rules": rule_words(method.content),
            "columns": column_words(method.content),
            "runs": runs.select_related("territory")[:_RUNS_SHOWN],
            "may_change": may_plan and latest == method,
            "inhabitants_warning": inhabitants_of_last_figures(method.territory).warning_of(method.content)
            if may_plan
            else "",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def method_create(request: HttpRequest) -> HttpResponse:
    """A new method, begun with a published one."""
    planned = list(_planned(request))
    if not planned:
        raise PermissionDenied(_("Only the social planning unit saves methods of the index."))
    territory = _chosen(request, planned)
    preset = BY_KEY.get(request.GET.get("preset", ""), DEVIATIONS)
    indicators = method_indicators(territory)
    fit = preset_fit(preset, indicators)
    name = free_name(territory, _("Index as %(name)s") % {"name": preset.name})
    form = MethodForm(
        request.POST or None,
        initial=preset_initial(preset, fit, indicators, name=name),
        indicators=indicators,
        is_new=True,
    )
    if request.method == "POST" and form.is_valid():
        method = _saved(
            form,
            lambda: index_method_create(
                territory=territory,
                name=form.cleaned_data["name"],
                content=form.content(),
                note=form.cleaned_data["note"],
                user=_user(request),
            ),
        )
        if method is not None:
            messages.success(request, _("Saved. The method can be chosen when an index is computed."))
            return redirect("monitoring:method-detail", method.pk)
    context = {"territory": territory, "preset": preset, "fit": fit, "territories": planned}
    return _form_page(request, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def method_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the rules; of a method that was used comes a new version."""
    method = get_object_or_404(methods_seen_by(request.user), pk=pk)
    if not can(request.user, Perm.PLAN_TERRITORY, method.territory).allowed:
        raise PermissionDenied(_("Only the social planning unit changes methods of the index."))
    indicators = method_indicators(method.territory, method.content)
    opened = request.POST.get("opened", "") or method_state(method)
    form = MethodForm(
        request.POST or None,
        initial=content_initial(method.content, indicators) | {"note": method.note},
        indicators=indicators,
        is_new=False,
    )
    if request.method == "POST" and form.is_valid():
        changed = _saved(
            form,
            lambda: index_method_change(
                method,
                content=form.content(),
                note=form.cleaned_data["note"],
                opened=opened,
                user=_user(request),
            ),
        )
        if changed is not None:
            text = _("Saved.")
            if changed.pk != method.pk:
                text = _("Saved as version %(version)s. Runs by the earlier one stay as they are.")
            messages.success(request, text % {"version": changed.version})
            return redirect("monitoring:method-detail", changed.pk)
        method = get_object_or_404(methods_seen_by(request.user), pk=pk)
    is_stale = opened != method_state(method)
    context = {
        "territory": method.territory,
        "method": method,
        "opened": method_state(method),
        "rules_now": rule_words(method.content) if is_stale else [],
    }
    return _form_page(request, form, context)


@require_POST
def method_set_aside(request: HttpRequest, pk: int) -> HttpResponse:
    """Offer a method no more."""
    method = get_object_or_404(methods_seen_by(request.user), pk=pk)
    index_method_set_aside(method, user=_user(request))
    messages.success(request, _("Put aside. Runs by it stay; a change offers it again."))
    return redirect("monitoring:method-detail", method.pk)


def _planned(request: HttpRequest) -> QuerySet[Organisation]:
    return territories_where(request.user, Perm.PLAN_TERRITORY).order_by("name")


def _chosen(request: HttpRequest, planned: list[Organisation]) -> Organisation:
    wanted = request.GET.get("territory", "")
    if not wanted:
        return planned[0]
    found = next((row for row in planned if str(row.pk) == wanted), None)
    if found is None:
        raise Http404("No such territory.")
    return found


def _user(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def _saved(form: MethodForm, save: Any) -> IndexMethod | None:
    """Save; what the rules of the domain forbid is an error of the form."""
    try:
        method: IndexMethod = save()
    except DomainError as error:
        field = _FIELD_OF_CODE.get(error.code)
        field = field if field in form.fields else None
        form.add_error(field, str(error.message))
        return None
    return method


def _form_page(request: HttpRequest, form: MethodForm, context: dict[str, Any]) -> HttpResponse:
    status = 422 if form.is_bound else 200
    given = form.cleaned_data if form.is_bound else form.initial
    warning = inhabitants_of_last_figures(context["territory"]).warning(
        given.get("minimum_population"), is_weighted=given.get("reference") == Reference.POPULATION
    )
    context |= {"form": form, "inhabitants_warning": warning}
    return render(request, "monitoring/method_form.html", context, status=status)
