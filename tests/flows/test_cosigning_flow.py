"""Co-signing from the question to the adoption: each end, order, silence, refusals, two at once."""

import datetime
import threading

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone
from viewflow.workflow.models import Task

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows.abandoning import cycle_abandon
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import CosigningFlow, RecommendationFlow
from workflows.models import (
    CosignAnswer,
    CosignOrder,
    CosignRequest,
    CosignVerdict,
    RecommendationState,
)
from workflows.nodes import OPEN_STATUSES, open_task
from workflows.recommendation_cases import cosigning_ask, recommendation_call_back
from workflows.services import cosigning as services
from workflows.services.conference import statement_add, statement_change
from workflows.services.recommendations import recommendation_send_back
from workflows.timers import timers_fire

Flow = CosigningFlow


@pytest.fixture
def cycle(stages):
    return stages.in_conference()


@pytest.fixture
def draft(cycle, stages, specialist):
    return recommendation_begin(cycle, wording=stages.wording(), user=specialist)


def ask(recommendation, *organisations, order=CosignOrder.PARALLEL, days=10, user=None):
    return cosigning_ask(
        recommendation,
        organisations=organisations,
        order=order,
        due_on=timezone.localdate() + datetime.timedelta(days=days),
        user=user or recommendation.created_by,
    )


def waits_at(recommendation):
    tasks = Task.objects.filter(
        process=recommendation.process,
        flow_task_type__in=["HUMAN", "CONDITION"],
        status__in=OPEN_STATUSES,
    )
    return [task.flow_task.name for task in tasks.order_by("pk")]


def states(recommendation):
    rows = CosignRequest.objects.filter(cosigning__recommendation=recommendation).order_by("position")
    return [row.outcome for row in rows.select_related("answer")]


def ended_by(request):
    process = request.process
    process.refresh_from_db()
    if process.finished is None:
        return None
    return process.task_set.filter(flow_task_type="END", status="DONE").get().flow_task.name


def on_day(days):
    day = timezone.localdate() + datetime.timedelta(days=days)
    return time_machine.travel(timezone.make_aware(datetime.datetime.combine(day, datetime.time(8))))


# --- ways ------------------------------------------------------------------------------------------


def test_without_cosigners_it_goes_on_as_before(draft, specialist):
    driver.propose(draft, user=specialist)

    assert waits_at(draft) == ["adopt_recommendation"]
    assert not CosignRequest.objects.exists()


def test_all_at_once_and_the_adoption_waits_for_all(draft, world, client_as, specialist):
    """Two are asked; a comment and a dissent are kept, and the chair goes on with both before the eyes."""
    ask(draft, world.jobcenter, world.health_office)
    assert states(draft) == ["waiting", "waiting"]
    driver.propose(draft, user=specialist)
    assert states(draft) == ["asked", "asked"]
    assert waits_at(draft) == ["wait_for_cosigners"]

    jobcenter, health = client_as(world.fresh("jobcenter_head")), client_as(world.fresh("health_head"))
    first, second = CosignRequest.objects.order_by("position")
    page = take(jobcenter, first.process, Flow.cosign_recommendation)
    assert "Elternarbeit ausbauen" in jobcenter.get(page).content.decode()
    assert jobcenter.post(page, {"verdict": "commented"}).status_code == 422, "without a comment"
    assert jobcenter.post(page, {"verdict": "cosigned", "comment": "Doch etwas"}).status_code == 422
    assert jobcenter.post(page, {"verdict": "commented", "comment": "Mit uns abstimmen"}).status_code == 302
    assert waits_at(draft) == ["wait_for_cosigners"], "one is missing"
    page = take(health, second.process, Flow.cosign_recommendation)
    assert health.post(page, {"verdict": "dissent", "comment": "Geht zu Lasten der Kitas"}).status_code == 302

    assert states(draft) == ["commented", "dissent"]
    assert (ended_by(first), ended_by(second)) == ("cosigned", "dissented")
    assert waits_at(draft) == ["adopt_recommendation"]
    chair = client_as(world.fresh("planning_head"))
    shown = chair.get(take(chair, draft.process, RecommendationFlow.adopt_recommendation))
    assert "Geht zu Lasten der Kitas" in shown.content.decode()
    assert [row.dissent_count for row in shown.context["rounds"]] == [1]
    assert LogEntry.objects.filter(action="cosigning.answered").count() == 2


