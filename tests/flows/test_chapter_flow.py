"""The renewal of a chapter: published, returned, given up; each refusal, and four eyes."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import Function, LogEntry, User
from tests import factories
from tests.chapters import TEXT, Reports, make_reports
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows.demo import driver
from workflows.flows import ChapterFlow
from workflows.models import ChapterEdition, ChapterKind, ChapterRenewal, RenewalState, StageKind
from workflows.nodes import complete_task, open_task
from workflows.renewing import chapter_renew, renewal_give_up
from workflows.services.cycles import stage_reschedule
from workflows.services.renewals import renewal_review, renewal_save
from workflows.services.social_report import chapter_add, edition_withdraw, report_begin

ClientAs = Callable[[User], Client]

RELEASE = {"answer": "release", "reason": ""}


@pytest.fixture
def reports(world: World, stages: Stages) -> Reports:
    return make_reports(world, stages)


def end_of(renewal: ChapterRenewal) -> str:
    renewal.process.refresh_from_db()
    assert renewal.process.finished is not None
    (end,) = renewal.process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


# --- the ends --------------------------------------------------------------------------------------


def test_written_returned_corrected_and_published(
    reports: Reports, world: World, client_as: ClientAs
) -> None:
    planner, head = client_as(world.fresh("planner")), client_as(world.fresh("planning_head"))
    chapter = reports.chapter()
    assert planner.post(reverse("workflows:chapter-renew", args=[chapter.pk])).status_code == 302
    renewal = chapter.renewals.get()
    assert renewal.text.startswith("## "), "a draft from the figures"

    page = take(planner, renewal.process, ChapterFlow.write_chapter)
    assert planner.post(page, {"text": "Vorläufig", "save": "1"}).status_code == 302
    renewal.refresh_from_db()
    assert (renewal.text, renewal.state) == ("Vorläufig", RenewalState.WRITING)
    assert planner.post(page, {"text": TEXT}).status_code == 302
    assert planner.post(page, {"text": TEXT}).status_code == 409

    check = take(head, renewal.process, ChapterFlow.release_chapter)
    assert "Die Quote ist hoch." in head.get(check).content.decode()
    assert head.post(check, {"answer": "return", "reason": "Bitte kürzen"}).status_code == 302
    page = take(planner, renewal.process, ChapterFlow.write_chapter)
    assert "Bitte kürzen" in planner.get(page).content.decode()
    assert planner.post(page, {"text": f"{TEXT}\n\nKurz."}).status_code == 302
    check = take(head, renewal.process, ChapterFlow.release_chapter)
    assert head.post(check, RELEASE).status_code == 302

    edition = chapter.editions.get()
    assert edition.text.endswith("Kurz.")
    assert (edition.written_by, edition.released_by) == (
        world.people["planner"],
        world.people["planning_head"],
    )
    assert end_of(renewal) == "published"
    actions = [
        "renewal.begun",
        "renewal.saved",
        "renewal.submitted",
        "renewal.returned",
        "renewal.submitted",
        "edition.published",
    ]
    found = LogEntry.objects.filter(action__regex=r"^(renewal|edition)\.").order_by("pk")
    assert list(found.values_list("action", flat=True)) == actions


def test_a_preview_of_a_returned_chapter_shows_the_figures_as_they_are_now(
    reports: Reports, world: World, client_as: ClientAs
) -> None:
    planner = client_as(world.fresh("planner"))
    renewal = reports.submitted(reports.chapter())
    driver.release_chapter(
        renewal, is_released=False, reason="Bitte kürzen", user=world.fresh("planning_head")
    )
    renewal.refresh_from_db()
    figures = dict(renewal.figures)
    figures["areas"] = [[pk, key, f"{name} (eingereicht)"] for pk, key, name in figures["areas"]]
    ChapterRenewal.objects.filter(pk=renewal.pk).update(figures=figures)
    preview = reverse("workflows:renewal-preview", args=[renewal.pk])
    assert "(eingereicht)" not in planner.get(preview).content.decode()
    ChapterRenewal.objects.filter(pk=renewal.pk).update(state=RenewalState.SUBMITTED)
    assert "(eingereicht)" in planner.get(preview).content.decode(), "what was handed in is what is released"


def test_a_returned_chapter_keeps_its_deadline_when_its_stage_ends_later(
    world: World, stages: Stages
) -> None:
    planner = world.fresh("planner")
    cycle = stages.at_data()
    report = report_begin(
        world.territory, planning_unit=world.planning_unit, slug="m", title="M", user=planner
    )
    chapter = chapter_add(report, title="Ziele", kind=ChapterKind.TEXT, user=planner)
    stage = cycle.stages.get(kind=StageKind.ANALYSIS)
    day = timezone.make_aware(datetime.datetime.combine(stage.due_on, datetime.time(10)))
    with time_machine.travel(day - datetime.timedelta(days=3), tick=False):
        renewal = chapter_renew(chapter, user=planner)
        driver.write_chapter(renewal, TEXT, user=planner)
        driver.release_chapter(renewal, is_released=False, reason="Kürzen", user=world.fresh("planning_head"))
    card = open_task(renewal.process, ChapterFlow.write_chapter).card
    assert card.due_on == stage.due_on + datetime.timedelta(days=4)
    with time_machine.travel(day - datetime.timedelta(days=2), tick=False):
        end = stage.due_on + datetime.timedelta(days=10)
        stage_reschedule(stage, starts_on=stage.starts_on, due_on=end, reason="Verspätet", user=planner)
    due_on = card.due_on
    card.refresh_from_db()
    assert card.due_on == due_on


@pytest.mark.parametrize("is_handed_in", [False, True])
def test_given_up_with_a_reason(
    reports: Reports, world: World, client_as: ClientAs, is_handed_in: bool
) -> None:
    chapter = reports.chapter()
    renewal = reports.submitted(chapter) if is_handed_in else reports.renewal(chapter)
    client = client_as(world.fresh("planner"))
    page = reverse("workflows:renewal-give-up", args=[renewal.pk])
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "Kommt später"}).status_code == 302

    renewal.refresh_from_db()
    assert (renewal.state, renewal.end_reason) == (RenewalState.GIVEN_UP, "Kommt später")
    assert end_of(renewal) == "given_up"
    assert not renewal.process.task_set.filter(finished__isnull=True).exists()
    assert not ChapterEdition.objects.exists()
    assert client.get(page).status_code == 404
    chapter_renew(chapter, user=world.fresh("planner"))


# --- refusals --------------------------------------------------------------------------------------


def test_only_planning_writes(reports: Reports, world: World, client_as: ClientAs) -> None:
    renewal = reports.renewal(reports.chapter())
    task = open_task(renewal.process, ChapterFlow.write_chapter)
    page = page_of(task)
    for name in ("head", "specialist", "chair", "association_head", "funder_reader", "admin", "outsider"):
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, {"text": TEXT}).status_code == 404, name
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    assert Client().get(page).status_code == 302
    take(client_as(world.fresh("planning_head")), renewal.process, ChapterFlow.write_chapter)
    assert client_as(world.fresh("planner")).post(page, {"text": TEXT}).status_code == 403
    renewal.refresh_from_db()
    assert renewal.state == RenewalState.WRITING


def test_only_the_head_releases(reports: Reports, world: World, client_as: ClientAs) -> None:
    renewal = reports.submitted(reports.chapter())
    task = open_task(renewal.process, ChapterFlow.release_chapter)
    page = page_of(task)
    colleague = factories.staff("Kollegin", world.planning_unit, Function.PLANNER)
    assert client_as(colleague).get(page).status_code == 403, "sees the cycle, but does not lead the unit"
    for name in ("head", "specialist", "chair", "admin", "outsider"):
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, RELEASE).status_code == 404, name
    for user in (colleague, *(world.fresh(name) for name in ("head", "chair", "planner"))):
        with pytest.raises(PermissionDenied):
            complete_task(task, user=user, act=lambda process: None)
    assert not ChapterEdition.objects.exists()


def test_who_wrote_does_not_release(reports: Reports, world: World, client_as: ClientAs) -> None:
    """A head who writes needs a deputy; that a colleague handed it in for them changes nothing."""
    head = world.fresh("planning_head")
    renewal = reports.renewal(reports.chapter())
    deputy = factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY)
    driver.write_chapter(renewal, TEXT, user=head)
    task = open_task(renewal.process, ChapterFlow.release_chapter)
    client = client_as(head)
    assert client.get(page_of(task)).status_code == 403
    assert client.post(page_of(task), RELEASE).status_code == 403
    with pytest.raises(PermissionDenied):
        complete_task(task, user=world.fresh("planning_head"), act=lambda process: None)
    driver.release_chapter(renewal, user=deputy)
    assert ChapterEdition.objects.get().released_by == deputy


def test_who_wrote_does_not_release_what_a_colleague_handed_in(
    reports: Reports, world: World, client_as: ClientAs
) -> None:
    head = world.fresh("planning_head")
    renewal = reports.renewal(reports.chapter())
    factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY)
    renewal_save(renewal, text=TEXT, user=head)
    driver.write_chapter(renewal, TEXT, user=world.fresh("planner"))
    task = open_task(renewal.process, ChapterFlow.release_chapter)
    assert client_as(head).get(page_of(task)).status_code == 403
    with pytest.raises(DomainError) as refused:
        renewal_review(renewal, is_released=True, user=head)
    assert refused.value.code == "four_eyes"


def test_a_draft_is_not_compared_with_a_withdrawn_edition(reports: Reports, world: World) -> None:
    edition = reports.edition(reports.chapter())
    with override("en"):
        compared = reports.renewal(edition.chapter)
        assert "last edition" in compared.text
        renewal_give_up(compared, reason="Neu", user=world.fresh("planner"))
        edition_withdraw(edition, reason="Falsch", user=world.fresh("planning_head"))
        assert "last edition" not in reports.renewal(edition.chapter).text


@pytest.mark.parametrize("name", ["planner", "planning_head"])
def test_a_right_taken_away_after_the_task_was_taken_counts(
    reports: Reports, world: World, client_as: ClientAs, name: str
) -> None:
    chapter = reports.chapter()
    is_writer = name == "planner"
    renewal = reports.renewal(chapter) if is_writer else reports.submitted(chapter)
    node = ChapterFlow.write_chapter if is_writer else ChapterFlow.release_chapter
    user = world.fresh(name)
    client = client_as(user)
    page = take(client, renewal.process, node)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    for membership in user.memberships.filter(organisation__isnull=False):
        people.membership_end(membership, ends_on=yesterday, user=None)
    renewal.refresh_from_db()
    before = renewal.state

    assert client.get(page).status_code == 403
    assert client.post(page, {"text": TEXT} if is_writer else RELEASE).status_code == 403
    renewal.refresh_from_db()
    assert renewal.state == before
    assert not ChapterEdition.objects.exists()


def test_wrong_input_leaves_the_task_open(reports: Reports, world: World, client_as: ClientAs) -> None:
    renewal = reports.renewal(reports.chapter())
    planner, head = client_as(world.fresh("planner")), client_as(world.fresh("planning_head"))
    page = take(planner, renewal.process, ChapterFlow.write_chapter)
    for text in ("", "   "):
        assert planner.post(page, {"text": text}).status_code == 422
    assert planner.post(page, {"text": TEXT}).status_code == 302
    check = take(head, renewal.process, ChapterFlow.release_chapter)
    for fields in ({"answer": "return", "reason": " "}, {"answer": "perhaps"}, {}):
        assert head.post(check, fields).status_code == 422, fields
    assert open_task(renewal.process, ChapterFlow.release_chapter)


def test_giving_up_what_is_finished_is_refused(reports: Reports, world: World) -> None:
    edition = reports.edition(reports.chapter())
    code = code_of(lambda: renewal_give_up(edition.renewal, reason="Doch nicht", user=world.fresh("planner")))
    assert code == "no_open_task"
    with pytest.raises(PermissionDenied):
        renewal_give_up(edition.renewal, reason="Doch nicht", user=world.fresh("head"))
