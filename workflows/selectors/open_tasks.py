"""What stands behind the item "open tasks": the same on the agenda, in the folder and at the meeting."""

from __future__ import annotations

import dataclasses
import datetime

from django.db.models import Q, QuerySet

from stakeholders.models import Body
from workflows.models import Assignment, Meeting
from workflows.models.assignments import OPEN_ASSIGNMENTS


@dataclasses.dataclass(frozen=True)
class OpenTask:
    """A task the meeting asks after.

    Attributes:
        title: What has to be done, in one line.
        who: Who has to do it.
        due_on: Last day.
        assignment: The task or condition.
    """

    title: str
    who: str
    due_on: datetime.date
    assignment: Assignment


def open_assignments(body: Body) -> QuerySet[Assignment]:
    """Tasks and conditions a body has given that are not met yet, the next due first. Queries: 1."""
    return (
        Assignment.objects.filter(Q(meeting__body=body) | Q(decision__body=body), state__in=OPEN_ASSIGNMENTS)
        .select_related("organisation", "decision", "meeting")
        .order_by("due_on", "pk")
    )


def open_tasks_of(meeting: Meeting) -> list[OpenTask]:
    """What a meeting asks after under "open tasks".

    What its body has given others to do and is not met, whenever it is due: tasks and conditions, each once.
    What others than the body want done is no matter of the meeting.

    Args:
        meeting: Any meeting.

    Returns:
        The next due first. Queries: 1.
    """
    given = open_assignments(meeting.body)
    return [OpenTask(row.short, row.organisation.label, row.due_on, row) for row in given]
