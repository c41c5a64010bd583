"""Two journeys with reports of projects: from the provider to accepted, and a funder's morning."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import FilePayload, Locator, Page, expect

from measures.forms.project_reports import line_mark
from measures.models import DutyKind, FundedProject, ProjectReport, ProjectReportState, ReportStepFile
from measures.services.grants import Duty, notice_record
from project.common.formats import date_de
from stakeholders.models import User
from tests.browser.conftest import BrowserPage
from tests.browser.journey import agree, card_of, de, follow, headline, let_in, press, sign_in, take, told
from tests.browser.pages import Inspection
from tests.factories import World, make_cycle
from tests.grants import fill_report, funded, reporting_notice, reporting_project
from tests.stages import at_noon
from tests.workflows import taskpages
from workflows.project_reporting import FLOW_OF, reports_follow_the_notices
from workflows.services.report_tasks import process_of

STAFF, ESF, OWN = (
    line_mark(key) for key in (("cost", "staff", ""), ("funding", "esf", ""), ("funding", "own", ""))
)
PDF = b"%PDF-1.7 Beispiel"
TITLE, LATE_TITLE = "Elterncafé (Beispiel)", "Nachbarschaftshilfe (Beispiel)"
DAYS = datetime.timedelta


@pytest.fixture(autouse=True)
def _open_house(world: World) -> None:
    let_in(world)
    make_cycle(world)


@pytest.fixture
def project(world: World) -> FundedProject:
    """A project over 10,000 euros in the midst of its term, whose duties have become tasks."""
    made = reporting_project(world, title=TITLE, cost="10000.00")
    reports_follow_the_notices()
    return made


def interim(project: FundedProject) -> ProjectReport:
    return project.reports.get(kind=DutyKind.INTERIM)


def pdf(name: str) -> FilePayload:
    return FilePayload(name=name, mimeType="application/pdf", buffer=PDF)


def downloaded(page: Page, link: Locator) -> bytes:
    """What a link of the page gives as a file."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def type_count(page: Page, code: str, women: str, men: str, others: str = "0") -> None:
    """Enter how many people an indicator counts."""
    for sex, count in (("f", women), ("m", men), ("n", others)):
        page.locator(f"[name=count_{code}_{sex}]").fill(count)


def hand_in(page: Page) -> None:
    """Press the button and say yes to what it asks."""
    press(page, "Hand the report in")
    agree(page, "Hand the report in")


def decide(page: Page) -> None:
    """Press the main button of the page, whatever it says, and say yes where it asks."""
    button = page.get_by_role("main").locator("button.kern-btn--primary")
    asks = button.get_attribute("data-confirm-label")
    button.click()
    if asks:
        page.get_by_role("dialog").get_by_role("button", name=asks, exact=True).click()


def refused(page: Page, text: str, **values: object) -> None:
    """The list of what is wrong at the top says this; it has the focus."""
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("[data-error-summary]")).to_contain_text(de(text, **values))


# --- from the provider to accepted -------------------------------------------------------------------


def test_a_report_from_the_provider_to_accepted(
    world: World, project: FundedProject, browser_page: BrowserPage
) -> None:
    inspection = Inspection()
    report = interim(project)
    page = browser_page()
    _write_and_hand_in(page, world.fresh("provider_head"), report, inspection)

    planner, desk = world.fresh("planner"), browser_page()
    sign_in(desk, planner)
    take(desk, planner, "review_report", TITLE)
    expect(desk.get_by_role("main")).to_contain_text("Drei Treffen in der Woche.")
    expect(desk.get_by_role("main")).to_contain_text("12.345,67")
    inspection.look(desk, "planning checks")
    desk.get_by_label(de("Yes, pass it on to the funder")).check()
    decide(desk)
    told(desk, "Passed on; the funder decides.")

    funder, office = world.fresh("funder_reader"), browser_page()
    sign_in(office, funder)
    office.goto(reverse("workflows:inbox"))
    inspection.look(office, "inbox of the funder")
    take(office, funder, "decide_report", TITLE)
    expect(office.get_by_role("main")).to_contain_text("Honorare wurden teurer.")
    inspection.look(office, "funder decides")
    office.get_by_label(de("Accept it"), exact=True).check()
    decide(office)
    told(office, "Accepted. Provider and municipality see it on the page of the report.")

    report.refresh_from_db()
    assert report.state == ProjectReportState.ACCEPTED
    _read_what_was_accepted(page, report, inspection)
    inspection.finish()


