"""Tables as files: CSV that German Excel opens by a double click, CSV for machines, and Excel workbooks.

Numbers are written as numbers and text as text: nothing that somebody typed can become a formula on the
machine of the person who opens the file.
"""

import datetime
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import chain, islice
from typing import IO, Any, Final
from urllib.parse import quote

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

#: Files up to this size are answered at once; larger ones are streamed from a temporary file (bytes).
SPOOL_BYTES: Final = 5 * 1024 * 1024
#: Excel refuses longer texts in a cell and longer names of a sheet (characters).
_CELL_LENGTH: Final = 32_767
_SHEET_LENGTH: Final = 31
#: German letters and dashes in plain ones.
_PLAIN: Final = dict(zip("äöüÄÖÜß–—", ("ae", "oe", "ue", "Ae", "Oe", "Ue", "ss", "-", "-"), strict=True))
#: Width of a column in the workbook (characters), guessed from the first rows.
_WIDTHS: Final = range(8, 61)
_SAMPLE_ROWS: Final = 50

# What a spreadsheet takes for the beginning of a formula; the wide forms are Excel's in East Asian settings.
_FORMULA_START: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001
_CONTROL_START: Final = ("\t", "\r", "\n")
# A minus alone is the sign of official statistics for "nothing" and no formula.
_HARMLESS: Final = {"-"}
_ILLEGAL_IN_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BAD_IN_FILE_NAME: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|;]+')
_BAD_IN_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")


