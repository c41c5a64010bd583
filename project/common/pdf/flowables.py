"""The pieces reportlab places on pages: text, headings, lines of the contents, figures, columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportlab.platypus import Flowable

from project.common.looks import GROUND, INK, LINE, LINK, MUTED
from project.common.pdf.drawings import draw
from project.common.pdf.fonts import BOLD, REGULAR, width_of
from project.common.pdf.tagging import Node, TaggedCanvas
from project.common.pdf.words import lines_of
from project.common.svg import Drawing

#: Lines that stay together at the foot and at the head of a page.
_ORPHANS: Final = 2


@dataclass(frozen=True)
class Type:
    """Size, colour and room of a text, in points."""

    size: float
    leading: float
    font: str = REGULAR
    colour: str = INK
    before: float = 0.0
    after: float = 6.0


TYPES: Final[dict[str, Type]] = {
    "title": Type(32, 38, BOLD, before=0, after=12),
    "h1": Type(21, 25, BOLD, before=0, after=5),
    "h2": Type(14, 18, BOLD, before=11, after=4),
    "h3": Type(11, 14, BOLD, before=7, after=3),
    "h4": Type(9.5, 13, BOLD, before=6, after=3),
    "body": Type(9.5, 13.2),
    "lead": Type(11, 15),
    "strong": Type(9.5, 13.2, BOLD, after=2),
    "note": Type(7.8, 10, colour=MUTED, after=3),
    "preline": Type(9.5, 13, colour=MUTED, after=2),
    "cell": Type(8.1, 10.1, after=0),
    "head": Type(8.1, 10.1, BOLD, after=0),
    "badge": Type(8.3, 11, BOLD, after=0),
}


class Piece(Flowable):
    """What all pieces have in common: the canvas that tags, and the least room they need."""

    canv: TaggedCanvas
    width: float
    height: float

    def __init__(self, *, before: float = 0.0, after: float = 0.0) -> None:
        super().__init__()
        self.spaceBefore, self.spaceAfter = before, after

    def least(self, width: float) -> float:
        """Height of the smallest part that may stand alone at the foot of a page."""
        return float(self.wrap(width, 1e6)[1])


class TextPiece(Piece):
    """Lines of text in one element.

    Args:
        text: Of the paragraph.
        node: Element of the text.
        type_: How it looks.
        indent: From the left edge.
        label: Mark before the first line, with the element it belongs to.
        has_rule: Draws a line along its left side.
        href: Address behind the text; the node is the Link element then.
    """

    def __init__(
        self,
        text: str,
        node: Node,
        type_: Type,
        *,
        indent: float = 0.0,
        label: tuple[str, Node] | None = None,
        has_rule: bool = False,
        href: str = "",
    ) -> None:
        super().__init__(before=type_.before, after=type_.after)
        self.text, self.node, self.type = text, node, type_
        self.indent, self.label, self.has_rule, self.href = indent, label, has_rule, href
        self.lines: list[str] | None = None
        self._for_width = -1.0

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Break the lines once a width."""
        if self.lines is None or (self._for_width >= 0 and self._for_width != width):
            self.lines = lines_of(
                self.text, width=width - self.indent, font=self.type.font, size=self.type.size
            )
            self._for_width = width
        self.width, self.height = width, len(self.lines) * self.type.leading
        return width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        """Two parts of one element; neither has fewer than two lines."""
        self.wrap(width, height)
        assert self.lines is not None
        fit = int(height / self.type.leading + 1e-6)
        fit = min(fit, len(self.lines) - _ORPHANS)
        if fit < _ORPHANS:
            return []
        first, second = self._part(self.lines[:fit]), self._part(self.lines[fit:])
        first.spaceAfter, second.spaceBefore, second.label = 0, 0, None
        return [first, second]

    def _part(self, lines: list[str]) -> TextPiece:
        part = TextPiece(
            "",
            self.node,
            self.type,
            indent=self.indent,
            label=self.label,
            has_rule=self.has_rule,
            href=self.href,
        )
        part.lines = lines
        return part

    def least(self, width: float) -> float:
        """Two lines, or all of three."""
        self.wrap(width, 1e6)
        count = len(self.lines or ())
        return (count if count < 2 * _ORPHANS else _ORPHANS) * self.type.leading

    def draw(self) -> None:
        """Write label and lines."""
        canvas, type_ = self.canv, self.type
        if self.has_rule:
            with canvas.artifact():
                canvas.setFillColor(LINE)
                canvas.rect(0, -1, 2, self.height + 1, stroke=0, fill=1)
        first = self.height - type_.leading + (type_.leading - type_.size) * 0.5 + type_.size * 0.1
        if self.label is not None:
            mark, label = self.label
            with canvas.tagged(label):
                write(canvas, [mark], x=self.indent - 4, y=first, type_=type_, is_right=True)
        colour = LINK if self.href else type_.colour
        with canvas.tagged(self.node):
            write(canvas, self.lines or [], x=self.indent, y=first, type_=type_, colour=colour)
        if self.href:
            rect = (self.indent, 0.0, self.width, self.height)
            canvas.link(self.node, rect, text=self.text, target=self.href)


