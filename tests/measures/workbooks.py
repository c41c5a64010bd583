"""Workbooks of plans as tests change them: through openpyxl, as a person does in Excel."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
from django.utils import translation
from django.utils.translation import gettext

from measures.models import ActionPlan, PlanImport
from measures.services.plan_imports import workbook_read
from measures.services.workbooks import workbook_write
from measures.workbook.layout import SHEETS, Sheet
from stakeholders.models import User
from workflows.plan_importing import workbook_try

Change = Callable[[Any], None]


def exported(plan: ActionPlan, user: User) -> bytes:
    """The workbook as it is downloaded."""
    file = io.BytesIO()
    workbook_write(file, plan, user=user)
    return file.getvalue()


def changed(content: bytes, *changes: Change) -> bytes:
    """The workbook after some changes in Excel."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    for change in changes:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet_of(book: Any, sheet: Sheet) -> Any:
    with translation.override("de"):
        return book[str(sheet.title)]


def column_of(page: Any, sheet: Sheet, key: str) -> int:
    with translation.override("de"):
        title = str(sheet.field(key).title)
    return next(cell.column for cell in page[1] if cell.value == title)


def put(sheet: Sheet, row: int, **values: Any) -> Change:
    """Write values into a row."""

    def change(book: Any) -> None:
        page = sheet_of(book, sheet)
        for key, value in values.items():
            page.cell(row, column_of(page, sheet, key)).value = _word(sheet, key, value)

    return change


def _word(sheet: Sheet, key: str, value: Any) -> Any:
    """A choice by its stable value, or yes and no, in the words of the workbook."""
    field = sheet.field(key)
    with translation.override("de"):
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        return str(dict(field.choices).get(value, value)) if field.choices else value


def value_in(content: bytes, sheet: Sheet, row: int, key: str) -> Any:
    """A value of the workbook."""
    page = sheet_of(openpyxl.load_workbook(io.BytesIO(content)), sheet)
    return page.cell(row, column_of(page, sheet, key)).value


def read(plan: ActionPlan, user: User, content: bytes, name: str = "plan.xlsx") -> PlanImport:
    """Upload as the page does."""
    kept = workbook_read(plan, content=content, name=name, user=user)
    workbook_try(kept, user=user)
    return kept


__all__ = ["SHEETS", "changed", "column_of", "exported", "put", "read", "sheet_of", "value_in"]
