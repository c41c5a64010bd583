"""The map of a plan: measures over the index."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from measures.models import ActionPlan
from measures.selectors.listing import NO_AREA
from measures.selectors.portfolio import plans_seen_by
from measures.status import STATE_LABELS, PortfolioState
from monitoring.charts import LegendEntry, MapArea, choropleth
from monitoring.classes import Classing, legend_of
from monitoring.models import Area
from monitoring.selectors.areas import area_picture
from monitoring.selectors.atlas import run_borders
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de, signed_de
from project.common.palette import NONE_CSS
from project.common.svg import to_svg
from workflows.selectors.plan_map import AreaMeasures, PlanMap, plan_map

#: Class of areas where no index is shown: paper with a border.
_PLAIN_CSS = "pg-shade-zero"


@dataclasses.dataclass(frozen=True)
class MapRow:
    """An area in the table beside the map."""

    row: AreaMeasures
    url: str
    delayed_url: str
    index: str


@require_safe
def plan_map_page(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Areas in the classes of the index, with the number of their measures."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    today = timezone.localdate()
    found = plan_map(request.user, plan, today)
    fmt = export_format(request)
    if fmt is not None:
        name = _("Measures by area %(plan)s") % {"plan": plan.title}
        source = [f"{plan.title}, {plan.territory.name}", _("As of %(day)s") % {"day": date_de(today)}]
        return table_response(name, _columns(), _file_rows(found), fmt, source)
    list_url = reverse("measures:measure-list", args=[plan.pk])
    picture, legend = _picture(plan, found, list_url)
    return render(
        request,
        "workflows/plan_map.html",
        {
            "plan": plan,
            "query": "",
            "picture": picture,
            "legend": legend,
            "run": found.run,
            "rows": [_row(row, list_url) for row in found.rows],
            "everywhere": found.everywhere.total(),
            "everywhere_delayed": found.everywhere[PortfolioState.DELAYED],
            "everywhere_url": f"{list_url}?area={NO_AREA}",
            "links": export_links(request),
        },
    )


def _file_rows(found: PlanMap) -> list[AreaMeasures]:
    """Lines of the file: the areas, and what belongs to no single one, so that nothing is missing."""
    if not found.everywhere.total():
        return found.rows
    return [*found.rows, AreaMeasures(Area(name=_("in the whole territory")), None, found.everywhere)]


def _row(row: AreaMeasures, list_url: str) -> MapRow:
    url = f"{list_url}?area={row.area.pk}"
    index = signed_de(row.result.normalised) if row.result and row.result.normalised is not None else ""
    return MapRow(row, url, f"{url}&state={PortfolioState.DELAYED.value}", index)


def _picture(plan: ActionPlan, found: PlanMap, list_url: str) -> tuple[SafeString | str, list[LegendEntry]]:
    """The map and what its colours mean; empty where there are no boundaries."""
    picture = area_picture([row.area for row in found.rows])
    if picture is None:
        return "", []
    classing: Classing | None = None
    if found.run is not None:
        classing = Classing(tuple(run_borders(found.run, found.results)))
    drawing = choropleth(
        picture.shapes,
        [
            MapArea(
                key=str(row.area.pk),
                text=_area_text(row),
                css=_css(row, classing),
                href=f"{list_url}?area={row.area.pk}" if row.total else "",
                mark=_mark(row),
            )
            for row in found.rows
        ],
        title=_("Measures of the plan in %(territory)s") % {"territory": plan.territory},
        description=_(
            "The darker, the more need by the index. Numbers: measures in the area, with an exclamation mark "
            "and their number if some are delayed. The table holds the same."
        ),
        uid="plan-map",
    )
    if classing is None:
        return to_svg(drawing), []
    numbers = [row.result.normalised if row.result else None for row in found.rows]
    return to_svg(drawing), legend_of(numbers, classing, write=lambda value: signed_de(value, 2))


def _css(row: AreaMeasures, classing: Classing | None) -> str:
    if classing is None:
        return _PLAIN_CSS
    return classing.css(row.result.normalised) if row.result else NONE_CSS


def _mark(row: AreaMeasures) -> str:
    if not row.total:
        return ""
    return f"{row.total} (!{row.delayed})" if row.delayed else str(row.total)


def _area_text(row: AreaMeasures) -> str:
    counted = ngettext("%(count)s measure", "%(count)s measures", row.total) % {"count": row.total}
    if row.delayed:
        counted = _("%(measures)s, %(delayed)s of them delayed") % {
            "measures": counted,
            "delayed": row.delayed,
        }
    return f"{row.area.name}: {counted}"


def _columns() -> list[Column]:
    def count(state: PortfolioState) -> Any:
        return lambda row: row.counts[state]

    return [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(
            _("Index (standard deviations)"),
            lambda row: row.result.normalised if row.result else None,
            Kind.NUMBER,
            places=3,
        ),
        Column(_("Measures"), "total", Kind.NUMBER, 0),
        *(Column(label, count(state), Kind.NUMBER, 0) for state, label in STATE_LABELS.items()),
    ]
