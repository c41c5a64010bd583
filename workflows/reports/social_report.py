"""The social report, or one of its chapters, as a paper; each chapter with its own date."""

from __future__ import annotations

import datetime
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from monitoring.charts import legend_drawing
from monitoring.words import shown_text
from project.common.formats import date_de, signed_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.chapter_page import notes_of
from workflows.chapters import (
    ChapterArea,
    ChapterFigures,
    ChapterMap,
    Frozen,
    Part,
    SecretKey,
    TextBlock,
    index_map,
    part_course,
    part_map,
    read_figures,
    strongest,
    text_blocks,
)
from workflows.models import ChapterEdition, SocialReport

#: So many indicators stand side by side in a table of a page.
_COLUMNS = 4
#: Width of a legend as a share of its column.
_LEGEND_SHARE = 0.9


@dataclass(frozen=True)
class ChapterPaper:
    """A chapter in the paper: frozen figures with what is kept secret in them today."""

    title: str
    number: int
    text: str
    figures: Frozen
    hidden: Collection[SecretKey]
    data_on: datetime.date
    published_on: datetime.date
    sha256: str

    @property
    def day(self) -> datetime.date:
        """What the chapter is known by: the date of its figures, of text only that of its publication."""
        return self.data_on if self.figures else self.published_on

    @property
    def data_day(self) -> str:
        """Date of the figures; a dash for text only."""
        return date_de(self.data_on) if self.figures else "–"


@dataclass(frozen=True)
class ReportPaper:
    """Everything the paper shows.

    Attributes:
        title: Of the report.
        territory: Name of the territory.
        publisher: Name of the planning unit.
        introduction: Above the contents.
        chapters: In their order, at least one.
        is_chapter: Whether it is the paper of one chapter alone.
    """

    title: str
    territory: str
    publisher: str
    introduction: str
    chapters: Sequence[ChapterPaper]
    is_chapter: bool = False

    @classmethod
    def of(
        cls,
        report: SocialReport,
        editions: Sequence[tuple[ChapterEdition, Collection[SecretKey]]],
        *,
        is_chapter: bool = False,
    ) -> ReportPaper:
        """Collect published editions; rights are no question, everybody may read them."""
        return cls(
            title=report.title,
            territory=str(report.territory),
            publisher=str(report.planning_unit),
            introduction=report.introduction,
            chapters=[
                ChapterPaper(
                    title=row.title,
                    number=row.number,
                    text=row.text,
                    figures=row.figures,
                    hidden=hidden,
                    data_on=timezone.localdate(row.data_at),
                    published_on=row.published_on,
                    sha256=row.figures_sha256,
                )
                for row, hidden in editions
            ],
            is_chapter=is_chapter,
        )


