"""Reads of assignments: who sees which, how many are met."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from project.common.conditions import NOTHING
from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, can, visible
from workflows.models import Assignment, AssignmentState, Decision, PlanningCycle
from workflows.models.assignments import OPEN_ASSIGNMENTS

#: How a state looks: kind of badge.
STATE_KINDS: dict[str, str] = {
    AssignmentState.OPEN: "info",
    AssignmentState.ASKED: "warning",
    AssignmentState.REPORTED: "info",
    AssignmentState.MET: "success",
    AssignmentState.CALLED_OFF: "neutral",
}
OVERDUE = "overdue"
ALL_OPEN = "all_open"
EARLIER = "earlier"


@dataclasses.dataclass(frozen=True)
class AssignmentFilter:
    """What a person wants to see.

    ``state`` is a state, ``ALL_OPEN``, ``OVERDUE`` or ``EARLIER``; "" for all.
    """

    state: str = ""
    organisation_pk: int | None = None
    search: str = ""


@dataclasses.dataclass(frozen=True)
class Progress:
    """How many of some assignments are met; what was called off does not count."""

    met: int
    total: int


def assignments_seen_by(user: Any) -> QuerySet[Assignment]:
    """Assignments of the cycles a person sees, and those of the organisations they act for. Queries: 1.

    Internal ones only for members of the body that gave them, for planning and for who acts.
    """
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    managed = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.all()).values("pk")
    sat_in = visible(user, Perm.ADVISE_BODY, Body.objects.all()).values("pk")
    inside = Q(cycle__in=managed) | Q(meeting__body__in=sat_in) | Q(decision__body__in=sat_in)
    open_to_all = Q(is_internal=False, cycle__in=cycles)
    return Assignment.objects.filter(
        open_to_all | (Q(is_internal=True) & inside) | Q(organisation__in=own)
    ).select_related("organisation", "cycle", "cycle__territory", "decision", "meeting", "meeting__body")


def assignments_of(user: Any, cycle: PlanningCycle, wanted: AssignmentFilter) -> QuerySet[Assignment]:
    """Assignments of a cycle and what is still open of those before it, as far as the person may see them.

    Args:
        user: Who reads.
        cycle: The cycle.
        wanted: Narrows the list.

    Returns:
        Assignments. Queries: 1 for any number of rows; 1 more where cycles went before.
    """
    rows = assignments_seen_by(user).filter(Q(cycle=cycle) | _still_open(cycle))
    if wanted.state == EARLIER:
        rows = rows.exclude(cycle=cycle)
    elif wanted.state == OVERDUE:
        late = (AssignmentState.OPEN, AssignmentState.ASKED)
        rows = rows.filter(state__in=late, due_on__lt=timezone.localdate())
    elif wanted.state == ALL_OPEN:
        rows = rows.filter(state__in=OPEN_ASSIGNMENTS)
    elif wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.organisation_pk is not None:
        rows = rows.filter(organisation=wanted.organisation_pk)
    if wanted.search:
        rows = rows.filter(text__icontains=wanted.search)
    return rows


def _still_open(cycle: PlanningCycle) -> Q:
    """What the cycles before a running one left open; a closed one has handed it on. Queries: 0 or 1."""
    if cycle.is_closed or cycle.predecessor_id is None:
        return NOTHING
    before = dict(
        PlanningCycle.objects.filter(territory=cycle.territory_id).values_list("pk", "predecessor_id")
    )
    earlier: set[int] = set()
    pk: int | None = cycle.predecessor_id
    while pk is not None and pk not in earlier:
        earlier.add(pk)
        pk = before.get(pk)
    return Q(cycle__in=earlier, state__in=OPEN_ASSIGNMENTS)


def conditions_of(user: Any, decisions: Iterable[Decision]) -> list[Assignment]:
    """Conditions of some decisions in order, as far as the person may see them. Queries: 1."""
    rows = assignments_seen_by(user).filter(decision__in=[row.pk for row in decisions])
    return list(rows.order_by("decision", "number"))


def progress_of(assignments: Iterable[Assignment]) -> Progress:
    """Count what is met."""
    counted = [row for row in assignments if row.state != AssignmentState.CALLED_OFF]
    return Progress(sum(row.state == AssignmentState.MET for row in counted), len(counted))


def body_of(assignment: Assignment) -> Body:
    """The body that gave it."""
    if assignment.decision is not None:
        return assignment.decision.body
    assert assignment.meeting is not None
    return assignment.meeting.body


def may_steer(user: Any, assignment: Assignment) -> bool:
    """Whether the user may call it off: planning, or the chair of the body that gave it. Queries: 1 or 2."""
    return bool(can(user, Perm.MANAGE_CYCLE, assignment.cycle)) or bool(
        can(user, Perm.CHAIR_BODY, body_of(assignment))
    )
