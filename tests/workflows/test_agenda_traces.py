"""Items with files, outcomes, decisions or polls: what may still be done to them, and who is told of it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, OutgoingMail
from tests.minutes import item, make_desk
from workflows.demo import driver
from workflows.models import AgendaKind, DecisionResult, Meeting, VoteKind
from workflows.polling import poll_begin
from workflows.selectors.outcomes import item_lines
from workflows.services.agenda import agenda_item_change, agenda_item_remove
from workflows.services.agenda_files import agenda_file_add
from workflows.services.meetings import meeting_cancel
from workflows.services.outcomes import item_call, item_finish, item_postpone, outcome_note


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


@pytest.fixture
def desk(world, stages):
    return make_desk(world, stages)


def sent(meeting):
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())


def test_an_item_with_files_or_notes_is_taken_off_with_a_reason_and_kept(desk, client_as):
    planner = desk.person("planner")
    upload = SimpleUploadedFile("bericht.pdf", b"%PDF-1.7\n%%EOF\n")
    agenda_file_add(desk.public, upload=upload, title="", user=planner)
    outcome_note(desk.internal, text="Vorbereitet", user=planner)
    OutgoingMail.objects.all().delete()
    for row in (desk.public, desk.internal):
        refused("reason_missing", agenda_item_remove, row, reason=" ", user=planner)
        assert agenda_item_remove(row, reason="Doppelt", user=planner) is False
        row.refresh_from_db()
        assert row.removed_at is not None
    assert not OutgoingMail.objects.exists(), "nobody has the item in their papers yet"

    third = item(desk.meeting)
    outcome_note(third, text="Vorbereitet", user=planner)
    page = reverse("workflows:agenda-item-remove", args=[third.pk])
    client = client_as(planner)
    assert "reason" in client.get(page).context["form"].fields
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client.post(page, {"reason": "Doppelt"}).status_code == 302


def test_the_log_never_names_an_internal_item(desk):
    planner = desk.person("planner")
    item_call(desk.internal, user=planner)
    outcome_note(desk.internal, text="Vertraulich", user=planner)
    item_postpone(desk.internal, user=planner, reason="Vertraulich")
    rows = LogEntry.objects.filter(action__in=["item.called", "outcome.recorded", "item.postponed"])
    assert rows.count() == 3
    for row in rows:
        assert row.object_id == desk.meeting.pk
        assert desk.internal.title not in f"{row.object_label} {row.data}"
        assert "Vertraulich" not in str(row.data)


def test_a_decided_item_is_done_and_neither_postponed_nor_changed(desk):
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    driver.decide(recommendation, desk.meeting, DecisionResult.APPROVED, user=desk.person("chair"))
    planner = desk.person("planner")
    refused("item_decided", item_postpone, row, user=planner)
    refused("item_decided", agenda_item_remove, row, reason="Nein", user=planner)
    refused(
        "item_decided",
        agenda_item_change,
        row,
        note="",
        duration_minutes=5,
        is_internal=True,
        user=planner,
    )
    line = next(line for line in item_lines(desk.meeting, has_internal=True) if line.item == row)
    assert (line.is_open, line.state) == (False, "done")


def test_while_members_vote_the_item_stays(desk):
    recommendation = desk.cycle.recommendations.get()
    row = item(desk.meeting, AgendaKind.RECOMMENDATION, recommendation=recommendation)
    item_call(row, user=desk.person("chair"))
    poll_begin(
        recommendation,
        kind=VoteKind.NAMED,
        result=DecisionResult.APPROVED,
        meeting=desk.meeting,
        user=desk.person("chair"),
    )
    planner = desk.person("planner")
    refused("poll_open", item_postpone, row, user=planner)
    refused("poll_open", item_finish, row, user=planner)
    refused("poll_open", agenda_item_remove, row, reason="Nein", user=planner)


def test_after_the_papers_an_item_is_renamed_or_made_internal_with_a_reason(desk, client_as, world):
    planner, meeting = desk.person("planner"), desk.meeting
    world.jobcenter.email = "jobcenter@example.org"
    world.jobcenter.save()
    meeting.participants.get_or_create(organisation=world.jobcenter)
    sent(meeting)
    values = {"note": "", "duration_minutes": 15, "user": planner, "title": desk.public.title}
    OutgoingMail.objects.all().delete()
    agenda_item_change(desk.public, is_internal=False, **values)
    assert not OutgoingMail.objects.exists(), "its length is no other item"
    refused("reason_missing", agenda_item_change, desk.public, is_internal=True, **values)

    renamed = values | {"title": "Personal im Bericht", "reason": "Personen betroffen"}
    agenda_item_change(desk.public, is_internal=True, **renamed)
    mails = {row.address: row.body for row in OutgoingMail.objects.all()}
    assert "Personen betroffen" in mails["jobcenter@example.org"]
    assert "Personal im Bericht" not in mails["jobcenter@example.org"]
    assert "Personal im Bericht" in mails[world.people["chair"].email]

    OutgoingMail.objects.all().delete()
    page = reverse("workflows:agenda-item-edit", args=[desk.internal.pk])
    data = {"title": "Stellenplan", "note": "", "duration_minutes": "10", "is_internal": "on"}
    client = client_as(planner)
    assert client.post(page, data | {"reason": ""}).status_code == 422
    assert client.post(page, data | {"reason": "Genauer"}).status_code == 302
    told = set(OutgoingMail.objects.values_list("address", flat=True))
    assert world.people["chair"].email in told
    assert "jobcenter@example.org" not in told


def test_nothing_comes_out_of_a_meeting_that_was_called_off(desk, client_as):
    planner = desk.person("planner")
    meeting_cancel(desk.meeting, reason="Zu wenige", user=planner)
    refused("meeting_cancelled", outcome_note, desk.public, text="Doch", user=planner)
    page = client_as(planner).get(reverse("workflows:meeting-session", args=[desk.meeting.pk]))
    assert page.status_code == 200
    assert page.context["may_record"] is False
    ics = client_as(planner).get(reverse("workflows:meeting-calendar", args=[desk.meeting.pk]))
    assert "STATUS:CANCELLED" in ics.content.decode()


def test_internal_items_warn_that_what_begins_there_is_not(desk, client_as):
    page = reverse("workflows:meeting-session", args=[desk.meeting.pk])
    client = client_as(desk.person("planner"))
    warning = "kern-alert--warning"
    assert warning in client.get(f"{page}?item={desk.internal.pk}").content.decode()
    assert warning not in client.get(f"{page}?item={desk.public.pk}").content.decode()
