"""From blocks to a file: one look for all papers, tagged (PDF/UA-1), the same bytes for the same content."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final

from reportlab.lib.pagesizes import A4
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
)

from project.common.looks import GROUND, LINE, LINK, MUTED
from project.common.pdf import blocks
from project.common.pdf.flowables import (
    TYPES,
    BadgesPiece,
    BesidePiece,
    ContentsLine,
    Entry,
    FigurePiece,
    HeadingPiece,
    Piece,
    TextPiece,
    flat,
)
from project.common.pdf.fonts import BOLD, REGULAR, drawable, register, width_of
from project.common.pdf.metadata import PRODUCER, Facts
from project.common.pdf.signing import SignaturesPiece
from project.common.pdf.tables import Frame as TableFrame
from project.common.pdf.tables import TablePiece
from project.common.pdf.tagging import Node, TaggedCanvas

_WIDTH, _HEIGHT = A4
_SIDE: Final = 56.0
_TOP: Final = 64.0
_FOOT: Final = 62.0
COLUMN: Final = _WIDTH - 2 * _SIDE
_TALL: Final = _HEIGHT - _TOP - _FOOT
#: No heading asks for more room below it than this, or a page would stay half empty.
_MOST_NEEDED: Final = _TALL * 0.75
#: Free room above the title on a cover, and height of the ground it stands on, from the upper edge.
_COVER_TOP: Final = 150.0
_COVER_GROUND: Final = _HEIGHT * 0.5
_COVER_STRIPE: Final = 14.0


def render_paper(paper: blocks.Paper) -> bytes:
    """Lay out a paper and write it.

    Args:
        paper: Content; texts may be anything that somebody typed.

    Returns:
        A tagged PDF (PDF/UA-1, PDF/A-2a) with embedded typeface; the same bytes for the same paper.

    Raises:
        ValueError: No block, a heading that leaves out a level, or an unknown language.
    """
    if not paper.blocks:
        raise ValueError("a paper needs content")
    if paper.language not in {"de", "en"}:
        raise ValueError("papers are in German or English")
    register()
    return _Layout(paper).render()


def _plain(text: str) -> str:
    """Text for properties and bookmarks: no control characters, which XML does not know."""
    return drawable(text).replace("\n", " ").strip()


class _Canvas(TaggedCanvas):
    """Canvas of a paper: running head, bookmarks that skip no level, and what comes last."""

    before_save: Callable[[_Canvas], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._outline_level = -1

    def outline(self, text: str, key: str, level: int) -> None:
        """Add a bookmark, at most one step deeper than the last."""
        self._outline_level = min(level - 1, self._outline_level + 1)
        self.addOutlineEntry(_plain(text), key, self._outline_level)

    def save(self) -> None:
        """Page numbers, structure, file."""
        if self._code:
            self.showPage()
        self.before_save(self)
        self.finish()
        super().save()


class _Layout:
    """One rendering."""

    def __init__(self, paper: blocks.Paper) -> None:
        self.paper = paper
        self.root = Node("Document")
        headings = [block for block in _walk(paper.blocks) if isinstance(block, blocks.Heading)]
        levels = [heading.level for heading in headings]
        if levels and (levels[0] != 1 or any(after > before + 1 for before, after in pairwise(levels))):
            raise ValueError("headings begin at level 1 and leave none out")
        self.entries = [
            Entry(f"h{place}", heading.text, heading.level, heading.is_listed)
            for place, heading in enumerate(headings)
        ]
        self._unused = iter(self.entries)
        self.contents: list[ContentsLine] = []

    def render(self) -> bytes:
        """Place the pieces and write the file."""
        paper = self.paper
        file = io.BytesIO()
        document = BaseDocTemplate(
            file,
            pagesize=A4,
            invariant=1,
            lang="de-DE" if paper.language == "de" else "en-GB",
            pageCompression=1,
            initialFontName=REGULAR,
            title=_plain(paper.title),
            author=_plain(paper.author),
            subject=_plain(paper.subject),
            creator=PRODUCER,
            producer=PRODUCER,
        )
        page = PageTemplate("page", [_frame(_TALL)], onPage=self._begin_page, onPageEnd=self._end_page)
        cover = PageTemplate(
            "cover", [_frame(_TALL - _COVER_TOP)], onPage=self._begin_cover, autoNextPageTemplate="page"
        )
        document.addPageTemplates([cover, page] if paper.has_cover else [page])
        document.build(self._spaced(self._pieces(paper.blocks, self.root)), canvasmaker=self._canvas)
        return file.getvalue()

    def _canvas(self, *args: Any, **kwargs: Any) -> _Canvas:
        canvas = _Canvas(*args, **kwargs)
        canvas.root, canvas.before_save, canvas.running = self.root, self._numbers, ""
        language = "de-DE" if self.paper.language == "de" else "en-GB"
        canvas.facts = Facts(
            _plain(self.paper.title), _plain(self.paper.author), _plain(self.paper.subject), language
        )
        return canvas

    # --- pages ----------------------------------------------------------------------------------

    def _begin_cover(self, canvas: Any, document: Any) -> None:
        """The ground of the title, with a stripe in the colour of links."""
        with canvas.artifact("Pagination"):
            canvas.saveState()
            canvas.setFillColor(GROUND)
            canvas.rect(0, _HEIGHT - _COVER_GROUND, _WIDTH, _COVER_GROUND, stroke=0, fill=1)
            canvas.setFillColor(LINK)
            canvas.rect(0, _HEIGHT - _COVER_GROUND - _COVER_STRIPE, _WIDTH, _COVER_STRIPE, stroke=0, fill=1)
            canvas.restoreState()
        self._begin_page(canvas, document)

    def _begin_page(self, canvas: Any, _document: Any) -> None:
        """The mark of a draft lies behind everything."""
        if not self.paper.draft:
            return
        with canvas.artifact("Pagination"):
            canvas.saveState()
            canvas.translate(_WIDTH / 2, _HEIGHT / 2)
            canvas.rotate(55)
            canvas.setFont(BOLD, 96)
            canvas.setFillColor("#f0f1f6")
            canvas.drawCentredString(0, -30, drawable(self.paper.draft, BOLD))
            canvas.restoreState()

    def _end_page(self, canvas: Any, _document: Any) -> None:
        """Running head and foot; the page number comes last."""
        paper = self.paper
        with canvas.artifact("Pagination"):
            canvas.saveState()
            canvas.setStrokeColor(LINE)
            canvas.setLineWidth(0.5)
            canvas.line(_SIDE, _HEIGHT - 46, _WIDTH - _SIDE, _HEIGHT - 46)
            canvas.line(_SIDE, 48, _WIDTH - _SIDE, 48)
            canvas.setFillColor(MUTED)
            canvas.setFont(REGULAR, 8)
            right = _fitted(" · ".join(part for part in (canvas.running, paper.draft) if part), COLUMN * 0.5)
            left = COLUMN - width_of(right, REGULAR, 8) - 12
            canvas.drawString(_SIDE, _HEIGHT - 40, _fitted(paper.running, left))
            canvas.drawRightString(_WIDTH - _SIDE, _HEIGHT - 40, right)
            canvas.drawString(_SIDE, 37, _fitted(paper.footer, COLUMN - 80))
            canvas.restoreState()

    def _numbers(self, canvas: _Canvas) -> None:
        pages = canvas.page_index
        for page in range(int(self.paper.has_cover), pages):
            text = self.paper.page_of % {"page": page + 1, "pages": pages}
            canvas.late(page, None, REGULAR, 8, _WIDTH - _SIDE, 37, text)
        for line in self.contents:
            line.number(canvas)

    # --- pieces ---------------------------------------------------------------------------------

    def _spaced(self, pieces: Sequence[Flowable]) -> list[Flowable]:
        """Headings and bold lines stay with the beginning of what follows."""
        story: list[Flowable] = []
        for place, piece in enumerate(pieces):
            # Small print may also end what stands before: then the heading is the first all the same.
            is_first = place == 0 or not _leads(pieces[place - 1]) or _is_note(pieces[place - 1])
            if is_first and _heads(piece):
                story.append(CondPageBreak(min(_needed(pieces[place:]), _MOST_NEEDED)))
            if isinstance(piece, BesidePiece) and piece.wrap(COLUMN, _TALL)[1] > _TALL:
                story += flat([piece])
            else:
                story.append(piece)
        return story

    def _pieces(self, content: Sequence[blocks.Block], parent: Node) -> list[Any]:
        found: list[Any] = []
        for block in content:
            found += self._of(block, parent)
        return found

    def _of(self, block: blocks.Block, parent: Node) -> Sequence[Any]:
        match block:
            case blocks.Heading():
                return self._heading(block, parent)
            case blocks.Paragraph():
                node = Node("P", parent)
                node = Node("Link", node) if block.href else node
                return [TextPiece(block.text, node, TYPES[block.style], href=block.href)]
            case blocks.Bullets():
                return self._list(block, parent)
            case blocks.Statement():
                return self._statement(block, parent)
            case blocks.Figure():
                return [self._figure(block, parent)]
            case blocks.Beside() | blocks.Whole():
                return [self._together(block, parent)]
            case blocks.Signatures():
                labels = [TextPiece(text, Node("P", parent), TYPES["note"]) for text in block.labels]
                return [SignaturesPiece(labels)]
            case blocks.PageBreak():
                return [PageBreak()]
            case blocks.Contents():
                return self._contents(block, parent)
            case _:
                return [self._table(block, parent)]

    def _heading(self, block: blocks.Heading, parent: Node) -> list[Piece]:
        pieces: list[Piece] = []
        if block.preline:
            pieces.append(TextPiece(block.preline, Node("P", parent), TYPES["preline"]))
        node = Node(f"H{block.level}", parent)
        pieces.append(HeadingPiece(next(self._unused), node, running=block.running, is_title=block.is_title))
        if block.badges:
            pieces.append(BadgesPiece(block.badges, Node("P", parent)))
        return pieces

    def _list(self, block: blocks.Bullets, parent: Node) -> list[Piece]:
        kind = "Decimal" if block.is_numbered else "Disc"
        node = Node("L", parent, attributes=f"/O /List /ListNumbering /{kind}")
        pieces: list[Piece] = []
        for place, item in enumerate(block.items, start=1):
            row = Node("LI", node)
            label = (f"{place}." if block.is_numbered else "•", Node("Lbl", row))
            piece = TextPiece(item, Node("LBody", row), TYPES["body"], indent=18, label=label)
            piece.spaceAfter = 3 if place < len(block.items) else 6
            pieces.append(piece)
        return pieces

    def _statement(self, block: blocks.Statement, parent: Node) -> list[Piece]:
        node = Node("BlockQuote", parent)
        who = TextPiece(block.who, Node("P", node), TYPES["strong"], indent=10, has_rule=True)
        who.spaceAfter = 0
        text = TextPiece(block.text, Node("P", node), TYPES["body"], indent=10, has_rule=True)
        text.spaceAfter = 9
        return [who, text]

    def _together(self, block: blocks.Beside | blocks.Whole, parent: Node) -> Flowable:
        if isinstance(block, blocks.Whole):
            return KeepTogether(self._pieces(block.blocks, parent))
        left, right = self._pieces(block.left, parent), self._pieces(block.right, parent)
        return BesidePiece(left, right, share=block.share)

    def _figure(self, block: blocks.Figure, parent: Node) -> FigurePiece:
        drawing = block.drawing
        alt = block.alt or ". ".join(part for part in (drawing.title, drawing.description) if part)
        if not alt:
            raise ValueError("a figure needs a text for people who do not see it")
        caption = TextPiece(block.caption, Node("P", parent), TYPES["note"]) if block.caption else None
        return FigurePiece(
            drawing, Node("Figure", parent, alt=alt), caption, share=block.share, tallest=_TALL * 0.7
        )

    def _table(self, block: blocks.Table | blocks.KeyValues, parent: Node) -> TablePiece:
        table = Node("Table", parent)
        if isinstance(block, blocks.KeyValues):
            columns = (blocks.Column("", 2), blocks.Column("", 3))
            return TablePiece(TableFrame(columns, table, table, is_plain=True), block.rows, None)
        caption = None
        if block.caption:
            caption = TextPiece(block.caption, Node("Caption", table), TYPES["strong"])
        frame = TableFrame(block.columns, table, Node("TBody", table), is_whole=block.is_whole)
        return TablePiece(frame, block.rows, caption)

    def _contents(self, block: blocks.Contents, parent: Node) -> list[Piece]:
        title = TextPiece(block.title, Node("P", parent), TYPES["h2"])
        node = Node("TOC", parent)
        listed = [entry for entry in self.entries if entry.is_listed and entry.level <= block.depth]
        self.contents = [ContentsLine(entry, node) for entry in listed]
        return [title, *self.contents]


def _frame(tall: float) -> Frame:
    """The column of a page from its lower edge up."""
    return Frame(_SIDE, _FOOT, COLUMN, tall, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)


def _walk(content: Sequence[blocks.Block]) -> list[blocks.Block]:
    found: list[blocks.Block] = []
    for block in content:
        match block:
            case blocks.Beside():
                found += [*_walk(block.left), *_walk(block.right)]
            case blocks.Whole():
                found += _walk(block.blocks)
            case _:
                found.append(block)
    return found


def _needed(pieces: Sequence[Any]) -> float:
    """Room for headings and the least part of what follows them."""
    total = 0.0
    for piece in pieces:
        if not isinstance(piece, Piece):
            break
        total += piece.spaceBefore + piece.least(COLUMN)
        if not _leads(piece):
            break
        total += piece.spaceAfter
    return total


def _leads(piece: Any) -> bool:
    """Whether a piece only leads to the next one: headings, and what explains it in small print."""
    return _heads(piece) or isinstance(piece, BadgesPiece) or _is_note(piece)


def _is_note(piece: Any) -> bool:
    """Small print."""
    return isinstance(piece, TextPiece) and piece.type is TYPES["note"]


def _heads(piece: Any) -> bool:
    """Headings, and bold lines such as who says something."""
    return isinstance(piece, HeadingPiece) or (isinstance(piece, TextPiece) and piece.type is TYPES["strong"])


def _fitted(text: str, width: float, size: float = 8) -> str:
    """One line; the end of a longer one gives way to dots."""
    line = drawable(text.replace("\n", " "))
    if width_of(line, REGULAR, size) <= width:
        return line
    while line and width_of(f"{line}…", REGULAR, size) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"
