"""``import_values``: figures of statistics offices become an accepted delivery, all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from monitoring.models import Delivery, Value
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World
from tests.monitoring.sources_tools import FFCSV, ffcsv_row
from tests.monitoring.test_sources_real import DATA, needs_data

HEAD = "AGS;Jahr;sgb2_rate\n"
GOOD = HEAD + "05378001;2023;12,5\n05378002;2023;-\n05378003;2023;.\n"
DEFAULTS: dict[str, Any] = {"territory": "05378", "supplier": "Jugendamt"}


@pytest.fixture(autouse=True)
def planner(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The territory has a key; somebody with a name to type plans for it."""
    monkeypatch.setitem(DEFAULTS, "user", world.people["planner"].username)
    world.territory.ags = "05378"
    world.territory.save(update_fields=["ags"])


def run(folder: Path, text: str, name: str = "in.csv", **options: Any) -> None:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    call_command("import_values", path, **(DEFAULTS | options))


def refused(folder: Path, text: str, **options: Any) -> list[str]:
    """What is said; nothing may be saved."""
    before = Delivery.objects.count(), Value.objects.count()
    with pytest.raises(CommandError) as error:
        run(folder, text, **options)
    assert (Delivery.objects.count(), Value.objects.count()) == before
    return str(error.value).splitlines()


def in_force(world: World) -> list[tuple[str, float | None, str]]:
    rows = Value.objects.filter(is_current=True, indicator=world.indicators[0]).order_by("area__key")
    return list(rows.values_list("area__key", "value", "sign"))


def test_figures_come_into_force_as_a_delivery(world: World, tmp_path: Path, capsys: Any) -> None:
    run(tmp_path, GOOD)

    delivery = Delivery.objects.get()
    assert (delivery.supplier, delivery.accepted_by) == (world.youth_office, world.people["planner"])
    assert len(delivery.sha256) == 64
    assert delivery.submitted_at is not None
    with default_storage.open(delivery.file.name) as stored:
        assert stored.read() == GOOD.encode()
    assert in_force(world) == [("05378001", 12.5, ""), ("05378002", 0.0, "-"), ("05378003", None, ".")]
    actions = LogEntry.objects.filter(user=world.people["planner"]).values_list("action", flat=True)
    assert {"delivery.read", "delivery.accepted"} <= set(actions)
    assert capsys.readouterr().out == "in.csv: 3 values, 0 earlier ones succeeded\n"


def test_figures_are_succeeded_and_stay_readable(world: World, tmp_path: Path, capsys: Any) -> None:
    run(tmp_path, GOOD)
    run(tmp_path, HEAD + "05378001;2023;14\n")
    assert in_force(world)[0] == ("05378001", 14.0, "")
    assert Value.objects.get(value=12.5).is_current is False
    assert "1 values, 1 earlier ones succeeded" in capsys.readouterr().out


def test_dry_run_saves_nothing(world: World, tmp_path: Path, capsys: Any) -> None:
    run(tmp_path, GOOD, dry_run=True)
    assert not Delivery.objects.exists()
    assert not Value.objects.exists()
    assert capsys.readouterr().out == "in.csv: 3 values, nothing saved\n"


def test_the_same_file_twice_is_refused(world: World, tmp_path: Path) -> None:
    run(tmp_path, GOOD)
    assert "This very file was accepted on" in refused(tmp_path, GOOD, name="other.csv")[0]


def test_official_file_by_variable_and_own_areas(world: World, tmp_path: Path, capsys: Any) -> None:
    rows = [
        ffcsv_row("12,5", key="05378001", code="", label="Insgesamt"),
        ffcsv_row("6", key="05378001"),
        ffcsv_row("99", key="05366004", code="", label="Insgesamt"),
        ffcsv_row("7", key="05378002", code="", label="Insgesamt").replace("Bevölkerungsstand", "anderes"),
    ]
    text = "\n".join([FFCSV, *rows])
    run(tmp_path, text, variable=["Bevölkerungsstand=sgb2_rate"], own_areas_only=True)
    assert in_force(world) == [("05378001", 12.5, "")]
    said = capsys.readouterr().out
    assert "Left out: 1 rows (other attributes)" in said
    assert "Left out: 1 rows (other areas)" in said
    assert "Left out: 1 rows (other variables)" in said


