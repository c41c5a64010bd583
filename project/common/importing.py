"""Reading uploaded tables safely: CSV and Excel to rows of cells, checked before anything is opened.

The parsing itself runs in a child process with limits on memory, time and processor
(``import_child.py``), so that no file can take the server with it.
"""

import datetime
import io
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path, PurePath
from typing import IO, Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import decimal_de, file_size_de

# Largest upload in bytes if the caller gives none.
DEFAULT_MAX_BYTES: Final = 20 * 1000 * 1000
# A workbook of a whole state's municipalities unpacks to some 30 MB; a bomb to gigabytes.
MAX_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MAX_ZIP_ENTRIES: Final = 2_000
# Real sheets shrink to a tenth, very empty ones to a fiftieth; bombs to a thousandth.
MAX_ZIP_RATIO: Final = 200
# Ratios say nothing about small files.
_RATIO_FROM_BYTES: Final = 5 * 1024 * 1024
# Limits of the child: address space in bytes, processor and real time in seconds.
CHILD_MEMORY_BYTES: Final = 1024 * 1024 * 1024
CHILD_CPU_SECONDS: Final = 30
CHILD_WALL_SECONDS: Final = 60
# Limits of a table.
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 500
MAX_CELLS: Final = 500_000
# All texts of a table together; 40 characters in each of its cells.
MAX_CHARACTERS: Final = 20_000_000
TABLE_LIMITS: Final = {
    "rows": MAX_ROWS,
    "columns": MAX_COLUMNS,
    "cells": MAX_CELLS,
    "characters": MAX_CHARACTERS,
}
# What the child may write: the texts in UTF-8 and some signs around each of them.
MAX_OUTPUT_BYTES: Final = 64 * 1024 * 1024

CHILD = Path(__file__).with_name("import_child.py")
_GERMAN_DAY: Final = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MIDNIGHT: Final = re.compile(r"[T ]00:00(?::00)?$")
#: First bytes of programs: Windows, Linux, macOS (three kinds), scripts.
PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
)
_ZIP, _PDF, _OLD_OFFICE = b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class CellKind(StrEnum):
    """What a cell holds; CSV files hold only texts."""

    TEXT = "t"
    NUMBER = "n"
    DATE = "d"
    FORMULA = "f"
    ERROR = "e"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it stands in the file.

    Attributes:
        text: Trimmed text; numbers with decimal point, dates as YYYY-MM-DD, formulas as written.
        row: From 1, as the spreadsheet shows it.
        column: From 1.
        kind: What Excel says it is.
    """

    text: str
    row: int
    column: int
    kind: CellKind = CellKind.TEXT

    @property
    def address(self) -> str:
        """Place as people know it from Excel, such as C7."""
        return f"{column_letters(self.column)}{self.row}"

    @property
    def number(self) -> Decimal | None:
        """The number of a number cell of Excel; texts need the rules of the importer."""
        return Decimal(self.text) if self.kind is CellKind.NUMBER else None


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of one file; rows may differ in length, empty cells have an empty text.

    Attributes:
        rows: From the first row of the sheet to the last that is not empty.
        sheet: Name of the sheet read; None for CSV.
        encoding: Encoding of a CSV file ("utf-8", "utf-16", "cp1252"); None for Excel.
        delimiter: Delimiter of a CSV file; None for Excel.
        other_sheets: Names of further visible sheets with content, which were not read.
    """

    rows: list[list[Cell]]
    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    other_sheets: tuple[str, ...] = ()


# code: sentence saying what is wrong and what to do; the names in it are keys of the params.
REFUSALS: Final[Mapping[str, str | Promise]] = {
    "empty": _("The file contains no entries. Please choose the file with your data."),
    "too_large": _(
        "The file is larger than %(limit)s. Please deliver only the table, without pictures, or split it."
    ),
    "kind": _(
        "Files of the kind “%(ending)s” cannot be read. "
        "Please save the table as an Excel workbook (.xlsx) or as CSV."
    ),
    "pdf": _(
        "This is a PDF, whatever its name says. Please deliver the table itself, as an Excel workbook or CSV."
    ),
    "program": _("This is a program, whatever its name says. It has not been read."),
    "old_or_encrypted": _(
        "This is an old Excel file (.xls) or one with a password. "
        "Please save it as an Excel workbook (.xlsx) without a password."
    ),
    "not_csv": _(
        "The name says CSV, but the content is an Excel workbook or an archive. Please deliver it as .xlsx."
    ),
    "not_excel": _(
        "The name says Excel, but the content is not. Please open the file in Excel and save it as .xlsx."
    ),
    "bomb": _(
        "Unpacked, the workbook would be far larger than a table of figures. "
        "Please copy the table into a new workbook and deliver that."
    ),
    "encrypted": _("The workbook has a password. Please save it without one."),
    "macros": _("The workbook contains macros. Please save it as an Excel workbook without macros (.xlsx)."),
    "external_links": _(
        "The workbook refers to other files. "
        "Please copy the table and paste it into a new workbook as values."
    ),
    "damaged": _(
        "The file is damaged and cannot be read. "
        "Please open it in Excel, save it again and deliver that file."
    ),
    "too_complex": _(
        "Reading the file took too much time or memory. "
        "Please deliver only the table, without formats, or split it."
    ),
    "far_cell": _(
        "The sheet “%(sheet)s” has an entry in cell %(cell)s, far outside a table "
        "(at most %(rows)s rows and %(columns)s columns). "
        "Please delete the rows and columns beyond your table."
    ),
    "too_many_cells": _("The table has more than %(cells)s cells. Please split it, for example by year."),
    "binary": _("This is not a text file. Please save the table as CSV (UTF-8) or as an Excel workbook."),
    "encoding": _(
        "The umlauts in line %(line)s cannot be read. "
        "Please save the file as “CSV UTF-8” or as an Excel workbook."
    ),
    "quotes": _(
        "A quotation mark is opened but not closed, near line %(line)s. "
        "Please correct it or deliver an Excel workbook."
    ),
}


