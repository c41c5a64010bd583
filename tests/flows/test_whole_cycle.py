"""The engine carries a cycle from data to evaluation and into the next one."""

import datetime

from django.utils import timezone
from viewflow.workflow.models import Task

from measures.models import Measure, MeasureStatus
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver, evaluation_steps
from workflows.flows import MeasureFlow
from workflows.models import (
    DataRequestState,
    DecisionResult,
    EvaluationOutcome,
    RecommendationState,
    StageKind,
    TaskCard,
)
from workflows.nodes import complete_task, open_task


def test_cycle_runs_from_data_to_its_successor(stages: Stages, world: World) -> None:
    """With a returned delivery and returned, rejected and conditional recommendations."""
    person = world.fresh
    cycle = stages.at_data()
    youth = cycle.requests.get(organisation=world.youth_office)
    first = factories.delivery(
        world.youth_office, factories.full_values(youth, world.areas), person("specialist")
    )
    driver.deliver(youth, first, user=person("specialist"))
    driver.review(youth, is_accepted=False, user=person("planner"), reason="Altstadt 2024 prüfen")
    assert youth.state == DataRequestState.RETURNED
    second = factories.delivery(
        world.youth_office, factories.full_values(youth, world.areas), person("specialist")
    )
    driver.deliver(youth, second, user=person("specialist"))
    driver.review(youth, is_accepted=True, user=person("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.DATA, "the Jobcenter has not delivered yet"

    job = cycle.requests.get(organisation=world.jobcenter)
    third = factories.delivery(
        world.jobcenter, factories.full_values(job, world.areas), person("jobcenter_head")
    )
    driver.deliver(job, third, user=person("jobcenter_head"))
    driver.review(job, is_accepted=True, user=person("planner"))
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.ANALYSIS

    driver.analyse(
        cycle,
        stages.run(cycle),
        world.areas[:1],
        user=person("planner"),
        drafts={world.areas[0].pk: ("Vereine", "SGB-II-Quote", "Räume")},
    )
    assert cycle.stage == StageKind.CONFERENCE
    assert all(profile.released_at for profile in cycle.profiles.all())

    driver.invite_conference(
        cycle, [world.youth_office, world.jobcenter, world.health_office], user=person("planner")
    )
    stages.statement(cycle)
    titles = ["Angebot A", "Angebot B", "Angebot C"]
    approved, rejected, conditional = (stages.submitted(cycle, title) for title in titles)
    driver.close_conference(cycle, user=person("planner"))
    assert cycle.stage == StageKind.STEERING_GROUP
    left = TaskCard.objects.filter(cycle=cycle, is_open=True, stage=StageKind.CONFERENCE)
    assert {card.task.flow_task.name for card in left} == {"write_minutes"}

    meeting = driver.invite_steering_group(cycle, user=person("planner"))
    chair = person("chair")
    driver.decide(rejected, meeting, DecisionResult.REJECTED, user=chair, reason="Zu teuer")
    driver.decide(
        conditional, meeting, DecisionResult.APPROVED_WITH_CONDITIONS, user=chair, conditions="Bis Juni"
    )
    driver.decide(approved, meeting, DecisionResult.RETURNED, user=chair, reason="Zielgruppe klären")
    assert approved.state == RecommendationState.RETURNED
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP
    driver.propose(approved, user=person("specialist"), wording=stages.wording("Angebot A, neu"))
    driver.adopt(approved, user=person("planning_head"))
    assert [version.number for version in approved.versions.all()] == [1, 2]
    decision = driver.decide(approved, meeting, DecisionResult.APPROVED, user=chair)
    assert decision.number == 4
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE

    made = driver.shape(cycle, lambda recommendation: [stages.measure()], user=person("planner"))
    assert len(made) == 2
    first_measure, second_measure = made
    driver.confirm(first_measure, world.provider, user=person("provider_head"), refusal="Räume fehlen noch")
    assert (
        Task.objects.filter(process=first_measure.process, flow_task_type="HUMAN", finished=None).count() == 1
    )
    assert cycle.stage == StageKind.SOCIAL_SPACE
    _revise(first_measure, person("planner"))
    for measure in made:
        driver.confirm_all(measure)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.IMPLEMENTATION

    for measure in made:
        driver.begin(measure, started_on=timezone.localdate(), user=person("specialist"))
    driver.end_implementation(cycle, user=person("planner"))
    assert cycle.stage == StageKind.EVALUATION
    evaluation_steps.evaluate(
        first_measure, EvaluationOutcome.CONTINUE, user=person("planner"), effect="Wirkt"
    )
    evaluation_steps.evaluate(
        second_measure, EvaluationOutcome.END, user=person("planner"), effect="Keine Nachfrage"
    )
    assert second_measure.status == MeasureStatus.ENDED_EARLY
    driver.close(cycle, user=person("planner"))
    assert cycle.is_closed

    later = timezone.localdate() + datetime.timedelta(days=800)
    successor = factories.make_cycle(
        world,
        title="Planungszyklus 2029–2031",
        years=(2029, 2031),
        stages=factories.stage_dates(later),
        predecessor=cycle,
        carried_measures=[first_measure],
    )
    assert [item.measure for item in successor.carried_items.all()] == [first_measure]
    assert Measure.objects.get(process__cycle=successor) == first_measure
    left = TaskCard.objects.filter(cycle=cycle, is_open=True)
    assert {card.task.flow_task.name for card in left} == {"write_minutes"}


def _revise(measure: Measure, planner: User) -> None:
    complete_task(
        open_task(measure.process, MeasureFlow.revise_measure),
        user=planner,
        act=lambda process: None,
    )
