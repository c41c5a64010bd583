"""What taking over a file of areas would do, feature by feature; nothing is written here."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from monitoring.importers.geojson import Feature
from monitoring.models import Area, AreaKind
from project.common.formats import NO_VALUE
from project.common.keys import PlaceKeys, place_of
from stakeholders.models import Organisation

_KEY_LENGTH: Final = 20
_NAME_LENGTH: Final = 120
#: Names of properties as offices and map services write them, best first.
_KEY_NAMES: Final = ("key", "ags", "ars", "rs", "schluessel", "plr_id", "raumid", "gkz", "nr", "id")
_OFFICIAL: Final = frozenset({"ags", "ars", "rs"})
_NAME_NAMES: Final = ("name", "gen", "plr_name", "bezeichnung", "stadtteil", "bez", "raum")
_COARSER: Final[Mapping[str, tuple[str, ...]]] = {
    AreaKind.SMALL_AREA: (AreaKind.MUNICIPALITY, AreaKind.DISTRICT),
    AreaKind.MUNICIPALITY: (AreaKind.DISTRICT, AreaKind.STATE),
    AreaKind.DISTRICT: (AreaKind.STATE,),
    AreaKind.STATE: (),
}


class AreaState(models.TextChoices):
    """What becomes of a feature."""

    FAULT = "fault", gettext_lazy("cannot be taken over")
    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("with a change")
    UNCHANGED = "unchanged", gettext_lazy("the same")


@dataclass(frozen=True, slots=True)
class AreaMapping:
    """What somebody said about a file.

    Attributes:
        key: Property that holds the key.
        name: Property that holds the name.
        kind: Level of all its areas.
        source: Where the boundaries come from.
        valid_from: First day of new areas, if known.
    """

    key: str
    name: str
    kind: AreaKind
    source: str = ""
    valid_from: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class AreaChange:
    """What becomes of one feature.

    Attributes:
        feature: As read.
        key: Key of the area: the one that is here already, else the file's.
        name: Its name.
        state: What happens.
        area: The area that is here already.
        parent: The area it lies in, for new ones.
        fields: Words for what changes.
        fault: Why it cannot be taken over.
        notes: What was put right in the file, or is worth knowing, in words.
    """

    feature: Feature
    key: str
    name: str
    state: AreaState
    area: Area | None = None
    parent: Area | None = None
    fields: Sequence[str] = ()
    fault: str = ""
    notes: Sequence[str] = ()


@dataclass
class AreaPlan:
    """What taking the file over would do.

    Attributes:
        changes: In the order of the file.
        untouched_count: Areas of this level that the file does not name; they stay.
    """

    changes: list[AreaChange] = field(default_factory=list)
    untouched_count: int = 0

    @property
    def counts(self) -> list[tuple[AreaState, int]]:
        """Number of features of each state."""
        found = Counter(change.state for change in self.changes)
        return [(state, found[state]) for state in AreaState if found[state]]

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing forbids it."""
        return not any(row.state is AreaState.FAULT for row in self.changes)

    @property
    def changes_something(self) -> bool:
        """Whether saving would do anything."""
        return any(row.state in {AreaState.NEW, AreaState.CHANGED} for row in self.changes)

    @property
    def digest(self) -> str:
        """Hash of what was shown, to notice that areas changed meanwhile."""
        shown = [(row.key, row.name, row.state.value, list(row.fields)) for row in self.changes]
        return hashlib.sha256(repr(shown).encode()).hexdigest()


def property_names(features: Sequence[Feature]) -> list[str]:
    """Names of properties in the order in which they first appear."""
    return list(dict.fromkeys(name for feature in features for name in feature.properties))


def guessed_mapping(features: Sequence[Feature], kind: AreaKind) -> AreaMapping:
    """What the file most likely means, to begin with.

    Args:
        features: As read.
        kind: Level to offer where the keys do not tell it.
    """
    names = property_names(features)
    unique = [name for name in names if _is_unique(features, name)]
    key = _first_of(_KEY_NAMES, unique) or next(iter(unique), names[0] if names else "")
    rest = [name for name in names if name != key]
    name = _first_of(_NAME_NAMES, [name for name in rest if name in unique]) or _first_of(_NAME_NAMES, rest)
    return AreaMapping(key=key, name=name or next(iter(rest), key), kind=_level(features, key) or kind)


def _level(features: Sequence[Feature], key: str) -> AreaKind | None:
    """The level of official keys; None for other keys, of which some have as many digits."""
    if key.casefold() not in _OFFICIAL:
        return None
    # A district-free city among municipalities is one of them.
    lengths = {len(place_of(feature.properties.get(key, ""))) for feature in features}
    if 8 in lengths:
        return AreaKind.MUNICIPALITY
    return AreaKind.DISTRICT if lengths == {5} else None


