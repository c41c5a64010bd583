"""``import_values`` against bare writing of the same rows: ``python -m tests.bench import``.

With ``IMPORT_VALUES=15000000`` in the environment of another length. What is compared is told in
docs/benchmarks.md: the whole command against writing alone, with rows that are ready in memory.
"""

import gc
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np
from django.core.management import call_command
from django.db import connection, connections
from django.test import override_settings

from monitoring.models import Area, AreaKind, Delivery, Indicator, Value
from tests import factories
from tests.factories import World

VALUES = 1_500_000
INDICATORS, YEARS = 100, range(2010, 2025)
#: Rounds of both in turns; the long ones are measured once.
ROUNDS, ROUNDS_LONG = 3, 1
LONG = 5_000_000
_CHUNK = 50_000
_COLUMNS = "indicator_id, area_id, year, value, sign, delivery_id, is_current"
AreaRows = list[tuple[int, int, int, float]]


def _make(count: int) -> tuple[World, list[Area], list[Indicator]]:
    world = factories.make_world()
    world.territory.ags = "05378"
    world.territory.save(update_fields=["ags"])
    areas = [
        Area(
            territory=world.territory,
            kind=AreaKind.SMALL_AREA,
            key=f"0537810{number:05d}",
            name=f"Raum {number}",
        )
        for number in range(count // (INDICATORS * len(YEARS)))
    ]
    Area.objects.bulk_create(areas, batch_size=1_000)
    unit = factories.unit("euro", "EUR")
    indicators = [factories.indicator(f"i{number:03d}", unit=unit) for number in range(INDICATORS)]
    return world, areas, indicators


def _rows(areas: list[Area], indicators: list[Indicator]) -> Iterator[AreaRows]:
    """Rows as the file has them: area by area, year by year."""
    chance = np.random.default_rng(29)
    for area in areas:
        values = iter(np.round(chance.normal(2_000, 500, len(YEARS) * len(indicators)), 2).tolist())
        yield [(row.pk, area.pk, year, next(values)) for year in YEARS for row in indicators]


def _write(path: Path, areas: list[Area], indicators: list[Indicator]) -> None:
    keys = {row.pk: row.key for row in indicators}
    with path.open("w", encoding="utf-8") as file:
        file.write("AGS;Jahr;Indikator;Wert\n")
        for area, rows in zip(areas, _rows(areas, indicators), strict=True):
            file.writelines(
                f"{area.key};{year};{keys[pk]};{value}\n".replace(".", ",") for pk, _, year, value in rows
            )


def _apart(work: Callable[[], float]) -> tuple[float, float]:
    """Seconds and highest memory (MiB) of a piece of work in a process of its own."""
    connections.close_all()
    gc.collect()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_child, args=(work, there))
    process.start()
    there.close()
    spent, peak = here.recv()
    process.join()
    return spent, peak


def _child(work: Callable[[], float], out: Connection) -> None:
    spent = work()
    out.send((spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _empty() -> None:
    """The same empty table for everybody."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE monitoring_value, monitoring_deliveryissue CASCADE")
        else:
            cursor.execute("DELETE FROM monitoring_value")
            cursor.execute("DELETE FROM monitoring_deliveryissue")
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    Delivery.objects.all().delete()


def _bare(delivery: int, areas: list[Area], indicators: list[Indicator]) -> float:
    """Seconds of writing and committing; making the rows is not counted."""
    connection.ensure_connection()
    raw = connection.connection
    spent = 0.0
    chunks = _joined(_rows(areas, indicators))
    if connection.vendor == "postgresql":
        raw.autocommit = False
        with raw.cursor() as cursor:
            begun = time.perf_counter()
            with cursor.copy(f"COPY monitoring_value ({_COLUMNS}) FROM STDIN") as copy:
                spent -= time.perf_counter() - begun
                for chunk in chunks:
                    text = "".join(
                        f"{i}\t{a}\t{y}\t{v!r}\t\t{delivery}\tt\n" for i, a, y, v in chunk
                    ).encode()
                    begun = time.perf_counter()
                    copy.write(text)
                    spent += time.perf_counter() - begun
                begun = time.perf_counter()
            raw.commit()
            return spent + time.perf_counter() - begun
    sql = f"INSERT INTO monitoring_value ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"
    raw.execute("BEGIN IMMEDIATE")
    for chunk in chunks:
        ready = [(i, a, y, v, "", delivery, True) for i, a, y, v in chunk]
        begun = time.perf_counter()
        raw.executemany(sql, ready)
        spent += time.perf_counter() - begun
    begun = time.perf_counter()
    raw.execute("COMMIT")
    return spent + time.perf_counter() - begun


def _joined(parts: Iterator[AreaRows]) -> Iterator[AreaRows]:
    rows: AreaRows = []
    for part in parts:
        rows += part
        if len(rows) >= _CHUNK:
            yield rows
            rows = []
    yield rows


def _import(path: Path, user: str, *, dry_run: bool) -> float:
    begun = time.perf_counter()
    call_command(
        "import_values", path, territory="05378", supplier="Jugendamt", user=user, dry_run=dry_run,
        stdout=io.StringIO(),
    )  # fmt: skip
    return time.perf_counter() - begun


def run() -> list[dict[str, float | str]]:
    """Measure both in turns in processes of their own, on an empty table.

    Returns:
        A row: database, values, seconds of the command, of reading and checking alone (a test run), of bare
        writing, the ratio, and the highest memory of the command in MiB.
    """
    count = int(os.environ.get("IMPORT_VALUES", VALUES))
    world, areas, indicators = _make(count)
    user = world.people["planner"].username
    storage = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    with tempfile.TemporaryDirectory() as folder, override_settings(STORAGES=storage, MEDIA_ROOT=folder):
        path = Path(folder) / "values.csv"
        _write(path, areas, indicators)
        ours, bare, peaks = [], [], []
        for _ in range(ROUNDS if count < LONG else ROUNDS_LONG):
            _empty()
            delivery = Delivery.objects.create(
                territory=world.territory,
                supplier=world.youth_office,
                file_name="bare",
                created_by=world.people["planner"],
            )
            bare.append(_apart(lambda: _bare(delivery.pk, areas, indicators))[0])  # noqa: B023
            assert Value.objects.count() == count
            _empty()
            spent, peak = _apart(lambda: _import(path, user, dry_run=False))
            assert Value.objects.filter(is_current=True).count() == count
            ours.append(spent)
            peaks.append(peak)
        _empty()
        dry, _peak = _apart(lambda: _import(path, user, dry_run=True))
        return [
            {
                "database": connection.vendor,
                "values": count,
                "import s": median(ours),
                "of it reading and checking s": dry,
                "bare writing s": median(bare),
                "ratio": median(ours) / median(bare),
                "peak MiB": max(peaks),
            }
        ]
