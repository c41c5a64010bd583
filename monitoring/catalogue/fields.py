"""What a file of the catalogue may hold: sections, their fields and what may stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Direction, Frequency

#: Longest text of a field without a limit of its own, in characters.
LONGEST_TEXT: Final = 5_000
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100


class FieldKind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    #: Key of another entry.
    REFERENCE = "reference"
    #: Keys of indicators, in their order.
    REFERENCES = "references"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an entry.

    Attributes:
        name: As in the file and in the table.
        label: What people call it.
        kind: What it holds.
        is_required: Whether it must be there and must not be empty.
        longest: Of texts, in characters.
        least: Of numbers.
        most: Of numbers.
        choices: Value -> words.
        section: Of references, the section of the entries meant.
        is_nullable: Whether null stands for "none"; texts are empty instead.
        is_on: Of yes or no, what new entries have.
    """

    name: str
    label: str | Promise
    kind: FieldKind = FieldKind.TEXT
    is_required: bool = False
    longest: int = LONGEST_TEXT
    least: int = 0
    most: int = 2_147_483_647
    choices: Mapping[str, str | Promise] | None = None
    section: str = ""
    is_nullable: bool = False
    is_on: bool = False

    @property
    def empty(self) -> Any:
        """What a new entry has that does not say otherwise."""
        if self.is_nullable:
            return None
        return {FieldKind.NUMBER: 0, FieldKind.YES_NO: self.is_on, FieldKind.REFERENCES: ()}.get(
            self.kind, ""
        )


def _year(name: str, label: str | Promise) -> FieldSpec:
    return FieldSpec(name, label, FieldKind.NUMBER, least=FIRST_YEAR, most=LAST_YEAR, is_nullable=True)


_NAMES: Final = (
    FieldSpec("name_de", _("Name (German)"), is_required=True, longest=200),
    FieldSpec("name_en", _("Name (English)"), is_required=True, longest=200),
)

UNIT: Final = (
    FieldSpec("symbol_de", _("Symbol (German)"), is_required=True, longest=30),
    FieldSpec("symbol_en", _("Symbol (English)"), is_required=True, longest=30),
    FieldSpec("decimals", _("Decimals"), FieldKind.NUMBER, most=6),
    FieldSpec("is_count", _("Count of people or cases"), FieldKind.YES_NO),
    FieldSpec("is_percent", _("Percentage"), FieldKind.YES_NO),
    FieldSpec("per", _("Related to so many"), FieldKind.NUMBER, least=1, is_nullable=True),
)
DOMAIN: Final = (
    FieldSpec("name_de", _("Name (German)"), is_required=True, longest=120),
    FieldSpec("name_en", _("Name (English)"), is_required=True, longest=120),
    FieldSpec("position", _("Position"), FieldKind.NUMBER, most=1000),
)
INDICATOR: Final = (
    *_NAMES,
    FieldSpec(
        "domain",
        pgettext_lazy("of indicators", "Domain"),
        FieldKind.REFERENCE,
        is_required=True,
        section="domains",
    ),
    FieldSpec("unit", _("Unit"), FieldKind.REFERENCE, is_required=True, section="units"),
    FieldSpec(
        "direction", _("Direction"), FieldKind.CHOICE, is_required=True, choices=dict(Direction.choices)
    ),
    FieldSpec("definition", _("Definition"), is_required=True),
    FieldSpec("numerator", _("Numerator"), longest=300),
    FieldSpec("base", _("Base"), longest=300),
    FieldSpec("formula", _("Formula"), longest=300),
    FieldSpec("denominator", _("Related to"), FieldKind.REFERENCE, section="indicators", is_nullable=True),
    # What secrecy has to know (decision 0020).
    FieldSpec(
        "numerator_count",
        _("Count of the same people"),
        FieldKind.REFERENCE,
        section="indicators",
        is_nullable=True,
    ),
    FieldSpec("part_of", _("Part of"), FieldKind.REFERENCE, section="indicators", is_nullable=True),
    FieldSpec(
        "secrecy_threshold",
        _("Least count that is shown"),
        FieldKind.NUMBER,
        least=1,
        most=10_000,
        is_nullable=True,
    ),
    FieldSpec(
        "largest_contribution",
        _("Largest single contribution"),
        FieldKind.REFERENCE,
        section="indicators",
        is_nullable=True,
    ),
    FieldSpec(
        "dominance_percent",
        _("Secret above this share of one contributor (percent)"),
        FieldKind.NUMBER,
        least=1,
        most=100,
        is_nullable=True,
    ),
    FieldSpec("source", _("Source"), is_required=True, longest=300),
    FieldSpec("supplier", _("Supplied by"), longest=200),
    FieldSpec("frequency", _("How often"), FieldKind.CHOICE, choices=dict(Frequency.choices)),
    _year("first_year", _("Figures from (year)")),
    _year("last_year", _("Figures until (year)")),
    FieldSpec("minimum_base", _("Minimum base"), FieldKind.NUMBER, least=1, is_nullable=True),
    FieldSpec("interpretation", _("Interpretation")),
    FieldSpec("limits", _("Limits")),
    FieldSpec("is_example", _("Example values"), FieldKind.YES_NO),
    FieldSpec("is_active", _("Active"), FieldKind.YES_NO, is_on=True),
)
#: Fields of an indicator that name other indicators.
INDICATOR_TIES: Final = tuple(spec.name for spec in INDICATOR if spec.section == "indicators")
SET: Final = (
    *_NAMES,
    FieldSpec("description", _("Description")),
    FieldSpec("source", _("Source"), longest=300),
    FieldSpec("indicators", _("Indicators"), FieldKind.REFERENCES, is_required=True, section="indicators"),
)

#: In the order in which entries are stored: what others refer to comes first.
SECTIONS: Final[Mapping[str, tuple[FieldSpec, ...]]] = {
    "units": UNIT,
    "domains": DOMAIN,
    "indicators": INDICATOR,
    "sets": SET,
}
SECTION_LABELS: Final[Mapping[str, str | Promise]] = {
    "units": _("Unit"),
    "domains": pgettext_lazy("of indicators", "Domain"),
    "indicators": _("Indicator"),
    "sets": _("Set of indicators"),
}
#: Longest keys, as in the tables.
KEY_LENGTHS: Final[Mapping[str, int]] = {"units": 30, "domains": 40, "indicators": 60, "sets": 60}
