"""The nodes our flows are made of.

What the engine leaves open is closed here: a human step without an addressee, a due date or a title cannot
be declared; the right is checked when a task is taken **and** again when it is completed; a foreign task is
404, a forbidden one 403, one that somebody else just completed is 409; reminders and escalations hang on
every human step by themselves. Flow and node names are stored in the database: renaming needs a migration.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Self

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.activation import Activation
from viewflow.workflow.base import Flow
from viewflow.workflow.flow.nodes import TimerBoundary
from viewflow.workflow.lock import SelectForUpdateLock, after_lock_released
from viewflow.workflow.models import Process, Task
from viewflow.workflow.nodes.boundary import TimerBoundaryActivation
from viewflow.workflow.nodes.events import ConditionalCatchActivation
from viewflow.workflow.nodes.view import ViewActivation
from viewflow.workflow.status import PROCESS, STATUS

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows import cards, notices
from workflows.addressing import AddressedView

logger = logging.getLogger(__name__)

#: What the page of a step answers to.
_METHODS = ("GET", "HEAD", "POST")
#: A task row in one of these is waiting for a person.
OPEN_STATUSES = (STATUS.NEW, STATUS.ASSIGNED, STATUS.STARTED)


class PlanningFlow(Flow):
    """Common ground of all flows: one lock, one rule of who may look. Declares no nodes (trap 25)."""

    lock_impl = SelectForUpdateLock(nowait=False)

    def has_view_permission(self, user: Any, obj: Process | None = None) -> bool:
        """Whether the user may see a case; without a case only that they are signed in."""
        if obj is None:
            return bool(user.is_authenticated)
        return cards.process_visible(user, obj)

    def has_manage_permission(self, user: Any, obj: Process | None = None) -> bool:
        """Nobody moves a case past its steps."""
        return False


class _Pageless:
    """The engine's pages for undoing, cancelling and reviving steps are not offered: no step is bypassed."""

    index_view_class = None
    detail_view_class = None
    undo_view_class = None
    cancel_view_class = None
    revive_view_class = None
    execute_view_class = None


class Begin(_Pageless, flow.StartHandle):
    """Start from a service."""


class Step(_Pageless, flow.Function):
    """Something the system does by itself."""


class Question(_Pageless, flow.If):
    """A yes-or-no gate."""


class Choice(_Pageless, flow.Switch):
    """A gate with several ways."""


class Outcome(_Pageless, flow.TerminateEnd):
    """How a case ended; whatever else of the case was still waiting is called off."""


class Fork(_Pageless, flow.Split):
    """Go on in several places at once."""


class Message(_Pageless, flow.MessageCatch):
    """Wait for a message from a service."""


def send(process: Process, node: Message, **kwargs: Any) -> None:
    """Deliver a message to a waiting case.

    Args:
        process: The case.
        node: Where it must be waiting.
        **kwargs: Passed to the node's handler.

    Raises:
        DomainError: ``no_open_task`` if the case does not wait there (any more).
    """
    with node.flow_class.lock(process.pk), transaction.atomic():
        task = Task.objects.filter(process_id=process.pk, flow_task=node, status=STATUS.NEW).first()
        if task is None:
            raise DomainError("no_open_task", _("This step is not open (any more)."))
        node.run(task, **kwargs)


def reopen_at(process: Process, node: Any) -> None:
    """Let a case that has ended go on at a step to which no arrow leads from its end; under its lock."""
    Process.objects.filter(pk=process.pk).update(status=PROCESS.NEW, finished=None)
    go_on_at(Task.objects.filter(process_id=process.pk, flow_task_type="END").latest("pk"), node)


def go_on_at(task: Task, node: Any) -> None:
    """Let a case go on at a step after a task that leads there by no arrow; under the lock of the case."""
    before = task.flow_task.activation_class(task)
    before._activate_next({node._create(before, task.token)})


