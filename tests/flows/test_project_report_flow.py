"""Interim reports, final reports and drawdowns: each way through, each refusal, who sees what of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import (
    DutyKind,
    FundedProject,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportState,
    ReportStepKind,
)
from measures.services.project_report_steps import (
    report_answer,
    report_check,
    report_decide,
    report_deliver,
    step_write,
)
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry, OutgoingMail, User
from tests.factories import World, employed
from tests.grants import do_report_step, fill_report, receipt_of
from tests.stages import at_noon
from tests.workflows.taskpages import take
from workflows.flows import DrawdownFlow, FinalReportFlow, InterimReportFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.project_reporting import (
    FLOW_OF,
    reports_follow_the_notices,
)
from workflows.services.report_tasks import process_of
from workflows.timers import fire_due_timers

ClientAs = Callable[[User], Client]
TODAY = timezone.localdate
DAYS = datetime.timedelta


def begun(project: FundedProject, kind: DutyKind) -> ProjectReport:
    """A report of a kind, begun on its day and filled."""
    duty = project.notices.get().duties.get(kind=kind)
    reports_follow_the_notices(duty.due_on)
    made = project.reports.get(kind=kind)
    fill_report(made)
    return made


def state_of(report: ProjectReport) -> str:
    report.refresh_from_db()
    return str(report.state)


def end_of(report: ProjectReport) -> str:
    process = process_of(report)
    assert process is not None
    assert process.finished is not None
    (end,) = process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


def steps_of(report: ProjectReport) -> list[str]:
    return list(report.steps.order_by("pk").values_list("kind", flat=True))


def entered(client: Client, page: str) -> dict[str, Any]:
    """What stands in the form of the draft when its page is opened, to be sent as it is."""
    found = client.get(page)
    assert found.status_code == 200
    values = {field.html_name: field.value() for field in found.context["form"]}
    return {name: value for name, value in values.items() if value is not None}


def deliver(report: ProjectReport, client: Client) -> int:
    """Hand in by the page of the task; the status of the answer."""
    page = take(client, process_of(report), FLOW_OF[report.kind].draft_report)
    return client.post(page, entered(client, page)).status_code


# --- the ways ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(DutyKind))
def test_each_kind_goes_from_the_provider_to_acceptance(
    kind: DutyKind, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    report = begun(project, kind)
    provider, planner = client_as(world.fresh("provider_head")), client_as(world.fresh("planner"))
    funder = client_as(world.fresh("funder_reader"))
    flow = {DutyKind.INTERIM: InterimReportFlow, DutyKind.FINAL: FinalReportFlow}.get(kind, DrawdownFlow)
    assert deliver(report, provider) == 302
    assert state_of(report) == ProjectReportState.CHECKING

    check = take(planner, process_of(report), flow.review_report)
    assert planner.get(check).status_code == 200
    assert planner.post(check, {"answer": "forward", "note": "Geprüft"}).status_code == 302
    assert state_of(report) == ProjectReportState.WITH_FUNDER

    decide = take(funder, process_of(report), flow.decide_report)
    page = funder.get(decide)
    assert page.status_code == 200
    assert project.title in page.content.decode()
    assert funder.post(decide, {"outcome": "accept", "text": ""}).status_code == 302
    assert (state_of(report), end_of(report)) == (ProjectReportState.ACCEPTED, "accepted")
    assert steps_of(report) == ["delivered", "forwarded", "accepted"]
    assert not TaskCard.objects.filter(task__process=process_of(report), is_open=True).exists()
    assert LogEntry.objects.filter(action__startswith="project_report.").count() >= 4


def test_returned_by_the_municipality_without_the_funder_knowing(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, planner = client_as(world.fresh("provider_head")), client_as(world.fresh("planner"))
    funder = client_as(world.fresh("funder_reader"))
    detail = reverse("measures:project-report-detail", args=[report.pk])
    deliver(report, provider)
    first = report.deliveries.get()
    delivered = reverse("measures:project-delivery-detail", args=[first.pk])
    paper = reverse("measures:project-delivery-paper", args=[first.pk])
    assert [client.get(delivered).status_code for client in (provider, planner, funder)] == [200, 200, 404]
    assert [client.get(paper).status_code for client in (provider, planner, funder)] == [200, 200, 404]

    check = take(planner, process_of(report), InterimReportFlow.review_report)
    assert planner.post(check, {"answer": "return", "reason": " "}).status_code == 422
    lost = planner.post(
        check, {"answer": "return", "reason": "Honorare fehlen", "note": "Für den Fördergeber"}
    )
    assert lost.status_code == 422, "a note that goes nowhere is not thrown away"
    assert "note" in lost.context["form"].errors
    assert planner.post(check, {"answer": "return", "reason": "Honorare fehlen"}).status_code == 302
    assert state_of(report) == ProjectReportState.DRAFTING
    task = open_task(process_of(report), InterimReportFlow.draft_report)
    assert task.owner == world.people["provider_head"], "who handed in gets it back"
    assert "Honorare fehlen" in provider.get(detail).content.decode()
    shown = funder.get(detail)
    assert "Honorare fehlen" not in shown.content.decode()
    assert shown.context["history"] == []

    deliver(report, provider)
    check = take(planner, process_of(report), InterimReportFlow.review_report)
    planner.post(check, {"answer": "forward"})
    numbers = [view.delivery.number for view in funder.get(detail).context["views"]]
    assert numbers == [2]
    assert [row.step.kind for row in funder.get(detail).context["history"]] == ["delivered", "forwarded"]
    assert funder.get(delivered).status_code == 404
    assert len(provider.get(detail).context["views"]) == 2


def test_asked_and_answered_leaves_the_delivery_as_it_is(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, funder = client_as(world.fresh("provider_head")), client_as(world.fresh("funder_reader"))
    _with_funder(report, world)
    decide = take(funder, process_of(report), InterimReportFlow.decide_report)
    assert funder.get(decide).context["answer"] is None
    assert funder.post(decide, {"outcome": "ask", "text": ""}).status_code == 422
    question = {
        "outcome": "ask",
        "text": "Wofür die Reisekosten?",
        "attachments": [SimpleUploadedFile("liste.pdf", b"%PDF-1.7 Liste")],
    }
    assert funder.post(decide, question).status_code == 302
    assert state_of(report) == ProjectReportState.ASKED

    answer = take(provider, process_of(report), InterimReportFlow.answer_question)
    page = provider.get(answer)
    assert "Wofür die Reisekosten?" in page.content.decode()
    assert provider.post(answer, {"text": " "}).status_code == 422
    assert provider.post(answer, {"text": "Fortbildung in Köln"}).status_code == 302
    assert state_of(report) == ProjectReportState.WITH_FUNDER
    assert report.deliveries.count() == 1
    decide = take(funder, process_of(report), InterimReportFlow.decide_report)
    assert funder.get(decide).context["answer"].text == "Fortbildung in Köln"
    funder.post(decide, {"outcome": "accept", "text": "Danke"})
    assert steps_of(report) == ["delivered", "forwarded", "asked", "answered", "accepted"]

    file = report.steps.get(kind=ReportStepKind.ASKED).files.get()
    page = reverse("measures:report-step-file", args=[file.pk])
    found = provider.get(page)
    assert found.status_code == 200
    assert found["Content-Disposition"].startswith("attachment")
    detail = reverse("measures:project-report-detail", args=[report.pk])
    reader = client_as(world.fresh("specialist"))
    assert reader.get(page).status_code == 404, "staff reads no questions"
    text = reader.get(detail).content.decode()
    assert "Reisekosten" not in text
    assert "Danke" not in text
    for name in ("outsider", "association_head"):
        assert client_as(world.fresh(name)).get(page).status_code == 404
        assert client_as(world.fresh(name)).get(detail).status_code == 404


def test_returned_by_the_funder_comes_back_under_the_next_number(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, funder = client_as(world.fresh("provider_head")), client_as(world.fresh("funder_reader"))
    _with_funder(report, world)
    decide = take(funder, process_of(report), InterimReportFlow.decide_report)
    assert funder.post(decide, {"outcome": "return", "text": ""}).status_code == 422
    assert funder.post(decide, {"outcome": "return", "text": "Summe stimmt nicht"}).status_code == 302
    task = open_task(process_of(report), InterimReportFlow.draft_report)
    assert task.card.due_on == max(report.due_on, TODAY() + DAYS(14))
    deliver(report, provider)
    assert list(report.deliveries.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert state_of(report) == ProjectReportState.CHECKING


def _with_funder(report: ProjectReport, world: World) -> None:
    """Handed in and passed on, by the pages of the tasks."""
    provider, planner = Client(), Client()
    for client, name in ((provider, "provider_head"), (planner, "planner")):
        client.force_login(world.fresh(name), backend="django.contrib.auth.backends.ModelBackend")
    assert deliver(report, provider) == 302
    check = take(planner, process_of(report), FLOW_OF[report.kind].review_report)
    assert planner.post(check, {"answer": "forward"}).status_code == 302


# --- who may -----------------------------------------------------------------------------------------


def test_each_task_is_for_its_side_only(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    sides = {
        "draft_report": "provider_head",
        "review_report": "planner",
        "decide_report": "funder_reader",
    }
    for node, actor in sides.items():
        task = open_task(process_of(report), getattr(InterimReportFlow, node))
        others = {"provider_head", "funder_reader", "specialist", "outsider"} - {actor}
        for name in others:
            client = client_as(world.fresh(name))
            take(client, process_of(report), getattr(InterimReportFlow, node))
            page = task.flow_task.reverse("execute", args=[task.process_id, task.pk])
            assert client.get(page).status_code == 404, (node, name)
            assert client.post(page, {"answer": "forward", "outcome": "accept"}).status_code == 404
        task.refresh_from_db()
        assert task.owner is None
        if node == "draft_report":
            assert deliver(report, client_as(world.fresh(actor))) == 302
        elif node == "review_report":
            client = client_as(world.fresh(actor))
            page = take(client, process_of(report), InterimReportFlow.review_report)
            assert client.post(page, {"answer": "forward"}).status_code == 302


def test_services_refuse_the_wrong_side(report: ProjectReport, world: World) -> None:
    planner, provider, funder = (world.fresh(name) for name in ("planner", "provider_head", "funder_reader"))
    with pytest.raises(PermissionDenied):
        report_deliver(report, user=planner)
    report_deliver(report, user=provider)
    with pytest.raises(PermissionDenied):
        report_check(report, is_fine=True, text="", user=provider)
    report_check(report, is_fine=True, text="", user=planner)
    for user in (planner, provider):
        with pytest.raises(PermissionDenied):
            report_decide(report, outcome="accept", text="", user=user)
    report_decide(report, outcome="ask", text="Warum?", user=funder)
    with pytest.raises(PermissionDenied):
        report_answer(report, text="Darum", user=funder)
    with pytest.raises(DomainError) as moved:
        report_decide(report, outcome="accept", text="", user=funder)
    assert moved.value.code == "report_moved"


def test_who_wrote_it_does_not_check_it(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    report.edited_by = world.people["planner"]
    report.save(update_fields=["edited_by"])
    deliver(report, client_as(world.fresh("provider_head")))
    planner = client_as(world.fresh("planner"))
    page = take(planner, process_of(report), InterimReportFlow.review_report)
    assert planner.post(page, {"answer": "forward"}).status_code == 403
    head = client_as(world.fresh("planning_head"))
    page = take(head, process_of(report), InterimReportFlow.review_report)
    assert head.post(page, {"answer": "forward"}).status_code == 302


@pytest.mark.parametrize("deed", ["handed in before", "entered a receipt", "answered"])
def test_whoever_had_a_hand_in_it_does_not_check_it(deed: str, report: ProjectReport, world: World) -> None:
    planner, head = world.fresh("planner"), world.fresh("planning_head")
    if deed == "entered a receipt":
        receipt = receipt_of(report, world)
        receipt.entered_by = planner
        receipt.save(update_fields=["entered_by"])
    elif deed == "answered":
        step_write(report, ReportStepKind.ANSWERED, organisation=world.provider, user=planner)
    do_report_step(
        report,
        "draft_report",
        world.fresh("provider_head"),
        lambda row: report_deliver(row, user=world.fresh("provider_head")),
    )
    if deed == "handed in before":
        delivery = report.deliveries.get()
        ProjectReportDelivery.objects.bulk_create(
            [
                ProjectReportDelivery(
                    report=report,
                    number=0,
                    content={},
                    sha256=delivery.sha256,
                    paper=delivery.paper.name,
                    paper_sha256=delivery.paper_sha256,
                    due_on=delivery.due_on,
                    delivered_by=planner,
                )
            ]
        )
    task = open_task(process_of(report), InterimReportFlow.review_report)
    assert not task.flow_task.verdict(planner, task)
    assert task.flow_task.verdict(head, task)


@pytest.mark.parametrize("deed", ["handed in", "checked"])
def test_whoever_wrote_or_checked_it_does_not_decide_on_it(
    deed: str, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    """One person may sit in two offices."""
    both = world.fresh("provider_head" if deed == "handed in" else "planner")
    _with_funder(report, world)
    client = client_as(employed(both, world.funder, Function.PLANNER))
    page = take(client, process_of(report), InterimReportFlow.decide_report)
    assert client.post(page, {"outcome": "accept"}).status_code == 403
    assert state_of(report) == ProjectReportState.WITH_FUNDER
    funder = client_as(world.fresh("funder_reader"))
    page = take(funder, process_of(report), InterimReportFlow.decide_report)
    assert funder.post(page, {"outcome": "accept"}).status_code == 302


def test_the_case_with_its_inner_steps_is_planning_only(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    process = process_of(report)
    assert process is not None
    page = reverse("workflows:case", args=[process.pk])
    assert client_as(world.fresh("planner")).get(page).status_code == 200
    for name in ("provider_head", "funder_reader"):
        assert client_as(world.fresh(name)).get(page).status_code == 404


def test_the_funder_has_its_task_but_never_the_cycle(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    _with_funder(report, world)
    funder = client_as(world.fresh("funder_reader"))
    page = funder.get(take(funder, process_of(report), InterimReportFlow.decide_report))
    assert page.status_code == 200
    cycle = world.plan.cycles.get()
    address = reverse("workflows:cycle-detail", args=[cycle.pk])
    assert address not in page.content.decode()
    assert funder.get(address).status_code == 404
    assert funder.get(reverse("measures:measure-detail", args=[report.project.measure_id])).status_code == 404


# --- twice, too late, at once ------------------------------------------------------------------------


def test_a_double_click_hands_in_once(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    provider = client_as(world.fresh("provider_head"))
    page = take(provider, process_of(report), InterimReportFlow.draft_report)
    data = entered(provider, page)
    assert provider.post(page, data).status_code == 302
    assert provider.post(page, data).status_code == 409
    assert report.deliveries.count() == 1
    with pytest.raises(DomainError) as moved:
        report_deliver(report, user=world.fresh("provider_head"))
    assert moved.value.code == "report_moved"


def test_faults_are_told_all_at_once(
    report: ProjectReport, world: World, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "measures.services.project_report_steps.report_faults", lambda report: ["Erstens.", "Zweitens."]
    )
    provider = client_as(world.fresh("provider_head"))
    page = take(provider, process_of(report), InterimReportFlow.draft_report)
    answer = provider.post(page, {})
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "<li>Erstens.</li>" in told
    assert "<li>Zweitens.</li>" in told
    assert state_of(report) == ProjectReportState.DRAFTING
    assert not report.deliveries.exists()


def test_late_is_shown_before_and_after_it_is_handed_in(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    detail = reverse("measures:project-report-detail", args=[report.pk])
    with at_noon(report.due_on):
        provider = client_as(world.fresh("provider_head"))
        assert provider.get(detail).context["lateness"].days_late == 0
    with at_noon(report.due_on + DAYS(5)):
        provider = client_as(world.fresh("provider_head"))
        assert provider.get(detail).context["lateness"].days_late == 5
        deliver(report, provider)
        found = provider.get(detail).context["lateness"]
        assert (found.days_late, found.delivered_days_late, found.hand_in_by) == (0, 5, None)


def test_the_provider_is_reminded_three_times(report: ProjectReport, world: World) -> None:
    address = world.people["provider_head"].email
    for days, count in ((14, 1), (7, 2), (1, 3)):
        with at_noon(report.due_on - DAYS(days)):
            fire_due_timers()
        assert OutgoingMail.objects.filter(address=address).count() == count
