"""The sets of indicators that come with the product: files of the catalogue like any other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from monitoring.catalogue.reading import CatalogueFile, read_catalogue

_FOLDER: Final = Path(__file__).with_name("sets")
#: In the order in which they are offered.
READY_SETS: Final = ("rheinisch-bergischer-kreis", "siegen", "berlin-mss")


@dataclass(frozen=True, slots=True)
class ReadySet:
    """A set as it is offered.

    Attributes:
        key: Name of the file, and key of the set.
        name_de: German name.
        name_en: English name.
        description: What it is and how far it is a proposal.
        source: Where it comes from.
        indicator_keys: Keys of its indicators in their order.
    """

    key: str
    name_de: str
    name_en: str
    description: str
    source: str
    indicator_keys: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of indicators."""
        return len(self.indicator_keys)


def ready_content(key: str) -> bytes:
    """The file of a set.

    Args:
        key: One of ``READY_SETS``.

    Raises:
        KeyError: There is no such set.
    """
    if key not in READY_SETS:
        raise KeyError(key)
    return (_FOLDER / f"{key}.json").read_bytes()


def ready_file(key: str) -> CatalogueFile:
    """What the file of a set says.

    Args:
        key: One of ``READY_SETS``.

    Raises:
        KeyError: There is no such set.
    """
    return read_catalogue(ready_content(key))


@cache
def ready_sets() -> tuple[ReadySet, ...]:
    """All sets in the order in which they are offered."""
    found = []
    for key in READY_SETS:
        entry = ready_file(key).entries["sets"][key]
        found.append(
            ReadySet(
                key=key,
                name_de=entry["name_de"],
                name_en=entry["name_en"],
                description=entry["description"],
                source=entry["source"],
                indicator_keys=entry["indicators"],
            )
        )
    return tuple(found)
