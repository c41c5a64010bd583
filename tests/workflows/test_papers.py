"""Issued papers: kept as they are, read by whom they concern, compared sign for sign."""

from __future__ import annotations

import hashlib

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from project.common.errors import DomainError
from project.common.formats import file_size_de, grouped
from project.common.pdf import blocks
from stakeholders.models import LogEntry
from workflows.demo import driver
from workflows.models import Decision, DecisionResult, IssuedPaper, PaperKind
from workflows.reports.seal import content_hash, seal
from workflows.selectors.papers import Finding
from workflows.services.papers import _store, paper_issue

ADDRESS = "https://example.org/papers/verify/"


def paper(text: str = "Beschlossen.") -> blocks.Paper:
    content = (blocks.Heading("Papier", 1), blocks.Paragraph(text))
    return blocks.Paper(title="Papier", language="de", author="Sozialplanung", blocks=content)


@pytest.fixture
def scene(stages, chair, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    cycle, meeting = stages.in_steering_group()
    driver.decide(cycle.recommendations.get(), meeting, DecisionResult.APPROVED, user=chair)
    cycle.refresh_from_db()
    return cycle, meeting, Decision.objects.get()


def issue(cycle, user, text="Beschlossen.", **kwargs):
    sealed = seal(paper(text), address=ADDRESS)
    fields = {"kind": PaperKind.MINUTES, "title": "Niederschrift", "reference": "1/2026"} | kwargs
    return paper_issue(data=sealed.data, content_hash=sealed.content_hash, cycle=cycle, user=user, **fields)


def data_of(row: IssuedPaper) -> bytes:
    with row.file.open("rb") as file:
        return bytes(file.read())


# --- issuing ---------------------------------------------------------------------------------------


def test_a_paper_is_kept_byte_for_byte_and_logged(scene, planner):
    cycle, meeting, _decision = scene

    row = issue(cycle, planner, meeting=meeting)

    assert hashlib.sha256(data_of(row)).hexdigest() == row.sha256
    assert row.page_count == 1
    assert (row.issued_by, row.reference) == (planner, "1/2026")
    assert LogEntry.objects.filter(action="paper.issued").latest("pk").data["sha256"] == row.sha256


def test_the_same_bytes_twice_give_the_same_row(scene, planner):
    cycle, meeting, _decision = scene

    first, second = issue(cycle, planner, meeting=meeting), issue(cycle, planner, meeting=meeting)

    assert first == second
    assert IssuedPaper.objects.filter(meeting=meeting, kind=PaperKind.MINUTES).count() == 1


def test_the_check_sum_of_the_content_is_printed_and_in_the_properties():
    first, again = seal(paper(), address=ADDRESS), seal(paper(), address=ADDRESS)

    assert first == again
    assert first.content_hash == content_hash(paper())
    assert first.content_hash.encode() in first.data
    assert content_hash(paper("Beschlossen!")) != first.content_hash


def test_only_pdf_files_are_issued(scene, planner):
    cycle, _meeting, _decision = scene

    with pytest.raises(DomainError) as error:
        paper_issue(kind=PaperKind.MINUTES, title="T", data=b"PK", user=planner, cycle=cycle)

    assert error.value.code == "not_a_pdf"


def test_a_paper_is_never_changed_and_corrected_once_by_another(scene, planner):
    cycle, meeting, _decision = scene
    first = issue(cycle, planner, meeting=meeting)

    with pytest.raises(TypeError):
        first.save()
    with pytest.raises(TypeError):
        IssuedPaper.objects.filter(pk=first.pk).delete()
    second = issue(cycle, planner, "Berichtigt.", meeting=meeting, replaces=first)
    with pytest.raises(DomainError) as error:
        issue(cycle, planner, "Noch einmal.", meeting=meeting, replaces=first)

    assert first.replaced_by == second
    assert error.value.code == "replaced_already"


def test_the_database_keeps_its_own_rules(scene, planner):
    cycle, _meeting, _decision = scene
    fields = {"cycle": cycle, "issued_by": planner, "page_count": 1, "title": "T", "file": "x.pdf"}

    for wrong in (
        {"kind": PaperKind.EXTRACT, "sha256": "a" * 64},
        {"kind": PaperKind.MINUTES, "sha256": "Z" * 64},
        {"kind": PaperKind.MINUTES, "sha256": "b" * 64, "page_count": 0},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            IssuedPaper.objects.create(**(fields | wrong))


# --- who reads it ----------------------------------------------------------------------------------


def status(client_as, user, name, row):
    return client_as(user).get(reverse(name, args=[row.pk])).status_code


@pytest.mark.parametrize("name", ["workflows:paper-detail", "workflows:paper-file"])
def test_a_paper_is_read_like_what_it_belongs_to(
    name, scene, planner, chair, association_head, funder_reader, client_as, world
):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting)

    for user in (planner, chair, association_head):
        assert status(client_as, user, name, row) == 200
    assert status(client_as, funder_reader, name, row) == 404


def test_an_internal_paper_is_for_the_body_and_planning(
    scene, planner, chair, association_head, client_as, world
):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting, is_internal=True, kind=PaperKind.MINUTES)

    for user in (planner, chair, association_head):
        assert status(client_as, user, "workflows:paper-file", row) == 200
    # The health office sees the meeting and has no seat in its body.
    assert status(client_as, world.fresh("health_head"), "workflows:meeting-detail", meeting) == 200
    assert status(client_as, world.fresh("health_head"), "workflows:paper-file", row) == 404


