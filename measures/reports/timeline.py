"""The timeline of a plan on paper: a picture a field of action, with what the signs mean."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import groupby

from django.utils.translation import gettext as _

from measures.charts import axis_over
from measures.looks import looks_in_words, span_look, stones_of
from measures.models import ActionPlan
from measures.reports.drawings import Span, span_timeline, timeline_legend
from measures.reports.sheet import SheetData
from project.common.formats import date_de
from project.common.pdf import blocks


def timeline_blocks(
    sheets: Sequence[SheetData],
    *,
    plan: ActionPlan,
    today: datetime.date,
    stage_two_on: datetime.date | None,
) -> list[blocks.Block]:
    """The chapter on time.

    Args:
        sheets: Measures by number; none gives no chapter.
        plan: The plan.
        today: Where the line of today stands.
        stage_two_on: Since when stage 2 is open, or when it is planned.
    """
    if not sheets:
        return []
    title = _("Timeline")
    lines = [row.line for row in sheets]
    axis = axis_over([day for line in lines for day in (line.first_day, line.last_day)] + [plan.ends_on])
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    uprights = []
    if axis.holds(today):
        uprights.append(("pg-span__today", _("today, %(day)s") % {"day": date_de(today)}))
    if stage_two_on is not None and axis.holds(stage_two_on):
        uprights.append(("pg-span__stage", _stage_words(plan, stage_two_on)))
    parts.append(blocks.Figure(timeline_legend(looks_in_words(lines), uprights)))
    for field, rows in groupby(sheets, key=lambda row: row.measure.field):
        drawing = span_timeline(
            _("Timeline: %(plan)s") % {"plan": str(field)},
            axis,
            [_span(row, today) for row in rows],
            today=today,
            stage_two_on=stage_two_on,
        )
        parts += [blocks.Heading(str(field), 2, is_listed=False), blocks.Figure(drawing)]
    return parts


def _stage_words(plan: ActionPlan, day: datetime.date) -> str:
    if plan.stage_two_opened_on is not None:
        return _("stage 2, open since %(day)s") % {"day": date_de(day)}
    return _("stage 2, planned for %(day)s") % {"day": date_de(day)}


def _span(row: SheetData, today: datetime.date) -> Span:
    line, measure = row.line, row.measure
    return Span(
        text=row.name,
        planned=(measure.starts_on, measure.ends_on),
        actual=(line.first_day, max(line.first_day, line.last_day)),
        look=span_look(line),
        delay=line.delay(today),
        stones=stones_of(row.milestones, today),
    )
