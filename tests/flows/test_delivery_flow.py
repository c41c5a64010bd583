"""A requested delivery: every end, every refusal."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from monitoring.models import Delivery, Value
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry, Membership, User
from stakeholders.services import membership_end
from tests import factories
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.engine import request_go_on_without
from workflows.flows import DeliveryFlow
from workflows.models import DataRequest, DataRequestState, StageKind, TaskCard
from workflows.nodes import complete_task, open_task
from workflows.services.tasks import task_hand_over, task_take

ClientAs = Callable[[User], Client]


@pytest.fixture
def request_(stages: Stages, world: World) -> DataRequest:
    """The youth office is asked to deliver."""
    found: DataRequest = stages.at_data().requests.get(organisation=world.youth_office)
    return found


def _hand_in(request: DataRequest, world: World, user: User) -> Delivery:
    delivery = factories.delivery(request.organisation, factories.full_values(request, world.areas), user)
    driver.deliver(request, delivery, user=user)
    return delivery


def _open_nodes(request: DataRequest) -> set[str]:
    tasks = Task.objects.filter(process=request.process, finished=None).exclude(flow_task_type="TIMER")
    return {task.flow_task.name for task in tasks}


def _ended(request: DataRequest) -> str:
    """Name of the end a case came to; nothing of it is left waiting."""
    process = request.process
    process.refresh_from_db()
    assert process.status == PROCESS.DONE
    assert not Task.objects.filter(process=process, finished=None).exists()
    assert not TaskCard.objects.filter(task__process=process, is_open=True).exists()
    (end,) = Task.objects.filter(process=process, flow_task_type="END")
    return str(end.flow_task.name)


def _page(task: Task, page: str = "execute/", process_pk: int | None = None) -> str:
    return f"/flows/delivery/{process_pk or task.process_id}/{task.flow_task.name}/{task.pk}/{page}"


# --- ends ------------------------------------------------------------------------------------------


def test_accepted(request_: DataRequest, world: World) -> None:
    delivery = _hand_in(request_, world, world.fresh("specialist"))
    assert _open_nodes(request_) == {"review_delivery", "wait_for_waiver"}
    driver.review(request_, is_accepted=True, user=world.fresh("planner"))

    delivery.refresh_from_db()
    assert _ended(request_) == "accepted"
    assert request_.state == DataRequestState.ACCEPTED
    assert (delivery.accepted_by, delivery.accepted_at is None) == (world.people["planner"], False)
    assert Value.objects.filter(delivery=delivery, is_current=True).count() == delivery.value_count


def test_returned_with_a_reason_then_accepted(request_: DataRequest, world: World) -> None:
    first = _hand_in(request_, world, world.fresh("specialist"))
    driver.review(request_, is_accepted=False, user=world.fresh("planner"), reason="Altstadt 2024 prüfen")
    assert _open_nodes(request_) == {"provide_data", "wait_for_waiver"}
    assert not Value.objects.filter(delivery=first, is_current=True).exists()
    again = open_task(request_.process, DeliveryFlow.provide_data)
    assert again.owner == world.people["specialist"], "who delivered gets it back"
    assert again.card.due_on == max(request_.due_on, timezone.localdate() + datetime.timedelta(days=7))

    second = _hand_in(request_, world, world.fresh("specialist"))
    driver.review(request_, is_accepted=True, user=world.fresh("planner"))

    assert _ended(request_) == "accepted"
    assert request_.delivery == second
    reviews = request_.reviews.order_by("pk").values_list("delivery", "is_accepted", "reason")
    assert list(reviews) == [(first.pk, False, "Altstadt 2024 prüfen"), (second.pk, True, "")]


def test_a_return_late_in_the_stage_leaves_a_week(stages: Stages, world: World) -> None:
    today = timezone.localdate()
    began = today - datetime.timedelta(days=28)
    request = stages.at_data(stages=factories.stage_dates(began)).requests.get(
        organisation=world.youth_office
    )
    assert open_task(request.process, DeliveryFlow.provide_data).card.due_on < today + datetime.timedelta(
        days=7
    )
    _hand_in(request, world, world.fresh("specialist"))
    driver.review(request, is_accepted=False, user=world.fresh("planner"), reason="Altstadt fehlt")

    due_on = open_task(request.process, DeliveryFlow.provide_data).card.due_on
    assert due_on == today + datetime.timedelta(days=7)


def test_a_returned_one_goes_to_all_if_the_deliverer_has_left(request_: DataRequest, world: World) -> None:
    _hand_in(request_, world, world.fresh("specialist"))
    _leave(world.people["specialist"])
    driver.review(request_, is_accepted=False, user=world.fresh("planner"), reason="Altstadt fehlt")

    assert open_task(request_.process, DeliveryFlow.provide_data).owner is None


@pytest.mark.parametrize("state", ["open", "taken", "submitted", "returned"])
def test_waived_from_each_state(state: str, request_: DataRequest, world: World) -> None:
    planner = world.fresh("planner")
    if state == "taken":
        task_take(open_task(request_.process, DeliveryFlow.provide_data), user=world.fresh("specialist"))
    if state in {"submitted", "returned"}:
        _hand_in(request_, world, world.fresh("specialist"))
    if state == "returned":
        driver.review(request_, is_accepted=False, user=planner, reason="Altstadt 2024 prüfen")
    waiting = Task.objects.get(process=request_.process, flow_task_type="HUMAN", finished=None)

    request_go_on_without(request_, reason="Erst im nächsten Jahr möglich", user=planner)

    request_.refresh_from_db()
    waiting.refresh_from_db()
    assert _ended(request_) == "waived"
    assert waiting.status == STATUS.CANCELED
    assert (request_.state, request_.waive_reason) == (
        DataRequestState.WAIVED,
        "Erst im nächsten Jahr möglich",
    )
    entry = LogEntry.objects.get(action="delivery.waived", object_id=request_.pk)
    assert (entry.user, entry.data["reason"]) == (planner, "Erst im nächsten Jahr möglich")


def test_each_act_of_consequence_is_logged(request_: DataRequest, world: World) -> None:
    _hand_in(request_, world, world.fresh("specialist"))
    driver.review(request_, is_accepted=False, user=world.fresh("planner"), reason="Altstadt fehlt")
    _hand_in(request_, world, world.fresh("specialist"))
    driver.review(request_, is_accepted=True, user=world.fresh("planner"))

    entries = LogEntry.objects.filter(object_id=request_.pk, content_type__model="datarequest").order_by("pk")
    people = (world.people["specialist"], world.people["planner"])
    assert [(entry.action, entry.user) for entry in entries] == [
        ("delivery.submitted", people[0]),
        ("delivery.returned", people[1]),
        ("delivery.submitted", people[0]),
        ("delivery.accepted", people[1]),
    ]


# --- refused: the service --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["jobcenter_head", "association_head", "planner", "chair", "admin", "outsider", "funder_reader"],
)
def test_only_the_supplier_delivers(name: str, request_: DataRequest, world: World) -> None:
    user = world.fresh(name)
    delivery = factories.delivery(
        world.youth_office, factories.full_values(request_, world.areas), world.fresh("specialist")
    )
    with pytest.raises(PermissionDenied):
        driver.deliver(request_, delivery, user=user)
    with pytest.raises(PermissionDenied):
        task_take(open_task(request_.process, DeliveryFlow.provide_data), user=user)

    task = open_task(request_.process, DeliveryFlow.provide_data)
    request_.refresh_from_db()
    assert (task.status, task.owner, request_.state) == (STATUS.NEW, None, DataRequestState.OPEN)


@pytest.mark.parametrize("name", ["specialist", "head", "jobcenter_head", "chair", "admin", "outsider"])
def test_only_planning_reviews(name: str, request_: DataRequest, world: World) -> None:
    _hand_in(request_, world, world.fresh("specialist"))
    with pytest.raises(PermissionDenied):
        driver.review(request_, is_accepted=True, user=world.fresh(name))

    request_.refresh_from_db()
    assert request_.state == DataRequestState.SUBMITTED
    assert not request_.reviews.exists()


def test_a_member_without_a_function_may_not_deliver(request_: DataRequest, world: World) -> None:
    member = factories.staff("Sachbearbeitung Jugendamt", world.youth_office, Function.MEMBER)
    with pytest.raises(PermissionDenied):
        task_take(open_task(request_.process, DeliveryFlow.provide_data), user=member)


def _in_both_offices(world: World) -> User:
    """A planner who also works for the youth office."""
    return factories.employed(world.people["planner"], world.youth_office, Function.PLANNER)


def test_nobody_reviews_what_they_delivered(request_: DataRequest, world: World) -> None:
    both = _in_both_offices(world)
    _hand_in(request_, world, both)
    with pytest.raises(PermissionDenied, match=r"Vier-Augen|Four-eyes"):
        driver.review(request_, is_accepted=True, user=both)
    with pytest.raises(PermissionDenied):
        task_take(open_task(request_.process, DeliveryFlow.review_delivery), user=both)
    assert not request_.reviews.exists()

    with pytest.raises(DomainError) as refused:  # nor is it handed over to them
        task_hand_over(
            open_task(request_.process, DeliveryFlow.review_delivery),
            to=both,
            user=world.fresh("planning_head"),
        )
    assert refused.value.code == "recipient_barred"

    driver.review(request_, is_accepted=True, user=world.fresh("planning_head"))
    assert _ended(request_) == "accepted"


def test_four_eyes_look_at_the_latest_delivery(request_: DataRequest, world: World) -> None:
    both = _in_both_offices(world)
    _hand_in(request_, world, both)
    driver.review(request_, is_accepted=False, user=world.fresh("planning_head"), reason="Altstadt fehlt")
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_hand_over(task, to=world.fresh("specialist"), user=both)
    _hand_in(request_, world, world.fresh("specialist"))

    driver.review(request_, is_accepted=True, user=both)
    assert _ended(request_) == "accepted"


def _leave(user: User) -> None:
    """The person's function ended yesterday."""
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    membership_end(Membership.objects.get(user=user), ends_on=yesterday, user=None)


