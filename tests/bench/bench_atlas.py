"""The social atlas with 8, 81 and 542 areas: ``python -m tests.bench atlas``."""

import gzip
import json
import random
import time
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.test import Client

from monitoring.models import Area, AreaMap
from monitoring.selectors import areas as area_reads
from monitoring.services.deliveries import delivery_accept
from tests import factories
from tests.bench.bench_inbox import page_cost
from tests.factories import World

SIZES = (8, 81, 542)
#: As many indicators and years as the Rheinisch-Bergischer Kreis watches.
INDICATORS, YEARS = 30, range(2019, 2025)
#: The 542 planning areas of Berlin, with 198,087 points; without the file the areas are squares.
BERLIN = Path(__file__).resolve().parents[3] / "shared/data/berlin_mss2021/lor_planungsraeume_2021.geojson"


def _boundaries(size: int) -> list[dict[str, Any]]:
    if size == max(SIZES) and BERLIN.exists():
        features = json.loads(BERLIN.read_text(encoding="utf-8"))["features"]
        return [row["geometry"] for row in features]
    return [factories.square(place % 24, place // 24) for place in range(size)]


def _fill(world: World, size: int) -> None:
    """Bring the territory to a size, with boundaries and figures."""
    template = world.areas[0]
    world.areas += Area.objects.bulk_create(
        Area(
            territory=world.territory,
            key=f"B{size}{number:05d}",
            name=f"Gebiet {size}-{number}",
            kind=template.kind,
            population=3000,
        )
        for number in range(size - len(world.areas))
    )
    for area, geometry in zip(world.areas, _boundaries(size), strict=True):
        area.geometry = geometry
    Area.objects.bulk_update(world.areas, ["geometry"], batch_size=50)
    chance = random.Random(size)
    values: dict[Any, float | None] = {
        (indicator, area, year): round(chance.uniform(2, 30), 1)
        for indicator in world.indicators[:INDICATORS]
        for area in world.areas
        for year in YEARS
    }
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])


def _first(client: Client, path: str) -> float:
    """Milliseconds of the very first look at a map, which is made for it."""
    AreaMap.objects.all().delete()
    area_reads._PICTURES.clear()
    start = time.perf_counter()
    client.get(path)
    return (time.perf_counter() - start) * 1000


def run() -> list[dict[str, float | str]]:
    """Measure the page for a head of department.

    Returns:
        One row a size and view: areas, milliseconds (median), queries, kilobytes compressed, milliseconds of
        the first look at new boundaries, and the time as a multiple of that of the smallest size.
    """
    rows: list[dict[str, float | str]] = []
    with transaction.atomic():
        world = factories.make_world()
        missing = INDICATORS - len(world.indicators)
        world.indicators += [factories.indicator(f"bench-{number}") for number in range(missing)]
        client = Client()
        client.force_login(world.people["head"], backend="django.contrib.auth.backends.ModelBackend")
        begun: dict[str, float] = {}
        for size in SIZES:
            _fill(world, size)
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
            path = f"/atlas/?show={world.indicators[0].key}&year={YEARS[-1]}"
            first = _first(client, path)
            for view, query in (("all", ""), ("one chosen", f"&area={world.areas[0].pk}")):
                spent, queries = page_cost(client, path + query)
                begun.setdefault(view, spent)
                rows.append(
                    {
                        "areas": size,
                        "view": view,
                        "ms": spent,
                        "queries": queries,
                        "kB": len(gzip.compress(client.get(path + query).content)) / 1000,
                        "first ms": first,
                        "times that of 8": spent / begun[view],
                    }
                )
        transaction.set_rollback(True)
    return rows
