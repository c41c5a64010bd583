"""More time for a report: withdrawn before it was answered, or given until another day than asked for."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext

from measures.models import FundedProject, ProjectReport, ReportExtension
from measures.services.grants import notice_record
from measures.services.project_report_extensions import extension_decide, extension_withdraw
from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.flows.test_project_report_flow import DAYS, TODAY, steps_of
from tests.grants import reporting_notice
from tests.stages import at_noon
from tests.workflows.taskpages import page_of, take
from workflows.flows import InterimReportFlow, ReportExtensionFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.project_reporting import extension_request, extension_take_back, reports_follow_the_notices
from workflows.services.report_tasks import process_of

ClientAs = Callable[[User], Client]


@pytest.fixture
def extension(report: ProjectReport, world: World) -> ReportExtension:
    """More time is asked for, ten days after the report is due."""
    return extension_request(
        report, wanted_until=report.due_on + DAYS(10), reason="Krank", user=world.fresh("provider_head")
    )


def withdraw_page(report: ProjectReport) -> str:
    return reverse("workflows:report-extension-withdraw", args=[report.pk])


def detail(client: Client, report: ProjectReport) -> str:
    return client.get(reverse("measures:project-report-detail", args=[report.pk])).content.decode()


def is_open(extension: ReportExtension) -> bool:
    return TaskCard.objects.filter(task__process=extension.process, is_open=True).exists()


def end_of(extension: ReportExtension) -> str:
    (end,) = extension.process.task_set.filter(flow_task_type="END", status="DONE")
    return str(end.flow_task.name)


# --- withdrawn ---------------------------------------------------------------------------------------


def test_the_provider_withdraws_what_was_not_answered_yet(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, funder = client_as(world.fresh("provider_head")), client_as(world.fresh("funder_reader"))
    task = open_task(extension.process, ReportExtensionFlow.decide_extension)

    def is_in_inbox() -> bool:
        return str(task.card) in funder.get(reverse("workflows:inbox")).content.decode()

    assert is_in_inbox()
    assert withdraw_page(report) in detail(provider, report)
    assert provider.get(withdraw_page(report)).status_code == 200
    before = report.due_on
    assert provider.post(withdraw_page(report)).status_code == 302
    extension.refresh_from_db()
    report.refresh_from_db()
    assert (extension.is_granted, extension.granted_until, report.due_on) == (False, None, before)
    assert not is_open(extension)
    assert not is_in_inbox()
    assert end_of(extension) == "withdrawn"
    assert steps_of(report) == ["ext_asked", "ext_dropped"]
    step = report.steps.get(kind="ext_dropped")
    assert (step.organisation, step.made_by) == (world.provider, world.people["provider_head"])
    entry = LogEntry.objects.get(action="project_report.extension_withdrawn")
    assert (entry.user, entry.object_id) == (world.people["provider_head"], report.pk)
    assert withdraw_page(report) not in detail(provider, report)
    words = str(step.get_kind_display())
    told = {name: words in detail(client_as(world.fresh(name)), report) for name in ("planner", "specialist")}
    assert told == {"planner": True, "specialist": False}
    assert words in detail(funder, report)
    again = extension_request(
        report, wanted_until=before + DAYS(5), reason="Doch krank", user=world.fresh("provider_head")
    )
    assert is_open(again), "it can be asked for again"


def test_a_second_click_says_that_there_is_nothing_to_withdraw(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider = client_as(world.fresh("provider_head"))
    assert [provider.post(withdraw_page(report)).status_code for _click in range(2)] == [302, 422]
    assert steps_of(report) == ["ext_asked", "ext_dropped"]
    assert "ext_dropped" not in provider.get(withdraw_page(report)).content.decode()
    assert provider.get(withdraw_page(report)).context["extension"] is None


def test_the_funder_does_not_answer_what_was_withdrawn_meanwhile(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    funder = client_as(world.fresh("funder_reader"))
    decide = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    assert funder.get(decide).status_code == 200
    extension_take_back(report, user=world.fresh("provider_head"))
    before = report.due_on
    assert funder.post(decide, {"answer": "give"}).status_code != 200
    report.refresh_from_db()
    assert report.due_on == before
    with pytest.raises(DomainError) as over:
        extension_decide(extension, is_granted=True, text="", user=world.fresh("funder_reader"))
    assert over.value.code == "extension_over"
    assert steps_of(report) == ["ext_asked", "ext_dropped"]


def test_what_was_answered_cannot_be_withdrawn(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    funder, provider = client_as(world.fresh("funder_reader")), client_as(world.fresh("provider_head"))
    decide = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    assert funder.post(decide, {"answer": "give"}).status_code == 302
    assert provider.post(withdraw_page(report)).status_code == 422
    for act in (
        lambda user: extension_take_back(report, user=user),
        lambda user: extension_withdraw(extension, user=user),
    ):
        with pytest.raises(DomainError) as over:
            act(world.fresh("provider_head"))
        assert over.value.code == "extension_over"
    extension.refresh_from_db()
    assert extension.is_granted is True
    assert steps_of(report) == ["ext_asked", "extended"]


def test_nobody_else_withdraws_it(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    wanted = {
        "planner": 403,
        "funder_reader": 403,
        "specialist": 403,
        "outsider": 404,
        "association_head": 404,
    }
    for name, status in wanted.items():
        client = client_as(world.fresh(name))
        found = (
            client.get(withdraw_page(report)).status_code,
            client.post(withdraw_page(report)).status_code,
        )
        assert found == (status, status), name
        if status == 403:
            assert withdraw_page(report) not in detail(client, report), name
    for act in (
        lambda user: extension_take_back(report, user=user),
        lambda user: extension_withdraw(extension, user=user),
    ):
        with pytest.raises(PermissionDenied):
            act(world.fresh("funder_reader"))
    assert Client().post(withdraw_page(report)).status_code == 302
    extension.refresh_from_db()
    assert extension.is_granted is None
    assert is_open(extension)


def test_without_a_request_there_is_nothing_to_withdraw(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider = client_as(world.fresh("provider_head"))
    assert provider.get(withdraw_page(report)).status_code == 200
    assert provider.post(withdraw_page(report)).status_code == 422
    assert withdraw_page(report) not in detail(provider, report)


# --- another day -------------------------------------------------------------------------------------


def answered(client: Client, extension: ReportExtension, **data: str) -> int:
    decide = take(client, extension.process, ReportExtensionFlow.decide_extension)
    return client.post(decide, {"answer": "other", "reason": "Abschluss des Haushalts", **data}).status_code


def test_the_funder_gives_another_day_with_a_reason(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    funder, provider = client_as(world.fresh("funder_reader")), client_as(world.fresh("provider_head"))
    day = report.due_on + DAYS(4)
    assert answered(funder, extension, until=day.isoformat()) == 302
    extension.refresh_from_db()
    report.refresh_from_db()
    assert (extension.is_granted, extension.granted_until, report.due_on) == (True, day, day)
    assert open_task(process_of(report), InterimReportFlow.draft_report).card.due_on == day
    step = report.steps.get(kind="extended")
    assert (step.day, step.text) == (day, "Abschluss des Haushalts")
    assert end_of(extension) == "granted"
    draft = take(provider, process_of(report), InterimReportFlow.draft_report)
    for page in (detail(provider, report), provider.get(draft).content.decode()):
        assert date_de(day) in page
        assert "Abschluss des Haushalts" in page
    assert "Abschluss des Haushalts" not in detail(client_as(world.fresh("specialist")), report)
    entry = LogEntry.objects.get(action="project_report.extended")
    assert "Abschluss" not in str(entry.data)


def test_a_day_later_than_the_wanted_one_is_possible_too(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    day = extension.wanted_until + DAYS(20)
    assert answered(client_as(world.fresh("funder_reader")), extension, until=day.isoformat()) == 302
    report.refresh_from_db()
    assert report.due_on == day


@pytest.mark.parametrize(
    ("days", "code"), [(0, "day_not_later"), (-1, "day_not_later"), (366, ""), (367, "day_too_far")]
)
def test_another_day_is_later_than_the_due_day_and_within_a_year(
    days: int, code: str, extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    before, day = report.due_on, report.due_on + DAYS(days)
    status = answered(client_as(world.fresh("funder_reader")), extension, until=day.isoformat())
    report.refresh_from_db()
    extension.refresh_from_db()
    if not code:
        assert (status, report.due_on) == (302, day)
        return
    assert (status, report.due_on, extension.is_granted) == (422, before, None)
    assert is_open(extension)
    with pytest.raises(DomainError) as refused:
        extension_decide(
            extension, is_granted=True, text="Grund", user=world.fresh("funder_reader"), until=day
        )
    assert refused.value.code == code
    assert steps_of(report) == ["ext_asked"]


def test_another_day_lies_ahead(extension: ReportExtension, report: ProjectReport, world: World) -> None:
    """After the due day and after the wanted one: both have passed, so a later one is named."""
    today = extension.wanted_until + DAYS(3)

    def give(until: datetime.date | None) -> None:
        extension_decide(
            extension, is_granted=True, text="Grund", user=world.fresh("funder_reader"), until=until
        )

    with at_noon(today):
        for day, code in ((None, "day_over"), (today, "day_not_later"), (today - DAYS(1), "day_not_later")):
            with pytest.raises(DomainError) as refused:
                give(day)
            assert refused.value.code == code
        give(today + DAYS(1))
    report.refresh_from_db()
    assert report.due_on == today + DAYS(1)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"until": ""}, "until"),
        ({"answer": "give"}, "until"),
        ({"answer": "return"}, "until"),
    ],
)
def test_another_day_needs_its_day_and_its_reason(
    data: dict[str, str],
    field: str,
    extension: ReportExtension,
    report: ProjectReport,
    world: World,
    client_as: ClientAs,
) -> None:
    funder = client_as(world.fresh("funder_reader"))
    decide = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    sent = {"answer": "other", "until": (report.due_on + DAYS(4)).isoformat(), "reason": "Grund", **data}
    answer = funder.post(decide, sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    extension.refresh_from_db()
    assert extension.is_granted is None


def test_the_service_wants_a_reason_for_another_day_and_none_for_the_wanted_one(
    extension: ReportExtension, report: ProjectReport, world: World
) -> None:
    funder = world.fresh("funder_reader")
    with pytest.raises(DomainError) as refused:
        extension_decide(extension, is_granted=True, text=" ", user=funder, until=report.due_on + DAYS(4))
    assert refused.value.code == "reason_missing"
    extension_decide(extension, is_granted=True, text="", user=funder, until=extension.wanted_until)
    assert extension.granted_until == extension.wanted_until


@pytest.mark.parametrize("name", ["provider_head", "planner", "specialist", "outsider"])
def test_only_the_funder_gives_another_day(
    name: str, extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    day = report.due_on + DAYS(4)
    with pytest.raises(PermissionDenied):
        extension_decide(extension, is_granted=True, text="Grund", user=world.fresh(name), until=day)
    page = page_of(open_task(extension.process, ReportExtensionFlow.decide_extension))
    data = {"answer": "other", "until": day.isoformat(), "reason": "Grund"}
    assert client_as(world.fresh(name)).post(page, data).status_code in {403, 404}
    extension.refresh_from_db()
    assert extension.is_granted is None


def test_a_second_answer_changes_nothing(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    funder = client_as(world.fresh("funder_reader"))
    decide = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    first, second = report.due_on + DAYS(4), report.due_on + DAYS(8)
    for day in (first, second):
        funder.post(decide, {"answer": "other", "until": day.isoformat(), "reason": "Grund"})
    report.refresh_from_db()
    assert report.due_on == first
    assert steps_of(report) == ["ext_asked", "extended"]


def test_the_given_day_outlasts_an_amending_notice_and_the_wanted_one_does_not(
    extension: ReportExtension, report: ProjectReport, project: FundedProject, world: World
) -> None:
    day = report.due_on + DAYS(4)
    extension_decide(extension, is_granted=True, text="Grund", user=world.fresh("funder_reader"), until=day)
    fields = reporting_notice(project, reason="Anderer Plan", issued_on=TODAY())
    notice_record(project, fields=fields, user=world.fresh("planner"))
    reports_follow_the_notices()
    report.refresh_from_db()
    assert report.duty.notice.number == 2
    assert report.due_on == day


def test_what_was_given_before_was_the_wanted_day(extension: ReportExtension, world: World) -> None:
    def filled(**state: Any) -> datetime.date | None:
        ReportExtension.objects.filter(pk=extension.pk).update(**state)
        import_module("measures.migrations.0019_fill_day_granted").fill_day(apps, None)
        extension.refresh_from_db()
        return extension.granted_until

    assert filled(is_granted=False) is None
    assert filled(is_granted=True) == extension.wanted_until
    other = extension.wanted_until - DAYS(2)
    assert filled(granted_until=other) == other


def test_the_kinds_of_answers_are_told_apart_in_the_history(
    extension: ReportExtension, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider = client_as(world.fresh("provider_head"))
    provider.post(withdraw_page(report))
    assert gettext("request for more time withdrawn") in detail(provider, report)
    assert gettext("more time refused") not in detail(provider, report)
