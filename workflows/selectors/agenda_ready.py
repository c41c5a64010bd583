"""Reads of what is ready for a meeting: minutes to approve, open tasks, areas, recommendations."""

from __future__ import annotations

import dataclasses
import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.models import Area
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Decision,
    Meeting,
    PlanningCycle,
    Poll,
    Recommendation,
    RecommendationState,
)
from workflows.models.recommendations import WAITING_STATES
from workflows.selectors.agenda import AgendaLine, item_title, minutes_title, submitted_title
from workflows.selectors.carrying import approvals_waiting_for, items_waiting_for
from workflows.selectors.decisions import first_day_to_decide
from workflows.selectors.open_tasks import open_tasks_of
from workflows.selectors.recommendations import decisions_prefetch


@dataclasses.dataclass(frozen=True)
class Ready:
    """Something that could be dealt with in a meeting and is not on its agenda."""

    key: str
    kind: AgendaKind
    title: str
    recommendation: Recommendation | None = None
    area: Area | None = None
    approves: Meeting | None = None
    # The item of an earlier meeting that goes on here.
    carried: AgendaItem | None = None

    @property
    def recommendation_pk(self) -> int | None:
        """Key of the recommendation it is about."""
        return self.recommendation.pk if self.recommendation is not None else None

    @property
    def area_pk(self) -> int | None:
        """Key of the area it is about."""
        return self.area.pk if self.area is not None else None

    @property
    def heading(self) -> str:
        """Title with the reference of a recommendation."""
        return f"{self.recommendation.reference} {self.title}" if self.recommendation else self.title


def ready_for(meeting: Meeting) -> list[Ready]:
    """What could be dealt with in a meeting and is not on its agenda, in the order of an agenda.

    Args:
        meeting: An open meeting.

    Returns:
        Minutes to approve, open tasks, areas (planning conference), recommendations (steering group).
        Queries: at most 9, and 2 for each recommendation where the day of the meeting is over.
    """
    standing = list(meeting.agenda.filter(removed_at__isnull=True))
    found = [ready_minutes(row.meeting) for row in approvals_waiting_for(meeting)]
    if not any(item.kind == AgendaKind.TASKS for item in standing) and open_tasks_of(meeting):
        found.append(ready_tasks())
    if meeting.body_id == meeting.cycle.planning_conference_id:
        there = {item.area_id for item in standing}
        found += [row for row in _ready_areas(meeting) if row.area_pk not in there]
    if meeting.body_id == meeting.cycle.steering_group_id:
        found += [ready_recommendation(row) for row in _ready_recommendations(meeting, standing)]
    return found


def offered_for(meeting: Meeting) -> list[Ready]:
    """What the page of an agenda offers: what is ready, and before it what earlier meetings left over.

    That goes onto an agenda by itself as long as its papers are not out. Queries: those of ``ready_for`` and
    of ``items_waiting_for``, and 1.
    """
    standing = meeting.agenda.standing().values_list("recommendation", "area")
    taken = {thing for recommendation, area in standing for thing in _things(recommendation, area)}
    carried = [
        ready_carried(item)
        for item in items_waiting_for(meeting)
        if not _things(item.recommendation_id, item.area_id) & taken
    ]
    again = {
        thing
        for row in carried
        if row.carried
        for thing in _things(row.carried.recommendation_id, row.carried.area_id)
    }
    ready = [row for row in ready_for(meeting) if not _things(row.recommendation_pk, row.area_pk) & again]
    return [*carried, *ready]


def _things(recommendation_pk: int | None, area_pk: int | None) -> set[tuple[str, int]]:
    """What an item is about, to be told from others."""
    keys = {"recommendation": recommendation_pk, "area": area_pk}
    return {(name, pk) for name, pk in keys.items() if pk is not None}


def ready_carried(item: AgendaItem) -> Ready:
    """What an earlier meeting left over, as something for an agenda."""
    return Ready(
        f"item-{item.pk}",
        AgendaKind(item.kind),
        item_title(item, None),
        recommendation=item.recommendation,
        area=item.area,
        carried=item,
    )


