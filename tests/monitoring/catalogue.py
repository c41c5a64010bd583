"""Acts on the catalogue that several tests need."""

from __future__ import annotations

from typing import Any

from monitoring.catalogue import write_catalogue
from monitoring.catalogue.ready import ready_file
from monitoring.models import Indicator
from monitoring.selectors.catalogue import catalogue_entries
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services.catalogue import catalogue_take_over, indicator_update
from tests.factories import World


def take_over(
    world: World, key: str, existing: Existing = Existing.KEEP, who: str = "planner", reason: str = ""
) -> Any:
    return catalogue_take_over(
        file=ready_file(key),
        existing=existing,
        origin={"file": key},
        territory=world.territory,
        user=world.people[who],
        reason=reason,
    )


def snapshot() -> bytes:
    return write_catalogue(catalogue_entries())


def edit(
    world: World,
    indicator: Indicator,
    reason: str = "Fehler",
    who: str = "planner",
    opened: Any = None,
    **entry: Any,
) -> Any:
    return indicator_update(
        indicator=indicator,
        entry=entry,
        reason=reason,
        territory=world.territory,
        user=world.people[who],
        opened=opened,
    )
