"""The sheet of all key figures of a plan."""

from __future__ import annotations

import dataclasses
import datetime
from fractions import Fraction
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.charts import Mark, small_figure_chart
from measures.forms.filters import SheetFilterForm
from measures.models import FigureKind
from measures.selectors.figures import FigureLine, actual_text, number_of
from measures.selectors.portfolio import fields_of, measures_seen_by, parties_of
from measures.selectors.sheet import SheetFilter, SheetRow, sheet_figures, sheet_rows
from measures.selectors.standings import with_states
from measures.views.plan_pages import plan_or_404
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import NO_VALUE, date_de
from project.common.listing import page_of
from project.common.svg import to_svg

#: Key figures of a page.
PAGE_SIZE: Final = 25


@dataclasses.dataclass(frozen=True)
class SheetCard:
    """A line of the sheet, as the page shows it."""

    row: SheetRow
    latest: str
    latest_on: datetime.date | None
    expected: str
    target: str
    target_on: datetime.date | None
    chart: SafeString


@require_safe
def figure_sheet(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All key figures of a plan with their paths."""
    plan = plan_or_404(request, pk)
    today = timezone.localdate()
    seen = measures_seen_by(request.user).filter(plan=plan)
    form = SheetFilterForm(request.GET, fields_of_action=fields_of(plan), organisations=parties_of(seen))
    wanted = form.wanted()
    figures = sheet_figures(with_states(seen, today), wanted)
    fmt = export_format(request)
    if fmt is not None:
        name = _("Key figures %(plan)s") % {"plan": plan.title}
        source = [
            f"{plan.title}, {plan.territory.name}",
            _("As of %(day)s") % {"day": date_de(today)},
        ]
        return table_response(name, _columns(today), sheet_rows(figures), fmt, source)
    page_obj = page_of(request, figures, PAGE_SIZE)
    rows = sheet_rows(page_obj.object_list)
    return render(
        request,
        "measures/figure_sheet.html",
        {
            "plan": plan,
            "form": form,
            "is_filtered": wanted != SheetFilter(),
            "page_obj": page_obj,
            "cards": [_card(row, today) for row in rows],
            "has_followed": any(row.line.follows_indicator for row in rows),
            "has_secret": any(actual.is_secret for row in rows for actual in row.line.actuals),
            "links": export_links(request),
            "query": "",
            "today": today,
        },
    )


def _card(row: SheetRow, today: datetime.date) -> SheetCard:
    line = row.line
    target = line.next_target(today)
    return SheetCard(
        row=row,
        latest=actual_text(line.latest, line.figure),
        latest_on=line.latest.day if line.latest else None,
        expected=number_of(line.expected, line.figure),
        target=number_of(target.value, line.figure) if target else NO_VALUE,
        target_on=target.due_on if target else None,
        chart=to_svg(small_figure_chart(_path(line), _actuals(line), today)),
    )


def _path(line: FigureLine) -> list[Mark]:
    return [Mark(point.day, float(point.value)) for point in line.path.points]


def _actuals(line: FigureLine) -> list[Mark]:
    return [Mark(row.day, float(row.value)) for row in line.actuals if row.value is not None]


def _columns(today: datetime.date) -> list[Column]:
    def target(row: SheetRow) -> Any:
        return row.line.next_target(today)

    def cell(row: SheetRow, value: Any) -> Any:
        """A number as a number, a judgement in its words."""
        if value is None:
            return None
        figure = row.line.figure
        return number_of(value, figure) if figure.kind == FigureKind.QUALITY else value

    def latest(row: SheetRow) -> Any:
        found = row.line.latest
        if found is None:
            return None
        return actual_text(found, row.line.figure) if found.is_secret else cell(row, found.value)

    def expected(row: SheetRow) -> Any:
        found = cell(row, row.line.expected)
        return float(found) if isinstance(found, Fraction) else found

    def unit(row: SheetRow) -> str:
        figure = row.line.figure
        return figure.get_kind_display() if figure.kind == FigureKind.QUALITY else figure.unit.symbol

    return [
        Column(_("No."), "measure.number"),
        Column(_("Measure"), "measure.title"),
        Column(_("Key figure"), "line.figure.title"),
        Column(_("Unit"), unit),
        Column(_("Level"), lambda row: row.line.figure.get_level_display()),
        Column(_("Direction"), lambda row: row.line.figure.get_direction_display()),
        Column(_("Responsible"), "measure.responsible.name"),
        Column(_("Baseline"), lambda row: cell(row, row.line.figure.baseline), Kind.NUMBER),
        Column(_("Day of the baseline"), "line.figure.baseline_on", Kind.DATE),
        Column(_("Latest figure"), latest, Kind.NUMBER),
        Column(_("Figures as of"), lambda row: row.line.latest.day if row.line.latest else None, Kind.DATE),
        Column(_("Expected by then"), expected, Kind.NUMBER, 2),
        Column(
            _("Next target"),
            lambda row: cell(row, found.value) if (found := target(row)) else None,
            Kind.NUMBER,
        ),
        Column(_("Target by"), lambda row: found.due_on if (found := target(row)) else None, Kind.DATE),
        Column(_("Traffic light"), "line.badge.text"),
        Column(_("Progress (%)"), "progress_percent", Kind.NUMBER, 0),
        Column(_("Definition"), "line.figure.definition"),
        Column(_("Source"), "line.figure.source"),
    ]
