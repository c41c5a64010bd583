"""Acts on the case of a recommendation from outside of its steps: withdrawing it, taking it up again.

The case stays the same row, so that its history tells the whole way in one place.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from viewflow.workflow.models import Process, Task
from viewflow.workflow.status import PROCESS

from stakeholders.models import User
from workflows.flows import RecommendationFlow
from workflows.models import Decision, Recommendation, Reconsideration
from workflows.nodes import OPEN_STATUSES
from workflows.services.recommendations import recommendation_withdraw
from workflows.services.reconsiderations import decision_reconsider


def recommendation_call_back(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """Withdraw a recommendation wherever it waits before the steering group; its open task is called off.

    Raises:
        PermissionDenied, DomainError: those of ``recommendation_withdraw``.
    """
    process: Process = recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        recommendation.refresh_from_db()
        recommendation_withdraw(recommendation, reason=reason, user=user)
        tasks = Task.objects.filter(process_id=process.pk, flow_task_type="HUMAN", status__in=OPEN_STATUSES)
        task = tasks.latest("pk")
        task.flow_task.activation_class(task).cancel()
        _go_on_at(task, RecommendationFlow.tell_cycle_withdrawn)


def decision_take_up(
    decision: Decision, *, reason: str, wants_new_wording: bool, user: User
) -> Reconsideration:
    """Take a decision up again: its case goes on before the steering group, or with a new wording.

    Args:
        decision: The decision in force on a recommendation of an open cycle.
        reason: Why.
        wants_new_wording: Whether the conference writes a new version first.
        user: Chair of the steering group, or plans the territory.

    Raises:
        PermissionDenied, DomainError: those of ``decision_reconsider``.
    """
    process: Any = decision.recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        reconsideration = decision_reconsider(
            decision, reason=reason, wants_new_wording=wants_new_wording, user=user
        )
        Process.objects.filter(pk=process.pk).update(status=PROCESS.NEW, finished=None)
        end = Task.objects.filter(process_id=process.pk, flow_task_type="END").latest("pk")
        written, decided = RecommendationFlow.check_kind, RecommendationFlow.decide_recommendation
        _go_on_at(end, written if wants_new_wording else decided)
    return reconsideration


def _go_on_at(task: Task, node: Any) -> None:
    """Let a case go on at a step after a task that leads there by no arrow; under the lock of the case."""
    before = task.flow_task.activation_class(task)
    before._activate_next({node._create(before, task.token)})
