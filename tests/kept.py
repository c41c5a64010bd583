"""What many tests begin with: built once, then laid down again row by row.

The services take 1,000 statements for the world and as many again for a stage of a cycle; the same rows with
the same keys take a few dozen. Built anew on another day, while a test stands in another time, and for tests
that changed something before.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import pickle
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

import time_machine
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.db import connection, models, transaction
from django.db.models import Max
from django.utils import timezone

from stakeholders.models import User

Built = TypeVar("Built")
#: Content of the database: table -> key -> row.
Content = dict[type[models.Model], dict[Any, tuple[Any, ...]]]
_READS = ("SELECT", "SAVEPOINT", "RELEASE", "PRAGMA")


@dataclasses.dataclass(frozen=True)
class Kept:
    """Statements with their rows, and what the builder returned."""

    statements: list[tuple[str, list[tuple[Any, ...]]]]
    result: bytes

    def lay_down(self) -> Any:
        """Write the rows."""
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, rows in self.statements:
                cursor.executemany(statement, rows)
        return pickle.loads(self.result)


@dataclasses.dataclass
class _State:
    """Which rows the database of the running test holds, as long as nothing else wrote."""

    key: Hashable = None


_KEPT: dict[Hashable, Kept] = {}
_STATE = _State()


def _watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if not sql.startswith(_READS):
        _STATE.key = None
    return execute(sql, params, many, context)


@contextlib.contextmanager
def beginning(build: Callable[[], Built]) -> Iterator[Built]:
    """What ``build`` makes of an empty database, for the time of a test."""
    _STATE.key = None
    if _is_elsewhen() or User.objects.exists():
        yield build()
        return
    last = Max("pk")
    rights = [model.objects.aggregate(last=last)["last"] for model in (Permission, ContentType)]
    # Files lie in memory: who puts another storage in its place for a test leaves an empty one behind.
    key = (timezone.localdate(), storages["default"], *rights)
    result, _STATE.key = _made_or_laid_down(key, build)
    with connection.execute_wrapper(_watch):
        yield result
    _STATE.key = None


def kept(method: Callable[..., Built]) -> Callable[..., Built]:
    """A method that makes rows on top of the beginning: from the second test on they are laid down."""

    @functools.wraps(method)
    def made(self: Any, *args: Any, **kwargs: Any) -> Built:
        key = (_STATE.key, method.__name__, args, tuple(sorted(kwargs.items())))
        if _STATE.key is None or _is_elsewhen() or not _is_hashable(key):
            return method(self, *args, **kwargs)
        result, _key = _made_or_laid_down(key, lambda: method(self, *args, **kwargs))
        return result

    return made


def _is_elsewhen() -> bool:
    """Whether the test stands in another time than ours, by the one clock or the other."""
    now = datetime.datetime.now(tz=datetime.UTC)
    return time_machine.escape_hatch.is_travelling() or abs(timezone.now() - now) > datetime.timedelta(
        minutes=1
    )


def _is_hashable(key: Any) -> bool:
    try:
        hash(key)
    except TypeError:
        return False
    return True


def _made_or_laid_down(key: Hashable, build: Callable[[], Built]) -> tuple[Built, Hashable]:
    if key not in _KEPT:
        before = _content()
        result = build()
        _KEPT[key] = Kept(_difference(before, _content()), pickle.dumps(result))
        return result, key
    again: Built = _KEPT[key].lay_down()
    return again, key


def _content() -> Content:
    content: Content = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if not model._meta.managed or model._meta.proxy:
                continue
            columns, key = _columns(model)
            cursor.execute(f"SELECT {', '.join(columns)} FROM {_quoted(model._meta.db_table)}")
            content[model] = {row[key]: row for row in cursor.fetchall()}
    return content


def _columns(model: type[models.Model]) -> tuple[list[str], int]:
    fields = model._meta.local_concrete_fields
    return [_quoted(field.column) for field in fields], [field.primary_key for field in fields].index(True)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _difference(before: Content, after: Content) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Statements that make the one of the other; foreign keys are looked at when all is done."""
    statements = []
    for model, rows in after.items():
        columns, key = _columns(model)
        table, known = _quoted(model._meta.db_table), before[model]
        changed = [pk for pk, row in known.items() if rows.get(pk) != row]
        if changed:
            statements.append((f"DELETE FROM {table} WHERE {columns[key]} = %s", [(pk,) for pk in changed]))
        new = [row for pk, row in rows.items() if known.get(pk) != row]
        if new:
            marks = ", ".join(["%s"] * len(columns))
            statements.append((f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", new))
    return statements