def test_a_right_revoked_after_taking_stops_the_completion(request_: DataRequest, world: World) -> None:
    specialist = world.fresh("specialist")
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=specialist)
    delivery = factories.delivery(
        world.youth_office, factories.full_values(request_, world.areas), specialist
    )
    _leave(specialist)
    with pytest.raises(PermissionDenied):  # even with the person object that had the right
        driver.deliver(request_, delivery, user=specialist)

    request_.refresh_from_db()
    assert request_.state == DataRequestState.OPEN
    task_hand_over(task, to=world.fresh("head"), user=world.fresh("head"))
    driver.deliver(request_, delivery, user=world.fresh("head"))
    assert request_.state == DataRequestState.SUBMITTED


def test_a_failed_act_leaves_the_task_as_it_was(request_: DataRequest, world: World) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)

    def act(process: Any) -> None:
        DataRequest.objects.filter(pk=process.request.pk).update(waive_reason="halb")
        raise DomainError("stop", "Halt")

    with pytest.raises(DomainError):
        complete_task(task, user=world.fresh("specialist"), act=act)

    task.refresh_from_db()
    request_.refresh_from_db()
    assert (task.status, task.owner, task.started) == (STATUS.NEW, None, None)
    assert request_.waive_reason == ""
    assert task.card.is_open


