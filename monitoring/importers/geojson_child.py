"""Child process of ``geojson``: a GeoJSON file on standard input, checked features as JSON lines on output.

Run by path in isolated mode, so it may import nothing of the project.
"""

import json
import math
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TextIO

# Numbers of degrees, and where they may lie: Germany with a margin (west, south, east, north).
_GERMANY = (5.0, 46.5, 16.0, 56.0)
# One in the seventh decimal is a centimetre.
_DECIMALS = 7
_MAX_TEXT = 200
_MAX_PROPERTIES = 60
# Of its area a polygon may lose or gain so much by a repair; more is told.
_LITTLE_CHANGE = 0.01
# Two areas that share more than this of the smaller one overlap.
_OVERLAP = 0.01
_MOST_OVERLAPS = 50
# Names of WGS 84 as files write them.
_WGS84 = ("CRS84", "EPSG::4326", "EPSG:4326", "4258", "EPSG:0:4326")

Limits = dict[str, int]
Feature = dict[str, Any]


class RefusedError(Exception):
    """Ends the reading of the file as a whole with a code for the parent."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class FaultError(Exception):
    """A feature has no usable geometry."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def main(limits: Limits, content: bytes, out: TextIO) -> None:
    """Read the content and write a head line and one line a feature, or a refusal."""
    try:
        lines = [json.dumps(row, ensure_ascii=False) for row in _read(content, limits)]
        head: dict[str, Any] = {"features": len(lines)}
    except RefusedError as refused:
        head, lines = {"refused": refused.code, "params": refused.params}, []
    except (MemoryError, ImportError, RecursionError):
        head, lines = {"refused": "too_complex", "params": {}}, []
    out.write("\n".join([json.dumps(head), *lines]) + "\n")


def _read(content: bytes, limits: Limits) -> list[Feature]:
    features = _features(_document(content), limits)
    is_swapped = _order(features)
    rows = [_feature(number, raw, is_swapped) for number, raw in enumerate(features, start=1)]
    _tell_overlaps(rows)
    return rows


def _document(content: bytes) -> dict[str, Any]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedError("encoding") from None
    if text.lstrip().startswith("<"):
        raise RefusedError("xml")
    try:
        found = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise RefusedError("not_json", line=error.lineno, column=error.colno) from None
    except ValueError:
        raise RefusedError("not_json", line="?", column="?") from None
    if not isinstance(found, dict):
        raise RefusedError("not_geojson")
    return found


def _no_number(name: str) -> float:
    raise ValueError(name)


def _features(document: dict[str, Any], limits: Limits) -> list[dict[str, Any]]:
    kind = document.get("type")
    if kind == "Topology":
        raise RefusedError("topojson")
    if kind == "Feature":
        document = {**document, "features": [document]}
    elif kind != "FeatureCollection":
        raise RefusedError("not_geojson")
    _check_crs(document)
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise RefusedError("no_features")
    if len(features) > limits["features"]:
        raise RefusedError("too_many_features", limit=limits["features"])
    if not all(isinstance(row, dict) and row.get("type") == "Feature" for row in features):
        raise RefusedError("not_geojson")
    return features


def _check_crs(document: dict[str, Any]) -> None:
    """A named system of coordinates other than WGS 84."""
    crs = document.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and not any(known in name for known in _WGS84):
        raise RefusedError("projected", example=name[:60])


