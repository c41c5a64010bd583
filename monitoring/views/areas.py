"""The page of an area: all its figures with trend and deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.charts import MapArea, Series, choropleth, sparkline
from monitoring.models import Area, Delivery, IndexRun, Indicator
from monitoring.secrecy import Shown
from monitoring.selectors.areas import area_shapes, border_changes, broken_years, planning_areas
from monitoring.selectors.figures import (
    Figures,
    deviation,
    figures_in_force,
    latest_years,
    used_indicators,
)
from monitoring.selectors.runs import drivers_of, filled_of, runs_seen_by, used_runs
from monitoring.selectors.versions import comments_in_force
from monitoring.words import exported_value, shown_text, why_hidden
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.palette import shade_css
from project.common.svg import to_svg
from stakeholders.permissions import Perm, visible

#: Years of inhabitants the page shows, latest first.
_POPULATIONS = 10


@dataclass(frozen=True)
class FigureRow:
    """An indicator of the area."""

    indicator: Indicator
    year: int
    shown: Shown
    text: str
    mean_text: str
    deviation: float | None
    trend: SafeString
    series: Sequence[tuple[int, str]]
    delivery_pk: int | None
    comment: str = ""

    @property
    def why_hidden(self) -> str:
        return why_hidden(self.shown, self.indicator.unit)


@require_safe
def area_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """All indicators of an area: latest value or sign, trend, deviation from the mean."""
    areas = Area.objects.select_related("territory", "parent").defer("geometry", "parent__geometry")
    area = get_object_or_404(visible(request.user, Perm.VIEW_AREA, areas), pk=pk)
    neighbours = _neighbours(area)
    changes = border_changes(area)
    rows = _rows(area, neighbours, broken_years(changes))
    fmt = export_format(request)
    if fmt is not None:
        return _export(area, rows, fmt)
    run = _run(request, area)
    groups: dict[str, list[FigureRow]] = {}
    for row in rows:
        groups.setdefault(row.indicator.domain.name, []).append(row)
    return render(
        request,
        "monitoring/area_detail.html",
        {
            "area": area,
            "changes": changes,
            "populations": list(area.populations.order_by("-year")[:_POPULATIONS]),
            "groups": groups.items(),
            # Where a figure comes from: for planning and the house that delivered it.
            "seen_deliveries": set(
                visible(
                    request.user,
                    Perm.VIEW_DELIVERY,
                    Delivery.objects.filter(pk__in={row.delivery_pk for row in rows}),
                ).values_list("pk", flat=True)
            ),
            "sources": sorted({row.indicator.source for row in rows if row.indicator.source}),
            "run": run,
            "drivers": drivers_of(run, [area]).get(area.pk, []) if run is not None else [],
            "filled": filled_of(run, [area]).get(area.pk, "") if run is not None else "",
            "result": run.results.filter(area=area).first() if run is not None else None,
            "ranked_count": run.results.filter(rank__isnull=False).count() if run is not None else 0,
            "map_svg": _map(area, neighbours),
            "export_links": export_links(request),
        },
    )


def _run(request: HttpRequest, area: Area) -> IndexRun | None:
    """The run asked for, if the person may see it; else the latest one a cycle works with."""
    wanted = key_or_none(request.GET.get("run"))
    if wanted is not None:
        found = runs_seen_by(request.user).filter(territory=area.territory, pk=wanted).first()
        if found is not None:
            return found
    return used_runs(area.territory).first()


def _neighbours(area: Area) -> list[Area]:
    """Areas the area is compared with: those of its own level."""
    found = list(planning_areas(area.territory))
    if any(row.pk == area.pk for row in found):
        return found
    same = Area.objects.filter(territory=area.territory, kind=area.kind).defer("geometry")
    return list(same.order_by("name", "pk"))


def _rows(area: Area, neighbours: Sequence[Area], breaks: frozenset[int]) -> list[FigureRow]:
    """Rows by domain. Queries: 8, whatever the number of areas and indicators."""
    indicators = list(used_indicators(area.territory))
    last = latest_years(area.territory)
    lines = figures_in_force(neighbours, indicators, years=set(last.values()))
    series = figures_in_force([area], indicators, has_means=False)
    comments = comments_in_force(area, indicators)
    rows = []
    for indicator in indicators:
        points = [(year, series.of(indicator, area, year)) for year in series.years(indicator)]
        known = [(year, shown) for year, shown in points if shown.value is not None or shown.sign]
        if not known:
            continue
        year, shown = known[-1]
        rows.append(
            FigureRow(
                indicator=indicator,
                year=year,
                shown=shown,
                text=shown_text(shown, indicator.unit),
                mean_text=_mean_text(lines, indicator, year),
                deviation=deviation(lines, indicator, year, area, neighbours),
                trend=_trend(indicator, points, breaks),
                series=[(point, shown_text(value, indicator.unit)) for point, value in known],
                delivery_pk=series.deliveries.get((indicator.pk, year, area.pk)),
                comment="" if shown.is_secret else comments.get((indicator.pk, year, area.pk), ""),
            )
        )
    return rows


def _mean_text(lines: Figures, indicator: Indicator, year: int) -> str:
    mean = lines.mean(indicator, year)
    return "" if mean is None else shown_text(Shown(mean), indicator.unit)


def _trend(indicator: Indicator, points: Sequence[tuple[int, Shown]], breaks: frozenset[int]) -> SafeString:
    numbers = [(year, shown.value) for year, shown in points]
    if sum(value is not None for _year, value in numbers) < 2:
        return SafeString("")
    return to_svg(sparkline(Series(indicator.name, tuple(numbers), breaks)))


def _map(area: Area, neighbours: Sequence[Area]) -> SafeString:
    shapes = area_shapes(neighbours, width=360, max_height=360)
    if shapes is None:
        return SafeString("")
    drawn = [
        MapArea(key=str(row.pk), text=row.name, css=shade_css(2 if row.pk == area.pk else 1, 3))
        for row in neighbours
    ]
    return to_svg(
        choropleth(
            shapes,
            drawn,
            title=_("Where %(area)s lies in %(territory)s")
            % {"area": area.name, "territory": area.territory},
            description="",
            highlighted=[str(area.pk)],
            uid="place",
        )
    )


def _export(area: Area, rows: Sequence[FigureRow], fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Domain of indicators"), "indicator.domain.name"),
        Column(_("Indicator"), "indicator.name"),
        Column(_("Year"), lambda row: str(row.year)),
        Column(_("Value"), lambda row: exported_value(row.shown, row.indicator.unit), Kind.NUMBER),
        Column(_("Sign"), "shown.sign"),
        Column(_("Unit"), "indicator.unit.symbol"),
        Column(_("Mean of the areas"), "mean_text"),
        Column(_("Deviation in standard deviations"), "deviation", Kind.NUMBER, places=2),
        Column(_("Source"), "indicator.source"),
        Column(_("Remark"), "why_hidden"),
        Column(_("Comment of the supplier"), "comment"),
    ]
    lines = [
        f"{area.territory}, {area.name} ({area.key})",
        *(
            _("The borders changed on %(day)s: figures from before cannot be compared with later ones.")
            % {"day": date_de(change.day)}
            for change in border_changes(area)
        ),
        _("Made on %(day)s. Counts of one or two people, and rates that rest on so few, are not shown.")
        % {"day": date_de(timezone.localdate())},
    ]
    return table_response(area.name, columns, rows, fmt, lines)
