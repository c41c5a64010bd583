"""Polls: who may vote, when, how often; closing, calling off, objecting; what is kept of a secret ballot."""

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from project.common.errors import DomainError
from stakeholders.models import BodyMembership, LogEntry, RulesOfProcedure, Seat
from stakeholders.permissions import Perm, Role, revoke, role_group
from stakeholders.services import absence_add
from tests import factories
from tests.stages import at_noon
from workflows.demo import driver
from workflows.flows import RecommendationFlow
from workflows.flows.closing import poll_close
from workflows.models import (
    Attendance,
    Decision,
    DecisionResult,
    Poll,
    PollOutcome,
    PollVote,
    PollVoteChange,
    RecommendationState,
    SecretTally,
    VoteChoice,
    VoteKind,
)
from workflows.nodes import open_task
from workflows.polling import poll_begin, poll_call_off, vote
from workflows.selectors.polls import open_polls_for, polls_seen_by, progress_of
from workflows.services.meetings import meeting_close, meeting_move
from workflows.services.polls import poll_exclude, poll_readmit, poll_vote
from workflows.services.tasks import task_give_back, task_take
from workflows.timers import timers_fire

YES, NO, ABSTAIN, BIASED = VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN, VoteChoice.BIASED
TITLES = ("Eins", "Zwei")


@pytest.fixture
def scene(stages):
    """Two recommendations before the steering group, which meets today."""
    return stages.in_steering_group(TITLES)


def allow(body, **kwargs):
    RulesOfProcedure.objects.filter(body=body).update(**kwargs)


def opened(scene, chair, kind=VoteKind.NAMED, number=1, **kwargs):
    cycle, meeting = scene
    allow(cycle.steering_group, allows_secret=True, allows_circulated=True)
    place = {"ends_on": timezone.localdate() + datetime.timedelta(days=7)}
    if kind != VoteKind.CIRCULATED:
        place = {"meeting": meeting}
    values = {"kind": kind, "result": DecisionResult.APPROVED, **place, **kwargs}
    return poll_begin(cycle.recommendations.get(number=number), user=chair, **values)


def seat_of(poll, user):
    return poll.body.memberships.get(user=user)


def cast(poll, user, choice, seat=None):
    return vote(poll, seat=seat or seat_of(poll, user), choice=choice, user=user)


def refused(code, act):
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code
    assert str(error.value.message)


@pytest.fixture
def voters(world):
    return [world.fresh(name) for name in ("chair", "member", "head", "jobcenter_head")]


# --- voting ----------------------------------------------------------------------------------------


def test_a_carried_poll_is_a_decision_with_number_and_votes(scene, chair, voters):
    poll = opened(scene, chair)
    for user, choice in zip(voters, (YES, YES, NO, ABSTAIN), strict=True):
        cast(poll, user, choice)

    closed = poll_close(poll, user=chair)

    decision = Decision.objects.get()
    assert closed.outcome == PollOutcome.CARRIED
    assert (decision.reference.split("/")[0], decision.poll, decision.vote_kind) == ("1", closed, "named")
    assert (decision.yes_count, decision.no_count, decision.abstain_count) == (2, 1, 1)
    assert decision.recommendation.state == RecommendationState.APPROVED
    assert open_task(decision.recommendation.process, RecommendationFlow.issue_extract)
    assert [row.action for row in LogEntry.objects.filter(action__startswith="poll.")][::-1] != []


def test_a_vote_is_replaced_while_open_and_each_time_it_is_kept(scene, chair, member):
    poll = opened(scene, chair)
    cast(poll, member, YES)
    cast(poll, member, YES)
    cast(poll, member, NO)

    change = PollVoteChange.objects.get()
    assert (change.old, change.new, change.changed_by) == ("yes", "no", member)
    assert PollVote.objects.get().choice == NO
    assert LogEntry.objects.filter(action="poll.vote_replaced").count() == 1
    with pytest.raises(TypeError):
        change.delete()


