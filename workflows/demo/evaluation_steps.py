"""Drives reviews and evaluations through the engine as their people would, for demo and tests."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from measures.models import Measure
from stakeholders.models import User
from stakeholders.permissions import Perm
from workflows.demo.driver import adopt, decide, person_for, propose
from workflows.flows import AgreementReviewFlow, MeasureFlow
from workflows.models import (
    AgreementReview,
    Decision,
    DecisionResult,
    EvaluationOutcome,
    MeasureProcess,
    Meeting,
    Recommendation,
    RecommendationState,
    ReviewResult,
)
from workflows.nodes import complete_task, open_task
from workflows.selectors.evaluations import is_answered, latest_request
from workflows.services import agreement_reviews, evaluations
from workflows.services.evaluations import Answers


def answer_evaluation(measure: Measure, answers: Answers, *, user: User) -> None:
    """Those responsible say what their measure brought."""
    complete_task(
        open_task(MeasureProcess.objects.get(measure=measure), MeasureFlow.answer_evaluation),
        user=user,
        act=lambda process: evaluations.evaluation_answer(process, answers=answers, user=user),
    )


def judge(
    measure: Measure,
    outcome: EvaluationOutcome,
    *,
    user: User,
    effect: str,
    lesson: str = "",
    reason: str = "",
) -> None:
    """Planning judges a measure; with the last one of the cycle the request to the steering group begins."""
    complete_task(
        open_task(MeasureProcess.objects.get(measure=measure), MeasureFlow.evaluate_measure),
        user=user,
        act=lambda process: evaluations.measure_evaluate(
            process, outcome=outcome, effect=effect, lesson=lesson, agrees=True, reason=reason, user=user
        ),
    )
    measure.refresh_from_db()


def evaluate(
    measure: Measure, outcome: EvaluationOutcome, *, user: User, effect: str, lesson: str = ""
) -> None:
    """Answer, judgement, and with the last one the decision of the steering group."""
    cycle = MeasureProcess.objects.get(measure=measure).cycle
    if not is_answered(measure.process):
        person = person_for(Perm.ACT_FOR_ORGANISATION, measure.responsible, not_=[user])
        answer_evaluation(
            measure,
            Answers(
                reach="Familien im Stadtteil",
                course="Wie geplant",
                effect=effect,
                lesson=lesson or "Früh beginnen",
                recommendation=outcome,
            ),
            user=person,
        )
    judge(measure, outcome, user=user, effect=effect, lesson=lesson)
    request = latest_request(cycle)
    if request is not None and request.state == RecommendationState.DRAFT:
        decide_evaluations(request)
    measure.refresh_from_db()


def decide_evaluations(
    request: Recommendation, result: DecisionResult = DecisionResult.APPROVED, **kwargs: Any
) -> Decision:
    """A request on evaluations goes all the way: written, adopted, decided in a meeting of today, issued."""
    cycle = request.process.cycle
    writer = request.created_by
    propose(request, user=writer)
    adopter = person_for(Perm.CHAIR_BODY, cycle.planning_conference, not_=[writer])
    adopt(request, user=adopter)
    meeting = Meeting.objects.filter(
        cycle=cycle, body=cycle.steering_group, held_on=timezone.localdate(), closed_at__isnull=True
    ).first() or Meeting.objects.create(cycle=cycle, body=cycle.steering_group, held_on=timezone.localdate())
    chair = person_for(Perm.CHAIR_BODY, cycle.steering_group, not_=[writer, adopter])
    return decide(request, meeting, result, user=chair, **kwargs)


def hold_review(
    review: AgreementReview,
    result: ReviewResult,
    *,
    user: User,
    looked_at: str,
    consequence: str = "",
    next_on: datetime.date | None = None,
) -> None:
    """A review of a target agreement is held today."""
    complete_task(
        open_task(review.process, AgreementReviewFlow.hold_review),
        user=user,
        act=lambda process: agreement_reviews.review_hold(
            process.review,
            held_on=timezone.localdate(),
            looked_at=looked_at,
            result=result,
            consequence=consequence,
            next_on=next_on,
            user=user,
        ),
    )
