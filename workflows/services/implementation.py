"""Writes from target agreement to evaluation, called by the flows and their pages."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_lock
from measures.services.rights import measure_grant_rights
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import (
    AgreementConfirmation,
    ConfirmationProcess,
    ConfirmationState,
    Evaluation,
    EvaluationOutcome,
    MeasureOrigin,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    StageKind,
)
from workflows.models.recommendations import APPROVED_STATES
from workflows.selectors.cycles import stage_due
from workflows.selectors.measures import was_carried_over

#: A party has at least this long to answer (days).
ANSWER_DAYS = 14


@transaction.atomic
def measure_link_origin(measure: Measure, *, recommendation: Recommendation, user: User) -> MeasureOrigin:
    """Say which approved recommendation, and so which decision, a measure comes from.

    Raises:
        DomainError: ``not_approved``.
    """
    decision = recommendation.decisions.order_by("-pk").first()
    if recommendation.state not in APPROVED_STATES or decision is None:
        raise DomainError("not_approved", _("Measures come from approved recommendations only."))
    origin = MeasureOrigin.objects.create(measure=measure, recommendation=recommendation, decision=decision)
    log_action(
        "measure.shaped",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"recommendation": recommendation.reference, "decision": decision.reference},
    )
    return origin


def measures_without_process(cycle: PlanningCycle) -> list[Measure]:
    """Measures shaped in the cycle whose target agreement has not been asked for yet."""
    return list(
        Measure.objects.filter(origins__recommendation__process__cycle=cycle, process__isnull=True).distinct()
    )


@transaction.atomic
def confirmations_ask(measure: Measure, *, cycle: PlanningCycle) -> list[AgreementConfirmation]:
    """Ask the responsible organisation and every partner to confirm, in a new round; all of them see it.

    The row is held: whoever is changing the measure at this moment is done before the parties read it.
    """
    measure_lock(measure)
    measure_grant_rights(measure)
    last = measure.confirmations.aggregate(last=Max("round"))["last"] or 0
    parties = {measure.responsible_id: measure.responsible}
    parties |= {
        row.organisation_id: row.organisation for row in measure.partners.select_related("organisation")
    }
    soon = timezone.localdate() + datetime.timedelta(days=ANSWER_DAYS)
    due_on = max(stage_due(cycle, StageKind.SOCIAL_SPACE), soon)
    return [
        AgreementConfirmation.objects.create(
            measure=measure, organisation=party, round=last + 1, due_on=due_on
        )
        for party in parties.values()
    ]


def open_confirmation_processes(measure: Measure) -> list[ConfirmationProcess]:
    """Parties of a measure who have not answered yet."""
    return list(
        ConfirmationProcess.objects.filter(
            confirmation__measure=measure,
            confirmation__state=ConfirmationState.OPEN,
            finished__isnull=True,
        )
    )


@transaction.atomic
def agreement_reopen(measure: Measure, *, reason: str, user: User) -> None:
    """Record that planning does not wait for the parties' answers; the engine calls them off.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why you do not wait; the parties read it."))
    log_action(
        "measure.agreement_reopened",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"reason": reason.strip()},
    )


@transaction.atomic
def confirmation_answer(
    confirmation: AgreementConfirmation, *, is_confirmed: bool, comment: str, user: User
) -> None:
    """Record a party's answer.

    Raises:
        DomainError: ``reason_missing`` for a refusal without reason, ``already_answered``.
    """
    if confirmation.state != ConfirmationState.OPEN:
        raise DomainError("already_answered", _("This party has answered already."))
    if not is_confirmed and not comment.strip():
        raise DomainError("reason_missing", _("Say what has to change before you can confirm."))
    confirmation.state = ConfirmationState.CONFIRMED if is_confirmed else ConfirmationState.REFUSED
    confirmation.comment = comment.strip()
    confirmation.answered_by = user
    confirmation.answered_at = timezone.now()
    confirmation.save()
    log_action(
        "agreement.confirmed" if is_confirmed else "agreement.refused",
        user=user,
        obj=confirmation,
        territory=confirmation.measure.plan.territory,
        data={"comment": confirmation.comment},
    )


@transaction.atomic
def confirmation_call_off(
    confirmation: AgreementConfirmation, *, reason: str = "", user: User | None = None
) -> None:
    """A party need not answer any more; called by its flow.

    Args:
        confirmation: An open confirmation.
        reason: Why planning does not wait for it; empty where another party refused.
        user: Who of planning called it off; None where another party refused.
    """
    confirmation.state = ConfirmationState.CALLED_OFF
    if user is not None:
        confirmation.comment = reason.strip()
        confirmation.answered_by = user
        confirmation.answered_at = timezone.now()
    confirmation.save(update_fields=["state", "comment", "answered_by", "answered_at"])
    log_action(
        "agreement.called_off",
        user=user,
        obj=confirmation,
        territory=confirmation.measure.plan.territory,
        data={"party": confirmation.organisation.name, "reason": reason.strip()},
    )


