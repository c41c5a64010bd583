"""What a funded project owes its funder: interim reports, final reports and drawdowns of funds.

Purpose: the duties of the grant notice become tasks in time. Who acts: the provider writes and hands in, the
planning unit checks, the funder accepts, asks back or returns (four eyes each). Ends: accepted; or called
off by funder or planning, or because an amending notice does not ask for it any more; or, of a drawdown that
was begun by mistake, discarded by the provider. More time is a case of its own, so that writing goes on
meanwhile. Source: grant notice; domain, stage 6 (ZiQ).
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from measures.models import ProjectReportState
from measures.selectors.project_report_dates import (
    answer_by,
    check_by,
    decide_by,
    extension_by,
    hand_in_by,
)
from measures.selectors.project_report_writers import report_writers, report_writers_and_checkers
from measures.services.project_report_extensions import extension_lapse, extension_withdraw, is_over
from measures.services.project_report_steps import report_call_off
from project.common.formats import period_de
from stakeholders.permissions import Perm
from workflows.models import (
    DrawdownProcess,
    FinalReportProcess,
    InterimReportProcess,
    ReportExtensionProcess,
    StageKind,
)
from workflows.nodes import (
    Begin,
    Choice,
    Fork,
    GuardedView,
    Message,
    Outcome,
    PlanningFlow,
    Question,
    Step,
    WaitFor,
)
from workflows.views import project_report_tasks as views
from workflows.views.project_report_draft import draft_report

#: Days before the due date on which the provider is reminded.
REMIND_DAYS = (14, 7, 1)


def _subject(report: Any) -> str:
    return f"{report} ({period_de(report.covers_from, report.covers_until)})"


def _about(process: Any) -> str:
    return _subject(process.report)


def _last_deliverer(process: Any) -> Any:
    last = process.report.deliveries.order_by("-number").first()
    return None if last is None else last.delivered_by


def _is(state: ProjectReportState) -> Any:
    return lambda activation: activation.process.report.state == state


def _steps() -> tuple[Any, ...]:
    """The steps of one flow, made anew for each: a step belongs to one flow only.

    Returns:
        ``start, begin, wait_for_call_off, draft_report, review_report, check_passed_on, decide_report,
        check_decision, answer_question, accepted, called_off``.
    """
    return (
        Begin(this.on_start).Annotation(title=_("Due before long")).Next(this.begin),
        Fork()
        .Annotation(title=_("The provider writes, unless it is called off"))
        .Always(this.draft_report)
        .Always(this.wait_for_call_off),
        Message(this.on_call_off).Annotation(title=_("Called off, with a reason")).Next(this.called_off),
        GuardedView(draft_report)
        .Annotation(title=_("Write and hand in"))
        .Says(_("Write and hand in: %(subject)s"))
        .About(_about)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.report.project.provider)
        .Due(lambda process: hand_in_by(process.report))
        .Reminds(*REMIND_DAYS)
        .Stage(StageKind.IMPLEMENTATION)
        .For(_last_deliverer)
        .Next(this.review_report),
        GuardedView(views.review_report)
        .Annotation(title=_("Check before it goes to the funder"))
        .Says(_("Check before it goes to the funder: %(subject)s"))
        .About(_about)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.cycle.planning_unit)
        .Due(lambda process: check_by(process.report))
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("draft_report")
        .NotWriter(
            lambda process: report_writers(process.report),
            says=_(
                "Four-eyes rule: you wrote part of this report yourself. Please leave the check to "
                "somebody else."
            ),
        )
        .Next(this.check_passed_on),
        Question(_is(ProjectReportState.WITH_FUNDER))
        .Annotation(title=_("Passed on?"))
        .Then(this.decide_report)
        .Else(this.draft_report),
        GuardedView(views.decide_report)
        .Annotation(title=_("Accept, ask or return"))
        .Says(_("Accept, ask or return: %(subject)s"))
        .About(_about)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.report.project.funder)
        .Due(lambda process: decide_by(process.report))
        .Stage(StageKind.IMPLEMENTATION)
        .NotBy("draft_report", "review_report", "answer_question")
        .NotWriter(
            lambda process: report_writers_and_checkers(process.report),
            says=_(
                "Four-eyes rule: you wrote or checked part of this report yourself. Please leave the "
                "decision to somebody else."
            ),
        )
        .Next(this.check_decision),
        Choice()
        .Annotation(title=_("What did the funder decide?"))
        .Case(this.accepted, cond=_is(ProjectReportState.ACCEPTED))
        .Case(this.answer_question, cond=_is(ProjectReportState.ASKED))
        .Default(this.draft_report),
        GuardedView(views.answer_question)
        .Annotation(title=_("Answer the funder's question"))
        .Says(_("Answer the funder's question: %(subject)s"))
        .About(_about)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.report.project.provider)
        .Due(lambda process: answer_by(process.report))
        .Stage(StageKind.IMPLEMENTATION)
        .For(_last_deliverer)
        .Next(this.decide_report),
        Outcome().Annotation(title=_("Accepted")),
        Outcome().Annotation(title=_("Called off")),
    )


class _OfReport:
    """What all three do when they begin and when they are called off."""

    def on_start(self, activation: Any, report: Any) -> Any:
        """Tie the case to its report."""
        activation.process.report = report
        return activation.process

    def on_call_off(
        self, activation: Any, *, reason: str, user: Any, note: Callable[..., None] = report_call_off
    ) -> Any:
        """Keep why.

        Args:
            activation: Of the message.
            reason: What the history says.
            user: Who ends it.
            note: Service that notes it: called off, or discarded by the provider.
        """
        note(activation.process.report, reason=reason, user=user)
        return activation.process


class InterimReportFlow(PlanningFlow, _OfReport):
    """Interim report of a project."""

    process_class = InterimReportProcess
    process_title = _("Interim report of a project")

    (
        start,
        begin,
        wait_for_call_off,
        draft_report,
        review_report,
        check_passed_on,
        decide_report,
        check_decision,
        answer_question,
        accepted,
        called_off,
    ) = _steps()


class FinalReportFlow(PlanningFlow, _OfReport):
    """Final report of a project."""

    process_class = FinalReportProcess
    process_title = _("Final report of a project")

    (
        start,
        begin,
        wait_for_call_off,
        draft_report,
        review_report,
        check_passed_on,
        decide_report,
        check_decision,
        answer_question,
        accepted,
        called_off,
    ) = _steps()


class DrawdownFlow(PlanningFlow, _OfReport):
    """Drawdown of funds."""

    process_class = DrawdownProcess
    process_title = _("Drawdown of funds of a project")

    (
        start,
        begin,
        wait_for_call_off,
        draft_report,
        review_report,
        check_passed_on,
        decide_report,
        check_decision,
        answer_question,
        accepted,
        called_off,
    ) = _steps()


class ReportExtensionFlow(PlanningFlow):
    """Request for more time."""

    process_class = ReportExtensionProcess
    process_title = _("More time for a report")

    start = Begin(this.on_start).Annotation(title=_("More time asked for")).Next(this.begin)

    begin = (
        Fork()
        .Annotation(title=_("The funder decides, unless the report is settled before"))
        .Always(this.decide_extension)
        .Always(this.wait_for_end)
        .Always(this.wait_for_withdrawal)
    )
    wait_for_withdrawal = (
        Message(this.on_withdrawal).Annotation(title=_("Withdrawn by the provider")).Next(this.withdrawn)
    )
    wait_for_end = (
        WaitFor(lambda activation: is_over(activation.process.extension))
        .Annotation(title=_("The report is accepted or called off"))
        .Next(this.mark_lapsed)
    )
    mark_lapsed = Step(this.on_lapsed).Annotation(title=_("Close the request")).Next(this.lapsed)

    decide_extension = (
        GuardedView(views.decide_extension)
        .Annotation(title=_("Decide on more time for the report"))
        .Says(_("Decide on more time for the report: %(subject)s"))
        .About(lambda process: _subject(process.extension.report))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.extension.report.project.funder)
        .Due(lambda process: extension_by(process.extension))
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.check_granted)
    )
    check_granted = (
        Question(lambda activation: bool(activation.process.extension.is_granted))
        .Annotation(title=_("More time given?"))
        .Then(this.granted)
        .Else(this.refused)
    )

    granted = Outcome().Annotation(title=_("More time given"))
    refused = Outcome().Annotation(title=_("More time refused"))
    lapsed = Outcome().Annotation(title=_("No longer needed"))
    withdrawn = Outcome().Annotation(title=_("Withdrawn"))

    def on_start(self, activation: Any, extension: Any) -> Any:
        """Tie the case to its request."""
        activation.process.extension = extension
        return activation.process

    def on_lapsed(self, activation: Any) -> None:
        """Nobody need decide any more."""
        extension_lapse(activation.process.extension)

    def on_withdrawal(self, activation: Any, *, user: Any) -> Any:
        """Keep who took it back."""
        extension_withdraw(activation.process.extension, user=user)
        return activation.process
