"""Tables that offices write themselves, read by columns: what a million rows have in common is read once.

A row goes by columns where nothing about it needs a second look: as wide as the headings, a plain number, no
sign. Every other row goes the way of ``plain_row``, so that both ways read the same (tested).
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import not_
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitoring.sources.duplicates import report_twice
from monitoring.sources.headings import Role
from monitoring.sources.plain import (
    Plan,
    area_of,
    dimensions_of,
    period_of,
    plain_notes,
    plain_row,
    plan_plain,
    read_plain,
)
from monitoring.sources.reading import PLAIN_NUMBER, Dimensions, Problems, Reading, SourceError
from monitoring.sources.recognise import Source, SourceForm, read_source
from monitoring.sources.rows import Chunk, Row, RowFile

#: Texts kept at hand for a column; a table of more reads them anew.
_KEPT: Final = 200_000

_ALL_NUMBERS: Final = {
    separator.value: re.compile(rf"(?:{number.pattern}\n)*+") for separator, number in PLAIN_NUMBER.items()
}

KeyT = TypeVar("KeyT", bound=Hashable)
FoundT = TypeVar("FoundT")


@dataclass(frozen=True, slots=True)
class Block:
    """Values of one column of figures, row by row; each is a number without sign and without unit of its own.

    Attributes:
        numbers: Line of each.
        keys: Key of the area.
        names: Name of the area.
        periods: Year, month or day; "" if the file has none.
        variables: What is counted or measured.
        units: Unit; "" if the file has none.
        dimensions: Other attributes.
        texts: The numbers, with decimal point.
        column: Heading of the column.
    """

    numbers: Sequence[int]
    keys: Sequence[str]
    names: Sequence[str]
    periods: Sequence[str]
    variables: Sequence[str]
    units: Sequence[str]
    dimensions: Sequence[Dimensions]
    texts: Sequence[str]
    column: str

    def values(self) -> NDArray[np.float64]:
        """The numbers."""
        return np.fromiter(map(float, self.texts), np.float64, len(self.texts))

    def reading(self, place: int) -> Reading:
        """One of the values, as if it had been read alone."""
        return Reading(
            self.keys[place],
            self.names[place],
            self.periods[place],
            self.variables[place],
            self.units[place],
            self.dimensions[place],
            self.texts[place],
            "",
            self.numbers[place],
            self.column,
        )

    def hashes(self) -> Iterable[int]:
        """Of the identity of each, as ``Reading.identity`` says it."""
        areas = self.keys if all(self.keys) else [key or name for key, name in self._places()]
        return map(hash, zip(areas, self.periods, self.variables, self.units, self.dimensions, strict=True))

    def _places(self) -> Iterable[tuple[str, str]]:
        return zip(self.keys, self.names, strict=True)


Part = Block | Reading


def read_parts(path: Path) -> tuple[Source, Iterator[Part]]:
    """Like ``read_source``, but many values at a time where the form of the file allows it.

    Args:
        path: CSV, text or .xlsx.

    Returns:
        The source, whose own readings are not to be taken; and its values, in any order.

    Raises:
        SourceError: The file is none that can be read; also while values are taken.
    """
    source = read_source(path)
    if source.form is not SourceForm.PLAIN or source.file.is_excel:
        return source, source.readings
    return source, _unique(source.file, source.problems)


def _unique(file: RowFile, problems: Problems) -> Iterator[Part]:
    """All parts; what was given twice is reported in the end."""
    hashes = array("q")
    for part in _parts(file, problems):
        if isinstance(part, Block):
            hashes.extend(part.hashes())
        else:
            hashes.append(hash(part.identity))
        yield part
    if not hashes and not problems.count:
        raise SourceError("headings_only")
    report_twice(hashes, lambda: read_plain(file, Problems()), problems)


def _parts(file: RowFile, problems: Problems) -> Iterator[Part]:
    plan = plan_plain(file, problems)
    columns = _Columns(plan)
    for chunk in file.chunks():
        yield from _chunk_parts(chunk, plan, columns, file, problems)
    plain_notes(plan, problems)


def _chunk_parts(
    chunk: Chunk, plan: Plan, columns: _Columns, file: RowFile, problems: Problems
) -> Iterator[Part]:
    is_plain = columns.plain_rows(chunk)
    if not all(is_plain):
        for number, cells in compress(zip(*chunk, strict=True), map(not_, is_plain)):
            yield from plain_row(Row(number, [cell.strip() for cell in cells]), plan, file, problems)
        chunk = Chunk(list(compress(chunk.numbers, is_plain)), list(compress(chunk.rows, is_plain)))
    if chunk.rows:
        yield from columns.blocks(chunk)


class _Memory(dict[KeyT, FoundT], Generic[KeyT, FoundT]):
    """What a text means, worked out once."""

    def __init__(self, find: Callable[[KeyT], FoundT]) -> None:
        self._find = find

    def __missing__(self, key: KeyT) -> FoundT:
        if len(self) >= _KEPT:
            self.clear()
        found = self[key] = self._find(key)
        return found


@dataclass(slots=True)
class _Area:
    """Key and name that the cells of an area say, None if wrong; and how many dropped zeros were put back."""

    said: tuple[str, str] | None
    restored: int = 0


@dataclass(slots=True)
class _Columns:
    """Reads the columns of a table, remembering what texts mean."""

    plan: Plan
    _area_places: tuple[int, ...] = ()
    _areas: _Memory[tuple[str, ...], _Area] = field(init=False)
    _periods: _Memory[str, str | None] = field(init=False)
    _told: _Memory[tuple[tuple[str, ...], str], Dimensions] = field(init=False)
    _stripped: _Memory[str, str] = field(init=False)

    def __post_init__(self) -> None:
        roles = self.plan.roles
        self._area_places = tuple(roles[role] for role in (Role.KEY, Role.NAME, Role.AREA) if role in roles)
        self._areas = _Memory(self._area)
        self._periods = _Memory(
            lambda text: period_of(self._row({roles[Role.PERIOD]: text}), self.plan, Problems())
        )
        self._told = _Memory(self._dimensions)
        self._stripped = _Memory(str.strip)

    def _row(self, cells: dict[int, str]) -> Row:
        texts = [""] * len(self.plan.header.cells)
        for place, text in cells.items():
            texts[place] = text.strip()
        return Row(0, texts)

    def _area(self, texts: tuple[str, ...]) -> _Area:
        before = self.plan.restored
        row = self._row(dict(zip(self._area_places, texts, strict=True)))
        found = _Area(area_of(row, self.plan, Problems()))
        found.restored, self.plan.restored = self.plan.restored - before, before
        return found

    def _dimensions(self, told: tuple[tuple[str, ...], str]) -> Dimensions:
        texts, name = told
        return dimensions_of(self._row(dict(zip(self.plan.attributes, texts, strict=True))), self.plan, name)

    def plain_rows(self, chunk: Chunk) -> Sequence[bool]:
        """Which rows need no second look."""
        width = len(self.plan.header.cells)
        first = self.plan.header.number
        is_plain = [len(row) == width for row in chunk.rows]
        if chunk.numbers[0] <= first:
            is_plain = [fits and number > first for fits, number in zip(is_plain, chunk.numbers, strict=True)]
        if not any(is_plain):
            return is_plain
        rows = chunk.rows if all(is_plain) else list(compress(chunk.rows, is_plain))
        seen = self._seen(list(zip(*rows, strict=True)))
        if seen is None:
            return is_plain
        rest = iter(seen)
        return [fits and next(rest) for fits in is_plain]

    def _seen(self, columns: Sequence[tuple[str, ...]]) -> Sequence[bool] | None:
        """Of rows as wide as the headings, which need no second look; None for all."""
        plan, roles = self.plan, self.plan.roles
        number = PLAIN_NUMBER[plan.separator].fullmatch
        tests: list[Iterable[Any]] = [
            map(number, columns[place])
            for place in plan.figures
            if not _are_numbers(columns[place], plan.separator.value)
        ]
        empty = [*plan.nameless, *([roles[Role.SIGN]] if Role.SIGN in roles else [])]
        tests += [map(not_, columns[place]) for place in empty if any(columns[place])]
        areas = self._area_cells(columns)
        if any(self._areas[texts].said is None for texts in set(areas)):
            tests.append(self._areas[texts].said is not None for texts in areas)
        if Role.PERIOD in roles:
            periods = columns[roles[Role.PERIOD]]
            if any(self._periods[text] is None for text in set(periods)):
                tests.append(self._periods[text] is not None for text in periods)
        if Role.VARIABLE in roles and not all(map(str.strip, set(columns[roles[Role.VARIABLE]]))):
            tests.append(map(str.strip, columns[roles[Role.VARIABLE]]))
        return [all(row) for row in zip(*tests, strict=True)] if tests else None

    def _area_cells(self, columns: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return list(zip(*(columns[place] for place in self._area_places), strict=True))

    def blocks(self, chunk: Chunk) -> Iterator[Block]:
        """Rows that need no second look, a block for each column of figures."""
        plan, count = self.plan, len(chunk.rows)
        columns = list(zip(*chunk.rows, strict=True))
        areas = [self._areas[texts] for texts in self._area_cells(columns)]
        plan.restored += sum(area.restored for area in areas)
        keys, names = zip(*(area.said for area in areas if area.said is not None), strict=True)
        if plan.attributes:
            texts: Iterable[tuple[str, ...]] = zip(
                *(columns[place] for place in plan.attributes), strict=True
            )
        else:
            texts = repeat((), count)
        told = [self._told[key] for key in zip(texts, names, strict=True)]
        period = self._texts(columns, Role.PERIOD, self._periods, count)
        variable = self._texts(columns, Role.VARIABLE, self._stripped, count)
        units = self._texts(columns, Role.UNIT, self._stripped, count)
        for place, (heading, at) in plan.figures.items():
            yield Block(
                numbers=chunk.numbers,
                keys=keys,
                names=names,
                periods=[at] * count if at else period,
                variables=[heading] * count if heading else variable,
                units=units,
                dimensions=told,
                texts=[text.replace(",", ".") for text in columns[place]],
                column=plan.header.cells[place],
            )

    def _texts(
        self, columns: Sequence[tuple[str, ...]], role: Role, memory: Any, count: int
    ) -> Sequence[str]:
        """Texts of a column as they are meant; empty ones where there is none."""
        place = self.plan.roles.get(role)
        return [""] * count if place is None else [memory[text] for text in columns[place]]


def _are_numbers(texts: Sequence[str], separator: str) -> bool:
    """Whether all are plain numbers, looked at together."""
    return _ALL_NUMBERS[separator].fullmatch("\n".join(texts) + "\n") is not None
