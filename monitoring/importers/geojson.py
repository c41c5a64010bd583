"""Reads boundaries of areas from GeoJSON; checked and repaired in a child process with limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import NO_VALUE, decimal_de, file_size_de
from project.common.importing import DEFAULT_MAX_BYTES, ImportRefused, output_of_child

_CHILD = Path(__file__).with_name("geojson_child.py")
#: Germany has some 11,000 municipalities; Berlin 542 planning areas.
MAX_FEATURES: Final = 20_000
_ENDINGS: Final = frozenset({".geojson", ".json"})
_ZIP, _PDF = b"PK\x03\x04", b"%PDF"

#: What is wrong with a file as a whole, and what to do.
REFUSALS: Final[Mapping[str, str | Promise]] = {
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than %(limit)s. Please have the boundaries simplified."),
    "kind": _(
        "Files of the kind “%(ending)s” cannot be read. Please save the areas as GeoJSON (.geojson), "
        "as every geographic information system can."
    ),
    "archive": _(
        "This is an archive, perhaps of a shapefile. Please save the areas as GeoJSON (.geojson) in WGS 84."
    ),
    "pdf": _("This is a PDF, whatever its name says. Please save the areas as GeoJSON."),
    "encoding": _("The umlauts cannot be read. Please save the file in the encoding UTF-8."),
    "xml": _("This is an XML file (KML, GML?), not GeoJSON. Please save the areas as GeoJSON."),
    "not_json": _("The file is damaged: line %(line)s, column %(column)s is not valid JSON."),
    "topojson": _("This is TopoJSON. Please save the areas as GeoJSON."),
    "not_geojson": _("The file is JSON, but not GeoJSON: a collection of features is wanted."),
    "no_features": _("There is not one area in the file."),
    "too_many_features": _("The file has more than %(limit)s areas."),
    "projected": _(
        "The coordinates are metres of a map projection, or of another system (%(example)s), not degrees. "
        "Please save the file with the coordinate system WGS 84 (EPSG:4326)."
    ),
    "too_complex": _(
        "Reading the file took too much time or memory. Please have the boundaries simplified, or split it."
    ),
    "damaged": _("The file is damaged and cannot be read. Please save it again."),
}

#: What is wrong with one geometry, and what to do.
FAULTS: Final[Mapping[str, str | Promise]] = {
    "coordinates": _("Its coordinates are no lists of numbers."),
    "not_polygon": _("It is a %(kind)s, not an area (Polygon or MultiPolygon)."),
    "ring_short": _("A boundary has only %(count)s different points; an area needs at least three."),
    "no_area": _("Its boundary encloses nothing."),
    "outside": _("It lies outside Germany (longitude, latitude: %(position)s)."),
    "order": _(
        "Its coordinates come as latitude, longitude (%(position)s), those of others the other way round. "
        "GeoJSON wants the longitude first."
    ),
}

#: What was put right, or is worth knowing.
NOTES: Final[Mapping[str, str | Promise]] = {
    "no_geometry": _("without boundaries: the area is not on the map"),
    "swapped": _("latitude and longitude were in the wrong order and have been exchanged"),
    "ring_closed": _("the boundary was not closed and has been closed"),
    "repaired": _("the boundary crossed or touched itself and has been repaired"),
    "repaired_changed": _(
        "the boundary crossed itself and has been repaired; the area changed by %(percent)s %%: "
        "please look at it"
    ),
    "overlaps": _("overlaps with %(name)s (area no. %(other)s of the file)"),
}
#: Notes somebody should look at before the file is taken over.
SERIOUS: Final = frozenset({"repaired_changed", "overlaps"})


class GeojsonRefused(DomainError):  # noqa: N818  a refusal is what the caller shows
    """The file as a whole cannot be read."""

    def __init__(self, code: str, **params: Any) -> None:
        if "position" in params:
            params["example"] = _("area no. %(number)s: %(position)s") % {
                "number": params["number"],
                "position": _position(params["position"]),
            }
        if "limit" in params:
            shown = file_size_de if code == "too_large" else decimal_de
            params["limit"] = shown(params["limit"])
        super().__init__(code, str(REFUSALS[code]) % params)


@dataclass(frozen=True, slots=True)
class Feature:
    """One area of the file.

    Attributes:
        number: From 1, as in the file.
        properties: Its attributes as texts.
        geometry: Polygon or MultiPolygon that is right; None without one, or with a fault.
        notes: Codes of ``NOTES`` with their parameters.
        fault: Code of ``FAULTS`` with its parameters; None if nothing is wrong.
    """

    number: int
    properties: Mapping[str, str]
    geometry: dict[str, Any] | None
    notes: Sequence[tuple[str, Mapping[str, Any]]]
    fault: tuple[str, Mapping[str, Any]] | None

    @property
    def fault_text(self) -> str:
        """What is wrong, in a sentence; empty for nothing."""
        return "" if self.fault is None else str(FAULTS[self.fault[0]]) % _written(self.fault[1])

    def note_texts(self, names: Mapping[int, str]) -> list[str]:
        """What was put right, in words.

        Args:
            names: Names of the areas by their numbers in the file.
        """
        return [
            str(NOTES[code]) % (_written(params) | {"name": names.get(params.get("other", 0)) or NO_VALUE})
            for code, params in self.notes
        ]

    @property
    def is_serious(self) -> bool:
        """Whether somebody should look at it."""
        return any(code in SERIOUS for code, _params in self.notes)


def _written(params: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as people of the current language write them."""
    written = dict(params)
    if "position" in params:
        written["position"] = _position(params["position"])
    if "percent" in params:
        written["percent"] = decimal_de(params["percent"])
    return written


