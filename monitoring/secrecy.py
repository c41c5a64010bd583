"""Statistical secrecy, decided here and nowhere else: which figures are shown, and which are not.

Counts of people from 1 up to (not including) the threshold are hidden, rates that rest on so few as well, and
with them so many other cells that they cannot be worked out from a total or from the areas above and below.
Plain numbers in and out; ``monitoring.selectors.protection`` brings the figures here for every screen.
"""

from __future__ import annotations

from collections import defaultdict
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


#: To how many a percentage is related.
PERCENT: Final = 100
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


@dataclass(frozen=True, slots=True)
class LevelProtection(Generic[KeyT]):
    """Which cells of one figure are hidden, over all levels of areas.

    Attributes:
        hidden: Keys of the cells that must not be shown.
        open_areas: Cells whose group has no companion for a small one: no total of them may be shown.
    """

    hidden: frozenset[KeyT]
    open_areas: frozenset[KeyT]


def threshold_of(threshold: int | None = None) -> int:
    """The least count that may be shown; from the settings unless given."""
    return settings.SECRECY_THRESHOLD if threshold is None else threshold


def is_small(value: float | None, *, threshold: int | None = None) -> bool:
    """Whether a count is so small that it could point to single people. Zero is not: nobody is meant."""
    return value is not None and 0 < value < threshold_of(threshold)


def count_behind(value: float | None, *, base: float | None, per: int | None) -> float | None:
    """How many people or cases a rate stands for, in whole ones.

    Args:
        value: The rate.
        base: People or cases it refers to.
        per: To how many of them it is related: 100 for percent, 1,000 for "per 1,000 inhabitants".

    Returns:
        The count, at least 1 for a rate above 0; None if the rate says nothing of people (no ``per``, no base
        known, below 0).

        >>> count_behind(0.6, base=2586, per=1000), count_behind(0.01, base=900, per=100)
        (2, 1)
        >>> count_behind(12.5, base=None, per=100)
    """
    if value is None or base is None or not per or value < 0:
        return None
    return 0 if value == 0 else max(round(value * base / per), 1)


def is_rest_small(
    value: float | None, *, base: float | None, per: int | None, threshold: int | None = None
) -> bool:
    """Whether all but a few belong to a share: 99.9 percent of 1,000 leaves one person out."""
    count = count_behind(value, base=base, per=per)
    return (
        count is not None
        and base is not None
        and per == PERCENT
        and is_small(round(base) - count, threshold=threshold)
    )


def stand_in(value: float, *, base: float, per: int, threshold: int | None = None) -> float:
    """What enters a calculation in place of a secret rate: the middle of what is kept secret.

    Whoever works it out from the result learns no more than that the rate is secret.

        >>> stand_in(0.6, base=3000, per=1000, threshold=3), stand_in(99.9, base=1000, per=100, threshold=3)
        (0.5, 99.85)
    """
    middle = min(threshold_of(threshold) / 2 * per / base, per / 2)
    return per - middle if value > per / 2 and per == PERCENT else middle


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
        is_count: Whether the unit counts people or cases (``Unit.is_count``); of a rate alone nobody can tell
            on how many it rests.
        is_hidden: Whether ``protect`` or ``protect_levels`` hides it.
        threshold: Least count that is shown; None for the setting.

    Returns:
        The figure, or a secret one with the sign ".". A small count is hidden whatever ``is_hidden`` says.

        >>> shown_value(2, is_count=True, threshold=3)
        Shown(value=None, sign='.', is_secret=True)
        >>> shown_value(2, is_count=False, threshold=3)
        Shown(value=2, sign='', is_secret=False)
    """
    if value is not None and (is_hidden or (is_count and is_small(value, threshold=threshold))):
        return Shown(None, SIGN_UNKNOWN, is_secret=True)
    return Shown(value, sign)


def protect(
    values: Mapping[KeyT, float | None],
    *,
    groups: Iterable[Collection[KeyT]] | None = None,
    forced: Collection[KeyT] = (),
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
        forced: Cells that are hidden for another reason; they need companions as small ones do.
        threshold: Least count that is shown; None for the setting.

    Source:
        Statistik der Bundesagentur für Arbeit, rules of statistical secrecy (secondary suppression).

        >>> sorted(protect({"a": 1, "b": 3, "c": 9, "d": 0}, threshold=3).hidden)
        ['a', 'b']
    """
    hidden: set[KeyT] = set()
    is_total_safe = True
    for group in [list(values)] if groups is None else groups:
        small = {key for key in group if key in forced or is_small(values.get(key), threshold=threshold)}
        if not small:
            continue
        rest = {key: found for key in group if key not in small and (found := values.get(key)) is not None}
        larger = [found for found in rest.values() if found > 0]
        size = min(larger, default=0)
        companions = {key for key, found in rest.items() if found == size}
        hidden |= small | companions
        is_total_safe = is_total_safe and bool(companions)
    return Protection(frozenset(hidden), is_total_safe)


