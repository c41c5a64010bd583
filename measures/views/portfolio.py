"""The measures of a plan: tiles, list, timeline."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.charts import Phase, SpanLook, axis_over, span_swatch, timeline_row
from measures.forms.filters import MeasureFilterForm, OwnFilterForm
from measures.models import ActionPlan, FieldOfAction
from measures.selectors.figures import FigureLine
from measures.selectors.portfolio import (
    SORTS,
    MeasureLine,
    Portfolio,
    areas_of,
    fields_of,
    filtered,
    measure_lines,
    measures_seen_by,
    own_measures,
    parties_of,
    plan_cards,
    plans_seen_by,
    portfolio,
    sorted_lines,
    stage_two_planned_on,
)
from measures.selectors.reports import OVERDUE
from measures.status import STATE_KINDS, STATE_LABELS, PortfolioState
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import order_of, page_of
from project.common.svg import to_svg

#: Filters that can stand in the address.
_FILTERS = ("q", "state", "field", "stage", "organisation", "area", "status")
#: States that get a tile even if no measure is in them.
_ALWAYS = (
    PortfolioState.ON_PATH,
    PortfolioState.AT_RISK,
    PortfolioState.DELAYED,
    PortfolioState.PREPARING,
    PortfolioState.COMPLETED,
)


@dataclasses.dataclass(frozen=True)
class Tile:
    """A number that leads to its list."""

    number: int
    label: str
    kind: str
    url: str


def measure_columns() -> list[Column]:
    """Columns of exported measures."""
    return [
        Column(_("Number"), "measure.number"),
        Column(_("Measure"), "measure.title"),
        Column(_("State"), lambda line: line.badge.text),
        Column(_("Field of action"), lambda line: str(line.measure.field)),
        Column(_("Planning stage"), "measure.stage", Kind.NUMBER, 0),
        Column(_("Responsible"), "measure.responsible.name"),
        Column(_("Planned start"), "measure.starts_on", Kind.DATE),
        Column(_("Planned end"), "measure.ends_on", Kind.DATE),
        Column(_("Actual start"), "measure.started_on", Kind.DATE),
        Column(_("Actual end"), "measure.ended_on", Kind.DATE),
        Column(_("Agreement and course"), lambda line: line.measure.get_status_display()),
        Column(_("Target group"), "measure.target_group"),
        Column(_("Key figures"), lambda line: _figures_in_words(line.figures)),
        Column(_("Figures as of"), "as_of", Kind.DATE),
    ]


def _figures_in_words(figures: tuple[FigureLine, ...]) -> str:
    return "; ".join(f"{row.figure.title}: {row.badge.text}" for row in figures)


@require_safe
def plan_list(request: HttpRequest) -> HttpResponseBase:
    """Action plans with their numbers, and the measures in which the person's organisations take part."""
    today = timezone.localdate()
    order = order_of(request, SORTS, "number")
    form = OwnFilterForm(request.GET)
    chosen = form.wanted()
    lines = measure_lines(filtered(own_measures(request.user, today), chosen), today)
    if chosen.state:
        lines = [line for line in lines if line.state == chosen.state]
    lines = sorted_lines(lines, order.key, is_falling=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        columns = [Column(_("Action plan"), "measure.plan.title"), *measure_columns()]
        source = _("As of %(day)s") % {"day": date_de(today)}
        return table_response(_("My organisation's measures"), columns, lines, wanted, [source])
    return render(
        request,
        "measures/plan_list.html",
        {
            "plans": [(card, _tiles(card.plan, card.counts)) for card in plan_cards(request.user, today)],
            "form": form,
            "order": order,
            "page_obj": page_of(request, lines),
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state")),
        },
    )


def _tiles(plan: ActionPlan, counts: Any) -> list[Tile]:
    address = reverse("measures:plan-detail", args=[plan.pk])
    return [
        Tile(counts[state], str(STATE_LABELS[state]), STATE_KINDS[state], f"{address}?state={state.value}")
        for state in PortfolioState
        if state in _ALWAYS or counts[state]
    ]


def _all_tiles(found: Portfolio) -> list[Tile]:
    tiles = _tiles(found.plan, found.counts)
    address = reverse("measures:report-list", args=[found.plan.pk])
    count = found.overdue_report_count
    label = _("reports overdue")
    return [*tiles, Tile(count, label, "danger" if count else "success", f"{address}?state={OVERDUE}")]


def _gather(request: HttpRequest, pk: int) -> tuple[Portfolio, MeasureFilterForm]:
    """The plan's measures that fit the address; 404 for a plan the person may not see."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    measures = measures_seen_by(request.user).filter(plan=plan)
    form = MeasureFilterForm(
        request.GET,
        fields_of_action=fields_of(plan),
        organisations=parties_of(measures),
        areas=areas_of(measures),
    )
    return portfolio(request.user, plan, form.wanted(), today=timezone.localdate()), form


def _context(request: HttpRequest, found: Portfolio, form: MeasureFilterForm) -> dict[str, Any]:
    query = request.GET.copy()
    for name in ("page", "sort", "export"):
        query.pop(name, None)
    return {
        "plan": found.plan,
        "form": form,
        "found": found,
        "tiles": _all_tiles(found),
        "is_filtered": any(request.GET.get(name) for name in _FILTERS),
        "query": f"?{query.urlencode()}" if query else "",
    }


@require_safe
def plan_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The portfolio: tiles and the list of measures."""
    found, form = _gather(request, pk)
    order = order_of(request, SORTS, "number")
    lines = sorted_lines(found.lines, order.key, is_falling=order.is_falling)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(
            found.plan.title, measure_columns(), lines, wanted, _source_lines(found, len(lines))
        )
    context = _context(request, found, form)
    return render(
        request,
        "measures/plan_detail.html",
        {**context, "order": order, "page_obj": page_of(request, lines), "links": export_links(request)},
    )


def _source_lines(found: Portfolio, count: int) -> list[str]:
    day = date_de(timezone.localdate())
    return [
        f"{found.plan.title}, {found.plan.territory.name}",
        _("%(count)s of %(total)s measures, as of %(day)s")
        % {"count": count, "total": found.total, "day": day},
        _("State: confirmed key figures against the straight path from baseline to the next target."),
    ]


@dataclasses.dataclass(frozen=True)
class TimelineRow:
    """A measure in the timeline."""

    line: MeasureLine
    drawing: SafeString


@dataclasses.dataclass(frozen=True)
class TimelineGroup:
    """The measures of a field of action."""

    field: FieldOfAction
    rows: list[TimelineRow]


@require_safe
def plan_timeline(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The measures of a plan as bars over the years."""
    found, form = _gather(request, pk)
    today = timezone.localdate()
    lines = sorted_lines(found.lines, "number", is_falling=False)
    wanted = export_format(request)
    if wanted is not None:
        return table_response(
            found.plan.title, measure_columns(), lines, wanted, _source_lines(found, len(lines))
        )
    plan = found.plan
    stage_two_on = plan.stage_two_opened_on or stage_two_planned_on(plan)
    ends = [day for line in lines for day in (line.first_day, line.last_day)]
    axis = axis_over([*ends, plan.ends_on, *([] if ends else [today])])
    groups: list[TimelineGroup] = []
    for line in lines:
        drawing = timeline_row(
            axis,
            starts_on=line.first_day,
            ends_on=line.last_day,
            look=_look(line),
            today=today,
            stage_two_on=stage_two_on,
        )
        if not groups or groups[-1].field.pk != line.measure.field_id:
            groups.append(TimelineGroup(line.measure.field, []))
        groups[-1].rows.append(TimelineRow(line, to_svg(drawing)))
    context = _context(request, found, form)
    return render(
        request,
        "measures/plan_timeline.html",
        {
            **context,
            "groups": groups,
            "axis": axis,
            "today": today,
            "is_today_shown": axis.holds(today),
            "stage_two_on": stage_two_on if stage_two_on and axis.holds(stage_two_on) else None,
            "legend": _legend(lines),
            "links": export_links(request),
        },
    )


def _look(line: MeasureLine) -> SpanLook:
    if line.state in {PortfolioState.COMPLETED, PortfolioState.ENDED_EARLY}:
        return SpanLook(line.badge.kind, Phase.OVER)
    return SpanLook(line.badge.kind, Phase.RUNNING if line.measure.started_on else Phase.AHEAD)


def _legend(lines: Sequence[MeasureLine]) -> list[tuple[SafeString, str]]:
    """Every look of the bars that are drawn, with its words, in the order of the tiles."""
    order = list(STATE_LABELS)
    found: dict[tuple[SpanLook, str], None] = {}
    for line in sorted(lines, key=lambda line: order.index(line.state)):
        text = line.badge.text
        if line.state is PortfolioState.DELAYED and line.measure.started_on is None:
            text = _("%(state)s, not begun") % {"state": text}
        found[_look(line), text] = None
    return [(to_svg(span_swatch(look)), text) for look, text in found]
