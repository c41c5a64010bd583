"""An organisation's report in a reporting round, or the correction of one.

Purpose: each organisation that reports does so for all its key figures on one page, planning confirms or
returns them (four eyes). Who acts: the organisation's people, then the planning unit. Ends: confirmed; or
called off by planning with a reason: the round is closed without it, or the correction is not needed.
Source: domain, stage 6 (Implementation).
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from measures.models import RoundReportState
from measures.services.reporting import report_call_off
from project.common.formats import date_de
from stakeholders.permissions import Perm
from workflows.models import ReportProcess, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow, Question
from workflows.views import report_tasks as views

#: Planning has at least this long to check, the organisation to correct (days).
TURN_DAYS = 7
#: An organisation is reminded so long before its report is due (days); after that it escalates like any task.
REMIND_DAYS = (14, 7, 1)


def _turn_due(process: Any) -> datetime.date:
    due_on: datetime.date = process.report.round.due_on
    return max(due_on, timezone.localdate() + datetime.timedelta(days=TURN_DAYS))


def _report_due(process: Any) -> datetime.date:
    if process.report.state == RoundReportState.RETURNED or process.report.version > 1:
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

    start = Begin(this.on_start).Annotation(title=_("Report asked for")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The organisation reports, unless it is called off"))
        .Always(this.report_figures)
        .Always(this.wait_for_call_off)
    )
    wait_for_call_off = (
        Message(this.on_call_off).Annotation(title=_("Called off, with a reason")).Next(this.called_off)
    )

    report_figures = (
        GuardedView(views.report_figures)
        .Annotation(title=_("Report key figures"))
        .Says(_("Report key figures as of %(subject)s"))
        .About(lambda process: date_de(process.report.round.reference_on))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.report.organisation)
        .Due(_report_due)
        .Reminds(*REMIND_DAYS)
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
    called_off = Outcome().Annotation(title=_("Called off"))

    def on_start(self, activation: Any, report: Any, cycle: Any) -> Any:
        """Tie the case to its report."""
        activation.process.report = report
        activation.process.cycle = cycle
        return activation.process

    def on_call_off(self, activation: Any, *, reason: str, user: Any) -> Any:
        """Keep why; the last report of a round closes it."""
        report_call_off(activation.process.report, reason=reason, user=user)
        return activation.process