def refusal_message(code: str, params: Mapping[str, Any]) -> str:
    """Put a refusal into words of the current language, now or whenever it is read again.

    Args:
        code: Key of ``REFUSALS``.
        params: What the sentence names, as kept by ``ImportRefused.params``.

    Raises:
        KeyError: The code or a name is unknown.
    """
    names: dict[str, Any] = {
        "rows": decimal_de(MAX_ROWS),
        "columns": decimal_de(MAX_COLUMNS),
        "cells": decimal_de(MAX_CELLS),
    } | dict(params)
    if "limit" in params:
        names["limit"] = file_size_de(params["limit"])
    return str(REFUSALS[code]) % names


class ImportRefused(DomainError):  # noqa: N818  a refusal is what the caller shows
    """The file as a whole cannot be read.

    Args:
        code: Key of ``REFUSALS``.
        params: What the sentence names (cell, size), kept with the code to tell it again.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, refusal_message(code, params))
        self.params = params


def column_letters(column: int) -> str:
    """Name a column as Excel does.

    >>> column_letters(1), column_letters(28), column_letters(16384)
    ('A', 'AB', 'XFD')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def day_of(text: str) -> datetime.date | None:
    """A day as people and programs write it into tables; None if it is none, or might be an American one.

    Midnight behind it, as Excel writes it into CSV, does not count.

    >>> day_of("31.12.2027"), day_of("2027-12-31 00:00:00"), day_of("12/31/2027"), day_of("31.02.2027")
    (datetime.date(2027, 12, 31), datetime.date(2027, 12, 31), None, None)
    """
    bare = _MIDNIGHT.sub("", text.strip())
    try:
        if german := _GERMAN_DAY.fullmatch(bare):
            return datetime.date(int(german[3]), int(german[2]), int(german[1]))
        # The standard library would take weeks (2027-W01-1) and figures without hyphens (20271231) as well.
        return datetime.date.fromisoformat(bare) if _ISO_DAY.fullmatch(bare) else None
    except ValueError:
        return None


def read_table(
    content: bytes, name: str, *, max_bytes: int = DEFAULT_MAX_BYTES, longest_text: int | None = None
) -> Table:
    """Read an uploaded CSV or Excel file.

    Args:
        content: The bytes of the file; pass at most ``max_bytes + 1`` of an upload.
        name: Its name; the ending must be .csv, .txt or .xlsx and fit the content.
        max_bytes: Largest size in bytes.
        longest_text: Characters kept of a cell; None for those of a table of figures.

    Returns:
        The cells of the file, of Excel those of the first visible sheet with content.

    Raises:
        ImportRefused: The file is empty, too large, damaged, of another kind or dangerous.
    """
    ending = PurePath(name).suffix.lower()
    _check_size(content, max_bytes)
    if _is_excel(content, ending):
        _check_archive(content)
        kind = "xlsx"
    else:
        kind = "csv"
    return _parse(content, kind, {} if longest_text is None else {"text": longest_text})


def check_workbook(content: bytes, name: str, *, max_bytes: int) -> None:
    """Look at an upload that must be an Excel workbook, before anything of it is opened.

    Raises:
        ImportRefused: It is none, or one of the dangerous ones.
    """
    _check_size(content, max_bytes)
    ending = PurePath(name).suffix.lower()
    if not _is_excel(content, ending):
        raise ImportRefused("kind", ending=ending)
    _check_archive(content)


def _check_size(content: bytes, max_bytes: int) -> None:
    if not content.strip(b" \t\r\n\x00\xef\xbb\xbf"):
        raise ImportRefused("empty")
    if len(content) > max_bytes:
        raise ImportRefused("too_large", size=len(content), limit=max_bytes)


