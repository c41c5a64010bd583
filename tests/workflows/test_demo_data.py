"""The demo files: complete, marked as examples, and saying what the domain says."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from monitoring.geometry import polygons_of, ring_area
from monitoring.index import Direction, stands_out
from monitoring.levels import Column, Level, Method, Result, evaluate
from monitoring.scales import Aggregate, Scale
from scripts.demo_data import euskirchen, files, rhein_berg, stolberg
from workflows.demo import evenings, rbk_knowledge, rbk_recommendations
from workflows.demo.rbk import LAST_YEAR
from workflows.models import CosignVerdict
from workflows.models.recommendations import PAID_KINDS
from workflows.personal_hints import personal_hints

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


def rhein_berg_index(year: int) -> tuple[list[str], list[str], Result]:
    """Names of the areas, keys of the indicators, and the index of the demo's files."""
    areas, indicators = rows("rbk_areas.csv"), rows("rbk_indicators.csv")
    numbers = {
        (row["area_key"], row["indicator"]): float(row["value"])
        for row in rows("rbk_values.csv")
        if row["year"] == str(year)
    }
    table = np.array([[numbers[area["area_key"], row["key"]] for row in indicators] for area in areas])
    assert table.shape == (81, 30)
    columns = [Column(row["key"], Direction(row["direction"])) for row in indicators]
    index = evaluate(table, Method(columns, index=Level(Aggregate.SUM, Scale.Z)))
    return [area["name"] for area in areas], [row["key"] for row in indicators], index


@pytest.mark.parametrize("year", [2024, 2025])
def test_exactly_the_nine_stand_out(year: int) -> None:
    areas, _indicators, index = rhein_berg_index(year)
    above = stands_out(index.index, 1.5)
    found = {name for name, out in zip(areas, above, strict=True) if out}
    assert found > NAMED
    assert len(found) == 9
    others = found - NAMED
    assert all(name.startswith("Bergisch Gladbach – Beispiel-Wohnplatz ") for name in others)


EXAMPLES = (*rbk_recommendations.RECOMMENDATIONS, *rbk_recommendations.TO_MERGE)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_recommendations_cite_what_deviates_in_their_areas(example: rbk_recommendations.Example) -> None:
    names, keys, index = rhein_berg_index(LAST_YEAR)
    out = [name for name, above in zip(names, stands_out(index.index, 1.5), strict=True) if above]
    areas = rbk_recommendations.areas_of(example, out)
    assert example.indicators
    assert areas
    assert set(example.areas) <= set(areas)
    for area in areas:
        for key in example.indicators:
            assert index.scaled[names.index(area), keys.index(key)] > 0.5, (area, key)


#: A word of each finding that only fits what it cites.
SAID = {
    "Elternstärkung": {
        "rbk_school_entry_findings": "Schuleingang",
        "rbk_checkups_incomplete": "Früherkennung",
    },
    "Anlaufstelle": {"rbk_sgb2_rate": "SGB II", "rbk_childcare_under_3": "unter drei Jahren"},
    "Jugendarbeit": {"rbk_educational_assistance": "Hilfen zur Erziehung"},
    "Begleitung": {"rbk_unemployed_youth": "Arbeitslosigkeit junger Menschen"},
    "Sprachförderung": {"rbk_school_entry_language": "Sprache"},
    "Besuchsdienst": {"rbk_living_alone_65_plus": "älterer Alleinlebender"},
    "Erinnerung": {"rbk_checkups_incomplete": "Früherkennung"},
    "Hausbesuche": {"rbk_checkups_incomplete": "Früherkennung"},
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.title)
def test_recommendations_cite_what_their_findings_say(example: rbk_recommendations.Example) -> None:
    [said] = [words for title, words in SAID.items() if title in example.title]
    assert set(said) == set(example.indicators)
    assert all(word in example.finding for word in said.values())
    heard = {(row.who, row.area) for row in rbk_knowledge.STATEMENTS}
    assert set(example.statements) <= heard
    assert {area for _who, area in example.statements} <= set(example.areas)


def test_every_example_says_need_urgency_and_cost() -> None:
    for example in EXAMPLES:
        assert example.need, example.title
        assert example.urgency, example.title
        assert (example.cost_kind in PAID_KINDS) == (example.amounts is not None), example.title
        assert example.amounts is None or example.amounts[0] <= example.amounts[1], example.title
    [dissent] = [row for row in rbk_recommendations.COSIGNERS if row[2] == CosignVerdict.DISSENT]
    assert dissent[3]


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


# --- Stolberg ------------------------------------------------------------------------------------


def test_stolberg_plan_is_as_the_domain_says() -> None:
    measures = rows("stolberg_measures.csv")
    fields = {row["number"] for row in rows("stolberg_fields.csv")}
    assert len(fields) == 5
    assert len(measures) == 47
    assert len({row["number"] for row in measures}) == 47
    assert {row["field"] for row in measures} == fields
    assert all(row["number"].startswith(f"{row['field']}.") for row in measures)
    assert {row["stage"] for row in measures} == {"1", "2"}
    assert all(row["starts_on"] < row["ends_on"] <= "2028-12-31" for row in measures)
    assert max(row["ends_on"] for row in measures) == "2028-12-31"
    real = {row["title"] for row in measures if row["is_example"] == "0"}
    assert real == {
        "Oberstark: Starkes Aufwachsen – Gesund im Quartier Oberstolberg",
        "ZOOM – Jugendliche aktiv im Quartier",
    }
    assert {row["title"] for row in measures if "ZiQ" in row["programme"]} == real
    oberstark = next(row for row in measures if row["title"].startswith("Oberstark"))
    assert "450" in oberstark["target_group"]
    carriers = [oberstark["responsible"], *oberstark["partners"].split("|")]
    assert sum(name.startswith("Träger") for name in carriers) == 3


