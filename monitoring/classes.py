"""Classes of a map: where their borders lie and what the legend says; plain numbers, no database."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.charts import LegendEntry
from project.common.formats import as_written
from project.common.palette import NONE_CSS, ZERO_CSS, shade_css


class ClassMethod(StrEnum):
    """How figures are put into classes."""

    #: About as many areas in each.
    QUANTILES = "quantiles"
    #: Classes of the same width.
    EQUAL = "equal"
    #: As little difference as possible within the classes.
    NATURAL = "natural"
    #: A standard deviation wide, around the mean.
    DEVIATIONS = "deviations"
    #: Of an index: the highest class are the areas that stand out.
    BORDER = "border"


LEAST_CLASSES: Final = 3
MOST_CLASSES: Final = 7
DEFAULT_CLASSES: Final = 5


@dataclass(frozen=True, slots=True)
class Classing:
    """Borders of classes, and whether zero is a class of its own.

    Attributes:
        borders: Rising; a figure on a border belongs to the lower class.
        has_zero: Whether areas with zero stand apart: nothing is something else than little.
    """

    borders: tuple[float, ...]
    has_zero: bool = False

    @property
    def count(self) -> int:
        """Number of classes without zero and without "no value"."""
        return len(self.borders) + 1

    def place(self, value: float | None) -> int | None:
        """Class of a figure: 1 for the lowest, 0 for zero apart, None without a figure."""
        if value is None:
            return None
        if self.has_zero and value == 0:
            return 0
        return 1 + bisect.bisect_left(self.borders, value)

    def css(self, value: float | None) -> str:
        """Class name of the fill of a figure."""
        place = self.place(value)
        if place is None:
            return NONE_CSS
        return ZERO_CSS if place == 0 else shade_css(place, self.count)


def classing_of(
    values: Sequence[float | None],
    method: ClassMethod,
    count: int,
    *,
    places: int | None = None,
    zero_is_none: bool = True,
) -> Classing:
    """Find the classes of some figures.

    Args:
        values: As they are shown; None for no figure.
        method: Any but ``BORDER``, whose borders come from the run.
        count: Number of classes wanted, 3 to 7; fewer where figures repeat.
        places: Decimals the borders are rounded to; with those of the figures the legend is exact.
        zero_is_none: Whether zero says that there is nobody. Of a change or an index it is one figure among
            others.

        >>> classing_of([0, 0, 1, 2, 3, None], ClassMethod.QUANTILES, 3)
        Classing(borders=(1, 2), has_zero=True)
        >>> classing_of([1.0, 2.0, 9.0], ClassMethod.EQUAL, 4, places=1).borders
        (3.0, 5.0, 7.0)
    """
    numbers = [value for value in values if value is not None]
    # Where figures may be below zero, zero is one among them.
    has_zero = zero_is_none and any(number == 0 for number in numbers) and min(numbers) >= 0
    has_zero = has_zero and max(numbers) > 0
    if has_zero:
        numbers = [number for number in numbers if number != 0]
    if not numbers:
        return Classing((), has_zero)
    count = min(max(count, LEAST_CLASSES), MOST_CLASSES)
    if method is ClassMethod.QUANTILES:
        return Classing(tuple(quantile_borders(numbers, count)), has_zero)
    find = {
        ClassMethod.EQUAL: _equal,
        ClassMethod.NATURAL: natural_borders,
        ClassMethod.DEVIATIONS: _deviations,
    }[method]
    borders = find(numbers, count)
    if places is not None:
        borders = [as_written(border, places) or 0.0 for border in borders]
    return Classing(tuple(sorted({border for border in borders if border < max(numbers)})), has_zero)


def quantile_borders(values: Sequence[float | None], classes: int = DEFAULT_CLASSES) -> list[float]:
    """Borders that put about as many areas into each class; fewer where values repeat.

    Args:
        values: Figures of the areas; None for no data.
        classes: Number of classes.

    Returns:
        Up to ``classes - 1`` rising borders, each the highest value of a class.

        >>> quantile_borders([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, None])
        [2, 4, 6, 8]
        >>> quantile_borders([1, 1, 1, 1, 9])
        [1]
    """
    numbers = sorted(value for value in values if value is not None)
    if not numbers:
        return []
    picks = {numbers[math.ceil(len(numbers) * share / classes) - 1] for share in range(1, classes)}
    return sorted(border for border in picks if border < numbers[-1])


def _equal(numbers: Sequence[float], count: int) -> list[float]:
    low, high = min(numbers), max(numbers)
    return [low + (high - low) * step / count for step in range(1, count)]


def _deviations(numbers: Sequence[float], count: int) -> list[float]:
    """Borders a standard deviation (population) apart; an even number of classes has one at the mean."""
    mean = math.fsum(numbers) / len(numbers)
    sd = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
    if sd == 0:
        return []
    return [mean + (step - count / 2) * sd for step in range(1, count)]


def natural_borders(numbers: Sequence[float], count: int) -> list[float]:
    """Borders that leave as little squared deviation within the classes as possible.

    Args:
        numbers: At least one.
        count: Number of classes; fewer if there are fewer different figures.

    Returns:
        The highest figure of each class but the last.

    Source:
        Fisher, J. Am. Stat. Assoc. 53 (1958), 789-798; known in maps by the name of Jenks.

        >>> natural_borders([1, 2, 1, 10, 11, 50], 3)
        [2.0, 11.0]
    """
    unique, weights = np.unique(np.asarray(numbers, dtype=float), return_counts=True)
    size = len(unique)
    count = min(count, size)
    # Sums up to each place: the squared deviation of any piece follows from three differences.
    centred = unique - unique.mean()
    weight = np.concatenate(([0.0], np.cumsum(weights)))
    total = np.concatenate(([0.0], np.cumsum(weights * centred)))
    square = np.concatenate(([0.0], np.cumsum(weights * centred**2)))

    def within(begins: np.ndarray, end: int) -> np.ndarray:
        part = total[end] - total[begins]
        return np.asarray(square[end] - square[begins] - part**2 / (weight[end] - weight[begins]))

    best = np.array([0.0, *(float(within(np.array([0]), end)[0]) for end in range(1, size + 1))])
    cuts: list[np.ndarray] = []
    for classes in range(2, count + 1):
        after, cut = np.full(size + 1, np.inf), np.zeros(size + 1, dtype=int)
        for end in range(classes, size + 1):
            begins = np.arange(classes - 1, end)
            costs = best[begins] + within(begins, end)
            place = int(np.argmin(costs))
            after[end], cut[end] = costs[place], begins[place]
        best = after
        cuts.append(cut)
    borders, end = [], size
    for cut in reversed(cuts):
        end = int(cut[end])
        borders.append(float(unique[end - 1]))
    return borders[::-1]


def why_fewer(values: Sequence[float | None], classing: Classing, method: ClassMethod, count: int) -> str:
    """Say why there are fewer classes than were chosen; "" if there are as many.

    Args:
        values: Figures of the areas; None for no figure.
        classing: Their classes.
        method: How they were made; the classes of a run are as many as the run says.
        count: Number of classes chosen.
    """
    if method is ClassMethod.BORDER or classing.count >= count or all(value is None for value in values):
        return ""
    found = classing.count
    different = {value for value in values if value is not None and classing.place(value) != 0}
    names = {"count": found, "wanted": count, "different": len(different)}
    if len(different) == 1:
        text = _("One class instead of %(wanted)s: there is only one figure.")
    elif len(different) < count:
        text = ngettext(
            "%(count)s class instead of %(wanted)s: there are only %(different)s different figures.",
            "%(count)s classes instead of %(wanted)s: there are only %(different)s different figures.",
            found,
        )
    elif method is ClassMethod.DEVIATIONS:
        text = ngettext(
            "%(count)s class instead of %(wanted)s: no area lies so far above the mean.",
            "%(count)s classes instead of %(wanted)s: no area lies so far above the mean.",
            found,
        )
    elif method is ClassMethod.QUANTILES:
        text = ngettext(
            "%(count)s class instead of %(wanted)s: many areas with the same figure share one.",
            "%(count)s classes instead of %(wanted)s: many areas with the same figure share one.",
            found,
        )
    else:
        text = ngettext(
            "%(count)s class instead of %(wanted)s: as written, some borders would be the same.",
            "%(count)s classes instead of %(wanted)s: as written, some borders would be the same.",
            found,
        )
    return text % names


def legend_of(
    values: Sequence[float | None], classing: Classing, *, write: Callable[[float], str]
) -> list[LegendEntry]:
    """Say what the classes mean and how many areas are in each.

    Args:
        values: Figures of the areas; None for no figure.
        classing: Their classes.
        write: How to write a figure.

    Returns:
        Zero first if it stands apart, then the lowest class; "no value" last, if there is any.
    """
    places = [classing.place(value) for value in values]
    entries = []
    if classing.has_zero:
        entries.append(LegendEntry(ZERO_CSS, _("%(zero)s (none)") % {"zero": write(0.0)}, places.count(0)))
    if any(places):
        entries += [
            LegendEntry(
                shade_css(place, classing.count), _range_text(classing, place, write), places.count(place)
            )
            for place in range(1, classing.count + 1)
        ]
    if None in places:
        entries.append(LegendEntry(NONE_CSS, _("no value shown"), places.count(None)))
    return entries


def _range_text(classing: Classing, place: int, write: Callable[[float], str]) -> str:
    borders = classing.borders
    names = {
        "low": write(borders[place - 2]) if place > 1 else "",
        "high": write(borders[place - 1]) if place <= len(borders) else "",
    }
    if not borders:
        return _("all areas with a figure") if classing.has_zero else _("all areas alike")
    if place == 1:
        return (_("above zero to %(high)s") if classing.has_zero else _("up to %(high)s")) % names
    if place == classing.count:
        return _("above %(low)s") % names
    return _("above %(low)s to %(high)s") % names
