"""Closing polls: counting them, recording what they carried, letting go of open tasks.

Beside the flows, because the vote that completes a poll in circulation closes it. Locks are taken in one
order: case, poll, recommendation, body.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.lock import after_lock_released

from project.common.errors import DomainError
from stakeholders.mail import mail_from_template
from stakeholders.models import User
from workflows.flows.recommendation import RecommendationFlow
from workflows.models import CirculationProcess, Poll, PollOutcome, TaskCard
from workflows.nodes import complete_task, open_task, poke
from workflows.notices import task_reschedule
from workflows.selectors.polls import progress_of, seats_of_poll
from workflows.services import poll_ends
from workflows.services.agenda_ready import agenda_offer_recommendation
from workflows.services.polls import poll_locked
from workflows.services.tasks import task_check, task_take

logger = logging.getLogger(__name__)


def circulation_follow(poll: Poll) -> None:
    """After a vote in circulation: if nobody is waited for any more, the poll is closed at once.

    A failure is logged, not raised: the vote stands, and the sweep tries again.
    """

    def attempt() -> None:
        try:
            close_if_complete(poll)
        except Exception:  # whoever voted has done their part
            logger.exception("Poll %s could not be closed; the sweep tries again.", poll.pk)

    after_lock_released(attempt)


def close_if_complete(poll: Poll) -> bool:
    """Close a poll in circulation that waits for nobody; tells whether it was closed. Queries: 5 or more."""
    poll = Poll.objects.select_related("body", "meeting").get(pk=poll.pk)
    if not poll.is_open or not (poll.is_over or progress_of(poll).is_complete):
        return False
    try:
        poll_close(poll, user=None)
    except (DomainError, PermissionDenied) as error:
        # Who opened it can record it no more (another chair, another rule): the present one does it by hand.
        logger.warning("Poll %s does not close by itself: %s", poll.pk, error)
        return False
    return True


def poll_close(poll: Poll, *, user: User | None) -> Poll:
    """Close a poll, count it, and record the decision if it is carried; all of it or nothing.

    In a meeting it is closed with a quorum only. In circulation missing votes are no votes; before its last
    day is over it is closed only when all have voted.

    Args:
        poll: An open poll.
        user: Who chairs; None where the last vote or the deadline closes it, then the decision is recorded
            in the name of who opened it.

    Returns:
        The poll with its outcome.

    Raises:
        PermissionDenied: The user may not record the decision.
        DomainError: ``poll_closed``, ``poll_runs``, ``task_taken``, ``no_open_task``, ``quorum_missing``,
            ``group_missing``, ``quorum_lost``, and those of ``decision_record``.
    """
    process: Any = poll.recommendation.process
    with RecommendationFlow.lock(process.pk), transaction.atomic():
        locked = poll_locked(poll)
        decider = user or locked.opened_by
        task = open_task(process, RecommendationFlow.decide_recommendation)
        task_check(task, user=decider)
        if locked.is_circulated and not locked.is_over and not progress_of(locked).is_complete:
            raise DomainError("poll_runs", _("Votes are still waited for; the deadline is not over."))
        count = poll_ends.poll_count(locked)
        if not locked.is_circulated:
            poll_ends.check_closable(locked, count)
        outcome = PollOutcome.CARRIED
        if not count.has_quorum:
            outcome = PollOutcome.NO_QUORUM
        elif not count.is_carried:
            outcome = PollOutcome.NOT_CARRIED
        # Closed first: what comes behind the step is due by what was decided, not by a poll that runs.
        poll_ends.poll_finish(locked, outcome, user=user)
        if outcome == PollOutcome.CARRIED:
            task_take(task, user=decider)
            # On the case's own instance: the gates behind the step read its state.
            complete_task(
                task,
                user=decider,
                act=lambda case: poll_ends.poll_record(
                    locked, recommendation=case.recommendation, user=decider
                ),
            )
        else:
            offer_again(locked, user)
            deadline_follows(locked)
        tell_end(locked)
    let_go(locked)
    return locked


def deadline_follows(poll: Poll) -> None:
    """The decision waits for a poll in circulation, and no longer than that. Queries: 2, more if it moves."""
    process: Any = poll.recommendation.process
    cards = TaskCard.objects.select_for_update(of=("self",)).select_related("task")
    card = cards.filter(task__process=process.pk, is_open=True).first()
    if card is None or not poll.is_circulated:
        return
    due_on = card.task.flow_task.due_of(process)
    if due_on != card.due_on:
        task_reschedule(card, due_on=due_on)


def offer_again(poll: Poll, user: User | None) -> None:
    """What was put to the vote and not decided comes up in the next meeting, as after its submission."""
    agenda_offer_recommendation(poll.recommendation, user=user)


def tell_end(poll: Poll) -> None:
    """Members of a poll in circulation hear of its end."""
    if poll.is_circulated:
        poll.refresh_from_db()
        poll_mail(poll, "circulation_over", [seat.user for seat in seats_of_poll(poll) if seat.is_voting])


def let_go(poll: Poll) -> None:
    """Open tasks of a poll that has ended go; never under its lock, for votes lock their case first."""
    for process in CirculationProcess.objects.filter(poll=poll, finished__isnull=True):
        poke(process)


def poll_mail(poll: Poll, name: str, people: Iterable[User]) -> None:
    addresses = sorted({person.email for person in people if person.is_active and person.email})
    context = {
        "poll": poll,
        "cycle": poll.cycle,
        "decision": getattr(poll, "decision", None),
        "url": settings.SITE_URL + reverse("workflows:poll-detail", args=[poll.pk]),
    }
    mail_from_template(addresses, f"workflows/mails/{name}", context)
