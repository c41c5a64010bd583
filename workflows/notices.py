"""Reminders before and escalations after the due date, by mail, logged without personal data."""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from viewflow.workflow.models import Task

from stakeholders.audit import log_action
from stakeholders.mail import mail_from_template
from stakeholders.models import Body, LogEntry, Organisation, User
from stakeholders.permissions import Perm, holders
from workflows.models import PlanningCycle, TaskCard
from workflows.services.tasks import task_recipients

#: Notices go out at the start of an office day (local hour).
NOTICE_HOUR = 6


def _at_office_hour(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time(NOTICE_HOUR)))


def _tomorrow() -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=1)


def reminder_moment(due_on: datetime.date) -> datetime.datetime:
    """When to remind of a task due on a day: some days before, but never on the day it appears."""
    return reminder_moment_of(settings.REMIND_DAYS_BEFORE)(due_on)


def reminder_moment_of(lead: int) -> Callable[[datetime.date], datetime.datetime]:
    """Due date -> moment so many days before it to remind on, but never on the day the task appears."""

    def moment(due_on: datetime.date) -> datetime.datetime:
        return _at_office_hour(max(due_on - datetime.timedelta(days=lead), _tomorrow()))

    return moment


def escalation_moment(due_on: datetime.date) -> datetime.datetime:
    """When to escalate a task due on a day: some days after; a task that appears late has a day at least."""
    wanted = due_on + datetime.timedelta(days=settings.ESCALATE_DAYS_AFTER)
    return _at_office_hour(max(wanted, _tomorrow()))


def task_remind(task: Task) -> None:
    """Remind the owner, or all who could take it, that the task is due soon; late tasks escalate instead.

    Once a day is enough: a task with little time left has several reminders on the day after it appeared.
    """
    card = task.card
    if card.due_on < timezone.localdate() or was_reminded_today(card):
        return
    _send(task, "reminder", _responsible(task))


def task_escalate(task: Task) -> None:
    """Tell the responsible people, their head and the planning unit that the task is overdue."""
    card = task.card
    people = set(_responsible(task))
    if card.organisation is not None:
        people |= set(holders(Perm.LEAD_ORGANISATION, card.organisation))
    people |= set(holders(Perm.ACT_FOR_ORGANISATION, card.cycle.planning_unit))
    _send(task, "escalation", sorted(people, key=lambda user: user.pk))


def task_reschedule(card: TaskCard, *, due_on: datetime.date) -> None:
    """Move the due date of an open task and the moments of its reminder and escalation.

    A task that was reminded of or escalated by the old date will be again by the new one.

    Args:
        card: Card of an open task, locked by the caller.
        due_on: New last day.
    """
    card.due_on = due_on
    card.save(update_fields=["due_on"])
    card.task.flow_task.deadlines_move(card.task)


def task_readdress(card: TaskCard, *, cycle: PlanningCycle) -> None:
    """Bring an open task in line with the cycle its case belongs to now: addressee, owner, due date.

    Args:
        card: Card of an open task, locked by the caller with its case.
        cycle: Cycle the case has been moved to.
    """
    task = card.task
    node, process = task.flow_task, task.process.coerced
    addressee = node.addressee(process)
    task.owner_permission_obj = addressee
    task.save(update_fields=["owner_permission_content_type", "owner_permission_obj_pk"])
    card.cycle = cycle
    card.object_pk = str(addressee.pk)
    card.organisation = addressee if isinstance(addressee, Organisation) else None
    card.body = addressee if isinstance(addressee, Body) else None
    card.save(update_fields=["cycle", "object_pk", "organisation", "body"])
    if task.owner is not None and not node.right(task.owner, task):
        node.activation_class(task).unassign()
    task_reschedule(card, due_on=node.due_of(process))


def was_reminded_today(card: TaskCard) -> bool:
    """Whether a reminder of a task went out today. Queries: 1."""
    today = LogEntry.objects.filter(action="task.reminded", object_id=card.pk, territory=card.territory)
    return today.filter(at__date=timezone.localdate()).exists()


def remind_now(task: Task, *, user: User) -> int:
    """Remind at somebody's wish.

    Returns:
        Number of people written to.
    """
    people = _responsible(task)
    _send(task, "reminder", people, user=user)
    return len(people)


def _responsible(task: Task) -> list[User]:
    """The owner; if there is none, or they have lost the right, all who may do it."""
    if task.owner is not None and task.flow_task.verdict(task.owner, task):
        return [task.owner]
    return task_recipients(task)


def _send(task: Task, kind: str, people: list[User], *, user: User | None = None) -> None:
    card = task.card
    addresses = [person.email for person in people if person.email]
    log_action(
        f"task.{'reminded' if kind == 'reminder' else 'escalated'}",
        user=user,
        obj=card,
        territory=card.territory,
        data={
            "recipients": len(addresses),
            "due_on": card.due_on,
            "responsible": getattr(card.addressee, "label", str(card.addressee)),
        },
    )
    with translation.override(settings.LANGUAGE_CODE):
        headline = card.headline
    context = {
        "headline": headline,
        "cycle": card.cycle,
        "due_on": card.due_on,
        "days_late": max((timezone.localdate() - card.due_on).days, 0) if card.due_on else 0,
        "addressee": card.addressee,
        "url": settings.SITE_URL + reverse("workflows:task", args=[task.pk]),
    }
    mail_from_template(addresses, f"workflows/mails/{kind}", context)
