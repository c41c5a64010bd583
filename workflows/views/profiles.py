"""Pages of area profiles: the list of a cycle, one profile, writing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from monitoring.charts import Series, sparkline
from monitoring.deviations import chart_words
from monitoring.models import Indicator
from monitoring.profiles import profile_drafts
from monitoring.selectors.areas import BorderChange, border_changes, broken_years
from monitoring.selectors.runs import RunCell, need_of, run_table, runs_seen_by
from monitoring.words import shown_text
from project.common.errors import DomainError
from project.common.exports import Column, Kind, export_format, export_links, pdf_response, table_response
from project.common.formats import language_of_papers
from project.common.listing import order_of, page_of, term_of
from project.common.svg import to_svg
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in
from workflows.forms.analysis import ProfileForm
from workflows.models import AreaProfile, PlanningCycle
from workflows.reports import booklet as booklet_report
from workflows.reports import profile as profile_report
from workflows.selectors.analysis import (
    area_measures,
    area_series,
    profile_map,
    profiles_seen_by,
    with_results,
)
from workflows.selectors.conference import StatementFilter, statements_seen_by
from workflows.selectors.recommendations import RecommendationFilter, recommendations_of
from workflows.selectors.requests import gone_without
from workflows.selectors.urgency import followed, in_force, index_says, urgency_proposals, with_urgencies
from workflows.services.analysis import profile_save
from workflows.services.urgency import bodies_at_work, bodies_spoken_for
from workflows.views.access import visible_cycle_or_drafts

_ORDERS = {"rank": ("rank_or_last", "area__name"), "name": ("area__name",)}
#: Areas without a rank come last.
_LAST = Value(1_000_000)
#: So many of the strongest deviations stand on the page at once.
_STRONGEST = 9


@dataclass(frozen=True)
class DeviationRow:
    """An indicator of the run in the area."""

    indicator: Indicator
    year: int | None
    text: str
    cell: RunCell
    trend: SafeString


@require_safe
def profile_list(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Areas chosen in a cycle."""
    cycle = visible_cycle_or_drafts(request, pk)
    rows = with_results(profiles_seen_by(request.user).filter(cycle=cycle))
    text = term_of(request)
    if text:
        rows = rows.filter(area__name__icontains=text)
    order = order_of(request, _ORDERS, "rank")
    rows = rows.annotate(rank_or_last=Coalesce("rank", _LAST)).order_by(*order.by)
    rows = rows.prefetch_related(with_urgencies(cycle))
    fmt = export_format(request)
    if fmt is not None:
        return _export(cycle, rows, fmt)
    return render(
        request,
        "workflows/profile_list.html",
        {
            "cycle": cycle,
            **_need(request, cycle),
            "page_obj": page_of(request, rows),
            "order": order,
            "search": text,
            "export_links": export_links(request),
        },
    )


def _need(request: HttpRequest, cycle: PlanningCycle) -> dict[str, Any]:
    """Where need is greatest and how sure that is; for who sees the run, as it names other areas too."""
    run = runs_seen_by(request.user).filter(cycles=cycle).first()
    if run is None:
        return {}
    return {"need": need_of(run), "sure_url": reverse("monitoring:run-detail", args=[run.pk])}


def _said(profile: AreaProfile) -> str:
    """What each body said of the urgency last, a line each; nothing if none did."""
    rows = in_force(profile.area.urgencies)  # type: ignore[attr-defined]
    return "\n".join(f"{row.body.name}: {row.get_level_display()} ({row.reason})" for row in rows)


def _export(cycle: PlanningCycle, rows: Any, fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Rank"), "rank", Kind.NUMBER, places=0),
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Stands out"), "stands_out"),
        Column(_("By the index"), index_says),
        Column(_("Urgency as bodies see it"), _said),
        Column(_("Why this area"), "choice_reason"),
        Column(_("Statements"), "statement_count", Kind.NUMBER, places=0),
        Column(_("Released"), "released_at", Kind.DATE),
    ]
    title = _("Areas %(cycle)s") % {"cycle": cycle.title}
    return table_response(title, columns, rows, fmt, [f"{cycle.territory}, {cycle.title}"])


def _profile(request: HttpRequest, pk: int) -> AreaProfile:
    rows = with_results(profiles_seen_by(request.user)).select_related(
        "area__parent", "cycle__index_run", "cycle__planning_unit"
    )
    return get_object_or_404(rows.defer("area__parent__geometry"), pk=pk)


def _deviations(profile: AreaProfile, changes: Sequence[BorderChange]) -> list[DeviationRow]:
    """Indicators of the run, most need first; those without a deviation last. Queries: 4."""
    run = profile.cycle.index_run
    if run is None:
        return []
    table = run_table(run)
    breaks = broken_years(changes)
    series = area_series(profile.area, [row.indicator for row in table.columns], year=run.year)
    rows = []
    for column in table.columns:
        cell = table.cell(profile.area_id, column.indicator_id)
        text = (
            ""
            if cell.shown.value is None and not cell.shown.sign
            else shown_text(cell.shown, column.indicator.unit)
        )
        found = series.get(column.indicator_id)
        trend = SafeString("")
        if found is not None and sum(value is not None for _year, value in found.values) > 1:
            trend = to_svg(sparkline(Series(column.indicator.name, found.values, breaks)))
        year = cell.year or table.years.get(column.indicator_id)
        rows.append(DeviationRow(column.indicator, year, text, cell, trend))
    rows.sort(key=lambda row: (row.cell.z is None, -(row.cell.z or 0.0)))
    return rows


