"""A profile is saved while all of them are released: what is released stays as it is."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.stages import Stages
from workflows.models import AreaProfile, PlanningCycle
from workflows.services.analysis import profile_save, profiles_release

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.mark.parametrize("is_locked", [False, True], ids=["lock off", "lock on"])
def test_a_profile_is_saved_while_it_is_released(
    is_locked: bool, stages: Stages, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cycle = stages.at_conference()
    AreaProfile.objects.filter(cycle=cycle).update(released_at=None)
    profile = AreaProfile.objects.filter(cycle=cycle)[0]
    planner = world.fresh("planner")
    meet, is_checked, save = MeetingPoint(), threading.Event(), AreaProfile.save

    def save_later(row: AreaProfile, **kwargs: Any) -> None:
        is_checked.set()
        meet()
        save(row, **kwargs)

    def release() -> None:
        is_checked.wait(timeout=20)
        profiles_release(PlanningCycle.objects.get(pk=cycle.pk), user=world.fresh("planning_head"))
        meet()

    monkeypatch.setattr(AreaProfile, "save", save_later)
    if not is_locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows.all())
    results = race(
        lambda: profile_save(profile, strengths="", weaknesses="Wohnungsnot", potentials="", user=planner),
        release,
    )
    assert results == [None, None]
    after = AreaProfile.objects.get(pk=profile.pk)
    assert after.released_at is not None
    assert (after.edited_at is not None, after.weaknesses) == (True, "Wohnungsnot")
    # With the lock the release waits for the text; without it the text changes after the release.
    assert meet.has_met is not is_locked
