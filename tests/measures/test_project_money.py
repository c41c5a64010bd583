"""What a project was granted, has drawn and spent: only the latest notice and accepted reports count."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from measures.models import FundedProject, ProjectReport, ProjectReportLine
from measures.selectors.project_money import ProjectMoney, money_of, money_sum
from measures.services.grants import notice_record
from tests.factories import World
from tests.grants import funded, lines, notice

D = datetime.date
E = Decimal


def report(
    project: FundedProject, kind: str, first: datetime.date, last: datetime.date, state: str = "accepted"
) -> ProjectReport:
    return ProjectReport.objects.create(
        project=project, kind=kind, covers_from=first, covers_until=last, due_on=last, state=state
    )


def line(of: ProjectReport, side: str, kind: str, amount: str | None) -> None:
    ProjectReportLine.objects.create(
        report=of, side=side, kind=kind, amount=None if amount is None else E(amount)
    )


@pytest.fixture
def project(world: World) -> FundedProject:
    made = funded(world)
    notice_record(made, fields=notice(), user=world.fresh("planner"))
    return made


def money(project: FundedProject) -> ProjectMoney:
    return money_of(FundedProject.objects.filter(pk=project.pk))[project.pk]


def test_without_a_notice_nothing_is_granted(world: World) -> None:
    assert money(funded(world)) == ProjectMoney()


def test_the_latest_notice_says_what_is_granted(project: FundedProject, world: World) -> None:
    changed = notice(lines=lines("800.00", "100.00"), granted=E("700.00"), reason="Weniger")
    notice_record(project, fields=changed, user=world.fresh("planner"))
    assert money(project) == ProjectMoney(granted=E("700.00"))


def test_accepted_drawdowns_are_drawn_with_the_sources_of_the_grant_only(project: FundedProject) -> None:
    first = report(project, "drawdown", D(2026, 2, 1), D(2026, 4, 30))
    line(first, "funding", "esf", "200.10")
    line(first, "funding", "state", "50.05")
    line(first, "funding", "own", "10.00")
    line(first, "cost", "staff", "7.00")
    line(report(project, "drawdown", D(2026, 5, 1), D(2026, 6, 30), "with_funder"), "funding", "esf", "99.00")
    found = money(project)
    assert found == ProjectMoney(granted=E("900.00"), drawn=E("250.15"))
    assert found.remaining == E("649.85")


def test_accepted_accounts_are_spent_and_money_received_is_not_drawn(project: FundedProject) -> None:
    interim = report(project, "interim", D(2026, 2, 1), D(2026, 6, 30))
    line(interim, "cost", "staff", "300.00")
    line(interim, "cost", "fees", None)
    line(interim, "funding", "esf", "300.00")
    line(report(project, "interim", D(2026, 7, 1), D(2026, 9, 30), "called_off"), "cost", "staff", "1.00")
    line(report(project, "final", D(2026, 7, 1), D(2026, 12, 31)), "cost", "staff", "500.00")
    assert money(project) == ProjectMoney(granted=E("900.00"), spent=E("800.00"))


def test_a_final_account_over_the_whole_term_does_not_count_the_interim_ones_twice(
    project: FundedProject,
) -> None:
    line(report(project, "interim", D(2026, 2, 1), D(2026, 6, 30)), "cost", "staff", "300.00")
    line(report(project, "final", D(2026, 2, 1), D(2026, 12, 31)), "cost", "staff", "880.00")
    assert money(project).spent == E("880.00")


def test_of_two_accounts_of_the_same_time_the_final_one_counts(project: FundedProject) -> None:
    line(report(project, "final", D(2026, 2, 1), D(2026, 12, 31)), "cost", "staff", "880.00")
    line(report(project, "interim", D(2026, 2, 1), D(2026, 12, 31)), "cost", "staff", "300.00")
    assert money(project).spent == E("880.00")


def test_the_cost_in_queries_is_the_same_for_one_and_many(project: FundedProject, world: World) -> None:
    with CaptureQueriesContext(
        connection,
    ) as one:
        money(project)
    for number in range(4):
        more = funded(world, f"Projekt {number} (Beispiel)")
        line(report(more, "interim", D(2026, 1, 1), D(2026, 6, 30)), "cost", "staff", "1.00")
    with CaptureQueriesContext(connection) as many:
        found = money_of(FundedProject.objects.all())
    assert (len(one), len(many)) == (4, 4)
    assert len(found) == 5
    assert money_sum(found.values()) == ProjectMoney(granted=E("900.00"), spent=E("4.00"))