def _position(position: Sequence[float]) -> str:
    """Two numbers with a semicolon between: in German the comma is the decimal sign."""
    return "; ".join(decimal_de(number) for number in position)


def read_geojson(content: bytes, name: str, *, max_bytes: int = DEFAULT_MAX_BYTES) -> list[Feature]:
    """Read the areas of a GeoJSON file.

    Rings are closed, crossings repaired, heights left out, positions rounded to a centimetre; latitude and
    longitude exchanged where a whole file has them in the wrong order.

    Args:
        content: The bytes of the file; pass at most ``max_bytes + 1`` of an upload.
        name: Its name, ending with .geojson or .json.
        max_bytes: Largest size in bytes.

    Raises:
        GeojsonRefused: The file is empty, too large, of another kind, damaged or in another system of
            coordinates.

    Source: RFC 7946; OGC Simple Feature Access on valid polygons.
    """
    _check(content, name, max_bytes)
    try:
        with output_of_child(_CHILD, "geojson", {"features": MAX_FEATURES}, content) as output:
            head = json.loads(output.readline())
            if "refused" in head:
                raise GeojsonRefused(head["refused"], **head["params"])
            return [_feature(json.loads(line)) for line in output]
    except ImportRefused as refused:
        raise GeojsonRefused(refused.code) from refused


def _check(content: bytes, name: str, max_bytes: int) -> None:
    """Look at name, size and beginning, before anything is parsed."""
    ending = PurePath(name).suffix.lower()
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise GeojsonRefused("empty")
    if len(content) > max_bytes:
        raise GeojsonRefused("too_large", limit=max_bytes)
    if content.startswith(_PDF):
        raise GeojsonRefused("pdf")
    if content.startswith(_ZIP):
        raise GeojsonRefused("archive")
    if ending not in _ENDINGS:
        raise GeojsonRefused("kind", ending=ending or "?")


def _feature(row: dict[str, Any]) -> Feature:
    fault = row["fault"]
    return Feature(
        number=row["number"],
        properties=row["properties"],
        geometry=row["geometry"],
        notes=[(code, params) for code, params in row["notes"]],
        fault=None if fault is None else (fault[0], fault[1]),
    )
