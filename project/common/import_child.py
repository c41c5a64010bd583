"""Child process of ``importing``: file on standard input, rows as JSON lines on standard output.

Run by path in isolated mode, so it may import nothing of the project.
"""

import csv
import datetime
import io
import json
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, NoReturn, TextIO

# What UTF-8 read as Windows-1252 and stored again makes of umlauts, and the mark of lost letters.
_BROKEN_TEXT = re.compile("Ã[\u0080-\u00bf„–œŸ¶¼¤]|\ufffd")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_REFERENCE = re.compile(r"([A-Z]{0,3})([1-9][0-9]{0,6})$")
_DELIMITERS = ";\t,"
# Rows looked at to find the delimiter.
_SNIFF_ROWS = 20
# Characters of one cell; the longest we know is a note of some hundred. A text that many cells of a
# workbook share is written once in the file, but once for each cell in what is read from it.
_MAX_TEXT = 500
# Of a whole workbook of texts people wrote: what Excel holds in a cell.
_MAX_LONG_TEXT = 32_767
_MAX_SHEETS_NAMED = 50
# What a number format shows beside the number: quoted texts, escaped characters, blanks as wide as a
# character, fillings, and colours or conditions in brackets.
_LITERALS = re.compile(r'"[^"]*(?:"|$)|\\.|_.|\*.|\[[^\]]*\]', re.DOTALL)

# What zipfile, expat and openpyxl raise on damaged files; XML errors are SyntaxError or ValueError.
_PARSE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    EOFError,
    SyntaxError,
    TypeError,
    ValueError,
)

Limits = dict[str, int]
Raw = tuple[str, str]  # text, kind


class RefusedError(Exception):
    """Ends the reading with a code for the parent."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def main(kind: str, limits: Limits, content: bytes, out: TextIO) -> None:
    """Read the content and write a head line and one line a row, or a refusal.

    Kind is ``csv``, ``xlsx``, or ``book`` and on further lines the names of the sheets to be read.
    """
    try:
        if kind.startswith("book"):
            head, lines = _read_book(content, limits, kind.split("\n")[1:])
        else:
            head, rows = _read_csv(content, limits) if kind == "csv" else _read_xlsx(content, limits)
            lines = [json.dumps(row, ensure_ascii=False) for row in _bounded(rows, limits)]
        while lines and lines[-1] == "[]":
            lines.pop()
        if not lines:
            raise RefusedError("empty")
    except RefusedError as refused:
        head, lines = {"refused": refused.code, "params": refused.params}, []
    except (MemoryError, ImportError):  # a library that does not fit into the memory left
        head, lines = {"refused": "memory", "params": {}}, []
    except _PARSE_ERRORS:
        head, lines = {"refused": "damaged", "params": {}}, []
    out.write("\n".join([json.dumps(head), *lines]) + "\n")


def _bounded(rows: Iterator[list[Raw]], limits: Limits) -> Iterator[list[Raw]]:
    """Cut empty ends off the rows and stop when there are too many cells."""
    cells = characters = 0
    for number, row in enumerate(rows, start=1):
        while row and not row[-1][0]:
            row.pop()
        cells += len(row)
        if cells > limits["cells"] or number > limits["rows"] or len(row) > limits["columns"]:
            raise RefusedError("too_many_cells")
        characters += sum(len(text) for text, _kind in row)
        if characters > limits["characters"]:
            raise RefusedError("too_complex")
        yield row


# --- CSV -------------------------------------------------------------------------------------------


def _read_csv(content: bytes, limits: Limits) -> tuple[dict[str, Any], Iterator[list[Raw]]]:
    text, encoding = _decode(content)
    first, _, rest = text.partition("\n")
    if re.fullmatch(r"sep=[;,\t]\s*", first):  # Excel's own hint
        delimiter, text = first[4], "\n" + rest
    else:
        delimiter = _sniff(text)
    head: dict[str, Any] = {"sheet": None, "encoding": encoding, "delimiter": delimiter, "other_sheets": []}
    return head, _csv_rows(text, delimiter, limits.get("text", _MAX_TEXT))


def _csv_rows(text: str, delimiter: str, longest: int) -> Iterator[list[Raw]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for row in reader:
            yield [(cell.strip()[:longest], "t") for cell in row]
    except csv.Error:
        raise RefusedError("quotes", line=reader.line_num) from None


def _decode(content: bytes) -> tuple[str, str]:
    """UTF-8 if it is, else the Windows encoding of German offices; never a silent wrong letter."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_as(content, "utf-16"), "utf-16"
    if b"\x00" in content:
        raise RefusedError("binary")
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = _decode_as(content, "cp1252"), "cp1252"
    if _CONTROL.search(text):
        raise RefusedError("binary")
    broken = _BROKEN_TEXT.search(text)
    if broken:
        raise RefusedError("encoding", line=text.count("\n", 0, broken.start()) + 1)
    return text, encoding


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedError("encoding", line=line) from None


def _sniff(text: str) -> str:
    """The delimiter that occurs equally often in most of the first lines, outside of quotes."""
    unquoted = re.sub(r'"(?:[^"]|"")*"', "", text[:100_000])
    lines = [line for line in unquoted.splitlines() if line.strip()][:_SNIFF_ROWS]

    def score(delimiter: str) -> tuple[float, int, int]:
        counts = [line.count(delimiter) for line in lines]
        usual = max(set(counts), key=lambda count: (counts.count(count), count), default=0)
        even = counts.count(usual) / len(counts) if usual else 0.0
        return even, usual, -_DELIMITERS.index(delimiter)

    return max(_DELIMITERS, key=score)


# --- Excel -----------------------------------------------------------------------------------------


