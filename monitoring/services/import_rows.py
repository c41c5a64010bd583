"""What an import takes of a file: 21 bytes a value, checked as every delivery is, ordered as it is stored."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
from django.utils import timezone, translation
from numpy.typing import NDArray

from monitoring.issues import issue_message
from monitoring.models import Area, DeliveryIssue, Indicator, Severity
from monitoring.services.value_store import Rows
from monitoring.sources import Reading
from monitoring.sources.blocks import Block
from monitoring.sources.reading import Dimensions
from project.common.formats import SIGN_LIMITED, SIGN_NOTHING
from project.common.keys import place_of
from stakeholders.models import Organisation

_MOST_LINES: Final = 1_000
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
#: Years of a place in the packed key: more than there can be.
_YEARS: Final = 256
#: Figures of districts have at most ten digits before the decimal point.
_TOO_BIG: Final = 1e12
_SIGNS: Final = ("", SIGN_NOTHING, ".", "/", "x", "...", SIGN_LIMITED)
_SIGN_PLACES: Final = {sign: place for place, sign in enumerate(_SIGNS)}
#: Rows handed on at a time.
_CHUNK: Final = 20_000
_NONE: Final = -1
_Part = slice | NDArray[np.int32]
#: Texts kept at hand for a column.
_KEPT: Final = 200_000


class ImportFailedError(Exception):
    """Nothing was saved.

    Args:
        lines: What is wrong, a line each.
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a file is meant.

    Attributes:
        variables: Names in the file and keys of indicators; without any, names and keys of indicators are
            looked for, and other variables are errors.
        where: Attributes that a row has to have, such as Geschlecht: weiblich.
        own_areas_only: Leave rows of areas out that the territory does not have, instead of refusing them.
        year: Of figures without one.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)
    own_areas_only: bool = False
    year: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures taken of a file, ordered by indicator, area and year.

    Attributes:
        keys: Indicator, area and year of each, packed into one number.
        values: The figures; NaN for none.
        signs: Places in the signs of official statistics.
        rows: Rows of the file.
        areas: Areas the places in the keys mean; not all of them need to occur.
        indicators: The same of indicators.
    """

    keys: NDArray[np.int64]
    values: NDArray[np.float64]
    signs: NDArray[np.int8]
    rows: NDArray[np.int32]
    areas: Sequence[Area]
    indicators: Sequence[Indicator]

    def packed(self, indicator: int, areas: NDArray[np.int64], years: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keys of an indicator, by its place, for areas, by their places, and years."""
        return (indicator * len(self.areas) + areas) * _YEARS + (years - _FIRST_YEAR)

    def years(self, part: _Part = slice(None)) -> NDArray[np.int64]:
        """Year of each."""
        return self.keys[part] % _YEARS + _FIRST_YEAR

    def area_places(self, part: _Part = slice(None)) -> NDArray[np.int64]:
        """Place of the area of each."""
        return self.keys[part] // _YEARS % len(self.areas)

    def by_indicator(self) -> Iterator[tuple[int, slice]]:
        """Place of each indicator that occurs, and where its figures stand."""
        size = _YEARS * len(self.areas)
        borders = np.searchsorted(self.keys, np.arange(len(self.indicators) + 1) * size)
        for place, (begin, end) in enumerate(pairwise(borders.tolist())):
            if begin < end:
                yield place, slice(begin, end)

    def chunks(self) -> Iterator[Rows]:
        """All of them, as they are stored: area by area.

        Each index of the table then grows at its end or, by indicator, at as many places as there are
        indicators, which stay at hand; the other way round it would be as many as there are areas.
        """
        areas = np.array([row.pk for row in self.areas], np.int64)
        indicators = np.array([row.pk for row in self.indicators], np.int64)
        size = _YEARS * len(self.areas)
        order = np.argsort(self.area_places().astype(np.int32), kind="stable").astype(np.int32)
        for begin in range(0, len(order), _CHUNK):
            part = order[begin : begin + _CHUNK]
            yield Rows(
                indicators[self.keys[part] // size].tolist(),
                areas[self.area_places(part)].tolist(),
                self.years(part).tolist(),
                self.values[part].tolist(),
                [_SIGNS[place] for place in self.signs[part].tolist()],
            )


class _Places(dict[Any, int]):
    """Place of what a text means, worked out once; -1 if a second look is needed."""

    def __init__(self, find: Callable[[Any], int]) -> None:
        self._find = find

    def __missing__(self, key: Any) -> int:
        if len(self) >= _KEPT:
            self.clear()
        found = self[key] = self._find(key)
        return found

    def of(self, texts: Sequence[Any]) -> NDArray[np.int64]:
        """Places of many."""
        return np.fromiter(map(self.__getitem__, texts), np.int64, len(texts))


class Matcher:
    """Takes what is meant of a file, row by row or many at a time, and says what is wrong.

    Args:
        territory: Planning authority whose areas valid today are meant.
        choice: What is meant.

    Attributes:
        is_official: Whether the file is one of a statistics office, of which only totals are meant; set it
            before anything is taken.
        left_out: Rows that were not meant, by reason.
    """

    def __init__(self, territory: Organisation, choice: Choice) -> None:
        self.choice = choice
        self.is_official = False
        self._unknown: list[str] = []
        self._lines: list[tuple[int, str]] = []
        self.left_out: Counter[str] = Counter()
        self._wrong_count = 0
        self._implausible: list[DeliveryIssue] = []
        self._implausible_count = 0
        self._areas = list(Area.objects.filter(territory=territory).valid_on(timezone.localdate()))
        self._exact = {area.key: place for place, area in enumerate(self._areas)}
        self._same: dict[str, list[int]] = defaultdict(list)
        for place, area in enumerate(self._areas):
            self._same[place_of(area.key)].append(place)
        self._indicators = list(Indicator.objects.select_related("unit"))
        self._named = self._names()
        self._is_percent = np.array([row.unit.is_percent for row in self._indicators], bool)
        self._is_count = np.array([row.unit.is_count for row in self._indicators], bool)
        self._area_places = _Places(self._area)
        self._indicator_places = _Places(lambda name: self._named.get(name, _NONE))
        self._meant = _Places(lambda dimensions: 0 if self._is_meant(dimensions) else _NONE)
        self._years = _Places(self._year)
        self._keys, self._values = array("q"), array("d")
        self._signs, self._rows = array("b"), array("i")

    def _names(self) -> dict[str, int]:
        """Place of each indicator by what the file may call it."""
        known = {row.key: place for place, row in enumerate(self._indicators)}
        if not self.choice.variables:
            return {
                name: place
                for place, row in enumerate(self._indicators)
                for name in (row.key, row.name_de, row.name_en)
            }
        named = {name: known.get(key, _NONE) for name, key in self.choice.variables.items()}
        for name, key in self.choice.variables.items():
            if named[name] == _NONE:
                self._unknown.append(f"There is no indicator with the key {key}.")
        return {name: place for name, place in named.items() if place != _NONE}

    def take_block(self, block: Block) -> None:
        """Take many rows; those that need a second look are taken one by one."""
        indicators = self._indicator_places.of(block.variables)
        areas = self._area_places.of(block.keys)
        years = self._years.of(block.periods)
        values = block.values()
        is_fine = (indicators >= 0) & (areas >= 0) & (years >= 0) & (self._meant.of(block.dimensions) >= 0)
        if not self._indicators:
            is_fine[:] = False
        else:
            is_fine &= self._are_plausible(values, indicators)
        numbers = np.array(block.numbers, np.int32)
        if not is_fine.all():
            for place in np.flatnonzero(~is_fine).tolist():
                self.take(block.reading(place))
            indicators, areas, years = indicators[is_fine], areas[is_fine], years[is_fine]
            values, numbers = values[is_fine], numbers[is_fine]
        keys = (indicators * len(self._areas) + areas) * _YEARS + (years - _FIRST_YEAR)
        self._keys.frombytes(keys.tobytes())
        self._values.frombytes(values.tobytes())
        self._signs.frombytes(bytes(len(keys)))
        self._rows.frombytes(numbers.tobytes())

    def _are_plausible(self, values: NDArray[np.float64], indicators: NDArray[np.int64]) -> NDArray[np.bool_]:
        percent, count = self._is_percent[indicators], self._is_count[indicators]
        fine: NDArray[np.bool_] = (
            (np.abs(values) < _TOO_BIG)
            & ((values >= 0) | ~(percent | count))
            & ((values <= 100) | ~percent)
            & ((values == np.floor(values)) | ~count)
        )
        return fine

    def take(self, row: Reading) -> None:
        """Take one row, leave it out, or say what is wrong with it."""
        indicator = self._indicator_places[row.variable]
        if indicator == _NONE:
            if self.choice.variables:
                self.left_out["other variables"] += 1
            else:
                self._wrong(row, row.variable, "No indicator has this name. Say which by --variable.")
            return
        if self._meant[row.dimensions] == _NONE:
            self.left_out["other attributes"] += 1
            return
        area = self._area_places[row.area_key]
        if area == _NONE:
            if self.choice.own_areas_only:
                self.left_out["other areas"] += 1
            else:
                self._wrong(row, row.area_key or row.area_name, "The territory has no such area.")
            return
        if not (row.period or self.choice.year):
            self._wrong(row, "", "The file names no year. Say which by --year.")
            return
        if not row.value and row.sign in {"", SIGN_LIMITED}:
            self.left_out["empty"] += 1
            return
        self._take_figure(row, indicator, area)

    def _take_figure(self, row: Reading, indicator: int, area: int) -> None:
        year = self._years[row.period]
        value = float(row.value) if row.value else (0.0 if row.sign == SIGN_NOTHING else float("nan"))
        code = "year_invalid" if year == _NONE else self._implausibility(value, self._indicators[indicator])
        if code:
            self._implausible_count += 1
            if len(self._implausible) < _MOST_LINES:
                text = (row.period or self.choice.year) if year == _NONE else row.value
                self._implausible.append(_error(code, row.row, text))
            return
        self._keys.append((indicator * len(self._areas) + area) * _YEARS + year - _FIRST_YEAR)
        self._values.append(value)
        self._signs.append(_SIGN_PLACES[row.sign])
        self._rows.append(row.row)

    def _implausibility(self, value: float, indicator: Indicator) -> str:
        """Code of what cannot be right about a figure; "" for nothing."""
        unit = indicator.unit
        if abs(value) >= _TOO_BIG:
            return "too_big"
        if value < 0 and (unit.is_percent or unit.is_count):
            return "negative"
        if value > 100 and unit.is_percent:
            return "above_100"
        return "not_whole" if unit.is_count and value == value and not value.is_integer() else ""

    def _area(self, key: str) -> int:
        """The area of this key, else the only one of the same place."""
        same = self._same.get(place_of(key), [])
        return self._exact.get(key, same[0] if len(same) == 1 else _NONE)

    def _year(self, period: str) -> int:
        text = (period or self.choice.year)[:4]
        year = int(text) if text else _NONE
        return year if _FIRST_YEAR <= year <= _LAST_YEAR else _NONE

    def _is_meant(self, dimensions: Dimensions) -> bool:
        """Whether a row has what was asked for and, in files of offices, is the total of all else."""
        attributes = dict(dimensions.attributes)
        if any(attributes.get(name) != text for name, text in self.choice.where.items()):
            return False
        rest = set(attributes) - set(self.choice.where)
        return not self.is_official or rest <= set(dimensions.totals)

    def _wrong(self, row: Reading, value: str, sentence: str) -> None:
        self._wrong_count += 1
        if len(self._lines) < _MOST_LINES:
            shown = f" {value!r}:" if value else ""
            self._lines.append((row.row, f"row {row.row}, column {row.column}:{shown} {sentence}"))

    @property
    def lines(self) -> list[str]:
        """What is wrong, a line each, of the first thousand rows; rows were not taken in their order."""
        return [*self._unknown, *(line for _row, line in sorted(self._lines, key=lambda told: told[0]))]

    @property
    def more_count(self) -> int:
        """How much is wrong that is not told."""
        return max(self._wrong_count - _MOST_LINES, 0)

    def figures(self) -> Figures:
        """What was taken, with the checks of every delivery. Nothing can be taken afterwards.

        Raises:
            ImportFailedError: They found errors, or nothing was taken.
        """
        if not self._keys and not self._implausible:
            counts = ", ".join(f"{count} rows ({reason})" for reason, count in self.left_out.items())
            raise ImportFailedError([f"No row of the file is meant: left out are {counts}."])
        keys = np.frombuffer(self._keys, np.int64)
        order = np.argsort(keys)
        keys, rows = keys[order], np.frombuffer(self._rows, np.int32)[order]
        self._keys, self._rows = array("q"), array("i")
        values = np.frombuffer(self._values, np.float64)[order]
        self._values = array("d")
        signs = np.frombuffer(self._signs, np.int8)[order]
        self._signs = array("b")
        self._refuse(keys, rows)
        return Figures(keys, values, signs, rows, self._areas, self._indicators)

    def _refuse(self, keys: NDArray[np.int64], rows: NDArray[np.int32]) -> None:
        """Raise if a figure cannot be right or is given twice."""
        again = np.flatnonzero(keys[1:] == keys[:-1]) + 1
        count = self._implausible_count + len(again)
        if not count:
            return
        issues = list(self._implausible)
        for key in np.unique(keys[again])[:_MOST_LINES].tolist():
            begin, end = np.searchsorted(keys, [key, key + 1])
            first, *others = sorted(rows[begin:end].tolist())
            issues += [_error("duplicate_row", row, "", other=first) for row in others]
        issues = sorted(issues, key=lambda issue: issue.row or 0)[:_MOST_LINES]
        with translation.override("en"):
            lines = [f"row {issue.row}: {issue_message(issue)}" for issue in issues]
        more = count - len(issues)
        raise ImportFailedError([*lines, *([f"and {more} more"] if more else [])])


def _error(code: str, row: int, value: str, **params: int) -> DeliveryIssue:
    return DeliveryIssue(severity=Severity.ERROR, code=code, row=row, value=value, params=params)
