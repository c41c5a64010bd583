"""Funded projects and grant notices for tests: sound ones of the least size."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from measures.models import FundedProject, ProjectReport, ProjectReportStep, Receipt
from measures.money import PlanLine
from measures.report_content import SECTIONS
from measures.services.grants import Duty, NoticeFields, notice_record
from measures.services.project_report_steps import (
    report_answer,
    report_check,
    report_decide,
    report_deliver,
)
from measures.services.project_reports import report_begin
from measures.services.projects import project_create
from measures.services.rights import measure_grant_rights
from project.common.attachments import Upload
from stakeholders.models import User
from tests import factories
from tests.factories import World
from workflows.nodes import complete_task, open_task
from workflows.project_reporting import FLOW_OF, extension_request, reports_follow_the_notices
from workflows.services.report_tasks import process_of

D = datetime.date
E = Decimal


def funded(world: World, title: str = "Elterncafé (Beispiel)", **kwargs: Any) -> FundedProject:
    """A measure of the provider, funded."""
    measure = factories.measure(
        world.plan, world.provider, title=f"{title} als Maßnahme", description="Interner Entwurf"
    )
    measure.key_figures.update(baseline_on=D(2025, 12, 31))
    measure_grant_rights(measure)
    defaults: dict[str, Any] = {
        "funder": world.funder,
        "provider": world.provider,
        "programme": "Zusammen im Quartier",
        "reference": "Beispiel-4711",
        "starts_on": D(2026, 1, 1),
        "ends_on": D(2026, 12, 31),
        "user": world.people["planner"],
    }
    return project_create(measure=measure, title=title, **(defaults | kwargs))


def lines(cost: str = "1000.00", own: str = "100.00", year: int = 2026) -> list[PlanLine]:
    """A plan of one kind of cost, paid by ESF but for the own share."""
    grant = E(cost) - E(own)
    return [
        PlanLine("cost", "staff", "", year, E(cost)),
        PlanLine("funding", "esf", "", year, grant),
        PlanLine("funding", "own", "", year, E(own)),
    ]


def notice(**kwargs: Any) -> NoticeFields:
    """A notice over 900 euros for 2026, with one interim report."""
    defaults: dict[str, Any] = {
        "reference": "AZ 1",
        "issued_on": D(2026, 1, 15),
        "starts_on": D(2026, 2, 1),
        "ends_on": D(2026, 12, 31),
        "granted": E("900.00"),
        "lines": lines(),
        "duties": [Duty("interim", D(2026, 2, 1), D(2026, 6, 30), D(2026, 9, 30))],
    }
    return NoticeFields(**(defaults | kwargs))


def notice_within(project: FundedProject) -> NoticeFields:
    """A notice for the term of a project, whenever that is."""
    first = project.starts_on
    duty = Duty("final", first, project.ends_on, project.ends_on)
    return notice(starts_on=first, ends_on=project.ends_on, lines=lines(year=first.year), duties=[duty])


def reporting_project(world: World, *, cost: str = "1000.00", **kwargs: Any) -> FundedProject:
    """A funded project whose plan has a cycle, with a notice that asks for all three kinds of duties soon."""
    today = timezone.localdate()
    project = funded(
        world,
        starts_on=today - datetime.timedelta(days=200),
        ends_on=today + datetime.timedelta(days=200),
        **kwargs,
    )
    notice_record(project, fields=reporting_notice(project, cost=cost), user=world.fresh("planner"))
    project.refresh_from_db()
    return project


def reporting_notice(project: FundedProject, *, cost: str = "1000.00", **kwargs: Any) -> NoticeFields:
    """A notice for the term of a project: interim report in 30 days, drawdown in 50, final report after."""
    today = timezone.localdate()
    first, last = project.starts_on, project.ends_on
    half = today - datetime.timedelta(days=1)
    duties = [
        Duty("interim", first, half, today + datetime.timedelta(days=30)),
        Duty("drawdown", today, today + datetime.timedelta(days=90), today + datetime.timedelta(days=50)),
        Duty("final", first, last, last + datetime.timedelta(days=90)),
    ]
    own = f"{E(cost) / 10:.2f}"
    defaults: dict[str, Any] = {
        "issued_on": today - datetime.timedelta(days=190),
        "starts_on": first,
        "ends_on": last,
        "granted": E(cost) - E(own),
        "lines": lines(cost, own, today.year),
        "duties": duties,
    }
    return notice(**(defaults | kwargs))


def fill_report(report: ProjectReport, amount: str = "100.00") -> None:
    """Write what has to be written of a report, past its form."""
    for row in report.lines.all():
        row.amount = E(amount) if row.kind != "own" else E("0.00")
        row.reason = "Später begonnen"
        row.save()
    report.narrative = dict.fromkeys(SECTIONS, "Beispieltext")
    report.participants = {"EECO01": {"f": 12, "m": 11, "n": 0}}
    report.purpose = "Personal im zweiten Halbjahr"
    report.save(update_fields=["narrative", "participants", "purpose"])


def receipt_of(report: ProjectReport, world: World, number: str = "1") -> Receipt:
    """A receipt with its file."""
    row = Receipt(
        report=report,
        kind="staff",
        number=number,
        paid_on=report.covers_from,
        payee="Druckerei Muster",
        purpose="Flyer",
        amount=E("10.00"),
        file_name="rechnung.pdf",
        size=8,
        sha256="a" * 64,
        entered_by=world.people["provider_head"],
    )
    row.file.save("rechnung.pdf", ContentFile(b"%PDF-1.7"))
    return row


def delivered_report(project: FundedProject, world: World) -> tuple[ProjectReport, ProjectReportStep]:
    """A report of a project that was passed on, asked about and answered with a file; and the answer.

    No rights and no tasks: the state is what the services write. It goes back to a draft at the end.
    """
    duty = project.notices.order_by("-number")[0].duties.order_by("pk")[0]
    report = report_begin(
        project=project,
        kind=duty.kind,
        covers_from=duty.covers_from,
        covers_until=duty.covers_until,
        due_on=duty.due_on,
        duty=duty,
    )
    fill_report(report)
    receipt_of(report, world)
    report_deliver(report, user=world.fresh("provider_head"))
    report_check(report, is_fine=True, text="", user=world.fresh("planner"))
    funder = world.fresh("funder_reader")
    report_decide(report, outcome="ask", text="Wofür?", user=funder)
    files = [Upload("liste.pdf", b"%PDF-1.7 Liste")]
    report_answer(report, text="Dafür.", files=files, user=world.fresh("provider_head"))
    report_decide(report, outcome="return", text="Bitte neu", user=funder)
    return report, report.steps.get(kind="answered")


def owed_reports(world: World) -> list[ProjectReport]:
    """A project with a report of each kind begun by its flow, and more time asked for one; needs a cycle."""
    project = reporting_project(world, title="Lesepaten (Beispiel)")
    reports_follow_the_notices(timezone.localdate() + datetime.timedelta(days=400))
    report = project.reports.get(kind="interim")
    until = report.due_on + datetime.timedelta(days=14)
    extension_request(report, wanted_until=until, reason="Krank", user=world.fresh("provider_head"))
    return list(project.reports.order_by("pk"))


def do_report_step(
    report: ProjectReport, node: str, user: User, act: Callable[[ProjectReport], object]
) -> None:
    """Do the open step of a report's case."""
    process = process_of(report)
    assert process is not None
    task = open_task(process, getattr(FLOW_OF[report.kind], node))
    complete_task(task, user=user, act=lambda case: act(case.report))