def test_part_of_a_total_is_picked_by_its_attribute(world: World, tmp_path: Path) -> None:
    rows = [
        ffcsv_row("12,5", key="05378001", code="", label="Insgesamt"),
        ffcsv_row("6", key="05378001"),
    ]
    where = ["Geschlecht=weiblich"]
    run(tmp_path, "\n".join([FFCSV, *rows]), variable=["Bevölkerungsstand=sgb2_rate"], where=where)
    assert in_force(world) == [("05378001", 6.0, "")]


@pytest.mark.parametrize("key", ["05378001", "053780001", "053780001001"])
def test_keys_of_the_same_place_match(world: World, tmp_path: Path, key: str) -> None:
    run(tmp_path, f"{HEAD}{key};2023;5")
    assert in_force(world) == [("05378001", 5.0, "")]


def test_year_of_a_file_without_one(world: World, tmp_path: Path) -> None:
    text = "AGS;sgb2_rate\n05378001;5"
    assert refused(tmp_path, text) == [
        "in.csv, row 2, column sgb2_rate: The file names no year. Say which by --year."
    ]
    run(tmp_path, text, year="2021")
    assert Value.objects.get().year == 2021


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            GOOD + "05366004;2023;5",
            "in.csv, row 5, column sgb2_rate: '05366004': The territory has no such area.",
        ),
        (GOOD.replace("sgb2_rate", "x"), "in.csv, row 2, column x: 'x': No indicator has this name."),
        (GOOD + "05378001;20222;5", "in.csv, row 5, column Jahr: '20222': This is no year, month or day."),
        (GOOD + "05378001;2023;6", "in.csv, row 5, column sgb2_rate: '6': Row 2 gives another value"),
        (
            GOOD + "053780001;2023;6",
            "in.csv, row 5: The same area, year and indicator already stand in row 2.",
        ),
        (GOOD + "05378000;2023;101", "in.csv, row 5: 101 percent is more than 100."),
        (GOOD + "05378000;2023;-5", "in.csv, row 5: A negative number is not possible"),
        (HEAD + "05378001;2023;", "in.csv, No column of figures."),
        ("", "in.csv, The file is empty."),
    ],
)
def test_anything_wrong_refuses_all(world: World, tmp_path: Path, text: str, line: str) -> None:
    said = refused(tmp_path, text)
    assert said[0].startswith(line)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"territory": "05999"}, "--territory 05999: there is no organisation."),
        ({"supplier": "Sozialplanung Nachbarkreis"}, "--supplier Sozialplanung Nachbarkreis: there is no"),
        ({"user": "niemand"}, "--user niemand: there is nobody of this name."),
        ({"variable": ["a"]}, "--variable a: write NAME=TEXT."),
        ({"variable": ["a=none"]}, "in.csv, There is no indicator with the key none."),
        ({"year": "20222"}, "--year 20222: this is no year."),
    ],
)
def test_wrong_options(world: World, tmp_path: Path, options: dict[str, Any], line: str) -> None:
    assert refused(tmp_path, GOOD, **options)[0].startswith(line)


@pytest.mark.parametrize("name", ["head", "outsider", "funder_reader", "admin"])
def test_only_who_plans_for_the_territory_may(world: World, tmp_path: Path, name: str) -> None:
    said = refused(tmp_path, GOOD, user=world.people[name].username)
    assert len(said) == 1
    assert not said[0].startswith(("--user", "in.csv"))


def test_file_beyond_the_limit(world: World, tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_FILE_MAX_BYTES = 20
    assert refused(tmp_path, GOOD) == ["in.csv, The file is larger than IMPORT_FILE_MAX_BYTES (20)."]


def test_file_of_which_nothing_is_meant(world: World, tmp_path: Path) -> None:
    said = refused(tmp_path, HEAD + "05366004;2023;5", own_areas_only=True)
    assert said == ["in.csv, No row of the file is meant: left out are 1 rows (other areas)."]


@needs_data
def test_real_file_of_all_districts_brings_the_own_one(world: World, capsys: Any) -> None:
    area = factories.area(world.territory, "Euskirchen", key="05366")
    people = factories.indicator("people", unit=factories.unit("people", "Anzahl", is_count=True))
    path = DATA / "ffcsv" / "12411-01-01-4_de_flat.csv"
    options = {"variable": ["Bevölkerungsstand=people"], "own_areas_only": True}
    call_command("import_values", path, **(DEFAULTS | options))
    line = next(
        line
        for line in path.read_text(encoding="utf-8-sig").splitlines()
        if ";05366;" in line and ";;" in line
    )
    assert [(row.year, row.value) for row in people.values.filter(area=area)] == [
        (2024, float(line.split(";")[13]))
    ]
    assert "Left out: 978 rows (other attributes)" in capsys.readouterr().out
