"""Drafts of project reports for tests: a project with its notice, and reports begun from it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from measures.models import FundedProject, ProjectReport, ProjectReportState
from measures.money import PlanLine
from measures.services.grants import Duty, NoticeFields, notice_record
from measures.services.project_reports import LineDraft, ReportDraft, draft_save, report_begin
from measures.services.receipts import ReceiptFields
from tests.factories import World
from tests.grants import funded

D = datetime.date
E = Decimal
FIRST, LAST = D(2026, 1, 1), D(2026, 12, 31)
PLAN = [
    PlanLine("cost", "staff", "", 2026, E("1000.00")),
    PlanLine("cost", "lump_sum", "", 2026, E("200.00")),
    PlanLine("funding", "esf", "", 2026, E("700.00")),
    PlanLine("funding", "state", "", 2026, E("300.00")),
    PlanLine("funding", "own", "", 2026, E("200.00")),
]
#: What makes a report of the whole term sound.
AMOUNTS = {
    ("cost", "staff"): "1000.00",
    ("cost", "lump_sum"): "200.00",
    ("funding", "esf"): "700.00",
    ("funding", "state"): "300.00",
    ("funding", "own"): "200.00",
}
COUNTS = {"EECO01": {"f": 12, "m": 9, "n": 0}}
PDF = b"%PDF-1.7 Beispiel"


def granted(world: World, **kwargs: Any) -> FundedProject:
    """A project with a notice over 1,000 euros for 2026."""
    project = funded(world)
    defaults: dict[str, Any] = {
        "reference": "AZ 1",
        "issued_on": D(2026, 1, 15),
        "starts_on": FIRST,
        "ends_on": LAST,
        "granted": E("1000.00"),
        "lines": PLAN,
        "duties": [Duty("interim", FIRST, D(2026, 6, 30), D(2026, 9, 30))],
    }
    notice_record(project, fields=NoticeFields(**(defaults | kwargs)), user=world.fresh("planner"))
    return FundedProject.objects.get(pk=project.pk)


def begun(project: FundedProject, kind: str = "final", **kwargs: Any) -> ProjectReport:
    """A draft of the whole term."""
    defaults: dict[str, Any] = {"covers_from": FIRST, "covers_until": LAST, "due_on": D(2027, 3, 31)}
    return report_begin(project=project, kind=kind, **(defaults | kwargs))


def line(side: str, kind: str, amount: str | None, reason: str = "") -> LineDraft:
    """What is entered in a line."""
    return LineDraft(side, kind, "", None if amount is None else E(amount), reason)


def sound_draft(**kwargs: Any) -> ReportDraft:
    """A draft without faults."""
    defaults: dict[str, Any] = {
        "narrative": {"done": "Viel getan.", "reached": "Viel erreicht."},
        "lines": [line(side, kind, amount) for (side, kind), amount in AMOUNTS.items()],
        "participants": COUNTS,
    }
    return ReportDraft(**(defaults | kwargs))


def asked(project: FundedProject, world: World, amounts: dict[str, str], **kwargs: Any) -> ProjectReport:
    """A drawdown of amounts by source."""
    report = begun(project, "drawdown", **kwargs)
    lines = [line("funding", kind, amount) for kind, amount in amounts.items()]
    draft = ReportDraft(lines=lines, purpose="Gehälter")
    return draft_save(report, draft=draft, user=world.fresh("provider_head"))


def moved(report: ProjectReport, state: ProjectReportState) -> ProjectReport:
    """A report somewhere on its way, without the flow."""
    ProjectReport.objects.filter(pk=report.pk).update(state=state)
    return ProjectReport.objects.get(pk=report.pk)


def receipt(number: str = "B-1", **kwargs: Any) -> ReceiptFields:
    """A receipt over 100 euros."""
    defaults: dict[str, Any] = {
        "kind": "staff",
        "title": "",
        "paid_on": D(2026, 5, 4),
        "payee": "Personalbüro",
        "purpose": "Gehalt April",
        "amount": E("100.00"),
    }
    return ReceiptFields(number=number, **(defaults | kwargs))


def upload(content: bytes = PDF, name: str = "Beleg.pdf") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)
