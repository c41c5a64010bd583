"""What a file of any form says of the figures that were asked for: its variables, areas and years matched."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from monitoring.importers.form import HEADINGS, DeliveredValue, Request
from monitoring.importers.simple import read_delivery
from monitoring.models import DeliveryIssue, Severity
from monitoring.sources import Reading as SourceReading
from monitoring.sources.headings import Layout, folded
from monitoring.sources.reading import is_total
from monitoring.sources.recognise import SourceForm
from monitoring.sources.rows import RowFile
from project.common.importing import Cell, CellKind, Table, column_letters
from project.common.keys import place_of

_COLUMNS: Final = ("area", "year", "indicator", "value", "sign")
#: Names of a file that are told and offered for choice; more help nobody.
MOST_NAMES: Final = 400
#: For so many names of a file the most alike area is looked for.
_MOST_SUGGESTIONS: Final = 60
#: So many different names of a file are remembered; a file with more holds something else than areas.
_MOST_REMEMBERED: Final = 20_000
#: Why figures stay out without being wrong.
_REASONS: Final = ("totals", "areas", "years", "variables")
_MOST_TWICE: Final = 200
_EXAMPLES: Final = 3
#: How alike names have to be to be suggested, from 0 to 1.
_ALIKE: Final = 0.6
#: Digits of the keys of districts and municipalities.
_OFFICIAL: Final = frozenset({5, 8, 9, 12})
_DIGITS: Final = re.compile(r"[0-9]+")
_ADDITION: Final = re.compile(r",.*|\(.*?\)|\b(?:kreisfreie|krfr\.|hanse|stadt|gemeinde)\b")
#: A district is another area than the town of the same name.
_DISTRICT: Final = re.compile(r"\b(?:land)?kreis\b")


@dataclass(frozen=True)
class Said:
    """What somebody has said of a file.

    Attributes:
        layout: What its columns are, where headings do not tell.
        variables: Name in the file -> key of an indicator, "" for what stays out.
        areas: Area in the file -> key of an area, "" for what stays out.
        leaves_others: Whether areas that are not asked for stay out.
        year: Of figures without one, "" if nobody said.
    """

    layout: Layout | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    leaves_others: bool = False
    year: str = ""


def signature_of(form: SourceForm, file: RowFile) -> str:
    """A mark that files of the same layout share: their headings without digits, which change with the year.

    Tables of statistics offices are told by their number, which stands in the first line.
    """
    filled = [row.cells for row in file.head if any(row.cells)]
    if form is SourceForm.GENESIS_TABLE:
        texts = {filled[0][0]}
    else:
        wide = (cells for cells in filled if sum(bool(cell) for cell in cells) > 1)
        texts = {_DIGITS.sub("", folded(cell)) for cell in next(wide, filled[0])}
    return hashlib.sha256("|".join([form.value, *sorted(texts)]).encode()).hexdigest()


def area_text(reading: SourceReading) -> str:
    """How a file calls an area: key and name.

    Leading zeros and blanks stay, as the text is shown to people.
    """
    return " ".join(part for part in (reading.area_key, reading.area_name) if part)


def plain_name(text: str) -> str:
    """A name as it is compared: without additions such as ", Stadt", but with that of a district.

    >>> plain_name("Euskirchen, Stadt") == plain_name("EUSKIRCHEN"), plain_name("Kall")
    (True, 'kall')
    >>> plain_name("Euskirchen, Kreis") == plain_name("Kreis Euskirchen") == plain_name("Euskirchen")
    False
    """
    lower = text.casefold()
    kind = "kreis" if _DISTRICT.search(lower) else ""
    bare = _DISTRICT.sub("", _ADDITION.sub("", lower))
    return f"{kind}{folded(bare)}" if folded(bare) else folded(text)


class AreaFinder:
    """Finds areas by key of any length, or by name."""

    def __init__(self, areas: Mapping[str, str], wholes: Iterable[str]) -> None:
        self.areas = areas
        self._suggested = 0
        self._wholes = {plain_name(name) for name in wholes}
        self._has_official = any(self._is_official(key) for key in areas)
        self._places: dict[str, list[str]] = {}
        self._names: dict[str, list[str]] = {}
        for key, name in areas.items():
            self._places.setdefault(place_of(key), []).append(key)
            for spelling in {plain_name(name), folded(name), folded(f"{key} {name}")}:
                self._names.setdefault(spelling, []).append(key)

    def find(self, key: str, name: str) -> str | None:
        """The area of a key, else of a name; None if there is none or more than one."""
        if key in self.areas and (not name or not self._is_another(key, name)):
            return key
        same = self._places.get(place_of(key), []) if key else []
        if len(same) == 1 and not self._is_another(same[0], name):
            return same[0]
        if self._is_official(key) and self._has_official:
            return None  # the key says that it is another place, whatever that is called
        for spelling in (folded(f"{key} {name}"), folded(name), plain_name(name)):
            named = self._names.get(spelling, []) if spelling else []
            if len(named) == 1:
                return named[0]
        return None

    @staticmethod
    def _is_official(key: str) -> bool:
        return key.isdigit() and len(key) in _OFFICIAL

    def _is_another(self, key: str, name: str) -> bool:
        """Whether a name is that of another area than the key."""
        named = self._names.get(plain_name(name), [])
        return bool(named) and key not in named

    def is_whole(self, key: str, name: str) -> bool:
        """Whether a row is the total of areas: its name says so, or its key begins those of several."""
        if is_total(name) or (not key and plain_name(name) in self._wholes):
            return True
        if plain_name(name) in self._wholes and plain_name(name) not in self._names:
            return True
        inside = sum(other != key and other.startswith(key) for other in self.areas) if key else 0
        return inside > 1

    @cached_property
    def _spellings(self) -> dict[str, str]:
        names = {name.casefold(): key for key, name in self.areas.items()}
        names |= {f"{key} {name}".casefold(): key for key, name in self.areas.items()}
        return names | {key.casefold(): key for key in self.areas}

    def suggestion(self, text: str) -> str | None:
        """Key of the area whose name, or key, is most alike; only the first few times, as it takes long."""
        if self._suggested >= _MOST_SUGGESTIONS:
            return None
        self._suggested += 1
        found = difflib.get_close_matches(text.casefold(), self._spellings, n=1, cutoff=_ALIKE)
        return self._spellings[found[0]] if found else None


@dataclass(slots=True)
class Seen:
    """How often something stands in a file, and where first."""

    count: int
    row: int
    column: str


class Matcher:
    """Takes the rows of a file one by one and keeps those that were asked for.

    Args:
        asked: Areas, indicators and years.
        said: What somebody has said of the file.
        form: Of statistics offices areas elsewhere stay out by themselves: their keys are certain.
        wholes: Names of what the areas are part of.
        headings: Of the columns, to tell where something stands.
        with_attributes: Whether rows that differ in an attribute are different variables.
    """

    def __init__(
        self,
        asked: Request,
        said: Said,
        form: SourceForm,
        wholes: Iterable[str],
        headings: Sequence[str],
        *,
        with_attributes: bool,
    ) -> None:
        self.asked, self.said, self.form = asked, said, form
        self.headings, self.with_attributes = headings, with_attributes
        self.finder = AreaFinder(asked.areas, wholes)
        self.row_count = 0
        self.variables: dict[str, Seen] = {}
        self.areas: dict[str, Seen] = {}
        self.out: dict[str, Counter[str]] = {
            name: Counter() for name in ("totals", "areas", "years", "variables")
        }
        self.no_year: Seen | None = None
        self.differs = False
        self._twice: list[DeliveryIssue] = []
        self._rows: list[list[Cell]] = []
        self._taken: dict[tuple[str, str, str], SourceReading] = {}
        self._known_areas: dict[tuple[str, str], tuple[str | None, bool]] = {}
        self._names = {folded(name): row.key for row in asked.indicators for name in (row.key, *row.names)}

    def take(self, reading: SourceReading) -> None:
        """Take one row: keep it, leave it out, or note that nobody knows."""
        self.row_count += 1
        name = self.variable_of(reading)
        indicator = self.indicator_of(name)
        self._see(self.variables, name, reading)
        if not indicator:
            if indicator == "":
                self.out["variables"][name] += 1
            return
        year = (reading.period or self.said.year)[:4]
        if year and int(year) not in self.asked.years:
            self.out["years"][year] += 1
            return
        area = self._area(reading)
        if area is None:
            return
        if not year:
            self.no_year = self.no_year or Seen(1, reading.row, reading.column)
            return
        self._keep(reading, area, year, indicator)

    def variable_of(self, reading: SourceReading) -> str:
        """How a file calls what is counted: the variable, and the attributes of which it is a part."""
        dimensions = reading.dimensions
        if self.form is SourceForm.PLAIN and not self.with_attributes:
            return reading.variable
        parts = [f"{name}: {text}" for name, text in dimensions.attributes if name not in dimensions.totals]
        return "; ".join([reading.variable, *parts])

    def indicator_of(self, name: str) -> str | None:
        """Key of the indicator a name stands for; "" if it stays out, None if nobody knows."""
        said = self.said.variables.get(name)
        if said is None:
            return self._names.get(folded(name))
        return said if said == "" or said in self._names.values() else None

    def _area(self, reading: SourceReading) -> str | None:
        """Key of the area of a row; None if it stays out or nobody knows."""
        named = (reading.area_key, reading.area_name)
        text = area_text(reading)
        said = self.said.areas.get(text)
        if said:
            return said if said in self.asked.areas else None
        if said == "":
            self.out["totals"][text] += 1
            return None
        known = self._known_areas.get(named)
        if known is None:
            key = self.finder.find(*named)
            known = key, key is None and self.finder.is_whole(*named)
            if len(self._known_areas) < _MOST_REMEMBERED:
                self._known_areas[named] = known
        found, is_whole = known
        if found is not None:
            return found
        if is_whole:
            self.out["totals"][text] += 1
        elif self.said.leaves_others or (self.form is not SourceForm.PLAIN and reading.area_key):
            self.out["areas"][text] += 1
        else:
            self._see(self.areas, text, reading)
        return None

    def _keep(self, reading: SourceReading, area: str, year: str, indicator: str) -> None:
        earlier = self._taken.setdefault((area, year, indicator), reading)
        if earlier is not reading:
            self.differs = self.differs or earlier.dimensions != reading.dimensions
            # What is the same in all that the file says of it, the reader tells.
            if len(self._twice) < _MOST_TWICE and earlier.identity != reading.identity:
                params = {"other": earlier.row, "area": self.asked.areas[area], "year": year}
                # Without the figure: the list is read by people who may not see those that are secret.
                self._twice.append(self.issue("given_twice", reading.row, reading.column, "", params))
            return
        texts = (area, year, indicator, reading.value, reading.sign)
        column = self.number_of(reading.column)
        self._rows.append(
            [
                Cell(text, reading.row, column, CellKind.NUMBER if place == 3 and text else CellKind.TEXT)
                for place, text in enumerate(texts)
            ]
        )

    @staticmethod
    def _see(where: dict[str, Seen], name: str, reading: SourceReading) -> None:
        seen = where.get(name)
        if seen is None and len(where) < _MOST_REMEMBERED:
            where[name] = Seen(1, reading.row, reading.column)
        elif seen is not None:
            seen.count += 1

    # --- What came of it -----------------------------------------------------------------------

    @property
    def undecided(self) -> dict[str, Seen]:
        """Variables of which nobody knows what they are."""
        return {name: seen for name, seen in self.variables.items() if self.indicator_of(name) is None}

    def result(self) -> tuple[tuple[DeliveredValue, ...], list[DeliveryIssue]]:
        """Figures, with the checks of every delivery; what is wrong and what was left out."""
        issues = [*self._unknown(), *self._twice]
        header = [Cell(HEADINGS[role][0], 1, place) for place, role in enumerate(_COLUMNS, start=1)]
        values: tuple[DeliveredValue, ...] = ()
        if self._rows:
            read = read_delivery(Table([header, *self._rows]), self.asked)
            values = read.values
            for issue in read.issues:
                params = {**issue.params, "cell": issue.address}
                column = column_letters(issue.column) if issue.column else ""
                issues.append(
                    DeliveryIssue(
                        severity=issue.severity.value,
                        code=issue.code,
                        row=issue.row,
                        column=column,
                        value=issue.value[:200],
                        params=params | self._heading(issue.column or 0),
                    )
                )
        elif not issues:
            issues.append(self.issue("nothing_matched", None, "", "", {}))
        return values, [*issues, *self._left_out()]

    def _unknown(self) -> list[DeliveryIssue]:
        issues = []
        known = [row.names[0] for row in self.asked.indicators]
        for name, seen in list(self.undecided.items())[:MOST_NAMES]:
            params: dict[str, Any] = {"count": seen.count, "names": ", ".join(known[:10])}
            issues.append(self.issue("variable_undecided", seen.row, seen.column, name, params))
        for text, seen in list(self.areas.items())[:MOST_NAMES]:
            like = self.finder.suggestion(text)
            params = {"count": seen.count}
            code = "area_undecided"
            if like is not None:
                code, params["suggestion"] = "area_undecided_like", f"{self.asked.areas[like]} ({like})"
            issues.append(self.issue(code, seen.row, "", text, params))
        if self.no_year is not None:
            issues.append(self.issue("year_undecided", self.no_year.row, "", "", {}))
        return issues

    def _left_out(self) -> list[DeliveryIssue]:
        return [
            DeliveryIssue(
                severity=Severity.WARNING,
                code=f"out_{reason}",
                params={
                    "count": sum(counter.values()),
                    "kinds": len(counter),
                    "names": ", ".join(name[:80] for name in list(counter)[:_EXAMPLES]),
                },
            )
            for reason, counter in self.out.items()
            if counter
        ]

    def issue(
        self, code: str, row: int | None, column: str, value: str, params: Mapping[str, Any]
    ) -> DeliveryIssue:
        """An error at a place of the file."""
        number = self.number_of(column)
        return DeliveryIssue(
            severity=Severity.ERROR,
            code=code,
            row=row or None,
            column=column_letters(number) if number else column[:200],
            value=value[:200],
            params={**params, **self._heading(number)},
        )

    def number_of(self, column: str) -> int:
        """Number of a column that a reader calls by its heading, its number or its letters; 0 if unknown."""
        if column in self.headings:
            return self.headings.index(column) + 1
        return int(column) if column.isdigit() else 0

    def _heading(self, number: int) -> dict[str, str]:
        if 0 < number <= len(self.headings) and self.headings[number - 1]:
            return {"heading": self.headings[number - 1][:200]}
        return {}
