"""The file of the catalogue: what is wrong is said by entry and field; the ready sets are right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation

from monitoring.catalogue import MAX_BYTES, CatalogueRefused, read_catalogue, write_catalogue
from monitoring.catalogue.fields import SECTIONS
from monitoring.catalogue.ready import READY_SETS, ready_content, ready_file, ready_sets
from tests.docs.tools import DOCS

UNIT = {"key": "percent", "symbol_de": "%", "symbol_en": "%", "decimals": 1, "is_percent": True}
DOMAIN = {"key": "work", "name_de": "Arbeit", "name_en": "Work"}
INDICATOR = {
    "key": "rate",
    "name_de": "Quote",
    "name_en": "Rate",
    "domain": "work",
    "unit": "percent",
    "direction": "more_need",
    "definition": "Was gezählt wird.",
    "source": "Test",
}


def content(**sections: Any) -> bytes:
    whole = {"units": [UNIT], "domains": [DOMAIN], "indicators": [INDICATOR]} | sections
    return json.dumps({"format": "passgenau-catalogue", "version": 1} | whole).encode()


def faults(**sections: Any) -> list[tuple[str, str, str]]:
    with translation.override("en"):
        return [(row.section, row.entry, row.message) for row in read_catalogue(content(**sections)).problems]


def faults_of(**fields: Any) -> list[tuple[str, str]]:
    with translation.override("en"):
        rows = read_catalogue(content(indicators=[INDICATOR | fields])).problems
        return [(str(row.field), row.message) for row in rows]


def test_a_right_file_has_nothing_wrong() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"%PDF-1.7", "not_text"),
        (b"PK\x03\x04zip", "not_text"),
        ('{"format": "Größe"}'.encode("cp1252"), "not_text"),
        (b'{"format": ', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"format": "passgenau-catalogue", "version": NaN}', "not_json"),
        (b"[1, 2]", "not_catalogue"),
        (b'{"type": "FeatureCollection", "features": []}', "not_catalogue"),
        (b'{"format": "passgenau-catalogue"}', "other_version"),
        (b'{"format": "passgenau-catalogue", "version": 2}', "other_version"),
        (b'{"format": "passgenau-catalogue", "version": true}', "other_version"),
        (b" " * (MAX_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_catalogue_is_refused(file: bytes, code: str) -> None:
    with pytest.raises(CatalogueRefused) as refused:
        read_catalogue(file)
    assert refused.value.code == code
    assert str(refused.value.message)


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"name_de": ""}, "Name (German)"),
        ({"name_de": "x" * 201}, "Name (German)"),
        ({"name_de": 5}, "Name (German)"),
        ({"name_de": None}, "Name (German)"),
        ({"definition": "a\x00b"}, "Definition"),
        ({"direction": "up"}, "Direction"),
        ({"frequency": "often"}, "How often"),
        ({"first_year": "2020"}, "Figures from (year)"),
        ({"first_year": 20222}, "Figures from (year)"),
        ({"first_year": True}, "Figures from (year)"),
        ({"first_year": 2020, "last_year": 2019}, "Figures until (year)"),
        ({"minimum_base": 0}, "Minimum base"),
        ({"is_active": "yes"}, "Active"),
        ({"denominator": "rate"}, "Related to"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_each_fault_names_entry_and_field(fields: dict[str, Any], label: str) -> None:
    assert [found for found, _message in faults_of(**fields)] == [label]


def test_faults_of_whole_entries() -> None:
    assert faults(indicators=[INDICATOR, INDICATOR]) == [
        ("indicators", "rate", "There are two entries with this key.")
    ]
    assert [row[:2] for row in faults(indicators=[{"name_de": "x"}])] == [("indicators", "entry 1")]
    assert [row[:2] for row in faults(indicators=[INDICATOR | {"key": "a b"}])] == [("indicators", "entry 1")]
    assert [row[:2] for row in faults(indicators=["rate"])] == [("indicators", "entry 1")]
    assert [row[0] for row in faults(indicators={"rate": INDICATOR})] == ["indicators"]
    assert len(faults(figures=[])) == 1
    assert len(faults(units=[UNIT | {"is_count": True}])) == 1
    group = {"key": "s", "name_de": "S", "name_en": "S"}
    assert len(faults(sets=[group | {"indicators": []}])) == 1
    assert len(faults(sets=[group | {"indicators": ["rate", "rate"]}])) == 1


def test_a_field_that_stands_twice_is_told() -> None:
    text = content().replace(b'"name_de": "Quote"', b'"name_de": "Quote", "name_de": "Rate"')
    assert [str(row.field) for row in read_catalogue(text).problems] == ["name_de"]


def test_what_is_written_is_read_as_it_was() -> None:
    entries = read_catalogue(content()).entries
    assert read_catalogue(write_catalogue(entries)).entries == entries
    assert write_catalogue(entries) == write_catalogue(read_catalogue(write_catalogue(entries)).entries)


# --- Ready sets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", READY_SETS)
def test_ready_sets_are_right_and_complete(key: str) -> None:
    file = ready_file(key)
    assert file.problems == []
    indicators = file.entries["indicators"]
    assert set(file.entries["sets"][key]["indicators"]) == set(indicators)
    for entry in indicators.values():
        assert entry["unit"] in file.entries["units"]
        assert entry["domain"] in file.entries["domains"]
        for name in ("definition", "numerator", "base", "formula", "frequency", "interpretation", "limits"):
            assert entry[name], (entry["name_de"], name)
    assert write_catalogue(file.entries) == ready_content(key), "not in the form the export writes"


def test_ready_sets_hold_what_the_places_used() -> None:
    assert [(row.key, row.count) for row in ready_sets()] == [
        ("rheinisch-bergischer-kreis", 30),
        ("siegen", 4),
        ("berlin-mss", 6),
    ]
    rbk = ready_file("rheinisch-bergischer-kreis").entries
    assert len(rbk["domains"]) == 5
    youth = [row["name_de"] for row in rbk["indicators"].values() if row["domain"] == "jugendhilfe"]
    assert youth == [
        "Anteil Minderjähriger",
        "Betreuungsquote unter 3 Jahren",
        "Betreuungsquote von 3 bis unter 6 Jahren",
        "Anteil der Hilfen zur Erziehung",
        "Anteil der Eingliederungshilfe nach SGB VIII",
    ]
    berlin = ready_file("berlin-mss").entries["sets"]["berlin-mss"]["indicators"]
    assert [key.removeprefix("mss_") for key in berlin] == ["s1", "s3", "s4", "d1", "d3", "d4"]


def test_units_and_domains_of_the_ready_sets_agree() -> None:
    seen: dict[tuple[str, str], Any] = {}
    for key in READY_SETS:
        for section in ("units", "domains"):
            for name, entry in ready_file(key).entries[section].items():
                assert seen.setdefault((section, name), entry) == entry


def test_the_document_names_every_field() -> None:
    text = (DOCS / "catalogue-format.md").read_text(encoding="utf-8")
    for specs in SECTIONS.values():
        for spec in specs:
            assert f"`{spec.name}`" in text, spec.name
            for choice in spec.choices or ():
                assert f"`{choice}`" in text, choice
