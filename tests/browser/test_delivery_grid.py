"""The form in the browser with a wrong field: by keyboard, on a desk and on a phone."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.browser.conftest import BrowserPage
from tests.browser.tools import (
    DESKTOP_WIDTH,
    HEIGHT,
    PHONE_WIDTH,
    assert_no_axe_findings,
    assert_no_sideways_scroll,
)
from tests.factories import World
from tests.stages import Stages

#: Whether the field with the focus stands above the bar of buttons.
_CAN_BE_SEEN = """() => {
  const field = document.activeElement.getBoundingClientRect();
  return field.top >= 0
    && field.bottom <= document.querySelector(".pg-actions--sticky").getBoundingClientRect().top;
}"""


@pytest.mark.parametrize("width", [DESKTOP_WIDTH, PHONE_WIDTH])
def test_a_wrong_field_is_found_from_the_list_above(
    browser_page: BrowserPage, stages: Stages, world: World, width: int
) -> None:
    asked = stages.at_data().requests.get(organisation=world.youth_office)
    page = browser_page(world.fresh("head"))
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(reverse("workflows:request-fill", args=[asked.pk]))
    fields = page.locator("table[data-grid] input")
    fields.nth(0).fill("7.5")
    fields.last.fill("abc")
    page.get_by_role("button", name="Speichern und prüfen").click()

    summary = page.locator(".pg-error-summary")
    assert summary.evaluate("element => element === document.activeElement")
    assert_no_axe_findings(page)
    assert_no_sideways_scroll(page)
    summary.get_by_role("link").click()
    assert page.evaluate("document.activeElement.value") == "abc"
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    page.wait_for_function(_CAN_BE_SEEN)
    assert fields.nth(0).input_value() == "7.5"

    fields.nth(0).focus()
    for _step in range(3):
        page.keyboard.press("Enter")
        page.wait_for_function(_CAN_BE_SEEN)
    assert page.evaluate("document.activeElement.name") != fields.nth(0).get_attribute("name")
