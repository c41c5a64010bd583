"""An organisation's report: handed in, returned, confirmed; each refusal, and four eyes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
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
    """A change may be below 0, and need not be whole."""
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
    KeyFigure.objects.filter(pk=row.key_figure_id).update(unit=factories.unit("change", "Veränderung"))
    assert client.post(page, entries(report, value) | {"save": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.value == actual.value


# --- two windows on one report ----------------------------------------------------------------------


@pytest.fixture
def two_figures(report: RoundReport) -> RoundReport:
    """The report asks for a second figure, judged in steps."""
    first = report.figures.get()
    second = KeyFigure.objects.get(pk=first.key_figure_id)
    second.pk, second.title, second.kind = None, "Netzwerk", "quality"
    second.save()
    second.targets.create(due_on=second.measure.plan.ends_on, value=4)
    report.figures.create(key_figure=second)
    return report


def opened_in(html: str) -> str:
    """What the page knows of the report."""
    found = re.search(r'name="opened" value="([^"]*)"', html)
    assert found is not None
    return unescape(found.group(1))


def test_two_windows_keep_what_the_other_saved(
    two_figures: RoundReport, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("specialist"))
    page = take(client, two_figures.process, ReportFlow.report_figures)
    first, second = two_figures.figures.order_by("pk")
    empty = {f"{name}_{row.pk}": "" for row in (first, second) for name in ("value", "comment")}
    window = {"opened": opened_in(client.get(page).content.decode()), "save": "1", **empty}
    for row, value, comment in ((first, "12", "A"), (second, "3", "B")):
        typed = {f"value_{row.pk}": value, f"comment_{row.pk}": comment}
        assert client.post(page, window | typed).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.value, first.comment) == (12, "A"), "the second window left it alone"
    assert (second.value, second.comment) == (3, "B")


def test_where_both_changed_an_entry_the_second_is_shown_the_first(
    two_figures: RoundReport, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("specialist"))
    page = take(client, two_figures.process, ReportFlow.report_figures)
    first, second = two_figures.figures.order_by("pk")
    window = {"opened": opened_in(client.get(page).content.decode()), "save": "1"}
    theirs = {f"value_{first.pk}": "12", f"comment_{first.pk}": "", f"value_{second.pk}": "3"}
    assert client.post(page, window | theirs).status_code == 302
    mine = {f"value_{first.pk}": "14", f"comment_{first.pk}": "C", f"value_{second.pk}": ""}
    refused = client.post(page, window | mine)
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "“12" in html or "„12" in html, "what the other saved is told"
    assert 'value="14"' in html, "and what was typed stands"
    assert '<option value="3" selected' in html, "what the other saved stands where nothing was typed"
    first.refresh_from_db()
    assert (first.value, first.comment) == (12, ""), "nothing is saved before the person has seen it"
    again = {**mine, f"value_{second.pk}": "3", "opened": opened_in(html), "save": "1"}
    assert client.post(page, again).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.value, first.comment, second.value) == (14, "C", 3)


def test_the_same_entry_in_both_windows_is_no_conflict(
    two_figures: RoundReport, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("specialist"))
    page = take(client, two_figures.process, ReportFlow.report_figures)
    first = two_figures.figures.order_by("pk").first()
    assert first is not None
    window = {
        "opened": opened_in(client.get(page).content.decode()),
        "save": "1",
        f"value_{first.pk}": "12,00",
    }
    assert client.post(page, window).status_code == 302
    assert client.post(page, window).status_code == 302
    for odd in ("", "x", "[]", '{"a": 1}'):
        assert client.post(page, window | {"opened": odd}).status_code == 302


def test_who_handed_the_task_over_does_not_overwrite_the_colleague(
    two_figures: RoundReport, world: World, client_as: ClientAs
) -> None:
    mine, theirs = client_as(world.fresh("specialist")), client_as(world.fresh("head"))
    page = take(mine, two_figures.process, ReportFlow.report_figures)
    first = two_figures.figures.order_by("pk").first()
    assert first is not None
    window = {"opened": opened_in(mine.get(page).content.decode()), "save": "1"}
    task = open_task(two_figures.process, ReportFlow.report_figures)
    task_give_back = reverse("workflows:task-give-back", args=[task.pk])
    assert mine.post(task_give_back).status_code == 302
    take(theirs, two_figures.process, ReportFlow.report_figures)
    assert theirs.post(page, window | {f"value_{first.pk}": "12"}).status_code == 302
    assert mine.post(page, window | {f"value_{first.pk}": "14"}).status_code == 403
    first.refresh_from_db()
    assert first.value == 12
