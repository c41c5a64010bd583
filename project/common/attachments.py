"""Files people attach: judged by name, size and first bytes, stored as they are and opened by nobody here."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import file_size_de
from project.common.importing import MAX_ZIP_ENTRIES, PROGRAMS, is_zip_bomb

_PDF, _ZIP, _PNG, _JPEG = b"%PDF-", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
#: Ending -> first bytes of such a file.
_STARTS: Final[Mapping[str, bytes]] = {
    ".pdf": _PDF,
    ".docx": _ZIP,
    ".xlsx": _ZIP,
    ".odt": _ZIP,
    ".ods": _ZIP,
    ".png": _PNG,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
}
#: Ending -> part that an archive of that kind has.
_PARTS: Final[Mapping[str, str]] = {
    ".docx": "word/document.xml",
    ".xlsx": "xl/workbook.xml",
    ".odt": "content.xml",
    ".ods": "content.xml",
}
#: Macros in office files, by how a name of a part begins (lower case).
_MACROS: Final = ("word/vba", "xl/vba", "basic/", "scripts/")
#: What the browser's file dialog offers.
ACCEPT: Final = ",".join(_STARTS)
MAX_NAME: Final = 200

_REFUSALS: Final[Mapping[str, str | Promise]] = {
    "file_empty": _("“%(name)s” is empty. Please choose the file with the content."),
    "file_too_large": _("“%(name)s” is larger than %(limit)s. Please make it smaller or split it."),
    "file_kind": _(
        "“%(name)s”: files of this kind are not taken. Please save it as PDF, Word (.docx), Excel (.xlsx), "
        "OpenDocument (.odt, .ods), PNG or JPEG."
    ),
    "file_program": _("“%(name)s” is a program, whatever its name says. It has not been stored."),
    "file_not_what_it_says": _(
        "“%(name)s” is not what its ending says, or it is damaged. "
        "Please open it in its program and save it again."
    ),
    "file_bomb": _(
        "“%(name)s” would be far larger unpacked than a document is. It has not been stored. "
        "Please save it as PDF."
    ),
    "file_macros": _("“%(name)s” contains macros. Please save it without macros, or as PDF."),
}


class AttachmentRefused(DomainError):  # noqa: N818  a refusal is what the caller shows
    """A file that is not taken, with the reason and what to do."""

    def __init__(self, code: str, name: str, *, limit: int = 0) -> None:
        words = {"name": name, "limit": file_size_de(limit)}
        super().__init__(code, str(_REFUSALS[code]) % words)


@dataclass(frozen=True)
class Upload:
    """A file as it came in: its name and its bytes, one more than allowed at most."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Attachment:
    """A file that is taken, as it is stored."""

    name: str
    content: bytes
    sha256: str

    @property
    def stored_name(self) -> str:
        """Stored under its hash: what somebody typed names no file here, and may be too long for a folder."""
        return f"{self.sha256[:16]}{PurePath(self.name).suffix.lower()}"

    @property
    def columns(self) -> dict[str, Any]:
        """What a row keeps of it beside the file."""
        return {"file_name": self.name, "size": len(self.content), "sha256": self.sha256}

    def put_to(self, row: Any) -> None:
        """Store the file of an unsaved row that has the columns, then the row; no file stays without one."""
        row.file.save(self.stored_name, ContentFile(self.content), save=False)
        try:
            row.save()
        except BaseException:
            row.file.storage.delete(row.file.name)
            raise


def take_attachment(content: bytes, name: str, *, max_bytes: int) -> Attachment:
    """Judge a file (arguments and errors: ``check_attachment``) and make it ready to be stored."""
    kept = check_attachment(content, name, max_bytes=max_bytes)
    return Attachment(kept, content, hashlib.sha256(content).hexdigest())


def read_attachment(upload: UploadedFile, *, max_bytes: int) -> Attachment:
    """The same for an upload, of which no more than needed is read."""
    return take_attachment(upload.read(max_bytes + 1), upload.name or "", max_bytes=max_bytes)


