"""The specification of an index: a method written as TOML. No Django, no database.

Its form is told in ``docs/index-methods.md``, with worked examples.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from monitoring.index import Direction, Fill, MissingPolicy
from monitoring.levels import Border, Classes, Column, Level, Method
from monitoring.scales import Aggregate, Reference, Scale

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

_TABLES: Final = {
    "": {"key", "missing", "missing_policy", "minimum_share", "delimiter", "decimal", "encoding"}
    | {"population", "valid", "neighbours", "indicator", "domain", "levels", "classes"},
    "population": {"column", "minimum"},
    "valid": {"column", "equals"},
    "neighbours": {"column", "separator"},
    "indicator": {"column", "domain", "direction", "weight", "last_column"},
    "domain": {"key", "weight"},
    "levels": {"indicator", "domain", "index"},
    "levels.indicator": {"normalise", "reference"},
    "levels.domain": {"aggregate", "normalise"},
    "levels.index": {"aggregate", "normalise"},
    "classes": {"method", "borders", "labels"},
}
#: What a second index has of its own; who takes part is settled for both.
_OF_DYNAMICS: Final = {"indicator", "domain", "levels", "classes"}
_EXCLUDE = "exclude"
_POLICIES: Final = {
    "mean_of_available": MissingPolicy.mean_of_available,
    "last_value": MissingPolicy.last_value,
    "neighbours_mean": MissingPolicy.neighbours_mean,
}
#: At least half of the figures, where the specification gives no other share.
_USUAL_SHARE: Final = 0.5


class FilesError(Exception):
    """What is wrong with a file, one line each.

    Args:
        problems: Sentences, each with its place.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """A specification as read.

    Attributes:
        method: What is reckoned.
        dynamics: A second index beside it; None for none.
        key: Column that names the areas.
        missing: Texts that stand for "no figure".
        population_column: Column of inhabitants; "" for none.
        valid_column: Column that tells valid areas; "" for all valid.
        valid_equals: What it says there.
        last_columns: Columns of the last earlier figures, in the order of ``columns``; empty if not used.
        neighbours_column: Column that lists the keys of neighbouring areas; "" if not used.
        neighbours_separator: What parts those keys.
        delimiter: What parts columns; "" for what the heading shows.
        decimal: Decimal sign; "" for a comma where columns are parted by semicolons, else a point.
        encoding: Encoding of the figures.
    """

    method: Method
    dynamics: Method | None
    key: str
    missing: frozenset[str]
    population_column: str
    valid_column: str
    valid_equals: str
    last_columns: tuple[str, ...]
    neighbours_column: str
    neighbours_separator: str
    delimiter: str
    decimal: str
    encoding: str

    @property
    def parts(self) -> tuple[Method, ...]:
        """The index, and its dynamics if there is any."""
        return (self.method,) if self.dynamics is None else (self.method, self.dynamics)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Indicators of all parts."""
        return tuple(column for part in self.parts for column in part.columns)


def read_spec(path: Path) -> IndexSpec:
    """Read a specification.

    Args:
        path: A TOML file.

    Raises:
        FilesError: It cannot be read, lacks something, says something unknown or contradicts itself.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise FilesError([f"{path.name}: cannot be read ({error.strerror})"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FilesError([f"{path.name}: not a TOML file in UTF-8 ({error})"]) from error
    return SpecReader(path.name, content).read()


def read_dynamics(second: Any, content: Mapping[str, Any]) -> tuple[Method, tuple[str, ...]]:
    """Read the second index of a specification; what happens to missing figures is the same as in the first.

    Args:
        second: The table ``[dynamics]``.
        content: The rest of the specification.

    Returns:
        The method, and the columns of its last earlier figures; empty if not used.

    Raises:
        FilesError: With everything that is wrong.
    """
    if not isinstance(second, dict):
        raise FilesError(["dynamics: must be a table, [dynamics]"])
    known = ", ".join(sorted(_OF_DYNAMICS))
    problems = [f"{key}: not known here; there are {known}" for key in sorted(set(second) - _OF_DYNAMICS)]
    inherited = {key: content[key] for key in ("missing_policy", "minimum_share") if key in content}
    reader = SpecReader("dynamics", {**inherited, **second}, for_files=False)
    reader.problems += problems
    last = reader.last_columns() if "key" in content else ()
    return reader.method(), last


class SpecReader:
    """Reads the content of a specification and collects everything that is wrong with it.

    Args:
        name: Of the file, put before each problem; "" for none.
        content: As read from TOML or JSON.
        for_files: Whether it must say where the figures stand in a file.
    """

    def __init__(self, name: str, content: Mapping[str, Any], *, for_files: bool = True) -> None:
        self.name = name
        # Of a file; who keeps methods elsewhere reads the second index on their own.
        self.second = content.get("dynamics") if for_files else None
        self.content = {key: row for key, row in content.items() if key != "dynamics" or not for_files}
        self.with_column = {"population", "valid", "neighbours"} if for_files else set()
        self.others = {"dynamics"} if for_files else set()
        self.problems: list[str] = []

    def read(self) -> IndexSpec:
        population, valid = self._table("population"), self._table("valid")
        neighbours = self._table("neighbours")
        key = self._text("key", self.content.get("key"))
        missing = self.content.get("missing", [""])
        if not isinstance(missing, list) or not all(isinstance(text, str) for text in missing):
            self.problems.append('missing: a list of texts, such as ["", "-9999"]')
            missing = []
        last = self.last_columns()
        method, dynamics = self.method(), None
        if self.second is not None:
            dynamics, of_dynamics = self._dynamics(method)
            last += of_dynamics
        if method.missing.fill is Fill.NEIGHBOURS and not neighbours:
            self.problems.append("neighbours: missing_policy neighbours_mean needs [neighbours] column")
        parts = [method] if dynamics is None else [method, dynamics]
        if any(part.reference is Reference.POPULATION for part in parts) and not population:
            self.problems.append("population: a mean weighted by population needs [population] column")
        self.refuse()
        return IndexSpec(
            method=method,
            dynamics=dynamics,
            key=key,
            missing=frozenset(text.strip() for text in missing) | {""},
            population_column=str(population.get("column", "")),
            valid_column=str(valid.get("column", "")),
            valid_equals=str(valid.get("equals", "")),
            last_columns=last,
            neighbours_column=str(neighbours.get("column", "")),
            neighbours_separator=str(neighbours.get("separator", "")),
            delimiter=str(self.content.get("delimiter", "")),
            decimal=str(self.content.get("decimal", "")),
            encoding=str(self.content.get("encoding", "utf-8-sig")),
        )

    def _dynamics(self, status: Method) -> tuple[Method | None, tuple[str, ...]]:
        """The second index, and the columns of its last earlier figures; what is wrong with it is noted."""
        try:
            method, last = read_dynamics(self.second, self.content)
        except FilesError as error:
            self.problems += error.problems
            return None, ()
        twice = {column.key for column in status.columns} & {column.key for column in method.columns}
        self.problems += [f"dynamics: {key!r} is an indicator of the index already" for key in sorted(twice)]
        return dataclasses.replace(method, minimum_population=status.minimum_population), last

    def method(self) -> Method:
        """The method itself.

        Raises:
            FilesError: Something is wrong with it, or was before.
        """
        self._check_names("", self.content)
        levels = self._table("levels")
        for part in ("indicator", "domain", "index"):
            self._check_names(f"levels.{part}", _mapping(levels.get(part)))
        of_indicators = _mapping(levels.get("indicator"))
        parts: dict[str, Any] = {
            "columns": [self._column(place, row) for place, row in enumerate(self._rows("indicator"), 1)],
            "indicator": self._choice("levels.indicator.normalise", of_indicators.get("normalise"), Scale.Z),
            "reference": self._choice(
                "levels.indicator.reference", of_indicators.get("reference"), Reference.PLAIN
            ),
            "domain": self._level("levels.domain", _mapping(levels.get("domain"))),
            "index": self._level("levels.index", _mapping(levels.get("index"))),
            "domain_weights": {
                self._text("domain.key", row.get("key")): self._number("domain.weight", row.get("weight", 1))
                for row in self._rows("domain")
            },
            "classes": self._classes(),
            "missing": self._policy(),
            "minimum_population": self._minimum(self._table("population")),
        }
        self.refuse()
        try:
            return Method(**parts)
        except ValueError as error:
            self.problems.append(str(error))
        self.refuse()
        raise AssertionError

    def refuse(self) -> None:
        """Raise what was found to be wrong, if anything was."""
        if self.problems:
            found = dict.fromkeys(self.problems)
            raise FilesError([f"{self.name}: {problem}" if self.name else problem for problem in found])

    def last_columns(self) -> tuple[str, ...]:
        """Columns of the last earlier figures; one for each indicator where the policy takes them."""
        columns = [row.get("last_column") for row in self._rows("indicator")]
        if self.content.get("missing_policy") != "last_value":
            return ()
        return tuple(
            self._text(f"indicator {place}.last_column", column) for place, column in enumerate(columns, 1)
        )

    def _check_names(self, table: str, content: Mapping[str, Any]) -> None:
        for name in sorted(set(content) - _TABLES[table]):
            where = f"{table}.{name}" if table else name
            known = ", ".join(sorted(_TABLES[table] | (set() if table else self.others)))
            self.problems.append(f"{where}: not known here; there are {known}")

    def _table(self, name: str) -> Mapping[str, Any]:
        found = self.content.get(name, {})
        if not isinstance(found, dict):
            self.problems.append(f"{name}: must be a table, [{name}]")
            return {}
        self._check_names(name, found)
        if name in self.with_column and found and not found.get("column"):
            self.problems.append(f"{name}.column: is missing")
        if name == "valid" and found and "equals" not in found:
            self.problems.append("valid.equals: is missing")
        return found

    def _rows(self, name: str) -> list[Mapping[str, Any]]:
        found = self.content.get(name, [])
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            self.problems.append(f"{name}: must be a list of tables, [[{name}]]")
            return []
        if name == "indicator" and not found:
            self.problems.append("indicator: at least one table [[indicator]] is needed")
        for row in found:
            self._check_names(name, row)
        return found

    def _column(self, place: int, row: Mapping[str, Any]) -> Column:
        where = f"indicator {place}"
        key = self._text(f"{where}.column", row.get("column"))
        weight = self._number(f"{where}.weight", row.get("weight", 1))
        if weight <= 0 or not math.isfinite(weight):
            self.problems.append(f"{where}.weight: must be above 0")
            weight = 1.0
        direction = self._choice(f"{where}.direction", row.get("direction"), Direction.MORE_NEED)
        return Column(key, direction, weight, str(row.get("domain", "")))

    def _level(self, where: str, row: Mapping[str, Any]) -> Level:
        return Level(
            self._choice(f"{where}.aggregate", row.get("aggregate"), Aggregate.SUM),
            self._choice(f"{where}.normalise", row.get("normalise"), Scale.NONE),
        )

    def _classes(self) -> Classes | None:
        found = self._table("classes")
        if not found:
            return None
        method = self._choice("classes.method", found.get("method"), Border.SD)
        borders, labels = found.get("borders"), found.get("labels")
        if not isinstance(borders, list) or not all(_is_number(value) for value in borders):
            self.problems.append("classes.borders: a list of rising numbers")
            return None
        if not isinstance(labels, list) or not all(isinstance(value, str) for value in labels):
            self.problems.append("classes.labels: a list of texts, one more than borders")
            return None
        try:
            return Classes(method, [float(value) for value in borders], labels)
        except ValueError as error:
            self.problems.append(f"classes: {error}")
            return None

    def _policy(self) -> MissingPolicy:
        policy = self.content.get("missing_policy", _EXCLUDE)
        if policy == _EXCLUDE:
            return MissingPolicy.EXCLUDE
        make = _POLICIES.get(policy) if isinstance(policy, str) else None
        if make is None:
            known = ", ".join([_EXCLUDE, *_POLICIES])
            self.problems.append(f"missing_policy: {policy!r} is not known; there are {known}")
            return MissingPolicy.EXCLUDE
        share = self._number("minimum_share", self.content.get("minimum_share", _USUAL_SHARE))
        try:
            return make(share)
        except ValueError as error:
            self.problems.append(f"minimum_share: {error}")
            return MissingPolicy.EXCLUDE

    def _minimum(self, population: Mapping[str, Any]) -> float | None:
        if "minimum" not in population:
            return None
        return self._number("population.minimum", population["minimum"])

    def _choice(self, where: str, value: Any, usual: ChoiceT) -> ChoiceT:
        if value is None:
            return usual
        kind = type(usual)
        if value not in list(kind):
            self.problems.append(f"{where}: {value!r} is not known; there are {', '.join(kind)}")
            return usual
        return kind(value)

    def _text(self, where: str, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            self.problems.append(f"{where}: is missing")
            return ""
        return value

    def _number(self, where: str, value: Any) -> float:
        if not _is_number(value):
            self.problems.append(f"{where}: must be a number")
            return 1.0
        return float(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
