"""Reads of areas: the level a territory plans on, and its map."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from typing import Final

from django.core.cache import cache
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from monitoring.charts import MapShapes, map_shapes
from monitoring.models import Area, AreaKind
from stakeholders.models import Organisation

#: Finest level first: a territory plans on the finest one it has areas of.
_LEVELS: Final = (AreaKind.SMALL_AREA, AreaKind.MUNICIPALITY, AreaKind.DISTRICT, AreaKind.STATE)
_MAP_CACHE_SECONDS: Final = 24 * 3600


def planning_level(territory: Organisation) -> AreaKind:
    """The finest level of areas a territory has. Queries: 1."""
    found = set(territory.areas.order_by().values_list("kind", flat=True).distinct())
    return next((level for level in _LEVELS if level in found), AreaKind.SMALL_AREA)


def planning_areas(territory: Organisation, *, on: datetime.date | None = None) -> QuerySet[Area]:
    """Areas a territory plans with: those of its finest level that exist on a day.

    Args:
        territory: The planning authority.
        on: The day; None for areas without an end.

    Returns:
        Areas by name, without their geometry. Queries: 1 for the level.
    """
    areas = Area.objects.filter(territory=territory, kind=planning_level(territory))
    areas = areas.valid_on(on) if on is not None else areas.filter(valid_until__isnull=True)
    return areas.defer("geometry").order_by("name", "pk")


def areas_of_year(territory: Organisation, year: int) -> QuerySet[Area]:
    """Areas of the planning level that existed at any time of a year, by name. Queries: 1 for the level."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    return (
        Area.objects.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=last),
            Q(valid_until__isnull=True) | Q(valid_until__gte=first),
            territory=territory,
            kind=planning_level(territory),
        )
        .defer("geometry")
        .order_by("name", "pk")
    )


def exists_on(area: Area, day: datetime.date) -> bool:
    """Whether an area exists on a day, first and last day included."""
    return (area.valid_from is None or area.valid_from <= day) and (
        area.valid_until is None or area.valid_until >= day
    )


def area_shapes(areas: Sequence[Area], *, width: float = 520, max_height: float = 560) -> MapShapes | None:
    """Boundaries of areas in picture units, kept in the cache until one of them changes.

    Args:
        areas: Areas of one map; keys of the shapes are their primary keys as text.
        width: Largest width in pixels.
        max_height: Largest height in pixels.

    Returns:
        None if no area has a geometry. Queries: 1.
    """
    # As text: a map in the cache costs no parsing of megabytes of coordinates.
    rows = list(
        Area.objects.filter(pk__in=[area.pk for area in areas], geometry__isnull=False)
        .order_by("pk")
        .values_list("pk", Cast("geometry", TextField()))
    )
    if not rows:
        return None
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    key = f"map-{digest}-{width:g}-{max_height:g}"
    shapes: MapShapes | None = cache.get(key)
    if shapes is None:
        geometries = {str(pk): json.loads(text) for pk, text in rows}
        shapes = map_shapes(geometries, width=width, max_height=max_height)
        cache.set(key, shapes, _MAP_CACHE_SECONDS)
    return shapes
