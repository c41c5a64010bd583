"""Reads of areas: the level a territory plans on, and its map."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.core.cache import cache
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from monitoring.charts import MapShapes, map_shapes
from monitoring.models import Area, AreaKind, AreaPopulation, AreaSuccession
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


def populations_of(areas: Sequence[Area], year: int) -> list[int | None]:
    """Inhabitants of areas at the end of a year where known, else those of no particular year. Queries: 1."""
    rows = AreaPopulation.objects.filter(area__in=[area.pk for area in areas], year=year)
    known = dict(rows.order_by().values_list("area_id", "count"))
    return [known.get(area.pk, area.population) for area in areas]


@dataclass(frozen=True, slots=True)
class BorderChange:
    """A day on which the borders of an area changed.

    Attributes:
        day: First day of the new borders.
        came_from: Areas whose inhabitants it took over, with their share.
        went_to: Areas that took over some of its inhabitants, with that share.
    """

    day: datetime.date
    came_from: Sequence[AreaSuccession]
    went_to: Sequence[AreaSuccession]


def border_changes(area: Area) -> list[BorderChange]:
    """When and how the borders of an area changed, latest first. Queries: 1.

    Args:
        area: The area.
    """
    rows = AreaSuccession.objects.filter(Q(old=area) | Q(new=area)).select_related("old", "new")
    rows = rows.defer("old__geometry", "new__geometry")
    days: dict[datetime.date, tuple[list[AreaSuccession], list[AreaSuccession]]] = {}
    for row in rows:
        came, went = days.setdefault(row.changed_on, ([], []))
        (came if row.new_id == area.pk else went).append(row)
    return [BorderChange(day, *days[day]) for day in sorted(days, reverse=True)]


def broken_years(changes: Sequence[BorderChange]) -> frozenset[int]:
    """Years from which figures cannot be compared with those before.

    Args:
        changes: Of the area.
    """
    return frozenset(change.day.year for change in changes)


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
