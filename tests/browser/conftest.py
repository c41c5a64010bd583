"""Chromium for the browser tests, driven through playwright; signed in by session cookie."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.tools import ARGUMENTS, DESKTOP_WIDTH, HEIGHT, PageFaults, chromium_path

HERE = Path(__file__).parent
STEP_MILLISECONDS = 10_000

BrowserPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder as a browser test."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests of a worker."""
    path = chromium_path()
    if path is None:
        # Where Chromium has been installed for the tests, its absence is a fault and no reason to skip.
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("Chromium is not here.")
        pytest.skip("Chromium is not here (Debian: apt-get install chromium)")
    # Playwright keeps an event loop in this thread, and Django then refuses the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def browser_page(browser: Browser, live_server: Any) -> Iterator[BrowserPage]:
    """Opens pages: ``browser_page(user, width=390)``; without a user nobody is signed in.

    Paths are relative to the server: ``page.goto("/")``. At the end of the test each page is checked
    for script errors and for anything the content security policy refused.
    """
    opened = []

    def open_page(
        user: AbstractBaseUser | None = None,
        *,
        width: int = DESKTOP_WIDTH,
        height: int = HEIGHT,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            locale="de-DE",
            timezone_id="Europe/Berlin",
            reduced_motion="reduce",
            **options,
        )
        context.set_default_timeout(STEP_MILLISECONDS)
        if user is not None:
            client = Client()
            client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
        page = context.new_page()
        opened.append((context, PageFaults(page)))
        return page

    yield open_page
    faults = [fault for _, collected in opened for fault in collected.found]
    for context, _ in opened:
        context.close()
    assert not faults, "\n".join(faults)
