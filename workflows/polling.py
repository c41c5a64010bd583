"""Opening polls and casting votes. Steers the flows, so it stands above them.

Locks are taken in one order: case, poll, recommendation, body. A vote in a meeting takes the poll's row only.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from typing import Any

from django.db import transaction
from viewflow.workflow.models import Task

from stakeholders.models import BodyMembership, User
from workflows.flows import CirculationFlow, RecommendationFlow
from workflows.flows.closing import (
    circulation_follow,
    close_if_complete,
    deadline_follows,
    let_go,
    offer_again,
    poll_mail,
    tell_end,
)
from workflows.models import (
    CirculationProcess,
    PlanningCycle,
    Poll,
    PollObjection,
    PollOutcome,
    PollVote,
    Recommendation,
    RecommendationProcess,
    VoteChoice,
)
from workflows.nodes import OPEN_STATUSES, complete_task, open_task, poke, reopen_at
from workflows.selectors.polls import seats_of_poll
from workflows.services import poll_ends, polls
from workflows.services.tasks import task_take

logger = logging.getLogger(__name__)


def poll_begin(recommendation: Recommendation, *, user: User, **kwargs: Any) -> Poll:
    """Let the members vote on a recommendation; in circulation each voting seat gets its task.

    Args:
        recommendation: Its task of recording the decision is the user's, or free.
        user: Who chairs; four eyes are looked at as for the decision itself.
        **kwargs: As in ``services.polls.poll_open``.

    Raises:
        PermissionDenied: The user may not record the decision.
        DomainError: ``no_open_task``, ``task_taken``, and those of ``poll_open``.
    """
    process: Any = recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        task_take(open_task(process, RecommendationFlow.decide_recommendation), user=user)
        poll = polls.poll_open(recommendation, user=user, **kwargs)
        if poll.is_circulated:
            seats = [seat for seat in seats_of_poll(poll) if seat.is_voting]
            for seat in seats:
                CirculationFlow.start.run(poll=poll, seat=seat)
            deadline_follows(poll)
            poll_mail(poll, "circulation", [seat.user for seat in seats])
    return poll


def vote(poll: Poll, *, seat: BodyMembership, choice: VoteChoice, user: User) -> PollVote:
    """Cast or replace the vote of a seat; in circulation it completes a task, and the last one the poll.

    Raises:
        PermissionDenied, DomainError: those of ``services.polls.poll_vote``.
    """
    task = _task_of(poll, seat)
    if task is None:
        return polls.poll_vote(poll, seat=seat, choice=choice, user=user)
    with CirculationFlow.lock(task.process_id), transaction.atomic():
        found = polls.poll_vote(poll, seat=seat, choice=choice, user=user)
        task.refresh_from_db()
        if task.finished is None:
            if task.owner_id not in {None, user.pk}:  # member and deputy: whoever may vote does the task
                task.flow_task.activation_class(task).unassign()
            complete_task(task, user=user, act=lambda process: None)
    return found


def _task_of(poll: Poll, seat: BodyMembership) -> Task | None:
    """The open task of a seat in circulation."""
    if not poll.is_circulated:
        return None
    return Task.objects.filter(
        process__circulationprocess__poll=poll,
        process__circulationprocess__seat=seat,
        flow_task_type="HUMAN",
        status__in=OPEN_STATUSES,
    ).first()


def exclude(poll: Poll, *, seat: BodyMembership, user: User) -> PollVote:
    """Enter that a member is biased; in circulation their task goes, and the poll may be complete.

    Raises:
        PermissionDenied, DomainError: those of ``services.polls.poll_exclude``.
    """
    found = polls.poll_exclude(poll, seat=seat, user=user)
    for process in CirculationProcess.objects.filter(poll=poll, seat=seat, finished__isnull=True):
        poke(process)
    if poll.is_circulated:
        circulation_follow(poll)
    return found


def readmit(poll: Poll, *, seat: BodyMembership, user: User) -> None:
    """Take back that a member is biased; in circulation they get their task again.

    Raises:
        PermissionDenied, DomainError: those of ``services.polls.poll_readmit``.
    """
    process = CirculationProcess.objects.filter(poll=poll, seat=seat).first()
    if process is None:
        polls.poll_readmit(poll, seat=seat, user=user)
        return
    with CirculationFlow.lock(process.pk), transaction.atomic():
        polls.poll_readmit(poll, seat=seat, user=user)
        process.refresh_from_db()
        has_voted = PollVote.objects.filter(poll=poll, seat=seat).exists()
        if process.finished is not None and not has_voted:
            reopen_at(process, CirculationFlow.ask)


def poll_stop(poll: Poll, *, seat: BodyMembership, reason: str, user: User) -> PollObjection:
    """Object to deciding in circulation.

    Raises:
        PermissionDenied, DomainError: those of ``services.poll_ends.poll_object``.
    """
    with transaction.atomic():
        objection = poll_ends.poll_object(poll, seat=seat, reason=reason, user=user)
        offer_again(objection.poll, user)
        deadline_follows(objection.poll)
        tell_end(objection.poll)
    let_go(poll)
    return objection


def poll_call_off(poll: Poll, *, reason: str, user: User) -> Poll:
    """Call a poll off.

    Raises:
        PermissionDenied, DomainError: those of ``services.poll_ends.poll_cancel``.
    """
    with transaction.atomic():
        cancelled = poll_ends.poll_cancel(poll, reason=reason, user=user)
        offer_again(cancelled, user)
        deadline_follows(cancelled)
        tell_end(cancelled)
    let_go(poll)
    return cancelled


def cycle_call_off(cycle: PlanningCycle, *, reason: str, user: User) -> None:
    """Call off what is being voted in a cycle that is given up; the sweep ends the tasks of its members."""
    cases = RecommendationProcess.objects.filter(cycle=cycle, finished__isnull=True).order_by("pk")
    with ExitStack() as held:
        # The cases first, in one order, and to the end of the caller's transaction: whoever closes a poll at
        # this moment holds its case and waits for its row.
        for pk in list(cases.values_list("pk", flat=True)):
            held.enter_context(RecommendationFlow.lock(pk))
        running = Poll.objects.select_for_update(of=("self",)).open().filter(cycle=cycle)
        for poll in running.order_by("pk"):
            poll_ends.poll_finish(poll, PollOutcome.CANCELLED, user=user, reason=reason)
            tell_end(poll)


def circulations_close() -> int:
    """Close the polls in circulation whose last day is over, or that nobody is waited for; for the sweep.

    Returns:
        How many. Queries: 1, and those of closing for each.
    """
    waiting = Poll.objects.open().filter(meeting__isnull=True).order_by("pk")
    closed = 0
    for poll in waiting:
        try:
            closed += close_if_complete(poll)
        except Exception:
            logger.exception("Poll %s could not be closed; the next run tries again.", poll.pk)
    return closed
