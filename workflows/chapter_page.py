"""A chapter of the social report as a page shows it, whoever looks: public, preview, or beside a task."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from monitoring.charts import LegendEntry, LineEntry, TimeChart
from monitoring.words import shown_text
from project.common.formats import date_de
from project.common.svg import to_svg
from workflows.chapters import (
    AreaFigure,
    ChapterArea,
    ChapterFigures,
    ChapterMap,
    Frozen,
    Part,
    SecretKey,
    TextBlock,
    index_map,
    index_note,
    part_course,
    part_map,
    read_figures,
    secrecy_note,
    strongest,
    text_blocks,
)
from workflows.models import ChapterEdition, ChapterRenewal


@dataclass(frozen=True)
class Picture:
    """A map as SVG, what is said below it, and its legend."""

    svg: SafeString
    caption: str
    legend: Sequence[LegendEntry]


@dataclass(frozen=True)
class Course:
    """Years as SVG, with the table that says the same."""

    svg: SafeString
    legend: Sequence[LineEntry]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class PartPage:
    """An indicator on the page.

    Attributes:
        part: Its figures.
        picture: Map; None without boundaries.
        course: Mean over the years; None with fewer than two.
        highest: Areas with the highest figures, with unit.
        lowest: Areas with the lowest.
    """

    part: Part
    picture: Picture | None
    course: Course | None
    highest: str
    lowest: str


@dataclass(frozen=True)
class AreaPage:
    """An area that stands out: place in the index and its strongest deviations."""

    area: ChapterArea
    rank: int | None
    count: int
    how_sure: str
    rows: Sequence[tuple[Part, AreaFigure, str]]


@dataclass(frozen=True)
class ChapterPage:
    """Everything a page of a chapter shows.

    Attributes:
        title: Title of the edition.
        text: Read text; empty where it is withheld.
        is_withheld: Whether a figure it may speak of is kept secret since.
        figures: Figures as they may be shown.
        parts: Indicators.
        areas: Areas that stand out.
        picture: Map of the index.
        table: Areas with the texts of all indicators.
        notes: Sources, method, secrecy, in sentences.
        data_on: Day of the latest figures; None of a draft.
        published_on: Day of publication; None of a draft.
    """

    title: str
    text: Sequence[TextBlock]
    is_withheld: bool
    figures: ChapterFigures
    parts: Sequence[PartPage]
    areas: Sequence[AreaPage]
    picture: Picture | None
    table: Sequence[tuple[ChapterArea, Sequence[AreaFigure | None]]]
    notes: Sequence[str]
    data_on: datetime.date | None = None
    published_on: datetime.date | None = None

    @property
    def has_figures(self) -> bool:
        """Whether there is more than text."""
        return self.figures.kind != "text"


def page_of_edition(edition: ChapterEdition, hidden: Collection[SecretKey]) -> ChapterPage:
    """The page of an edition, as it may be shown today. Queries: 0."""
    return _page(
        edition.title,
        edition.text,
        edition.figures,
        hidden,
        data_on=timezone.localdate(edition.data_at),
        published_on=edition.published_on,
    )


def page_of_draft(renewal: ChapterRenewal, figures: Frozen) -> ChapterPage:
    """The page of what is not published yet. Queries: 0."""
    return _page(renewal.chapter.title, renewal.text, figures, ())


def _page(
    title: str,
    text: str,
    frozen: Frozen,
    hidden: Collection[SecretKey],
    *,
    data_on: datetime.date | None = None,
    published_on: datetime.date | None = None,
) -> ChapterPage:
    figures = read_figures(frozen, hidden)
    is_topic = figures.kind == "domain"
    return ChapterPage(
        title=title,
        text=() if figures.is_masked else text_blocks(text),
        is_withheld=figures.is_masked and bool(text),
        figures=figures,
        parts=[_part(figures, part) for part in figures.parts] if is_topic else (),
        areas=[_area(figures, area) for area in figures.outstanding],
        picture=_picture(index_map(figures)),
        table=[(area, [part.of(area.pk) for part in figures.parts]) for area in figures.areas]
        if is_topic
        else (),
        notes=notes_of(figures),
        data_on=data_on,
        published_on=published_on,
    )


def _picture(found: ChapterMap | None) -> Picture | None:
    return None if found is None else Picture(to_svg(found.drawing), found.caption, found.legend)


def _course(chart: TimeChart | None) -> Course | None:
    if chart is None:
        return None
    return Course(to_svg(chart.drawing), chart.legend, chart.headings, chart.rows)


def _part(figures: ChapterFigures, part: Part) -> PartPage:
    known = part.known
    return PartPage(
        part=part,
        picture=_picture(part_map(figures, part)),
        course=_course(part_course(part)),
        highest=_named(part, known[:1]),
        lowest=_named(part, known[-1:]) if len(known) > 1 else "",
    )


def _named(part: Part, rows: Sequence[AreaFigure]) -> str:
    return ", ".join(f"{row.area.name}: {shown_text(row.shown, part.unit, has_unit=True)}" for row in rows)


def _area(figures: ChapterFigures, area: ChapterArea) -> AreaPage:
    result = next((row for found, row in figures.results if found.pk == area.pk), None)
    return AreaPage(
        area=area,
        rank=None if result is None else result.rank,
        count=len(figures.included),
        how_sure="" if result is None else result.how_sure,
        rows=[
            (part, row, shown_text(row.shown, part.unit, has_unit=True))
            for part, row in strongest(figures, area)
        ],
    )


def notes_of(figures: ChapterFigures) -> list[str]:
    """Sources, method, signs and secrecy of a chapter, in sentences, in the language in force."""
    notes = []
    if figures.has_examples:
        notes.append(_("The figures of this chapter are examples, invented for show."))
    if figures.sources:
        notes.append(_("Sources: %(sources)s.") % {"sources": "; ".join(figures.sources)})
    if figures.geometry_source:
        notes.append(_("Boundaries: %(source)s.") % {"source": figures.geometry_source})
    if figures.run is not None:
        notes.append(index_note(figures.run))
    if figures.parts or figures.results:
        notes.append(secrecy_note())
    if figures.signs:
        meanings = "; ".join(f"{sign} {meaning}" for sign, meaning in figures.signs)
        notes.append(_("Signs: %(meanings)s") % {"meanings": meanings})
    return notes


def edition_name(edition: ChapterEdition) -> str:
    """How an edition is called in lists: number and day."""
    return _("Edition %(number)s of %(day)s") % {
        "number": edition.number,
        "day": date_de(edition.published_on),
    }
