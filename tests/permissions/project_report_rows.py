"""Reports of the scene of projects, with a word in each of their texts."""

from __future__ import annotations

import datetime
import hashlib
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.files.base import ContentFile
from django.utils import timezone
from reportlab.pdfgen.canvas import Canvas

from measures.models import (
    FundedProject,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportLine,
    ProjectReportState,
    ProjectReportStep,
    Receipt,
    ReportExtension,
    ReportStepFile,
    ReportStepKind,
)
from measures.selectors.project_sides import Part

if TYPE_CHECKING:
    from tests.permissions.project_scene import ProjectScene

S = ReportStepKind


def paper(text: str) -> bytes:
    """A PDF with a text."""
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    canvas.drawString(72, 720, text)
    canvas.save()
    return out.getvalue()


def letters(number: Any) -> str:
    """A number in letters: what looks like a number is taken for one."""
    return str(number).translate(str.maketrans("0123456789", "abcdefghij"))


class ReportMaker:
    """Makes one report with words in all its texts."""

    def __init__(
        self, scene: ProjectScene, letter: str, project: FundedProject, place: int, parts: tuple[Part, ...]
    ) -> None:
        self.scene, self.letter, self.project = scene, letter, project
        self.name = f"r{letters(place + 1)}"
        self.delivered, self.receipts, self.questions, self.check = parts
        self.report: ProjectReport

    def make(self, state: ProjectReportState, first: datetime.date) -> ProjectReport:
        """The report in a state."""
        self.report = ProjectReport.objects.create(
            project=self.project,
            kind="interim",
            covers_from=first,
            covers_until=first + datetime.timedelta(days=59),
            due_on=first + datetime.timedelta(days=90),
            state=state,
            # The draft goes on living when something was handed in; nobody else ever reads it.
            narrative={"done": self._said("draft", Part.DRAFT, wanted=state == ProjectReportState.DRAFTING)},
            purpose=self._said("draftpurpose", Part.DRAFT, wanted=False),
        )
        ProjectReportLine.objects.create(
            report=self.report,
            side="cost",
            kind="staff",
            amount=Decimal("1.00"),
            reason=self._said("draftreason", Part.DRAFT, wanted=False),
        )
        self._receipt("receipt", self.receipts)
        self._receipt("removed", Part.DRAFT, removed_at=timezone.now())
        if state == ProjectReportState.ACCEPTED:
            self._history()
        elif state == ProjectReportState.CHECKING:
            self._step(S.DELIVERED, self._delivery(1, "now", Part.CHECK))
        return self.report

    def _said(self, name: str, part: Part, *, wanted: bool = True) -> str:
        return self.scene.said(self.letter, f"{self.name}{name}", part, wanted=wanted)

    def _receipt(self, name: str, part: Part, **kwargs: Any) -> None:
        content = paper(self._said(f"{name}inside", part, wanted=False))
        row = Receipt(
            report=self.report,
            kind="staff",
            number=self._said(f"{name}number", part, wanted=False),
            paid_on=self.report.covers_from,
            payee=self._said(f"{name}payee", part, wanted=name == "receipt" and part == Part.DRAFT),
            purpose=self._said(f"{name}purpose", part, wanted=False),
            amount=Decimal("12.00"),
            file_name=f"{self._said(f'{name}file', part, wanted=False)}.pdf",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            entered_by=self.scene.walkers["planner"],
            **kwargs,
        )
        row.file.save("file.pdf", ContentFile(content), save=False)
        row.save()

    def _delivery(self, number: int, name: str, part: Part) -> ProjectReportDelivery:
        receipts = Part.RECEIPTS if part == Part.DELIVERED else part
        content = delivered_content(
            self.project,
            number,
            text=self._said(f"{name}narrative", part),
            reason=self._said(f"{name}reason", part, wanted=False),
            payee=self._said(f"{name}payee", receipts),
            receipt=self.report.receipts.filter(removed_at__isnull=True).get(),
        )
        row = ProjectReportDelivery(
            report=self.report,
            number=number,
            content=content,
            sha256="0" * 64,
            paper_sha256="0" * 64,
            due_on=self.report.due_on,
            delivered_by=self.scene.walkers["planner"],
        )
        row.paper.save("paper.pdf", ContentFile(paper(content["narrative"][0]["text"])), save=False)
        row.save()
        return row

    def _step(
        self, kind: str, delivery: ProjectReportDelivery | None, text: str = "", file: str = ""
    ) -> ProjectReportStep:
        step = ProjectReportStep.objects.create(
            report=self.report,
            delivery=delivery,
            kind=kind,
            text=text,
            organisation=self.project.provider,
            made_by=self.scene.walkers["planner"],
        )
        if file:
            content = paper(self._said(f"{file}inside", self.questions, wanted=False))
            row = ReportStepFile(
                step=step,
                file_name=f"{self._said(f'{file}file', self.questions, wanted=False)}.pdf",
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            row.file.save("file.pdf", ContentFile(content), save=False)
            row.save()
        return step

    def _history(self) -> None:
        """Sent back by the municipality, passed on, asked, returned, with more time, and accepted."""
        first = self._delivery(1, "old", Part.CHECK)
        self._step(S.DELIVERED, first)
        self._step(S.SENT_BACK, first, self._said("sentback", Part.CHECK))
        reason = self._said("extension", Part.QUESTIONS)
        self._step(S.EXTENSION_ASKED, None, reason)
        ReportExtension.objects.create(
            report=self.report,
            wanted_until=self.report.due_on,
            reason=reason,
            asked_by=self.scene.walkers["planner"],
            is_granted=False,
        )
        self._step(S.EXTENSION_REFUSED, None, self._said("refused", Part.QUESTIONS))
        second = self._delivery(2, "new", Part.DELIVERED)
        self._step(S.DELIVERED, second)
        self._step(S.FORWARDED, second)
        self._step(S.ASKED, second, self._said("question", Part.QUESTIONS), "question")
        self._step(S.ANSWERED, second, self._said("answer", Part.QUESTIONS), "answer")
        self._step(S.RETURNED, second, self._said("returned", Part.QUESTIONS))
        third = self._delivery(3, "last", Part.DELIVERED)
        self._step(S.DELIVERED, third)
        self._step(S.FORWARDED, third)
        self._step(S.ACCEPTED, third)


def delivered_content(
    project: FundedProject, number: int, *, text: str, reason: str, payee: str, receipt: Receipt
) -> dict[str, Any]:
    """A delivered report in the shape of ``measures.report_content``."""
    sums = dict.fromkeys(("planned", "total", "before", "amount", "remaining"), "1000.00")
    line = sums | {
        "kind": "staff",
        "title": "",
        "drawn": None,
        "deviation_percent": "0.00",
        "is_over": False,
        "reason": reason,
    }
    entry = {
        "number": receipt.number,
        "paid_on": "2026-03-01",
        "payee": payee,
        "purpose": payee,
        "amount": "1000.00",
        "kind": "staff",
        "title": "",
        "file_name": receipt.file_name,
        "sha256": receipt.sha256,
    }
    return {
        "shape": 1,
        "kind": "interim",
        "number": number,
        "covers_from": "2026-01-01",
        "covers_until": "2026-06-30",
        "due_on": "2026-09-30",
        "project": {
            "title": project.title,
            "reference": project.reference,
            "programme": project.programme.title,
            "funder": project.funder.name,
            "provider": project.provider.name,
            "partners": [],
            "areas": [],
            "measure": {"number": project.measure.number, "title": project.measure.title},
            "starts_on": "2026-01-01",
            "ends_on": "2026-12-31",
            "granted": "900.00",
            "notice": {"number": 1, "reference": "AZ", "issued_on": "2026-01-15"},
            "deviation_percent": "20.00",
        },
        "narrative": [{"key": "done", "title": "Was getan wurde", "text": text}],
        "figures": [],
        "milestones": [],
        "account": {"cost": [line], "funding": [], "cost_sums": sums, "funding_sums": sums},
        "receipts": [entry],
        "participants": [],
        "drawdown": None,
        "confirmation": {
            "name": "Leitung",
            "function": "Leitung",
            "organisation": project.provider.name,
            "at": "2026-09-01T10:00:00+00:00",
        },
    }
