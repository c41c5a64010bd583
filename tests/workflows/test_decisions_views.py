"""Recording a decision on its page, and decisions as people read them."""

import datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders.models import OrganisationKind, Seat
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules
from stakeholders.services import absence_add, rules_add
from tests import factories
from tests.workflows.taskpages import take, vote_fields
from workflows.counting import Ballot
from workflows.demo import driver
from workflows.flows import RecommendationFlow
from workflows.models import Decision, DecisionResult, Meeting, VoteChoice
from workflows.nodes import open_task
from workflows.selectors.agenda import agenda_of
from workflows.services.attendance import attendance_arrive
from workflows.services.meetings import meeting_schedule


def seats(meeting):
    return list(meeting.body.memberships.on(meeting.held_on))


def data(meeting, **kwargs):
    return {"meeting": meeting.pk, "result": "approved", **vote_fields(seats(meeting)), **kwargs}


def seat_of(world, name, body="steering_group"):
    return getattr(world, body).memberships.get(user=world.people[name])


# --- recording -------------------------------------------------------------------------------------


def test_the_page_gives_all_that_is_needed(session, page, world):
    client, address = page

    shown = client.get(address)

    context = shown.context
    assert context["form"]["meeting"].value() == session[1].pk
    assert context["form"].voting_rows[0]["seat"].user.display_name == "Vorsitz Steuerungsgruppe"
    assert len(context["form"].voting_rows) == 4
    assert len(context["form"].advisory_rows) == 1
    assert [(item.title, item.is_current) for item in context["agenda"]] == [("Eins", True), ("Zwei", False)]
    assert (context["quorum"], context["count"]) == (2, None)
    assert context["evidence"].areas[0].figures
    assert not Decision.objects.exists()


def test_votes_deputies_and_advice_are_recorded_as_entered(session, page, world, chair):
    _cycle, meeting = session
    client, address = page
    head, jobcenter = seat_of(world, "head"), seat_of(world, "jobcenter_head")
    advice = seat_of(world, "association_head")

    answer = client.post(
        address,
        data(
            meeting,
            **{
                f"by-{head.pk}": "deputy",
                f"vote-{jobcenter.pk}": "biased",
                f"heard-{advice.pk}": "on",
            },
        ),
    )

    assert answer.status_code == 302
    decision = Decision.objects.get()
    assert (decision.yes_count, decision.present_count, decision.voting_count) == (3, 3, 4)
    votes = {row.seat_id: (row.choice, row.is_deputy) for row in decision.votes.all()}
    assert votes[head.pk] == ("yes", True)
    assert votes[jobcenter.pk] == ("biased", False)
    assert votes[advice.pk] == ("heard", False)
    assert decision.recorded_by == chair


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"result": ""}, "result"),
        ({"result": "maybe"}, "result"),
        ({"meeting": ""}, "meeting"),
        ({"meeting": "999999"}, "meeting"),
        ({"result": "conditional"}, "condition-1-text"),
        ({"result": "conditional", "condition-1-text": "Bericht"}, "condition-1-organisation"),
        ({"result": "conditional", "condition-3-due_on": "2030-01-01"}, "condition-3-text"),
        ({"result": "returned"}, "reason"),
        ({"result": "rejected", "reason": " "}, "reason"),
        ({"result": "postponed"}, "postponed_until"),
        ({"result": "postponed", "postponed_until": "gestern"}, "postponed_until"),
        ({"result": "postponed", "postponed_until": "2020-01-01"}, "__all__"),
    ],
)
def test_what_is_missing_or_wrong_is_shown_and_nothing_is_decided(wrong, field, session, page):
    client, address = page

    answer = client.post(address, data(session[1]) | wrong)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Decision.objects.exists()


def test_every_voting_seat_needs_an_entry(session, page, world):
    client, address = page
    own = seat_of(world, "member")

    answer = client.post(address, data(session[1], **{f"vote-{own.pk}": ""}))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [f"vote-{own.pk}"]
    assert answer.context["count"].present == 3


def test_no_quorum_and_no_majority_are_said_with_their_numbers(session, page, world):
    client, address = page
    away = {f"vote-{seat_of(world, name).pk}": "absent" for name in ("member", "head", "jobcenter_head")}
    against = {f"vote-{seat_of(world, name).pk}": "no" for name in ("member", "head")}

    alone = client.post(address, data(session[1], **away))
    tie = client.post(address, data(session[1], **against))

    assert alone.status_code == tie.status_code == 422
    assert "Nicht beschlussfähig. Mitwirkende Stimmberechtigte: 1" in alone.content.decode()
    assert "keine Mehrheit" in tie.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("choice", ["heard", "shouted"])
