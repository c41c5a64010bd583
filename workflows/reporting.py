"""Corrections of reports, confirming many at once, and ending a round: what steers the cases of reports."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import ReportingRound, RoundReport
from measures.services.reporting import SETTLED, report_correct, report_review, round_close, round_settle
from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, can, require
from workflows.flows import ReportFlow
from workflows.nodes import complete_task, open_task, send


def may_correct(user: User, report: RoundReport) -> bool:
    """Whether a person may begin a correction: who reports, or planning. Queries: 1 to 3."""
    is_own = bool(can(user, Perm.ACT_FOR_ORGANISATION, report.organisation))
    return is_own or bool(can(user, Perm.MANAGE_CYCLE, report.process.cycle))


@transaction.atomic
def report_correction_begin(report: RoundReport, *, reason: str, user: User) -> RoundReport:
    """Begin the correction of a confirmed report; it lands with the organisation as a task.

    Args:
        report: The latest confirmed version, with its case.
        reason: Why; all who may read the report see it.
        user: Somebody of the organisation, or planning of the cycle.

    Returns:
        The new version.

    Raises:
        DomainError: ``not_yours``, and those of ``report_correct``.
    """
    if not may_correct(user, report):
        raise DomainError(
            "not_yours", _("Only the organisation that reported or the social planning unit may do this.")
        )
    made = report_correct(report, reason=reason, user=user)
    ReportFlow.start.run(report=made, cycle=report.process.cycle)
    return made


def report_stop(report: RoundReport, *, reason: str, user: User) -> None:
    """Planning does not wait for a report, or for its correction, any more.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``reason_missing``, ``report_settled``, ``no_open_task``.
    """
    require(user, Perm.MANAGE_CYCLE, report.process.cycle)
    send(report.process, ReportFlow.wait_for_call_off, reason=reason, user=user)
    report.refresh_from_db()


def round_end(reporting_round: ReportingRound, *, reason: str, user: User) -> int:
    """Close a round although reports are missing: they are called off, and the round is frozen.

    Args:
        reporting_round: Open, with nothing waiting for confirmation.
        reason: Why; all who see the plan read it.
        user: Needs the right to plan the territory, and to manage the cycle of each report.

    Returns:
        Number of reports called off.

    Raises:
        PermissionDenied: The user may not.
        DomainError: Those of ``round_close``; ``correction_open`` if a correction was begun at this moment.
    """
    require(user, Perm.PLAN_TERRITORY, reporting_round.plan.territory)
    reports = list(
        reporting_round.reports.exclude(state__in=SETTLED)
        .select_related("process__cycle")
        .order_by("process")
    )
    with contextlib.ExitStack() as stack:
        # The cases first, then the round: who confirms a report locks in this order, too.
        for report in reports:
            stack.enter_context(ReportFlow.lock(report.process.pk))
        stack.enter_context(transaction.atomic())
        round_close(reporting_round, reason=reason, user=user)
        for report in reports:
            report_stop(report, reason=reason, user=user)
        round_settle(reporting_round.pk)
        if not ReportingRound.objects.filter(pk=reporting_round.pk, closed_at__isnull=False).exists():
            raise DomainError(
                "correction_open",
                _("A correction of a report has just begun. Look at the round again before you close it."),
            )
    reporting_round.refresh_from_db()
    return len(reports)


@dataclasses.dataclass(frozen=True)
class BulkOutcome:
    """What became of reports that were to be confirmed at once.

    Attributes:
        confirmed: Those that count now.
        refused: The others, each with the reason.
    """

    confirmed: list[RoundReport]
    refused: list[tuple[RoundReport, str]]


def reports_confirm(reports: Iterable[RoundReport], *, user: User) -> BulkOutcome:
    """Confirm reports one by one, each through its own task: rights and four eyes are asked for each.

    Args:
        reports: Handed in, with their cases; one that is refused does not hold up the others.
        user: Who confirms.
    """
    outcome = BulkOutcome([], [])
    for report in reports:
        try:
            complete_task(
                open_task(report.process, ReportFlow.confirm_figures),
                user=user,
                act=lambda process: report_review(process.report, is_confirmed=True, reason="", user=user),
            )
        except (DomainError, PermissionDenied) as error:
            reason = error.message if isinstance(error, DomainError) else error
            outcome.refused.append((report, str(reason)))
        else:
            outcome.confirmed.append(report)
    return outcome
