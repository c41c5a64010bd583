"""Reads of what a meeting leaves to the next one of its body: items, minutes to approve."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from stakeholders.models import Body
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Meeting,
    Minutes,
    MinutesState,
    OutcomeKind,
    PlanningCycle,
)
from workflows.models.recommendations import WAITING_STATES
from workflows.selectors.outcomes import ItemLine, item_lines


def items_waiting_for(meeting: Meeting) -> list[AgendaItem]:
    """Items that a meeting has to take up, in the order they were postponed.

    Nothing later than the meeting waits for it, and no recommendation of another cycle. Queries: 1, and 1 per
    item on a recommendation.
    """
    # What was called off may as well be dealt with before.
    before = Q(meeting__held_on__lte=meeting.held_on) | Q(meeting__cancelled_at__isnull=False)
    items = postponed_items(meeting.body).filter(before).exclude(meeting=meeting)
    return [item for item in items if _goes_on(item, meeting.cycle)]


def approvals_waiting_for(meeting: Meeting) -> QuerySet[Minutes]:
    """Minutes that a meeting has to approve, the oldest first. Queries: 1."""
    return (
        minutes_to_approve(meeting.body)
        .filter(meeting__held_on__lte=meeting.held_on)
        .exclude(meeting=meeting)
    )


def minutes_to_approve(body: Body) -> QuerySet[Minutes]:
    """Minutes of a body that are neither approved nor on the agenda of an open meeting. Queries: 1."""
    on_agenda = AgendaItem.objects.standing().filter(
        # A cycle that is over holds no meeting any more.
        approves=OuterRef("meeting"),
        meeting__closed_at__isnull=True,
        meeting__cycle__closed_at__isnull=True,
    )
    return (
        Minutes.objects.filter(meeting__body=body)
        .exclude(state=MinutesState.APPROVED)
        .filter(~Exists(on_agenda))
        .select_related("meeting", "meeting__body")
        .order_by("meeting__held_on", "pk")
    )


def postponed_items(body: Body) -> QuerySet[AgendaItem]:
    """Items that wait for a later meeting: postponed ones, and topics of one called off. Queries: 1."""
    # What else stood on the agenda of a meeting called off is ready for the next one by itself.
    left_behind = Q(carried_from__isnull=False) | Q(
        kind=AgendaKind.TOPIC, meeting__cycle__closed_at__isnull=True
    )
    return (
        AgendaItem.objects.standing()
        .filter(meeting__body=body, carried_to__isnull=True)
        .filter(Q(outcomes__kind=OutcomeKind.POSTPONED) | Q(left_behind, meeting__cancelled_at__isnull=False))
        # Minutes come up by themselves until they are approved, open tasks as long as there are any.
        .exclude(kind__in=[AgendaKind.MINUTES, AgendaKind.TASKS])
        .select_related("meeting", "recommendation", "recommendation__process", "area")
        .order_by("meeting__held_on", "position", "pk")
        .distinct()
    )


def _goes_on(item: AgendaItem, cycle: PlanningCycle) -> bool:
    """A recommendation comes up again only where it is before the body of this cycle, undecided."""
    if item.recommendation is None:
        return True
    process = getattr(item.recommendation, "process", None)
    is_here = process is not None and process.cycle_id == cycle.pk
    return is_here and item.recommendation.state in WAITING_STATES


def next_meeting(meeting: Meeting) -> Meeting | None:
    """The next open meeting of the same body, of any open cycle, whose papers are not out. Queries: 1."""
    return _following(meeting).filter(papers_sent_at__isnull=True).first()


def meeting_with_papers(meeting: Meeting) -> Meeting | None:
    """The next open meeting of the body, if its papers are out: nothing comes onto its agenda by itself.

    Queries: 1.
    """
    following = _following(meeting).first()
    return following if following is not None and following.papers_sent_at is not None else None


def _following(meeting: Meeting) -> QuerySet[Meeting]:
    """Open meetings of the same body from the day on, of any open cycle, the next first."""
    rows = Meeting.objects.filter(
        body=meeting.body_id,
        closed_at__isnull=True,
        cycle__closed_at__isnull=True,
        held_on__gte=meeting.held_on,
    )
    return rows.exclude(pk=meeting.pk).select_related("cycle", "body").order_by("held_on", "pk")


def untouched_lines(meeting: Meeting) -> list[ItemLine]:
    """Items that the meeting has neither called nor postponed nor decided; all kinds. Queries: 6."""
    lines = item_lines(meeting, has_internal=True)
    return [line for line in lines if line.is_open and line.item.called_at is None]


def open_lines(meeting: Meeting) -> list[ItemLine]:
    """Items that the meeting has not finished and that can be carried over. Queries: 6.

    Minutes to approve and open tasks come up again by themselves.
    """
    return [
        line
        for line in item_lines(meeting, has_internal=True)
        if not line.is_done and line.item.kind not in (AgendaKind.MINUTES, AgendaKind.TASKS)
    ]
