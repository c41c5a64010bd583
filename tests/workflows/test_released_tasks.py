"""Tasks that would hang: whose owner has left, and what planning can do about one that nobody gets to."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import LogEntry, Membership
from tests import factories
from workflows.cards import process_visible, task_visible
from workflows.demo import driver
from workflows.engine import recommendation_begin
from workflows.flows import DeliveryFlow, RecommendationFlow
from workflows.models import TaskCard
from workflows.nodes import complete_task, open_task
from workflows.selectors.tasks import InboxFilter, inbox_keys
from workflows.services import recommendations
from workflows.services import tasks as services
from workflows.services.cycles import stage_reschedule
from workflows.timers import timers_fire


@pytest.fixture
def cycle(stages):
    return stages.at_data()


@pytest.fixture
def request_(cycle, world):
    return cycle.requests.get(organisation=world.youth_office)


@pytest.fixture
def task(request_):
    """The youth office's delivery, nobody's yet."""
    return open_task(request_.process, DeliveryFlow.provide_data)


def leave(person):
    """The person's functions end; their groups follow."""
    Membership.objects.filter(user=person).update(ends_on=timezone.localdate(), starts_on="2020-01-01")
    Membership.objects.filter(user=person).update(ends_on="2020-12-31")
    people.sync_roles()


def release(task):
    return reverse("workflows:task-release", args=[task.pk])


# --- Who has left --------------------------------------------------------------------------------------


def test_a_colleague_takes_what_somebody_left_behind(task, world, head, specialist):
    services.task_take(task, user=head)
    leave(head)
    colleague = world.fresh("specialist")
    services.task_take(task, user=colleague)
    task.refresh_from_db()
    assert task.owner == specialist


def test_a_colleague_who_may_still_do_it_keeps_it(task, head, specialist):
    services.task_take(task, user=head)
    with pytest.raises(DomainError) as error:
        services.task_take(task, user=specialist)
    assert error.value.code == "task_taken"


@pytest.mark.parametrize("way", ["function ended", "deactivated"])
def test_the_timers_free_what_was_left_behind(task, world, head, specialist, admin, way):
    services.task_take(task, user=head)
    if way == "deactivated":
        people.person_deactivate(head, user=admin)
    else:
        leave(head)
    free = InboxFilter(scope="free")
    assert task.card.pk not in inbox_keys(specialist, free)
    timers_fire()
    task.refresh_from_db()
    assert task.owner is None
    assert task.card.pk in inbox_keys(world.fresh("specialist"), free)
    assert LogEntry.objects.get(action="task.released").data == {"from": str(head)}


def test_the_timers_leave_tasks_with_those_who_may_do_them(task, head):
    services.task_take(task, user=head)
    assert services.tasks_release_orphans() == 0
    task.refresh_from_db()
    assert task.owner == head


# --- Taking a task from somebody -----------------------------------------------------------------------


def test_planning_frees_a_task_with_a_reason(client_as, task, head, specialist, planner):
    services.task_take(task, user=specialist)
    client = client_as(planner)
    assert (
        release(task) in client.get(reverse("workflows:task", args=[task.pk]), follow=True).content.decode()
    )
    assert client.get(release(task)).status_code == 200
    assert client.post(release(task), {"reason": " "}).status_code == 422
    response = client.post(release(task), {"reason": "Seit drei Wochen erkrankt"})
    assert response.status_code == 302
    task.refresh_from_db()
    assert task.owner is None
    entry = LogEntry.objects.get(action="task.released")
    assert entry.data == {"from": str(specialist), "reason": "Seit drei Wochen erkrankt"}
    services.task_take(task, user=head)


def test_the_head_frees_a_task_of_the_house(client_as, task, head, specialist):
    services.task_take(task, user=specialist)
    assert client_as(head).post(release(task), {"reason": "Urlaub"}).status_code == 302
    task.refresh_from_db()
    assert task.owner is None


def test_nobody_else_frees_it(client_as, task, head, specialist, jobcenter_head, outsider, planner):
    services.task_take(task, user=head)
    assert client_as(specialist).post(release(task), {"reason": "Nein"}).status_code == 403
    for person in (jobcenter_head, outsider):
        assert client_as(person).post(release(task), {"reason": "Nein"}).status_code == 404
    with pytest.raises(PermissionDenied):
        services.task_release(task, reason="Nein", user=specialist)
    task.refresh_from_db()
    assert task.owner == head
    services.task_give_back(task, user=head)
    with pytest.raises(PermissionDenied):  # nobody has it
        services.task_release(task, reason="Nein", user=planner)
    assert client_as(planner).get(release(task)).status_code == 302


# --- Only through the lock -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_the_page_of_a_step_takes_nothing_but_get_and_post(client_as, task, head, method):
    services.task_take(task, user=head)
    url = task.flow_task.reverse("execute", args=[task.process_id, task.pk])
    assert getattr(client_as(head), method)(url).status_code == 405
    task.refresh_from_db()
    assert task.finished is None


# --- Who once did a step -------------------------------------------------------------------------------


