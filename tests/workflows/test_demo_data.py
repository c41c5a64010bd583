"""The demo files: complete, marked as examples, and saying what the domain says."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from monitoring.geometry import polygons_of, ring_area
from monitoring.index import Direction, IndicatorSpec, compute, stands_out

DATA = Path(__file__).resolve().parents[2] / "workflows" / "demo" / "data"
SOURCES = DATA.parents[2].parent / "shared" / "data"
SIGNS = {"", "-", ".", "/", "x", "...", "()"}
NAMED = {"Wermelskirchen Innenstadt", "Cremers Weiden", "Zentrum Nord"}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";", strict=True))


@pytest.mark.parametrize("place", ["euskirchen", "rbk"])
def test_files_belong_together(place: str) -> None:
    areas = {row["area_key"] for row in rows(f"{place}_areas.csv")}
    indicators = {row["key"] for row in rows(f"{place}_indicators.csv")}
    units = {row["key"] for row in rows("units.csv")}
    values = rows(f"{place}_values.csv")
    assert {row["unit"] for row in rows(f"{place}_indicators.csv")} <= units
    assert {row["area_key"] for row in values} == areas
    assert {row["indicator"] for row in values} == indicators
    assert {row["sign"] for row in values} <= SIGNS
    keys = [(row["area_key"], row["year"], row["indicator"]) for row in values]
    assert len(keys) == len(set(keys))
    for row in values:
        assert bool(row["value"]) == (row["sign"] in {"", "-", "()"}), row
        assert row["sign"] != "-" or float(row["value"]) == 0, row
    features = json.loads((DATA / f"{place}_areas.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["key"] for feature in features} == areas


def test_boundaries_are_small() -> None:
    assert all(path.stat().st_size < 150_000 for path in DATA.glob("*.geojson"))


def test_euskirchen_has_real_series() -> None:
    assert len(rows("euskirchen_areas.csv")) == 11
    years: dict[str, set[str]] = {}
    for row in rows("euskirchen_values.csv"):
        years.setdefault(row["indicator"], set()).add(row["year"])
    assert len(years) >= 8
    assert len(years["unemployed_share"]) == 14
    assert sum(len(found) > 1 for found in years.values()) >= 6
    kall = {
        (row["indicator"], row["year"]): row["value"]
        for row in rows("euskirchen_values.csv")
        if row["area_key"] == "05366024"
    }
    # 356 unemployed of 7,008 persons; 754 recipients of 11,180 inhabitants.
    assert kall["unemployed_share", "2021"] == "5.08"
    assert kall["minimum_income_rate", "2024"] == "6.74"
    assert kall["minimum_income_rate", "2023"] == "6.40"


@pytest.mark.parametrize("year", [2024, 2025])
def test_exactly_the_nine_stand_out(year: int) -> None:
    areas, indicators = rows("rbk_areas.csv"), rows("rbk_indicators.csv")
    numbers = {
        (row["area_key"], row["indicator"]): float(row["value"])
        for row in rows("rbk_values.csv")
        if row["year"] == str(year)
    }
    table = np.array([[numbers[area["area_key"], row["key"]] for row in indicators] for area in areas])
    assert table.shape == (81, 30)
    specs = [IndicatorSpec(row["key"], Direction(row["direction"])) for row in indicators]
    above = stands_out(compute(table, specs).normalised, 1.5)
    found = {area["name"] for area, out in zip(areas, above, strict=True) if out}
    assert NAMED < found
    assert len(found) == 9
    others = found - NAMED
    assert all(name.startswith("Bergisch Gladbach – Beispiel-Wohnplatz ") for name in others)


def test_rbk_is_as_the_domain_says() -> None:
    areas, indicators = rows("rbk_areas.csv"), rows("rbk_indicators.csv")
    assert len({area["parent_key"] for area in areas}) == 8
    assert all(int(area["population"]) >= 1000 for area in areas)
    assert 275_000 < sum(int(area["population"]) for area in areas) < 290_000
    assert all(area["name"] in NAMED or "Beispiel-Wohnplatz" in area["name"] for area in areas)
    assert len({row["domain"] for row in indicators}) == 5
    assert sum(row["domain"] == "Jugendhilfe" for row in indicators) == 5
    assert {row["source"] for row in indicators} == {"Beispielwerte"}
    north = next(area for area in areas if area["name"] == "Zentrum Nord")
    assert north["parent_name"] == "Burscheid"
    assert 29 < float(north["under_30_percent"]) < 31
    values = {
        row["indicator"]: float(row["value"])
        for row in rows("rbk_values.csv")
        if row["area_key"] == north["area_key"] and row["year"] == "2025"
    }
    assert 24 < values["rbk_sgb2_children_german"] < 26
    assert 32 < values["rbk_sgb2_children_non_german"] < 34.5
    assert 50 < values["rbk_school_entry_findings"] < 60


def total_area(features: list[dict[str, object]]) -> float:
    polygons = [polygon for feature in features for polygon in polygons_of(feature["geometry"])]  # type: ignore[arg-type]
    return sum(abs(ring_area(polygon[0])) for polygon in polygons)


@pytest.mark.parametrize(
    ("ours", "source"),
    [
        ("rbk_areas.geojson", "rheinisch_bergischer_kreis_gemeinden.geojson"),
        ("euskirchen_areas.geojson", "kreis_euskirchen_gemeinden.geojson"),
    ],
)
def test_no_land_is_lost(ours: str, source: str) -> None:
    original = SOURCES / "nrw_boundaries" / source
    if not original.is_file():
        pytest.skip("needs the public boundaries in ../shared/data/nrw_boundaries, which are not here")
    found = json.loads((DATA / ours).read_text(encoding="utf-8"))["features"]
    expected = json.loads(original.read_text(encoding="utf-8"))["features"]
    assert total_area(found) == pytest.approx(total_area(expected), rel=0.003)


def test_sources_and_licences_are_named() -> None:
    text = (DATA / "SOURCE.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert path.name in text or path.name == "SOURCE.md", path.name
    assert re.search(r"dl-de/by-2-0", text)
    assert "GeoNutzV" in text