def test_the_steering_group_reads_the_dissent_where_it_decides(cycle, draft, world, client_as, planner):
    ask(draft, world.jobcenter)
    driver.propose(draft, user=world.fresh("specialist"))
    head = world.fresh("jobcenter_head")
    driver.cosign(draft, world.jobcenter, CosignVerdict.DISSENT, user=head, comment="Doppelt zum Angebot X")
    driver.adopt(draft, user=world.fresh("planning_head"))
    driver.close_conference(cycle, user=planner)
    driver.invite_steering_group(cycle, user=planner)
    chair = client_as(world.fresh("chair"))

    page = take(chair, draft.process, RecommendationFlow.decide_recommendation)

    assert "Doppelt zum Angebot X" in chair.get(page).content.decode()


def test_one_after_the_other_in_the_order_named(draft, world, specialist):
    ask(draft, world.health_office, world.jobcenter, order=CosignOrder.SEQUENCE, days=10)
    driver.propose(draft, user=specialist)
    first, second = CosignRequest.objects.order_by("position")
    assert (first.organisation, states(draft)) == (world.health_office, ["asked", "waiting"])
    today = timezone.localdate()
    assert [row.due_on for row in (first, second)] == [
        today + datetime.timedelta(days=5),
        today + datetime.timedelta(days=10),
    ]
    with pytest.raises(DomainError, match="already_answered"):
        services.cosign_answer(second, verdict=CosignVerdict.COSIGNED, user=world.fresh("jobcenter_head"))

    driver.cosign(draft, world.health_office, CosignVerdict.COSIGNED, user=world.fresh("health_head"))

    assert states(draft) == ["cosigned", "asked"]
    assert waits_at(draft) == ["wait_for_cosigners"]
    driver.cosign(draft, world.jobcenter, CosignVerdict.COSIGNED, user=world.fresh("jobcenter_head"))
    assert waits_at(draft) == ["adopt_recommendation"]


def test_who_lets_the_day_go_by_is_recorded_and_nobody_waits_for_ever(draft, world, specialist):
    ask(draft, world.health_office, world.jobcenter, order=CosignOrder.SEQUENCE, days=10)
    driver.propose(draft, user=specialist)
    first, second = CosignRequest.objects.order_by("position")

    timers_fire()
    assert states(draft) == ["asked", "waiting"]
    with on_day(6):
        timers_fire()
    assert states(draft) == ["silent", "asked"]
    assert ended_by(first) == "unanswered"
    with on_day(11):
        timers_fire()
        timers_fire()
    assert states(draft) == ["silent", "silent"]
    assert ended_by(CosignRequest.objects.get(pk=second.pk)) == "unanswered"
    assert waits_at(draft) == ["adopt_recommendation"]
    assert not CosignAnswer.objects.exists()
    driver.adopt(draft, user=world.fresh("planning_head"))
    assert draft.state == RecommendationState.SUBMITTED


def test_the_chair_has_it_cosigned_before_it_is_adopted(draft, world, specialist, planning_head):
    driver.propose(draft, user=specialist)

    ask(draft, world.jobcenter, user=planning_head)

    assert (states(draft), waits_at(draft)) == (["asked"], ["wait_for_cosigners"])
    driver.cosign(draft, world.jobcenter, CosignVerdict.COSIGNED, user=world.fresh("jobcenter_head"))
    assert waits_at(draft) == ["adopt_recommendation"]