def protect_levels(
    values: Mapping[KeyT, float | None],
    parents: Mapping[KeyT, KeyT | None],
    *,
    forced: Collection[KeyT] = (),
    is_total_shown: bool = True,
    threshold: int | None = None,
) -> LevelProtection[KeyT]:
    """Protect one figure over all levels of areas as a single table.

    The areas of a municipality add up to its own figure. So where a group of areas holds nothing that a
    small count could hide behind, the figure above them is hidden as well; where a figure above is hidden,
    enough of those below are, or it could be added up again. Each cell hidden that way needs companions in
    its own group. This is repeated until nothing is left to do.

    Args:
        values: Cells of one figure and year by area, whatever the level; None for no figure.
        parents: Area above each area; areas outside of it, or without one, stand on top.
        forced: Cells that are hidden for another reason.
        is_total_shown: Whether the areas on top add up to something that is shown (their mean, their sum).
        threshold: Least count that is shown; None for the setting.

    Returns:
        What is hidden.

        >>> places = {"M1": None, "M2": None, "a": "M1", "b": "M1"}
        >>> found = protect_levels({"M1": 4, "M2": 30, "a": 2, "b": 2}, places, threshold=3)
        >>> sorted(found.hidden), sorted(found.open_areas)
        (['M1', 'M2', 'a', 'b'], ['a', 'b'])
    """
    known = {key: found for key, found in values.items() if found is not None}
    above = {key: _known_above(key, parents, known) for key in known}
    groups: dict[KeyT | None, list[KeyT]] = defaultdict(list)
    below: dict[KeyT, list[KeyT]] = defaultdict(list)
    for key in known:
        groups[parents.get(key)].append(key)
        top = above[key]
        if top is not None:
            below[top].append(key)
    wanted = set(forced) & known.keys()
    while True:
        hidden: set[KeyT] = set()
        open_areas: set[KeyT] = set()
        more: set[KeyT] = set()
        for group in groups.values():
            top = above[group[0]]
            if top is None and not is_total_shown:
                hidden |= {key for key in group if key in wanted or is_small(known[key], threshold=threshold)}
                continue
            found = protect(known, groups=[group], forced=wanted, threshold=threshold)
            hidden |= found.hidden
            if not found.is_total_safe:
                open_areas |= set(group)
                more |= set() if top is None else {top}
        for key in hidden:
            parts = below.get(key)
            if parts and not hidden.intersection(parts):
                more.add(min(parts, key=lambda part: (known[part] <= 0, known[part])))
        if more <= wanted:
            return LevelProtection(frozenset(hidden), frozenset(open_areas))
        wanted |= more


def _known_above(key: KeyT, parents: Mapping[KeyT, KeyT | None], known: Collection[KeyT]) -> KeyT | None:
    """The nearest area above that has a figure."""
    seen = {key}
    top = parents.get(key)
    while top is not None and top not in known and top not in seen:
        seen.add(top)
        top = parents.get(top)
    return top if top in known else None