def test_who_received_a_paper_reads_it_without_seeing_the_cycle(
    scene, planner, funder_reader, client_as, world
):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting, recipients=[world.funder, world.funder])

    assert row.recipients.get().organisation == world.funder
    assert status(client_as, funder_reader, "workflows:paper-detail", row) == 200
    assert status(client_as, funder_reader, "workflows:paper-file", row) == 200


def test_the_file_is_saved_and_never_shown(scene, planner, client_as):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting)

    answer = client_as(planner).get(reverse("workflows:paper-file", args=[row.pk]))

    assert answer.content == data_of(row)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_a_killed_process_left_half_written_is_written_anew(scene, planner):
    cycle, meeting, _decision = scene
    name = issue(cycle, planner, meeting=meeting).file.name
    data = default_storage.open(name).read()
    with transaction.atomic():
        # As if the transaction had never ended.
        default_storage.delete(name)
        default_storage.save(name, ContentFile(data[: len(data) // 2]))
    assert _store(data, hashlib.sha256(data).hexdigest()) == name
    assert default_storage.open(name).read() == data


def test_a_damaged_file_is_not_handed_out(scene, planner, client_as, caplog):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting)
    data = data_of(row)
    default_storage.delete(row.file.name)
    default_storage.save(row.file.name, ContentFile(data[:-1]))
    page = reverse("workflows:paper-file", args=[row.pk])

    answer = client_as(planner).get(page)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (500, "text/html")
    assert "not what was issued" in caplog.text
    default_storage.delete(row.file.name)
    assert client_as(planner).get(page).status_code == 500


# --- comparing -------------------------------------------------------------------------------------


def verify(client, data: bytes | None = None, checksum: str = "", name: str = "papier.pdf"):
    fields = {"checksum": checksum}
    if data is not None:
        fields["file"] = SimpleUploadedFile(name, data)
    with translation.override("en"):
        return client.post(reverse("workflows:paper-verify"), fields)


def test_an_unchanged_file_is_told_from_one_with_a_changed_byte(scene, planner, funder_reader, client_as):
    cycle, meeting, _decision = scene
    data = data_of(issue(cycle, planner, meeting=meeting))
    client = client_as(funder_reader)

    same = verify(client, data)
    changed = bytearray(data)
    changed[-10] ^= 1
    other = verify(client, bytes(changed))

    assert (same.status_code, same.context["found"].finding) == (200, "unchanged")
    assert (other.status_code, other.context["found"].finding) == (200, "changed")
    # Kind, number and day are for whoever holds the paper; neither title nor address of its page.
    assert b"1/2026" in same.content
    assert b"Niederschrift<" not in same.content
    assert same.context["sees_paper"] is False


def test_a_file_never_issued_is_unknown(scene, planner, client_as):
    answer = verify(client_as(planner), seal(paper("Erfunden."), address=ADDRESS).data)

    assert answer.context["found"].finding == "unknown"


def test_a_printed_check_sum_names_the_paper(scene, planner, client_as):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting)
    client = client_as(planner)

    for typed in (row.printed_hash, grouped(row.sha256)[:19].upper(), row.content_hash[:16]):
        answer = verify(client, checksum=typed)
        assert answer.context["found"].finding == "known"
        assert answer.context["paper"] == row
    assert verify(client, checksum="0" * 16).context["found"].finding == "unknown"


def test_a_corrected_paper_says_so(scene, planner, client_as):
    cycle, meeting, _decision = scene
    first = issue(cycle, planner, meeting=meeting)
    second = issue(cycle, planner, "Berichtigt.", meeting=meeting, replaces=first)

    answer = verify(client_as(planner), data_of(first))

    assert answer.context["found"].finding == "unchanged"
    assert answer.context["corrected_by"] == second


@pytest.mark.parametrize(
    ("data", "checksum", "code", "field"),
    [
        (b"", "", "empty", "file"),
        (b"PK\x03\x04 no pdf", "", "not_a_pdf", "file"),
        (b"%PDF-" + b"x" * 2000, "", "too_large", "file"),
        (None, "", "nothing", "__all__"),
        (None, "abc", "no_checksum", "checksum"),
        (None, "z" * 20, "no_checksum", "checksum"),
        (None, "a" * 65, "no_checksum", "checksum"),
        (b"%PDF-1.4", "a" * 16, "both", "__all__"),
    ],
)
def test_wrong_input_is_told_plainly(data, checksum, code, field, planner, client_as, settings):
    settings.IMPORT_MAX_BYTES = 1000

    answer = verify(client_as(planner), data, checksum)

    assert answer.status_code == 422
    errors = answer.context["form"].errors.as_data()
    assert [error.code for error in errors[field]] == [code]


def test_the_limit_is_that_of_all_uploads():
    assert settings.IMPORT_MAX_BYTES == 20_000_000


def test_who_is_not_signed_in_compares_and_learns_kind_number_and_day(scene, planner, client):
    cycle, meeting, _decision = scene
    row = issue(cycle, planner, meeting=meeting)

    shown = verify(client, data_of(row))

    assert (shown.status_code, shown.context["found"].finding) == (200, Finding.UNCHANGED)
    assert "no-store" in shown.headers["Cache-Control"]
    text = shown.content.decode()
    assert row.label in text
    assert reverse("workflows:paper-detail", args=[row.pk]) not in text
    assert str(cycle.title) not in text
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("workflows:paper-verify"), {"checksum": row.sha256}).status_code == 403


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("own", "Unverändert:"),
        ("tampered", "Verändert:"),
        ("of another house", "Unbekannt:"),
        ("not a pdf", "Das ist kein PDF"),
        ("huge", file_size_de(200_000)),
    ],
)
def test_whoever_compares_reads_plainly_what_became_of_it(what, text, scene, planner, client, settings):
    cycle, meeting, _decision = scene
    own = data_of(issue(cycle, planner, meeting=meeting))
    files = {
        "own": own,
        "tampered": own[:-10] + b"\x00" + own[-9:],
        "of another house": seal(
            paper("Andernorts."), address="https://anderswo.example/papers/verify/"
        ).data,
        "not a pdf": b"PK\x03\x04 no pdf",
        "huge": b"%PDF-" + b"x" * 300_000,
    }
    settings.IMPORT_MAX_BYTES = 200_000
    rows = IssuedPaper.objects.count()

    upload = SimpleUploadedFile("papier.pdf", files[what])
    answer = client.post(reverse("workflows:paper-verify"), {"file": upload})

    assert text in answer.content.decode()
    assert IssuedPaper.objects.count() == rows


def test_the_paper_with_the_internal_part_is_told_from_the_public_one() -> None:
    public = IssuedPaper(kind=PaperKind.MINUTES, reference="26.11.2026")
    internal = IssuedPaper(kind=PaperKind.MINUTES, reference="26.11.2026", is_internal=True)
    assert internal.label.startswith(public.label)
    assert internal.label != public.label
