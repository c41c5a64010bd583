"""A funder's portfolio and its lists with 50 and 20,000 projects: ``python -m tests.bench portfolio``."""

from __future__ import annotations

import datetime
import random
import time
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.test import Client
from django.utils import timezone

from measures.funding_changes import tallies_outdate
from measures.models import (
    ActionPlan,
    FieldOfAction,
    FigureStanding,
    FundedProject,
    GrantLine,
    GrantNotice,
    KeyFigure,
    Measure,
    MeasureStanding,
    Programme,
    ProjectReport,
    ProjectReportLine,
    ProjectReportState,
    ProjectReportStep,
    ReportStepKind,
)
from measures.selectors.standings import _basis
from stakeholders.models import Function, Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, grant_only, organisation_groups
from tests import factories
from tests.bench.bench_inbox import page_cost
from tests.factories import World

SIZES = (50, 20_000)
REPORTS, PROVIDERS, BATCH = 4, 20, 5_000
#: Wanted: at most this multiple of the time for 50.
WANTED = 3
PAGES = {
    "portfolio": "/funding/",
    "list": "/projects/",
    "list, last page": "/projects/?page=999999",
    "list, reports late": "/projects/?report=late&term=running",
    "list, by sum granted": "/projects/?sort=-granted",
    "reports": "/project-reports/",
    "reports late": "/project-reports/?waiting=late",
    "reports, by state": "/project-reports/?sort=state",
}


def _funder(size: int) -> tuple[Organisation, User]:
    funder = factories.organisation(f"Ministerium {size}", OrganisationKind.FUNDER)
    return funder, factories.staff(f"Referat {size}", funder, Function.PLANNER)


def _fill(world: World, funder: Organisation, size: int, providers: list[Organisation], user: User) -> None:
    """Projects of a funder, each with a notice, key figures with their lights, and reports."""
    chance = random.Random(size)
    today = timezone.localdate()
    plan = ActionPlan.objects.create(
        territory=world.territory, title=f"Plan {size}", ends_on=today + datetime.timedelta(days=900)
    )
    field = FieldOfAction.objects.create(plan=plan, number=1, title="Handlungsfeld")
    programmes = [Programme.objects.create(funder=funder, title=f"Programm {name}") for name in "AB"]
    first, last = datetime.date(today.year, 1, 1), datetime.date(today.year + 1, 12, 31)
    measures = Measure.objects.bulk_create(
        (
            Measure(
                plan=plan,
                field=field,
                position=number + 1,
                title=f"Maßnahme {number}",
                responsible=providers[number % PROVIDERS],
                starts_on=first,
                ends_on=last,
                started_on=first,
                status="running",
            )
            for number in range(size)
        ),
        batch_size=BATCH,
    )
    MeasureStanding.objects.bulk_create((MeasureStanding(measure=row) for row in measures), batch_size=BATCH)
    projects = FundedProject.objects.bulk_create(
        (
            FundedProject(
                measure=row,
                funder=funder,
                provider=row.responsible,
                programme=programmes[number % 2],
                title=f"Projekt {number}",
                reference=f"AZ {number}",
                starts_on=first,
                ends_on=last,
            )
            for number, row in enumerate(measures)
        ),
        batch_size=BATCH,
    )
    _grants(projects, funder)
    _figures(measures, chance)
    _lights_hold(measures, today)
    _notices(projects, user, today)
    _reports(projects, chance, today, user)
    tallies_outdate(FundedProject.objects.filter(funder=funder))


def _grants(projects: list[FundedProject], funder: Organisation) -> None:
    """What ``project_grant_rights`` gives the funder's people, all at once."""
    groups = organisation_groups([funder])
    grant_only(Perm.TRACK_PROJECT, groups, projects[0])
    rights = groups[0].groupobjectpermission_set  # type: ignore[attr-defined]
    known = rights.filter(object_pk=str(projects[0].pk)).first()
    rows = (
        type(known)(
            group=group,
            permission_id=known.permission_id,
            content_type_id=known.content_type_id,
            object_pk=str(project.pk),
        )
        for project in projects[1:]
        for group in groups
    )
    type(known).objects.bulk_create(rows, batch_size=BATCH)


def _figures(measures: list[Measure], chance: random.Random) -> None:
    unit = factories.unit("persons", "Personen", decimals=0)
    figures = KeyFigure.objects.bulk_create(
        (
            KeyFigure(
                measure=row,
                title=title,
                unit=unit,
                baseline=Decimal(0),
                baseline_on=datetime.date(2025, 1, 1),
            )
            for row in measures
            for title in ("Erreichte", "Termine")
        ),
        batch_size=BATCH,
    )
    lights = ("on_path", "on_path", "at_risk", "off_path")
    FigureStanding.objects.bulk_create(
        (FigureStanding(key_figure=row, light=chance.choice(lights)) for row in figures), batch_size=BATCH
    )