def test_a_new_version_asks_again_only_if_somebody_wants_it(draft, world, stages, specialist, planning_head):
    ask(draft, world.jobcenter)
    driver.propose(draft, user=specialist)
    head = world.fresh("jobcenter_head")
    driver.cosign(draft, world.jobcenter, CosignVerdict.DISSENT, user=head, comment="Zu teuer")
    driver.complete_task(
        open_task(draft.process, RecommendationFlow.adopt_recommendation),
        user=planning_head,
        act=lambda process: recommendation_send_back(
            process.recommendation, reason="Kosten senken", user=planning_head
        ),
    )

    driver.propose(draft, user=specialist, wording=stages.wording(proposal="Ein kleineres Angebot."))
    assert waits_at(draft) == ["adopt_recommendation"]
    ask(draft, world.jobcenter, user=planning_head)
    driver.cosign(draft, world.jobcenter, CosignVerdict.COSIGNED, user=world.fresh("jobcenter_head"))

    answers = CosignAnswer.objects.order_by("pk")
    assert [(row.request.cosigning.version.number, row.verdict) for row in answers] == [
        (1, "dissent"),
        (2, "cosigned"),
    ]


def test_an_answer_is_never_changed(draft, world, specialist):
    ask(draft, world.jobcenter)
    driver.propose(draft, user=specialist)
    head = world.fresh("jobcenter_head")
    driver.cosign(draft, world.jobcenter, CosignVerdict.DISSENT, user=head, comment="Zu teuer")
    answer = CosignAnswer.objects.get()

    answer.comment = "Doch gut"
    with pytest.raises(TypeError):
        answer.save()
    with pytest.raises(TypeError):
        CosignAnswer.objects.all().delete()
    with pytest.raises(DomainError, match="already_answered"):
        services.cosign_answer(answer.request, verdict=CosignVerdict.COSIGNED, user=head)


def test_a_withdrawal_calls_the_questions_off(draft, world, specialist):
    ask(draft, world.jobcenter, world.health_office, order=CosignOrder.SEQUENCE)
    driver.propose(draft, user=specialist)
    first = CosignRequest.objects.get(position=1)

    recommendation_call_back(draft, reason="Erledigt", user=specialist)

    assert states(draft) == ["called_off", "called_off"]
    assert ended_by(first) == "called_off"
    draft.process.refresh_from_db()
    assert draft.process.finished is not None


def test_giving_the_cycle_up_calls_the_questions_off(cycle, draft, world, specialist, planning_head):
    ask(draft, world.jobcenter)
    driver.propose(draft, user=specialist)

    cycle_abandon(cycle, reason="Neu aufgesetzt", user=planning_head)

    assert states(draft) == ["called_off"]
    assert ended_by(CosignRequest.objects.get()) == "called_off"


# --- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "status"),
    [("outsider", 404), ("member", 404), ("chair", 404), ("health_head", 404), ("planner", 403)],
)
def test_others_do_not_answer(name, status, draft, world, client_as, specialist):
    ask(draft, world.jobcenter)
    driver.propose(draft, user=specialist)
    task = open_task(CosignRequest.objects.get().process, Flow.cosign_recommendation)
    client = client_as(world.fresh(name))

    assert client.get(page_of(task)).status_code == status
    assert client.post(page_of(task), {"verdict": "cosigned"}).status_code == status
    assert states(draft) == ["asked"]


@pytest.mark.parametrize(
    ("code", "kwargs"),
    [
        ("nobody_named", {"organisations": []}),
        ("named_twice", {"organisations": ["jobcenter", "jobcenter"]}),
        ("foreign_organisation", {"organisations": ["neighbour"]}),
        ("due_past", {"due_on": -1}),
    ],
)
def test_what_cannot_be_planned(code, kwargs, draft, world, specialist):
    names = kwargs.get("organisations", ["jobcenter"])
    due_on = timezone.localdate() + datetime.timedelta(days=kwargs.get("due_on", 5))
    with pytest.raises(DomainError, match=code):
        services.cosigning_plan(
            draft,
            organisations=[getattr(world, name) for name in names],
            order=CosignOrder.PARALLEL,
            due_on=due_on,
            user=specialist,
        )
    assert not CosignRequest.objects.exists()


def test_an_organisation_without_anybody_who_could_answer_is_not_asked(draft, world, specialist):
    empty = factories.organisation("Amt ohne Leute", "department", territory=world.territory)

    with pytest.raises(DomainError, match="nobody_to_ask"):
        ask(draft, empty)