def test_a_vote_that_does_not_exist_is_refused(choice, session, page, world):
    client, address = page

    answer = client.post(address, data(session[1], **{f"vote-{seat_of(world, 'member').pk}": choice}))

    assert answer.status_code == 422
    assert not Decision.objects.exists()


def test_votes_of_strangers_and_advisers_sent_by_hand_do_not_count(session, page, world):
    """Fields that the form does not offer are ignored."""
    client, address = page
    stranger = seat_of(world, "planning_head", "conference")
    adviser = seat_of(world, "association_head")

    client.post(address, data(session[1], **{f"vote-{stranger.pk}": "no", f"vote-{adviser.pk}": "no"}))

    decision = Decision.objects.get()
    assert (decision.no_count, decision.votes.count()) == (0, 4)


def test_all_present_vote_yes_in_one_go_without_saving(session, page, world):
    client, address = page
    away, biased = seat_of(world, "member"), seat_of(world, "head")
    entered = data(
        session[1], all_yes="1", reason="Weil", **{f"vote-{away.pk}": "absent", f"vote-{biased.pk}": "biased"}
    )
    for seat in seats(session[1]):
        if f"vote-{seat.pk}" in entered and entered[f"vote-{seat.pk}"] == "yes":
            entered[f"vote-{seat.pk}"] = ""

    answer = client.post(address, entered)

    assert answer.status_code == 200
    form = answer.context["form"]
    chosen = {row["seat"].user.display_name: row["field"].value() for row in form.voting_rows}
    assert chosen == {
        "Vorsitz Steuerungsgruppe": "yes",
        "Leitung Jobcenter": "yes",
        "Sozialamtsleitung Musterstadt": "absent",
        "Leitung Jugendamt": "biased",
    }
    assert (form["reason"].value(), answer.context["count"].yes) == ("Weil", 2)
    assert not Decision.objects.exists()


def test_who_was_there_is_taken_over_to_the_next_item(session, page, client_as, chair, world):
    """Absence, deputies and advice; how anybody votes is asked anew."""
    cycle, meeting = session
    client, address = page
    away, head = seat_of(world, "member"), seat_of(world, "head")
    advice = seat_of(world, "association_head")
    entered = {f"vote-{away.pk}": "absent", f"by-{head.pk}": "deputy", f"heard-{advice.pk}": "on"}

    answer = client.post(address, data(meeting, **entered))

    following = open_task(
        cycle.recommendations.get(number=2).process, RecommendationFlow.decide_recommendation
    )
    assert answer.url == reverse("workflows:task", args=[following.pk])
    shown = client.get(take(client, following.process, RecommendationFlow.decide_recommendation))
    form = shown.context["form"]
    chosen = {row["seat"].pk: row["field"].value() for row in form.voting_rows}
    assert chosen.pop(away.pk) == "absent"
    assert set(chosen.values()) == {None}
    assert form[f"by-{head.pk}"].value() == "deputy"
    assert form[f"heard-{advice.pk}"].value() is True
    assert shown.context["count"] is None
    assert "wird vom vorigen Punkt übernommen" in shown.content.decode()


def test_what_was_passed_over_comes_after_the_last_item(stages, client_as, chair):
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei", "Drei"))
    client, node = client_as(chair), RecommendationFlow.decide_recommendation
    processes = {number: cycle.recommendations.get(number=number).process for number in (1, 2, 3)}
    for number, following in ((2, 3), (3, 1)):
        answer = client.post(take(client, processes[number], node), data(meeting))
        assert answer.url == reverse("workflows:task", args=[open_task(processes[following], node).pk])


def test_after_the_last_item_comes_the_inbox(session, client_as, chair, world):
    cycle, meeting = session
    first = cycle.recommendations.get(number=1)
    driver.decide(first, meeting, DecisionResult.REJECTED, user=chair, reason="Kein Geld")
    client = client_as(chair)
    process = cycle.recommendations.get(number=2).process
    answer = client.post(take(client, process, RecommendationFlow.decide_recommendation), data(meeting))
    assert answer.url == reverse("workflows:inbox")


def test_no_item_follows_whose_page_would_offer_another_meeting(session, page, world, planner):
    """Two meetings are open; what is recorded late in the first must not slip into the second."""
    cycle, meeting = session
    meeting_schedule(
        cycle,
        body=world.steering_group,
        held_on=meeting.held_on,
        place="",
        participants=[world.youth_office],
        user=planner,
    )
    client, address = page
    assert client.post(address, data(meeting)).url == reverse("workflows:inbox")
    assert Decision.objects.get().meeting == meeting


