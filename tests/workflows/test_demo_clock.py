"""The demo's clock: the past carries its own dates, and the present goes on afterwards."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from viewflow.workflow.models import Process, Task

from stakeholders.models import LogEntry
from tests.stages import Stages
from workflows.demo import clock


def test_what_happens_inside_is_of_that_day(stages: Stages) -> None:
    day = datetime.date(2023, 3, 22)
    before = timezone.now()
    known = set(LogEntry.objects.values_list("pk", flat=True))
    with clock.on(day):
        cycle = stages.at_data()
    assert timezone.localdate(cycle.opened_at) == day
    assert {timezone.localdate(row.created) for row in Process.objects.all()} == {day}
    assert {timezone.localdate(row.created) for row in Task.objects.all()} == {day}
    assert {timezone.localdate(row.at) for row in LogEntry.objects.exclude(pk__in=known)} == {day}
    assert timezone.now() >= before


@pytest.mark.django_db
def test_no_day_to_come() -> None:
    before = timezone.now()
    with clock.on(timezone.localdate() + datetime.timedelta(days=3)):
        assert before <= timezone.now() < before + datetime.timedelta(days=1)