@pytest.mark.parametrize("name", ["head", "specialist", "chair", "admin", "outsider"])
def test_only_planning_goes_on_without(name: str, request_: DataRequest, world: World) -> None:
    with pytest.raises(PermissionDenied):
        request_go_on_without(request_, reason="Zu spät", user=world.fresh(name))
    request_.refresh_from_db()
    assert request_.state == DataRequestState.OPEN


def test_going_on_without_needs_a_reason_and_an_open_delivery(request_: DataRequest, world: World) -> None:
    planner = world.fresh("planner")
    with pytest.raises(DomainError) as refused:
        request_go_on_without(request_, reason="  ", user=planner)
    assert refused.value.code == "reason_missing"

    _hand_in(request_, world, world.fresh("specialist"))
    driver.review(request_, is_accepted=True, user=planner)
    with pytest.raises(DomainError) as refused:
        request_go_on_without(request_, reason="Zu spät", user=planner)
    assert refused.value.code == "no_open_task"
    request_.refresh_from_db()
    assert request_.state == DataRequestState.ACCEPTED


def test_a_finished_or_foreign_task_is_not_completed(request_: DataRequest, world: World) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=world.fresh("head"))
    with pytest.raises(DomainError) as refused:
        complete_task(task, user=world.fresh("specialist"), act=lambda process: None)
    assert refused.value.code == "task_taken"

    complete_task(task, user=world.fresh("head"), act=lambda process: None)
    with pytest.raises(DomainError) as refused:
        complete_task(task, user=world.fresh("head"), act=lambda process: None)
    assert refused.value.code == "task_finished"
    assert Task.objects.filter(process=request_.process, flow_task=DeliveryFlow.review_delivery).count() == 1


