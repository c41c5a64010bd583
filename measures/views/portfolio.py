"""The portfolio of a plan for the steering group, and the list of plans."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.charts import state_bar
from measures.forms.filters import OwnFilterForm
from measures.models import ActionPlan
from measures.selectors.listing import SORTS, filtered, in_order, listed
from measures.selectors.numbers import (
    Matrix,
    MatrixRow,
    changes_since_last_round,
    matrices,
    overdue_report_count,
    plan_cards,
    slipping,
    state_counts,
    states_shown,
)
from measures.selectors.portfolio import own_measures
from measures.selectors.reports import OVERDUE
from measures.selectors.standings import with_states
from measures.status import STATE_KINDS, STATE_LABELS, PortfolioState
from measures.views.listing import export_columns
from measures.views.plan_pages import page_context, plan_page
from project.common.exports import Column, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import order_of, page_of
from project.common.svg import to_svg

#: States that get a tile even if no measure is in them.
_ALWAYS: Final = (
    PortfolioState.ON_PATH,
    PortfolioState.AT_RISK,
    PortfolioState.DELAYED,
    PortfolioState.PREPARING,
    PortfolioState.COMPLETED,
)


@dataclasses.dataclass(frozen=True)
class Tile:
    """A number that leads to its list."""

    number: int
    label: str
    kind: str
    url: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """A number of a table that leads to its list; no address where there is nothing to show."""

    number: int
    url: str
    label: str
    #: Head of its column, for telephones.
    head: str = ""


@dataclasses.dataclass(frozen=True)
class TableRow:
    """A line of a table by states."""

    label: str
    total: Cell
    cells: list[Cell]
    bar: SafeString


@dataclasses.dataclass(frozen=True)
class StateTable:
    """Measures by something and by state."""

    name: str
    title: str
    head: str
    states: list[str]
    rows: list[TableRow]


def list_url(plan: ActionPlan, **wanted: str) -> str:
    """Address of the list of a plan's measures with a filter."""
    address = reverse("measures:measure-list", args=[plan.pk])
    return f"{address}?{urlencode(wanted)}" if wanted else address


def state_tiles(plan: ActionPlan, counts: Mapping[PortfolioState, int]) -> list[Tile]:
    """Numbers of measures by state, each leading to its list."""
    return [
        Tile(
            counts.get(state, 0),
            str(STATE_LABELS[state]),
            STATE_KINDS[state],
            list_url(plan, state=state.value),
        )
        for state in PortfolioState
        if state in _ALWAYS or counts.get(state, 0)
    ]


@require_safe
def plan_list(request: HttpRequest) -> HttpResponseBase:
    """Action plans with their numbers, and the measures in which the person's organisations take part."""
    today = timezone.localdate()
    order = order_of(request, SORTS, "number")
    form = OwnFilterForm(request.GET)
    own = with_states(own_measures(request.user, today), today)
    found = in_order(filtered(own, form.wanted(), today), ["plan__title", *order.by])
    wanted = export_format(request)
    if wanted is not None:
        columns = [Column(_("Action plan"), "measure.plan.title"), *export_columns()]
        source = _("As of %(day)s") % {"day": date_de(today)}
        rows = listed(found)
        return table_response(_("My organisation's measures"), columns, rows, wanted, [source])
    page = page_of(request, found)
    cards = plan_cards(request.user, today)
    return render(
        request,
        "measures/plan_list.html",
        {
            "plans": [(card, state_tiles(card.plan, card.counts)) for card in cards],
            "form": form,
            "order": order,
            "page_obj": page,
            "rows": listed(page.object_list),
            "shows_plan": True,
            "links": export_links(request),
            "is_filtered": any(request.GET.get(name) for name in ("q", "state")),
        },
    )


@require_safe
def plan_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The portfolio: what runs, what slips first and why, what changed; every number leads to its list."""
    page = plan_page(request, pk)
    plan = page.plan
    counts = state_counts(page.measures)
    tiles = state_tiles(plan, counts)
    overdue = overdue_report_count(plan, page.today)
    reports = reverse("measures:report-list", args=[plan.pk])
    kind = "danger" if overdue else "success"
    tiles.append(Tile(overdue, _("reports overdue"), kind, f"{reports}?state={OVERDUE}"))
    slipping_rows = slipping(page.measures, page.today)
    return render(
        request,
        "measures/plan_detail.html",
        {
            **page_context(request, page),
            "tiles": tiles,
            "tables": [_table(plan, matrix) for matrix in matrices(plan, page.measures)],
            "slipping": slipping_rows,
            "slipping_count": counts[PortfolioState.DELAYED] + counts[PortfolioState.AT_RISK],
            "delayed_url": list_url(plan, state=PortfolioState.DELAYED.value),
            "at_risk_url": list_url(plan, state=PortfolioState.AT_RISK.value),
            "changes": changes_since_last_round(plan, page.measures),
            "today": page.today,
        },
    )


def _words(name: str) -> tuple[str, str]:
    """Heading of a table, and head of its first column."""
    return {
        "field": (_("By field of action"), _("Field of action")),
        "stage": (_("By planning stage"), _("Planning stage")),
        "responsible": (_("By responsible organisation"), _("Responsible")),
        "area": (_("By area"), _("Area")),
    }[name]


def _table(plan: ActionPlan, matrix: Matrix) -> StateTable:
    states = states_shown(matrix.rows)
    title, head = _words(matrix.name)
    return StateTable(
        matrix.name,
        title,
        head,
        [str(STATE_LABELS[state]) for state in states],
        [_row(plan, matrix.name, row, states) for row in matrix.rows],
    )


def _row(plan: ActionPlan, name: str, row: MatrixRow, states: list[PortfolioState]) -> TableRow:
    label = row.label or _("in the whole territory")
    cells = [
        Cell(
            row.counts[state],
            list_url(plan, **{name: row.value, "state": state.value}) if row.counts[state] else "",
            f"{label}: {row.counts[state]} {STATE_LABELS[state]}",
            str(STATE_LABELS[state]),
        )
        for state in states
    ]
    parts = [(STATE_KINDS[state], row.counts[state]) for state in states]
    total = Cell(row.total, list_url(plan, **{name: row.value}), f"{label}: {row.total}")
    return TableRow(label, total, cells, to_svg(state_bar(parts)))
