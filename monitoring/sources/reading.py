"""What is read from a source, and what is wrong with it; numbers, signs and days as offices write them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from monitoring.importers.numbers import Separator, read_figure
from monitoring.sources.words import told_in_english
from project.common.formats import SIGN_LIMITED

#: Names of the entries of ``dimensions`` that are no attributes: what a row is the total of, and the codes.
TOTAL: Final = "total"
CODES: Final = "codes"
#: Words for "all of it" in the tables of German offices.
_TOTAL_WORDS: Final = frozenset({"insgesamt", "zusammen", "gesamt", "summe", "total", "gesamtstadt", "alle"})
#: What most cells of a million rows are: digits, perhaps with decimals. Everything else goes the long way.
PLAIN_NUMBER: Final = {
    Separator.COMMA: re.compile(r"-?[0-9]+(?:,[0-9]+)?"),
    Separator.POINT: re.compile(r"-?[0-9]+(?:\.[0-9]+)?"),
}
#: As computers write very small and very large numbers: 9.5e-07.
_EXPONENT: Final = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,2}")
#: 0.123 has no thousands, whatever parts the decimals.
_NO_THOUSANDS: Final = re.compile(r"[^0-9]*0[0-9]{0,2}([.,])[0-9]{3}(?![0-9])")
_DAY: Final = re.compile(r"(0?[1-9]|[12][0-9]|3[01])\.(0?[1-9]|1[0-2])\.((?:18|19|20|21)[0-9]{2})")
_PERIOD: Final = re.compile(
    r"(?:18|19|20|21)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?|(?:0[1-9]|1[0-2]))?"
)
#: Keys of German areas: country, states, government districts, districts, municipalities, parts of them.
_KEY: Final = re.compile(r"DG|[0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{8}|[0-9]{9}|[0-9]{12}")
#: More are counted, not kept: who has a thousand mistakes has made one a thousand times.
MAX_PROBLEMS: Final = 1_000
FORMULA: Final = "formula"
NO_FIGURE: Final = "no_figure"
NO_PERIOD: Final = "no_period"


class Dimensions(NamedTuple):
    """What a value is about, besides area, period and variable.

    Attributes:
        attributes: Name and text of each.
        totals: Names of those of which the row is the total.
        codes: Name and code of each that has one.
    """

    attributes: tuple[tuple[str, str], ...] = ()
    totals: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()


class Reading(NamedTuple):
    """One value of a source.

    Attributes:
        area_key: As in the file, without blanks; "" if it has none.
        area_name: As in the file, without indentation.
        period: Year (2024), month (2024-12) or day (2024-12-31); "" if the file has none.
        variable: What is counted or measured.
        unit: Unit; "" if the file has none.
        dimensions: Other attributes.
        value: With decimal point; "" where there is a sign or nothing.
        sign: Sign of official statistics; "" for none. ``()`` stands beside a value of limited meaning.
        row: Line or row where it stands, from 1.
        column: Heading or number of its column.
    """

    area_key: str
    area_name: str
    period: str
    variable: str
    unit: str
    dimensions: Dimensions
    value: str
    sign: str
    row: int
    column: str

    @property
    def identity(self) -> tuple[object, ...]:
        """What may stand in a file only once; names of areas count only where there is no key."""
        area = self.area_key or self.area_name
        return area, self.period, self.variable, self.unit, self.dimensions


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at one place.

    Attributes:
        row: From 1, as an editor or Excel shows it; 0 for the file as a whole.
        column: Heading or number of the column; "" for the row as a whole.
        value: What stands there.
        code: What is wrong, a key of ``words.MESSAGES``.
        params: What its sentence names.
        sheet: Of a workbook.
    """

    row: int
    column: str
    value: str
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    sheet: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong and what to do, in English."""
        return told_in_english(self.code, self.params)

    def __str__(self) -> str:
        places = [
            f"sheet {self.sheet}" if self.sheet else "",
            f"row {self.row}" if self.row else "",
            f"column {self.column}" if self.column else "",
        ]
        place = ", ".join(part for part in places if part)
        shown = f" {self.value!r}:" if self.value else ""
        return f"{place}:{shown} {self.sentence}" if place else f"{shown} {self.sentence}".strip()


class SourceError(Exception):
    """A file as a whole cannot be read.

    Args:
        code: What is wrong, a key of ``words.MESSAGES``.
        params: What its sentence names.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params

    def __str__(self) -> str:
        return told_in_english(self.code, self.params)