def write(
    canvas: TaggedCanvas,
    lines: Sequence[str],
    *,
    x: float,
    y: float,
    type_: Type,
    colour: str = "",
    is_right: bool = False,
) -> None:
    """Write lines from a first base line downwards; to the right edge x if told."""
    if not is_right:
        text = canvas.beginText(x, y)
        text.setFont(type_.font, type_.size, type_.leading)
        text.setFillColor(colour or type_.colour)
        for line in lines:
            text.textLine(line)
        canvas.drawText(text)
        return
    canvas.setFont(type_.font, type_.size)
    canvas.setFillColor(colour or type_.colour)
    for line in lines:
        canvas.drawRightString(x, y, line)
        y -= type_.leading


@dataclass
class Entry:
    """A heading as contents and bookmarks know it; its page is known once it is drawn."""

    key: str
    text: str
    level: int
    is_listed: bool
    page: int = -1


class HeadingPiece(TextPiece):
    """A heading with its bookmark; badges stand below it."""

    def __init__(self, entry: Entry, node: Node, *, running: str = "", is_title: bool = False) -> None:
        super().__init__(entry.text, node, TYPES["title" if is_title else f"h{entry.level}"])
        self.entry, self.running = entry, running

    def split(self, width: float, height: float) -> list[Flowable]:
        """Never."""
        return []

    def least(self, width: float) -> float:
        """All of it."""
        return self.wrap(width, 1e6)[1]

    def draw(self) -> None:
        """Write it, and tell contents, bookmarks and running head."""
        canvas = self.canv
        self.entry.page = canvas.page_index
        canvas.bookmarkHorizontal(self.entry.key, 0, self.height + 4)
        if self.entry.is_listed:
            canvas.outline(self.entry.text, self.entry.key, self.entry.level)
        if self.running:
            canvas.running = self.running
        super().draw()


class BadgesPiece(Piece):
    """Short words in grey boxes side by side: status, rank. One paragraph, read with commas between."""

    def __init__(self, texts: Sequence[str], node: Node) -> None:
        super().__init__(after=8)
        self.texts, self.node = texts, node
        self._places: list[tuple[float, float, str]] = []

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Set the boxes in rows."""
        type_ = TYPES["badge"]
        self._places, x, row = [], 0.0, 0
        for text in self.texts:
            wide = min(width_of(text, type_.font, type_.size) + 12, width)
            if x and x + wide > width:
                x, row = 0.0, row + 1
            self._places.append((x, row, text))
            x += wide + 6
        self.width, self.height = width, (row + 1) * 19.0
        return width, self.height

    def draw(self) -> None:
        """Boxes as decoration, words as text."""
        canvas, type_ = self.canv, TYPES["badge"]
        with canvas.artifact():
            canvas.setFillColor(GROUND)
            for x, row, text in self._places:
                wide = width_of(text, type_.font, type_.size) + 12
                canvas.roundRect(x, self.height - row * 19 - 16, wide, 16, 2, stroke=0, fill=1)
        with canvas.tagged(self.node):
            for x, row, text in self._places:
                write(canvas, [text], x=x + 6, y=self.height - row * 19 - 11, type_=type_)


class ContentsLine(Piece):
    """A line of the contents: text, dots, page number; all of it is a link."""

    def __init__(self, entry: Entry, toc: Node) -> None:
        super().__init__(before=5 if entry.level == 1 else 0, after=2)
        self.entry = entry
        item = Node("TOCI", toc)
        self.node = Node("Link", Node("Reference", item))
        self.type = TYPES["strong" if entry.level == 1 else "body"]
        self.indent = 12.0 * (entry.level - 1)
        self.lines: list[str] = []
        #: Page, right edge and base line of the number, known once drawn.
        self.place: tuple[int, float, float] | None = None

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Leave room for the number."""
        self.lines = lines_of(
            self.entry.text, width=width - self.indent - 40, font=self.type.font, size=self.type.size
        )
        self.width, self.height = width, len(self.lines) * self.type.leading
        return width, self.height

    def draw(self) -> None:
        """Write text and dots; the number comes when all pages are known."""
        canvas, type_ = self.canv, self.type
        first = self.height - type_.leading + 3.2
        last = first - (len(self.lines) - 1) * type_.leading
        with canvas.tagged(self.node):
            write(canvas, self.lines, x=self.indent, y=first, type_=type_)
        start = self.indent + width_of(self.lines[-1], type_.font, type_.size) + 5
        with canvas.artifact():
            canvas.setFillColor(MUTED)
            canvas.setFont(REGULAR, type_.size)
            dot = width_of(" .", REGULAR, type_.size)
            canvas.drawRightString(self.width - 28, last, " ." * max(0, int((self.width - 28 - start) / dot)))
        canvas.link(
            self.node, (0.0, 0.0, self.width, self.height), text=self.entry.text, target=f"#{self.entry.key}"
        )
        x, y = canvas.absolutePosition(self.width, last)
        self.place = (canvas.page_index, x, y)

    def number(self, canvas: TaggedCanvas) -> None:
        """Write the number, now that the heading has a page."""
        if self.place is not None and self.entry.page >= 0:
            page, x, y = self.place
            canvas.late(page, self.node, self.type.font, self.type.size, x, y, str(self.entry.page + 1))


