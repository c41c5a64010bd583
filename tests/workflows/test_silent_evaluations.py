"""Those responsible stay silent on the evaluation: planning goes on, late, reminded, with a reason."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages, at_noon
from tests.workflows.taskpages import take
from workflows.demo import evaluation_steps
from workflows.evaluating import evaluation_remind, evaluation_waive
from workflows.flows import MeasureFlow
from workflows.measure_steering import measure_status_move
from workflows.models import EvaluationOutcome, EvaluationWaiver, PlanningCycle
from workflows.nodes import open_task
from workflows.selectors.evaluations import item_lines, latest_request, open_answers
from workflows.services.evaluations import Answers

ClientAs = Callable[[User], Client]
SAID = Answers("Familien", "Wie geplant", "Wirkt", "Früh beginnen", EvaluationOutcome.CONTINUE)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


@pytest.fixture
def asked(stages: Stages) -> tuple[PlanningCycle, Measure]:
    """A running measure, the youth office is asked what it brought."""
    return stages.at_evaluation()


@pytest.fixture
def due_on(asked: tuple[PlanningCycle, Measure]) -> datetime.date:
    day: datetime.date = open_task(asked[1].process, MeasureFlow.answer_evaluation).card.due_on
    return day


@pytest.fixture
def late(asked: tuple[PlanningCycle, Measure], due_on: datetime.date, world: World) -> Iterator[Measure]:
    """The last day is over, and planning has reminded the day before."""
    _cycle, measure = asked
    with at_noon(due_on):
        assert evaluation_remind(measure, user=world.fresh("planner")) > 0
    with at_noon(due_on + datetime.timedelta(days=1)):
        yield measure


def test_planning_waits_until_the_day_is_over_and_reminds_first(
    asked: tuple[PlanningCycle, Measure], due_on: datetime.date, world: World
) -> None:
    _cycle, measure = asked
    planner = world.fresh("planner")

    def waive() -> EvaluationWaiver:
        return evaluation_waive(measure, reason="Niemand antwortet", user=planner)

    with at_noon(due_on):
        assert code_of(waive) == "not_due_yet"
    with at_noon(due_on + datetime.timedelta(days=1)):
        assert code_of(waive) == "not_reminded"
        evaluation_remind(measure, user=planner)
        assert code_of(lambda: evaluation_remind(measure, user=planner)) == "reminded_today"
        assert code_of(waive) == "not_reminded", "they have at least until tomorrow"
    with at_noon(due_on + datetime.timedelta(days=2)):
        assert code_of(lambda: evaluation_waive(measure, reason=" ", user=planner)) == "reason_missing"
        row = waive()
        assert (row.due_on, row.reminded_on) == (due_on, due_on + datetime.timedelta(days=1))
        assert code_of(waive) == "no_open_task", "once"
        assert open_task(measure.process, MeasureFlow.evaluate_measure)
    entry = LogEntry.objects.get(action="measure.evaluation_waived")
    assert (entry.user, entry.data["reason"]) == (planner, "Niemand antwortet")


def test_only_planning_stops_waiting(late: Measure, world: World) -> None:
    for name in ("specialist", "head", "chair", "outsider"):
        for act in (
            lambda user: evaluation_waive(late, reason="x", user=user),
            lambda user: evaluation_remind(late, user=user),
        ):
            with pytest.raises(PermissionDenied):
                act(world.fresh(name))
    assert not EvaluationWaiver.objects.exists()


def test_four_eyes_a_colleague_judges_and_the_steering_group_reads_why(
    late: Measure, asked: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    evaluation_waive(late, reason="Das Amt ist umgezogen.", user=world.fresh("planning_head"))
    outcome = EvaluationOutcome.CONTINUE
    with pytest.raises(PermissionDenied):
        evaluation_steps.judge(late, outcome, user=world.fresh("planning_head"), effect="Wirkt")
    planner = client_as(world.fresh("planner"))
    page = take(planner, late.process, MeasureFlow.evaluate_measure)
    html = planner.get(page).content.decode()
    assert "Das Amt ist umgezogen." in html
    assert 'name="agrees"' not in html, "there is nothing to agree with"
    fields = {"outcome": "end", "effect": "Nach den Zahlen keine", "reason": "", "lesson": ""}
    assert planner.post(page, fields).status_code == 302

    cycle = asked[0]
    request = latest_request(cycle)
    assert request is not None
    assert request.current is not None
    assert late.number in request.current.finding
    (line,) = item_lines(request)
    assert (line.answer, line.waiver.reason) == (None, "Das Amt ist umgezogen.")
    for name in ("planner", "specialist"):
        html = (
            client_as(world.fresh(name))
            .get(reverse("measures:measure-detail", args=[late.pk]))
            .content.decode()
        )
        assert "Das Amt ist umgezogen." in html, "those responsible read it, too"
    evaluation_steps.decide_evaluations(request)
    late.refresh_from_db()
    assert late.status in {MeasureStatus.COMPLETED, MeasureStatus.ENDED_EARLY}


def test_who_answers_late_is_heard_until_planning_stops_waiting(late: Measure, world: World) -> None:
    evaluation_steps.answer_evaluation(late, SAID, user=world.fresh("specialist"))
    refused = code_of(lambda: evaluation_waive(late, reason="x", user=world.fresh("planner")))
    assert refused == "no_open_task"
    assert not EvaluationWaiver.objects.exists()


def test_what_is_not_waited_for_is_not_asked_again_after_a_rest(late: Measure, world: World) -> None:
    from_planning = {"user": world.fresh("planner"), "effective_on": timezone.localdate(), "reason": "Umbau"}
    evaluation_waive(late, reason="Niemand antwortet", user=world.fresh("planner"))
    measure_status_move(late, MeasureStatus.SUSPENDED, **from_planning)
    measure_status_move(late, MeasureStatus.RUNNING, **from_planning)
    assert open_task(late.process, MeasureFlow.evaluate_measure)
    assert open_answers([late.pk]) == {}


def test_the_pages(
    late: Measure, asked: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    planning = client_as(world.fresh("planner"))
    address = reverse("workflows:evaluation-waive", args=[late.pk])
    listed = planning.get(reverse("workflows:evaluation-list", args=[asked[0].pk])).content.decode()
    assert address in listed
    head = client_as(world.fresh("head"))
    assert address not in head.get(reverse("workflows:evaluation-list", args=[asked[0].pk])).content.decode()
    assert head.post(address, {"reason": "x"}).status_code == 403
    assert planning.get(address).status_code == 200
    assert planning.post(address, {"reason": " "}).status_code == 422
    remind = reverse("workflows:evaluation-remind", args=[late.pk])
    assert planning.post(remind, follow=True).status_code == 200
    assert planning.post(address, {"reason": "Niemand antwortet"}).status_code == 302, "reminded before today"


def test_the_page_before_the_day_is_over(
    asked: tuple[PlanningCycle, Measure], world: World, client_as: ClientAs
) -> None:
    _cycle, measure = asked
    planning = client_as(world.fresh("planner"))
    address = reverse("workflows:evaluation-waive", args=[measure.pk])
    assert 'name="reason"' not in planning.get(address).content.decode()
    assert planning.post(address, {"reason": "x"}).status_code == 409
    evaluation_steps.answer_evaluation(measure, SAID, user=world.fresh("specialist"))
    assert "pg-empty" in planning.get(address).content.decode()
    assert planning.post(address, {"reason": "x"}).status_code == 409


def test_missing_answers_cost_the_same_for_many(
    asked: tuple[PlanningCycle, Measure], world: World, django_assert_num_queries: Any
) -> None:
    _cycle, measure = asked
    others = [factories.measure(world.plan, world.health_office) for _number in range(5)]
    with django_assert_num_queries(2):
        assert list(open_answers([measure.pk, *(row.pk for row in others)])) == [measure.pk]
