"""Writes on evaluations: answered, judged, put before the steering group, decided, taking effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_lock
from measures.services.status import status_write
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.models import (
    Decision,
    Evaluation,
    EvaluationAnswer,
    EvaluationItem,
    EvaluationOutcome,
    EvaluationVerdict,
    MeasureProcess,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
)
from workflows.models.recommendations import APPROVED_STATES
from workflows.selectors.decisions import last_decision
from workflows.selectors.evaluations import (
    addressee_of,
    answer_of,
    is_answered,
    latest_evaluation,
    may_request,
    outcome_counts,
    to_be_decided,
    waivers_of,
)
from workflows.services.recommendations import Wording, recommendation_create


@dataclass(frozen=True)
class Answers:
    """What those responsible say of their measure."""

    reach: str
    course: str
    effect: str
    lesson: str
    recommendation: EvaluationOutcome
    reached_count: int | None = None
    target_count: int | None = None


@transaction.atomic
def evaluation_answer(process: MeasureProcess, *, answers: Answers, user: User) -> EvaluationAnswer:
    """Record the answers of those responsible; called when their task is completed.

    Raises:
        DomainError: ``not_running``, ``answered_already``, ``answer_missing``, ``more_than_target``.
    """
    measure = process.measure
    measure_lock(measure)
    if measure.status != MeasureStatus.RUNNING:
        raise DomainError("not_running", _("Only a running measure can be evaluated."))
    if is_answered(process):
        raise DomainError("answered_already", _("This measure has been answered for in this cycle."))
    row = answers_save(measure, cycle=process.cycle, answers=answers, user=user)
    log_action(
        "measure.evaluation_answered",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"recommendation": answers.recommendation},
    )
    return row


def answers_save(measure: Measure, *, cycle: PlanningCycle, answers: Answers, user: User) -> EvaluationAnswer:
    """Check answers and write them down.

    Raises:
        DomainError: ``answer_missing``, ``more_than_target``.
    """
    texts = {name: getattr(answers, name).strip() for name in ("reach", "course", "effect", "lesson")}
    if not all(texts.values()):
        raise DomainError(
            "answer_missing", _("Answer every question; “nothing could be seen” is an answer as well.")
        )
    reached, target = answers.reached_count, answers.target_count
    if reached is not None and target is not None and reached > target:
        raise DomainError(
            "more_than_target", _("More people were reached than the target group has. Check both numbers.")
        )
    return EvaluationAnswer.objects.create(
        cycle=cycle,
        measure=measure,
        reached_count=reached,
        target_count=target,
        recommendation=answers.recommendation,
        answered_by=user,
        **texts,
    )


@transaction.atomic
def measure_evaluate(
    process: MeasureProcess,
    *,
    outcome: EvaluationOutcome,
    effect: str,
    lesson: str,
    user: User,
    agrees: bool | None = None,
    reason: str = "",
) -> Evaluation:
    """Judge a measure at the end of a cycle; called when its evaluating task is completed.

    Nothing changes by it: the steering group decides what becomes of the measure.

    Args:
        process: Case of a running measure.
        outcome: What shall become of it.
        effect: The effect planning sees, or that none could be seen.
        lesson: What was learned.
        user: Who judges.
        agrees: Whether planning agrees with the answers; None where there are none.
        reason: Why; needed where it does not agree, or judges otherwise than those responsible recommend.

    Raises:
        DomainError: ``not_running``, ``effect_missing``, ``reason_missing``.
    """
    measure = process.measure
    measure_lock(measure)
    if measure.status != MeasureStatus.RUNNING:
        raise DomainError("not_running", _("Only a running measure can be evaluated."))
    if not effect.strip():
        raise DomainError("effect_missing", _("Say what effect was seen, or that none could be seen."))
    answer = answer_of(process)
    differs = answer is not None and (agrees is False or outcome != answer.recommendation)
    if differs and not reason.strip():
        raise DomainError(
            "reason_missing",
            _("You judge otherwise than those responsible. Say why; they and the steering group read it."),
        )
    evaluation: Evaluation = Evaluation.objects.create(
        cycle=process.cycle,
        measure=measure,
        outcome=outcome,
        effect=effect.strip(),
        lesson=lesson.strip(),
        agrees=agrees if answer is not None else None,
        reason=reason.strip(),
        needs_decision=True,
        evaluated_by=user,
    )
    log_action(
        "measure.evaluated",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"outcome": outcome},
    )
    return evaluation


@transaction.atomic
def evaluation_close(
    measure: Measure,
    *,
    cycle: PlanningCycle,
    answers: Answers,
    user: User,
) -> Evaluation:
    """Keep what a measure that is over taught, for the collection; nothing is left to be decided.

    Args:
        measure: Over, and not evaluated in the cycle.
        cycle: The cycle it belongs to.
        answers: As those responsible told planning; the recommendation is for whoever takes it up again.
        user: Of planning.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``not_ended``, ``evaluated_already`` and those of ``answers_save``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    if measure.ended_on is None:
        raise DomainError("not_ended", _("The measure is not over yet."))
    if Evaluation.objects.filter(measure=measure, cycle=cycle).exists():
        raise DomainError("evaluated_already", _("The measure has been evaluated in this cycle already."))
    row = answers_save(measure, cycle=cycle, answers=answers, user=user)
    evaluation: Evaluation = Evaluation.objects.create(
        cycle=cycle,
        measure=measure,
        outcome=row.recommendation,
        effect=row.effect,
        lesson=row.lesson,
        agrees=True,
        evaluated_by=user,
    )
    log_action(
        "measure.evaluated",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={"outcome": row.recommendation},
    )
    return evaluation


