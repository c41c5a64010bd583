"""What is counted of funded projects, by programme and territory, kept from look to look.

A portfolio of tens of thousands of projects with their reports takes seconds to count; its numbers are the
same until something changes or the day does. So they are kept for each programme in each territory. What
changes them leaves a ``FundingChange``; the next look takes it away and counts anew. It is a copy like the
standings of measures, not a write on the project.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, F, QuerySet, Sum

from measures.models import (
    GRANT_SOURCES,
    FinanceKind,
    FundedProject,
    FundingChange,
    FundingTally,
    GrantLine,
    ProjectReport,
    ProjectReportState,
)
from measures.money import ZERO
from measures.selectors.funding_scope import Scope
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_money import ProjectMoney
from measures.selectors.project_standing import (
    TERMS,
    Waiting,
    lines_drawn,
    lines_spent,
    term_condition,
    waiting_case,
    worst_light,
)
from measures.selectors.project_told import not_passed_on
from measures.selectors.standings import lights_refresh

#: Most projects of which a look reckons the lights; those of more the timers have reckoned before.
_LIGHTS: Final = 200

Cell = tuple[int, int]


@dataclasses.dataclass
class Tally:
    """What is counted of a programme in a territory.

    Attributes:
        counts: Projects by term and by worst light (``light:on_path``), reports by how they wait
            (``report:late``), and all projects (``projects``). Kept are two countings of the reports: how
            they wait, and how whoever does not check them is told (``told:late``); ``tallies`` gives a
            reader the one that is theirs, as ``report:late``.
        projects: Projects whose term touches a year, by year.
        money: Granted, drawn and spent by year: granted by the plan, the others by the year in which the
            time told of ends.
        providers: Keys of those who carry the projects.
    """

    counts: Counter[str] = dataclasses.field(default_factory=Counter)
    projects: Counter[int] = dataclasses.field(default_factory=Counter)
    money: dict[int, ProjectMoney] = dataclasses.field(default_factory=dict)
    providers: set[int] = dataclasses.field(default_factory=set)

    def add(self, other: Tally) -> None:
        """Count another one with it."""
        self.counts.update(other.counts)
        self.projects.update(other.projects)
        self.providers |= other.providers
        for year, money in other.money.items():
            self.money[year] = self.money.get(year, ProjectMoney()) + money

    def tell(self, *, is_known: bool, more: Counter[str]) -> None:
        """Leave the counting of reports that a reader may know of.

        Args:
            is_known: Whether they know of each report how far it is.
            more: What to add to the counting as told, where they know it of some.
        """
        for waiting in Waiting:
            real, told = f"report:{waiting}", f"told:{waiting}"
            if not is_known:
                self.counts[real] = self.counts[told] + more[real]
            del self.counts[told]

    @property
    def years(self) -> list[int]:
        """Years of which there is something to say."""
        return sorted({*self.projects, *self.money})

    @property
    def total(self) -> ProjectMoney:
        """Money of all years."""
        return sum(self.money.values(), ProjectMoney())

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "counts": dict(self.counts),
            "projects": {str(year): count for year, count in self.projects.items()},
            "money": {
                str(year): [str(row.granted), str(row.drawn), str(row.spent)]
                for year, row in self.money.items()
            },
            "providers": sorted(self.providers),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Tally:
        """From what was kept."""
        return cls(
            counts=Counter(content.get("counts", {})),
            projects=Counter({int(year): count for year, count in content.get("projects", {}).items()}),
            money={
                int(year): ProjectMoney(*map(Decimal, row)) for year, row in content.get("money", {}).items()
            },
            providers=set(content.get("providers", ())),
        )


def tallies(
    scope: Scope, today: datetime.date, *, is_reckoned: bool = True
) -> list[tuple[FundingTally, Tally]]:
    """What is counted of a portfolio, by programme and territory.

    Args:
        scope: The portfolio.
        today: The day to look from.
        is_reckoned: Whether lights are reckoned anew where they do not hold any more; who asks for names
            only does without.

    Returns:
        One entry for each programme and territory with projects, by programme and territory, both joined;
        reports as the person may know of them. Queries: 3 where nothing changed since the last look of the
        day, 4 for who acts for an organisation; else some 12 more.
    """
    if is_reckoned:
        # Before the changes are read: a light that turned out another leaves one.
        lights_refresh(scope.projects(), today, most=_LIGHTS)
    _refresh(scope, today)
    rows = FundingTally.objects.filter(scope.of_cells()).select_related("programme__funder", "territory")
    found = [
        (row, Tally.from_json(row.content)) for row in rows.order_by("programme__title", "territory__name")
    ]
    found = [(row, tally) for row, tally in found if tally.counts["projects"]]
    more = _known_besides(scope, today)
    for row, tally in found:
        is_known = row.territory_id in scope.insight.territories
        tally.tell(is_known=is_known, more=more[row.programme_id, row.territory_id])
    return found


def _known_besides(scope: Scope, today: datetime.date) -> defaultdict[Cell, Counter[str]]:
    """What to add to the counts as told: reports of their own house, of which people know how far they are.

    Queries: 1, none for who acts for no organisation.
    """
    found: defaultdict[Cell, Counter[str]] = defaultdict(Counter)
    own = scope.insight.providers
    if not own:
        return found
    reports = ProjectReport.objects.filter(
        not_passed_on(), scope.of_projects("project__"), project__provider__in=own
    )
    for cell, waiting, told, count in _waiting(reports, today):
        found[cell][f"report:{waiting}"] += count
        found[cell][f"report:{told}"] -= count
    return found


def _refresh(scope: Scope, today: datetime.date) -> None:
    """Count anew what changed, and what was counted on another day. Queries: 1 if nothing is to be done."""
    changes = FundingChange.objects.filter(scope.of_cells()).order_by()
    old = FundingTally.objects.filter(scope.of_cells()).exclude(counted_on=today).order_by()
    cells: dict[Cell, list[int]] = defaultdict(list)
    rows = changes.values_list("programme_id", "territory_id", "pk").union(
        old.annotate(none=F("pk") * 0).values_list("programme_id", "territory_id", "none"), all=True
    )
    for programme, territory, change in rows:
        cells[programme, territory].append(change)
    if cells:
        _count_anew(cells, today)


def _count_anew(cells: dict[Cell, list[int]], today: datetime.date) -> None:
    """Count and keep; what changes meanwhile leaves a note that stays for the next look."""
    FundingTally.objects.bulk_create(
        # In one order: two that look at once, in different ones, would wait for each other for ever.
        [
            FundingTally(programme_id=programme, territory_id=territory)
            for programme, territory in sorted(cells)
        ],
        ignore_conflicts=True,
    )
    programmes, territories = {cell[0] for cell in cells}, {cell[1] for cell in cells}
    rows = FundingTally.objects.filter(programme__in=programmes, territory__in=territories)
    versions = {(row.programme_id, row.territory_id): row.version for row in rows}
    counted = count_tallies(programmes, territories, today)
    with transaction.atomic():
        kept = []
        for row in rows.order_by("pk").select_for_update(no_key=True):
            cell = (row.programme_id, row.territory_id)
            # Somebody who began later has counted meanwhile, and took away the notes only they had seen.
            if cell not in cells or versions.get(cell) != row.version:
                continue
            row.content = counted.get(cell, Tally()).to_json()
            row.counted_on, row.version = today, row.version + 1
            kept.append(row)
        FundingTally.objects.bulk_update(kept, ["content", "counted_on", "version"])
        seen = [key for row in kept for key in cells[row.programme_id, row.territory_id] if key]
        FundingChange.objects.filter(pk__in=seen).delete()


def count_tallies(
    programmes: Iterable[int], territories: Iterable[int], today: datetime.date
) -> dict[Cell, Tally]:
    """Count projects, reports and money in the database. Queries: 7 for any number of projects."""
    found: dict[Cell, Tally] = defaultdict(Tally)
    projects = FundedProject.objects.filter(
        programme__in=programmes, measure__plan__territory__in=territories
    ).order_by()
    _count_projects(found, projects, today)
    _count_reports(found, projects, today)
    _add_money(
        found,
        "granted",
        GrantLine.objects.filter(
            notice__in=notices_that_hold(projects).order_by().values("pk"),
            side=FinanceKind.FUNDING,
            kind__in=GRANT_SOURCES,
        ),
        "notice__project__",
        "year",
    )
    drawn = lines_drawn().filter(report__project__in=projects.values("pk"))
    for name, lines in (("drawn", drawn), ("spent", lines_spent(projects))):
        _add_money(found, name, lines, "report__project__", "report__covers_until__year")
    return dict(found)


def _cell(prefix: str = "") -> tuple[str, str]:
    return f"{prefix}programme_id", f"{prefix}measure__plan__territory_id"


def _count_projects(
    found: dict[Cell, Tally], projects: QuerySet[FundedProject], today: datetime.date
) -> None:
    terms = {term: Count("pk", filter=term_condition(term, today)) for term in TERMS}
    rows = projects.values_list(*_cell(), "starts_on__year", "ends_on__year").annotate(
        count=Count("pk"), **terms
    )
    for programme, territory, first, last, count, *by_term in rows:
        tally = found[programme, territory]
        tally.counts["projects"] += count
        tally.counts.update(dict(zip(TERMS, by_term, strict=True)))
        for year in range(first, last + 1):
            tally.projects[year] += count
    lights = projects.annotate(light=worst_light()).values_list(*_cell(), "light").annotate(count=Count("pk"))
    for programme, territory, light, count in lights:
        found[programme, territory].counts[f"light:{light}"] += count
    for programme, territory, provider in projects.values_list(*_cell(), "provider").distinct():
        found[programme, territory].providers.add(provider)


def _count_reports(found: dict[Cell, Tally], projects: QuerySet[FundedProject], today: datetime.date) -> None:
    open_ones = ProjectReport.objects.filter(
        project__in=projects.values("pk"),
        state__in=(
            ProjectReportState.DRAFTING,
            ProjectReportState.CHECKING,
            ProjectReportState.WITH_FUNDER,
            ProjectReportState.ASKED,
        ),
    )
    for cell, waiting, told, count in _waiting(open_ones, today):
        found[cell].counts.update({f"report:{waiting}": count, f"told:{told}": count})


def _waiting(reports: QuerySet[ProjectReport], today: datetime.date) -> Iterator[tuple[Cell, str, str, int]]:
    """Reports by cell, by how they wait, and by how who does not check them is told. Queries: 1."""
    rows = (
        reports.order_by()
        .annotate(waiting=waiting_case(today), told=waiting_case(today, not_passed_on()))
        .values_list(*_cell("project__"), "waiting", "told")
        .annotate(count=Count("pk"))
    )
    for programme, territory, waiting, told, count in rows:
        yield (programme, territory), waiting, told, count


def _add_money(
    found: dict[Cell, Tally], name: str, lines: QuerySet[Any], prefix: str, year_path: str
) -> None:
    rows = lines.order_by().values_list(*_cell(prefix), year_path).annotate(sum=Sum("amount"))
    for programme, territory, year, amount in rows:
        money = found[programme, territory].money
        money[year] = money.get(year, ProjectMoney()) + ProjectMoney(**{name: amount or ZERO})
