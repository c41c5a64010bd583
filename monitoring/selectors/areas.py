"""Reads of areas: the level a territory plans on, and its map."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import MD5, Cast

from monitoring.likeness import touching
from monitoring.models import Area, AreaKind, AreaMap, AreaPopulation, AreaSuccession
from monitoring.shapes import MapShapes, map_shapes
from stakeholders.models import Organisation

logger = logging.getLogger(__name__)

#: Finest level first: a territory plans on the finest one it has areas of.
_LEVELS: Final = (AreaKind.SMALL_AREA, AreaKind.MUNICIPALITY, AreaKind.DISTRICT, AreaKind.STATE)
#: Pictures kept in the database and, of those, in the memory of a process.
_PICTURES_KEPT: Final = 200
_PICTURES_IN_MEMORY: Final = 12
#: Counted up when the same boundaries are to be drawn in another way.
_PICTURE_VERSION: Final = 1


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


def levels_in_use(found: Iterable[str]) -> list[AreaKind]:
    """Levels in the order of planning, the finest first.

    Args:
        found: Kinds of areas.
    """
    kinds = set(found)
    return [level for level in _LEVELS if level in kinds]


def areas_of_year(
    territory: Organisation, year: int, *, level: AreaKind | str | None = None
) -> QuerySet[Area]:
    """Areas that existed at any time of a year, by name.

    Args:
        territory: The planning authority.
        year: Year.
        level: Level of the areas; None for the planning level, which takes 1 query.
    """
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    return (
        Area.objects.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=last),
            Q(valid_until__isnull=True) | Q(valid_until__gte=first),
            territory=territory,
            kind=planning_level(territory) if level is None else level,
        )
        .defer("geometry")
        .order_by("name", "pk")
    )


def exists_on(area: Area, day: datetime.date) -> bool:
    """Whether an area exists on a day, first and last day included."""
    return (area.valid_from is None or area.valid_from <= day) and (
        area.valid_until is None or area.valid_until >= day
    )


@dataclasses.dataclass(frozen=True, slots=True)
class AreaPicture:
    """The boundaries of areas in picture units.

    Attributes:
        shapes: Their rings by primary key as text.
        neighbours: Primary keys of the areas that touch, by primary key.
    """

    shapes: MapShapes
    neighbours: Mapping[int, Sequence[int]]


#: Pictures this process has used last, by digest.
_PICTURES: OrderedDict[str, AreaPicture] = OrderedDict()


def area_picture(areas: Sequence[Area], *, width: float = 520, max_height: float = 560) -> AreaPicture | None:
    """Boundaries of areas in picture units, made once for all processes and anew when a boundary changes.

    Args:
        areas: Areas of one map.
        width: Largest width in pixels.
        max_height: Largest height in pixels.

    Returns:
        None if no area has a geometry. Queries: 1; in a process that needs it for the first time 1 more, and
        where nobody has made it yet some to read the boundaries and keep the result.
    """
    # The database hashes the boundaries: megabytes of coordinates stay where they are.
    hashes = list(
        Area.objects.filter(pk__in=[area.pk for area in areas], geometry__isnull=False)
        .order_by("pk")
        .values_list("pk", MD5(Cast("geometry", TextField())))
    )
    if not hashes:
        return None
    content = f"{_PICTURE_VERSION} {width:g} {max_height:g} {hashes!r}"
    digest = hashlib.sha256(content.encode()).hexdigest()
    # Threads share the pictures: what this one needs another may just be putting out.
    picture = _PICTURES.pop(digest, None)
    if picture is None:
        row = AreaMap.objects.filter(digest=digest).first() or _draw(
            digest, [pk for pk, _hash in hashes], width=width, max_height=max_height
        )
        picture = AreaPicture(
            MapShapes.from_json(row.shapes),
            {int(pk): keys for pk, keys in row.neighbours.items()},
        )
    _PICTURES[digest] = picture
    while len(_PICTURES) > _PICTURES_IN_MEMORY:
        _PICTURES.popitem(last=False)
    return picture


def _draw(digest: str, keys: Sequence[int], *, width: float, max_height: float) -> AreaMap:
    """Project, simplify, find the neighbours, and keep it all."""
    rows = Area.objects.filter(pk__in=keys).order_by("pk").values_list("pk", "geometry")
    geometries = {str(pk): geometry for pk, geometry in rows if geometry is not None}
    shapes = map_shapes(geometries, width=width, max_height=max_height)
    neighbours = {key: [int(other) for other in found] for key, found in touching(geometries).items()}
    row = AreaMap(digest=digest, shapes=shapes.to_json(), neighbours=neighbours)
    try:
        with transaction.atomic():
            AreaMap.objects.bulk_create([row], ignore_conflicts=True)
            kept = AreaMap.objects.order_by("-created_at", "-pk").values("pk")[:_PICTURES_KEPT]
            AreaMap.objects.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    except DatabaseError:
        # A database that is busy or read-only costs time, not the page.
        logger.warning("The map %s could not be kept.", digest)
    return row


def populations_of(areas: Sequence[Area], year: int) -> list[int | None]:
    """Inhabitants of areas at the end of a year where known, else those of no particular year. Queries: 1."""
    rows = AreaPopulation.objects.filter(area__in=[area.pk for area in areas], year=year)
    known = dict(rows.order_by().values_list("area_id", "count"))
    return [known.get(area.pk, area.population) for area in areas]


@dataclasses.dataclass(frozen=True, slots=True)
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


def border_days_of(areas: Iterable[Area]) -> dict[int, list[datetime.date]]:
    """Days on which the borders of areas changed, latest first, by primary key. Queries: 1.

    Args:
        areas: The areas; those without a change are left out.
    """
    pks = {area.pk for area in areas}
    rows = AreaSuccession.objects.filter(Q(old__in=pks) | Q(new__in=pks)).order_by("-changed_on")
    found: dict[int, list[datetime.date]] = {}
    for old, new, day in rows.values_list("old", "new", "changed_on"):
        for pk in {old, new} & pks:
            days = found.setdefault(pk, [])
            if day not in days:
                days.append(day)
    return found


def broken_years(changes: Sequence[BorderChange]) -> frozenset[int]:
    """Years from which figures cannot be compared with those before.

    Args:
        changes: Of the area.
    """
    return frozenset(change.day.year for change in changes)


def area_shapes(areas: Sequence[Area], *, width: float = 520, max_height: float = 560) -> MapShapes | None:
    """Boundaries of areas in picture units; see ``area_picture``.

    Args:
        areas: Areas of one map; keys of the shapes are their primary keys as text.
        width: Largest width in pixels.
        max_height: Largest height in pixels.

    Returns:
        None if no area has a geometry. Queries: 1.
    """
    picture = area_picture(areas, width=width, max_height=max_height)
    return None if picture is None else picture.shapes
