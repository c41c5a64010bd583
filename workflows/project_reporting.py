"""Reports of projects: begun in time, following their notices, called off. Steers the flows.

The timers run ``reports_follow_the_notices`` with every sweep; running twice, or in two processes at once,
does no harm: rows are held, and the database knows each duty once.
"""

from __future__ import annotations

import datetime
import logging
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from measures.models import (
    DutyKind,
    FundedProject,
    GrantNotice,
    ProjectReport,
    ProjectReportState,
    ReportExtension,
    ReportingDuty,
)
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_duties import called_off_for_good, due_before_recorded
from measures.selectors.project_report_dates import BEGIN_DAYS
from measures.selectors.project_report_pages import money_left
from measures.services.project_report_extensions import extension_ask
from measures.services.project_report_steps import (
    OVER,
    drawdown_discard,
    is_discardable,
    report_call_off,
    report_lock,
)
from measures.services.project_reports import report_begin
from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require
from workflows.flows import DrawdownFlow, FinalReportFlow, InterimReportFlow, ReportExtensionFlow
from workflows.models import PlanningCycle
from workflows.models.report_processes import cycle_of_report
from workflows.nodes import poke, send
from workflows.services.report_tasks import draft_task_follows, process_of

logger = logging.getLogger(__name__)

FLOW_OF: Final[dict[str, Any]] = {
    DutyKind.INTERIM: InterimReportFlow,
    DutyKind.FINAL: FinalReportFlow,
    DutyKind.DRAWDOWN: DrawdownFlow,
}
#: Language of reasons the product writes by itself.
LANGUAGE: Final = "de"


# --- in time -----------------------------------------------------------------------------------------


def reports_follow_the_notices(today: datetime.date | None = None) -> int:
    """Begin the duties whose time has come, and let drafts follow the notices that hold now.

    A failure with one project is logged and tried again with the next run; it does not hold up the others.

    Args:
        today: The day; left out today.

    Returns:
        How many reports were begun, moved or called off.
    """
    today = today or timezone.localdate()
    count = 0
    projects = set(_outdated_drafts().values_list("project", flat=True))
    projects |= set(_duties_to_begin(today).values_list("notice__project", flat=True))
    for pk in sorted(projects):
        try:
            # Call-offs hold the case before the report, so each has a transaction of its own.
            count += sum(_draft_follows(report) for report in _outdated_drafts().filter(project=pk))
            count += _duties_begin(pk, today)
        except Exception:
            logger.exception("Reports of project %s could not be brought up to date; tried again later.", pk)
    return count


def _duties_to_begin(today: datetime.date) -> QuerySet[ReportingDuty]:
    """Duties of the notices that hold whose time has come and of which there is no report yet.

    What was called off is not begun again unless a later notice asks for it anew. What was due before the
    project was recorded here counts as settled.
    """
    same = ProjectReport.objects.filter(
        project=OuterRef("notice__project"),
        kind=OuterRef("kind"),
        covers_from=OuterRef("covers_from"),
        covers_until=OuterRef("covers_until"),
        duty__isnull=False,
    )
    begun = same.exclude(state=ProjectReportState.CALLED_OFF)
    near = Q(due_on__lte=today + datetime.timedelta(days=BEGIN_DAYS)) | Q(covers_until__lt=today)
    found: QuerySet[ReportingDuty] = ReportingDuty.objects.filter(
        near,
        notice__in=notices_that_hold(FundedProject.objects.all()).values("pk"),
        notice__project__measure__plan__cycles__isnull=False,
    )
    return found.filter(~Exists(begun), ~called_off_for_good(), ~due_before_recorded()).distinct()


@transaction.atomic
def _duties_begin(project_pk: int, today: datetime.date) -> int:
    """Begin what a project owes now; its row is held, so that two sweeps at once begin it once."""
    FundedProject.objects.select_for_update(of=("self",)).get(pk=project_pk)
    count = 0
    rows = _duties_to_begin(today).filter(notice__project=project_pk).select_related("notice__project")
    for duty in rows.order_by("due_on", "pk"):
        report = report_begin(
            project=duty.notice.project,
            kind=duty.kind,
            covers_from=duty.covers_from,
            covers_until=duty.covers_until,
            due_on=duty.due_on,
            duty=duty,
        )
        if process_of(report) is None:
            _case_begin(report, user=None)
            count += 1
    return count


def _case_begin(report: ProjectReport, *, user: User | None) -> None:
    FLOW_OF[report.kind].start.run(report=report)
    log_action(
        "project_report.begun",
        user=user,
        obj=report,
        territory=report.project.measure.plan.territory,
        data={"due_on": report.due_on},
    )


