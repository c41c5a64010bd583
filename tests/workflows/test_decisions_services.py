"""Recording a decision: each refusal, numbers without gaps, never changed."""

import datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import LogEntry, Seat
from stakeholders.written_once import WrittenOnce
from tests import factories
from tests.stages import at_noon, further
from workflows.counting import Ballot
from workflows.demo import driver
from workflows.models import (
    Decision,
    DecisionResult,
    DecisionVote,
    DeliveryReview,
    Evaluation,
    Meeting,
    RecommendationReturn,
    RecommendationState,
    RecommendationVersion,
    Reconsideration,
    ScheduleChange,
    VoteChoice,
)
from workflows.selectors.decisions import meetings_to_decide_in
from workflows.services.decisions import decision_record
from workflows.services.meetings import meeting_close, meeting_schedule

TITLES = ("Eins", "Zwei", "Drei")


@pytest.fixture
def scene(stages):
    """Three recommendations before the steering group, which meets today."""
    return stages.in_steering_group(TITLES)


def record(scene, user, number=1, **kwargs):
    cycle, meeting = scene
    values = {
        "meeting": meeting,
        "result": DecisionResult.APPROVED,
        "ballots": driver.all_yes(kwargs.get("meeting", meeting)),
        "user": user,
    }
    recommendation = cycle.recommendations.get(number=number)
    return decision_record(recommendation, **(values | kwargs))


def refused(code, scene, user, **kwargs):
    with pytest.raises(DomainError) as error:
        record(scene, user, **kwargs)
    assert error.value.code == code
    assert not Decision.objects.exists()


def changed(ballots, **choices):
    """Ballots with the choice of some organisations replaced."""
    return [
        Ballot(row.seat, choices.get(row.seat.organisation.name, row.choice), row.is_deputy)
        for row in ballots
    ]


@pytest.mark.parametrize(
    ("result", "extra", "state"),
    [
        (DecisionResult.APPROVED, {}, RecommendationState.APPROVED),
        (
            DecisionResult.APPROVED_WITH_CONDITIONS,
            {"conditions": "Drei Kennzahlen"},
            RecommendationState.APPROVED_WITH_CONDITIONS,
        ),
        (DecisionResult.RETURNED, {"reason": "Träger fehlt"}, RecommendationState.RETURNED),
        (DecisionResult.REJECTED, {"reason": "Kein Geld"}, RecommendationState.REJECTED),
        (DecisionResult.POSTPONED, {"postponed_until": 30}, RecommendationState.POSTPONED),
    ],
)
def test_every_result_moves_the_recommendation(scene, chair, result, extra, state):
    if "postponed_until" in extra:
        extra = {"postponed_until": timezone.localdate() + datetime.timedelta(days=extra["postponed_until"])}

    decision = record(scene, chair, result=result, **extra)

    decision.refresh_from_db()
    assert decision.recommendation.state == state
    assert decision.version.number == 1
    assert decision.votes.count() == 5
    entry = LogEntry.objects.get(action="decision.recorded")
    assert entry.data == {"result": result, "yes": 4, "no": 0, "abstain": 0}


def test_a_return_is_written_beside_the_version(scene, chair):
    decision = record(scene, chair, result=DecisionResult.RETURNED, reason=" Träger fehlt ")

    assert decision.version.returns.get().reason == "Träger fehlt"


def test_words_that_do_not_belong_to_the_result_are_dropped(scene, chair):
    decision = record(
        scene,
        chair,
        conditions="gilt nicht",
        postponed_until=timezone.localdate() + datetime.timedelta(days=9),
    )

    assert (decision.conditions, decision.postponed_until) == ("", None)


@pytest.mark.parametrize(
    ("code", "kwargs"),
    [
        ("conditions_missing", {"result": DecisionResult.APPROVED_WITH_CONDITIONS, "conditions": " "}),
        ("reason_missing", {"result": DecisionResult.RETURNED}),
        ("reason_missing", {"result": DecisionResult.REJECTED, "reason": " "}),
        ("day_missing", {"result": DecisionResult.POSTPONED}),
        ("day_missing", {"result": DecisionResult.POSTPONED, "postponed_until": datetime.date(2020, 1, 1)}),
    ],
)
def test_each_result_says_what_it_must(scene, chair, code, kwargs):
    refused(code, scene, chair, **kwargs)


def test_without_quorum_or_majority_nothing_is_decided(scene, chair):
    _cycle, meeting = scene
    everybody = driver.all_yes(meeting)

    refused("quorum_missing", scene, chair, ballots=absent(everybody, 3))
    tie = {"Jugendamt": VoteChoice.NO, "Musterstadt": VoteChoice.NO}
    refused("not_carried", scene, chair, ballots=changed(everybody, **tie))