def test_stolberg_files_belong_together() -> None:
    measures = {row["number"]: row for row in rows("stolberg_measures.csv")}
    organisations = {row["name"] for row in rows("stolberg_organisations.csv")}
    areas = rows("stolberg_areas.csv")
    # The city itself is no area beside its parts: what is for all of it names none.
    names = {row["name"] for row in areas if row["type"] == "small_area"}
    units = {row["key"] for row in rows("units.csv")}
    for row in measures.values():
        assert {row["responsible"], *row["partners"].split("|")} <= organisations
        assert row["responsible"] not in row["partners"].split("|")
        assert set(filter(None, row["areas"].split("|"))) <= names
    figures = rows("stolberg_key_figures.csv")
    assert {row["measure"] for row in figures} == set(measures)
    assert {row["unit"] for row in figures} <= units
    assert len({(row["measure"], row["title"]) for row in figures}) == len(figures)
    for row in figures:
        measure = measures[row["measure"]]
        targets = [target.split(":") for target in row["targets"].split("|")]
        days = [day for day, _ in targets]
        assert days == sorted(days)
        assert row["baseline_on"] < measure["starts_on"] <= days[0]
        assert days[-1] == measure["ends_on"]
        rises = float(targets[-1][1]) > float(row["baseline"])
        assert row["direction"] == ("rising" if rises else "falling")


def test_stolberg_reports_have_gaps_and_delays() -> None:
    figures = {(row["measure"], row["title"]): row for row in rows("stolberg_key_figures.csv")}
    reports = rows("stolberg_reports.csv")
    assert {row["reference_on"] for row in reports} == {
        "2024-12-31",
        "2025-06-30",
        "2025-12-31",
        "2026-06-30",
    }
    assert {(row["measure"], row["key_figure"]) for row in reports} <= figures.keys()
    assert 5 <= sum(not row["value"] for row in reports) <= 15
    assert all(row["comment"] for row in reports if not row["value"])
    assert len({row["measure"] for row in reports}) == 35  # stage 1
    assert all(not float(row["value"] or 0) < 0 for row in reports)
    late = [row for row in reports if row["value"] and row["comment"]]
    assert len({row["measure"] for row in late}) >= 5


def test_stolberg_districts() -> None:
    city, *districts = rows("stolberg_areas.csv")
    assert len(districts) == 16
    assert sum(int(row["population"]) for row in districts) == int(city["population"])
    rates = {row["name"]: float(row["minimum_income_percent"]) for row in districts}
    assert float(city["minimum_income_percent"]) == 14
    high = {name for name, rate in rates.items() if rate > 25}
    assert high == {"Unterstolberg", "Oberstolberg", "Münsterbusch"}
    assert all(name.startswith("Beispiel-Stadtteil ") for name in rates.keys() - high)
    mean = sum(rates[row["name"]] * int(row["population"]) for row in districts) / int(city["population"])
    assert mean == pytest.approx(14, abs=0.1)
    features = json.loads((DATA / "stolberg_areas.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["key"] for feature in features} == {row["area_key"] for row in districts}


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


def test_files_are_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SOURCES / "nrw_gemeinden").is_dir():
        pytest.skip("needs the public figures in ../shared/data, which are not here")
    for path in DATA.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(files, "TARGET", tmp_path)
    for place in (euskirchen, rhein_berg, stolberg):
        place.build()
    changed = [
        path.name for path in DATA.iterdir() if (tmp_path / path.name).read_bytes() != path.read_bytes()
    ]
    assert changed == []


def test_sources_and_licences_are_named() -> None:
    text = (DATA / "SOURCE.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert path.name in text or path.name == "SOURCE.md", path.name
    assert re.search(r"dl-de/by-2-0", text)
    assert "GeoNutzV" in text


def test_ideas_of_the_evenings_are_marked_examples_with_answers() -> None:
    numbers = {row["number"] for row in rows("stolberg_measures.csv")}
    fields = {int(row["number"]) for row in rows("stolberg_fields.csv")}
    areas = {row["name"] for row in rows("stolberg_areas.csv")}
    assert {evenings.ANSWERED_IN, evenings.RUNNING_IN} <= areas
    assert len(evenings.IDEAS) == 6
    assert len(evenings.WAITING) == 3
    for idea in (*evenings.IDEAS, *evenings.RUNNING):
        assert idea.text.startswith("Beispiel:")
        assert idea.field in {0, *fields}
        assert not idea.measure or idea.measure in numbers
        assert idea.measure.partition(".")[0] in {"", str(idea.field)}
    assert all(text.startswith(("Beispiel:", "Örnek:")) for text in evenings.WAITING)
    assert sum(bool(personal_hints(text)) for text in evenings.WAITING) == 1
