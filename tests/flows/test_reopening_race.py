"""A delivery is expected again just as the cycle goes to the conference: before or after, not in between."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from tests.factories import World
from tests.flows.test_races import MeetingPoint, race
from tests.stages import Stages
from workflows.engine import request_expect_again, request_go_on_without
from workflows.flows import PlanningCycleFlow
from workflows.models import DataRequest, DataRequestState, PlanningCycle, StageKind
from workflows.nodes import complete_task, open_task
from workflows.services import analysis, cycles, deliveries

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time"),
]


@pytest.fixture
def cycle(stages: Stages, world: World) -> PlanningCycle:
    """Gone on without all deliveries; the profiles wait for their release."""
    found = stages.at_data()
    planner, area = world.fresh("planner"), world.areas[0]
    for request in found.requests.all():
        request_go_on_without(request, reason="Kein Verfahren", user=planner)
    complete_task(
        open_task(found.process, PlanningCycleFlow.run_analysis),
        user=planner,
        act=lambda process: analysis.areas_choose(
            process.cycle, run=None, areas=[area], reasons={area.pk: "Hinweis"}, drafts={}, user=planner
        ),
    )
    return found


@pytest.mark.parametrize("is_locked", [False, True], ids=["lock off", "lock on"])
def test_expected_again_while_the_profiles_are_released(
    is_locked: bool, cycle: PlanningCycle, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = cycle.requests.get(organisation=world.youth_office)
    planner = world.fresh("planner")
    meet = MeetingPoint()
    monkeypatch.setattr(deliveries, "may_reopen", meet.after(deliveries.may_reopen))
    monkeypatch.setattr(cycles, "stage_enter", meet.after(cycles.stage_enter))
    if not is_locked:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **kwargs: rows.all())

    def expect() -> Any:
        return request_expect_again(
            DataRequest.objects.get(pk=request.pk), reason="Doch lieferbar", user=planner
        )

    def release() -> None:
        task = open_task(cycle.process, PlanningCycleFlow.write_profiles)
        complete_task(task, user=planner, act=lambda process: None)

    results = race(expect, release)
    assert meet.has_met is not is_locked
    if not is_locked:
        return
    for result in results:
        assert result is None or (isinstance(result, DomainError) and result.code == "analysis_finished")
    cycle.refresh_from_db()
    request.refresh_from_db()
    assert (cycle.stage, request.state) == (StageKind.CONFERENCE, DataRequestState.WAIVED)
    assert not Task.objects.filter(process=request.process, finished=None).exists()
