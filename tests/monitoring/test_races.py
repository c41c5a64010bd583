"""Two deliveries accepted, two files taken over at the same moment: nothing is lost and nothing is double."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.db import IntegrityError, connection

from monitoring.catalogue import read_catalogue
from monitoring.catalogue.ready import READY_SETS, ready_content
from monitoring.models import FileImport, ImportKind, IndicatorSet, Value
from monitoring.selectors.catalogue_plan import Existing
from monitoring.services import catalogue, deliveries
from monitoring.services.imports import file_import_begin
from monitoring.services.readings import Upload
from stakeholders.models import LogEntry, Organisation
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race, unheld

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="races need PostgreSQL"),
]


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_suppliers_of_the_same_figure(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    """Both see that nothing is in force yet; without the lock the constraint answers the second one."""
    key = (world.indicators[0], world.areas[0], 2024)
    both = [
        factories.delivery(supplier, {key: 10.0 + number}, world.people["head"])
        for number, supplier in enumerate((world.youth_office, world.jobcenter))
    ]
    if not has_lock:
        monkeypatch.setattr(deliveries, "Organisation", unheld(Organisation))
    point = MeetingPoint()
    # Before values come into force: where both have looked and neither has written.
    queryset = type(Value.objects.all())
    update = queryset.update

    def meeting_update(self: Any, **kwargs: Any) -> int:
        if kwargs == {"is_current": True}:
            point()
        return update(self, **kwargs)

    monkeypatch.setattr(queryset, "update", meeting_update)

    planner = world.people["planner"]
    results = race(*[lambda row=row: deliveries.delivery_accept(row, user=planner) for row in both])

    current = Value.objects.filter(indicator=key[0], area=key[1], year=key[2], is_current=True)
    assert current.count() == 1
    if has_lock:
        assert sorted(results) == [0, 1]
    else:
        assert sum(isinstance(result, IntegrityError) for result in results) == 1


@pytest.mark.parametrize("has_lock", [False, True])
def test_two_windows_take_over_the_same_file_of_the_catalogue(
    world: World, monkeypatch: pytest.MonkeyPatch, has_lock: bool
) -> None:
    """The second is told that it is there already; without the locks both write it and log it."""
    planner = world.fresh("planner")
    content = ready_content(next(iter(READY_SETS)))
    taken = Upload("katalog.json", content, hashlib.sha256(content).hexdigest())
    row = file_import_begin(kind=ImportKind.CATALOGUE, taken=taken, territory=world.territory, user=planner)
    point = MeetingPoint()
    monkeypatch.setattr(catalogue, "catalogue_plan", point.after(catalogue.catalogue_plan))
    if not has_lock:
        monkeypatch.setattr(catalogue, "_hold_catalogue", lambda: None)
        monkeypatch.setattr(catalogue, "file_import_finish", lambda row: None)

    def take_over() -> Any:
        return catalogue.catalogue_take_over(
            file=read_catalogue(content),
            existing=Existing.KEEP,
            origin={"file": row.file_name, "sha256": row.sha256},
            territory=world.territory,
            user=world.fresh("planner"),
            imported=FileImport.objects.get(pk=row.pk),
        )

    results = race(take_over, take_over)

    errors = [result for result in results if isinstance(result, Exception)]
    if not has_lock:
        assert point.has_met
        return
    assert [getattr(error, "code", error) for error in errors] == ["import_gone"]
    assert LogEntry.objects.filter(action__startswith="catalogue.").count() == 1
    keys = list(IndicatorSet.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) >= 1
