"""Diagrams of the flows, drawn by the engine with our titles."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from viewflow.workflow import chart
from viewflow.workflow.base import Flow
from viewflow.workflow.status import STATUS

#: Room below and to the right of the last box (units of the drawing).
_MARGIN = 25
#: Letters that fit into a line of a box, and the distance of its lines (units of the drawing).
_LINE_LETTERS = 22
_LINE_HEIGHT = 14.4
_FONT_SIZE = 12
_SOFT_HYPHEN = "\u00ad"
_SILENT_WHILE_OPEN = ("EVENT", "TIMER")
_OVER = (STATUS.DONE, STATUS.CANCELED)


def flow_svg(flow_class: type[Flow], *, process_pk: int | None = None) -> str:
    """The steps of a flow as SVG, in the language that is active.

    Args:
        flow_class: The flow.
        process_pk: Case whose steps are marked as done or current; None draws the bare flow.
    """
    grid = chart.calc_layout_data(flow_class)
    for cell in grid.cells:
        _wrap_title(cell)
    # The engine keeps rows for the deadlines, which sit on the border of their steps.
    grid.width = max(cell.shape.x + cell.shape.width for cell in grid.cells) + _MARGIN
    grid.height = max(_bottom(grid), max(cell.shape.y + cell.shape.height for cell in grid.cells)) + _MARGIN
    if process_pk is not None:
        chart.calc_cell_status(flow_class, grid, process_pk)
        for cell in grid.cells:
            # A way that may be taken, and a deadline not reached, are not where the case stands.
            if cell.node.task_type in _SILENT_WHILE_OPEN and cell.status not in _OVER:
                cell.status = None
    return str(chart.grid_to_svg(grid))


def _title(cell: Any) -> str:
    """The title as it is spoken: soft hyphens only say where a drawing may break it."""
    return str(cell.node.task_title).replace(_SOFT_HYPHEN, "")


def _lines(title: str) -> list[str]:
    """Break a title at spaces, and at soft hyphens where a word is longer than a line.

    >>> _lines("Alle Lieferstellen haben geliefert")
    ['Alle Lieferstellen', 'haben geliefert']
    >>> _lines("Fachplanungs\u00adkonferenzbeschluss")
    ['Fachplanungs-', 'konferenzbeschluss']
    """
    words = []
    for word in title.split():
        plain = word.replace(_SOFT_HYPHEN, "")
        words.append(plain if len(plain) <= _LINE_LETTERS else word.replace(_SOFT_HYPHEN, "- "))
    return wrap(" ".join(words), _LINE_LETTERS, break_long_words=False, break_on_hyphens=False)


def _wrap_title(cell: Any) -> None:
    """Break the title of a box between words; German words are long."""
    if not cell.shape.text:
        return
    lines = _lines(str(cell.node.task_title))
    middle = cell.shape.width // 2
    top = (cell.shape.height - (len(lines) - 1) * _LINE_HEIGHT) / 2
    cell.shape.text = [
        (line, "align-middle", _FONT_SIZE, middle, round(top + number * _LINE_HEIGHT, 1))
        for number, line in enumerate(lines)
    ]


def _bottom(grid: Any) -> float:
    """Lowest point of the lines between the boxes."""
    return max((float(y) for edge in grid.edges for _x, y in edge.segments), default=0.0)


def flow_bpmn(flow_class: type[Flow]) -> str:
    """The steps of a flow in BPMN 2.0, without the state of a case."""
    grid = chart.calc_layout_data(flow_class, edge_start_gap_size=0, edge_end_gap_size=0)
    for cell in grid.cells:
        if cell.shape.text:
            # The engine joins the lines of the drawing, which cut long words in two.
            cell.shape.text = [(_title(cell), "align-middle", _FONT_SIZE, 0, 0)]
    return str(chart.grid_to_bpmn(grid))
