"""What stands on the pages: every page of a filled scene is read as people read it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.factories import World
from tests.permissions.scene import Scene
from tests.permissions.test_urls import TABLE, addresses
from workflows.forms.decisions import DecisionFilterForm

READERS = ("planner", "admin", "funder_reader")
#: Years from 1900 to 2099 with a dot for thousands; what counts people, or has cents, is no year.
DOTTED_YEAR = re.compile(r"\b(?:1\.9|2\.0)\d\d\b(?!\s+Einwohner|,\d\d)")
ENGINE_WORDS = re.compile(r"deviation_sum|_v1\b")
DOUBLE_STOP = re.compile(r"(?<!\.)\.\.(?!\.)")
WRONG = {"year": DOTTED_YEAR, "two stops": DOUBLE_STOP, "engine word": ENGINE_WORDS}


def text_of(page: str) -> str:
    """Words of a page, one piece a line, as a reader sees them; choices of pick lists belong to them."""
    page = re.sub(r"<(script|style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return html.unescape(re.sub(r"\s*\n\s*", "\n", re.sub(r"<[^>]+>", "\n", page)))


def pages(world: World) -> Iterator[tuple[str, str]]:
    """Name of the address and its text, for each page that a reader may see."""
    scene = Scene(world)
    routes = addresses()
    for reader in READERS:
        person = scene.person(reader)
        assert person is not None
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        for name in TABLE:
            response = client.get(reverse(name, kwargs=scene.kwargs(routes[name])))
            if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                yield f"{reader} {name}", text_of(response.content.decode())


@pytest.mark.walk
@pytest.mark.django_db
def test_pages_read_well(world: World) -> None:
    wrong: list[str] = []
    seen = set()
    for name, text in pages(world):
        seen.add(name)
        for what, pattern in WRONG.items():
            wrong += [
                f"{name}: {what} {found.group()!r} in {_around(text, found)}"
                for found in pattern.finditer(text)
            ]
    assert {"planner workflows:decision-list", "planner monitoring:atlas"} <= seen
    assert wrong == []


def test_the_years_of_the_filter_of_decisions_are_no_amounts() -> None:
    form = DecisionFilterForm({}, years=[2026, 2025])
    with translation.override("de"):
        assert DOTTED_YEAR.search(text_of(str(form["year"]))) is None


def _around(text: str, found: re.Match[str]) -> str:
    return repr(text[max(0, found.start() - 40) : found.end() + 20])