def _is_excel(content: bytes, ending: str) -> bool:
    """Tell Excel from CSV by ending and content, which must agree."""
    if ending not in {".csv", ".txt", ".xlsx"}:
        raise ImportRefused("kind", ending=ending or "?")
    if content.startswith(_PDF):
        raise ImportRefused("pdf")
    # A table may begin with these letters, but not with a NUL among the first of them.
    if content.startswith(PROGRAMS) and (ending == ".xlsx" or b"\0" in content[:1024]):
        raise ImportRefused("program")
    if content.startswith(_OLD_OFFICE):
        raise ImportRefused("old_or_encrypted")
    is_archive = content.startswith(_ZIP)
    if is_archive and ending != ".xlsx":
        raise ImportRefused("not_csv")
    if ending == ".xlsx" and not is_archive:
        raise ImportRefused("not_excel")
    return is_archive


def _check_archive(content: bytes) -> None:
    """Look at the directory of the archive only; nothing is unpacked but the list of parts."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ImportRefused("damaged") from error
    if is_zip_bomb(entries, len(content)) or len(entries) > MAX_ZIP_ENTRIES:
        unpacked = sum(entry.file_size for entry in entries)
        raise ImportRefused("bomb", unpacked=unpacked, entries=len(entries))
    if any(entry.flag_bits & 1 for entry in entries):
        raise ImportRefused("encrypted")
    names = {entry.filename for entry in entries}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise ImportRefused("not_excel")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise ImportRefused("macros")
    if any(name.startswith("xl/externalLinks/") for name in names):
        raise ImportRefused("external_links")


def is_zip_bomb(entries: Sequence[zipfile.ZipInfo], size: int) -> bool:
    """Whether an archive of so many bytes would unpack to far more than a document or a table holds."""
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, min(size, sum(entry.compress_size for entry in entries)))
    return unpacked > MAX_UNPACKED_BYTES or (
        unpacked > _RATIO_FROM_BYTES and unpacked / packed > MAX_ZIP_RATIO
    )


def _parse(content: bytes, kind: str, limits: Mapping[str, int]) -> Table:
    """Let the child read the content and take its rows from what it wrote."""
    with output_of_child(CHILD, kind, {**TABLE_LIMITS, **limits}, content) as output:
        return _table(output)


@contextmanager
def output_of_child(child: Path, kind: str, limits: Mapping[str, int], content: bytes) -> Iterator[IO[bytes]]:
    """Run a reader in a process of its own, with limits on memory, time and output.

    Args:
        child: Our script; gets ``kind`` and all limits as JSON, and sets ``memory``, ``cpu`` and ``output``
            itself.
        kind: What it reads.
        limits: Limits of its own beside those.
        content: The file, on its standard input.

    Yields:
        What it wrote.

    Raises:
        ImportRefused: ``too_complex`` (a limit ended it), ``damaged`` (it failed).
    """
    own = {
        "memory": CHILD_MEMORY_BYTES,
        "cpu": CHILD_CPU_SECONDS,
        "output": MAX_OUTPUT_BYTES,
        **limits,
    }
    # A file instead of a pipe: it can be measured before anything of it is in the memory of the server.
    with tempfile.TemporaryFile() as output:
        try:
            done = subprocess.run(  # noqa: S603  our own file, no shell, no text of the user
                [sys.executable, "-I", "-X", "utf8", str(child), kind, json.dumps(own)],
                input=content,
                stdout=output,
                stderr=subprocess.DEVNULL,
                timeout=CHILD_WALL_SECONDS,
                check=False,
                # Nothing of the server's settings and secrets; numpy must not reserve memory for threads.
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired as error:
            raise ImportRefused("too_complex") from error
        if output.seek(0, io.SEEK_END) >= MAX_OUTPUT_BYTES:
            raise ImportRefused("too_complex")
        if done.returncode == 1:  # an error of Python that the child did not foresee
            raise ImportRefused("damaged")
        if done.returncode != 0:  # ended by a limit
            raise ImportRefused("too_complex")
        output.seek(0)
        yield output


def head_of(output: IO[bytes]) -> dict[str, Any]:
    """The first line the child wrote; its refusal is raised."""
    head: dict[str, Any] = json.loads(output.readline())
    if "refused" in head:
        raise _refusal(head["refused"], head["params"])
    return head


def _table(output: IO[bytes]) -> Table:
    """The table the child wrote: a head, then one line a row."""
    head = head_of(output)
    known: dict[str, str] = {}  # a text that stands in many cells is held once
    rows = [
        [
            Cell(known.setdefault(text, text), number, place, CellKind(code))
            for place, (text, code) in enumerate(json.loads(line), start=1)
        ]
        for number, line in enumerate(output, start=1)
    ]
    return Table(
        rows=rows,
        sheet=head["sheet"],
        encoding=head["encoding"],
        delimiter=head["delimiter"],
        other_sheets=tuple(head["other_sheets"]),
    )


def _refusal(code: str, params: dict[str, Any]) -> ImportRefused:
    """The refusal that a code of the child stands for."""
    known = "too_complex" if code == "memory" else code
    return ImportRefused(known, **params) if known in REFUSALS else ImportRefused("damaged")