def absent(ballots, count):
    voting = [row for row in ballots if row.seat.is_voting]
    away = {row.seat.pk for row in voting[:count]}
    return [Ballot(row.seat, VoteChoice.ABSENT if row.seat.pk in away else row.choice) for row in ballots]


def test_every_voting_seat_of_that_day_and_no_other_votes(scene, world, chair):
    _cycle, meeting = scene
    everybody = driver.all_yes(meeting)
    newcomer = factories.staff("Neu im Gremium", world.health_office)
    later = people.seat_start(
        body=world.steering_group,
        organisation=world.health_office,
        person=newcomer,
        seat=Seat.VOTING,
        deputy=None,
        starts_on=meeting.held_on + datetime.timedelta(days=1),
        user=None,
    )

    refused("ballot_missing", scene, chair, ballots=[row for row in everybody if row.seat.user != chair])
    refused("seat_not_in_force", scene, chair, ballots=[*everybody, Ballot(later, VoteChoice.YES)])
    record(scene, chair, ballots=everybody)


def test_votes_of_others_are_refused(scene, world, chair):
    _cycle, meeting = scene
    everybody = driver.all_yes(meeting)
    stranger = world.conference.memberships.first()

    refused("foreign_seat", scene, chair, ballots=[*everybody, Ballot(stranger, VoteChoice.YES)])
    advising = {"Wohlfahrtsverband (Beispiel)": VoteChoice.YES}
    refused("advisory_vote", scene, chair, ballots=changed(everybody, **advising))
    refused("seat_twice", scene, chair, ballots=[*everybody, everybody[0]])


def test_a_deputy_votes_and_is_named(scene, chair):
    _cycle, meeting = scene
    ballots = [
        Ballot(row.seat, row.choice, is_deputy=row.seat.deputy_id is not None)
        for row in driver.all_yes(meeting)
    ]

    decision = record(scene, chair, ballots=ballots)

    assert decision.votes.get(is_deputy=True).seat.organisation.name == "Jugendamt"


def test_only_meetings_of_the_steering_group_decide(scene, world, chair, planner):
    cycle, _meeting = scene
    talk = Meeting.objects.filter(cycle=cycle, body=world.conference).first()

    refused("foreign_meeting", scene, chair, meeting=talk, ballots=[])


def test_what_is_decided_is_not_decided_again(scene, chair):
    record(scene, chair)

    with pytest.raises(DomainError) as error:
        record(scene, chair)
    assert error.value.code == "not_submitted"
    assert Decision.objects.count() == 1


def test_a_postponed_one_comes_up_again_with_a_new_decision(scene, chair):
    cycle, _meeting = scene
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    first = record(scene, chair, result=DecisionResult.POSTPONED, postponed_until=tomorrow)
    with at_noon(tomorrow):
        second = record(scene, chair, meeting=further(cycle, tomorrow))

    assert [first.number, second.number] == [1, 2] if first.year == second.year else [1, 1]
    assert Decision.objects.get(pk=first.pk).result == DecisionResult.POSTPONED
    assert second.replaces is None


def refusal(scene, user, **kwargs):
    with pytest.raises(DomainError) as error:
        record(scene, user, **kwargs)
    return error.value.code


def test_no_meeting_decided_on_a_paper_before_it_was_there(scene, chair):
    cycle, meeting = scene
    before = further(cycle, meeting.held_on - datetime.timedelta(days=1))

    refused("meeting_too_early", scene, chair, meeting=before)
    assert list(meetings_to_decide_in(cycle.recommendations.get(number=1))) == [meeting]


def test_what_was_postponed_comes_up_in_a_later_meeting(scene, chair):
    cycle, meeting = scene
    today = meeting.held_on
    tomorrow, later = today + datetime.timedelta(days=1), today + datetime.timedelta(days=100)
    record(scene, chair, result=DecisionResult.POSTPONED, postponed_until=later)

    assert refusal(scene, chair) == "meeting_too_early", "not in the meeting that postponed it"
    with at_noon(tomorrow):
        early = further(cycle, tomorrow)
        assert refusal(scene, chair, meeting=early) == "postponed_longer"
        decision = record(scene, chair, meeting=early, reason="Das Land zahlt früher")
    assert decision.reason == "Das Land zahlt früher"


def test_a_returned_paper_comes_again_in_the_same_meeting_only_if_it_was_there_by_then(scene, stages, chair):
    cycle, meeting = scene
    recommendation = cycle.recommendations.get(number=1)
    driver.decide(recommendation, meeting, DecisionResult.RETURNED, user=chair, reason="Träger fehlt")
    author, conference_chair = stages.world.fresh("specialist"), stages.world.fresh("planning_head")
    with at_noon(meeting.held_on + datetime.timedelta(days=3)):
        driver.propose(recommendation, user=author, wording=stages.wording(proposal="Mit Träger."))
        driver.adopt(recommendation, user=conference_chair)

        assert refusal(scene, chair) == "meeting_too_early"
        assert not meetings_to_decide_in(recommendation)


