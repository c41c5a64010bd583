"""Figures for an index from a CSV file, and its result as one. No Django, no database."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from monitoring.importers.decimals import read_decimal
from monitoring.index import Fill, Floats
from monitoring.index_spec import FilesError, IndexSpec
from monitoring.levels import Method, Result
from monitoring.methods import named


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """Figures as read: keys (n), values (n, m) with nan for missing, valid (n,), population (n,).

    last (n, m) last earlier figures, neighbours (n) places of neighbours; None where not asked for.
    """

    keys: Sequence[str]
    values: Floats
    valid: Sequence[bool]
    population: Floats
    last: Floats | None
    neighbours: Sequence[Sequence[int]] | None


def read_figures(path: Path, spec: IndexSpec) -> Figures:
    """Read the figures a specification asks for.

    Args:
        path: A CSV file with a heading, one row an area.
        spec: Which columns, and what stands for "no figure".

    Returns:
        Figures of all areas in the order of the file.

    Raises:
        FilesError: Unreadable, columns missing, an area twice or without key, a text that is no number; each
            with row and column.
    """
    try:
        text = path.read_text(encoding=spec.encoding)
    except OSError as error:
        raise FilesError([f"{path.name}: cannot be read ({error.strerror})"]) from error
    except (UnicodeDecodeError, LookupError) as error:
        raise FilesError([f"{path.name}: cannot be read as {spec.encoding} ({error})"]) from error
    delimiter = spec.delimiter or shown_delimiter(text)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [heading.strip() for heading in next(rows, [])]
    places = _places(path.name, header, spec)
    reader = _Cells(path.name, spec, places, spec.decimal or ("," if delimiter == ";" else "."))
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            reader.take(number, row)
    return reader.figures()


def shown_delimiter(text: str) -> str:
    """What parts the columns of a CSV, as its heading shows: semicolon, tabulator or comma."""
    heading = text.partition("\n")[0]
    return max(";\t,", key=heading.count)


def _wanted(spec: IndexSpec) -> list[str]:
    columns = [spec.key, *(column.key for column in spec.columns), *spec.last_columns]
    others = (spec.population_column, spec.valid_column, spec.neighbours_column)
    return [*columns, *(name for name in others if name)]


def _places(name: str, header: Sequence[str], spec: IndexSpec) -> dict[str, int]:
    problems = [
        f"{name}: the column {column!r} is missing" for column in _wanted(spec) if column not in header
    ]
    problems += [
        f"{name}: the column {column!r} stands twice in the heading"
        for column in _wanted(spec)
        if header.count(column) > 1
    ]
    if problems:
        raise FilesError(list(dict.fromkeys(problems)))
    return {column: header.index(column) for column in _wanted(spec)}


class _Cells:
    """Collects the figures of rows and what is wrong with them."""

    def __init__(self, name: str, spec: IndexSpec, places: Mapping[str, int], decimal: str) -> None:
        self.name = name
        self.spec = spec
        self.places = places
        self.decimal = decimal
        self.problems: list[str] = []
        self.keys: dict[str, int] = {}
        self.values: list[list[float]] = []
        self.valid: list[bool] = []
        self.population: list[float] = []
        self.last: list[list[float]] = []
        self.neighbours: list[list[str]] = []

    def take(self, number: int, row: Sequence[str]) -> None:
        """Take one row of the file; the number is that of the line."""
        key = self._cell(row, self.spec.key)
        if not key:
            self.problems.append(f"{self.name}, row {number}: the key is missing")
            return
        if key in self.keys:
            self.problems.append(f"{self.name}, row {number}: {key} stands already in row {self.keys[key]}")
            return
        self.keys[key] = number
        self.values.append([self._number(number, row, column.key) for column in self.spec.columns])
        name = self.spec.valid_column
        self.valid.append(not name or self._cell(row, name) == self.spec.valid_equals.strip())
        name = self.spec.population_column
        self.population.append(self._number(number, row, name) if name else math.nan)
        self.last.append([self._number(number, row, column) for column in self.spec.last_columns])
        listed = self._cell(row, self.spec.neighbours_column) if self.spec.neighbours_column else ""
        self.neighbours.append([key.strip() for key in listed.split(self.spec.neighbours_separator or None)])

    def figures(self) -> Figures:
        """Everything taken.

        Raises:
            FilesError: Something was wrong.
        """
        if not self.problems and not self.keys:
            self.problems.append(f"{self.name}: no area in the file")
        neighbours = self._places_of_neighbours() if self.spec.neighbours_column else None
        if self.problems:
            raise FilesError(self.problems)
        return Figures(
            keys=list(self.keys),
            values=np.array(self.values, dtype=np.float64).reshape(len(self.keys), -1),
            valid=self.valid,
            population=np.array(self.population, dtype=np.float64),
            last=np.array(self.last, dtype=np.float64) if self.spec.last_columns else None,
            neighbours=neighbours,
        )

    def _places_of_neighbours(self) -> list[list[int]]:
        places = {key: place for place, key in enumerate(self.keys)}
        found = []
        for key, listed in zip(self.keys, self.neighbours, strict=True):
            self.problems += [
                f"{self.name}, row {self.keys[key]}: the neighbour {other!r} is no area of the file"
                for other in listed
                if other and other not in places
            ]
            found.append([places[other] for other in listed if other in places])
        return found

    def _cell(self, row: Sequence[str], column: str) -> str:
        place = self.places[column]
        return row[place].strip() if place < len(row) else ""

    def _number(self, number: int, row: Sequence[str], column: str) -> float:
        text = self._cell(row, column)
        if text in self.spec.missing:
            return math.nan
        value = read_decimal(text, self.decimal)
        if value is None:
            self.problems.append(f"{self.name}, row {number}, column {column}: {text!r} is no number")
            return math.nan
        return value


def write_result(out: TextIO, keys: Iterable[str], spec: IndexSpec, results: Sequence[Result]) -> None:
    """Write a result as CSV in full precision.

    With dynamics its columns follow those of the index, the last of them the class of both together. Where a
    method fills what is missing, one more column names the indicators in which it did.

    Args:
        out: Where to, opened with ``newline=""``.
        keys: (n) keys of the areas.
        spec: The specification.
        results: Of its parts for these areas.
    """
    writer = csv.writer(out, lineterminator="\n")
    first, second = spec.method, spec.dynamics
    has_marks = first.missing.fill is not Fill.NONE
    heading = ["key", "included", "reason", *_scaled(first), *first.domains]
    heading += ["index_raw", "index", "rank", "class"]
    if second is not None:
        heading += [*_scaled(second), *(f"dynamics_{name}" for name in second.domains)]
        heading += ["dynamics_raw", "dynamics", "dynamics_class", "class_together"]
    writer.writerow([*heading, *(["filled"] if has_marks else [])])
    classes = named(results)
    for place, key in enumerate(keys):
        result, rank = results[0], results[0].ranks[place]
        row = [key, "true" if result.included[place] else "false", str(result.reasons[place])]
        row += [
            *_numbers(result, place),
            "" if np.isnan(rank) else str(int(rank)),
            str(result.classes[place]),
        ]
        if second is not None:
            row += [*_numbers(results[1], place), str(results[1].classes[place]), str(classes[place])]
        writer.writerow([*row, *([_filled_columns(spec, results, place)] if has_marks else [])])


def _scaled(method: Method) -> list[str]:
    return [f"{column.key}_n" for column in method.columns]


def _numbers(result: Result, place: int) -> list[str]:
    """Indicators, domains and index of an area, before and after its own scale."""
    numbers = [*result.scaled[place], *result.domains[place], result.raw[place], result.index[place]]
    return [_written(number) for number in numbers]


def _filled_columns(spec: IndexSpec, results: Sequence[Result], place: int) -> str:
    """Indicators of an area whose figure was filled, parted by spaces."""
    marks = np.concatenate([result.filled[place] for result in results])
    return " ".join(column.key for column, mark in zip(spec.columns, marks, strict=True) if mark)


def _written(value: float) -> str:
    """The shortest text that reads back as the same number; empty for none. Zero has no sign."""
    return "" if math.isnan(value) else repr(float(value) + 0.0)
