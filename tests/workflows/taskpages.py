"""Going to the page of a task as a person does."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse
from viewflow.workflow.models import Process, Task

from workflows.nodes import GuardedView, open_task


def page_of(task: Task) -> str:
    """Address of the page on which a step is done."""
    reverse("workflows:inbox")  # the engine knows its addresses only once they have been loaded
    return str(task.flow_task.reverse("execute", args=[task.process_id, task.pk]))


def take(client: Client, process: Process, node: GuardedView) -> str:
    """Take the open task of a step, unless it is the person's already; returns the address of its page."""
    task = open_task(process, node)
    if task.owner_id is None:
        client.post(reverse("workflows:task-take", args=[task.pk]))
    return page_of(task)


def vote_fields(seats: Any, choice: str = "yes") -> dict[str, str]:
    """Form fields of a choice at every voting seat."""
    return {f"vote-{seat.pk}": choice for seat in seats if seat.is_voting}
