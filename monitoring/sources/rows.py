"""Files as rows of texts: CSV as a stream, however long; Excel through the limited child."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from monitoring.sources.reading import SourceError
from monitoring.sources.words import REFUSED
from project.common.importing import (
    DEFAULT_MAX_BYTES,
    CellKind,
    ImportRefused,
    Table,
    column_letters,
    read_table,
)

_CHUNK: Final = 1 << 20
NO_PATH: Final = Path()
_HEAD_LINES: Final = 40
#: Rows handled at a time by columns: fewer than Python makes before it looks for garbage (700), which longer
#: chunks set off so often that reading takes four times as long.
_ROWS: Final = 500
_LINE_END: Final = re.compile("\r\n|\r|\n")
_DELIMITERS: Final = ";\t,"
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REFUSED: Final = {
    b"%PDF": "pdf",
    b"\xd0\xcf\x11\xe0": "old_excel",
}
#: Excel's own hint at the delimiter, as the first line.
_HINT: Final = re.compile(r"sep=([;,\t])\s*")
#: What no text holds, and what UTF-8 read as Windows-1252 and stored again makes of umlauts.
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BROKEN: Final = re.compile("Ã[\u0080-\u00bf„–œŸ¶¼¤]|\ufffd")


class Row(NamedTuple):
    """A row with its place in the file.

    Attributes:
        number: Line where it begins, or row of the sheet, from 1.
        cells: Texts without blanks around them; numbers of Excel with decimal point.
        exact: Columns, from 0, whose number needs no reading: Excel holds it as a number.
        formulas: Columns, from 0, that hold a formula of Excel.
    """

    number: int
    cells: list[str]
    exact: frozenset[int] = frozenset()
    formulas: tuple[int, ...] = ()

    def cell(self, place: int) -> str:
        """Text of a column, from 0; "" where the row is shorter or the column is none (-1)."""
        return self.cells[place] if 0 <= place < len(self.cells) else ""


class Chunk(NamedTuple):
    """Rows of a CSV, blanks around the cells included.

    Attributes:
        numbers: Line where each begins, from 1.
        rows: Their cells.
    """

    numbers: Sequence[int]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file that can be read as rows, more than once.

    Attributes:
        path: The file.
        encoding: Of a CSV; "" for a workbook.
        delimiter: Of a CSV; "" for a workbook.
        skipped: Lines before the first row: the hint of Excel at the delimiter.
        sheet: Sheet of a workbook; "" for a CSV.
        other_sheets: Sheets with entries that are not read.
        head: The first rows.
        table: All rows of a workbook; empty for a CSV.
    """

    path: Path
    encoding: str
    delimiter: str
    skipped: int
    sheet: str
    other_sheets: tuple[str, ...]
    head: list[Row]
    table: list[Row]

    @property
    def is_excel(self) -> bool:
        """Whether it is a workbook."""
        return bool(self.sheet)

    def rows(self) -> Iterator[Row]:
        """All rows, empty ones included.

        Raises:
            SourceError: A quotation mark is not closed.
        """
        if self.is_excel:
            yield from self.table
            return
        yield from _csv_rows(self.path, self.encoding, self.delimiter, self.skipped)

    def chunks(self) -> Iterator[Chunk]:
        """All rows of a CSV, many at a time and as they stand there; none of a workbook.

        Raises:
            SourceError: A quotation mark is not closed.
        """
        if not self.is_excel:
            yield from _csv_chunks(self.path, self.encoding, self.delimiter, self.skipped)

    def column(self, place: int) -> str:
        """How messages call a column without heading, from 0."""
        return column_letters(place + 1) if self.is_excel else str(place + 1)


def open_rows(path: Path) -> RowFile:
    """Look at a file and find out how to read it.

    Args:
        path: CSV, text or .xlsx.

    Raises:
        SourceError: The file is missing, empty, of another kind, damaged or in no known encoding.
    """
    try:
        with path.open("rb") as file:
            start = file.read(_CHUNK)
    except OSError as error:
        raise SourceError("unreadable", reason=error.strerror) from error
    if not start.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe;,"):
        raise SourceError("empty")
    for magic, code in _REFUSED.items():
        if start.startswith(magic):
            raise SourceError(code)
    if start.startswith(b"PK\x03\x04") or path.suffix.lower() == ".xlsx":
        return _open_workbook(path)
    encoding = _encoding(path, start)
    lines = start.decode(encoding, errors="ignore").splitlines()
    hint = _HINT.fullmatch(lines[0]) if lines else None
    delimiter = hint[1] if hint else _delimiter(lines)
    skipped = 1 if hint else 0
    head: list[Row] = []
    try:
        head.extend(itertools.islice(_csv_rows(path, encoding, delimiter, skipped), _HEAD_LINES))
    except SourceError:
        # What is wrong may stand in a footer that is never read; whoever reads that far is told again.
        if not head:
            raise
    return RowFile(path, encoding, delimiter, skipped, "", (), head, [])


