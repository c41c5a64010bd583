"""Every page by machine: no findings of axe and no sideways scroll, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from tests.browser.conftest import BrowserPage
from tests.browser.pages import Inspection
from tests.factories import World
from tests.permissions.scene import ROLES, Scene
from tests.permissions.test_urls import TABLE, addresses

#: Files to save, drawings and parts of pages: no pages.
NO_PAGES = {
    "healthz",
    "measures:figure-file",
    "measures:measure-file",
    "measures:plan-workbook",
    "measures:project-delivery-paper",
    "measures:receipt-file",
    "measures:report-step-file",
    "measures:programme-report",
    "measures:project-sheet",
    "measures:round-progress",
    "monitoring:catalogue-export",
    "monitoring:delivery-file",
    "monitoring:delivery-issues",
    "workflows:case-bpmn",
    "workflows:case-diagram",
    "workflows:agenda-file",
    "workflows:measure-sheet",
    "workflows:meeting-calendar",
    "workflows:meeting-folder",
    "workflows:meeting-folder-internal",
    "workflows:minutes-pdf",
    "workflows:agreement-pdf",
    "workflows:paper-file",
    "workflows:plan-paper",
    "workflows:poll-progress",
    "workflows:polls-open",
    "workflows:profile-booklet",
    "workflows:profile-pdf",
    "workflows:public-edition-pdf",
    "workflows:public-plan-data",
    "workflows:public-plan-feed",
    "workflows:public-report-pdf",
    "workflows:recommendation-evidence",
    "workflows:request-template",
    "workflows:recommendation-paper-pdf",
    "workflows:statement-file",
    "workflows:space-conference-handout",
    "workflows:space-conference-record",
    "workflows:space-conference-waiting",
}
#: Which role looks at a page: the first of these that gets one.
FIRST = ("anonymous", "planner", "admin", "specialist", "head", "chair", "association_head", "provider_head")
#: What the funder has; nearly everything else is not there for it.
FUNDER = (
    "workflows:inbox",
    "measures:plan-list",
    "measures:funding-portfolio",
    "measures:funding-map",
    "measures:funding-figures",
    "measures:project-report-list",
    "measures:adviser-create",
    "measures:adviser-remove",
    "measures:project-list",
    "measures:project-detail",
    "measures:notice-detail",
    "measures:project-report-detail",
    "measures:project-delivery-detail",
    "workflows:project-report-call-off",
    "measures:amendment-detail",
    "measures:programme-list",
    "measures:programme-detail",
    "measures:programme-create",
    "measures:operation-list",
    "measures:operation-upload",
    "measures:operation-import",
    "measures:operation-detail",
    "measures:operation-publication",
    "measures:programme-edit",
    "measures:call-create",
    "measures:call-edit",
    "search",
)
ENGLISH = (
    "workflows:inbox",
    "workflows:cycle-detail",
    "workflows:decision-detail",
    "monitoring:atlas",
    "measures:plan-detail",
    "measures:measure-detail",
)


def pages_of(role: str) -> list[str]:
    """Names of the pages this role looks at."""
    found = []
    for name, line in TABLE.items():
        statuses = dict(zip(ROLES, line.split(), strict=True))
        if name not in NO_PAGES and next((who for who in FIRST if statuses[who] == "200"), None) == role:
            found.append(name)
    return found


@pytest.fixture
def scene(world: World) -> Scene:
    """An object behind every address."""
    return Scene(world)


def address(scene: Scene, name: str) -> str:
    """The address of a page in the scene."""
    return reverse(name, kwargs=scene.kwargs(addresses()[name]))


def look_at(
    inspection: Inspection, scene: Scene, browser_page: BrowserPage, role: str, names: Iterable[str]
) -> None:
    """Open pages as one role."""
    page = browser_page(scene.person(role))
    for name in names:
        inspection.open(page, address(scene, name), f"{role} {name}")
    page.close()


def test_every_page_is_looked_at_by_somebody() -> None:
    looked_at = {name for role in FIRST for name in pages_of(role)} | set(FUNDER)
    pages = {name for name, line in TABLE.items() if "200" in line.split() and name not in NO_PAGES}
    assert looked_at == pages


@pytest.mark.parametrize("half", [0, 1])
def test_pages_of_the_planner(scene: Scene, browser_page: BrowserPage, half: int) -> None:
    inspection = Inspection()
    look_at(inspection, scene, browser_page, "planner", pages_of("planner")[half::2])
    inspection.finish()


def test_pages_of_others(scene: Scene, browser_page: BrowserPage) -> None:
    inspection = Inspection()
    for role in FIRST:
        if role != "planner":
            look_at(inspection, scene, browser_page, role, pages_of(role))
    look_at(inspection, scene, browser_page, "funder_reader", FUNDER)
    inspection.finish()


def test_english_menus_and_refusals(scene: Scene, browser_page: BrowserPage, live_server: Any) -> None:
    inspection = Inspection()
    specialist = browser_page(scene.person("specialist"))
    inspection.open(specialist, reverse("stakeholders:audit-log"), "403", status=403)
    inspection.open(specialist, "/cycles/987654/", "404", status=404)
    inspection.open(browser_page(), "/nowhere/", "404, not signed in", status=404)

    page = browser_page(scene.person("planner"))
    page.goto(reverse("workflows:inbox"))
    for menu in page.locator("details[data-menu]").all():
        menu.evaluate("element => { element.open = true }")
        inspection.look(page, "menu")

    language = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}
    page.context.add_cookies([language])
    for name in ENGLISH:
        inspection.open(page, address(scene, name), f"English {name}")
        assert page.locator("html").get_attribute("lang") == "en"
    inspection.finish()
