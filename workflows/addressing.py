"""Whom a human step is addressed to, until when, and who may do it.

The half of ``nodes.GuardedView`` that is declared by the flows and asked by the inbox; it touches no task.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any, Final, Self

from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from viewflow.workflow import flow
from viewflow.workflow.activation import Activation
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from stakeholders.models import Body, Organisation, User
from stakeholders.permissions import Perm, Verdict, can

_FOUR_EYES: Final = _("Four-eyes rule: you did an earlier step of this yourself.")


class AddressedView(flow.View):
    """A step with a right, an addressee, a due date and a stage.

    Args:
        view: View callable of the page on which the step is done.
    """

    def __init__(self, view: Callable[..., HttpResponseBase], **kwargs: Any) -> None:
        super().__init__(view, **kwargs)
        self.perm: Perm = None  # type: ignore[assignment]  # set by Addressed, checked in _ready
        self.headline: str | Promise = ""
        self.barred_nodes: tuple[str, ...] = ()
        self._to: Callable[[Any], Organisation | Body] | None = None
        self._due: Callable[[Any], datetime.date] | None = None
        self._stage: Callable[[Any], int] | None = None
        self._about: Callable[[Any], str] = lambda process: ""
        self._first_owner: Callable[[Any], User | None] | None = None
        self._writers: Callable[[Any], Iterable[int]] = lambda process: ()
        self._writers_reason: str | Promise = _FOUR_EYES
        self._alone: Callable[[Any], Iterable[int | None]] | None = None

    # --- declaration ---------------------------------------------------------------------------

    def Addressed(self, perm: Perm, *, to: Callable[[Any], Organisation | Body]) -> Self:  # noqa: N802
        """Address the step to the holders of a right on an organisation or body.

        Args:
            perm: Right needed to take and to complete the task.
            to: Case (concrete process) -> organisation or body.
        """
        self.perm = perm
        self._to = to
        self.Permission(perm.value, obj=lambda process: to(process.coerced))
        return self

    def Due(self, due: Callable[[Any], datetime.date]) -> Self:  # noqa: N802
        """Case -> last day for the step."""
        self._due = due
        return self

    def Stage(self, stage: int | Callable[[Any], int]) -> Self:  # noqa: N802
        """Stage of the cycle the step belongs to."""
        self._stage = stage if callable(stage) else lambda process: stage
        return self

    def Says(self, headline: str | Promise) -> Self:  # noqa: N802
        """What the task says in lists; may contain ``%(subject)s``."""
        self.headline = headline
        return self

    def About(self, subject: Callable[[Any], str]) -> Self:  # noqa: N802
        """Case -> what it is about, put into the headline."""
        self._about = subject
        return self

    def For(self, owner: Callable[[Any], User | None]) -> Self:  # noqa: N802
        """Case -> person who gets the task first, if they still have the right."""
        self._first_owner = owner
        return self

    def NotBy(self, *nodes: str) -> Self:  # noqa: N802
        """Bar whoever completed one of these steps of the same case last (four eyes)."""
        self.barred_nodes = nodes
        return self

    def NotWriter(  # noqa: N802
        self, writers: Callable[[Any], Iterable[int]], *, says: str | Promise = _FOUR_EYES
    ) -> Self:
        """Case -> keys of those who wrote what is judged here: a colleague may have handed it in for them.

        Args:
            writers: The keys.
            says: What they are told when they are refused.
        """
        self._writers, self._writers_reason = writers, says
        return self

    def Only(self, people: Callable[[Any], Iterable[int | None]]) -> Self:  # noqa: N802
        """Case -> keys of those who alone may do it, of all who have the right: a seat's own people."""
        self._alone = people
        return self

    # --- questions -----------------------------------------------------------------------------

    def addressee(self, process: Any) -> Organisation | Body:
        """Whom the step is addressed to."""
        assert self._to is not None
        return self._to(process)

    def due_of(self, process: Any) -> datetime.date:
        """Last day for the step."""
        assert self._due is not None
        return self._due(process)

    def stage_of(self, process: Any) -> int:
        """Stage of the cycle."""
        assert self._stage is not None
        return self._stage(process)

    def subject_of(self, process: Any) -> str:
        """What the step is about."""
        return self._about(process)

    def cycle_of(self, process: Any) -> Any:
        """The cycle the case belongs to."""
        return process.cycle

    def verdict(self, user: Any, task: Task) -> Verdict:
        """Whether the user may do the step now: right on the addressee, and four eyes."""
        verdict = self.right(user, task)
        if not verdict:
            return verdict
        if user.pk in self._writers_of(task):
            return Verdict(False, self._writers_reason)
        if user.pk in self._doers_of(task):
            return Verdict(False, _FOUR_EYES)
        return Verdict(True)

    def right(self, user: Any, task: Task) -> Verdict:
        """Whether the user has the right on the addressee, four eyes aside."""
        alone = self.alone(task)
        if alone is not None and user.pk not in alone:
            return Verdict(False, _("This is for others of the same body."))
        return can(user, self.perm, task.owner_permission_obj)

    def alone(self, task: Task) -> set[int] | None:
        """Keys of those who alone may do the step; None for all who have the right, without a query."""
        if self._alone is None:
            return None
        return {pk for pk in self._alone(task.process.coerced) if pk is not None}

    def barred_people(self, task: Task) -> set[int]:
        """Keys of those whom four eyes bar from a task: who did or wrote what it judges.

        Queries: one for each barred step, and what ``NotWriter`` asks.
        """
        return self._writers_of(task) | self._doers_of(task)

    def _writers_of(self, task: Task) -> set[int]:
        return set(self._writers(task.process.coerced))

    def _doers_of(self, task: Task) -> set[int]:
        barred = set()
        for name in self.barred_nodes:
            node = self.flow_class.instance.node(name)
            done = Task.objects.filter(process_id=task.process_id, flow_task=node, status=STATUS.DONE)
            owner = done.order_by("-pk").values_list("owner_id", flat=True).first()
            if owner is not None:
                barred.add(owner)
        return barred

    def calc_owner(self, activation: Activation) -> User | None:
        """First owner, if one is named and may act."""
        if self._first_owner is None:
            return None
        owner = self._first_owner(activation.process)
        if owner is None or not can(owner, self.perm, self.addressee(activation.process)):
            return None
        return owner
