"""Two people, or two sweeps, on one report of a project at once: nothing twice, nothing lost, a clear word.

Guards off first where that shows something, then on, as in ``test_races``. Needs a database that serves
several writers at once:

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/x pytest tests/flows/test_races_project_reports.py -n0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from measures.models import FundedProject, ProjectReport
from measures.services import project_report_extensions, project_report_steps
from measures.services.project_report_extensions import extension_decide
from measures.services.project_report_steps import report_deliver
from stakeholders.models import User
from tests.factories import World
from tests.flows.test_project_report_flow import DAYS, TODAY, entered, state_of
from tests.flows.test_races import MeetingPoint, _refusals, race, without_lock
from tests.flows.test_races_measures import _expect_to_meet
from tests.grants import fill_report
from tests.workflows.taskpages import take
from workflows import project_reporting
from workflows.flows import DrawdownFlow, InterimReportFlow, ReportExtensionFlow
from workflows.models import InterimReportProcess, TaskCard
from workflows.nodes import complete_task, open_task
from workflows.project_reporting import (
    drawdown_begin,
    extension_request,
    extension_take_back,
    report_discard,
    report_stop,
    reports_follow_the_notices,
)
from workflows.services.report_tasks import draft_task_follows, process_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="races need PostgreSQL (DATABASE_URL=postgres://…): SQLite lets one writer in at a time",
    ),
]


def _again(report: ProjectReport) -> ProjectReport:
    return ProjectReport.objects.get(pk=report.pk)


def _unlocked(report: ProjectReport, *_states: Any) -> ProjectReport:
    """The row as it was read before services held it."""
    return _again(report)


@without_lock
def test_a_report_is_handed_in_twice_at_once(
    is_locked: bool, report: ProjectReport, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = MeetingPoint()
    if not is_locked:
        _expect_to_meet(monkeypatch)
        monkeypatch.setattr(project_report_steps, "report_lock", _unlocked)
    monkeypatch.setattr(project_report_steps, "content_of", meet.before(project_report_steps.content_of))

    def hand_in() -> Any:
        return report_deliver(_again(report), user=world.fresh("provider_head"))

    results = race(hand_in, hand_in)
    if not is_locked:
        assert meet.has_met
        assert [type(row) for row in results if isinstance(row, Exception)] == [IntegrityError]
        return
    assert not meet.has_met
    assert _refusals(results) == ["report_moved"]
    assert report.deliveries.count() == 1
    assert report.steps.count() == 1


def test_a_double_click_on_the_button_is_told(
    report: ProjectReport, world: World, client_as: Callable[[User], Client]
) -> None:
    windows = [client_as(world.fresh("provider_head")) for _number in range(2)]
    page = take(windows[0], process_of(report), InterimReportFlow.draft_report)
    data = entered(windows[0], page)
    statuses = race(*(lambda window=window: window.post(page, data).status_code for window in windows))
    assert sorted(statuses) == [302, 409]
    assert report.deliveries.count() == 1
    tasks = TaskCard.objects.filter(task__process=process_of(report), is_open=True)
    assert [card.task.flow_task.name for card in tasks] == ["review_report"]


@without_lock
def test_two_sweeps_begin_a_duty_once(
    is_locked: bool, project: FundedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet = MeetingPoint()
    if not is_locked:
        _expect_to_meet(monkeypatch)
        rows = FundedProject._default_manager
        monkeypatch.setattr(type(rows.all()), "select_for_update", lambda self, **_kwargs: self)
    monkeypatch.setattr(project_reporting, "report_begin", meet.before(project_reporting.report_begin))
    results = race(reports_follow_the_notices, reports_follow_the_notices)
    assert project.reports.count() == 1
    assert InterimReportProcess.objects.count() == 1
    assert meet.has_met is not is_locked
    assert sorted(results) == [0, 1]


def test_more_time_is_asked_for_twice_at_once(report: ProjectReport, world: World) -> None:
    def ask() -> Any:
        return extension_request(
            _again(report),
            wanted_until=report.due_on + DAYS(10),
            reason="Krank",
            user=world.fresh("provider_head"),
        )

    results = race(ask, ask)
    assert _refusals(results) == ["extension_open"]
    assert report.extensions.count() == 1
    assert report.steps.count() == 1


def test_more_time_is_given_while_the_report_is_handed_in(
    report: ProjectReport, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery says which day held when it came; nobody waits for ever, nothing is lost."""
    before = report.due_on
    extension = extension_request(
        report, wanted_until=before + DAYS(10), reason="Krank", user=world.fresh("provider_head")
    )
    pk = open_task(process_of(report), InterimReportFlow.draft_report)
    meet = MeetingPoint(0.5)
    monkeypatch.setattr(
        project_report_extensions, "report_lock", meet.before(project_report_extensions.report_lock)
    )
    monkeypatch.setattr(project_report_steps, "report_lock", meet.before(project_report_steps.report_lock))

    def hand_in() -> None:
        user = world.fresh("provider_head")
        complete_task(pk, user=user, act=lambda case: report_deliver(case.report, user=user))

    def give() -> None:
        with transaction.atomic():
            extension_decide(extension, is_granted=True, text="", user=world.fresh("funder_reader"))
            draft_task_follows(extension.report)

    assert race(hand_in, give) == [None, None]
    assert state_of(report) == "checking"
    assert report.due_on == before + DAYS(10)
    assert report.deliveries.get().due_on in {before, before + DAYS(10)}
    assert set(report.steps.values_list("kind", flat=True)) == {"ext_asked", "extended", "delivered"}


