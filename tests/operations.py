"""Lists of operations for tests: small ones in the form of the European Social Fund."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measures.models import Operation, OperationImport
from measures.services.operations import operations_read, operations_take
from tests.factories import World

#: The list of North Rhine-Westphalia as it was published; not part of the repository.
_NAME = "shared/data/esf_nrw/esf_nrw_2014-2020_regional.csv"
REAL = next((path for folder in Path(__file__).resolve().parents if (path := folder / _NAME).exists()), None)
HEAD = (
    "beguenstigter;vorhaben;zusammenfassung;beginn;ende;foerderfaehige_ausgaben_eur;eu_kofinanzierungssatz;"
    "plz;ort;land;interventionskategorie"
)
LAND = "Deutschland, Nordrhein-Westfalen"
PROGRAMME = "ESF NRW 2014-2020"


def line(beneficiary: str = "Verein A", amount: str = "1000", **changes: str) -> str:
    """A row of a list."""
    values = {
        "name": "Beratung",
        "summary": "Beratung im Quartier",
        "starts": "2015-01-01",
        "ends": "2016-12-31",
        "rate": "0.5",
        "postcode": "52062",
        "place": "Aachen",
        "land": LAND,
        "category": "109",
    } | changes
    return ";".join(
        [
            beneficiary,
            *(values[key] for key in ("name", "summary", "starts", "ends")),
            amount,
            *(values[key] for key in ("rate", "postcode", "place", "land", "category")),
        ]
    )


def table(*lines: str, head: str = HEAD) -> bytes:
    """A file of rows."""
    return "\r\n".join([head, *lines, ""]).encode()


def read(world: World, *lines: str, content: bytes | None = None, **kwargs: Any) -> OperationImport:
    """A list that was uploaded."""
    defaults: dict[str, Any] = {
        "name": "vorhaben.csv",
        "programme_name": PROGRAMME,
        "user": world.fresh("funder_reader"),
    }
    return operations_read(
        world.funder, content=table(*lines) if content is None else content, **(defaults | kwargs)
    )


def taken(world: World, *lines: str, **kwargs: Any) -> OperationImport:
    """A list that was taken over."""
    return operations_take(read(world, *lines, **kwargs), user=world.fresh("funder_reader"))


def told(kept: OperationImport) -> list[tuple[int | None, str, str]]:
    """Errors of a list: row, column, code."""
    return [(row[0], row[1], row[4]) for row in kept.errors]


def beneficiaries(rows: Sequence[Operation] | Any) -> list[str]:
    """Names in order."""
    return [row.beneficiary for row in rows]
