"""Reads of the catalogue of indicators."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef, QuerySet

from monitoring.catalogue import SECTIONS, FieldKind
from monitoring.catalogue.fields import INDICATOR_TIES
from monitoring.catalogue.reading import Entry
from monitoring.models import Area, Domain, Indicator, IndicatorSet, IndicatorSetEntry, Unit, Value
from monitoring.selectors.atlas import atlas_territories
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, territories_where


def indicators_of(user: Any) -> QuerySet[Indicator]:
    """Indicators in use that have figures in the territories whose areas a person may see.

    Who sees no areas, or only such without any figures, gets the whole catalogue: there is nothing to choose
    by yet. Queries: 1 of its own.

    Args:
        user: Who reads.
    """
    rows = Indicator.objects.filter(is_active=True)
    territories = atlas_territories(user).order_by().values("pk")
    own = rows.filter(Exists(Value.objects.filter(indicator=OuterRef("pk"), area__territory__in=territories)))
    return own if own.exists() else rows


def catalogue_territory(user: Any) -> Organisation | None:
    """The territory for which a person may change the catalogue; None for who may not. Queries: 1."""
    return territories_where(user, Perm.MANAGE_CATALOGUE).order_by("pk").first()


def indicators_with_figures() -> QuerySet[Indicator]:
    """Indicators of which there is any figure. Queries: none of its own."""
    return Indicator.objects.filter(Exists(Value.objects.filter(indicator=OuterRef("pk"))))


def indicators_used_elsewhere(user: User) -> set[int]:
    """Indicators with figures in territories for which a person may not change the catalogue.

    Args:
        user: Who would change something.

    Returns:
        Primary keys. Queries: 2 or 3.
    """
    own = territories_where(user, Perm.MANAGE_CATALOGUE).order_by().values_list("pk", flat=True)
    others = set(Area.objects.order_by().values_list("territory_id", flat=True).distinct()) - set(own)
    if not others:
        return set()
    figures = Value.objects.filter(indicator=OuterRef("pk"), area__territory__in=others)
    return set(Indicator.objects.filter(Exists(figures)).order_by().values_list("pk", flat=True))


def years_with_figures(indicator: Indicator, user: Any) -> tuple[int, int] | None:
    """First and last year with a figure in force in territories whose areas a person sees. Queries: 1."""
    found = Value.objects.filter(
        indicator=indicator,
        is_current=True,
        area__territory__in=atlas_territories(user).order_by().values("pk"),
    ).aggregate(first=Min("year"), last=Max("year"))
    return None if found["first"] is None else (found["first"], found["last"])


def catalogue_entries(keys: Iterable[str] | None = None) -> dict[str, dict[str, Entry]]:
    """The catalogue as entries of its file.

    Args:
        keys: Keys of indicators; None for all. Of sets only those are taken that consist of them, and with
            the indicators also what they are related to.

    Returns:
        Section -> key -> field -> value: units and domains that are needed, indicators, sets. Queries: 5.
    """
    rows = list(Indicator.objects.select_related("domain", "unit", *INDICATOR_TIES).order_by("key"))
    if keys is not None:
        wanted = set(keys)
        by_key = {row.key: row for row in rows}
        waiting = [key for key in wanted if key in by_key]
        while waiting:
            row = by_key[waiting.pop()]
            tied = {other.key for name in INDICATOR_TIES if (other := getattr(row, name)) is not None}
            waiting += tied - wanted
            wanted |= tied
        rows = [row for row in rows if row.key in wanted]
    known = {row.key for row in rows}
    sets = {row.key: entry_of("sets", row) for row in IndicatorSet.objects.order_by("key")}
    members = IndicatorSetEntry.objects.order_by("position", "pk").values_list(
        "indicator_set__key", "indicator__key"
    )
    for set_key, key in members:
        sets[set_key]["indicators"] = (*sets[set_key].get("indicators", ()), key)
    units = Unit.objects.filter(pk__in={row.unit_id for row in rows}).order_by("key")
    domains = Domain.objects.filter(pk__in={row.domain_id for row in rows}).order_by("position", "key")
    return {
        "units": {row.key: entry_of("units", row) for row in units},
        "domains": {row.key: entry_of("domains", row) for row in domains},
        "indicators": {row.key: entry_of("indicators", row) for row in rows},
        "sets": {
            key: entry
            for key, entry in sets.items()
            if entry.get("indicators") and set(entry["indicators"]) <= known
        },
    }


def entry_of(section: str, row: Any) -> Entry:
    """A row of a table as an entry of the file, without the indicators of a set.

    Args:
        section: Name of the section.
        row: The row; of indicators with domain, unit and denominator loaded.
    """
    entry: Entry = {}
    for spec in SECTIONS[section]:
        if spec.kind is FieldKind.REFERENCES:
            continue
        value = getattr(row, spec.name)
        if spec.kind is FieldKind.REFERENCE:
            value = None if value is None else value.key
        entry[spec.name] = value
    return entry
