"""Evaluation from the answers of those responsible to the decision, and the collection of what works."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import Measure, MeasureStatus, StatusChange
from project.common.errors import DomainError
from stakeholders.models import User
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import take
from workflows import engine
from workflows.demo import driver, evaluation_steps
from workflows.flows import MeasureFlow, RecommendationFlow
from workflows.models import (
    DecisionResult,
    Evaluation,
    EvaluationAnswer,
    EvaluationOutcome,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationState,
)
from workflows.nodes import open_task
from workflows.selectors.collection import CollectionFilter, coverage, filtered_lessons, lessons_seen_by
from workflows.selectors.cycles import all_measures_evaluated
from workflows.selectors.evaluations import latest_request
from workflows.services import evaluations
from workflows.services.evaluations import Answers
from workflows.services.recommendations import recommendation_withdraw

ClientAs = Callable[[User], Client]


def said(recommendation: str = "continue", **changes: Any) -> Answers:
    """Answers of those responsible."""
    values = {
        "reach": "Familien im Zentrum",
        "course": "Wie geplant",
        "effect": "Mehr Anmeldungen",
        "lesson": "Früh beginnen",
        "recommendation": EvaluationOutcome(recommendation),
    }
    return Answers(**(values | changes))


def code_of(act: Callable[[], Any]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def judged(
    stages: Stages, world: World, *outcomes: str
) -> tuple[PlanningCycle, list[Measure], Recommendation]:
    """Running measures, answered for and judged; the request is with planning."""
    cycle = stages.at_social_space()
    planner, specialist = world.fresh("planner"), world.fresh("specialist")
    made = driver.shape(cycle, lambda _: [stages.measure() for _outcome in outcomes], user=planner)
    for measure in made:
        driver.confirm_all(measure)
        driver.begin(measure, started_on=timezone.localdate(), user=specialist)
    driver.end_implementation(cycle, user=planner)
    for measure, outcome in zip(made, outcomes, strict=True):
        assert latest_request(cycle) is None, "only with the last judgement"
        evaluation_steps.answer_evaluation(measure, said(outcome), user=specialist)
        evaluation_steps.judge(measure, EvaluationOutcome(outcome), user=planner, effect="Wirkt")
    request = latest_request(cycle)
    assert request is not None
    return cycle, made, request


def status_of(measures: list[Measure]) -> list[str]:
    return [str(Measure.objects.get(pk=row.pk).status) for row in measures]


# --- answers and judgement -------------------------------------------------------------------------


def test_answered_by_those_responsible_then_judged_by_another(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle, measure = stages.at_evaluation()
    assert code_of(lambda: open_task(measure.process, MeasureFlow.evaluate_measure)) == "no_open_task"
    client = client_as(world.fresh("specialist"))
    address = take(client, measure.process, MeasureFlow.answer_evaluation)
    html = client.get(address).content.decode()
    assert "Erreichte Kinder" in html
    fields = {
        **{"reach": "Familien", "reached_count": "30", "target_count": "120", "course": "Wie geplant"},
        **{"effect": "Mehr Anmeldungen", "lesson": "Früh beginnen", "recommendation": "permanent"},
    }
    assert client.post(address, fields).status_code == 302
    answer = EvaluationAnswer.objects.get()
    assert (answer.reached_share, answer.answered_by) == (0.25, world.people["specialist"])

    planner = client_as(world.fresh("planner"))
    address = take(planner, measure.process, MeasureFlow.evaluate_measure)
    html = planner.get(address).content.decode()
    for words in ("Früh beginnen", "30", "25"):
        assert words in html, words
    other = {"agrees": "yes", "outcome": "change", "effect": "Wirkt halb"}
    assert planner.post(address, other).status_code == 422, "says why it judges otherwise"
    assert planner.post(address, {**other, "reason": "Zu wenige erreicht"}).status_code == 302
    row = Evaluation.objects.get()
    assert (row.agrees, row.reason, row.final_outcome, row.is_settled) == (
        True,
        "Zu wenige erreicht",
        "",
        False,
    )
    assert status_of([measure]) == [MeasureStatus.RUNNING]
    assert not all_measures_evaluated(cycle)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reach": " "}, "answer_missing"),
        ({"lesson": ""}, "answer_missing"),
        ({"reached_count": 9, "target_count": 8}, "more_than_target"),
    ],
)
def test_what_is_no_answer(changes: dict[str, Any], code: str, stages: Stages, world: World) -> None:
    _cycle, measure = stages.at_evaluation()
    act = partial(
        evaluations.evaluation_answer,
        measure.process,
        answers=said(**changes),
        user=world.fresh("specialist"),
    )
    assert code_of(act) == code
    assert not EvaluationAnswer.objects.exists()


@pytest.mark.parametrize(
    ("reached", "target", "share"),
    [
        (30, 120, 0.25),
        (0, 40, 0.0),
        (2, 8, None),
        (39, 40, None),
        (40, 40, 1.0),
        (5, 0, None),
        (None, 9, None),
    ],
)
def test_few_people_are_not_told(reached: int, target: int, share: float | None) -> None:
    """Neither how many were reached, nor by the share, where one or two could be recognised."""
    row = EvaluationAnswer(reached_count=reached, target_count=target, answered_at=timezone.now(), pk=1)
    html = render_to_string("workflows/_evaluation_answer.html", {"answer": row})
    assert row.reached_share == share
    assert row.is_secret == ((reached, target) in {(2, 8), (39, 40)})
    if row.is_secret:
        assert not re.search(rf"(?<!\d){reached}(?!\d)", re.sub(r"<[^>]*>", " ", html))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reached_count": "-1"}, "reached_count"),
        ({"target_count": "-3"}, "target_count"),
        ({"reached_count": "2,5"}, "reached_count"),
        ({"effect": "x" * 30_000}, "effect"),
        ({"recommendation": "perhaps"}, "recommendation"),
        ({"recommendation": ""}, "recommendation"),
        ({"reached_count": "5", "target_count": "0"}, None),
    ],
)
def test_wrong_input_is_told_and_nothing_typed_is_lost(
    changes: dict[str, str], field: str | None, stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measure = stages.at_evaluation()
    client = client_as(world.fresh("specialist"))
    address = take(client, measure.process, MeasureFlow.answer_evaluation)
    fields = {"reach": "Familien", "course": "Wie geplant", "effect": "Mehr", "lesson": "Früh beginnen"}
    response = client.post(address, fields | {"recommendation": "continue"} | changes)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field or "__all__"]
    html = response.content.decode()
    for typed in ({**fields, **changes}).values():
        assert typed in html or typed == "perhaps"
    assert not EvaluationAnswer.objects.exists()


def test_who_answered_does_not_judge(stages: Stages, world: World) -> None:
    """Where planning is responsible itself another colleague judges."""
    cycle = stages.at_social_space()
    planner = world.fresh("planner")
    (measure,) = driver.shape(cycle, lambda _: [stages.measure()], user=planner)
    Measure.objects.filter(pk=measure.pk).update(responsible=world.planning_unit)
    measure.refresh_from_db()
    driver.confirm_all(measure)
    Measure.objects.filter(pk=measure.pk).update(needs_agreement=False)
    measure.refresh_from_db()
    driver.begin(measure, started_on=timezone.localdate(), user=planner)
    driver.end_implementation(cycle, user=planner)
    evaluation_steps.answer_evaluation(measure, said(), user=planner)
    with pytest.raises(PermissionDenied):
        evaluation_steps.judge(measure, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    evaluation_steps.judge(
        measure, EvaluationOutcome.CONTINUE, user=world.fresh("planning_head"), effect="Wirkt"
    )
    assert Evaluation.objects.get().evaluated_by == world.people["planning_head"]


# --- the decision ----------------------------------------------------------------------------------


def test_approved_as_proposed_every_outcome_takes_effect(stages: Stages, world: World) -> None:
    cycle, measures, request = judged(stages, world, "continue", "change", "end", "permanent")
    version = request.current
    assert version is not None
    for measure in measures:
        assert f"{measure.number} {measure.title}" in version.proposal
    assert request.created_by == world.people["planner"]
    assert status_of(measures) == [MeasureStatus.RUNNING] * 4
    decision = evaluation_steps.decide_evaluations(request)

    assert status_of(measures) == [
        MeasureStatus.RUNNING,
        MeasureStatus.PROPOSED,
        MeasureStatus.ENDED_EARLY,
        MeasureStatus.RUNNING,
    ]
    change = StatusChange.objects.get(measure=measures[2], after=MeasureStatus.ENDED_EARLY)
    assert decision.reference in change.reason
    assert all_measures_evaluated(cycle)
    driver.close(cycle, user=world.fresh("planner"))


def test_where_the_body_changes_the_wording_planning_records_what_that_means(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    _cycle, measures, request = judged(stages, world, "end", "end", "continue")
    decision = evaluation_steps.decide_evaluations(request, wording="1 endet, 2 läuft weiter, 3 entfällt.")
    assert decision.wording
    assert status_of(measures) == [MeasureStatus.RUNNING] * 3, "not before it is recorded"
    stranger = client_as(world.fresh("specialist"))
    task = open_task(request.process, RecommendationFlow.record_outcomes)
    assert stranger.get(reverse("workflows:task", args=[task.pk])).status_code == 404
    client = client_as(world.fresh("planner"))
    address = take(client, request.process, RecommendationFlow.record_outcomes)
    keys = [Evaluation.objects.get(measure=row).pk for row in measures]
    assert "1 endet, 2 läuft weiter" in client.get(address).content.decode()
    fields = {f"outcome_{pk}": value for pk, value in zip(keys, ("end", "continue", "out"), strict=True)}
    assert client.post(address, {**fields, f"outcome_{keys[0]}": ""}).status_code == 422
    assert client.post(address, fields).status_code == 302
    assert status_of(measures) == [MeasureStatus.ENDED_EARLY, MeasureStatus.RUNNING, MeasureStatus.RUNNING]
    finals = [Evaluation.objects.get(pk=pk).final_outcome for pk in keys]
    assert finals == ["end", "continue", ""]
    request.refresh_from_db()
    assert request.process.finished is not None


def test_rejected_every_measure_goes_on_as_agreed(stages: Stages, world: World) -> None:
    cycle, measures, request = judged(stages, world, "end")
    evaluation_steps.decide_evaluations(request, DecisionResult.REJECTED, reason="Zu früh")
    assert status_of(measures) == [MeasureStatus.RUNNING]
    assert all_measures_evaluated(cycle)
    row = Evaluation.objects.get()
    assert (row.final_outcome, row.is_settled) == ("", True)


def test_a_withdrawn_request_is_put_forward_anew(stages: Stages, world: World, client_as: ClientAs) -> None:
    cycle, _measures, request = judged(stages, world, "continue")
    planner = world.fresh("planner")
    address = reverse("workflows:evaluation-request", args=[cycle.pk])
    assert code_of(lambda: engine.evaluation_request_begin(cycle, user=planner)) == "nothing_to_decide"
    from_page = client_as(world.fresh("specialist")).post(address)
    assert from_page.status_code == 403
    recommendation_withdraw(request, reason="Noch einmal prüfen", user=planner)
    assert request.state == RecommendationState.WITHDRAWN
    response = client_as(planner).post(address)
    assert response.status_code == 302
    rows = Recommendation.objects.filter(kind=RecommendationKind.EVALUATION)
    assert rows.exclude(state=RecommendationState.WITHDRAWN).count() == 1


# --- what works ------------------------------------------------------------------------------------


def test_what_was_decided_stands_in_the_collection(stages: Stages, world: World, client_as: ClientAs) -> None:
    _cycle, measures, request = judged(stages, world, "continue", "end")
    measures[0].areas.add(world.areas[0])
    planner = world.fresh("planner")
    assert lessons_seen_by(planner) == [], "judgements under way are not told"
    evaluation_steps.decide_evaluations(request)
    assert {row.measure for row in lessons_seen_by(planner)} == set(measures)
    wanted = CollectionFilter(outcome="end")
    assert [row.measure for row in filtered_lessons(lessons_seen_by(planner), wanted)] == [measures[1]]
    wanted = CollectionFilter(area=world.areas[0].pk, search="früh beginnen")
    assert [row.measure for row in filtered_lessons(lessons_seen_by(planner), wanted)] == [measures[0]]

    address = reverse("workflows:collection")
    client = client_as(planner)
    html = client.get(address, {"outcome": "end"}).content.decode()
    assert measures[1].title in html
    assert measures[0].title not in html
    assert "pg-empty" in client.get(address, {"q": "gibt es nicht"}).content.decode()
    assert measures[0].title in client.get(address, {"export": "csv"}).content.decode("utf-8-sig")
    assert measures[0].title not in client_as(world.fresh("outsider")).get(address).content.decode()


def test_what_is_there_and_what_is_missing(stages: Stages, world: World, client_as: ClientAs) -> None:
    cycle, measure = stages.at_implementation()
    measure.areas.add(world.areas[0])
    found = coverage(world.fresh("planner"), cycle.plan, world.areas[:2])
    assert [[len(cell) for cell in row.cells] for row in found.rows] == [[0], [1], [0]]
    assert found.gap_count == 1
    address = reverse("workflows:coverage", args=[cycle.pk])
    assert measure.title in client_as(world.fresh("planner")).get(address).content.decode()
    assert client_as(world.fresh("outsider")).get(address).status_code == 404


def test_a_completed_measure_is_kept_for_the_collection_once(
    stages: Stages, world: World, client_as: ClientAs
) -> None:
    cycle, measure = stages.at_implementation(ends_on=timezone.localdate())
    planner, specialist = world.fresh("planner"), world.fresh("specialist")

    def close(user: User = planner) -> Evaluation:
        return evaluations.evaluation_close(
            measure,
            cycle=cycle,
            answers=said("permanent"),
            user=user,
        )

    assert code_of(close) == "not_ended"
    driver.complete(measure, ended_on=timezone.localdate(), summary="Fertig", user=specialist)
    with pytest.raises(PermissionDenied):
        close(specialist)
    address = reverse("workflows:measure-lesson", args=[measure.pk])
    assert client_as(specialist).get(address).status_code == 403
    client = client_as(planner)
    assert address in client.get(reverse("measures:measure-detail", args=[measure.pk])).content.decode()
    fields = {"reach": "Familien", "course": "Wie geplant", "effect": "Ziel erreicht", "lesson": ""}
    fields["recommendation"] = "permanent"
    assert client.post(address, fields).status_code == 422
    assert client.post(address, {**fields, "lesson": "Früh beginnen"}).status_code == 302
    assert code_of(close) == "evaluated_already"
    assert "<textarea" not in client.get(address).content.decode(), "nobody writes it for nothing"
    assert client.post(address, {**fields, "lesson": "Noch eine"}).status_code == 409
    assert [row.lesson for row in lessons_seen_by(planner)] == ["Früh beginnen"]
