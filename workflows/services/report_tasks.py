"""The case of a report, and its open task following the due date."""

from __future__ import annotations

from typing import Any

from viewflow.workflow.models import Process

from measures.models import DutyKind, ProjectReport
from workflows.models import DrawdownProcess, FinalReportProcess, InterimReportProcess, TaskCard
from workflows.notices import task_reschedule

_PROCESS_OF: dict[DutyKind, Any] = {
    DutyKind.INTERIM: InterimReportProcess,
    DutyKind.FINAL: FinalReportProcess,
    DutyKind.DRAWDOWN: DrawdownProcess,
}


def process_of(report: ProjectReport) -> Process | None:
    """The case of a report; None if none was begun. Queries: 1."""
    found: Process | None = _PROCESS_OF[DutyKind(report.kind)].objects.filter(report=report).first()
    return found


def draft_task_follows(report: ProjectReport) -> None:
    """Move the open task of the provider, with its reminders, to the day by which the report is due now.

    Args:
        report: A draft whose row is held: nobody hands it in at this moment.
    """
    process = process_of(report)
    if process is None:
        return
    cards = TaskCard.objects.select_for_update(of=("self",)).filter(
        task__process_id=process.pk, is_open=True, organisation_id=report.project.provider_id
    )
    for card in cards.select_related("task"):
        due_on = card.task.flow_task.due_of(card.task.process.coerced)
        if due_on != card.due_on:
            task_reschedule(card, due_on=due_on)
