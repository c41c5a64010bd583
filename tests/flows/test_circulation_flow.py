"""The circulated decision: everybody votes, the deadline, an objection, deputies, who may, and the sweep."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.models import FormerDeputy, LogEntry, OutgoingMail, RulesOfProcedure, Seat
from stakeholders.services import absence_add, sync_roles
from tests.stages import at_noon, further
from tests.workflows.taskpages import page_of
from workflows.abandoning import cycle_abandon
from workflows.flows import CirculationFlow, RecommendationFlow
from workflows.flows.closing import poll_close
from workflows.models import (
    CirculationProcess,
    Decision,
    DecisionResult,
    IssuedPaper,
    Poll,
    PollObjection,
    PollOutcome,
    PollVote,
    RecommendationState,
    TaskCard,
    VoteChoice,
    VoteKind,
)
from workflows.nodes import OPEN_STATUSES, open_task
from workflows.polling import exclude, poll_begin, poll_call_off, poll_stop, readmit, vote
from workflows.selectors.polls import seats_of_poll
from workflows.services.tasks import task_recipients
from workflows.timers import timers_fire

DAYS = 10
YES, NO = VoteChoice.YES, VoteChoice.NO
VOTERS = ("chair", "member", "head", "jobcenter_head")


@pytest.fixture
def poll(stages, chair):
    """A recommendation in circulation for ten days, without any meeting."""
    cycle = stages.at_steering_group()
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_circulated=True)
    return poll_begin(
        cycle.recommendations.get(),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=DAYS),
        user=chair,
    )


def cast(poll, user, choice=YES, seat=None):
    return vote(poll, seat=seat or poll.body.memberships.get(user=user), choice=choice, user=user)


def open_votes(poll):
    return Task.objects.filter(
        process__circulationprocess__poll=poll, flow_task_type="HUMAN", status__in=OPEN_STATUSES
    )


def test_each_voting_seat_gets_a_task_with_the_deadline_and_a_mail(poll, world):
    cards = TaskCard.objects.filter(task__in=open_votes(poll))

    assert sorted(card.task.owner.pk for card in cards) == sorted(world.people[name].pk for name in VOTERS)
    assert {card.due_on for card in cards} == {poll.ends_on}
    assert {card.body for card in cards} == {poll.body}
    assert OutgoingMail.objects.filter(address=world.people["member"].email).count() == 1


def test_the_decision_is_due_after_the_last_day_and_no_later_once_it_has_ended(poll, chair):
    def due_on():
        return open_task(poll.recommendation.process, RecommendationFlow.decide_recommendation).card.due_on

    assert due_on() == poll.ends_on + datetime.timedelta(days=1)
    poll_call_off(poll, reason="Doch in der Sitzung", user=chair)
    assert due_on() != poll.ends_on + datetime.timedelta(days=1)


def test_when_all_have_voted_the_decision_is_recorded_at_once(poll, world):
    for name in VOTERS:
        assert not Decision.objects.exists()
        cast(poll, world.fresh(name))

    poll.refresh_from_db()
    decision = Decision.objects.get()
    assert (poll.outcome, poll.closed_by) == (PollOutcome.CARRIED, None)
    assert (decision.meeting, decision.poll, decision.vote_kind) == (None, poll, "circulated")
    assert decision.decided_on == timezone.localdate()
    assert decision.recorded_by == poll.opened_by
    assert decision.cycle == poll.cycle
    assert decision.recommendation.state == RecommendationState.APPROVED
    process = decision.recommendation.process
    assert open_task(process, RecommendationFlow.issue_extract), "its task was completed by the same act"
    assert not open_votes(poll).exists()
    assert not CirculationProcess.objects.filter(finished__isnull=True).exists()


def test_at_the_deadline_missing_votes_are_no_votes(poll, world):
    for name in VOTERS[:2]:
        cast(poll, world.fresh(name))
    with at_noon(poll.ends_on):
        timers_fire()
        assert Poll.objects.get().is_open, "the last day counts in full"

    with at_noon(poll.ends_on + datetime.timedelta(days=1)):
        timers_fire()
        timers_fire()

    decision = Decision.objects.get()
    assert decision.decided_on == poll.ends_on
    assert (decision.yes_count, decision.present_count, decision.quorum_count) == (2, 2, 2)
    assert decision.votes.filter(choice=VoteChoice.SILENT).count() == 2
    assert not open_votes(poll).exists()
    assert not CirculationProcess.objects.filter(finished__isnull=True).exists()


def test_without_quorum_nothing_is_decided_and_the_chair_can_go_on(poll, world):
    cast(poll, world.fresh("member"))
    with at_noon(poll.ends_on + datetime.timedelta(days=1)):
        timers_fire()

    poll.refresh_from_db()
    assert poll.outcome == PollOutcome.NO_QUORUM
    assert not Decision.objects.exists()
    assert open_task(poll.recommendation.process, RecommendationFlow.decide_recommendation)


def test_the_majority_against_it_decides_nothing(poll, world):
    for name in VOTERS:
        cast(poll, world.fresh(name), NO)

    poll.refresh_from_db()
    assert poll.outcome == PollOutcome.NOT_CARRIED
    assert not Decision.objects.exists()


def test_one_objection_stops_it(poll, world):
    cast(poll, world.fresh("chair"))
    member = world.fresh("member")
    seat = poll.body.memberships.get(user=member)
    with pytest.raises(DomainError) as error:
        poll_stop(poll, seat=seat, reason=" ", user=member)
    assert error.value.code == "reason_missing"
    with pytest.raises(DomainError) as error:
        poll_stop(poll, seat=seat, reason="x", user=world.fresh("head"))
    assert error.value.code == "not_your_seat"

    poll_stop(poll, seat=seat, reason="Bitte beraten", user=member)

    poll.refresh_from_db()
    assert poll.outcome == PollOutcome.STOPPED
    assert PollObjection.objects.get().reason == "Bitte beraten"
    assert not open_votes(poll).exists()
    assert not Decision.objects.exists()
    with pytest.raises(DomainError) as error:
        cast(poll, world.fresh("head"))
    assert error.value.code == "poll_closed"
    assert OutgoingMail.objects.filter(address=world.people["chair"].email).count() == 2


def test_after_the_last_day_votes_and_objections_are_refused(poll, world):
    member = world.fresh("member")
    seat = poll.body.memberships.get(user=member)
    with at_noon(poll.ends_on + datetime.timedelta(days=1)):
        for act in (
            lambda: cast(poll, member),
            lambda: poll_stop(poll, seat=seat, reason="x", user=member),
        ):
            with pytest.raises(DomainError) as error:
                act()
            assert error.value.code == "poll_over"


def test_the_chair_cannot_end_it_before_its_day_but_call_it_off(poll, chair):
    with pytest.raises(DomainError) as error:
        poll_close(poll, user=chair)
    assert error.value.code == "poll_runs"

    poll_call_off(poll, reason="Doch in der Sitzung", user=chair)
    assert not open_votes(poll).exists()


def test_a_vote_can_be_changed_until_the_end(poll, world):
    member = world.fresh("member")
    cast(poll, member, YES)
    cast(poll, member, NO)

    assert PollVote.objects.get().choice == NO
    assert PollVote.objects.get().changes.count() == 1


def test_the_deputy_of_who_is_away_has_the_task(stages, chair, world):
    head, deputy = world.fresh("head"), world.fresh("specialist")
    today = timezone.localdate()
    absence_add(person=head, starts_on=today, ends_on=today, reason="", user=head)
    cycle = stages.at_steering_group()
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_circulated=True)
    poll = poll_begin(
        cycle.recommendations.get(),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=today + datetime.timedelta(days=DAYS),
        user=chair,
    )
    seat = poll.body.memberships.get(user=head)

    task = open_votes(poll).get(process__circulationprocess__seat=seat)
    assert task.owner == deputy
    assert task_recipients(task) == [head]
    cast(poll, deputy, YES, seat=seat)
    assert PollVote.objects.get().is_deputy


def test_the_task_is_for_the_people_of_the_seat_alone(poll, world, client_as):
    seat = poll.body.memberships.get(user=world.people["member"])
    task = open_votes(poll).get(process__circulationprocess__seat=seat)
    address = CirculationFlow.vote_in_circulation.reverse("execute", args=[task.process_id, task.pk])

    assert client_as(world.fresh("member")).get(address).status_code == 200
    assert client_as(world.fresh("chair")).get(address).status_code == 403
    assert client_as(world.fresh("association_head")).get(address).status_code == 404
    assert client_as(world.fresh("provider_head")).get(address).status_code == 404
    assert client_as(world.fresh("outsider")).get(address).status_code == 404
    answer = client_as(world.fresh("member")).post(address, {"choice": "yes"})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("workflows:poll-detail", args=[poll.pk])
    assert PollVote.objects.get().choice == YES
    assert client_as(world.fresh("member")).post(address, {"choice": "no"}).status_code == 409


def test_who_opened_it_has_left_the_chair_meanwhile(poll, world):
    """The sweep cannot record it in their name; it stays for the present chair."""
    seat = poll.body.memberships.get(user=world.people["chair"])
    for name in VOTERS[1:]:
        cast(poll, world.fresh(name))
    day = poll.ends_on + datetime.timedelta(days=1)
    type(seat).objects.filter(pk=seat.pk).update(ends_on=day - datetime.timedelta(days=1))
    with at_noon(day):
        timers_fire()

    assert Poll.objects.get().is_open
    assert not Decision.objects.exists()


def test_reminders_come_before_the_deadline(poll, world):
    before = LogEntry.objects.filter(action="task.reminded").count()
    with at_noon(poll.ends_on - datetime.timedelta(days=1)):
        timers_fire()

    assert LogEntry.objects.filter(action="task.reminded").count() >= before + len(VOTERS)


def test_a_cycle_given_up_takes_its_polls_along(poll, world):
    cycle_abandon(poll.cycle, reason="Überholt", user=world.fresh("planning_head"))
    timers_fire()

    poll.refresh_from_db()
    assert (poll.outcome, poll.end_reason) == (PollOutcome.CANCELLED, "Überholt")
    assert not open_votes(poll).exists()


def test_the_extract_of_a_circulated_decision_is_issued_on_its_page(poll, world, client_as):
    for name in VOTERS:
        cast(poll, world.fresh(name))
    task = open_task(poll.recommendation.process, RecommendationFlow.issue_extract)
    address = RecommendationFlow.issue_extract.reverse("execute", args=[task.process_id, task.pk])
    client = client_as(world.fresh("chair"))

    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 302
    assert IssuedPaper.objects.get().decision == Decision.objects.get()


def test_who_is_excluded_has_no_task_until_the_chair_takes_it_back(poll, world, chair):
    member = world.fresh("member")
    seat = poll.body.memberships.get(user=member)

    exclude(poll, seat=seat, user=chair)
    assert open_votes(poll).count() == len(VOTERS) - 1
    with pytest.raises(DomainError) as error:
        poll_stop(poll, seat=seat, reason="Nein", user=member)
    assert error.value.code == "excluded"
    readmit(poll, seat=seat, user=chair)
    assert open_votes(poll).count() == len(VOTERS)
    cast(poll, member)
    exclude(poll, seat=poll.body.memberships.get(user=world.people["head"]), user=chair)
    cast(poll, world.fresh("chair"))
    cast(poll, world.fresh("jobcenter_head"))
    assert Decision.objects.get().present_count == len(VOTERS) - 1


def test_the_last_one_waited_for_is_excluded_and_the_poll_closes(poll, world, chair):
    for name in VOTERS[:3]:
        cast(poll, world.fresh(name))
    exclude(poll, seat=poll.body.memberships.get(user=world.people["jobcenter_head"]), user=chair)

    assert Decision.objects.get().yes_count == 3


def test_a_deputy_does_not_object_while_the_member_is_there(poll, world):
    seat = poll.body.memberships.get(user=world.people["head"])
    with pytest.raises(DomainError) as error:
        poll_stop(poll, seat=seat, reason="Nein", user=world.fresh("specialist"))
    assert error.value.code == "member_there"
    assert Poll.objects.get().is_open


def test_what_was_stopped_comes_up_in_the_next_meeting(poll, world, stages):
    meeting = further(poll.cycle, timezone.localdate() + datetime.timedelta(days=20))
    meeting.agenda.all().delete()
    member = world.fresh("member")
    poll_stop(poll, seat=poll.body.memberships.get(user=member), reason="Bitte beraten", user=member)

    assert meeting.agenda.filter(recommendation=poll.recommendation).exists()


def test_it_decides_under_the_rules_of_its_last_day(poll, world):
    """Whatever the rules want when the sweep comes late."""
    for name in VOTERS[:2]:
        cast(poll, world.fresh(name))
    rules = RulesOfProcedure.objects.get(body=poll.body)
    later = poll.ends_on + datetime.timedelta(days=1)
    fields = {
        field.attname: getattr(rules, field.attname)
        for field in RulesOfProcedure._meta.concrete_fields
        if field.name not in {"id", "valid_from", "quorum_share"}
    }
    RulesOfProcedure.objects.create(**fields, valid_from=later, quorum_share=1)
    with at_noon(later):
        timers_fire()

    decision = Decision.objects.get()
    assert (decision.rules, decision.quorum_count) == (rules, 2)


def test_postponing_in_circulation_is_recorded_however_late(stages, chair, world):
    cycle = stages.at_steering_group()
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_circulated=True)
    last = timezone.localdate() + datetime.timedelta(days=DAYS)
    poll = poll_begin(
        cycle.recommendations.get(),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.POSTPONED,
        postponed_until=last + datetime.timedelta(days=1),
        ends_on=last,
        user=chair,
    )
    for name in VOTERS[:3]:
        cast(poll, world.fresh(name))
    with at_noon(last + datetime.timedelta(days=3)):
        timers_fire()

    assert Decision.objects.get().result == DecisionResult.POSTPONED


def test_what_is_postponed_in_circulation_is_due_when_it_comes_up_again(stages, chair, world):
    cycle = stages.at_steering_group()
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_circulated=True)
    later = timezone.localdate() + datetime.timedelta(days=90)
    poll = poll_begin(
        cycle.recommendations.get(),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.POSTPONED,
        postponed_until=later,
        ends_on=timezone.localdate() + datetime.timedelta(days=DAYS),
        user=chair,
    )
    for name in VOTERS:
        cast(poll, world.fresh(name))
    card = TaskCard.objects.get(task__process=poll.recommendation.process, is_open=True)
    assert card.task.flow_task == RecommendationFlow.decide_recommendation
    assert card.due_on == later


def test_the_new_chair_closes_what_the_former_one_opened(poll, world, chair):
    """Whoever has lost the right holds nothing up: its task passes over."""
    former, member = (poll.body.memberships.get(user=world.people[name]) for name in ("chair", "member"))
    for name in VOTERS[:3]:
        cast(poll, world.fresh(name))
    today = timezone.localdate()
    type(former).objects.filter(pk=former.pk).update(seat=Seat.VOTING)
    type(member).objects.filter(pk=member.pk).update(seat=Seat.CHAIR)
    sync_roles()
    with at_noon(today + datetime.timedelta(days=DAYS + 1)):
        closed = poll_close(poll, user=world.fresh("member"))
    assert closed.outcome == PollOutcome.CARRIED
    assert Decision.objects.get().recorded_by == world.people["member"]


def test_a_deputy_named_meanwhile_votes(poll, world):
    seat = poll.body.memberships.get(user=world.people["head"])
    named = world.fresh("youth_head") if "youth_head" in world.people else world.fresh("provider_head")
    FormerDeputy.objects.create(seat=seat, deputy=seat.deputy, until_on=timezone.localdate())
    type(seat).objects.filter(pk=seat.pk).update(deputy=named)
    with at_noon(timezone.localdate() + datetime.timedelta(days=1)):
        found = next(row for row in seats_of_poll(poll) if row.pk == seat.pk)
        assert found.deputy == named


def test_the_task_shows_what_the_amended_wording_changes(poll, chair, member, client_as):
    recommendation = poll.recommendation
    poll_call_off(poll, reason="Neuer Wortlaut", user=chair)
    again = poll_begin(
        recommendation,
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=DAYS),
        wording=f"{poll.version.proposal} Auch in den Ferien.",
        user=chair,
    )
    task = open_votes(again).get(owner=member)

    shown = client_as(member).get(page_of(task))

    assert [row.text for row in shown.context["amendment"] if row.kind == "added"] == ["Auch in den Ferien."]
    assert "<ins>" in shown.content.decode()


def test_the_last_voter_reads_that_the_poll_is_closed(poll, world, client_as):
    for name in VOTERS[:-1]:
        cast(poll, world.fresh(name))
    last = world.fresh(VOTERS[-1])
    task = open_votes(poll).get(owner=last)
    client = client_as(last)
    answer = client.post(page_of(task), {"choice": "yes"}, follow=True)
    said = [str(message) for message in answer.context["messages"]]
    assert len(said) == 1
    with translation.override("de"):
        assert said != [_("Your vote is in. You can change it on this page until the poll is closed.")]
    assert answer.context["decision"] == Decision.objects.get()
