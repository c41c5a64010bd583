"""Dates of stages when a cycle runs ahead, and of the tasks that follow a meeting."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from project.common.formats import date_de
from workflows.demo import driver
from workflows.flows import PlanningCycleFlow, RecommendationFlow
from workflows.models import CycleStage, DecisionResult, StageKind
from workflows.nodes import open_task
from workflows.selectors.cycles import stage_ends
from workflows.services.cycles import stage_reschedule
from workflows.services.meetings import meeting_schedule

DAY = datetime.timedelta(days=1)


@pytest.fixture
def ahead(stages):
    """The steering group is on long before the dates of stages 3 and 4."""
    cycle = stages.at_steering_group()
    today = timezone.localdate()
    for number, kind in enumerate(StageKind):
        first = today + (number * 40 + 30) * DAY
        CycleStage.objects.filter(cycle=cycle, kind=kind).update(starts_on=first, due_on=first + 30 * DAY)
    return cycle


def move(cycle, kind, first, last, user):
    stage = cycle.stages.get(kind=kind)
    stage_reschedule(stage, starts_on=first, due_on=last, reason="Läuft voraus", user=user)


def test_the_running_stage_may_begin_before_those_that_have_ended(ahead, planner):
    today = timezone.localdate()
    move(ahead, StageKind.STEERING_GROUP, today, today + 14 * DAY, planner)
    assert ahead.stages.get(kind=StageKind.STEERING_GROUP).due_on == today + 14 * DAY
    task = open_task(ahead.process, PlanningCycleFlow.prepare_steering_group)
    assert task.card.due_on != ahead.stages.get(kind=StageKind.CONFERENCE).due_on


@pytest.mark.parametrize(
    ("kind", "days", "code", "words"),
    [
        (StageKind.STEERING_GROUP, (10, 5), "stage_ends_early", "darf nicht enden, bevor sie beginnt"),
        (StageKind.SOCIAL_SPACE, (0, 5), "dates_out_of_order", "vor der Phase Steuerungsgruppe beginnen"),
        (StageKind.CONFERENCE, (0, 5), "stage_finished", "Diese Phase ist beendet"),
    ],
)
def test_a_refusal_says_which_fault_it_is(ahead, planner, kind, days, code, words):
    today = timezone.localdate()
    with pytest.raises(DomainError) as error:
        move(ahead, kind, today + days[0] * DAY, today + days[1] * DAY, planner)
    assert error.value.code == code
    assert words in str(error.value.message)


def test_finished_stages_show_when_they_really_ended(ahead, planner, client_as):
    today = timezone.localdate()
    assert stage_ends(ahead) == {1: today, 2: today, 3: today}
    text = client_as(planner).get(reverse("workflows:cycle-detail", args=[ahead.pk])).content.decode()
    assert text.count(f"beendet am {date_de(today)}") == 3


# --- Tasks that follow a meeting -----------------------------------------------------------------------


def due(process, node):
    return open_task(process, node).card.due_on


def test_the_conference_is_to_be_held_on_its_day(stages, world, planner):
    cycle = stages.at_conference()
    day = timezone.localdate() + 9 * DAY
    driver.invite_conference(cycle, [world.youth_office], user=planner, held_on=day)
    assert due(cycle.process, PlanningCycleFlow.hold_conference) == day

    sooner = day - 4 * DAY
    further(cycle, cycle.planning_conference, sooner, world, planner)
    assert due(cycle.process, PlanningCycleFlow.hold_conference) == sooner

    stage = cycle.stages.get(kind=StageKind.CONFERENCE)
    move(cycle, StageKind.CONFERENCE, stage.starts_on, stage.due_on + 5 * DAY, planner)
    assert due(cycle.process, PlanningCycleFlow.hold_conference) == sooner, "it keeps the day of its meeting"


def further(cycle, body, day, world, user):
    return meeting_schedule(
        cycle, body=body, held_on=day, place="Kreishaus", participants=[world.youth_office], user=user
    )


def test_a_decision_is_to_be_recorded_the_day_after_its_meeting(stages, world, planner):
    cycle = stages.at_steering_group()
    recommendation = cycle.recommendations.get()
    node = RecommendationFlow.decide_recommendation
    day = timezone.localdate() + 9 * DAY
    assert due(recommendation.process, node) != day + DAY
    driver.invite_steering_group(cycle, user=planner, held_on=day)
    assert due(recommendation.process, node) == day + DAY


def test_what_was_postponed_is_due_after_the_meeting_that_takes_it_up_again(stages, world, planner, chair):
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    node = RecommendationFlow.decide_recommendation
    until = timezone.localdate() + 30 * DAY
    driver.decide(
        recommendation, meeting, DecisionResult.POSTPONED, user=chair, reason="x", postponed_until=until
    )
    assert due(recommendation.process, node) == until
    further(cycle, cycle.steering_group, until - 5 * DAY, world, planner)
    assert due(recommendation.process, node) == until, "it was put off beyond this meeting"
    further(cycle, cycle.steering_group, until + 5 * DAY, world, planner)
    assert due(recommendation.process, node) == until + 6 * DAY


def test_meetings_of_others_move_nothing(stages, world, planner):
    cycle = stages.at_steering_group()
    recommendation = cycle.recommendations.get()
    before = due(recommendation.process, RecommendationFlow.decide_recommendation)
    further(cycle, cycle.planning_conference, timezone.localdate() + 3 * DAY, world, planner)
    assert due(recommendation.process, RecommendationFlow.decide_recommendation) == before


def test_a_meeting_outside_its_stage_is_taken_with_a_warning(stages, world, planner, client_as):
    cycle = stages.at_steering_group()
    stage = cycle.stages.get(kind=StageKind.STEERING_GROUP)
    page = reverse("workflows:meeting-create", args=[cycle.pk])
    client = client_as(planner)
    data = {
        "body": world.steering_group.pk,
        "place": "Kreishaus",
        "participants": [world.youth_office.pk],
    }
    hint = client.get(page).content.decode()
    assert f"vom {date_de(stage.starts_on)} bis zum {date_de(stage.due_on)}" in hint

    for day, is_warned in ((stage.due_on + DAY, True), (stage.due_on, False)):
        shown = client.post(page, data | {"held_on": day.isoformat()}, follow=True).content.decode()
        assert ("liegt außerhalb der Termine der Phase" in shown) is is_warned
    assert cycle.meetings.filter(body=world.steering_group).count() == 2
