"""What browser tests ask of a page."""

import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Error, Page

DESKTOP_WIDTH, PHONE_WIDTH = 1440, 390
HEIGHT = 900
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    # WCAG 2.2's own rule, off by default in axe
    "rules": {"target-size": {"enabled": True}},
}


def chromium_path() -> str | None:
    """Find the Chromium of this machine."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class PageFaults:
    """Collects what a visitor would not see but the browser complains of."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        page.on("pageerror", self._script_error)
        page.on("console", self._console)

    def _script_error(self, error: Error) -> None:
        self.found.append(f"script error: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        # A refused page (403, 404) is an error to the console, too; the tests look at that themselves.
        if message.type == "error" and "Content Security Policy" in message.text:
            self.found.append(message.text)


def assert_no_axe_findings(page: Page) -> None:
    """Fail with axe's report if the page as it stands has accessibility faults."""
    results = Axe().run(page, options=AXE_OPTIONS)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail if the page is wider than the window; what is wide must scroll in its own box."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the window"
