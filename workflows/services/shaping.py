"""Writes around the shaping of measures, the steering of the implementation, and reminders of reports."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, RoundReport, RoundReportState
from measures.services.measures import MeasureFields, measure_lock, measure_update
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require
from workflows.models import (
    ConfirmationState,
    Meeting,
    NoMeasureReason,
    Participant,
    PlanningCycle,
    Recommendation,
    TaskCard,
)
from workflows.notices import remind_now, was_reminded_today
from workflows.selectors.implementation import approved_recommendations


@transaction.atomic
def measure_change(
    measure: Measure, *, user: User, reason: str = "", **fields: Unpack[MeasureFields]
) -> None:
    """Change a measure outside of its tasks.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``agreement_under_way`` while parties are being asked, and those of ``measure_update``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)  # before the look: the parties may be asked at this very moment
    if measure.confirmations.filter(state=ConfirmationState.OPEN).exists():
        raise DomainError(
            "agreement_under_way",
            _(
                "The parties are being asked to confirm this very wording. Wait for their answers, or do not "
                "wait for the agreement any more."
            ),
        )
    measure_update(measure, user=user, reason=reason, **fields)


@transaction.atomic
def recommendation_leave_without_measure(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """Record why an approved recommendation leads to no measure.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why there is no measure for this recommendation."))
    NoMeasureReason.objects.create(recommendation=recommendation, reason=reason.strip(), given_by=user)
    log_action(
        "recommendation.left_without_measure",
        user=user,
        obj=recommendation,
        territory=recommendation.cycle.territory,
        data={"reason": reason.strip()},
    )


@transaction.atomic
def shaping_finish(cycle: PlanningCycle, *, reasons: Mapping[int, str], user: User) -> None:
    """Finish the shaping: each approved recommendation has a measure or a reason why not.

    Args:
        cycle: A cycle that shapes measures.
        reasons: Key of a recommendation -> why it leads to no measure; ignored where there is one.
        user: Who finishes.

    Raises:
        DomainError: ``measure_missing`` with the recommendations that have neither.
    """
    lines = approved_recommendations(cycle)
    missing = [
        line.title
        for line in lines
        if not line.measures and not line.reason and not reasons.get(line.recommendation.pk, "").strip()
    ]
    if missing:
        raise DomainError(
            "measure_missing",
            _("Add a measure, or say why there is none, for: %(titles)s.") % {"titles": "; ".join(missing)},
        )
    for line in lines:
        reason = reasons.get(line.recommendation.pk, "").strip()
        if reason and not line.measures and reason != line.reason:
            recommendation_leave_without_measure(line.recommendation, reason=reason, user=user)
    log_action(
        "cycle.measures_shaped",
        user=user,
        obj=cycle,
        territory=cycle.territory,
        data={"measures": sum(len(line.measures) for line in lines)},
    )


@transaction.atomic
def meeting_record(
    cycle: PlanningCycle,
    *,
    held_on: datetime.date,
    place: str,
    participants: Iterable[Organisation],
    user: User,
) -> Meeting:
    """Record a social-space conference that has been held, with those who took part; nobody is invited.

    Raises:
        DomainError: ``no_body`` where the cycle has no social-space conference, ``held_in_future``,
            ``no_participant``.
    """
    body = cycle.social_space_conference
    attended: Sequence[Organisation] = list({row.pk: row for row in participants}.values())
    if body is None:
        raise DomainError("no_body", _("This cycle has no social-space conference."))
    if held_on > timezone.localdate():
        raise DomainError("held_in_future", _("The conference cannot have been held in the future."))
    if not attended:
        raise DomainError("no_participant", _("Name at least one organisation that took part."))
    meeting = Meeting.objects.create(
        cycle=cycle, body=body, held_on=held_on, place=place.strip(), closed_at=timezone.now()
    )
    Participant.objects.bulk_create(
        Participant(meeting=meeting, organisation=row, attended=True) for row in attended
    )
    log_action(
        "meeting.recorded",
        user=user,
        obj=meeting,
        territory=cycle.territory,
        data={"held_on": held_on, "participants": [row.name for row in attended]},
    )
    return meeting


@transaction.atomic
def implementation_finish(
    cycle: PlanningCycle, *, open_count: int, is_acknowledged: bool, user: User
) -> None:
    """Go on to the evaluation.

    Args:
        cycle: A cycle in implementation.
        open_count: How much is still open, as the person was shown.
        is_acknowledged: Whether they go on all the same.
        user: Who goes on.

    Raises:
        DomainError: ``still_open`` unless the open things were acknowledged.
    """
    if open_count and not is_acknowledged:
        raise DomainError(
            "still_open", _("Something is still open. See to it, or confirm that you go on all the same.")
        )
    log_action(
        "cycle.implementation_ended",
        user=user,
        obj=cycle,
        territory=cycle.territory,
        data={"open": open_count},
    )


def report_remind(report: RoundReport, *, user: User) -> int:
    """Remind an organisation of its report by mail; once a day is enough.

    Args:
        report: A report that has not been handed in.
        user: Who reminds; needs the right to manage the cycle.

    Returns:
        Number of people written to.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``nothing_to_remind``, ``reminded_today``.
    """
    cycle: PlanningCycle = report.process.cycle
    require(user, Perm.MANAGE_CYCLE, cycle)
    card = TaskCard.objects.filter(task__process__reportprocess__report=report, is_open=True).first()
    if card is None or report.state not in {RoundReportState.OPEN, RoundReportState.RETURNED}:
        raise DomainError("nothing_to_remind", _("This report has been handed in."))
    if was_reminded_today(card):
        raise DomainError("reminded_today", _("A reminder has been sent today already."))
    return remind_now(card.task, user=user)
