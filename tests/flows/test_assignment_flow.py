"""An assignment: carried out, returned, more time, called off; each refusal, four eyes, and who sees it."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from project.common.errors import DomainError
from stakeholders.models import LogEntry, OutgoingMail, User
from tests.factories import World, make_cycle
from tests.stages import Stages, at_noon
from tests.workflows.taskpages import take
from workflows.abandoning import cycle_abandon
from workflows.assigning import assignment_call_off, assignment_create
from workflows.demo import assignments as acting
from workflows.demo import driver
from workflows.flows import AssignmentFlow
from workflows.minuting import item_assign
from workflows.models import Assignment, AssignmentState, DecisionResult, Meeting, PlanningCycle, TaskCard
from workflows.nodes import complete_task, open_task
from workflows.selectors.assignments import progress_of
from workflows.services.agenda import agenda_topic_add
from workflows.services.assignments import assignment_report
from workflows.timers import fire_due_timers

ClientAs = Callable[[User], Client]
#: What the page of an assignment calls itself.
TASK, CONDITION = "Task %(reference)s", "Condition %(reference)s"
TODAY = timezone.localdate


@pytest.fixture
def scene(stages: Stages, world: World) -> tuple[PlanningCycle, Meeting]:
    cycle, meeting = stages.in_steering_group()
    return cycle, meeting


@pytest.fixture
def condition(scene: tuple[PlanningCycle, Meeting], world: World) -> Assignment:
    """A condition of a decision, to be met by the youth office within twenty days."""
    cycle, meeting = scene
    decision = driver.decide(
        cycle.recommendations.get(),
        meeting,
        DecisionResult.APPROVED,
        user=world.fresh("chair"),
    )
    return assignment_create(
        cycle=cycle,
        organisation=world.youth_office,
        text="Ein Konzept vorlegen",
        due_on=TODAY() + datetime.timedelta(days=20),
        decision=decision,
        user=world.fresh("chair"),
    )


def end_of(assignment: Assignment) -> str:
    assignment.process.refresh_from_db()
    assert assignment.process.finished is not None
    (end,) = assignment.process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


# --- the ends --------------------------------------------------------------------------------------


def test_reported_returned_mended_and_met(condition: Assignment, world: World, client_as: ClientAs) -> None:
    office, planning = client_as(world.fresh("specialist")), client_as(world.fresh("planner"))
    page = take(office, condition.process, AssignmentFlow.carry_out)
    assert office.get(page).status_code == 200
    assert office.post(page, {"answer": "done", "text": "Konzept liegt bei."}).status_code == 302
    assert office.post(page, {"answer": "done", "text": "Noch einmal."}).status_code == 409

    check = take(planning, condition.process, AssignmentFlow.confirm_done)
    assert planning.get(check).status_code == 200
    assert planning.post(check, {"answer": "return", "reason": ""}).status_code == 422
    assert planning.post(check, {"answer": "return", "reason": "Kosten fehlen"}).status_code == 302
    condition.refresh_from_db()
    assert condition.state == AssignmentState.OPEN

    acting.carry_out(condition, "Mit Kosten.", user=world.fresh("specialist"))
    acting.confirm_done(condition, user=world.fresh("planner"))
    assert (condition.state, end_of(condition)) == (AssignmentState.MET, "met")
    steps = list(condition.entries.order_by("pk").values_list("step", flat=True))
    assert steps == ["reported", "returned", "reported", "confirmed"]
    assert LogEntry.objects.filter(action__startswith="assignment.").count() == 5
    assert (progress_of([condition]).met, progress_of([condition]).total) == (1, 1)


def test_more_time_asked_refused_asked_again_and_given(
    condition: Assignment, world: World, client_as: ClientAs
) -> None:
    due_on = condition.due_on
    later = due_on + datetime.timedelta(days=30)
    office, planning = client_as(world.fresh("specialist")), client_as(world.fresh("planner"))
    page = take(office, condition.process, AssignmentFlow.carry_out)
    asked = {"answer": "time", "text": "Stelle unbesetzt"}
    assert office.post(page, asked).status_code == 422
    assert office.post(page, asked | {"due_on": due_on.isoformat()}).status_code == 422
    assert office.post(page, asked | {"due_on": later.isoformat()}).status_code == 302

    answer = take(planning, condition.process, AssignmentFlow.decide_more_time)
    shown = planning.get(answer)
    assert shown.context["asked_until"] == later
    assert planning.post(answer, {"answer": "return", "reason": "Zu spät"}).status_code == 302
    condition.refresh_from_db()
    assert (condition.state, condition.due_on) == (AssignmentState.OPEN, due_on)

    acting.ask_time(condition, "Dringend", due_on=later, user=world.fresh("specialist"))
    acting.answer_time(condition, is_given=True, user=world.fresh("planner"))
    assert (condition.state, condition.due_on) == (AssignmentState.OPEN, later)
    task = open_task(condition.process, AssignmentFlow.carry_out)
    assert task.card.due_on == later


def test_called_off_by_the_chair(condition: Assignment, world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("chair"))
    page = reverse("workflows:assignment-call-off", args=[condition.pk])
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "Überholt"}).status_code == 302
    condition.refresh_from_db()

    assert (condition.state, end_of(condition)) == (AssignmentState.CALLED_OFF, "called_off")
    assert not TaskCard.objects.filter(task__process=condition.process, is_open=True).exists()
    assert client.post(page, {"reason": "Noch einmal"}).status_code == 422
    progress = progress_of([condition])
    assert (progress.met, progress.total) == (0, 0)


def test_a_cycle_given_up_calls_its_assignments_off(
    condition: Assignment, world: World, scene: tuple[PlanningCycle, Meeting]
) -> None:
    cycle, _meeting = scene
    cycle.refresh_from_db()
    cycle_abandon(cycle, reason="Überholt", user=world.fresh("planning_head"))
    condition.refresh_from_db()

    assert condition.state == AssignmentState.CALLED_OFF


# --- refusals --------------------------------------------------------------------------------------


def test_who_may_not_act(condition: Assignment, world: World, client_as: ClientAs) -> None:
    task = open_task(condition.process, AssignmentFlow.carry_out)
    with pytest.raises(PermissionDenied):
        acting.carry_out(condition, "Fremd", user=world.fresh("jobcenter_head"))
    assert (
        client_as(world.fresh("outsider")).get(reverse("workflows:task", args=[task.pk])).status_code == 404
    )
    assert code_of(lambda: assignment_call_off(condition, reason="Nein", user=world.fresh("specialist"))) == (
        "not_yours"
    )
    acting.carry_out(condition, "Fertig", user=world.fresh("specialist"))
    with pytest.raises(PermissionDenied):
        acting.confirm_done(condition, user=world.fresh("specialist"))


def test_planning_does_not_confirm_its_own_work(scene: tuple[PlanningCycle, Meeting], world: World) -> None:
    cycle, meeting = scene
    own = assignment_create(
        cycle=cycle,
        organisation=world.planning_unit,
        text="Berichten",
        due_on=TODAY(),
        meeting=meeting,
        user=world.fresh("chair"),
    )
    acting.carry_out(own, "Berichtet", user=world.fresh("planner"))

    with pytest.raises(PermissionDenied):
        acting.confirm_done(own, user=world.fresh("planner"))
    acting.confirm_done(own, user=world.fresh("planning_head"))

    assert own.state == AssignmentState.MET


def test_what_an_assignment_must_say(scene: tuple[PlanningCycle, Meeting], world: World) -> None:
    cycle, meeting = scene
    fields = {
        "cycle": cycle,
        "organisation": world.youth_office,
        "text": "Berichten",
        "due_on": TODAY(),
        "meeting": meeting,
        "user": world.fresh("chair"),
    }

    assert code_of(lambda: assignment_create(**(fields | {"text": " "}))) == "text_missing"
    early = meeting.held_on - datetime.timedelta(days=1)
    assert code_of(lambda: assignment_create(**(fields | {"due_on": early}))) == "due_too_early"
    with pytest.raises(ValueError, match="decision or to a meeting"):
        assignment_create(**(fields | {"meeting": None}))
    first, second = assignment_create(**fields), assignment_create(**fields)
    assert (first.number, second.number) == (1, 2)


def test_a_step_is_not_done_twice(condition: Assignment, world: World) -> None:
    user = world.fresh("specialist")
    acting.carry_out(condition, "Fertig", user=user)

    assert code_of(lambda: assignment_report(condition, text="Fertig", user=user)) == "assignment_moved"
    with pytest.raises(DomainError):
        complete_task(open_task(condition.process, AssignmentFlow.carry_out), user=user, act=lambda _: None)


# --- dates -----------------------------------------------------------------------------------------


def test_a_late_one_is_overdue_and_escalates(condition: Assignment, world: World) -> None:
    with at_noon(condition.due_on + datetime.timedelta(days=10)):
        assert condition.is_overdue
        before = OutgoingMail.objects.count()
        fire_due_timers()
        assert OutgoingMail.objects.count() > before
    with time_machine.travel(timezone.now(), tick=False):
        assert not condition.is_overdue


# --- pages -----------------------------------------------------------------------------------------


def test_the_list_is_filtered_sorted_and_exported(
    condition: Assignment, world: World, scene: tuple[PlanningCycle, Meeting], client_as: ClientAs
) -> None:
    cycle, meeting = scene
    other = assignment_create(
        cycle=cycle,
        organisation=world.jobcenter,
        text="Zahlen liefern",
        due_on=TODAY(),
        meeting=meeting,
        user=world.fresh("chair"),
    )
    client, page = client_as(world.fresh("member")), reverse("workflows:assignment-list", args=[cycle.pk])

    def rows(query: str = "") -> list[Assignment]:
        return list(client.get(page + query).context["page_obj"])

    assert rows() == [other, condition]
    assert rows("?sort=-due") == [condition, other]
    assert rows(f"?organisation={world.jobcenter.pk}") == [other]
    assert rows("?state=overdue") == []
    assert rows("?state=all_open&q=Konzept") == [condition]
    with at_noon(TODAY() + datetime.timedelta(days=2)):
        client = client_as(world.fresh("member"))
        assert rows("?state=overdue") == [other]
    export = client.get(page + "?export=csv").content.decode("utf-8-sig")
    assert "Zahlen liefern" in export
    assert condition.reference in export


def test_decision_and_recommendation_show_what_is_left(
    condition: Assignment, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("member"))
    assert condition.decision is not None
    pages = [
        reverse("workflows:decision-detail", args=[condition.decision_id]),
        reverse("workflows:recommendation-detail", args=[condition.decision.recommendation_id]),
    ]

    for page in pages:
        context = client.get(page).context
        assert context["conditions"] == [condition]
        assert (context["progress"].met, context["progress"].total) == (0, 1)


def test_who_acts_sees_it_without_seeing_the_cycle(
    scene: tuple[PlanningCycle, Meeting], world: World, client_as: ClientAs
) -> None:
    cycle, meeting = scene
    given = assignment_create(
        cycle=cycle,
        organisation=world.funder,
        text="Fördermittel prüfen",
        due_on=TODAY(),
        meeting=meeting,
        user=world.fresh("chair"),
    )
    page = reverse("workflows:assignment-detail", args=[given.pk])

    shown = client_as(world.fresh("funder_reader")).get(page)
    assert shown.status_code == 200
    with translation.override("de"):
        words = [gettext(text) % {"reference": given.reference} for text in (TASK, CONDITION)]
    assert [word in shown.content.decode() for word in words] == [True, False]
    assert client_as(world.fresh("outsider")).get(page).status_code == 404
    list_page = reverse("workflows:assignment-list", args=[cycle.pk])
    assert client_as(world.fresh("funder_reader")).get(list_page).status_code == 404


def test_an_internal_task_is_for_the_body_planning_and_who_acts(
    scene: tuple[PlanningCycle, Meeting], world: World, client_as: ClientAs
) -> None:
    cycle, meeting = scene
    chair = world.fresh("chair")
    text = "Vertraulich mit dem Träger sprechen"
    topic = agenda_topic_add(meeting, title="Personal", is_internal=True, user=chair)
    day = TODAY() + datetime.timedelta(days=5)
    item_assign(topic, text=text, organisation=world.youth_office, due_on=day, user=chair)
    (task,) = cycle.assignments.all()
    page = reverse("workflows:assignment-detail", args=[task.pk])
    table = reverse("workflows:assignment-list", args=[cycle.pk])

    assert task.is_internal
    assert text not in str(task)
    assert not LogEntry.objects.filter(object_label__contains=text).exists()
    assert not any(text in card.task.process.flow_class.process_title for card in TaskCard.objects.all())
    for name in ("chair", "member", "planner", "specialist"):
        person = world.fresh(name)
        assert client_as(person).get(page).status_code == 200, name
        assert text in client_as(person).get(table).content.decode(), name
    reader = world.fresh("provider_head")
    assert client_as(reader).get(page).status_code == 404
    for address in (table, f"{table}?export=csv", f"{table}?q=Vertraulich"):
        assert text.encode() not in client_as(reader).get(address).content


def test_what_is_not_met_is_shown_in_the_next_cycle_until_it_is(
    condition: Assignment, world: World, client_as: ClientAs
) -> None:
    cycle = condition.cycle
    PlanningCycle.objects.filter(pk=cycle.pk).update(closed_at=timezone.now())
    following = make_cycle(world, title="Folgezyklus", predecessor=PlanningCycle.objects.get(pk=cycle.pk))
    client = client_as(world.fresh("member"))
    page = reverse("workflows:assignment-list", args=[following.pk])
    home = reverse("workflows:cycle-detail", args=[following.pk])

    shown = client.get(page)
    assert list(shown.context["page_obj"].object_list) == [condition]
    assert cycle.title in shown.content.decode()
    assert list(client.get(page + "?state=earlier").context["page_obj"].object_list) == [condition]
    assert cycle.title in client.get(page + "?export=csv").content.decode("utf-8-sig")
    assert client.get(home).context["page"].left_open == [condition]

    Assignment.objects.filter(pk=condition.pk).update(state=AssignmentState.MET)
    assert list(client.get(page).context["page_obj"].object_list) == []
    assert client.get(home).context["page"].left_open == []
    own = client.get(reverse("workflows:assignment-list", args=[cycle.pk]))
    assert list(own.context["page_obj"].object_list) == [condition]
