"""Parts that papers of funded projects share: plan, shares, money, duties, key figures."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from measures.models import FinanceKind, MoneySource
from measures.money import ZERO, PlanTable, TableRow, percent_of
from measures.reports.money_drawings import ShareRow, share_bars
from measures.reports.project_account import euros, kind_name
from measures.selectors.figures import FigureLine, actual_text, is_small_count, number_of
from measures.selectors.project_duties import STANDING_LABELS, DutyLine, Standing
from measures.selectors.project_money import ProjectMoney
from project.common.formats import (
    NO_VALUE,
    SIGN_UNKNOWN,
    date_de,
    percent_de,
    period_de,
    sign_meaning,
)
from project.common.pdf import blocks

#: Years side by side; a longer plan goes on in a table below.
_MOST_YEARS: Final = 4


def plan_blocks(table: PlanTable) -> list[blocks.Block]:
    """A plan by line and year with sums, and shares of each side; more than four years in more tables."""
    starts = range(0, len(table.years), _MOST_YEARS)
    return [_plan(table, start, min(start + _MOST_YEARS, len(table.years))) for start in starts]


def _plan(table: PlanTable, start: int, end: int) -> blocks.Table:
    is_last = end == len(table.years)
    columns = [blocks.Column(_("Line of the plan (euros)"), 3)]
    columns += [blocks.Column(str(year), 1.5, is_number=True) for year in table.years[start:end]]
    if is_last:
        columns.append(blocks.Column(_("Altogether"), 1.5, is_number=True))
        columns.append(blocks.Column(_("Share"), 1.1, is_number=True))
    rows: list[blocks.Row] = []
    for name, side, lines, sums in (
        (_("Expenditure"), FinanceKind.COST, table.cost, table.cost_sums),
        (_("Financing"), FinanceKind.FUNDING, table.funding, table.funding_sums),
    ):
        rows.append(blocks.GroupRow(name))
        for line in lines:
            cells = [euros(amount) for amount in line.amounts[start:end]]
            rows.append((_name(side, line), *cells, *(_last(line.total, sums[-1]) if is_last else ())))
        cells = [euros(amount) for amount in sums[start:end]]
        rows.append(blocks.SumRow((_("Sum"), *cells, *(_last(sums[-1], sums[-1]) if is_last else ()))))
    return blocks.Table("", columns, rows)


def _name(side: str, line: TableRow) -> str:
    return kind_name(side, {"kind": line.kind, "title": line.title})


def _last(amount: Decimal, whole: Decimal) -> tuple[str, str]:
    return euros(amount), percent_de(percent_of(amount, whole))


def share_blocks(table: PlanTable) -> list[blocks.Block]:
    """Who pays which share, by year and altogether, as a picture; nothing without money."""
    sources = [source for source in MoneySource if any(line.kind == source for line in table.funding)]
    if not sources or not table.funding_sums[-1]:
        return []

    def of_year(place: int) -> tuple[Decimal, ...]:
        return tuple(
            sum((line.amounts[place] or ZERO for line in table.funding if line.kind == source), ZERO)
            for source in sources
        )

    rows = [ShareRow(str(year), of_year(place)) for place, year in enumerate(table.years)]
    if len(rows) > 1:
        whole = tuple(
            sum((line.total for line in table.funding if line.kind == source), ZERO) for source in sources
        )
        rows.append(ShareRow(_("Altogether"), whole))
    names = [str(source.label) for source in sources]
    return [blocks.Figure(share_bars(_("Shares of the sources of money"), names, rows))]


def money_facts(money: ProjectMoney) -> list[tuple[str, str]]:
    """Where the money stands."""
    return [
        (_("Granted (euros)"), euros(money.granted)),
        (_("Drawn, accepted (euros)"), euros(money.drawn)),
        (_("Left to be drawn (euros)"), euros(money.remaining)),
        (_("Spent, accepted (euros)"), euros(money.spent)),
    ]


def spent_note() -> str:
    """Why more can be spent than was granted."""
    return _(
        "Granted and drawn: money of ESF and state. Spent: the whole cost, own money and other sources "
        "included; so it can be more than was granted."
    )


def money_block(money: ProjectMoney) -> blocks.Table:
    """Where the money stands, side by side."""
    facts = money_facts(money)
    columns = [blocks.Column(name, 1, is_number=place > 0) for place, (name, _value) in enumerate(facts)]
    return blocks.Table("", columns, [tuple(value for _name, value in facts)])


def duty_blocks(duties: Sequence[DutyLine]) -> list[blocks.Block]:
    """Duties with their states; late ones say so."""
    if not duties:
        return [blocks.Paragraph(_("No reporting duty has been recorded yet."))]
    columns = (
        blocks.Column(_("Duty"), 2.4),
        blocks.Column(_("For the time"), 2.8),
        blocks.Column(_("Due on"), 1.4),
        blocks.Column(_("State"), 3),
    )
    rows = [
        (line.kind_text, period_de(line.covers_from, line.covers_until), date_de(line.due_on), _state(line))
        for line in duties
    ]
    return [blocks.Table("", columns, rows)]


def _state(line: DutyLine) -> str:
    if line.standing == Standing.LATE:
        return f"{line.state_text} ({STANDING_LABELS[Standing.LATE]})"
    return line.state_text


def key_figure_blocks(lines: Sequence[FigureLine]) -> list[blocks.Block]:
    """Key figures without pictures; where one began with a small count of people, that is not told."""
    if not lines:
        return [blocks.Paragraph(_("No key figure has been recorded yet."))]
    columns = (
        blocks.Column(_("Key figure"), 3.4),
        blocks.Column(_("Baseline"), 2),
        blocks.Column(_("Target"), 2),
        blocks.Column(_("Latest figure"), 2),
        blocks.Column(_("Traffic light"), 1.5),
    )
    rows = []
    for line in lines:
        figure, latest = line.figure, line.latest
        target = line.targets[-1] if line.targets else None
        is_hidden = is_small_count(figure.baseline, figure)
        baseline = SIGN_UNKNOWN if is_hidden else number_of(figure.baseline, figure)
        rows.append(
            (
                figure.title,
                _with_day(baseline, figure.baseline_on),
                _with_day(number_of(target.value, figure), target.due_on) if target else NO_VALUE,
                _with_day(actual_text(latest, figure), latest.day) if latest else NO_VALUE,
                line.badge.text,
            )
        )
    parts: list[blocks.Block] = [blocks.Table("", columns, rows)]
    if any(cell.startswith(f"{SIGN_UNKNOWN}\n") for row in rows for cell in row):
        meanings = f"{SIGN_UNKNOWN} {sign_meaning(SIGN_UNKNOWN)}"
        parts.append(blocks.Paragraph(_("Signs: %(meanings)s") % {"meanings": meanings}, "note"))
    return parts


def _with_day(text: str, day: datetime.date) -> str:
    return f"{text}\n({date_de(day)})"
