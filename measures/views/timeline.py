"""The timeline of a plan: one picture, the same as a table, and on telephones the table alone."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from itertools import groupby
from typing import Any, Final, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.charts import span_swatch
from measures.gantt import GanttBar, Row, Zoom, delay_swatch, gantt, plan_swatch, stone_swatch
from measures.looks import looks_in_words, span_look, stones_of
from measures.selectors.listing import in_order, listed
from measures.selectors.portfolio import stage_two_planned_on
from measures.selectors.timeline import Grouping, TimelineRow, axis_of, grouped, timeline_rows
from measures.views.listing import export_columns
from measures.views.plan_pages import page_context, plan_page, source_lines
from project.common.exports import export_format, export_links, table_response
from project.common.formats import date_de, period_de
from project.common.listing import page_of
from project.common.svg import Drawing, to_svg

#: Rows of one picture.
PAGE_SIZE: Final = 50
#: Rows of a picture on paper, headings of groups among them: what a sheet in landscape holds, and what the
#: first one holds below the heading of the page.
_SHEET_ROWS: Final = 14
_FIRST_SHEET_ROWS: Final = 11
#: What the sheet leaves beside the names (pixels), whatever the scale on screen.
_SHEET_WIDTH: Final = 590.0
_EnumT = TypeVar("_EnumT", bound=StrEnum)


@dataclasses.dataclass(frozen=True)
class TimelineGroup:
    """Rows under a heading."""

    title: str
    rows: list[TimelineRow]


@require_safe
def plan_timeline(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The measures of a plan over the years."""
    page = plan_page(request, pk)
    plan, today = page.plan, page.today
    wanted = export_format(request)
    if wanted is not None:
        rows = listed(in_order(page.found))
        return table_response(plan.title, export_columns(), rows, wanted, source_lines(page, len(rows)))
    by = _choice(request.GET.get("group"), Grouping.FIELD)
    zoom = _choice(request.GET.get("zoom"), Zoom.PLAN)
    page_obj = page_of(request, grouped(page.found, by), PAGE_SIZE)
    shown = timeline_rows(page_obj.object_list, by, today)
    groups = [TimelineGroup(title, list(rows)) for title, rows in groupby(shown, lambda row: row.group)]
    stage_two_on = plan.stage_two_opened_on or stage_two_planned_on(plan)
    axis = axis_of(plan, page.measures, today)
    draw = partial(
        gantt,
        axis,
        today=today,
        stage_two_on=stage_two_on,
        needs=[(row.measure.pk, needed.pk) for row in shown for needed in row.needs],
        title=_("Measures over the years"),
    )
    return render(
        request,
        "measures/plan_timeline.html",
        {
            **page_context(request, page, found=page_obj.paginator.count),
            "page_obj": page_obj,
            "groups": groups,
            "picture": to_svg(draw(_bars(groups, today), zoom=zoom)),
            # On paper nothing scrolls, and a picture that is cut comes apart from the names beside it.
            "sheets": [
                (sheet, _on_paper(draw, _bars(sheet, today, has_links=False), number))
                for number, sheet in enumerate(_sheets(groups), 1)
            ],
            "zoom": zoom.value,
            "zooms": _zooms(),
            "group_by": by.value,
            "groupings": _groupings(),
            "today": today,
            "is_today_shown": axis.holds(today),
            "stage_two_on": stage_two_on if stage_two_on and axis.holds(stage_two_on) else None,
            "legend": _legend(shown, today),
            "links": export_links(request),
        },
    )


def _choice(value: str | None, default: _EnumT) -> _EnumT:
    try:
        return type(default)(value or default)
    except ValueError:
        return default


def _zooms() -> list[tuple[str, str]]:
    return [
        (Zoom.PLAN.value, _("Whole plan")),
        (Zoom.YEAR.value, _("Years")),
        (Zoom.QUARTER.value, _("Quarters")),
    ]


