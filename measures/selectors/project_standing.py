"""Where funded projects stand: which report waits for whom, and the worst light of their key figures.

Conditions for the database, the same for lists, for the numbers that lead to them and for tallies.
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import (
    GRANT_SOURCES,
    DutyKind,
    FigureStanding,
    FinanceKind,
    FundedProject,
    ProjectReport,
    ProjectReportState,
)
from measures.models import ProjectReportLine as Line
from measures.selectors.project_report_dates import known_hand_in_by, was_returned_lately
from measures.status import Light
from project.common.conditions import NOTHING

#: A report due within so many days is due soon.
SOON_DAYS: Final = 30
#: Terms a project can be in.
TERMS: Final = ("running", "upcoming", "ended")


class Waiting(StrEnum):
    """What is to be done with a report next."""

    LATE = "late"
    SOON = "soon"
    LATER = "later"
    CHECKING = "checking"
    WITH_FUNDER = "with_funder"
    ASKED = "asked"
    ACCEPTED = "accepted"
    CALLED_OFF = "called_off"


WAITING_LABELS: Final[dict[Waiting, Promise]] = {
    Waiting.LATE: _("late"),
    Waiting.SOON: _("due within 30 days"),
    Waiting.LATER: _("due later"),
    Waiting.CHECKING: _("being checked by the municipality"),
    Waiting.WITH_FUNDER: _("with the funder"),
    Waiting.ASKED: _("funder has a question"),
    Waiting.ACCEPTED: _("accepted"),
    Waiting.CALLED_OFF: _("called off"),
}
WAITING_KINDS: Final[dict[Waiting, str]] = {
    Waiting.LATE: "danger",
    Waiting.SOON: "warning",
    Waiting.LATER: "neutral",
    Waiting.CHECKING: "info",
    Waiting.WITH_FUNDER: "info",
    Waiting.ASKED: "warning",
    Waiting.ACCEPTED: "success",
    Waiting.CALLED_OFF: "neutral",
}
#: By what a list of projects asks for: at least one report that waits so.
OFFERED: Final = (
    Waiting.LATE,
    Waiting.SOON,
    Waiting.CHECKING,
    Waiting.WITH_FUNDER,
    Waiting.ASKED,
)


def waiting_condition(waiting: Waiting, today: datetime.date, kept_back: Q = NOTHING) -> Q:
    """Condition on a report that it waits so on a day, by the rule of ``lateness``.

    What was handed in is not late any more; what was returned is so only when the days to mend it are over.
    What is kept back from the reader counts as not handed in, by the day it is due alone.

    Args:
        waiting: What is to be done with it next.
        today: The day to look from.
        kept_back: Condition of ``project_told.Insight``; left out the reader knows of each how far it is.
    """
    draft = Q(state=ProjectReportState.DRAFTING)
    is_open = kept_back | draft
    soon = today + datetime.timedelta(days=SOON_DAYS)
    lately = was_returned_lately(today)
    match waiting:
        case Waiting.LATE:
            return Q(due_on__lt=today) & (kept_back | (draft & ~Q(lately)))
        case Waiting.SOON:
            returned = draft & Q(lately, due_on__lt=today) & ~kept_back
            return (Q(due_on__gte=today, due_on__lte=soon) & is_open) | returned
        case Waiting.LATER:
            return Q(due_on__gt=soon) & is_open
        case Waiting.CHECKING:
            return Q(state=waiting.value) & ~kept_back
    return Q(state=waiting.value)


def waiting_case(today: datetime.date, kept_back: Q = NOTHING) -> Case:
    """How a report waits, to group by, as ``waiting_condition`` says. Other states are as they are."""
    told = (Waiting.LATE, Waiting.SOON, Waiting.LATER)
    return Case(
        *(When(waiting_condition(row, today, kept_back), then=Value(row.value)) for row in told),
        default=F("state"),
        output_field=CharField(),
    )


def waiting_of(report: ProjectReport, today: datetime.date, *, is_kept_back: bool = False) -> Waiting:
    """The same of one report. Queries: at most 1, none of ``with_returns``.

    Args:
        report: The report.
        today: The day to look from.
        is_kept_back: Whether the reader may not know how far it is.
    """
    if report.state != ProjectReportState.DRAFTING and not is_kept_back:
        return Waiting(report.state)
    until = report.due_on if is_kept_back else known_hand_in_by(report)
    if until < today:
        return Waiting.LATE
    is_soon = until <= today + datetime.timedelta(days=SOON_DAYS)
    return Waiting.SOON if is_soon else Waiting.LATER


def term_condition(term: str, today: datetime.date) -> Q:
    """Condition on a project that it is running, not yet begun, or over on a day."""
    match term:
        case "running":
            return Q(starts_on__lte=today, ends_on__gte=today)
        case "ended":
            return Q(ends_on__lt=today)
        case "upcoming":
            return Q(starts_on__gt=today)
    raise KeyError(term)


def worst_light() -> Case:
    """Worst traffic light of the key figures of a project's measure, as last reckoned; ``no_data`` for none.

    ``selectors.standings.lights_refresh`` reckons them: the timers all, a look those of a page.
    """
    figures = FigureStanding.objects.filter(key_figure__measure=OuterRef("measure_id"))
    return Case(
        *(
            When(Exists(figures.filter(light=light.value)), then=Value(light.value))
            for light in (Light.OFF_PATH, Light.AT_RISK, Light.ON_PATH)
        ),
        default=Value(Light.NO_DATA.value),
        output_field=CharField(),
    )


def accounts_that_count(*, with_cost: bool = True) -> QuerySet[ProjectReport]:
    """Accepted interim and final reports, without those that another one tells again.

    A report that lies within the time of another one is told again by it: the interim reports by a
    final report over the whole term. Of two with the same time the final one counts, then the later one.

    Args:
        with_cost: Only those that account for cost.
    """
    accounts = ProjectReport.objects.filter(
        state=ProjectReportState.ACCEPTED, kind__in=(DutyKind.INTERIM, DutyKind.FINAL)
    ).order_by()
    if with_cost:
        cost = Line.objects.filter(report=OuterRef("pk"), side=FinanceKind.COST, amount__isnull=False)
        accounts = accounts.filter(Exists(cost))
    is_longer = Q(covers_from__lt=OuterRef("covers_from")) | Q(covers_until__gt=OuterRef("covers_until"))
    is_final = Q(kind=DutyKind.FINAL) & ~Q(kind=OuterRef("kind"))
    is_later = Q(kind=OuterRef("kind"), pk__gt=OuterRef("pk"))
    again = accounts.filter(
        is_longer | is_final | is_later,
        project=OuterRef("project"),
        covers_from__lte=OuterRef("covers_from"),
        covers_until__gte=OuterRef("covers_until"),
    )
    return accounts.filter(~Exists(again))


def lines_drawn() -> QuerySet[Line]:
    """What accepted drawdowns asked for, from the sources of the grant, in no order. Queries: none."""
    return Line.objects.filter(
        report__state=ProjectReportState.ACCEPTED,
        report__kind=DutyKind.DRAWDOWN,
        side=FinanceKind.FUNDING,
        kind__in=GRANT_SOURCES,
        amount__isnull=False,
    ).order_by()


def lines_spent(projects: QuerySet[FundedProject]) -> QuerySet[Line]:
    """Cost in the accounts of projects that count, in no order. Queries: none.

    Args:
        projects: Whose; asked inside, so that the accounts of all others are not held against each other.
    """
    accounts = accounts_that_count().filter(project__in=projects.order_by().values("pk"))
    return Line.objects.filter(
        report__in=accounts.values("pk"), side=FinanceKind.COST, amount__isnull=False
    ).order_by()