def _read_xlsx(content: bytes, limits: Limits) -> tuple[dict[str, Any], Iterator[list[Raw]]]:
    # Imported here, after the limits of main: loading them is part of what is limited.
    import openpyxl  # noqa: PLC0415

    _check_cells(content, limits)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    filled = [
        sheet
        for sheet in book.worksheets
        if sheet.sheet_state == "visible" and any(_has_content(row) for row in sheet.iter_rows())
    ]
    if not filled:
        raise RefusedError("empty")
    sheet, *others = filled
    head = {
        "sheet": sheet.title[:_MAX_TEXT],
        "encoding": None,
        "delimiter": None,
        "other_sheets": [other.title[:_MAX_TEXT] for other in others[:_MAX_SHEETS_NAMED]],
    }
    sheet.reset_dimensions()  # what the file says of its own size need not be true
    longest = limits.get("text", _MAX_TEXT)
    return head, ([_raw(cell, longest) for cell in row] for row in sheet.iter_rows(min_row=1, min_col=1))


def _read_book(content: bytes, limits: Limits, wanted: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Several sheets with their texts in full: each line holds the sheet, the row's number and its cells."""
    import openpyxl  # noqa: PLC0415

    merged = _check_cells(content, limits, wanted)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    head = {
        "sheets": [sheet.title[:_MAX_TEXT] for sheet in book.worksheets[:_MAX_SHEETS_NAMED]],
        "merged": merged,
    }
    lines = []
    for title in wanted:
        if title not in book.sheetnames:
            continue
        sheet = book[title]
        sheet.reset_dimensions()
        rows = ([_raw(cell, _MAX_LONG_TEXT) for cell in row] for row in sheet.iter_rows(min_row=1, min_col=1))
        for number, row in enumerate(_bounded(rows, limits), start=1):
            if row:
                lines.append(json.dumps([title, number, row], ensure_ascii=False))
    return head, lines


def _check_cells(content: bytes, limits: Limits, wanted: list[str] | None = None) -> dict[str, str]:
    """Stream the parts for cells far away and for XML tricks before openpyxl builds anything.

    Sheets that are not wanted are not looked at. Gives the first merged cells by sheet.
    """
    from defusedxml.ElementTree import iterparse  # noqa: PLC0415

    merged: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        titles = _sheet_titles(archive)
        for entry in archive.infolist():
            if not entry.filename.endswith((".xml", ".rels")):
                continue
            is_sheet = entry.filename.startswith("xl/worksheets/")
            title = titles.get(entry.filename, entry.filename)
            if is_sheet and wanted is not None and title not in wanted:
                continue
            count = 0
            with archive.open(entry) as stream:
                for _, element in iterparse(stream, events=("end",), forbid_dtd=True):
                    if is_sheet and element.tag.endswith(("}c", "}row")):
                        count += 1
                        _check_reference(element.get("r"), title, limits)
                        if count > limits["cells"] + limits["rows"]:
                            raise RefusedError("too_many_cells")
                    if is_sheet and element.tag.endswith("}mergeCell"):
                        merged.setdefault(title, element.get("ref") or "")
                    element.clear()
    return merged


def _sheet_titles(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name the parts of the archive as people know the sheets."""
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    relations = {
        element.get("Id"): "xl/" + element.get("Target", "").removeprefix("/xl/")
        for element in fromstring(archive.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    }
    book = fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
    titles = {}
    for element in book.iter():
        if element.tag.endswith("}sheet"):
            relation = next((value for name, value in element.items() if name.endswith("}id")), None)
            titles[relations.get(relation, "")] = element.get("name", "")
    return titles


def _check_reference(reference: str | None, title: str, limits: Limits) -> None:
    """Refuse cells ("C7") and rows ("7") beyond the limits."""
    if reference is None:
        return
    match = _REFERENCE.match(reference)
    if match is None:
        raise RefusedError("damaged")
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    if int(match[2]) > limits["rows"] or column > limits["columns"]:
        raise RefusedError("far_cell", cell=reference if match[1] else f"A{reference}", sheet=title)


def _has_content(row: tuple[Any, ...]) -> bool:
    return any(cell.value not in {None, ""} for cell in row)


def _raw(cell: Any, longest: int = _MAX_TEXT) -> Raw:
    value = cell.value
    if value is None:
        return "", "t"
    if cell.data_type == "f":
        return str(getattr(value, "text", value))[:longest], "f"
    if cell.data_type == "e":
        return str(value), "e"
    if isinstance(value, bool):
        return str(value), "t"
    if isinstance(value, int | float):
        shown = value * 100 if _is_percent(cell.number_format or "", value) else value
        # 15 digits are all that Excel keeps; more would show the rounding of the machine.
        return _plain(shown), "n"
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()[:10], "d"
    return str(value).strip()[:longest], "t"


def _is_percent(number_format: str, value: float) -> bool:
    """Whether Excel shows a hundred times the number: its format has a % that is more than decoration.

    A format has up to three sections, for numbers above, below and equal to zero.
    """
    sections = _LITERALS.sub("", number_format).split(";")
    place = 0 if value > 0 else 1 if value < 0 else 2
    return "%" in sections[place if place < len(sections) else 0]


def _plain(value: float) -> str:
    """Write a number without exponent and with at most 15 digits."""
    text = format(value, ".15g")
    if "e" in text:
        text = format(float(text), "f").rstrip("0").rstrip(".")
    return text


def _limit(limits: Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits["output"], limits["output"]))


def _run() -> NoReturn:
    limits = json.loads(sys.argv[2])
    _limit(limits)
    main(sys.argv[1], limits, sys.stdin.buffer.read(), sys.stdout)
    sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    _run()
