"""Conditions at the decision: rows, their wording, and the assignments they become."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from tests.stages import further
from tests.workflows.taskpages import condition_fields, take, vote_fields
from workflows.demo import driver
from workflows.flows import AssignmentFlow, RecommendationFlow
from workflows.models import Assignment, AssignmentState, Decision, DecisionCondition, DecisionResult
from workflows.nodes import open_task
from workflows.recommendation_cases import decision_take_up
from workflows.services.conditions import ConditionRow, conditions_give, wording_of


@pytest.fixture
def session(stages):
    return stages.in_steering_group()


@pytest.fixture
def recommendation(session):
    return session[0].recommendations.get()


def row(world, text="Konzept vorlegen", days=30, organisation=None):
    due_on = timezone.localdate() + datetime.timedelta(days=days)
    return ConditionRow(text, organisation or world.youth_office, due_on)


def decide(recommendation, meeting, chair, rows):
    return driver.decide(
        recommendation,
        meeting,
        DecisionResult.APPROVED_WITH_CONDITIONS,
        user=chair,
        condition_rows=rows,
    )


def test_rows_are_written_with_the_decision_and_given_to_whom_they_name(
    session, recommendation, world, chair
):
    rows = [row(world), row(world, "Zahlen liefern", 60, world.jobcenter)]

    decision = decide(recommendation, session[1], chair, rows)

    assert decision.conditions == wording_of(rows)
    assert decision.conditions.startswith("1. Konzept vorlegen (")
    kept = DecisionCondition.objects.filter(decision=decision).order_by("number")
    assert [(one.text, one.organisation) for one in kept] == [
        ("Konzept vorlegen", world.youth_office),
        ("Zahlen liefern", world.jobcenter),
    ]
    given = Assignment.objects.filter(decision=decision).order_by("number")
    assert [(one.number, one.organisation, one.due_on) for one in given] == [
        (number, one.organisation, one.due_on) for number, one in enumerate(rows, start=1)
    ]
    for one in given:
        assert one.process.task_set.filter(flow_task_type="HUMAN", status="NEW").count() == 1
    assert conditions_give(decision) == [], "only once"


def test_one_condition_needs_no_number(world):
    assert not wording_of([row(world)]).startswith("1.")


@pytest.mark.parametrize(
    ("text", "days", "code"), [(" ", 30, "conditions_missing"), ("Bericht", 0, "condition_too_early")]
)
def test_what_a_row_must_say(text, days, code, session, recommendation, world, chair):
    with pytest.raises(DomainError) as error:
        decide(recommendation, session[1], chair, [row(world, text, days)])

    assert error.value.code == code
    assert not Decision.objects.exists()


def test_the_chair_enters_them_on_the_page(session, recommendation, world, chair, client_as):
    client = client_as(chair)
    page = take(client, recommendation.process, RecommendationFlow.decide_recommendation)
    shown = client.get(page)
    assert not shown.context["form"].unfolds_conditions
    filled = {
        "meeting": session[1].pk,
        "result": "conditional",
        **vote_fields(session[1].body.memberships.on(session[1].held_on)),
        **condition_fields("Konzept vorlegen", world.youth_office),
        **condition_fields("Zahlen liefern", world.jobcenter, number=4),
    }

    half = client.post(page, filled | {"condition-4-organisation": ""})
    assert half.status_code == 422
    assert list(half.context["form"].errors) == ["condition-4-organisation"]
    assert half.context["form"].unfolds_conditions
    assert client.post(page, filled).status_code == 302

    texts = DecisionCondition.objects.order_by("number").values_list("number", "text")
    assert list(texts) == [(1, "Konzept vorlegen"), (2, "Zahlen liefern")]


def test_rows_are_dropped_where_another_result_was_put_to_the_vote(
    session, recommendation, world, chair, client_as
):
    client = client_as(chair)
    page = take(client, recommendation.process, RecommendationFlow.decide_recommendation)
    filled = {
        "meeting": session[1].pk,
        "result": "approved",
        **vote_fields(session[1].body.memberships.on(session[1].held_on)),
        **condition_fields("Konzept vorlegen", world.youth_office),
    }

    assert client.post(page, filled).status_code == 302

    assert Decision.objects.get().conditions == ""
    assert not DecisionCondition.objects.exists()


def test_a_decision_that_replaces_another_calls_its_open_conditions_off(
    session, recommendation, world, chair
):
    cycle, meeting = session
    first = decide(recommendation, meeting, chair, [row(world)])
    decision_take_up(first, reason="Neue Lage", wants_new_wording=False, user=chair)
    recommendation.refresh_from_db()

    second = decide(recommendation, further(cycle, timezone.localdate()), chair, [row(world, "Neu")])

    assert second.replaces == first
    assert first.assignments.get().state == AssignmentState.CALLED_OFF
    assert second.assignments.get().state == AssignmentState.OPEN


def test_who_acts_finds_the_task_in_the_inbox(session, recommendation, world, chair, client_as, specialist):
    decision = decide(recommendation, session[1], chair, [row(world)])

    task = open_task(decision.assignments.get().process, AssignmentFlow.carry_out)
    assert client_as(specialist).get(reverse("workflows:task", args=[task.pk])).status_code == 302
