"""A telephone at an evening: the entry page in every language, with and without scripts, and its points."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BrowserPage
from tests.browser.pages import Inspection
from tests.browser.tools import PHONE_WIDTH
from tests.evenings import Evenings, entry_path, make_evenings
from tests.factories import World
from tests.stages import Stages
from workflows.models import SpaceConference, SpaceIdea
from workflows.services.space_entries import entry_moderate
from workflows.take_part import languages, words_of


@pytest.fixture
def evenings(transactional_db: None, world: World, stages: Stages) -> Evenings:
    return make_evenings(world, stages)


@pytest.fixture
def conference(evenings: Evenings) -> SpaceConference:
    conference = evenings.opened()
    evenings.idea(conference, "Ein Bolzplatz", recommendation=evenings.recommendation)
    return conference


def test_every_language_by_machine(conference: SpaceConference, browser_page: BrowserPage) -> None:
    page, inspection = browser_page(), Inspection()
    for code, _name in languages():
        inspection.open(page, f"{entry_path(conference)}?lang={code}", f"entry page {code}")
        page.locator("details summary").first.click()
        inspection.look(page, f"entry page {code}, comment open")
    page.locator("textarea").first.evaluate("field => field.required = false")
    page.locator("form button").first.click()
    inspection.look(page, "entry page ru, refused")
    inspection.open(page, "/take-part/gibt-es-nicht/?lang=ar", "no such link", status=404)
    inspection.look(page, "no such link ar")
    inspection.finish()


def test_answers_by_machine(evenings: Evenings, browser_page: BrowserPage) -> None:
    conference, _idea = evenings.published()
    page, inspection = browser_page(), Inspection()
    for code, _name in languages():
        inspection.open(page, f"{entry_path(conference)}results/?lang={code}", f"answers {code}")
    inspection.open(page, "/take-part/", "list of answers")
    inspection.finish()


def test_a_telephone_keeps_its_points(
    conference: SpaceConference, evenings: Evenings, browser_page: BrowserPage
) -> None:
    words = words_of("tr")
    page = browser_page(width=PHONE_WIDTH)
    page.goto(f"{entry_path(conference)}?lang=tr")
    page.get_by_label(words["your_idea"], exact=True).fill("Gölgeli bir park")
    page.get_by_role("button", name=words["send"]).click()
    expect(page.get_by_role("status")).to_have_text(words["done_idea"])
    entry_moderate(conference, SpaceIdea.objects.get(number=2), is_shown=True, user=evenings.facilitator)
    page.get_by_role("link", name=words["reload"]).click()
    give = page.get_by_role(
        "button", name=re.compile(f"{words['give_point']}: {words['idea'].format(number=2)}")
    )
    for left in (2, 1):
        give.click()
        expect(page.get_by_text(words["points_left"].format(count=left))).to_be_visible()
    give.click()
    expect(page.get_by_text(words["no_points_left"])).to_be_visible()
    expect(give).to_have_count(0)
    # The QR code once more, without anything in the address: the same telephone, no new points.
    page.goto(f"{entry_path(conference)}?lang=tr")
    expect(page.get_by_text(words["no_points_left"])).to_be_visible()
    assert page.context.cookies() == []


def test_without_scripts(conference: SpaceConference, browser_page: BrowserPage) -> None:
    words = words_of("de")
    page = browser_page(width=PHONE_WIDTH, java_script_enabled=False)
    page.goto(entry_path(conference))
    page.get_by_label(words["your_idea"], exact=True).fill("Mehr Licht")
    page.get_by_role("button", name=words["send"]).click()
    expect(page.get_by_role("status")).to_have_text(words["done_idea"])
    page.get_by_role("button", name=re.compile(words["give_point"])).first.click()
    expect(page.get_by_text(words["points_left"].format(count=2))).to_be_visible()
    page.get_by_role("button", name=re.compile(words["take_back"])).first.click()
    expect(page.get_by_text(words["points_left"].format(count=3))).to_be_visible()