def test_votes_after_closing_are_refused(scene, chair, voters):
    poll = opened(scene, chair)
    for user in voters[:3]:
        cast(poll, user, YES)
    poll_close(poll, user=chair)

    refused("poll_closed", lambda: cast(poll, voters[3], NO))
    refused("poll_closed", lambda: cast(poll, voters[0], NO))
    refused("poll_closed", lambda: poll_close(poll, user=chair))
    assert PollVote.objects.count() == 3


def test_only_ones_own_seat_in_this_body_has_a_vote(scene, chair, world, member):
    poll = opened(scene, chair)
    own = seat_of(poll, member)
    foreign = world.conference.memberships.filter(seat=Seat.VOTING).first()
    advisory = poll.body.memberships.get(seat=Seat.ADVISORY)

    refused("foreign_seat", lambda: cast(poll, foreign.user, YES, seat=foreign))
    refused("advisory_vote", lambda: cast(poll, advisory.user, YES, seat=advisory))
    refused("not_your_seat", lambda: cast(poll, chair, YES, seat=own))
    refused("not_your_seat", lambda: cast(poll, world.fresh("outsider"), YES, seat=own))
    refused("bad_choice", lambda: cast(poll, member, VoteChoice.HEARD))
    ended = factories.seated(poll.body, world.provider, world.fresh("provider_head"), Seat.VOTING)
    BodyMembership.objects.filter(pk=ended.pk).update(
        ends_on=timezone.localdate() - datetime.timedelta(days=1)
    )
    refused("seat_not_in_force", lambda: cast(poll, ended.user, YES, seat=ended))
    assert not PollVote.objects.exists()


def test_a_right_lost_meanwhile_counts(scene, chair, member):
    poll = opened(scene, chair)
    revoke(Perm.VOTE_IN_BODY, role_group(Role.BODY_VOTING, poll.body), poll.body)

    with pytest.raises(PermissionDenied):
        cast(poll, member, YES)


def test_a_deputy_votes_while_the_member_is_away_and_never_over_the_member(scene, chair, world):
    poll = opened(scene, chair)
    head, deputy = world.fresh("head"), world.fresh("specialist")
    seat = seat_of(poll, head)

    refused("member_there", lambda: cast(poll, deputy, YES, seat=seat))
    today = timezone.localdate()
    absence_add(person=head, starts_on=today, ends_on=today, reason="", user=head)
    cast(poll, deputy, YES, seat=seat)
    assert PollVote.objects.get().is_deputy
    cast(poll, head, NO, seat=seat)
    refused("member_voted", lambda: cast(poll, deputy, YES, seat=seat))
    assert (PollVote.objects.get().choice, PollVote.objects.get().is_deputy) == (NO, False)


def test_a_person_has_one_vote_and_none_when_biased(scene, chair, world):
    """The deputy of one seat holds another one."""
    head, jobcenter = world.fresh("head"), world.fresh("jobcenter_head")
    seat = scene[0].steering_group.memberships.get(user=head)
    BodyMembership.objects.filter(pk=seat.pk).update(deputy=jobcenter)
    today = timezone.localdate()
    absence_add(person=head, starts_on=today, ends_on=today, reason="", user=head)
    poll = opened(scene, chair)

    cast(poll, jobcenter, YES)
    refused("person_twice", lambda: cast(poll, jobcenter, YES, seat=seat))
    cast(poll, jobcenter, BIASED)
    refused("biased_votes", lambda: cast(poll, jobcenter, YES, seat=seat))


def test_attendance_says_who_votes(scene, chair, world, member):
    poll = opened(scene, chair)
    _cycle, meeting = scene
    now = timezone.now() - datetime.timedelta(minutes=5)
    for seat in poll.body.memberships.exclude(user=member):
        Attendance.objects.create(
            meeting=meeting,
            organisation=seat.organisation,
            seat=seat,
            arrived_at=now,
            is_deputy=seat.deputy_id is not None,
        )
    head = seat_of(poll, world.fresh("head"))

    refused("not_present", lambda: cast(poll, member, YES))
    refused("seat_held_by_other", lambda: cast(poll, world.fresh("head"), YES))
    cast(poll, world.fresh("specialist"), YES, seat=head)
    assert [seat.user for seat in progress_of(poll).missing] == [world.fresh("jobcenter_head"), chair]