def _open_workbook(path: Path) -> RowFile:
    # One byte more than the limit is enough to see that a file is beyond it.
    with path.open("rb") as file:
        content = file.read(DEFAULT_MAX_BYTES + 1)
    try:
        found = read_table(content, path.name)
    except ImportRefused as refused:
        raise SourceError(f"{REFUSED}{refused.code}", **refused.params) from refused
    return table_rows(found, path)


def table_rows(found: Table, path: Path = NO_PATH) -> RowFile:
    """A workbook that has been read already, as rows."""
    table = [
        Row(
            number,
            [cell.text for cell in cells],
            frozenset(place for place, cell in enumerate(cells) if cell.kind is CellKind.NUMBER),
            tuple(place for place, cell in enumerate(cells) if cell.kind is CellKind.FORMULA),
        )
        for number, cells in enumerate(found.rows, start=1)
    ]
    return RowFile(path, "", "", 0, found.sheet or "1", found.other_sheets, table[:_HEAD_LINES], table)


def _encoding(path: Path, start: bytes) -> str:
    """UTF-8 if the whole file is, else the Windows encoding of German offices; never a wrong letter."""
    marked = next((encoding for mark, encoding in _BOMS if start.startswith(mark)), "")
    if not marked and b"\x00" in start:
        raise SourceError("not_text")
    if marked:
        _check_text(path, marked)
        return marked
    try:
        _check_text(path, "utf-8")
    except UnicodeDecodeError:
        _check_text(path, "cp1252")
        return "cp1252"
    return "utf-8"


def _check_text(path: Path, encoding: str) -> None:
    """Decode a file once, without keeping it.

    Raises:
        UnicodeDecodeError: It is not UTF-8; only asked for that encoding.
        SourceError: It is not in the other encodings, or holds what no table of words and figures does.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line, rest = 1, ""
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = rest + decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if encoding == "utf-8":
                    raise
                line += chunk.count(b"\n", 0, max(error.start, 0))
                raise SourceError("umlauts", line=line) from error
            if _CONTROL.search(text):
                raise SourceError("not_text")
            broken = _BROKEN.search(text)
            if broken:
                raise SourceError("umlauts", line=line + text.count("\n", 0, broken.start()))
            if not chunk:
                return
            rest = text[-1:]  # the two letters of a broken umlaut may be parted
            line += text.count("\n", 0, len(text) - 1)


def _delimiter(lines: list[str]) -> str:
    """What parts the columns in most of the first lines."""
    filled = [line for line in lines if line.strip()][:_HEAD_LINES]

    def score(delimiter: str) -> tuple[int, int]:
        return sum(delimiter in line for line in filled), -_DELIMITERS.index(delimiter)

    return max(_DELIMITERS, key=score)


def _csv_rows(path: Path, encoding: str, delimiter: str, skipped: int) -> Iterator[Row]:
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(skipped):
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        first = 1 + skipped
        try:
            for cells in reader:
                yield Row(first, [cell.strip() for cell in cells])
                first = reader.line_num + skipped + 1
        except csv.Error as error:
            raise SourceError("quotes", line=first) from error


def _csv_chunks(path: Path, encoding: str, delimiter: str, skipped: int) -> Iterator[Chunk]:
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(skipped):
            file.readline()
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        first = 1 + skipped
        broken: csv.Error | None = None
        while broken is None:
            rows: list[list[str]] = []
            try:
                rows.extend(itertools.islice(reader, _ROWS))
            except csv.Error as error:
                broken = error  # the rows before it are in the list
            if not rows:
                break
            if reader.line_num + skipped + 1 == first + len(rows) and broken is None:
                numbers: Sequence[int] = range(first, first + len(rows))
            else:
                numbers = _numbers(first, rows)
            yield Chunk(numbers, rows)
            first = numbers[-1] + _lines(rows[-1])
    if broken is not None:
        raise SourceError("quotes", line=first) from broken


def _numbers(first: int, rows: list[list[str]]) -> list[int]:
    """Lines where rows begin of which some go over several lines."""
    begins = itertools.accumulate(map(_lines, rows), initial=first)
    return list(begins)[:-1]


def _lines(cells: list[str]) -> int:
    """Lines that a row takes."""
    return 1 + sum(len(_LINE_END.findall(cell)) for cell in cells)
