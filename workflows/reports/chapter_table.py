"""Figures of a chapter of the social report as a file: one row an area and indicator, signs in a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from monitoring.class_words import class_words
from monitoring.words import exported_value
from project.common.exports import Column, Format, Kind, table_response
from workflows.chapter_page import ChapterPage
from workflows.chapters import AreaFigure, Part


@dataclass(frozen=True)
class _Line:
    part: Part
    row: AreaFigure

    @property
    def value(self) -> float | None:
        return exported_value(self.row.shown, self.part.unit)


def chapter_table(page: ChapterPage, fmt: Format, source_lines: Sequence[str]) -> HttpResponseBase:
    """Answer with the figures of a chapter as a file.

    Args:
        page: The chapter as it may be shown.
        fmt: Form of the file.
        source_lines: Below the table: report, date, sources.
    """
    if page.figures.kind == "index":
        return _ranking(page, fmt, source_lines)
    columns = [
        Column(_("Indicator"), "part.indicator.name"),
        Column(_("Area key"), "row.area.key"),
        Column(_("Area"), "row.area.name"),
        Column(_("Year"), "part.year", Kind.NUMBER, places=0),
        Column(_("Value"), "value", Kind.NUMBER),
        Column(_("Sign"), "row.shown.sign"),
        Column(_("Unit"), "part.unit.symbol"),
        Column(_("Source"), "part.indicator.source"),
    ]
    lines = [_Line(part, row) for part in page.figures.parts for row in part.rows]
    return table_response(_name(page), columns, lines, fmt, source_lines)


def _ranking(page: ChapterPage, fmt: Format, source_lines: Sequence[str]) -> HttpResponseBase:
    columns = [
        Column(_("Rank"), lambda row: row[1].rank, Kind.NUMBER, places=0),
        Column(_("Area key"), lambda row: row[0].key),
        Column(_("Area"), lambda row: row[0].name),
        Column(_("Deviation of the index"), lambda row: row[1].normalised, Kind.NUMBER, places=2),
        Column(_("Class"), lambda row: class_words(row[1].class_label)),
        Column(_("Stands out"), lambda row: _("yes") if row[1].stands_out else _("no")),
        Column(_("How sure"), lambda row: row[1].how_sure),
    ]
    return table_response(_name(page), columns, page.figures.results, fmt, source_lines)


def _name(page: ChapterPage) -> str:
    """Two editions of a chapter are two files."""
    return f"{page.title} {page.published_on:%Y-%m-%d}" if page.published_on else page.title