def test_more_time_is_given_while_the_request_is_withdrawn(report: ProjectReport, world: World) -> None:
    """One of them comes first, the other is told so."""
    before = report.due_on
    extension = extension_request(
        report, wanted_until=before + DAYS(10), reason="Krank", user=world.fresh("provider_head")
    )
    task = open_task(extension.process, ReportExtensionFlow.decide_extension)
    funder = world.fresh("funder_reader")

    def give() -> None:
        complete_task(
            task,
            user=funder,
            act=lambda case: extension_decide(case.extension, is_granted=True, text="", user=funder),
        )

    def withdraw() -> None:
        extension_take_back(_again(report), user=world.fresh("provider_head"))

    results = race(give, withdraw)
    assert results.count(None) == 1
    extension.refresh_from_db()
    is_given = results[0] is None
    assert extension.is_granted is is_given
    assert state_of(report) == "drafting"
    assert report.due_on == (before + DAYS(10) if is_given else before)
    kinds = list(report.steps.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["ext_asked", "extended" if is_given else "ext_dropped"]


def test_it_is_called_off_while_it_is_handed_in(report: ProjectReport, world: World) -> None:
    """Either it comes in and is called off then, or its writer is told that the task is over."""
    task = open_task(process_of(report), InterimReportFlow.draft_report)

    def hand_in() -> None:
        user = world.fresh("provider_head")
        complete_task(task, user=user, act=lambda case: report_deliver(case.report, user=user))

    results = race(
        hand_in, lambda: report_stop(_again(report), reason="Entfallen", user=world.fresh("planner"))
    )
    assert _refusals(results) in ([], ["task_finished"])
    assert state_of(report) == "called_off"
    assert not TaskCard.objects.filter(task__process=process_of(report), is_open=True).exists()


def test_a_drawdown_is_discarded_while_it_is_handed_in(project: FundedProject, world: World) -> None:
    """One of the two is done, the other is told; it never ends handed in and discarded."""
    head = world.fresh("provider_head")
    drawdown = drawdown_begin(
        project, covers_from=project.starts_on, covers_until=TODAY(), due_on=TODAY(), user=head
    )
    fill_report(drawdown)
    task = open_task(process_of(drawdown), DrawdownFlow.draft_report)

    def hand_in() -> None:
        user = world.fresh("provider_head")
        complete_task(task, user=user, act=lambda case: report_deliver(case.report, user=user))

    results = race(hand_in, lambda: report_discard(_again(drawdown), user=world.fresh("provider_head")))
    told, state = _refusals(results), state_of(drawdown)
    assert (told, state, drawdown.deliveries.count()) in (
        (["task_finished"], "called_off", 0),
        (["not_discardable"], "checking", 1),
    )
