"""Loads the demo once: catalogue, templates and the three territories."""

from __future__ import annotations

import datetime

from django.db import transaction

from stakeholders.models import User
from workflows.demo import euskirchen, rbk, stolberg
from workflows.demo.catalogue import load_units
from workflows.demo.schedule import LENGTHS
from workflows.models import CycleTemplate, CycleTemplateStage


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
