"""The cycle itself: what it waits for, what does not hold it up, how it ends."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS

from measures.models import ActionPlan, Measure, MeasureStatus
from project.common.errors import DomainError
from stakeholders.models import BodyKind, LogEntry, Organisation
from stakeholders.services import body_create
from tests import factories
from tests.factories import World
from tests.stages import Stages, at_noon, further
from workflows.demo import driver, evaluation_steps
from workflows.engine import recommendation_begin, request_go_on_without
from workflows.flows import MeasureFlow, PlanningCycleFlow, RecommendationFlow
from workflows.models import (
    DecisionResult,
    EvaluationOutcome,
    Meeting,
    PlanningCycle,
    Recommendation,
    RecommendationState,
    StageKind,
    TaskCard,
)
from workflows.nodes import complete_task, open_task
from workflows.selectors.opening import measures_to_carry, recommendations_to_carry
from workflows.services import implementation, recommendations
from workflows.services.cycles import Supply


def _stage(cycle: PlanningCycle) -> int:
    cycle.refresh_from_db()
    return cycle.stage


def _at(cycle: PlanningCycle) -> str:
    """The one place the cycle is at."""
    task = Task.objects.exclude(flow_task_type="TIMER").get(process=cycle.process, finished=None)
    return str(task.flow_task.name)


def _complete(cycle: PlanningCycle, node: object, world: World) -> None:
    complete_task(
        open_task(cycle.process, node),  # type: ignore[arg-type]
        user=world.fresh("planner"),
        act=lambda process: None,
    )


# --- data ------------------------------------------------------------------------------------------


def _deliver(cycle: PlanningCycle, world: World, name: str) -> None:
    organisation = {"jobcenter_head": world.jobcenter, "specialist": world.youth_office}[name]
    request = cycle.requests.get(organisation=organisation)
    user = world.fresh(name)
    delivery = factories.delivery(organisation, factories.full_values(request, world.areas), user)
    driver.deliver(request, delivery, user=user)
    driver.review(request, is_accepted=True, user=world.fresh("planner"))


@pytest.mark.parametrize("order", [("specialist", "jobcenter_head"), ("jobcenter_head", "specialist")])
def test_waits_for_the_last_delivery(order: tuple[str, str], stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    assert _at(cycle) == "wait_for_data"
    _deliver(cycle, world, order[0])
    assert (_stage(cycle), _at(cycle)) == (StageKind.DATA, "wait_for_data")
    _deliver(cycle, world, order[1])
    assert (_stage(cycle), _at(cycle)) == (StageKind.ANALYSIS, "run_analysis")


@pytest.mark.parametrize("is_last", [True, False])
def test_goes_on_without_a_delivery(is_last: bool, stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    job = cycle.requests.get(organisation=world.jobcenter)
    if is_last:
        _deliver(cycle, world, "specialist")
    request_go_on_without(job, reason="Erst im nächsten Jahr", user=world.fresh("planner"))
    if not is_last:
        assert _stage(cycle) == StageKind.DATA
        _deliver(cycle, world, "specialist")
    assert (_stage(cycle), _at(cycle)) == (StageKind.ANALYSIS, "run_analysis")


def test_goes_on_without_any_delivery(stages: Stages, world: World) -> None:
    """Planning alone answers for that; the analysis will have nothing to compute."""
    cycle = stages.at_data()
    for request in cycle.requests.all():
        request_go_on_without(request, reason="Nicht lieferbar", user=world.fresh("planner"))
    assert _stage(cycle) == StageKind.ANALYSIS


def test_asks_each_supplier_in_a_case_of_its_own(stages: Stages) -> None:
    cycle = stages.at_data()
    numbers = {request.process.pk for request in cycle.requests.all()}
    assert len(numbers) == 2
    assert cycle.process.pk not in numbers


# --- conference ------------------------------------------------------------------------------------


def test_calls_off_what_was_not_contributed(stages: Stages, world: World) -> None:
    cycle = stages.in_conference()
    stages.statement(cycle)
    driver.close_conference(cycle, user=world.fresh("planner"))

    states = {row.organisation: row for row in cycle.contributions.select_related("organisation")}
    assert all(row.process.status == PROCESS.DONE for row in states.values())
    ends = {
        row.organisation: Task.objects.get(process=row.process, flow_task_type="END").flow_task.name
        for row in states.values()
    }
    assert ends.pop(world.youth_office) == "contributed"
    assert set(ends.values()) == {"called_off"}
    left = TaskCard.objects.filter(cycle=cycle, is_open=True, stage=StageKind.CONFERENCE)
    assert {card.task.flow_task.name for card in left} == {"write_minutes"}


@pytest.mark.parametrize("state", ["draft", "proposed"])
def test_waits_until_what_was_begun_is_submitted(state: str, stages: Stages, world: World) -> None:
    cycle = stages.in_conference()
    author = world.fresh("specialist")
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=author)
    if state == "proposed":
        driver.propose(recommendation, user=author)
    driver.close_conference(cycle, user=world.fresh("planner"))
    assert (_stage(cycle), _at(cycle)) == (StageKind.CONFERENCE, "wait_for_submission")

    if state == "draft":
        driver.propose(recommendation, user=author)
        assert _stage(cycle) == StageKind.CONFERENCE
    driver.adopt(recommendation, user=world.fresh("planning_head"))
    assert (_stage(cycle), _at(cycle)) == (StageKind.STEERING_GROUP, "prepare_steering_group")


def test_a_withdrawn_draft_does_not_hold_up(stages: Stages, world: World) -> None:
    cycle = stages.in_conference()
    author = world.fresh("specialist")
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=author)
    driver.close_conference(cycle, user=world.fresh("planner"))
    assert _stage(cycle) == StageKind.CONFERENCE
    complete_task(
        open_task(recommendation.process, RecommendationFlow.draft_recommendation),
        user=author,
        act=lambda process: recommendations.recommendation_withdraw(
            process.recommendation, reason="Erledigt", user=author
        ),
    )
    assert _stage(cycle) == StageKind.STEERING_GROUP


# --- steering group --------------------------------------------------------------------------------


def _two_before_the_group(stages: Stages) -> tuple[PlanningCycle, Meeting, list[Recommendation]]:
    cycle, meeting = stages.in_steering_group(("Angebot A", "Angebot B"))
    return cycle, meeting, list(cycle.recommendations.order_by("number"))


def test_waits_for_the_last_decision(stages: Stages, world: World) -> None:
    cycle, meeting, (first, second) = _two_before_the_group(stages)
    chair = world.fresh("chair")
    driver.decide(first, meeting, DecisionResult.APPROVED, user=chair)
    assert (_stage(cycle), _at(cycle)) == (StageKind.STEERING_GROUP, "wait_for_decisions")
    driver.decide(second, meeting, DecisionResult.REJECTED, user=chair, reason="Zu teuer")
    assert (_stage(cycle), _at(cycle)) == (StageKind.SOCIAL_SPACE, "shape_measures")


def test_a_postponed_recommendation_does_not_hold_up(stages: Stages, world: World) -> None:
    cycle, meeting, (first, second) = _two_before_the_group(stages)
    chair = world.fresh("chair")
    until = timezone.localdate() + datetime.timedelta(days=90)
    driver.decide(
        first,
        meeting,
        DecisionResult.POSTPONED,
        user=chair,
        reason="Haushalt abwarten",
        postponed_until=until,
    )
    assert _stage(cycle) == StageKind.STEERING_GROUP, "the other one is not decided"
    driver.decide(second, meeting, DecisionResult.APPROVED, user=chair)
    assert _stage(cycle) == StageKind.SOCIAL_SPACE

    again = open_task(first.process, RecommendationFlow.decide_recommendation)
    assert again.card.due_on == until, "it waits with the group for its day"
    with at_noon(until):
        later = further(cycle, until)
        driver.decide(first, later, DecisionResult.REJECTED, user=chair, reason="Kein Geld")
    assert first.state == RecommendationState.REJECTED
    assert _stage(cycle) == StageKind.SOCIAL_SPACE


def test_a_returned_recommendation_holds_up(stages: Stages, world: World) -> None:
    cycle, meeting, (first, second) = _two_before_the_group(stages)
    chair = world.fresh("chair")
    driver.decide(first, meeting, DecisionResult.APPROVED, user=chair)
    driver.decide(second, meeting, DecisionResult.RETURNED, user=chair, reason="Zielgruppe klären")
    assert _stage(cycle) == StageKind.STEERING_GROUP

    driver.propose(second, user=world.fresh("specialist"), wording=stages.wording("Angebot B, neu"))
    driver.adopt(second, user=world.fresh("planning_head"))
    assert _stage(cycle) == StageKind.STEERING_GROUP
    driver.decide(second, meeting, DecisionResult.REJECTED, user=chair, reason="Zu teuer")
    assert _stage(cycle) == StageKind.SOCIAL_SPACE


# --- nothing approved ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["none recommended", "all rejected", "all postponed"])
def test_a_cycle_without_an_approved_recommendation_reaches_its_end(
    how: str, stages: Stages, world: World
) -> None:
    planner, chair = world.fresh("planner"), world.fresh("chair")
    if how == "none recommended":
        cycle = stages.in_conference()
        driver.close_conference(cycle, user=planner)
        driver.invite_steering_group(cycle, user=planner)
    else:
        cycle, meeting = stages.in_steering_group()
        later = timezone.localdate() + datetime.timedelta(days=30)
        is_postponed = how == "all postponed"
        driver.decide(
            cycle.recommendations.get(),
            meeting,
            DecisionResult.POSTPONED if is_postponed else DecisionResult.REJECTED,
            user=chair,
            reason="Zu teuer",
            postponed_until=later if is_postponed else None,
        )
    assert (_stage(cycle), _at(cycle)) == (StageKind.SOCIAL_SPACE, "shape_measures")

    assert driver.shape(cycle, lambda _: [stages.measure()], user=planner) == []
    assert (_stage(cycle), _at(cycle)) == (StageKind.IMPLEMENTATION, "steer_implementation")
    driver.end_implementation(cycle, user=planner)
    assert (_stage(cycle), _at(cycle)) == (StageKind.EVALUATION, "close_cycle")
    driver.close(cycle, user=planner)
    assert cycle.is_closed


# --- agreement -------------------------------------------------------------------------------------


def test_waits_until_every_agreement_stands(stages: Stages, world: World) -> None:
    cycle = stages.at_social_space()
    first, second = driver.shape(
        cycle, lambda _: [stages.measure(), stages.measure()], user=world.fresh("planner")
    )
    driver.confirm_all(first)
    assert (_stage(cycle), _at(cycle)) == (StageKind.SOCIAL_SPACE, "wait_for_agreements")
    driver.confirm(second, world.youth_office, user=world.fresh("head"))
    assert _stage(cycle) == StageKind.SOCIAL_SPACE, "one party has not answered"
    driver.confirm(second, world.provider, user=world.fresh("provider_head"))
    driver.confirm(second, world.planning_unit, user=world.fresh("planning_head"))
    assert _stage(cycle) == StageKind.IMPLEMENTATION


def test_a_measure_given_up_does_not_hold_up(stages: Stages, world: World) -> None:
    cycle, measure = stages.at_agreement()
    planner = world.fresh("planner")
    driver.confirm(measure, world.provider, user=world.fresh("provider_head"), refusal="Räume fehlen")
    assert _stage(cycle) == StageKind.SOCIAL_SPACE
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=planner,
        act=lambda process: implementation.measure_withdraw(
            process.measure, reason="Keine Räume", user=planner
        ),
    )
    assert _stage(cycle) == StageKind.IMPLEMENTATION


# --- evaluation and end ----------------------------------------------------------------------------


def test_waits_for_the_evaluation_of_each_running_measure(stages: Stages, world: World) -> None:
    cycle = stages.at_social_space()
    planner, specialist = world.fresh("planner"), world.fresh("specialist")
    made = driver.shape(cycle, lambda _: [stages.measure() for _number in range(3)], user=planner)
    for measure in made:
        driver.confirm_all(measure)
    first, second, idle = made
    for measure in (first, second):
        driver.begin(measure, started_on=timezone.localdate(), user=specialist)
    driver.end_implementation(cycle, user=planner)
    assert (_stage(cycle), _at(cycle)) == (StageKind.EVALUATION, "wait_for_evaluations")

    evaluation_steps.evaluate(first, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    assert _at(cycle) == "wait_for_evaluations"
    evaluation_steps.evaluate(second, EvaluationOutcome.CHANGE, user=planner, effect="Wirkt halb")
    assert _at(cycle) == "close_cycle", "what never began is not evaluated"
    idle.refresh_from_db()
    assert idle.status == MeasureStatus.AGREED


def test_a_measure_that_was_ended_does_not_hold_up(stages: Stages, world: World) -> None:
    cycle, measure = stages.at_evaluation()
    evaluation_steps.evaluate(
        measure, EvaluationOutcome.END, user=world.fresh("planner"), effect="Keine Nachfrage"
    )
    assert _at(cycle) == "close_cycle"
    process = measure.process
    process.refresh_from_db()
    assert process.status == PROCESS.DONE


def test_closed_once_and_for_all(stages: Stages, world: World) -> None:
    cycle, measure = stages.at_evaluation()
    planner = world.fresh("planner")
    evaluation_steps.evaluate(measure, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    driver.close(cycle, user=planner)

    process = cycle.process
    process.refresh_from_db()
    assert (process.status, cycle.is_closed) == (PROCESS.DONE, True)
    assert not Task.objects.filter(process=process, finished=None).exists()
    assert Task.objects.get(process=process, flow_task_type="END").flow_task.name == "closed"
    with pytest.raises(DomainError) as refused:
        driver.close(cycle, user=planner)
    assert refused.value.code == "no_open_task"
    with pytest.raises(DomainError) as refused:
        recommendation_begin(cycle, wording=stages.wording(), user=planner)
    assert refused.value.code == "wrong_stage"


def test_stages_follow_one_another_in_the_log(stages: Stages, world: World) -> None:
    cycle, measure = stages.at_evaluation()
    evaluation_steps.evaluate(
        measure, EvaluationOutcome.END, user=world.fresh("planner"), effect="Keine Nachfrage"
    )
    driver.close(cycle, user=world.fresh("planner"))

    actions = LogEntry.objects.filter(object_id=cycle.pk, content_type__model="planningcycle").order_by("pk")
    entered = [entry.data["stage"] for entry in actions if entry.action == "cycle.stage_entered"]
    assert entered == [kind.name.lower() for kind in StageKind][1:]
    assert [actions[0].action, list(actions)[-1].action] == ["cycle.opened", "cycle.closed"]


# --- whose tasks -----------------------------------------------------------------------------------


def test_only_the_planning_unit_does_the_cycles_own_tasks(stages: Stages, world: World) -> None:
    """All of them, each looked at while it is open."""
    others = ("head", "chair", "member", "admin", "association_head", "outsider", "funder_reader")
    seen = []

    def check(cycle: PlanningCycle) -> None:
        name = _at(cycle)
        task = open_task(cycle.process, getattr(PlanningCycleFlow, name))
        for other in others:
            with pytest.raises(PermissionDenied):
                complete_task(task, user=world.fresh(other), act=lambda process: None)
        seen.append(name)

    planner = world.fresh("planner")
    cycle = stages.at_analysis()
    check(cycle)
    for node in ("run_analysis", "write_profiles", "prepare_conference", "hold_conference"):
        _complete(cycle, getattr(PlanningCycleFlow, node), world)
        check(cycle)
    _complete(cycle, PlanningCycleFlow.prepare_steering_group, world)
    check(cycle)
    driver.shape(cycle, lambda _: [], user=planner)
    check(cycle)
    driver.end_implementation(cycle, user=planner)
    check(cycle)
    human = [node.name for node in PlanningCycleFlow.instance.nodes() if node.task_type == "HUMAN"]
    assert sorted(seen) == sorted(human)


# --- one at a time ---------------------------------------------------------------------------------


def test_one_open_cycle_per_territory(stages: Stages, world: World) -> None:
    cycle = stages.at_data()
    with pytest.raises(DomainError) as refused:
        factories.make_cycle(world, title="Ein zweiter")
    assert refused.value.code == "cycle_already_open"
    assert PlanningCycle.objects.count() == 1

    copy = PlanningCycle.objects.get(pk=cycle.pk)
    copy.pk = None
    copy._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():  # whoever goes past the service
        copy.save()


def test_a_neighbour_opens_theirs(stages: Stages, world: World) -> None:
    stages.at_data()
    there = world.neighbour
    conference, group = (
        body_create(territory=there, name=f"Gremium {kind}", kind=kind, quorum_share=Decimal(0), user=None)
        for kind in (BodyKind.PLANNING_CONFERENCE, BodyKind.STEERING_GROUP)
    )
    cycle = factories.make_cycle(
        world,
        territory=there,
        planning_unit=Organisation.objects.get(name="Sozialplanung Nachbarkreis"),
        planning_conference=conference,
        steering_group=group,
        social_space_conference=None,
        plan=ActionPlan.objects.create(
            territory=there, title="Handlungskonzept", ends_on=datetime.date(2028, 12, 31)
        ),
        supplies=[Supply(there, world.indicators)],
        user=world.fresh("outsider"),
    )
    assert _at(cycle) == "wait_for_data"
    assert PlanningCycle.objects.filter(closed_at=None).count() == 2


def test_nobody_else_opens_a_cycle(world: World) -> None:
    for name in ("head", "specialist", "chair", "admin", "outsider", "association_head"):
        with pytest.raises(PermissionDenied):
            factories.make_cycle(world, user=world.fresh(name))
    assert not PlanningCycle.objects.exists()
    assert not PlanningCycleFlow.process_class.objects.exists()


# --- the next one ----------------------------------------------------------------------------------


def test_what_is_open_goes_on_in_the_next_cycle(stages: Stages, world: World) -> None:
    planner, chair = world.fresh("planner"), world.fresh("chair")
    cycle, meeting, (approved, postponed) = _two_before_the_group(stages)
    until = timezone.localdate() + datetime.timedelta(days=400)
    driver.decide(approved, meeting, DecisionResult.APPROVED, user=chair)
    driver.decide(
        postponed,
        meeting,
        DecisionResult.POSTPONED,
        user=chair,
        reason="Haushalt abwarten",
        postponed_until=until,
    )
    kept, changed = driver.shape(cycle, lambda _: [stages.measure(), stages.measure()], user=planner)
    for measure in (kept, changed):
        driver.confirm_all(measure)
        driver.begin(measure, started_on=timezone.localdate(), user=world.fresh("specialist"))
    driver.end_implementation(cycle, user=planner)
    evaluation_steps.evaluate(kept, EvaluationOutcome.CONTINUE, user=planner, effect="Wirkt")
    evaluation_steps.evaluate(changed, EvaluationOutcome.CHANGE, user=planner, effect="Wirkt halb")
    driver.close(cycle, user=planner)
    assert list(measures_to_carry(cycle)) == [kept, changed]
    assert list(recommendations_to_carry(cycle)) == [postponed]

    successor = factories.make_cycle(
        world,
        title="Planungszyklus 2029–2031",
        years=(2029, 2031),
        predecessor=cycle,
        carried_measures=[kept, changed],
        carried_recommendations=[postponed],
    )
    for row in (*Measure.objects.filter(pk__in=[kept.pk, changed.pk]), postponed):
        process = type(row).objects.get(pk=row.pk).process
        assert process.cycle == successor
        cards = TaskCard.objects.filter(task__process=process, is_open=True)
        assert set(cards.values_list("cycle", flat=True)) <= {successor.pk}
    left = TaskCard.objects.filter(cycle=cycle, is_open=True)
    assert {card.task.flow_task.name for card in left} == {"write_minutes"}
    assert open_task(changed.process, MeasureFlow.revise_measure).card.cycle == successor


def test_what_was_approved_too_late_is_shaped_in_the_next_cycle(stages: Stages, world: World) -> None:
    planner, chair = world.fresh("planner"), world.fresh("chair")
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    later = timezone.localdate() + datetime.timedelta(days=30)
    driver.decide(
        recommendation,
        meeting,
        DecisionResult.POSTPONED,
        user=chair,
        reason="Haushalt abwarten",
        postponed_until=later,
    )
    driver.shape(cycle, lambda _: [], user=planner)
    with at_noon(later):
        driver.decide(recommendation, further(cycle, later), DecisionResult.APPROVED, user=chair)
    driver.end_implementation(cycle, user=planner)
    driver.close(cycle, user=planner)
    carried = list(recommendations_to_carry(cycle))
    assert carried == [recommendation]

    successor = factories.make_cycle(
        world, title="Der nächste", years=(2029, 2031), predecessor=cycle, carried_recommendations=carried
    )
    for request in successor.requests.all():
        request_go_on_without(request, reason="Test", user=planner)
    for node in ("run_analysis", "write_profiles", "prepare_conference", "hold_conference"):
        _complete(successor, getattr(PlanningCycleFlow, node), world)
    _complete(successor, PlanningCycleFlow.prepare_steering_group, world)
    (measure,) = driver.shape(successor, lambda _: [stages.measure()], user=planner)
    assert measure.process.cycle == successor
    assert [origin.recommendation for origin in measure.origins.all()] == [recommendation]


def test_a_measure_begun_while_the_cycle_was_being_closed_is_carried_over(
    stages: Stages, world: World
) -> None:
    cycle, measure = stages.at_agreement()
    driver.confirm_all(measure)
    driver.end_implementation(cycle, user=world.fresh("planner"))
    assert _at(cycle) == "close_cycle"
    driver.close(cycle, user=world.fresh("planner"))
    driver.begin(measure, started_on=timezone.localdate(), user=world.fresh("specialist"))
    assert list(measures_to_carry(cycle)) == [measure]
