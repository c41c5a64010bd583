"""Looks through many pages and collects what is wrong with each."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.tools import AXE_OPTIONS, DESKTOP_WIDTH, HEIGHT, PHONE_WIDTH

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDTHS = (DESKTOP_WIDTH, PHONE_WIDTH)


class Inspection:
    """Opens pages one after the other; ``finish`` fails with all that was found, page by page."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.seen: list[str] = []

    def open(self, page: Page, url: str, name: str, *, status: int = 200) -> None:
        """Open a page and look at it at both widths."""
        page.set_viewport_size({"width": DESKTOP_WIDTH, "height": HEIGHT})
        response = page.goto(url)
        assert response is not None
        self.seen.append(name)
        if response.status != status:
            self.found.append(f"{name} {url}: answers {response.status} instead of {status}")
            return
        self.look(page, name)

    def look(self, page: Page, name: str) -> None:
        """Look at the page as it stands at both widths; the page stays at the width of a desk."""
        for width in reversed(WIDTHS):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            wide = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if wide > 0:
                self.found.append(f"{name} at {width} px: {wide} px too wide")
            results = Axe().run(page, options=AXE_OPTIONS)
            for violation in results.response["violations"]:
                nodes = violation["nodes"][:3]
                where = "; ".join(
                    f"{' '.join(map(str, node['target']))}: {node['html'][:160]}" for node in nodes
                )
                self.found.append(f"{name} at {width} px: {violation['id']} ({violation['help']}) {where}")

    def finish(self) -> None:
        """Fail with everything found."""
        assert not self.found, f"{len(self.seen)} pages\n" + "\n".join(self.found)
