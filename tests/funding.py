"""Portfolios for tests: several funders, reports in each state, an adviser."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from measures.models import (
    FundedProject,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportLine,
    ProjectReportState,
)
from measures.services.grants import notice_record
from stakeholders.models import Function, Organisation, OrganisationKind, User
from tests import factories, grants
from tests.factories import World

D = datetime.date


def in_days(days: int) -> datetime.date:
    """A day from today on."""
    return timezone.localdate() + datetime.timedelta(days=days)


def people_of(name: str, kind: OrganisationKind) -> tuple[Organisation, User]:
    """An organisation that belongs to no territory, and somebody who plans there."""
    house = factories.organisation(name, kind)
    person = factories.staff(f"Referat {name.split(' (')[0]}", house, Function.PLANNER)
    return house, User.objects.get(pk=person.pk)


def granted(world: World, title: str, **kwargs: Any) -> FundedProject:
    """A project with a notice over 900 euros of 2026."""
    project = grants.funded(world, title=title, **kwargs)
    notice_record(project, fields=grants.notice_within(project), user=world.people["planner"])
    return FundedProject.objects.get(pk=project.pk)


def report(
    project: FundedProject,
    *,
    kind: str = "interim",
    state: str = ProjectReportState.DRAFTING,
    due_on: datetime.date | None = None,
    amount: str = "",
    months: tuple[int, int] = (1, 6),
) -> ProjectReport:
    """A report of 2026 in a state; with an amount its cost, or what a drawdown asks of ESF."""
    row = ProjectReport.objects.create(
        project=project,
        kind=kind,
        state=state,
        covers_from=D(2026, months[0], 1),
        covers_until=D(2026, months[1], 28),
        due_on=due_on or in_days(200),
    )
    if amount:
        side, line = ("funding", "esf") if kind == "drawdown" else ("cost", "staff")
        ProjectReportLine.objects.create(report=row, side=side, kind=line, amount=Decimal(amount))
        row.save()
    return row


def delivered(
    row: ProjectReport, user: User, *, number: int = 1, **counts: dict[str, int]
) -> ProjectReportDelivery:
    """What was handed in of a report: participants by code and sex, nothing else."""
    people = [
        {"code": code, "title": code, **{sex: of.get(sex, 0) for sex in "fmn"}, "total": sum(of.values())}
        for code, of in counts.items()
    ]
    return ProjectReportDelivery.objects.create(
        report=row,
        number=number,
        content={"participants": people},
        sha256="0" * 64,
        paper_sha256="0" * 64,
        due_on=row.due_on,
        delivered_by=user,
    )
