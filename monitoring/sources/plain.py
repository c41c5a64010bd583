"""Tables that offices write themselves: a row a value ("long"), or a column an indicator or year ("wide")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from monitoring.importers.numbers import SIGNS, Separator
from monitoring.sources.headings import (
    Layout,
    Role,
    chosen_header,
    find_header,
    find_roles,
    is_official_key,
)
from monitoring.sources.reading import (
    FORMULA,
    NO_FIGURE,
    NO_PERIOD,
    Dimensions,
    Note,
    Problems,
    Reading,
    SourceError,
    is_area_key,
    is_total,
    read_period,
    read_value,
    unique_names,
)
from monitoring.sources.rows import Row, RowFile
from monitoring.sources.survey import Survey, survey
from project.common.keys import with_lost_zero

#: "91 Berg Fidel": key and name of an area in one cell.
_KEY_AND_NAME = re.compile(r"([0-9]{1,12})\s+(\S.*)")
#: 1.234 in a table with decimal commas, 1,234 in one with decimal points.
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_AREA = "Gebiet"


@dataclass(slots=True)
class Plan:
    """What the columns are.

    Attributes:
        header: Headings, and their row.
        roles: Place of each role.
        figures: Columns of figures: (variable, period); both "" where the row tells.
        attributes: Names of other columns.
        nameless: Columns without heading.
        separator: Decimal separator of the figures that are texts.
        restored: Keys to which a dropped zero was put back.
        thousands: Figures such as 1.234, read as thousands, and the first of them.
    """

    header: Row
    roles: dict[Role, int]
    figures: dict[int, tuple[str, str]]
    attributes: dict[int, str]
    nameless: tuple[int, ...]
    separator: Separator
    restored: int = 0
    thousands: int = 0
    example: str = ""
    made: dict[tuple[str, ...], Dimensions] = field(default_factory=dict)


def read_plain(file: RowFile, problems: Problems, layout: Layout | None = None) -> Iterator[Reading]:
    """Read a table with one row of headings.

    Args:
        file: CSV or workbook.
        problems: Takes what cannot be read, with row and column.
        layout: What the columns are, where their headings do not tell.

    Yields:
        One reading a value.

    Raises:
        SourceError: No single row of headings is found, no column of areas or of figures; a heading is
            missing above entries; or decimal commas and points are mixed.
    """
    plan = plan_plain(file, problems, layout)
    for row in file.rows():
        yield from plain_row(row, plan, file, problems)
    plain_notes(plan, problems)


def plan_plain(file: RowFile, problems: Problems, layout: Layout | None = None) -> Plan:
    """Find out what the columns are; raises as ``read_plain`` does."""
    if layout is None:
        header = find_header(file)
        roles = find_roles(header.cells)
    else:
        header = chosen_header(file, layout)
        roles = {role: number - 1 for role, number in layout.roles.items()}
    seen = survey(file, header, roles)
    if layout is not None and layout.figures and Role.VALUE not in roles:
        seen = replace(seen, figures=tuple(sorted(number - 1 for number in layout.figures)))
    return _plan(header, roles, seen, problems, is_said=layout is not None)


def plain_row(row: Row, plan: Plan, file: RowFile, problems: Problems) -> Iterator[Reading]:
    """The values of one row; none of the headings, of what stands above them and of empty rows."""
    if row.number > plan.header.number and any(row.cells) and _fits(row, plan, file, problems):
        yield from _readings(row, plan, problems)


def _plan(header: Row, roles: dict[Role, int], seen: Survey, problems: Problems, *, is_said: bool) -> Plan:
    if seen.unnamed and not is_said:
        raise SourceError("unnamed_columns", names=", ".join(seen.unnamed))
    taken = set(roles.values())
    figures: dict[int, tuple[str, str]] = {}
    for place in seen.figures:
        at = read_period(header.cells[place])
        figures[place] = ("", at) if at else (header.cells[place], "")
    if Role.VALUE in roles:
        figures = {roles[Role.VALUE]: ("", "")}
    if not figures:
        raise SourceError("no_figure_columns")
    # Of a table whose columns somebody has named, the others are not read.
    rest = [
        place
        for place, heading in enumerate(header.cells)
        if heading and place not in taken and place not in figures and not is_said
    ]
    if Role.VALUE in roles and Role.PERIOD not in roles and not is_said:
        raise SourceError("no_year_column")
    is_dated = Role.PERIOD in roles or all(at for _, at in figures.values())
    problems.notes += [
        *seen.notes,
        *([] if is_dated else [Note("no_period_column")]),
    ]
    attributes = dict(zip(rest, unique_names([header.cells[place] for place in rest]), strict=True))
    nameless = tuple(place for place, heading in enumerate(header.cells) if not heading and not is_said)
    return Plan(header, roles, figures, attributes, nameless, seen.separator)


def plain_notes(plan: Plan, problems: Problems) -> None:
    """Say what was read otherwise than it stands there."""
    if plan.restored:
        problems.notes.append(Note("zeros_put_back", {"count": plan.restored}))
    if plan.thousands:
        params = {"count": plan.thousands, "example": plan.example}
        problems.notes.append(Note("thousands", params))


def _fits(row: Row, plan: Plan, file: RowFile, problems: Problems) -> bool:
    """Whether a row is as wide as the headings; spreadsheets leave out or add empty cells at the end."""
    count, width = len(row.cells), len(plan.header.cells)
    if count < width and not file.is_excel:
        problems.add(row.number, "", "", "row_width", count=count, width=width)
        return False
    for place in (*plan.nameless, *range(width, count)):
        if row.cell(place):
            at = (row.number, file.column(place), row.cell(place))
            problems.add(*at, "above_nothing", count=count, width=width)
            return False
    if row.formulas:
        problems.add(row.number, file.column(row.formulas[0]), row.cells[row.formulas[0]], FORMULA)
        return False
    return True


def _readings(row: Row, plan: Plan, problems: Problems) -> Iterator[Reading]:
    roles = plan.roles
    area = area_of(row, plan, problems)
    period = period_of(row, plan, problems)
    if area is None or period is None:
        return
    key, name = area
    variable = row.cell(roles.get(Role.VARIABLE, -1))
    if Role.VARIABLE in roles and not variable:
        problems.add(row.number, plan.header.cells[roles[Role.VARIABLE]], "", "no_variable")
        return
    dimensions = dimensions_of(row, plan, name)
    for place, (heading, at) in plan.figures.items():
        found = _value(row, place, plan, problems)
        if found is not None:
            value, sign, unit = found
            yield Reading(
                key,
                name,
                at or period,
                heading or variable,
                unit,
                dimensions,
                value,
                sign,
                row.number,
                plan.header.cells[place],
            )


def area_of(row: Row, plan: Plan, problems: Problems) -> tuple[str, str] | None:
    """Key and name of the area, which may stand in one cell."""
    place = plan.roles.get(Role.KEY, -1)
    key, name = row.cell(place), row.cell(plan.roles.get(Role.NAME, -1))
    together = row.cell(plan.roles.get(Role.AREA, -1))
    match = _KEY_AND_NAME.fullmatch(together)
    if match and not key:
        return match[1], name or match[2]
    name = name or together
    if not key and not name:
        problems.add(row.number, "", "", "no_area")
        return None
    if key and is_official_key(plan.header.cells[place]):
        restored = with_lost_zero(key)
        if restored is not None:
            key = restored
            plan.restored += 1
        if not is_area_key(key):
            problems.add(row.number, plan.header.cells[place], key, "not_area_key")
            return None
    return key, name


def period_of(row: Row, plan: Plan, problems: Problems) -> str | None:
    place = plan.roles.get(Role.PERIOD)
    if place is None:
        return ""
    written = row.cell(place)
    period = read_period(written)
    if period is None:
        code = NO_PERIOD if written else "year_missing"
        problems.add(row.number, plan.header.cells[place], written, code)
    return period


def dimensions_of(row: Row, plan: Plan, name: str) -> Dimensions:
    """Attributes of a row; rows of the same texts share them."""
    texts = (*(row.cell(place) for place in plan.attributes), "1" if is_total(name) else "")
    known = plan.made.get(texts)
    if known is None:
        if len(plan.made) >= 10_000:
            plan.made.clear()
        named = zip(plan.attributes.values(), texts[:-1], strict=True)
        filled = tuple((heading, text) for heading, text in named if text)
        totals = [heading for heading, text in filled if is_total(text)]
        if texts[-1]:
            totals.append(_AREA)
        known = plan.made[texts] = Dimensions(filled, tuple(totals))
    return known


def _value(row: Row, place: int, plan: Plan, problems: Problems) -> tuple[str, str, str] | None:
    """Value, sign and unit of a cell; None if something was noted."""
    text = row.cell(place)
    unit = row.cell(plan.roles.get(Role.UNIT, -1))
    if text.endswith("%"):
        text, unit = text[:-1].strip(), unit or "%"
    found = read_value(text, Separator.POINT if place in row.exact else plan.separator)
    if found is None:
        problems.add(row.number, plan.header.cells[place], text, _no_figure(text, plan.separator))
        return None
    if place not in row.exact and _THOUSANDS.fullmatch(text) and plan.separator.value not in text:
        plan.thousands += 1
        plan.example = plan.example or text
    value, sign = found
    own_sign = row.cell(plan.roles.get(Role.SIGN, -1))
    if own_sign and own_sign not in SIGNS:
        problems.add(row.number, plan.header.cells[plan.roles[Role.SIGN]], own_sign, "sign_unknown")
        return None
    if own_sign:
        found_sign = SIGNS[own_sign]
        if value and found_sign != "()" and float(value):
            problems.add(row.number, plan.header.cells[place], text, "sign_beside", sign=own_sign)
            return None
        value, sign = (value if found_sign == "()" else ""), found_sign
    return value, sign, unit


def _no_figure(text: str, separator: Separator) -> str:
    other = Separator.POINT if separator is Separator.COMMA else Separator.COMMA
    if read_value(text, other) is None:
        return NO_FIGURE
    return "point_among_commas" if separator is Separator.COMMA else "comma_among_points"