# --- The request to the steering group ------------------------------------------------------------------


def request_begin_if_complete(cycle: PlanningCycle, *, user: User) -> Recommendation | None:
    """Put all judgements of a cycle into one request as soon as none is missing; the flow starts its case.

    Args:
        cycle: In evaluation.
        user: Who judged last, or asks for it.

    Returns:
        The request; None as long as a judgement is missing, or one is under way.
    """
    # Locked: of two who judge last at once one finds the request of the other.
    PlanningCycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    cycle.refresh_from_db(fields=["stage", "closed_at"])
    if not may_request(cycle):
        return None
    rows = list(to_be_decided(cycle))
    recommendation = recommendation_create(
        cycle,
        wording=_wording(cycle, rows),
        user=user,
        kind=RecommendationKind.EVALUATION,
        is_example=cycle.is_example,
    )
    EvaluationItem.objects.bulk_create(
        EvaluationItem(recommendation=recommendation, evaluation=row) for row in rows
    )
    return recommendation


def _wording(cycle: PlanningCycle, rows: list[Evaluation]) -> Wording:
    with translation.override(settings.LANGUAGE_CODE):
        counts = ", ".join(f"{outcome.label}: {count}" for outcome, count in outcome_counts(rows))
        lines = [f"{row.measure.number} {row.measure.title}: {row.get_outcome_display()}" for row in rows]
        return Wording(
            title=gettext("Evaluation of the measures: what becomes of them"),
            finding=" ".join([_finding(cycle, counts), *_silent(rows)]),
            aim=gettext(
                "What works goes on, what does not is changed or ended; the next cycle builds on it."
            ),
            proposal="\n".join(
                [gettext("The steering group decides what becomes of the evaluated measures:"), *lines]
            ),
            addressee=addressee_of(cycle),
        )


def _finding(cycle: PlanningCycle, counts: str) -> str:
    return gettext(
        "All running measures of the cycle “%(cycle)s” were judged by planning, beside the answers of those "
        "responsible. %(counts)s."
    ) % {"cycle": cycle.title, "counts": counts}


def _silent(rows: list[Evaluation]) -> list[str]:
    """A sentence on the measures that were judged without answers, if there are any."""
    waivers = waivers_of(rows)
    numbers = [row.measure.number for row in rows if (row.cycle_id, row.measure_id) in waivers]
    if not numbers:
        return []
    text = gettext("Those responsible did not answer, although they were reminded: %(measures)s.")
    return [text % {"measures": ", ".join(numbers)}]


# --- The decision ---------------------------------------------------------------------------------------


