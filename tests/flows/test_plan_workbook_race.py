"""A workbook is taken over while somebody changes one of its measures: nothing is lost.

Guard off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_plan_workbook_race.py -n0
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from measures.models import Measure
from measures.services.measures import measure_create, measure_lock
from measures.workbook.layout import MEASURES
from tests.factories import World
from tests.flows.test_races import PATIENCE, MeetingPoint, _refusals, race
from tests.measures.test_services_measures import fields
from tests.measures.workbooks import put
from tests.workflows.test_plan_workbook import apply, come_back
from workflows import plan_importing, plan_writing

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


@pytest.mark.parametrize("is_guarded", [False, True])
def test_a_change_made_while_a_workbook_is_taken_over_stays(
    world: World, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    measure = measure_create(plan=world.plan, user=world.fresh("planner"), **fields(world))
    kept = come_back(world, put(MEASURES, 2, title="Aus der Datei"))
    meeting, is_written = MeetingPoint(20), threading.Event()
    read = plan_writing.fields_of_measure

    def read_and_wait(row: Measure) -> Any:
        found = read(row)
        meeting()
        is_written.wait(PATIENCE)
        return found

    monkeypatch.setattr(plan_writing, "fields_of_measure", read_and_wait)
    if not is_guarded:
        monkeypatch.setattr(plan_importing, "measures_hold", lambda _keys: None)

    def colleague() -> None:
        meeting()
        with transaction.atomic():
            row = Measure.objects.get(pk=measure.pk)
            measure_lock(row)
            row.target_group = "Väter"
            row.save(update_fields=["target_group"])
        is_written.set()

    assert _refusals(race(lambda: apply(world, kept), colleague)) == []
    measure.refresh_from_db()
    assert meeting.has_met
    assert measure.title == "Aus der Datei"
    assert measure.target_group == ("Väter" if is_guarded else ""), "lost without the guard"
