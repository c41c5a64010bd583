"""A recommendation from draft to decision: each end, each refusal, rights, deadlines, two at once."""

import datetime
import threading

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone
from viewflow.workflow.models import Task

from stakeholders import services as people
from stakeholders.models import OutgoingMail, User
from stakeholders.permissions import Role, role_group
from tests import factories
from tests.stages import Stages
from tests.workflows.taskpages import condition_fields, page_of, take, vote_fields
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import PlanningCycleFlow, RecommendationFlow
from workflows.models import (
    Decision,
    DecisionResult,
    Meeting,
    Recommendation,
    RecommendationState,
    StageKind,
)
from workflows.nodes import complete_task, open_task
from workflows.services.recommendations import recommendation_withdraw
from workflows.timers import timers_fire

Flow = RecommendationFlow


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def draft(cycle, stages, specialist):
    return recommendation_begin(cycle, wording=stages.wording(), user=specialist)


@pytest.fixture
def submitted(stages):
    """One recommendation before the steering group, which meets today."""
    cycle, _meeting = stages.in_steering_group()
    return cycle.recommendations.get()


@pytest.fixture
def meeting(submitted):
    cycle = submitted.cycle
    return cycle.meetings.get(body=cycle.steering_group)


def form_of(world, **kwargs):
    return {
        "title": "Elternarbeit ausbauen",
        "areas": [world.areas[0].pk],
        "finding": "Die Quote ist hoch.",
        "need": "Vierzig Familien haben keine Anlaufstelle.",
        "aim": "Eltern sind begleitet.",
        "proposal": "Ein Angebot wird eingerichtet.",
        "urgency": "this_year",
        "addressee": world.youth_office.pk,
        "indicators": [world.indicators[0].pk],
    } | kwargs


def ballot_of(meeting, result, **kwargs):
    seats = meeting.body.memberships.on(meeting.held_on)
    return {"meeting": meeting.pk, "result": result, **vote_fields(seats), **kwargs}


def issue(client, recommendation):
    """The extract of what was decided goes out."""
    page = take(client, recommendation.process, Flow.issue_extract)
    assert client.post(page).status_code == 302


def ended_by(recommendation):
    process = recommendation.process
    process.refresh_from_db()
    if process.finished is None:
        return None
    return process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name


def waits_at(recommendation):
    open_ones = Task.objects.filter(
        process=recommendation.process, flow_task_type="HUMAN", status__in=["NEW", "ASSIGNED", "STARTED"]
    )
    return [task.flow_task.name for task in open_ones]


# --- ends, over the pages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "extra", "end", "state"),
    [
        ("approved", {}, "approved", RecommendationState.APPROVED),
        (
            "conditional",
            {},
            "approved_with_conditions",
            RecommendationState.APPROVED_WITH_CONDITIONS,
        ),
        ("rejected", {"reason": "Kein Geld"}, "rejected", RecommendationState.REJECTED),
    ],
)
def test_a_decision_ends_it(submitted, meeting, client_as, chair, result, extra, end, state):
    client = client_as(chair)
    page = take(client, submitted.process, Flow.decide_recommendation)
    if result == "conditional":
        extra = condition_fields("Drei Kennzahlen", submitted.cycle.planning_unit)

    response = client.post(page, ballot_of(meeting, result, **extra))

    assert response.status_code == 302
    assert submitted.process.finished is None, "the extract is outstanding"
    issue(client, submitted)
    submitted.refresh_from_db()
    assert (submitted.state, ended_by(submitted)) == (state, end)
    assert Decision.objects.get().reference == f"1/{meeting.held_on.year}"
    cycle = submitted.cycle
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE


