"""The one inbox of all flows."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from guardian.models import GroupObjectPermission
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from project.common.navigation import COUNT_LIMIT
from stakeholders.granted import grants_sql
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible
from workflows.models import PlanningCycle, TaskCard

#: A list reaches no further than this; whoever has more narrows it down.
LIST_LIMIT = 500
#: Rights that tasks can be addressed with; all are rights on an organisation or a body.
TASK_PERMS = (
    Perm.ACT_FOR_ORGANISATION,
    Perm.LEAD_ORGANISATION,
    Perm.ADVISE_BODY,
    Perm.VOTE_IN_BODY,
    Perm.CHAIR_BODY,
)
_TASK_CODENAMES = tuple(perm.value.split(".")[1] for perm in TASK_PERMS)
#: With more rights than this, one condition over all open tasks is asked instead of a look-up per right.
_MOST_BRANCHES = 40

SCOPES = ("open", "mine", "free", "team", "done")


@dataclasses.dataclass(frozen=True)
class InboxFilter:
    """What a person wants to see of the inbox."""

    scope: str = "open"  # open (mine and free), mine, free, team, done
    search: str = ""
    #: Nodes whose titles match the search; titles are translated and so not in the database.
    nodes: Sequence[Any] = ()
    cycle_pk: int | None = None
    stage: int | None = None
    overdue_on: datetime.date | None = None
    newest_due_first: bool = False


def cards_addressed_to(user: Any) -> QuerySet[TaskCard]:
    """Cards of tasks whose right one of the user's groups has. Queries: none of its own."""
    return TaskCard.objects.filter(addressed_to(user))


def addressed_to(user: Any) -> Q:
    """Condition on cards: a group of the person, or of whom an ``OuterRef`` names, has their right."""
    return Q(
        Exists(
            GroupObjectPermission.objects.filter(
                group__user=user,
                permission_id=OuterRef("permission_id"),
                object_pk=OuterRef("object_pk"),
            )
        )
    )


def _grants(user: Any) -> list[tuple[int, str]]:
    """Rights that bring tasks, as (permission, object). Queries: 1."""
    with connection.cursor() as cursor:
        cursor.execute(_own_sql(), [user.pk, *_TASK_CODENAMES])
        return list(cursor.fetchall())


@functools.cache
def _own_sql() -> str:
    """Rights of a person that bring tasks; takes the person and the names of the rights."""
    marks = ", ".join(["%s"] * len(_TASK_CODENAMES))
    rights = f"kind.app_label = 'stakeholders' AND permitted.codename IN ({marks})"
    grants = grants_sql(connection.ops.quote_name, rights)
    return f"SELECT DISTINCT granted.permission_id, granted.object_pk {grants}"


def narrow(wanted: InboxFilter) -> Q:
    """Conditions of the filters other than the scope."""
    condition = Q()
    if wanted.search:
        condition &= (
            Q(subject__icontains=wanted.search)
            | Q(cycle__title__icontains=wanted.search)
            | Q(organisation__name__icontains=wanted.search)
            | Q(body__name__icontains=wanted.search)
            | Q(task__flow_task__in=list(wanted.nodes))
        )
    if wanted.cycle_pk is not None:
        condition &= Q(cycle_id=wanted.cycle_pk)
    if wanted.stage is not None:
        condition &= Q(stage=wanted.stage)
    if wanted.overdue_on is not None:
        condition &= Q(due_on__lt=wanted.overdue_on)
    return condition


def _scope(user: Any, scope: str) -> Q:
    """Condition of a scope over all tasks."""
    mine = Q(task__owner=user)
    nobodys = Q(task__owner__isnull=True)
    return {
        "mine": mine & Q(is_open=True),
        "free": addressed_to(user) & nobodys & Q(is_open=True),
        "team": (addressed_to(user) | mine) & Q(is_open=True),
        "done": mine & Q(is_open=False, task__status=STATUS.DONE),
    }.get(scope, (mine | (addressed_to(user) & nobodys)) & Q(is_open=True))


def _branches(user: Any, scope: str) -> list[Q]:
    """The scope as conditions that an index answers each; together they are the scope.

    One condition over everything would have the database choose between walking all open tasks by due date
    (slow for who has few of many) and sorting all of a person's (slow for who has very many).
    Queries: 0 or 1.
    """
    if scope in {"mine", "done"}:
        return [_scope(user, scope)]
    grants = _grants(user)
    if len(grants) > _MOST_BRANCHES:
        return [_scope(user, scope)]
    free = Q(is_open=True) if scope == "team" else Q(is_open=True, task__owner__isnull=True)
    addressed = [free & Q(permission_id=permission, object_pk=pk) for permission, pk in grants]
    return addressed if scope == "free" else [_scope(user, "mine"), *addressed]