def test_a_quorum_lost_in_the_middle_closes_nothing(scene, chair, voters):
    poll = opened(scene, chair)
    _cycle, meeting = scene
    moment = timezone.now() - datetime.timedelta(minutes=5)
    rows = [
        Attendance.objects.create(
            meeting=meeting, organisation=seat.organisation, seat=seat, arrived_at=moment
        )
        for seat in poll.body.memberships.exclude(seat=Seat.ADVISORY)
    ]
    for user in voters:
        cast(poll, user, YES)
    for row in rows[:3]:
        row.left_at = timezone.now()
        row.save()

    refused("quorum_lost", lambda: poll_close(poll, user=chair))
    assert Poll.objects.get().is_open
    rows[0].left_at = None
    rows[0].save()
    assert poll_close(poll, user=chair).outcome == PollOutcome.CARRIED
    assert Decision.objects.get().yes_count == 4, "votes cast before somebody left count"


def test_too_few_votes_are_no_quorum(scene, chair, member):
    poll = opened(scene, chair)
    cast(poll, member, YES)

    refused("quorum_missing", lambda: poll_close(poll, user=chair))
    assert Poll.objects.get().is_open


def test_a_poll_without_majority_decides_nothing_and_another_can_follow(scene, chair, voters):
    poll = opened(scene, chair)
    for user, choice in zip(voters, (YES, NO, NO, ABSTAIN), strict=True):
        cast(poll, user, choice)

    assert poll_close(poll, user=chair).outcome == PollOutcome.NOT_CARRIED
    assert not Decision.objects.exists()
    again = opened(scene, chair, result=DecisionResult.REJECTED, reason="Kein Geld")
    for user in voters:
        cast(again, user, YES)
    poll_close(again, user=chair)
    assert Decision.objects.get().result == "rejected"


def test_the_chair_enters_who_is_biased(scene, chair, voters):
    poll = opened(scene, chair)
    poll_exclude(poll, seat=seat_of(poll, voters[3]), user=chair)
    for user in voters[:3]:
        cast(poll, user, YES)
    with pytest.raises(PermissionDenied):
        poll_exclude(poll, seat=seat_of(poll, voters[1]), user=voters[1])

    poll_close(poll, user=chair)

    decision = Decision.objects.get()
    assert (decision.present_count, decision.quorum_count) == (3, 2)
    assert decision.votes.get(seat__user=voters[3]).choice == BIASED


def test_who_was_excluded_does_not_vote_themselves_back_in(scene, chair, voters):
    poll = opened(scene, chair)
    seat = seat_of(poll, voters[3])
    poll_exclude(poll, seat=seat, user=chair)

    refused("excluded", lambda: cast(poll, voters[3], YES))
    assert PollVote.objects.get().choice == BIASED
    with pytest.raises(PermissionDenied):
        poll_readmit(poll, seat=seat, user=voters[3])
    poll_readmit(poll, seat=seat, user=chair)
    refused("not_excluded", lambda: poll_readmit(poll, seat=seat, user=chair))
    assert not PollVote.objects.exists()
    assert LogEntry.objects.filter(action="poll.member_readmitted").count() == 1
    cast(poll, voters[3], NO)
    poll_exclude(poll, seat=seat, user=chair)
    poll_readmit(poll, seat=seat, user=chair)
    assert PollVote.objects.get().choice == NO, "the vote cast before stands again"


def test_what_is_open_is_asked_per_seat_and_costs_the_same(
    scene, chair, voters, django_assert_max_num_queries
):
    first, second = opened(scene, chair), opened(scene, chair, number=2)
    member = voters[1]
    other = seat_of(first, voters[2])
    BodyMembership.objects.filter(pk=other.pk).update(deputy=member)
    assert open_polls_for(member) == [first, second]
    cast(first, voters[2], YES)

    assert open_polls_for(member) == [first, second], "their own seat has not voted yet"
    assert open_polls_for(voters[2]) == [second]
    cast(first, member, YES)
    assert open_polls_for(member) == [second]
    today = timezone.localdate()
    absence_add(person=voters[2], starts_on=today, ends_on=today, reason="", user=voters[2])
    cast(second, member, YES, seat=other)
    assert open_polls_for(member) == [], "nobody votes for two seats"
    with django_assert_max_num_queries(6):
        open_polls_for(voters[3])


