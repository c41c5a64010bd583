"""Flat files of GENESIS ("ffcsv"): the layout of today and the one before, each read as a stream.

Source: GENESIS web service of Destatis and the statistics offices of the states, format ffcsv. Decimals have
a comma; a total has no code of its attribute; rows come in no order.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitoring.importers.numbers import Separator
from monitoring.sources.reading import (
    FORMULA,
    NO_FIGURE,
    NO_PERIOD,
    Dimensions,
    Problems,
    Reading,
    SourceError,
    is_area_key,
    read_period,
    read_value,
    unique_names,
)
from monitoring.sources.rows import Row, RowFile

#: Codes of attributes that are areas: country, states, districts, municipalities.
_AREA_CODES: Final = frozenset(
    {"DINSG", "DLAND", "DLANDU", "REGBEZ", "KREISE", "KREIS", "GEMEIN", "GEMEINDEN", "REGIO", "GEM"}
)
#: Name of the code of what is counted, among the codes.
_VARIABLE: Final = "variable"
_SAMPLE: Final = 200
#: Combinations of attributes kept at hand; a table of more makes them anew.
_KEPT: Final = 10_000
_NUMBERED: Final = re.compile(r"([0-9]+)_(?:variable|Merkmal|Auspraegung)_\w+")
#: Columns that say the same in every row, or in other words what is read from the columns beside them.
_NOT_READ: Final = frozenset(
    {"statistics_code", "statistics_label", "time_code", "time_label"}
    | {"Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label"}
)


@dataclass(frozen=True, slots=True)
class _Attribute:
    """Places of one attribute: its code, label, and of each row the code and label of what it has."""

    code: int
    label: int
    item_code: int
    item_label: int

    def places(self) -> tuple[int, ...]:
        return self.code, self.label, self.item_code, self.item_label


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand: in the old layout each variable has a column of its own.

    Attributes:
        values: Variable and unit of each column of figures; both "" where they stand in the row.
        others: Columns that the layout does not know, kept as attributes.
        made: Dimensions by the texts they are made of; rows that differ in area or value only share them.
    """

    header: Sequence[str]
    time: int
    attributes: tuple[_Attribute, ...]
    values: Mapping[int, tuple[str, str]]
    unit: int = -1
    variable: int = -1
    variable_code: int = -1
    others: tuple[int, ...] = ()
    made: dict[tuple[str, ...], Dimensions] = field(default_factory=dict)


def is_ffcsv(header: Sequence[str]) -> bool:
    """Whether a heading is one of the two layouts."""
    return bool({"statistics_code", "statistik_code"} & {name.casefold() for name in header})


def read_ffcsv(file: RowFile, problems: Problems) -> Iterator[Reading]:
    """Read a flat file.

    Args:
        file: Its heading is one of the two layouts.
        problems: Takes what cannot be read.

    Yields:
        One reading a value.

    Raises:
        SourceError: A column of the layout is missing or stands twice.
    """
    rows = (row for row in file.rows() if any(row.cells))
    header = next(rows).cells
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise SourceError("heading_twice_download", names=", ".join(twice))
    layout = _new_layout(header) if "statistics_code" in header else _old_layout(header)
    sample = list(itertools.islice(rows, _SAMPLE))
    area = _area_of(layout, sample)
    told = _told(layout, area)
    for row in itertools.chain(sample, rows):
        full = _full(row, len(header), file, problems)
        if full is not None:
            yield from _readings(full, layout, area, told, problems)


def _told(layout: _Layout, area: _Attribute | None) -> tuple[int, ...]:
    """Places of the texts that make the dimensions of a row: all that is said but area, period and value."""
    places = [place for attribute in layout.attributes for place in attribute.places()]
    if area is not None:
        places.remove(area.item_code)
        places.remove(area.item_label)
    if layout.variable_code >= 0:
        places.append(layout.variable_code)
    return (*places, *layout.others)


def _full(row: Row, width: int, file: RowFile, problems: Problems) -> Row | None:
    """A row as wide as the headings, to which Excel leaves empty cells at the end out; None if it is not."""
    count = len(row.cells)
    if row.formulas:
        problems.add(row.number, file.column(row.formulas[0]), "", FORMULA)
        return None
    if count == width:
        return row
    if file.is_excel and count < width:
        return row._replace(cells=row.cells + [""] * (width - count))
    problems.add(row.number, "", "", "row_width", count=count, width=width)
    return None


