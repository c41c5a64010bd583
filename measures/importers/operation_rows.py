"""What a list of operations holds: its columns by their headings, and its rows as they are kept."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: Characters of the longest text that is taken.
LONGEST: Final = 4_000


class Entry(StrEnum):
    """What a column holds: an entry of ``Operation``."""

    CODE = "code"
    BENEFICIARY = "beneficiary"
    NATURAL = "is_natural_person"
    CONTRACTOR = "contractor"
    NAME = "name"
    SUMMARY = "summary"
    STARTS = "starts_on"
    ENDS = "ends_on"
    ELIGIBLE = "eligible"
    TOTAL = "total_cost"
    RATE = "eu_percent"
    FUND = "fund"
    OBJECTIVE = "specific_objective"
    POSTCODE = "postcode"
    PLACE = "place"
    COUNTRY = "country"
    INTERVENTION = "intervention"


LABELS: Final[Mapping[Entry, Promise]] = {
    Entry.CODE: _("Code of the operation"),
    Entry.BENEFICIARY: _("Beneficiary"),
    Entry.NATURAL: _("Natural person"),
    Entry.CONTRACTOR: _("Contractor"),
    Entry.NAME: _("Name of the operation"),
    Entry.SUMMARY: _("Purpose and achievements"),
    Entry.STARTS: _("Start of the operation"),
    Entry.ENDS: _("End of the operation"),
    Entry.ELIGIBLE: _("Eligible expenditure"),
    Entry.TOTAL: _("Total cost"),
    Entry.RATE: _("Union co-financing rate"),
    Entry.FUND: _("Fund"),
    Entry.OBJECTIVE: _("Specific objective"),
    Entry.POSTCODE: _("Postcode"),
    Entry.PLACE: _("Place"),
    Entry.COUNTRY: _("Country"),
    Entry.INTERVENTION: _("Type of intervention"),
}
#: Without these there is no operation.
REQUIRED: Final = (Entry.BENEFICIARY, Entry.NAME, Entry.STARTS, Entry.ENDS, Entry.ELIGIBLE, Entry.RATE)
#: Characters that fit; as in the model.
LENGTHS: Final[Mapping[Entry, int]] = {
    Entry.CODE: 60,
    Entry.BENEFICIARY: 300,
    Entry.CONTRACTOR: 300,
    Entry.NAME: 500,
    Entry.SUMMARY: LONGEST - 1,
    Entry.FUND: 60,
    Entry.OBJECTIVE: 200,
    Entry.PLACE: 120,
    Entry.COUNTRY: 120,
    Entry.INTERVENTION: 200,
}
#: Headings of columns that say what kind of beneficiary it is, in place of yes or no.
LEGAL_FORM: Final = r"rechtsform|legal (form|status)|^(art|typ) de[rs] (beg|zuwend)|type of beneficiary"
# Words of headings, German and English, small letters, with and without umlauts; the first that fits counts.
_WORDS: Final[Sequence[tuple[Entry, str]]] = (
    (Entry.NATURAL, rf"^nat(ü|ue)rliche person|^natural person|{LEGAL_FORM}"),
    (Entry.CONTRACTOR, r"auftragnehmer|contractor"),
    (Entry.BENEFICIARY, r"beg(ü|ue)nstigt|beneficiary|zuwendungsempf"),
    (Entry.SUMMARY, r"zusammenfassung|summary|zweck|purpose|errungenschaft"),
    (Entry.STARTS, r"beginn|\bstart|^von$"),
    (Entry.ENDS, r"\bende?s?\b|abschluss|completion|^bis$"),
    (Entry.ELIGIBLE, r"f(ö|oe)rderf(ä|ae)hig|eligible"),
    (Entry.TOTAL, r"gesamtkosten|gesamtausgaben|total cost"),
    (Entry.RATE, r"kofinanzierung|co ?financing"),
    (Entry.POSTCODE, r"^plz\b|postleitzahl|postcode|postal|^zip\b"),
    (Entry.INTERVENTION, r"interventionskategorie|interventionsbereich|intervention"),
    (Entry.OBJECTIVE, r"spezifisches ziel|specific objective"),
    (Entry.FUND, r"^fonds\b|^fund\b"),
    (Entry.COUNTRY, r"^land\b|country|^staat\b"),
    (Entry.PLACE, r"^ort\b|standort|gemeinde|^stadt\b|town|city|place|location"),
    (Entry.CODE, r"\bcode\b|kennung|aktenzeichen|vorhabennummer|projektnummer|^id\b"),
    (Entry.NAME, r"vorhaben|operation|bezeichnung|projekt|^name\b|titel"),
)


def words_of(head: str) -> str:
    """A heading in small letters with single blanks, as patterns are held against it."""
    return re.sub(r"[_\-\s]+", " ", head.casefold()).strip()


def suggested(heads: Sequence[str]) -> dict[Entry, int]:
    """What the columns hold, by their headings; each entry once.

    >>> suggested(["Begünstigter", "Name des Vorhabens", "PLZ", "Bemerkung"])
    {<Entry.BENEFICIARY: 'beneficiary'>: 0, <Entry.NAME: 'name'>: 1, <Entry.POSTCODE: 'postcode'>: 2}
    """
    found: dict[Entry, int] = {}
    for place, head in enumerate(heads):
        words = words_of(head)
        for entry, pattern in _WORDS:
            if re.search(pattern, words):
                found.setdefault(entry, place)
                break
    return found


class Row(NamedTuple):
    """An operation as the file says it: euros, percent, empty texts for what is missing."""

    row: int
    code: str
    beneficiary: str
    is_natural_person: bool
    contractor: str
    name: str
    summary: str
    starts_on: datetime.date
    ends_on: datetime.date
    eligible: Decimal
    total_cost: Decimal | None
    eu_percent: Decimal
    fund: str
    specific_objective: str
    postcode: str
    place: str
    country: str
    intervention: str

    @property
    def fingerprint(self) -> str:
        """Stands for what the row says, wherever it stands in the file."""
        text = "\x1f".join(map(str, self[1:]))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def as_json(self) -> list[Any]:
        """To be stored."""
        return [
            *self[:7],
            self.starts_on.isoformat(),
            self.ends_on.isoformat(),
            str(self.eligible),
            None if self.total_cost is None else str(self.total_cost),
            str(self.eu_percent),
            *self[12:],
        ]


def rows_from(stored: Iterable[Sequence[Any]]) -> list[Row]:
    """Stored rows."""
    day = datetime.date.fromisoformat
    return [
        Row._make(
            [
                *cells[:7],
                day(cells[7]),
                day(cells[8]),
                Decimal(cells[9]),
                None if cells[10] is None else Decimal(cells[10]),
                Decimal(cells[11]),
                *cells[12:],
            ]
        )
        for cells in stored
    ]
