"""Tables that break between rows, repeat their head and tell what heads what."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.platypus import Flowable

from project.common.looks import GROUND, INK, LINE
from project.common.pdf.blocks import Bar, Column, GroupRow, Row, SumRow
from project.common.pdf.drawings import draw
from project.common.pdf.flowables import TYPES, Piece, TextPiece, Type, write
from project.common.pdf.tagging import Node
from project.common.pdf.words import lines_of

_PAD_X: Final = 4.0
_PAD_Y: Final = 1.8
#: Further room at the left of a column that stands apart.
_APART: Final = 10.0
_BAR_WIDTH: Final = 62.0
#: A row of more lines is cut into rows that read as one: two of them and the head fit on a page.
_MOST_LINES: Final = 24
#: Rows that stay with the head at the foot of a page.
_TOGETHER: Final = 2


@dataclass
class _Cell:
    node: Node
    lines: list[str]
    type: Type
    bar: Bar | None = None


@dataclass
class _Line:
    """A row with its height; ``is_group`` spans the table, ``is_sum`` stays with the row above."""

    cells: list[_Cell]
    height: float
    is_group: bool = False
    is_end: bool = True
    is_sum: bool = False
    span: int = 1


@dataclass(frozen=True)
class Frame:
    """What the parts of one table share.

    Attributes:
        columns: Left to right.
        table: Element of the table.
        body: Element of its rows.
        is_plain: Without head, for facts.
        is_whole: Rather on the next page than torn.
    """

    columns: Sequence[Column]
    table: Node
    body: Node
    is_plain: bool = False
    is_whole: bool = False

    def widths(self, width: float) -> list[float]:
        """Width of each column."""
        total = sum(column.share for column in self.columns)
        return [width * column.share / total for column in self.columns]


class TablePiece(Piece):
    """A table or a part of one."""

    def __init__(self, frame: Frame, rows: Sequence[Row], caption: TextPiece | None) -> None:
        super().__init__(before=2, after=8)
        self.frame, self.rows, self.caption = frame, rows, caption
        self.head: _Line | None = None
        self.lines: list[_Line] = []
        self.is_continued = False
        self._for_width = -1.0

    # --- measuring ------------------------------------------------------------------------------

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Break all cells once a width."""
        if self._for_width != width:
            self._measure(width)
            self._for_width = width
        above = self.caption.wrap(width, height)[1] + 3 if self.caption is not None else 0.0
        self.width = width
        self.height = above + self._head_height + sum(line.height for line in self.lines)
        return width, self.height

    @property
    def _head_height(self) -> float:
        return self.head.height if self.head is not None else 0.0

    def _measure(self, width: float) -> None:
        widths = self.frame.widths(width)
        if not self.frame.is_plain:
            row = Node("TR", Node("THead", self.frame.table))
            cells = [
                _Cell(
                    Node("TH", row, attributes="/O /Table /Scope /Column"),
                    _broken(column.title, wide - _extra(column), TYPES["head"]),
                    TYPES["head"],
                )
                for column, wide in zip(self.frame.columns, widths, strict=True)
            ]
            self.head = _Line(cells, _height(cells))
        self.lines = [line for row in self.rows for line in self._lines(row, widths)]

    def _lines(self, row: Row, widths: Sequence[float]) -> list[_Line]:
        node = Node("TR", self.frame.body)
        if isinstance(row, GroupRow):
            attributes = f"/O /Table /Scope /Column /ColSpan {len(widths)}"
            cell = _Cell(
                Node("TH", node, attributes=attributes),
                _broken(row.text, sum(widths), TYPES["head"]),
                TYPES["head"],
            )
            return [_Line([cell], _height([cell]), is_group=True)]
        span = row.span if isinstance(row, SumRow) else 1
        columns = _spanned(self.frame.columns, span)
        is_sum = isinstance(row, SumRow)
        cells = []
        places = zip(
            row.cells if isinstance(row, SumRow) else row, _merged(widths, span), columns, strict=True
        )
        for place, (content, wide, column) in enumerate(places):
            bar = content if isinstance(content, Bar) else None
            text = content.text if isinstance(content, Bar) else content
            is_head = place == 0
            type_ = TYPES["head" if is_sum or (is_head and self.frame.is_plain) else "cell"]
            scope = "/O /Table /Scope /Row" + (f" /ColSpan {span}" if span > 1 else "")
            element = Node("TH", node, attributes=scope) if is_head else Node("TD", node)
            cells.append(_Cell(element, _broken(text, wide - _extra(column), type_), type_, bar))
        lines = _cut(cells)
        for line in lines:
            line.span = span
        lines[0].is_sum = is_sum
        return lines

    # --- breaking -------------------------------------------------------------------------------

    def split(self, width: float, height: float) -> list[Flowable]:
        """Two parts of one table, of two rows at least: no group ends a page, no sums begin one."""
        self.wrap(width, height)
        room = height - (self.height - sum(line.height for line in self.lines))
        count = 0
        for line in self.lines:
            if line.height > room:
                break
            room -= line.height
            count += 1
        if count == len(self.lines):
            return []
        if count and len(self.lines) - count == 1:
            count -= 1
        while count and (self.lines[count - 1].is_group or self.lines[count].is_sum):
            count -= 1
        if count < min(_TOGETHER, len(self.lines)):
            return []
        first, second = self._part(self.lines[:count]), self._part(self.lines[count:])
        first.caption, second.is_continued = self.caption, True
        first.is_continued = self.is_continued
        first.spaceAfter = second.spaceBefore = 0
        return [first, second]

    def _part(self, lines: list[_Line]) -> TablePiece:
        part = TablePiece(self.frame, (), None)
        part.head, part.lines, part._for_width = self.head, lines, self._for_width
        return part

    def least(self, width: float) -> float:
        """Caption, head and two rows (three if the first is a group) with sums; all of what stays whole."""
        self.wrap(width, 1e6)
        if self.frame.is_whole:
            return self.height
        count = _TOGETHER + (1 if self.lines and self.lines[0].is_group else 0)
        while count < len(self.lines) and self.lines[count].is_sum:
            count += 1
        if len(self.lines) - count == 1:
            count += 1
        rows = self.lines[:count]
        return self.height - sum(line.height for line in self.lines) + sum(line.height for line in rows)

    # --- drawing --------------------------------------------------------------------------------

    def draw(self) -> None:
        """Lines and grounds as decoration, then cells in the order they are read."""
        y = self.height
        if self.caption is not None:
            tall = self.caption.wrap(self.width, y)[1]
            self.caption.drawOn(self.canv, 0, y - tall)
            y -= tall + 3
        self._decorate(y)
        widths = self.frame.widths(self.width)
        if self.head is not None:
            if self.is_continued:
                with self.canv.artifact("Pagination"):
                    self._cells(self.head, y, widths)
            else:
                self._cells(self.head, y, widths)
            y -= self.head.height
        for line in self.lines:
            self._cells(line, y, [self.width] if line.is_group else _merged(widths, line.span))
            y -= line.height

    def _decorate(self, y: float) -> None:
        canvas = self.canv
        with canvas.artifact():
            if self.head is not None:
                canvas.setStrokeColor(INK)
                canvas.setLineWidth(1)
                canvas.line(0, y - self.head.height, self.width, y - self.head.height)
                y -= self.head.height
            canvas.setStrokeColor(LINE)
            canvas.setFillColor(GROUND)
            canvas.setLineWidth(0.5)
            for line in self.lines:
                if line.is_group:
                    canvas.rect(0, y - line.height, self.width, line.height, stroke=0, fill=1)
                if line.is_sum:
                    canvas.setStrokeColor(INK)
                    canvas.line(0, y, self.width, y)
                    canvas.setStrokeColor(LINE)
                y -= line.height
                if line.is_end:
                    canvas.line(0, y, self.width, y)

    def _cells(self, line: _Line, y: float, widths: Sequence[float]) -> None:
        canvas, x = self.canv, 0.0
        columns = _spanned(self.frame.columns, line.span)
        for cell, wide, column in zip(line.cells, widths, columns, strict=False):
            first = y - _PAD_Y - cell.type.leading + (cell.type.leading - cell.type.size) * 0.5 + 1.0
            if cell.bar is not None:
                with canvas.artifact():
                    canvas.saveState()
                    canvas.translate(x + _PAD_X, y - line.height / 2 - 3.5)
                    scaled = dataclasses.replace(cell.bar.drawing)
                    canvas.scale(1, 7 / (scaled.height * _BAR_WIDTH / scaled.width))
                    draw(canvas, scaled, width=_BAR_WIDTH)
                    canvas.restoreState()
            is_right = column.is_number and not line.is_group
            left = x + _PAD_X + (0.0 if line.is_group else _extra(column))
            with canvas.tagged(cell.node):
                write(
                    canvas,
                    cell.lines,
                    x=x + wide - _PAD_X if is_right else left,
                    y=first,
                    type_=cell.type,
                    is_right=is_right,
                )
            x += wide


