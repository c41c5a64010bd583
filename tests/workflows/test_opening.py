"""What a new cycle takes over from the last one, and what it may be made of."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import ActionPlan, Measure, MeasureStatus, Stage
from project.common.errors import DomainError
from stakeholders.models import LogEntry, Organisation
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver, evaluation_steps
from workflows.flows import PlanningCycleFlow
from workflows.models import (
    DecisionResult,
    EvaluationOutcome,
    NoMeasureReason,
    PlanningCycle,
    RecommendationKind,
)
from workflows.nodes import complete_task, open_task
from workflows.selectors.implementation import approved_recommendations
from workflows.selectors.opening import measures_to_carry, opening_choices, recommendations_to_carry
from workflows.services.cycles import Supply
from workflows.services.shaping import shaping_finish


def _closed(stages: Stages, world: World) -> tuple[PlanningCycle, Measure]:
    """A closed cycle with a measure that goes on."""
    cycle, measure = stages.at_evaluation()
    planner = world.fresh("planner")
    evaluation_steps.evaluate(measure, EvaluationOutcome.CONTINUE, effect="Wirkt", user=planner)
    driver.close(cycle, user=planner)
    return cycle, measure


def _leave_without_measure(cycle: PlanningCycle, world: World) -> None:
    recommendation = cycle.recommendations.get()
    reasons = {recommendation.pk: " Der Verein macht es von sich aus. "}
    planner = world.fresh("planner")
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.shape_measures),
        user=planner,
        act=lambda process: shaping_finish(process.cycle, reasons=reasons, user=planner),
    )


def _refusal(world: World, **kwargs: Any) -> str:
    with pytest.raises(DomainError) as refused:
        factories.make_cycle(world, title="Der nächste", **kwargs)
    assert not PlanningCycle.objects.filter(title="Der nächste").exists()
    return refused.value.code


# --- without a measure -----------------------------------------------------------------------------


def test_the_reason_for_no_measure_is_kept_and_read_from_its_table(stages: Stages, world: World) -> None:
    cycle = stages.at_social_space()
    recommendation = cycle.recommendations.get()
    _leave_without_measure(cycle, world)
    kept = NoMeasureReason.objects.get()
    assert (kept.recommendation, kept.given_by, kept.reason) == (
        recommendation,
        world.people["planner"],
        "Der Verein macht es von sich aus.",
    )
    assert [line.reason for line in approved_recommendations(cycle)] == [kept.reason]
    with pytest.raises(TypeError):
        kept.delete()


def test_what_was_left_without_a_measure_is_not_offered_again(stages: Stages, world: World) -> None:
    planner = world.fresh("planner")
    cycle = stages.at_social_space()
    _leave_without_measure(cycle, world)
    driver.end_implementation(cycle, user=planner)
    driver.close(cycle, user=planner)
    assert list(recommendations_to_carry(cycle)) == []
    NoMeasureReason.objects.all()._raw_delete("default")
    assert list(recommendations_to_carry(cycle)) == [cycle.recommendations.get()], "it is the reason"


# --- running ones ----------------------------------------------------------------------------------


def test_running_measures_go_on_whatever_was_chosen(stages: Stages, world: World, client_as: Any) -> None:
    cycle, measure = _closed(stages, world)
    page = client_as(world.fresh("planner")).get(reverse("workflows:cycle-create")).content.decode()
    assert measure.title in page
    assert f'value="{measure.pk}" id="id_carried_measures' not in page
    successor = factories.make_cycle(world, title="Der nächste", predecessor=cycle, carried_measures=[])
    assert [item.measure for item in successor.carried_items.all()] == [measure]
    measure.process.refresh_from_db()
    assert measure.process.cycle == successor


def test_an_agreed_measure_that_had_begun_goes_on_as_well(stages: Stages, world: World) -> None:
    cycle, measure = _closed(stages, world)
    Measure.objects.filter(pk=measure.pk).update(status=MeasureStatus.AGREED, stage=Stage.TWO)
    assert list(measures_to_carry(cycle)) == [measure]
    choices = opening_choices(world.territory)
    assert choices.running == [measure]


def test_what_has_not_begun_is_a_choice(stages: Stages, world: World) -> None:
    planner = world.fresh("planner")
    cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    driver.end_implementation(cycle, user=planner)
    driver.close(cycle, user=planner)
    assert opening_choices(world.territory).running == []
    assert opening_choices(world.territory).measures == [measure]
    successor = factories.make_cycle(world, title="Der nächste", predecessor=cycle)
    assert not successor.carried_items.exists()


def test_the_log_says_what_was_carried_over(stages: Stages, world: World) -> None:
    cycle, measure = _closed(stages, world)
    successor = factories.make_cycle(world, title="Der nächste", predecessor=cycle)
    data = LogEntry.objects.get(action="cycle.opened", object_id=successor.pk).data
    assert (data["predecessor"], data["measures"], data["recommendations"]) == (
        cycle.title,
        [str(measure)],
        [],
    )


# --- what belongs to others ------------------------------------------------------------------------


def test_only_what_the_predecessor_left_open_is_carried(stages: Stages, world: World) -> None:
    cycle, measure = _closed(stages, world)
    other = stages.measure()
    decided = cycle.recommendations.exclude(kind=RecommendationKind.EVALUATION).get()
    assert _refusal(world, predecessor=cycle, carried_measures=[measure, other]) == "not_to_carry"
    assert _refusal(world, predecessor=cycle, carried_recommendations=[decided]) == "not_to_carry"
    assert _refusal(world, carried_measures=[measure]) == "not_to_carry"


def test_plan_planning_unit_and_suppliers_are_of_the_territory(world: World) -> None:
    plan = ActionPlan.objects.create(
        territory=world.neighbour, title="Konzept nebenan", ends_on=datetime.date(2028, 12, 31)
    )
    unit = Organisation.objects.get(name="Sozialplanung Nachbarkreis")
    assert _refusal(world, plan=plan) == "foreign_plan"
    assert _refusal(world, planning_unit=unit) == "foreign_organisation"
    assert _refusal(world, supplies=[Supply(unit, world.indicators)]) == "foreign_organisation"
    assert _refusal(world, supplies=[Supply(world.funder, world.indicators)]) == "foreign_organisation"


def test_the_predecessor_is_of_the_territory(stages: Stages, world: World) -> None:
    cycle, _measure = _closed(stages, world)
    PlanningCycle.objects.filter(pk=cycle.pk).update(territory=world.neighbour)
    assert _refusal(world, predecessor=PlanningCycle.objects.get(pk=cycle.pk)) == "foreign_predecessor"


@pytest.mark.parametrize("typed", ["2024-02-31", "9999-12-31", "x", ""])
def test_an_odd_beginning_proposes_dates_from_today(typed: str, world: World, client_as: Any) -> None:
    client: Client = client_as(world.fresh("planner"))
    data = {"prefill": "1", "begins_on": typed, "template": "²"}
    response = client.post(reverse("workflows:cycle-create"), data)
    assert response.status_code == 200
    assert response.context["form"]["begins_on"].value() == timezone.localdate()


def test_what_was_approved_late_is_offered_until_a_reason_is_given(stages: Stages, world: World) -> None:
    planner, chair = world.fresh("planner"), world.fresh("chair")
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=chair)
    assert list(recommendations_to_carry(cycle)) == [recommendation]
    NoMeasureReason.objects.create(recommendation=recommendation, reason="Erledigt", given_by=planner)
    assert list(recommendations_to_carry(cycle)) == []
