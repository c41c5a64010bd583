"""The portfolio of a funder: what waits, what is late, what was granted; every number opens its list."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.models import FundingTally, Programme
from measures.selectors.funding_scope import Scope, portfolio_scope
from measures.selectors.operations import funders_seen_by
from measures.selectors.project_lists import reports_that_wait
from measures.selectors.project_money import ProjectMoney
from measures.selectors.project_standing import Waiting
from measures.selectors.tallies import Tally, tallies
from measures.status import Light, light_badge
from measures.views.project_lists import context_of_reports
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import Badge, date_de, decimal_de, money_de

#: Rows of what is late and of what waits, before the list has the rest.
SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Tile:
    """A number that leads to its list."""

    number: str
    label: str
    kind: str
    url: str


@dataclasses.dataclass(frozen=True)
class MoneyRow:
    """A line of the table of money: a programme in a year, or a sum.

    Attributes:
        programme: Of which programme; None for the sum of all.
        year: Of which year; None for the sum of a programme.
        projects: Projects whose term touches it.
        money: Granted, drawn, spent.
        url: The list of the projects.
        is_sum: Whether it sums up others.
    """

    programme: Programme | None
    year: int | None
    projects: int
    money: ProjectMoney
    url: str
    is_sum: bool = False

    @property
    def title(self) -> str:
        """What stands at its head."""
        return self.programme.title if self.programme else _("All programmes")


def project_url(**query: Any) -> str:
    """The list of projects with a filter."""
    return f"{reverse('measures:project-list')}?{urlencode(query)}"


def reports_url(waiting: Waiting, **query: Any) -> str:
    """The list of reports that wait so."""
    return f"{reverse('measures:project-report-list')}?{urlencode({'waiting': waiting.value, **query})}"


@require_safe
def portfolio_page(request: HttpRequest) -> HttpResponseBase:
    """What a funder, its advisers and planning see first of their projects."""
    scope = portfolio_scope(request.user)
    if not scope:
        raise Http404
    today = timezone.localdate()
    found = tallies(scope, today)
    whole = _summed(tally for _row, tally in found)
    money = money_rows(found)
    wanted = export_format(request)
    if wanted is not None:
        source = [_("As of %(day)s") % {"day": date_de(today)}]
        return table_response(_("Money by programme and year"), _columns(), money, wanted, source)
    mine = Waiting.CHECKING if scope.is_planning else Waiting.WITH_FUNDER
    counts = whole.counts
    context = {
        "scope": scope,
        "today": today,
        "tiles": _tiles(whole, scope),
        "late": context_of_reports(reports_that_wait(scope, Waiting.LATE, today, SHOWN)),
        "late_count": counts[f"report:{Waiting.LATE}"],
        "late_url": reports_url(Waiting.LATE),
        "mine": context_of_reports(reports_that_wait(scope, mine, today, SHOWN)),
        "mine_count": counts[f"report:{mine}"],
        "mine_url": reports_url(mine),
        "is_planning": scope.is_planning,
        "operation_funders": funders_seen_by(request.user).order_by("name"),
        "money": money,
        "lights": _lights(whole),
        "terms": _terms(whole),
        "territories": _territories(found),
        "total": counts["projects"],
        "links": export_links(request),
    }
    return render(request, "measures/funding_portfolio.html", context)


def _summed(parts: Iterable[Tally]) -> Tally:
    whole = Tally()
    for tally in parts:
        whole.add(tally)
    return whole


def _tiles(whole: Tally, scope: Scope) -> list[Tile]:
    def reports(waiting: Waiting, label: str, kind: str) -> Tile:
        number = whole.counts[f"report:{waiting}"]
        return Tile(decimal_de(number, 0), label, kind if number else "neutral", reports_url(waiting))

    running = whole.counts["running"]
    first = Tile(decimal_de(running, 0), _("projects being funded"), "info", project_url(term="running"))
    total = whole.total
    everything = reverse("measures:project-list")
    return [
        reports(Waiting.LATE, _("reports late"), "danger"),
        reports(Waiting.WITH_FUNDER, _("reports with the funder"), "info")
        if not scope.is_planning
        else reports(Waiting.CHECKING, _("reports to be checked"), "info"),
        reports(Waiting.SOON, _("reports due within 30 days"), "warning"),
        reports(Waiting.ASKED, _("questions of the funder open"), "warning"),
        first,
        Tile(money_de(total.granted, 0), _("granted"), "neutral", f"{everything}?sort=-granted"),
        Tile(
            money_de(total.drawn, 0), _("drawn"), "neutral", f"{everything}?sort=-drawn&col=drawn&col=granted"
        ),
        Tile(money_de(total.spent, 0), _("spent by accepted reports"), "neutral", f"{everything}?col=spent"),
    ]


def money_rows(found: list[tuple[FundingTally, Tally]]) -> list[MoneyRow]:
    """Money by programme and year with sums, programmes by name, years rising."""
    by_programme: dict[int, tuple[Programme, Tally]] = {}
    for row, tally in found:
        _programme, whole = by_programme.setdefault(row.programme_id, (row.programme, Tally()))
        whole.add(tally)
    rows: list[MoneyRow] = []
    everything = Tally()
    for programme, tally in by_programme.values():
        everything.add(tally)
        for year in tally.years:
            url = project_url(programme=programme.pk, year=year)
            money = tally.money.get(year, ProjectMoney())
            rows.append(MoneyRow(programme, year, tally.projects[year], money, url))
        url = project_url(programme=programme.pk)
        rows.append(MoneyRow(programme, None, tally.counts["projects"], tally.total, url, is_sum=True))
    if len(by_programme) > 1:
        for year in everything.years:
            money = everything.money.get(year, ProjectMoney())
            url = project_url(year=year)
            rows.append(MoneyRow(None, year, everything.projects[year], money, url, is_sum=True))
        url = reverse("measures:project-list")
        rows.append(MoneyRow(None, None, everything.counts["projects"], everything.total, url, is_sum=True))
    return rows


def _lights(whole: Tally) -> list[tuple[Badge, int, str]]:
    shown = (Light.OFF_PATH, Light.AT_RISK, Light.ON_PATH, Light.NO_DATA)
    return [
        (light_badge(light), whole.counts[f"light:{light}"], project_url(light=light.value))
        for light in shown
    ]


def _terms(whole: Tally) -> list[tuple[str, int, str]]:
    words = {"running": _("being funded"), "upcoming": _("not yet begun"), "ended": _("funding is over")}
    return [(word, whole.counts[term], project_url(term=term)) for term, word in words.items()]


def _territories(found: list[tuple[FundingTally, Tally]]) -> list[dict[str, Any]]:
    """By territory, the most projects first: projects, reports late, granted."""
    names: dict[int, str] = {}
    sums: dict[int, Tally] = {}
    for row, tally in found:
        names[row.territory_id] = row.territory.name
        sums.setdefault(row.territory_id, Tally()).add(tally)
    rows = [
        {
            "name": names[key],
            "projects": tally.counts["projects"],
            "url": project_url(territory=key),
            "late": tally.counts[f"report:{Waiting.LATE}"],
            "late_url": reports_url(Waiting.LATE, territory=key),
            "granted": tally.total.granted,
            "map_url": f"{reverse('measures:funding-map')}?{urlencode({'territory': key})}",
        }
        for key, tally in sums.items()
    ]
    return sorted(rows, key=lambda row: (-row["projects"], row["name"]))


def _columns() -> list[Column]:
    def euros(name: str) -> Any:
        return lambda row: Decimal(getattr(row.money, name))

    return [
        Column(_("Programme"), "title"),
        Column(_("Year"), lambda row: row.year if row.year is not None else _("all years")),
        Column(_("Projects"), "projects", Kind.NUMBER, 0),
        Column(_("Granted (euros)"), euros("granted"), Kind.NUMBER, 2),
        Column(_("Drawn (euros)"), euros("drawn"), Kind.NUMBER, 2),
        Column(_("Spent (euros)"), euros("spent"), Kind.NUMBER, 2),
        Column(_("Not drawn yet (euros)"), euros("remaining"), Kind.NUMBER, 2),
    ]