def order_by(wanted: InboxFilter) -> tuple[str, str]:
    return ("-due_on", "-pk") if wanted.newest_due_first or wanted.scope == "done" else ("due_on", "pk")


def inbox_keys(user: Any, wanted: InboxFilter, *, limit: int = LIST_LIMIT) -> list[int]:
    """Keys of the cards for the inbox, soonest due first.

    Args:
        user: The person.
        wanted: Scope, search text, cycle, stage; ``overdue_on`` keeps what was due before that day.
        limit: Most keys wanted.

    Returns:
        At most ``limit + 1`` keys: one more than wanted tells that there are more. Queries: at most 2 for any
        number of tasks, each reading a few hundred rows of an index.
    """
    order = order_by(wanted)
    conditions = narrow(wanted)
    tops = [
        TaskCard.objects.filter(branch).filter(conditions).order_by(*order).values("pk")[: limit + 1]
        for branch in _branches(user, wanted.scope)
    ]
    if not tops:
        return []
    if len(tops) == 1:
        return [row["pk"] for row in tops[0]]
    # SQLite allows no limit inside a union, but inside an IN.
    parts = [TaskCard.objects.filter(pk__in=top).order_by().values_list("pk", "due_on") for top in tops]
    rows = parts[0].union(*parts[1:]).order_by(*order)[: limit + 1]
    return [pk for pk, _due_on in rows]


def cards_by_keys(keys: Sequence[int]) -> list[TaskCard]:
    """Cards in the order of their keys, with task, owner, addressee and cycle. Queries: 1."""
    cards = TaskCard.objects.select_related(
        "task", "task__owner", "organisation", "body", "cycle", "cycle__territory"
    ).in_bulk(list(keys))
    return [cards[key] for key in keys if key in cards]


def inbox_cards(user: Any, wanted: InboxFilter) -> QuerySet[TaskCard]:
    """All cards for the inbox in one query, for lists that are not cut into pages.

    Args:
        user: The person.
        wanted: As for ``inbox_keys``.

    Returns:
        Cards with task, owner, addressee and cycle joined. Queries: 1 for any number of rows.
    """
    cards = TaskCard.objects.select_related(
        "task", "task__process", "task__owner", "organisation", "body", "cycle", "cycle__territory"
    )
    return cards.filter(_scope(user, wanted.scope)).filter(narrow(wanted)).order_by(*order_by(wanted))


def open_count(user: Any) -> int:
    """Open tasks of a person, counted up to ``COUNT_LIMIT`` + 1: theirs, and nobody's addressed to them.

    Queries: 1, whose work ends with the limit however many tasks there are.
    """
    with connection.cursor() as cursor:
        cursor.execute(_count_sql(), [user.pk, user.pk, *_TASK_CODENAMES, COUNT_LIMIT + 1])
        return int(cursor.fetchone()[0])


@functools.cache
def _count_sql() -> str:
    """Takes the person twice, the names of the rights, and the limit. Written out, as every page asks it.

    A task is somebody's or nobody's, and addressed once: no row comes twice.
    """
    quoted = connection.ops.quote_name
    card, task = quoted(TaskCard._meta.db_table), quoted(Task._meta.db_table)
    theirs = f"{task} task INNER JOIN {card} card ON card.task_id = task.id AND task.owner_id = %s"
    # Cross joins keep SQLite from beginning with all tasks that are nobody's; PostgreSQL orders them itself.
    free = f"({_own_sql()}) own CROSS JOIN {card} card CROSS JOIN {task} task"
    addressed = "card.permission_id = own.permission_id AND card.object_pk = own.object_pk"
    nobodys = f"task.id = card.task_id AND task.owner_id IS NULL AND {addressed}"
    cards = (
        f"SELECT card.id FROM {theirs} WHERE card.is_open",  # noqa: S608  our own names
        f"SELECT card.id FROM {free} WHERE card.is_open AND {nobodys}",  # noqa: S608  our own names
    )
    return f"SELECT count(*) FROM ({' UNION ALL '.join(cards)} LIMIT %s) found"  # noqa: S608  our own names


def led_organisations(user: Any, cards: Sequence[TaskCard]) -> frozenset[int]:
    """Keys of the addressed organisations that the user leads. Queries: 1, none without organisations."""
    pks = {card.organisation_id for card in cards if card.organisation_id is not None}
    if not pks:
        return frozenset()
    led = visible(user, Perm.LEAD_ORGANISATION, Organisation.objects.filter(pk__in=pks))
    return frozenset(led.values_list("pk", flat=True))


def cycles_to_filter(user: Any) -> list[PlanningCycle]:
    """Cycles a person may choose from above a list of tasks. Queries: 1."""
    cycles = PlanningCycle.objects.select_related("territory")
    return list(visible(user, Perm.VIEW_CYCLE, cycles))
