"""The atlas by pointer, by keyboard, without script, on a phone and on paper."""

from __future__ import annotations

import random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from monitoring.models import Area, Indicator
from monitoring.services.deliveries import delivery_accept
from tests import factories
from tests.browser.conftest import BrowserPage
from tests.browser.tools import PHONE_WIDTH, assert_no_axe_findings, assert_no_sideways_scroll
from tests.factories import World

ATLAS = "/atlas/?show=sgb2_rate&year=2024"
ROW = '[data-part="table"] tr[aria-current="true"]'
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(world: World) -> World:
    """Thirty areas on a grid with two years of three rates; one figure is missing."""
    world.areas += [factories.area(world.territory, f"Wohnplatz {number}") for number in range(1, 27)]
    for place, area in enumerate(world.areas):
        area.geometry = factories.square(place % 6, place // 6)
    Area.objects.bulk_update(world.areas, ["geometry"])
    chance = random.Random(3)
    values: dict[tuple[Indicator, Area, int], float | None] = {
        (indicator, area, year): round(chance.uniform(3, 30), 1)
        for indicator in world.indicators[:3]
        for area in world.areas
        for year in (2023, 2024)
    }
    values[world.indicators[0], world.areas[5], 2024] = None
    delivery = factories.delivery(world.youth_office, values, world.people["head"])
    delivery_accept(delivery, user=world.people["planner"])
    return world


def chosen(page: Page) -> str:
    """Name in the marked row; everywhere else it must be the same."""
    name = page.locator(f"{ROW} a").inner_text()
    assert page.locator(".pg-map__outline").count() == 1
    assert name in page.locator(".pg-atlas__chosen").inner_text()
    assert name in page.locator("#atlas-comparison").inner_text()
    assert page.locator("#atlas-course").count() == 1
    return name


def test_pointer_and_keyboard_choose_without_loading_the_page(
    browser_page: BrowserPage, filled: World
) -> None:
    page = browser_page(filled.people["head"])
    page.goto(ATLAS)
    page.evaluate("window.stays = true")

    page.locator('[data-part="map"] a').nth(7).click()
    expect(page.locator(ROW)).to_be_visible()
    first = chosen(page)
    expect(page.locator("#atlas-said")).to_contain_text(first)
    assert "area=" in page.url

    link = page.locator('[data-part="table"] a[data-area]').nth(2)
    second = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"{ROW} a")).to_have_text(second)
    assert chosen(page) == second
    expect(page.locator(f"{ROW} a")).to_be_focused()

    page.locator('[data-part="comparison"] a').first.press("Enter")
    expect(page.locator(f"{ROW} a")).not_to_have_text(second)
    third = chosen(page)
    expect(page.locator("#atlas-comparison")).to_be_focused()

    page.go_back()
    expect(page.locator(f"{ROW} a")).to_have_text(second)
    assert third != second
    assert page.evaluate("window.stays") is True, "the page was never loaded anew"


def test_pages_and_order_of_the_table_change_in_place(browser_page: BrowserPage, filled: World) -> None:
    page = browser_page(filled.people["head"])
    page.goto(f"{ATLAS}&area={filled.areas[0].pk}")
    page.evaluate("window.stays = true")
    page.locator('.pg-pagination a[rel="prev"], .pg-pagination a[rel="next"]').first.click()
    expect(page.locator("#atlas-table")).to_be_focused()
    page.locator('[data-part="table"] thead a').first.click()
    expect(page.locator('[data-part="table"] thead th').first).to_have_attribute("aria-sort", "ascending")
    assert page.evaluate("window.stays") is True
    page.locator("#atlas-q").fill("Wohnplatz 7")
    page.keyboard.press("Enter")
    expect(page.locator('[data-part="table"] tbody tr')).to_have_count(1)
    assert page.url.endswith("#atlas-table")
    assert page.locator(".pg-map__outline").count() == 1, "the area stays chosen"


def test_the_map_is_one_step_for_the_keyboard(browser_page: BrowserPage, filled: World) -> None:
    page = browser_page(filled.people["head"])
    page.goto(ATLAS)
    page.locator("#id_classes").focus()
    reached: list[Any] = []
    for _step in range(6):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('svg') !== null"))
    assert not any(reached)
    page.locator(".pg-atlas__skip a").focus()
    assert page.locator(".pg-atlas__skip a").is_visible()


def test_without_script_the_links_do_the_same(browser_page: BrowserPage, filled: World) -> None:
    page = browser_page(filled.people["head"], java_script_enabled=False)
    page.goto(ATLAS)
    page.locator('[data-part="map"] a').nth(3).click()
    assert page.url.endswith(f"#area-{page.url.partition('area=')[2].partition('#')[0]}")
    assert page.locator(ROW).count() == 1
    assert page.locator("[data-copy]").is_hidden()
    link = page.locator("#atlas-link").input_value()
    assert "area=" in link
    page.goto(link)
    assert page.locator(ROW).count() == 1


@pytest.mark.parametrize("width", [1440, PHONE_WIDTH])
@pytest.mark.parametrize("query", ["", "&classes=7&method=natural", "&q=nirgends"])
def test_axe_and_width_with_an_area_chosen(
    browser_page: BrowserPage, filled: World, width: int, query: str
) -> None:
    page = browser_page(filled.people["head"], width=width)
    page.goto(f"{ATLAS}&area={filled.areas[0].pk}{query}")
    assert_no_axe_findings(page)
    assert_no_sideways_scroll(page)


def test_on_a_phone_the_map_comes_first_and_rows_are_cards(browser_page: BrowserPage, filled: World) -> None:
    page = browser_page(filled.people["head"], width=PHONE_WIDTH)
    page.goto(f"{ATLAS}&area={filled.areas[0].pk}")
    tops = [
        page.locator(place).first.bounding_box()
        for place in (".pg-map", ".pg-atlas__chosen", ".pg-strip", '[data-part="table"]')
    ]
    heights = [box["y"] for box in tops if box is not None]
    assert len(heights) == 4
    assert heights == sorted(heights)
    assert heights[0] < 600, "the filters are folded"
    assert not page.locator("#id_show").is_visible()
    row = page.locator('[data-part="table"] tbody tr').first
    assert row.evaluate("row => getComputedStyle(row).display") != "table-row"


def test_on_paper_there_is_nothing_to_press(browser_page: BrowserPage, filled: World) -> None:
    page = browser_page(filled.people["head"])
    page.goto(f"{ATLAS}&area={filled.areas[0].pk}")
    page.emulate_media(media="print")
    for control in (".pg-filters", ".pg-atlas__search", ".pg-downloads", "#atlas-link", ".pg-pagination"):
        assert not page.locator(control).first.is_visible(), control
    for content in (".pg-map", ".pg-legend", '[data-part="table"]', ".pg-print-only"):
        assert page.locator(content).first.is_visible(), content
