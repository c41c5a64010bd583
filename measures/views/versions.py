"""Pages of the versions of a plan."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from measures.models import PlanVersion
from measures.selectors.portfolio import measures_seen_by, plans_seen_by
from measures.selectors.versions import (
    DEVIATIONS,
    FATES,
    FieldChange,
    MeasureChange,
    compare,
    is_intact,
)
from measures.services.versions import plan_version_create
from project.common.errors import DomainError
from project.common.exports import Column, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.listing import page_of
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require


class VersionForm(forms.Form):
    """What a plan is fixed for."""

    title = forms.CharField(
        label=gettext_lazy("What is the plan fixed for?"),
        max_length=200,
        help_text=gettext_lazy("For example “Decided by the council” or “State before the budget”."),
    )
    as_of = forms.DateField(label=gettext_lazy("As of"))
    decision_reference = forms.CharField(
        label=gettext_lazy("Number of the decision"), max_length=60, required=False
    )


class ComparisonForm(FilterForm):
    """Which measures of a comparison are shown, and with what the version is compared."""

    q = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=100)
    fate = forms.ChoiceField(label=gettext_lazy("Shown"), required=False)
    other = forms.ChoiceField(label=gettext_lazy("Compared with"), required=False)

    def __init__(self, *args: Any, version: PlanVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fates = [(fate.value, label) for fate, (_kind, label) in FATES.items()]
        offer(
            self,
            "fate",
            gettext_lazy("all deviations"),
            [("all", gettext_lazy("all measures")), *fates],
        )
        others = version.plan.versions.exclude(pk=version.pk).order_by("-number")
        offer(
            self,
            "other",
            gettext_lazy("the plan as it is now"),
            [(str(row.number), f"{row.number}: {row.title}") for row in others],
        )

    def keeps(self, row: MeasureChange) -> bool:
        """Whether a measure is shown."""
        fate, term = self.chosen("fate"), self.chosen("q").strip().casefold()
        fits = fate == "all" or (row.fate == fate if fate else row.fate in DEVIATIONS)
        return fits and (not term or term in f"{row.number} {row.title}".casefold())


@require_safe
def version_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The versions of a plan, the latest first."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    rows = plan.versions.select_related("created_by").defer("content").order_by("-number")
    return render(
        request,
        "measures/version_list.html",
        {
            "plan": plan,
            "page_obj": page_of(request, rows),
            "may_plan": bool(can(request.user, Perm.PLAN_TERRITORY, plan.territory)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def version_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Fix the plan as it stands."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, plan.territory)
    assert isinstance(request.user, User)
    initial = {"as_of": timezone.localdate()}
    form = VersionForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            version = plan_version_create(plan, user=request.user, **form.cleaned_data)
        except DomainError as error:
            form.add_error("as_of" if error.code == "as_of_in_future" else None, str(error.message))
        else:
            messages.success(request, _("Version %(number)s has been fixed.") % {"number": version.number})
            return redirect("measures:version-detail", version.pk)
    context = {"plan": plan, "form": form}
    return render(
        request, "measures/version_form.html", context, status=422 if request.method == "POST" else 200
    )


@dataclasses.dataclass(frozen=True)
class _Line:
    """A row of the export: a measure with one of its changes, or without any."""

    row: MeasureChange
    change: FieldChange | None


@require_safe
def version_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What was decided and what is now, measure by measure and entry by entry."""
    versions = PlanVersion.objects.select_related("plan__territory", "created_by")
    version = get_object_or_404(versions, pk=pk, plan__in=plans_seen_by(request.user).values("pk"))
    form = ComparisonForm(request.GET, version=version)
    other_number = key_or_none(form.chosen("other"))
    other = version.plan.versions.filter(number=other_number).first() if other_number else None
    rows = compare(version, other)
    shown = [row for row in rows if form.keeps(row)]
    wanted = export_format(request)
    if wanted is not None:
        return _export(version, other, shown, wanted)
    counts = Counter(row.fate for row in rows)
    seen = measures_seen_by(request.user).filter(plan=version.plan)
    return render(
        request,
        "measures/version_detail.html",
        {
            "plan": version.plan,
            "version": version,
            "other": other,
            "form": form,
            "page_obj": page_of(request, shown),
            "is_filtered": any(request.GET.get(name) for name in ("q", "fate")),
            "tiles": [(counts[fate], label, kind, fate.value) for fate, (kind, label) in FATES.items()],
            "linked": set(seen.values_list("pk", flat=True)),
            "links": export_links(request),
            "is_intact": is_intact(version),
        },
    )


def _export(
    version: PlanVersion, other: PlanVersion | None, rows: list[MeasureChange], wanted: Any
) -> HttpResponseBase:
    now = other.title if other else _("Now (%(day)s)") % {"day": date_de(timezone.localdate())}
    changed = [_Line(row, change) for row in rows for change in row.changes]
    lines = changed + [_Line(row, None) for row in rows if not row.changes]
    columns = [
        Column(_("Number"), "row.number"),
        Column(_("Measure"), "row.title"),
        Column(_("What became of it"), "row.badge.text"),
        Column(_("Kind of change"), "change.kind"),
        Column(_("Entry"), "change.label"),
        Column(version.title, lambda line: "\n".join(line.change.before) if line.change else ""),
        Column(now, lambda line: "\n".join(line.change.after) if line.change else ""),
    ]
    name = _("Plan version %(number)s") % {"number": version.number}
    source = [
        f"{version.plan.title}, {version.title}, {date_de(version.as_of)}",
        f"SHA-256: {version.sha256}",
    ]
    return table_response(name, columns, lines, wanted, source)