def _strongest(rows: Sequence[DeviationRow]) -> list[DeviationRow]:
    """The strongest deviations in either direction, most need first."""
    known = [row for row in rows if row.cell.z is not None]
    chosen = sorted(known, key=lambda row: -abs(row.cell.z or 0.0))[:_STRONGEST]
    return [row for row in known if row in chosen]


def _map(profile: AreaProfile) -> dict[str, str]:
    """Map and legend for the template; nothing without boundaries or an index."""
    run = profile.cycle.index_run
    found = None if run is None else profile_map(run, profile.area, place=str(profile.cycle.territory))
    if found is None:
        return {}
    return {
        "map_svg": to_svg(found.drawing),
        "legend_svg": to_svg(found.legend),
        "legend_words": found.legend.title,
    }


@require_safe
def profile_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The profile (Steckbrief) of an area."""
    profile = _profile(request, pk)
    cycle, run = profile.cycle, profile.cycle.index_run
    changes = border_changes(profile.area)
    rows = _deviations(profile, changes)
    strongest = _strongest(rows)
    area_filter = RecommendationFilter(area_pk=profile.area_id)
    said = urgency_proposals(cycle, [profile.area]).get(profile.area_id, [])
    speaks = profile.released_at is not None and bool(
        set(bodies_at_work(cycle)) & set(bodies_spoken_for(request.user, cycle))
    )
    return render(
        request,
        "workflows/profile_detail.html",
        {
            "profile": profile,
            "area": profile.area,
            "cycle": cycle,
            "run": run,
            "result": run.results.filter(area=profile.area_id).first() if run else None,
            "ranked_count": run.results.filter(rank__isnull=False).count() if run else 0,
            "urgencies": in_force(said),
            "earlier_urgencies": followed(said),
            "can_propose": speaks,
            **_map(profile),
            "changes": changes,
            "chart_words": chart_words(row.cell.z for row in strongest),
            "strongest": strongest,
            "rows": rows,
            "filled": any(row.cell.filled for row in rows),
            "has_more": len(rows) > len(strongest),
            "statements": statements_seen_by(request.user, cycle, StatementFilter(area_pk=profile.area_id)),
            "recommendations": recommendations_of(request.user, cycle, area_filter).order_by("number"),
            "measures": area_measures(request.user, profile.area),
            "sources": sorted({row.indicator.source for row in rows}),
            "gone_without": gone_without(cycle),
            "sees_run": run is not None and bool(can(request.user, Perm.VIEW_TERRITORY, cycle.territory)),
            "sees_why": bool(can(request.user, Perm.VIEW_AREA, profile.area)),
            "can_edit": profile.released_at is None and bool(can(request.user, Perm.EDIT_PROFILE, profile)),
        },
    )


@require_safe
def profile_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The profile as a paper; who sees the page may have it."""
    profile = _profile(request, pk)
    data = profile_report.collect(request.user, profile.cycle, [profile])
    content = profile_report.render(data[0], language=language_of_papers())
    return pdf_response(profile_report.file_name(profile.area, profile.cycle), content)


@require_safe
def profile_booklet(request: HttpRequest, pk: int) -> HttpResponse:
    """All profiles of a cycle that the person may see, by rank, as a booklet."""
    cycle = visible_cycle_or_drafts(request, pk)
    rows = with_results(profiles_seen_by(request.user).filter(cycle=cycle)).select_related(
        "area__parent", "cycle__planning_unit"
    )
    rows = rows.defer("area__geometry", "area__parent__geometry")
    rows = rows.annotate(rank_or_last=Coalesce("rank", _LAST)).order_by("rank_or_last", "area__name")
    data = profile_report.collect(request.user, cycle, rows)
    if not data:
        raise Http404
    content = booklet_report.render(data, language=language_of_papers())
    return pdf_response(booklet_report.file_name(cycle), content)


@require_http_methods(["GET", "HEAD", "POST"])
def profile_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a profile beside its figures."""
    profile = _profile(request, pk)
    require(request.user, Perm.EDIT_PROFILE, profile)
    form = ProfileForm(request.POST or None, instance=profile)
    stored: AreaProfile | None = None
    if request.method == "POST" and form.is_valid():
        row = AreaProfile.objects.get(pk=profile.pk)
        row.edited_at = form.cleaned_data.pop("seen")
        try:
            profile_save(row, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
            if error.code == "saved_meanwhile":
                stored = AreaProfile.objects.get(pk=profile.pk)
                form.rebase(stored)
        else:
            messages.success(request, _("The profile of %(area)s is saved.") % {"area": profile.area.name})
            return redirect(_next_url(profile))
    run = profile.cycle.index_run
    rows = _deviations(profile, border_changes(profile.area))
    return render(
        request,
        "workflows/profile_edit.html",
        {
            "form": form,
            "profile": profile,
            "stored": stored,
            "area": profile.area,
            "cycle": profile.cycle,
            **_map(profile),
            "chart_words": chart_words(row.cell.z for row in rows),
            "rows": rows,
            "draft": profile_drafts(run, [profile.area])[profile.area_id] if run is not None else None,
        },
        status=422 if request.method == "POST" else 200,
    )


def _next_url(profile: AreaProfile) -> str:
    """The next profile nobody has looked through, else the list."""
    following = (
        AreaProfile.objects.filter(cycle=profile.cycle, edited_at__isnull=True)
        .exclude(pk=profile.pk)
        .order_by("area__name")
        .first()
    )
    if following is not None:
        return reverse("workflows:profile-edit", args=[following.pk])
    return reverse("workflows:profile-list", args=[profile.cycle_id])
