"""The whole set of papers as one PDF, in its two variants, and the files that go with items."""

from __future__ import annotations

import datetime
import io

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone, translation

from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests.pdfua.validator import faults_of
from workflows.demo import driver
from workflows.minuting import meeting_end
from workflows.models import AgendaFile, Meeting
from workflows.reports import meeting_folder
from workflows.services import agenda
from workflows.services.agenda_files import agenda_file_add, agenda_file_remove
from workflows.services.meetings import meeting_close, meeting_schedule


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


def pdf_of(user, meeting, *, is_internal, language="de"):
    with translation.override(language):
        data = meeting_folder.collect(user, meeting, is_internal=is_internal)
    return meeting_folder.render(data, language=language)


def text_of(content):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def upload(name="plan.pdf", content=b"%PDF-1.7 Plan"):
    return SimpleUploadedFile(name, content)


@pytest.fixture
def session(stages, planner, world):
    """The steering group meets today: two recommendations, an internal topic, one with a file."""
    cycle, meeting = stages.in_steering_group(("Eins", "Zwei"))
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=datetime.time(14))
    agenda.agenda_topic_add(meeting, title="Vertrauliches", note="Nur hier", is_internal=True, user=planner)
    agenda_file_add(meeting.agenda.first(), upload=upload(), title="Lageplan", user=planner)
    meeting.refresh_from_db()
    return cycle, meeting


# --- the folder ------------------------------------------------------------------------------------


def test_the_internal_folder_holds_every_item_with_its_papers(session, planner, world):
    _cycle, meeting = session
    content = pdf_of(planner, meeting, is_internal=True)
    text = text_of(content)
    for words in ("Eins", "Zwei", "Vertrauliches", "Nur hier", "Lageplan", "14:00", "Ein Angebot wird"):
        assert words in text, words
    assert meeting.agenda.first().files.get().sha256[:20] in text.replace("\n", "")
    assert world.people["specialist"].display_name not in text
    outline = pypdf.PdfReader(io.BytesIO(content)).outline
    assert len(outline) == 4, "agenda and three items"
    assert content == pdf_of(planner, meeting, is_internal=True)


def test_the_public_folder_leaves_internal_items_out_and_keeps_the_numbers(session, planner):
    _cycle, meeting = session
    agenda.agenda_item_move(meeting.agenda.get(title="Vertrauliches"), to=1, user=planner)
    text = text_of(pdf_of(planner, meeting, is_internal=False, language="en"))
    assert "Vertrauliches" not in text
    assert "Nur hier" not in text
    assert "Item 2" in text
    assert "Item 1:" not in text


def test_areas_bring_their_profiles_and_what_is_taken_off_is_said(stages, planner, world):
    cycle = stages.at_conference()
    meeting = driver.invite_conference(cycle, [world.youth_office], user=planner)
    stages.statement(cycle)
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())
    meeting.refresh_from_db()
    off = meeting.agenda.first()
    agenda.agenda_item_remove(off, reason="Noch nicht reif", user=planner)

    internal = text_of(pdf_of(planner, meeting, is_internal=True))
    public = text_of(pdf_of(planner, meeting, is_internal=False))
    assert "Räume im Zentrum" in internal
    assert "Noch nicht reif" in internal
    assert "Zwei Straßenzüge" in internal
    assert "Zwei Straßenzüge" not in public, "statements are drafts while the conference runs"


def test_minutes_name_what_was_decided(session, planner, chair):
    cycle, meeting = session
    driver.decide(cycle.recommendations.get(number=1), meeting, "rejected", user=chair, reason="Kein Geld")
    meeting_end(meeting, attended=[], user=planner)
    following = meeting_schedule(
        cycle,
        body=cycle.steering_group,
        held_on=timezone.localdate() + datetime.timedelta(days=7),
        place="",
        participants=[cycle.planning_unit],
        user=planner,
    )
    text = text_of(pdf_of(planner, following, is_internal=False))
    assert f"1/{meeting.held_on.year} Eins" in text


def test_both_variants_pass_pdf_ua_1_and_pdf_a_2a(session, stages, planner, tmp_path):
    _cycle, meeting = session
    conference = meeting.cycle.meetings.get(body=meeting.cycle.planning_conference)
    files = {
        f"{name}-{variant}": pdf_of(planner, row, is_internal=variant == "internal")
        for name, row in (("group", meeting), ("conference", conference))
        for variant in ("internal", "public")
    }
    assert faults_of(files, tmp_path) == []


def test_who_reads_which_folder(session, world, client_as):
    _cycle, meeting = session
    public = reverse("workflows:meeting-folder", args=[meeting.pk])
    internal = reverse("workflows:meeting-folder-internal", args=[meeting.pk])
    answer = client_as(world.fresh("member")).get(internal)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    reader = client_as(world.fresh("health_head"))
    assert reader.get(public).status_code == 403, "not sent yet"
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())
    assert reader.get(public).status_code == 200
    assert reader.get(internal).status_code == 403
    assert client_as(world.fresh("outsider")).get(public).status_code == 404