def _is_unique(features: Sequence[Feature], name: str) -> bool:
    values = [feature.properties.get(name, "") for feature in features]
    return all(values) and len(set(values)) == len(values)


def _first_of(wanted: Sequence[str], names: Sequence[str]) -> str:
    by_fold = {name.casefold(): name for name in names}
    return next((by_fold[name] for name in wanted if name in by_fold), "")


def area_plan(territory: Organisation, features: Sequence[Feature], mapping: AreaMapping) -> AreaPlan:
    """Compare the areas of a file with those of a territory.

    Args:
        territory: The planning authority.
        features: As read.
        mapping: What their properties mean.

    Returns:
        The plan. Keys of 5, 8, 9 and 12 digits of the same place are the same. Queries: 1.
    """
    return _Comparison(territory, features, mapping).plan


class _Comparison:
    """Goes through the features in the order of the file."""

    def __init__(self, territory: Organisation, features: Sequence[Feature], mapping: AreaMapping) -> None:
        self.mapping = mapping
        areas = list(Area.objects.filter(territory=territory, valid_until__isnull=True))
        self.here = {row.key: row for row in areas if row.kind == mapping.kind}
        self.others = {row.key: row for row in areas if row.kind != mapping.kind}
        self.keys = PlaceKeys(self.here)
        self.coarser: dict[str, dict[str, Area]] = defaultdict(dict)
        for row in areas:
            self.coarser[row.kind][place_of(row.key)] = row
        self.seen: dict[str, int] = {}
        self.names = {row.number: row.properties.get(mapping.name, "") for row in features}
        self.plan = AreaPlan([self._change(feature) for feature in features])
        met = {row.area.pk for row in self.plan.changes if row.area is not None}
        self.plan.untouched_count = len(self.here) - len(met)

    def _change(self, feature: Feature) -> AreaChange:
        key = feature.properties.get(self.mapping.key, "")
        name = feature.properties.get(self.mapping.name, "")
        area = self._area(key)
        fault = self._fault(feature, key, name, area)
        notes = feature.note_texts(self.names)
        if fault:
            return AreaChange(feature, key, name, AreaState.FAULT, fault=fault, notes=notes)
        if area is None:
            return AreaChange(feature, key, name, AreaState.NEW, parent=self._parent(key), notes=notes)
        fields = self._fields(feature, name, area)
        state = AreaState.CHANGED if fields else AreaState.UNCHANGED
        return AreaChange(feature, area.key, name, state, area=area, fields=fields, notes=notes)

    def _area(self, key: str) -> Area | None:
        """The area that is here, also if a spreadsheet took the zero in front of its key."""
        found = self.keys.find(key) or self.keys.find_without_zeros(key)
        return None if found is None else self.here[found]

    def _fault(self, feature: Feature, key: str, name: str, area: Area | None) -> str:
        if feature.fault is not None:
            return feature.fault_text
        if not key:
            return _("It has no key: the property “%(name)s” is empty.") % {"name": self.mapping.key}
        if len(key) > _KEY_LENGTH:
            return _("Its key has more than %(count)s characters.") % {"count": _KEY_LENGTH}
        if not name:
            return _("It has no name: the property “%(name)s” is empty.") % {"name": self.mapping.name}
        if len(name) > _NAME_LENGTH:
            return _("Its name has more than %(count)s characters.") % {"count": _NAME_LENGTH}
        place = place_of(area.key if area is not None else key)
        first = self.seen.setdefault(place, feature.number)
        if first != feature.number:
            return _("It has the same key as %(name)s (area no. %(number)s of the file).") % {
                "name": self.names[first] or NO_VALUE,
                "number": first,
            }
        if area is None and key in self.others:
            return _("Its key belongs to an area of another level: %(area)s (%(level)s).") % {
                "area": self.others[key].name,
                "level": self.others[key].get_kind_display(),
            }
        return ""

    def _fields(self, feature: Feature, name: str, area: Area) -> list[str]:
        found = []
        if name != area.name:
            found.append(_("Name: %(old)s → %(new)s") % {"old": area.name, "new": name})
        if feature.geometry is not None and feature.geometry != area.geometry:
            found.append(_("new boundaries") if area.geometry else _("boundaries for the first time"))
        source = self.mapping.source
        if source and feature.geometry is not None and source != area.geometry_source:
            found.append(_("source of the boundaries"))
        return found

    def _parent(self, key: str) -> Area | None:
        """The area whose official key this one begins with, on the next coarser level that has one."""
        place = place_of(key)
        for level in _COARSER[self.mapping.kind]:
            for other, row in self.coarser[level].items():
                if place != other and place.startswith(other):
                    return row
        return None


def plan_geometries(plan: AreaPlan) -> dict[str, Any]:
    """Boundaries by number of the feature, to draw them."""
    return {
        str(row.feature.number): row.feature.geometry
        for row in plan.changes
        if row.feature.geometry is not None
    }
