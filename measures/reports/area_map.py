"""The map of a plan on paper: areas with the number of their measures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from django.utils.translation import gettext as _

from measures.reports.drawings import count_map
from measures.reports.sheet import SheetData
from monitoring.models import Area
from monitoring.shapes import MapShapes
from project.common.formats import decimal_de
from project.common.pdf import blocks


def map_blocks(
    sheets: Sequence[SheetData], *, areas: Sequence[Area], shapes: MapShapes | None, territory: str
) -> list[blocks.Block]:
    """Map of the areas with the number of their measures, and the same as a table.

    Args:
        sheets: Measures by number; no chapter if none has an area.
        areas: Areas by name.
        shapes: Boundaries; None without any.
        territory: Name of the whole.
    """
    counts = Counter(key for row in sheets for key in row.area_keys)
    if not counts:
        return []
    title = _("Measures in the areas")
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    if shapes is not None:
        drawing, legend = count_map(
            shapes,
            {str(area.pk): area.name for area in areas},
            {str(key): count for key, count in counts.items()},
            title=_("Measures in the areas of %(territory)s") % {"territory": territory},
        )
        source = next((area.geometry_source for area in areas if area.geometry_source), "")
        below = (blocks.Paragraph(source, "note"),) if source else ()
        parts.append(
            blocks.Beside(
                (blocks.Figure(drawing), *below),
                (
                    blocks.Figure(
                        legend,
                        caption=legend.title,
                    ),
                ),
                share=0.6,
            )
        )
    everywhere = [row.measure.number for row in sheets if not row.area_keys]
    numbers: dict[int, list[str]] = defaultdict(list)
    for row in sheets:
        for key in row.area_keys:
            numbers[key].append(row.measure.number)
    columns = (
        blocks.Column(_("Area"), 3),
        blocks.Column(_("Count"), 1, is_number=True),
        blocks.Column(_("Measures"), 6),
    )
    rows: list[blocks.Row] = [
        (area.name, decimal_de(counts[area.pk], 0), ", ".join(numbers[area.pk]))
        for area in areas
        if counts[area.pk]
    ]
    if everywhere:
        whole = _("Whole territory (%(territory)s)") % {"territory": territory}
        rows.append((whole, decimal_de(len(everywhere), 0), ", ".join(everywhere)))
    return [*parts, blocks.Table("", columns, rows)]
