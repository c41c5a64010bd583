"""What a delivery is asked for and what it holds; the headings of the form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from monitoring.importers.issues import Issue, Severity

# Headings as we write them first, then what else is understood; compared without case.
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "area": ("Gebietsschlüssel", "Gebietsschluessel", "area_key", "AGS", "Schlüssel"),
    "name": ("Gebiet", "Gebietsname", "area_name", "Name"),
    "year": ("Jahr", "year"),
    "indicator": ("Indikator", "indicator"),
    "value": ("Wert", "value"),
    "sign": ("Zeichen", "sign"),
    "comment": ("Kommentar", "Bemerkung", "comment"),
}
#: Before the name of an indicator: the figure of the year before, only to be looked at; words on the figure.
BEFORE: Final = "Vorjahr: "
COMMENT: Final = "Kommentar: "
#: Longest comment on a figure.
COMMENT_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class RequestedIndicator:
    """An indicator that a delivery is asked for.

    Attributes:
        key: Stable key, understood as heading.
        names: Names understood as heading; the first is used in sentences.
        is_percent: Values lie between 0 and 100.
        allows_negative: Values may be below 0 (changes, balances).
        is_count: Values count people or cases, so they are whole.
    """

    key: str
    names: tuple[str, ...]
    is_percent: bool = False
    allows_negative: bool = False
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: every area, year and indicator is expected.

    Attributes:
        areas: Key and name of each area.
        indicators: The indicators.
        years: The years.
    """

    areas: Mapping[str, str]
    indicators: Sequence[RequestedIndicator]
    years: Sequence[int]


@dataclass(frozen=True, slots=True)
class DeliveredValue:
    """One figure with its place in the file, and words on it; value None means a sign without a number."""

    area_key: str
    year: int
    indicator_key: str
    value: Decimal | None
    sign: str
    row: int
    column: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a file holds: import the values only if there is no error (all or nothing)."""

    values: tuple[DeliveredValue, ...]
    issues: tuple[Issue, ...]

    @property
    def has_errors(self) -> bool:
        """Whether the file must be corrected."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)
