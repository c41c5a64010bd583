"""The tools of the browser tests find what they are for."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.tools import PHONE_WIDTH, assert_no_axe_findings, assert_no_sideways_scroll

GOOD = """<!doctype html><html lang="de"><head><title>Gut</title></head>
<body><main><h1>Gut</h1><label>Name <input></label></main></body></html>"""


@pytest.fixture
def page(browser: Browser):
    page = browser.new_page(viewport={"width": PHONE_WIDTH, "height": 800})
    yield page
    page.close()


def test_axe_passes_a_good_page(page: Page):
    page.set_content(GOOD)

    assert_no_axe_findings(page)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("<img src='x.png'>", "image-alt"),
        ("<p style='color:#ccc;background:#fff'>blass</p>", "color-contrast"),
        ("<button style='display:block;width:9px;height:9px;padding:0'>a</button>" * 2, "target-size"),
    ],
)
def test_axe_reports_a_fault(page: Page, fault: str, rule: str):
    page.set_content(GOOD.replace("</main>", f"{fault}</main>"))

    with pytest.raises(AssertionError, match=rule):
        assert_no_axe_findings(page)


def test_sideways_scroll_is_found(page: Page):
    page.set_content(GOOD)
    assert_no_sideways_scroll(page)

    page.set_content(GOOD.replace("<h1>", "<h1 style='width:500px'>"))
    with pytest.raises(AssertionError, match="wider than the window"):
        assert_no_sideways_scroll(page)


def test_axe_works_under_our_content_security_policy(page: Page):
    page.route(
        "http://policy.test/",
        lambda route: route.fulfill(
            body=GOOD, content_type="text/html", headers={"Content-Security-Policy": "default-src 'self'"}
        ),
    )
    page.goto("http://policy.test/")

    assert_no_axe_findings(page)
