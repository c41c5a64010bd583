"""More time for a report: asked for by the provider, given or refused by the funder, or withdrawn."""

from __future__ import annotations

import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import ProjectReport, ProjectReportState, ReportExtension, ReportStepKind
from measures.services.project_report_steps import OVER, report_lock, step_write
from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: No report gets more time than this at once (days after its due date).
MOST_DAYS: Final = 366


@transaction.atomic
def extension_ask(
    report: ProjectReport, *, wanted_until: datetime.date, reason: str, user: User
) -> ReportExtension:
    """Ask the funder for more time.

    Args:
        report: A draft.
        wanted_until: The day asked for.
        reason: Why.
        user: Somebody of the provider.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``report_moved``, ``reason_missing``, ``day_not_later``, ``day_too_far``,
            ``extension_open``.
    """
    provider = report.project.provider
    require(user, Perm.ACT_FOR_ORGANISATION, provider)
    locked = report_lock(report, ProjectReportState.DRAFTING)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why more time is needed."))
    _later_check(wanted_until, locked)
    is_open = DomainError(
        "extension_open", _("More time has been asked for already; the funder has not answered yet.")
    )
    if locked.extensions.filter(is_granted__isnull=True).exists():
        raise is_open
    try:
        with transaction.atomic():
            extension: ReportExtension = ReportExtension.objects.create(
                report=locked, wanted_until=wanted_until, reason=reason.strip(), asked_by=user
            )
    except IntegrityError as error:  # asked twice at once
        raise is_open from error
    kind = ReportStepKind.EXTENSION_ASKED
    step_write(locked, kind, organisation=provider, user=user, text=reason, day=wanted_until)
    _log("project_report.extension_asked", locked, user, due_on=wanted_until)
    return extension


@transaction.atomic
def extension_withdraw(extension: ReportExtension, *, user: User) -> None:
    """Take a request back that nobody has answered yet; called by its flow.

    Raises:
        PermissionDenied: The user does not act for the provider.
        DomainError: ``extension_over``.
    """
    provider = extension.report.project.provider
    require(user, Perm.ACT_FOR_ORGANISATION, provider)
    locked, asked = _hold(extension)
    asked.is_granted = extension.is_granted = False
    asked.save(update_fields=["is_granted"])
    step_write(locked, ReportStepKind.EXTENSION_WITHDRAWN, organisation=provider, user=user)
    _log("project_report.extension_withdrawn", locked, user)


@transaction.atomic
def extension_decide(
    extension: ReportExtension,
    *,
    is_granted: bool,
    text: str,
    user: User,
    until: datetime.date | None = None,
) -> None:
    """Give the time that was asked for or until another day, or refuse it.

    Args:
        extension: A request that is not answered.
        is_granted: Whether more time is given.
        text: Why, for a refusal and for another day than the one asked for.
        user: Somebody of the funder.
        until: The day given; left out the one asked for.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``extension_over``; ``reason_missing``; ``day_over`` if the day asked for has passed
            meanwhile; ``day_not_later``, ``day_too_far`` for another day.
    """
    report = extension.report
    funder = report.project.funder
    require(user, Perm.ACT_FOR_ORGANISATION, funder)
    locked, asked = _hold(extension)
    if is_granted:
        day = asked.wanted_until if until is None else until
        _day_check(day, text, locked, asked)
        asked.granted_until = extension.granted_until = day
        # A notice may have set a later day meanwhile.
        locked.due_on = report.due_on = max(locked.due_on, day)
        locked.save(update_fields=["due_on"])
        step_write(
            locked, ReportStepKind.EXTENDED, organisation=funder, user=user, text=text, day=locked.due_on
        )
        _log("project_report.extended", locked, user, due_on=locked.due_on)
    else:
        if not text.strip():
            raise DomainError("reason_missing", _("Say why the date stays; the provider will read it."))
        step_write(locked, ReportStepKind.EXTENSION_REFUSED, organisation=funder, user=user, text=text)
        _log("project_report.extension_refused", locked, user)
    asked.is_granted = extension.is_granted = is_granted
    asked.save(update_fields=["is_granted", "granted_until"])


def _day_check(day: datetime.date, text: str, report: ProjectReport, asked: ReportExtension) -> None:
    """Refuse a day that cannot be given; the one asked for may be today, or before a later notice's."""
    if day == asked.wanted_until:
        if day < timezone.localdate():
            raise DomainError(
                "day_over",
                _("%(day)s has passed meanwhile. Refuse it, or name another day.") % {"day": date_de(day)},
            )
        return
    _later_check(day, report)
    if not text.strip():
        raise DomainError(
            "reason_missing",
            _("Say why it is another day than the one asked for; the provider will read it."),
        )


def _later_check(day: datetime.date, report: ProjectReport) -> None:
    """Refuse a day that is no more time, or too much of it."""
    if day <= max(report.due_on, timezone.localdate()):
        raise DomainError("day_not_later", _("Name a day after the due date and after today."))
    if day > report.due_on + datetime.timedelta(days=MOST_DAYS):
        raise DomainError("day_too_far", _("Name a day within a year of the due date."))


@transaction.atomic
def extension_lapse(extension: ReportExtension) -> None:
    """Close a request that nobody need decide on any more, because its report is accepted or called off."""
    _locked, asked = _hold(extension)
    asked.is_granted = extension.is_granted = False
    asked.save(update_fields=["is_granted"])


def is_over(extension: ReportExtension) -> bool:
    """Whether nobody need decide on a request any more. Queries: 1."""
    return ProjectReport.objects.filter(pk=extension.report_id, state__in=OVER).exists()


def _hold(extension: ReportExtension) -> tuple[ProjectReport, ReportExtension]:
    """Report first, then the request: in the order of everybody who moves a report."""
    locked = report_lock(extension.report)
    asked: ReportExtension = ReportExtension.objects.select_for_update().get(pk=extension.pk)
    if asked.is_granted is not None:
        raise DomainError("extension_over", _("This request was answered or withdrawn already."))
    return locked, asked


def _log(action: str, report: ProjectReport, user: User, **data: datetime.date) -> None:
    """Days only, no reasons: these are for the parties, the log also for the administration."""
    territory = report.project.measure.plan.territory
    log_action(action, user=user, obj=report, territory=territory, data=data)
