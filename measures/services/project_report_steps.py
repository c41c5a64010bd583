"""Each step of a report: handed in, checked, decided on, asked and answered, called off.

The flows in ``workflows`` call these; each moves the state, writes the history and the log in one go, with
the row of the report held. What was handed in is a snapshot: content, paper and hash, never touched again.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import (
    DutyKind,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportState,
    ProjectReportStep,
    ReportStepFile,
    ReportStepKind,
)
from measures.reports.project_report import report_paper
from measures.selectors.project_report_checks import report_faults
from measures.selectors.project_report_content import content_of
from measures.selectors.project_report_writers import report_writers, report_writers_and_checkers
from measures.services.figure_files import most_bytes
from measures.services.snapshots import content_sha256
from project.common.attachments import Upload, attachments_store
from project.common.errors import DomainError, FaultsError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, can, require, visible

#: Files beside one question or answer.
MOST_FILES: Final = 10
#: Nothing more happens to a report in one of these.
OVER: Final = (ProjectReportState.ACCEPTED, ProjectReportState.CALLED_OFF)
#: What the funder may do with a report.
Outcome = Literal["accept", "ask", "return"]

_OUTCOMES: Final = {
    "accept": (ProjectReportState.ACCEPTED, ReportStepKind.ACCEPTED),
    "ask": (ProjectReportState.ASKED, ReportStepKind.ASKED),
    "return": (ProjectReportState.DRAFTING, ReportStepKind.RETURNED),
}
_TEXT_MISSING: Final[dict[str, Promise]] = {
    "ask": _("Write down what you want to know."),
    "return": _("Say what has to be changed; provider and municipality will read it."),
}


class FaultyReport(FaultsError):  # noqa: N818  it says what is wrong with the report
    """A report cannot be handed in yet."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("report_faulty", faults)


def report_lock(report: ProjectReport, *states: ProjectReportState) -> ProjectReport:
    """Hold the row of a report until the transaction ends, and read it anew.

    Args:
        report: Any row of it; its ``state`` and ``due_on`` are brought up to date as well.
        *states: States in which the step is possible; left out any.

    Raises:
        DomainError: ``report_moved`` if it is in another state by now.
    """
    rows = ProjectReport.objects.select_for_update(of=("self",)).select_related(
        "project__measure__plan__territory", "project__funder", "project__provider", "project__programme"
    )
    locked = rows.get(pk=report.pk)
    report.state, report.due_on = locked.state, locked.due_on
    if states and locked.state not in states:
        raise DomainError(
            "report_moved",
            _("This report has moved on meanwhile: %(state)s. Look at its page before you go on.")
            % {"state": locked.get_state_display()},
        )
    return locked


@transaction.atomic
def report_deliver(report: ProjectReport, *, user: User) -> ProjectReportDelivery:
    """Hand a report in: what it says now is frozen under a hash, and the municipality checks it.

    Args:
        report: A draft.
        user: Somebody of the provider.

    Returns:
        What was handed in; the next number of the report.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_moved``.
        FaultyReport: With everything that has to be settled first.
    """
    provider = report.project.provider
    require(user, Perm.ACT_FOR_ORGANISATION, provider)
    locked = report_lock(report, ProjectReportState.DRAFTING)
    faults = report_faults(locked)
    if faults:
        raise FaultyReport(faults)
    number = locked.deliveries.count() + 1
    at = timezone.now()
    content = content_of(locked, number=number, user=user, organisation=provider, at=at)
    sha256 = content_sha256(content)
    paper = report_paper(content, sha256=sha256, at=at)
    delivery = ProjectReportDelivery(
        report=locked,
        number=number,
        content=content,
        sha256=sha256,
        paper_sha256=hashlib.sha256(paper).hexdigest(),
        due_on=locked.due_on,
        delivered_by=user,
    )
    delivery.paper.save(f"{sha256[:16]}.pdf", ContentFile(paper), save=False)
    try:
        delivery.save()
    except BaseException:  # the row is rolled back; its file would stay for ever
        delivery.paper.storage.delete(delivery.paper.name)
        raise
    _move(report, locked, ProjectReportState.CHECKING)
    _step(locked, ReportStepKind.DELIVERED, organisation=provider, user=user)
    log_action(
        "project_report.delivered",
        user=user,
        obj=locked,
        territory=_territory(locked),
        data={"number": number, "sha256": sha256},
    )
    return delivery


