"""Writes of a meeting's agenda from what is ready for it: built with the meeting, added to afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from stakeholders.models import User
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Meeting,
    MeetingTemplate,
    MeetingTemplateItem,
    Recommendation,
)
from workflows.selectors.agenda_ready import (
    Ready,
    is_due_on,
    offered_for,
    planned_elsewhere,
    ready_for,
    ready_recommendation,
)
from workflows.services.agenda import agenda_insert, agenda_log, log_name
from workflows.services.carried_items import carry_item
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_state import check_open

#: Minutes an item gets until somebody says otherwise.
MINUTES_OF_KIND = {
    AgendaKind.MINUTES: 5,
    AgendaKind.TASKS: 10,
    AgendaKind.AREA: 20,
    AgendaKind.RECOMMENDATION: 15,
    AgendaKind.TOPIC: 10,
}
TITLE_LENGTH = 250


def agenda_build(
    meeting: Meeting,
    *,
    user: User | None,
    topics: Iterable[str] = (),
    template: MeetingTemplate | None = None,
) -> list[AgendaItem]:
    """Put what is ready onto the agenda of a new meeting, further topics after it; called by scheduling.

    Args:
        meeting: Just set, without an agenda.
        user: Who set it.
        topics: Further items, one a line; empty lines are left out.
        template: Its standing items come before and after all others.

    Returns:
        The items.
    """
    with translation.override(settings.LANGUAGE_CODE):
        ready = ready_for(meeting)
    items = [ready_item(meeting, row) for row in ready]
    items += [
        AgendaItem(
            meeting=meeting,
            kind=AgendaKind.TOPIC,
            title=line.strip()[:TITLE_LENGTH],
            duration_minutes=MINUTES_OF_KIND[AgendaKind.TOPIC],
        )
        for line in topics
        if line.strip()
    ]
    if template is not None:
        standing = list(template.items.all())
        items = [
            *(_standing(meeting, row) for row in standing if not row.is_last),
            *items,
            *(_standing(meeting, row) for row in standing if row.is_last),
        ]
    for position, item in enumerate(items, start=1):
        item.position = position
    AgendaItem.objects.bulk_create(items)
    if items:
        agenda_log("meeting.agenda_built", meeting, user, {"items": [log_name(item) for item in items]})
    return items


def ready_item(meeting: Meeting, ready: Ready) -> AgendaItem:
    """What is ready as an item with its usual length, not yet saved and without a place."""
    return AgendaItem(
        meeting=meeting,
        kind=ready.kind,
        title=ready.title[:TITLE_LENGTH],
        duration_minutes=MINUTES_OF_KIND[ready.kind],
        recommendation=ready.recommendation,
        area=ready.area,
        approves=ready.approves,
    )


def _standing(meeting: Meeting, row: MeetingTemplateItem) -> AgendaItem:
    return AgendaItem(
        meeting=meeting,
        kind=AgendaKind.TOPIC,
        title=row.title,
        duration_minutes=row.duration_minutes,
        is_internal=row.is_internal,
    )


@transaction.atomic
def agenda_offer_recommendation(recommendation: Recommendation, *, user: User | None) -> AgendaItem | None:
    """Put what waits for the steering group onto its next meeting whose papers are not out yet.

    Called when a recommendation was submitted, postponed or taken up again. Nothing happens where it stands
    on the agenda of a meeting to come; where all papers are out it is offered on the page of the agenda.

    Args:
        recommendation: Before the steering group, or postponed by it.
        user: Whose act made it ready.

    Returns:
        The new item, if there is one.
    """
    cycle = recommendation.process.cycle
    coming = Meeting.objects.filter(
        cycle=cycle,
        body=cycle.steering_group_id,
        closed_at__isnull=True,
        cycle__closed_at__isnull=True,
        held_on__gte=timezone.localdate(),
    ).order_by("held_on", "pk")
    for meeting in coming:
        meeting_lock(meeting)
        if recommendation.pk in planned_elsewhere(meeting):
            return None
        is_there = meeting.agenda.filter(recommendation=recommendation, removed_at__isnull=True).exists()
        if is_there and not meeting.decisions.filter(recommendation=recommendation).exists():
            return None
        if is_there or meeting.papers_sent_at or meeting.closed_at:
            continue
        if is_due_on(recommendation, meeting.held_on):
            return _add(meeting, ready_recommendation(recommendation), user)
    return None


def _add(meeting: Meeting, ready: Ready, user: User | None) -> AgendaItem:
    item = ready_item(meeting, ready)
    agenda_insert(meeting, item)
    agenda_log("meeting.agenda_added", meeting, user, {"items": [log_name(item)]})
    return item


@transaction.atomic
def agenda_take_ready(meeting: Meeting, *, keys: Iterable[str] | None, user: User) -> list[AgendaItem]:
    """Put what is ready onto the agenda: chosen things, or all of them.

    Args:
        meeting: An open meeting.
        keys: ``Ready.key`` of what to take; None for all.
        user: Who takes it.

    Returns:
        New items; what is no longer ready, as a colleague took it, is left out.

    Raises:
        DomainError: ``meeting_closed``.
    """
    meeting_lock(meeting)
    check_open(meeting)
    wanted = None if keys is None else set(keys)
    # Titles are stored: in the language of the office, whoever takes them.
    with translation.override(settings.LANGUAGE_CODE):
        ready = offered_for(meeting)
    rows = [row for row in ready if wanted is None or row.key in wanted]
    items = [_take(meeting, row, user) for row in rows]
    return [item for item in items if item is not None]


def _take(meeting: Meeting, ready: Ready, user: User) -> AgendaItem | None:
    """One item more; None where one on the same thing goes on with what was left over."""
    if ready.carried is None:
        return _add(meeting, ready, user)
    item = carry_item(ready.carried, meeting)
    if item is not None:
        agenda_log("meeting.agenda_added", meeting, user, {"items": [log_name(item)]})
    return item


def agenda_require(meeting: Meeting, recommendation: Recommendation, *, user: User) -> AgendaItem:
    """The item under which a meeting decides on a recommendation; put last where it was not on the agenda.

    Called with the body locked, when a decision is recorded.
    """
    item = meeting.agenda.filter(recommendation=recommendation, removed_at__isnull=True).first()
    return item or _add(meeting, ready_recommendation(recommendation), user)
