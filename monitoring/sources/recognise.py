"""Recognises the form of a source and reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from monitoring.sources.duplicates import without_duplicates
from monitoring.sources.ffcsv import is_ffcsv, read_ffcsv
from monitoring.sources.genesis_table import is_genesis_table, read_genesis_table
from monitoring.sources.plain import read_plain
from monitoring.sources.reading import Note, Problems, Reading, SourceError
from monitoring.sources.rows import RowFile, open_rows


class SourceForm(StrEnum):
    """Forms that are recognised."""

    FFCSV = "ffcsv"
    GENESIS_TABLE = "genesis-table"
    PLAIN = "table"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was recognised.

    Attributes:
        form: Its form.
        encoding: Of a CSV; "" for a workbook.
        problems: What is wrong, and hints; complete once all readings are taken.
        readings: Its values, each read when it is asked for.
    """

    form: SourceForm
    encoding: str
    problems: Problems
    readings: Iterator[Reading]


_Reader = Callable[[RowFile, Problems], Iterator[Reading]]
_READERS: Final[dict[SourceForm, _Reader]] = {
    SourceForm.FFCSV: read_ffcsv,
    SourceForm.GENESIS_TABLE: read_genesis_table,
    SourceForm.PLAIN: read_plain,
}


def read_source(path: Path) -> Source:
    """Recognise a file and begin to read it.

    Args:
        path: CSV, text or .xlsx.

    Returns:
        The source; its readings are streamed, its problems fill while they are taken.

    Raises:
        SourceError: The file is none that can be read; also while readings are taken.
    """
    file = open_rows(path)
    first = next((row for row in file.head if any(row.cells)), None)
    if first is None:
        raise SourceError("empty")
    if is_genesis_table(first):
        form = SourceForm.GENESIS_TABLE
    elif is_ffcsv(first.cells):
        form = SourceForm.FFCSV
    else:
        form = SourceForm.PLAIN
    problems = Problems(sheet=file.sheet)
    if file.other_sheets:
        names = ", ".join(file.other_sheets)
        problems.notes.append(Note("other_sheets", {"sheet": file.sheet, "names": names}))
    return Source(form, file.encoding, problems, _readings(file, _READERS[form], problems))


def _readings(file: RowFile, reader: _Reader, problems: Problems) -> Iterator[Reading]:
    count = 0
    for reading in without_duplicates(
        reader(file, problems), lambda: reader(file, Problems(sheet=file.sheet)), problems
    ):
        count += 1
        yield reading
    if not count and not problems.count:
        raise SourceError("headings_only")