class WaitForActivation(ConditionalCatchActivation):
    """Goes on in one transaction or not at all: a failure behind it leaves it waiting for the next sweep."""

    @Activation.status.super()
    def activate(self) -> None:
        """The condition may hold already: look as soon as the lock is released."""
        poke(self.process)

    @Activation.status.transition(source=STATUS.STARTED)
    def execute(self) -> None:
        """Complete and go on; an exception undoes both."""
        self.complete()
        self.activate_next()


class WaitFor(_Pageless, flow.ConditionalCatch):
    """Wait until a condition over the case holds.

    ``poke`` tries at once; the timers' sweep tries again and again, so that a process killed in between
    loses nothing.
    """

    activation_class = WaitForActivation


def poke(process: Process) -> None:
    """Let a waiting case go on if its condition holds now.

    Runs after the lock of the case that brings the news is released, so that two last children at once
    cannot miss each other. Nothing happens if the condition does not hold or somebody was faster. A failure
    is logged, not raised: who brought the news has done their part, and the sweep tries again.

    Args:
        process: The case that may be waiting, of any flow.
    """

    def attempt() -> None:
        waiting = Task.objects.filter(process_id=process.pk, flow_task_type="CONDITION", status=STATUS.NEW)
        for task in waiting:
            try:
                _go_on(task)
            except Exception:  # of any step behind: its work is undone, the case still waits
                logger.exception("Case %s could not go on at task %s; it waits.", task.process_id, task.pk)

    after_lock_released(attempt)


def _go_on(task: Task) -> None:
    with task.activation() as activation:
        if activation.start.can_proceed() and activation.condition_met():
            activation.start()
            activation.execute()


class DeadlineActivation(TimerBoundaryActivation):
    """Sends its notice; nothing else in the case moves."""

    @Activation.status.transition(source=STATUS.STARTED)
    def execute(self) -> None:
        """Complete the timer and send the notice for its task."""
        self.complete()
        host = self.task.previous.first()
        if host is not None and host.status in OPEN_STATUSES:
            self.flow_task.notify(host)


class Deadline(_Pageless, TimerBoundary):
    """A timer on the border of a human step that writes to people when its moment has come."""

    activation_class = DeadlineActivation

    def __init__(
        self,
        moment: Callable[[datetime.date], datetime.datetime],
        notify: Callable[[Task], None],
        title: str | Promise,
    ) -> None:
        super().__init__(None, delay=self._delay_of, interrupting=False)
        self.moment = moment
        self.notify = notify
        self.Annotation(title=title)

    def _delay_of(self, activation: Activation) -> datetime.datetime:
        return self.moment(activation.task.previous.first().card.due_on)


class GuardedActivation(ViewActivation):
    """Keeps the card beside the task and the deadlines on its border in step with it."""

    @classmethod
    def create(
        cls,
        flow_task: GuardedView,
        prev_activation: Activation,
        token: Any,
        data: Any = None,
        seed: Any = None,
    ) -> Activation:
        """Create task and card together."""
        activation = super().create(flow_task, prev_activation, token, data=data, seed=seed)
        process = activation.process
        cards.card_create(
            activation.task,
            addressee=flow_task.addressee(process),
            perm=flow_task.perm,
            cycle=flow_task.cycle_of(process),
            stage=flow_task.stage_of(process),
            subject=flow_task.subject_of(process),
            due_on=flow_task.due_of(process),
        )
        return activation

    @Activation.status.super()
    def complete(self) -> None:
        """Close the card, then complete the task: whoever moves dates locks in this order, too."""
        cards.card_close(self.task)
        super().complete.original()

    @Activation.status.super()
    def cancel(self) -> None:
        """Close the card, cancel the task and take down its deadlines."""
        cards.card_close(self.task)
        super().cancel.original()
        for boundary in self.flow_task._boundary_events:
            boundary._on_host_finished(task=self.task)