def _write_and_hand_in(page: Page, person: User, report: ProjectReport, inspection: Inspection) -> None:
    """The provider finds the task, writes, is told what is wrong, mends it and hands in."""
    sign_in(page, person)
    subject = headline(card_of(person, "draft_report", de("Interim report")))
    assert TITLE in subject
    page.locator("a.pg-brand").click()
    expect(page.locator("table.pg-inbox")).to_contain_text(subject)
    inspection.look(page, "inbox of the provider")
    take(page, person, "draft_report", de("Interim report"))
    status = page.locator("[data-autosave-status]")
    expect(status).to_have_text(de("Not changed yet"))
    inspection.look(page, "draft as it begins")

    # It saves itself, amounts as Germans write them; what leaves the plan asks for its reason at once.
    page.locator("[name=narrative_done]").fill("Drei Treffen in der Woche.")
    page.locator("[name=narrative_reached]").fill("Zwölf Familien kommen regelmäßig.")
    page.locator(f"[name=amount_{STAFF}]").fill("12.345,67")
    page.locator(f"[name=amount_{ESF}]").fill("8.000,00")
    page.locator(f"[name=amount_{OWN}]").fill("1.000")
    expect(status).to_contain_text(de("Saved at %(time)s", time=""))
    assert str(report.lines.get(kind="staff").amount) == "12345.67"
    expect(page.locator(f"#remaining-{STAFF}")).to_contain_text("−2.345,67")
    reason = page.locator(f"[name=reason_{STAFF}]")
    expect(reason).to_be_visible()

    # Ten unemployed women of eight women cannot be; neither can a deviation without a reason.
    type_count(page, "EECO01", "8", "4")
    page.get_by_text(de("Further common indicators"), exact=True).first.click()
    type_count(page, "EECO02", "10", "2")
    hand_in(page)
    refused(page, "Not handed in yet. What you typed is saved; settle first:")
    summary = page.locator("[data-error-summary]")
    expect(summary).to_contain_text("weicht stärker vom Plan ab")
    expect(summary).to_contain_text("mehr als 8 bei")
    expect(page.locator(f"[name=amount_{STAFF}]")).to_have_value("12.345,67")
    inspection.look(page, "draft refused")
    assert report.state == ProjectReportState.DRAFTING

    page.locator(f"[name=reason_{STAFF}]").fill("Honorare wurden teurer.")
    type_count(page, "EECO02", "6", "2")
    _add_receipt(page, report)
    expect(page.locator("#draft-missing summary")).to_contain_text(de("Nothing is missing"))
    inspection.look(page, "draft complete")
    hand_in(page)
    told(page, "Handed in. The social planning unit checks it.")
    expect(page.locator("h1")).to_have_text(de("My tasks"))
    report.refresh_from_db()
    assert report.state == ProjectReportState.CHECKING


def _add_receipt(page: Page, report: ProjectReport) -> None:
    """A receipt with its file; without its number it is refused and what was typed stands."""
    page.locator("[name=receipt-line]").select_option(STAFF)
    page.locator("[name=receipt-paid_on]").fill(report.covers_from.isoformat())
    page.locator("[name=receipt-payee]").fill("Personal")
    page.locator("[name=receipt-purpose]").fill("Löhne im ersten Monat")
    page.locator("[name=receipt-amount]").fill("1.234,56")
    page.locator("[name=add_receipt]").click()
    expect(page.locator("#receipts [data-error-summary]")).to_contain_text(de("Number of the receipt"))
    expect(page.locator("[name=receipt-amount]")).to_have_value("1.234,56")

    page.locator("[name=receipt-number]").fill("B-1")
    page.locator("[name=receipt-file]").set_input_files(pdf("loehne.pdf"))
    page.locator("[name=add_receipt]").click()
    told(page, "Receipt %(number)s has been added.", number="B-1")
    row = page.get_by_role("table", name=de("List of receipts")).get_by_role("row", name="B-1")
    expect(row).to_contain_text("1.234,56")
    assert downloaded(page, row.get_by_role("link", name="loehne.pdf")) == PDF


def _read_what_was_accepted(page: Page, report: ProjectReport, inspection: Inspection) -> None:
    """The provider reads that it was accepted, and has the paper with its hash."""
    page.goto(reverse("measures:project-detail", args=[report.project_id]))
    inspection.look(page, "page of the project")
    page.get_by_role("main").locator(f"a[href='{_address(report)}']").first.click()
    expect(page.get_by_role("main")).to_contain_text(str(ProjectReportState.ACCEPTED.label))
    inspection.look(page, "report accepted")
    follow(page, de("Version %(number)s", number=1))
    delivery = report.deliveries.get()
    expect(page.get_by_role("main")).to_contain_text(delivery.sha256)
    expect(page.get_by_role("main")).to_contain_text(delivery.paper_sha256)
    expect(page.get_by_role("main")).to_contain_text("Honorare wurden teurer.")
    inspection.look(page, "version handed in")
    paper = downloaded(page, page.get_by_role("link", name=de("Download the PDF")))
    assert paper.startswith(b"%PDF")


def _address(report: ProjectReport) -> str:
    return reverse("measures:project-report-detail", args=[report.pk])


# --- the funder's morning ----------------------------------------------------------------------------


def late_project(world: World) -> FundedProject:
    """A project whose interim report was due five days ago."""
    today = timezone.localdate()
    starts_on, ends_on = today - DAYS(200), today + DAYS(200)
    made = funded(world, title=LATE_TITLE, starts_on=starts_on, ends_on=ends_on)
    duties = [Duty("interim", starts_on, today - DAYS(40), today - DAYS(5))]
    # What was due before the project was recorded would not be begun.
    with at_noon(starts_on):
        notice_record(
            made,
            fields=reporting_notice(made, duties=duties, issued_on=starts_on),
            user=world.fresh("planner"),
        )
    reports_follow_the_notices()
    return made


