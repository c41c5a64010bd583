"""Pages of polls: open, vote, close, call off, object, leave out, progress, block vote; for whom they are."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from viewflow.workflow.models import Task

from stakeholders.models import RulesOfProcedure
from stakeholders.services import absence_add
from tests.minutes import item
from tests.stages import at_noon, further
from tests.workflows.taskpages import SURE, page_of, take, vote_fields
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import RecommendationFlow
from workflows.flows.closing import poll_close
from workflows.models import (
    AgendaKind,
    BlockVote,
    CosignOrder,
    CosignVerdict,
    Decision,
    DecisionResult,
    Poll,
    PollOutcome,
    PollVote,
    RecommendationVersion,
    VoteChoice,
    VoteKind,
)
from workflows.polling import poll_begin, poll_call_off, vote
from workflows.recommendation_cases import cosigning_ask
from workflows.reports import meeting_folder
from workflows.selectors.agenda import agenda_seen_by, next_to_decide
from workflows.selectors.cosigning import answers_before_body
from workflows.selectors.versions import since_returns
from workflows.services.attendance import attendance_arrive

TITLES = ("Eins", "Zwei", "Drei")
NO_VOTE = "You do not vote here: the voting members of the body do, and their deputies where they are away."


@pytest.fixture
def scene(stages):
    """Three recommendations before the steering group, which meets today and may do everything."""
    cycle, meeting = stages.in_steering_group(TITLES)
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(
        allows_secret=True, allows_circulated=True
    )
    return cycle, meeting


@pytest.fixture
def poll(scene, chair):
    cycle, meeting = scene
    return poll_begin(
        cycle.recommendations.get(number=1),
        kind=VoteKind.NAMED,
        result=DecisionResult.APPROVED,
        meeting=meeting,
        user=chair,
    )


def page(name, *args):
    return reverse(f"workflows:{name}", args=args)


def test_the_chair_opens_a_poll(scene, chair, client_as):
    cycle, meeting = scene
    client = client_as(chair)
    address = page("poll-open", cycle.recommendations.get(number=1).pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {"kind": "named", "result": "approved"}).status_code == 422
    assert (
        client.post(address, {"kind": "circulated", "result": "approved", "ends_on": ""}).status_code == 422
    )

    answer = client.post(
        address, {"kind": "secret", "result": "approved", "meeting": meeting.pk, "wording": "Neu"}
    )

    poll = Poll.objects.get()
    assert answer["Location"] == page("poll-detail", poll.pk)
    assert (poll.kind, poll.wording) == ("secret", "Neu")
    assert client.get(address)["Location"] == page("poll-detail", poll.pk)


@pytest.mark.parametrize(("name", "status"), [("member", 403), ("planner", 403), ("outsider", 404)])
def test_nobody_else_opens_one(scene, world, client_as, name, status):
    address = page("poll-open", scene[0].recommendations.get(number=1).pk)

    assert client_as(world.fresh(name)).get(address).status_code == status
    assert client_as(world.fresh(name)).post(address, {}).status_code == status


def test_a_member_votes_on_the_page_and_reads_the_own_vote(poll, member, client_as):
    client = client_as(member)
    address = page("poll-detail", poll.pk)
    seat = poll.body.memberships.get(user=member)
    assert b'name="choice"' in client.get(address).content
    assert client.post(address, {"seat": seat.pk}).status_code == 422

    assert client.post(address, {"seat": seat.pk, "choice": "no"}).status_code == 302

    assert PollVote.objects.get().choice == VoteChoice.NO
    assert client.get(address).context["seats"][0][0].vote.choice == "no"


def test_votes_of_others_are_no_page_of_ones_own(poll, world, client_as):
    address = page("poll-detail", poll.pk)
    seat = poll.body.memberships.get(user=world.people["member"])

    for name, status in (
        ("association_head", 403),
        ("planner", 403),
        ("provider_head", 404),
        ("outsider", 404),
    ):
        client = client_as(world.fresh(name))
        assert client.post(address, {"seat": seat.pk, "choice": "yes"}).status_code == status, name
        assert client.get(address).status_code == (404 if status == 404 else 200), name
    client = client_as(world.fresh("chair"))
    assert client.post(address, {"seat": seat.pk, "choice": "yes"}).status_code == 302
    assert not PollVote.objects.exists()


def test_a_secret_ballot_is_not_shown_back(scene, chair, member, client_as):
    cycle, meeting = scene
    poll = poll_begin(
        cycle.recommendations.get(number=1),
        kind=VoteKind.SECRET,
        result=DecisionResult.APPROVED,
        meeting=meeting,
        user=chair,
    )
    client, seat = client_as(member), poll.body.memberships.get(user=member)
    address, ballot = page("poll-detail", poll.pk), {"seat": seat.pk, "choice": "no"}
    assert "Nein" in dict(client.post(address, ballot).context["lines"]).values()
    assert not PollVote.objects.exists(), "asked once more: it cannot be taken back"
    again = client.post(address, ballot | {"again": "1"})
    assert (again.status_code, again.context["seats"][0][1]["choice"].value()) == (200, "no")
    assert client.post(address, ballot | SURE).status_code == 302

    answer = client.get(address)
    assert b'name="choice"' not in answer.content
    assert answer.context["seats"][0][0].vote.choice == "present"


def test_the_chair_closes_and_the_decision_is_linked(poll, world, client_as):
    for name in ("chair", "member", "jobcenter_head"):
        user = world.fresh(name)
        vote(poll, seat=poll.body.memberships.get(user=user), choice=VoteChoice.YES, user=user)
    address = page("poll-close", poll.pk)
    for name, status in (("member", 403), ("planner", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).post(address).status_code == status
    assert client_as(world.fresh("chair")).get(address).status_code == 405

    chair = client_as(world.fresh("chair"))
    asked = chair.post(address)
    words = asked.content.decode()
    assert asked.status_code == 200
    assert {value for _label, value in asked.context["lines"]} >= {"3 von 4 haben abgestimmt"}
    assert "3 Ja" not in words, "of the count nothing is told before"
    assert chair.post(address, {"again": "1"}).status_code == 302
    assert Poll.objects.get().closed_at is None
    assert not Decision.objects.exists()
    assert chair.post(address, {"sure": "1"}).status_code == 302

    decision = Decision.objects.get()
    answer = client_as(world.fresh("member")).get(page("poll-detail", poll.pk))
    assert page("decision-detail", decision.pk).encode() in answer.content
    assert client_as(world.fresh("member")).get(page("decision-detail", decision.pk)).status_code == 200


def test_calling_off_wants_a_reason(poll, world, client_as):
    address = page("poll-cancel", poll.pk)
    for name, status in (("member", 403), ("planner", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).post(address, {"reason": "x"}).status_code == status
    chair = client_as(world.fresh("chair"))
    assert chair.post(address, {"reason": ""} | SURE).status_code == 422
    asked = chair.post(address, {"reason": "Quorum verloren"})
    assert "Quorum verloren" in dict(asked.context["lines"]).values()
    again = chair.post(address, {"reason": "Quorum verloren", "again": "1"})
    assert again.context["end_form"]["reason"].value() == "Quorum verloren"
    assert Poll.objects.get().is_open

    chair.post(address, {"reason": "Quorum verloren"} | SURE)
    assert Poll.objects.get().outcome == PollOutcome.CANCELLED


def test_from_a_poll_that_is_over_the_chair_goes_back_to_the_items(scene, poll, world, client_as):
    back = page("meeting-session", scene[1].pk).encode()
    client_as(world.fresh("chair")).post(page("poll-cancel", poll.pk), {"reason": "Quorum verloren"} | SURE)

    for name, shows in (("chair", True), ("member", False)):
        shown = client_as(world.fresh(name)).get(page("poll-detail", poll.pk)).content
        assert (back in shown) is shows, name


def test_who_has_no_vote_is_told_so(poll, world, client_as):
    with translation.override("de"):
        told = gettext(NO_VOTE)
    for name, shows in (("association_head", True), ("planner", True), ("member", False)):
        shown = client_as(world.fresh(name)).get(page("poll-detail", poll.pk)).content.decode()
        assert (told in shown) is shows, name
    poll_call_off(poll, reason="Zu früh", user=world.fresh("chair"))
    assert told not in client_as(world.fresh("planner")).get(page("poll-detail", poll.pk)).content.decode()


def test_after_a_decision_comes_an_item_on_which_nobody_votes_yet(scene, chair, poll):
    """The members still vote on the first; after the second comes the third, and then nothing."""
    cycle, meeting = scene
    second = driver.decide(cycle.recommendations.get(number=2), meeting, DecisionResult.APPROVED, user=chair)
    following = next_to_decide(chair, second)
    assert following is not None
    third = cycle.recommendations.get(number=3)
    assert following.process.recommendationprocess.recommendation == third
    assert next_to_decide(chair, driver.decide(third, meeting, DecisionResult.APPROVED, user=chair)) is None


def test_the_chair_leaves_a_biased_member_out(poll, world, client_as):
    address = page("poll-exclude", poll.pk)
    seat = poll.body.memberships.get(user=world.people["member"])
    for name, status in (("member", 403), ("planner", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).post(address, {"seat": seat.pk}).status_code == status
    client_as(world.fresh("chair")).post(address, {"seat": "0"})
    assert not PollVote.objects.exists()

    client_as(world.fresh("chair")).post(address, {"seat": seat.pk})
    assert PollVote.objects.get().choice == VoteChoice.BIASED


def test_an_objection_stops_a_circulated_decision(scene, chair, world, client_as):
    poll = poll_begin(
        scene[0].recommendations.get(number=1),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=5),
        user=chair,
    )
    address = page("poll-object", poll.pk)
    for name, status in (("association_head", 403), ("planner", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).post(address, {"reason": "x"}).status_code == status
    assert (
        page("poll-object", poll.pk).encode()
        in client_as(world.fresh("member")).get(page("poll-detail", poll.pk)).content
    )

    assert client_as(world.fresh("member")).post(address, {"reason": "Bitte beraten"}).status_code == 200
    assert Poll.objects.get().is_open, "asked once more"
    client_as(world.fresh("member")).post(address, {"reason": "Bitte beraten"} | SURE)
    answer = client_as(world.fresh("member")).get(page("poll-detail", poll.pk))
    assert "Bitte beraten" in answer.content.decode()


def test_progress_tells_who_is_waited_for_and_not_how_anybody_voted(poll, world, member, client_as):
    vote(poll, seat=poll.body.memberships.get(user=member), choice=VoteChoice.NO, user=member)
    answer = client_as(world.fresh("chair")).get(page("poll-progress", poll.pk))

    assert world.municipality.label not in answer.content.decode()
    assert world.jobcenter.label in answer.content.decode()
    assert client_as(world.fresh("outsider")).get(page("poll-progress", poll.pk)).status_code == 404


def test_an_open_poll_calls_members_on_inbox_and_meeting(poll, scene, world, client_as):
    call = page("poll-detail", poll.pk).encode()
    for name, is_called in (("member", True), ("association_head", False), ("provider_head", False)):
        client = client_as(world.fresh(name))
        assert (call in client.get(page("inbox")).content) is is_called
        assert (call in client.get(page("polls-open")).content) is is_called
    assert call in client_as(world.fresh("member")).get(page("meeting-detail", scene[1].pk)).content


def test_the_task_page_leads_to_the_poll(poll, chair, client_as):
    client = client_as(chair)
    address = take(client, poll.recommendation.process, RecommendationFlow.decide_recommendation)

    assert page("poll-detail", poll.pk).encode() in client.get(address).content


# --- by count, wording, away -----------------------------------------------------------------------


def entered(cycle, meeting, **kwargs):
    """The form of the decision: all voting members there."""
    seats = cycle.steering_group.memberships.filter(seat__in=["chair", "voting"])
    data = {"meeting": meeting.pk, "result": "approved", **vote_fields(seats, "present")}
    return data | kwargs


def test_a_vote_by_count_keeps_numbers_and_who_was_there(scene, chair, client_as):
    cycle, meeting = scene
    recommendation = cycle.recommendations.get(number=1)
    client = client_as(chair)
    address = take(client, recommendation.process, RecommendationFlow.decide_recommendation)
    assert client.post(address, entered(cycle, meeting)).status_code == 422
    assert client.post(address, entered(cycle, meeting, how="count", yes_count=3)).status_code == 422
    wrong = entered(cycle, meeting, how="count", yes_count=3, no_count=0, abstain_count=0)
    assert client.post(address, wrong).status_code == 422

    data = entered(cycle, meeting, how="count", yes_count=3, no_count=1, abstain_count=0, wording="Anders")
    assert client.post(address, data).status_code == 302

    decision = Decision.objects.get()
    assert (decision.vote_kind, decision.yes_count, decision.no_count) == ("count", 3, 1)
    assert {row.choice for row in decision.votes.all()} == {"present"}
    assert decision.wording == "Anders"
    assert b"<ins>" in client.get(page("decision-detail", decision.pk)).content


def test_who_is_away_is_told_to_the_chair_only(scene, chair, world, client_as):
    head = world.fresh("head")
    today = timezone.localdate()
    absence_add(person=head, starts_on=today, ends_on=today, reason="", user=head)
    address = page("meeting-detail", scene[1].pk)

    assert client_as(chair).get(address).context["away"]
    assert not client_as(world.fresh("member")).get(address).context["away"]


# --- block -----------------------------------------------------------------------------------------


def block_data(scene, numbers=(1, 2, 3), choice="yes", **kwargs):
    cycle, _meeting = scene
    seats = cycle.steering_group.memberships.filter(seat__in=["chair", "voting"])
    items = [cycle.recommendations.get(number=number).pk for number in numbers]
    return {"items": items, **vote_fields(seats, choice)} | kwargs


def test_a_block_is_one_vote_and_a_decision_each(scene, chair, client_as):
    cycle, meeting = scene
    client, address = client_as(chair), page("block-vote", meeting.pk)
    assert client.get(address).status_code == 200
    assert client.post(address, {**block_data(scene), "all_yes": "1"}).status_code == 200

    answer = client.post(address, block_data(scene, numbers=(1, 3)))

    assert answer["Location"] == page("meeting-detail", meeting.pk)
    block = BlockVote.objects.get()
    assert sorted(block.decisions.values_list("number", flat=True)) == [1, 2]
    assert sorted(block.decisions.values_list("recommendation__number", flat=True)) == [1, 3]
    assert cycle.recommendations.get(number=2).state == "submitted"
    first, second = block.decisions.order_by("number")
    assert (
        page("decision-detail", second.pk).encode() in client.get(page("decision-detail", first.pk)).content
    )


def test_a_block_begins_with_who_is_in_the_room(scene, chair, planner, client_as):
    cycle, meeting = scene
    seats = {seat.organisation.name: seat for seat in cycle.steering_group.memberships.all()}
    attendance_arrive(meeting, seat=seats["Jugendamt"], is_deputy=True, user=planner)
    attendance_arrive(meeting, seat=seats["Wohlfahrtsverband (Beispiel)"], user=planner)

    form = client_as(chair).get(page("block-vote", meeting.pk)).context["form"]

    assert form.initial[f"by-{seats['Jugendamt'].pk}"] == "deputy"
    assert form.initial[f"heard-{seats['Wohlfahrtsverband (Beispiel)'].pk}"]
    absent = [name for name, seat in seats.items() if form.initial.get(f"vote-{seat.pk}") == "absent"]
    assert sorted(absent) == ["Jobcenter Musterkreis", "Musterstadt", "Sozialdezernat"]


def test_a_block_is_all_or_nothing(scene, chair, client_as):
    cycle, meeting = scene
    client, address = client_as(chair), page("block-vote", meeting.pk)
    seat = cycle.steering_group.memberships.filter(seat="voting").first()

    for data in (
        block_data(scene, numbers=(1,)),
        block_data(scene, choice="no"),
        block_data(scene, **{f"vote-{seat.pk}": "biased"}),
        block_data(scene, **{f"vote-{seat.pk}": ""}),
    ):
        assert client.post(address, data).status_code == 422
    assert not Decision.objects.exists()
    assert not BlockVote.objects.exists()


def test_a_block_is_read_back_before_it_is_recorded(scene, chair, client_as):
    cycle, meeting = scene
    client, address = client_as(chair), page("block-vote", meeting.pk)
    entered = block_data(scene, numbers=(1, 3))
    del entered["sure"]

    assert client.post(address, entered | block_data(scene, choice="no") | {"sure": ""}).status_code == 422
    shown = client.post(address, entered)

    assert shown.status_code == 200
    assert [label for label, _value in shown.context["lines"]][:2] == [
        cycle.recommendations.get(number=number).reference for number in (1, 3)
    ]
    assert [(name, value) for name, value in shown.context["entered"] if name == "items"] == [
        ("items", str(pk)) for pk in entered["items"]
    ]
    assert not Decision.objects.exists()
    assert not BlockVote.objects.exists()
    assert cycle.recommendations.filter(state="submitted").count() == 3
    again = client.post(address, entered | {"again": "1"})
    assert (again.status_code, again.context["form"].errors) == (200, {})
    assert not Decision.objects.exists()


def test_what_the_chair_may_not_decide_is_named_and_left_out(scene, chair, client_as, poll):
    """The first is being voted on."""
    client, address = client_as(chair), page("block-vote", scene[1].pk)

    answer = client.get(address)
    assert [item.recommendation.number for item in answer.context["others"]] == [1]
    answer = client.post(address, block_data(scene))
    assert answer.status_code == 422
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("name", "status"), [("member", 403), ("planner", 403), ("outsider", 404)])
def test_a_block_is_for_the_chair(scene, world, client_as, name, status):
    address = page("block-vote", scene[1].pk)

    assert client_as(world.fresh(name)).get(address).status_code == status
    assert client_as(world.fresh(name)).post(address, block_data(scene)).status_code == status


def test_conditions_are_put_to_the_vote_as_rows_and_become_tasks(scene, chair, world, client_as):
    cycle, meeting = scene
    recommendation = cycle.recommendations.get(number=1)
    client = client_as(chair)
    address = page("poll-open", recommendation.pk)
    due_on = timezone.localdate() + datetime.timedelta(days=30)
    wanted = {
        "kind": "named",
        "result": "conditional",
        "meeting": meeting.pk,
        "condition-1-text": "Berichten",
        "condition-1-organisation": world.youth_office.pk,
    }
    assert client.post(address, wanted).status_code == 422, "until when is missing"
    assert client.post(address, {**wanted, "condition-1-due_on": due_on.isoformat()}).status_code == 302
    poll = Poll.objects.get()
    assert "Berichten" in poll.conditions
    for seat in cycle.steering_group.memberships.voting():
        vote(poll, seat=seat, choice=VoteChoice.YES, user=seat.user)
    poll_close(poll, user=chair)
    row = Decision.objects.get().condition_rows.get()
    assert (row.text, row.organisation, row.due_on) == ("Berichten", world.youth_office, due_on)
    driver.issue_extract(recommendation, user=chair)
    assert cycle.assignments.get().organisation == world.youth_office


def test_a_block_hints_at_a_dissent_of_co_signing(stages, world, chair, client_as):
    cycle = stages.in_conference()
    stages.statement(cycle)
    for title in ("Eins", "Zwei"):
        draft = recommendation_begin(cycle, wording=stages.wording(title), user=world.fresh("specialist"))
        if title == "Eins":
            due_on = timezone.localdate() + datetime.timedelta(days=9)
            cosigning_ask(
                draft,
                organisations=[world.jobcenter],
                order=CosignOrder.PARALLEL,
                due_on=due_on,
                user=draft.created_by,
            )
        driver.propose(draft, user=world.fresh("specialist"))
        if title == "Eins":
            head = world.fresh("jobcenter_head")
            driver.cosign(draft, world.jobcenter, CosignVerdict.DISSENT, user=head, comment="Doppelt")
        driver.adopt(draft, user=world.fresh("planning_head"))
    driver.close_conference(cycle, user=world.fresh("planner"))
    meeting = driver.invite_steering_group(cycle, user=world.fresh("planner"))

    answer = client_as(chair).get(page("block-vote", meeting.pk))

    labels = {pk: str(label) for pk, label in answer.context["form"].fields["items"].choices}
    named = [world.jobcenter.label in label for label in labels.values()]
    assert named == [True, False]
    assert answer.context["has_dissent"]
    folder = {
        is_internal: meeting_folder.collect(chair, meeting, is_internal=is_internal)
        for is_internal in (True, False)
    }
    assert [len(papers.answers) for papers in folder[True].items] == [1, 0]
    assert [len(papers.answers) for papers in folder[False].items] == [0, 0], "for members only"


def test_the_agenda_says_to_the_body_what_is_in_circulation(scene, chair, world, client_as):
    cycle, meeting = scene
    poll_begin(
        cycle.recommendations.get(number=1),
        kind=VoteKind.CIRCULATED,
        result=DecisionResult.APPROVED,
        ends_on=timezone.localdate() + datetime.timedelta(days=5),
        user=chair,
    )
    agenda = client_as(chair).get(page("meeting-detail", meeting.pk)).context["agenda"]
    assert [line.is_circulating for line in agenda] == [True, False, False]
    outside = agenda_seen_by(world.fresh("provider_head"), meeting, shows_internal=False)
    assert not any(line.is_circulating for line in outside)


# --- what came back --------------------------------------------------------------------------------


@pytest.fixture
def came_back(stages, world):
    """One of two recommendations was returned for its cost and is before the body again; and its meeting."""
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    RulesOfProcedure.objects.filter(body=cycle.steering_group).update(allows_circulated=True)
    first = cycle.recommendations.get(number=1)
    driver.decide(first, meeting, DecisionResult.RETURNED, user=world.fresh("chair"), reason="Kosten fehlen")
    author = world.fresh("specialist")
    driver.propose(first, user=author, wording=stages.wording("Eins mit Preisschild"))
    driver.adopt(first, user=world.fresh("planning_head"))
    following = further(cycle, timezone.localdate() + datetime.timedelta(days=1))
    for row in cycle.recommendations.all():
        item(following, AgendaKind.RECOMMENDATION, recommendation=row)
    return cycle, following


def shows_return(answer):
    content = answer.content.decode()
    return "Kosten fehlen" in content and "<ins>" in content and "Preisschild" in content


def test_where_members_vote_they_read_what_changed_since_the_return(came_back, chair, member, client_as):
    cycle, _meeting = came_back
    values = {"kind": VoteKind.CIRCULATED, "result": DecisionResult.APPROVED, "user": chair}
    ends_on = timezone.localdate() + datetime.timedelta(days=9)
    polls = [
        poll_begin(cycle.recommendations.get(number=number), ends_on=ends_on, **values) for number in (1, 2)
    ]
    client = client_as(member)

    seen = [shows_return(client.get(page("poll-detail", poll.pk))) for poll in polls]
    tasks = [
        Task.objects.get(process__circulationprocess__poll=poll, owner=member, flow_task_type="HUMAN")
        for poll in polls
    ]
    on_task = [shows_return(client.get(page_of(task))) for task in tasks]

    assert seen == on_task == [True, False]


def test_a_block_and_the_paper_show_what_changed_since_the_return(came_back, chair, member, client_as):
    cycle, meeting = came_back
    with at_noon(meeting.held_on):
        answer = client_as(chair).get(page("block-vote", meeting.pk))
    assert [item.recommendation.number for item in answer.context["came_back"]] == [1]
    assert shows_return(answer)

    papers = [page("recommendation-paper", row.pk) for row in cycle.recommendations.order_by("number")]
    told = [client_as(member).get(paper).content.decode() for paper in papers]
    assert ["Geändert seit der Zurückgabe" in text for text in told] == [True, False]
    assert "Eins mit Preisschild" in told[0]


def test_a_block_of_many_costs_the_same(stages, django_assert_num_queries):
    """What is asked of each item but the rights to its task."""
    stages.in_steering_group(("Eins", "Zwei", "Drei", "Vier"))
    versions = RecommendationVersion.objects.filter(submitted_at__isnull=False)
    for rows in (versions[:1], versions):
        asked = list(rows)
        with django_assert_num_queries(2):
            answers_before_body(asked)
        with django_assert_num_queries(2):
            since_returns(asked)