def test_an_item_keeps_its_place_when_a_later_one_is_decided_first(session, chair):
    cycle, meeting = session
    second = cycle.recommendations.get(number=2)
    driver.decide(second, meeting, DecisionResult.REJECTED, user=chair, reason="Kein Geld")
    items = [(item.position, item.title, item.decision is not None) for item in agenda_of(meeting)]
    assert items == [(1, "Eins", False), (2, "Zwei", True)]


def test_the_day_of_the_meeting_says_who_votes(session, page, world, planner):
    """A member who joins later is asked for in the later meeting only."""
    cycle, _meeting = session
    client, address = page
    later = timezone.localdate() + datetime.timedelta(days=30)
    newcomer = factories.staff("Neu im Gremium", world.health_office)
    seat = factories.people.seat_start(
        body=world.steering_group,
        organisation=world.health_office,
        person=newcomer,
        seat=Seat.VOTING,
        deputy=None,
        starts_on=later,
        user=None,
    )
    next_one = meeting_schedule(
        cycle,
        body=world.steering_group,
        held_on=later,
        place="",
        participants=[world.youth_office],
        user=planner,
    )

    assert f"vote-{seat.pk}" not in client.get(address).context["form"].fields
    assert f"vote-{seat.pk}" in client.get(address, {"meeting": next_one.pk}).context["form"].fields
    votes = vote_fields(seats(session[1]))
    answer = client.post(address, {"meeting": next_one.pk, "result": "approved", **votes})
    assert list(answer.context["form"].errors) == [f"vote-{seat.pk}"]
    votes = vote_fields(seats(next_one))
    answer = client.post(address, {"meeting": next_one.pk, "result": "approved", **votes})
    assert answer.status_code == 422, "nothing is decided before the day of the meeting"
    assert "am Tag der Sitzung" in answer.content.decode()
    assert not Decision.objects.exists()


def test_without_a_meeting_the_page_says_who_sets_one(stages, client_as, chair):
    cycle = stages.at_steering_group()
    client = client_as(chair)
    address = take(client, cycle.recommendations.get().process, RecommendationFlow.decide_recommendation)

    shown = client.get(address)

    assert shown.status_code == 200
    assert (
        "noch keine Sitzung" in shown.content.decode() or "No meeting has been set" in shown.content.decode()
    )


# --- reading ---------------------------------------------------------------------------------------


@pytest.fixture
def decision(session, recommendation, world, chair):
    """One against, one absent, the adviser heard."""
    _cycle, meeting = session
    choices = {"Musterstadt": VoteChoice.NO, "Jobcenter Musterkreis": VoteChoice.ABSENT}
    ballots = [
        Ballot(row.seat, choices.get(row.seat.organisation.name, row.choice))
        for row in driver.all_yes(meeting)
    ]
    return driver.decide(
        recommendation,
        meeting,
        DecisionResult.APPROVED_WITH_CONDITIONS,
        user=chair,
        ballots=ballots,
        conditions="Drei Kennzahlen",
    )


def detail(decision):
    return reverse("workflows:decision-detail", args=[decision.pk])


def test_a_decision_is_shown_as_it_was_recorded(decision, client_as, member):
    shown = client_as(member).get(detail(decision))

    text = shown.content.decode()
    assert decision.reference in text
    assert "Drei Kennzahlen" in text
    assert "Sozialamtsleitung Musterstadt" in text
    assert shown.context["heard_count"] == 1


def test_names_are_for_members_of_the_body_and_planning(decision, world, client_as):
    for name in ("chair", "association_head", "planner", "specialist"):
        assert client_as(world.fresh(name)).get(detail(decision)).context["shows_names"], name
    for name in ("health_head", "provider_head"):
        shown = client_as(world.fresh(name)).get(detail(decision))
        assert shown.status_code == 200
        assert not shown.context["shows_names"]
        assert "Sozialamtsleitung Musterstadt" not in shown.content.decode()
        assert "Vorsitz Steuerungsgruppe" not in shown.content.decode()
        assert shown.context["votes"] == []
    for name in ("outsider", "funder_reader", "admin"):
        assert client_as(world.fresh(name)).get(detail(decision)).status_code == 404, name


