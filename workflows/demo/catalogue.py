"""Reads the demo's data files into areas, units, domains and indicators."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.text import slugify

from monitoring.models import Area, AreaKind, Domain, Indicator, Unit
from stakeholders.models import Organisation

DATA = Path(__file__).parent / "data"

DOMAINS_EN = {
    "Arbeit und Soziales": "Work and social affairs",
    "Bevölkerung": "Population",
    "Kommunale Finanzkraft": "Municipal finances",
    "Ausländische Bevölkerung": "Foreign population",
    "Gesundheit": "Health",
    "Jugendhilfe": "Youth welfare",
    "Pflege und Senioren": "Care and seniors",
    "Wohnen": "Housing",
}


def rows(name: str) -> Iterator[dict[str, str]]:
    """Rows of a data file."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


def load_units() -> None:
    """Load the catalogue of units; what exists stays."""
    for row in rows("units.csv"):
        Unit.objects.get_or_create(
            key=row["key"],
            defaults={
                "symbol_de": row["symbol"],
                "symbol_en": row["symbol_en"],
                "decimals": int(row["decimals"]),
                "is_count": row["is_count"] == "1",
                "is_percent": row["is_percent"] == "1",
                "per": int(row["per"]) if row["per"] else None,
            },
        )


def domain_of(name: str) -> Domain:
    """A domain, made when first asked for."""
    return Domain.objects.get_or_create(
        key=slugify(name),
        defaults={
            "name_de": name,
            "name_en": DOMAINS_EN.get(name, name),
            "position": Domain.objects.count() + 1,
        },
    )[0]


def load_indicators(name: str, *, is_example: bool) -> dict[str, Indicator]:
    """Load a catalogue file; what exists stays."""
    found: dict[str, Indicator] = {}
    for row in rows(name):
        found[row["key"]] = Indicator.objects.get_or_create(
            key=row["key"],
            defaults={
                "name_de": row["name_de"],
                "name_en": row["name_en"],
                "domain": domain_of(row["domain"]),
                "unit": Unit.objects.get(key=row["unit"]),
                "direction": row["direction"],
                "source": row["source"],
                "definition": row["definition"],
                "is_example": is_example,
                **_method_sheet(row),
            },
        )[0]
    return found


def _method_sheet(row: Mapping[str, str]) -> dict[str, str | int | None]:
    """What a file tells beyond the definition; not every file does."""
    texts = ("numerator", "base", "formula", "frequency", "interpretation", "limits")
    years = ("first_year", "last_year")
    return {
        "supplier": row["supplier"],
        **{name: row.get(name, "") for name in texts},
        **{name: int(row[name]) if row.get(name) else None for name in years},
    }


def geometries(name: str) -> Mapping[str, dict[str, object]]:
    """Area key -> geometry of a GeoJSON file."""
    with (DATA / name).open(encoding="utf-8") as file:
        features = json.load(file)["features"]
    return {feature["properties"]["key"]: feature["geometry"] for feature in features}


def load_areas(
    name: str,
    geometry_name: str,
    territory: Organisation,
    *,
    kind: AreaKind,
    geometry_source: str,
    is_example: bool,
) -> dict[str, Area]:
    """Load the areas of a territory with their geometry."""
    shapes = geometries(geometry_name)
    return {
        row["area_key"]: Area.objects.create(
            territory=territory,
            key=row["area_key"],
            name=row["name"],
            kind=kind,
            population=int(row["population"]) if row.get("population") else None,
            geometry=shapes.get(row["area_key"]),
            geometry_source=geometry_source,
            is_example=is_example,
        )
        for row in rows(name)
        if row["type"] == kind  # a total of the territory is no area beside its parts
    }


def delivery_file(
    values: Iterable[Mapping[str, str]], areas: Mapping[str, Area], file_name: str
) -> SimpleUploadedFile:
    """The long delivery form as CSV, as a supplier would send it.

    Args:
        values: Rows with ``area_key``, ``year``, ``indicator``, ``value`` (decimal point) and ``sign``.
        areas: Area key -> area, for the names.
        file_name: Name of the file.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Gebietsschlüssel", "Gebiet", "Jahr", "Indikator", "Wert", "Zeichen"])
    for row in values:
        name = areas[row["area_key"]].name
        value = row["value"].replace(".", ",")
        writer.writerow([row["area_key"], name, row["year"], row["indicator"], value, row.get("sign", "")])
    return SimpleUploadedFile(file_name, out.getvalue().encode("utf-8-sig"), content_type="text/csv")
