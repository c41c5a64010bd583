"""Where the sources lie and how the demo files are written."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from monitoring.geometry import Polygon, polygons_of, simplify_shared

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT.parent / "shared" / "data"
TARGET = ROOT / "workflows" / "demo" / "data"

# About 11 m in the north-south direction: finer than any map we draw.
_COORDINATE_DECIMALS = 4


def read_rows(path: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Read a UTF-8 source file with a header line."""
    with (SOURCES / path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def read_target(name: str) -> list[dict[str, str]]:
    """Read one of our own files, such as a list of indicators kept by hand."""
    with (TARGET / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def write_rows(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write one of our own files: UTF-8, semicolon, decimal point, LF."""
    with (TARGET / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def read_boundaries(path: str, tolerance: float) -> list[tuple[str, str, list[Polygon]]]:
    """Read areas (AGS, name, polygons), simplified together by a tolerance in degrees."""
    features = json.loads((SOURCES / path).read_text(encoding="utf-8"))["features"]
    shapes = simplify_shared([polygons_of(feature["geometry"]) for feature in features], tolerance)
    rows = [
        (str(feature["properties"]["AGS"]), str(feature["properties"]["GEN"]), shape)
        for feature, shape in zip(features, shapes, strict=True)
    ]
    return sorted(rows, key=lambda row: row[0])


def write_boundaries(name: str, areas: Iterable[tuple[dict[str, Any], list[Polygon]]]) -> None:
    """Write areas as GeoJSON, one feature a line, so that differences can be read."""
    lines = []
    for properties, polygons in areas:
        rounded = [[_rounded(ring) for ring in polygon] for polygon in polygons]
        kept = [[ring for ring in polygon if len(ring) >= 4] for polygon in rounded]
        parts = [polygon for polygon in kept if polygon]
        geometry: dict[str, object] = {"type": "MultiPolygon", "coordinates": parts}
        if len(parts) == 1:
            geometry = {"type": "Polygon", "coordinates": parts[0]}
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        lines.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    (TARGET / name).write_text(text, encoding="utf-8")


def _rounded(ring: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Round the points of a ring and drop those that fall together."""
    result: list[tuple[float, float]] = []
    for x, y in ring:
        point = (round(x, _COORDINATE_DECIMALS), round(y, _COORDINATE_DECIMALS))
        if not result or result[-1] != point:
            result.append(point)
    return result