def test_nothing_is_decided_in_a_closed_meeting(scene, chair, planner):
    _cycle, meeting = scene
    ballots = driver.all_yes(meeting)
    stale = Meeting.objects.select_related("body", "cycle").get(pk=meeting.pk)
    meeting_close(meeting, attended=[], user=planner)

    refused("meeting_closed", scene, chair, meeting=stale, ballots=ballots)


def test_numbers_count_per_body_and_year_without_gaps(scene, world, chair, planner):
    cycle, meeting = scene
    last_year = meeting_schedule(
        cycle,
        body=world.steering_group,
        held_on=datetime.date(meeting.held_on.year - 1, 12, 15),
        place="",
        participants=[world.youth_office],
        user=planner,
    )

    RecommendationVersion.objects.update(
        submitted_at=timezone.now() - datetime.timedelta(days=400)  # so the old meeting could decide
    )
    first = record(scene, chair)
    with pytest.raises(DomainError):
        record(scene, chair, number=2, result=DecisionResult.REJECTED)
    second = record(scene, chair, number=2)
    other_year = record(scene, chair, number=3, meeting=last_year)

    assert [row.reference for row in (first, second, other_year)] == [
        f"1/{meeting.held_on.year}",
        f"2/{meeting.held_on.year}",
        f"1/{meeting.held_on.year - 1}",
    ]


def test_nothing_is_decided_before_the_meeting(scene, world, chair, planner):
    cycle, _meeting = scene
    later = meeting_schedule(
        cycle,
        body=world.steering_group,
        held_on=timezone.localdate() + datetime.timedelta(days=1),
        place="",
        participants=[world.youth_office],
        user=planner,
    )
    with pytest.raises(DomainError) as refused:
        record(scene, chair, meeting=later)
    assert refused.value.code == "meeting_not_held"


def test_a_decision_is_never_changed_nor_deleted(scene, chair):
    decision = record(scene, chair)
    vote = decision.votes.first()

    for row in (decision, vote):
        with pytest.raises(TypeError):
            row.save()
        with pytest.raises(TypeError):
            row.delete()
    for rows in (Decision.objects.all(), DecisionVote.objects.all(), decision.votes.all()):
        with pytest.raises(TypeError):
            rows.delete()
    with pytest.raises(TypeError):
        Decision.objects.update(result=DecisionResult.REJECTED)
    with pytest.raises(TypeError):
        DecisionVote.objects.filter(pk=vote.pk).update(choice=VoteChoice.NO)


@pytest.mark.parametrize(
    "model", [DeliveryReview, Evaluation, RecommendationReturn, Reconsideration, ScheduleChange]
)
def test_what_was_judged_stays_as_it_was(model):
    assert issubclass(model, WrittenOnce)
    row = model()
    row._state.adding = False
    for forbidden in (row.save, row.delete, model.objects.all().delete, model.objects.all().update):
        with pytest.raises(TypeError):
            forbidden()


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("decision_number_once", {}),
        ("decision_has_quorum", {"number": 2, "present_count": 1, "yes_count": 1, "quorum_count": 2}),
        ("decision_has_majority", {"number": 2, "yes_count": 2, "no_count": 2}),
        ("decision_votes_add_up", {"number": 2, "abstain_count": 1}),
        ("decision_votes_of_seats", {"number": 2, "voting_count": 3}),
        ("decision_conditions_named", {"number": 2, "result": "conditional"}),
        ("decision_reason_named", {"number": 2, "result": "rejected"}),
        ("decision_reason_named", {"number": 2, "result": "returned"}),
        ("decision_postponed_to_a_day", {"number": 2, "result": "postponed"}),
        (
            "decision_postponed_to_later",
            {"number": 2, "result": "postponed", "postponed_until": "decided_on"},
        ),
    ],
)
def test_the_database_holds_the_rules_too(scene, chair, constraint, change):
    row = record(scene, chair)
    values = {
        field.attname: getattr(row, field.attname)
        for field in Decision._meta.concrete_fields
        if field.attname != "id"
    }

    if change.get("postponed_until"):
        change = change | {"postponed_until": row.decided_on}
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        Decision.objects.create(**(values | change))
    # SQLite names the columns of a broken UNIQUE instead of the constraint.
    assert constraint in str(error.value) or "UNIQUE" in str(error.value)


def test_the_database_takes_one_vote_per_seat(scene, chair):
    vote = record(scene, chair).votes.first()

    with pytest.raises(IntegrityError), transaction.atomic():
        DecisionVote.objects.create(decision=vote.decision, seat=vote.seat, choice=VoteChoice.NO)
