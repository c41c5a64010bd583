"""Taking, giving back and handing over tasks: under the lock of their case, with the right checked anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, can, holders
from workflows.models import TaskCard
from workflows.selectors.tasks import addressed_to

NOT_YOURS_TO_RELEASE = _(
    "Only planning, or who leads those it is addressed to, may take a task from somebody."
)


@dataclasses.dataclass(frozen=True)
class TakenMany:
    """What became of taking several tasks at once."""

    taken: int
    refused: int


def leads_addressee(user: Any, card: TaskCard) -> bool:
    """Whether the user heads the organisation or chairs the body a task is addressed to. Queries: 1."""
    if card.organisation is not None:
        return bool(can(user, Perm.LEAD_ORGANISATION, card.organisation))
    return bool(can(user, Perm.CHAIR_BODY, card.body))


def may_hand_over(user: Any, task: Task) -> bool:
    """Whether the user may give an open task to a colleague: its owner, or who leads the addressee."""
    if task.finished is not None:
        return False
    return task.owner_id == user.pk or leads_addressee(user, task.card)


def task_recipients(task: Task) -> list[User]:
    """Colleagues to whom a task can be handed over: they have the right, and four eyes do not bar them.

    Args:
        task: An open task; its present owner is left out.

    Queries: 1, and one for each step that four eyes look at.
    """
    people = holders(Perm(str(task.owner_permission)), task.card.addressee)
    alone = task.flow_task.alone(task)
    if alone is not None:
        people = people.filter(pk__in=alone)
    excluded = task.flow_task.barred_people(task)
    if task.owner_id is not None:
        excluded.add(task.owner_id)
    return list(people.exclude(pk__in=excluded))


def _require_open(task: Task) -> None:
    if task.finished is not None:
        raise DomainError("task_finished", _("This task has already been done."))


def _require_right(task: Task, user: User) -> None:
    """Refuse whoever could not do an open task, also its owner: a right may be lost meanwhile."""
    verdict = task.flow_task.verdict(user, task)
    if not verdict:
        raise PermissionDenied(str(verdict.reason))


def task_check(task: Task, *, user: User) -> None:
    """Whether the user could do an open task now, without taking it.

    Args:
        task: As it stands under the lock of its case.
        user: Who wants to act.

    Raises:
        PermissionDenied: The right is missing, or four eyes bar the user.
        DomainError: ``task_taken`` if a colleague has it who can still do it.
    """
    _require_right(task, user)
    owner = task.owner
    if owner is not None and owner.pk != user.pk and task.flow_task.right(owner, task):
        raise DomainError("task_taken", _("A colleague has taken this task."))


def task_take(task: Task, *, user: User) -> None:
    """Take a free task; taking one's own again changes nothing.

    Args:
        task: The task; reloaded under the lock of its case.
        user: Who takes it.

    Raises:
        PermissionDenied: The right is missing, or four eyes bar the user.
        DomainError: ``task_finished``, ``task_taken`` if a colleague was faster.
    """
    with task.activation() as activation:
        task = activation.task
        _require_open(task)
        _require_right(task, user)
        if task.owner_id == user.pk:
            return
        if task.owner is not None:
            if task.flow_task.right(task.owner, task):
                raise DomainError(
                    "task_taken",
                    _("%(person)s was faster and has taken this task already.") % {"person": task.owner},
                )
            activation.unassign()  # who left, or lost the right, holds nothing up
        task.assigned = timezone.now()
        activation.assign(user)
        log_action("task.taken", user=user, obj=task.card, territory=task.card.territory)


def task_take_many(tasks: Iterable[Task], *, user: User) -> TakenMany:
    """Take several free tasks; those that cannot be taken (any more) are counted, not raised.

    Returns:
        How many are with the user now, and how many not.
    """
    taken = refused = 0
    for task in tasks:
        try:
            task_take(task, user=user)
        except (DomainError, PermissionDenied):
            refused += 1
        else:
            taken += 1
    return TakenMany(taken=taken, refused=refused)


def task_give_back(task: Task, *, user: User) -> None:
    """Give one's own task back to all whom it is addressed to.

    Raises:
        PermissionDenied: The task is not the user's.
        DomainError: ``task_finished``.
    """
    with task.activation() as activation:
        task = activation.task
        _require_open(task)
        if task.owner_id != user.pk:
            raise PermissionDenied(str(_("You can give back your own tasks only.")))
        task.assigned = None
        activation.unassign()
        log_action("task.given_back", user=user, obj=task.card, territory=task.card.territory)


def task_release(task: Task, *, reason: str, user: User) -> None:
    """Planning takes a task from somebody who does not get to it, so that their colleagues can.

    Args:
        task: An open task that somebody has; reloaded under the lock of its case.
        reason: Why; the former owner can read it in the log.
        user: Needs the right to manage the cycle, or leads those the task is addressed to.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``reason_missing``, ``task_finished``, ``task_free``.
    """
    with task.activation() as activation:
        task = activation.task
        _require_open(task)
        if not may_release(user, task):
            raise PermissionDenied(str(NOT_YOURS_TO_RELEASE))
        if not reason.strip():
            raise DomainError("reason_missing", _("Say why the task is taken from them."))
        if task.owner is None:
            raise DomainError("task_free", _("Nobody has this task; it can be taken."))
        former = task.owner
        task.assigned = None
        activation.unassign()
        log_action(
            "task.released",
            user=user,
            obj=task.card,
            territory=task.card.territory,
            data={"from": str(former), "reason": reason.strip()},
        )


def may_release(user: Any, task: Task) -> bool:
    """Whether the user may take an open task from its owner. Queries: at most 2."""
    if task.finished is not None or task.owner_id is None:
        return False
    return bool(can(user, Perm.MANAGE_CYCLE, task.card.cycle)) or leads_addressee(user, task.card)


def tasks_release_orphans() -> int:
    """Free the tasks whose owners have left or lost the right, so that their colleagues see them again.

    Returns:
        How many. Queries: 1, and a few for each task found.
    """
    keeps = addressed_to(OuterRef("task__owner"))
    held = TaskCard.objects.filter(is_open=True, task__owner__isnull=False)
    orphans = held.filter(Q(task__owner__is_active=False) | ~keeps).select_related("task")
    return sum(_release_orphan(card.task) for card in orphans)


def _release_orphan(task: Task) -> bool:
    with task.activation() as activation:
        task = activation.task
        if task.finished is not None or task.owner is None or task.flow_task.right(task.owner, task):
            return False
        former = task.owner
        task.assigned = None
        activation.unassign()
        log_action(
            "task.released",
            user=None,
            obj=task.card,
            territory=task.card.territory,
            data={"from": str(former)},
        )
    return True


def task_hand_over(task: Task, *, to: User, user: User) -> None:
    """Give a task, taken or free, to a colleague.

    Args:
        task: The task; reloaded under the lock of its case.
        to: Colleague who shall do it; must have the right and not be barred by four eyes.
        user: Owner of the task, or who leads the addressee.

    Raises:
        PermissionDenied: The user may not hand this task over.
        DomainError: ``task_finished``, ``recipient_barred``, ``already_theirs``.
    """
    with task.activation() as activation:
        task = activation.task
        _require_open(task)
        if not may_hand_over(user, task):
            raise PermissionDenied(
                str(_("Only who has the task, or who leads those it is addressed to, may hand it over."))
            )
        if task.owner_id == to.pk:
            raise DomainError("already_theirs", _("%(person)s has this task already.") % {"person": to})
        verdict = task.flow_task.verdict(to, task)
        if not verdict:
            raise DomainError(
                "recipient_barred",
                _("%(person)s cannot do this task: %(reason)s") % {"person": to, "reason": verdict.reason},
            )
        former = task.owner
        task.assigned = timezone.now()
        if former is None:
            activation.assign(to)
        else:
            activation.reassign(user=to)
        log_action(
            "task.handed_over",
            user=user,
            obj=task.card,
            territory=task.card.territory,
            data={"from": str(former) if former else None, "to": str(to)},
        )
