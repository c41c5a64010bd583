"""The pages of a plan with 50 and 2,000 measures: ``python -m tests.bench plan``."""

from __future__ import annotations

import datetime
import random
import time
from decimal import Decimal

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from measures.models import (
    ActionPlan,
    FieldOfAction,
    FigureReport,
    FinanceLine,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    MeasureDependency,
    MeasureStanding,
    MeasureStatus,
    Milestone,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from monitoring.models import Area
from stakeholders.models import Organisation, OrganisationKind
from tests import factories
from tests.bench.bench_inbox import page_cost
from tests.factories import World

SIZES = (50, 2_000)
FIGURES, ROUNDS, FIELDS, HOUSES, AREAS = 5, 24, 5, 20, 80
BATCH = 5_000
#: Wanted: at most this multiple of the time for 50.
WANTED = 3
PAGES = {
    "overview": "/plans/{pk}/",
    "list": "/plans/{pk}/measures/",
    "list, by state and filtered": "/plans/{pk}/measures/?sort=-state&stage=1&milestone=overdue",
    "timeline": "/plans/{pk}/timeline/",
    "timeline by area": "/plans/{pk}/timeline/?group=area",
    "map": "/plans/{pk}/map/",
    "key figures": "/plans/{pk}/figures/",
    "key figures off path": "/plans/{pk}/figures/?light=off_path",
}


def _ground(world: World) -> list[Organisation]:
    """Areas with boundaries, and the houses that answer for measures."""
    template = world.areas[0]
    missing = range(AREAS - len(world.areas))
    world.areas += Area.objects.bulk_create(
        Area(
            territory=world.territory,
            key=f"B{number:05d}",
            name=f"Gebiet {number}",
            kind=template.kind,
            population=2000,
            geometry=factories.square(number % 10, 2 + number // 10),
        )
        for number in missing
    )
    return [
        factories.organisation(f"Haus {number}", OrganisationKind.DEPARTMENT, world.territory)
        for number in range(HOUSES)
    ]


def _plan(world: World, houses: list[Organisation], size: int) -> ActionPlan:
    """A plan of a size with everything that belongs to its measures."""
    chance = random.Random(size)
    today = timezone.localdate()
    plan = ActionPlan.objects.create(
        territory=world.territory, title=f"Plan {size}", ends_on=today + datetime.timedelta(days=900)
    )
    fields = [
        FieldOfAction.objects.create(plan=plan, number=number, title=f"Handlungsfeld {number}")
        for number in range(1, FIELDS + 1)
    ]
    statuses = [MeasureStatus.RUNNING] * 7 + [MeasureStatus.AGREED, MeasureStatus.PROPOSED]
    measures = Measure.objects.bulk_create(
        _measure(
            plan, fields[number % FIELDS], houses[number % HOUSES], number, chance.choice(statuses), today
        )
        for number in range(size)
    )
    MeasureStanding.objects.bulk_create(MeasureStanding(measure=row) for row in measures)
    links = Measure.areas.through
    links.objects.bulk_create(
        links(measure=row, area=area)
        for row in measures
        for area in chance.sample(world.areas, chance.randint(0, 2))
    )
    Milestone.objects.bulk_create(
        Milestone(measure=row, title=f"Schritt {step}", planned_on=day, due_on=day)
        for row in measures
        for step in range(3)
        for day in [today + datetime.timedelta(days=chance.randint(-60, 600))]
    )
    FinanceLine.objects.bulk_create(
        FinanceLine(measure=row, kind=kind, title="Personal", amount=Decimal(50_000))
        for row in measures
        for kind in ("cost", "funding")
    )
    MeasureDependency.objects.bulk_create(
        MeasureDependency(measure=row, needed=before)
        for before, row in zip(measures, measures[5:], strict=False)
    )
    _figures(world, plan, measures, houses, chance)
    return plan


def _measure(
    plan: ActionPlan,
    field: FieldOfAction,
    house: Organisation,
    number: int,
    status: MeasureStatus,
    today: datetime.date,
) -> Measure:
    begins = today - datetime.timedelta(days=800 - number % 300)
    return Measure(
        plan=plan,
        field=field,
        position=number // FIELDS + 1,
        title=f"Maßnahme {number}",
        responsible=house,
        stage=1 + number % 2,
        starts_on=begins,
        ends_on=today + datetime.timedelta(days=number % 800 - 20),
        started_on=begins if status == MeasureStatus.RUNNING else None,
        status=status,
    )


def _figures(
    world: World, plan: ActionPlan, measures: list[Measure], houses: list[Organisation], chance: random.Random
) -> None:
    """Key figures with targets, and a confirmed figure of each in every round."""
    today = timezone.localdate()
    unit = factories.unit("persons", "Personen", decimals=0)
    begin = today - datetime.timedelta(days=800)
    figures = KeyFigure.objects.bulk_create(
        KeyFigure(measure=row, title=f"Kennzahl {number}", unit=unit, baseline=Decimal(0), baseline_on=begin)
        for row in measures
        for number in range(FIGURES)
    )
    KeyFigureTarget.objects.bulk_create(
        (
            KeyFigureTarget(
                key_figure=row, due_on=today + datetime.timedelta(days=days), value=Decimal(value)
            )
            for row in figures
            for days, value in ((-300, 500), (800, 1000))
        ),
        batch_size=BATCH,
    )
    of_house = {row.pk: row.responsible_id for row in measures}
    for number in range(ROUNDS):
        day = today - datetime.timedelta(days=30 * (ROUNDS - number))
        asked = ReportingRound.objects.create(
            plan=plan,
            reference_on=day,
            due_on=day,
            opened_by=world.people["planner"],
            closed_at=timezone.now() - datetime.timedelta(days=30 * (ROUNDS - number)),
        )
        reports = {
            house.pk: RoundReport.objects.create(
                round=asked,
                organisation=house,
                state=RoundReportState.CONFIRMED,
                confirmed_at=timezone.now(),
                confirmed_by=world.people["planner"],
            )
            for house in houses
        }
        FigureReport.objects.bulk_create(
            (
                FigureReport(
                    report=reports[of_house[row.measure_id]],
                    key_figure=row,
                    value=Decimal(round(number * 30 * chance.uniform(0.7, 1.1))),
                )
                for row in figures
            ),
            batch_size=BATCH,
        )


def run() -> list[dict[str, float | str]]:
    """Measure the pages for planning.

    Returns:
        One row a page and size: measures, milliseconds (median), queries, seconds of the day's first look,
        which reckons all states, and the time as a multiple of that for 50.
    """
    rows: list[dict[str, float | str]] = []
    with transaction.atomic():
        world = factories.make_world()
        houses = _ground(world)
        plans = {size: _plan(world, houses, size) for size in SIZES}
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        client = Client()
        client.force_login(world.people["planner"], backend="django.contrib.auth.backends.ModelBackend")
        first: dict[int, float] = {}
        for size, plan in plans.items():
            start = time.perf_counter()
            client.get(PAGES["overview"].format(pk=plan.pk))
            first[size] = time.perf_counter() - start
        for page, path in PAGES.items():
            for plan in plans.values():
                client.get(path.format(pk=plan.pk))  # pictures of areas are made once
            costs = {size: page_cost(client, path.format(pk=plan.pk)) for size, plan in plans.items()}
            for size, (spent, queries) in costs.items():
                rows.append(
                    {
                        "page": page,
                        "measures": size,
                        "ms": spent,
                        "queries": queries,
                        "times that of 50": spent / costs[SIZES[0]][0],
                        "wanted at most": WANTED,
                        "first look of the day s": first[size] if page == "overview" else "",
                    }
                )
        transaction.set_rollback(True)
    return rows