def test_a_later_decision_is_named(session, recommendation, client_as, chair, member):
    cycle, meeting = session
    soon = timezone.localdate() + datetime.timedelta(days=1)
    first = driver.decide(recommendation, meeting, DecisionResult.POSTPONED, user=chair, postponed_until=soon)
    noon = timezone.make_aware(datetime.datetime.combine(soon, datetime.time(12)))
    with time_machine.travel(noon, tick=False):
        later = Meeting.objects.create(cycle=cycle, body=meeting.body, held_on=soon)
        second = driver.decide(recommendation, later, DecisionResult.APPROVED, user=chair)
    client = client_as(member)

    assert client.get(detail(first)).context["followed_by"] == [second]
    assert client.get(detail(second)).context["follows"] == [first]


def test_decisions_are_listed_filtered_and_exported(session, decision, client_as, chair, member):
    cycle, meeting = session
    other = driver.decide(
        cycle.recommendations.get(number=2), meeting, DecisionResult.REJECTED, user=chair, reason="Kein Geld"
    )
    url = reverse("workflows:decision-list", args=[cycle.pk])
    client = client_as(member)

    def listed(**query):
        return list(client.get(url, query).context["page_obj"])

    assert listed() == [other, decision]
    assert listed(sort="number") == [decision, other]
    assert listed(sort="title") == [decision, other]
    assert listed(result="rejected") == [other]
    assert listed(year=str(meeting.held_on.year)) == [other, decision]
    assert listed(q="Kennzahlen") == [decision]
    assert listed(q="2") == [other]
    assert listed(q="nirgends") == []
    assert listed(q="²") == listed(q="9" * 25) == []
    text = client.get(url, {"export": "csv"}).content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith('"Beschluss";')
    assert '"Kein Geld"' in text
    assert client.get(url, {"export": "xlsx"}).content[:2] == b"PK"
    assert client.post(url).status_code == 405


def test_the_list_of_decisions_costs_the_same_for_few_and_many(stages, client_as, chair, member):
    cycle, meeting = stages.in_steering_group(tuple(f"Empfehlung {n}" for n in range(4)))
    url = reverse("workflows:decision-list", args=[cycle.pk])
    client = client_as(member)
    waiting = list(cycle.recommendations.all())
    for recommendation in waiting[:1]:
        driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=chair)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for recommendation in waiting[1:]:
        driver.decide(recommendation, meeting, DecisionResult.APPROVED, user=chair)
    with CaptureQueriesContext(connection) as many:
        client.get(url)

    assert len(few) == len(many)


def test_who_sees_the_list_of_decisions(session, world, client_as, client):
    url = reverse("workflows:decision-list", args=[session[0].pk])

    assert client.get(url).status_code == 302
    assert client_as(world.fresh("outsider")).get(url).status_code == 404
    assert "pg-empty" in client_as(world.fresh("member")).get(url).content.decode()


def test_the_empty_list_says_what_is_before_the_group(session, stages, client_as, planner):
    address = reverse("workflows:decision-list", args=[session[0].pk])

    assert client_as(planner).get(address).context["are_submitted"]
    session[0].recommendations.update(state="proposed")
    assert not client_as(planner).get(address).context["are_submitted"]


# --- other rules of procedure -----------------------------------------------------------------------


def with_rules(body, **kwargs):
    rules = VotingRules(body_id=body.pk, **kwargs)
    return rules_add(
        body,
        rules=rules,
        valid_from=timezone.localdate(),
        allows_circulated=False,
        notice_days=0,
        source="§ 5 Geschäftsordnung",
        reason="Beschlossen",
        user=None,
    )


def test_a_group_that_is_missing_is_named_before_and_after(session, page, world, client_as):
    version = with_rules(world.steering_group, groups=(GroupRule(OrganisationKind.MUNICIPALITY, count=1),))
    client, address = page

    shown = client.get(address)
    assert shown.context["group_rows"][0]["counted"] is None
    assert 'data-group-rule="municipality"' in shown.content.decode()

    away = {f"vote-{seat_of(world, 'member').pk}": "absent"}
    refused = client.post(address, data(session[1], **away))
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Gruppe „Kommune“: 0, nötig: 1. Nicht da: " in text
    assert "Nicht beschlussfähig: Es fehlen Mitglieder einer Gruppe." in text
    assert not Decision.objects.exists()

    assert client.post(address, data(session[1])).status_code == 302
    decision = Decision.objects.get()
    assert decision.rules == version
    seen = client_as(world.fresh("member")).get(reverse("workflows:decision-detail", args=[decision.pk]))
    assert seen.context["group_counts"] == [{"name": "Kommune", "present": 1, "needed": 1}]
    assert "§ 5 Geschäftsordnung" in seen.content.decode()