def _outdated_drafts() -> QuerySet[ProjectReport]:
    """Drafts of duties of a notice that was amended."""
    later = GrantNotice.objects.filter(
        project=OuterRef("project"), number__gt=OuterRef("duty__notice__number")
    )
    rows = ProjectReport.objects.filter(state=ProjectReportState.DRAFTING, duty__isnull=False)
    return rows.filter(Exists(later)).select_related("project", "duty").order_by("pk")


def _draft_follows(report: ProjectReport) -> bool:
    """Bring a draft in line with the notice that holds; whether something was done.

    What was handed in before and returned is not called off by itself: funder and planning decide on that.
    """
    notice = report.project.notices.order_by("-number")[0]
    duty = _duty_for(report, notice)
    if duty is not None:
        return _draft_moves(report, duty)
    if report.deliveries.exists():
        return False
    with override(LANGUAGE):
        reason = gettext(
            "Fell away because the amending notice %(reference)s of %(day)s does not ask for it any more."
        ) % {"reference": notice.reference, "day": date_de(notice.issued_on)}
    try:
        _send_call_off(report, reason=reason, user=None)
    except DomainError:  # handed in, or called off by somebody, at this very moment
        return False
    return True


def _duty_for(report: ProjectReport, notice: GrantNotice) -> ReportingDuty | None:
    """The duty of a later notice that a draft is for now; None if that asks for nothing of the kind.

    A duty about the same time, or else, as where the term was changed, the one that shares its first day, or
    most days with it, and is no other report's: what was written must not be lost.
    """
    duties: list[ReportingDuty] = list(notice.duties.filter(kind=report.kind).order_by("due_on", "pk"))
    for duty in duties:
        if (duty.covers_from, duty.covers_until) == (report.covers_from, report.covers_until):
            return duty
    others = report.project.reports.filter(kind=report.kind, duty__isnull=False).exclude(pk=report.pk)
    others = others.exclude(state=ProjectReportState.CALLED_OFF)
    taken = set(others.values_list("covers_from", "covers_until"))

    def shared(duty: ReportingDuty) -> int:
        until = min(duty.covers_until, report.covers_until)
        return (until - max(duty.covers_from, report.covers_from)).days + 1

    near = [row for row in duties if (row.covers_from, row.covers_until) not in taken and shared(row) > 0]
    near.sort(key=lambda row: (row.covers_from == report.covers_from, shared(row)))
    return near[-1] if near else None


@transaction.atomic
def _draft_moves(report: ProjectReport, duty: ReportingDuty) -> bool:
    """The draft is for the time of the new duty, and due as that says, or as the funder extended it."""
    try:
        locked = report_lock(report, ProjectReportState.DRAFTING)
    except DomainError:  # handed in at this very moment
        return False
    given = locked.extensions.filter(is_granted=True).aggregate(day=Max("granted_until"))["day"]
    due_on = duty.due_on if given is None else max(duty.due_on, given)
    before = (locked.covers_from, locked.covers_until, locked.due_on)
    locked.duty, locked.due_on = duty, due_on
    locked.covers_from, locked.covers_until = duty.covers_from, duty.covers_until
    locked.save(update_fields=["duty", "due_on", "covers_from", "covers_until"])
    if (locked.covers_from, locked.covers_until, due_on) != before:
        draft_task_follows(locked)
        log_action(
            "project_report.moved",
            user=None,
            obj=locked,
            territory=locked.project.measure.plan.territory,
            data={"due_on": due_on, "reason": duty.notice.reason},
        )
    return True


# --- by people ---------------------------------------------------------------------------------------


def may_call_off(user: Any, report: ProjectReport) -> bool:
    """Whether a person may call a report off: funder or planning, while it is open. Queries: at most 2."""
    if report.state in OVER:
        return False
    project = report.project
    return bool(
        can(user, Perm.ACT_FOR_ORGANISATION, project.funder)
        or can(user, Perm.PLAN_TERRITORY, project.measure.plan.territory)
    )


def report_stop(report: ProjectReport, *, reason: str, user: User) -> None:
    """Call a report off, as when the funder does not want it any more.

    Args:
        report: Not accepted yet.
        reason: Why; the parties read it.
        user: Somebody of the funder, or planning of the territory.

    Raises:
        PermissionDenied: The user is neither.
        DomainError: ``report_moved`` if it is accepted or called off, ``reason_missing``, ``no_open_task``.
    """
    report.refresh_from_db(fields=["state"])
    if report.state in OVER:
        raise DomainError("report_moved", _("It is accepted or called off already."))
    if not may_call_off(user, report):
        raise PermissionDenied(str(_("Only the funder or the social planning unit may do this.")))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why it is called off; all involved will read it."))
    _send_call_off(report, reason=reason, user=user)