class FigurePiece(Piece):
    """A drawing, read as its alternative text, with a caption below."""

    def __init__(
        self, drawing: Drawing, node: Node, caption: TextPiece | None, *, share: float, tallest: float
    ) -> None:
        super().__init__(before=1, after=5)
        self.drawing, self.node, self.caption = drawing, node, caption
        self.share, self.tallest = share, tallest
        self._size = (0.0, 0.0)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Fit into the column, and onto a page."""
        wide = width * self.share
        tall = self.drawing.height * wide / self.drawing.width
        if tall > self.tallest:
            wide, tall = wide * self.tallest / tall, self.tallest
        self._size = (wide, tall)
        below = self.caption.wrap(width, height)[1] + 4 if self.caption is not None else 0.0
        self.width, self.height = width, tall + below
        return width, self.height

    def draw(self) -> None:
        """Draw it with its box, which some readers ask for."""
        canvas, (wide, tall) = self.canv, self._size
        bottom = self.height - tall
        left, low = canvas.absolutePosition(0, bottom)
        box = " ".join(f"{edge:.1f}" for edge in (left, low, left + wide, low + tall))
        self.node.attributes = f"/O /Layout /Placement /Block /BBox [{box}]"
        with canvas.tagged(self.node):
            canvas.saveState()
            canvas.translate(0, bottom)
            draw(canvas, self.drawing, width=wide)
            canvas.restoreState()
        if self.caption is not None:
            self.caption.drawOn(canvas, 0, 0)


class BesidePiece(Piece):
    """Two columns, read left first; one below the other where they do not fit on a page."""

    def __init__(self, left: list[Piece], right: list[Piece], *, share: float) -> None:
        super().__init__(after=6)
        self.columns, self.share = (left, right), share

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """The higher column counts."""
        gap = 16.0
        self._widths = ((width - gap) * self.share, (width - gap) * (1 - self.share))
        heights = []
        for pieces, wide in zip(self.columns, self._widths, strict=True):
            tall = sum(piece.wrap(wide, 1e6)[1] + piece.spaceAfter for piece in pieces)
            heights.append(tall + sum(piece.spaceBefore for piece in pieces[1:]))
        self.width, self.height = width, max(heights)
        return width, self.height

    def split(self, _width: float, _height: float) -> list[Flowable]:
        """Only what is higher than a page comes here for good; reportlab tries a new page first."""
        return []

    def draw(self) -> None:
        """Left column, then right."""
        x = 0.0
        for pieces, wide in zip(self.columns, self._widths, strict=True):
            y = self.height
            for place, piece in enumerate(pieces):
                y -= piece.height + (piece.spaceBefore if place else 0)
                piece.drawOn(self.canv, x, y)
                y -= piece.spaceAfter
            x += wide + 16.0


def flat(pieces: Sequence[Any]) -> list[Any]:
    """Pieces of columns one below the other."""
    found: list[Any] = []
    for piece in pieces:
        if isinstance(piece, BesidePiece):
            found += [*flat(piece.columns[0]), *flat(piece.columns[1])]
        else:
            found.append(piece)
    return found
