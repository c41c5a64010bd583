"""States and stages told beside the course of a measure, and what its case does then."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import override

from measures.models import Measure, MeasureStatus, PlanVersion, StageMove, StatusChange
from measures.moves import STATUS_RULES
from stakeholders.models import User
from tests.factories import World
from tests.flows.test_measure_flow import code_of, ended_by, soon
from tests.measures.test_services_measures import fields as measure_values
from tests.stages import Stages
from workflows.demo import driver, evaluation_steps
from workflows.engine import round_open
from workflows.flows import MeasureFlow, PlanningCycleFlow
from workflows.measure_steering import measure_stage_move, measure_status_move, submeasure_create
from workflows.models import EvaluationOutcome
from workflows.nodes import open_task

ClientAs = Callable[[User], Client]
S = MeasureStatus


def tell(measure: Measure, to: MeasureStatus, user: User, **kwargs: Any) -> None:
    values = {"effective_on": timezone.localdate(), "reason": "Stelle unbesetzt"} | kwargs
    measure_status_move(measure, to, user=user, **values)


def is_open(measure: Measure, node: Any) -> bool:
    return measure.process.task_set.filter(flow_task=node, finished__isnull=True).exists()


def test_a_suspended_measure_is_asked_for_nothing_and_goes_on(stages: Stages, world: World) -> None:
    cycle, measure = stages.at_implementation(ends_on=soon())
    specialist = world.fresh("specialist")
    assert is_open(measure, MeasureFlow.finish_measure)
    tell(measure, S.SUSPENDED, specialist)
    assert measure.status == S.SUSPENDED
    assert not is_open(measure, MeasureFlow.finish_measure), "its completion is not asked for"
    assert not measure.process.task_set.filter(card__is_open=True).exists()
    asked = code_of(
        lambda: round_open(
            cycle,
            reference_on=timezone.localdate(),
            due_on=timezone.localdate(),
            user=world.fresh("planner"),
        )
    )
    assert asked == "nothing_to_report"

    tell(measure, S.RUNNING, specialist)
    assert is_open(measure, MeasureFlow.finish_measure), "asked again"
    driver.complete(measure, ended_on=timezone.localdate(), summary="Fertig", user=specialist)
    assert ended_by(measure.process) == "completed"
    told = list(StatusChange.objects.filter(measure=measure).values_list("before", "after"))
    assert told == [
        ("proposed", "agreed"),
        ("agreed", "running"),
        ("running", "suspended"),
        ("suspended", "running"),
        ("running", "completed"),
    ]


def test_an_evaluation_waits_while_the_measure_rests(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_evaluation()
    planner = world.fresh("planner")
    assert is_open(measure, MeasureFlow.answer_evaluation)
    tell(measure, S.SUSPENDED, planner)
    assert not is_open(measure, MeasureFlow.answer_evaluation)
    tell(measure, S.RUNNING, planner)
    evaluation_steps.evaluate(measure, EvaluationOutcome.END, user=planner, effect="Wirkt")
    assert ended_by(measure.process) == "ended"


def test_preparing_and_then_begun_by_its_task(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    specialist = world.fresh("specialist")
    tell(measure, S.PREPARING, specialist, reason="")
    driver.begin(measure, started_on=timezone.localdate(), user=specialist)
    measure.refresh_from_db()
    assert measure.status == S.RUNNING


@pytest.mark.parametrize("to", [S.ENDED_EARLY, S.MERGED])
def test_an_end_that_is_told_ends_the_case_and_lets_the_cycle_go_on(
    to: MeasureStatus, stages: Stages, world: World
) -> None:
    cycle, measure = stages.at_evaluation()
    other = stages.measure()
    planner = world.fresh("planner")
    target = {"merged_into": other} if to == S.MERGED else {}
    tell(measure, to, planner, **target)
    assert ended_by(measure.process) == to.value
    assert measure.ended_on == timezone.localdate()
    assert measure.key_figures.exists(), "its figures stay"
    assert list(other.merged_from.all()) == ([measure] if to == S.MERGED else [])
    assert open_task(cycle.process, PlanningCycleFlow.close_cycle), "nothing else is to be evaluated"
    assert code_of(lambda: tell(measure, S.RUNNING, planner)) == "no_open_task"


def test_a_state_is_not_told_while_the_measure_is_shaped(stages: Stages, world: World) -> None:
    measure = stages.measure()
    assert code_of(lambda: tell(measure, S.PREPARING, world.fresh("planner"))) == "no_case"


def test_a_measure_without_agreement_is_agreed_by_its_decision(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement(needs_agreement=False)
    measure.refresh_from_db()
    assert measure.status == S.AGREED
    assert not measure.confirmations.exists(), "nobody is asked"
    assert is_open(measure, MeasureFlow.begin_measure)


def test_a_measure_that_needs_an_agreement_waits_for_everybody(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    driver.confirm(measure, world.youth_office, user=world.fresh("head"))
    measure.refresh_from_db()
    assert measure.status == S.PROPOSED
    assert not is_open(measure, MeasureFlow.begin_measure)


def test_moving_to_a_stage_that_is_not_open_takes_the_beginning_back(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    planner = world.fresh("planner")
    assert is_open(measure, MeasureFlow.begin_measure)
    assert code_of(lambda: measure_stage_move(measure, 2, reason=" ", user=planner)) == "reason_missing"
    measure_stage_move(measure, 2, reason="Mittel erst 2027", user=planner)
    assert not is_open(measure, MeasureFlow.begin_measure)
    assert code_of(lambda: measure_stage_move(measure, 2, reason="Noch mal", user=planner)) == "stage_same"
    measure_stage_move(measure, 1, reason="Mittel sind da", user=planner)
    assert is_open(measure, MeasureFlow.begin_measure)
    assert list(StageMove.objects.values_list("before", "after", "reason")) == [
        (1, 2, "Mittel erst 2027"),
        (2, 1, "Mittel sind da"),
    ]


def test_a_part_has_a_case_of_its_own_and_the_number_of_the_measure_above(
    stages: Stages, world: World
) -> None:
    cycle, measure = stages.at_implementation()
    values = measure_values(world, key_figures=[], needs_agreement=False)
    values.pop("field")
    part = submeasure_create(measure, user=world.fresh("planner"), **values)
    assert part.number == f"{measure.number}.1"
    assert part.process.cycle == cycle
    part.refresh_from_db()
    assert part.status == S.AGREED
    assert [row.decision for row in part.origins.all()] == [row.decision for row in measure.origins.all()]


def test_no_part_while_the_parties_are_asked(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    values = measure_values(world, key_figures=[])
    values.pop("field")
    refused = code_of(lambda: submeasure_create(measure, user=world.fresh("planner"), **values))
    assert refused == "parent_being_agreed"


def test_the_plan_is_fixed_when_its_measures_are_agreed(stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_agreement()
    assert not PlanVersion.objects.exists()
    driver.confirm_all(measure)
    version = PlanVersion.objects.get()
    assert version.content["measures"][measure.number]["status"] == "agreed"
    assert version.decision_reference
    assert version.created_by is None


def test_a_page_tells_a_state_with_its_definitions(stages: Stages, world: World, client_as: ClientAs) -> None:
    _cycle, measure = stages.at_implementation()
    page = f"/measures/{measure.pk}/status/"
    client = client_as(world.fresh("specialist"))
    text = client.get(page).content.decode()
    with override("de"):
        assert all(escape(str(rule)) in text for rule in STATUS_RULES.values())
    values = {"to": "suspended", "effective_on": timezone.localdate().isoformat(), "reason": ""}
    assert client.post(page, values).status_code == 422
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    late = values | {"reason": "Träger fehlt", "effective_on": tomorrow.isoformat()}
    assert client.post(page, late).status_code == 422
    assert client.post(page, values | {"to": "merged", "reason": "x"}).status_code == 422, "planning's"
    assert client.post(page, values | {"reason": "Träger fehlt"}).status_code == 302
    measure.refresh_from_db()
    assert measure.status == S.SUSPENDED
    shown = client.get(f"/measures/{measure.pk}/").content.decode()
    assert "Träger fehlt" in shown
    assert client_as(world.fresh("provider_head")).get(page).status_code == 403
    assert client_as(world.fresh("outsider")).get(page).status_code == 404


def test_cases_under_way_before_can_be_steered_too(stages: Stages, world: World) -> None:
    """Those begun before there was the wait for a told state get one, and give it back."""
    _cycle, measure = stages.at_implementation()
    waits = measure.process.task_set.filter(flow_task=MeasureFlow.wait_for_move)
    waits.get().delete()
    migration = import_module("workflows.migrations.0037_add_steering_of_measures")
    migration.add_waits(apps, None)
    tell(measure, S.SUSPENDED, world.fresh("planner"))
    assert measure.status == S.SUSPENDED
    migration.drop_waits(apps, None)
    assert not waits.filter(finished__isnull=True).exists()
