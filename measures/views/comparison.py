"""Page that puts two closed rounds side by side."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.forms.comparison import ComparisonForm
from measures.models import ReportingRound
from measures.selectors.portfolio import plans_seen_by
from measures.selectors.round_comparison import (
    CHANGE_LABELS,
    Change,
    change_counts,
    compare_rounds,
    corrected_since,
    filtered_rows,
    frozen_rounds,
)
from project.common.exports import Column, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.keys import key_or_none
from project.common.listing import page_of

_COMPARED = 2


@require_safe
def round_compare(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What became better, worse, new or ended from one closed round to another."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    rounds = frozen_rounds(plan)
    context = {"plan": plan, "rounds": rounds}
    if len(rounds) < _COMPARED:
        return render(request, "measures/round_compare.html", context)
    earlier, later = _chosen(request, rounds)
    everything = compare_rounds(earlier, later)
    form = ComparisonForm(
        {**request.GET.dict(), "a": str(earlier.pk), "b": str(later.pk)},
        rounds=rounds,
        fields_of_action=list(dict.fromkeys(row.field for row in everything)),
    )
    rows = filtered_rows(everything, form.wanted())
    wanted = export_format(request)
    if wanted is not None:
        name = _("Comparison %(a)s and %(b)s") % {
            "a": date_de(earlier.reference_on),
            "b": date_de(later.reference_on),
        }
        source = [f"{plan.title}, {plan.territory.name}"]
        return table_response(name, _columns(earlier, later), rows, wanted, source)
    counts = change_counts(everything)
    return render(
        request,
        "measures/round_compare.html",
        {
            **context,
            "earlier": earlier,
            "later": later,
            "form": form,
            "page_obj": page_of(request, rows),
            "counts": [(change.value, str(CHANGE_LABELS[change]), counts[change]) for change in Change],
            "corrections": [(row, corrected_since(row)) for row in (earlier, later)],
            "links": export_links(request),
            "pair": f"&a={earlier.pk}&b={later.pk}",
        },
    )


def _chosen(request: HttpRequest, rounds: list[ReportingRound]) -> tuple[ReportingRound, ReportingRound]:
    """The two rounds of the address, the earlier first; the latest two where it names none."""
    by_key = {row.pk: row for row in rounds}
    found = {
        row.pk: row
        for row in (by_key.get(key_or_none(request.GET.get(name)) or 0) for name in ("a", "b"))
        if row is not None
    }
    for row in rounds:
        if len(found) < _COMPARED:
            found.setdefault(row.pk, row)
    earlier, later = sorted(found.values(), key=lambda row: row.reference_on)
    return earlier, later


def _columns(earlier: ReportingRound, later: ReportingRound) -> list[Column]:
    def text(name: str, when: ReportingRound) -> str:
        return f"{name} {date_de(when.reference_on)}"

    return [
        Column(_("Number"), "number"),
        Column(_("Measure"), "title"),
        Column(_("Key figure"), "figure"),
        Column(_("Field of action"), "field"),
        Column(_("What changed"), "badge.text"),
        Column(text(_("State"), earlier), "before.text"),
        Column(text(_("State"), later), "after.text"),
        Column(text(_("Value"), earlier), "value_before"),
        Column(text(_("Value"), later), "value_after"),
    ]
