"""An evening of the social-space conference: published, returned, given up; each refusal, and four eyes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import Function, LogEntry, User
from tests import factories
from tests.evenings import COUNTS, NEXT_STEPS, Evenings, make_evenings
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import SURE, page_of, take
from workflows.abandoning import cycle_abandon
from workflows.demo import evening_steps as steps
from workflows.evenings import conference_begin, conference_give_up
from workflows.flows import SpaceConferenceFlow
from workflows.models import AnswerKind, SpaceConference, SpaceConferenceState
from workflows.nodes import complete_task, open_task
from workflows.services import space_conferences as services

ClientAs = Callable[[User], Client]
RELEASE = {"answer": "release", "reason": ""}


@pytest.fixture
def evenings(world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


def end_of(conference: SpaceConference) -> str:
    conference.process.refresh_from_db()
    assert conference.process.finished is not None
    (end,) = conference.process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def prepared_fields(**kwargs: object) -> dict[str, object]:
    now = timezone.localtime()
    fields: dict[str, object] = {
        "held_on": now.date().isoformat(),
        "place": "Bürgerhaus",
        "question": "Was brauchen Kinder hier?",
        "points_each": "3",
        "opens_at": f"{now - datetime.timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "closes_at": f"{now + datetime.timedelta(hours=2):%Y-%m-%dT%H:%M}",
    }
    return fields | kwargs


# --- the ends --------------------------------------------------------------------------------------


def test_from_the_first_click_to_the_answers(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    planner, holder = client_as(evenings.planner), client_as(evenings.facilitator)
    page = reverse("workflows:space-conference-create", args=[evenings.cycle.pk])
    fields = {
        "area": world.areas[0].pk,
        "held_on": timezone.localdate().isoformat(),
        "facilitator": world.provider.pk,
    }
    assert planner.post(page, fields).status_code == 302
    conference = SpaceConference.objects.get()

    page = take(planner, conference.process, SpaceConferenceFlow.prepare_evening)
    chosen = {"recommendations": [evenings.recommendation.pk]}
    assert planner.post(page, prepared_fields(question="", save="1") | chosen).status_code == 302
    conference.refresh_from_db()
    assert (conference.state, conference.place) == (SpaceConferenceState.PREPARING, "Bürgerhaus")
    assert planner.post(page, prepared_fields(question=" ") | chosen).status_code == 422
    assert planner.post(page, prepared_fields() | chosen).status_code == 302
    conference.refresh_from_db()
    assert conference.state == SpaceConferenceState.OPEN
    assert list(conference.recommendations.all()) == [evenings.recommendation]

    idea = evenings.idea(conference)
    page = take(holder, conference.process, SpaceConferenceFlow.hold_evening)
    later = timezone.localtime() + datetime.timedelta(hours=5)
    assert holder.post(page, {"closes_at": f"{later:%Y-%m-%dT%H:%M}", "save": "1"}).status_code == 302
    conference.refresh_from_db()
    assert conference.closes_at is not None
    assert conference.closes_at > timezone.now() + datetime.timedelta(hours=4)
    counted = {"closes_at": f"{later:%Y-%m-%dT%H:%M}", **COUNTS}
    asked = holder.post(page, counted)
    assert [value for _group, value in asked.context["lines"]] == [str(count) for count in COUNTS.values()]
    conference.refresh_from_db()
    assert conference.is_held, "asked once more"
    assert holder.post(page, counted | SURE).status_code == 302
    assert conference.headcounts.get(group="residents").count == 24

    page = take(planner, conference.process, SpaceConferenceFlow.answer_ideas)
    assert planner.post(page, {"next_steps": NEXT_STEPS}).status_code == 422, "an answer is missing"
    answer = reverse("workflows:space-idea-answer", args=[idea.pk])
    assert planner.post(answer, {"kind": AnswerKind.NOT_POSSIBLE, "text": "Kein Platz"}).status_code == 302
    assert planner.post(page, {"next_steps": NEXT_STEPS}).status_code == 302

    head = client_as(evenings.head)
    check = take(head, conference.process, SpaceConferenceFlow.release_answers)
    assert "Kein Platz" in head.get(check).content.decode()
    assert head.post(check, {"answer": "return", "reason": "Bitte freundlicher"}).status_code == 302
    page = take(planner, conference.process, SpaceConferenceFlow.answer_ideas)
    assert "Bitte freundlicher" in planner.get(page).content.decode()
    assert planner.post(answer, {"kind": "impossible", "text": "Leider kein Platz"}).status_code == 302
    assert planner.post(page, {"next_steps": NEXT_STEPS}).status_code == 302
    check = take(head, conference.process, SpaceConferenceFlow.release_answers)
    assert head.post(check, RELEASE).status_code == 302

    conference.refresh_from_db()
    assert conference.is_published
    assert (conference.submitted_by, conference.released_by) == (evenings.planner, evenings.head)
    assert end_of(conference) == "published"
    assert idea.answers.count() == 2
    found = LogEntry.objects.filter(action__startswith="space_").order_by("pk")
    assert [action for action in found.values_list("action", flat=True) if "idea" not in action] == [
        "space_conference.created",
        "space_conference.saved",
        "space_conference.prepared",
        "space_conference.times_changed",
        "space_conference.closed",
        "space_answers.submitted",
        "space_answers.returned",
        "space_answers.submitted",
        "space_answers.released",
    ]


@pytest.mark.parametrize("stage", ["set_up", "opened", "closed", "submitted"])
def test_given_up_with_a_reason(evenings: Evenings, client_as: ClientAs, stage: str) -> None:
    made = getattr(evenings, stage)()
    conference = made[0] if isinstance(made, tuple) else made
    client = client_as(evenings.planner)
    page = reverse("workflows:space-conference-give-up", args=[conference.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "Niemand kam"}).status_code == 302
    conference.refresh_from_db()
    assert (conference.state, conference.end_reason) == (SpaceConferenceState.GIVEN_UP, "Niemand kam")
    assert end_of(conference) == "given_up"
    assert not conference.process.task_set.filter(finished__isnull=True).exists()
    assert not conference.devices.exclude(key_hash="").exists()
    assert client.get(page).status_code == 404
    assert evenings.set_up().pk, "another one may follow"


def test_a_cycle_that_is_given_up_takes_its_evenings_along(evenings: Evenings) -> None:
    conference = evenings.opened()
    cycle_abandon(evenings.cycle, reason="Versehen", user=evenings.head)
    conference.refresh_from_db()
    assert conference.state == SpaceConferenceState.GIVEN_UP


# --- refusals --------------------------------------------------------------------------------------


def test_what_can_be_set_up(evenings: Evenings, world: World, stages: Stages) -> None:
    evenings.set_up()
    assert code_of(evenings.set_up) == "conference_open"
    assert code_of(lambda: evenings.set_up(3)) == "foreign_area", "no profile"
    assert code_of(lambda: evenings.set_up(1, facilitator=world.funder)) == "foreign_facilitator"
    for name in ("head", "specialist", "provider_head", "admin", "outsider"):
        with pytest.raises(PermissionDenied):
            evenings.set_up(1, user=world.fresh(name))
    evenings.set_up(1)


def test_not_before_its_stage(stages: Stages, world: World) -> None:
    cycle = stages.at_steering_group()
    code = code_of(
        lambda: conference_begin(
            cycle,
            area=world.areas[0],
            held_on=timezone.localdate(),
            facilitator=world.provider,
            user=world.fresh("planner"),
        )
    )
    assert code == "wrong_stage"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"question": " "}, "question_missing"),
        ({"opens_at": None}, "times_missing"),
        ({"points_each": 0}, "points_out_of_range"),
        ({"points_each": 11}, "points_out_of_range"),
        ({"closes_at": timezone.now() - datetime.timedelta(days=2)}, "closes_before_opening"),
        (
            {
                "opens_at": timezone.now() - datetime.timedelta(days=3),
                "closes_at": timezone.now() - datetime.timedelta(days=2),
            },
            "closes_in_past",
        ),
    ],
)
def test_what_an_evening_needs(evenings: Evenings, wrong: dict[str, object], code: str) -> None:
    conference = evenings.set_up()
    fields: dict[str, object] = {
        "held_on": timezone.localdate(),
        "place": "",
        "meeting": None,
        "question": "Was fehlt?",
        "recommendations": [],
        "points_each": 3,
        "opens_at": timezone.now(),
        "closes_at": timezone.now() + datetime.timedelta(hours=1),
    }
    values: dict[str, Any] = {**fields, **wrong}
    assert code_of(partial(services.conference_prepare, conference, user=evenings.planner, **values)) == code


def test_only_those_it_is_addressed_to(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    conference = evenings.opened()
    task = open_task(conference.process, SpaceConferenceFlow.hold_evening)
    page = page_of(task)
    assert client_as(evenings.planner).get(page).status_code == 403, "sees it, but the provider holds it"
    for name in ("head", "chair", "association_head", "funder_reader", "admin", "outsider"):
        assert client_as(world.fresh(name)).get(page).status_code == 404, name
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    assert Client().get(page).status_code == 302
    for user in (world.fresh("head"), world.fresh("outsider")):
        with pytest.raises(PermissionDenied):
            services.conference_close(conference, counts=COUNTS, user=user)


def test_closing_needs_everything_moderated_and_counted(evenings: Evenings) -> None:
    conference = evenings.opened()
    steps.idea(conference, "Noch nicht gelesen")
    close = services.conference_close
    assert code_of(lambda: close(conference, counts=COUNTS, user=evenings.planner)) == "entries_waiting"
    other = evenings.opened(1)
    negative = {"residents": -1}
    assert code_of(lambda: close(other, counts=negative, user=evenings.planner)) == "count_negative"
    assert code_of(lambda: close(other, counts={}, user=evenings.planner)) == "nobody_came"
    many = {"residents": 99999}
    assert code_of(lambda: close(other, counts=many, user=evenings.planner)) == "count_too_high"
    assert not other.headcounts.exists()
    close(other, counts=COUNTS, user=evenings.planner)
    assert code_of(lambda: close(other, counts=COUNTS, user=evenings.planner)) == "not_held"


def test_who_answered_does_not_release(evenings: Evenings, world: World, client_as: ClientAs) -> None:
    conference, idea = evenings.closed()
    evenings.answer(idea)
    factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY)
    steps.submit(conference, NEXT_STEPS, user=evenings.head)
    task = open_task(conference.process, SpaceConferenceFlow.release_answers)
    assert client_as(evenings.head).get(page_of(task)).status_code == 403
    assert code_of(lambda: services.answers_review(conference, is_released=True, user=evenings.head)) == (
        "four_eyes"
    )
    with pytest.raises(PermissionDenied):
        services.answers_review(conference, is_released=True, user=evenings.planner)


def test_a_head_alone_cannot_hand_in(evenings: Evenings, world: World) -> None:
    conference, idea = evenings.closed()
    evenings.answer(idea)
    submit = partial(services.answers_submit, conference)
    assert code_of(partial(submit, next_steps=NEXT_STEPS, user=evenings.head)) == "nobody_to_release"
    assert code_of(partial(submit, next_steps=" ", user=evenings.planner)) == "next_steps_missing"


def test_a_right_taken_away_counts(evenings: Evenings, client_as: ClientAs) -> None:
    conference, _idea = evenings.submitted()
    head = evenings.head
    client = client_as(head)
    page = take(client, conference.process, SpaceConferenceFlow.release_answers)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    for membership in head.memberships.filter(organisation__isnull=False):
        people.membership_end(membership, ends_on=yesterday, user=None)
    assert client.post(page, RELEASE).status_code == 403
    conference.refresh_from_db()
    assert conference.state == SpaceConferenceState.SUBMITTED


def test_giving_up_what_is_published_is_refused(evenings: Evenings, world: World) -> None:
    conference, _idea = evenings.published()
    code = code_of(lambda: conference_give_up(conference, reason="Doch nicht", user=evenings.planner))
    assert code == "no_open_task"
    with pytest.raises(PermissionDenied):
        conference_give_up(conference, reason="Doch nicht", user=world.fresh("head"))


def test_days_on_which_its_tasks_are_due(evenings: Evenings) -> None:
    today = timezone.localdate()
    conference = evenings.set_up(held_on=today + datetime.timedelta(days=12))

    def due(node: Any) -> datetime.date:
        return open_task(conference.process, node).card.due_on

    assert due(SpaceConferenceFlow.prepare_evening) == today + datetime.timedelta(days=7)
    steps.prepare(conference, user=evenings.planner)
    assert due(SpaceConferenceFlow.hold_evening) >= today + datetime.timedelta(days=2)
    steps.close(conference, COUNTS, user=evenings.facilitator)
    assert due(SpaceConferenceFlow.answer_ideas) == today + datetime.timedelta(days=28)
    steps.submit(conference, NEXT_STEPS, user=evenings.planner)
    steps.release(conference, user=evenings.head, is_released=False, reason="Kürzer")
    assert due(SpaceConferenceFlow.answer_ideas) == today + datetime.timedelta(days=7)
