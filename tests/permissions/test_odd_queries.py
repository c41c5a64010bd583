"""Whatever stands behind the question mark of an address: a page, or "no such thing", never a failure."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import World
from tests.permissions.scene import Scene
from tests.permissions.test_urls import TABLE, addresses

#: Names that pages read from their address: filters, order, pages, exports.
# fmt: off
NAMES = [
    "about", "action", "area", "areas", "compare", "cycle", "domain", "edit", "export", "field",
    "indicator", "only", "organisation", "page", "programme", "q", "recommendation", "result",
    "round", "run", "scope", "show", "since", "sort", "stage", "state", "status", "term", "until",
    "year",
]
# fmt: on
#: Names of what a page is about; an odd one may well be "no such thing", which hides what is read after it.
CHOICES = ("against", "body", "kind", "parent", "territory", "version")

#: A digit that is none, more digits than a column takes, more than Python reads, a byte no text may hold.
VALUES = ("²", "9" * 26, "9" * 5000, "\x00", "\x00ab")


@pytest.mark.django_db
def test_no_address_fails_for_an_odd_query(world: World) -> None:
    scene = Scene(world)
    client = Client(raise_request_exception=False)
    client.force_login(world.fresh("planner"), backend="django.contrib.auth.backends.ModelBackend")
    routes = addresses()
    mixed = "q=²&page=²&area=99999999999999999999999999&sort=x&year=²"
    queries = [mixed, *(urlencode(dict.fromkeys(NAMES, value)) for value in VALUES)]
    queries += [urlencode(dict.fromkeys(CHOICES, value)) for value in VALUES[:2]]
    failed = [
        f"{name}?{query[:60]}"
        for name, line in TABLE.items()
        if line.split()[0] == "200"
        for query in queries
        if client.get(f"{reverse(name, kwargs=scene.kwargs(routes[name]))}?{query}").status_code >= 500
    ]
    assert failed == []


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["²", "9" * 25, "x", "-1"])
def test_taking_tasks_by_an_odd_key_takes_nothing(world: World, key: str) -> None:
    client = Client()
    client.force_login(world.fresh("planner"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(reverse("workflows:tasks-take"), {"task": key}).status_code == 302