@dataclass(frozen=True, slots=True)
class Note:
    """What is not wrong but has to be said."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return told_in_english(self.code, self.params)


@dataclass(slots=True)
class Problems:
    """Collects what is wrong, of which the first thousand are kept and all are counted; and hints.

    Attributes:
        sheet: Sheet of a workbook, for the places.
        found: What is wrong.
        count: How much is wrong.
        notes: What is not wrong but has to be said, such as a sheet that was not read.
    """

    sheet: str = ""
    found: list[Problem] = field(default_factory=list)
    count: int = 0
    notes: list[Note] = field(default_factory=list)

    def add(self, row: int, column: str, value: str, code: str, /, **params: Any) -> None:
        """Note what is wrong at one place."""
        self.count += 1
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(Problem(row, column, value, code, params, self.sheet))


def read_value(text: str, separator: Separator) -> tuple[str, str] | None:
    """Read a cell as value and sign.

    Args:
        text: Trimmed text of the cell.
        separator: Decimal separator of its column.

    Returns:
        Value with decimal point and sign, of which at most a limited value has both; None if it is neither.

        >>> read_value("1.234,5", Separator.COMMA), read_value("-", Separator.COMMA)
        (('1234.5', ''), ('', '-'))
        >>> read_value("(12,3)", Separator.COMMA), read_value("", Separator.COMMA)
        (('12.3', '()'), ('', ''))
        >>> read_value("9.5e-05", Separator.POINT), read_value("12.5", Separator.COMMA)
        (('0.000095', ''), None)
    """
    if not text:
        return "", ""
    if PLAIN_NUMBER[separator].fullmatch(text):
        return text.replace(",", "."), ""
    if _EXPONENT.fullmatch(text) and {",": ".", ".": ","}[separator] not in text:
        return f"{Decimal(text.replace(',', '.')):f}", ""
    zero = _NO_THOUSANDS.match(text)
    figure = None if zero and zero[1] != separator else read_figure(text, separator)
    if figure is None:
        return None
    if figure.value is None or (figure.sign and figure.sign != SIGN_LIMITED):
        return "", figure.sign
    return f"{figure.value:f}", figure.sign


@lru_cache(maxsize=10_000)
def read_period(text: str) -> str | None:
    """Read a year, a month or a day.

    Returns:
        2024, 2024-12 or 2024-12-31; None if the text is none of these.

        >>> read_period("31.12.2022"), read_period("2024"), read_period("202012"), read_period("20222")
        ('2022-12-31', '2024', '2020-12', None)
    """
    day = _DAY.fullmatch(text)
    if day:
        return f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}"
    if not _PERIOD.fullmatch(text):
        return None
    return f"{text[:4]}-{text[4:]}" if len(text) == 6 else text


def is_area_key(text: str) -> bool:
    """Whether a text looks like the key of a German area: 2, 3, 5, 8, 9 or 12 digits, or DG."""
    return _KEY.fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def is_total(text: str) -> bool:
    """Whether a label names all of it.

    >>> is_total("Insgesamt"), is_total("Münster. Gesamtstadt"), is_total("weiblich")
    (True, True, False)
    """
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and words[-1] in _TOTAL_WORDS


def unique_names(names: Sequence[str]) -> list[str]:
    """Names for the attributes of a file: none twice, none that ``dimensions`` itself uses.

    >>> unique_names(["Geschlecht", "total", "Geschlecht"])
    ['Geschlecht', 'total (2)', 'Geschlecht (3)']
    """
    found: list[str] = []
    for number, name in enumerate(names, start=1):
        found.append(f"{name} ({number})" if name in {TOTAL, CODES, *found} else name)
    return found


@lru_cache(maxsize=10_000)
def dimensions_json(dimensions: Dimensions) -> str:
    """Dimensions as the JSON object of the column of the same name.

    >>> dimensions_json(Dimensions((("Alter", "Insgesamt"),), ("Alter",), (("Alter", "ALTX"),)))
    '{"Alter": "Insgesamt", "total": ["Alter"], "codes": {"Alter": "ALTX"}}'
    """
    found: dict[str, object] = dict(dimensions.attributes)
    if dimensions.totals:
        found[TOTAL] = list(dimensions.totals)
    if dimensions.codes:
        found[CODES] = dict(dimensions.codes)
    return json.dumps(found, ensure_ascii=False)
