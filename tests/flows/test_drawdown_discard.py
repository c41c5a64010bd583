"""A drawdown begun by mistake: the provider discards it, nobody else, and nothing that was handed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from measures.models import DutyKind, FundedProject, ProjectReport
from measures.services.project_report_steps import drawdown_discard, report_check, report_deliver
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.flows.test_project_report_flow import TODAY, end_of, entered, state_of
from tests.grants import do_report_step, fill_report
from tests.workflows.taskpages import page_of
from workflows.flows import DrawdownFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.project_reporting import (
    drawdown_begin,
    may_discard,
    report_discard,
    reports_follow_the_notices,
)
from workflows.services.report_tasks import process_of

ClientAs = Callable[[User], Client]


def begun(project: FundedProject, world: World) -> ProjectReport:
    """A drawdown that the notice does not ask for."""
    return drawdown_begin(
        project,
        covers_from=project.starts_on,
        covers_until=TODAY(),
        due_on=TODAY(),
        user=world.fresh("provider_head"),
    )


@pytest.fixture
def drawdown(project: FundedProject, world: World) -> ProjectReport:
    return begun(project, world)


def discard_page(report: ProjectReport) -> str:
    return reverse("workflows:drawdown-discard", args=[report.pk])


def detail_page(report: ProjectReport) -> str:
    return reverse("measures:project-report-detail", args=[report.pk])


def test_the_provider_discards_what_it_began_by_mistake(
    drawdown: ProjectReport, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    fill_report(drawdown, "900.00")
    provider, page = client_as(world.fresh("provider_head")), discard_page(drawdown)
    task = open_task(process_of(drawdown), DrawdownFlow.draft_report)
    assert page in provider.get(detail_page(drawdown)).content.decode()
    asked = provider.get(page)
    assert (asked.status_code, asked.context["is_possible"]) == (200, True)
    assert state_of(drawdown) == "drafting", "looking changes nothing"

    assert provider.post(page).status_code == 302
    assert (state_of(drawdown), end_of(drawdown)) == ("called_off", "called_off")
    task.refresh_from_db()
    assert task.status == "CANCELED"
    assert not TaskCard.objects.filter(task__process=process_of(drawdown), is_open=True).exists()
    step = drawdown.steps.get()
    assert (step.organisation, step.made_by, bool(step.text)) == (
        world.provider,
        world.people["provider_head"],
        True,
    )
    entry = LogEntry.objects.get(action="project_report.discarded")
    assert (entry.user, entry.territory) == (world.people["provider_head"], world.territory)

    shown = provider.get(detail_page(drawdown)).content.decode()
    assert (page in shown, step.text in shown) == (False, True)
    assert provider.get(page).context["is_possible"] is False
    assert provider.post(page).status_code == 422, "a double click"
    reports_follow_the_notices()
    assert project.reports.filter(kind=DutyKind.DRAWDOWN).count() == 1, "no sweep brings it back"
    assert state_of(begun(project, world)) == "drafting", "another can be begun"


def test_what_was_opened_before_it_was_discarded_is_told_so(
    drawdown: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider = client_as(world.fresh("provider_head"))
    task = open_task(process_of(drawdown), DrawdownFlow.draft_report)
    provider.post(reverse("workflows:task-take", args=[task.pk]))
    page = page_of(task)
    data = entered(provider, page)
    report_discard(drawdown, user=world.fresh("provider_head"))
    assert provider.post(page, data).status_code == 409


def test_others_do_not_discard_it(drawdown: ProjectReport, world: World, client_as: ClientAs) -> None:
    people = (("planner", 403), ("funder_reader", 403), ("specialist", 403), ("outsider", 404))
    for name, status in people:
        user = world.fresh(name)
        client = client_as(user)
        assert client.get(discard_page(drawdown)).status_code == status
        assert client.post(discard_page(drawdown)).status_code == status
        assert not may_discard(user, drawdown)
        for act in (report_discard, _noted):
            with pytest.raises(PermissionDenied):
                act(drawdown, user=world.fresh(name))
        if status == 403:
            assert discard_page(drawdown) not in client.get(detail_page(drawdown)).content.decode()
    assert state_of(drawdown) == "drafting"
    assert may_discard(world.fresh("provider_head"), drawdown)


def _noted(report: ProjectReport, *, user: User) -> None:
    drawdown_discard(report, reason="Weg", user=user)


@pytest.mark.parametrize("case", ["handed in", "returned", "a duty", "a report"])
def test_what_was_handed_in_or_is_owed_is_not_discarded(
    case: str, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    provider, planner = world.fresh("provider_head"), world.fresh("planner")
    if case in ("handed in", "returned"):
        report = begun(project, world)
        fill_report(report, "100.00")
        do_report_step(report, "draft_report", provider, lambda row: report_deliver(row, user=provider))
        if case == "returned":

            def give_back(row: Any) -> None:
                report_check(row, is_fine=False, text="Zweck fehlt", user=planner)

            do_report_step(report, "review_report", planner, give_back)
    else:
        kind = DutyKind.DRAWDOWN if case == "a duty" else DutyKind.INTERIM
        duty = project.notices.get().duties.get(kind=kind)
        reports_follow_the_notices(duty.due_on)
        report = project.reports.get(kind=kind)
    before, steps = state_of(report), report.steps.count()
    client = client_as(world.fresh("provider_head"))
    assert client.get(discard_page(report)).context["is_possible"] is False
    assert client.post(discard_page(report)).status_code == 422
    assert discard_page(report) not in client.get(detail_page(report)).content.decode()
    with pytest.raises(DomainError) as refused:
        report_discard(report, user=provider)
    assert refused.value.code == "not_discardable"
    assert (state_of(report), report.steps.count()) == (before, steps)
    assert TaskCard.objects.filter(task__process=process_of(report), is_open=True).exists()
