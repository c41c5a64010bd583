"""The minutes of a meeting: written, returned, signed, approved; each refusal, and four eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import BodyMembership, LogEntry, Membership, OutgoingMail, User
from tests.factories import World
from tests.minutes import Desk, further, item, make_desk, seen, text_of
from tests.stages import Stages
from tests.workflows.taskpages import SURE, page_of, take
from workflows.demo.minutes import sign_minutes, write_minutes
from workflows.flows import MinutesFlow
from workflows.minuting import meeting_end, minutes_approve
from workflows.models import AgendaItem, AgendaKind, IssuedPaper, Minutes, MinutesAmendment, MinutesState
from workflows.nodes import open_task
from workflows.selectors.minutes import content_seen_by, current_content
from workflows.services.attendance import attendance_all_arrive
from workflows.services.minutes import (
    minutes_hand_in,
    minutes_redraft,
    minutes_return,
    minutes_save,
    minutes_sign,
    objection_file,
)
from workflows.services.outcomes import item_call, outcome_note

ClientAs = Callable[[User], Client]


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    return make_desk(world, stages)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


def approval_of(minutes: Minutes) -> AgendaItem:
    """A next meeting is set; the approval is its first item."""
    meeting = further(minutes.meeting.cycle)
    return item(meeting, AgendaKind.MINUTES, approves=minutes.meeting)


# --- the way to the end ----------------------------------------------------------------------------


def test_written_returned_corrected_signed_and_approved(
    desk: Desk, world: World, client_as: ClientAs
) -> None:
    planner, chair = client_as(world.fresh("planner")), client_as(world.fresh("chair"))
    desk.held()
    minutes = desk.closed()
    row = minutes.items.get(item=desk.public)
    assert (row.text, minutes.state) == ("Der Bericht liegt vor.", MinutesState.DRAFT)

    page = take(planner, minutes.process, MinutesFlow.write_minutes)
    assert planner.get(page).status_code == 200
    fields = {
        "version": minutes.version,
        "began": "14:00",
        "ended": "15:30",
        **{f"item-{part.pk}": part.text for part in minutes.items.all()},
        f"item-{row.pk}": "Die Verwaltung berichtet.",
    }
    assert planner.post(page, fields | {"save": "1"}).status_code == 302
    fields["version"] = minutes.version + 1
    assert planner.post(page, fields).status_code == 302
    minutes.refresh_from_db()
    assert (minutes.state, minutes.handed_in_by) == (MinutesState.WITH_CHAIR, world.people["planner"])

    sign = take(chair, minutes.process, MinutesFlow.sign_minutes)
    shown = chair.get(sign).content.decode()
    assert "Die Verwaltung berichtet." in shown
    answer = {"answer": "return", "reason": "Bitte die Abstimmung nennen.", "seen": seen(minutes)}
    assert chair.post(sign, answer).status_code == 302
    page = take(planner, minutes.process, MinutesFlow.write_minutes)
    assert "Bitte die Abstimmung nennen." in planner.get(page).content.decode()
    minutes.refresh_from_db()
    write_minutes(minutes, user=world.fresh("planner"))

    sign = take(chair, minutes.process, MinutesFlow.sign_minutes)
    answer = {"answer": "sign", "reason": "", "seen": seen(minutes)}
    assert chair.post(sign, answer).status_code == 200
    minutes.refresh_from_db()
    assert minutes.state == MinutesState.WITH_CHAIR, "asked once more"
    answer |= SURE
    assert chair.post(sign, answer).status_code == 302
    minutes.refresh_from_db()
    assert (minutes.state, minutes.signed_by) == (MinutesState.SIGNED, world.people["chair"])
    assert len(minutes.content_sha256) == 64
    assert chair.post(sign, answer).status_code == 409

    approval = approval_of(minutes)
    minutes_approve(minutes, item=approval, user=world.fresh("planner"))
    assert minutes.state == MinutesState.APPROVED
    assert minutes.approved_under == approval
    approval.refresh_from_db()
    assert approval.finished_at is not None, "the approval finishes its item"
    minutes.process.refresh_from_db()
    (end,) = minutes.process.task_set.filter(flow_task_type="END", status="DONE")
    assert end.flow_task.name == "approved"
    found = LogEntry.objects.filter(action__startswith="minutes.").order_by("pk")
    assert [row for row in found.values_list("action", flat=True) if row != "minutes.saved"] == [
        *("minutes.begun", "minutes.begun", "minutes.handed_in", "minutes.returned"),
        *("minutes.handed_in", "minutes.signed", "minutes.approved"),
    ], "those of the planning conference were begun before"


def test_signing_issues_papers_and_tells_all_who_were_invited(desk: Desk, world: World) -> None:
    world.jobcenter.email = "jobcenter@example.org"
    world.jobcenter.save(update_fields=["email"])
    desk.held()
    minutes = desk.handed_in()
    OutgoingMail.objects.all().delete()
    sign_minutes(minutes, user=world.fresh("chair"))
    papers = IssuedPaper.objects.filter(meeting=desk.meeting).order_by("is_internal")
    assert [row.is_internal for row in papers] == [False, True]
    assert len({row.content_hash for row in papers}) == 2
    mail = OutgoingMail.objects.get()
    assert mail.address == "jobcenter@example.org"
    assert reverse("workflows:minutes-detail", args=[minutes.pk]) in mail.body


def test_a_correction_is_a_new_entry_on_a_paper_that_replaces_the_first(desk: Desk, world: World) -> None:
    minutes = desk.signed()
    first = IssuedPaper.objects.get(meeting=desk.meeting, is_internal=False)
    before = dict(minutes.content or {})
    approval = approval_of(minutes)
    minutes_approve(
        minutes, item=approval, correction="Der Bericht lag nicht vor.", user=world.fresh("chair")
    )
    assert MinutesAmendment.objects.get().text == "Der Bericht lag nicht vor."
    assert minutes.content == before, "the signed text stays"
    second = IssuedPaper.objects.get(replaces=first)
    assert second.sha256 != first.sha256
    assert content_seen_by(world.fresh("chair"), minutes).chair is not None


def test_objections_of_members_between_signing_and_approval(
    desk: Desk, world: World, client_as: ClientAs
) -> None:
    minutes = desk.handed_in()
    member = world.fresh("member")
    assert code_of(lambda: objection_file(minutes, text="Falsch", user=member)) == "not_signed"
    sign_minutes(minutes, user=world.fresh("chair"))
    assert code_of(lambda: objection_file(minutes, text=" ", user=member)) == "text_missing"
    with pytest.raises(PermissionDenied):
        objection_file(minutes, text="Falsch", user=world.fresh("provider_head"))
    page = reverse("workflows:minutes-object", args=[minutes.pk])
    assert client_as(member).post(page, {"text": "Es waren fünf."}).status_code == 302
    approval = approval_of(minutes)
    item_call(approval, user=world.fresh("planner"))
    session = reverse("workflows:meeting-session", args=[approval.meeting_id])
    shown = client_as(world.fresh("planner")).get(f"{session}?item={approval.pk}").content.decode()
    assert "Es waren fünf." in shown
    minutes_approve(minutes, item=approval, user=world.fresh("planner"))
    assert code_of(lambda: objection_file(minutes, text="Zu spät", user=member)) == "not_signed"


# --- refusals --------------------------------------------------------------------------------------


def test_who_hands_in_does_not_sign(desk: Desk, world: World) -> None:
    chair = world.fresh("chair")
    people.membership_start(
        person=chair,
        organisation=world.planning_unit,
        function="planner",
        starts_on=timezone.localdate(),
        user=None,
    )
    chair = world.fresh("chair")
    minutes = desk.closed()
    assert code_of(lambda: write_minutes(minutes, user=chair)) == "four_eyes", "a colleague could hand in"
    assert minutes.state == MinutesState.DRAFT


def test_one_person_who_is_all_there_is_signs_with_a_reason(desk: Desk, world: World) -> None:
    head = world.fresh("planning_head")
    for seat in BodyMembership.objects.filter(body=desk.meeting.body, seat="chair"):
        people.seat_end(seat, ends_on=timezone.localdate() - timezone.timedelta(days=1), user=None)
    people.seat_start(
        body=desk.meeting.body,
        organisation=world.planning_unit,
        person=head,
        seat="chair",
        starts_on=timezone.localdate(),
        user=None,
    )
    others = Membership.objects.filter(organisation=world.planning_unit).exclude(user=head)
    for row in others:
        people.membership_end(row, ends_on=timezone.localdate() - timezone.timedelta(days=1), user=None)
    minutes = desk.closed()
    head = world.fresh("planning_head")
    write_minutes(minutes, user=head)
    shown = seen(minutes)
    assert code_of(lambda: minutes_sign(minutes, seen=shown, user=head)) == "reason_missing"
    minutes_sign(minutes, seen=shown, user=head, alone_reason="Niemand sonst im Amt.")
    assert minutes.alone_reason == "Niemand sonst im Amt."


def test_a_body_without_a_chair_says_so_before_anybody_waits(desk: Desk, world: World) -> None:
    minutes = desk.closed()
    for seat in BodyMembership.objects.filter(body=desk.meeting.body, seat="chair"):
        people.seat_end(seat, ends_on=timezone.localdate() - timezone.timedelta(days=1), user=None)
    assert code_of(lambda: write_minutes(minutes, user=world.fresh("planner"))) == "nobody_to_sign"


def test_only_the_right_people_write_and_sign(desk: Desk, world: World, client_as: ClientAs) -> None:
    minutes = desk.closed()
    for name in ("chair", "member", "association_head"):
        with pytest.raises(PermissionDenied):
            minutes_save(minutes, text=text_of(minutes), user=world.fresh(name))
    task = open_task(minutes.process, MinutesFlow.write_minutes)
    assert client_as(world.fresh("member")).get(page_of(task)).status_code == 404
    write_minutes(minutes, user=world.fresh("planner"))
    for name in ("planner", "member", "planning_head"):
        with pytest.raises(PermissionDenied):
            minutes_sign(minutes, seen=seen(minutes), user=world.fresh(name))
    task = open_task(minutes.process, MinutesFlow.sign_minutes)
    assert client_as(world.fresh("member")).get(page_of(task)).status_code == 404


def test_the_chair_signs_what_they_saw(desk: Desk, world: World, client_as: ClientAs) -> None:
    minutes = desk.handed_in()
    chair = world.fresh("chair")
    shown = seen(minutes)
    desk.meeting.participants.filter(organisation=world.jobcenter).update(attended=False)
    assert code_of(lambda: minutes_sign(minutes, seen=shown, user=chair)) == "minutes_changed"
    client = client_as(chair)
    page = take(client, minutes.process, MinutesFlow.sign_minutes)
    answer = client.post(page, {"answer": "sign", "reason": "", "seen": shown})
    assert answer.status_code == 422
    assert seen(minutes) in answer.content.decode(), "the page shows the minutes anew"
    minutes_sign(minutes, seen=seen(minutes), user=chair)
    assert code_of(lambda: minutes_return(minutes, reason="Doch nicht", user=chair)) == "not_with_chair"


def test_two_who_write_do_not_overwrite_each_other(desk: Desk, world: World) -> None:
    minutes = desk.closed()
    stale = text_of(minutes, text="Von der Leitung")
    minutes_save(minutes, text=text_of(minutes, text="Von der Planerin"), user=world.fresh("planner"))
    refused = code_of(lambda: minutes_save(minutes, text=stale, user=world.fresh("planning_head")))
    assert refused == "minutes_changed"
    minutes.refresh_from_db()
    assert minutes.text == "Von der Planerin"


def test_a_new_draft_is_taken_on_request_and_never_over_words_nobody_compared(
    desk: Desk, world: World, client_as: ClientAs
) -> None:
    planner = client_as(world.fresh("planner"))
    desk.held()
    minutes = desk.closed()
    row = minutes.items.get(item=desk.public)
    outcome_note(desk.public, text="Nachtrag zum Bericht.", user=world.fresh("planner"))
    page = take(planner, minutes.process, MinutesFlow.write_minutes)
    assert "Nachtrag" in planner.get(page).content.decode(), "the difference is shown"
    row.refresh_from_db()
    assert row.text == "Der Bericht liegt vor."
    fields = {
        "version": minutes.version,
        **{f"item-{part.pk}": part.text for part in minutes.items.all()},
        f"item-{row.pk}": "Eigene Worte.",
        "take": row.pk,
    }
    assert planner.post(page, fields).status_code == 302
    row.refresh_from_db()
    assert row.text == "Eigene Worte.", "the edit is saved, not lost"
    minutes.refresh_from_db()
    assert planner.post(page, fields | {"version": minutes.version}).status_code == 302
    row.refresh_from_db()
    assert row.text == "Der Bericht liegt vor.\n\nNachtrag zum Bericht."


def test_signed_minutes_and_what_they_tell_of_are_fixed(desk: Desk, world: World) -> None:
    planner = world.fresh("planner")
    desk.held()
    minutes = desk.handed_in()
    assert code_of(lambda: outcome_note(desk.public, text="x", user=planner)) == "minutes_with_chair"
    sign_minutes(minutes, user=world.fresh("chair"))
    assert code_of(lambda: outcome_note(desk.public, text="x", user=planner)) == "minutes_signed"
    assert code_of(lambda: minutes_save(minutes, text=text_of(minutes), user=planner)) == "not_being_written"
    row = minutes.items.get(item=desk.public)
    refused = code_of(lambda: minutes_redraft(row, version=minutes.version, user=planner))
    assert refused == "not_being_written"
    assert (
        code_of(lambda: minutes_hand_in(minutes, text=text_of(minutes), user=planner)) == "not_being_written"
    )
    row.text = "anders"
    with pytest.raises(TypeError):
        row.save()
    note = desk.public.outcomes.get()
    note.text = "anders"
    with pytest.raises(TypeError):
        note.save()
    with pytest.raises(TypeError):
        note.delete()


def test_the_internal_part_is_for_members_and_planning(desk: Desk, world: World, client_as: ClientAs) -> None:
    desk.held()
    outcome_note(desk.public, text="Nur für uns.", is_internal=True, user=world.fresh("planner"))
    minutes = desk.signed()
    page = reverse("workflows:minutes-detail", args=[minutes.pk])
    for name, sees in (("member", True), ("planner", True), ("health_head", False)):
        shown = client_as(world.fresh(name)).get(page).content.decode()
        assert ("Vertraulich besprochen." in shown) is sees, name
        assert ("Nur für uns." in shown) is sees, name
        assert "Der Bericht liegt vor." in shown
        status = client_as(world.fresh(name)).get(
            reverse("workflows:minutes-pdf", args=[minutes.pk]), {"part": "internal"}
        )
        assert status.status_code == (302 if sees else 403), name


def test_a_draft_is_seen_by_planning_and_chair_only(desk: Desk, world: World, client_as: ClientAs) -> None:
    minutes = desk.closed()
    page = reverse("workflows:minutes-detail", args=[minutes.pk])
    expected = {"planner": 200, "chair": 200, "member": 404, "health_head": 404, "outsider": 404}
    assert {name: client_as(world.fresh(name)).get(page).status_code for name in expected} == expected


def test_approval_needs_signed_minutes_and_their_own_item(desk: Desk, world: World) -> None:
    minutes = desk.handed_in()
    approval = approval_of(minutes)
    planner = world.fresh("planner")
    assert code_of(lambda: minutes_approve(minutes, item=approval, user=planner)) == "no_open_task"
    sign_minutes(minutes, user=world.fresh("chair"))
    foreign = item(approval.meeting)
    assert code_of(lambda: minutes_approve(minutes, item=foreign, user=planner)) == "foreign_item"
    with pytest.raises(PermissionDenied):
        minutes_approve(minutes, item=approval, user=world.fresh("member"))
    minutes_approve(minutes, item=approval, user=planner)
    assert code_of(lambda: minutes_approve(minutes, item=approval, user=planner)) == "no_open_task"


def test_minutes_begin_once(desk: Desk, world: World) -> None:
    minutes = desk.closed()
    refused = code_of(lambda: meeting_end(desk.meeting, attended=[], user=world.fresh("planner")))
    assert refused == "meeting_closed"
    assert Minutes.objects.filter(meeting=desk.meeting).count() == 1
    assert minutes.process.cycle == desk.cycle


def test_what_minutes_say_is_read_at_a_fixed_cost(desk: Desk, django_assert_max_num_queries: Any) -> None:
    attendance_all_arrive(desk.meeting, user=desk.person("chair"))
    desk.held()
    kept = Minutes.objects.select_related("meeting__body", "meeting__cycle__territory")
    minutes = kept.get(pk=desk.closed().pk)
    with django_assert_max_num_queries(15):
        current_content(minutes)