def measure_mark_agreed(measure: Measure) -> None:
    """All parties confirmed; called by the measure's flow."""
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.AGREED)
    measure.refresh_from_db(fields=["status"])
    log_action("measure.agreed", user=None, obj=measure, territory=measure.plan.territory)


def measure_resume(measure: Measure) -> None:
    """A running measure, changed and agreed anew, goes on; called by the measure's flow."""
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.RUNNING)
    measure.refresh_from_db(fields=["status"])
    log_action("measure.resumed", user=None, obj=measure, territory=measure.plan.territory)


@transaction.atomic
def measure_begin(measure: Measure, *, started_on: datetime.date, user: User) -> None:
    """Begin an agreed measure.

    Raises:
        DomainError: ``not_agreed``, ``starts_in_future``.
    """
    measure_lock(measure)
    if measure.status != MeasureStatus.AGREED:
        raise DomainError("not_agreed", _("Only an agreed measure can begin."))
    if started_on > timezone.localdate():
        raise DomainError("starts_in_future", _("The actual start cannot be in the future."))
    measure.started_on = started_on
    measure.status = MeasureStatus.RUNNING
    measure.save(update_fields=["started_on", "status"])
    log_action(
        "measure.begun",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"started_on": started_on},
    )


@transaction.atomic
def measure_complete(measure: Measure, *, ended_on: datetime.date, summary: str, user: User) -> None:
    """Complete a running measure.

    Args:
        measure: A running measure; also one that the next cycle was to change and that has come to its
            planned end before.
        ended_on: Actual end, not in the future and not before the actual start.
        summary: What was reached; goes into the audit log and the measure's history.
        user: Who completes it.

    Raises:
        DomainError: ``not_running``, ``agreement_under_way``, ``ends_in_future``, ``ends_before_start``,
            ``summary_missing``.
    """
    measure_lock(measure)
    _require_completable(measure)
    if ended_on > timezone.localdate():
        raise DomainError("ends_in_future", _("The actual end cannot be in the future."))
    if measure.started_on is not None and ended_on < measure.started_on:
        raise DomainError("ends_before_start", _("The actual end cannot be before the actual start."))
    if not summary.strip():
        raise DomainError("summary_missing", _("Say in a sentence what was reached."))
    measure.status = MeasureStatus.COMPLETED
    measure.ended_on = ended_on
    measure.save(update_fields=["status", "ended_on"])
    log_action(
        "measure.completed",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"ended_on": ended_on, "summary": summary.strip()},
    )


def _require_completable(measure: Measure) -> None:
    if measure.started_on is None or measure.ended_on is not None:
        raise DomainError("not_running", _("Only a running measure can be completed."))
    if measure.status == MeasureStatus.RUNNING:
        return
    # To be changed: until the next cycle takes it up nobody else decides on it, so it need not wait.
    if was_carried_over(measure.process):
        raise DomainError(
            "agreement_under_way",
            _(
                "The measure is being agreed anew. It can be completed when the parties have agreed; if it "
                "shall end now, the social planning unit can give it up."
            ),
        )


@transaction.atomic
def measure_withdraw(measure: Measure, *, reason: str, user: User) -> None:
    """Give a measure up that found no agreement.

    Raises:
        DomainError: ``not_proposed``, ``reason_missing``.
    """
    measure_lock(measure)
    if measure.status != MeasureStatus.PROPOSED:
        raise DomainError("not_proposed", _("Only a measure that is not agreed can be given up."))
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the measure is given up."))
    measure.status = MeasureStatus.ENDED_EARLY
    measure.ended_on = timezone.localdate()
    measure.save(update_fields=["status", "ended_on"])
    log_action(
        "measure.withdrawn",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"reason": reason.strip()},
    )


@transaction.atomic
def measure_evaluate(
    process: MeasureProcess, *, outcome: EvaluationOutcome, effect: str, lesson: str, user: User
) -> Evaluation:
    """Judge a measure at the end of a cycle; called when its evaluating task is completed.

    Raises:
        DomainError: ``not_running``, ``effect_missing``.
    """
    measure = process.measure
    measure_lock(measure)
    if measure.status != MeasureStatus.RUNNING:
        raise DomainError("not_running", _("Only a running measure can be evaluated."))
    if not effect.strip():
        raise DomainError("effect_missing", _("Say what effect was seen, or that none could be seen."))
    evaluation = Evaluation.objects.create(
        cycle=process.cycle,
        measure=measure,
        outcome=outcome,
        effect=effect.strip(),
        lesson=lesson.strip(),
        evaluated_by=user,
    )
    if outcome == EvaluationOutcome.END:
        is_over = measure.ends_on <= timezone.localdate()
        measure.status = MeasureStatus.COMPLETED if is_over else MeasureStatus.ENDED_EARLY
        measure.ended_on = timezone.localdate()
        measure.save(update_fields=["status", "ended_on"])
    elif outcome == EvaluationOutcome.CHANGE:
        # Stays in force, but is shaped and agreed anew in the next cycle.
        measure.status = MeasureStatus.PROPOSED
        measure.save(update_fields=["status"])
    log_action(
        "measure.evaluated",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"outcome": outcome},
    )
    return evaluation