def _groupings() -> list[tuple[str, str]]:
    return [
        (Grouping.FIELD.value, _("Field of action")),
        (Grouping.ORGANISATION.value, _("Responsible")),
        (Grouping.AREA.value, _("Area")),
    ]


def _on_paper(draw: Callable[..., Drawing], rows: Sequence[Row], number: int) -> SafeString:
    return to_svg(draw(rows, zoom=Zoom.PLAN, width=_SHEET_WIDTH, uid=f"sheet-{number}"))


def _sheets(groups: Sequence[TimelineGroup]) -> list[list[TimelineGroup]]:
    """The groups on sheets of paper; one that goes on has its heading again."""
    sheets: list[list[TimelineGroup]] = [[]]
    room = _FIRST_SHEET_ROWS
    for group in groups:
        rows = group.rows
        while rows:
            if room < 2:  # a heading and a row
                sheets.append([])
                room = _SHEET_ROWS
            sheets[-1].append(TimelineGroup(group.title, rows[: room - 1]))
            rows, room = rows[room - 1 :], room - 1 - len(rows[: room - 1])
    return sheets


def _bars(groups: Sequence[TimelineGroup], today: datetime.date, *, has_links: bool = True) -> list[Row]:
    rows: list[Row] = []
    for group in groups:
        rows += [None, *(_bar(row, today, has_links=has_links) for row in group.rows)]
    return rows


def _bar(row: TimelineRow, today: datetime.date, *, has_links: bool) -> GanttBar:
    measure = row.measure
    return GanttBar(
        key=measure.pk,
        href=reverse("measures:measure-detail", args=[measure.pk]) if has_links else "",
        text=_text(row),
        starts_on=measure.starts_on,
        ends_on=measure.ends_on,
        first_day=row.first_day,
        last_day=row.last_day,
        look=span_look(row),
        delay=row.delay(today),
        stones=stones_of(row.milestones, today),
    )


def _text(row: TimelineRow) -> str:
    """Everything a bar shows, in words."""
    measure = row.measure
    parts = [
        f"{measure.number} {measure.title}: {row.badge.text}",
        period_de(row.first_day, row.last_day),
    ]
    if (row.first_day, row.last_day) != (measure.starts_on, measure.ends_on):
        parts.append(_("planned: %(period)s") % {"period": period_de(measure.starts_on, measure.ends_on)})
    if row.delay_words:
        parts.append(row.delay_words)
    if row.milestones:
        parts.append(
            _("%(reached)s of %(count)s milestones reached")
            % {"reached": row.reached_count, "count": len(row.milestones)}
        )
    parts += [
        _("overdue: %(milestone)s, %(day)s") % {"milestone": stone.title, "day": date_de(stone.due_on)}
        for stone in row.overdue
    ]
    if row.needs:
        parts.append(_("needs %(measures)s first") % {"measures": ", ".join(map(str, row.needs))})
    return ", ".join(parts)


def _legend(rows: Sequence[TimelineRow], today: datetime.date) -> list[tuple[SafeString, str]]:
    """What is drawn, with its words."""
    entries: list[tuple[Any, str]] = [(span_swatch(look), text) for look, text in looks_in_words(rows)]
    entries.append((plan_swatch(), _("as planned")))
    stones = [stone for row in rows for stone in row.milestones]
    if any(row.delay(today) for row in rows):
        entries.append((delay_swatch(), _("beyond the plan")))
    if any(stone.reached_on for stone in stones):
        entries.append((stone_swatch(is_reached=True), _("milestone reached")))
    if any(stone.reached_on is None and stone.due_on >= today for stone in stones):
        entries.append((stone_swatch(is_reached=False), _("milestone ahead")))
    if any(stone.reached_on is None and stone.due_on < today for stone in stones):
        entries.append((stone_swatch(is_reached=False, is_late=True), _("milestone overdue")))
    return [(to_svg(drawing), text) for drawing, text in entries]
