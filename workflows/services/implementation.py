"""Writes from target agreement to the end of a measure, called by the flows and their pages."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_lock
from measures.services.rights import measure_grant_rights
from measures.services.status import status_write
from measures.services.versions import plan_fix
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import (
    AgreementConfirmation,
    ConfirmationProcess,
    ConfirmationState,
    MeasureOrigin,
    PlanningCycle,
    Recommendation,
    StageKind,
)
from workflows.models.recommendations import APPROVED_STATES
from workflows.selectors.agreement_versions import may_begin, parties_to_agree
from workflows.selectors.cycles import in_effect, stage_due
from workflows.selectors.measures import was_carried_over
from workflows.services.agreements import agreement_freeze

#: A party has at least this long to answer (days).
ANSWER_DAYS = 14


@transaction.atomic
def measure_link_origin(measure: Measure, *, recommendation: Recommendation, user: User) -> MeasureOrigin:
    """Say which approved recommendation, and so which decision, a measure comes from.

    Raises:
        DomainError: ``not_approved``, ``extract_outstanding``.
    """
    decision = recommendation.decisions.order_by("-pk").first()
    if recommendation.state not in APPROVED_STATES or decision is None:
        raise DomainError("not_approved", _("Measures come from approved recommendations only."))
    if not in_effect(Recommendation.objects.filter(pk=recommendation.pk)).exists():
        raise DomainError(
            "extract_outstanding",
            _("The decision on it has not gone out yet. Its extract has to be issued first."),
        )
    origin = MeasureOrigin.objects.create(measure=measure, recommendation=recommendation, decision=decision)
    log_action(
        "measure.shaped",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"recommendation": recommendation.reference, "decision": decision.reference},
    )
    return origin


def measure_copy_origins(parent: Measure, measure: Measure) -> None:
    """A sub-measure comes from the decisions of the measure above it."""
    MeasureOrigin.objects.bulk_create(
        MeasureOrigin(measure=measure, recommendation_id=row.recommendation_id, decision_id=row.decision_id)
        for row in parent.origins.all()
    )


def plan_fix_agreed(cycle: PlanningCycle) -> None:
    """Fix the plan as the measures of a cycle were agreed, with the decisions they come from."""
    origins = MeasureOrigin.objects.filter(measure__process__cycle=cycle).select_related("decision")
    references = sorted({row.decision.reference for row in origins})
    # It is printed on papers: in their language, whatever the person reads who happens to agree last.
    with translation.override(settings.LANGUAGE_CODE):
        title = str(_("Measures agreed: %(cycle)s") % {"cycle": cycle.title})
    plan_fix(cycle.plan, title=title, decision_references=references)


def measures_without_process(cycle: PlanningCycle) -> list[Measure]:
    """Measures shaped in the cycle whose target agreement has not been asked for yet."""
    return list(
        Measure.objects.filter(origins__recommendation__process__cycle=cycle, process__isnull=True).distinct()
    )


@transaction.atomic
def confirmations_ask(
    measure: Measure, *, cycle: PlanningCycle, user: User | None = None, is_amendment: bool = False
) -> list[AgreementConfirmation]:
    """Ask every party to confirm the next version of the agreement, in a new round; all see the measure.

    The row is held: whoever is changing the measure at this moment is done before the parties read it.

    Args:
        measure: What is agreed on.
        cycle: The cycle it is in; its planning unit is a party.
        user: Who asks.
        is_amendment: Whether an earlier version stays in force meanwhile.
    """
    measure_lock(measure)
    measure_grant_rights(measure)
    last = measure.confirmations.aggregate(last=Max("round"))["last"] or 0
    parties = parties_to_agree(measure, cycle.planning_unit)
    agreement = agreement_freeze(
        measure, version=last + 1, parties=parties, is_amendment=is_amendment, user=user
    )
    soon = timezone.localdate() + datetime.timedelta(days=ANSWER_DAYS)
    due_on = soon if is_amendment else max(stage_due(cycle, StageKind.SOCIAL_SPACE), soon)
    return [
        AgreementConfirmation.objects.create(
            measure=measure, organisation=party, agreement=agreement, round=last + 1, due_on=due_on
        )
        for party in parties
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


@transaction.atomic
def measure_mark_agreed(measure: Measure) -> None:
    """All parties confirmed, or the measure needs no agreement; called by the measure's flow."""
    measure_lock(measure)
    status_write(measure, MeasureStatus.AGREED, user=None)
    by_decision = {} if measure.needs_agreement else {"without_agreement": True}
    log_action("measure.agreed", user=None, obj=measure, territory=measure.plan.territory, data=by_decision)


@transaction.atomic
def measure_resume(measure: Measure) -> None:
    """A running measure, changed and agreed anew, goes on; called by the measure's flow."""
    measure_lock(measure)
    status_write(measure, MeasureStatus.RUNNING, user=None)
    log_action("measure.resumed", user=None, obj=measure, territory=measure.plan.territory)


@transaction.atomic
def measure_begin(measure: Measure, *, started_on: datetime.date, user: User) -> None:
    """Begin an agreed measure, prepared or not.

    Raises:
        DomainError: ``not_agreed`` by its status or the answers of its parties, ``starts_in_future``.
    """
    measure_lock(measure)
    if measure.status not in {MeasureStatus.AGREED, MeasureStatus.PREPARING}:
        raise DomainError("not_agreed", _("Only an agreed measure can begin."))
    if not may_begin(measure):
        raise DomainError(
            "not_agreed", _("Not all parties have confirmed the target agreement. The measure cannot begin.")
        )
    if started_on > timezone.localdate():
        raise DomainError("starts_in_future", _("The actual start cannot be in the future."))
    status_write(measure, MeasureStatus.RUNNING, user=user, effective_on=started_on, started_on=started_on)
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
    status_write(
        measure,
        MeasureStatus.COMPLETED,
        user=user,
        effective_on=ended_on,
        reason=summary,
        ended_on=ended_on,
    )
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
    status_write(measure, MeasureStatus.ENDED_EARLY, user=user, reason=reason, ended_on=timezone.localdate())
    log_action(
        "measure.withdrawn",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"reason": reason.strip()},
    )
