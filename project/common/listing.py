"""What all lists share: order by a column, pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

#: Rows a page shows.
PAGE_SIZE = 25
#: Characters of a search that count.
TERM_LENGTH = 100


@dataclasses.dataclass(frozen=True)
class Order:
    """The order a list is shown in.

    Args:
        key: Name of the column in the address.
        is_falling: Whether the greatest comes first.
        by: What the database orders by.
    """

    key: str
    is_falling: bool
    by: list[str]

    @property
    def aria(self) -> str:
        """Value of ``aria-sort`` of the column."""
        return "descending" if self.is_falling else "ascending"


def order_of(request: HttpRequest, columns: Mapping[str, Sequence[str]], default: str) -> Order:
    """The order an address asks for (``?sort=-state``); the default for what is unknown.

    Args:
        request: The request.
        columns: Name of a column -> fields, rising.
        default: Name of a column, with "-" in front for falling.
    """
    wanted = request.GET.get("sort", "")
    if wanted.removeprefix("-") not in columns:
        wanted = default
    key, is_falling = wanted.removeprefix("-"), wanted.startswith("-")
    # The key comes last: without it rows that are equal could change places from page to page.
    fields = [*columns[key], "pk"]
    by = [_turned(field) for field in fields] if is_falling else fields
    return Order(key, is_falling, by)


def _turned(field: str) -> str:
    return field.removeprefix("-") if field.startswith("-") else f"-{field}"


def term_of(request: HttpRequest) -> str:
    """What somebody searches for (``?q=``): words with single spaces, without characters nobody can type.

    A database may refuse those: PostgreSQL fails on a NUL in a text.
    """
    text = "".join(sign if sign.isprintable() else " " for sign in request.GET.get("q", ""))
    return " ".join(text.split())[:TERM_LENGTH]


def page_of(
    request: HttpRequest,
    rows: QuerySet[Any] | Sequence[Any],
    size: int = PAGE_SIZE,
    *,
    count: int | None = None,
) -> Page[Any]:
    """The page of a list an address asks for; an unknown one is the first or last.

    Args:
        request: The request.
        rows: The list in its order.
        size: Rows of a page.
        count: How many there are, where it is known already; None to count them.
    """
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count  # instead of the query behind this cached property
    return paginator.get_page(request.GET.get("page"))