def test_from_draft_over_two_returns_to_approval(
    cycle, world, client_as, specialist, planning_head, chair, planner
):
    """The conference's chair returns it, the steering group returns it, then it is approved."""
    author, head = client_as(specialist), client_as(planning_head)
    answer = author.post(f"/cycles/{cycle.pk}/recommendations/new/", form_of(world, save="1", aim=""))
    assert answer.status_code == 302
    recommendation = Recommendation.objects.get()
    page = take(author, recommendation.process, Flow.draft_recommendation)
    assert author.post(page, form_of(world, aim="")).status_code == 422
    assert author.post(page, form_of(world)).status_code == 302
    adopt = take(head, recommendation.process, Flow.adopt_recommendation)
    assert head.post(adopt, {"outcome": "back"}).status_code == 422
    assert head.post(adopt, {"outcome": "back", "reason": "Kosten fehlen"}).status_code == 302

    # It lands with its author; unchanged it does not go on.
    page = page_of(open_task(recommendation.process, Flow.draft_recommendation))
    assert b"Kosten fehlen" in author.get(page).content
    assert author.post(page, form_of(world)).status_code == 422
    assert author.post(page, form_of(world, cost="10.000 €")).status_code == 302
    adopt = take(head, recommendation.process, Flow.adopt_recommendation)
    assert head.post(adopt, {"outcome": "adopt"}).status_code == 302
    driver.close_conference(cycle, user=planner)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP

    meeting = driver.invite_steering_group(cycle, user=planner)
    body = client_as(chair)
    page = take(body, recommendation.process, Flow.decide_recommendation)
    assert body.post(page, ballot_of(meeting, "returned")).status_code == 422
    assert body.post(page, ballot_of(meeting, "returned", reason="Träger fehlt")).status_code == 302
    issue(body, recommendation)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP, "it waits for the second round"

    page = page_of(open_task(recommendation.process, Flow.draft_recommendation))
    assert b"Tr\xc3\xa4ger fehlt" in author.get(page).content
    assert author.post(page, form_of(world, cost="10.000 €", proposal="Mit Träger.")).status_code == 302
    adopt = take(head, recommendation.process, Flow.adopt_recommendation)
    assert head.post(adopt, {"outcome": "adopt"}).status_code == 302
    page = take(body, recommendation.process, Flow.decide_recommendation)
    shown = body.get(page)
    assert [str(change.label) for change in shown.context["since"].changes] == ["Vorschlag"]
    assert body.post(page, ballot_of(meeting, "approved")).status_code == 302
    issue(body, recommendation)

    assert ended_by(recommendation) == "approved"
    assert [row.number for row in recommendation.versions.all()] == [1, 2, 3]
    assert [row.result for row in recommendation.decisions.order_by("pk")] == ["returned", "approved"]
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE


def test_a_postponed_one_waits_for_its_day_and_does_not_hold_the_cycle_up(
    submitted, meeting, client_as, chair, planner
):
    client = client_as(chair)
    page = take(client, submitted.process, Flow.decide_recommendation)
    until = timezone.localdate() + datetime.timedelta(days=40)

    assert client.post(page, ballot_of(meeting, "postponed")).status_code == 422
    data = ballot_of(meeting, "postponed", postponed_until=until.isoformat())
    assert client.post(page, data).status_code == 302

    task = open_task(submitted.process, Flow.decide_recommendation)
    assert task.card.due_on == until
    cycle = submitted.cycle
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.SOCIAL_SPACE
    page = take(client, submitted.process, Flow.decide_recommendation)
    assert client.post(page, ballot_of(meeting, "approved")).status_code == 422, "not in the same meeting"
    later = Meeting.objects.create(cycle=cycle, body=meeting.body, held_on=until)
    with time_machine.travel(timezone.make_aware(datetime.datetime.combine(until, datetime.time(12)))):
        client = client_as(chair)
        assert client.post(page, ballot_of(later, "approved")).status_code == 302
        issue(client, submitted)
    assert ended_by(submitted) == "approved"


def test_the_author_withdraws(draft, cycle, world, client_as, specialist, planner):
    driver.close_conference(cycle, user=planner)
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.CONFERENCE, "it waits for the draft"
    client = client_as(specialist)
    page = take(client, draft.process, Flow.draft_recommendation)

    assert client.post(page, {"withdraw": "1"}).url == page
    assert client.post(page, {"withdraw": "1", "withdraw_sure": "on"}).status_code == 422, "without a reason"
    assert waits_at(draft) == ["draft_recommendation"]
    data = {"withdraw": "1", "withdraw_sure": "on", "withdraw_reason": "Erledigt"}
    assert client.post(page, data).status_code == 302

    assert ended_by(draft) == "withdrawn"
    cycle.refresh_from_db()
    assert cycle.stage == StageKind.STEERING_GROUP


def test_saving_in_between_keeps_the_task_and_the_version(draft, world, client_as, specialist):
    client = client_as(specialist)
    page = take(client, draft.process, Flow.draft_recommendation)

    answer = client.post(page, form_of(world, save="1", title="Neuer Titel", finding=""))

    assert (answer.status_code, answer.url) == (302, page)
    assert draft.versions.get().title == "Neuer Titel"
    assert waits_at(draft) == ["draft_recommendation"]


