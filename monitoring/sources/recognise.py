"""Recognises the form of a source and reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from monitoring.sources.duplicates import without_duplicates
from monitoring.sources.ffcsv import is_ffcsv, read_ffcsv
from monitoring.sources.genesis_table import is_genesis_table, read_genesis_table
from monitoring.sources.headings import Layout
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
        file: Its rows, for whoever has to look at them.
    """

    form: SourceForm
    encoding: str
    problems: Problems
    readings: Iterator[Reading]
    file: RowFile


_Reader = Callable[[RowFile, Problems], Iterator[Reading]]
_READERS: Final[dict[SourceForm, _Reader]] = {
    SourceForm.FFCSV: read_ffcsv,
    SourceForm.GENESIS_TABLE: read_genesis_table,
    SourceForm.PLAIN: read_plain,
}


def form_of(file: RowFile) -> SourceForm:
    """Recognise the form of a file.

    Raises:
        SourceError: It is empty.
    """
    first = next((row for row in file.head if any(row.cells)), None)
    if first is None:
        raise SourceError("empty")
    if is_genesis_table(first):
        return SourceForm.GENESIS_TABLE
    return SourceForm.FFCSV if is_ffcsv(first.cells) else SourceForm.PLAIN


def read_source(path: Path, layout: Layout | None = None) -> Source:
    """Recognise a file and begin to read it.

    Args:
        path: CSV, text or .xlsx.
        layout: What the columns of an office's own table are, where its headings do not tell.

    Returns:
        The source; its readings are streamed, its problems fill while they are taken.

    Raises:
        SourceError: The file is none that can be read; also while readings are taken.
    """
    return source_of(open_rows(path), layout)


def source_of(file: RowFile, layout: Layout | None = None) -> Source:
    """Like ``read_source``, of a file that has been opened."""
    form = form_of(file)
    problems = Problems(sheet=file.sheet)
    if file.other_sheets:
        names = ", ".join(file.other_sheets)
        problems.notes.append(Note("other_sheets", {"sheet": file.sheet, "names": names}))
    reader = _READERS[form]
    if form is SourceForm.PLAIN and layout is not None:
        reader = partial(read_plain, layout=layout)
    return Source(form, file.encoding, problems, _readings(file, reader, problems), file)


def _readings(file: RowFile, reader: _Reader, problems: Problems) -> Iterator[Reading]:
    count = 0
    for reading in without_duplicates(
        reader(file, problems), lambda: reader(file, Problems(sheet=file.sheet)), problems
    ):
        count += 1
        yield reading
    if not count and not problems.count:
        raise SourceError("headings_only")
