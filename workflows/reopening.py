"""A node by which a case that has ended is taken up again: the same case, so that its history stays whole."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from viewflow import this
from viewflow.workflow.activation import Activation
from viewflow.workflow.nodes.start import StartHandleActivation
from viewflow.workflow.status import PROCESS, STATUS

from project.common.errors import DomainError
from workflows.nodes import Begin


class ReopenActivation(StartHandleActivation):
    """Like a start, with the case it is given instead of a new one."""

    @classmethod
    def take_up(cls, node: Reopen, process: Any) -> ReopenActivation:
        """A task of the node in a case that has ended."""
        return cls(node.flow_class.task_class(flow_task=node, process=process, started=now(), data={}))

    @Activation.status.transition(source=STATUS.NEW)
    def execute(self) -> None:
        """Open the case and go on from here."""
        self.process.status = PROCESS.NEW
        self.process.finished = None
        self.process.save()
        self.complete()
        self.activate_next()


class Reopen(Begin):
    """Take a case up again from a service; its handler says whether that may be."""

    activation_class = ReopenActivation

    def run(self, *, process: Any, **kwargs: Any) -> None:
        """Take a case up again.

        Args:
            process: The case (concrete).
            **kwargs: Passed to the node's handler.

        Raises:
            DomainError: ``case_open`` if it has not ended; and those of the handler.
        """
        with self.flow_class.lock(process.pk), transaction.atomic():
            process.refresh_from_db()
            if process.status != PROCESS.DONE:
                raise DomainError("case_open", _("This is still under way."))
            activation = self.activation_class.take_up(self, process)
            this.resolve(self.flow_class.instance, self._func)(activation, **kwargs)
            activation.execute()
