"""Evaluations whose answers stay out: reminding those responsible, and not waiting for them any longer."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import MeasureFlow
from workflows.flows.measure import wait_again
from workflows.models import EvaluationWaiver, MeasureProcess
from workflows.nodes import poke
from workflows.notices import remind_now, was_reminded_today
from workflows.selectors.evaluations import OpenAnswer, open_answers


def _open_answer(measure: Measure) -> OpenAnswer:
    """The answers a measure still lacks.

    Raises:
        DomainError: ``no_open_task`` if nobody is asked for them (any more).
    """
    found = open_answers([measure.pk]).get(measure.pk)
    if found is None:
        raise DomainError("no_open_task", _("Nobody is asked for answers on this measure (any more)."))
    return found


def _managed_case(measure: Measure, user: User) -> MeasureProcess:
    process = MeasureProcess.objects.filter(measure=measure).select_related("cycle").first()
    if process is None:
        raise DomainError("no_open_task", _("Nobody is asked for answers on this measure (any more)."))
    require(user, Perm.MANAGE_CYCLE, process.cycle)
    return process


def evaluation_remind(measure: Measure, *, user: User) -> int:
    """Remind those responsible of the questions on their measure; once a day is enough.

    Args:
        measure: A measure whose answers are asked for.
        user: Needs the right to manage the cycle the measure is in.

    Returns:
        Number of people written to.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``no_open_task``, ``reminded_today``.
    """
    _managed_case(measure, user)
    card = _open_answer(measure).card
    if was_reminded_today(card):
        raise DomainError("reminded_today", _("A reminder has been sent today already."))
    return remind_now(card.task, user=user)


def evaluation_waive(measure: Measure, *, reason: str, user: User) -> EvaluationWaiver:
    """Planning does not wait for the answers any more: the case goes on to the judgement without them.

    Four eyes stay: who decides this does not judge the measure.

    Args:
        measure: A running measure whose answers are overdue.
        reason: Why; those responsible and the steering group read it.
        user: Needs the right to manage the cycle the measure is in.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing``; ``no_open_task`` if they have answered, at this very moment perhaps;
            ``not_due_yet``; ``not_reminded`` unless a reminder went out on an earlier day.
    """
    process = _managed_case(measure, user)
    if not reason.strip():
        raise DomainError(
            "reason_missing", _("Say why you judge without answers; those responsible read it.")
        )
    # Locked: an answer that comes in at this moment counts, and then there is nothing to do without.
    with MeasureFlow.lock(process.pk), transaction.atomic():
        found = _open_answer(measure)
        if not found.is_overdue:
            raise DomainError(
                "not_due_yet", _("The answers are not overdue yet; wait until their last day is over.")
            )
        if found.reminded_on is None or not found.was_reminded_before_today:
            raise DomainError(
                "not_reminded", _("Remind those responsible first, and give them at least until tomorrow.")
            )
        waiver: EvaluationWaiver = EvaluationWaiver.objects.create(
            cycle=process.cycle,
            measure=measure,
            due_on=found.card.due_on,
            reminded_on=found.reminded_on,
            reason=reason.strip(),
            waived_by=user,
        )
        log_action(
            "measure.evaluation_waived",
            user=user,
            obj=measure,
            territory=measure.plan.territory,
            data={"reason": waiver.reason, "due_on": waiver.due_on, "reminded_on": waiver.reminded_on},
        )
        wait_again(process, MeasureFlow.answer_evaluation, MeasureFlow.wait_for_evaluation)
        poke(process)
    return waiver
