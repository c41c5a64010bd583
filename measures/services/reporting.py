"""Writes on reporting rounds and reports."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import (
    ActionPlan,
    FigureKind,
    FigureReport,
    KeyFigure,
    Measure,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from measures.selectors.due_figures import round_plan
from measures.services.key_figures import impossible, impossible_step
from measures.services.snapshots import round_freeze
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User

#: Longest comment on a figure (characters): more belongs into a file beside it.
MAX_COMMENT = 2000
#: States in which nothing more happens to a report.
SETTLED = (RoundReportState.CONFIRMED, RoundReportState.CALLED_OFF)


@dataclasses.dataclass(frozen=True)
class Actual:
    """What an organisation reports on a key figure; an empty value means no data, with a comment why."""

    key_figure: KeyFigure
    value: Decimal | None
    comment: str = ""


@transaction.atomic
def round_create(
    *,
    plan: ActionPlan,
    measures: QuerySet[Measure],
    reference_on: datetime.date,
    due_on: datetime.date,
    user: User,
) -> ReportingRound:
    """Create a round with one report per organisation that has something to report on the given measures.

    Who is asked what follows from ``selectors.due_figures.round_plan``.

    Raises:
        DomainError: ``round_exists``, ``due_before_reference``, ``reference_in_future``,
            ``nothing_to_report``.
    """
    if due_on < reference_on:
        raise DomainError("due_before_reference", _("The report cannot be due before the day it is about."))
    if reference_on > timezone.localdate():
        raise DomainError("reference_in_future", _("Figures can be asked for a past day only."))
    taken = DomainError("round_exists", _("There is a round for this day already."))
    if plan.rounds.filter(reference_on=reference_on).exists():
        raise taken
    asks = round_plan(measures, reference_on).asks
    if not asks:
        raise DomainError("nothing_to_report", _("No running measure has key figures to report."))
    try:
        with transaction.atomic():
            reporting_round = ReportingRound.objects.create(
                plan=plan, reference_on=reference_on, due_on=due_on, opened_by=user
            )
    except IntegrityError as error:  # two planners at once, or one who clicked twice
        raise taken from error
    for ask in asks:
        report = RoundReport.objects.create(round=reporting_round, organisation=ask.organisation)
        FigureReport.objects.bulk_create(
            FigureReport(report=report, key_figure=figure) for figure in ask.figures
        )
    log_action(
        "round.opened",
        user=user,
        obj=reporting_round,
        territory=plan.territory,
        data={"reference_on": reference_on, "organisations": len(asks)},
    )
    return reporting_round


def _require_editable(report: RoundReport) -> None:
    if report.state not in {RoundReportState.OPEN, RoundReportState.RETURNED}:
        raise DomainError("report_locked", _("The report has been handed in and is locked."))


@transaction.atomic
def report_save(report: RoundReport, *, actuals: Sequence[Actual], user: User) -> None:
    """Save figures in between.

    Raises:
        DomainError: ``report_locked``, ``foreign_figure``, ``impossible_value``, ``comment_too_long``.
    """
    _require_editable(report)
    rows = {row.key_figure_id: row for row in report.figures.select_related("key_figure__unit")}
    for actual in actuals:
        row = rows.get(actual.key_figure.pk)
        if row is None:
            raise DomainError("foreign_figure", _("This key figure is not part of the report."))
        is_judged = row.key_figure.kind == FigureKind.QUALITY
        fault = impossible_step(actual.value) if is_judged else impossible(actual.value, row.key_figure.unit)
        if fault is not None:
            raise DomainError("impossible_value", f"{row.key_figure.title}: {fault}")
        if len(actual.comment) > MAX_COMMENT:
            raise DomainError(
                "comment_too_long",
                _("The comment on “%(figure)s” is longer than %(limit)s characters; attach it as a file.")
                % {"figure": row.key_figure.title, "limit": MAX_COMMENT},
            )
        row.value, row.comment = actual.value, actual.comment.strip()
        row.save(update_fields=["value", "comment"])


@transaction.atomic
def report_submit(report: RoundReport, *, user: User) -> None:
    """Hand a report in.

    Raises:
        DomainError: ``report_locked``, ``comment_missing`` where a figure has neither value nor comment.
    """
    _require_editable(report)
    silent = report.figures.filter(value__isnull=True, comment="").select_related("key_figure")
    if silent:
        raise DomainError(
            "comment_missing",
            _("Enter a value, or say in the comment why there is none: %(figures)s.")
            % {"figures": ", ".join(row.key_figure.title for row in silent)},
        )
    report.state = RoundReportState.SUBMITTED
    report.save(update_fields=["state"])
    log_action("report.submitted", user=user, obj=report, territory=report.round.plan.territory)


@transaction.atomic
def report_review(report: RoundReport, *, is_confirmed: bool, reason: str, user: User) -> None:
    """Confirm or return a report.

    Raises:
        DomainError: ``reason_missing``, ``not_submitted``.
    """
    if report.state != RoundReportState.SUBMITTED:
        raise DomainError("not_submitted", _("This report has not been handed in."))
    if not is_confirmed and not reason.strip():
        raise DomainError("reason_missing", _("Say what has to be changed; the organisation will read it."))
    if is_confirmed:
        report.state = RoundReportState.CONFIRMED
        report.confirmed_by = user
        report.confirmed_at = timezone.now()
    else:
        report.state = RoundReportState.RETURNED
    report.return_reason = "" if is_confirmed else reason.strip()
    report.save()
    log_action(
        "report.confirmed" if is_confirmed else "report.returned",
        user=user,
        obj=report,
        territory=report.round.plan.territory,
        data={"reason": report.return_reason},
    )
    if is_confirmed:
        round_settle(report.round_id)


@transaction.atomic
def report_correct(report: RoundReport, *, reason: str, user: User) -> RoundReport:
    """Begin a correction of a confirmed report: a new version of it, with its figures to be changed.

    What was confirmed stays readable, and counts until the correction is confirmed. A closed round stays
    closed, and what was frozen of it stays as it was.

    Args:
        report: The latest version of a report.
        reason: Why; all who may read the report see it.
        user: Who begins it; whoever calls has asked for the right.

    Returns:
        The new version, open.

    Raises:
        DomainError: ``reason_missing``, ``not_confirmed``, ``correction_open`` if there is a later version
            under way, ``superseded`` if there is a later one that counts.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the report is corrected."))
    # Locked: two who begin one at once must not both do so.
    versions = list(
        RoundReport.objects.select_for_update(no_key=True)
        .filter(round=report.round, organisation=report.organisation)
        .order_by("version")
    )
    if any(row.state not in SETTLED for row in versions if row.pk != report.pk):
        raise DomainError("correction_open", _("A correction of this report is under way already."))
    confirmed = [row for row in versions if row.state == RoundReportState.CONFIRMED]
    if not any(row.pk == report.pk for row in confirmed):
        raise DomainError(
            "not_confirmed", _("Only a confirmed report is corrected; one under way is simply changed.")
        )
    if confirmed[-1].pk != report.pk:
        raise DomainError("superseded", _("There is a later version of this report; correct that one."))
    made = RoundReport.objects.create(
        round=report.round,
        organisation=report.organisation,
        version=versions[-1].version + 1,
        correction_reason=reason.strip(),
    )
    FigureReport.objects.bulk_create(
        FigureReport(report=made, key_figure_id=row.key_figure_id, value=row.value, comment=row.comment)
        for row in report.figures.all()
    )
    log_action(
        "report.correction_begun",
        user=user,
        obj=made,
        territory=report.round.plan.territory,
        data={"reason": reason.strip(), "version": made.version},
    )
    return made


