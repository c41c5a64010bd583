"""What is to be remarked on an import, found for whole columns at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitoring.changes import unusual_places
from monitoring.models import Area, Delivery, DeliveryIssue, Indicator, Severity
from monitoring.selectors.figures import Figures as Shown
from monitoring.selectors.figures import figures_delivered, figures_in_force
from monitoring.services.import_rows import Figures

_EXAMPLES: Final = 3
#: Fewer values say nothing about whether shares were meant.
_SHARE_EVIDENCE: Final = 3
#: Nobody goes through more unusual changes one by one; of those beyond only the number is told.
_MOST_UNUSUAL: Final = 1_000
#: Whether an unusual change is secret is asked by whole lines; beyond so many figures that takes minutes.
_MOST_ASKED: Final = 300_000


@dataclass(frozen=True, slots=True)
class Remarks:
    """Hints at the whole file.

    Attributes:
        expected: Number of figures if none were missing.
        issues: The hints, not saved.
    """

    expected: int
    issues: list[DeliveryIssue]


def remarks_on(figures: Figures) -> Remarks:
    """Count what is missing of each indicator, and look for shares where percent are wanted."""
    years = np.unique(figures.years())
    # A look-up instead of a search: 15 million areas are told in a moment.
    occurs = np.zeros(len(figures.areas), bool)
    occurs[figures.area_places()] = True
    areas = np.flatnonzero(occurs)
    parts = list(figures.by_indicator())
    expected = len(areas) * len(years)
    issues: list[DeliveryIssue] = []
    for place, part in parts:
        indicator = figures.indicators[place]
        numbers = figures.values[part][(figures.signs[part] != 1) & ~np.isnan(figures.values[part])]
        if indicator.unit.is_percent and len(numbers) >= _SHARE_EVIDENCE and 0 < numbers.max() <= 1:
            issues.append(_hint("looks_like_share", name=indicator.name))
        count = expected - (part.stop - part.start)
        if count:
            examples = ", ".join(_missing(figures, place, part, areas, years))
            issues.append(
                _hint("missing_values", name=indicator.name, count=count, total=expected, examples=examples)
            )
    return Remarks(expected * len(parts), issues)


def _hint(code: str, **params: str | int) -> DeliveryIssue:
    return DeliveryIssue(severity=Severity.WARNING, code=code, params={**params, "cell": ""})


def _missing(
    figures: Figures, place: int, part: slice, areas: NDArray[np.int64], years: NDArray[np.int64]
) -> Iterator[str]:
    """The first areas and years of which an indicator has no figure."""
    told = 0
    for year in years.tolist():
        wanted = figures.packed(place, areas, np.full(len(areas), year))
        for area in areas[~np.isin(wanted, figures.keys[part])][: _EXAMPLES - told].tolist():
            told += 1
            yield f"{figures.areas[area].name} {year}"
        if told == _EXAMPLES:
            return


@dataclass(slots=True)
class Unusual:
    """Changes since the year before that stick out.

    Attributes:
        count: How many there are.
        found: Place of each in the figures, and the figure of the year before; the first ones.
    """

    count: int = 0
    found: list[tuple[int, float]] = field(default_factory=list)

    def take(self, found: list[tuple[int, float]]) -> None:
        """Add those of one indicator."""
        self.count += len(found)
        self.found += found[: max(_MOST_UNUSUAL - len(self.found), 0)]

    def remarks(self, delivery: Delivery, figures: Figures) -> Iterator[DeliveryIssue]:
        """Hints at those that may be shown.

        Args:
            delivery: With its values written: they are protected within the lines they belong to.
            figures: The same values.
        """
        told = asked = 0
        size = _by_indicator(self.found, figures)
        parts = dict(figures.by_indicator())
        areas = _areas(figures) if size else []
        for place, changes in size.items():
            count = parts[place].stop - parts[place].start
            if asked and asked + count > _MOST_ASKED:
                break
            asked += count
            told += len(changes)
            yield from _told(delivery, figures, figures.indicators[place], areas, changes)
        if self.count > told:
            yield _hint("more", count=self.count - told)


def _by_indicator(found: list[tuple[int, float]], figures: Figures) -> Mapping[int, list[tuple[int, float]]]:
    parts = list(figures.by_indicator())
    ends = [part.stop for _place, part in parts]
    grouped: dict[int, list[tuple[int, float]]] = {}
    for at, before in found:
        place = parts[int(np.searchsorted(ends, at, side="right"))][0]
        grouped.setdefault(place, []).append((at, before))
    return grouped


def _areas(figures: Figures) -> list[Area]:
    return [figures.areas[place] for place in np.unique(figures.area_places()).tolist()]


def _told(
    delivery: Delivery,
    figures: Figures,
    indicator: Indicator,
    areas: list[Area],
    changes: list[tuple[int, float]],
) -> Iterator[DeliveryIssue]:
    own = figures_delivered(delivery, areas, [indicator])
    years = {int(figures.years(slice(at, at + 1))[0]) for at, _before in changes}
    known = figures_in_force(areas, [indicator], years={year - 1 for year in years}, has_means=False)
    rows = sorted((int(figures.years(slice(at, at + 1))[0]), at, before) for at, before in changes)
    for year, at, before in rows:
        area = figures.areas[int(figures.area_places(slice(at, at + 1))[0])]
        if not _is_secret(own, known, indicator, area, year):
            yield DeliveryIssue(
                severity=Severity.WARNING,
                code="unusual_change",
                row=int(figures.rows[at]),
                params={
                    "area": area.name,
                    "area_key": area.key,
                    "indicator": indicator.key,
                    "name": indicator.name,
                    "now": float(figures.values[at]),
                    "before": before,
                    "year": year,
                    "year_before": year - 1,
                },
            )


def _is_secret(own: Shown, known: Shown, indicator: Indicator, area: Area, year: int) -> bool:
    return (
        own.of(indicator, area, year).is_secret
        or own.of(indicator, area, year - 1).is_secret
        or known.of(indicator, area, year - 1).is_secret
    )


def unusual_in(
    figures: Figures, part: slice, known_keys: NDArray[np.int64], known: NDArray[np.float64]
) -> list[tuple[int, float]]:
    """Find unusual changes of one indicator, compared with the other areas in the same year.

    Args:
        figures: All figures.
        part: Those of the indicator.
        known_keys: Keys of what is in force, ordered.
        known: Figures in force; NaN for none. What the file says of the year before goes first.

    Returns:
        Place in the figures and figure of the year before of each, in order of the figures.
    """
    keys, values = figures.keys[part], figures.values[part]
    before = _looked_up(keys - 1, keys, values)
    from_known = _looked_up(keys - 1, known_keys, known)
    before = np.where(np.isnan(before), from_known, before)
    changes = values - before
    years = figures.years(part)
    has_change = ~np.isnan(changes)
    found: list[int] = []
    for year in np.unique(years[has_change]).tolist():
        line = np.flatnonzero(has_change & (years == year))
        found += line[unusual_places(changes[line])].tolist()
    return [(part.start + at, float(before[at])) for at in sorted(found)]


def _looked_up(
    wanted: NDArray[np.int64], keys: NDArray[np.int64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values of the wanted keys, NaN where there is none."""
    if not len(keys):
        return np.full(len(wanted), np.nan)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], np.nan)
