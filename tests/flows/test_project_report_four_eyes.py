"""Four eyes on reports: whoever changed a draft, in whatever round, neither checks it nor decides on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from viewflow.workflow.models import Task

from measures.models import DutyKind, FundedProject, ProjectReport, ProjectReportState
from measures.services.project_report_steps import report_check, report_decide, report_deliver
from measures.services.project_reports import ReportDraft, draft_save
from measures.services.receipts import (
    ReceiptFields,
    receipt_add,
    receipt_file_set,
    receipt_remove,
    receipt_restore,
    receipts_add,
)
from project.common.errors import DomainError
from stakeholders.models import Function, User
from tests.factories import World, employed, make_cycle, staff
from tests.grants import do_report_step, fill_report, reporting_project
from tests.report_drafts import receipt, upload
from tests.workflows.taskpages import page_of, take
from workflows.flows import InterimReportFlow
from workflows.nodes import open_task
from workflows.project_reporting import reports_follow_the_notices
from workflows.services.report_tasks import process_of
from workflows.services.tasks import task_hand_over, task_recipients

ClientAs = Callable[[User], Client]


@pytest.fixture
def report(world: World) -> ProjectReport:
    """The interim report of a project, begun by the timers and filled past its services: nobody wrote it."""
    make_cycle(world)
    project: FundedProject = reporting_project(world)
    reports_follow_the_notices()
    made = project.reports.get(kind=DutyKind.INTERIM)
    fill_report(made)
    return made


@pytest.fixture
def both(report: ProjectReport, world: World) -> User:
    """A planner who works for the provider too, as where the municipality carries the project itself."""
    return employed(world.fresh("planner"), world.provider, Function.PLANNER)


def paid(report: ProjectReport, number: str = "B-1") -> ReceiptFields:
    """A receipt of the time reported."""
    return receipt(number, paid_on=report.covers_from)


def written(report: ProjectReport, text: str, user: User) -> None:
    draft_save(report, draft=ReportDraft(narrative={"outlook": text}), user=user)


def change(deed: str, report: ProjectReport, user: User, colleague: User) -> None:
    """What one of two people changed in a draft."""
    if deed == "text":
        written(report, "Davor", user)
    elif deed == "receipt":
        receipt_add(report, fields=paid(report), user=user)
    elif deed == "list":
        receipts_add(report, rows=[paid(report), paid(report, "B-2")], user=user)
    else:
        row = receipt_add(report, fields=paid(report), user=colleague)
        if deed == "file":
            receipt_file_set(row, upload=upload(), user=user)
        elif deed == "taken out":
            receipt_remove(row, user=user)
        else:
            receipt_remove(row, user=colleague)
            receipt_restore(row, user=user)


def hand_in(report: ProjectReport, user: User) -> Task:
    """The provider hands in; the task of the check."""
    do_report_step(report, "draft_report", user, lambda row: report_deliver(row, user=user))
    return open_task(process_of(report), InterimReportFlow.review_report)


@pytest.mark.parametrize("deed", ["text", "receipt", "list", "file", "taken out", "put back"])
def test_an_earlier_writer_neither_takes_nor_does_the_check(
    deed: str, report: ProjectReport, both: User, world: World, client_as: ClientAs
) -> None:
    last = world.fresh("provider_head")
    change(deed, report, both, last)
    written(report, "Danach", last)
    task = hand_in(report, last)

    head = world.fresh("planning_head")
    planner = client_as(both)
    told = str(task.flow_task.verdict(both, task).reason)
    taking = planner.post(reverse("workflows:task-take", args=[task.pk]))
    assert (taking.status_code, told in taking.content.decode()) == (403, True)
    assert both not in task_recipients(task)
    with pytest.raises(DomainError) as refused:
        task_hand_over(task, to=both, user=head)
    assert refused.value.code == "recipient_barred"
    assert told in str(refused.value.message)

    # Had they got it all the same, they could not do it.
    Task.objects.filter(pk=task.pk).update(owner=both, status="ASSIGNED")
    answer = planner.post(page_of(task), {"answer": "forward"})
    assert (answer.status_code, told in answer.content.decode()) == (403, True)
    report.refresh_from_db()
    assert report.state == ProjectReportState.CHECKING
    with pytest.raises(DomainError) as refused:
        report_check(report, is_fine=True, text="", user=both)
    assert refused.value.code == "four_eyes"

    task_hand_over(task, to=head, user=head)
    assert client_as(head).post(page_of(task), {"answer": "forward"}).status_code == 302


def test_who_wrote_nothing_checks_though_working_for_the_provider(
    report: ProjectReport, both: User, world: World, client_as: ClientAs
) -> None:
    """Looking, saving what stands there, and failing to write make nobody a writer."""
    head = world.fresh("provider_head")
    written(report, "Ausblick", head)
    written(report, "Ausblick", both)
    with pytest.raises(DomainError):
        draft_save(report, draft=ReportDraft(narrative={"outlook": "Neu"}), user=both, revision=0)
    with pytest.raises(DomainError):
        receipt_add(report, fields=paid(report, " "), user=both)
    hand_in(report, head)
    assert list(report.writers.values_list("person", flat=True)) == [head.pk]
    planner = client_as(both)
    page = take(planner, process_of(report), InterimReportFlow.review_report)
    assert planner.post(page, {"answer": "forward"}).status_code == 302


def test_who_wrote_for_an_earlier_version_does_not_check_the_later_one(
    report: ProjectReport, both: User, world: World
) -> None:
    """What was written then mostly stands in it still."""
    provider, head = world.fresh("provider_head"), world.fresh("planning_head")
    written(report, "Erste Fassung", both)
    hand_in(report, provider)
    do_report_step(
        report, "review_report", head, lambda row: report_check(row, is_fine=False, text="Neu", user=head)
    )
    written(report, "Zweite Fassung", provider)
    task = hand_in(report, provider)
    assert not task.flow_task.verdict(both, task)
    assert task.flow_task.verdict(head, task)


def test_who_wrote_in_it_does_not_decide_on_it(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    """One person may work for provider and funder."""
    provider, head = world.fresh("provider_head"), world.fresh("planning_head")
    funder = employed(world.fresh("funder_reader"), world.provider, Function.PLANNER)
    written(report, "Davor", funder)
    written(report, "Danach", provider)
    hand_in(report, provider)
    do_report_step(
        report, "review_report", head, lambda row: report_check(row, is_fine=True, text="", user=head)
    )
    task = open_task(process_of(report), InterimReportFlow.decide_report)
    reason = str(task.flow_task.verdict(funder, task).reason)
    answer = client_as(funder).post(reverse("workflows:task-take", args=[task.pk]))
    assert (answer.status_code, reason in answer.content.decode()) == (403, True)
    for person in (funder, employed(head, world.funder, Function.PLANNER)):
        with pytest.raises(DomainError) as refused:
            report_decide(report, outcome="accept", text="", user=person)
        assert refused.value.code == "four_eyes"
    other = staff("Zweite Förderreferentin", world.funder, Function.PLANNER)
    page = take(client_as(other), process_of(report), InterimReportFlow.decide_report)
    assert client_as(other).post(page, {"outcome": "accept"}).status_code == 302


def test_where_everybody_wrote_it_is_handed_in_all_the_same_and_waits(
    report: ProjectReport, both: User, world: World
) -> None:
    """Nothing is lost: who joins the planning unit can check it."""
    head = employed(world.fresh("planning_head"), world.provider, Function.PLANNER)
    for number, person in enumerate((both, head)):
        written(report, f"Teil {number}", person)
    task = hand_in(report, world.fresh("provider_head"))
    assert task_recipients(task) == []
    assert (task.owner, task.finished) == (None, None)
    joined = staff("Neue Sozialplanerin", world.planning_unit, Function.PLANNER)
    assert task_recipients(task) == [joined]
    do_report_step(
        report, "review_report", joined, lambda row: report_check(row, is_fine=True, text="", user=joined)
    )
    assert report.steps.filter(kind="forwarded", made_by=joined).exists()
