"""All key figures of a plan on one sheet: path, latest value, light, progress."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from measures.models import KeyFigure, Measure
from measures.selectors.figures import FigureLine, figure_lines, protected
from measures.selectors.numbering import by_number


@dataclasses.dataclass(frozen=True)
class SheetFilter:
    """What a person wants to see of the key figures; empty restricts nothing."""

    search: str = ""
    field: int | None = None
    light: str = ""
    level: str = ""
    responsible: int | None = None


def sheet_figures(measures: QuerySet[Measure], wanted: SheetFilter) -> QuerySet[KeyFigure]:
    """Key figures of measures that fit a filter, by number of the measure. Queries: none.

    Args:
        measures: From ``with_states``, whose refresh also keeps the lights.
        wanted: The filter.
    """
    figures = KeyFigure.objects.filter(measure__in=measures.order_by().values("pk"))
    conditions = {
        "measure__field_id": wanted.field,
        "standing__light": wanted.light or None,
        "level": wanted.level or None,
        "measure__responsible_id": wanted.responsible,
    }
    figures = figures.filter(**{name: value for name, value in conditions.items() if value is not None})
    if wanted.search:
        term = wanted.search
        figures = figures.filter(Q(title__icontains=term) | Q(measure__title__icontains=term))
    joined = figures.select_related(
        "measure__plan", "measure__field", "measure__parent__field", "measure__responsible", "unit"
    )
    return joined.order_by(*by_number("measure__"), "pk")


@dataclasses.dataclass(frozen=True)
class SheetRow:
    """A key figure with its measure and where it stands; small counts of people are not told."""

    measure: Measure
    line: FigureLine

    @property
    def progress_percent(self) -> int | None:
        """Percent of the way to the last target; None without a value that may be told."""
        return self.line.progress


def sheet_rows(figures: Iterable[KeyFigure]) -> list[SheetRow]:
    """Rows of a page of the sheet, or of a file. Queries: 3 for any number besides those of ``figures``.

    Args:
        figures: From ``sheet_figures``.
    """
    rows = list(figures)
    lines = {
        line.figure.pk: line
        for of_measure in figure_lines({row.measure_id for row in rows}).values()
        for line in of_measure
    }
    return [SheetRow(row.measure, protected(lines[row.pk])) for row in rows if row.pk in lines]
