"""Imports by columns and by set: the same as row by row through the forms, and all or nothing."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection

from monitoring.changes import unusual_changes
from monitoring.models import Delivery, DeliveryIssue, Indicator, Value
from monitoring.services import source_import, value_store
from monitoring.services.deliveries import (
    delivery_accept,
    delivery_mark_submitted,
    delivery_reading,
    delivery_store,
)
from monitoring.services.value_store import Rows, values_store
from monitoring.sources import Reading, SourceError, read_source
from monitoring.sources.blocks import Block, read_parts
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World

HEAD = "Gebietsschlüssel;Jahr;Indikator;Wert;Zeichen\n"
KEYS = [f"053780{number:02d}" for number in range(10, 26)]


@pytest.fixture
def indicators(world: World) -> list[Indicator]:
    """Areas and indicators of each kind of unit; the territory has a key."""
    world.territory.ags = "05378"
    world.territory.save(update_fields=["ags"])
    for key in KEYS:
        factories.area(world.territory, f"Raum {key}", key=key)
    return [
        factories.indicator("quota", unit=factories.unit()),
        factories.indicator("people", unit=factories.unit("people", "Anzahl", is_count=True)),
        factories.indicator("balance", unit=factories.unit("euro", "EUR")),
    ]


def lines_of(seed: int) -> list[str]:
    """A file with figures, signs, gaps and one figure that sticks out."""
    chance = random.Random(seed)
    lines = []
    for key in KEYS:
        for year in (2020, 2021, 2022):
            values = {
                "quota": f"{chance.uniform(5, 8):.2f}".replace(".", ","),
                "people": str(chance.randint(50, 60)),
                "balance": f"{chance.uniform(-20, 20):.1f}".replace(".", ","),
            }
            if (key, year) == (KEYS[3], 2022):
                values["balance"] = "9000"
            for name, value in values.items():
                sign = chance.choice(["", "", "", "", "", ".", "-", "x", "gap"])
                if sign != "gap":
                    lines.append(f"{key};{year};{name};{'' if sign else value};{sign}")
    return lines


def run(world: World, path: Path, text: str, **options: Any) -> None:
    path.write_text(text, encoding="utf-8")
    user = world.people["planner"].username
    call_command("import_values", path, territory="05378", supplier="Jugendamt", user=user, **options)


def row_by_row(world: World, text: str, indicators: list[Indicator]) -> Delivery:
    """The way of the forms, which writes objects."""
    areas = list(world.territory.areas.filter(key__in=KEYS))
    delivery = delivery_store(
        delivery_reading(
            territory=world.territory,
            supplier=world.youth_office,
            upload=ContentFile(text.encode(), name="in.csv"),
            indicators=indicators,
            areas=areas,
            years=[2020, 2021, 2022],
            user=world.people["planner"],
        ),
        user=world.people["planner"],
    )
    assert not delivery.has_errors
    delivery_mark_submitted(delivery)
    delivery_accept(delivery, user=world.people["planner"])
    return delivery


def state_of(delivery: Delivery) -> dict[str, Any]:
    """All that was stored, but for keys, moments and the column in which a remark stands."""
    values = Value.objects.order_by("delivery", "indicator", "area", "year")
    issues = DeliveryIssue.objects.filter(delivery=delivery).exclude(code="missing_values")
    return {
        "counts": (delivery.value_count, delivery.missing_count, delivery.sha256, delivery.supplier_id),
        "by": (delivery.accepted_by_id, delivery.created_by_id, delivery.submitted_at is not None),
        "own": list(
            values.filter(delivery=delivery).values_list(
                "indicator", "area", "year", "value", "sign", "is_current"
            )
        ),
        "others": list(
            values.exclude(delivery=delivery).values_list("indicator", "area", "year", "is_current")
        ),
        "unusual": sorted(
            (row.row, row.params["area_key"], row.params["now"], row.params["before"])
            for row in issues.filter(code="unusual_change")
        ),
        "missing": sorted(
            (row.params["name"], row.params["count"], row.params["total"])
            for row in DeliveryIssue.objects.filter(delivery=delivery, code="missing_values")
        ),
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_as_row_by_row(world: World, indicators: list[Indicator], tmp_path: Path, seed: int) -> None:
    first = "\n".join([HEAD.strip(), *lines_of(100 + seed)[: 20 * seed]])
    text = "\n".join([HEAD.strip(), *lines_of(seed)])
    found = []
    for is_bulk in (False, True):
        Value.objects.all().delete()
        Delivery.objects.all().delete()
        row_by_row(world, first, indicators)
        if is_bulk:
            run(world, tmp_path / "in.csv", text)
            delivery = Delivery.objects.order_by("pk").last()
            assert delivery is not None
        else:
            delivery = row_by_row(world, text, indicators)
        found.append(state_of(delivery))
    assert found[1] == found[0]
    assert found[1]["unusual"]
    assert not all(is_current for *_key, is_current in found[1]["others"])


@pytest.mark.parametrize(
    "text",
    [
        "AGS;Name;Jahr;Indikator;Einheit;Wert\n05378001; Berg ;2020;a;%;1,5\n5378002;T;31.12.2021;a;%; 2 \n",
        "Gebiet;Jahr;Geschlecht;Fälle;Quote\n91 Berg Fidel;2020;weiblich;1.234;0,123\nSumme;2020;;7;(8,5)\n",
        'AGS;Name;2020;2021\n05378001;"Berg\nund Tal";1,5;.\n\n05378002;x;2;\n05378003;y;zwei;3\n05378;z;4\n',
        "AGS;Jahr;a;b;\n05378001;2020;5;6;\n05378002;20222;5;6;\n05378002;2021;5;6;9\n;2021;5;6;\n",
        "area_key,period,variable,value,sign\n05378001,2020,a,1.5,\n05378002,2020,a,,.\n05378003,2020,,4,\n",
        "AGS;Jahr;a\n05378001;2020;5\n05378002;2020;7,5 %\n05378001;2020;6\n05378001;2021;1,5e3\n",
        'AGS;Jahr;a\n05378001;2020;5\n05378002;2020;"6\n',
        "AGS;Jahr;a\n",
    ],
)
def test_columns_read_what_rows_read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    source = read_source(path)
    rows, row_error = _taken(source.readings)
    other, parts = read_parts(path)
    found, error = _taken(_single(parts))
    assert sorted(found) == sorted(rows)
    assert error == row_error
    key = str
    assert sorted(other.problems.found, key=key) == sorted(source.problems.found, key=key)
    assert sorted(map(str, other.problems.notes)) == sorted(map(str, source.problems.notes))


def _single(parts: Iterator[Block | Reading]) -> Iterator[Reading]:
    for part in parts:
        if isinstance(part, Block):
            yield from (part.reading(place) for place in range(len(part.texts)))
        else:
            yield part


def _taken(readings: Iterator[Reading]) -> tuple[list[Reading], str]:
    taken = []
    try:
        taken.extend(readings)
    except SourceError as error:
        return taken, str(error)
    return taken, ""


def _long(count: int) -> str:
    """As many lines, of 16 areas, years from 1900 on, one indicator."""
    lines = (f"{KEYS[number % 16]};{1900 + number // 16};balance;{number},5;" for number in range(count))
    return HEAD + "\n".join(lines) + "\n"


def test_duplicate_in_the_last_chunk_refuses_all(
    world: World, indicators: list[Indicator], tmp_path: Path
) -> None:
    text = _long(1_600) + f"{KEYS[1]};1900;balance;7;\n"
    with pytest.raises(CommandError, match=r"in\.csv, row 1602, column Wert: '7': Row 3 gives another value"):
        run(world, tmp_path / "in.csv", text)
    assert not Delivery.objects.exists()


def test_the_same_place_twice_in_other_words_refuses_all(
    world: World, indicators: list[Indicator], tmp_path: Path
) -> None:
    text = _long(1_600) + f"{KEYS[1][:5]}0{KEYS[1][5:]};1900;balance;7;\n"
    with pytest.raises(CommandError, match=r"row 1602: The same area, year and indicator .* in row 3"):
        run(world, tmp_path / "in.csv", text)
    assert not Value.objects.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupted_import_leaves_nothing(
    world: World,
    indicators: list[Indicator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    row_by_row(world, HEAD + f"{KEYS[0]};2020;balance;5;", indicators)
    files = set(_stored())
    entries = LogEntry.objects.count()

    def break_off(*_args: Any, **_kwargs: Any) -> None:
        raise error

    text = HEAD + f"{KEYS[0]};2020;balance;6;\n{KEYS[1]};2020;balance;6;"
    for place in ("same_file_remarks", "log_action"):
        with monkeypatch.context() as patch:
            patch.setattr(source_import, place, break_off)
            with pytest.raises(error):
                run(world, tmp_path / "in.csv", text)
        assert Delivery.objects.count() == 1
        assert [(row.value, row.is_current) for row in Value.objects.all()] == [(5.0, True)]
        assert set(_stored()) == files
        assert LogEntry.objects.count() == entries


def _stored(folder: str = "deliveries") -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _stored(f"{folder}/{name}")


def test_file_that_changes_while_it_is_read_is_refused(
    world: World, indicators: list[Indicator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = set(_stored())
    states = iter([(1, 1), (1, 2)])
    monkeypatch.setattr(source_import, "_state", lambda _path: next(states))
    with pytest.raises(CommandError, match="was changed while it was read"):
        run(world, tmp_path / "in.csv", _long(16))
    assert not Delivery.objects.exists()
    assert set(_stored()) == files


def _delivery(world: World) -> Delivery:
    return Delivery.objects.create(
        territory=world.territory, supplier=world.youth_office, created_by=world.people["planner"]
    )


@pytest.mark.parametrize(("year", "value", "sign"), [(1800, 1.0, ""), (2020, float("nan"), "")])
def test_constraints_hold_on_the_fast_way(
    world: World, indicators: list[Indicator], year: int, value: float, sign: str
) -> None:
    area = world.territory.areas.get(key=KEYS[0])
    rows = Rows([indicators[0].pk], [area.pk], [year], [value], [sign])
    with pytest.raises(IntegrityError):
        values_store(_delivery(world), [rows], is_current=True)


@pytest.mark.django_db
def test_both_databases_are_written_by_the_same_function(
    world: World, indicators: list[Indicator], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []
    for name in ("_copy", "_insert"):
        old = getattr(value_store, name)
        monkeypatch.setattr(
            value_store,
            name,
            lambda *args, name=name, old=old, **rest: used.append(name) or old(*args, **rest),
        )
    area = world.territory.areas.get(key=KEYS[0])
    exact = 0.1 + 0.2
    rows = Rows([indicators[2].pk] * 2, [area.pk] * 2, [2020, 2021], [exact, float("nan")], ["", "..."])
    values_store(_delivery(world), [rows], is_current=False)
    assert list(Value.objects.order_by("year").values_list("value", "sign")) == [(exact, ""), (None, "...")]
    assert used == ["_copy" if connection.vendor == "postgresql" else "_insert"]


def test_more_unusual_changes_than_anybody_reads_are_counted(
    world: World, indicators: list[Indicator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.services.import_remarks._MOST_UNUSUAL", 2)
    years = [f"{key};2020;balance;{number};" for number, key in enumerate(KEYS)]
    years += [
        f"{key};2021;balance;{number + (500 if number < 4 else number % 3)};"
        for number, key in enumerate(KEYS)
    ]
    run(world, tmp_path / "in.csv", HEAD + "\n".join(years))
    codes = list(DeliveryIssue.objects.order_by("pk").values_list("code", flat=True))
    assert codes == ["unusual_change", "unusual_change", "more"]
    assert DeliveryIssue.objects.get(code="more").params["count"] == 2


def test_memory_grows_by_few_bytes_a_value(world: World, indicators: list[Indicator], tmp_path: Path) -> None:
    """200,000 values: 21 bytes each, 8 for their hash, as much again to put them in order."""
    count = 200_000
    areas = [factories.area(world.territory, f"R{number}", key=f"0537{number:04d}") for number in range(250)]
    path = tmp_path / "in.csv"
    others = [factories.indicator(f"i{number}", unit=factories.unit("euro", "EUR")) for number in range(8)]
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for area in areas:
            for year in range(2000, 2100):
                file.writelines(f"{area.key};{year};{row.key};{year},5;\n" for row in others)
    tracemalloc.start()
    try:
        user = world.people["planner"].username
        options = {"territory": "05378", "supplier": "Jugendamt", "user": user, "dry_run": True}
        call_command("import_values", path, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < count * 60 + 8_000_000


def test_unusual_changes_of_many_are_those_of_few() -> None:
    changes = dict(enumerate([0.0] * 7 + [1.0, 90.0]))
    assert unusual_changes(changes) == {8}
