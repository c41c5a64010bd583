"""Statistical secrecy, decided here and nowhere else: which counts are shown, and which are not.

Counts of people from 1 up to (not including) the threshold are hidden, and with them so many other cells of
the same line that they cannot be worked out from a total. All screens and files ask ``shown_value`` or
``protect``; nothing else decides.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from django.conf import settings

from project.common.formats import SIGN_UNKNOWN

KeyT = TypeVar("KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be said of a figure.

    Attributes:
        value: The number; None if there is none or it is secret.
        sign: Sign of official statistics; "." for a secret one, as for an unknown one.
        is_secret: Whether a number exists that must not be shown.
    """

    value: float | None
    sign: str = ""
    is_secret: bool = False


NO_FIGURE: Final = Shown(None, "")


@dataclass(frozen=True, slots=True)
class Protection(Generic[KeyT]):
    """Which cells of a line are hidden.

    Attributes:
        hidden: Keys of the cells that must not be shown.
        is_total_safe: Whether total and mean of the line may be shown beside the other cells.
    """

    hidden: frozenset[KeyT]
    is_total_safe: bool


def threshold_of(threshold: int | None = None) -> int:
    """The least count that may be shown; from the settings unless given."""
    return settings.SECRECY_THRESHOLD if threshold is None else threshold


def is_small(value: float | None, *, threshold: int | None = None) -> bool:
    """Whether a count is so small that it could point to single people. Zero is not: nobody is meant."""
    return value is not None and 0 < value < threshold_of(threshold)


def shown_value(
    value: float | None,
    sign: str = "",
    *,
    is_count: bool,
    is_hidden: bool = False,
    threshold: int | None = None,
) -> Shown:
    """Say what may be shown of one figure.

    Args:
        value: The figure; None for none.
        sign: Its sign of official statistics.
        is_count: Whether the unit counts people or cases (``Unit.is_count``); rates are shown.
        is_hidden: Whether ``protect`` hides it for the sake of another one.
        threshold: Least count that is shown; None for the setting.

    Returns:
        The figure, or a secret one with the sign ".". A small count is hidden whatever ``is_hidden`` says.

        >>> shown_value(2, is_count=True, threshold=3)
        Shown(value=None, sign='.', is_secret=True)
        >>> shown_value(2, is_count=False, threshold=3)
        Shown(value=2, sign='', is_secret=False)
    """
    if is_count and value is not None and (is_hidden or is_small(value, threshold=threshold)):
        return Shown(None, SIGN_UNKNOWN, is_secret=True)
    return Shown(value, sign)


def protect(
    values: Mapping[KeyT, float | None],
    *,
    groups: Iterable[Collection[KeyT]] | None = None,
    threshold: int | None = None,
) -> Protection[KeyT]:
    """Find the cells of a line of counts that must be hidden so that no total gives a small one away.

    Every cell with a small count is hidden. With it goes the smallest larger count of its group, and every
    cell of the same size: then the hidden cells can be exchanged for one another, each of them has at least
    two possible values, and knowing this rule does not help either. Where no larger count exists, the zeros
    are hidden; where there are none either, the total must not be shown.

    Args:
        values: Cells of one indicator and year by area; None for no figure.
        groups: Cells that add up to a total which is published itself (the areas of a municipality);
            None for one group of all.
        threshold: Least count that is shown; None for the setting.

    Source:
        Statistik der Bundesagentur für Arbeit, rules of statistical secrecy (secondary suppression).

        >>> sorted(protect({"a": 1, "b": 3, "c": 9, "d": 0}, threshold=3).hidden)
        ['a', 'b']
    """
    hidden: set[KeyT] = set()
    is_total_safe = True
    for group in [list(values)] if groups is None else groups:
        small = {key for key in group if is_small(values.get(key), threshold=threshold)}
        if not small:
            continue
        rest = {key: found for key in group if key not in small and (found := values.get(key)) is not None}
        larger = [found for found in rest.values() if found > 0]
        size = min(larger, default=0)
        companions = {key for key, found in rest.items() if found == size}
        hidden |= small | companions
        is_total_safe = is_total_safe and bool(companions)
    return Protection(frozenset(hidden), is_total_safe)
