"""Files people attach: what is taken, what is refused, and that a refusal says what to do."""

import io
import zipfile

import pytest

from project.common.attachments import AttachmentRefused, check_attachment

PDF, PNG, JPEG = b"%PDF-1.7 paper", b"\x89PNG\r\n\x1a\n picture", b"\xff\xd8\xff\xe0 photo"
LIMIT = 100_000


def bomb(part: str) -> bytes:
    """An office file of some kilobytes that unpacks to 12 million bytes of nothing."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(part, b"\0" * 12_000_000)
    return stored.getvalue()


def archive(*parts: str) -> bytes:
    """An office file with some parts."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as file:
        for part in parts:
            file.writestr(part, "x")
    return stored.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bericht.pdf", PDF),
        ("BERICHT.PDF", PDF),
        ("foto.png", PNG),
        ("foto.jpg", JPEG),
        ("foto.jpeg", JPEG),
        ("text.docx", archive("[Content_Types].xml", "word/document.xml")),
        ("zahlen.xlsx", archive("[Content_Types].xml", "xl/workbook.xml")),
        ("text.odt", archive("mimetype", "content.xml")),
        ("zahlen.ods", archive("mimetype", "content.xml")),
    ],
)
def test_what_is_taken(name: str, content: bytes) -> None:
    assert check_attachment(content, name, max_bytes=LIMIT) == name


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("leer.pdf", b"", "file_empty"),
        ("leer.pdf", b"\x00\x00 \n", "file_empty"),
        ("gross.pdf", PDF + b"x" * LIMIT, "file_too_large"),
        ("tabelle.csv", b"a;b", "file_kind"),
        ("makros.docm", archive("word/document.xml"), "file_kind"),
        ("seite.svg", b"<svg onload='x'/>", "file_kind"),
        ("ohne", PDF, "file_kind"),
        ("rechnung.pdf", b"MZ\x90\x00 program", "file_program"),
        ("rechnung.pdf", b"\x7fELF program", "file_program"),
        ("foto.jpg", b"#!/bin/sh\nrm", "file_program"),
        ("setup.exe", b"MZ\x90\x00", "file_program"),
        ("bericht.pdf", PNG, "file_not_what_it_says"),
        ("foto.png", PDF, "file_not_what_it_says"),
        ("text.docx", PDF, "file_not_what_it_says"),
        ("text.docx", archive("xl/workbook.xml"), "file_not_what_it_says"),
        ("text.docx", b"PK\x03\x04 broken", "file_not_what_it_says"),
        ("bombe.docx", bomb("word/document.xml"), "file_bomb"),
        ("bombe.xlsx", bomb("xl/workbook.xml"), "file_bomb"),
        ("bombe.zip", bomb("a"), "file_kind"),
        ("text.docx", archive("word/document.xml", "word/vbaProject.bin"), "file_macros"),
        ("zahlen.ods", archive("content.xml", "Basic/Standard/Module1.xml"), "file_macros"),
    ],
)
def test_what_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(AttachmentRefused) as refused:
        check_attachment(content, name, max_bytes=LIMIT)
    assert refused.value.code == code
    assert name in str(refused.value.message)


def test_names_lose_folders_and_control_signs_and_keep_their_ending() -> None:
    assert check_attachment(PDF, "C:\\Daten\\a/b.pdf", max_bytes=LIMIT) == "b.pdf"
    assert check_attachment(PDF, "a\r\nb.pdf", max_bytes=LIMIT) == "ab.pdf"
    long = check_attachment(PDF, "x" * 300 + ".pdf", max_bytes=LIMIT)
    assert len(long) == 200
    assert long.endswith(".pdf")
