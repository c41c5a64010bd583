"""What a meeting leaves to the next one: postponed items, and minutes to approve as its first item."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from stakeholders.models import OutgoingMail, User
from tests.factories import World
from tests.minutes import Desk, further, item, make_desk
from tests.stages import Stages
from workflows.abandoning import cycle_abandon
from workflows.demo import driver
from workflows.minuting import item_assign, minutes_approve
from workflows.models import AgendaItem, AgendaKind, DecisionResult, Meeting, Minutes, TaskCard
from workflows.reports import meeting_folder
from workflows.selectors.agenda import minutes_title
from workflows.selectors.carrying import (
    approvals_waiting_for,
    items_waiting_for,
    minutes_to_approve,
    open_lines,
)
from workflows.selectors.open_tasks import open_tasks_of
from workflows.services.agenda_files import agenda_file_add
from workflows.services.agenda_ready import agenda_take_ready
from workflows.services.carrying import agenda_take_over, postpone
from workflows.services.meetings import meeting_cancel, meeting_schedule
from workflows.services.outcomes import item_call, item_finish, item_postpone

ClientAs = Callable[[User], Client]


@pytest.fixture
def desk(world: World, stages: Stages) -> Desk:
    return make_desk(world, stages)


def agenda(meeting: Meeting) -> list[tuple[int, str, AgendaItem | None]]:
    rows = meeting.agenda.standing().exclude(kind=AgendaKind.RECOMMENDATION).order_by("position")
    return [(row.position, row.kind, row.carried_from) for row in rows]


def scheduled(desk: Desk, days: int = 0) -> Meeting:
    return meeting_schedule(
        desk.cycle,
        body=desk.cycle.steering_group,
        held_on=timezone.localdate() + datetime.timedelta(days=days),
        place="Kreishaus",
        participants=[desk.world.jobcenter],
        user=desk.person("planner"),
    )


def waiting(desk: Desk) -> tuple[list[Minutes], list[AgendaItem]]:
    """What a meeting would take up in a month: approvals, items."""
    later = further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=30))
    found = list(approvals_waiting_for(later)), items_waiting_for(later)
    later.delete()
    return found


def test_a_meeting_that_is_set_takes_over_minutes_and_open_items(desk: Desk) -> None:
    planner = desk.person("planner")
    item_call(desk.public, user=planner)
    item_finish(desk.public, user=planner)
    minutes = desk.closed()
    assert waiting(desk) == ([minutes], [desk.internal])
    following = scheduled(desk, days=7)
    assert agenda(following) == [(1, AgendaKind.MINUTES, None), (2, AgendaKind.TOPIC, desk.internal)]
    carried = following.agenda.get(carried_from=desk.internal)
    assert (carried.title, carried.is_internal) == (desk.internal.title, True)
    assert agenda_take_over(following, user=planner) == [], "twice changes nothing"
    assert waiting(desk) == ([], [])


def test_a_meeting_that_is_set_already_gets_them_at_the_closing(desk: Desk) -> None:
    following = scheduled(desk, days=7)
    own = item(following, title="Neuer Punkt")
    minutes = desk.closed()
    assert [kind for _position, kind, _from in agenda(following)] == [
        *(AgendaKind.MINUTES, AgendaKind.TOPIC, AgendaKind.TOPIC, AgendaKind.TOPIC),
    ]
    own.refresh_from_db()
    assert own.position == 5, "what was left over comes before what is new"
    assert following.agenda.get(kind=AgendaKind.MINUTES).approves == minutes.meeting


def test_only_the_chosen_items_go_on_and_those_postponed_in_the_meeting(
    desk: Desk, client_as: ClientAs
) -> None:
    third = item(desk.meeting)
    item_postpone(desk.public, user=desk.person("planner"), reason="Unterlagen fehlen")
    client = client_as(desk.person("planner"))
    page = reverse("workflows:meeting-close", args=[desk.meeting.pk])
    shown = client.get(page).content.decode()
    assert 'name="carried"' in shown
    attended = [row.organisation_id for row in desk.meeting.participants.all()]
    answer = client.post(page, {"attended": attended, "carried": [third.pk]})
    assert answer.status_code == 302
    assert waiting(desk)[1] == [desk.public, third], "left out: does not come up again"


def test_recommendations_come_up_again_once_and_only_undecided(desk: Desk, world: World) -> None:
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    following = further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=7))
    same = item(following, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    desk.closed()
    same.refresh_from_db()
    assert same.carried_from == row
    assert following.agenda.filter(recommendation=recommendation).count() == 1


def test_a_decided_item_is_not_left_open(desk: Desk, world: World) -> None:
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    driver.decide(recommendation, desk.meeting, DecisionResult.APPROVED, user=world.fresh("chair"))
    assert row not in [line.item for line in open_lines(desk.meeting)]


def test_minutes_come_up_until_they_are_approved(desk: Desk, world: World) -> None:
    minutes = desk.signed(carried=[])
    second = scheduled(desk)
    item_postpone(second.agenda.get(kind=AgendaKind.MINUTES), user=world.fresh("planner"))
    second.refresh_from_db()
    second.closed_at = timezone.now()
    second.save()
    third = scheduled(desk)
    approval = third.agenda.get(approves=minutes.meeting)
    minutes_approve(minutes, item=approval, user=world.fresh("chair"))
    assert waiting(desk)[0] == []


def test_other_bodies_get_nothing(desk: Desk, world: World) -> None:
    desk.closed()
    other = further(desk.cycle, body=desk.cycle.social_space_conference)
    assert items_waiting_for(other) == []
    assert not approvals_waiting_for(other).exists()


def test_what_stands_behind_open_tasks_is_the_same_everywhere(desk: Desk, world: World) -> None:
    given = item_assign(
        desk.public,
        text="Zahlen nachreichen",
        organisation=world.jobcenter,
        due_on=timezone.localdate() + datetime.timedelta(days=90),
        user=desk.person("planner"),
    )
    desk.closed(carried=[])
    following = scheduled(desk, days=7)
    row = following.agenda.get(kind=AgendaKind.TASKS)
    assert row.duration_minutes
    tasks = open_tasks_of(following)
    assert [task.assignment for task in tasks if task.assignment] == [given.assignment]
    folder = meeting_folder.collect(desk.person("planner"), following, is_internal=True)
    papers = next(papers for papers in folder.items if papers.line.item == row)
    assert list(papers.tasks) == tasks


def test_items_go_on_with_their_lengths_and_files(desk: Desk) -> None:
    planner = desk.person("planner")
    upload = SimpleUploadedFile("bericht.pdf", b"%PDF-1.7\n%%EOF\n")
    added = agenda_file_add(desk.public, upload=upload, title="Bericht", user=planner)
    desk.closed()
    following = scheduled(desk, days=7)
    assert following.agenda.get(kind=AgendaKind.MINUTES).duration_minutes
    carried = following.agenda.get(carried_from=desk.public)
    copy = carried.files.get()
    assert (copy.sha256, copy.file.name, copy.title) == (added.sha256, added.file.name, "Bericht")


def test_a_meeting_called_off_hands_on_approval_and_topics(desk: Desk) -> None:
    planner = desk.person("planner")
    minutes = desk.closed(carried=[])
    first, second = scheduled(desk, days=7), scheduled(desk, days=14)
    own = item(first, title="Haushalt")
    item(first, title="Verschiedenes")
    same = item(second, title="verschiedenes")
    assert first.agenda.filter(approves=minutes.meeting).exists()

    meeting_cancel(first, reason="Zu wenige", user=planner)

    assert second.agenda.get(kind=AgendaKind.MINUTES).approves == minutes.meeting
    assert second.agenda.get(carried_from=own).title == "Haushalt"
    same.refresh_from_db()
    assert same.carried_from is not None, "a standing topic does not come twice"
    assert second.agenda.exclude(kind=AgendaKind.RECOMMENDATION).count() == 3


def test_minutes_are_offered_again_where_no_meeting_had_followed(desk: Desk) -> None:
    minutes = desk.closed(carried=[])
    first = scheduled(desk, days=7)
    meeting_cancel(first, reason="Zu wenige", user=desk.person("planner"))
    assert scheduled(desk, days=9).agenda.get(kind=AgendaKind.MINUTES).approves == minutes.meeting


def test_a_cycle_given_up_calls_its_meetings_off_and_holds_no_approval(desk: Desk, world: World) -> None:
    minutes = desk.closed(carried=[])
    first = scheduled(desk, days=7)
    OutgoingMail.objects.all().delete()
    cycle_abandon(desk.cycle, reason="Neu aufgesetzt", user=world.fresh("planning_head"))
    first.refresh_from_db()
    assert (first.cancelled_at is not None, first.cancel_reason) == (True, "Neu aufgesetzt")
    assert OutgoingMail.objects.filter(calendar__contains="METHOD:CANCEL").exists()
    assert list(minutes_to_approve(desk.cycle.steering_group)) == [minutes]
    # One left open in a cycle that is over holds it no longer, either.
    Meeting.objects.filter(pk=first.pk).update(cancelled_at=None, closed_at=None)
    assert list(minutes_to_approve(desk.cycle.steering_group)) == [minutes]


def test_areas_come_once_and_not_again_when_dealt_with(stages: Stages, world: World) -> None:
    cycle = stages.at_conference()
    planner = world.fresh("planner")
    first = driver.invite_conference(cycle, [world.youth_office], user=planner)
    assert first.agenda.filter(kind=AgendaKind.AREA).count() == 2

    def further_one() -> Meeting:
        return meeting_schedule(
            cycle,
            body=cycle.planning_conference,
            held_on=first.held_on + datetime.timedelta(days=7),
            place="",
            participants=[world.youth_office],
            user=planner,
        )

    assert not further_one().agenda.filter(kind=AgendaKind.AREA).exists(), "they stand on the first one"
    Meeting.objects.exclude(pk=first.pk).filter(body=first.body).update(closed_at=timezone.now())
    done, left = first.agenda.filter(kind=AgendaKind.AREA)
    now = timezone.now()
    AgendaItem.objects.filter(pk=done.pk).update(called_at=now, finished_at=now)
    postpone(left, user=planner)
    Meeting.objects.filter(pk=first.pk).update(closed_at=now)
    rows = further_one().agenda.filter(kind=AgendaKind.AREA)
    assert [(row.area, row.carried_from) for row in rows] == [(left.area, left)]


def test_closing_several_at_once_leaves_nothing_on_one_of_them(stages: Stages, world: World) -> None:
    """The order in which the meetings of a conference are closed does not matter."""
    cycle = stages.in_conference()
    planner = world.fresh("planner")
    first = cycle.meetings.get(body=cycle.planning_conference)
    second = further(cycle, body=cycle.planning_conference)
    now = timezone.now()
    called = item(first, called_at=now)
    item(second, called_at=now, finished_at=now)
    driver.close_conference(cycle, user=planner)
    for meeting in (first, second):
        assert not meeting.agenda.filter(kind=AgendaKind.MINUTES).exists()
    assert not second.agenda.filter(carried_from=called).exists(), "a meeting just closed takes nothing over"
    third = further(cycle, body=cycle.planning_conference)
    assert called in items_waiting_for(third)
    assert {row.meeting for row in approvals_waiting_for(third)} == {first, second}


def test_what_is_stored_is_in_the_language_of_the_office(desk: Desk) -> None:
    minutes = desk.closed(carried=[])
    later = further(desk.cycle, held_on=timezone.localdate() + datetime.timedelta(days=7))
    with translation.override("en"):
        agenda_take_ready(later, keys=[f"minutes-{minutes.meeting_id}"], user=desk.person("planner"))
    stored = later.agenda.get(kind=AgendaKind.MINUTES).title
    with translation.override("de"):
        assert stored == minutes_title(minutes.meeting)
    with translation.override("en"):
        assert stored != minutes_title(minutes.meeting)


def test_open_tasks_are_those_of_the_body_alone(desk: Desk, world: World) -> None:
    TaskCard.objects.filter(cycle=desk.cycle).update(due_on=desk.meeting.held_on)
    assert open_tasks_of(desk.meeting) == []