def ready_recommendation(recommendation: Recommendation) -> Ready:
    """A recommendation that waits, as something for an agenda."""
    return Ready(
        f"recommendation-{recommendation.pk}",
        AgendaKind.RECOMMENDATION,
        submitted_title(recommendation),
        recommendation=recommendation,
    )


def ready_minutes(closed: Meeting) -> Ready:
    """The minutes of a closed meeting, as something for an agenda."""
    return Ready(f"minutes-{closed.pk}", AgendaKind.MINUTES, minutes_title(closed), approves=closed)


def ready_tasks() -> Ready:
    """The open tasks, as something for an agenda."""
    return Ready("tasks", AgendaKind.TASKS, _("Open tasks"))


def _ready_areas(meeting: Meeting) -> list[Ready]:
    """Areas with a released profile that no conference of the cycle has dealt with or will."""
    elsewhere = AgendaItem.objects.standing().filter(
        Q(meeting__closed_at__isnull=True) | Q(finished_at__isnull=False),
        meeting__cycle=meeting.cycle_id,
        meeting__body=meeting.body_id,
        kind=AgendaKind.AREA,
    )
    taken = elsewhere.exclude(meeting=meeting).values("area")
    profiles = meeting.cycle.profiles.filter(released_at__isnull=False).select_related("area")
    return [
        Ready(f"area-{row.area_id}", AgendaKind.AREA, row.area.name, area=row.area)
        for row in profiles.exclude(area__in=taken).order_by("area__name", "pk")
    ]


def _ready_recommendations(meeting: Meeting, standing: list[AgendaItem]) -> list[Recommendation]:
    here = {item.recommendation_id for item in standing}
    planned = planned_elsewhere(meeting)
    rows = [
        row
        for row in waiting_recommendations(meeting.cycle_id)
        if row.pk not in here and row.pk not in planned and is_due_on(row, meeting.held_on)
    ]
    if meeting.held_on >= timezone.localdate():
        return rows
    # Recorded afterwards: what was not there on the day could not be dealt with.
    return [row for row in rows if first_day_to_decide(row) <= meeting.held_on]


def planned_elsewhere(meeting: Meeting) -> set[int]:
    """Keys of recommendations on the agenda of another meeting that is still to come. Queries: 1."""
    rows = AgendaItem.objects.standing().filter(
        meeting__body=meeting.body_id,
        meeting__closed_at__isnull=True,
        meeting__held_on__gte=timezone.localdate(),
        recommendation__state__in=WAITING_STATES,
    )
    dealt_with = Decision.objects.filter(
        recommendation=OuterRef("recommendation"), meeting=OuterRef("meeting")
    )
    waiting = rows.exclude(meeting=meeting.pk).exclude(Exists(dealt_with))
    return set(waiting.values_list("recommendation_id", flat=True))


def waiting_recommendations(cycle_pk: int) -> QuerySet[Recommendation]:
    """What waits for the steering group in a cycle, postponed ones included. Queries: 3."""
    return (
        Recommendation.objects.filter(process__cycle=cycle_pk, state__in=WAITING_STATES)
        # What is in circulation is on no agenda, unless an objection stops it.
        .exclude(Exists(Poll.objects.open().filter(recommendation=OuterRef("pk"), meeting__isnull=True)))
        .select_related("cycle")
        .prefetch_related("versions", decisions_prefetch())
        .order_by("cycle__starts_year", "number")
    )


def is_due_on(recommendation: Recommendation, day: datetime.date) -> bool:
    """A postponed one comes up again on its day, not before."""
    if recommendation.state != RecommendationState.POSTPONED:
        return True
    postponed = [row for row in recommendation.decisions.all() if row.postponed_until]
    latest = max(postponed, key=lambda row: row.pk, default=None)
    return latest is None or latest.postponed_until is None or latest.postponed_until <= day


def agenda_preview(cycle: PlanningCycle) -> list[AgendaLine]:
    """What waits for the steering group before a meeting is set, postponed ones included. Queries: 3."""
    return [
        AgendaLine(None, position, submitted_title(row), row)
        for position, row in enumerate(waiting_recommendations(cycle.pk), start=1)
    ]
