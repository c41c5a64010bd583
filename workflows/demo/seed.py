"""Loads the demo once: catalogue, templates and the three territories."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone
from viewflow.workflow.models import Task

from stakeholders.models import User
from workflows.demo import euskirchen, rbk, stolberg
from workflows.demo.catalogue import load_units
from workflows.demo.schedule import LENGTHS
from workflows.models import CycleTemplate, CycleTemplateStage, TaskCard

#: A task is usually asked for this long before it is due (days).
USUAL_DAYS = 42


def is_loaded() -> bool:
    """Whether the demo's people exist."""
    return User.objects.filter(is_demo=True).exists()


@transaction.atomic
def load(today: datetime.date) -> None:
    """Load everything in one transaction: a broken demo leaves nothing behind.

    Args:
        today: Day around which the dates of the cycles are laid.
    """
    load_units()
    template = CycleTemplate.objects.create(
        name="Drei Jahre", description="Sieben Phasen von den Daten bis zur Evaluation."
    )
    CycleTemplateStage.objects.bulk_create(
        CycleTemplateStage(template=template, kind=kind, duration_days=days) for kind, days in LENGTHS.items()
    )
    euskirchen.seed(today)
    rbk.seed(today)
    stolberg.seed(today)
    _age_open_tasks(today)


def _age_open_tasks(today: datetime.date) -> None:
    """Open tasks have waited for a while: as many days as a task of that due date usually has by now."""
    for card in TaskCard.objects.filter(is_open=True).select_related("task"):
        asked_on = min(card.due_on - datetime.timedelta(days=USUAL_DAYS), today)
        moment = timezone.make_aware(datetime.datetime.combine(asked_on, datetime.time(9)))
        Task.objects.filter(pk=card.task_id).update(created=min(moment, timezone.now()))