def _new_layout(header: Sequence[str]) -> _Layout:
    attributes = _attributes(header, "{}_variable_code", "{}_variable_label", "{}_variable_attribute_{}")
    value, unit = _place(header, "value"), _place(header, "value_unit")
    label, code = _place(header, "value_variable_label"), _place(header, "value_variable_code")
    time = _place(header, "time")
    known = {time, value, unit, label, code}
    return _Layout(
        header=header,
        time=time,
        attributes=attributes,
        values={value: ("", "")},
        unit=unit,
        variable=label,
        variable_code=code,
        others=_others(header, known, attributes),
    )


def _old_layout(header: Sequence[str]) -> _Layout:
    values = {}
    for place, heading in enumerate(header):
        parts = heading.split("__")
        if len(parts) >= 3:
            values[place] = (parts[1].replace("_", " "), parts[2].replace("_", " "))
    if not values:
        raise SourceError("old_no_values")
    attributes = _attributes(header, "{}_Merkmal_Code", "{}_Merkmal_Label", "{}_Auspraegung_{}")
    time = _place(header, "Zeit")
    others = _others(header, {time, *values}, attributes)
    return _Layout(header=header, time=time, attributes=attributes, values=values, others=others)


def _attributes(header: Sequence[str], code: str, label: str, item: str) -> tuple[_Attribute, ...]:
    is_new = item.islower()
    numbers = sorted({int(match[1]) for name in header if (match := _NUMBERED.fullmatch(name))})
    return tuple(
        _Attribute(
            _place(header, code.format(number)),
            _place(header, label.format(number)),
            _place(header, item.format(number, "code" if is_new else "Code")),
            _place(header, item.format(number, "label" if is_new else "Label")),
        )
        for number in numbers
    )


def _others(header: Sequence[str], known: set[int], attributes: Sequence[_Attribute]) -> tuple[int, ...]:
    read = known | {place for attribute in attributes for place in attribute.places()}
    return tuple(
        place for place, name in enumerate(header) if place not in read and name not in _NOT_READ and name
    )


def _place(header: Sequence[str], name: str) -> int:
    try:
        return header.index(name)
    except ValueError:
        raise SourceError("column_missing", name=name) from None


def _area_of(layout: _Layout, sample: Sequence[Row]) -> _Attribute | None:
    """Which attribute is the area: by its code, else by what its items look like."""
    for attribute in layout.attributes:
        if any(row.cell(attribute.code) in _AREA_CODES for row in sample):
            return attribute
    for attribute in layout.attributes:
        codes = [row.cell(attribute.item_code) for row in sample]
        known = [code for code in codes if code]
        if known and all(is_area_key(code) for code in known):
            return attribute
    return None


def _readings(
    row: Row, layout: _Layout, area: _Attribute | None, told: tuple[int, ...], problems: Problems
) -> Iterator[Reading]:
    cells = row.cells
    written = cells[layout.time]
    period = read_period(written)
    if period is None:
        problems.add(row.number, layout.header[layout.time], written, NO_PERIOD)
        return
    area_key, area_name = (cells[area.item_code], cells[area.item_label]) if area else ("", "")
    dimensions = _dimensions(cells, layout, area, (*[cells[place] for place in told], area_key and "1"))
    for place, (variable, unit) in layout.values.items():
        text = cells[place]
        found = read_value(text, Separator.POINT if place in row.exact else Separator.COMMA)
        if found is None:
            problems.add(row.number, layout.header[place], text, NO_FIGURE)
            continue
        yield Reading(
            area_key,
            area_name,
            period,
            variable or cells[layout.variable],
            unit or cells[layout.unit],
            dimensions,
            found[0],
            found[1],
            row.number,
            layout.header[place],
        )


def _dimensions(
    cells: Sequence[str], layout: _Layout, area: _Attribute | None, texts: tuple[str, ...]
) -> Dimensions:
    known = layout.made.get(texts)
    if known is not None:
        return known
    filled = [attribute for attribute in layout.attributes if cells[attribute.label]]
    names = unique_names([cells[attribute.label] for attribute in filled])
    attributes: list[tuple[str, str]] = []
    totals: list[str] = []
    codes: list[tuple[str, str]] = []
    for attribute, name in zip(filled, names, strict=True):
        code = cells[attribute.item_code]
        if not code:
            totals.append(name)
        if attribute is not area:
            attributes.append((name, cells[attribute.item_label]))
            if code:
                codes.append((name, code))
    if layout.variable_code >= 0 and cells[layout.variable_code]:
        codes.append((_VARIABLE, cells[layout.variable_code]))
    attributes += [(layout.header[place], cells[place]) for place in layout.others if cells[place]]
    if len(layout.made) >= _KEPT:
        layout.made.clear()
    known = layout.made[texts] = Dimensions(tuple(attributes), tuple(totals), tuple(codes))
    return known