def test_former_staff_keep_their_own_done_task_and_nothing_else(request_, task, world, client_as, specialist):
    values = factories.full_values(request_, world.areas)
    driver.deliver(request_, factories.delivery(world.youth_office, values, specialist), user=specialist)
    leave(specialist)
    former = world.fresh("specialist")
    task.refresh_from_db()
    assert task_visible(former, task)
    assert not process_visible(former, task.process)
    client = client_as(former)
    page = client.get(reverse("workflows:task", args=[task.pk]), follow=True)
    assert page.status_code == 200
    case = reverse("workflows:case", args=[task.process_id])
    assert case not in page.content.decode()
    assert client.get(case).status_code == 404
    check = open_task(request_.process, DeliveryFlow.review_delivery)
    assert client.get(reverse("workflows:task", args=[check.pk])).status_code == 404


# --- Four eyes look at who wrote -----------------------------------------------------------------------


def test_who_wrote_a_recommendation_does_not_adopt_it_whoever_put_it_forward(stages, world, specialist):
    cycle = stages.in_conference()
    chair = world.fresh("planning_head")
    seat = world.conference.memberships.get(user=chair)
    people.seat_set_deputy(seat, deputy=world.fresh("planner"), user=None)
    recommendation = recommendation_begin(cycle, wording=stages.wording("Vom Vorsitz"), user=chair)
    task = open_task(recommendation.process, RecommendationFlow.draft_recommendation)
    services.task_hand_over(task, to=specialist, user=chair)
    complete_task(
        task,
        user=specialist,
        act=lambda process: recommendations.recommendation_propose(recommendation, user=specialist),
    )
    adopt = open_task(recommendation.process, RecommendationFlow.adopt_recommendation)
    verdict = adopt.flow_task.verdict(chair, adopt)
    assert not verdict
    assert "Vier-Augen" in str(verdict.reason)
    with pytest.raises(PermissionDenied):
        services.task_take(adopt, user=chair)


def test_who_uploaded_a_delivery_does_not_check_it(request_, world, planner, specialist):
    """A planner who also works for the supplier uploads, a colleague hands in."""
    Membership.objects.create(
        user=planner, organisation=world.youth_office, function="planner", starts_on="2020-01-01"
    )
    people.sync_roles()
    planner = world.fresh("planner")
    values = factories.full_values(request_, world.areas)
    delivery = factories.delivery(world.youth_office, values, planner)
    driver.deliver(request_, delivery, user=specialist)
    check = open_task(request_.process, DeliveryFlow.review_delivery)
    assert not check.flow_task.verdict(planner, check)
    assert planner not in services.task_recipients(check)
    assert check.flow_task.verdict(world.fresh("planning_head"), check)


# --- Cases that move to another cycle ------------------------------------------------------------------


def test_open_tasks_follow_the_case_to_the_bodies_and_dates_of_the_next_cycle(stages, world):
    """A postponed recommendation is decided by the steering group of the cycle that goes on with it."""
    cycle, meeting = stages.in_steering_group(titles=("Erste", "Zweite"))
    first, second = cycle.recommendations.order_by("number")
    chair = world.fresh("chair")
    driver.decide(
        first,
        meeting,
        "postponed",
        user=chair,
        postponed_until=timezone.localdate() + datetime.timedelta(days=400),
    )
    task = open_task(first.process, RecommendationFlow.decide_recommendation)
    services.task_take(task, user=chair)
    group = people.body_create(
        territory=world.territory,
        name="Neue Steuerungsgruppe",
        kind="steering_group",
        quorum_share="0.50",
        user=None,
    )
    factories.seated(group, world.youth_office, world.people["head"], "chair")
    driver.decide(second, meeting, "rejected", user=chair, reason="Kein Bedarf")
    planner = world.fresh("planner")
    driver.shape(cycle, lambda _: [], user=planner)
    driver.end_implementation(cycle, user=planner)
    driver.close(cycle, user=planner)
    following = factories.make_cycle(
        world, title="Der nächste", predecessor=cycle, steering_group=group, carried_recommendations=[first]
    )

    task.refresh_from_db()
    card = TaskCard.objects.get(task=task)
    assert (card.cycle, card.body, task.owner) == (following, group, None)
    assert task.owner_permission_obj == group
    assert not task.flow_task.verdict(world.fresh("chair"), task)
    assert task.flow_task.verdict(world.fresh("head"), task)
    assert card.pk in inbox_keys(world.fresh("head"), InboxFilter(scope="free"))


@pytest.mark.parametrize(("late_by", "moves"), [(0, True), (3, True), (30, False)])
def test_a_task_that_came_late_follows_only_an_end_beyond_its_own(cycle, request_, planner, late_by, moves):
    stage = cycle.stages.get(kind=1)
    task = open_task(request_.process, DeliveryFlow.provide_data)
    due_on = stage.due_on + datetime.timedelta(days=late_by)
    TaskCard.objects.filter(task=task).update(due_on=due_on)
    end = stage.due_on + datetime.timedelta(days=10)
    stage_reschedule(stage, starts_on=stage.starts_on, due_on=end, reason="Verspätet", user=planner)
    assert TaskCard.objects.get(task=task).due_on == (end if moves else due_on)
