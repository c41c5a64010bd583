"""Page of a measure."""

from __future__ import annotations

import dataclasses

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.figure_charts import figure_drawing
from measures.models import KeyFigure
from measures.selectors.figures import (
    Actual,
    FigureLine,
    actual_text,
    baseline_text,
    number_of,
)
from measures.selectors.plan_part import plan_part
from measures.selectors.portfolio import measure_lines, measures_seen_by, plans_seen_by
from measures.selectors.projects import projects_seen_by
from measures.selectors.reports import reports_on, state_badge
from measures.services.raw_figures import figures_told
from measures.status import Light
from monitoring.models import Area
from project.common.formats import Badge
from project.common.svg import to_svg
from stakeholders.permissions import Perm, can, visible


@dataclasses.dataclass(frozen=True)
class FigureRow:
    """A line of the table beside the chart: a target, or what was reached."""

    day: object
    text: str
    actual: str
    comment: str


@dataclasses.dataclass(frozen=True)
class FigureCard:
    """A key figure with its chart and the numbers behind it."""

    line: FigureLine
    badge: Badge
    chart: SafeString
    baseline: str
    target: str
    target_on: object
    latest: str
    latest_on: object
    expected: str
    is_missing: bool
    has_secret: bool
    progress: int | None
    rows: list[FigureRow]


def figure_card(line: FigureLine) -> FigureCard:
    """A key figure as its page shows it; take it from ``figures_told``, which knows who sees small counts."""
    today = timezone.localdate()
    figure = line.figure
    drawing = figure_drawing(line, today)
    target = line.next_target(today)
    latest = line.latest
    return FigureCard(
        line=line,
        badge=line.badge,
        # It begins at the baseline, and so does the path.
        chart=to_svg(drawing) if drawing is not None and not line.hides_baseline else SafeString(""),
        baseline=baseline_text(line),
        target=number_of(target.value, figure) if target else "",
        target_on=target.due_on if target else None,
        latest=actual_text(latest, figure),
        latest_on=latest.day if latest else None,
        expected=number_of(line.expected, figure)
        if line.light is not Light.NO_DATA and not line.hides_baseline
        else "",
        is_missing=latest is not None and latest.value is None and not latest.is_secret,
        has_secret=line.hides_baseline or any(row.is_secret for row in line.actuals),
        progress=line.progress,
        rows=_rows(line),
    )


def _rows(line: FigureLine) -> list[FigureRow]:
    """Baseline, targets and actuals by day; a day that has both is one row."""
    figure = line.figure
    targets = {row.due_on: row for row in line.targets}
    actuals: dict[object, Actual] = {row.day: row for row in line.actuals}
    rows = []
    for day in sorted({figure.baseline_on, *targets, *(row.day for row in line.actuals)}):
        actual = actuals.get(day)
        if day in targets:
            text = number_of(targets[day].value, figure)
            text += f": {targets[day].wording}" if targets[day].wording else ""
        else:
            text = baseline_text(line) if day == figure.baseline_on else ""
        rows.append(
            FigureRow(
                day=day,
                text=text,
                actual=actual_text(actual, figure) if actual else "",
                comment=_comment_of(actual, figure),
            )
        )
    return rows


def _comment_of(actual: Actual | None, figure: KeyFigure) -> str:
    """What was said on a figure, and what it corrects."""
    if actual is None:
        return ""
    if actual.before is None:
        return actual.comment
    corrected = _("Corrected; before: %(value)s.") % {"value": actual_text(actual.before, figure)}
    return f"{corrected} {actual.comment}".strip()


@require_safe
def measure_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One measure with everything that belongs to it."""
    user = request.user
    measure = get_object_or_404(measures_seen_by(user), pk=pk)
    line = measure_lines([measure], timezone.localdate())[0]
    figures = figures_told(line.figures, user=user, measure=measure)
    projects = projects_seen_by(user).filter(Q(measure=measure) | Q(further_measures=measure)).distinct()
    areas = list(measure.areas.order_by("name"))
    linked = set(
        visible(user, Perm.VIEW_AREA, Area.objects.filter(pk__in=[area.pk for area in areas])).values_list(
            "pk", flat=True
        )
    )
    sees_plan = plans_seen_by(user).filter(pk=measure.plan_id).exists()
    return render(
        request,
        "measures/measure_detail.html",
        {
            "measure": measure,
            "plan_part": plan_part(user, measure, sees_plan=sees_plan),
            "line": line,
            "cards": [figure_card(row) for row in figures],
            "partners": measure.partners.select_related("organisation"),
            "areas": [(area, area.pk in linked) for area in areas],
            "projects": projects,
            "reports": [(report, state_badge(report.state)) for report in reports_on(user, measure)],
            "sees_plan": sees_plan,
            "may_edit": bool(can(user, Perm.EDIT_MEASURE, measure)),
            "is_over": measure.ended_on is not None,
        },
    )