# --- secret ----------------------------------------------------------------------------------------


def test_of_a_secret_ballot_nothing_but_the_count_is_kept(scene, chair, voters):
    poll = opened(scene, chair, kind=VoteKind.SECRET)
    for user, choice in zip(voters, (YES, NO, YES, ABSTAIN), strict=True):
        cast(poll, user, choice)

    assert {row.choice for row in PollVote.objects.all()} == {"present"}
    assert {row.cast_at for row in PollVote.objects.all()} == {None}
    assert not LogEntry.objects.filter(data__icontains='"no"').exists()
    refused("voted_already", lambda: cast(poll, voters[0], NO))
    refused("voted_already", lambda: poll_exclude(poll, seat=seat_of(poll, voters[0]), user=chair))
    poll_close(poll, user=chair)
    decision = Decision.objects.get()
    assert (decision.yes_count, decision.no_count, decision.abstain_count) == (2, 1, 1)
    assert {row.choice for row in decision.votes.filter(seat__seat__in=["chair", "voting"])} == {"present"}
    assert sum(SecretTally.objects.values_list("number", flat=True)) == 4


def test_secret_and_circulated_only_where_the_rules_allow_them(scene, chair):
    cycle, meeting = scene
    recommendation = cycle.recommendations.get(number=1)
    day = timezone.localdate() + datetime.timedelta(days=5)
    given = {"result": DecisionResult.APPROVED, "user": chair}

    refused(
        "secret_not_allowed",
        lambda: poll_begin(recommendation, kind=VoteKind.SECRET, meeting=meeting, **given),
    )
    refused(
        "circulated_not_allowed",
        lambda: poll_begin(recommendation, kind=VoteKind.CIRCULATED, ends_on=day, **given),
    )


# --- opening, calling off --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kwargs"),
    [
        ("meeting_missing", {"meeting": None}),
        ("deadline_wrong", {"kind": VoteKind.CIRCULATED, "ends_on": None}),
        ("deadline_wrong", {"kind": VoteKind.CIRCULATED, "ends_on": datetime.date(2020, 1, 1)}),
        ("reason_missing", {"result": DecisionResult.REJECTED}),
        ("conditions_missing", {"result": DecisionResult.APPROVED_WITH_CONDITIONS}),
        ("day_missing", {"result": DecisionResult.POSTPONED}),
    ],
)
def test_a_poll_says_what_it_must(scene, chair, code, kwargs):
    refused(code, lambda: opened(scene, chair, **kwargs))
    assert not Poll.objects.exists()


def test_one_poll_at_a_time(scene, chair):
    poll = opened(scene, chair)

    refused("poll_open", lambda: opened(scene, chair))
    with pytest.raises(IntegrityError), transaction.atomic():
        Poll.objects.create(
            **{
                field.attname: getattr(poll, field.attname)
                for field in Poll._meta.concrete_fields
                if field.name != "id"
            }
        )
    opened(scene, chair, number=2)


def test_members_vote_on_the_day_of_the_meeting(scene, chair):
    with at_noon(timezone.localdate() + datetime.timedelta(days=1)):
        refused("meeting_not_today", lambda: opened(scene, chair))


def test_while_members_vote_nothing_goes_past_them(scene, chair, planner, world):
    poll = opened(scene, chair)
    cycle, meeting = scene

    refused(
        "poll_open",
        lambda: driver.decide(
            cycle.recommendations.get(number=1), meeting, DecisionResult.APPROVED, user=chair
        ),
    )
    refused("poll_open", lambda: meeting_close(meeting, attended=[], user=planner))
    refused(
        "poll_open",
        lambda: meeting_move(
            meeting, held_on=timezone.localdate(), place="Anderswo", reason="Raum", user=planner
        ),
    )
    refused("reason_missing", lambda: poll_call_off(poll, reason=" ", user=chair))
    with pytest.raises(PermissionDenied):
        poll_call_off(poll, reason="x", user=world.fresh("member"))
    poll_call_off(poll, reason="Quorum verloren", user=chair)
    assert Poll.objects.get().outcome == PollOutcome.CANCELLED
    driver.decide(cycle.recommendations.get(number=1), meeting, DecisionResult.APPROVED, user=chair)


