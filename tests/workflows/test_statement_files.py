"""Files that back a statement, how sure it is, and where it comes from."""

import io
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from project.common.attachments import Upload
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests.workflows.taskpages import take
from workflows.demo import driver
from workflows.flows import ContributionFlow
from workflows.models import Confidence, Position, SourceGroup, Statement, StatementFile
from workflows.services import conference
from workflows.services.statement_files import (
    MOST_FILES,
    statement_file_remove,
    statement_files_add,
)

PDF = b"%PDF-1.7 Auszaehlung"


@pytest.fixture
def cycle(stages, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return stages.in_conference()


def say(cycle, world, **kwargs):
    values = {
        "area": world.areas[0],
        "position": Position.EXPLAINS,
        "text": "Zwei Straßenzüge prägen den Wert.",
        "organisation": world.youth_office,
        "user": world.people["specialist"],
    } | kwargs
    return conference.statement_add(cycle, **values)


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


# --- how sure, and from where ----------------------------------------------------------------------


def test_the_group_is_that_of_the_organisation_unless_somebody_says_otherwise(cycle, world, specialist):
    assert say(cycle, world).source_group == SourceGroup.ADMINISTRATION
    assert say(cycle, world, organisation=world.association).source_group == SourceGroup.PROVIDERS
    heard = say(cycle, world, source_group=SourceGroup.RESIDENTS, confidence=Confidence.GUESS)
    assert (heard.source_group, heard.confidence) == ("residents", "guess")

    values = {"position": Position.AGREES, "text": "Stimmt.", "user": specialist}
    conference.statement_change(heard, **values)
    assert (heard.source_group, heard.confidence) == ("residents", "guess")
    conference.statement_change(heard, source_group="", confidence=Confidence.SURE, **values)
    assert (heard.source_group, heard.confidence) == ("administration", "sure")
    log = LogEntry.objects.filter(action="statement.changed").latest("pk")
    assert log.data["before"]["confidence"] == "guess"
    refused("invalid", say, cycle, world, confidence="certain")
    refused("invalid", say, cycle, world, source_group="secret service")


def test_the_list_is_filtered_by_group_topic_and_how_sure_and_exports_them(cycle, world, client_as, planner):
    indicator = world.indicators[0]
    say(cycle, world, text="eins", confidence=Confidence.SURE, indicator=indicator)
    say(cycle, world, text="zwei", source_group=SourceGroup.RESIDENTS)
    client, url = client_as(planner), reverse("workflows:statement-list", args=[cycle.pk])

    def texts(**query):
        return [row.text for row in client.get(url, query).context["page_obj"]]

    assert texts(confidence="sure") == ["eins"]
    assert texts(confidence="unknown") == ["zwei"]
    assert texts(source_group="residents") == ["zwei"]
    assert texts(topic=indicator.domain_id) == ["eins"]
    assert texts(topic="x", confidence="x", source_group="x") == ["eins", "zwei"]

    book = openpyxl.load_workbook(io.BytesIO(client.get(url, {"export": "xlsx"}).getvalue()))
    cells = [str(cell.value) for row in book.active.iter_rows() for cell in row if cell.value is not None]
    assert str(SourceGroup.RESIDENTS.label) in cells
    assert str(Confidence.SURE.label) in cells
    assert not any(world.people["specialist"].display_name in cell for cell in cells)


# --- files -----------------------------------------------------------------------------------------


def test_files_are_stored_once_and_no_more_than_allowed(cycle, world, specialist, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path  # others write into the common folder meanwhile
    statement = say(cycle, world, files=[Upload("a.pdf", PDF), Upload("again.pdf", PDF)])
    assert [row.file_name for row in statement.files.all()] == ["a.pdf"]

    def stored():
        return {path for path in Path(statement.files.get().file.path).parent.rglob("*") if path.is_file()}

    before = stored()
    more = [Upload(f"{number}.pdf", PDF + bytes([65 + number])) for number in range(MOST_FILES)]
    refused("too_many_files", statement_files_add, statement, more, user=specialist)
    assert statement.files.count() == 1
    assert stored() == before, "what was stored goes with the rows that are rolled back"
    statement_files_add(statement, more[:-1], user=specialist)
    assert statement.files.count() == MOST_FILES


def test_a_wrong_file_leaves_no_statement_behind(cycle, world, settings):
    refused("file_program", say, cycle, world, files=[Upload("a.pdf", PDF), Upload("b.pdf", b"MZ\x90")])
    settings.STATEMENT_FILE_MAX_BYTES = 10
    refused("file_too_large", say, cycle, world, files=[Upload("a.pdf", PDF)])
    assert not Statement.objects.exists()


def test_a_removed_file_is_gone_and_its_name_and_checksum_stay_in_the_log(
    cycle, world, specialist, django_capture_on_commit_callbacks
):
    statement = say(cycle, world, files=[Upload("a.pdf", PDF), Upload("b.pdf", PDF + b"2")])
    first, second = statement.files.all()
    storage, name = first.file.storage, first.file.name
    assert storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        statement_file_remove(first, user=specialist)
    assert not storage.exists(name)
    log = LogEntry.objects.get(action="statement.file_removed")
    assert log.data["file"] == "a.pdf"
    assert len(log.data["sha256"]) == 64

    with django_capture_on_commit_callbacks(execute=True):
        conference.statement_remove(statement, user=specialist)
    assert not storage.exists(second.file.name)
    assert LogEntry.objects.filter(action="statement.file_removed").count() == 2
    assert not StatementFile.objects.exists()


def test_after_the_conference_nothing_is_added_or_removed(cycle, world, specialist, planner):
    statement = say(cycle, world, files=[Upload("a.pdf", PDF)])
    driver.close_conference(cycle, user=planner)
    refused("conference_over", statement_files_add, statement, [Upload("b.pdf", PDF + b"2")], user=specialist)
    refused("conference_over", statement_file_remove, statement.files.get(), user=specialist)


def test_exactly_those_who_read_the_statement_get_its_file(cycle, world, client_as, planner):
    statement = say(cycle, world, files=[Upload("Zählung.pdf", PDF)])
    url = reverse("workflows:statement-file", args=[statement.files.get().pk])
    names = ("planner", "specialist", "head", "jobcenter_head", "member", "association_head", "funder_reader")

    def who():
        return [name for name in names if client_as(world.fresh(name)).get(url).status_code == 200]

    assert who() == ["planner", "specialist", "head", "jobcenter_head"]
    response = client_as(planner).get(url)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert b"".join(response.streaming_content) == PDF

    driver.close_conference(cycle, user=world.fresh("planner"))
    assert who() == list(names[:-1])


def test_the_task_takes_files_and_gives_them_back(cycle, world, client_as, specialist):
    contribution = cycle.contributions.get(organisation=world.youth_office)
    client = client_as(specialist)
    page = take(client, contribution.process, ContributionFlow.give_statements)
    entry = {
        "add": "1",
        "area": world.areas[0].pk,
        "statement-position": "explains",
        "statement-text": "Zwei Straßenzüge.",
        "statement-confidence": "sure",
        "statement-source_group": "",
    }

    wrong = entry | {"statement-evidence": SimpleUploadedFile("a.pdf", b"MZ\x90")}
    response = client.post(page, wrong)
    assert response.status_code == 422
    assert response.context["statement_form"].errors["evidence"].as_data()[0].code == "file_program"
    assert (
        client.post(page, entry | {"statement-evidence": SimpleUploadedFile("a.pdf", b"")}).status_code == 422
    )
    assert client.post(page, entry | {"statement-confidence": ""}).status_code == 422
    nothing = entry | {"statement-text": "", "statement-evidence": SimpleUploadedFile("a.pdf", PDF)}
    assert (
        client.post(page, nothing).context["statement_form"].errors["evidence"].as_data()[0].code == "again"
    )
    two = [SimpleUploadedFile("a.pdf", PDF), SimpleUploadedFile("b.pdf", PDF + b"2")]
    assert client.post(page, entry | {"statement-evidence": two}).status_code == 302
    statement = Statement.objects.get()
    assert statement.files.count() == 2
    assert b"a.pdf" in client.get(page, {"area": world.areas[0].pk}).content

    first = statement.files.first()
    foreign = say(
        cycle,
        world,
        organisation=world.jobcenter,
        user=world.people["jobcenter_head"],
        files=[Upload("c.pdf", PDF)],
    )
    gone = {"area": world.areas[0].pk, "remove_file": foreign.files.get().pk}
    assert client.post(page, gone).status_code == 404
    assert client.post(page, gone | {"remove_file": "x"}).status_code == 404
    assert client.post(page, gone | {"remove_file": first.pk}).status_code == 302
    assert statement.files.count() == 1
