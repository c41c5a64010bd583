"""The page of a frozen index run: method, inputs, ranking, areas left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.certainty import need_words
from monitoring.forms import ResultFilterForm
from monitoring.models import IndexResult
from monitoring.selectors.atlas import left_out_reason
from monitoring.selectors.methods import content_of, index_words, rule_words
from monitoring.selectors.runs import (
    RunTable,
    class_counts,
    filled_of,
    has_many_classes,
    run_table,
    runs_seen_by,
)
from monitoring.words import FILLED_SIGN, exported_value, why_hidden
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.sorting import natural_key

_PAGE_SIZE = 25


@require_safe
def run_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A run with everything that went in and came out."""
    runs = runs_seen_by(request.user).select_related("territory", "created_by", "index_method")
    run = get_object_or_404(runs, pk=pk)
    table = run_table(run)
    filled = filled_of(run)
    is_sure_known = any(row.outstanding_share is not None for row in table.results)
    form = ResultFilterForm(request.GET, is_sure_known=is_sure_known)
    results = _filtered(table, form)
    sort = request.GET.get("sort", "")
    if sort in {"name", "-name"}:
        results.sort(key=lambda row: natural_key(row.area.name), reverse=sort == "-name")
    elif sort == "-rank":
        results.sort(key=lambda row: (row.rank is not None, row.rank or 0), reverse=True)
    fmt = export_format(request)
    if fmt is not None:
        return _export_results(table, results, filled, fmt)
    cells = export_format(request, "cells")
    if cells is not None:
        return _export_cells(table, cells)
    page = Paginator(results, _PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "monitoring/run_detail.html",
        {
            "run": run,
            "table": table,
            "columns": [(column, table.years.get(column.indicator_id)) for column in table.columns],
            "is_sure_known": is_sure_known,
            "need": need_words(run, table.results, table.years.values()),
            "variants": run.weightings[0],
            "spread": run.weightings[1] * 100,
            "rules": rule_words(content_of(run, table.columns)),
            "index_words": index_words(content_of(run, table.columns)),
            "classes": class_counts(table),
            "has_many_classes": has_many_classes(run),
            "has_dynamics": any(row.dynamics_total is not None for row in table.results),
            "domains": table.domains,
            "filled_count": sum(bool(cell.filled) for cell in table.cells.values()),
            "has_others": runs.filter(territory=run.territory).exclude(pk=run.pk).exists(),
            "form": form,
            "sort": sort,
            "page_obj": page,
            "rows": [(row, filled.get(row.area_id, "")) for row in page],
            "filled_sign": FILLED_SIGN,
            "left_out": [(row, left_out_reason(row.reason)) for row in table.left_out],
            "export_links": export_links(request),
            "cell_links": export_links(request, "cells"),
        },
    )


def _filtered(table: RunTable, form: ResultFilterForm) -> list[IndexResult]:
    rows = list(table.results)
    if not form.is_valid():
        return rows
    text, only = form.cleaned_data["q"].casefold(), form.cleaned_data["only"]
    if text:
        rows = [row for row in rows if text in row.area.name.casefold()]
    if only == "outstanding":
        rows = [row for row in rows if row.stands_out]
    elif only == "unsure":
        rows = [row for row in rows if row.outstanding_share is not None and 0 < row.outstanding_share < 1]
    elif only == "left_out":
        rows = [row for row in rows if not row.is_included]
    return rows


def _source_lines(table: RunTable) -> list[str]:
    run = table.run
    return [
        _("Index %(territory)s %(year)s, computed on %(day)s")
        % {"territory": run.territory, "year": run.year, "day": date_de(run.created_at)},
        *(f"{name}: {words}" for name, words in rule_words(content_of(run, table.columns))),
        _("Inputs: %(hash)s") % {"hash": run.inputs_sha256},
    ]


def _without(keeps_class: bool | None) -> str:
    if keeps_class is None:
        return ""
    return _("same class") if keeps_class else _("another class")


def _export_results(
    table: RunTable, rows: list[IndexResult], filled: Mapping[int, str], fmt: Any
) -> HttpResponseBase:
    columns = [
        Column(_("Rank"), "rank", Kind.NUMBER, places=0),
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Index"), "total", Kind.NUMBER, places=3),
        Column(_("Deviation (standard deviations)"), "normalised", Kind.NUMBER, places=3),
        Column(_("Class"), "class_words"),
        *(
            [Column(_("Dynamics (standard deviations)"), "dynamics_normalised", Kind.NUMBER, places=3)]
            if any(row.dynamics_total is not None for row in table.results)
            else []
        ),
        *(Column(name, _domain(table, name), Kind.NUMBER, places=3) for name in table.domains),
        Column(_("Stands out"), "stands_out"),
        Column(_("Share of weightings in which it stands out"), "outstanding_share", Kind.NUMBER, places=3),
        Column(_("Best rank in any weighting"), "best_rank", Kind.NUMBER, places=0),
        Column(_("Worst rank in any weighting"), "worst_rank", Kind.NUMBER, places=0),
        Column(
            _("Share of weightings in which it keeps its class"), "own_class_share", Kind.NUMBER, places=3
        ),
        Column(_("Lowest class in any weighting"), lambda row: row.class_range_words[0]),
        Column(_("Highest class in any weighting"), lambda row: row.class_range_words[1]),
        Column(_("Distance to the nearest class border"), "border_distance", Kind.NUMBER, places=3),
        Column(_("Taken in place of missing figures"), lambda row: filled.get(row.area_id, "")),
        Column(_("Left out because"), lambda row: left_out_reason(row.reason)),
    ]
    name = _("Index %(territory)s %(year)s") % {"territory": table.run.territory, "year": table.run.year}
    return table_response(name, columns, rows, fmt, _source_lines(table))


def _domain(table: RunTable, name: str) -> Callable[[IndexResult], float | None]:
    return lambda row: table.domain_number(row, name)


def _export_cells(table: RunTable, fmt: Any) -> HttpResponseBase:
    """Every figure and deviation, one a row, protected like on the screen."""

    def rows() -> Iterator[dict[str, Any]]:
        for result in table.results:
            for column in table.columns:
                cell = table.cell(result.area_id, column.indicator_id)
                yield {
                    "area": result.area,
                    "indicator": column.indicator,
                    "year": str(cell.year or table.years.get(column.indicator_id) or ""),
                    "value": exported_value(cell.shown, column.indicator.unit),
                    "sign": FILLED_SIGN if cell.filled else cell.shown.sign,
                    "z": cell.z,
                    "driver": cell.driver,
                    "without": _without(cell.keeps_class),
                    "filled": cell.filled,
                    "note": why_hidden(cell.shown, column.indicator.unit),
                }

    columns = [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Indicator"), "indicator.name"),
        Column(_("Year"), "year"),
        Column(_("Value"), "value", Kind.NUMBER),
        Column(_("Sign"), "sign"),
        Column(_("Deviation in standard deviations"), "z", Kind.NUMBER, places=3),
        Column(_("Part in the index"), "driver", Kind.NUMBER, places=3),
        Column(_("Without this indicator"), "without"),
        Column(_("Taken in place of a missing figure"), "filled"),
        Column(_("Remark"), "note"),
    ]
    name = _("Figures of the index %(territory)s %(year)s") % {
        "territory": table.run.territory,
        "year": table.run.year,
    }
    return table_response(name, columns, rows(), fmt, _source_lines(table))
