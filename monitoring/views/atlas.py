"""The social atlas: one figure of all areas as map and ranking, which act together by links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.charts import LegendEntry, MapArea, choropleth, map_legend
from monitoring.forms import AtlasForm
from monitoring.map_file import map_file
from monitoring.models import IndexRun, Indicator
from monitoring.selectors.areas import area_shapes
from monitoring.selectors.atlas import (
    INDEX,
    AtlasRow,
    AtlasView,
    atlas_territories,
    index_view,
    indicator_view,
)
from monitoring.selectors.figures import used_indicators, years_in_force
from monitoring.selectors.runs import used_runs
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de, decimal_de, signed_de
from project.common.keys import key_or_none
from project.common.svg import Drawing, to_svg
from stakeholders.models import Organisation

#: Ranks are written into the map only while there is room for them.
_MARKED_AREAS = 15


@dataclass(frozen=True)
class _Choice:
    """What the address asks for, made valid."""

    territories: Sequence[Organisation]
    territory: Organisation
    indicators: Sequence[Indicator]
    runs: Sequence[IndexRun]
    indicator: Indicator | None
    years: Sequence[int]
    year: int

    @property
    def run(self) -> IndexRun | None:
        """The latest run of the year, if the index is shown."""
        if self.indicator is not None:
            return None
        return next((run for run in self.runs if run.year == self.year), None)


def _choice(request: HttpRequest) -> _Choice | None:
    """Territory, figure and year; None if the person sees no areas at all.

    Raises:
        Http404: The territory is not one of theirs.
    """
    territories = list(atlas_territories(request.user))
    wanted = request.GET.get("territory")
    found = next((row for row in territories if row.pk == key_or_none(wanted)), None)
    if wanted and found is None:
        raise Http404("No such territory.")
    if not territories:
        return None
    territory = found or territories[0]
    indicators = list(used_indicators(territory))
    runs = list(used_runs(territory))
    show = request.GET.get("show", "")
    indicator = next((row for row in indicators if row.key == show), None)
    if indicator is None and (not runs or (show and show != INDEX)):
        indicator = indicators[0] if indicators else None
    if indicator is not None:
        years = years_in_force(territory, indicator)
    else:
        years = sorted({run.year for run in runs}, reverse=True)
    year = key_or_none(request.GET.get("year"))
    if year not in years:
        year = years[0] if years else timezone.localdate().year
    return _Choice(territories, territory, indicators, runs, indicator, years, year)


@require_safe
def atlas(request: HttpRequest) -> HttpResponseBase:
    """Map and ranking of one figure."""
    choice = _choice(request)
    if choice is None:
        return render(request, "monitoring/atlas_empty.html")
    view: AtlasView | None = None
    if choice.indicator is not None and choice.years:
        view = indicator_view(choice.territory, choice.indicator, choice.year)
    elif choice.run is not None:
        view = index_view(choice.run)
    if view is None:
        return render(request, "monitoring/atlas_empty.html", {"territory": choice.territory})
    fmt = export_format(request)
    if fmt is not None:
        return _table_file(choice, view, fmt)
    selected = view.row_of(key_or_none(request.GET.get("area")))
    drawing = _map(request, choice, view, selected)
    legend = map_legend(view.values, view.borders, write=_writer(view, choice))
    if request.GET.get("export") == "svg" and drawing is not None:
        return _svg_file(choice, view, drawing, legend)
    return render(
        request,
        "monitoring/atlas.html",
        _context(request, choice, view)
        | {
            "selected": selected,
            "map_svg": to_svg(drawing) if drawing is not None else "",
            "legend": legend,
        },
    )


def _context(request: HttpRequest, choice: _Choice, view: AtlasView) -> dict[str, Any]:
    form = AtlasForm(
        initial={
            "territory": choice.territory.pk,
            "show": choice.indicator.key if choice.indicator else INDEX,
            "year": choice.year,
        },
        territories=choice.territories,
        indicators=choice.indicators,
        has_index=bool(choice.runs),
        years=choice.years,
    )
    links = export_links(request)
    query = request.GET.copy()
    query["export"] = "svg"
    links.append({"label": _("Map as SVG"), "url": f"?{query.urlencode()}"})
    return {
        "territory": choice.territory,
        "indicator": choice.indicator,
        "run": choice.run,
        "year": choice.year,
        "view": view,
        "form": form,
        "mean_text": decimal_de(view.mean, view.places),
        "export_links": links,
        "source_lines": _source_lines(choice, view),
    }


def _writer(view: AtlasView, choice: _Choice) -> Any:
    """How the legend writes the borders of its classes."""
    if choice.indicator is None:
        return lambda value: signed_de(value, view.places)
    return lambda value: decimal_de(value, view.places)


def _map(request: HttpRequest, choice: _Choice, view: AtlasView, selected: AtlasRow | None) -> Drawing | None:
    shapes = area_shapes([row.area for row in view.rows])
    if shapes is None:
        return None
    query = request.GET.copy()
    areas = []
    is_marked = sum(row.stands_out for row in view.rows) <= _MARKED_AREAS
    for row in view.rows:
        query["area"] = str(row.area.pk)
        mark = str(row.rank) if row.stands_out and is_marked else ""
        areas.append(
            MapArea(
                key=str(row.area.pk),
                text=f"{row.area.name}: {row.text or row.note}",
                map_class=row.map_class,
                href=f"?{query.urlencode()}#area-{row.area.pk}",
                mark=mark,
            )
        )
    return choropleth(
        shapes,
        areas,
        title=_("%(title)s, %(territory)s") % {"title": view.title, "territory": choice.territory},
        description=_("Map of the areas in five classes. The table beside it holds all figures."),
        highlighted=[str(selected.area.pk)] if selected is not None else [],
        uid="atlas",
    )


# --- Files -----------------------------------------------------------------------------------------


def _source_lines(choice: _Choice, view: AtlasView) -> list[str]:
    lines = [
        f"{choice.territory}, {view.title}" + (f" ({view.unit})" if view.unit else ""),
        _("Source: %(source)s") % {"source": view.source},
        _("Made on %(day)s. Counts of one or two people, and rates that rest on so few, are not shown.")
        % {"day": date_de(timezone.localdate())},
    ]
    sources = {row.area.geometry_source for row in view.rows if row.area.geometry_source}
    lines += [_("Boundaries: %(source)s") % {"source": source} for source in sorted(sources)]
    if view.is_example:
        lines.append(_("Example values, invented for show."))
    return lines


def _table_file(choice: _Choice, view: AtlasView, fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Rank"), "rank", Kind.NUMBER, places=0),
        Column(_("Value") if choice.indicator else _("Deviation"), "value", Kind.NUMBER, view.places),
        Column(_("Sign"), "sign") if choice.indicator else Column(_("Stands out"), "stands_out"),
        Column(_("Remark"), "note"),
    ]
    if choice.indicator is None:
        columns[3:3] = [Column(_("Index"), "total", Kind.NUMBER, places=1)]
    name = f"{view.title} {choice.territory}"
    return table_response(name, columns, view.rows, fmt, _source_lines(choice, view))


def _svg_file(
    choice: _Choice, view: AtlasView, drawing: Drawing, legend: Sequence[LegendEntry]
) -> HttpResponse:
    content = map_file(
        drawing,
        title=f"{view.title}, {choice.territory}",
        legend=legend,
        source_lines=_source_lines(choice, view),
    )
    name = f"{view.title} {choice.territory}.svg".replace("/", " ")
    return HttpResponse(
        content,
        content_type="image/svg+xml",
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Cache-Control": "private",
        },
    )
