"""Diagrams of the flows, drawn by the engine with our titles."""

from __future__ import annotations

from viewflow.workflow import chart
from viewflow.workflow.base import Flow


def flow_svg(flow_class: type[Flow], *, process_pk: int | None = None) -> str:
    """The steps of a flow as SVG, in the language that is active.

    Args:
        flow_class: The flow.
        process_pk: Case whose steps are marked as done or current; None draws the bare flow.
    """
    grid = chart.calc_layout_data(flow_class)
    if process_pk is not None:
        chart.calc_cell_status(flow_class, grid, process_pk)
    return str(chart.grid_to_svg(grid))


def flow_bpmn(flow_class: type[Flow]) -> str:
    """The steps of a flow in BPMN 2.0, without the state of a case."""
    return str(
        chart.grid_to_bpmn(chart.calc_layout_data(flow_class, edge_start_gap_size=0, edge_end_gap_size=0))
    )