def test_four_eyes_look_at_who_opens_too(scene, world):
    with pytest.raises(PermissionDenied):
        opened(scene, world.fresh("member"))


def test_the_amended_wording_stands_beside_the_proposal(scene, chair, voters):
    poll = opened(scene, chair, wording="Ein Angebot wird bis Juni eingerichtet.")
    for user in voters:
        cast(poll, user, YES)
    poll_close(poll, user=chair)

    decision = Decision.objects.get()
    assert decision.wording == "Ein Angebot wird bis Juni eingerichtet."
    assert decision.version.proposal == "Ein Angebot wird eingerichtet."
    assert opened(scene, chair, number=2, wording="Ein Angebot wird eingerichtet.").wording == ""


def test_who_sees_polls(scene, chair, world):
    poll = opened(scene, chair)

    seen = {name for name, user in world.people.items() if polls_seen_by(user).filter(pk=poll.pk).exists()}
    waiting = {name for name, user in world.people.items() if open_polls_for(user)}
    assert seen == {
        *("chair", "member", "head", "specialist", "jobcenter_head", "association_head"),
        *("planner", "planning_head"),
    }
    assert waiting == {"chair", "member", "head", "jobcenter_head"}, "no deputy of who is there"
    poll_vote(poll, seat=seat_of(poll, chair), choice=YES, user=chair)
    assert open_polls_for(chair) == []


def test_the_sweep_leaves_polls_in_meetings_alone(scene, chair):
    opened(scene, chair)
    with at_noon(timezone.localdate() + datetime.timedelta(days=3)):
        timers_fire()

    assert Poll.objects.get().is_open


# --- the task behind a poll ------------------------------------------------------------------------


def decide_task(scene, number=1):
    return open_task(
        scene[0].recommendations.get(number=number).process, RecommendationFlow.decide_recommendation
    )


def loses_chair(world, scene):
    """The chair may not act as one any more, and still has the task."""
    body = scene[0].steering_group
    revoke(Perm.CHAIR_BODY, role_group(Role.BODY_CHAIR, body), body)
    return world.fresh("chair")


def test_who_has_the_task_and_lost_the_right_opens_no_poll(scene, chair, world):
    task_take(decide_task(scene), user=chair)
    former = loses_chair(world, scene)

    with pytest.raises(PermissionDenied):
        opened(scene, former)
    assert not Poll.objects.exists()


def test_who_has_the_task_and_lost_the_right_closes_none_either(scene, chair, world, voters):
    poll = opened(scene, chair)
    for user in voters:
        cast(poll, user, NO)
    former = loses_chair(world, scene)

    with pytest.raises(PermissionDenied):
        poll_close(poll, user=former)
    assert Poll.objects.get().is_open


def test_what_is_not_carried_leaves_the_task_to_nobody(scene, chair, voters):
    poll = opened(scene, chair, kind=VoteKind.CIRCULATED)
    task_give_back(decide_task(scene), user=chair)
    taken = LogEntry.objects.filter(action="task.taken")
    before = taken.filter(user=chair).count()
    for user in voters:
        cast(poll, user, NO)

    assert Poll.objects.get().outcome == PollOutcome.NOT_CARRIED
    assert decide_task(scene).owner is None
    assert taken.filter(user=chair).count() == before


def test_who_closes_reads_that_a_colleague_has_the_task(scene, chair, world, voters):
    cycle, _meeting = scene
    poll = opened(scene, chair)
    for user in voters:
        cast(poll, user, YES)
    role_group(Role.BODY_CHAIR, cycle.steering_group).user_set.add(world.people["member"])

    with pytest.raises(DomainError) as error:
        poll_close(poll, user=world.fresh("member"))

    with translation.override("en"):
        assert str(error.value.message) == "A colleague has taken this task."
