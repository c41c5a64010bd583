"""What somebody needs to see to say what a file means: first rows, names, what they are taken for."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitoring.importers.form import Request
from monitoring.importers.numbers import Separator
from monitoring.models import DeliveryMapping
from monitoring.services.mappings import FIGURES, said_of
from monitoring.services.matching import MOST_NAMES, Matcher
from monitoring.services.readings import Upload, upload_table
from monitoring.services.source_readings import opened, said_signature, source_read
from monitoring.sources import SourceError
from monitoring.sources.headings import Role, find_header, find_roles, role_of
from monitoring.sources.reading import read_period, read_value
from monitoring.sources.recognise import SourceForm, form_of
from monitoring.sources.rows import Row, RowFile
from monitoring.sources.survey import survey
from project.common.formats import is_german
from project.common.importing import column_letters

_SHOWN_ROWS = 8
_SHOWN_COLUMNS = 40
_ALIKE = 0.5


@dataclass(frozen=True)
class NameLine:
    """A name of the file.

    Attributes:
        name: As in the file.
        count: How often it stands there.
        row: Where first.
        chosen: Key it is taken for, "" if it stays out, None if nobody knows.
        suggestion: Key that is most alike; None without one.
    """

    name: str
    count: int
    row: int
    chosen: str | None
    suggestion: str | None


@dataclass(frozen=True)
class ColumnLine:
    """A column of the file: its number from 1, what stands above and below, what it is taken for."""

    number: int
    letters: str
    texts: Sequence[str]
    role: str


@dataclass(frozen=True)
class FileView:
    """A file as it is shown for assignment.

    Attributes:
        form: Form that was recognised.
        signature: Mark of its layout.
        header: Row of the headings.
        rows: Numbers of the rows shown.
        columns: Columns with their texts of these rows; none for forms that tell themselves.
        is_understood: Whether it is known what the columns are.
        is_said: Whether somebody has said so, not the headings.
        variables: What is counted.
        areas: Areas nobody knows, and those of which somebody said something.
        needs_year: Whether figures have no year.
        leaves_others: Whether areas that are not asked for stay out.
    """

    form: SourceForm
    signature: str
    header: int
    rows: Sequence[int] = ()
    columns: Sequence[ColumnLine] = ()
    is_understood: bool = True
    is_said: bool = False
    variables: Sequence[NameLine] = ()
    areas: Sequence[NameLine] = ()
    needs_year: bool = False
    leaves_others: bool = False
    more_names: int = 0


def file_view(
    taken: Upload, asked: Request, mapping: DeliveryMapping | None, wholes: Sequence[str], year: str = ""
) -> FileView:
    """Look at a file for assignment; it is read once, row by row.

    Args:
        taken: The file.
        asked: Areas, indicators and years.
        mapping: What was said of such files.
        wholes: Names of what the areas are part of.
        year: Of figures without one.

    Raises:
        SourceError: It cannot be read at all.
    """
    with opened(taken.content, taken.name, upload_table(taken)) as file:
        form = form_of(file)
        signature = said_signature(file)
        found = source_read(file, asked, said_of(mapping, year), wholes)
        header = 1
        columns: Sequence[ColumnLine] = ()
        rows: Sequence[int] = ()
        if form is SourceForm.PLAIN:
            header, columns, rows = _columns(file, mapping)
    matcher = found.matcher
    is_said = mapping is not None and mapping.header is not None
    if matcher is None:
        return FileView(form, signature, header, rows, columns, is_understood=False, is_said=is_said)
    return FileView(
        form,
        signature,
        header,
        rows,
        columns,
        is_said=is_said,
        variables=_variables(matcher),
        areas=_areas(matcher),
        needs_year=matcher.no_year is not None,
        leaves_others=mapping.leaves_others if mapping else False,
        more_names=max(len(matcher.areas) - MOST_NAMES, 0) + max(len(matcher.variables) - MOST_NAMES, 0),
    )


def _columns(
    file: RowFile, mapping: DeliveryMapping | None
) -> tuple[int, Sequence[ColumnLine], Sequence[int]]:
    rows = [row for row in file.head if any(row.cells)][:_SHOWN_ROWS]
    width = min(max(len(row.cells) for row in rows), _SHOWN_COLUMNS)
    header, roles = _guess(file, rows)
    if mapping is not None and mapping.header is not None:
        header, roles = mapping.header, {int(key): role for key, role in mapping.columns.items()}
    columns = [
        ColumnLine(
            place + 1,
            column_letters(place + 1),
            [_shown(row, place) for row in rows],
            roles.get(place + 1, ""),
        )
        for place in range(width)
    ]
    return header, columns, [row.number for row in rows]


def _shown(row: Row, place: int) -> str:
    """Text of a cell as the spreadsheet shows it: its numbers come with a decimal point in every language."""
    text = row.cell(place)
    return text.replace(".", ",") if place in row.exact and is_german() else text


def _guess(file: RowFile, rows: Sequence[Row]) -> tuple[int, dict[int, str]]:
    """Row of the headings and role of each column, as far as the headings tell."""
    try:
        header = find_header(file)
        places = find_roles(header.cells)
        roles = {place + 1: role.value for role, place in places.items()}
        if Role.VALUE not in places:
            roles |= {place + 1: FIGURES for place in survey(file, header, places).figures}
    except SourceError:
        wide = [row for row in rows if sum(bool(cell) for cell in row.cells) > 1]
        header = wide[0] if wide else rows[0]
        roles, taken = {}, set()
        for place, cell in enumerate(header.cells):
            role = role_of(cell)
            if role is not None and role not in taken:
                taken.add(role)
                roles[place + 1] = role.value
        roles |= _looks_like(rows, header, roles)
    return header.number, roles


def _looks_like(rows: Sequence[Row], header: Row, roles: Mapping[int, str]) -> dict[int, str]:
    """What columns without a known heading look like: years, figures, and the first of words as the area."""
    found: dict[int, str] = {}
    below = [row for row in rows if row.number > header.number]
    known = set(roles.values())
    for place in range(max(len(row.cells) for row in rows)):
        texts = [row.cell(place) for row in below if row.cell(place)]
        if place + 1 in roles or not texts:
            continue
        if Role.PERIOD not in known and all(read_period(text) for text in texts):
            role: str = Role.PERIOD
        elif all(any(read_value(text, way) for way in Separator) for text in texts):
            role = FIGURES
        elif known.isdisjoint({Role.KEY, Role.NAME, Role.AREA}):
            role = Role.NAME
        else:
            continue
        known.add(role)
        found[place + 1] = str(role)
    return found


def _variables(matcher: Matcher) -> list[NameLine]:
    seen = dict(list(matcher.variables.items())[:MOST_NAMES])
    chosen = {name: matcher.indicator_of(name) for name in seen}
    free = {name.casefold(): name for name, key in chosen.items() if key is None}
    suggested: dict[str, str] = {}
    for row in matcher.asked.indicators:
        # Each indicator is suggested once, for the name that is most alike.
        alike = [
            found
            for name in row.names
            for found in difflib.get_close_matches(name.casefold(), free, n=1, cutoff=_ALIKE)
        ]
        if alike and row.key not in chosen.values():
            suggested.setdefault(free[alike[0]], row.key)
    lines = [
        NameLine(name, line.count, line.row, chosen[name], suggested.get(name)) for name, line in seen.items()
    ]
    # What nobody knows comes first.
    return sorted(lines, key=lambda line: (line.chosen is not None, line.chosen == "", line.row))


def _areas(matcher: Matcher) -> list[NameLine]:
    lines = [
        NameLine(text, seen.count, seen.row, None, matcher.finder.suggestion(text))
        for text, seen in list(matcher.areas.items())[:MOST_NAMES]
    ]
    said = matcher.said.areas
    return lines + [NameLine(text, 0, 0, key, None) for text, key in said.items()]
