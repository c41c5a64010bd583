"""The whole plan to Excel and back, in processes of their own: ``python -m tests.bench plan_excel``.

2,000 measures with 5 key figures each and 24 reports on every one; wanted: at most 300 MiB on either way.
With ``PLAN_MEASURES=50`` in the environment of another size.
"""

import datetime
import gc
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path

from django.db import connections
from django.test import override_settings
from django.utils import timezone

from measures.models import (
    FigureReport,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    MeasurePartner,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from measures.services.plan_imports import workbook_preview, workbook_read
from measures.services.workbooks import workbook_write
from tests import factories
from tests.factories import World

MEASURES, FIGURES, REPORTS = 2_000, 5, 24
#: Wanted at most (MiB).
WANTED = 300
_BATCH = 2_000
_FIRST = datetime.date(2024, 1, 31)


def _make(count: int) -> World:
    world = factories.make_world()
    plan = world.plan
    field = plan.fields.create(number=9, title="Messfeld")
    text = "Was getan wird, für wen, und warum das die Zahlen ändern soll. " * 12
    Measure.objects.bulk_create(
        (
            Measure(
                plan=plan,
                field=field,
                position=number + 1,
                title=f"Maßnahme {number}",
                description=text,
                effect_hypothesis=text,
                starts_on=datetime.date(2026, 1, 1),
                ends_on=plan.ends_on,
                responsible=world.youth_office,
            )
            for number in range(count)
        ),
        batch_size=_BATCH,
    )
    keys = list(field.measures.values_list("pk", flat=True))
    MeasurePartner.objects.bulk_create(
        (MeasurePartner(measure_id=key, organisation=world.provider, role="Raum") for key in keys),
        batch_size=_BATCH,
    )
    unit = factories.unit("persons", "Personen", decimals=0, is_count=True)
    KeyFigure.objects.bulk_create(
        (
            KeyFigure(
                measure_id=key,
                title=f"Kennzahl {number}",
                unit=unit,
                baseline=Decimal(0),
                baseline_on=datetime.date(2025, 12, 31),
            )
            for key in keys
            for number in range(FIGURES)
        ),
        batch_size=_BATCH,
    )
    figures = list(KeyFigure.objects.filter(measure__field=field).values_list("pk", flat=True))
    KeyFigureTarget.objects.bulk_create(
        (
            KeyFigureTarget(key_figure_id=key, due_on=datetime.date(year, 12, 31), value=Decimal(100))
            for key in figures
            for year in (2026, 2027, 2028)
        ),
        batch_size=_BATCH,
    )
    for number in range(REPORTS):
        day = _FIRST + datetime.timedelta(days=30 * number)
        made = ReportingRound.objects.create(
            plan=plan, reference_on=day, due_on=day, opened_by=world.people["planner"]
        )
        report = RoundReport.objects.create(
            round=made,
            organisation=world.youth_office,
            state=RoundReportState.CONFIRMED,
            confirmed_at=timezone.now(),
        )
        FigureReport.objects.bulk_create(
            (
                FigureReport(
                    report=report, key_figure_id=key, value=Decimal(number + 5), comment="wie geplant"
                )
                for key in figures
            ),
            batch_size=_BATCH,
        )
    return world


def _apart(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds and highest memory (MiB) of a piece of work in a fresh process, and its answer."""
    connections.close_all()
    gc.collect()
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_child, args=(work, there))
    process.start()
    seconds, memory, answer = here.recv()
    process.join()
    return seconds, memory, answer


def _child(work: Callable[[], object], answer: Connection) -> None:
    started = time.perf_counter()
    told = work()
    seconds = time.perf_counter() - started
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    answer.send((seconds, max(peaks) / 1024, told))


def run() -> list[dict[str, float | str]]:
    """Write the workbook, read it back, and count what would change."""
    count = int(os.environ.get("PLAN_MEASURES", MEASURES))
    world = _make(count)
    plan, user = world.plan, world.fresh("planner")
    with tempfile.TemporaryDirectory() as folder, override_settings(IMPORT_MAX_BYTES=200 * 1024 * 1024):
        path = Path(folder) / "plan.xlsx"

        def out() -> object:
            with path.open("w+b") as file:
                workbook_write(file, plan, user=user)
            return None

        def back() -> object:
            kept = workbook_read(plan, content=path.read_bytes(), name=path.name, user=user)
            return [len(kept.remarks), len(workbook_preview(kept).rows)]

        rows: list[dict[str, float | str]] = []
        for name, work in (("out", out), ("back", back)):
            seconds, memory, told = _apart(work)
            rows.append(
                {
                    "way": name,
                    "measures": count,
                    "reports": count * FIGURES * REPORTS,
                    "s": seconds,
                    "highest MiB": memory,
                    "wanted MiB": WANTED,
                    "file MB": path.stat().st_size / 1e6,
                    "remarks and changes": "" if told is None else str(told),
                }
            )
    return rows
