"""Writing, proposing, adopting, returning and withdrawing a recommendation."""

import dataclasses

import pytest
from django.core.exceptions import PermissionDenied

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.models import DecisionResult, RecommendationState, RecommendationVersion
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
        "foreign_field", services.version_save, draft, wording=stages.wording(field=field), user=specialist
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


def test_withdrawing_is_logged(draft, specialist):
    services.recommendation_withdraw(draft, user=specialist)

    assert draft.state == RecommendationState.WITHDRAWN
    assert LogEntry.objects.filter(action="recommendation.withdrawn", user=specialist).exists()


def test_evidence_is_kept_with_the_version(draft, stages, world, specialist):
    other = factories.indicator("other")
    services.version_save(
        draft, wording=stages.wording(indicators=[world.indicators[1], other]), user=specialist
    )

    version = draft.versions.get()
    assert set(version.indicators.all()) == {world.indicators[1], other}
    assert list(version.areas.all()) == world.areas[:1]