@transaction.atomic
def report_check(report: ProjectReport, *, is_fine: bool, text: str, user: User) -> None:
    """Pass a report on to the funder, or return it to the provider with a reason only these two read.

    Raises:
        PermissionDenied: The user does not plan for the territory.
        DomainError: ``report_moved``, ``four_eyes`` for who wrote in it, ``text_missing`` for a return.
    """
    require(user, Perm.PLAN_TERRITORY, _territory(report))
    locked = report_lock(report, ProjectReportState.CHECKING)
    if user.pk in report_writers(locked):
        raise DomainError("four_eyes", _("Who wrote in a report does not check it."))
    if not is_fine and not text.strip():
        raise DomainError("text_missing", _("Say what has to be changed; the provider will read it."))
    _move(report, locked, ProjectReportState.WITH_FUNDER if is_fine else ProjectReportState.DRAFTING)
    unit = _office_of(user, locked)
    if is_fine:
        _step(locked, ReportStepKind.FORWARDED, text=text, organisation=unit, user=user)
        log_action("project_report.forwarded", user=user, obj=locked, territory=_territory(locked))
    else:
        _step(locked, ReportStepKind.SENT_BACK, text=text, organisation=unit, user=user)
        log_action("project_report.sent_back", user=user, obj=locked, territory=_territory(locked))


@transaction.atomic
def report_decide(
    report: ProjectReport, *, outcome: Outcome, text: str, files: Iterable[Upload] = (), user: User
) -> None:
    """Accept a report, ask about it, or return it to be handed in anew.

    While a question is open the report stays as it was delivered. After a return the provider writes on and
    hands in under the next number.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``report_moved``, ``four_eyes`` for who wrote in it or checked it, ``text_missing``, and
            those of ``attachments_store``.
    """
    funder = report.project.funder
    require(user, Perm.ACT_FOR_ORGANISATION, funder)
    locked = report_lock(report, ProjectReportState.WITH_FUNDER)
    if user.pk in report_writers_and_checkers(locked):
        raise DomainError("four_eyes", _("Who wrote in a report or checked it does not decide on it."))
    if outcome in _TEXT_MISSING and not text.strip():
        raise DomainError("text_missing", _TEXT_MISSING[outcome])
    state, kind = _OUTCOMES[outcome]
    _move(report, locked, state)
    step = _step(locked, kind, text=text, organisation=funder, user=user)
    _files_store(step, files)
    log_action(
        "project_report.accepted"
        if outcome == "accept"
        else ("project_report.asked" if outcome == "ask" else "project_report.returned"),
        user=user,
        obj=locked,
        territory=_territory(locked),
    )


@transaction.atomic
def report_answer(report: ProjectReport, *, text: str, files: Iterable[Upload] = (), user: User) -> None:
    """Answer the question of the funder; what was delivered stays as it is.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_moved``, ``text_missing``, and those of ``attachments_store``.
    """
    provider = report.project.provider
    require(user, Perm.ACT_FOR_ORGANISATION, provider)
    locked = report_lock(report, ProjectReportState.ASKED)
    if not text.strip():
        raise DomainError("text_missing", _("Write down your answer."))
    _move(report, locked, ProjectReportState.WITH_FUNDER)
    step = _step(locked, ReportStepKind.ANSWERED, text=text, organisation=provider, user=user)
    _files_store(step, files)
    log_action("project_report.answered", user=user, obj=locked, territory=_territory(locked))


