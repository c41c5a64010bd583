"""Two people take over lists of operations at the same moment: nothing is there twice.

Guard off first, then on, as in ``test_races``. Needs a database that serves several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres pytest tests/flows/test_operation_race.py -n0
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from measures.models import Operation, OperationImport
from measures.services import operations as services
from measures.services.operations import STAY, operations_discard, operations_preview, operations_take
from tests.factories import World
from tests.flows.test_races import MeetingPoint, _refusals, race
from tests.operations import line, read

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service without its locks."""
    rows = SimpleNamespace(select_for_update=lambda **_kwargs: OperationImport._default_manager)
    monkeypatch.setattr(services, "OperationImport", SimpleNamespace(objects=rows))
    monkeypatch.setattr(services, "funder_hold", lambda _key: None)


@pytest.mark.parametrize("is_guarded", [False, True])
def test_one_list_taken_over_by_two_people_is_there_once(
    world: World, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    kept, user = read(world, line(), line("B")), world.fresh("funder_reader")
    # With the guard the second never gets here while the first does.
    meeting = MeetingPoint(2 if is_guarded else None)
    monkeypatch.setattr(services, "operations_preview", meeting.after(operations_preview))
    if not is_guarded:
        unguarded(monkeypatch)

    def take() -> Any:
        return operations_take(kept, user=user)

    refused = _refusals(race(take, take))
    assert meeting.has_met is not is_guarded
    assert Operation.objects.count() == (2 if is_guarded else 4), "twice without the guard"
    assert refused == (["import_closed"] if is_guarded else [])


@pytest.mark.parametrize("is_guarded", [False, True])
def test_two_lists_with_the_same_rows_are_compared_one_after_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch, is_guarded: bool
) -> None:
    first, second = read(world, line(), line("B")), read(world, line(), line("C"))
    user = world.fresh("funder_reader")
    meeting = MeetingPoint(2 if is_guarded else None)
    monkeypatch.setattr(services, "operations_preview", meeting.after(operations_preview))
    if not is_guarded:
        unguarded(monkeypatch)
    results = race(
        lambda: operations_take(first, gone=STAY, user=user),
        lambda: operations_take(second, gone=STAY, user=user),
    )
    assert _refusals(results) == []
    assert Operation.objects.filter(beneficiary="Verein A").count() == (1 if is_guarded else 2)


def test_one_discards_what_another_takes_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, user = read(world, line()), world.fresh("funder_reader")
    meeting = MeetingPoint(2)
    monkeypatch.setattr(services, "_held", meeting.before(services._held))
    results = race(
        lambda: operations_take(kept, user=user),
        lambda: operations_discard(kept, user=user),
    )
    assert meeting.has_met
    assert _refusals(results) == ["import_closed"]
    kept.refresh_from_db()
    assert Operation.objects.count() == (1 if kept.state == "taken" else 0)
