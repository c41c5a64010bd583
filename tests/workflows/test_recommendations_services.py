"""Writing, proposing, adopting, returning and withdrawing a recommendation."""

import dataclasses
import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import LogEntry, Seat
from tests import factories
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.models import (
    DecisionResult,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    RecommendationState,
    RecommendationVersion,
)
from workflows.recommendation_cases import recommendation_call_back
from workflows.services import recommendations as services


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def draft(cycle, stages, specialist):
    return recommendation_begin(cycle, wording=stages.wording(), user=specialist)


def test_recommendations_are_numbered_within_their_cycle(cycle, stages, specialist, planner):
    first = recommendation_begin(cycle, wording=stages.wording("Eins"), user=specialist)
    second = recommendation_begin(cycle, wording=stages.wording("Zwei"), user=planner)

    assert (first.reference, second.reference) == ("2026-01", "2026-02")
    assert LogEntry.objects.filter(action="recommendation.begun").count() == 2


def test_only_the_conference_and_planning_write(cycle, stages, member, outsider, provider_head):
    for person in (member, outsider, provider_head):
        with pytest.raises(PermissionDenied):
            recommendation_begin(cycle, wording=stages.wording(), user=person)


def test_recommendations_are_begun_while_the_conference_runs(stages, specialist):
    cycle = stages.at_analysis()

    refused("wrong_stage", recommendation_begin, cycle, wording=stages.wording(), user=specialist)


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_a_version_needs_a_title_that_fits(draft, stages, specialist, title):
    refused("invalid", services.version_save, draft, wording=stages.wording(title), user=specialist)


def test_addressee_and_field_belong_to_the_territory(draft, stages, world, specialist):
    refused(
        "foreign_addressee",
        services.version_save,
        draft,
        wording=stages.wording(addressee=world.neighbour),
        user=specialist,
    )
    plan = type(world.plan).objects.create(
        territory=world.neighbour, title="Konzept nebenan", ends_on=world.plan.ends_on
    )
    field = plan.fields.create(number=1, title="Wohnen")
    refused(
        "foreign_field", services.version_save, draft, wording=stages.wording(fields=[field]), user=specialist
    )


def test_a_draft_may_have_gaps_but_is_not_proposed_with_them(draft, stages, specialist):
    services.version_save(draft, wording=stages.wording(aim=""), user=specialist)

    refused("incomplete", services.recommendation_propose, draft, user=specialist)
    services.version_save(draft, wording=stages.wording(), user=specialist)
    services.recommendation_propose(draft, user=specialist)
    assert draft.versions.count() == 1


def test_nothing_is_proposed_without_evidence(draft, stages, world, specialist):
    services.version_save(draft, wording=stages.wording(indicators=[]), user=specialist)
    refused("no_evidence", services.recommendation_propose, draft, user=specialist)

    services.version_save(draft, wording=stages.wording(), user=specialist)
    services.recommendation_propose(draft, user=specialist)
    assert draft.state == RecommendationState.PROPOSED


def test_saving_again_before_anybody_judged_stays_in_the_same_version(draft, stages, specialist):
    services.version_save(draft, wording=stages.wording("Neuer Titel"), user=specialist)

    version = draft.versions.get()
    assert (version.number, version.title) == (1, "Neuer Titel")


def test_a_submitted_version_is_never_written_again(draft, stages, specialist, planning_head):
    driver.propose(draft, user=specialist)
    driver.adopt(draft, user=planning_head)
    frozen = draft.versions.get()

    services.version_save(draft, wording=stages.wording("Anders"), user=specialist)

    assert list(draft.versions.values_list("number", "title")) == [
        (1, "Elternarbeit ausbauen"),
        (2, "Anders"),
    ]
    assert RecommendationVersion.objects.get(pk=frozen.pk).submitted_at == frozen.submitted_at


def test_what_the_chair_returned_stays_beside_the_new_version(draft, stages, specialist, planning_head):
    driver.propose(draft, user=specialist)
    services.recommendation_send_back(draft, reason=" Kosten fehlen ", user=planning_head)

    assert draft.state == RecommendationState.DRAFT
    refused("nothing_changed", services.recommendation_propose, draft, user=specialist)
    services.version_save(draft, wording=stages.wording(cost="10.000 €"), user=specialist)
    services.recommendation_propose(draft, user=specialist)

    first, second = draft.versions.order_by("number")
    assert (first.cost, second.cost) == ("", "10.000 €")
    assert first.returns.get().reason == "Kosten fehlen"


def test_the_same_words_again_are_no_new_version(draft, stages, specialist, planning_head):
    driver.propose(draft, user=specialist)
    services.recommendation_send_back(draft, reason="Kosten fehlen", user=planning_head)

    services.version_save(draft, wording=stages.wording(), user=specialist)

    assert draft.versions.count() == 1
    changed = dataclasses.replace(stages.wording(), areas=())
    assert services.version_save(draft, wording=changed, user=specialist).number == 2


def test_a_return_needs_its_reason(draft, specialist, planning_head):
    driver.propose(draft, user=specialist)

    refused("reason_missing", services.recommendation_send_back, draft, reason=" ", user=planning_head)