def _lights_hold(measures: list[Measure], today: datetime.date) -> None:
    """As the timers leave them: reckoned today."""
    basis = Measure.objects.filter(pk=OuterRef("measure")).annotate(basis=_basis()).values("basis")
    these = MeasureStanding.objects.filter(measure__plan=measures[0].plan)
    these.update(basis=Subquery(basis), reckoned_on=today, is_outdated=False)


def _notices(projects: list[FundedProject], user: User, today: datetime.date) -> None:
    notices = GrantNotice.objects.bulk_create(
        (
            GrantNotice(
                project=row,
                number=1,
                reference=row.reference,
                issued_on=today,
                starts_on=row.starts_on,
                ends_on=row.ends_on,
                granted=Decimal(180_000),
                recorded_by=user,
            )
            for row in projects
        ),
        batch_size=BATCH,
    )
    lines = (("cost", "staff", 100_000), ("funding", "esf", 90_000), ("funding", "own", 10_000))
    GrantLine.objects.bulk_create(
        (
            GrantLine(notice=row, side=side, kind=kind, year=year, amount=Decimal(amount))
            for row in notices
            for year in (today.year, today.year + 1)
            for side, kind, amount in lines
        ),
        batch_size=BATCH,
    )


def _reports(projects: list[FundedProject], chance: random.Random, today: datetime.date, user: User) -> None:
    """Two accepted, one that waits somewhere, one that is late or still to come; with their histories."""
    open_states = (ProjectReportState.WITH_FUNDER, ProjectReportState.CHECKING, ProjectReportState.ASKED)

    def made(project: FundedProject, place: int) -> ProjectReport:
        kind = "drawdown" if place == 0 else "interim"
        state = (
            ProjectReportState.ACCEPTED,
            ProjectReportState.ACCEPTED,
            chance.choice(open_states),
            ProjectReportState.DRAFTING,
        )[place]
        begin = project.starts_on + datetime.timedelta(days=90 * place)
        return ProjectReport(
            project=project,
            kind=kind,
            state=state,
            covers_from=begin,
            covers_until=begin + datetime.timedelta(days=89),
            due_on=today + datetime.timedelta(days=chance.randint(-60, 300)),
        )

    assert REPORTS == 4
    reports = ProjectReport.objects.bulk_create(
        (made(row, place) for row in projects for place in range(REPORTS)), batch_size=BATCH
    )
    ProjectReportStep.objects.bulk_create(
        (
            ProjectReportStep(report=row, kind=kind, organisation_id=row.project.funder_id, made_by=user)
            for row in reports
            for kind in _history(row.state)
        ),
        batch_size=BATCH,
    )
    accepted = [row for row in reports if row.state == ProjectReportState.ACCEPTED]
    ProjectReportLine.objects.bulk_create(
        (
            ProjectReportLine(
                report=row,
                side="funding" if row.kind == "drawdown" else "cost",
                kind="esf" if row.kind == "drawdown" else "staff",
                amount=Decimal(25_000),
            )
            for row in accepted
        ),
        batch_size=BATCH,
    )


def _history(state: str) -> tuple[ReportStepKind, ...]:
    """Handed in and passed on, so far as a report is."""
    if state == ProjectReportState.DRAFTING:
        return ()
    if state == ProjectReportState.CHECKING:
        return (ReportStepKind.DELIVERED,)
    return (ReportStepKind.DELIVERED, ReportStepKind.FORWARDED)


def run() -> list[dict[str, float | str]]:
    """Measure the pages for a person of each of two funders, one with few and one with many projects.

    Returns:
        One row a page and size: projects, milliseconds (median), queries, the time as a multiple of that for
        50, and seconds of the look after a change, which counts anew.
    """
    rows: list[dict[str, float | str]] = []
    with transaction.atomic():
        world = factories.make_world()
        providers = [
            factories.organisation(f"Träger {number}", OrganisationKind.PROVIDER, world.territory)
            for number in range(PROVIDERS)
        ]
        clients: dict[int, Client] = {}
        for size in SIZES:
            funder, person = _funder(size)
            _fill(world, funder, size, providers, person)
            clients[size] = Client()
            clients[size].force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        first: dict[int, float] = {}
        for size, client in clients.items():
            start = time.perf_counter()
            client.get("/funding/")
            first[size] = time.perf_counter() - start
        for page, path in PAGES.items():
            costs: dict[int, Any] = {}
            for size, client in clients.items():
                client.get(path)  # lights of the page are reckoned once a day
                costs[size] = page_cost(client, path)
            for size, (spent, queries) in costs.items():
                rows.append(
                    {
                        "page": page,
                        "projects": size,
                        "ms": spent,
                        "queries": queries,
                        "times that of 50": spent / costs[SIZES[0]][0],
                        "wanted at most": WANTED,
                        "look after a change s": first[size] if page == "portfolio" else "",
                    }
                )
        transaction.set_rollback(True)
    return rows
