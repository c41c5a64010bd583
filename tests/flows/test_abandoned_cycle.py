"""A cycle that is given up: by whom, until when, and what is left of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from workflows.abandoning import cycle_abandon
from workflows.demo import driver
from workflows.models import DataRequestState, DecisionResult, PlanningCycle, RecommendationState, TaskCard
from workflows.recommendation_cases import decision_take_up
from workflows.timers import timers_fire


def page(cycle):
    return reverse("workflows:cycle-abandon", args=[cycle.pk])


def open_cards(cycle):
    """Of the cycle itself: the minutes of a meeting that was held are written all the same."""
    return TaskCard.objects.filter(cycle=cycle, is_open=True, task__process__minutesprocess__isnull=True)


@pytest.mark.parametrize(
    "stage", ["at_data", "at_analysis", "at_conference", "in_conference", "at_steering_group"]
)
def test_nothing_is_left_open_in_any_stage_before_measures(stages, world, stage):
    cycle = getattr(stages, stage)()
    cycle_abandon(cycle, reason="Versehentlich eröffnet", user=world.fresh("planning_head"))
    timers_fire()
    cycle.refresh_from_db()
    assert cycle.is_closed
    assert cycle.abandon_reason == "Versehentlich eröffnet"
    assert not open_cards(cycle).exists()
    assert cycle.process.finished is not None
    states = set(cycle.requests.values_list("state", flat=True))
    assert states <= {DataRequestState.ACCEPTED, DataRequestState.WAIVED}
    assert set(cycle.recommendations.values_list("state", flat=True)) <= {RecommendationState.WITHDRAWN}
    assert LogEntry.objects.get(action="cycle.abandoned").data == {"reason": "Versehentlich eröffnet"}


def test_the_next_one_can_be_opened_at_once(stages, world):
    cycle = stages.at_data()
    cycle_abandon(cycle, reason="Falsche Jahre", user=world.fresh("planning_head"))
    following = factories.make_cycle(
        world, title="Der richtige", predecessor=PlanningCycle.objects.get(pk=cycle.pk)
    )
    assert open_cards(following).count() == 2


def test_the_head_of_planning_gives_up_with_a_reason(client_as, stages, planning_head):
    cycle = stages.at_data()
    client = client_as(planning_head)
    assert page(cycle) in client.get(reverse("workflows:cycle-detail", args=[cycle.pk])).content.decode()
    assert client.get(page(cycle)).status_code == 200
    assert client.post(page(cycle), {"reason": "  "}).status_code == 422
    cycle.refresh_from_db()
    assert not cycle.is_closed
    response = client.post(page(cycle), {"reason": "Doppelt eröffnet"}, follow=True)
    assert "Doppelt eröffnet" in response.content.decode()
    assert client.get(page(cycle)).status_code == 403


def test_nobody_else_gives_it_up(client_as, stages, world):
    cycle = stages.at_data()
    refused = {"planner": 403, "head": 403, "chair": 403, "admin": 404, "outsider": 404, "funder_reader": 404}
    for name, status in refused.items():
        assert client_as(world.fresh(name)).post(page(cycle), {"reason": "Nein"}).status_code == status, name
    with pytest.raises(PermissionDenied):
        cycle_abandon(cycle, reason="Nein", user=world.fresh("planner"))
    cycle.refresh_from_db()
    assert not cycle.is_closed


def test_not_once_measures_have_come_from_it(client_as, stages, world, planning_head):
    cycle, _measure = stages.at_agreement()
    assert client_as(planning_head).get(page(cycle)).status_code == 403
    with pytest.raises(DomainError) as error:
        cycle_abandon(cycle, reason="Zu spät", user=world.fresh("planning_head"))
    assert error.value.code == "has_measures"


def test_extracts_are_issued_first(stages, world):
    cycle, meeting = stages.in_steering_group(("Eins",))
    recommendation = cycle.recommendations.get()
    chair = world.fresh("chair")
    driver.decide(
        recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Zu grob", issues_extract=False
    )
    with pytest.raises(DomainError, match="extract_outstanding"):
        cycle_abandon(cycle, reason="Überholt", user=world.fresh("planning_head"))

    driver.issue_extract(recommendation, user=chair)
    cycle_abandon(cycle, reason="Überholt", user=world.fresh("planning_head"))

    recommendation.refresh_from_db()
    assert (recommendation.state, recommendation.withdraw_reason) == ("withdrawn", "Überholt")


def test_a_decision_that_was_taken_up_again_stands(stages, world):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    recommendation = cycle.recommendations.get(number=1)
    chair = world.fresh("chair")
    decision = driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=chair)
    decision_take_up(decision, reason="Neue Zahlen", wants_new_wording=True, user=chair)

    cycle.refresh_from_db()
    cycle_abandon(cycle, reason="Überholt", user=world.fresh("planning_head"))

    recommendation.refresh_from_db()
    assert recommendation.state == RecommendationState.APPROVED