# --- refused: the pages ----------------------------------------------------------------------------


def test_the_owner_opens_the_page_and_others_do_not(
    request_: DataRequest, world: World, client_as: ClientAs
) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=world.fresh("specialist"))

    assert client_as(world.fresh("specialist")).get(_page(task)).status_code == 200
    for name, status in (("head", 403), ("planner", 403), ("jobcenter_head", 404), ("outsider", 404)):
        client = client_as(world.fresh(name))
        assert client.get(_page(task)).status_code == status, name
        assert client.post(_page(task)).status_code == status, name
    task.refresh_from_db()
    assert (task.status, task.started) == (STATUS.ASSIGNED, None), "looking is not acting"


@pytest.mark.parametrize("page", ["", "detail/", "execute/"])
def test_who_may_not_see_the_task_gets_404_on_each_page(
    page: str, request_: DataRequest, world: World, client_as: ClientAs
) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    for name in ("jobcenter_head", "provider_head", "funder_reader", "outsider", "admin", "chair"):
        client = client_as(world.fresh(name))
        assert client.get(_page(task, page)).status_code == 404, name
        assert client.post(_page(task, page)).status_code == 404, name


@pytest.mark.parametrize("page", ["", "detail/", "execute/"])
def test_who_is_not_signed_in_is_asked_to(page: str, request_: DataRequest) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    for method in ("get", "post"):
        response = getattr(Client(), method)(_page(task, page))
        assert response.status_code == 302
        assert response.url == f"{reverse(settings.LOGIN_URL)}?next={_page(task, page)}"


def test_a_free_task_is_to_be_taken_first(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    client = client_as(world.fresh("specialist"))
    for response in (client.get(_page(task)), client.post(_page(task))):
        assert (response.status_code, response.url) == (302, _page(task, "detail/"))
    task.refresh_from_db()
    assert (task.status, task.owner) == (STATUS.NEW, None)


@pytest.mark.parametrize("page", ["", "detail/", "execute/"])
def test_a_foreign_case_number_in_the_address_is_404(
    page: str, request_: DataRequest, world: World, client_as: ClientAs
) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=world.fresh("specialist"))
    other = request_.cycle.requests.get(organisation=world.jobcenter).process
    client = client_as(world.fresh("specialist"))
    for number in (other.pk, request_.cycle.process.pk, 999_999):
        assert client.get(_page(task, page, process_pk=number)).status_code == 404
        assert client.post(_page(task, page, process_pk=number)).status_code == 404


def test_the_page_of_another_step_is_404(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=world.fresh("specialist"))
    client = client_as(world.fresh("specialist"))
    wrong = _page(task).replace("provide_data", "review_delivery")
    assert client.get(wrong).status_code == 404
    assert client.post(wrong).status_code == 404


