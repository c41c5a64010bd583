"""Writing very many values at once: COPY on PostgreSQL, executemany elsewhere; the same rows either way.

This is past ``save()`` and its signals. What they would guarantee is held by the constraints of the table,
which the database checks as always, and by the caller, who writes the audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final, NamedTuple

from django.db import connection

from monitoring.models import Delivery, Value

_COLUMNS: Final = ("indicator_id", "area_id", "year", "value", "sign", "delivery_id", "is_current")
_NULL: Final = "\\N"


class Rows(NamedTuple):
    """Some values, column by column.

    Attributes:
        indicators: Keys of the rows of the table of indicators.
        areas: Keys of the rows of the table of areas.
        years: The years.
        values: The figures; NaN for none.
        signs: Signs of official statistics; "" for none.
    """

    indicators: Sequence[int]
    areas: Sequence[int]
    years: Sequence[int]
    values: Sequence[float]
    signs: Sequence[str]


def values_store(delivery: Delivery, chunks: Iterable[Rows], *, is_current: bool) -> None:
    """Write values of a delivery; call it within a transaction.

    Args:
        delivery: Stored already.
        chunks: Some ten thousand rows each.
        is_current: Whether they are in force; those they succeed must have lost the mark before.

    Raises:
        IntegrityError: A constraint is broken, some of them at the end of the transaction only.
    """
    columns = ", ".join(connection.ops.quote_name(name) for name in _COLUMNS)
    table = connection.ops.quote_name(Value._meta.db_table)
    if connection.vendor == "postgresql":
        _copy(f"COPY {table} ({columns}) FROM STDIN", delivery, chunks, is_current=is_current)
    else:
        marks = ", ".join(["%s"] * len(_COLUMNS))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  our own names
        _insert(sql, delivery, chunks, is_current=is_current)


def _copy(sql: str, delivery: Delivery, chunks: Iterable[Rows], *, is_current: bool) -> None:
    end = f"{delivery.pk}\t{'t' if is_current else 'f'}\n"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        for rows in chunks:
            values = [_NULL if value != value else repr(value) for value in rows.values]
            lines = zip(
                map(str, rows.indicators), map(str, rows.areas), map(str, rows.years), values, rows.signs,
                repeat(end),
            )  # fmt: skip
            copy.write("".join(map("\t".join, lines)))


def _insert(sql: str, delivery: Delivery, chunks: Iterable[Rows], *, is_current: bool) -> None:
    with connection.cursor() as cursor:
        for rows in chunks:
            # A list for each chunk: Django keeps what an iterator has given until the statement ends.
            cursor.executemany(sql, list(_tuples(rows, delivery.pk, is_current=is_current)))


def _tuples(rows: Rows, delivery: int, *, is_current: bool) -> Iterator[tuple[float | str | None, ...]]:
    values = (None if value != value else value for value in rows.values)
    return zip(
        rows.indicators, rows.areas, rows.years, values, rows.signs, repeat(delivery), repeat(is_current)
    )