class GuardedView(AddressedView):
    """A human step: addressed, due, titled, and checked twice.

    Args:
        view: View callable of the page on which the step is done.

    Chain ``.Annotation(title=)``, ``.Addressed(perm, to=)``, ``.Due(...)``, ``.Stage(...)`` and, where it
    helps, ``.Says(...)``, ``.About(...)``, ``.For(...)``, ``.Only(...)``, ``.NotBy("earlier_node")``,
    ``.NotWriter(...)``.
    """

    activation_class = GuardedActivation
    cancel_view_class = None
    undo_view_class = None
    revive_view_class = None
    assign_view_class = None
    unassign_view_class = None

    def __init__(self, view: Callable[..., HttpResponseBase], **kwargs: Any) -> None:
        super().__init__(view, **kwargs)
        self._boundary_specs = [
            ("remind", Deadline(notices.reminder_moment, notices.task_remind, _("Reminder"))),
            ("escalate", Deadline(notices.escalation_moment, notices.task_escalate, _("Escalation"))),
        ]

    def Reminds(self, *days: int) -> Self:  # noqa: N802
        """Days before the due date to remind on, the earliest first; without it once, as the setting says."""
        names = ["remind", *(f"remind_{day}" for day in days[1:])]
        moments = [notices.reminder_moment_of(day) for day in days]
        specs = [Deadline(moment, notices.task_remind, _("Reminder")) for moment in moments]
        self._boundary_specs[:1] = zip(names, specs, strict=True)
        return self

    @staticmethod
    def _reminder(lead: int) -> Deadline:
        return Deadline(notices.reminder_moment_of(lead), notices.task_remind, _("Reminder"))

    def _ready(self) -> None:
        super()._ready()
        missing = [
            name
            for name, value in (("Addressed", self.perm), ("Due", self._due), ("Stage", self._stage))
            if value is None
        ]
        if not self.task_title or self.task_title == self.name.replace("_", " ").title():
            missing.append("Annotation(title=...)")
        if missing:
            raise TypeError(f"{self.flow_class.__name__}.{self.name} lacks {', '.join(missing)}")
        unknown = [node for node in self.barred_nodes if self.flow_class.instance.node(node, True) is None]
        if unknown:
            raise TypeError(f"{self.flow_class.__name__}.{self.name} bars unknown nodes {unknown}")

    # --- questions -----------------------------------------------------------------------------

    def can_assign(self, user: Any, task: Task) -> bool:
        """Whether the user may take the task: it is nobody's, or its owner has lost the right."""
        is_free = task.owner is None or not self.right(task.owner, task)
        return is_free and bool(self.verdict(user, task))

    def can_execute(self, user: Any, task: Task) -> bool:
        """Whether the user may complete the task: it is theirs, and the right still stands."""
        return task.owner_id == user.pk and bool(self.verdict(user, task))

    def can_view(self, user: Any, task: Task) -> bool:
        """Whether the user may look at the task."""
        return cards.task_visible(user, task)

    # --- deadlines -----------------------------------------------------------------------------

    def deadlines_move(self, task: Task) -> None:
        """Set reminder and escalation of an open task by its card's due date; those gone by come anew."""
        for deadline in self._boundary_events:
            waiting = Task.objects.filter(previous=task, flow_task=deadline, status=STATUS.SCHEDULED)
            if not waiting.update(scheduled=deadline.moment(task.card.due_on)):
                deadline._arm(self.activation_class(task))

    # --- pages ---------------------------------------------------------------------------------

    @property
    def index_path(self) -> Any:
        """Entry point of the task: leads to the right page for the person."""
        return path(
            f"<int:process_pk>/{self.name}/<int:task_pk>/",
            _task_page(self, cards.task_entry),
            name="index",
        )

    @property
    def detail_path(self) -> Any:
        """What the task is about, who has it, and the button to take it."""
        return path(
            f"<int:process_pk>/{self.name}/<int:task_pk>/detail/",
            _task_page(self, cards.task_detail),
            name="detail",
        )

    @property
    def view_path(self) -> Any:
        """The page on which the step is done."""
        return path(
            f"<int:process_pk>/{self.name}/<int:task_pk>/execute/",
            _execute_page(self, this.resolve(self.flow_class.instance, self._view)),
            name="execute",
        )