@transaction.atomic
def report_call_off(report: RoundReport, *, reason: str, user: User) -> None:
    """Call off a report that is not confirmed; its figures stay without data.

    Raises:
        DomainError: ``reason_missing``, ``report_settled``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the report is not waited for."))
    if report.state in SETTLED:
        raise DomainError("report_settled", _("This report is confirmed or called off already."))
    report.state = RoundReportState.CALLED_OFF
    report.return_reason = reason.strip()
    report.save(update_fields=["state", "return_reason"])
    log_action(
        "report.called_off",
        user=user,
        obj=report,
        territory=report.round.plan.territory,
        data={"reason": reason.strip()},
    )
    round_settle(report.round_id)


@transaction.atomic
def round_close(reporting_round: ReportingRound, *, reason: str, user: User) -> None:
    """Write down why planning closes a round although reports are missing; they are called off next.

    Raises:
        DomainError: ``reason_missing``, ``round_closed``, ``reports_to_confirm`` while handed-in ones wait:
            what was reported is not thrown away.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the round is closed without all reports."))
    locked = ReportingRound.objects.select_for_update(no_key=True).get(pk=reporting_round.pk)
    if locked.closed_at is not None:
        raise DomainError("round_closed", _("This round is closed already."))
    if locked.reports.filter(state=RoundReportState.SUBMITTED).exists():
        raise DomainError(
            "reports_to_confirm",
            _("Some reports have been handed in. Confirm or return them first: nothing reported is lost."),
        )
    locked.closing_reason = reason.strip()
    locked.save(update_fields=["closing_reason"])
    log_action(
        "round.closed_without_all",
        user=user,
        obj=locked,
        territory=locked.plan.territory,
        data={"reason": reason.strip()},
    )


def round_settle(round_pk: int) -> None:
    """Close a round with its last report and freeze it, once.

    Locked, so that two last ones at once do not miss each other; a correction after the end changes nothing.
    """
    reporting_round = ReportingRound.objects.select_for_update(no_key=True).get(pk=round_pk)
    if reporting_round.closed_at is not None:
        return
    if reporting_round.reports.exclude(state__in=SETTLED).exists():
        return
    reporting_round.closed_at = timezone.now()
    reporting_round.save(update_fields=["closed_at"])
    round_freeze(reporting_round)
