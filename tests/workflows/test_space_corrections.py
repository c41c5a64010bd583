"""Published answers of an evening are corrected by others that follow them, with four eyes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import User
from tests.evenings import Evenings, entry_path, make_evenings
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows.abandoning import cycle_abandon
from workflows.demo import evening_steps as steps
from workflows.evenings import answer_correction_begin, answer_correction_withdraw
from workflows.flows import SpaceConferenceFlow
from workflows.models import AnswerKind, SpaceAnswer, SpaceConference, SpaceCorrectionWithdrawal
from workflows.nodes import complete_task, open_task
from workflows.reports import space_record
from workflows.selectors.space_corrections import pending_corrections
from workflows.services.space_answers import answer_correct, correction_review, correction_withdraw

ClientAs = Callable[[User], Client]
NO = {"kind": AnswerKind.NOT_POSSIBLE, "text": "Der Platz gehört der Bahn, bis 2030."}


@pytest.fixture
def evenings(world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def results_of(conference: SpaceConference) -> str:
    return str(Client().get(f"{entry_path(conference)}results/").content.decode())


def test_a_published_answer_is_corrected_by_another_with_four_eyes(
    evenings: Evenings, world: World, client_as: ClientAs
) -> None:
    conference, idea = evenings.published()
    first = idea.answers.get()
    page = reverse("workflows:space-idea-answer", args=[idea.pk])
    detail = reverse("workflows:space-conference-detail", args=[conference.pk])
    planner, head = client_as(evenings.planner), client_as(evenings.head)
    assert page in planner.get(detail).content.decode()
    assert page not in client_as(world.fresh("head")).get(detail).content.decode()
    unchanged = planner.post(page, {"kind": first.kind, "text": first.text})
    assert unchanged.status_code == 422
    for name in ("provider_head", "head", "admin"):
        with pytest.raises(PermissionDenied):
            answer_correct(idea, **NO, user=world.fresh(name))

    assert planner.post(page, NO).status_code == 302
    assert first.text in results_of(conference), "nobody reads it before it is released"
    assert NO["text"] not in results_of(conference)
    assert page not in planner.get(detail).content.decode(), "one at a time"
    assert planner.post(page, NO | {"text": "Anders"}).status_code == 422
    correction = pending_corrections(conference).get()
    assert correction.corrects == first
    own = partial(correction_review, correction, is_released=True)
    for name in ("planner", "provider_head", "chair"):
        with pytest.raises(PermissionDenied):
            own(user=world.fresh(name))

    task = open_task(conference.process, SpaceConferenceFlow.release_correction)
    with pytest.raises(PermissionDenied):
        complete_task(task, user=evenings.planner, act=lambda _process: None)
    address = take(head, conference.process, SpaceConferenceFlow.release_correction)
    shown = head.get(address).content.decode()
    assert first.text in shown
    assert NO["text"] in shown
    assert head.post(address, {"answer": "return", "correction": correction.pk}).status_code in {200, 422}
    returned = {"answer": "return", "reason": "Bitte freundlicher", "correction": correction.pk}
    assert head.post(address, returned).status_code == 302
    assert first.text in results_of(conference)
    assert "Bitte freundlicher" in planner.get(page).content.decode()
    assert code_of(lambda: own(user=evenings.head)) == "not_waiting"

    task = open_task(conference.process, SpaceConferenceFlow.correct_answer)
    assert task.owner == evenings.planner, "its author is asked"
    anew = page_of(task)
    asked = planner.get(anew).content.decode()
    assert "Bitte freundlicher" in asked
    assert NO["text"] in asked
    with pytest.raises(PermissionDenied):
        complete_task(task, user=world.fresh("provider_head"), act=lambda _process: None)
    assert planner.post(anew, NO | {"text": ""}).status_code == 422
    assert planner.post(anew, NO).status_code == 302
    steps.release_correction(conference, user=evenings.head)
    public = results_of(conference)
    assert NO["text"] in public
    assert first.text not in public
    with translation.override("de"):
        assert gettext("Corrected on %(day)s") % {"day": date_de(timezone.localdate())} in public
    assert idea.answers.count() == 3, "nothing is overwritten"
    conference.process.refresh_from_db()
    assert conference.process.finished is not None
    data = space_record.collect(conference, has_answers=True)
    assert data.ideas[0].corrected_on == timezone.localdate()


def test_nobody_corrects_what_nobody_could_release(evenings: Evenings) -> None:
    _conference, idea = evenings.published()
    with pytest.raises(DomainError) as refused:
        answer_correction_begin(idea, user=evenings.head, **NO)
    assert refused.value.code == "nobody_to_release", "the only head cannot release what they write"


def open_steps(conference: SpaceConference) -> list[str]:
    tasks = conference.process.task_set.filter(flow_task_type="HUMAN", finished__isnull=True)
    return [task.flow_task.name for task in tasks]


def begun(evenings: Evenings) -> tuple[SpaceConference, SpaceAnswer]:
    conference, idea = evenings.published()
    return conference, answer_correction_begin(idea, user=evenings.planner, **NO)


def test_the_author_withdraws_a_correction_that_waits(
    evenings: Evenings, world: World, client_as: ClientAs
) -> None:
    conference, correction = begun(evenings)
    detail = reverse("workflows:space-conference-detail", args=[conference.pk])
    withdraw = reverse("workflows:space-correction-withdraw", args=[correction.pk])
    assert withdraw in client_as(evenings.planner).get(detail).content.decode()
    assert withdraw not in client_as(evenings.head).get(detail).content.decode()
    assert code_of(lambda: correction_withdraw(correction, user=evenings.head)) == "not_the_author"
    with pytest.raises(PermissionDenied):
        correction_withdraw(correction, user=world.fresh("provider_head"))
    client_as(evenings.head).post(withdraw)
    assert open_steps(conference) == ["release_correction"]

    assert client_as(evenings.planner).post(withdraw).status_code == 302
    assert not open_steps(conference), "nobody is asked to check it"
    conference.process.refresh_from_db()
    assert conference.process.finished is not None
    assert not pending_corrections(conference).exists()
    assert correction.withdrawal.withdrawn_by == evenings.planner
    assert NO["text"] not in results_of(conference)
    with pytest.raises(TypeError):
        SpaceCorrectionWithdrawal.objects.get().delete()
    for act in (correction_withdraw, partial(correction_review, is_released=True)):
        with pytest.raises(DomainError):
            act(correction, user=evenings.planner if act is correction_withdraw else evenings.head)
    answer_correction_begin(correction.idea, user=evenings.planner, **NO)
    assert open_steps(conference) == ["release_correction"], "another one can follow"


def test_a_returned_correction_can_rest_or_be_overtaken(evenings: Evenings) -> None:
    conference, correction = begun(evenings)
    steps.release_correction(conference, user=evenings.head, is_released=False, reason="Kürzer")
    assert open_steps(conference) == ["correct_answer"]
    second = answer_correction_begin(correction.idea, user=evenings.planner, **NO | {"text": "Anders."})
    assert open_steps(conference) == ["release_correction"], "written on the page of the idea instead"
    steps.release_correction(conference, user=evenings.head, is_released=False, reason="Noch kürzer")
    answer_correction_withdraw(second, user=evenings.planner)
    assert not open_steps(conference)
    conference.process.refresh_from_db()
    assert conference.process.finished is not None


@pytest.mark.parametrize("is_returned", [False, True])
def test_giving_the_cycle_up_ends_corrections_with_the_reason(evenings: Evenings, is_returned: bool) -> None:
    conference, correction = begun(evenings)
    if is_returned:
        steps.release_correction(conference, user=evenings.head, is_released=False, reason="Kürzer")
    cycle_abandon(evenings.cycle, reason="Neuer Zuschnitt", user=evenings.head)
    assert not open_steps(conference)
    conference.process.refresh_from_db()
    assert conference.process.finished is not None
    correction.refresh_from_db()
    assert correction.verdict.reason == ("Kürzer" if is_returned else "Neuer Zuschnitt")
    assert not correction.verdict.is_released


def test_published_answers_are_corrected_after_the_cycle_has_ended(evenings: Evenings) -> None:
    conference, idea = evenings.published()
    cycle_abandon(evenings.cycle, reason="Neuer Zuschnitt", user=evenings.head)
    answer_correction_begin(idea, user=evenings.planner, **NO)
    steps.release_correction(conference, user=evenings.head)
    assert NO["text"] in results_of(conference)
