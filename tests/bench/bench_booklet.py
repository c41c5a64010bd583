"""Booklet of 81 profiles against bare untagged reportlab drawing the same pages: ``make bench ARGS=booklet``.

Bare means what one would write without the kit: stock paragraphs and tables, the same drawings by the canvas,
the same typeface and texts, running heads, and neither tags, links, bookmarks nor the number of all pages.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from contextlib import nullcontext
from html import escape
from statistics import median
from typing import Any
from unittest import mock

import pypdf
from django.utils.translation import override
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import FILL_EVEN_ODD
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table, TableStyle

from project.common.looks import GROUND, INK, LINE, MUTED, look_of
from project.common.pdf import blocks
from project.common.pdf.flowables import TYPES
from project.common.pdf.fonts import BOLD, REGULAR, register
from project.common.pdf.paper import COLUMN
from project.common.pdf.tagging import TaggedCanvas
from project.common.svg import Circle, Drawing, Group, Line, Path, Rect, Shape, Text
from tests.pdfua.profiles import profiles
from workflows.reports import booklet
from workflows.reports.profile import ProfileData, content

_REPEATS = 5
STYLES = {
    name: ParagraphStyle(
        name,
        fontName=type_.font,
        fontSize=type_.size,
        leading=type_.leading,
        textColor=type_.colour,
        spaceBefore=type_.before,
        spaceAfter=type_.after,
    )
    for name, type_ in TYPES.items()
}
_TABLE = TableStyle(
    [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("FONT", (0, 0), (-1, -1), REGULAR, 8.3, 10.6),
    ]
)


class Bare(Flowable):
    """A drawing by the methods of the canvas."""

    def __init__(self, drawing: Drawing, width: float) -> None:
        super().__init__()
        self.drawing, self.width = drawing, width
        self.height = drawing.height * width / drawing.width

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        scale = self.width / self.drawing.width
        self.canv.scale(scale, scale)
        for shape in self.drawing.shapes:
            self.shape(shape)

    def shape(self, shape: Shape) -> None:
        canvas, high = self.canv, self.drawing.height
        if isinstance(shape, Group):
            for inner in shape.shapes:
                self.shape(inner)
            return
        look = look_of(shape.css)
        fill, stroke = int(look.fill is not None), int(look.stroke is not None)
        canvas.setFillColor(look.fill or INK)
        canvas.setStrokeColor(look.stroke or INK)
        canvas.setLineWidth(look.width)
        match shape:
            case Path():
                self.path(shape, fill, stroke)
            case Rect():
                y = high - shape.y - shape.height
                canvas.rect(shape.x, y, shape.width, shape.height, fill=fill, stroke=stroke)
            case Line():
                canvas.line(shape.x1, high - shape.y1, shape.x2, high - shape.y2)
            case Circle():
                canvas.circle(shape.x, high - shape.y, shape.radius, fill=fill, stroke=stroke)
            case Text():
                self.text(shape)

    def path(self, shape: Path, fill: int, stroke: int) -> None:
        canvas, high = self.canv, self.drawing.height
        path = canvas.beginPath()
        for (x, y), *others in shape.rings:
            path.moveTo(x, high - y)
            for across, down in others:
                path.lineTo(across, high - down)
            if shape.is_closed:
                path.close()
        canvas.drawPath(path, fill=fill, stroke=stroke, fillMode=FILL_EVEN_ODD)

    def text(self, text: Text) -> None:
        canvas, look = self.canv, look_of(text.css)
        canvas.setFont(BOLD if look.is_bold else REGULAR, look.size)
        write = {"start": canvas.drawString, "end": canvas.drawRightString}
        write.get(text.anchor, canvas.drawCentredString)(text.x, self.drawing.height - text.y, text.text)


def bare_booklet(data: Sequence[ProfileData]) -> bytes:
    """The same pages without the kit."""
    with override("de"):
        parts: list[blocks.Block] = []
        for row in data:
            parts += [blocks.PageBreak(), *content(row)]
    return bare_paper("Steckbriefe", [row.area.name for row in data], parts)


def bare_paper(title: str, contents: Sequence[str], parts: Sequence[blocks.Block]) -> bytes:
    """A title, its contents without page numbers, and blocks, all without the kit."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=50,
        rightMargin=50,
        topMargin=58,
        bottomMargin=56,
        invariant=1,
        pageCompression=1,
        initialFontName=REGULAR,
    )
    story: list[Any] = [Paragraph(escape(title), STYLES["h1"])]
    story += [Paragraph(escape(line), STYLES["strong"]) for line in contents]
    for block in parts:
        story += bare(block, COLUMN)
    document.build(story, onFirstPage=_heads, onLaterPages=_heads)
    return file.getvalue()


