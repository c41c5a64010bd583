"""An organisation's report in a reporting round.

Purpose: each responsible organisation reports all its key figures on one page, planning confirms or returns
them (four eyes). Who acts: the organisation's people, then the planning unit. Ends: confirmed.
Source: domain, stage 6 (Implementation).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from measures.models import RoundReportState
from project.common.formats import date_de
from stakeholders.permissions import Perm
from workflows.models import ReportProcess, StageKind
from workflows.nodes import Begin, GuardedView, Outcome, PlanningFlow, Question
from workflows.views import report_tasks as views

#: Planning has at least this long to check, the organisation to correct (days).
TURN_DAYS = 7


def _turn_due(process: Any) -> datetime.date:
    due_on: datetime.date = process.report.round.due_on
    return max(due_on, timezone.localdate() + datetime.timedelta(days=TURN_DAYS))


def _report_due(process: Any) -> datetime.date:
    if process.report.state == RoundReportState.RETURNED:
        return _turn_due(process)
    due_on: datetime.date = process.report.round.due_on
    return due_on


def _day_and_organisation(process: Any) -> str:
    report = process.report
    return f"{date_de(report.round.reference_on)}: {report.organisation.label}"


class ReportFlow(PlanningFlow):
    """Report of key figures."""

    process_class = ReportProcess
    process_title = _("Report of key figures")

    start = Begin(this.on_start).Annotation(title=_("Report asked for")).Next(this.report_figures)

    report_figures = (
        GuardedView(views.report_figures)
        .Annotation(title=_("Report key figures"))
        .Says(_("Report key figures as of %(subject)s"))
        .About(lambda process: date_de(process.report.round.reference_on))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.report.organisation)
        .Due(_report_due)
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.confirm_figures)
    )

    confirm_figures = (
        GuardedView(views.confirm_figures)
        .Annotation(title=_("Confirm key figures"))
        .Says(_("Confirm the key figures as of %(subject)s"))
        .About(_day_and_organisation)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(_turn_due)
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("report_figures")
        .Next(this.check_confirmed)
    )

    check_confirmed = (
        Question(lambda activation: activation.process.report.state == RoundReportState.CONFIRMED)
        .Annotation(title=_("Confirmed?"))
        .Then(this.confirmed)
        .Else(this.report_figures)
    )

    confirmed = Outcome().Annotation(title=_("Confirmed"))

    def on_start(self, activation: Any, report: Any, cycle: Any) -> Any:
        """Tie the case to its report."""
        activation.process.report = report
        activation.process.cycle = cycle
        return activation.process
