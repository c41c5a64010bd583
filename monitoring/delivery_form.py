"""The form a supplier fills in: its areas, years and indicators, with what is known already."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from monitoring.importers.form import BEFORE, HEADINGS
from monitoring.models import Area, Indicator
from monitoring.selectors.figures import Figures, figures_in_force
from monitoring.services.readings import REFERENCE_SHEET
from project.common.exports import guarded_text

_KEY_WIDTH, _NAME_WIDTH, _VALUE_WIDTH = 18, 32, 18
_TEXT: Final = "@"
_GREY: Final = "E6E8EB"


def form_xlsx(indicators: Iterable[Indicator], areas: Iterable[Area], years: Iterable[int]) -> bytes:
    """Fill the form as an Excel workbook.

    The first sheet is to be filled in and holds figures in force, with those of the year before beside each
    cell; a second one shows the last figures of earlier years. Both are for comparison only and never read.
    Figures under statistical secrecy are left empty.

    Args:
        indicators: What is asked for, with units.
        areas: Areas asked for.
        years: Years asked for.

    Returns:
        The workbook. Queries: 1.
    """
    indicators, areas, years = list(indicators), list(areas), sorted(years)
    figures = figures_in_force(areas, indicators)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = _("Delivery")
    _fill(sheet, _rows(figures, indicators, areas, years, with_before=True))
    _finish(sheet, [_KEY_WIDTH, _NAME_WIDTH, 8, *(_VALUE_WIDTH for _column in range(2 * len(indicators)))])
    _mark_before(sheet, len(indicators))
    reference = book.create_sheet(REFERENCE_SHEET)
    _fill(reference, _earlier(figures, indicators, areas, years))
    _finish(reference, [_KEY_WIDTH, _NAME_WIDTH, _NAME_WIDTH, 8, _VALUE_WIDTH, _VALUE_WIDTH])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def form_csv(indicators: Iterable[Indicator], areas: Iterable[Area], years: Iterable[int]) -> bytes:
    """Fill the form as CSV for German Excel (UTF-8 with mark, semicolons, decimal comma). Queries: 1."""
    indicators, areas, years = list(indicators), list(areas), sorted(years)
    figures = figures_in_force(areas, indicators, years=years)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    for row in _rows(figures, indicators, areas, years):
        writer.writerow([_number(cell) if isinstance(cell, float) else _text(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _number(value: float) -> str:
    """As people write it: never with an exponent, which our own importer would refuse."""
    return f"{Decimal(repr(value)):f}".replace(".", ",")


def _text(cell: Any) -> Any:
    return guarded_text(cell) if isinstance(cell, str) and cell not in {".", "/", "x", "...", "-"} else cell


def _rows(
    figures: Figures,
    indicators: Sequence[Indicator],
    areas: Sequence[Area],
    years: Sequence[int],
    *,
    with_before: bool = False,
) -> Iterator[list[Any]]:
    heads = [[row.name, f"{BEFORE}{row.name}"][: 1 + with_before] for row in indicators]
    yield [HEADINGS["area"][0], HEADINGS["name"][0], HEADINGS["year"][0], *itertools.chain(*heads)]
    for year in years:
        for area in areas:
            cells = [
                [_known(figures, row, area, at) for at in (year, year - 1)[: 1 + with_before]]
                for row in indicators
            ]
            yield [area.key, area.name, year, *itertools.chain(*cells)]


def _mark_before(sheet: Any, count: int) -> None:
    """Grey columns are not to be filled in."""
    grey = PatternFill("solid", fgColor=_GREY)
    for column in range(5, 5 + 2 * count, 2):
        for row in range(1, sheet.max_row + 1):
            sheet.cell(row, column).fill = grey


def _known(figures: Figures, indicator: Indicator, area: Area, year: int) -> Any:
    """What is in force already; nothing where it is secret, so that no "." overwrites a figure."""
    shown = figures.of(indicator, area, year)
    if shown.is_secret:
        return None
    if shown.sign == "()" and shown.value is not None:
        return f"({shown.value:.{indicator.unit.decimals}f})".replace(".", ",")
    return shown.sign or shown.value


def _earlier(
    figures: Figures, indicators: Sequence[Indicator], areas: Sequence[Area], years: Sequence[int]
) -> Iterator[list[Any]]:
    """The last figure of each area before the years asked for."""
    area_head, name_head = HEADINGS["area"][0], HEADINGS["name"][0]
    yield [area_head, name_head, _("Indicator"), _("Year"), _("Value"), _("Unit")]
    for row in indicators:
        known = [year for year in figures.years(row) if year < years[0]]
        for area in areas:
            for year in reversed(known):
                value = figures.of(row, area, year).value
                if value is not None:
                    yield [area.key, area.name, row.name, year, value, row.unit.symbol]
                    break


def _fill(sheet: Any, rows: Iterable[Sequence[Any]]) -> None:
    for number, row in enumerate(rows, start=1):
        for column, content in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            cell.value = content
            if isinstance(content, str):
                # As text: keys keep their leading zero, and nothing becomes a formula.
                cell.data_type = "s"
                cell.number_format = _TEXT


def _finish(sheet: Any, widths: Sequence[int]) -> None:
    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "D2" if len(widths) > 3 else "A2"