def attachment_response(row: Any) -> FileResponse:
    """The file of a row, always to be saved and never shown by the browser."""
    return FileResponse(
        row.file.open("rb"),
        as_attachment=True,
        filename=row.file_name,
        content_type="application/octet-stream",
        headers={"Cache-Control": "private", "X-Content-Type-Options": "nosniff"},
    )


def attachments_store(
    uploads: Iterable[Upload],
    *,
    known: Collection[str],
    make: Callable[[str, int, str], Any],
    max_bytes: int,
    most: int,
    too_many: str | Promise,
) -> list[Any]:
    """Store files beside a thing; all of them or none. The caller holds the transaction.

    Args:
        uploads: The files; one that is there already is passed over.
        known: Checksums of the files that are there.
        make: Name, size and checksum -> unsaved row with a file field ``file``.
        max_bytes: Largest size of a file in bytes.
        most: How many files the thing may have.
        too_many: What to say when it would have more; may contain ``%(count)s``.

    Returns:
        The new rows, saved.

    Raises:
        DomainError: ``too_many_files``, and those of ``check_attachment``.
    """
    checked = [take_attachment(row.content, row.name, max_bytes=max_bytes) for row in uploads]
    seen, rows = set(known), []
    try:
        for taken in checked:
            if taken.sha256 in seen:
                continue
            seen.add(taken.sha256)
            if len(seen) > most:
                raise DomainError("too_many_files", str(too_many) % {"count": most})
            row = make(taken.name, len(taken.content), taken.sha256)
            taken.put_to(row)
            rows.append(row)
    except BaseException:
        # The rows are rolled back; what was stored for them would stay for ever.
        for row in rows:
            row.file.storage.delete(row.file.name)
        raise
    return rows


def check_attachment(content: bytes, name: str, *, max_bytes: int) -> str:
    """Judge a file by name, size and content, without opening it.

    Args:
        content: Its bytes; pass at most ``max_bytes + 1`` of an upload.
        name: As the person's computer calls it.
        max_bytes: Largest size in bytes.

    Returns:
        The name to keep: without folders, no longer than ``MAX_NAME``, its ending in place.

    Raises:
        AttachmentRefused: ``file_empty``, ``file_too_large``, ``file_kind``, ``file_program``,
            ``file_not_what_it_says``, ``file_bomb``, ``file_macros``.
    """
    name = _plain_name(name)
    ending = PurePath(name).suffix.lower()
    if not content.strip(b" \t\r\n\x00"):
        raise AttachmentRefused("file_empty", name)
    if len(content) > max_bytes:
        raise AttachmentRefused("file_too_large", name, limit=max_bytes)
    if content.startswith(PROGRAMS):
        raise AttachmentRefused("file_program", name)
    start = _STARTS.get(ending)
    if start is None:
        raise AttachmentRefused("file_kind", name)
    if not content.startswith(start):
        raise AttachmentRefused("file_not_what_it_says", name)
    if start == _ZIP:
        _check_parts(content, name, _PARTS[ending])
    return name


def _plain_name(name: str) -> str:
    """Name without folders and control signs; a long one loses letters before its ending."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(sign for sign in last if sign.isprintable()).strip() or "?"
    ending = PurePath(plain).suffix[:10]
    return plain if len(plain) <= MAX_NAME else plain[: MAX_NAME - len(ending)] + ending


def _check_parts(content: bytes, name: str, needed: str) -> None:
    """Look at the directory of the archive only; nothing is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise AttachmentRefused("file_not_what_it_says", name) from error
    parts = [entry.filename for entry in entries]
    if is_zip_bomb(entries, len(content)):
        raise AttachmentRefused("file_bomb", name)
    if needed not in parts or len(parts) > MAX_ZIP_ENTRIES:
        raise AttachmentRefused("file_not_what_it_says", name)
    if any(part.lower().startswith(_MACROS) for part in parts):
        raise AttachmentRefused("file_macros", name)
