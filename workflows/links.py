"""Addresses of pages of the lower apps and of our own, by name."""

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse


def link(name: str, *args: Any, **query: Any) -> str:
    """Address of a page.

    Args:
        name: Name with namespace; an empty one gives an empty address.
        *args: Keys in the path.
        **query: Filters; empty ones are left out.
    """
    if not name:
        return ""
    try:
        path = reverse(name, args=args)
    except NoReverseMatch:
        return ""
    chosen = {key: value for key, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(chosen)}" if chosen else path