def render(data: ReportPaper, *, language: str) -> bytes:
    """Write the paper.

    Args:
        data: From ``ReportPaper.of``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF, the same bytes for the same data.
    """
    with override(language):
        first = data.chapters[0]
        title = f"{data.title}: {first.title}" if data.is_chapter else data.title
        parts: list[blocks.Block] = []
        if not data.is_chapter:
            parts += _front(data)
        for place, chapter in enumerate(data.chapters):
            if parts and (place or not data.is_chapter):
                parts.append(blocks.PageBreak())
            parts += _chapter(data, chapter)
        return render_paper(
            blocks.Paper(
                title=title,
                language=language,
                author=data.publisher,
                subject=data.territory,
                blocks=parts,
                running=data.title,
                footer=_stand(first) if data.is_chapter else _("Each chapter has a date of its own."),
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def _front(data: ReportPaper) -> list[blocks.Block]:
    count = len(data.chapters)
    latest = max(chapter.published_on for chapter in data.chapters)
    badges = (
        ngettext("%(count)s chapter", "%(count)s chapters", count) % {"count": count},
        _("last renewed on %(day)s") % {"day": date_de(latest)},
    )
    rows: list[blocks.Row] = [
        (chapter.title, chapter.data_day, date_de(chapter.published_on)) for chapter in data.chapters
    ]
    columns = (
        blocks.Column(_("Chapter"), 3),
        blocks.Column(_("Data as of"), 1.2, is_number=True),
        blocks.Column(_("Published on"), 1.2, is_number=True),
    )
    return [
        blocks.Heading(data.title, 1, is_listed=False, preline=data.territory, badges=badges),
        *_text(text_blocks(data.introduction), level=2),
        blocks.Contents(_("Contents"), depth=1),
        blocks.Heading(_("How recent each chapter is"), 2, is_listed=False),
        blocks.Table("", columns, rows),
    ]


def _stand(chapter: ChapterPaper) -> str:
    if not chapter.figures:
        return _("Published on %(day)s.") % {"day": date_de(chapter.published_on)}
    return _("Data as of %(day)s, published on %(published)s.") % {
        "day": date_de(chapter.data_on),
        "published": date_de(chapter.published_on),
    }


def _text(found: Sequence[TextBlock], *, level: int) -> list[blocks.Block]:
    parts: list[blocks.Block] = []
    for block in found:
        if block.kind == "heading":
            parts.append(blocks.Heading(block.text, level))
        elif block.kind == "list":
            parts.append(blocks.Bullets(block.lines))
        else:
            parts.append(blocks.Paragraph(block.text))
    return parts


def _chapter(data: ReportPaper, chapter: ChapterPaper) -> list[blocks.Block]:
    figures = read_figures(chapter.figures, chapter.hidden)
    badges = (
        *([_("Data as of %(day)s") % {"day": chapter.data_day}] if chapter.figures else []),
        _("published on %(day)s") % {"day": date_de(chapter.published_on)},
        _("Edition %(number)s") % {"number": chapter.number},
    )
    parts: list[blocks.Block] = [
        blocks.Heading(
            chapter.title,
            1,
            preline=data.title,
            badges=badges,
            running=f"{chapter.title} · {date_de(chapter.day)}",
        )
    ]
    if figures.is_masked:
        parts.append(
            blocks.Paragraph(
                _(
                    "The text of this edition is not shown any more: it may speak of figures that are kept "
                    "secret since."
                )
            )
        )
    else:
        has_figures = figures.kind != "text"
        if has_figures:
            parts.append(blocks.Heading(_("What the figures say"), 2))
        parts += _text(text_blocks(chapter.text), level=3 if has_figures else 2)
    if figures.kind == "domain":
        parts.append(blocks.Heading(_("The indicators one by one"), 2))
        parts += [block for part in figures.parts for block in _part(figures, part)]
        parts += _tables(figures)
    if figures.kind == "index":
        parts += _ranking(figures)
    if figures.kind == "areas":
        parts += _areas(figures)
    if not chapter.figures:
        return parts
    parts.append(blocks.Heading(_("Sources and method"), 2))
    notes = [*notes_of(figures), _("Figures, SHA-256: %(hash)s") % {"hash": chapter.sha256}]
    return parts + [blocks.Paragraph(note, "note") for note in notes]


def _legend(found: ChapterMap) -> blocks.Figure:
    legend = legend_drawing(found.legend, title=found.drawing.title, uid=f"{found.drawing.uid}-legend")
    return blocks.Figure(legend, share=_LEGEND_SHARE)


def _index_map(found: ChapterMap, figures: ChapterFigures) -> blocks.Beside:
    caption = f"{found.caption} {figures.geometry_source}".strip()
    return blocks.Beside((blocks.Figure(found.drawing, caption=caption),), (_legend(found),), share=0.62)


def _part(figures: ChapterFigures, part: Part) -> list[blocks.Block]:
    facts = [(_("Year"), str(part.year))]
    if part.mean_text:
        facts.append((_("Mean of the areas"), part.mean_text))
    known = part.known
    for title, row in ((_("Highest"), known[:1]), (_("Lowest"), known[-1:] if len(known) > 1 else [])):
        facts += [
            (title, f"{found.area.name}: {shown_text(found.shown, part.unit, has_unit=True)}")
            for found in row
        ]
    if part.indicator.source:
        facts.append((_("Source"), part.indicator.source))
    values = blocks.KeyValues(facts)
    parts: list[blocks.Block] = [blocks.Heading(part.indicator.name, 3)]
    found = part_map(figures, part)
    if found is None:
        parts.append(values)
    else:
        map_figure = blocks.Figure(found.drawing, caption=found.caption)
        parts.append(blocks.Beside((map_figure,), (values, _legend(found)), share=0.55))
    chart = part_course(part)
    if chart is not None:
        caption = f"{_('Mean of the areas over the years')} ({part.unit.symbol})"
        parts.append(blocks.Figure(chart.drawing, caption=caption, share=0.8))
    return parts


def _tables(figures: ChapterFigures) -> list[blocks.Block]:
    """All figures, a few indicators a table, so that it fits the page."""
    parts: list[blocks.Block] = [blocks.Heading(_("All figures"), 2)]
    # Tables of about the same width: five indicators are three and two, not four and one.
    width = math.ceil(len(figures.parts) / max(1, math.ceil(len(figures.parts) / _COLUMNS))) or 1
    for first in range(0, len(figures.parts), width):
        shown = figures.parts[first : first + width]
        lookups = [{row.area.pk: row for row in part.rows} for part in shown]
        columns = (
            blocks.Column(_("Area"), 2.2),
            *(
                blocks.Column(f"{part.indicator.name} ({part.unit.symbol}), {part.year}", 1.4, is_number=True)
                for part in shown
            ),
        )
        rows: list[blocks.Row] = [
            (area.name, *((row.text or "–") if (row := lookup.get(area.pk)) else "–" for lookup in lookups))
            for area in figures.areas
        ]
        parts.append(blocks.Table("", columns, rows))
    return parts


def _ranking(figures: ChapterFigures) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Heading(_("Map and ranking"), 2)]
    found = index_map(figures)
    if found is not None:
        parts.append(_index_map(found, figures))
    columns = (
        blocks.Column(_("Area"), 2.4),
        blocks.Column(_("Rank"), 0.6, is_number=True),
        blocks.Column(_("Deviation"), 0.9, is_number=True),
        blocks.Column(_("How sure"), 3),
    )
    rows: list[blocks.Row] = [
        (
            f"{area.name} ({_('stands out')})" if result.stands_out else area.name,
            "–" if result.rank is None else str(result.rank),
            signed_de(result.normalised),
            result.how_sure or "–",
        )
        for area, result in figures.results
    ]
    return [*parts, blocks.Table("", columns, rows)]


def _areas(figures: ChapterFigures) -> list[blocks.Block]:
    parts: list[blocks.Block] = []
    found = index_map(figures)
    if found is not None:
        parts += [
            blocks.Heading(_("Where the areas lie"), 2),
            _index_map(found, figures),
        ]
    for area in figures.outstanding:
        rows = _strongest(figures, area)
        if rows:
            parts += [
                blocks.Heading(_("Figures of %(area)s") % {"area": area.name}, 2),
                blocks.Table(
                    "",
                    (
                        blocks.Column(_("Indicator"), 4),
                        blocks.Column(_("Value"), 1.4, is_number=True),
                        blocks.Column(_("Year"), 0.8, is_number=True),
                        blocks.Column(_("Deviation"), 1, is_number=True),
                    ),
                    rows,
                ),
            ]
    return parts


def _strongest(figures: ChapterFigures, area: ChapterArea) -> list[blocks.Row]:
    return [
        (
            part.indicator.name,
            shown_text(row.shown, part.unit, has_unit=True),
            str(part.year),
            signed_de(row.z),
        )
        for part, row in strongest(figures, area)
    ]


def file_name(report: SocialReport) -> str:
    """Name people find among their downloads, without ending."""
    return f"{report.title}, {report.territory}"


def chapter_file_name(edition: ChapterEdition) -> str:
    """Name people find among their downloads, without ending."""
    return f"{edition.chapter.report.title} – {edition.title} ({edition.published_on.isoformat()})"