def test_refreshing_the_evidence_saves_nothing(draft, world, client_as, specialist):
    client = client_as(specialist)
    page = take(client, draft.process, Flow.draft_recommendation)

    answer = client.post(page, form_of(world, refresh="1", title="Noch nicht", areas=[world.areas[1].pk]))

    assert answer.status_code == 200
    assert answer.context["form"]["title"].value() == "Noch nicht"
    assert [area.pk for area in answer.context["evidence_choice"].areas] == [world.areas[1].pk]
    assert draft.versions.get().title == "Elternarbeit ausbauen"


# --- refusals --------------------------------------------------------------------------------------

#: Who meets which answer at which step: 404 for those who see nothing of the case, 403 for those who see it.
OTHERS = {
    "draft_recommendation": {"outsider": 404, "provider_head": 404, "member": 404, "funder_reader": 404},
    "adopt_recommendation": {
        "outsider": 404,
        "member": 404,
        "chair": 404,
        "jobcenter_head": 404,
        "planner": 403,
    },
    "decide_recommendation": {"outsider": 404, "member": 404, "specialist": 404, "planner": 403},
}


def bring_to(node, draft, cycle, stages, planner):
    """Let a recommendation wait at a step."""
    specialist, planning_head = stages.world.fresh("specialist"), stages.world.fresh("planning_head")
    if node != "draft_recommendation":
        driver.propose(draft, user=specialist)
    if node == "decide_recommendation":
        driver.adopt(draft, user=planning_head)
        driver.close_conference(cycle, user=planner)
    return open_task(draft.process, getattr(Flow, node))


@pytest.mark.parametrize(
    ("node", "name", "status"),
    [(node, name, code) for node, row in OTHERS.items() for name, code in row.items()],
)
def test_others_are_refused(node, name, status, draft, cycle, stages, world, client_as, planner):
    task = bring_to(node, draft, cycle, stages, planner)
    client = client_as(world.fresh(name))

    assert client.get(page_of(task)).status_code == status
    assert client.post(page_of(task), form_of(world)).status_code == status
    assert waits_at(draft) == [node]


def test_the_chair_of_another_body_of_the_same_kind_decides_nothing(submitted, meeting, world, client_as):
    other = people.body_create(
        territory=world.territory,
        name="Zweite Steuerungsgruppe",
        kind=world.steering_group.kind,
        quorum_share="0.5",
        user=None,
    )
    person = factories.staff("Vorsitz der anderen", world.health_office)
    factories.seated(other, world.health_office, person, "chair")
    client = client_as(User.objects.get(pk=person.pk))
    task = open_task(submitted.process, Flow.decide_recommendation)

    assert client.post(page_of(task), ballot_of(meeting, "approved")).status_code == 404
    assert not Decision.objects.exists()


def test_who_drafts_does_not_adopt(cycle, stages, world, planning_head, client_as):
    """The chair wrote it: the deputy adopts."""
    world.conference.memberships.filter(user=planning_head).update(deputy=world.people["health_head"])
    people.sync_roles()
    recommendation = driver.recommend(cycle, stages.wording(), author=planning_head)
    task = open_task(recommendation.process, Flow.adopt_recommendation)
    client = client_as(planning_head)

    assert client.get(page_of(task)).status_code == 403
    assert client.post(page_of(task), {"outcome": "adopt"}).status_code == 403
    assert waits_at(recommendation) == ["adopt_recommendation"]


def test_who_adopted_does_not_decide(submitted, meeting, world, client_as):
    head = world.fresh("planning_head")
    role_group(Role.BODY_CHAIR, world.steering_group).user_set.add(head)
    client = client_as(world.fresh("planning_head"))
    task = open_task(submitted.process, Flow.decide_recommendation)

    assert client.post(page_of(task), ballot_of(meeting, "approved")).status_code == 403
    assert not Decision.objects.exists()


def test_a_seat_that_ended_after_the_task_was_taken_counts(submitted, meeting, world, client_as, chair):
    client = client_as(chair)
    page = take(client, submitted.process, Flow.decide_recommendation)
    seat = world.steering_group.memberships.get(user=chair)
    people.seat_end(seat, ends_on=timezone.localdate() - datetime.timedelta(days=1), user=None)

    assert client.get(page).status_code in {403, 404}
    assert client.post(page, ballot_of(meeting, "approved")).status_code in {403, 404}
    assert not Decision.objects.exists()
    with pytest.raises(PermissionDenied):
        driver.decide(submitted, meeting, DecisionResult.APPROVED, user=world.fresh("chair"))


def test_a_colleague_cannot_do_what_somebody_took(draft, world, client_as):
    client = client_as(world.fresh("jobcenter_head"))
    task = open_task(draft.process, Flow.draft_recommendation)
    assert task.owner == world.people["specialist"]

    assert client.get(page_of(task)).status_code == 403
    assert client.post(page_of(task), form_of(world)).status_code == 403