class Kind(StrEnum):
    """What the cells of a column hold. A text in a column of numbers (a statistical sign) stays text."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    DATETIME = "datetime"


class Format(StrEnum):
    """Form of the file."""

    #: UTF-8 with BOM, semicolons, decimal comma, 31.12.2027: opens in German Excel by a double click.
    CSV = "csv"
    #: UTF-8, commas, decimal point, 2027-12-31, no lines below the table: for programs.
    CSV_MACHINE = "csv-en"
    XLSX = "xlsx"


@dataclass(frozen=True)
class Column:
    """A column of an exported table.

    Args:
        title: Head of the column, translated.
        value: Row -> value, or a path of attributes and keys such as ``"responsible.label"``.
            None becomes an empty cell, never zero.
        kind: What the values are; see ``Kind``.
        places: Digits after the comma, rounded half up; None keeps what is there.
    """

    title: str | Promise
    value: Callable[[Any], Any] | str
    kind: Kind | str = Kind.TEXT
    places: int | None = None

    def of(self, row: Any) -> Any:
        """Value of the column in a row."""
        if callable(self.value):
            return self.value(row)
        found = row
        for name in self.value.split("."):
            if found is None:
                return None
            found = found[name] if isinstance(found, dict) else getattr(found, name)
            if callable(found):
                found = found()
        return found


def export_format(request: HttpRequest, name: str = "export") -> Format | None:
    """Form of file an address asks for (``?export=xlsx``); None if it asks for the page."""
    try:
        return Format(request.GET.get(name, ""))
    except ValueError:
        return None


def export_links(request: HttpRequest, name: str = "export") -> list[dict[str, str]]:
    """Links to the files of the list as it is seen, for ``components/_download_links.html``."""
    query = request.GET.copy()
    query.pop("page", None)
    links = []
    for wanted, label in ((Format.XLSX, _("Excel")), (Format.CSV, _("CSV"))):
        query[name] = wanted.value
        links.append({"label": label, "url": f"?{query.urlencode()}"})
    return links


def table_response(
    filename: str,
    columns: Sequence[Column],
    rows: Iterable[Any],
    fmt: Format | str = Format.CSV,
    source_lines: Iterable[str | Promise] = (),
) -> HttpResponseBase:
    """Answer with a table as a file to be saved.

    Args:
        filename: Name without ending, as people should find it among their downloads.
        columns: Columns from left to right.
        rows: Any iterable; it is walked once. Rights and filters are the caller's.
        fmt: ``"csv"``, ``"csv-en"`` or ``"xlsx"``.
        source_lines: Source, date of the data, filters: written below the table, not into the machine form.

    Returns:
        An attachment: small ones at once, large ones streamed from a temporary file. It is complete before
        its first byte is sent, so an error in a row is an error page and not half a file.

    Raises:
        ValueError: Unknown form.
    """
    wanted = Format(fmt)
    ending = "xlsx" if wanted is Format.XLSX else "csv"
    if wanted is Format.CSV_MACHINE:
        # Beside the other CSV among the downloads it could not be told apart.
        filename = _("%(name)s for programs") % {"name": filename}
    name = f"{_file_name(filename)}.{ending}"
    content_type = (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        if wanted is Format.XLSX
        else "text/csv; charset=utf-8"
    )
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115  closed here or by FileResponse
    lines = [str(line) for line in source_lines]
    try:
        if wanted is Format.XLSX:
            _write_xlsx(file, filename, columns, rows, lines)
        else:
            for chunk in _csv_lines(columns, rows, lines, is_german=wanted is Format.CSV):
                file.write(chunk.encode("utf-8", "replace"))
    except BaseException:
        file.close()
        raise
    return file_response(file, name, content_type)


def file_response(file: Any, name: str, content_type: str) -> HttpResponseBase:
    """Answer with a temporary file that has just been written: a small one at once, a large one streamed.

    Args:
        file: Stands at its end; is closed here or when it has been sent.
        name: Name with ending, as people should find it among their downloads.
        content_type: What it is.
    """
    size = file.tell()
    file.seek(0)
    response: HttpResponseBase
    if size > SPOOL_BYTES:
        response = FileResponse(file, content_type=content_type)
        response.headers["Content-Length"] = str(size)
    else:
        response = HttpResponse(file.read(), content_type=content_type)
        file.close()
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private"
    return response


def attachment(name: str) -> str:
    """Header that saves an answer under a name, with one in plain letters for programs that know no others.

    Args:
        name: Name with ending, as people should find it among their downloads.

    >>> print(attachment("Träger.csv"))
    attachment; filename="Traeger.csv"; filename*=utf-8''Tr%C3%A4ger.csv
    """
    name = _file_name(name)
    plain = "".join(_PLAIN.get(sign, sign) for sign in name)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    plain = plain.replace("\\", "").replace('"', "")
    header = f'attachment; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=utf-8''{quote(name)}"


def pdf_response(filename: str, content: bytes) -> HttpResponse:
    """Answer with a paper as a file to be saved.

    Args:
        filename: Name without ending, as people should find it among their downloads.
        content: The PDF. Rights are the caller's.
    """
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{_file_name(filename)}.pdf"
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response.headers["Cache-Control"] = "private"
    return response


def guarded_text(text: str) -> str:
    """Text for a CSV cell: what could start a formula gets an apostrophe in front.

    >>> guarded_text("=1+1"), guarded_text("Jugend - Zukunft"), guarded_text("-")
    ("'=1+1", 'Jugend - Zukunft', '-')
    """
    return f"'{text}" if _is_dangerous(text) else text


def _is_dangerous(text: str) -> bool:
    if text in _HARMLESS:
        return False
    return text.startswith(_CONTROL_START) or text.lstrip().startswith(_FORMULA_START)


def _file_name(name: str) -> str:
    clean = _BAD_IN_FILE_NAME.sub(" ", name)
    return " ".join(clean.split()).strip(". ") or "export"


# --- CSV -------------------------------------------------------------------------------------------


def _csv_lines(
    columns: Sequence[Column], rows: Iterable[Any], source_lines: Sequence[str], *, is_german: bool
) -> Iterator[str]:
    delimiter = ";" if is_german else ","
    if is_german:
        yield "\ufeff"
    yield delimiter.join(_csv_text(str(column.title)) for column in columns) + "\r\n"
    for row in rows:
        yield delimiter.join(_csv_cell(column, row, is_german=is_german) for column in columns) + "\r\n"
    if is_german and source_lines:
        yield "\r\n"
        for line in source_lines:
            yield _csv_text(line) + "\r\n"


def _csv_text(text: str) -> str:
    # Always in quotes: with another separator than ours no part of it can become a cell of its own.
    escaped = guarded_text(text.replace("\x00", "")).replace('"', '""')
    return f'"{escaped}"'


def _csv_cell(column: Column, row: Any, *, is_german: bool) -> str:
    value = _plain(column, row)
    match value:
        case None:
            return ""
        case datetime.datetime():
            return value.strftime("%d.%m.%Y %H:%M" if is_german else "%Y-%m-%dT%H:%M:%S")
        case datetime.date():
            return value.strftime("%d.%m.%Y") if is_german else value.isoformat()
        case Decimal():
            digits = f"{value:f}"
            return digits.replace(".", ",") if is_german else digits
        case _:
            return _csv_text(value) if value else ""


def _plain(column: Column, row: Any) -> str | Decimal | datetime.date | datetime.datetime | None:
    """The value in one of the five forms both writers know; datetimes are local and naive."""
    value = column.of(row)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime.datetime):
        local = timezone.localtime(value) if timezone.is_aware(value) else value
        return local.date() if column.kind == Kind.DATE else local.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return value
    if column.kind == Kind.NUMBER and isinstance(value, int | float | Decimal):
        return _number(value, column.places)
    return str(value)


def _number(value: float | Decimal, places: int | None) -> Decimal | None:
    number = Decimal(str(float(value))) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        return None
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    else:
        number = number.quantize(Decimal(1)) if number == number.to_integral_value() else number.normalize()
    # What is hardly below zero is zero once it is rounded, and has no sign.
    return number.copy_abs() if number.is_zero() else number


# --- Excel -----------------------------------------------------------------------------------------


def _write_xlsx(
    file: IO[bytes], title: str, columns: Sequence[Column], rows: Iterable[Any], source_lines: Sequence[str]
) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(_sheet_name(title))
    iterator = iter(rows)
    sample = [[_plain(column, row) for column in columns] for row in islice(iterator, _SAMPLE_ROWS)]
    for index, column in enumerate(columns):
        texts = [f"{column.title} ", *(str(cells[index] or "") for cells in sample)]
        width = min(max(map(len, texts)) + 1, _WIDTHS[-1])
        sheet.column_dimensions[get_column_letter(index + 1)].width = max(width, _WIDTHS[0])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.append([_text_cell(sheet, str(column.title), is_bold=True) for column in columns])
    count = 1
    for cells in chain(sample, ([_plain(column, row) for column in columns] for row in iterator)):
        sheet.append([_cell(sheet, column, value) for column, value in zip(columns, cells, strict=True)])
        count += 1
    if columns:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"
    if source_lines:
        sheet.append([])
        for line in source_lines:
            sheet.append([_text_cell(sheet, line)])
    workbook.save(file)


def _sheet_name(title: str) -> str:
    return _BAD_IN_SHEET_NAME.sub(" ", title).strip("' ")[:_SHEET_LENGTH] or "Export"


def _cell(sheet: Any, column: Column, value: Any) -> Any:
    match value:
        case None:
            return None
        case str():
            return _text_cell(sheet, value)
        case Decimal():
            cell = WriteOnlyCell(sheet, value=_excel_number(value))
            cell.number_format = _number_format(value, column.places)
        case datetime.datetime():
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "dd.mm.yyyy hh:mm"
        case _:
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = "dd.mm.yyyy"
    return cell


def _excel_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _number_format(value: Decimal, places: int | None) -> str:
    exponent = value.as_tuple().exponent
    digits = places if places is not None else max(0, -exponent if isinstance(exponent, int) else 0)
    return "#,##0" + (f".{'0' * digits}" if digits else "")


def _text_cell(sheet: Any, text: str, *, is_bold: bool = False) -> Any:
    cell = WriteOnlyCell(sheet, value=None)
    # Text set as the value would become a formula or an error; set as a string it stays what was typed.
    cell.value = _ILLEGAL_IN_XML.sub("", text)[:_CELL_LENGTH]
    cell.data_type = "s"
    if _is_dangerous(text):
        # Excel keeps it text even when somebody edits the cell.
        cell.quotePrefix = True
    if is_bold:
        cell.font = Font(bold=True)
    return cell
