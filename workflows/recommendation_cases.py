"""Acts on the case of a recommendation from outside of its steps: withdraw, co-sign, merge, take up again.

The case stays the same row, so that its history tells the whole way in one place.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Process, Task

from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from workflows.extracts import extracts_outstanding
from workflows.flows import CosigningFlow, RecommendationFlow
from workflows.models import (
    Cosigning,
    CosignOrder,
    Decision,
    PlanningCycle,
    Recommendation,
    RecommendationProcess,
    RecommendationState,
    Reconsideration,
)
from workflows.nodes import OPEN_STATUSES, go_on_at, reopen_at, send
from workflows.services.cosigning import cosigning_end, cosigning_plan, open_cosigning_processes
from workflows.services.merging import merge_check, merge_mark, merged_wording
from workflows.services.recommendations import recommendation_create, recommendation_withdraw
from workflows.services.reconsiderations import decision_reconsider


def recommendation_call_back(recommendation: Recommendation, *, reason: str, user: User) -> None:
    """Withdraw a recommendation wherever it waits before the steering group; its open step is called off.

    Raises:
        PermissionDenied: Those of ``recommendation_withdraw``.
        DomainError: ``extract_outstanding`` and those of ``recommendation_withdraw``.
    """
    process: Process = recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        recommendation.refresh_from_db()
        recommendation_withdraw(recommendation, reason=reason, user=user)
        _expect_issued([recommendation])
        _leave(process, RecommendationFlow.tell_cycle_withdrawn)
        cosigning_call_off(recommendation)


def cosigning_ask(
    recommendation: Recommendation,
    *,
    organisations: Sequence[Organisation],
    order: CosignOrder,
    due_on: datetime.date,
    user: User,
    note: str = "",
) -> Cosigning:
    """Name who is to co-sign; what is before the conference already is shown to them at once.

    A draft is shown to them when it is put before the conference. Where its chair was about to adopt it, that
    task comes back when the answers are there.

    Raises:
        PermissionDenied, DomainError: those of ``cosigning_plan``.
    """
    process: Process = recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        recommendation.refresh_from_db()
        cosigning = cosigning_plan(
            recommendation, organisations=organisations, order=order, due_on=due_on, note=note, user=user
        )
        if recommendation.state == RecommendationState.PROPOSED:
            _leave(process, RecommendationFlow.ask_cosigners)
            cosigning.refresh_from_db()
    return cosigning


def cosigning_call_off(recommendation: Recommendation) -> None:
    """Nobody needs to co-sign any more: call their tasks off and close the round."""
    # First: whoever answers at this very moment must not have the next one asked.
    cosigning_end(recommendation)
    for process in open_cosigning_processes(recommendation):
        with contextlib.suppress(DomainError):  # answered at this very moment
            send(process, CosigningFlow.wait_for_call_off)


def recommendations_merge(
    cycle: PlanningCycle, origins: Sequence[Recommendation], *, user: User
) -> Recommendation:
    """Begin a new recommendation out of several; they end as merged and keep number, pages and history.

    Args:
        cycle: The cycle that works on all of them.
        origins: With their authors, before the conference or returned to it; two or more.
        user: Chair of the conference, or plans the territory; gets the new draft as a task.

    Returns:
        The new recommendation, whose draft holds what the others say.

    Raises:
        PermissionDenied, DomainError: ``extract_outstanding`` of one of them, those of ``merge_check`` and
            ``recommendation_create``.
    """
    keys = sorted({row.pk for row in origins})
    processes = RecommendationProcess.objects.filter(recommendation__in=keys).order_by("pk")
    with contextlib.ExitStack() as held:
        # Always in the same order: two who merge at once must not wait for each other.
        for pk in list(processes.values_list("pk", flat=True)):
            held.enter_context(RecommendationFlow.lock(pk))
        held.enter_context(transaction.atomic())
        rows = list(
            Recommendation.objects.select_for_update(of=("self",))
            .select_related("cycle__territory", "process")
            .filter(pk__in=keys)
            .order_by("cycle__starts_year", "number")
        )
        cycle.refresh_from_db(fields=["stage", "closed_at"])
        merge_check(cycle, rows, user=user)
        _expect_issued(rows)
        heir = recommendation_create(
            cycle, wording=merged_wording(rows), user=user, is_example=cycle.is_example
        )
        RecommendationFlow.start.run(recommendation=heir)
        for row in rows:
            merge_mark(row, heir, user=user)
            _leave(row.process, RecommendationFlow.tell_cycle_withdrawn)
            cosigning_call_off(row)
    return heir


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
        written, decided = RecommendationFlow.check_kind, RecommendationFlow.decide_recommendation
        reopen_at(process, written if wants_new_wording else decided)
    return reconsideration


def _expect_issued(rows: Sequence[Recommendation]) -> None:
    """Nothing overtakes an extract: what was decided goes out before the case goes on elsewhere."""
    if extracts_outstanding(row.pk for row in rows):
        raise DomainError("extract_outstanding", _("Issue the extract of this decision first."))


def _leave(process: Process, node: Any) -> None:
    """Let a case go on elsewhere than behind the step at which it waits; that step is called off."""
    waiting = Task.objects.filter(
        process_id=process.pk, flow_task_type__in=["HUMAN", "CONDITION"], status__in=OPEN_STATUSES
    )
    task = waiting.latest("pk")
    task.flow_task.activation_class(task).cancel()
    go_on_at(task, node)
