"""The page of two runs side by side: who moved, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from monitoring.forms import CompareForm
from monitoring.selectors.run_comparison import Comparison, Move, compared
from monitoring.selectors.runs import run_table, runs_seen_by
from monitoring.words import exported_value, why_hidden
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.sorting import natural_key

_PAGE_SIZE = 25


@require_safe
def run_compare(request: HttpRequest, pk: int) -> HttpResponseBase:
    """This run beside an earlier one of the territory."""
    seen = runs_seen_by(request.user).select_related("territory", "created_by", "index_method")
    run = get_object_or_404(seen, pk=pk)
    others = list(seen.filter(territory=run.territory).exclude(pk=pk).order_by("-created_at", "-pk"))
    wanted = key_or_none(request.GET.get("with"))
    other = next((row for row in others if row.pk == wanted), None)
    if other is None:
        earlier = [row for row in others if row.created_at <= run.created_at]
        other = next(iter(earlier or others), None)
    form = CompareForm({**request.GET.dict(), "with": other.pk if other else ""}, runs=others)
    if other is None:
        return render(request, "monitoring/run_compare.html", {"run": run, "form": form})
    found = compared(run_table(other), run_table(run))
    moves = _filtered(found, form)
    if request.GET.get("sort") == "name":
        moves.sort(key=lambda row: natural_key(row.area.name))
    fmt = export_format(request)
    if fmt is not None:
        return _export_moves(found, moves, fmt)
    why = export_format(request, "why")
    if why is not None:
        return _export_why(found, moves, why)
    return render(
        request,
        "monitoring/run_compare.html",
        {
            "run": run,
            "other": other,
            "form": form,
            "found": found,
            "sort": request.GET.get("sort", ""),
            "moved_count": sum(bool(row.places) for row in found.moves),
            "page_obj": Paginator(moves, _PAGE_SIZE).get_page(request.GET.get("page")),
            "export_links": export_links(request),
            "why_links": export_links(request, "why"),
        },
    )


def _filtered(found: Comparison, form: CompareForm) -> list[Move]:
    rows = list(found.moves)
    if not form.is_valid():
        return rows
    text, only = form.cleaned_data["q"].casefold(), form.cleaned_data["only"]
    if text:
        rows = [row for row in rows if text in row.area.name.casefold()]
    tests: dict[str, Callable[[Move], bool]] = {
        "outstanding": lambda row: bool(row.stands_out),
        "class": lambda row: row.has_new_class,
        "moved": lambda row: bool(row.places) or bool(row.left_out),
    }
    return [row for row in rows if tests[only](row)] if only in tests else rows


def _source_lines(found: Comparison) -> list[str]:
    return [
        _("Index %(territory)s: run of %(after)s beside the one of %(before)s")
        % {
            "territory": found.after.run.territory,
            "after": date_de(found.after.run.created_at),
            "before": date_de(found.before.run.created_at),
        },
        *(f"{name}: {after} ({before})" for name, before, after in found.rules),
        *found.notes,
    ]


def _export_moves(found: Comparison, moves: list[Move], fmt: Any) -> HttpResponseBase:
    columns = [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Rank before"), "before.rank", Kind.NUMBER, places=0),
        Column(_("Rank now"), "after.rank", Kind.NUMBER, places=0),
        Column(_("Places"), "places", Kind.NUMBER, places=0),
        Column(_("Deviation before"), "before.normalised", Kind.NUMBER, places=3),
        Column(_("Deviation now"), "after.normalised", Kind.NUMBER, places=3),
        Column(_("Class before"), "before.class_words"),
        Column(_("Class now"), "after.class_words"),
        Column(_("Stands out"), "stands_out"),
        Column(_("Remark"), "left_out"),
    ]
    return table_response(_file_name(found, _("Comparison")), columns, moves, fmt, _source_lines(found))


def _export_why(found: Comparison, moves: list[Move], fmt: Any) -> HttpResponseBase:
    """One row for each area and indicator."""

    def rows() -> Iterator[dict[str, Any]]:
        for move in moves:
            for row in move.changes:
                unit = row.indicator.unit
                yield {
                    "area": move.area,
                    "indicator": row.indicator,
                    "value_before": exported_value(row.before.shown, unit),
                    "value_after": exported_value(row.after.shown, unit),
                    "part_before": None if row.change is None else row.part_before,
                    "part_after": None if row.change is None else row.part_after,
                    "change": row.change,
                    "why": row.why,
                    "note": why_hidden(row.before.shown, unit) or why_hidden(row.after.shown, unit),
                }

    columns = [
        Column(_("Area key"), "area.key"),
        Column(_("Area"), "area.name"),
        Column(_("Indicator"), "indicator.name"),
        Column(_("Figure before"), "value_before", Kind.NUMBER),
        Column(_("Figure now"), "value_after", Kind.NUMBER),
        Column(_("Part before"), "part_before", Kind.NUMBER, places=3),
        Column(_("Part now"), "part_after", Kind.NUMBER, places=3),
        Column(_("Change of the part"), "change", Kind.NUMBER, places=3),
        Column(_("Why"), "why"),
        Column(_("Remark"), "note"),
    ]
    return table_response(_file_name(found, _("Reasons")), columns, rows(), fmt, _source_lines(found))


def _file_name(found: Comparison, what: str) -> str:
    run = found.after.run
    return _("%(what)s index %(territory)s %(year)s") % {
        "what": what,
        "territory": run.territory,
        "year": run.year,
    }
