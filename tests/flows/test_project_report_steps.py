"""Around reports: more time, calling off, drawdowns besides the duties, snapshots, files, who sees what."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from measures.models import FundedProject, Measure, ProjectReport, ProjectReportDelivery
from measures.reports.project_report import file_name
from measures.selectors.project_duties import Standing, duties_of
from measures.selectors.project_lists import ProjectReportFilter, filtered_reports
from measures.selectors.project_report_dates import ANSWER_DAYS, lateness
from measures.selectors.project_report_pages import money_left
from measures.selectors.project_rows import project_rows
from measures.selectors.project_standing import Waiting, waiting_condition, waiting_of
from measures.selectors.project_told import OUTSIDER, insight_of
from measures.services.amendment_wishes import Wish, wish_faults
from measures.services.grants import PlanError, notice_record
from measures.services.project_report_extensions import extension_decide
from measures.services.project_report_steps import report_check, report_decide, report_deliver
from measures.services.snapshots import content_sha256
from project.common.errors import DomainError
from stakeholders.models import LogEntry, User
from tests.factories import World
from tests.flows.test_project_report_flow import DAYS, TODAY, deliver, end_of, state_of, steps_of
from tests.grants import fill_report, receipt_of, reporting_notice
from tests.stages import at_noon
from tests.workflows.taskpages import take
from workflows.flows import InterimReportFlow, ReportExtensionFlow
from workflows.models import TaskCard
from workflows.nodes import open_task
from workflows.project_reporting import (
    drawdown_begin,
    extension_request,
    has_drawn_all,
    report_stop,
    reports_follow_the_notices,
)
from workflows.services.report_tasks import process_of
from workflows.timers import timers_fire

ClientAs = Callable[[User], Client]


def accepted(report: ProjectReport, world: World) -> ProjectReportDelivery:
    """Handed in, passed on and accepted, by the services alone."""
    delivery = report_deliver(report, user=world.fresh("provider_head"))
    report_check(report, is_fine=True, text="", user=world.fresh("planner"))
    report_decide(report, outcome="accept", text="", user=world.fresh("funder_reader"))
    return delivery


# --- more time ---------------------------------------------------------------------------------------


def test_more_time_refused_asked_again_and_given(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, funder = client_as(world.fresh("provider_head")), client_as(world.fresh("funder_reader"))
    page = reverse("workflows:report-extension", args=[report.pk])
    before, later = report.due_on, report.due_on + DAYS(30)
    assert provider.get(page).status_code == 200
    far = before + DAYS(367)
    for day, reason in ((before, "Krank"), (later, " "), ("", "Krank"), (far, "Krank")):
        assert provider.post(page, {"wanted_until": str(day), "reason": reason}).status_code == 422
    asked = {"wanted_until": later.isoformat(), "reason": "Stelle unbesetzt"}
    assert provider.post(page, asked).status_code == 302
    assert provider.post(page, asked).status_code == 422, "one open request at a time"
    extension = report.extensions.get()
    task = open_task(extension.process, ReportExtensionFlow.decide_extension)
    assert task.card.due_on == min(TODAY() + DAYS(7), before)

    decide = take(funder, extension.process, ReportExtensionFlow.decide_extension)
    assert funder.get(decide).status_code == 200
    assert funder.post(decide, {"answer": "return", "reason": ""}).status_code == 422
    refused = funder.post(decide, {"answer": "return", "reason": "Bitte jetzt"}, follow=True)
    assert refused.redirect_chain
    told = [str(message) for message in refused.context["messages"]]
    report.refresh_from_db()
    assert report.due_on == before

    provider.post(page, asked)
    second = report.extensions.get(is_granted__isnull=True)
    decide = take(funder, second.process, ReportExtensionFlow.decide_extension)
    given = funder.post(decide, {"answer": "give"}, follow=True)
    assert given.redirect_chain
    assert told != [str(message) for message in given.context["messages"]], "each says which way it went"
    report.refresh_from_db()
    card = open_task(process_of(report), InterimReportFlow.draft_report).card
    assert (report.due_on, card.due_on) == (later, later)
    assert steps_of(report) == ["ext_asked", "ext_refused", "ext_asked", "extended"]
    assert report.steps.order_by("pk").last().day == later
    assert report.steps.get(kind="ext_refused").day is None, "it would read as refused until then"
    with at_noon(before + DAYS(1)):
        detail = client_as(world.fresh("provider_head")).get(
            reverse("measures:project-report-detail", args=[report.pk])
        )
        assert detail.context["lateness"].days_late == 0


def test_why_it_was_returned_stays_on_the_draft_until_it_is_handed_in(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    provider, head, funder = client_as(world.fresh("provider_head")), "provider_head", "funder_reader"
    deliver(report, provider)
    review = take(client_as(world.fresh("planner")), process_of(report), InterimReportFlow.review_report)
    sent_back = {"answer": "return", "reason": "Summe prüfen"}
    assert client_as(world.fresh("planner")).post(review, sent_back).status_code == 302
    report.refresh_from_db()
    draft = take(provider, process_of(report), InterimReportFlow.draft_report)
    assert provider.get(draft).context["returned"].text == "Summe prüfen"
    later = report.due_on + DAYS(30)
    extension = extension_request(report, wanted_until=later, reason="Krank", user=world.fresh(head))
    assert provider.get(draft).context["returned"].text == "Summe prüfen"
    extension_decide(extension, is_granted=True, text="", user=world.fresh(funder))
    shown = provider.get(draft)
    assert shown.context["returned"].text == "Summe prüfen"
    assert f'action="{draft}"' in shown.content.decode(), "no part of the page stays in the address"


def test_who_may_ask_for_more_time(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    page = reverse("workflows:report-extension", args=[report.pk])
    wanted = {
        "provider_head": 200,
        "planner": 403,
        "funder_reader": 403,
        "outsider": 404,
        "association_head": 404,
    }
    found = {name: client_as(world.fresh(name)).get(page).status_code for name in wanted}
    assert found == wanted
    extension = extension_request(
        report,
        wanted_until=report.due_on + DAYS(3),
        reason="Krank",
        user=world.fresh("provider_head"),
    )
    with pytest.raises(PermissionDenied):
        extension_decide(extension, is_granted=True, text="", user=world.fresh("provider_head"))


def test_a_day_that_passed_meanwhile_cannot_be_given(report: ProjectReport, world: World) -> None:
    day = report.due_on + DAYS(2)
    extension = extension_request(report, wanted_until=day, reason="Krank", user=world.fresh("provider_head"))
    with at_noon(day + DAYS(1)), pytest.raises(DomainError) as over:
        extension_decide(extension, is_granted=True, text="", user=world.fresh("funder_reader"))
    assert over.value.code == "day_over"


def test_a_request_ends_with_its_report(report: ProjectReport, world: World) -> None:
    extension = extension_request(
        report, wanted_until=report.due_on + DAYS(9), reason="Krank", user=world.fresh("provider_head")
    )
    report_stop(report, reason="Entfallen", user=world.fresh("funder_reader"))
    timers_fire()
    extension.refresh_from_db()
    extension.process.refresh_from_db()
    assert extension.is_granted is False
    assert extension.process.finished is not None
    assert not TaskCard.objects.filter(task__process=extension.process, is_open=True).exists()


# --- calling off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["funder_reader", "planner"])
def test_funder_or_planning_call_it_off(
    name: str, report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    page = reverse("workflows:project-report-call-off", args=[report.pk])
    client = client_as(world.fresh(name))
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": " "}).status_code == 422
    assert client.post(page, {"reason": "Nicht mehr nötig"}).status_code == 302
    assert (state_of(report), end_of(report)) == ("called_off", "called_off")
    step = report.steps.get()
    speaker = world.funder if name == "funder_reader" else world.planning_unit
    assert (step.text, step.organisation) == ("Nicht mehr nötig", speaker)
    assert client.post(page, {"reason": "Noch einmal"}).status_code == 422
    assert reports_follow_the_notices() == 0, "the same notice does not bring it back"


def test_what_was_called_off_stays_so_until_a_notice_asks_anew(
    report: ProjectReport, project: FundedProject, world: World
) -> None:
    report_stop(report, reason="Nicht mehr nötig", user=world.fresh("funder_reader"))

    def begun_by(**changes: Any) -> int:
        fields = reporting_notice(project, reason="Anderer Plan")
        wanted = [dataclasses.replace(duty, **changes) for duty in fields.duties if duty.kind == "interim"]
        fields = dataclasses.replace(fields, duties=wanted if changes.get("kind", 1) else [])
        notice_record(project, fields=fields, user=world.fresh("planner"))
        return reports_follow_the_notices()

    assert [begun_by(), begun_by()] == [0, 0], "copied from notice to notice"
    owed = duties_of(FundedProject.objects.filter(pk=project.pk), report.due_on + DAYS(1), OUTSIDER)
    assert owed == {}, "and not overdue on paper"
    assert begun_by(kind="") == 0
    assert begun_by() == 1, "dropped, and asked for once more"
    again = project.reports.exclude(pk=report.pk).get()
    report_stop(again, reason="Doch nicht", user=world.fresh("funder_reader"))
    assert begun_by() == 0
    assert begun_by(due_on=report.due_on + DAYS(3)) == 1, "for another day"


def test_why_it_was_called_off_is_not_in_the_log(report: ProjectReport, world: World) -> None:
    report_stop(report, reason="Frau Muster ist erkrankt", user=world.fresh("funder_reader"))
    entry = LogEntry.objects.get(action="project_report.called_off")
    assert "Muster ist erkrankt" not in str(entry.data)


def test_late_means_the_same_everywhere(report: ProjectReport, project: FundedProject, world: World) -> None:
    """After a return there are some days to mend it, whatever page or paper tells of it."""
    planned = insight_of(world.fresh("planner"))

    def told(today: datetime.date) -> set[bool]:
        found = ProjectReport.objects.get(pk=report.pk)
        these = FundedProject.objects.filter(pk=project.pk)
        rows = filtered_reports(project.reports.all(), ProjectReportFilter(), today, planned)
        soon = rows.filter(waiting_condition(Waiting.SOON, today)).exists()
        late = rows.filter(waiting_condition(Waiting.LATE, today)).exists()
        assert soon is not late
        duty = next(row for row in duties_of(these, today, planned)[project.pk] if row.kind == report.kind)
        return {
            lateness(found, today).days_late > 0,
            waiting_of(found, today) is Waiting.LATE,
            project_rows(these, today, planned)[0].waiting is Waiting.LATE,
            duty.standing is Standing.LATE,
            late,
        }

    with at_noon(report.due_on):
        report_deliver(report, user=world.fresh("provider_head"))
    with at_noon(report.due_on + DAYS(5)):
        report_check(report, is_fine=False, text="Honorare fehlen", user=world.fresh("planner"))
    last = report.due_on + DAYS(5 + ANSWER_DAYS)
    assert [told(report.due_on + DAYS(5)), told(last), told(last + DAYS(1))] == [{False}, {False}, {True}]


def test_others_do_not_call_it_off(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    page = reverse("workflows:project-report-call-off", args=[report.pk])
    for name, status in (("provider_head", 403), ("specialist", 403), ("outsider", 404)):
        client = client_as(world.fresh(name))
        assert client.post(page, {"reason": "Weg"}).status_code == status
    with pytest.raises(PermissionDenied):
        report_stop(report, reason="Weg", user=world.fresh("provider_head"))
    assert state_of(report) == "drafting"


def test_what_is_accepted_is_not_called_off(report: ProjectReport, world: World) -> None:
    accepted(report, world)
    with pytest.raises(DomainError) as moved:
        report_stop(report, reason="Doch nicht", user=world.fresh("planner"))
    assert moved.value.code == "report_moved"


# --- snapshots ---------------------------------------------------------------------------------------


def test_a_delivery_stays_whatever_changes_later(
    report: ProjectReport, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    delivery = accepted(report, world)
    page = reverse("measures:project-delivery-detail", args=[delivery.pk])
    paper = reverse("measures:project-delivery-paper", args=[delivery.pk])
    funder = client_as(world.fresh("funder_reader"))
    before, served = funder.get(page).context["view"], funder.get(paper)
    file = b"".join(served.streaming_content)
    # Told by what was handed in, as the draft of the paper is.
    assert file_name(delivery.content) in unquote(served["Content-Disposition"])
    told = funder.get(page).content.decode()
    assert project.title in told
    # Of income it is told what was drawn, of expenditure there is nothing to draw.
    assert told.count(f'data-label="{gettext("Drawn")}"') == len(before.content["account"]["funding"]) > 0

    fields = reporting_notice(project, cost="2000.00", reason="Aufstockung", reference="AZ 2")
    notice_record(project, fields=fields, user=world.fresh("planner"))
    FundedProject.objects.filter(pk=project.pk).update(title="Ganz anders")
    Measure.objects.filter(pk=project.measure_id).update(title="Auch anders")
    report.lines.update(amount="999.00")
    report.receipts.all().delete()

    after = funder.get(page).context["view"]
    assert after.content == before.content
    assert after.is_content_whole
    assert after.is_paper_whole
    assert b"".join(funder.get(paper).streaming_content) == file
    assert file.startswith(b"%PDF-")
    assert "Ganz anders" not in str(after.content)


def test_the_hash_tells_what_was_tampered_with(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    delivery = accepted(report, world)
    assert content_sha256(delivery.content) == delivery.sha256
    with pytest.raises(TypeError):
        delivery.save()
    with pytest.raises(TypeError):
        ProjectReportDelivery.objects.filter(pk=delivery.pk).update(sha256="0" * 64)
    _tamper(delivery)
    page = reverse("measures:project-delivery-detail", args=[delivery.pk])
    view = client_as(world.fresh("funder_reader")).get(page).context["view"]
    assert not view.is_content_whole
    assert view.is_paper_whole


def _tamper(delivery: ProjectReportDelivery) -> None:
    """Change a stored row past the product, as somebody with the database in hand could."""
    content = delivery.content | {"due_on": "2020-01-01"}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE measures_projectreportdelivery SET content = %s WHERE id = %s",
            [json.dumps(content), delivery.pk],
        )


def test_who_reads_what_was_passed_on(report: ProjectReport, world: World, client_as: ClientAs) -> None:
    receipt_of(report, world)
    delivery = accepted(report, world)
    page = reverse("measures:project-delivery-detail", args=[delivery.pk])
    paper = reverse("measures:project-delivery-paper", args=[delivery.pk])
    file = reverse("measures:receipt-file", args=[report.receipts.get().pk])
    pages = {
        "provider_head": (200, 200, 200),
        "planner": (200, 200, 200),
        "funder_reader": (200, 200, 200),
        "specialist": (200, 404, 404),
        "association_head": (404, 404, 404),
        "outsider": (404, 404, 404),
    }
    for name, statuses in pages.items():
        client = client_as(world.fresh(name))
        assert tuple(client.get(one).status_code for one in (page, paper, file)) == statuses, name
    assert "Druckerei Muster" in client_as(world.fresh("funder_reader")).get(page).content.decode()
    assert "Druckerei Muster" not in client_as(world.fresh("specialist")).get(page).content.decode()


def test_a_count_kept_secret_is_a_dot_that_is_explained(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    report.participants = {"EECO01": {"f": 12, "m": 2, "n": 0}}
    report.save(update_fields=["participants"])
    page = reverse("measures:project-delivery-detail", args=[accepted(report, world).pk])
    note = gettext(
        "A dot stands for few people: their number is kept secret, and so is what could be worked out from "
        "it."
    )
    cell = '<td class="pg-num" data-label="Frauen">%s</td>'
    for name, shown, is_noted in (("specialist", ".", True), ("funder_reader", "12", False)):
        text = client_as(world.fresh(name)).get(page).content.decode()
        assert cell % shown in text, name
        assert (note in text) == is_noted, name


def test_the_tasks_show_the_receipts_with_their_files(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    receipt_of(report, world)
    file = reverse("measures:receipt-file", args=[report.receipts.get().pk])
    assert deliver(report, client_as(world.fresh("provider_head"))) == 302
    planner, funder = client_as(world.fresh("planner")), client_as(world.fresh("funder_reader"))
    page = take(planner, process_of(report), InterimReportFlow.review_report)
    assert file in planner.get(page).content.decode()
    assert planner.post(page, {"answer": "return", "reason": ""}).status_code == 422
    assert planner.post(page, {"answer": "forward"}).status_code == 302
    page = take(funder, process_of(report), InterimReportFlow.decide_report)
    assert file in funder.get(page).content.decode()
    assert funder.post(page, {"outcome": "ask", "text": "Wofür?"}).status_code == 302
    provider = client_as(world.fresh("provider_head"))
    page = take(provider, process_of(report), InterimReportFlow.answer_question)
    assert file in provider.get(page).content.decode()


def test_a_file_behind_two_receipts_is_downloaded_by_the_one_handed_in(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    first = receipt_of(report, world)
    delivery = accepted(report, world)
    later = receipt_of(report, world, "2")  # the same file, not part of the delivery
    page = reverse("measures:project-delivery-detail", args=[delivery.pk])
    funder = client_as(world.fresh("funder_reader"))
    told = funder.get(page).content.decode()
    file = reverse("measures:receipt-file", args=[first.pk])
    assert file in told
    assert funder.get(file).status_code == 200
    assert reverse("measures:receipt-file", args=[later.pk]) not in told


def test_a_file_missing_in_the_store_is_said(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    receipt = receipt_of(report, world)
    delivery = accepted(report, world)
    for stored in (delivery.paper, receipt.file):
        stored.storage.delete(stored.name)
    funder = client_as(world.fresh("funder_reader"))
    for name, row in (("project-delivery-paper", delivery), ("receipt-file", receipt)):
        answer = funder.get(reverse(f"measures:{name}", args=[row.pk]))
        assert answer.status_code == 404
        told = answer.content.decode()
        assert "nicht vorhanden" in told or "cannot be found" in told


def test_receipts_of_a_draft_are_the_providers(
    report: ProjectReport, world: World, client_as: ClientAs
) -> None:
    receipt_of(report, world)
    file = reverse("measures:receipt-file", args=[report.receipts.get().pk])
    found = [
        client_as(world.fresh(name)).get(file).status_code
        for name in ("provider_head", "planner", "funder_reader")
    ]
    assert found == [200, 404, 404]


# --- drawdowns besides the duties, the list on the project --------------------------------------------


def test_the_provider_draws_what_is_left(project: FundedProject, world: World, client_as: ClientAs) -> None:
    provider = client_as(world.fresh("provider_head"))
    page = reverse("workflows:drawdown-create", args=[project.pk])
    detail = reverse("measures:project-detail", args=[project.pk])
    assert page in provider.get(detail).content.decode()
    assert provider.get(page).status_code == 200
    time = {"covers_from": project.starts_on.isoformat(), "covers_until": TODAY().isoformat()}
    assert provider.post(page, time | {"covers_until": "2020-01-01"}).status_code == 422
    assert provider.post(page, time | {"covers_until": "2090-01-01"}).status_code == 422
    assert provider.post(page, time).status_code == 302
    assert provider.post(page, time).status_code == 422, "one at a time"
    made = project.reports.get()
    fill_report(made, "900.00")
    assert money_left(project) == 900
    assert deliver(made, provider) == 302
    assert money_left(project) == 0
    shown = provider.get(detail)
    assert page not in shown.content.decode()
    assert shown.context["is_drawn"], "says why"
    assert not has_drawn_all(world.fresh("planner"), project)
    with pytest.raises(DomainError) as nothing:
        drawdown_begin(
            project,
            covers_from=project.starts_on,
            covers_until=TODAY(),
            due_on=TODAY(),
            user=world.fresh("provider_head"),
        )
    assert nothing.value.code == "nothing_left"


def test_a_grant_is_not_cut_below_what_was_drawn(project: FundedProject, world: World) -> None:
    reports_follow_the_notices(TODAY() + DAYS(20))
    drawdown = project.reports.get(kind="drawdown")
    fill_report(drawdown, "800.00")
    report_deliver(drawdown, user=world.fresh("provider_head"))

    fields = reporting_notice(project, cost="880.00", reason="Kürzung")
    basis, wish = project.notices.get(), Wish(fields.lines, fields.ends_on, "Kürzung")
    with translation.override("en"):
        (fault,) = wish_faults(project, basis, wish)
        assert "€792.00" in fault
        assert "€800.00" in fault
        with pytest.raises(PlanError) as refused:
            notice_record(project, fields=fields, user=world.fresh("planner"))
        assert refused.value.faults == [fault]
        with pytest.raises(PlanError) as untold:
            notice_record(project, fields=fields, user=world.fresh("funder_reader"))
    (fault,) = untold.value.faults
    assert "€792.00" in fault
    assert "800" not in fault, "it has not been passed on"
    report_check(drawdown, is_fine=False, text="Zu viel", user=world.fresh("planner"))
    assert wish_faults(project, basis, wish) == [], "a draft has drawn nothing"
    notice_record(project, fields=fields, user=world.fresh("planner"))


def test_others_draw_nothing(project: FundedProject, world: World, client_as: ClientAs) -> None:
    page = reverse("workflows:drawdown-create", args=[project.pk])
    for name, status in (("planner", 403), ("funder_reader", 403), ("specialist", 403), ("outsider", 404)):
        assert client_as(world.fresh(name)).get(page).status_code == status
        assert client_as(world.fresh(name)).post(page, {}).status_code == status


def test_the_project_lists_its_reports(
    report: ProjectReport, project: FundedProject, world: World, client_as: ClientAs
) -> None:
    link = reverse("measures:project-report-detail", args=[report.pk])
    detail = reverse("measures:project-detail", args=[project.pk])
    with at_noon(report.due_on + DAYS(3)):
        for name in ("provider_head", "planner", "funder_reader", "specialist"):
            text = client_as(world.fresh(name)).get(detail).content.decode()
            assert link in text
            assert "3 Tage überfällig" in text
    assert timezone.localdate() < report.due_on


def test_each_step_is_logged_for_the_territory(report: ProjectReport, world: World) -> None:
    accepted(report, world)
    entries = LogEntry.objects.filter(action__startswith="project_report.").order_by("pk")
    codes = [entry.action.removeprefix("project_report.") for entry in entries]
    assert codes == ["begun", "delivered", "forwarded", "accepted"]
    assert {entry.territory for entry in entries} == {world.territory}