def _pairs(value: Any) -> Iterator[tuple[float, float]]:
    """All positions of coordinates of any depth that are numbers."""
    stack = [value]
    while stack:
        found = stack.pop()
        if not isinstance(found, list) or not found:
            continue
        if _is_number(found[0]):
            if len(found) >= 2 and _is_number(found[1]):
                yield float(found[0]), float(found[1])
        else:
            stack.extend(found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _order(features: list[dict[str, Any]]) -> bool:
    """Whether latitude comes first everywhere; refuses coordinates that are no degrees.

    In Germany the two cannot be taken for each other: 5 to 16 degrees east, 46 to 56 north.
    """
    west, south, east, north = _GERMANY
    count = swapped = beyond = 0
    example: dict[str, Any] = {}
    for number, raw in enumerate(features, start=1):
        geometry = raw.get("geometry")
        for x, y in _pairs(geometry.get("coordinates") if isinstance(geometry, dict) else None):
            count += 1
            swapped += south <= x <= north and west <= y <= east
            if abs(x) > 180 or abs(y) > 180:
                beyond += 1
                example = example or {"position": [round(x), round(y)], "number": number}
    if count and beyond > count / 2:
        raise RefusedError("projected", **example)
    return count > 0 and swapped == count


def _feature(number: int, raw: dict[str, Any], is_swapped: bool) -> Feature:
    """A feature with its properties as texts, and a geometry that is right, or what is wrong with it."""
    properties = raw.get("properties")
    row: Feature = {
        "number": number,
        "properties": _texts(properties if isinstance(properties, dict) else {}, raw.get("id")),
        "geometry": None,
        "notes": [],
        "fault": None,
    }
    geometry = raw.get("geometry")
    if geometry is None or (isinstance(geometry, dict) and geometry.get("coordinates") == []):
        row["notes"].append(["no_geometry", {}])
        return row
    notes: list[list[Any]] = [["swapped", {}]] if is_swapped else []
    try:
        row["geometry"] = _right_geometry(geometry, notes, is_swapped)
        row["notes"] = notes
    except FaultError as fault:
        row["fault"] = [fault.code, fault.params]
    return row


def _texts(properties: dict[str, Any], feature_id: Any) -> dict[str, str]:
    """Properties as texts; nested ones are left out."""
    found: dict[str, str] = {}
    items = list(properties.items())[:_MAX_PROPERTIES]
    if feature_id is not None:
        items.append(("id", feature_id) if "id" not in properties else ("", None))
    for name, value in items:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            continue
        text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
        clean = "".join(sign if sign.isprintable() else " " for sign in text)
        found[str(name)[:_MAX_TEXT]] = " ".join(clean.split())[:_MAX_TEXT]
    return found


def _right_geometry(raw: Any, notes: list[list[Any]], is_swapped: bool) -> dict[str, Any]:
    """Polygons that are closed, in range and do not cross themselves.

    Raises:
        FaultError: They cannot be had.
    """
    # After the limits are set: the library must fit into them.
    import shapely  # noqa: PLC0415

    drawn = [_drawn(polygon, notes, is_swapped) for polygon in _polygons(raw)]
    made = [shapely.Polygon(rings[0], rings[1:]) for rings in drawn]
    shape = made[0] if len(made) == 1 else shapely.MultiPolygon(made)
    if not shape.is_valid:
        reason = shapely.is_valid_reason(shape)
        before = sum(polygon.area for polygon in made)
        shape = _only_areas(shapely.make_valid(shape, method="structure", keep_collapsed=False))
        if shape is None or shape.is_empty or shape.area <= 0:
            raise FaultError("no_area")
        change = abs(shape.area - before) / before if before > 0 else 1.0
        code = "repaired" if change <= _LITTLE_CHANGE else "repaired_changed"
        notes.append([code, {"reason": reason[:_MAX_TEXT], "percent": round(change * 100, 1)}])
        # Points of crossings are new and have all decimals: rounding must not spoil the repair.
        shape = _only_areas(shapely.set_precision(shape, 10**-_DECIMALS, mode="valid_output"))
    if shape is None or shape.area <= 0:
        raise FaultError("no_area")
    return _as_geojson(shapely.orient_polygons(shape))


def _polygons(raw: Any) -> list[Any]:
    """Coordinates of the polygons of a geometry, those of collections too."""
    if not isinstance(raw, dict):
        raise FaultError("coordinates")
    kind = raw.get("type")
    if kind == "GeometryCollection":
        parts = raw.get("geometries")
        if not isinstance(parts, list):
            raise FaultError("coordinates")
        found: list[Any] = []
        for part in parts:
            if isinstance(part, dict) and part.get("type") in {"Polygon", "MultiPolygon"}:
                found += _polygons(part)
        if not found:
            raise FaultError("not_polygon", kind=kind)
        return found
    if kind not in {"Polygon", "MultiPolygon"}:
        raise FaultError("not_polygon", kind=str(kind)[:40])
    coordinates = raw.get("coordinates")
    found = [coordinates] if kind == "Polygon" else coordinates if isinstance(coordinates, list) else []
    if not found or not all(isinstance(polygon, list) and polygon for polygon in found):
        raise FaultError("coordinates")
    return found


def _drawn(polygon: Any, notes: list[list[Any]], is_swapped: bool) -> list[list[tuple[float, float]]]:
    """Rings of one polygon as closed lists of positions."""
    rings = []
    for raw in polygon:
        if not isinstance(raw, list):
            raise FaultError("coordinates")
        ring = [_position(position, is_swapped) for position in raw]
        if ring and ring[0] != ring[-1]:
            ring.append(ring[0])
            if ["ring_closed", {}] not in notes:
                notes.append(["ring_closed", {}])
        if len(set(ring)) < 3:
            raise FaultError("ring_short", count=len(set(ring)))
        rings.append(ring)
    return rings


def _position(raw: Any, is_swapped: bool) -> tuple[float, float]:
    if not isinstance(raw, list) or len(raw) < 2 or not (_is_number(raw[0]) and _is_number(raw[1])):
        raise FaultError("coordinates")
    x, y = round(float(raw[0]), _DECIMALS), round(float(raw[1]), _DECIMALS)
    if is_swapped:
        x, y = y, x
    west, south, east, north = _GERMANY
    if not (west <= x <= east and south <= y <= north):
        code = "order" if south <= x <= north and west <= y <= east else "outside"
        raise FaultError(code, position=[round(x, 3), round(y, 3)])
    return x, y


def _only_areas(shape: Any) -> Any:
    """The polygons of a shape; None if there are none."""
    import shapely  # noqa: PLC0415

    parts = [part for part in _flat(shape) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _flat(shape: Any) -> Iterator[Any]:
    for part in getattr(shape, "geoms", [shape]):
        if hasattr(part, "geoms"):
            yield from _flat(part)
        else:
            yield part


def _as_geojson(shape: Any) -> dict[str, Any]:
    def rings(polygon: Any) -> list[Any]:
        lines = [polygon.exterior, *polygon.interiors]
        return [[[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in line.coords] for line in lines]

    if shape.geom_type == "Polygon":
        return {"type": "Polygon", "coordinates": rings(shape)}
    return {"type": "MultiPolygon", "coordinates": [rings(part) for part in shape.geoms]}


def _tell_overlaps(rows: list[Feature]) -> None:
    """Note at both features where two areas cover the same ground."""
    placed = [row for row in rows if row["geometry"] is not None]
    if len(placed) < 2:
        return
    import shapely  # noqa: PLC0415

    shapes = [_shape(row["geometry"]) for row in placed]
    pairs: Callable[..., Any] = shapely.STRtree(shapes).query
    told = 0
    for one, other in zip(*pairs(shapes, predicate="overlaps"), strict=True):
        if one >= other or told >= _MOST_OVERLAPS:
            continue
        shared = shapely.intersection(shapes[one], shapes[other]).area
        if shared > _OVERLAP * min(shapes[one].area, shapes[other].area):
            told += 1
            for here, there in ((one, other), (other, one)):
                placed[here]["notes"].append(["overlaps", {"other": placed[there]["number"]}])


def _shape(geometry: dict[str, Any]) -> Any:
    import shapely  # noqa: PLC0415

    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in polygons])


def _limit(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["output"], limits["output"]))


def _run() -> NoReturn:
    limits = json.loads(sys.argv[2])
    _limit(limits)
    main(limits, sys.stdin.buffer.read(), sys.stdout)
    sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    _run()
