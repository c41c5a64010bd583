"""A delivery the cycle went on without is expected again; and areas are chosen where there are no figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS

from monitoring.models import Value
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows.demo import driver
from workflows.engine import request_expect_again, request_go_on_without
from workflows.flows import DeliveryFlow, PlanningCycleFlow
from workflows.models import DataRequest, DataRequestState, PlanningCycle, StageKind, TaskCard
from workflows.nodes import open_task
from workflows.services.analysis import areas_choose

ClientAs = Callable[[User], Client]


def _waive_all(cycle: PlanningCycle, world: World) -> None:
    for request in cycle.requests.all():
        request_go_on_without(request, reason="Kein Verfahren", user=world.fresh("planner"))
    cycle.refresh_from_db()


def _request(cycle: PlanningCycle, world: World) -> DataRequest:
    found: DataRequest = cycle.requests.get(organisation=world.youth_office)
    return found


def _expect(request: DataRequest, world: World, name: str = "planner") -> None:
    request_expect_again(
        DataRequest.objects.get(pk=request.pk), reason="Doch lieferbar", user=world.fresh(name)
    )
    request.refresh_from_db()


def _write_profiles(cycle: PlanningCycle, world: World) -> None:
    """Choose areas without an index, write and release their profiles."""
    planner = world.fresh("planner")
    driver.analyse(
        cycle,
        None,
        world.areas[:1],
        user=planner,
        drafts={world.areas[0].pk: ("Vereine", "Wohnungsnot", "Räume")},
        reasons={world.areas[0].pk: "Hinweis der Stadt"},
    )
    cycle.refresh_from_db()


# --- expecting a delivery again --------------------------------------------------------------------


def test_a_delivery_expected_again_comes_and_counts(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    assert cycle.stage == StageKind.ANALYSIS
    request = _request(cycle, world)
    _expect(request, world)
    assert (request.state, request.waive_reason) == (DataRequestState.OPEN, "")
    reopening = request.reopenings.get()
    assert (reopening.waive_reason, reopening.reason) == ("Kein Verfahren", "Doch lieferbar")
    entry = LogEntry.objects.get(action="delivery.reopened", object_id=request.pk)
    assert (entry.user, entry.data["reason"]) == (world.people["planner"], "Doch lieferbar")
    task = open_task(request.process, DeliveryFlow.provide_data)
    assert task.card.due_on == request.due_on >= timezone.localdate()

    specialist = world.fresh("specialist")
    delivery = factories.delivery(
        request.organisation, factories.full_values(request, world.areas), specialist
    )
    driver.deliver(request, delivery, user=specialist)
    driver.review(request, is_accepted=True, user=world.fresh("planner"))
    request.refresh_from_db()
    request.process.refresh_from_db()
    assert (request.state, request.process.status) == (DataRequestState.ACCEPTED, PROCESS.DONE)


def test_the_stage_of_data_waits_for_what_is_expected_again(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    request, other = _request(cycle, world), cycle.requests.get(organisation=world.jobcenter)
    request_go_on_without(request, reason="Kein Verfahren", user=world.fresh("planner"))
    _expect(request, world)
    request_go_on_without(other, reason="Kein Verfahren", user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.DATA
    request_go_on_without(request, reason="Doch nicht", user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS


def test_what_has_not_come_when_the_profiles_are_released_is_called_off(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    request = _request(cycle, world)
    _expect(request, world)
    _write_profiles(cycle, world)
    assert cycle.stage == StageKind.CONFERENCE
    request.refresh_from_db()
    assert (request.state, request.waive_reason) == (DataRequestState.WAIVED, "Kein Verfahren")
    request.process.refresh_from_db()
    assert request.process.status == PROCESS.DONE
    assert not Task.objects.filter(process=request.process, finished=None).exists()
    assert not TaskCard.objects.filter(task__process=request.process, is_open=True).exists()


def test_after_the_analysis_it_is_too_late(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    _write_profiles(cycle, world)
    request = _request(cycle, world)
    with pytest.raises(DomainError) as refused:
        _expect(request, world)
    assert refused.value.code == "analysis_finished"
    request.process.refresh_from_db()
    assert request.process.status == PROCESS.DONE
    assert not request.reopenings.exists()


def test_what_is_expected_anyway_is_not_taken_up(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    with pytest.raises(DomainError) as refused:
        _expect(_request(cycle, world), world)
    assert refused.value.code == "case_open"


def test_an_accepted_delivery_is_corrected_and_the_earlier_figures_stay_readable(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    request = _request(stages.at_analysis(), world)
    figures = factories.full_values(request, world.areas)
    cell = next(iter(figures))
    before = Value.objects.get(is_current=True, indicator=cell[0], area=cell[1], year=cell[2])
    detail, url = (reverse(f"workflows:request-{name}", args=[request.pk]) for name in ("detail", "reopen"))
    planner = client_as(world.fresh("planner"))
    assert "Berichtigung" in planner.get(url).content.decode()
    assert planner.post(url, {"reason": "Zahlendreher"}).status_code == 302
    request.refresh_from_db()
    before.refresh_from_db()
    assert (request.state, before.is_current) == (DataRequestState.OPEN, True)
    # Who delivered has the task again, with the reason.
    specialist = world.fresh("specialist")
    client = client_as(specialist)
    page = client.get(take(client, request.process, DeliveryFlow.provide_data))
    assert "Zahlendreher" in page.content.decode()
    assert page.context["earlier"] == request.delivery
    assert "Ohne Berichtigung weitergehen" in planner.get(detail).content.decode()
    requests = planner.get(reverse("workflows:request-list", args=[request.cycle_id])).content.decode()
    assert "Berichtigung erbeten" in requests
    assert "alles" not in requests

    delivery = factories.delivery(request.organisation, figures | {cell: 31.5}, specialist)
    driver.deliver(request, delivery, user=specialist)
    driver.review(request, is_accepted=True, user=world.fresh("planner"))

    before.refresh_from_db()
    assert (before.is_current, Value.objects.filter(pk=before.pk).exists()) == (False, True)
    assert delivery.values.get(indicator=cell[0], area=cell[1], year=cell[2]).is_current
    request.refresh_from_db()
    assert (request.state, request.delivery) == (DataRequestState.ACCEPTED, delivery)


def test_without_a_correction_what_was_accepted_stays(stages: Stages, world: World) -> None:
    cycle = stages.at_analysis()
    request = _request(cycle, world)
    accepted = request.delivery
    _expect(request, world)
    draft = factories.delivery(
        request.organisation, factories.full_values(request, world.areas), world.fresh("specialist")
    )
    DataRequest.objects.filter(pk=request.pk).update(delivery=draft)

    request_go_on_without(request, reason="War richtig", user=world.fresh("planner"))

    request.refresh_from_db()
    request.process.refresh_from_db()
    assert (request.state, request.waive_reason, request.delivery) == (
        DataRequestState.ACCEPTED,
        "",
        accepted,
    )
    assert request.process.status == PROCESS.DONE
    entry = LogEntry.objects.get(action="delivery.waived", object_id=request.pk)
    assert entry.data == {"reason": "War richtig", "stays_accepted": True}


def test_a_correction_that_has_not_come_when_the_profiles_are_released_is_called_off(
    stages: Stages, world: World
) -> None:
    cycle = stages.at_analysis()
    run = stages.run(cycle)
    request = _request(cycle, world)
    _expect(request, world)
    driver.analyse(cycle, run, world.areas[:1], user=world.fresh("planner"), drafts={})
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.CONFERENCE
    request.refresh_from_db()
    assert (request.state, request.waive_reason) == (DataRequestState.ACCEPTED, "")


@pytest.mark.parametrize("name", ["specialist", "head", "chair", "admin", "outsider"])
def test_only_planning_expects_again(name: str, stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    with pytest.raises(PermissionDenied):
        _expect(_request(cycle, world), world, name)
    assert _request(cycle, world).state == DataRequestState.WAIVED


def test_a_reason_is_needed_and_read(stages: Stages, world: World, client_as: ClientAs) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    request = _request(cycle, world)
    client = client_as(world.fresh("planner"))
    page, url = (reverse(f"workflows:request-{name}", args=[request.pk]) for name in ("detail", "reopen"))
    assert url in client.get(page).content.decode()
    assert client.post(url, {"reason": " "}).status_code == 422
    assert client.post(url, {"reason": "Das neue Verfahren läuft"}).status_code == 302
    text = client_as(world.fresh("specialist")).get(page).content.decode()
    assert "Das neue Verfahren läuft" in text
    assert url not in text
    assert client.post(url, {"reason": "Noch einmal"}).status_code == 422


# --- areas without an index ------------------------------------------------------------------------


def test_without_figures_areas_are_chosen_with_a_reason(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    client = client_as(world.fresh("planner"))
    url = take(client, cycle.process, PlanningCycleFlow.run_analysis)
    text = client.get(url).content.decode()
    assert reverse("workflows:request-reopen", args=[_request(cycle, world).pk]) in text
    chosen: dict[str, Any] = {"without_index": "1", "without-areas": [str(world.areas[0].pk)]}
    assert client.post(url, chosen).status_code == 422
    assert client.post(url, chosen | {"without-reason": "Keine Zahlen"}).status_code == 302
    cycle.refresh_from_db()
    assert cycle.index_run is None
    profile = cycle.profiles.get()
    assert (profile.area, profile.choice_reason) == (world.areas[0], "Keine Zahlen")
    for name in ("profile-detail", "profile-edit"):
        assert client.get(reverse(f"workflows:{name}", args=[profile.pk])).status_code == 200
    assert (
        "Keine Zahlen" in client.get(reverse("workflows:profile-detail", args=[profile.pk])).content.decode()
    )
    for name in ("profile-list", "cycle-detail", "statement-list", "recommendation-list"):
        assert client.get(reverse(f"workflows:{name}", args=[cycle.pk])).status_code == 200


def test_a_cycle_without_any_figures_reaches_the_steering_group(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    _waive_all(cycle, world)
    _write_profiles(cycle, world)
    driver.invite_conference(cycle, [world.youth_office, world.jobcenter], user=world.fresh("planner"))
    driver.close_conference(cycle, user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP


def test_with_an_index_areas_come_from_its_ranking(stages: Stages, world: World) -> None:
    cycle = stages.at_analysis()
    stages.run(cycle)
    with pytest.raises(DomainError) as refused:
        areas_choose(
            cycle,
            run=None,
            areas=world.areas[:1],
            reasons={world.areas[0].pk: "Ohne Index"},
            drafts={},
            user=world.fresh("planner"),
        )
    assert refused.value.code == "index_computed"


def test_without_an_index_every_area_needs_a_reason_and_is_of_the_territory(
    stages: Stages, world: World
) -> None:
    cycle = stages.at_analysis()
    user = world.fresh("planner")
    choose: dict[str, Any] = {"run": None, "drafts": {}, "user": user}
    with pytest.raises(DomainError) as refused:
        areas_choose(cycle, areas=world.areas[:1], reasons={}, **choose)
    assert refused.value.code == "reason_missing"
    foreign = factories.area(world.neighbour, "Nebenan")
    with pytest.raises(DomainError) as refused:
        areas_choose(cycle, areas=[foreign], reasons={foreign.pk: "Grund"}, **choose)
    assert refused.value.code == "foreign_area"