def test_an_author_without_a_seat_leaves_the_draft_to_the_conference(cycle, stages, world):
    """Planning may begin a recommendation; whoever of the conference takes it goes on."""
    newcomer = factories.staff("Neue Planerin", world.planning_unit, "planner")
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=newcomer)

    assert open_task(recommendation.process, Flow.draft_recommendation).owner is None


# --- deadlines -------------------------------------------------------------------------------------


def test_reminder_and_escalation_of_a_decision(submitted, world):
    due_on = open_task(submitted.process, Flow.decide_recommendation).card.due_on
    OutgoingMail.objects.all().delete()
    mail = {name: world.people[name].email for name in ("chair", "planner", "member")}

    def mailed(day):
        OutgoingMail.objects.all().delete()
        with time_machine.travel(
            timezone.make_aware(datetime.datetime.combine(day, datetime.time(8))), tick=False
        ):
            timers_fire()
        return {
            row.address
            for row in OutgoingMail.objects.all()
            if "Elternarbeit ausbauen" in row.subject or "Elternarbeit ausbauen" in row.body
        }

    assert mailed(due_on - datetime.timedelta(days=4)) == set()
    # The meeting is on the day before: there is no time to remind three days before.
    assert mailed(due_on) == {mail["chair"]}
    late = mailed(due_on + datetime.timedelta(days=1))
    assert {mail["chair"], mail["planner"]} <= late
    assert mail["member"] not in late


# --- two at once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
def test_of_two_who_complete_at_once_one_wins_and_the_other_is_told(world, client_as):
    stages = Stages(world)
    cycle, meeting = stages.in_steering_group()
    recommendation = cycle.recommendations.get()
    first = client_as(world.fresh("chair"))
    page = take(first, recommendation.process, Flow.decide_recommendation)
    second = client_as(world.fresh("chair"))  # the same chair in another window
    answers, barrier = [], threading.Barrier(2)

    def send(client, result, **extra):
        try:
            barrier.wait(timeout=10)
            answers.append(client.post(page, ballot_of(meeting, result, **extra)).status_code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=send, args=(first, "approved")),
        threading.Thread(target=send, args=(second, "rejected"), kwargs={"reason": "Kein Geld"}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(answers) == [302, 409]
    assert Decision.objects.count() == 1
    assert waits_at(recommendation) == ["issue_extract"]


def test_who_comes_too_late_is_told(submitted, meeting, client_as, chair):
    """The second window of the same person, one after the other."""
    first, second = client_as(chair), client_as(chair)
    page = take(first, submitted.process, Flow.decide_recommendation)
    assert second.get(page).status_code == 200

    assert first.post(page, ballot_of(meeting, "approved")).status_code == 302
    late = second.post(page, ballot_of(meeting, "rejected", reason="Kein Geld"))

    assert late.status_code == 409
    assert Decision.objects.get().result == DecisionResult.APPROVED


def test_a_failure_behind_the_step_leaves_everything_as_it_was(draft, specialist, monkeypatch):
    task = open_task(draft.process, Flow.draft_recommendation)
    with pytest.raises(RuntimeError):
        complete_task(task, user=specialist, act=fail)

    draft.refresh_from_db()
    assert draft.state == RecommendationState.DRAFT
    assert waits_at(draft) == ["draft_recommendation"]


def fail(process):
    author = process.recommendation.created_by
    recommendation_withdraw(process.recommendation, reason="Erledigt", user=author)
    raise RuntimeError("the machine broke down")


def test_stage_two_is_asked_for_with_the_same_steps(stages, world, client_as, planning_head, chair):
    """A request to open stage 2 needs no evidence; its approval opens the stage. It is planning's own act."""
    cycle, _measure = stages.at_implementation()
    planner = factories.staff("Planerin ohne Sitz", world.planning_unit, "planner")
    recommendation = driver.recommend(
        cycle,
        stages.wording("Stufe 2 öffnen", indicators=[], areas=[]),
        author=planner,
        chair=planning_head,
        kind="stage_two",
    )
    meeting = cycle.meetings.get(body=cycle.steering_group)
    client = client_as(chair)
    page = take(client, recommendation.process, Flow.decide_recommendation)

    assert client.get(page).status_code == 200
    assert client.post(page, ballot_of(meeting, "approved")).status_code == 302
    issue(client, recommendation)

    world.plan.refresh_from_db()
    assert world.plan.stage_two_opened_on == timezone.localdate()
    assert ended_by(recommendation) == "approved"
    assert open_task(cycle.process, PlanningCycleFlow.steer_implementation)
