"""Setting up and giving up an evening, and correcting its answers. Steers the flow, so it is above it."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import SpaceConferenceFlow
from workflows.models import PlanningCycle, SpaceAnswer, SpaceConference, SpaceIdea
from workflows.nodes import OPEN_STATUSES, go_on_at, reopen_at, send
from workflows.services.space_answers import answer_correct, correction_withdraw, corrections_end
from workflows.services.space_conferences import conference_create


@transaction.atomic
def conference_begin(cycle: PlanningCycle, *, user: User, **kwargs: Any) -> SpaceConference:
    """Set up an evening (as ``conference_create``); planning gets the task to prepare it."""
    conference = conference_create(cycle, user=user, **kwargs)
    SpaceConferenceFlow.start.run(conference=conference)
    return conference


def conference_give_up(conference: SpaceConference, *, reason: str, user: User) -> None:
    """Give an evening up; what was entered stays on record, nothing of it is published.

    Args:
        conference: Not yet published.
        reason: Why; all who see the cycle read it.
        user: Needs the right to manage the cycle.

    Raises:
        PermissionDenied: The user does not manage the cycle.
        DomainError: ``reason_missing``, ``no_open_task`` if it is finished.
    """
    require(user, Perm.MANAGE_CYCLE, conference.cycle)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the evening is given up."))
    send(conference.process, SpaceConferenceFlow.wait_for_giving_up, reason=reason, user=user)
    conference.refresh_from_db()


def answer_correction_begin(idea: SpaceIdea, *, user: User, **kwargs: Any) -> SpaceAnswer:
    """Correct a published answer (as ``answer_correct``); the head of planning gets the task to check it."""
    process = idea.conference.process
    with SpaceConferenceFlow.lock(process.pk), transaction.atomic():
        answer = answer_correct(idea, user=user, **kwargs)
        process.refresh_from_db()
        # Where another correction is being checked, this one follows it by itself.
        if _turn(process, SpaceConferenceFlow.release_correction) is None:
            _go_round(process)
    return answer


def answer_correction_withdraw(answer: SpaceAnswer, *, user: User) -> None:
    """Withdraw a correction (as ``correction_withdraw``); nobody is asked to check or to write it anew."""
    process = answer.idea.conference.process
    with SpaceConferenceFlow.lock(process.pk), transaction.atomic():
        correction_withdraw(answer, user=user)
        _go_round(process)


def corrections_call_off(conference: SpaceConference, *, reason: str, user: User) -> None:
    """End all corrections of a published evening (as ``corrections_end``), and the tasks on them."""
    process = conference.process
    with SpaceConferenceFlow.lock(process.pk), transaction.atomic():
        process.refresh_from_db()
        if process.finished is None:
            corrections_end(conference, reason=reason, user=user)
            _go_round(process)


def _go_round(process: Any) -> None:
    """Let the case find anew whose turn it is; a task whose reason has gone ends here."""
    process.refresh_from_db()
    if process.finished is not None:
        reopen_at(process, SpaceConferenceFlow.check_corrections)
        return
    for node in (SpaceConferenceFlow.release_correction, SpaceConferenceFlow.correct_answer):
        if (task := _turn(process, node)) is not None:
            node.activation_class(task).cancel()
            go_on_at(task, SpaceConferenceFlow.check_corrections)


def _turn(process: Any, node: Any) -> Task | None:
    """The open task of a step; None where the case is not there."""
    return process.task_set.filter(flow_task=node, status__in=OPEN_STATUSES).first()  # type: ignore[no-any-return]