def _load(node: GuardedView, request: HttpRequest, process_pk: int, task_pk: int) -> Activation:
    task: Task = get_object_or_404(
        Task.objects.select_related("process", "owner"), pk=task_pk, process_id=process_pk
    )
    if task.flow_task != node or not node.can_view(request.user, task):
        raise Http404("No such task.")
    return node.activation_class(task)


def _task_page(node: GuardedView, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a page that only shows a task."""

    def page(request: HttpRequest, process_pk: int, task_pk: int) -> HttpResponseBase:
        request.activation = _load(node, request, process_pk, task_pk)  # type: ignore[attr-defined]
        return view(request)

    update_wrapper(page, view)
    return page


def _execute_page(
    node: GuardedView, view: Callable[..., HttpResponseBase]
) -> Callable[..., HttpResponseBase]:
    """Wrap the page that does the step: lock, look again, then act."""

    def act(request: HttpRequest, process_pk: int, task_pk: int) -> HttpResponseBase:
        activation = _load(node, request, process_pk, task_pk)
        task = activation.task
        if task.finished is not None:
            return render(request, "workflows/task_finished.html", {"task": task}, status=409)
        verdict = node.verdict(request.user, task)
        if not verdict:
            raise PermissionDenied(str(verdict.reason))
        if task.owner_id is None:
            return cards.task_entry_for(request, task)
        if task.owner_id != request.user.pk:
            raise PermissionDenied(str(_("A colleague has taken this task.")))
        activation.start(request)
        request.activation = activation  # type: ignore[attr-defined]
        return view(request, process_pk=process_pk, task_pk=task_pk)

    def page(request: HttpRequest, process_pk: int, task_pk: int) -> HttpResponseBase:
        # Django's form views take a PUT for a POST: it must not pass by the lock.
        if request.method not in _METHODS:
            return HttpResponseNotAllowed(_METHODS)
        if request.method != "POST":
            return act(request, process_pk, task_pk)
        with node.flow_class.lock(process_pk), transaction.atomic():
            return act(request, process_pk, task_pk)

    update_wrapper(page, view)
    return page


def open_task(process: Process, node: GuardedView) -> Task:
    """The open task of a step in a case.

    Raises:
        DomainError: ``no_open_task`` if the case is not at that step.
    """
    task = (
        Task.objects.filter(process_id=process.pk, flow_task=node, status__in=OPEN_STATUSES)
        .order_by("-pk")
        .first()
    )
    if task is None:
        raise DomainError("no_open_task", _("This step is not open (any more)."))
    return task


def complete_task(task: Task, *, user: User, act: Callable[[Any], object]) -> None:
    """Take and complete a task from code, under the same lock and checks as its page.

    Used by services that act without a page of their own (demo content, commands).

    Args:
        task: An open human task.
        user: Who acts; must be able to take it if it is nobody's.
        act: Called with the concrete process before the task is completed.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``task_finished``, ``task_taken``.
    """
    node = task.flow_task
    with node.flow_class.lock(task.process_id), transaction.atomic():
        task.refresh_from_db()
        activation = node.activation_class(task)
        if task.finished is not None:
            raise DomainError("task_finished", _("This task has already been done."))
        verdict = node.verdict(user, task)
        if not verdict:
            raise PermissionDenied(str(verdict.reason))
        if task.owner_id is None:
            activation.assign(user)
            task.assigned = timezone.now()
            log_action("task.taken", user=user, obj=task.card, territory=task.card.territory)
        elif task.owner_id != user.pk:
            raise DomainError("task_taken", _("A colleague has taken this task."))
        activation.start(None)
        act(activation.process)
        activation.execute()