def test_a_tie_is_recorded_where_the_chair_may_decide_it(session, page, world, client_as):
    with_rules(world.steering_group, tie=Tie.CHAIR)
    client, address = page
    against = {f"vote-{seat_of(world, name).pk}": "no" for name in ("member", "head")}

    assert client.post(address, data(session[1], **against)).status_code == 302

    decision = Decision.objects.get()
    assert (decision.yes_count, decision.no_count, decision.is_tie_decided_by_chair) == (2, 2, True)
    seen = client_as(world.fresh("planner")).get(reverse("workflows:decision-detail", args=[decision.pk]))
    assert "hat die Stimme des Vorsitzes entschieden" in seen.content.decode()


def test_another_majority_says_what_it_wants(session, page, world):
    with_rules(world.steering_group, majority=Majority.ALL)
    client, address = page
    others = {f"vote-{seat_of(world, name).pk}": "abstain" for name in ("member", "head")}

    refused = client.post(address, data(session[1], **others))

    assert refused.status_code == 422
    assert "mehr als die Hälfte aller Stimmberechtigten" in refused.content.decode()
    assert not Decision.objects.exists()


def test_later_rules_do_not_change_what_a_decision_says(session, page, world, client_as, admin):
    client, address = page
    client.post(address, data(session[1]))
    decision = Decision.objects.get()
    url = reverse("workflows:decision-detail", args=[decision.pk])
    before = client_as(world.fresh("planner")).get(url).context["rule_sentences"]
    tomorrow = timezone.localdate() + datetime.timedelta(days=1)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1), tick=False):
        with_rules(world.steering_group, majority=Majority.TWO_THIRDS)

    assert world.steering_group.rules.filter(valid_from=tomorrow).exists()
    assert client_as(world.fresh("planner")).get(url).context["rule_sentences"] == before


# --- absences ---------------------------------------------------------------------------------------


def away(person, days=0):
    day = timezone.localdate() + datetime.timedelta(days=days)
    return absence_add(person, starts_on=day, ends_on=day, reason="", user=None)


def test_the_deputy_of_who_is_away_is_chosen_and_who_has_none_is_absent(session, page, world, head, member):
    client, address = page
    away(head)
    away(member)
    away(world.fresh("jobcenter_head"), days=1)

    form = client.get(address).context["form"]

    assert form[f"by-{seat_of(world, 'head').pk}"].value() == "deputy"
    assert form[f"vote-{seat_of(world, 'head').pk}"].value() is None
    assert form[f"vote-{seat_of(world, 'member').pk}"].value() == "absent"
    assert form[f"vote-{seat_of(world, 'jobcenter_head').pk}"].value() is None


def test_what_happened_at_the_item_before_is_taken_over_instead(session, page, world, client_as, head, chair):
    away(head)
    client, address = page
    client.post(address, data(session[1]))
    second = session[0].recommendations.get(number=2)
    address = take(client, second.process, RecommendationFlow.decide_recommendation)

    form = client.get(address).context["form"]

    assert form[f"by-{seat_of(world, 'head').pk}"].value() != "deputy", "the member came after all"


def test_a_meeting_to_come_is_never_chosen_beforehand(session, page, planner):
    client, address = page
    cycle, today = session
    later = Meeting.objects.create(
        cycle=cycle, body=cycle.steering_group, held_on=timezone.localdate() + datetime.timedelta(days=30)
    )
    assert client.get(address).context["form"]["meeting"].value() == today.pk

    Meeting.objects.filter(pk=today.pk).update(closed_at=timezone.now())

    form = client.get(address).context["form"]
    assert form["meeting"].value() is None
    assert later in form.fields["meeting"].queryset


def test_the_page_says_where_it_knows_from_who_is_there(session, recommendation, page, planner, chair):
    client, address = page
    cycle, meeting = session
    assert client.get(address).context["beforehand"] == ""
    driver.decide(cycle.recommendations.get(number=2), meeting, DecisionResult.APPROVED, user=chair)
    assert client.get(address).context["beforehand"] == "item"
    seat = cycle.steering_group.memberships.get(organisation__name="Jugendamt")
    attendance_arrive(meeting, seat=seat, user=planner)

    shown = client.get(address)

    assert shown.context["beforehand"] == "room"
    absent = [name for name, value in shown.context["form"].initial.items() if value == "absent"]
    assert f"vote-{seat.pk}" not in absent
    assert len(absent) == 3