def pass_on(report: ProjectReport, world: World) -> None:
    """Provider and planning have done their steps on their pages."""
    fill_report(report)
    for name, node, data in (
        ("provider_head", "draft_report", {}),
        ("planner", "review_report", {"answer": "forward"}),
    ):
        client = Client()
        client.force_login(world.fresh(name), backend="django.contrib.auth.backends.ModelBackend")
        address = taskpages.take(client, process_of(report), getattr(FLOW_OF[report.kind], node))
        assert client.post(address, data).status_code == 302
    report.refresh_from_db()
    assert report.state == ProjectReportState.WITH_FUNDER


def part(page: Page, title: str) -> Locator:
    """A part of the page by its heading."""
    return page.get_by_role("main").get_by_role("region", name=de(title), exact=True)


def test_the_morning_of_a_funder(world: World, project: FundedProject, browser_page: BrowserPage) -> None:
    inspection = Inspection()
    late, report = late_project(world), interim(project)
    pass_on(report, world)

    funder, page = world.fresh("funder_reader"), browser_page()
    sign_in(page, funder)
    page.get_by_role("navigation").get_by_role("link", name=de("Funding portfolio")).first.click()
    expect(page).to_have_url(f"{page.url.split('/funding')[0]}{reverse('measures:funding-portfolio')}")
    inspection.look(page, "portfolio")
    is_late = part(page, "Reports that are late")
    expect(is_late).to_contain_text(LATE_TITLE)
    expect(is_late).to_contain_text("5 Tage")
    expect(is_late).not_to_contain_text(TITLE)
    waits = part(page, "Waiting with the funder")
    expect(waits).to_contain_text(TITLE)
    expect(waits).not_to_contain_text(LATE_TITLE)

    # From what waits to the question, with a file beside it.
    waits.get_by_role("link", name=TITLE).click()
    inspection.look(page, "report that waits")
    take(page, funder, "decide_report", TITLE)
    page.get_by_label(de("Ask a question; the report stays as it is")).check()
    decide(page)
    refused(page, "Write down what you want to know.")
    inspection.look(page, "question without words")
    page.get_by_label(de("Question, reason or note")).fill("Wofür waren die Honorare?")
    page.locator("[name=attachments]").set_input_files(pdf("rueckfrage.pdf"))
    decide(page)
    told(page, "Asked. The provider answers; the report stays as it is.")

    _answer(browser_page(), world.fresh("provider_head"), inspection)

    take(page, funder, "decide_report", TITLE)
    expect(page.get_by_role("main")).to_contain_text("Für die Sprachmittlung.")
    inspection.look(page, "answer with the funder")
    answer = page.get_by_role("main").get_by_role("link", name="antwort.pdf")
    assert downloaded(page, answer.first) == PDF
    page.get_by_label(de("Accept it"), exact=True).check()
    decide(page)
    told(page, "Accepted. Provider and municipality see it on the page of the report.")
    report.refresh_from_db()
    assert report.state == ProjectReportState.ACCEPTED
    assert ReportStepFile.objects.filter(step__report=report).count() == 2

    page.goto(reverse("measures:funding-portfolio"))
    expect(part(page, "Waiting with the funder")).not_to_contain_text(TITLE)
    follow(page, de("All reports of projects"))
    inspection.look(page, "all reports")
    _check_workbook(downloaded(page, page.locator(".pg-downloads a").filter(has_text="Excel")), late, report)
    inspection.finish()


def _answer(page: Page, provider: User, inspection: Inspection) -> None:
    """The provider reads the question and its file, and answers with one."""
    sign_in(page, provider)
    take(page, provider, "answer_question", TITLE)
    expect(page.get_by_role("main")).to_contain_text("Wofür waren die Honorare?")
    question = page.get_by_role("main").get_by_role("link", name="rueckfrage.pdf").first
    assert downloaded(page, question) == PDF
    inspection.look(page, "question of the funder")
    page.get_by_label(de("Your answer")).fill("Für die Sprachmittlung.")
    page.locator("[name=attachments]").set_input_files(pdf("antwort.pdf"))
    press(page, "Send the answer")
    told(page, "Answered. The funder decides.")


def _check_workbook(content: bytes, late: FundedProject, accepted: ProjectReport) -> None:
    """The list as Excel says of each report how it stands."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    rows = [[str(cell) for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    (is_late,) = (row for row in rows if LATE_TITLE in row)
    assert "5" in is_late
    assert interim(late).get_kind_display() in is_late
    (is_accepted,) = (row for row in rows if TITLE in row and accepted.get_kind_display() in row)
    assert str(ProjectReportState.ACCEPTED.label) in is_accepted
    assert date_de(accepted.due_on) in is_accepted or str(accepted.due_on) in "".join(is_accepted)
