"""An organisation's report: handed in, returned, confirmed; each refusal, and four eyes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from measures.models import KeyFigure, RoundReport, RoundReportState
from measures.services.reporting import report_save
from project.common.errors import DomainError
from stakeholders import services as people
from stakeholders.models import Function, LogEntry, User
from tests import factories
from tests.factories import World
from tests.stages import Stages
from tests.workflows.taskpages import page_of, take
from workflows.demo import driver
from workflows.engine import round_open
from workflows.flows import ReportFlow
from workflows.nodes import complete_task, open_task

ClientAs = Callable[[User], Client]

CONFIRM = {"answer": "confirm", "reason": ""}


@pytest.fixture
def report(stages: Stages, world: World) -> RoundReport:
    """The youth office is asked for its figures."""
    cycle, _measure = stages.at_implementation()
    today = timezone.localdate()
    made = round_open(cycle, reference_on=today, due_on=today, user=world.fresh("planner"))
    return made.reports.select_related("process", "round").get()


@pytest.fixture
def submitted(report: RoundReport, world: World) -> RoundReport:
    """The youth office has handed its report in."""
    driver.report(
        report,
        [driver.Actual(row.key_figure, 3) for row in report.figures.all()],  # type: ignore[arg-type]
        user=world.fresh("specialist"),
    )
    return report


def entries(report: RoundReport, value: str = "12", comment: str = "") -> dict[str, str]:
    row = report.figures.get()
    return {f"value_{row.pk}": value, f"comment_{row.pk}": comment}


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error:
        act()
    return error.value.code


# --- the end, by both ways -------------------------------------------------------------------------


def test_handed_in_returned_corrected_and_confirmed(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    office, planning = client_as(world.fresh("specialist")), client_as(world.fresh("planner"))
    page = take(office, report.process, ReportFlow.report_figures)
    assert office.post(page, entries(report, "5") | {"save": "1"}).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.figures.get().value) == (RoundReportState.OPEN, 5), "a draft"
    assert office.post(page, entries(report)).status_code == 302
    assert office.post(page, entries(report)).status_code == 409

    check = take(planning, report.process, ReportFlow.confirm_figures)
    assert planning.post(check, {"answer": "return", "reason": "Bitte prüfen"}).status_code == 302
    report.refresh_from_db()
    assert (report.state, report.return_reason) == (RoundReportState.RETURNED, "Bitte prüfen")

    page = take(office, report.process, ReportFlow.report_figures)
    assert "Bitte prüfen" in office.get(page).content.decode()
    assert office.post(page, entries(report, "", "Zählung ausgefallen")).status_code == 302
    check = take(planning, report.process, ReportFlow.confirm_figures)
    assert planning.post(check, CONFIRM).status_code == 302

    report.refresh_from_db()
    assert (report.state, report.confirmed_by) == (RoundReportState.CONFIRMED, world.people["planner"])
    assert report.figures.get().value is None, "no figure is no zero"
    report.process.refresh_from_db()
    assert report.process.finished is not None
    (end,) = report.process.task_set.filter(flow_task_type="END", status="DONE")
    assert end.flow_task.name == "confirmed"
    report.round.refresh_from_db()
    assert report.round.closed_at is not None
    actions = ["report.submitted", "report.returned", "report.submitted", "report.confirmed"]
    found = LogEntry.objects.filter(action__startswith="report.").order_by("pk")
    assert list(found.values_list("action", flat=True)) == actions


# --- refusals --------------------------------------------------------------------------------------


def test_only_the_organisation_reports(report: RoundReport, world: World, client_as: ClientAs) -> None:
    task = open_task(report.process, ReportFlow.report_figures)
    page = page_of(task)
    strangers = ("provider_head", "jobcenter_head", "chair", "funder_reader", "admin", "outsider")
    for name in strangers:
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, entries(report)).status_code == 404, name
    planner = client_as(world.fresh("planner"))
    assert planner.get(page).status_code == 403
    assert planner.post(page, entries(report)).status_code == 403
    assert Client().get(page).status_code == 302
    for name in (*strangers, "planner"):
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    take(client_as(world.fresh("head")), report.process, ReportFlow.report_figures)
    assert client_as(world.fresh("specialist")).post(page, entries(report)).status_code == 403
    assert report.figures.get().value is None


def test_only_planning_confirms(submitted: RoundReport, world: World, client_as: ClientAs) -> None:
    task = open_task(submitted.process, ReportFlow.confirm_figures)
    page = page_of(task)
    strangers = ("head", "specialist", "provider_head", "chair", "funder_reader", "admin", "outsider")
    for name in strangers:
        client = client_as(world.fresh(name))
        assert client.get(page).status_code == 404, name
        assert client.post(page, CONFIRM).status_code == 404, name
        with pytest.raises(PermissionDenied):
            complete_task(task, user=world.fresh(name), act=lambda process: None)
    take(client_as(world.fresh("planning_head")), submitted.process, ReportFlow.confirm_figures)
    assert client_as(world.fresh("planner")).post(page, CONFIRM).status_code == 403
    submitted.refresh_from_db()
    assert submitted.state == RoundReportState.SUBMITTED


def test_who_reported_does_not_confirm(report: RoundReport, world: World, client_as: ClientAs) -> None:
    both = factories.employed(world.fresh("specialist"), world.planning_unit, Function.PLANNER)
    driver.report(report, [driver.Actual(report.figures.get().key_figure, 3)], user=both)  # type: ignore[arg-type]
    task = open_task(report.process, ReportFlow.confirm_figures)
    client = client_as(both)
    assert client.get(page_of(task)).status_code == 403
    assert client.post(page_of(task), CONFIRM).status_code == 403
    with pytest.raises(PermissionDenied):
        complete_task(task, user=User.objects.get(pk=both.pk), act=lambda process: None)
    assert open_task(report.process, ReportFlow.confirm_figures).owner is None


@pytest.mark.parametrize("name", ["specialist", "planner"])
def test_a_right_taken_away_after_the_task_was_taken_counts(
    name: str, report: RoundReport, world: World, client_as: ClientAs, request: pytest.FixtureRequest
) -> None:
    node, fields = ReportFlow.report_figures, entries(report)
    if name == "planner":
        request.getfixturevalue("submitted")
        node, fields = ReportFlow.confirm_figures, CONFIRM
    user = world.fresh(name)
    client = client_as(user)
    page = take(client, report.process, node)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    for membership in user.memberships.filter(organisation__isnull=False):
        people.membership_end(membership, ends_on=yesterday, user=None)
    report.refresh_from_db()
    before = report.state

    assert client.get(page).status_code == 403
    assert client.post(page, fields).status_code == 403
    report.refresh_from_db()
    assert report.state == before
    assert open_task(report.process, node)


def test_wrong_figures_and_answers_leave_the_task_open(
    report: RoundReport, world: World, client_as: ClientAs
) -> None:
    office, planning = client_as(world.fresh("specialist")), client_as(world.fresh("planner"))
    page = take(office, report.process, ReportFlow.report_figures)
    for value, comment in (("viele", ""), ("", ""), ("", " ")):
        assert office.post(page, entries(report, value, comment)).status_code == 422, value
    assert office.post(page, entries(report)).status_code == 302
    check = take(planning, report.process, ReportFlow.confirm_figures)
    for fields in ({"answer": "return", "reason": " "}, {"answer": "perhaps"}, {}):
        assert planning.post(check, fields).status_code == 422, fields
    assert open_task(report.process, ReportFlow.confirm_figures)


def test_a_report_out_of_turn_is_refused(submitted: RoundReport, world: World) -> None:
    step = ReportFlow.report_figures
    assert code_of(lambda: open_task(submitted.process, step)) == "no_open_task"
    user = world.fresh("planner")
    driver.confirm_report(submitted, user=user)
    again = code_of(lambda: driver.report_review(submitted, is_confirmed=True, reason="", user=user))
    assert again == "not_submitted"
    figures = [driver.Actual(submitted.figures.get().key_figure, 4)]  # type: ignore[arg-type]
    assert code_of(lambda: driver.report_save(submitted, actuals=figures, user=user)) == "report_locked"


@pytest.mark.parametrize(("value", "words"), [("-1", "nicht weniger als null"), ("2,5", "in ganzen Zahlen")])
def test_people_are_counted_in_whole_ones_from_zero(
    report: RoundReport, world: World, client_as: ClientAs, value: str, words: str
) -> None:
    """Shares may be what they are: an occupancy above 100 percent, a change below 0."""
    row = report.figures.get()
    client = client_as(world.fresh("specialist"))
    page = take(client, report.process, ReportFlow.report_figures)
    people_unit = factories.unit("counted", "Personen", is_count=True, decimals=0)
    KeyFigure.objects.filter(pk=row.key_figure_id).update(unit=people_unit)
    for button in ({}, {"save": "1"}):
        refused = client.post(page, entries(report, value) | button)
        assert refused.status_code == 422
        assert words in refused.content.decode()
    row = report.figures.select_related("key_figure__unit").get()
    assert row.value is None
    actual = driver.Actual(row.key_figure, Decimal(value.replace(",", ".")))
    assert code_of(lambda: report_save(report, actuals=[actual], user=world.fresh("specialist"))) == (
        "impossible_value"
    )
    KeyFigure.objects.filter(pk=row.key_figure_id).update(unit=factories.unit())
    assert client.post(page, entries(report, value) | {"save": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.value == actual.value