def test_after_a_return_of_the_steering_group_a_new_version_comes(stages, specialist, planning_head, chair):
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    driver.decide(recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Träger benennen")

    driver.propose(recommendation, user=specialist, wording=stages.wording(proposal="Mit Träger."))
    driver.adopt(recommendation, user=planning_head)

    assert recommendation.state == RecommendationState.SUBMITTED
    assert [row.number for row in recommendation.versions.all()] == [1, 2]


@pytest.mark.parametrize("name", ["specialist", "planning_head", "planner"])
def test_author_chair_and_planning_withdraw_with_a_reason(name, draft, world):
    person = world.fresh(name)
    refused("reason_missing", services.recommendation_withdraw, draft, reason=" ", user=person)

    services.recommendation_withdraw(draft, reason=" Erledigt ", user=person)

    draft.refresh_from_db()
    assert (draft.state, draft.withdraw_reason, draft.withdrawn_by) == ("withdrawn", "Erledigt", person)
    entry = LogEntry.objects.get(action="recommendation.withdrawn", user=person)
    assert entry.data["reason"] == "Erledigt"


@pytest.mark.parametrize("name", ["jobcenter_head", "health_head", "chair", "member", "outsider"])
def test_others_withdraw_nothing(name, draft, world):
    with pytest.raises(PermissionDenied):
        services.recommendation_withdraw(draft, reason="Weg damit", user=world.fresh(name))
    draft.refresh_from_db()
    assert draft.state == RecommendationState.DRAFT


def test_what_is_before_the_steering_group_is_not_withdrawn(draft, specialist, planning_head):
    driver.propose(draft, user=specialist)
    driver.adopt(draft, user=planning_head)

    refused("not_withdrawable", services.recommendation_withdraw, draft, reason="Doch nicht", user=specialist)


def test_saving_the_wording_is_logged_once_for_each_change(draft, stages, specialist, planner):
    services.version_save(draft, wording=stages.wording("Anders"), user=planner)
    services.version_save(draft, wording=stages.wording("Anders"), user=specialist)

    entry = LogEntry.objects.get(action="recommendation.wording_saved")
    assert (entry.user, entry.data) == (planner, {"version": 1})


def test_references_do_not_repeat_where_two_cycles_begin_in_a_year(draft, cycle, stages, world, specialist):
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now())
    second = factories.make_cycle(world, title="Zweiter", predecessor=PlanningCycle.objects.get(pk=cycle.pk))

    later = services.recommendation_create(second, wording=stages.wording(), user=specialist)

    assert (draft.reference, later.reference) == ("2026-01", "2026-02")


def test_nobody_proposes_what_nobody_could_adopt(cycle, stages, world, planning_head):
    """The chair of the conference writes, and has no deputy."""
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=planning_head)

    refused("nobody_to_adopt", services.recommendation_propose, recommendation, user=planning_head)

    seat = world.conference.memberships.get(user=planning_head)
    people.seat_set_deputy(seat, deputy=world.fresh("health_head"), user=None)
    services.recommendation_propose(recommendation, user=planning_head)
    assert recommendation.state == RecommendationState.PROPOSED


def test_nobody_adopts_what_nobody_could_decide(draft, world, specialist, planning_head):
    """One person chairs both bodies."""
    seat = world.steering_group.memberships.get(user=world.people["chair"])
    people.seat_end(seat, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None)
    people.seat_start(
        body=world.steering_group,
        organisation=world.planning_unit,
        person=planning_head,
        seat=Seat.CHAIR,
        starts_on=timezone.localdate(),
        user=None,
    )
    services.recommendation_propose(draft, user=specialist)
    head = world.fresh("planning_head")

    refused("nobody_to_decide", services.recommendation_adopt, draft, user=head)

    other = world.fresh("health_head")
    services.recommendation_adopt(draft, user=other)
    assert draft.state == RecommendationState.SUBMITTED


def test_stage_two_is_asked_for_once_and_by_planning_only(stages, world, planner, specialist):
    cycle, _measure = stages.at_implementation()
    kwargs = {"wording": stages.wording("Stufe 2", indicators=[]), "kind": RecommendationKind.STAGE_TWO}
    with pytest.raises(PermissionDenied):
        services.recommendation_create(cycle, user=specialist, **kwargs)
    first = recommendation_begin(cycle, user=planner, **kwargs)

    refused("request_exists", services.recommendation_create, cycle, user=planner, **kwargs)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recommendation.objects.create(
            cycle=cycle, number=99, kind=RecommendationKind.STAGE_TWO, created_by=planner
        )

    recommendation_call_back(first, reason="Zu früh", user=planner)
    services.recommendation_create(cycle, user=planner, **kwargs)
    world.plan.stage_two_opened_on = timezone.localdate()
    world.plan.save()
    refused("stage_two_open", services.recommendation_create, cycle, user=planner, **kwargs)


def test_evidence_is_kept_with_the_version(draft, stages, world, specialist):
    other = factories.indicator("other")
    services.version_save(
        draft, wording=stages.wording(indicators=[world.indicators[1], other]), user=specialist
    )

    version = draft.versions.get()
    assert set(version.indicators.all()) == {world.indicators[1], other}
    assert list(version.areas.all()) == world.areas[:1]