def test_a_second_round_waits_for_the_first(draft, world, specialist):
    ask(draft, world.jobcenter)
    ask(draft, world.health_office)
    assert [row.organisation for row in CosignRequest.objects.all()] == [world.health_office], "a new plan"
    driver.propose(draft, user=specialist)

    with pytest.raises(DomainError, match="cosigning_open"):
        ask(draft, world.jobcenter)
    with pytest.raises(DomainError, match="cosigning_open"):
        services.cosigning_drop(draft, user=specialist)


@pytest.mark.parametrize("name", ["jobcenter_head", "health_head", "chair", "member", "outsider"])
def test_others_ask_nobody(name, draft, world):
    with pytest.raises(PermissionDenied):
        ask(draft, world.jobcenter, user=world.fresh(name))


# --- two at once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
def test_of_two_who_answer_at_once_the_adoption_opens_once(world, client_as):
    stages = Stages(world)
    cycle = stages.in_conference()
    author = world.fresh("specialist")
    recommendation = recommendation_begin(cycle, wording=stages.wording(), user=author)
    ask(recommendation, world.jobcenter, world.health_office)
    driver.propose(recommendation, user=author)
    sent = []
    for name, request in zip(
        ("jobcenter_head", "health_head"), CosignRequest.objects.order_by("position"), strict=True
    ):
        client = client_as(world.fresh(name))
        sent.append((client, take(client, request.process, Flow.cosign_recommendation)))
    answers, barrier = [], threading.Barrier(2)

    def send(client, page):
        try:
            barrier.wait(timeout=10)
            answers.append(client.post(page, {"verdict": "cosigned"}).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=item) for item in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert answers == [302, 302]
    assert states(recommendation) == ["cosigned", "cosigned"]
    adopt = Task.objects.filter(
        process=recommendation.process, flow_task=RecommendationFlow.adopt_recommendation
    )
    assert adopt.count() == 1
    assert waits_at(recommendation) == ["adopt_recommendation"]


def test_the_next_of_a_sequence_has_a_day_at_least(draft, world, specialist):
    named = (world.jobcenter, world.health_office)
    with pytest.raises(DomainError, match="due_too_soon"):
        ask(draft, *named, order=CosignOrder.SEQUENCE, days=1)
    ask(draft, *named, order=CosignOrder.SEQUENCE, days=2)
    driver.propose(draft, user=specialist)
    with on_day(20):
        timers_fire()
        assert states(draft) == ["silent", "asked"]
        second = CosignRequest.objects.select_related("cosigning").get(position=2)
        assert second.due_on == timezone.localdate() + datetime.timedelta(days=1)
        assert second.cosigning.due_on == second.due_on
        timers_fire()
        assert states(draft) == ["silent", "asked"]


def test_called_off_nobody_is_asked_any_more(draft, world, specialist):
    cosigning = ask(draft, world.jobcenter, world.health_office, order=CosignOrder.SEQUENCE)
    driver.propose(draft, user=specialist)
    recommendation_call_back(draft, reason="Doch nicht", user=specialist)
    assert services.cosign_next(cosigning) is None
    assert states(draft) == ["called_off", "called_off"]
    assert not services.open_cosigning_processes(draft)


def test_a_statement_under_cosigning_stays(cycle, stages, world, specialist):
    statement = statement_add(
        cycle,
        area=world.areas[0],
        position="explains",
        text="So ist es.",
        organisation=world.youth_office,
        user=specialist,
    )
    draft = recommendation_begin(cycle, wording=stages.wording(statements=[statement]), user=specialist)
    statement_change(statement, position="explains", text="So war es.", user=specialist)
    ask(draft, world.jobcenter)
    driver.propose(draft, user=specialist)
    with pytest.raises(DomainError, match="statement_used"):
        statement_change(statement, position="explains", text="Anders.", user=specialist)


def test_withdrawing_a_draft_calls_its_planned_cosigning_off(draft, world, specialist, client_as):
    cosigning = ask(draft, world.jobcenter)
    client = client_as(specialist)
    task = take(client, draft.process, RecommendationFlow.draft_recommendation)
    client.post(task, {"withdraw": "1", "withdraw_reason": "Überholt", "withdraw_sure": "on"})
    draft.refresh_from_db()
    cosigning.refresh_from_db()
    assert draft.state == RecommendationState.WITHDRAWN
    assert cosigning.ended_at is not None