@transaction.atomic
def report_call_off(report: ProjectReport, *, reason: str, user: User | None) -> None:
    """Note that a report is not owed any more; called by its flow, which checks who may.

    Args:
        report: One that is open.
        reason: Why; all involved read it.
        user: Who calls it off; None if nobody does, because a notice of the funder does not ask for it.

    Raises:
        DomainError: ``report_moved`` if it is accepted or called off already, ``reason_missing``.
    """
    open_states = [state for state in ProjectReportState if state not in OVER]
    locked = report_lock(report, *open_states)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why it is called off; all involved will read it."))
    funder = locked.project.funder
    if user is None or can(user, Perm.ACT_FOR_ORGANISATION, funder):
        speaker = funder
    else:
        speaker = _office_of(user, locked)
    _move(report, locked, ProjectReportState.CALLED_OFF)
    _step(locked, ReportStepKind.CALLED_OFF, text=reason, organisation=speaker, user=user)
    log_action("project_report.called_off", user=user, obj=locked, territory=_territory(locked))


def is_discardable(report: ProjectReport) -> bool:
    """Whether it is a drawdown that no notice asks for and that was never handed in. Queries: at most 1."""
    is_own_draft = report.kind == DutyKind.DRAWDOWN and report.duty_id is None
    return is_own_draft and report.state == ProjectReportState.DRAFTING and not report.deliveries.exists()


@transaction.atomic
def drawdown_discard(report: ProjectReport, *, reason: str, user: User) -> None:
    """Note that the provider gives a drawdown up that it began by mistake; called by its flow.

    Args:
        report: A drawdown that ``is_discardable``.
        reason: What the history says.
        user: Somebody of the provider.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``not_discardable`` for anything else, or where it has been handed in meanwhile.
    """
    provider = report.project.provider
    require(user, Perm.ACT_FOR_ORGANISATION, provider)
    locked = report_lock(report)
    if not is_discardable(locked):
        raise DomainError(
            "not_discardable",
            _(
                "Only a drawdown that the notice does not ask for, and that has never been handed in, can be "
                "discarded. Ask the funder or the social planning unit to call this one off."
            ),
        )
    _move(report, locked, ProjectReportState.CALLED_OFF)
    _step(locked, ReportStepKind.CALLED_OFF, text=reason, organisation=provider, user=user)
    log_action("project_report.discarded", user=user, obj=locked, territory=_territory(locked))


def step_write(
    report: ProjectReport,
    kind: ReportStepKind,
    *,
    organisation: Organisation,
    user: User | None,
    text: str = "",
    day: datetime.date | None = None,
) -> ProjectReportStep:
    """Write a line of the history of a report whose row is held."""
    step: ProjectReportStep = ProjectReportStep.objects.create(
        report=report,
        delivery=report.deliveries.order_by("-number").first(),
        kind=kind,
        text=text.strip(),
        day=day,
        organisation=organisation,
        made_by=user,
    )
    return step


_step = step_write


def _move(report: ProjectReport, locked: ProjectReport, state: ProjectReportState) -> None:
    locked.state = report.state = state
    locked.save(update_fields=["state"])


def _territory(report: ProjectReport) -> Organisation:
    return report.project.measure.plan.territory


def _office_of(user: User, report: ProjectReport) -> Organisation:
    """The planning unit somebody speaks for; the first of the territory, or the territory itself."""
    territory = _territory(report)
    units = Organisation.objects.filter(kind=OrganisationKind.PLANNING_UNIT, territory=territory)
    own = visible(user, Perm.ACT_FOR_ORGANISATION, units)
    return own.order_by("pk").first() or units.order_by("pk").first() or territory


def _files_store(step: ProjectReportStep, files: Iterable[Upload]) -> None:
    files = list(files)
    if not files:
        return

    def make(name: str, size: int, sha256: str) -> ReportStepFile:
        return ReportStepFile(step=step, file_name=name, size=size, sha256=sha256)

    attachments_store(
        files,
        known=set(),
        make=make,
        max_bytes=most_bytes(),
        most=MOST_FILES,
        too_many=_("At most %(count)s files can be added here."),
    )
