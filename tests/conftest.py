"""The cast and its world."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.color import Style
from django.core.management.commands import flush
from django.core.management.sql import emit_post_migrate_signal, sql_flush
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import get_resolver
from django.utils import translation
from hypothesis import HealthCheck, settings

from project.messages import compile_messages
from stakeholders.models import User
from tests.factories import World, make_world
from tests.kept import beginning
from tests.stages import Stages
from workflows.fragments import Fragments
from workflows.views import rooms

# Laws are about results: how long an example takes on a busy machine says nothing.
settings.register_profile("passgenau", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("passgenau")
# A plain pytest on a fresh clone has no compiled texts yet.
compile_messages()


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks the database, by itself or by what it begins with."""
    if item.get_closest_marker("django_db") or "db" in getattr(item, "fixturenames", ()):
        item.add_marker("database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first: at the end, one worker would wait for the other."""
    items.sort(key=lambda item: not any(item.iter_markers("walk")) and not any(item.iter_markers("history")))


def pytest_collection_finish() -> None:
    """Addresses are mounted, as the first request does: flows know where their pages are from then on.

    What was imported stays: looking through it for garbage again took a twentieth of the time.
    """
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _sql_flush(_style: Style, connection: BaseDatabaseWrapper, **_options: Any) -> list[str]:
    """Rights outlast the emptying of the tables: made anew, they took most of its time and other keys.

    Rows are deleted: to truncate 200 tables, PostgreSQL makes as many files anew, which takes seconds.
    """
    kept_on = {model._meta.db_table for model in (ContentType, Permission)}
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    return [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted(tables - kept_on)]


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """No rights to be made."""


setattr(flush, sql_flush.__name__, _sql_flush)
setattr(flush, emit_post_migrate_signal.__name__, _nothing)


@pytest.fixture(autouse=True)
def german_again() -> Iterator[None]:
    """A request leaves its language with the thread; the next test begins in German all the same."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_kept_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of rooms and frozen clocks repeat from test to test; a server sees each of them once."""
    monkeypatch.setattr(rooms, "_FRAGMENTS", Fragments())


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """A district with its people, and a neighbour."""
    with beginning(make_world) as made:
        yield made


@pytest.fixture
def stages(world: World) -> Stages:
    """Cycles at any stage: ``stages.at_conference()`` etc., reached through the engine."""
    return Stages(world)


@pytest.fixture
def client_as() -> Callable[[User], Client]:
    """A client signed in as a person."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


def _cast(name: str) -> Callable[[World], User]:
    def member(world: World) -> User:
        return world.people[name]

    member.__doc__ = f"The {name}."
    return pytest.fixture(name=name)(member)


planner = _cast("planner")
planning_head = _cast("planning_head")
head = _cast("head")
specialist = _cast("specialist")
chair = _cast("chair")
member = _cast("member")
jobcenter_head = _cast("jobcenter_head")
association_head = _cast("association_head")
provider_head = _cast("provider_head")
funder_reader = _cast("funder_reader")
outsider = _cast("outsider")
admin = _cast("admin")
