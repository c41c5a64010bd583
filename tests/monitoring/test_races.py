"""Two deliveries accepted at the same moment: the later one succeeds the earlier one's figures."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection

from monitoring.models import Value
from monitoring.services import deliveries
from stakeholders.models import Organisation
from tests import factories
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race

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
        monkeypatch.setattr(deliveries, "Organisation", NoLock)
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


class NoLock:
    """What the service was before."""

    class objects:  # noqa: N801
        """A manager that locks nothing."""

        @staticmethod
        def select_for_update(**_kwargs: Any) -> Any:
            """Rows without a lock."""
            return Organisation.objects
