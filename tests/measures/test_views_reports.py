"""Pages of reports and rounds, without the engine's tasks."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from measures.models import RoundReport, RoundReportState
from measures.services.reporting import report_review
from monitoring.models import Unit
from stakeholders.models import LogEntry, OrganisationKind, User
from tests import factories
from tests.factories import World
from tests.measures.reports import asked, handed_in

ClientAs = Callable[[User], Client]
D = datetime.date


@pytest.fixture
def report(world: World) -> RoundReport:
    """The youth office and the health office are asked for the figures of 31 March 2026."""
    first = factories.measure(world.plan, world.youth_office, title="Elterncafé")
    second = factories.measure(world.plan, world.health_office, title="Bewegungspark")
    for measure in (first, second):
        measure.key_figures.update(baseline_on=D(2025, 12, 31))
    return asked(world, first, second, day=D(2026, 3, 31))


def addresses(report: RoundReport) -> tuple[str, str, str]:
    return (
        reverse("measures:report-list", args=[report.round.plan_id]),
        reverse("measures:round-detail", args=[report.round_id]),
        reverse("measures:report-detail", args=[report.pk]),
    )


def test_the_latest_round_comes_first_and_its_organisations_from_a_to_z(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    page = client_as(planner).get(reverse("measures:report-list", args=[report.round.plan_id]))
    names = [row.organisation.name for row, *_ in page.context["rows"]]
    assert names == sorted(names)
    assert len(names) > 1


@pytest.mark.parametrize("name", ["measures:report-list", "workflows:agreement-list"])
def test_tabs_of_the_plan_are_on_each_page_they_lead_to(
    name: str, report: RoundReport, client_as: ClientAs, planner: User
) -> None:
    address = reverse(name, args=[report.round.plan_id])
    html = client_as(planner).get(address).content.decode()
    assert f'href="{address}" aria-current="page"' in html


def test_lists_say_who_has_reported_and_who_is_late(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    handed_in(world, report, 20)
    client = client_as(planner)
    for address in addresses(report)[:2]:
        html = client.get(address).content.decode()
        assert "Jugendamt" in html
        assert "Gesundheitsamt" in html
        late = client.get(address, {"state": "overdue"}).content.decode()
        assert "Gesundheitsamt" in late
        assert reverse("measures:report-detail", args=[report.pk]) not in late
        submitted = client.get(address, {"state": "submitted", "q": "jugend"}).content.decode()
        assert reverse("measures:report-detail", args=[report.pk]) in submitted
        assert "pg-empty" in client.get(address, {"q": "gibt es nicht"}).content.decode()
        assert client.get(address, {"sort": "-state"}).status_code == 200


def test_the_report_shows_its_figures_and_the_reason_of_a_return(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    handed_in(world, report, 23, comment="Beispiel: ohne Ferien")
    report_review(report, is_confirmed=False, reason="Bitte die Ferien mitzählen.", user=planner)
    html = client_as(world.fresh("specialist")).get(addresses(report)[2]).content.decode()
    for text in (
        "Elterncafé",
        "Erreichte Kinder",
        "23",
        "Beispiel: ohne Ferien",
        "Bitte die Ferien mitzählen.",
    ):
        assert text in html
    assert "Bewegungspark" not in html


def test_files_of_the_report_hold_its_figures(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    handed_in(world, report, 23, comment="=1+1")
    client = client_as(planner)
    response: Any = client.get(addresses(report)[2], {"export": "xlsx"})
    rows = list(load_workbook(io.BytesIO(response.getvalue())).active.values)
    assert rows[1][1:4] == ("Elterncafé", "Erreichte Kinder", "Personen")
    assert rows[1][6] == 23
    assert rows[1][7] == "=1+1"
    csv = client.get(addresses(report)[2], {"export": "csv"}).content.decode("utf-8-sig")
    assert "'=1+1" in csv
    for address in addresses(report)[:2]:
        assert "Gesundheitsamt" in client.get(address, {"export": "csv"}).content.decode("utf-8-sig")


def test_figures_not_yet_confirmed_are_open_to_planning_and_the_organisation_only(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    address = addresses(report)[2]
    own = {"planner", "planning_head", "head", "specialist"}
    for name in world.people:
        expected = 200 if name in own else 404
        assert client_as(world.fresh(name)).get(address).status_code == expected, name
    handed_in(world, report, 23)
    report_review(report, is_confirmed=True, reason="", user=planner)
    assert client_as(world.fresh("jobcenter_head")).get(address).status_code == 200
    for name in ("outsider", "funder_reader", "provider_head", "admin"):
        assert client_as(world.fresh(name)).get(address).status_code == 404, name


def test_who_sees_the_lists(report: RoundReport, world: World, client_as: ClientAs) -> None:
    hidden = {"outsider", "funder_reader", "provider_head", "association_head", "admin"}
    for name in world.people:
        client = client_as(world.fresh(name))
        for address in addresses(report)[:2]:
            assert client.get(address).status_code == (404 if name in hidden else 200), (name, address)


def test_the_list_links_only_reports_one_may_read(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    html = client_as(world.fresh("jobcenter_head")).get(addresses(report)[0]).content.decode()
    assert "Jugendamt" in html
    assert addresses(report)[2] not in html


def test_not_signed_in_and_looking_only(report: RoundReport, client_as: ClientAs, planner: User) -> None:
    client = client_as(planner)
    for address in addresses(report):
        assert Client().get(address).status_code == 302
        assert client.post(address).status_code == 405


def test_no_round_yet_says_what_comes_next(world: World, client_as: ClientAs, planner: User) -> None:
    response = client_as(planner).get(reverse("measures:report-list", args=[world.plan.pk]))
    assert response.status_code == 200
    assert "pg-empty" in response.content.decode()


def test_the_same_queries_for_2_and_20_reports(world: World, client_as: ClientAs, planner: User) -> None:
    def round_of(count: int, day: datetime.date) -> RoundReport:
        measures = []
        for number in range(count):
            office = factories.organisation(
                f"Amt {day} {number}", OrganisationKind.DEPARTMENT, world.territory
            )
            measures.append(factories.measure(world.plan, office))
        return asked(world, *measures, day=day)

    client = client_as(planner)

    def queries(report: RoundReport) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(addresses(report)[1]).status_code == 200
        return len(captured)

    few, many = round_of(2, D(2026, 3, 31)), round_of(20, D(2026, 6, 30))
    assert queries(few) == queries(many)
    assert RoundReport.objects.filter(state=RoundReportState.OPEN).count() == 22


def test_one_or_two_people_reported_are_told_to_planning_and_the_house_and_every_look_is_logged(
    report: RoundReport, world: World, client_as: ClientAs, planner: User
) -> None:
    Unit.objects.filter(symbol_de="Personen").update(is_count=True)
    handed_in(world, report, 2, comment="Beispiel")
    report_review(report, is_confirmed=True, reason="", user=planner)
    address = addresses(report)[2]

    def told(user: User) -> tuple[bool, object, int]:
        client = client_as(user)
        html = client.get(address).content.decode()
        response: Any = client.get(address, {"export": "xlsx"})
        value = list(load_workbook(io.BytesIO(response.getvalue())).active.values)[1][6]
        looks = LogEntry.objects.filter(action="key_figures.seen_raw", user=user).count()
        return "<strong>2\u00a0Personen</strong>" in html, value, looks

    assert told(planner) == (True, 2, 2)
    assert told(world.fresh("specialist")) == (True, 2, 2)
    assert told(world.fresh("jobcenter_head")) == (False, ".", 0)
    assert told(world.fresh("chair")) == (False, ".", 0)
