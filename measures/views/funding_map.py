"""The map of funded projects: areas with the number of their projects."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.project_lists import project_choices
from measures.selectors.project_map import ProjectMap, project_map
from measures.selectors.projects import projects_seen_by
from monitoring.charts import MapArea, choropleth
from monitoring.selectors.areas import area_picture
from project.common.keys import key_or_none
from project.common.svg import to_svg
from stakeholders.models import Organisation

#: Class of the areas: paper with a border. Colours would say something of the areas themselves.
_PLAIN_CSS = "pg-shade-zero"

#: Up to so many areas are named on the map; more names would cover one another.
_MOST_NAMES: Final = 6


@require_safe
def funding_map(request: HttpRequest) -> HttpResponseBase:
    """Where the projects of a territory work."""
    scope = portfolio_scope(request.user)
    if not scope:
        raise Http404
    territories = project_choices(request.user, scope).territories
    wanted = key_or_none(request.GET.get("territory", ""))
    territory = next((row for row in territories if row.pk == wanted), next(iter(territories), None))
    context: dict[str, Any] = {"territories": territories, "territory": territory, "rows": [], "picture": ""}
    if territory is not None:
        found = project_map(projects_seen_by(request.user), territory)
        context |= {
            "rows": [(area, count, _url(area.pk)) for area, count in found.rows],
            "everywhere": found.everywhere,
            "picture": _picture(found, territory),
        }
    return render(request, "measures/funding_map.html", context)


def _url(area: int) -> str:
    return f"{reverse('measures:project-list')}?area={area}"


def _picture(found: ProjectMap, territory: Organisation) -> SafeString | str:
    """The map; empty where there are no boundaries."""
    picture = area_picture([area for area, _count in found.rows])
    if picture is None:
        return ""
    has_names = len(found.rows) <= _MOST_NAMES
    drawing = choropleth(
        picture.shapes,
        [
            MapArea(
                key=str(area.pk),
                text=f"{area.name}: {_counted(count)}",
                css=_PLAIN_CSS,
                href=_url(area.pk),
                mark=f"{area.name}: {count}" if has_names else str(count),
            )
            for area, count in found.rows
        ],
        title=_("Funded projects in %(territory)s") % {"territory": territory.name},
        description=_("Numbers: projects in the area. The table holds the same."),
        uid="funding-map",
    )
    return to_svg(drawing)


def _counted(count: int) -> str:
    return ngettext("%(count)s project", "%(count)s projects", count) % {"count": count}
