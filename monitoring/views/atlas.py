"""The social atlas: one figure of all areas as map, ranking, table and over the years, acting together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.atlas_charts import (
    CompareBar,
    StripBar,
    compare_chart,
    course_chart,
    ranking_strip,
)
from monitoring.atlas_choice import AtlasChoice, address, choice_of
from monitoring.atlas_files import PICTURES, file_links, picture_file, source_lines, table_file
from monitoring.charts import MapArea, Series, TimeChart, choropleth
from monitoring.classes import ClassMethod, legend_of, why_fewer
from monitoring.forms import AtlasForm
from monitoring.models import IndexRun
from monitoring.selectors.areas import AreaPicture, area_picture, border_changes, broken_years
from monitoring.selectors.atlas import INDEX, AtlasRow, AtlasView, index_view, indicator_view
from monitoring.selectors.comparison import Comparison, comparison_of, rows_above
from monitoring.selectors.methods import content_of, index_words
from monitoring.words import FILLED_SIGN
from project.common.exports import export_format
from project.common.formats import NBSP, NO_VALUE, decimal_de, signed_de
from project.common.keys import key_or_none
from project.common.sorting import natural_key
from project.common.svg import Drawing, to_svg

#: Ranks are written into the map only while there is room for them.
_MARKED_AREAS: Final = 15
#: Neighbours drawn as bars; a large area may have dozens, all of them in the table.
_CHARTED_NEIGHBOURS: Final = 8
#: Rows of the table on one page.
_PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class CompareRow:
    """A line of the table of the comparison."""

    name: str
    text: str
    kind: str
    area_pk: int | None = None
    remark: str = ""


@require_safe
def atlas(request: HttpRequest) -> HttpResponseBase:
    """Map, ranking, table and years of one figure; an area chosen in one is marked in all."""
    choice = choice_of(request)
    if choice is None:
        return render(request, "monitoring/atlas_empty.html")
    view = _view(choice)
    if view is None:
        return render(request, "monitoring/atlas_empty.html", {"territory": choice.territory})
    picture = area_picture([row.area for row in view.rows])
    chosen = view.row_of(choice.area)
    rows = _table_rows(choice, view)
    legend = legend_of(view.values, view.classing, write=_writer(view))
    fmt = export_format(request)
    if fmt is not None:
        return table_file(choice, view, rows, legend, fmt)
    wanted = request.GET.get("export", "")
    if wanted in PICTURES and picture is not None:
        drawing = _map(choice, view, picture, chosen, has_links=False)
        says = "" if chosen is None else f"{chosen.area.name}: {_said(chosen, view)}"
        return picture_file(choice, view, drawing, legend, ending=wanted, chosen=says)
    context = _context(request, choice, view, chosen, picture) | {
        "legend": legend,
        "fewer_classes": why_fewer(view.values, view.classing, choice.method, choice.count),
        "page_obj": _page(request, rows, chosen),
        "row_count": len(rows),
    }
    # A part of the page is enough for a script that replaces only what a choice changes.
    is_part = request.headers.get("HX-Request") == "true"
    response = render(request, "monitoring/_atlas.html" if is_part else "monitoring/atlas.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _view(choice: AtlasChoice) -> AtlasView | None:
    if choice.indicator is not None and choice.years:
        return indicator_view(
            choice.territory,
            choice.indicator,
            choice.year,
            level=choice.level,
            method=choice.method,
            count=choice.count,
        )
    if choice.run is not None:
        return index_view(choice.run, choice.other_runs, method=choice.method, count=choice.count)
    return None


def _context(
    request: HttpRequest,
    choice: AtlasChoice,
    view: AtlasView,
    chosen: AtlasRow | None,
    picture: AreaPicture | None,
) -> dict[str, Any]:
    query = choice.query()
    comparison = None
    if chosen is not None:
        comparison = comparison_of(
            chosen,
            view,
            year=choice.year,
            indicators=choice.indicators,
            neighbours=picture.neighbours if picture is not None else {},
            above=rows_above(
                chosen.area, choice.indicator, choice.year, level=choice.level or "", levels=choice.levels
            )
            if choice.indicator is not None
            else (),
        )
    changes = border_changes(comparison.row.area) if comparison is not None else []
    course = _course(choice, view, comparison, broken_years(changes))
    return {
        "territory": choice.territory,
        "indicator": choice.indicator,
        "run": choice.run,
        "choice": choice,
        "view": view,
        "form": _form(choice),
        "kept": {name: query[name] for name in ("area", "q", "sort") if name in query},
        "area_query": address(query, area=""),
        "sort_links": {
            key: address(query, sort=f"-{key}" if choice.sort == key else key) for key in ("rank", "name")
        },
        "search_query": {name: value for name, value in query.items() if name != "q"},
        "clear_query": address(query, q=""),
        "leave_query": address(query, area=""),
        "permalink": request.build_absolute_uri(reverse("monitoring:atlas") + address(query)),
        "selected": chosen,
        "selected_text": "" if chosen is None else _said(chosen, view),
        "mean_text": "" if view.mean is None else _with_unit(decimal_de(view.mean, view.places), view),
        "map_svg": to_svg(_map(choice, view, picture, chosen)) if picture is not None else "",
        "strip_svg": _strip(choice, view, chosen),
        "comparison": comparison,
        "compare_groups": _compare_groups(comparison, view) if comparison is not None else [],
        "compare_svg": _compare_svg(comparison, view) if comparison is not None else "",
        "course": course,
        "border_changes": changes,
        "course_rows": [zip(course.headings, cells, strict=True) for cells in course.rows] if course else [],
        "course_svg": to_svg(course.drawing) if course is not None else "",
        "export_links": file_links(choice, has_map=picture is not None),
        "source_lines": source_lines(choice, view),
        "index_words": "" if choice.run is None else _how(choice.run),
        "sure_url": "" if choice.run is None else reverse("monitoring:run-detail", args=[choice.run.pk]),
    }


def _how(run: IndexRun) -> str:
    return index_words(content_of(run, run.indicators.select_related("indicator")))


def _form(choice: AtlasChoice) -> AtlasForm:
    is_usual = choice.method is (ClassMethod.BORDER if choice.indicator is None else ClassMethod.QUANTILES)
    return AtlasForm(
        initial={
            "territory": choice.territory.pk,
            "show": choice.indicator.key if choice.indicator else INDEX,
            "level": choice.level,
            "year": choice.year,
            "method": "" if is_usual else choice.method.value,
            "classes": choice.count,
        },
        territories=choice.territories,
        indicators=choice.indicators,
        has_index=bool(choice.runs),
        levels=choice.levels,
        years=choice.years,
        is_index=choice.indicator is None,
        has_count=choice.method is not ClassMethod.BORDER,
    )


def _writer(view: AtlasView) -> Callable[[float], str]:
    """How figures are written: those of an index with their sign."""
    write = signed_de if view.is_index else decimal_de
    return lambda value: write(value, view.places)


def _with_unit(text: str, view: AtlasView) -> str:
    return f"{text}{NBSP}{view.unit}" if view.unit and not view.is_index else text


def _said(row: AtlasRow, view: AtlasView) -> str:
    """Figure and rank of an area in words."""
    if row.value is None:
        return row.note or row.text
    text = _with_unit(row.text, view)
    if row.rank is None:
        return text
    rank = _("rank %(rank)s of %(count)s") % {"rank": row.rank, "count": view.ranked_count}
    return " · ".join(filter(None, (f"{text}, {rank}", _sure(row), row.filled)))


def _sure(row: AtlasRow) -> str:
    """Of the index: in how many weightings the area stands out, and its ranks in them."""
    return "" if row.result is None else row.result.how_sure


def _table_rows(choice: AtlasChoice, view: AtlasView) -> list[AtlasRow]:
    """Rows of the table: those that match the search, in the order chosen; without a figure always last."""
    term = choice.term.casefold()
    rows = [row for row in view.rows if term in row.area.name.casefold() or term in row.area.key.casefold()]
    if choice.sort.endswith("name"):
        return sorted(rows, key=lambda row: natural_key(row.area.name), reverse=choice.sort.startswith("-"))
    if choice.sort.startswith("-"):
        ranked = [row for row in rows if row.rank is not None]
        return [*reversed(ranked), *(row for row in rows if row.rank is None)]
    return rows


def _page(request: HttpRequest, rows: Sequence[AtlasRow], chosen: AtlasRow | None) -> Page[AtlasRow]:
    """The page asked for, else the one that holds the chosen area."""
    number = key_or_none(request.GET.get("page"))
    if number is None and chosen is not None and chosen in rows:
        number = rows.index(chosen) // _PAGE_SIZE + 1
    return Paginator(rows, _PAGE_SIZE).get_page(number or 1)


def _text_of(row: AtlasRow, view: AtlasView) -> str:
    text = _with_unit(row.text, view) if row.value is not None else row.note or row.text
    return " · ".join(filter(None, (f"{row.area.name}: {text}", row.filled)))


def _map(
    choice: AtlasChoice,
    view: AtlasView,
    picture: AreaPicture,
    chosen: AtlasRow | None,
    *,
    has_links: bool = True,
) -> Drawing:
    base = address(choice.query(), area="")
    marked = [row for row in view.rows if row.rank is not None and (row.stands_out or not view.is_index)]
    is_marked = len(marked) <= _MARKED_AREAS
    is_filled_marked = len(view.filled_rows) <= _MARKED_AREAS
    areas = []
    for row in view.rows:
        has_mark = row.rank is not None and (row is chosen or (is_marked and row in marked))
        mark = str(row.rank) if has_mark else ""
        if row.filled and (has_mark or is_filled_marked):
            mark += FILLED_SIGN
        areas.append(
            MapArea(
                key=str(row.area.pk),
                text=_text_of(row, view),
                href=f"{base}&area={row.area.pk}#area-{row.area.pk}" if has_links else "",
                mark=mark,
                css=row.css,
            )
        )
    return choropleth(
        picture.shapes,
        areas,
        title=_("%(title)s, %(territory)s") % {"title": view.title, "territory": choice.territory},
        description=_(
            "Map of the areas in classes from light (low) to dark (high). The table holds all figures."
        ),
        highlighted=[str(chosen.area.pk)] if chosen is not None else [],
        uid="atlas",
    )


def _strip(choice: AtlasChoice, view: AtlasView, chosen: AtlasRow | None) -> str:
    """All areas from the highest to the lowest as bars."""
    base = address(choice.query(), area="")
    bars = [
        StripBar(
            value=row.value,
            text=_text_of(row, view),
            css=row.css,
            href=f"{base}&area={row.area.pk}#area-{row.area.pk}",
            is_chosen=row is chosen,
        )
        for row in view.rows
        if row.value is not None
    ]
    if not bars:
        return ""
    return to_svg(
        ranking_strip(
            bars,
            mean=view.base,
            title=_("Ranking: %(title)s") % {"title": view.title},
            description=_("All areas side by side from the highest to the lowest figure."),
        )
    )


# --- The chosen area beside others -----------------------------------------------------------------


def _compare_groups(comparison: Comparison, view: AtlasView) -> list[tuple[str, list[CompareRow]]]:
    """The area and the means, its neighbours, the areas like it."""
    row = comparison.row
    first = [CompareRow(row.area.name, row.text or NO_VALUE, "chosen", row.area.pk, row.note or row.filled)]
    first += [
        CompareRow(
            other.area.name, other.text, "above", remark=other.note or _("figure of the whole, as delivered")
        )
        for other in comparison.above
    ]
    first += [CompareRow(name, _written(value, view), "mean") for name, value in _means(comparison)]
    neighbours = [
        CompareRow(
            other.area.name, other.text or NO_VALUE, "neighbour", other.area.pk, other.note or other.filled
        )
        for other in comparison.neighbours
    ]
    alike = [
        CompareRow(
            one.row.area.name,
            one.row.text or NO_VALUE,
            "alike",
            one.row.area.pk,
            _("distance %(distance)s, %(common)s indicators")
            % {"distance": decimal_de(one.distance, 2), "common": one.common},
        )
        for one in comparison.alike
    ]
    groups = [("", first), (_("Neighbours"), neighbours), (_("Similar areas"), alike)]
    return [(title, rows) for title, rows in groups if rows]


def _means(comparison: Comparison) -> list[tuple[str, float | None]]:
    """What an area is compared with, by name."""
    means = [(_("Mean of the areas"), comparison.mean)]
    if comparison.neighbours:
        means.append((_("Mean of the neighbours"), comparison.neighbours_mean))
    if comparison.alike:
        means.append((_("Mean of similar areas"), comparison.alike_mean))
    return means


def _written(value: float | None, view: AtlasView) -> str:
    return NO_VALUE if value is None else _writer(view)(value)


def _compare_svg(comparison: Comparison, view: AtlasView) -> str:
    """The area above what it is compared with, a bar each."""
    row = comparison.row
    bars = [CompareBar(row.area.name, row.value, row.text or NO_VALUE, "chosen")]
    bars += [CompareBar(other.area.name, other.value, other.text, "mean") for other in comparison.above]
    bars += [CompareBar(name, value, _written(value, view), "mean") for name, value in _means(comparison)]
    others = [
        (_("Neighbours"), comparison.neighbours[:_CHARTED_NEIGHBOURS]),
        (_("Similar areas"), [one.row for one in comparison.alike]),
    ]
    for title, rows in others:
        bars += [CompareBar(title, None, "", "group")] if rows else []
        bars += [CompareBar(other.area.name, other.value, other.text or NO_VALUE) for other in rows]
    return to_svg(
        compare_chart(
            bars,
            title=_("%(area)s compared: %(title)s") % {"area": row.area.name, "title": view.title},
            description=_("The table beside it holds the figures."),
        )
    )


def _course(
    choice: AtlasChoice, view: AtlasView, comparison: Comparison | None, breaks: frozenset[int]
) -> TimeChart | None:
    chosen = beside = None
    if comparison is not None:
        pk, name = comparison.row.area.pk, comparison.row.area.name
        chosen = Series(name, view.courses.get(pk, ()), breaks)
        touching = [view.courses.get(row.area.pk, ()) for row in comparison.neighbours]
        beside = Series(_("Mean of the neighbours"), _mean_course(touching)) if touching else None
    return course_chart(
        chosen,
        Series(_("Mean of the areas"), tuple(view.means)),
        beside,
        title=f"{choice.indicator or _('Social index')}, {choice.territory}",
        write=_writer(view),
    )


def _mean_course(
    courses: Sequence[Sequence[tuple[int, float | None]]],
) -> tuple[tuple[int, float | None], ...]:
    """Mean of the figures shown of some areas in each year."""
    numbers: dict[int, list[float]] = {}
    for course in courses:
        for year, value in course:
            found = numbers.setdefault(year, [])
            if value is not None:
                found.append(value)
    return tuple(
        (year, sum(found) / len(found) if found else None) for year, found in sorted(numbers.items())
    )
