"""Headings and names as people write them, and which area is meant by a key nobody knows."""

import difflib
from collections.abc import Mapping
from typing import Final

# How alike a key has to be to be suggested: one digit of eight is another one.
_ALIKE: Final = 0.85


def folded(text: str) -> str:
    """A heading or name as it is compared: without case, underscores and blanks too many."""
    return " ".join(text.casefold().replace("_", " ").split())


def same_name(given: str, known: str) -> bool:
    """Compare names without additions such as ", Stadt"."""
    first, second = (folded(name.partition(",")[0]) for name in (given, known))
    return first == second


def suggested_area(areas: Mapping[str, str], key: str, name: str = "") -> str | None:
    """Key of the area that may be meant: by its name, else by a similar key.

    Args:
        areas: Key and name of each area.
        key: The key nobody knows; perhaps a name that stands in its place.
        name: The name beside it, if there is one.
    """
    for text in (name, key):
        named = [known for known, other in areas.items() if text and same_name(text, other)]
        if named:
            return named[0]
    return next(iter(difflib.get_close_matches(key, areas, n=1, cutoff=_ALIKE)), None)
