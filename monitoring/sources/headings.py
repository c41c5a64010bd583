"""What the headings of tables that offices write themselves stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from monitoring.sources.reading import SourceError, read_period
from monitoring.sources.rows import Row, RowFile
from project.common.importing import column_letters

HEADING_WITHIN: Final = 20
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_NOISE: Final = re.compile(r"[\W_]+")


class Role(StrEnum):
    """What a column can be, besides figures and attributes."""

    KEY = "key"
    NAME = "name"
    AREA = "area"
    PERIOD = "period"
    VARIABLE = "variable"
    VALUE = "value"
    UNIT = "unit"
    SIGN = "sign"


#: Headings by role, folded; the first is what messages call it, in German as the tables do.
HEADINGS: Final = {
    Role.KEY: (
        "Gebietsschlüssel", "Schlüssel", "area_key", "key", "AGS", "ARS", "RS", "GKZ", "Gemeindeschlüssel",
        "Kreisschlüssel", "Regionalschlüssel", "Kennziffer", "PLR_ID", "Raum_ID", "Gebiets_ID", "ID",
        "amtlicher Gemeindeschlüssel", "Gemeindekennziffer", "Stadtteil_ID", "Stadtteilnummer", "RaumNr",
    ),
    Role.NAME: (
        "Gebietsname", "area_name", "Name", "Gemeindename", "Kreisname", "PLR_Name", "Raumname", "GEN",
        "Stadtteilname",
    ),
    Role.AREA: (
        "Gebiet", "Raum", "Stadtteil", "Stadtbezirk", "Bezirk", "Wohnplatz", "Sozialraum", "Gemeinde",
        "Kreis", "area", "region", "Planungsraum", "Ortsteil", "Quartier",
    ),
    Role.PERIOD: (
        "Jahr", "Zeit", "Zeitraum", "year", "period", "Stichtag", "Berichtsjahr", "Datum", "time", "Monat",
    ),
    Role.VARIABLE: ("Indikator", "Merkmal", "variable", "Kennzahl", "indicator", "Bezeichnung"),
    Role.VALUE: ("Wert", "value", "Zahl", "Istwert"),
    Role.UNIT: ("Einheit", "unit"),
    Role.SIGN: ("Zeichen", "sign"),
}  # fmt: skip
#: Of the keys those that are official, so that a zero which Excel has dropped can be put back.
_OFFICIAL: Final = ("AGS", "ARS", "RS", "Gemeindeschlüssel", "amtlicher Gemeindeschlüssel", "Kreisschlüssel",
                    "Regionalschlüssel", "Gemeindekennziffer")  # fmt: skip
#: Columns that hold keys and codes, even if they look like numbers: BEZ_ID, PLZ, Verstaedterung_Schluessel.
_CODE_HEADING: Final = re.compile(
    r"(?:.*[_\W])?(?:id|plz|postleitzahl|nr|nummer|code|schl(?:ü|ue)ssel|nuts\w*)"
)


def folded(heading: str) -> str:
    """A heading as it is compared: no capitals, umlauts, blanks, hyphens or underscores.

    >>> folded("PLR-ID"), folded("Gebietsschluessel ") == folded("GEBIETSSCHLÜSSEL")
    ('plrid', True)
    """
    return _NOISE.sub("", heading.casefold().translate(_UMLAUTS))


_ROLES: Final = {folded(name): role for role, names in HEADINGS.items() for name in names}
_OFFICIAL_FOLDED: Final = frozenset(folded(name) for name in _OFFICIAL)


def role_of(heading: str) -> Role | None:
    """What a heading stands for.

    >>> role_of("PLR-ID"), role_of("Stichtag"), role_of("Arbeitslose") is None
    (<Role.KEY: 'key'>, <Role.PERIOD: 'period'>, True)
    """
    return _ROLES.get(folded(heading))


def is_official_key(heading: str) -> bool:
    """Whether a column of keys holds those of the statistics offices."""
    return folded(heading) in _OFFICIAL_FOLDED


def is_code(heading: str) -> bool:
    """Whether a heading says that the column holds codes, not figures.

    >>> is_code("BEZ_ID"), is_code("plz"), is_code("verstaedterung_schluessel"), is_code("Solidarität")
    (True, True, True, False)
    """
    return _CODE_HEADING.fullmatch(heading.casefold()) is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """What somebody has said of a table that cannot be understood by its headings.

    Attributes:
        header: Row of the headings; rows above it are not read.
        roles: Number, from 1, of the column of each role.
        figures: Columns of figures, by number from 1; without any they are found.
    """

    header: int
    roles: Mapping[Role, int] = field(default_factory=dict)
    figures: frozenset[int] = frozenset()


def chosen_header(file: RowFile, layout: Layout) -> Row:
    """The row of headings somebody named; columns that are meant have a heading, whatever stands there.

    Raises:
        SourceError: There is no such row, or no column says which area a row is about.
    """
    row = next((row for row in file.head if row.number == layout.header), None)
    if row is None:
        raise SourceError("no_headings", rows=HEADING_WITHIN, known=HEADINGS[Role.KEY][0])
    if not {Role.KEY, Role.NAME, Role.AREA} & set(layout.roles):
        raise SourceError("no_area_column")
    width = max(len(other.cells) for other in file.head)
    seen: dict[str, int] = {}
    names = []
    for place in range(width):
        meant = place + 1 in {*layout.roles.values(), *layout.figures}
        name = row.cell(place) or (column_letters(place + 1) if meant else "")
        seen[name] = seen.get(name, 0) + 1
        names.append(f"{name} ({seen[name]})" if name and seen[name] > 1 else name)
    return row._replace(cells=names)


def find_header(file: RowFile) -> Row:
    """The row of headings: the first with a heading for areas and one more.

    Raises:
        SourceError: There is none, or one that is no single row of its own names.
    """
    above = None
    for row in file.head[:HEADING_WITHIN]:
        roles = {role_of(cell) for cell in row.cells}
        if roles & {Role.KEY, Role.NAME, Role.AREA} and sum(bool(cell) for cell in row.cells) >= 2:
            _check(file, above, row)
            return row
        above = row
    known = ", ".join(names[0] for names in HEADINGS.values())
    raise SourceError("no_headings", rows=HEADING_WITHIN, known=known)


def _check(file: RowFile, above: Row | None, header: Row) -> None:
    if above is not None and sum(bool(cell) for cell in above.cells) >= 2:
        raise SourceError("two_headings", first=above.number, second=header.number)
    named = [cell for cell in header.cells if cell]
    twice = sorted({cell for cell in named if named.count(cell) > 1})
    if twice:
        raise SourceError("heading_twice", names=", ".join(twice))
    if header.formulas:
        place = file.column(header.formulas[0])
        raise SourceError("heading_formula", place=place)
    for cell in named:
        # A heading of digits only can be nothing but a year.
        if cell.isdigit() and read_period(cell) is None:
            raise SourceError("heading_no_year", heading=cell)


def find_roles(header: Sequence[str]) -> dict[Role, int]:
    """Place of each role; the first column of a role has it, further ones are attributes."""
    found: dict[Role, int] = {}
    for place, heading in enumerate(header):
        role = role_of(heading)
        if role is not None:
            found.setdefault(role, place)
    years = any(read_period(heading) is not None for heading in header)
    if Role.KEY in found and Role.NAME in found:
        found.pop(Role.AREA, None)
    if Role.VALUE not in found or Role.VARIABLE not in found:
        # No row a value: a column an indicator, or a column a year of the indicator that the row names.
        found.pop(Role.VALUE, None)
        found.pop(Role.SIGN, None)
        if not years:
            found.pop(Role.VARIABLE, None)
            found.pop(Role.UNIT, None)
    if years:
        found.pop(Role.PERIOD, None)
    return found
