"""The line that says when a report is due and by when its present step has to be done."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from measures.models import ProjectReport
from measures.selectors.project_report_dates import (
    answer_by,
    check_by,
    decide_by,
    extension_by,
    hand_in_by,
)
from measures.selectors.project_report_deadlines import due_text
from measures.services.project_report_steps import (
    report_answer,
    report_check,
    report_decide,
    report_deliver,
)
from project.common.formats import date_de
from stakeholders.models import User
from tests.factories import World
from tests.grants import do_report_step
from tests.stages import at_noon
from tests.workflows.taskpages import take
from workflows.flows import InterimReportFlow, ReportExtensionFlow
from workflows.models import TaskCard
from workflows.nodes import GuardedView
from workflows.project_reporting import extension_request
from workflows.services.report_tasks import process_of

ClientAs = Callable[[User], Client]


def told_on(report: ProjectReport, client: Client) -> str:
    """The line of the page of the report."""
    answer = client.get(reverse("measures:project-report-detail", args=[report.pk]))
    line: str = answer.context["deadline"]
    assert line in answer.content.decode()
    return line


def on_task(client: Client, report: ProjectReport, node: GuardedView) -> str:
    """The line of the page of a task, which says when the task is due."""
    page = take(client, process_of(report), node)
    answer = client.get(page)
    line: str = answer.context["deadline"]
    assert line in answer.content.decode()
    card = TaskCard.objects.get(task__process=process_of(report), is_open=True)
    assert date_de(card.due_on) in line
    return line


def test_each_step_says_both_dates_and_why(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    provider, planner, funder = (world.fresh(name) for name in ("provider_head", "planner", "funder_reader"))
    late = report.due_on.replace(year=report.due_on.year + 1)
    with at_noon(late):
        clients = [client_as(user) for user in (provider, planner, funder)]
        only_due = due_text(report)
        assert date_de(report.due_on) in only_due
        assert [told_on(report, client) for client in clients] == [only_due] * 3
        assert on_task(clients[0], report, InterimReportFlow.draft_report) == only_due

        do_report_step(report, "draft_report", provider, lambda row: report_deliver(row, user=provider))
        report.refresh_from_db()
        line = on_task(clients[1], report, InterimReportFlow.review_report)
        assert line.startswith(f"{only_due}; ")
        assert date_de(check_by(report)) in line
        assert "14" in line.removeprefix(only_due)
        assert [told_on(report, client) for client in clients] == [line, line, only_due]

        def check(is_fine: bool) -> None:
            do_report_step(
                report,
                "review_report",
                planner,
                lambda row: report_check(row, is_fine=is_fine, text="Bitte", user=planner),
            )
            report.refresh_from_db()

        check(is_fine=False)
        line = on_task(clients[0], report, InterimReportFlow.draft_report)
        assert date_de(hand_in_by(report)) in line.removeprefix(only_due)
        assert [told_on(report, client) for client in clients] == [line, line, only_due]

        do_report_step(report, "draft_report", provider, lambda row: report_deliver(row, user=provider))
        check(is_fine=True)
        line = on_task(clients[2], report, InterimReportFlow.decide_report)
        assert date_de(decide_by(report)) in line.removeprefix(only_due)
        assert "28" in line
        assert [told_on(report, client) for client in clients] == [line] * 3
        assert told_on(report, client_as(world.fresh("specialist"))) == only_due, "reads no questions"

        do_report_step(
            report,
            "decide_report",
            funder,
            lambda row: report_decide(row, outcome="ask", text="Warum?", user=funder),
        )
        report.refresh_from_db()
        line = on_task(clients[0], report, InterimReportFlow.answer_question)
        assert date_de(answer_by(report)) in line.removeprefix(only_due)

        do_report_step(
            report, "answer_question", provider, lambda row: report_answer(row, text="Darum", user=provider)
        )
        do_report_step(
            report,
            "decide_report",
            funder,
            lambda row: report_decide(row, outcome="accept", text="", user=funder),
        )
        assert [told_on(report, client) for client in clients] == [only_due] * 3


def test_the_decision_on_more_time_says_both_dates(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    extension = extension_request(
        report,
        wanted_until=report.due_on.replace(year=report.due_on.year + 1),
        reason="Krank",
        user=world.fresh("provider_head"),
    )
    funder = client_as(world.fresh("funder_reader"))
    page = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    line = funder.get(page).context["deadline"]
    assert line.startswith(f"{due_text(report)}; ")
    assert date_de(extension_by(extension)) in line
