"""Writes that carry over what a meeting left open to the next one of its body."""

from __future__ import annotations

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation

from stakeholders.models import User
from workflows.models import (
    AgendaItem,
    AgendaKind,
    ItemOutcome,
    Meeting,
    OutcomeKind,
)
from workflows.selectors.agenda_ready import ready_minutes, ready_tasks
from workflows.selectors.carrying import approvals_waiting_for, items_waiting_for, next_meeting, open_lines
from workflows.selectors.open_tasks import open_tasks_of
from workflows.services.agenda import agenda_insert, agenda_log, log_name
from workflows.services.agenda_ready import ready_item
from workflows.services.carried_items import behind, carry_item
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_state import check_not_postponed


def postpone(item: AgendaItem, *, user: User, reason: str = "") -> ItemOutcome:
    """Record that an item goes on in a later meeting; the caller holds the lock of the meeting.

    Raises:
        DomainError: ``item_postponed``.
    """
    check_not_postponed(item)
    outcome = ItemOutcome.objects.create(
        item=item,
        kind=OutcomeKind.POSTPONED,
        text=reason.strip(),
        is_internal=item.is_internal,
        recorded_by=user,
    )
    told = {"reason": outcome.text} if outcome.text and not item.is_internal else {}
    agenda_log("item.postponed", item.meeting, user, {"item": log_name(item), **told})
    return outcome


@transaction.atomic
def open_items_postpone(meeting: Meeting, *, items: Collection[int] | None = None, user: User) -> None:
    """Postpone what a meeting did not finish; called when it is closed.

    The next meeting takes it over once the minutes are begun, or when it is set.

    Args:
        meeting: Being closed.
        items: Keys of the unfinished items that go on; None for all of them. Those postponed while the
            meeting ran go on anyway.
        user: Who closes.
    """
    meeting_lock(meeting)
    for line in open_lines(meeting):
        if not line.is_postponed and (items is None or line.item.pk in items):
            postpone(line.item, user=user)


@transaction.atomic
def agenda_hand_on(meeting: Meeting, *, user: User | None) -> None:
    """Let the next meeting of the body take over what one that is over leaves, if there is one.

    Args:
        meeting: Called off, or closed with its minutes begun.
        user: Who did so; None where a case went on by itself.
    """
    following = next_meeting(meeting)
    if following is not None:
        agenda_take_over(following, user=user)


@transaction.atomic
def agenda_take_over(meeting: Meeting, *, user: User | None) -> list[AgendaItem]:
    """Put what waits on the agenda of an open meeting: minutes to approve, open tasks, postponed items.

    Called when a meeting is set and when one before it is over; twice changes nothing.

    Args:
        meeting: Open; whoever builds its agenda calls this first.
        user: Who set or closed.

    Returns:
        The items that are new on its agenda.
    """
    meeting_lock(meeting)
    waiting = items_waiting_for(meeting)
    added = [*_approvals(meeting), *_open_tasks(meeting)]
    for item in waiting:
        carried = carry_item(item, meeting)
        if carried is not None:
            added.append(carried)
    if added:
        titles = [item.title for item in added if not item.is_internal]
        agenda_log("meeting.taken_over", meeting, user, {"entries": titles})
    return added


def _approvals(meeting: Meeting) -> list[AgendaItem]:
    """Approval of earlier minutes is the first item of every meeting."""
    with translation.override(settings.LANGUAGE_CODE):
        items = [ready_item(meeting, ready_minutes(row.meeting)) for row in approvals_waiting_for(meeting)]
    for at, item in enumerate(items):
        agenda_insert(meeting, item, at=at)
    return items


def _open_tasks(meeting: Meeting) -> list[AgendaItem]:
    """An item on what others have to do; the tasks themselves are read anew whenever it is shown."""
    if meeting.agenda.standing().filter(kind=AgendaKind.TASKS).exists() or not open_tasks_of(meeting):
        return []
    with translation.override(settings.LANGUAGE_CODE):
        item = ready_item(meeting, ready_tasks())
    agenda_insert(meeting, item, at=behind(meeting, Q(kind=AgendaKind.MINUTES)))
    return [item]