def may_discard(user: Any, report: ProjectReport) -> bool:
    """Whether a person may discard a report: the provider, a drawdown of its own. Queries: at most 2."""
    return is_discardable(report) and bool(can(user, Perm.ACT_FOR_ORGANISATION, report.project.provider))


def report_discard(report: ProjectReport, *, user: User) -> None:
    """Discard a drawdown that was begun by mistake; its task disappears, the history says by whom.

    Args:
        report: A drawdown that the notice does not ask for, never handed in.
        user: Somebody of the provider.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``not_discardable``, ``no_open_task``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    with override(LANGUAGE):
        reason = gettext("The provider discarded it before it was handed in.")
    _send_call_off(report, reason=reason, user=user, note=drawdown_discard)


def _send_call_off(
    report: ProjectReport, *, reason: str, user: User | None, note: Any = report_call_off
) -> None:
    process = process_of(report)
    if process is None:
        raise DomainError("no_open_task", _("This step is not open (any more)."))
    send(process, FLOW_OF[report.kind].wait_for_call_off, reason=reason, user=user, note=note)
    report.refresh_from_db()
    requests_settle(report)


def requests_settle(report: ProjectReport) -> None:
    """Let an open request for more time end with its report; the sweep does it where this fails."""
    for extension in report.extensions.filter(is_granted__isnull=True):
        poke(extension.process)


@transaction.atomic
def extension_request(
    report: ProjectReport, *, wanted_until: datetime.date, reason: str, user: User
) -> ReportExtension:
    """Ask for more time (arguments and errors: ``extension_ask``); it lands with the funder."""
    extension = extension_ask(report, wanted_until=wanted_until, reason=reason, user=user)
    ReportExtensionFlow.start.run(extension=extension)
    return extension


def extension_take_back(report: ProjectReport, *, user: User) -> None:
    """Withdraw the request for more time that the funder has not answered; its task disappears.

    Args:
        report: A report for which more time was asked.
        user: Somebody of the provider.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``extension_over`` if there is no open request, ``no_open_task``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, report.project.provider)
    extension = report.extensions.filter(is_granted__isnull=True).first()
    if extension is None:
        raise DomainError("extension_over", _("This request was answered or withdrawn already."))
    send(extension.process, ReportExtensionFlow.wait_for_withdrawal, user=user)


def may_draw(user: Any, project: FundedProject) -> bool:
    """Whether a person may draw funds besides what the notice asks for. Queries: at most 5."""
    return bool(can(user, Perm.ACT_FOR_ORGANISATION, project.provider)) and money_left(project) > 0


def has_drawn_all(user: Any, project: FundedProject) -> bool:
    """Whether a person could draw funds, were there any left of a grant. Queries: at most 6."""
    if not can(user, Perm.ACT_FOR_ORGANISATION, project.provider) or not project.notices.exists():
        return False
    return money_left(project) <= 0


@transaction.atomic
def drawdown_begin(
    project: FundedProject,
    *,
    covers_from: datetime.date,
    covers_until: datetime.date,
    due_on: datetime.date,
    user: User,
) -> ProjectReport:
    """Begin a drawdown that the notice does not ask for; it lands with the provider.

    Args:
        project: The project, with a notice.
        covers_from: First day the money is for.
        covers_until: Last day the money is for.
        due_on: Last day to hand it in.
        user: Somebody of the provider.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``outside_term``, ``drawdown_open``, ``nothing_left``, ``no_cycle``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, project.provider)
    locked = FundedProject.objects.select_for_update(of=("self",)).get(pk=project.pk)
    if covers_until < covers_from or covers_from < locked.starts_on or covers_until > locked.ends_on:
        raise DomainError("outside_term", _("The time has to lie within the term of the funding."))
    free = locked.reports.filter(kind=DutyKind.DRAWDOWN, duty__isnull=True)
    if free.filter(state=ProjectReportState.DRAFTING).exists():
        raise DomainError(
            "drawdown_open",
            _("A drawdown has been begun already. Hand it in or discard it before you begin another."),
        )
    if money_left(locked) <= 0:
        raise DomainError("nothing_left", _("The whole grant has been drawn or asked for already."))
    report = report_begin(
        project=locked,
        kind=DutyKind.DRAWDOWN.value,
        covers_from=covers_from,
        covers_until=covers_until,
        due_on=due_on,
    )
    try:
        cycle_of_report(report)
    except PlanningCycle.DoesNotExist as error:
        raise DomainError(
            "no_cycle", _("The action plan has no planning cycle yet; ask the social planning unit.")
        ) from error
    _case_begin(report, user=user)
    return report