def _heads(canvas: Any, document: Any) -> None:
    canvas.setFont(REGULAR, 8)
    canvas.setFillColor(MUTED)
    canvas.drawString(56, A4[1] - 40, "Rheinisch-Bergischer Kreis · Planungszyklus 2026–2028")
    canvas.drawString(56, 37, "Werte des Index 2025, berechnet am 19.09.2026.")
    canvas.drawRightString(A4[0] - 56, 37, f"Seite {document.page}")


def bare(block: blocks.Block, width: float) -> list[Any]:
    """Stock flowables of a block."""
    match block:
        case blocks.Heading():
            above = [Paragraph(escape(block.preline), STYLES["preline"])] if block.preline else []
            below = [Paragraph(escape(" ".join(block.badges)), STYLES["badge"])] if block.badges else []
            return [*above, Paragraph(escape(block.text), STYLES[f"h{block.level}"]), *below]
        case blocks.Paragraph():
            return [Paragraph(escape(block.text), STYLES[block.style])]
        case blocks.Bullets():
            return [Paragraph(escape(item), STYLES["body"], bulletText="•") for item in block.items]
        case blocks.Statement():
            return [
                Paragraph(escape(block.who), STYLES["strong"]),
                Paragraph(escape(block.text), STYLES["body"]),
            ]
        case blocks.Figure():
            below = [Paragraph(escape(block.caption), STYLES["note"])] if block.caption else []
            return [Bare(block.drawing, width * block.share), *below]
        case blocks.Beside():
            left, right = width * block.share - 8, width * (1 - block.share) - 8
            cells = [
                [part for inner in block.left for part in bare(inner, left)],
                [part for inner in block.right for part in bare(inner, right)],
            ]
            return [Table([cells], colWidths=[left + 8, right + 8])]
        case blocks.KeyValues():
            rows = [[Paragraph(escape(cell), STYLES["cell"]) for cell in row] for row in block.rows]
            return [Table(rows, colWidths=[width * 0.4, width * 0.6], style=_TABLE)]
        case blocks.Table():
            return [_table(block, width)]
        case blocks.PageBreak():
            return [PageBreak()]
        case _:
            return []


def _table(block: blocks.Table, width: float) -> Table:
    total = sum(column.share for column in block.columns)
    rows: list[list[Any]] = [[Paragraph(escape(column.title), STYLES["head"]) for column in block.columns]]
    groups = []
    for row in block.rows:
        if isinstance(row, blocks.GroupRow):
            groups.append(("BACKGROUND", (0, len(rows)), (-1, len(rows)), GROUND))
            rows.append([row.text, *[""] * (len(block.columns) - 1)])
        else:
            cells = [cell if isinstance(cell, str) else cell.text for cell in row]
            rows.append([Paragraph(escape(cells[0]), STYLES["cell"]), *cells[1:]])
    widths = [width * column.share / total for column in block.columns]
    return Table(rows, colWidths=widths, repeatRows=1, style=TableStyle(groups, parent=_TABLE))


def _untagged(data: Sequence[ProfileData]) -> bytes:
    """The kit with its tags taken out: what they cost."""
    with (
        mock.patch.object(TaggedCanvas, "tagged", return_value=nullcontext()),
        mock.patch.object(TaggedCanvas, "artifact", return_value=nullcontext()),
    ):
        return booklet.render(data, language="de")


def run() -> list[dict[str, float | str]]:
    """Measure both in turns, so that a busy machine slows both alike.

    Returns:
        One row: profiles, pages and size of each, seconds (median) and their ratio.
    """
    register()
    data = profiles()
    made: dict[str, bytes] = {"ours": booklet.render(data, language="de"), "bare": bare_booklet(data)}
    seconds: dict[str, list[float]] = {"ours": [], "bare": [], "untagged": []}
    for _ in range(_REPEATS):
        for name, call in (
            ("bare", lambda: bare_booklet(data)),
            ("ours", lambda: booklet.render(data, language="de")),
            ("untagged", lambda: _untagged(data)),
        ):
            start = time.perf_counter()
            made[name] = call()
            seconds[name].append(time.perf_counter() - start)
    row: dict[str, float | str] = {"profiles": len(data)}
    for name in ("ours", "bare"):
        row[f"{name} pages"] = len(pypdf.PdfReader(io.BytesIO(made[name])).pages)
        row[f"{name} kB"] = len(made[name]) // 1000
        row[f"{name} s"] = median(seconds[name])
    row["kit without tags s"] = median(seconds["untagged"])
    row["ratio to bare"] = median(seconds["ours"]) / median(seconds["bare"])
    row["ratio to no tags"] = median(seconds["ours"]) / median(seconds["untagged"])
    return [row]
