"""Going to the page of a task as a person does."""

from __future__ import annotations

import datetime
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Process, Task

from stakeholders.models import Organisation
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


#: The button of the page that reads a decision back: without it nothing is recorded.
SURE = {"sure": "1"}


def vote_fields(seats: Any, choice: str = "yes") -> dict[str, str]:
    """Form fields of a choice at every voting seat, sent by who has read them back."""
    return SURE | {f"vote-{seat.pk}": choice for seat in seats if seat.is_voting}


def condition_fields(
    text: str, organisation: Organisation, number: int = 1, days: int = 30
) -> dict[str, str]:
    """Form fields of a condition of a decision."""
    due_on = timezone.localdate() + datetime.timedelta(days=days)
    row = f"condition-{number}"
    return {
        f"{row}-text": text,
        f"{row}-organisation": str(organisation.pk),
        f"{row}-due_on": due_on.isoformat(),
    }
