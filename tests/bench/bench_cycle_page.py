"""The page of a cycle with 10 and 500 areas: ``python -m tests.bench cycle_page``."""

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from monitoring.models import Area, IndexResult, IndexRun
from tests import factories
from tests.bench.bench_inbox import page_cost
from tests.factories import World
from workflows.models import AreaProfile, PlanningCycle, StageKind

SIZES = (10, 500)
#: Every ninth area stands out, as nine of the 81 of the Rheinisch-Bergischer Kreis do.
EVERY = 9


def _grow(world: World, count: int) -> None:
    """Bring the number of areas to ``count``."""
    missing = count - len(world.areas)
    template = world.areas[0]
    world.areas += Area.objects.bulk_create(
        Area(
            territory=world.territory,
            key=f"B{count}{number:05d}",
            name=f"Gebiet {count}-{number}",
            kind=template.kind,
            population=2000,
        )
        for number in range(missing)
    )


def _analysed(world: World, cycle: PlanningCycle) -> None:
    """Give the cycle a run over all areas and profiles of those that stand out."""
    run = IndexRun.objects.create(
        territory=world.territory,
        year=2024,
        missing_policy="exclude",
        border=1,
        inputs_sha256="0" * 64,
        created_by=world.people["planner"],
    )
    IndexResult.objects.bulk_create(
        IndexResult(
            run=run,
            area=area,
            is_included=True,
            total=20.0 - rank / 10,
            normalised=3.0 - rank / 100,
            rank=rank + 1,
            stands_out=rank % EVERY == 0,
        )
        for rank, area in enumerate(world.areas)
    )
    AreaProfile.objects.filter(cycle=cycle).delete()
    AreaProfile.objects.bulk_create(
        AreaProfile(cycle=cycle, area=area, released_at=timezone.now()) for area in world.areas[::EVERY]
    )
    PlanningCycle.objects.filter(pk=cycle.pk).update(index_run=run, stage=StageKind.CONFERENCE)


def run() -> list[dict[str, float | str]]:
    """Measure the page for the planner who carries the cycle.

    Returns:
        One row a size: areas, milliseconds (median), queries, and the time as a multiple of the smallest.
    """
    rows: list[dict[str, float | str]] = []
    with transaction.atomic():
        world = factories.make_world()
        cycle = factories.make_cycle(world)
        client = Client()
        client.force_login(world.people["planner"], backend="django.contrib.auth.backends.ModelBackend")
        for size in SIZES:
            _grow(world, size)
            _analysed(world, cycle)
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
            spent, queries = page_cost(client, f"/cycles/{cycle.pk}/")
            begun = float(rows[0]["ms"]) if rows else spent
            rows.append({"areas": size, "ms": spent, "queries": queries, "times that of 10": spent / begun})
        transaction.set_rollback(True)
    return rows
