"""Writing a report in the browser: it saves itself, at a desk and on a phone, and tells what it could not."""

from __future__ import annotations

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from measures.forms.project_reports import line_mark
from measures.models import DutyKind, ProjectReport
from tests.browser.conftest import BrowserPage
from tests.browser.pages import Inspection
from tests.browser.tools import DESKTOP_WIDTH, HEIGHT, PHONE_WIDTH
from tests.factories import World, make_cycle
from tests.grants import reporting_project
from tests.workflows.taskpages import take
from workflows.project_reporting import FLOW_OF, reports_follow_the_notices
from workflows.services.report_tasks import process_of

STAFF = line_mark(("cost", "staff", ""))
#: What a finger hits (px).
LEAST_TOUCH = 40


@pytest.fixture
def report(world: World) -> ProjectReport:
    """An interim report to be written."""
    make_cycle(world)
    project = reporting_project(world)
    reports_follow_the_notices()
    return project.reports.get(kind=DutyKind.INTERIM)


def address(report: ProjectReport, world: World) -> str:
    """The page on which it is written, taken by the provider."""
    client = Client()
    client.force_login(world.fresh("provider_head"), backend="django.contrib.auth.backends.ModelBackend")
    return take(client, process_of(report), FLOW_OF[report.kind].draft_report)


@pytest.mark.parametrize("width", [DESKTOP_WIDTH, PHONE_WIDTH])
def test_what_is_typed_is_saved_without_a_button(
    browser_page: BrowserPage, report: ProjectReport, world: World, width: int
) -> None:
    url = address(report, world)
    page = browser_page(world.fresh("provider_head"))
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(url)
    amount = page.locator(f"[name=amount_{STAFF}]")
    amount.fill("1.300,50")
    page.locator("[name=narrative_outlook]").fill("Weiter im Herbst")
    expect(page.locator("[data-autosave-revision]")).to_have_value("1")
    report.refresh_from_db()
    assert report.narrative["outlook"] == "Weiter im Herbst"
    assert str(report.lines.get(kind="staff").amount) == "1300.50"
    assert page.locator(f"#remaining-{STAFF}").inner_text().startswith("−300,50")
    # More than the plan allows: the field of the reason opens by itself.
    assert page.locator(f"[name=reason_{STAFF}]").is_visible()

    amount.fill("viel")
    page.wait_for_selector(".pg-draft-status--wrong")
    assert str(report.lines.get(kind="staff").amount) == "1300.50"

    # Another window was faster: nothing is written over, what was typed stands.
    ProjectReport.objects.filter(pk=report.pk).update(
        revision=9, narrative={**report.narrative, "done": "Anderes Fenster"}
    )
    page.locator("[name=narrative_done]").fill("Dieses Fenster")
    page.wait_for_timeout(3000)
    report.refresh_from_db()
    assert report.narrative["done"] == "Anderes Fenster"
    assert page.locator("[name=narrative_done]").input_value() == "Dieses Fenster"
    page.on("dialog", lambda dialog: dialog.accept())


def test_the_page_is_sound_at_both_widths_empty_wrong_and_filled(
    browser_page: BrowserPage, report: ProjectReport, world: World
) -> None:
    url = address(report, world)
    page = browser_page(world.fresh("provider_head"))
    page.on("dialog", lambda dialog: dialog.accept())
    inspection = Inspection()
    inspection.open(page, url, "empty draft")
    page.locator(f"[name=amount_{STAFF}]").fill("1.300,50")
    page.locator("[name=receipt-number]").fill("B-1")
    page.locator("[name=count_EECO01_f]").fill("-1")
    page.locator("button[name=add_receipt]").click()
    page.wait_for_selector(".pg-error-summary")
    page.evaluate(
        "() => document.querySelectorAll('details.pg-more').forEach((part) => { part.open = true; })"
    )
    inspection.look(page, "wrong draft, all open")
    inspection.finish()


def on_a_phone(browser_page: BrowserPage, report: ProjectReport, world: World) -> Page:
    """The draft as the provider sees it there."""
    page = browser_page(world.fresh("provider_head"))
    page.set_viewport_size({"width": PHONE_WIDTH, "height": HEIGHT})
    page.goto(address(report, world))
    return page


def test_on_a_phone_the_parts_are_one_touch_away(
    browser_page: BrowserPage, report: ProjectReport, world: World
) -> None:
    page = on_a_phone(browser_page, report, world)
    link = page.locator(".pg-draft-steps a[href='#participants']")
    expect(link).to_be_hidden()
    page.locator("#draft-missing summary").click()
    link.click()
    title = page.locator("#participants-title")
    expect(title).to_be_in_viewport()
    bar = page.locator("#draft-missing").bounding_box()
    box = title.bounding_box()
    assert bar is not None
    assert box is not None
    assert box["y"] >= bar["y"] + bar["height"], "not under the list"


def test_on_a_phone_the_bar_is_one_row_of_buttons(
    browser_page: BrowserPage, report: ProjectReport, world: World
) -> None:
    page = on_a_phone(browser_page, report, world)
    bar = page.locator(".pg-draft-bar")
    boxes = [box for button in bar.locator("button").all() if (box := button.bounding_box())]
    assert len(boxes) == 2
    assert len({round(box["y"]) for box in boxes}) == 1
    assert min(box["height"] for box in boxes) >= LEAST_TOUCH
    whole = bar.bounding_box()
    assert whole is not None
    assert whole["height"] <= HEIGHT / 8
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH


@pytest.mark.parametrize("width", [DESKTOP_WIDTH, PHONE_WIDTH])
@pytest.mark.parametrize("field", [f"amount_{STAFF}", "count_EECO01_f"])
def test_a_point_leads_into_its_field_that_nothing_covers(
    browser_page: BrowserPage, report: ProjectReport, world: World, width: int, field: str
) -> None:
    page = browser_page(world.fresh("provider_head"))
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(address(report, world))
    page.locator("#draft-missing summary").click()
    page.locator(f"#draft-missing a[href='#id_{field}']").click()
    wanted = page.locator(f"#id_{field}")
    expect(wanted).to_be_focused()
    is_on_top = """(field) => {
        const box = field.getBoundingClientRect();
        return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === field;
    }"""
    assert wanted.evaluate(is_on_top)
