"""20,000 operations: taken over, against bare reading and writing; and their page, against 50.

``python -m tests.bench operations``. The import is all that happens between the file and the operations:
hash, reading, every check, what repeats, keeping the list, the preview that is looked at, comparing once
more, writing, audit. Bare is the same reader, amounts and days converted without any check, and
``bulk_create``.
"""

from __future__ import annotations

import datetime
import random
import time
from decimal import Decimal
from statistics import median

from django.db import connection, transaction
from django.test import Client

from measures.importers.operation_rows import LONGEST
from measures.models import Operation, OperationImport
from measures.services.operations import operations_preview, operations_read, operations_take
from project.common.importing import read_table
from tests import factories
from tests.bench.bench_inbox import page_cost
from tests.factories import World
from tests.operations import HEAD, LAND, PROGRAMME

OPERATIONS, FEW = 20_000, 50
ROUNDS = 3
#: Wanted: at most this multiple of bare reading and writing, and of the time of the page with few rows.
WANTED, WANTED_PAGE = 2, 3
_BATCH = 2_000
_PLACES, _HOUSES, _REPEATED = 400, 6_000, 150
_PAGES = {
    "list": "/funders/{pk}/operations/",
    "list, filtered and sorted": "/funders/{pk}/operations/?q=Verein&year=2016&sort=-eligible",
    "list, last page": "/funders/{pk}/operations/?page=9999",
    "to be published": "/funders/{pk}/operations/publication/",
}


def content_of(count: int) -> bytes:
    """A list like that of a large state: many rows of the same house, and some that say the same."""
    chance = random.Random(49)
    lines = []
    for number in range(count):
        if number and number % (count // _REPEATED or 1) == 0:
            lines.append(lines[-1])
            continue
        place = chance.randrange(_PLACES)
        start = datetime.date(2015, 1, 1) + datetime.timedelta(days=chance.randrange(900))
        cells = [
            f"Verein {chance.randrange(_HOUSES):05d} für Bildung e. V.",
            f"3.{chance.randrange(9)}. Kompetenzentwicklung von Beschäftigten",
            f"Beratung und Begleitung im Quartier, Vorhaben {number}",
            start.isoformat(),
            (start + datetime.timedelta(days=chance.randrange(100, 900))).isoformat(),
            f"{chance.randrange(1, 50_000_000) / 100:.2f}",
            "0.5",
            f"{40_000 + place:05d}",
            f"Ort {place}",
            LAND,
            str(103 + chance.randrange(20)),
        ]
        lines.append(";".join(cells))
    return "\n".join([HEAD, *lines, ""]).encode()


def _bare(world: World, content: bytes, source: OperationImport) -> float:
    """Seconds of reading with the same reader and writing the same rows."""
    begun = time.perf_counter()
    day = datetime.date.fromisoformat
    with transaction.atomic():
        table = read_table(content, "liste.csv", longest_text=LONGEST)
        Operation.objects.bulk_create(
            (
                Operation(
                    funder=world.funder,
                    source=source,
                    row=cells[0].row,
                    programme_name=PROGRAMME,
                    beneficiary=cells[0].text,
                    name=cells[1].text,
                    summary=cells[2].text,
                    starts_on=day(cells[3].text),
                    ends_on=day(cells[4].text),
                    eligible=Decimal(cells[5].text),
                    eu_percent=Decimal(cells[6].text) * 100,
                    postcode=cells[7].text,
                    place=cells[8].text,
                    country=cells[9].text,
                    intervention=cells[10].text,
                )
                for cells in table.rows[1:]
            ),
            batch_size=_BATCH,
        )
    return time.perf_counter() - begun


def _import(world: World, content: bytes) -> float:
    """Seconds of the whole way of a list."""
    user = world.fresh("funder_reader")
    begun = time.perf_counter()
    kept = operations_read(
        world.funder, content=content, name="liste.csv", programme_name=PROGRAMME, fund="ESF", user=user
    )
    seen = operations_preview(kept).mark
    operations_take(kept, seen=seen, user=user)
    return time.perf_counter() - begun


def _clear() -> None:
    Operation.objects.all().delete()
    OperationImport.objects.all().delete()


def run() -> list[dict[str, float | str]]:
    """Measure both in turns on an empty table, then the page with few rows and with all.

    Returns:
        A row: what, operations, milliseconds, those of bare reading and writing or of the page with few rows,
        the ratio, what is wanted, and the queries of a page.
    """
    world = factories.make_world()
    content, rows = content_of(OPERATIONS), list[dict[str, float | str]]()
    ours, bare = [], []
    for _ in range(ROUNDS):
        source = OperationImport.objects.create(
            funder=world.funder, sha256="0" * 64, state="discarded", uploaded_by=world.people["funder_reader"]
        )
        bare.append(_bare(world, content, source))
        assert Operation.objects.count() == OPERATIONS
        _clear()
        ours.append(_import(world, content))
        assert Operation.objects.count() == OPERATIONS
        _clear()
    rows.append(_row("import", OPERATIONS, median(ours) * 1000, median(bare) * 1000, WANTED, ""))
    client = Client()
    client.force_login(world.people["funder_reader"], backend="django.contrib.auth.backends.ModelBackend")
    few: dict[str, float] = {}
    for count in (FEW, OPERATIONS):
        _clear()
        _import(world, content_of(count))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        for name, path in _PAGES.items():
            spent, queries = page_cost(client, path.format(pk=world.funder.pk))
            rows.append(_row(name, count, spent, few.setdefault(name, spent), WANTED_PAGE, queries))
    _clear()
    return rows


def _row(
    what: str, count: int, spent: float, against: float, wanted: int, queries: float | str
) -> dict[str, float | str]:
    return {
        "what": what,
        "database": connection.vendor,
        "operations": count,
        "ms": spent,
        "against ms": against,
        "ratio": spent / against,
        "wanted at most": wanted,
        "queries": queries,
    }
