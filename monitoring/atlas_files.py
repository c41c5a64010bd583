"""What the atlas shows as files, from the same rows: the map as a picture, the table as CSV or Excel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from monitoring.atlas_choice import AtlasChoice, address, method_name
from monitoring.charts import LegendEntry
from monitoring.classes import ClassMethod
from monitoring.map_file import map_sheet, png_file, svg_file
from monitoring.selectors.atlas import AtlasRow, AtlasView
from project.common.exports import Column, Format, Kind, table_response
from project.common.formats import date_de
from project.common.svg import Drawing

#: Pictures of the map by the ending in the address.
PICTURES: Final = {"svg": "image/svg+xml", "png": "image/png"}

#: So many areas are named in a line below the map.
_NAMED_AREAS: Final = 10


def file_links(choice: AtlasChoice, *, has_map: bool) -> list[dict[str, str]]:
    """Links to the files of what is seen, for ``components/_download_links.html``."""
    wanted = [(Format.XLSX.value, _("Excel")), (Format.CSV.value, _("CSV"))]
    if has_map:
        wanted += [("png", _("Map as PNG")), ("svg", _("Map as SVG"))]
    return [{"label": label, "url": address(choice.query(), export=form)} for form, label in wanted]


def source_lines(choice: AtlasChoice, view: AtlasView) -> list[str]:
    """Title, source, dates and secrecy: what every file says of itself."""
    title = f"{choice.territory}, {view.title}"
    if choice.level is not None and len(choice.levels) > 1:
        title += f", {choice.level.label}"
    lines = [
        title + (f" ({view.unit})" if view.unit else ""),
        _("Source: %(source)s") % {"source": view.source},
    ]
    if view.as_of is not None:
        lines.append(_("Data as of %(day)s.") % {"day": date_de(view.as_of)})
    if view.filled_rows:
        lines.append(_filled_line(view.filled_rows))
    lines += [
        *([] if choice.method is ClassMethod.BORDER else [_classes_line(choice)]),
        _("Made on %(day)s. Counts of one or two people, and rates that rest on so few, are not shown.")
        % {"day": date_de(timezone.localdate())},
    ]
    sources = {row.area.geometry_source for row in view.rows if row.area.geometry_source}
    lines += [_("Boundaries: %(source)s") % {"source": source} for source in sorted(sources)]
    if view.is_example:
        lines.append(_("Example values, invented for show."))
    return lines


def _classes_line(choice: AtlasChoice) -> str:
    return _("Classes: %(method)s.") % {"method": method_name(choice.method)}


def _file_lines(choice: AtlasChoice, view: AtlasView) -> list[str]:
    """What a file says of itself: behind the title where need is greatest, for it leaves the page behind."""
    lines = source_lines(choice, view)
    if view.need is not None:
        lines[1:1] = view.need.lines
    return lines


def _filled_line(rows: Sequence[AtlasRow]) -> str:
    """Which areas rest on figures taken in place of missing ones; of many only how many."""
    if len(rows) > _NAMED_AREAS:
        return _("* Of %(count)s areas figures were missing and others were taken in their place.") % {
            "count": len(rows)
        }
    names = ", ".join(row.area.name for row in rows)
    return _("* Figures were missing and others were taken in their place: %(names)s.") % {"names": names}


def table_file(
    choice: AtlasChoice,
    view: AtlasView,
    rows: Sequence[AtlasRow],
    classes: Sequence[LegendEntry],
    fmt: Format,
) -> HttpResponseBase:
    """The table as seen: searched and sorted, all pages of it, the chosen area marked."""
    names = {entry.css: entry.text for entry in classes}
    columns = [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Rank"), "rank", Kind.NUMBER, places=0),
        Column(_("Deviation") if view.is_index else _("Value"), "value", Kind.NUMBER, view.places),
        Column(_("Stands out"), "stands_out") if view.is_index else Column(_("Sign"), "sign"),
        Column(_("Class"), lambda row: names.get(row.css, "")),
        Column(_("Remark"), "note"),
    ]
    if view.is_index:
        columns[3:3] = [Column(_("Index"), "total", Kind.NUMBER, places=1)]
        columns += _sure_columns(view)
        if view.filled_rows:
            columns.append(Column(_("Taken in place of missing figures"), "filled"))
    if any(row.area.pk == choice.area for row in rows):
        columns.append(Column(_("Chosen"), lambda row: _("chosen") if row.area.pk == choice.area else None))
    lines = _file_lines(choice, view)
    if choice.term:
        lines.append(_("Only areas with “%(term)s” in name or key.") % {"term": choice.term})
    return table_response(f"{view.title} {choice.territory}", columns, rows, fmt, lines)


def _sure_columns(view: AtlasView) -> list[Column]:
    """How sure each place is; nothing for runs that did not keep it."""
    if all(row.result is None or row.result.outstanding_share is None for row in view.rows):
        return []
    return [
        Column(
            _("Share of weightings in which it stands out"),
            "result.outstanding_share",
            Kind.NUMBER,
            places=3,
        ),
        Column(_("Best rank in any weighting"), "result.best_rank", Kind.NUMBER, places=0),
        Column(_("Worst rank in any weighting"), "result.worst_rank", Kind.NUMBER, places=0),
    ]


def picture_file(
    choice: AtlasChoice,
    view: AtlasView,
    drawing: Drawing,
    legend: Sequence[LegendEntry],
    *,
    ending: str,
    chosen: str,
) -> HttpResponse:
    """The map with title, legend, chosen area, source and dates as a picture."""
    lines = _file_lines(choice, view)
    sheet = map_sheet(
        drawing,
        title=lines[0],
        chosen=chosen,
        legend=legend,
        source_lines=lines[1:],
    )
    content = svg_file(sheet) if ending == "svg" else png_file(sheet, source_lines=lines)
    name = f"{view.title} {choice.territory}.{ending}".replace("/", " ")
    return HttpResponse(
        content,
        content_type=PICTURES[ending],
        headers={
            "Content-Disposition": content_disposition_header(True, name) or "attachment",
            "Cache-Control": "private",
        },
    )
