"""A paper on the screen: the same blocks as its PDF, for ``workflows/_paper_blocks.html``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString

from project.common.pdf import blocks
from project.common.svg import to_svg


@dataclasses.dataclass(frozen=True)
class PageBlock:
    """A block with the name of its kind, by which the template tells them apart.

    Attributes:
        kind: Such as ``heading`` or ``table``.
        block: The block.
        svg: The picture of a figure.
        rows: Of a table, each cell with its column.
    """

    kind: str
    block: Any
    svg: SafeString | str = ""
    rows: Sequence[Sequence[tuple[blocks.Column, Any]]] = ()


def page_blocks(content: Sequence[blocks.Block]) -> list[PageBlock]:
    """Blocks for the page; the title is the page's own, breaks of pages mean nothing there."""
    shown = []
    for block in content:
        if isinstance(block, blocks.PageBreak) or (isinstance(block, blocks.Heading) and block.level == 1):
            continue
        svg = to_svg(block.drawing) if isinstance(block, blocks.Figure) else ""
        rows = _cells(block) if isinstance(block, blocks.Table) else ()
        shown.append(PageBlock(type(block).__name__.lower(), block, svg, rows))
    return shown


def _cells(table: blocks.Table) -> list[list[tuple[blocks.Column, Any]]]:
    rows = []
    for row in table.rows:
        assert isinstance(row, tuple), "no paper of this kind has groups or sums"
        rows.append(list(zip(table.columns, row, strict=True)))
    return rows
