"""Writes on reporting rounds and reports."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import (
    ActionPlan,
    FigureReport,
    KeyFigure,
    Measure,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from monitoring.models import Unit
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User


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
    """Create a round with one report per responsible organisation of the given measures.

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
    with_figures = measures.filter(key_figures__isnull=False)
    organisations = set(with_figures.values_list("responsible_id", flat=True))
    if not organisations:
        raise DomainError("nothing_to_report", _("No running measure has key figures to report."))
    try:
        with transaction.atomic():
            reporting_round = ReportingRound.objects.create(
                plan=plan, reference_on=reference_on, due_on=due_on, opened_by=user
            )
    except IntegrityError as error:  # two planners at once, or one who clicked twice
        raise taken from error
    for organisation_id in sorted(organisations):
        report = RoundReport.objects.create(round=reporting_round, organisation_id=organisation_id)
        figures = KeyFigure.objects.filter(measure__in=with_figures, measure__responsible_id=organisation_id)
        FigureReport.objects.bulk_create(
            FigureReport(report=report, key_figure=figure) for figure in figures.distinct()
        )
    log_action(
        "round.opened",
        user=user,
        obj=reporting_round,
        territory=plan.territory,
        data={"reference_on": reference_on, "organisations": len(organisations)},
    )
    return reporting_round


def _require_editable(report: RoundReport) -> None:
    if report.state not in {RoundReportState.OPEN, RoundReportState.RETURNED}:
        raise DomainError("report_locked", _("The report has been handed in and is locked."))


def impossible(value: Decimal | None, unit: Unit) -> Promise | None:
    """Why a value cannot be: people and cases are counted in whole ones, from zero,
    and what is shown without decimals has none.

    Args:
        value: Reported value; None for none.
        unit: Unit of the key figure. Shares may lie above 100 (an occupancy) and below 0 (a change).
    """
    if value is None:
        return None
    if unit.is_count and value < 0:
        return _("People or cases cannot be fewer than none. Enter the count itself, not the change.")
    if unit.is_count and value % 1:
        return _("People or cases are counted in whole numbers.")
    # It would be shown rounded everywhere: what stands in the report must be what was meant.
    if not unit.decimals and value % 1:
        return _("This unit is counted in whole numbers.")
    return None


@transaction.atomic
def report_save(report: RoundReport, *, actuals: Sequence[Actual], user: User) -> None:
    """Save figures in between.

    Raises:
        DomainError: ``report_locked``, ``foreign_figure``, ``impossible_value``.
    """
    _require_editable(report)
    rows = {row.key_figure_id: row for row in report.figures.select_related("key_figure__unit")}
    for actual in actuals:
        row = rows.get(actual.key_figure.pk)
        if row is None:
            raise DomainError("foreign_figure", _("This key figure is not part of the report."))
        fault = impossible(actual.value, row.key_figure.unit)
        if fault is not None:
            raise DomainError("impossible_value", f"{row.key_figure.title}: {fault}")
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
        _close_if_complete(report.round_id)


def _close_if_complete(round_pk: int) -> None:
    """Close a round with its last report; locked, so that two last ones at once do not miss each other."""
    reporting_round = ReportingRound.objects.select_for_update(no_key=True).get(pk=round_pk)
    if not reporting_round.reports.exclude(state=RoundReportState.CONFIRMED).exists():
        reporting_round.closed_at = timezone.now()
        reporting_round.save(update_fields=["closed_at"])
