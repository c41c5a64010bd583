"""The chart of a key figure from its line: one drawing for pages and papers."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from measures.charts import Mark, figure_chart, value_range
from measures.models import FigureKind, KeyFigure
from measures.selectors.figures import FigureLine, number_of
from project.common.formats import decimal_de
from project.common.svg import Drawing

#: Height of the chart on paper, where a measure shall fit on a page (picture units).
FLAT: Final = 130.0
#: Size of one of three charts in a row on paper.
NARROW: Final = {"width": 300.0, "height": 124.0}


def figure_drawing(
    line: FigureLine, today: datetime.date, *, is_flat: bool = False, is_narrow: bool = False
) -> Drawing | None:
    """A key figure over time, as ``charts.figure_chart`` draws it.

    Args:
        line: As it may be told; secret figures are left out like missing ones.
        today: Where the line of today stands.
        is_flat: Draw it flat, for papers.
        is_narrow: Draw it flat and narrow, for three in a row of a paper.

    Returns:
        None without a target.
    """
    figure = line.figure
    path = [Mark(point.day, float(point.value)) for point in line.path.points]
    actuals = [Mark(row.day, float(row.value)) for row in line.actuals if row.value is not None]
    if len(path) < 2:
        return None
    low, high = value_range(path, actuals)
    sizes = NARROW if is_narrow else {"height": FLAT} if is_flat else {}
    return figure_chart(
        title=figure.title,
        unit=figure.unit.symbol,
        path=path,
        actuals=actuals,
        low_label=_axis_label(low, figure),
        high_label=_axis_label(high, figure),
        today=today,
        **sizes,
    )


def _axis_label(value: float, figure: KeyFigure) -> str:
    """A number of the axis: without its unit, or the step of a judgement."""
    if figure.kind == FigureKind.QUALITY:
        return number_of(Decimal(round(value)), figure)
    return decimal_de(value, figure.unit.decimals)