def needs_record(recommendation: Recommendation) -> bool:
    """Whether the body changed the wording: planning records what that means for each measure."""
    decision = last_decision(recommendation)
    return (
        recommendation.kind == RecommendationKind.EVALUATION
        and recommendation.state in APPROVED_STATES
        and decision is not None
        and bool(decision.wording)
    )


@transaction.atomic
def verdicts_record(
    recommendation: Recommendation, *, outcomes: Mapping[int, str], user: User
) -> list[EvaluationVerdict]:
    """Record what the body decided on each measure where it changed the wording; called by the flow's page.

    Args:
        recommendation: An approved request.
        outcomes: Key of the evaluation -> outcome; empty where the measure was taken out.
        user: Of planning.

    Raises:
        DomainError: ``outcome_missing``.
    """
    decision = last_decision(recommendation)
    assert decision is not None
    items = list(recommendation.evaluation_items.select_related("evaluation"))
    if any(item.evaluation_id not in outcomes for item in items):
        raise DomainError("outcome_missing", _("Say for each measure what was decided."))
    return _write(decision, {item.evaluation: outcomes[item.evaluation_id] for item in items}, user=user)


def verdicts_apply(recommendation: Recommendation) -> list[MeasureProcess]:
    """Carry a decision on a request back to its measures; called by the flow of the recommendation.

    Approved as proposed: every judgement stands. Rejected: none does, every measure goes on as agreed.

    Returns:
        Cases of the measures that were waiting for it.
    """
    decision = last_decision(recommendation)
    is_over = recommendation.state in APPROVED_STATES or recommendation.state == "rejected"
    if recommendation.kind != RecommendationKind.EVALUATION or decision is None or not is_over:
        return []
    is_approved = recommendation.state in APPROVED_STATES
    items = recommendation.evaluation_items.filter(evaluation__verdict__isnull=True)
    outcomes = {
        item.evaluation: item.evaluation.outcome if is_approved else ""
        for item in items.select_related("evaluation")
    }
    _write(decision, outcomes, user=None)
    measures = recommendation.evaluation_items.values("evaluation__measure")
    return list(MeasureProcess.objects.filter(measure__in=measures, finished__isnull=True))


def _write(
    decision: Decision, outcomes: Mapping[Evaluation, str], *, user: User | None
) -> list[EvaluationVerdict]:
    made = [
        EvaluationVerdict.objects.create(
            evaluation=evaluation, decision=decision, outcome=outcome, recorded_by=user
        )
        for evaluation, outcome in outcomes.items()
    ]
    if made:
        log_action(
            "evaluation.decided",
            user=user,
            obj=decision,
            territory=decision.recommendation.cycle.territory,
            data={"measures": len(made), "taken_out": sum(not row.outcome for row in made)},
        )
    return made


@transaction.atomic
def outcome_apply(process: MeasureProcess) -> None:
    """What was decided on a measure takes effect; called by the measure's flow."""
    measure = process.measure
    measure_lock(measure)
    evaluation = latest_evaluation(measure)
    if evaluation is None or measure.status not in {MeasureStatus.RUNNING, MeasureStatus.SUSPENDED}:
        return
    outcome = evaluation.final_outcome
    verdict = getattr(evaluation, "verdict", None)
    number = verdict.decision.reference if verdict is not None else ""
    if outcome == EvaluationOutcome.END:
        today = timezone.localdate()
        status = MeasureStatus.COMPLETED if measure.ends_on <= today else MeasureStatus.ENDED_EARLY
        _move(measure, status, evaluation, number, ended_on=today)
    elif outcome == EvaluationOutcome.CHANGE:
        # Stays in force, but is shaped and agreed anew in the next cycle.
        _move(measure, MeasureStatus.PROPOSED, evaluation, number)


def _move(
    measure: Measure, status: MeasureStatus, evaluation: Evaluation, number: str, **columns: Any
) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        reason = gettext("Evaluation, decision %(number)s: %(effect)s") % {
            "number": number or "–",
            "effect": evaluation.reason or evaluation.effect,
        }
    status_write(measure, status, user=None, reason=reason, **columns)
    log_action(
        "measure.outcome_applied",
        user=None,
        obj=measure,
        territory=measure.plan.territory,
        data={"status": status, "decision": number},
    )