def _extra(column: Column) -> float:
    return _APART if column.is_apart else 0.0


def _merged(widths: Sequence[float], span: int) -> list[float]:
    """Widths of the cells of a row whose first takes several columns."""
    return [sum(widths[:span]), *widths[span:]]


def _spanned(columns: Sequence[Column], span: int) -> Sequence[Column]:
    """Columns of the cells of such a row; what it names stands at the left."""
    return columns if span == 1 else [Column(""), *columns[span:]]


def _broken(text: str, width: float, type_: Type) -> list[str]:
    return lines_of(text, width=width - 2 * _PAD_X, font=type_.font, size=type_.size)


def _height(cells: Sequence[_Cell]) -> float:
    return max(len(cell.lines) * cell.type.leading for cell in cells) + 2 * _PAD_Y


def _cut(cells: list[_Cell]) -> list[_Line]:
    """One row, or several that read as one where it would be higher than a page."""
    longest = max(len(cell.lines) for cell in cells)
    parts = []
    for start in range(0, longest, _MOST_LINES):
        part = [
            dataclasses.replace(
                cell, lines=cell.lines[start : start + _MOST_LINES], bar=cell.bar if start == 0 else None
            )
            for cell in cells
        ]
        parts.append(_Line(part, _height(part), is_end=start + _MOST_LINES >= longest))
    return parts
