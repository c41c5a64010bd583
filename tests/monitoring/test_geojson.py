"""Boundaries from GeoJSON: repaired or refused, with the area named and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.utils import translation

from monitoring.importers.geojson import FAULTS, NOTES, REFUSALS, GeojsonRefused, read_geojson
from project.common.formats import decimal_de
from tests.factories import geojson, square

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
FILES = sorted(DATA.glob("*/*.geojson"))


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in points]]}


SQUARE = square(0, 0)
BOWTIE = polygon((7.0, 51.0), (7.1, 51.1), (7.1, 51.0), (7.0, 51.1), (7.0, 51.0))
#: A square with a spike too thin to matter.
SPIKE = polygon((7.0, 51.0), (7.1, 51.0), (7.1, 51.1), (7.2, 51.1), (7.1, 51.1), (7.0, 51.1), (7.0, 51.0))
OPEN = polygon((7.0, 51.0), (7.1, 51.0), (7.1, 51.1), (7.0, 51.1))
CLOCKWISE = polygon((7.0, 51.0), (7.0, 51.1), (7.1, 51.1), (7.1, 51.0), (7.0, 51.0))
SWAPPED = polygon((51.0, 7.0), (51.0, 7.1), (51.1, 7.1), (51.1, 7.0), (51.0, 7.0))
METRES = polygon((350000, 5650000), (351000, 5650000), (351000, 5651000), (350000, 5650000))


def read(*geometries: Any, **members: Any) -> Any:
    return read_geojson(geojson(*geometries, **members), "a.geojson")


def codes(feature: Any) -> list[str]:
    return [code for code, _params in feature.notes]


def refused(content: bytes, name: str = "a.geojson", **options: Any) -> str:
    with translation.override("en"), pytest.raises(GeojsonRefused) as error:
        read_geojson(content, name, **options)
    assert "%(" not in str(error.value.message)
    return error.value.code


def test_a_right_area_stays_as_it_is() -> None:
    (feature,) = read(SQUARE)
    assert (feature.number, feature.notes, feature.fault) == (1, [], None)
    corners = [[7.1, 51.0], [7.12, 51.0], [7.12, 51.02], [7.1, 51.02], [7.1, 51.0]]
    assert feature.geometry == {"type": "Polygon", "coordinates": [corners]}
    assert feature.properties == {"ags": "05378901", "name": "Teil 1"}


def test_what_comes_out_can_be_read_again_unchanged() -> None:
    first = read(SQUARE, CLOCKWISE, BOWTIE, SPIKE)
    again = read(*(feature.geometry for feature in first))
    assert [row.geometry for row in again] == [row.geometry for row in first]
    assert not any({"repaired", "repaired_changed", "ring_closed"} & set(codes(row)) for row in again)


@pytest.mark.parametrize(
    ("geometry", "notes"),
    [
        (OPEN, ["ring_closed"]),
        (CLOCKWISE, []),
        (SPIKE, ["repaired"]),
        (BOWTIE, ["repaired_changed"]),
        (SWAPPED, ["swapped"]),
        (None, ["no_geometry"]),
        ({"type": "Polygon", "coordinates": []}, ["no_geometry"]),
    ],
)
def test_what_can_be_repaired_is_repaired_and_told(geometry: Any, notes: list[str]) -> None:
    (feature,) = read(geometry)
    assert feature.fault is None
    assert codes(feature) == notes
    assert all(feature.note_texts({}))
    if feature.geometry is not None:
        shape = shapely.from_geojson(json.dumps(feature.geometry))
        assert shape.is_valid
        assert shape.area > 0
        west, south, east, north = shape.bounds
        assert 5 < west < east < 16
        assert 46 < south < north < 56
        assert all(shapely.is_ccw(part.exterior) for part in getattr(shape, "geoms", [shape]))


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        ({"type": "Point", "coordinates": [7.0, 51.0]}, "not_polygon"),
        ({"type": "LineString", "coordinates": [[7.0, 51.0], [7.1, 51.0]]}, "not_polygon"),
        ({"type": "GeometryCollection", "geometries": []}, "not_polygon"),
        (polygon((7.0, 51.0), (7.1, 51.0), (7.0, 51.0)), "ring_short"),
        (polygon((7.0, 51.0), (7.1, 51.0), (7.2, 51.0), (7.0, 51.0)), "no_area"),
        (polygon((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)), "outside"),
        ({"type": "Polygon", "coordinates": [[["7", "51"], ["8", "51"], ["8", "52"]]]}, "coordinates"),
        ({"type": "Polygon", "coordinates": [[[7.0], [8.0], [8.0]]]}, "coordinates"),
        ({"type": "Polygon", "coordinates": "7,51"}, "coordinates"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "coordinates"),
        ("POLYGON((7 51))", "coordinates"),
    ],
)
def test_what_cannot_is_a_fault_of_that_area_alone(geometry: Any, code: str) -> None:
    good, bad = read(SQUARE, geometry)
    assert good.fault is None
    assert (bad.number, bad.geometry) == (2, None)
    assert bad.fault is not None
    assert bad.fault[0] == code
    assert "%(" not in bad.fault_text


def test_one_area_in_the_wrong_order_is_named() -> None:
    _good, bad = read(SQUARE, SWAPPED)
    assert bad.fault[0] == "order"


def test_numbers_are_written_as_the_page_is() -> None:
    outside = polygon((0.125, 1.5), (1.0, 0.0), (1.0, 1.0), (0.125, 1.5))
    (bad,) = read(outside)
    assert "0,125; 1,5" in bad.fault_text
    with translation.override("en"):
        assert "0.125; 1.5" in bad.fault_text
    (repaired,) = read(BOWTIE)
    number = repaired.notes[0][1]["percent"]
    assert decimal_de(number) in repaired.note_texts({})[0]
    with pytest.raises(GeojsonRefused, match=r"1: 3\d\d\.\d{3}; 5\.6\d\d\.\d{3}"):
        read(METRES)


def test_heights_and_collections_are_read() -> None:
    ring = [[7.0, 51.0, 80.5], [7.1, 51.0, 81], [7.1, 51.1, 82], [7.0, 51.0, 80.5]]
    collection = {
        "type": "GeometryCollection",
        "geometries": [{"type": "Polygon", "coordinates": [ring]}, {"type": "Point", "coordinates": [7, 51]}],
    }
    (feature,) = read(collection)
    assert feature.geometry["coordinates"][0][0] == [7.0, 51.0]


def test_overlaps_are_told_at_both() -> None:
    one, other, far = read(
        square(0, 0), polygon((7.11, 51.0), (7.3, 51.0), (7.3, 51.1), (7.11, 51.0)), square(9, 9)
    )
    assert (codes(one), codes(other), codes(far)) == (["overlaps"], ["overlaps"], [])
    assert one.is_serious
    assert "Nebenan" in one.note_texts({2: "Nebenan"})[0]


def test_neighbours_do_not_overlap() -> None:
    assert not any(row.notes for row in read(*(square(x, y) for x in range(4) for y in range(4))))


def test_properties_become_texts() -> None:
    feature = {
        "type": "Feature",
        "id": 7,
        "properties": {
            "AGS": 5378004.0,
            "n": True,
            "x": None,
            "deep": {"a": 1},
            "name": " A\u0000 \n B " * 1,
        },
        "geometry": None,
    }
    (row,) = read_geojson(json.dumps(feature).encode(), "one.json")
    assert row.properties == {"AGS": "5378004", "name": "A B", "id": "7"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \r\n\x00", "empty"),
        (b"%PDF-1.7", "pdf"),
        (b"PK\x03\x04shape", "archive"),
        ('{"type": "Größe"}'.encode("cp1252"), "encoding"),
        (b"<kml></kml>", "xml"),
        (b'{"type": "FeatureCollection", ', "not_json"),
        (b'{"type": "FeatureCollection", "features": [NaN]}', "not_json"),
        (b"[" * 200_000, "too_complex"),
        (b"[]", "not_geojson"),
        (b'{"type": "Topology", "objects": {}}', "topojson"),
        (b'{"format": "passgenau-catalogue"}', "not_geojson"),
        (b'{"type": "FeatureCollection", "features": []}', "no_features"),
        (b'{"type": "FeatureCollection", "features": {}}', "no_features"),
        (b'{"type": "FeatureCollection", "features": [1]}', "not_geojson"),
        (geojson(METRES), "projected"),
        (
            geojson(SQUARE, crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}),
            "projected",
        ),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_wgs84_may_be_named() -> None:
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4258"):
        assert read(SQUARE, crs={"type": "name", "properties": {"name": name}})[0].fault is None


def test_names_and_sizes_are_looked_at_first() -> None:
    assert refused(geojson(SQUARE), "a.shp") == "kind"
    assert refused(geojson(SQUARE), max_bytes=100) == "too_large"


def test_a_file_that_wants_too_much_does_not_take_the_server_with_it(monkeypatch: Any) -> None:
    monkeypatch.setattr("project.common.importing.CHILD_MEMORY_BYTES", 300 * 1024 * 1024)
    ring = b"[7.0,51.0]," * 3_000_000
    content = b'{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[' + ring[:-1] + b"]]}}"
    assert refused(content, max_bytes=10**9) == "too_complex"


def test_every_code_has_words() -> None:
    child = (Path(__file__).parents[2] / "monitoring/importers/geojson_child.py").read_text(encoding="utf-8")
    for code in (*REFUSALS, *FAULTS, *NOTES):
        if code not in {"empty", "too_large", "kind", "archive", "pdf", "damaged"}:
            assert f'"{code}"' in child, code


@pytest.mark.skipif(not FILES, reason="the real files are not part of the repository")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_files_are_read_whole(path: Path) -> None:
    content = path.read_bytes()
    features = read_geojson(content, path.name)
    assert len(features) == len(json.loads(content)["features"])
    assert not any(feature.fault for feature in features)
    assert all(shapely.from_geojson(json.dumps(row.geometry)).is_valid for row in features)
