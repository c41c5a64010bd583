"""Queries that are put into SQL once for each process and then asked again and again with other keys.

Composing a query with many conditions costs Django several times what the database needs to answer it. Pages
that hundreds ask every second keep the SQL; the answer is read anew from the database each time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

#: Stand for the keys while the SQL is made; no row has them, and they fit into every integer column.
_MARKS: Final = (-2_000_000_011, -2_000_000_033, -2_000_000_057)


class Prepared:
    """A query of ``values_list`` with integer keys left open."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], keys: int) -> None:
        """Keep how the query is built.

        Args:
            build: Called once with that many keys; builds the query from them and from nothing that changes.
            keys: How many keys it takes, up to three.
        """
        self._build, self._marks = build, _MARKS[:keys]
        self._made: dict[str, tuple[str, tuple[Any, ...]]] = {}
        self._lock = threading.Lock()

    def first(self, *keys: int) -> tuple[Any, ...] | None:
        """The first row as the database gives it, without conversion; None for none. Queries: 1."""
        sql, params = self._sql()
        filled = dict(zip(self._marks, keys, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(
                sql, [filled.get(value, value) if isinstance(value, int) else value for value in params]
            )
            row: tuple[Any, ...] | None = cursor.fetchone()
        return row

    def _sql(self) -> tuple[str, tuple[Any, ...]]:
        with self._lock:
            if connection.vendor not in self._made:
                sql, params = self._build(*self._marks).query.sql_with_params()
                assert set(self._marks) <= set(params), "a key is no parameter of the query"
                self._made[connection.vendor] = (sql, params)
            return self._made[connection.vendor]