def test_a_right_revoked_after_taking_is_403_on_the_page(
    request_: DataRequest, world: World, client_as: ClientAs
) -> None:
    specialist = world.fresh("specialist")
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=specialist)
    delivery = factories.delivery(
        world.youth_office, factories.full_values(request_, world.areas), specialist
    )
    DataRequest.objects.filter(pk=request_.pk).update(delivery=delivery)
    client = client_as(specialist)
    assert client.get(_page(task)).status_code == 200
    _leave(specialist)

    assert client.get(_page(task)).status_code == 403
    assert client.post(_page(task), {"delivery": delivery.pk}).status_code == 403
    request_.refresh_from_db()
    task.refresh_from_db()
    assert (request_.state, task.status) == (DataRequestState.OPEN, STATUS.ASSIGNED)


def test_four_eyes_are_403_on_the_page(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    both = _in_both_offices(world)
    _hand_in(request_, world, both)
    task = open_task(request_.process, DeliveryFlow.review_delivery)
    client = client_as(both)

    assert client.post(f"/tasks/{task.pk}/take/").status_code == 403
    assert client.post(_page(task)).status_code == 403
    # Even if the row says it is theirs, however that came about.
    Task.objects.filter(pk=task.pk).update(owner=both, status=STATUS.ASSIGNED)
    assert client.get(_page(task)).status_code == 403
    assert client.post(_page(task)).status_code == 403
    request_.refresh_from_db()
    assert request_.state == DataRequestState.SUBMITTED


def test_a_finished_task_is_409(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    delivery = _hand_in(request_, world, world.fresh("specialist"))
    for name in ("specialist", "head", "planner"):
        client = client_as(world.fresh(name))
        assert client.get(_page(task)).status_code == 409, name
        response = client.post(_page(task), {"delivery": delivery.pk})
        assert response.status_code == 409, name
        assert client.get(_page(task, "detail/")).status_code == 200, name
    assert Task.objects.filter(process=request_.process, flow_task=DeliveryFlow.review_delivery).count() == 1


def test_a_task_called_off_is_409(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    task = open_task(request_.process, DeliveryFlow.provide_data)
    task_take(task, user=world.fresh("specialist"))
    request_go_on_without(request_, reason="Zu spät", user=world.fresh("planner"))
    client = client_as(world.fresh("specialist"))

    assert client.get(_page(task)).status_code == 409
    assert client.post(_page(task)).status_code == 409
    request_.refresh_from_db()
    assert request_.state == DataRequestState.WAIVED


def test_the_way_through_the_pages(request_: DataRequest, world: World, client_as: ClientAs) -> None:
    """Take, hand in, take, accept: as the two people do it in their browsers."""
    specialist, planner = world.fresh("specialist"), world.fresh("planner")
    task = open_task(request_.process, DeliveryFlow.provide_data)
    delivery = factories.delivery(
        world.youth_office, factories.full_values(request_, world.areas), specialist
    )
    DataRequest.objects.filter(pk=request_.pk).update(delivery=delivery)
    supplier = client_as(specialist)
    response = supplier.post(f"/tasks/{task.pk}/take/")
    assert (response.status_code, response.url) == (302, _page(task))
    assert supplier.get(response.url).status_code == 200
    response = supplier.post(_page(task), {"delivery": delivery.pk, "comment": "Ohne Lücken"})
    assert (response.status_code, response.url) == (302, "/tasks/")

    review = open_task(request_.process, DeliveryFlow.review_delivery)
    planning = client_as(planner)
    assert planning.post(f"/tasks/{review.pk}/take/").url == _page(review)
    assert planning.post(_page(review), {"accept": "1", "reason": ""}).status_code == 302

    request_.refresh_from_db()
    assert _ended(request_) == "accepted"
    assert request_.cycle.stage == StageKind.DATA, "the Jobcenter has not delivered"
    done = Task.objects.filter(process=request_.process, flow_task_type="HUMAN").order_by("pk")
    assert [(row.owner, row.status) for row in done] == [
        (specialist, STATUS.DONE),
        (planner, STATUS.DONE),
    ]
