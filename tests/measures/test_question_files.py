"""Files beside questions and answers: judged by content, size and name; all of them or none."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from measures.models import ProjectReport, ProjectReportState, ReportStepFile
from measures.services.project_report_steps import MOST_FILES, report_answer, report_decide
from project.common.attachments import Upload
from project.common.errors import DomainError
from tests.factories import World
from tests.report_drafts import PDF, begun, granted, moved

pytestmark = pytest.mark.django_db
LIMIT = 100_000


@pytest.fixture
def report(world: World) -> ProjectReport:
    return moved(begun(granted(world)), ProjectReportState.WITH_FUNDER)


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    storages = {**settings.STORAGES}
    storages["default"] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    settings.STORAGES, settings.MEDIA_ROOT = storages, tmp_path
    settings.IMPORT_MAX_BYTES = LIMIT
    return tmp_path


def stored(media: Path) -> list[str]:
    return sorted(str(path.relative_to(media)) for path in media.rglob("*") if path.is_file())


def document(part: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", b"<w/>")
        archive.writestr(part, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("frage.exe", b"MZ\x90", "file_program"),
        ("frage.pdf", b"MZ\x90", "file_program"),
        ("frage.pdf", b"\x7fELF", "file_program"),
        ("frage.html", b"<script>alert(1)</script>", "file_kind"),
        ("frage.svg", b"<svg onload='alert(1)'/>", "file_kind"),
        ("frage.pdf.html", PDF, "file_kind"),
        ("frage", PDF, "file_kind"),
        ("frage.pdf", b"<html>", "file_not_what_it_says"),
        ("frage.png", PDF, "file_not_what_it_says"),
        ("frage.docx", b"PK\x03\x04", "file_not_what_it_says"),
        ("frage.docx", document("word/vbaProject.bin"), "file_macros"),
        ("frage.pdf", b"", "file_empty"),
        ("frage.pdf", PDF + b"x" * LIMIT, "file_too_large"),
    ],
)
def test_a_file_that_is_not_taken_leaves_neither_question_nor_file(
    report: ProjectReport, world: World, media: Path, name: str, content: bytes, code: str
) -> None:
    files = [Upload("gut.pdf", PDF), Upload(name, content)]
    with pytest.raises(DomainError) as error:
        report_decide(report, outcome="ask", text="Wofür?", files=files, user=world.fresh("funder_reader"))
    assert error.value.code == code
    assert not report.steps.exists()
    assert ProjectReport.objects.get(pk=report.pk).state == ProjectReportState.WITH_FUNDER
    assert stored(media) == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Eigene Dateien\\Frage.pdf", "Frage.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("f" * 300 + ".pdf", "f" * 196 + ".pdf"),
    ],
)
def test_no_name_leads_out_of_the_folder(
    report: ProjectReport, world: World, media: Path, name: str, kept: str
) -> None:
    files = [Upload(name, PDF)]
    report_decide(report, outcome="ask", text="Wofür?", files=files, user=world.fresh("funder_reader"))
    row = ReportStepFile.objects.get()
    assert row.file_name == kept
    (path,) = stored(media)
    assert path.startswith("questions/")
    assert Path(path).name == f"{row.sha256[:16]}.pdf"


def test_answers_take_as_many_files_as_questions_and_no_more(
    report: ProjectReport, world: World, media: Path
) -> None:
    report = moved(report, ProjectReportState.ASKED)
    files = [Upload(f"{number}.pdf", PDF + bytes([number])) for number in range(1, MOST_FILES + 2)]
    with pytest.raises(DomainError) as error:
        report_answer(report, text="So.", files=files, user=world.fresh("provider_head"))
    assert error.value.code == "too_many_files"
    assert stored(media) == []
    report_answer(report, text="So.", files=files[:-1], user=world.fresh("provider_head"))
    assert len(stored(media)) == MOST_FILES
