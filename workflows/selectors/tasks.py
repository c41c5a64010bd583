"""The one inbox of all flows."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from guardian.models import GroupObjectPermission

from workflows.models import TaskCard

#: The header counts no further than this: "99+".
COUNT_LIMIT = 99


@dataclasses.dataclass(frozen=True)
class InboxFilter:
    """What a person wants to see of the inbox."""

    scope: str = "open"  # open (mine and free), mine, free, team, done
    search: str = ""
    cycle_pk: int | None = None
    stage: int | None = None
    overdue_on: datetime.date | None = None
    newest_due_first: bool = False


def cards_addressed_to(user: Any) -> QuerySet[TaskCard]:
    """Cards of tasks whose right one of the user's groups has. Queries: none of its own."""
    return TaskCard.objects.filter(_addressed(user))


def inbox_cards(user: Any, wanted: InboxFilter) -> QuerySet[TaskCard]:
    """Cards for the inbox, soonest due first.

    Args:
        user: The person.
        wanted: Scope, search text, cycle, stage; ``overdue_on`` keeps what was due before that day.

    Returns:
        Cards with task, owner, addressee and cycle joined. Queries: 1 for any number of rows.
    """
    cards = TaskCard.objects.select_related(
        "task", "task__process", "task__owner", "organisation", "body", "cycle", "cycle__territory"
    )
    mine = Q(task__owner=user)
    match wanted.scope:
        case "mine":
            cards = cards.filter(mine, is_open=True)
        case "free":
            cards = cards.filter(_addressed(user), is_open=True, task__owner__isnull=True)
        case "team":
            cards = cards.filter(_addressed(user) | mine, is_open=True)
        case "done":
            cards = cards.filter(mine, is_open=False, task__status="DONE")
        case _:
            cards = cards.filter(mine | (_addressed(user) & Q(task__owner__isnull=True)), is_open=True)
    if wanted.search:
        cards = cards.filter(
            Q(subject__icontains=wanted.search)
            | Q(cycle__title__icontains=wanted.search)
            | Q(organisation__name__icontains=wanted.search)
            | Q(body__name__icontains=wanted.search)
        )
    if wanted.cycle_pk is not None:
        cards = cards.filter(cycle_id=wanted.cycle_pk)
    if wanted.stage is not None:
        cards = cards.filter(stage=wanted.stage)
    if wanted.overdue_on is not None:
        cards = cards.filter(due_on__lt=wanted.overdue_on)
    order = ["-due_on", "-pk"] if wanted.newest_due_first or wanted.scope == "done" else ["due_on", "pk"]
    return cards.order_by(*order)


def _addressed(user: Any) -> Q:
    return Q(
        Exists(
            GroupObjectPermission.objects.filter(
                group__user=user,
                permission_id=OuterRef("permission_id"),
                object_pk=OuterRef("object_pk"),
            )
        )
    )


def open_count(user: Any) -> int:
    """Open tasks of a person, counted up to ``COUNT_LIMIT`` + 1. Queries: 1."""
    rows = inbox_cards(user, InboxFilter()).order_by().values_list("pk", flat=True)
    return len(rows[: COUNT_LIMIT + 1])