def test_the_folder_asks_no_more_for_more_topics(session, planner, django_assert_max_num_queries):
    _cycle, meeting = session
    for number in range(12):
        agenda.agenda_topic_add(meeting, title=f"Thema {number}", user=planner)
    with django_assert_max_num_queries(48):
        meeting_folder.collect(planner, meeting, is_internal=True)


# --- files -----------------------------------------------------------------------------------------


def test_wrong_files_are_refused_with_what_to_do(session, planner, settings):
    _cycle, meeting = session
    item = meeting.agenda.first()
    settings.IMPORT_MAX_BYTES = 99
    for name, content, code in [
        ("leer.pdf", b"", "file_empty"),
        ("gross.pdf", b"%PDF-" + b"x" * 100, "file_too_large"),
        ("programm.exe", b"MZ", "file_program"),
        ("ohne-endung", b"%PDF-1", "file_kind"),
        ("bild.png", b"%PDF-1", "file_not_what_it_says"),
    ]:
        refused(code, agenda_file_add, item, upload=upload(name, content), title="", user=planner)
    assert item.files.count() == 1


def test_a_file_is_there_once_and_is_kept_when_taken_away(session, planner):
    _cycle, meeting = session
    item = meeting.agenda.first()
    row = item.files.get()
    refused("file_there", agenda_file_add, item, upload=upload("anders.pdf"), title="", user=planner)
    agenda_file_remove(row, user=planner)
    refused("file_gone", agenda_file_remove, row, user=planner)
    assert AgendaFile.objects.get().removed_at is not None
    assert agenda_file_add(item, upload=upload(), title="", user=planner).title == "plan.pdf"
    assert LogEntry.objects.filter(action="meeting.file_removed").count() == 1
    meeting_close(meeting, attended=[], user=planner)
    refused("meeting_closed", agenda_file_add, item, upload=upload("b.pdf"), title="", user=planner)


def test_files_are_uploaded_read_and_taken_away_on_pages(session, world, client_as, planner):
    _cycle, meeting = session
    item = meeting.agenda.get(title="Vertrauliches")
    client = client_as(planner)
    add = reverse("workflows:agenda-file-add", args=[item.pk])
    assert client.post(add, {"file": upload("programm.exe", b"MZ")}).status_code == 302
    assert client.post(add, {}).status_code == 302
    assert not item.files.exists()
    client.post(add, {"file": upload("<b>plan</b>.pdf"), "title": "Plan"})
    row = item.files.get()
    page = reverse("workflows:agenda-file", args=[row.pk])
    answer = client.get(page)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content) == b"%PDF-1.7 Plan"
    Meeting.objects.filter(pk=meeting.pk).update(papers_sent_at=timezone.now())
    assert client_as(world.fresh("member")).get(page).status_code == 200
    reader = client_as(world.fresh("health_head"))
    assert reader.get(page).status_code == 404, "of an internal item"
    open_file = meeting.agenda.first().files.get()
    assert reader.get(reverse("workflows:agenda-file", args=[open_file.pk])).status_code == 200
    remove = reverse("workflows:agenda-file-remove", args=[row.pk])
    assert client_as(world.fresh("member")).post(remove).status_code == 403
    assert client_as(world.fresh("member")).post(add, {"file": upload()}).status_code == 403
    assert client.post(remove).status_code == 302
    assert client.get(page).status_code == 404
    assert client.get(reverse("workflows:agenda-item-edit", args=[item.pk])).status_code == 200


def test_what_came_back_is_told_with_its_reason_and_changes_to_members_only(session, stages, planner, world):
    cycle, meeting = session
    recommendation = cycle.recommendations.get(number=1)
    chair = world.fresh("chair")
    driver.decide(recommendation, meeting, "returned", user=chair, reason="Kosten fehlen")
    author = world.fresh("specialist")
    driver.propose(recommendation, user=author, wording=stages.wording("Eins mit Kosten"))
    driver.adopt(recommendation, user=world.fresh("planning_head"))
    following = meeting_schedule(
        cycle,
        body=cycle.steering_group,
        held_on=timezone.localdate() + datetime.timedelta(days=7),
        place="",
        participants=[cycle.planning_unit],
        user=planner,
    )
    internal = text_of(pdf_of(planner, following, is_internal=True))
    assert "Kosten fehlen" in internal
    assert "mit Kosten" in internal
    papers = meeting_folder.collect(planner, following, is_internal=True).items
    mine = next(row for row in papers if row.line.recommendation == recommendation)
    assert [str(change.label) for change in mine.since.changes]
    public = meeting_folder.collect(planner, following, is_internal=False).items
    assert not any(row.since for row in public)
